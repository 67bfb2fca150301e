"""Eponyms: names that are part of a clinical term, by the lexicon or by the word that follows. Pure."""

import re
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import terms_with
from services.anonymizer.text.folding.scripts import script

_WORDS = (
    "病(?![院棟室歴状変巣名理期気床態的後前])|症候群|分類|徴候|現象|母斑|筋ジストロフィー|培地|動脈炎|甲状腺炎|スコア|サイン|"
    "小体|法(?!人)|式(?!典)|型|反応|手技|吻合|ガイドライン|コンセンサス|基準(?!寝具)|試験(?!官|紙)|指数|三角|靱帯"
)
EPONYM_JA: Final = re.compile(f"(?:・[^\\s・]{{1,8}}){{0,4}}氏?(?:{_WORDS})")
# With things that Japanese names are not given to: 佐藤骨折 is a patient with a fracture
EPONYM_FOREIGN: Final = re.compile(
    f"(?:・[^\\s・]{{1,8}}){{0,4}}(?:{_WORDS}|リンパ腫|肉腫|骨折|カテーテル|結節|症(?!状|例)|靱帯|憩室|ヘルニア|細胞|嚢胞|腫瘍)"
)
EPONYM_EN: Final = re.compile(
    r"(?:'s|s)?[\s-]*(?:disease|syndrome|lymphoma|sign|catheter|fracture|classification|score|node|ligament|duct|line|"
    r"tumou?r|cyst|hernia|angle|space|canal|ganglion|thyroiditis|arteritis|sarcoma|contracture|deformity|lesion|triangle|"
    r"point|law|method|index|criteria|grade|stage|palsy|chorea|dystrophy|encephalopathy|aneurysm|diverticulum|pouch|"
    r"procedure|operation|reaction|phenomenon|maneuver|manoeuvre|malformation|anomaly|body|bodies|cell|cells|units?)"
    r"(?![A-Za-z0-9])",
    re.IGNORECASE,
)


_AS_DISEASE: Final = re.compile(
    "[ ]?(?:の|を|が|は|に|も|で|と|から|や|・|、|および|または)?[ ]?"
    "(?:既往|疑|否定|可能性|矛盾|再発|再燃|合併|活動性|炎症|寛解|様|型|らしさ|らしい|[IVX]+型|Stage|Grade|stage|grade)"
)


def means_disease(folded: FoldedText, name: str, end: int) -> bool:
    """Say whether a name alone stands for what is called by it: 橋本の既往, or 橋本 in a text that has 橋本病.

    end: where the name ends in the text.
    """
    terms = [term for term, offset in terms_with(name) if offset == 0]
    if not terms:
        return False
    return _AS_DISEASE.match(folded.text, end) is not None or any(term in folded.view for term in terms)


def is_eponym(folded: FoldedText, name: str, at: int, end: int) -> bool:
    """Say whether a name is part of a clinical term here. at: its position in ``folded.compact``.  end: in the text."""
    for term, offset in terms_with(name):
        if folded.compact.startswith(term, at - offset) and at >= offset:
            return True
    words = EPONYM_JA if script(name[0]) == "kanji" else EPONYM_FOREIGN
    return words.match(folded.text, end) is not None
