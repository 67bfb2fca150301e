"""Rules for texts in which many are named: there a listed or unknown name goes that elsewhere only flags.

That rules have found many people and places is the second kind of evidence: the layout is one of lists, exports, talks
and stamps, not of findings. Pure.
"""

import re
from collections.abc import Iterator
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import clinical_words, is_clinical, names
from services.anonymizer.text.folding.morphemes import Kind
from services.anonymizer.text.folding.scripts import script
from services.anonymizer.text.names import unfamiliar
from services.anonymizer.text.names.eponyms import EPONYM_JA, means_disease
from services.anonymizer.text.names.frames.person import Evidence, evidence, is_work
from services.anonymizer.text.names.latin import is_romaji_family
from services.anonymizer.text.names.surnames import is_plain_surname
from services.anonymizer.text.rules import Hit, Place, Rule

_TEXT: Final = re.compile(r"\A")
_FEW_KANA: Final = 3
_SHORTEST_LOGIN: Final = 5


def _standing(folded: FoldedText, match: re.Match[str]) -> Iterator[Place]:
    """Yield words that the analyser reads as names, unless they stand for a disease that the text names."""
    for start, end in unfamiliar.people(folded, match):
        view = folded.view[start:end]
        if not means_disease(folded, view, end) and not is_work(view) and view not in clinical_words():
            yield start, end


def _behind_noun(folded: FoldedText, _: re.Match[str]) -> Iterator[Place]:
    """Yield plain surnames that a noun touches and that end a word: 受領藤井。"""
    words = folded.words.words
    for number, word in enumerate(words[1:], start=1):
        view = folded.view[word.start : word.end]
        ends = not folded.after(word.end).isalpha()
        joined = folded.after(word.end) in "・-" or EPONYM_JA.match(folded.text, word.end)
        if (
            word.kind is Kind.FAMILY
            and not joined
            and words[number - 1].end == word.start
            and ends
            and is_plain_surname(view)
        ):
            yield word.start, word.end


def _is_nobody(hit: Hit) -> bool:
    """Say whether it is no listed name, or stands for what is called by it."""
    if EPONYM_JA.match(hit.folded.text, hit.end) or means_disease(hit.folded, hit.view, hit.end):
        return True
    return evidence(hit.folded, hit.start, hit.end) < Evidence.LISTED or hit.view in clinical_words()


def _is_no_single(hit: Hit) -> bool:
    if hit.folded.before(hit.start) == hit.folded.after(hit.end) == " ":
        return True  # of a line that is spaced out
    return hit.view not in names().surnames or unfamiliar.is_common_sign(hit.view)


def _is_no_reading(hit: Hit) -> bool:
    """Say whether kana are no reading of a surname, or of a given name behind one."""
    words = hit.view.split()
    if any(is_clinical(word) for word in words):
        return True
    return words[0] not in names().by_reading or (len(words) > 1 and words[1] not in names().given_by_reading)


def _is_no_romaji(hit: Hit) -> bool:
    words = re.findall("[a-z]+", hit.words.lower())
    return any(word in clinical_words() for word in words) or not any(map(is_romaji_family, words))


def _is_no_login(hit: Hit) -> bool:
    in_english = script(hit.folded.before(hit.start - 1)) == "latin"
    return in_english or hit.words in clinical_words() or not is_romaji_family(hit.words)


RULES: Final = (
    Rule(
        "physician", _TEXT, "その⟦滝口⟧ら三名", "橋本病で、橋本を疑う",
        place=_standing,
    ),
    Rule(
        "physician", _TEXT, "押印⟦藤井⟧。", "右上部。",
        place=_behind_noun,
    ),
    Rule(
        "physician",
        re.compile(r"(?:^|(?<=[\s|,;:/()\[\]「」【】=★○●◎→⇒@・、。│┃\"^>―]))(?P<v>[一-鿿々]{2,4})(?=$|[\s|"
            r",;:/()\[\]「」【】=★○●◎→⇒@・、。│┃\"^<―])", re.MULTILINE),
        "◎⟦佐近⟧◎", "◎頭部◎",
        veto=_is_nobody,
    ),
    Rule(
        "physician",
        re.compile(r"(?:^|(?<=[\s|,;:/()\[\]「」【】=★○●◎→⇒@・│┃\"^>―]))(?P<v>[一-鿿])(?=$|[\s|"
            r",;:/()\[\]「」【】=★○●◎→⇒@│┃\"^<―])", re.MULTILINE),
        "◎⟦辻⟧◎", "◎右◎",
        veto=_is_no_single,
    ),
    Rule(
        "physician",
        re.compile(rf"(?<![ァ-ヺー・一-鿿])(?P<v>[ァ-ヺー]{{{_FEW_KANA},6}}(?:[ ][ァ-ヺー]{{2,5}})?)(?=$|[\s|"
            rf",;:/()\[\]】=→、。│┃\"^])", re.MULTILINE),
        "コード,⟦イケダ⟧\n", "エコー、ポリープ",
        veto=_is_no_reading,
    ),
    Rule(
        "name",
        re.compile(r"(?<![A-Za-z0-9'-])(?:[A-Z][a-z]{2,12}|[A-Z]{3,12})(?:,?[ ](?:[A-Z][a-z]{1,12}|[A-Z]{2,12}|"
            r"[A-Z]\.?))?(?=$|[ ]?[\n/|,;)\]\t])", re.MULTILINE),
        "⟦Izumi⟧/", "Chest/",
        veto=_is_no_romaji,
    ),
    Rule(
        "login",
        re.compile(rf"(?<![A-Za-z0-9@./_-])[a-z]{{{_SHORTEST_LOGIN},15}}(?=$|[\s\])|,;/、。](?![a-z ]))", re.MULTILINE),
        "仮登録 ⟦ykonoh⟧\n", "仮登録 mass\n",
        veto=_is_no_login,
    ),
)  # fmt: skip
