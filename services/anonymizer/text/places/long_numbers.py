"""Rules for numbers so long that they may be somebody's, whatever they are called. Pure."""

import re
from typing import Final

from services.anonymizer.text.rules import Rule

RESIDUAL: Final = (
    Rule(
        "long-number",
        re.compile(
            r"\d(?<![\d.,:/-]\d)(?:[\d]|-(?=\d)){6,}"
            r"(?![\d.,:/]|-\d|\s?(?:mm|cm|mGy|mSv|HU|ml|mL|Bq|MBq|kBq))"
        ),
        "参照 ⟦5123456⟧", "5123456 MBq、12-34 mm",
    ),
)  # fmt: skip
