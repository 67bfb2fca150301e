"""What FHIR Observations and CodeableConcepts say, as text: every kind of value, and what qualifies it. Pure.

A value that is not read refuses the report, for it would be shortened by it.
Source: FHIR R4 Observation, CodeableConcept, Quantity, Range, Ratio, Period.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from shared.errors import Refused
from shared.fhir.values import items, object_of, text_of

Json = Mapping[str, Any]
_WITHDRAWN: Final = frozenset({"entered-in-error", "cancelled"})
_VALUE: Final = re.compile(r"value[A-Z]\w*")
_TEXTS: Final = ("valueString", "valueDateTime", "valueTime", "valueDate", "valueCode")
_NUMBERS: Final = ("valueInteger", "valueDecimal", "valueBoolean")
_READ: Final = frozenset(
    (*_TEXTS, *_NUMBERS, "valueCodeableConcept", "valueQuantity", "valueRange", "valueRatio", "valuePeriod")
)


def observed(observation: Json) -> str:
    """Return what an Observation says: its value, those of its components, and its notes, a line each.

    Empty for one that was withdrawn. Raises Refused: a value that is not read.
    """
    if text_of(observation, "status") in _WITHDRAWN:
        return ""
    parts = [(named(each.get("code")), _qualified(each)) for each in items(observation.get("component"))]
    lines = [f"{name}: {value}" if name else value for name, value in parts if value]
    return "\n".join(filter(None, (_qualified(observation), *lines, notes(observation))))


def named(concept: Any) -> str:
    """Return the words of CodeableConcepts: their text, else what their codes are called, else the codes."""
    return ", ".join(filter(None, map(_words, items(concept))))


def notes(resource: Json) -> str:
    """Return the notes of a resource, a line each."""
    return "\n".join(filter(None, (text_of(note, "text") for note in items(resource.get("note")))))


def _words(concept: Json) -> str:
    codings = items(concept.get("coding"))
    shown = [text_of(coding, "display") for coding in codings] + [text_of(coding, "code") for coding in codings]
    return text_of(concept, "text") or next(filter(None, shown), "")


def _qualified(holder: Json) -> str:
    """Return a value with what it says nothing without: where, by which method, how it compares."""
    value = _value(holder) or named(holder.get("dataAbsentReason"))
    named_words = (
        ("interpretation", named(holder.get("interpretation"))),
        ("body site", named(holder.get("bodySite"))),
        ("method", named(holder.get("method"))),
        ("reference range", ", ".join(filter(None, map(_reference, items(holder.get("referenceRange")))))),
    )
    around = ", ".join(f"{name}: {words}" for name, words in named_words if words)
    return f"{value} ({around})" if value and around else value or around


def _reference(limits: Json) -> str:
    return text_of(limits, "text") or _range(limits)


def _value(holder: Json) -> str:
    """Return the value as text; empty if there is none. Raises Refused: of a type that is not read."""
    if unread := [name for name in holder if _VALUE.fullmatch(name) and name not in _READ]:
        raise Refused("report-value-not-read", f"Observation.{_type(unread[0])} is not read")
    return next(filter(None, _values(holder)), "")


def _values(holder: Json) -> Iterator[str]:
    for name in _TEXTS:
        yield text_of(holder, name)
    yield named(holder.get("valueCodeableConcept"))
    yield _quantity(object_of(holder, "valueQuantity"))
    yield _range(object_of(holder, "valueRange"))
    ratio = object_of(holder, "valueRatio")
    yield "/".join(filter(None, (_quantity(object_of(ratio, name)) for name in ("numerator", "denominator"))))
    yield _between(*(text_of(object_of(holder, "valuePeriod"), name) for name in ("start", "end")))
    for name in _NUMBERS:
        yield _number(holder.get(name))


def _quantity(quantity: Json) -> str:
    number = _number(quantity.get("value"))
    unit = text_of(quantity, "unit") or text_of(quantity, "code")
    return " ".join(filter(None, (text_of(quantity, "comparator"), number, unit if unit != "1" else "")))


def _range(limits: Json) -> str:
    return _between(*(_quantity(object_of(limits, name)) for name in ("low", "high")))


def _between(low: str, high: str) -> str:
    return f"{low} – {high}".strip() if low or high else ""


def _number(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else ""


def _type(name: str) -> str:
    """Return the name of an element if it can only be a name; foreign text is never repeated."""
    return name if name.isascii() and len(name) <= 40 else "value[x]"
