# ruff: noqa: E501 - tables of patterns stay readable unbroken
"""Find whole names of people whom no label, title or header announces: a surname and a given name side by side.

Two lists must agree, of surnames and of given names (by their kanji, their reading, or the romaji of a reading), and
nothing may touch them that makes them a part of a longer word. Given names that no list has (大翔, 陽菜) count if all
their kanji are such as given names are made of and the surname is no ordinary word.
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from services.anonymizer.text.folding.folded_text import Reading
from services.anonymizer.text.folding.lexicon import clinical_terms, clinical_words, names, own_names, terms_with
from services.anonymizer.text.folding.spans import Span
from services.anonymizer.text.names.latin import latin_names
from services.anonymizer.text.names.surnames import may_be_name

_K = "一-鿿々ヶ豈-\ufaff\U00020000-\U0002ffff"
_RUN = re.compile(rf"[{_K}]{{1,14}}")
_GAP = re.compile(
    rf"[ \t]{{0,2}}\n?[ \t]{{0,2}}(?P<v>[{_K}]{{1,3}}|[ぁ-ん]{{2,6}}|[ァ-ヺー]{{1,3}}[子江代枝美](?![{_K}])|[ァ-ヺー]{{2,6}})"
)
_TITLES = "様|さま|さん|氏|殿|君|くん|ちゃん|先生|医師|技師|看護師|院長|部長|医長|師長"
_TITLE_TAIL = re.compile(
    rf"(?:{_TITLES})(?![{_K}])|(?:記|拝)$|撮影|施行|記載|報告|確認|読影|宛|同席|立会|担当|作成|入力|承認"
)
_TITLE_IN = re.compile("[様氏殿]$|医師$|先生$|看護師$|技師$")
_WEAK = re.compile("さん|さま|氏(?![名病法])|殿|くん|ちゃん")
_TITLED = re.compile(rf"[ ]?(?:{_TITLES})")
_PERSON_BEFORE = re.compile(
    r"(?:娘|息子|祖父|祖母|叔父|叔母|伯父|伯母|孫|嫁|婿|義母|義父|義兄|義姉|主人|奥様|世帯主|キーパーソン|KP|ケアマネ|ヘルパー|院長|受診者|確定者|専門医|担当者?|フリガナ|ふりがな|カナ|Ns\.?|Dr\.?|患者[】\]>]|氏名[】\]>])[ \t\n:・は(の]{0,3}$"
)
_PATIENT_BEFORE = re.compile("患者[ :はの]{0,2}$")
_HIRA_END = re.compile(rf"(?:{_TITLES})|[はがのにへもを、。]|[^ぁ-ん]|$")
_ROLE_HEAD = re.compile(
    "(?:医師?|看護師|技師|薬剤師|助産師|担当|患者|妻|夫|父|母|娘|息子|長男|長女|次男|次女|三男|三女|兄|弟|姉|妹|孫|嫁|婿|科|部|室|課|院長|部長|医長|師長|"
    "読影|確認|承認|報告|記載|世帯主|氏名|名前|者|殿|様)$"
)
_FUNCTION_WORDS = frozenset(
    "カラ マデ ヨリ ナド デハ ニハ トノ ニモ トハ タメ ノミ トモ サン サマ マハ マタ モノ コト スル シタ シテ アル アリ ナシ ナリ イル "
    "ホド ダケ シカ ノデ ノチ ナイ デス マス ナラ ヘハ ヘノ デノ デモ ラシ アタリ トコロ ナガラ オヨビ ナラビ カツ ミル ミラレ ハ".split()
)
_KATAKANA_WORDS = frozenset(
    "サイン スコア テスト カテ ピン ノート クリ メス ガイド モデル ループ ライン プラザ ビル ホーム コイル".split()
)
_KATAKANA_TITLED = re.compile(f"[ ]?(?:さん|殿|先生|様(?![{_K}の]))")
_KATAKANA_PAIR = re.compile(r"(?<![ァ-ヺー])(?P<f>[ァ-ヺー]{2,7})[ ・]{1,2}(?P<g>[ァ-ヺー]{2,6})(?![ァ-ヺー])")
_HIRAGANA_TITLED = re.compile(
    r"(?:(?<=[の、。「(:\s])|(?<![ぁ-ん]))(?P<v>[ぁ-ん]{4,12}?)[ ]?(?=(?:さん|さま|様|ちゃん|くん|殿|氏)(?![ぁ-ん]{0,2}[るた]))"
)
_SOMEBODY = "師員士者族人親方主護"  # 担当 薬剤師さん
_NOT_LAST = "学県市区町村部科病院側面域性内外上下前後"  # 国立大学, 長野市内: what words end with, and hardly a name
# Of names given since about 1990, which the dictionary is too old for
_MODERN = frozenset("颯翔蓮凛湊紬陽結愛咲心悠琉瑛煌朔碧芽莉凪蒼樹葵柊楓杏梨桜彩羽音虹斗菜希奏絢晴暖詩依唯")
_ERAS = frozenset({"令和", "平成", "昭和", "大正", "明治"})
_COMMON = 5  # given names in which a kanji stands before it counts as one that names are made of


def full_names(reading: Reading) -> Iterator[Span]:
    """Yield whole names, wherever they stand."""
    yield from _kanji_names(reading)
    for match in _KATAKANA_PAIR.finditer(reading.text):
        view = reading.view
        family, given = view[slice(*match.span("f"))], view[slice(*match.span("g"))]
        titled = _KATAKANA_TITLED.match(reading.text, match.end()) and family not in clinical_words()
        if titled or _sounds(family, given) or (_sounds_partly(family, given) and _announced(reading, *match.span())):
            yield Span(*match.span(), "name")
    for match in _HIRAGANA_TITLED.finditer(reading.text):
        kana = reading.view[slice(*match.span("v"))]
        if any(_sounds(kana[:size], kana[size:]) for size in range(2, len(kana) - 1)):
            yield Span(*match.span("v"), "name")
    yield from latin_names(reading)


def _sounds(family: str, given: str) -> bool:
    """Say whether two pieces in katakana are readings of a surname and of a given name."""
    if family in clinical_words() or given in clinical_words() or given in _FUNCTION_WORDS:
        return False
    return family in names().by_reading and given in names().given_by_reading


def _sounds_partly(family: str, given: str) -> bool:
    """Say whether one of two pieces is a reading; who is announced may have a name that no list has."""
    if family in clinical_words() or given in clinical_words() or given in _FUNCTION_WORDS | _KATAKANA_WORDS:
        return False
    return family in names().by_reading or given in names().given_by_reading


def _announced(reading: Reading, start: int, end: int) -> bool:
    """Say whether a title, a label or a word for a relative stands beside."""
    return reading.has_title(start, end) or _announced_before(reading, start)


def _announced_before(reading: Reading, start: int) -> bool:
    return _PERSON_BEFORE.search(reading.text, max(0, start - 14), start) is not None


def _kanji_names(reading: Reading) -> Iterator[Span]:
    for run in _RUN.finditer(reading.text):
        start, end = run.span()
        view = reading.view[start:end]
        for at, size in _surnames_in(view):
            stop = _given_end(reading, start + at, start + at + size, end)
            if stop and not _is_term(reading.view[start + at : stop]):
                yield Span(start + at, stop, "name")
                break
        else:
            yield from _vouched(reading, start, view)
            if end < len(reading.text) and reading.text[end] in " \t\n":
                yield from _parted(reading, start, end)


def _vouched(reading: Reading, start: int, view: str) -> Iterator[Span]:
    """Yield a run that a title, role or relative beside it makes a name, however rare the surname is."""
    end = start + len(view)
    if 2 <= len(view) <= 6 and _WEAK.match(reading.text, end) and _announced_before(reading, start):
        if (
            may_be_name(view)
            and not _is_term(view)
            and view[-1] not in _SOMEBODY
            and not view.endswith(("先生", "学生", "修生"))
        ):
            yield Span(start, end, "name")
        return
    if _PATIENT_BEFORE.search(reading.text, max(0, start - 6), start):
        return  # 患者：意識清明; what a patient is stands there as often as who
    for stop in _unlisted_names(view):
        if stop < len(view) or _announced(reading, start, start + stop):
            yield Span(start, start + stop, "name")
            return


@lru_cache(8192)
def _unlisted_names(view: str) -> tuple[int, ...]:
    """Return where two to four kanji and a given name that begin a run can end: at its end, or before a title in it."""
    found = []
    for size in (3, 2):
        for stop in (len(view), *(match.start() for match in _TITLE_IN.finditer(view))):
            whole = 2 <= stop - size <= 4 and _is_given(view[stop - size : stop]) and may_be_name(view[:stop])
            if whole and not _is_term(view[:stop]):
                found.append(stop)
    return tuple(found)


def _parted(reading: Reading, start: int, end: int) -> Iterator[Span]:
    """Yield 我那覇 重信 殿: a given name and a title vouch for the rare surname in front, if it stands alone."""
    match = _GAP.match(reading.text, end)
    if match is None or match.start("v") == end or not 2 <= end - start <= 4:
        return
    token = reading.view[slice(*match.span("v"))]
    size = len(token) - (token[-1] in "様殿氏")
    stop = match.start("v") + size
    titled = size < len(token) or _TITLED.match(reading.text, stop) or _announced(reading, start, stop)
    if titled and _is_given(token[:size]) and may_be_name(reading.view[start:end]):
        yield Span(start, stop, "name")


@lru_cache(8192)
def _surnames_in(run: str) -> tuple[tuple[int, int], ...]:
    """Return (offset, size) of surnames that begin a run of kanji, or stand behind a word for a role in it."""
    return tuple(
        (at, size)
        for at in range(len(run))
        for size in (5, 4, 3, 2)
        if run[at : at + size] in names().surnames
        and at + size <= len(run)
        and (at == 0 or _ROLE_HEAD.search(run[:at]))
    )


def _given_end(reading: Reading, start: int, end: int, run_end: int) -> int:
    """Return where the given name behind a surname ends, 0 if none follows."""
    family = reading.view[start:end]
    if family in clinical_words() or _in_term(reading, start, family):
        return 0
    plain = family not in names().words
    if end < run_end:
        for size in (3, 2):
            behind = end + size
            if behind <= run_end and (behind == run_end or _TITLE_TAIL.match(reading.text, behind)):
                piece = reading.view[end:behind]
                announced = _announced(reading, start, behind)
                made_like = _is_made_like_given(piece) if plain and not announced else announced and may_be_name(piece)
                doubtful = not plain and piece in names().given_words and not announced
                if (_is_given(piece) and not doubtful) or made_like:
                    return behind
        return 0
    match = _GAP.match(reading.text, end)
    if match is None:
        return 0
    announced = _announced(reading, start, match.end("v"))
    plain = plain or announced
    return _token_end(reading, match.start("v"), match.end("v"), plain, match.start("v") > end or announced)


def _token_end(reading: Reading, start: int, end: int, plain: bool, parted: bool) -> int:
    """Return the end of the given name in a token behind a surname: 一郎様, さゆりさんは, キヨ."""
    piece, sign = reading.view[start:end], reading.text[start]
    if "ぁ" <= sign <= "ん":
        return _hiragana_end(reading, start, end) if plain or end - start > 2 else 0
    if "ァ" <= sign <= "ヺ":
        known = piece in names().given_by_reading or (plain and len(piece) <= 3)
        known = known or (plain and piece[-1] in "子江代枝美")
        known = known and piece not in clinical_words() and piece not in _KATAKANA_WORDS
        return end if known and not re.match("[ァ-ヺー]", reading.after(end)) else 0
    whole = not re.match(rf"[{_K}]", reading.after(end)) or _TITLE_TAIL.match(reading.text, end)
    if not whole and piece[-1] in "様殿氏君":
        return 0
    for size in (len(piece), len(piece) - 1):
        titled = size == len(piece) or piece[-1] in "様殿氏君"
        known = _is_given(piece[:size]) or (plain and parted and _is_made_like_given(piece[:size]))
        if whole and titled and known:
            return start + size
    return 0


def _hiragana_end(reading: Reading, start: int, end: int) -> int:
    for size in range(min(end - start, 5), 1, -1):
        piece = reading.view[start : start + size]
        known = piece in names().given_by_reading and piece not in _FUNCTION_WORDS and piece not in clinical_words()
        if known and _HIRA_END.match(reading.text, start + size):
            return start + size
    return 0


def _is_given(piece: str) -> bool:
    return len(piece) > 1 and piece in names().given and piece not in clinical_words() and piece[-1] not in _NOT_LAST


def _is_made_like_given(piece: str) -> bool:
    """Say whether two or three kanji are such as given names are made of, and no ordinary word of the lists."""
    if not 2 <= len(piece) <= 3 or piece in clinical_words() | _ERAS or piece in names().surnames:
        return False
    anywhere, last = _name_kanji()
    return piece[-1] in last and piece[-1] not in _NOT_LAST and all(kanji in anywhere for kanji in piece)


@lru_cache(1)
def _name_kanji() -> tuple[frozenset[str], frozenset[str]]:
    """Return the kanji that many given names hold, and those that many end with."""
    given = [name for name in own_names().given if len(name) > 1]  # a list of all names that ever were tells nothing
    anywhere, last = Counter(kanji for name in given for kanji in set(name)), Counter(name[-1] for name in given)
    return (
        _MODERN | {kanji for kanji, count in anywhere.items() if count >= _COMMON},
        _MODERN | {kanji for kanji, count in last.items() if count >= 2},
    )


def _is_term(piece: str) -> bool:
    return piece in clinical_words() or piece in clinical_terms() or bool(terms_with(piece))


def _in_term(reading: Reading, start: int, family: str) -> bool:
    """Say whether the surname is the beginning of a clinical term here: 田中ビネー."""
    return any(at == 0 and reading.view.startswith(term, start) for term, at in terms_with(family))
