"""Rules for names of files and folders, which hold people's names and IDs: \\\\nas5\\rad\\…, TANAKA1.zip. Pure."""

import re
from typing import Final

from services.anonymizer.text.rules import Rule

_SIGN: Final = r"[A-Za-z0-9_\-.~一-鿿ァ-ヺーぁ-ん^+$%]"
_KINDS: Final = "dcm|zip|jpe?g|png|bmp|tiff?|pdf|pptx?|docx?|xlsx?|csv|txt|iso|lzh|rar|7z|mp4|avi|hl7|xml|json|eml"

RULES: Final = (
    Rule(
        "url", re.compile(rf"\\\\{_SIGN}+(?:\\{_SIGN}+)*"),
        "保存先 ⟦\\\\nas5\\rad\\ito_1⟧ 参照", "比は\\ 3",
        signs=("\\\\",),
    ),
    Rule(
        "url", re.compile(rf"(?<![A-Za-z0-9/\\])(?:{_SIGN}{{1,40}}[/\\])*{_SIGN}{{1,60}}\.(?i:{_KINDS})(?!\w)"),
        "添付 ⟦CD1/ito_2.jpg⟧ 参照", "12.5 mm、1.zipper",
        signs=(".",),
    ),
    Rule(
        "url", re.compile(rf"(?<![A-Za-z0-9/])DICOMDIR(?:[/\\]{_SIGN}+)+"),
        "⟦DICOMDIR/123/IM1⟧ 参照", "DICOMDIRなし",
        signs=("DICOMDIR",),
    ),
)  # fmt: skip
