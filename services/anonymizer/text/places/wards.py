"""Rules for places inside hospitals: wards, rooms, beds. Pure."""

import re
from typing import Final

from services.anonymizer.text.rules import Rule

_SIGNS: Final = ("病棟", "号室", "CU", "ard ", "oom ", "ed ")

RULES: Final = (
    Rule(
        "department",
        re.compile(
            r"(?:(?:[東西南北中新旧本別]館?|第)?[ ]?(?:\d{1,2}(?:階|F)?[ ]?)[東西南北中A-Z]?[ ]?病棟"
            r"|[東西南北中新旧本別A-Z]館?病棟(?:[ ]?\d{1,2}(?:階|F))?|病棟[ ]?\d{1,2}(?:階|F)?(?![\d日月年名人例]))"
        ),
        "⟦東5階病棟⟧に入院", "病棟で3日間、病棟に入院",
        signs=_SIGNS,
    ),
    Rule(
        "department",
        re.compile(
            r"(?<![A-Za-z0-9])(?:ICU|HCU|CCU|SCU|NICU|GCU|EICU|PICU)[ -]?\d{1,2}"
            r"(?!\d|[ ]?(?:日|回|月|年|時|人|名|例|週|/|hr|day))(?:[ ]?(?:床|番|号)(?:ベッド)?)?"
        ),
        "⟦ICU 3番⟧", "ICU 3日目",
        signs=_SIGNS,
    ),
    Rule(
        "department", re.compile(r"(?<!\d)\d{3,4}[ ]?号室(?:[ ]?\d{1,2}(?:床|番|ベッド))?"),
        "⟦512号室⟧", "この号室は満床",
        signs=_SIGNS,
    ),
    Rule(
        "department",
        re.compile(
            r"(?<![A-Za-z])(?:[Ww]ard|[Rr]oom|[Bb]ed)[ ](?:[Nn]o\.?[ ]?|#)?"
            r"(?:\d{1,4}[A-Z]?|[A-Z]\d{1,3})(?:[ ,]+[Bb]ed[ ]\d{1,2})?(?![A-Za-z0-9])"
        ),
        "in ⟦Room 512, Bed 2⟧", "at room temperature",
        signs=_SIGNS,
    ),
)  # fmt: skip
