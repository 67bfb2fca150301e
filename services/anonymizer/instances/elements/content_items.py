"""Content Items of Structured Reports and of the Sequences that borrow them: Clean Structured Content Option.

Numbers and codes stay, so that a dose report stays usable; texts are cleaned, persons get a dummy, UIDs are replaced;
and what Table E.3.4-1 names by its concept is treated as it says. References to images and other objects (X or D there)
stay, for their UIDs are replaced by action U like all others: without them a measurement loses what it measured.

Source: PS3.15 E.3.4.
"""

from functools import cache

from services.anonymizer.profile import profile, tables
from services.anonymizer.profile.profile import Action
from services.anonymizer.profile.tables import ContentRow
from shared.dicom import character_sets, elements
from shared.dicom.elements import ITEM_END, Element, FileBytes, Syntax

# Content, Acquisition Context, Protocol Context, Content Item Modifier, Specimen Preparation Step Content Item
SEQUENCES = frozenset({0x0040A730, 0x00400555, 0x00400440, 0x00400441, 0x00400612})
_VALUE_TYPE, _CONCEPT = 0x0040A040, 0x0040A043
_CODES, _SCHEME = (0x00080100, 0x00080119, 0x00080120), 0x00080102
_BY_TYPE = {"TEXT": 0x0040A160, "PNAME": 0x0040A123, "DATE": 0x0040A121, "TIME": 0x0040A122, "DATETIME": 0x0040A120}
VALUES = frozenset(_BY_TYPE.values())
_REFERENCES = frozenset({"IMAGE", "COMPOSITE", "WAVEFORM", "UIDREF", "SCOORD", "TCOORD"})
_SERIAL_NUMBERS = frozenset({"113880", "121016", "121196"})
_DEVICE = 0x00181000

Overrides = dict[int, Action]


def overrides(data: FileBytes, pos: int, end: int, syntax: Syntax, charset: bytes, name: str) -> Overrides | None:
    """Return what is done otherwise than usual in the Item that begins at pos; None if the whole Item goes."""
    value_type, scheme, code = "", "", ""
    while pos < end:
        element = elements.read(data, pos, end, syntax)
        if element.tag == ITEM_END or element.tag > _CONCEPT:
            break
        after = elements.after(data, element, end, syntax)
        if element.tag == _VALUE_TYPE:
            value_type = _text(data, element.value, after)
        elif element.tag == _CONCEPT and elements.is_sequence(element):
            scheme, code = _concept(data, element, end, elements.inside(element, syntax), charset)
        pos = after
    return decide(name, scheme, code, value_type)


@cache
def decide(name: str, scheme: str, code: str, value_type: str) -> Overrides | None:
    """Return what a profile does with content items of one concept and value type."""
    row = _rows().get((scheme, code, value_type))
    if row is None or value_type in _REFERENCES:
        return {}
    taken = profile.load(name)
    value = _BY_TYPE.get(value_type)
    for option in taken.options:
        if option in row.options:
            return {value: Action.KEEP} if row.options[option] == "K" and value else {}
    if row.basic == "X" or value is None:
        return None
    replaced = Action.DUMMY
    if code in _SERIAL_NUMBERS and profile.decide(taken, _DEVICE, "").action is Action.DEVICE:
        replaced = Action.DEVICE
    return {value: replaced}


@cache
def _rows() -> dict[tuple[str, str, str], ContentRow]:
    return {(row.scheme, row.code, row.value_type): row for row in tables.content_rows()}


def _concept(data: FileBytes, element: Element, end: int, syntax: Syntax, charset: bytes) -> tuple[str, str]:
    scheme = code = ""
    for item in elements.items(data, element, end, syntax):
        for inner, after in elements.walk(data, item.value, item.end, syntax):
            if inner.tag in _CODES:
                code = character_sets.decode(data[inner.value : after], charset).strip(" \0")
            elif inner.tag == _SCHEME:
                scheme = character_sets.decode(data[inner.value : after], charset).strip(" \0")
        break
    return scheme, code


def _text(data: FileBytes, start: int, end: int) -> str:
    return data[start:end].decode("ascii", "replace").strip(" \0")
