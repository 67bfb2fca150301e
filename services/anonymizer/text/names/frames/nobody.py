"""What looks like somebody and is a heading, a side of the body or the town of a guideline. Pure."""

import re
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText

_SPACED_HEADING: Final = re.compile(
    "(?:所 {1,3}見|診 {1,3}断|結 {1,3}[論果]|検 {1,3}査|目 {1,3}的|評 {1,3}価|経 {1,3}過|考 {1,3}察)"
)
_SIDED: Final = re.compile("[左右両][上中下前後]?(?:葉|腎|肺|乳房|膝|肩|股|卵巣|心室|心房|心耳|副腎|尿管|水腎症?)")
_OF_GUIDELINE: Final = re.compile(r"(?:ガイドライン|コンセンサス|分類|基準|規約|合意)[ ]?\d{4}年?版?[ ]?[(]$")
_REACH: Final = 16


def is_nobody(folded: FoldedText, start: int, end: int) -> bool:
    """Say whether it begins a heading whose signs stand apart, 所 見, is 左葉, or stands as in 2023(京都) or 検査日."""
    if _SPACED_HEADING.match(folded.text, start) or _SIDED.fullmatch(folded.text, start, end):
        return True
    if folded.text[start:end] == "日":
        return True  # of 検査日:
    in_brackets = folded.after(end) == ")"
    return in_brackets and _OF_GUIDELINE.search(folded.text, max(0, start - _REACH), start) is not None
