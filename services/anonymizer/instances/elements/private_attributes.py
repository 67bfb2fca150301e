"""Private elements under the Retain Safe Private Option: only what Table E.3.10-1 lists, matched by creator and VR.

Source: PS3.15 E.3.10; private blocks, PS3.5 7.8.1.
"""

import re
from functools import lru_cache

from services.anonymizer.instances.elements import descriptors
from services.anonymizer.policy import Context
from services.anonymizer.profile import tables
from shared.dicom import character_sets, elements, vrs
from shared.dicom.elements import FileBytes, Syntax
from shared.errors import Invalid

_NUMBER = rb" *[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)? *"  # PS3.5 6.2, DS and IS; 090-1234-5678 is none
_NUMBERS = re.compile(rb"^(?:%b)?(?:\\(?:%b)?)*$" % (_NUMBER, _NUMBER))
_CODES = re.compile(rb"^[A-Z_ \\]*$")  # words like DIRECTIONAL; a digit could be of an ID
_SIZES = {b"FL": 4, b"FD": 8, b"SL": 4, b"SS": 2, b"UL": 4, b"US": 2}
_CREATOR_CHARACTERS = 64
_LISTED_CREATORS = {(group, creator) for group, _, creator in tables.safe_private()}
_LISTED = {key: (listed.vr.encode("ascii"), listed.most) for key, listed in tables.safe_private().items()}


def safe(
    data: FileBytes, pos: int, end: int, syntax: Syntax, charset: bytes, context: Context, depth: int
) -> tuple[bytes, int, int]:
    """Return the safe elements of the private group at pos, with their creators; how many; and where the group ends."""
    group = syntax.tag.unpack_from(data, pos)[0]
    creators: dict[int, tuple[str, bytes]] = {}
    kept: dict[int, bytes] = {}
    count = 0
    while pos + 8 <= end:
        group_here, number, vr_here, length = syntax.short.unpack_from(data, pos)
        if group_here != group:
            break
        if number > 0xFF and number >> 8 not in creators and vr_here in vrs.SHORT and syntax.explicit:
            pos += 8 + length
            continue
        element = elements.read(data, pos, end, syntax)
        after = elements.after(data, element, end, syntax, depth)
        if 0x10 <= number <= 0xFF:
            creator = _text(data[element.value : after], charset)
            if (group, creator) in _LISTED_CREATORS:
                creators[number] = (creator, data[pos:after])
        elif number >> 8 in creators:
            creator, reserving = creators[number >> 8]
            listed = _LISTED.get((group, number & 0xFF, creator))
            if listed and _is_safe(listed, element.vr, data[element.value : after], charset, context, syntax.explicit):
                kept[number >> 8] = reserving
                kept[number] = data[pos:after]
                count += 1
        pos = after
    if pos > end:
        raise Invalid("truncated", "a value ends after its Data Set or Item does (PS3.5 7.1)")
    return b"".join(kept[number] for number in sorted(kept)), count, pos


@lru_cache(4096)
def _text(value: bytes, charset: bytes) -> str:
    return character_sets.decode(value, charset).strip(" \0")


def _is_safe(
    listed: tuple[bytes, int | None], vr: bytes, value: bytes, charset: bytes, context: Context, explicit: bool
) -> bool:
    """Return whether the value is what the table says it is: a vendor, or a site, may have put anything there."""
    name, most = listed
    if (explicit and vr not in (name, b"UN")) or (most is not None and _values(name, value) > most):
        return False
    return _has_form(name, value, charset, context)


def _has_form(listed: bytes, value: bytes, charset: bytes, context: Context) -> bool:
    if listed in (b"DS", b"IS"):
        return bool(_NUMBERS.match(value.rstrip(b" \0"))) and not context.identity.left_in(value)
    if listed in _SIZES:
        return len(value) % _SIZES[listed] == 0
    if listed == b"CS":
        return bool(_CODES.match(value.rstrip(b" \0"))) and not context.identity.left_in(value)
    if listed in (b"LO", b"SH") and len(value) <= _CREATOR_CHARACTERS:
        return descriptors.clean(value, listed, charset, context) is None
    return False  # the listed Sequences have no listed contents


def _values(listed: bytes, value: bytes) -> int:
    return -(-len(value) // _SIZES[listed]) if listed in _SIZES else value.count(b"\\") + 1


def is_plain(data: bytes, syntax: Syntax) -> bool:
    """Say whether the texts of these elements are ASCII, so that they are the same in UTF-8."""
    for element, following in elements.walk(data, 0, len(data), syntax):
        value = data[element.value : following]
        if element.vr in character_sets.WITH_CHARACTER_SET and not (value.isascii() and b"\x1b" not in value):
            return False
    return True
