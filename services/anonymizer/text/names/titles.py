"""Titles and words for a person beside a name. Pure."""

import re
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText

TITLE_AFTER: Final = re.compile(
    r"[ \t\n]*[((]?(?:様|さま|さん|サン|殿|どの|氏(?![名病法]|手術|徴候|分類)|君|くん|ちゃん|先生|せんせい|医師|"
    r"Dr(?![A-Za-z0-9])|DR(?![A-Za-z0-9])|ドクター|技師|看護師|教授|准教授|講師|助教|"
    r"部長|医長|院長|副院長|師長|研修医|女史|翁|M\.?D\.?(?<![A-Za-z0-9])|Ph\.?D)"
)
TITLE_BEFORE: Final = re.compile(
    r"(?:(?<![A-Za-z0-9])(?:Dr|Mr|Mrs|Ms|Miss|Prof|Doctor|Pt|Patient|Sir|Madam|Name)(?![A-Za-z0-9])\.?|"
    r"患者(?:様|さん|氏名|名)?|氏名|名前|読影医?|依頼医|主治医|担当医|医師|"
    r"報告者|記載者|文責|指導医|執刀医|術者|技師|看護師|先生|父|母|妻|夫|長男|長女|次男|次女|兄|弟|姉|"
    r"妹)[ \t\n:・は(]{0,3}$",
    re.IGNORECASE,
)
PATIENT_BEFORE: Final = re.compile("(?:患者|氏名|本人)$")


def has_title(folded: FoldedText, start: int, end: int) -> bool:
    """Say whether a title or a word for a person stands right before or after."""
    if TITLE_AFTER.match(folded.text, end):
        return True
    return TITLE_BEFORE.search(folded.text, max(0, start - 14), start) is not None
