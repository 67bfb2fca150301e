"""Typed access to Data Sets in the DICOM JSON Model. Pure.

No accessor raises for JSON of another form, since a Data Set may come from another system: such an Attribute has no
values. Source: PS3.18 Annex F.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any, overload

Json = dict[str, Any]
_INT64 = 1 << 63
PERSON_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")  # of a PN value (PS3.18 F.2.2, PS3.5 6.2.1)


def attribute(vr: str, *present: Any) -> Json:
    """Return an Attribute with these values; without a "Value" if there are none (PS3.18 F.2.5)."""
    return {"vr": vr, "Value": list(present)} if present else {"vr": vr}


def values(data_set: Mapping[str, Any], tag: str) -> list[Any]:
    """Return all values of an Attribute, which must not be changed; None stands for an empty one."""
    element = data_set.get(tag)
    listed = element.get("Value") if isinstance(element, dict) else None
    return listed if isinstance(listed, list) else []


def first(data_set: Mapping[str, Any], tag: str) -> Any:
    """Return the first value of an Attribute, or None."""
    listed = values(data_set, tag)
    return listed[0] if listed else None


def text(data_set: Mapping[str, Any], tag: str) -> str:
    """Return the first value as text, of a person's name the alphabetic group; "" if there is none."""
    return _text(first(data_set, tag))


def texts(data_set: Mapping[str, Any], tag: str) -> list[str]:
    """Return the values as texts, without empty ones."""
    return [shown for value in values(data_set, tag) if (shown := _text(value))]


@overload
def integer(data_set: Mapping[str, Any], tag: str, default: int) -> int: ...
@overload
def integer(data_set: Mapping[str, Any], tag: str, default: None = None) -> int | None: ...
def integer(data_set: Mapping[str, Any], tag: str, default: int | None = None) -> int | None:
    """Return the first value as a whole number of 64 bits, which is what an index takes; else the default."""
    value = first(data_set, tag)
    try:
        whole = int(value) if isinstance(value, int | float | str) else default
    except (ValueError, OverflowError):
        return default
    return whole if whole is None or -_INT64 <= whole < _INT64 else default


def number(data_set: Mapping[str, Any], tag: str, default: float) -> float:
    """Return the first value as a finite number, else the default."""
    value = first(data_set, tag)
    try:
        read = float(value) if isinstance(value, int | float | str) else default
    except (ValueError, OverflowError):
        return default
    return read if math.isfinite(read) else default


def items(data_set: Mapping[str, Any], tag: str) -> list[Json]:
    """Return the Items of a Sequence, without empty ones that are null."""
    return [value for value in values(data_set, tag) if isinstance(value, dict)]


def item(data_set: Mapping[str, Any] | None, tag: str, index: int = 0) -> Json | None:
    """Return one Item of a Sequence, or None."""
    listed = values(data_set or {}, tag)
    return listed[index] if index < len(listed) and isinstance(listed[index], dict) else None


def person_groups(value: object) -> list[str]:
    """Return the component groups of a PN value, "" for those it lacks; [] if it is no PN value."""
    return [str(value.get(group) or "") for group in PERSON_GROUPS] if isinstance(value, dict) else []


def pick(data_set: Json, tags: Iterable[str]) -> Json:
    """Return these Attributes, as far as they are there."""
    return {tag: data_set[tag] for tag in tags if tag in data_set}


def _text(value: object) -> str:
    if isinstance(value, dict):
        return str(value.get("Alphabetic") or "")
    return "" if value is None else str(value)
