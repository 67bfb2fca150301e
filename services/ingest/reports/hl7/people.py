"""Who and where an HL7 v2 message names: the dictionary for cleaning. Pure.

Source: HL7 v2.5 2.A (XPN, XCN, XAD, XTN, XON, PL, NDL, CX) and the segments' tables in chapters 3, 4, 6 and 7.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from services.ingest.reports.context_resources import Parts
from services.ingest.reports.hl7.message import Segment, Value

_XCN, _NDL, _XON, _XTN, _PL, _CX, _XPN, _XAD = "XCN", "NDL", "XON", "XTN", "PL", "CX", "XPN", "XAD"
_SHORTEST_PHONE = 6
_FIELDS: dict[str, dict[str, tuple[int, ...]]] = {
    "MSH": {"HD": (4, 6)},
    "PD1": {_XON: (3,), _XCN: (4,)},
    "NK1": {_XPN: (2, 30), _XAD: (4, 32), _XTN: (5, 6, 31), _XON: (13,), _CX: (12, 33)},
    "PV1": {_PL: (3, 6, 11, 42, 43), _XCN: (7, 8, 9, 17, 52), _CX: (5, 19, 50)},
    "PV2": {_XCN: (13,), _XON: (23,)},
    "ORC": {
        _XCN: (10, 11, 12, 19), _PL: (13,), _XTN: (14, 23), "CE": (17,), _XON: (21,), _XAD: (22, 24), _CX: (2, 3, 4),
    },
    "OBR": {_XCN: (10, 16, 28), _XTN: (17,), _NDL: (32, 33, 34, 35), _CX: (2, 3, 18, 19, 20, 21)},
    "OBX": {_XCN: (16, 25), _XON: (23,), _XAD: (24,)},
    "NTE": {_XCN: (5,)},
}  # fmt: skip


def patient_values(pid: Segment, parts: Parts) -> dict[str, str]:
    """Return the plain fields of PID (3.4.2), and put its further names, numbers and addresses into parts."""
    numbers = sorted(pid.repetitions(3), key=lambda each: each.text(5) not in ("MR", "PI"))
    names = [_name(each) for each in pid.repetitions(5)]
    for each in (*numbers[1:], *pid.repetitions(2), *pid.repetitions(4), *pid.repetitions(18), *pid.repetitions(19)):
        parts.of_patient("identifier", _number(each))
    for text in [*names[2:], *map(_name, pid.repetitions(9))]:
        parts.of_patient("name", {"text": text} if text else {})
    for each in pid.repetitions(6):
        parts.person(_name(each).split(), kind="RelatedPerson")
    for each in (*pid.repetitions(11), *pid.repetitions(12)):
        parts.of_patient("address", _address(each))
    for phone in (phone for at in (13, 14) for each in pid.repetitions(at) for phone in _phones(each)):
        parts.of_patient("telecom", {"value": phone})
    return {
        "patient_id": numbers[0].text(1) if numbers else "",
        "issuer": numbers[0].text(4) if numbers else "",
        "patient_name": names[0] if names else "",
        "patient_kana": names[1] if len(names) > 1 else "",
        "birth_date": pid.text(7)[:8] if len(pid.text(7)) >= 8 else "",
        "sex": pid.text(8),
    }


def add_people(segments: Sequence[Segment], parts: Parts) -> None:
    """Put the people, places and numbers of all segments but PID into parts."""
    for segment in segments:
        for kind, numbers in _FIELDS.get(segment.name, {}).items():
            for value in (each for number in numbers for each in segment.repetitions(number)):
                _add(kind, value, parts, is_relative=segment.name == "NK1")


def _add(kind: str, value: Value, parts: Parts, *, is_relative: bool) -> None:
    if kind == _XCN:
        parts.person([value.text(2), value.text(3), value.text(4)], value.text(1))
    elif kind == _NDL:
        parts.person([value.text(1, 2), value.text(1, 3), value.text(1, 4)], value.text(1, 1))
        parts.place(value.text(7))
    elif kind == _XPN:
        parts.person(_name(value).split(), kind="RelatedPerson" if is_relative else "Practitioner")
    elif kind == _XAD:
        parts.place("", [_address(value)])
    elif kind == _XTN:
        parts.place("", (), list(_phones(value)))
    elif kind == _PL:
        for text in dict.fromkeys(value.texts()):
            parts.place(text if (len(text) > 1 and not text.isascii()) or len(text) > 5 else "")
    elif kind == _CX:
        parts.number(value.text(1))
    else:  # XON, HD, CE: a name in the first or second component; a code of ours such as RIS is no name
        for text in (value.text(1), value.text(2)):
            parts.place(text if not text.isascii() or len(text) > 5 else "")


def _name(value: Value) -> str:
    """Return family, given and further names of an XPN (2.A.88)."""
    return " ".join(part for part in (value.text(1), value.text(2), value.text(3)) if part)


def _number(value: Value) -> dict[str, Any]:
    return {"value": value.text(1)} if value.text(1) else {}


def _address(value: Value) -> dict[str, Any]:
    """Return an XAD (2.A.85): street, other designation, city, state, post code."""
    lines = [part for part in (value.text(1), value.text(2)) if part]
    found = {"line": lines, "city": value.text(3), "state": value.text(4), "postalCode": value.text(5)}
    return {name: each for name, each in found.items() if each}


def _phones(value: Value) -> Iterator[str]:
    """Yield the numbers and the e-mail address of an XTN (2.A.89)."""
    parts = value.text(6), value.text(7)
    for text in (value.text(1), value.text(4), value.text(12), "-".join(filter(None, parts))):
        if len(text) >= _SHORTEST_PHONE:
            yield text
