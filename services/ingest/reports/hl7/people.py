"""Who and where an HL7 v2 message names: the dictionary for cleaning. Pure.

Source: HL7 v2.5 2.A (XPN, XCN, XAD, XTN, XON, PL, NDL, CX) and the segments' tables in chapters 3, 4, 6 and 7.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from services.ingest.reports.canonical import Address
from services.ingest.reports.hl7.message import Segment, Value
from services.ingest.reports.mentions import Mentions

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
    "EVN": {_XCN: (5,), "HD": (7,)},
    "TXA": {_XCN: (5, 9, 10, 11, 22, 23), _CX: (12, 13, 14, 15, 16)},
}  # fmt: skip


def patient_values(pid: Segment, mentions: Mentions) -> dict[str, str]:
    """Return the plain fields of PID (3.4.2), and note its further names, numbers and addresses."""
    numbers = sorted(pid.repetitions(3), key=lambda each: each.text(5) not in ("MR", "PI"))
    names = [_name(each) for each in pid.repetitions(5)]
    mentions.of_patient(
        names=[*names[2:], *map(_name, pid.repetitions(9))],
        numbers=[each.text(1) for each in (*numbers[1:], *_all(pid, 2, 4, 18, 19))],
        addresses=map(_address, _all(pid, 11, 12)),
        phones=[phone for each in _all(pid, 13, 14) for phone in _phones(each)],
    )
    for each in pid.repetitions(6):
        mentions.person([_name(each)], is_relative=True)
    return {
        "patient_id": numbers[0].text(1) if numbers else "",
        "issuer": numbers[0].text(4) if numbers else "",
        "patient_name": names[0] if names else "",
        "patient_kana": names[1] if len(names) > 1 else "",
        "birth_date": pid.text(7)[:8] if len(pid.text(7)) >= 8 else "",
        "sex": pid.text(8),
    }


def note_people(segments: Sequence[Segment], mentions: Mentions) -> None:
    """Note the people, places and numbers of all segments but PID."""
    for segment in segments:
        for kind, numbers in _FIELDS.get(segment.name, {}).items():
            for value in _all(segment, *numbers):
                if segment.name == "NK1" and kind == _XPN:
                    mentions.person([_name(value)], is_relative=True)
                else:
                    note_value(kind, value, mentions)


def note_value(kind: str, value: Value, mentions: Mentions) -> None:
    """Note one value of a data type of ``PEOPLE_AND_PLACES``."""
    _NOTES.get(kind, _organization)(value, mentions)


def _all(segment: Segment, *numbers: int) -> Iterator[Value]:
    for number in numbers:
        yield from segment.repetitions(number)


def _person_with_number(value: Value, mentions: Mentions) -> None:
    mentions.person([value.text(2), value.text(3), value.text(4)], value.text(1))


def _person_and_place(value: Value, mentions: Mentions) -> None:
    mentions.person([value.text(1, 2), value.text(1, 3), value.text(1, 4)], value.text(1, 1))
    mentions.place(value.text(7))


def _location(value: Value, mentions: Mentions) -> None:
    for text in dict.fromkeys(value.texts()):
        mentions.place(text if (len(text) > 1 and not text.isascii()) or len(text) > 5 else "")


def _organization(value: Value, mentions: Mentions) -> None:
    """XON, HD, CE: a name in the first or second component; a code of ours such as RIS is no name."""
    for text in (value.text(1), value.text(2)):
        mentions.place(text if not text.isascii() or len(text) > 5 else "")


_NOTES: Final[Mapping[str, Callable[[Value, Mentions], None]]] = {
    _XCN: _person_with_number,
    _NDL: _person_and_place,
    _XPN: lambda value, mentions: mentions.person([_name(value)]),
    _XAD: lambda value, mentions: mentions.place("", [_address(value)]),
    _XTN: lambda value, mentions: mentions.place("", phones=_phones(value)),
    _PL: _location,
    _CX: lambda value, mentions: mentions.number(value.text(1)),
    "PN": lambda value, mentions: mentions.person([_name(value)]),
    **dict.fromkeys(("CN", "PPN"), _person_with_number),
    **dict.fromkeys(("EI", "CK"), lambda value, mentions: mentions.number(value.text(1))),
    "AD": lambda value, mentions: mentions.place("", [_address(value)]),
    "TN": lambda value, mentions: mentions.place("", phones=_phones(value)),
}
PEOPLE_AND_PLACES: Final = frozenset({*_NOTES, _XON, "HD"})
"""Data types whose values are a person, a place or a number."""


def _name(value: Value) -> str:
    """Return family, given and further names of an XPN (2.A.88)."""
    return " ".join(part for part in (value.text(1), value.text(2), value.text(3)) if part)


def _address(value: Value) -> Address:
    """Return an XAD (2.A.85): street, other designation, city, state, post code."""
    lines = tuple(part for part in (value.text(1), value.text(2)) if part)
    return Address(lines=lines, city=value.text(3), state=value.text(4), postal_code=value.text(5))


def _phones(value: Value) -> Iterator[str]:
    """Yield the numbers and the e-mail address of an XTN (2.A.89)."""
    parts = value.text(6), value.text(7)
    for text in (value.text(1), value.text(4), value.text(12), "-".join(filter(None, parts))):
        if len(text) >= _SHORTEST_PHONE:
            yield text
