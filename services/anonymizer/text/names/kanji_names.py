"""Where a whole name stands in a run of kanji: a surname and a given name, or what its neighbours make a name. Pure."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import clinical_words, is_clinical, names, terms_with
from services.anonymizer.text.folding.scripts import ANY_KANJI as _K
from services.anonymizer.text.names.given import is_given, is_made_like_given
from services.anonymizer.text.names.readings import are_words
from services.anonymizer.text.names.surnames import may_be_name
from services.anonymizer.text.names.titles import has_title
from services.anonymizer.text.rules import Place

_GAP: Final = re.compile(
    rf"[ \t]{{0,2}}\n?[ \t]{{0,2}}(?P<v>[{_K}]{{1,3}}|[ぁ-ん]{{2,6}}|[ァ-ヺー]{{1,3}}[子江代枝美](?![{_K}])|"
    rf"[ァ-ヺー]{{2,6}})"
)
_TITLES = "様|さま|さん|氏|殿|君|くん|ちゃん|先生|医師|技師|看護師|院長|部長|医長|師長"
_TITLE_TAIL: Final = re.compile(
    rf"(?:{_TITLES})(?![{_K}])|(?:記|拝)$|撮影|施行|記載|報告|確認|読影|宛|同席|立会|担当|作成|入力|承認"
)
_TITLE_IN: Final = re.compile("[様氏殿]$|医師$|先生$|看護師$|技師$")
_WEAK: Final = re.compile("さん|さま|氏(?![名病法])|殿|くん|ちゃん")
_TITLED: Final = re.compile(rf"[ ]?(?:{_TITLES})")
_PERSON_BEFORE: Final = re.compile(
    r"(?:娘|息子|祖父|祖母|叔父|叔母|伯父|伯母|孫|嫁|婿|義母|義父|義兄|義姉|主人|奥様|世帯主|キーパーソン|KP|ケアマネ|"
    r"ヘルパー|院長|受診者|確定者|専門医|担当者?|フリガナ|ふりがな|カナ|Ns\.?|Dr\.?|患者[】\]>]|"
    r"氏名[】\]>])[ \t\n:・は(の]{0,3}$"
)
_PATIENT_BEFORE: Final = re.compile("患者[ :はの]{0,2}$")
_HIRAGANA_END: Final = re.compile(rf"(?:{_TITLES})|[はがのにへもを、。]|[^ぁ-ん]|$")
_ROLE_HEAD: Final = re.compile(
    "(?:医師?|看護師|技師|薬剤師|助産師|担当|患者|妻|夫|父|母|娘|息子|長男|長女|次男|次女|三男|三女|兄|弟|姉|妹|孫|嫁|婿|"
    "科|部|室|課|院長|部長|医長|師長|読影|確認|承認|報告|記載|世帯主|氏名|名前|者|殿|様)$"
)
FUNCTION_WORDS: Final = frozenset(
    "カラ マデ ヨリ ナド デハ ニハ トノ ニモ トハ タメ ノミ トモ サン サマ マハ マタ モノ コト スル シタ シテ アル "
    "アリ ナシ ナリ イル ホド ダケ シカ ノデ ノチ ナイ デス マス ナラ ヘハ ヘノ デノ デモ ラシ "
    "アタリ トコロ ナガラ オヨビ ナラビ カツ ミル ミラレ ハ".split()
)
KATAKANA_WORDS: Final = frozenset(
    "サイン スコア テスト カテ ピン ノート クリ メス ガイド モデル ループ ライン プラザ ビル ホーム コイル".split()
)
_SOMEBODY: Final = "師員士者族人親方主護"  # 担当 薬剤師さん
_TITLE_SIGNS: Final = "様殿氏君"


def kanji_name(folded: FoldedText, run: re.Match[str]) -> Iterator[Place]:
    """Yield the name in a run of kanji, with its given name in whatever script that stands behind."""
    start, end = run.span()
    view = folded.view[start:end]
    for at, size in _surnames_in(view):
        stop = _given_end(folded, start + at, start + at + size, end)
        if stop and not _is_term(folded.view[start + at : stop]):
            yield start + at, stop
            return
    yield from _vouched(folded, start, view)
    if end < len(folded.text) and folded.text[end] in " \t\n":
        yield from _parted(folded, start, end)


def is_announced(folded: FoldedText, start: int, end: int) -> bool:
    """Say whether a title, a label or a word for a relative stands beside."""
    return has_title(folded, start, end) or _is_announced_before(folded, start)


def _is_announced_before(folded: FoldedText, start: int) -> bool:
    return _PERSON_BEFORE.search(folded.text, max(0, start - 14), start) is not None


def _vouched(folded: FoldedText, start: int, view: str) -> Iterator[Place]:
    """Yield a run that a title, role or relative beside it makes a name, however rare the surname is."""
    end = start + len(view)
    if 2 <= len(view) <= 6 and _WEAK.match(folded.text, end) and _is_announced_before(folded, start):
        is_role = view[-1] in _SOMEBODY or view.endswith(("先生", "学生", "修生"))
        if may_be_name(view) and not _is_term(view) and not is_role:
            yield start, end
        return
    if _PATIENT_BEFORE.search(folded.text, max(0, start - 6), start):
        return  # 患者：意識清明; what a patient is stands there as often as who
    for stop in _unlisted_names(view):
        if stop < len(view) or is_announced(folded, start, start + stop):
            yield start, start + stop
            return


@lru_cache(8192)
def _unlisted_names(view: str) -> tuple[int, ...]:
    """Return where two to four kanji and a given name that begin a run can end: at its end, or before a title in it."""
    stops = []
    for size in (3, 2):
        for stop in (len(view), *(match.start() for match in _TITLE_IN.finditer(view))):
            whole = 2 <= stop - size <= 4 and is_given(view[stop - size : stop]) and may_be_name(view[:stop])
            if whole and not _is_term(view[:stop]):
                stops.append(stop)
    return tuple(stops)


def _parted(folded: FoldedText, start: int, end: int) -> Iterator[Place]:
    """Yield 我那覇 重信 殿: a given name and a title vouch for the rare surname in front, if it stands alone."""
    match = _GAP.match(folded.text, end)
    if match is None or match.start("v") == end or not 2 <= end - start <= 4:
        return
    token = folded.view[slice(*match.span("v"))]
    size = len(token) - (token[-1] in "様殿氏")
    stop = match.start("v") + size
    titled = size < len(token) or _TITLED.match(folded.text, stop) or is_announced(folded, start, stop)
    if titled and is_given(token[:size]) and may_be_name(folded.view[start:end]):
        yield start, stop


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


def _given_end(folded: FoldedText, start: int, end: int, run_end: int) -> int:
    """Return where the given name behind a surname ends, 0 if none follows."""
    family = folded.view[start:end]
    if family in clinical_words() or _begins_term(folded, start, family):
        return 0
    is_plain = family not in names().words
    if end < run_end:
        return _end_in_run(folded, start, end, run_end, is_plain)
    match = _GAP.match(folded.text, end)
    if match is None:
        return 0
    announced = is_announced(folded, start, match.end("v"))
    parted = match.start("v") > end or announced
    return _end_in_token(folded, match.start("v"), match.end("v"), is_plain or announced, parted)


def _end_in_run(folded: FoldedText, start: int, end: int, run_end: int, is_plain: bool) -> int:
    """Return the end of the given name that stands in one run of kanji with its surname: 鈴木一郎."""
    for behind in (end + 3, end + 2):
        if behind <= run_end and (behind == run_end or _TITLE_TAIL.match(folded.text, behind)):
            piece = folded.view[end:behind]
            announced = is_announced(folded, start, behind)
            made = is_made_like_given(piece) if is_plain and not announced else announced and may_be_name(piece)
            doubtful = not is_plain and piece in names().given_words and not announced
            if made or (is_given(piece) and not doubtful):
                return behind
    return 0


def _end_in_token(folded: FoldedText, start: int, end: int, is_plain: bool, parted: bool) -> int:
    """Return the end of the given name in a token behind a surname: 一郎様, さゆりさんは, キヨ."""
    sign = folded.text[start]
    if "ぁ" <= sign <= "ん":
        return _end_of_hiragana(folded, start, end) if is_plain or end - start > 2 else 0
    if "ァ" <= sign <= "ヺ":
        return _end_of_katakana(folded, start, end, is_plain)
    return _end_of_kanji(folded, start, end, is_plain and parted)


def _end_of_katakana(folded: FoldedText, start: int, end: int, is_plain: bool) -> int:
    piece = folded.view[start:end]
    known = piece in names().given_by_reading or (is_plain and (len(piece) <= 3 or piece[-1] in "子江代枝美"))
    known = known and piece not in clinical_words() and piece not in KATAKANA_WORDS
    if re.match(rf"[{_K}]", folded.after(end)) and not _TITLE_TAIL.match(folded.text, end):
        return 0  # 右高リジン血症
    return end if known and not re.match("[ァ-ヺー]", folded.after(end)) else 0


def _end_of_kanji(folded: FoldedText, start: int, end: int, by_kanji: bool) -> int:
    """Return the end of a given name in kanji. by_kanji: whether it may be one that no list has."""
    piece = folded.view[start:end]
    if are_words(folded, start, end):
        return 0
    if re.match(rf"[{_K}]", folded.after(end)) and not _TITLE_TAIL.match(folded.text, end):
        return 0
    for size in (len(piece), len(piece) - 1):
        is_whole = size == len(piece) or piece[-1] in _TITLE_SIGNS
        if is_whole and (is_given(piece[:size]) or (by_kanji and is_made_like_given(piece[:size]))):
            return start + size
    return 0


def _end_of_hiragana(folded: FoldedText, start: int, end: int) -> int:
    for size in range(min(end - start, 5), 1, -1):
        piece = folded.view[start : start + size]
        known = piece in names().given_by_reading and piece not in FUNCTION_WORDS and piece not in clinical_words()
        if known and _HIRAGANA_END.match(folded.text, start + size):
            return start + size
    return 0


def _is_term(piece: str) -> bool:
    return is_clinical(piece) or bool(terms_with(piece))


def _begins_term(folded: FoldedText, start: int, family: str) -> bool:
    """Say whether the surname is the beginning of a clinical term here: 田中ビネー."""
    return any(at == 0 and folded.view.startswith(term, start) for term, at in terms_with(family))
