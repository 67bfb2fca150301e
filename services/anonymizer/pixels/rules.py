"""Which images may carry burned-in text: rules as data (``rules.toml``), first match wins."""

import re
import tomllib
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

import msgspec

from services.anonymizer.dicom.patient_identifiers import TopLevelAttributes

_STORAGE = "1.2.840.10008.5.1.4.1.1."
SOP_CLASS, IMAGE_TYPE, MANUFACTURER, DESCRIPTION, MODEL = 0x00080016, 0x00080008, 0x00080070, 0x0008103E, 0x00081090
ROWS, BURNED_IN, PHOTOMETRIC = 0x00280010, 0x00280301, 0x00280004


_ASKED = (SOP_CLASS, IMAGE_TYPE, MANUFACTURER, DESCRIPTION, MODEL, BURNED_IN, PHOTOMETRIC)


class PixelRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule; every condition that it names must hold. name: the reason that an Instance is quarantined with.

    search: at which of what passes the text detector looks: at each, or at the ends and the middle of each Series.
    """

    name: str
    then: Literal["pass", "look", "refuse"]
    why: str
    search: Literal["", "each", "ends"] = ""
    sop_class: tuple[str, ...] = ()
    image_type: tuple[str, ...] = ()
    burned_in: tuple[str, ...] = ()
    photometric: tuple[str, ...] = ()
    manufacturer: str = ""
    model: str = ""
    description: str = ""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    rules: list[PixelRule]


@cache
def rules() -> tuple[PixelRule, ...]:
    """Return the rules in their order."""
    text = (Path(__file__).parent / "rules.toml").read_text("utf-8")
    return tuple(msgspec.convert(tomllib.loads(text), _File).rules)


def rule_for(attributes: TopLevelAttributes) -> PixelRule | None:
    """Return the rule that decides about the pixels, None if the Instance has none.

    An Instance without Rows (0028,0010) has none (PS3.3 C.7.6.3).
    """
    if ROWS not in attributes.values:
        return None
    return _first(tuple(attributes.values.get(tag, b"") for tag in _ASKED))


@lru_cache(1024)
def _first(values: tuple[bytes, ...]) -> PixelRule | None:
    attributes = TopLevelAttributes(dict(zip(_ASKED, values, strict=True)))
    return next((rule for rule in rules() if _holds(rule, attributes)), None)


def _holds(rule: PixelRule, attributes: TopLevelAttributes) -> bool:
    """Return whether every condition of the rule holds."""
    if rule.sop_class and attributes.text(SOP_CLASS).removeprefix(_STORAGE) not in rule.sop_class:
        return False
    if rule.image_type:
        words = {word.strip() for word in attributes.text(IMAGE_TYPE).upper().split("\\")}
        if not words & set(rule.image_type):
            return False
    if rule.burned_in and attributes.text(BURNED_IN).upper() not in rule.burned_in:
        return False
    if rule.photometric and attributes.text(PHOTOMETRIC) not in rule.photometric:
        return False
    texts = ((rule.manufacturer, MANUFACTURER), (rule.model, MODEL), (rule.description, DESCRIPTION))
    return all(not form or re.search(form, attributes.text(tag), re.IGNORECASE) for form, tag in texts)
