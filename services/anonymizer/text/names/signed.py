"""Rules for signatures: a name alone in its line, at its end, in brackets, or behind a role and a blank. Pure."""

import re
from collections.abc import Iterator
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import clinical_words, names
from services.anonymizer.text.folding.scripts import KANJI as _K
from services.anonymizer.text.names.given import SIDES
from services.anonymizer.text.names.labelled import BESIDE, DEGREES, PHYSICIAN_LABEL
from services.anonymizer.text.names.readings import are_words
from services.anonymizer.text.names.surnames import is_name
from services.anonymizer.text.rules import Hit, Place, Rule


def _parted(folded: FoldedText) -> bool:
    return folded.has_parted_kanji


def _is_no_name(hit: Hit) -> bool:
    """Say whether it is no name, or a surname with common words behind a blank: 黒崎 結節一."""
    family, blank, _ = hit.words.partition(" ")
    behind = hit.start + len(family) + len(blank)
    return not is_name(hit.view) or (bool(blank) and are_words(hit.folded, behind, hit.end))


def _begins_clinical(hit: Hit) -> bool:
    return hit.words.split()[0].lower() in clinical_words()


def _is_clinical_word(hit: Hit) -> bool:
    return _begins_clinical(hit) and " " not in hit.words


def _behind_role(folded: FoldedText, match: re.Match[str]) -> Iterator[Place]:
    """Yield 技師 高木 健二, and 読影 田中一郎 with others behind."""
    beside = BESIDE.match(folded.text, match.end("v"))
    while beside and is_name(folded.view[slice(*beside.span("v"))], words=True):
        yield beside.span("v")
        beside = BESIDE.match(folded.text, beside.end())
    start, end = match.span("v")
    if match["w"] and is_name(folded.view[start : match.end("w")], words=True):
        yield start, match.end("w")
    elif is_name(folded.view[start:end], words=True):
        yield start, end


def _is_no_signature(hit: Hit) -> bool:
    """Say whether what ends a line is no surname, however rare or common as a word, and no whole name."""
    one = len(hit.view) == 1
    if " " in hit.words and _is_no_name(hit) and not is_name(hit.view, words=True):
        return True
    family, blank, _ = hit.words.partition(" ")
    if blank and are_words(hit.folded, hit.start + len(family) + len(blank), hit.end):
        return True
    listed = hit.view in names().surnames and hit.view not in names().words
    if not one and " " not in hit.words and not listed and hit.folded.words.are_common(hit.start, hit.end):
        return True  # 本文, which could be 本 and 文
    return hit.view in SIDES or not (is_name(hit.view, words=True) or (one and hit.view in names().surnames))


_LABELS_BEGIN: Final = re.compile(
    "[ACDEOPRSTVacdeoprstvサ一主二代作依先入助医執報当患承技担指撮教文施校検看確立紹署術記診説読麻]"
)
RULES: Final = (
    Rule(
        "physician",
        re.compile(
            rf"(?:\d|日|。|"
            rf"[)])[ ]{{1,3}}(?P<v>[{_K}]{{1,5}}(?:[ ]{{1,2}}[{_K}ぁ-んァ-ヺー]{{1,4}})?)[ ]*[)」】\]]?[ ]*$",
            re.MULTILINE,
        ),
        "所見。 2022.9.20 ⟦横手⟧", "L4 正常、S3 右",
        veto=_is_no_signature,
    ),
    Rule(
        "physician",
        re.compile(
            rf"(?:^|\n)[ \t]*[(]?(?P<v>[{_K}]{{1,4}}(?:[ ]{{1,2}}[{_K}ぁ-んァ-ヺー]{{1,4}})?)[)]?[ \t]*(?=\s*\Z|\n)"),
        "所見。\n⟦小鳥遊⟧\n", "所見。\n正常\n",
        veto=_is_no_signature,
    ),
    Rule(
        "physician",
        re.compile(
            r"(?:[Ss]igned|[Rr]eported|[Rr]ead|[Dd]ictated|[Aa]pproved|[Vv]erified|[Rr]eviewed|[Tt]ranscribed|"
            r"[Pp]erformed|"
            r"[Ii]nterpreted|[Rr]eferred|[Rr]equested|[Oo]rdered|SIGNED|REPORTED|DICTATED)"
            r"(?:[ ][Ee]lectronically)?[ ](?:by|BY|with)[ :]+(?:Drs?\.?[ ])?"
            rf"(?P<v>[A-Z][A-Za-z'-]{{1,200}}(?:,?[ ]{DEGREES}(?:[A-Z][A-Za-z'-]{{1,200}}|"
            rf"[A-Z]\.?(?![A-Za-z]))){{0,3}})(?![a-z])"
        ),
        "Electronically signed by ⟦Peter Q. Parker⟧, MD", "reported by CT only",
        signs=(" by", " BY", " with"), veto=_is_clinical_word,
    ),
    Rule(
        "physician",
        re.compile(
            rf"^[ \t]*[(]?(?P<v>[{_K}]{{1,5}}[ ]{{0,2}}[{_K}ぁ-んァ-ヺー]{{1,4}})"
            rf"(?:[ ]?[/・,、][ ]?(?P<w>[{_K}]{{1,5}}[ ]{{0,2}}[{_K}ぁ-んァ-ヺー]{{0,4}}))?[)]?[ \t]*$",
            re.MULTILINE,
        ),
        "所見。\n⟦鈴木一郎⟧\n", "所見。\n異常なし\n",
        veto=_is_no_name,
    ),
    Rule(
        "physician",
        re.compile(
            rf"[(\[](?P<v>[{_K}]{{2,4}}(?:[ ][{_K}]{{1,3}})?)(?:[/・,、](?P<w>[{_K}]{{2,4}}))?[)\]]"
        ),
        "以上(⟦鈴木⟧)。", "前回(単純)と比較。",
        veto=_is_no_name,
    ),
    Rule(
        "physician", re.compile(rf"^[ \t]*(?P<v>[{_K}]{{2,5}}?)[ ]?(?:記|拝)[ \t]*$", re.MULTILINE),
        "所見。\n⟦鈴木⟧記", "所見。\n別記",
        veto=_is_no_name,
    ),
    Rule(
        "physician",
        re.compile(
            rf"(?:^|(?<=[ \t。:)]))(?P<v>[{_K}]{{1,4}}[ ][{_K}ぁ-んァ-ヺー]{{1,4}})(?<![様殿氏])[ \t]*$", re.MULTILINE
        ),
        "以上です。⟦鈴木 一郎⟧", "以上です。異常 なし",
        gate=_parted, veto=_is_no_name,
    ),
    Rule(
        "physician", re.compile(rf"(?<![{_K}])(?P<v>[{_K}]{{2,4}}[ ][{_K}]{{2,3}}?)(?=[様殿氏]|(?![{_K}]))"),
        "本日、⟦鈴木 一郎⟧が説明", "本日、胸部 単純を撮影",
        gate=_parted, veto=_is_no_name,
    ),
    Rule(
        "physician",
        re.compile(
            rf"(?:{PHYSICIAN_LABEL}|読影|医師|看護師|先生|教授|患者)[ ]+(?P<v>[{_K}]{{1,6}})(?![{_K}])"
            rf"(?:[ ](?P<w>[{_K}ぁ-んァ-ヺー]{{1,4}})(?![{_K}ぁ-んァ-ヺー]))?"
        ),
        "看護師 ⟦山口 智子⟧ 同席", "技師 撮影 終了",
        begins=_LABELS_BEGIN,
        gate=_parted, place=_behind_role,
    ),
    Rule(
        "physician",
        re.compile(
            r"(?:読影医?|報告者|確認者|依頼医|主治医|担当医|技師|医師|看護師|術者|文責|署名)[ ]*"
            r"(?P<v>[A-Z][a-z]{2,}(?:[ ](?:[A-Z]\.?(?![A-Za-z])|[A-Z][a-z]{1,200}))?|[A-Z]\.[ ]?[A-Z][a-z]{2,})"
        ),
        "担当医 ⟦Tanabe K.⟧", "術者 White balance",
        veto=_begins_clinical,
    ),
)  # fmt: skip
