"""The encoding of Data Sets (PS3.5 section 7), as far as is needed to find where elements begin and end."""

from collections.abc import Iterator, Mapping
from struct import Struct
from typing import NamedTuple

from services.anonymizer.profile import tables
from shared.errors import Invalid

UNDEFINED = 0xFFFFFFFF
ITEM = 0xFFFEE000
ITEM_END = 0xFFFEE00D
SEQUENCE_END = 0xFFFEE0DD
LONG = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
SHORT = frozenset(
    {b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL", b"SS"}
    | {b"ST", b"TM", b"UI", b"UL", b"US"}
)
TEXT = frozenset({b"AE", b"CS", b"LO", b"LT", b"PN", b"SH", b"ST", b"UC", b"UR", b"UT"})  # can hold words
MAX_DEPTH = 64  # of Sequences in Sequences; real ones stay under ten


class Syntax(NamedTuple):
    """How elements are encoded: VRs explicit or not, and the byte order's readers."""

    explicit: bool
    tag: Struct
    u16: Struct
    u32: Struct
    short: Struct  # the header of an element with a short VR
    implicit: Struct  # the header of an element without VR


_LITTLE = Struct("<HH"), Struct("<H"), Struct("<I"), Struct("<HH2sH"), Struct("<HHI")
_BIG = Struct(">HH"), Struct(">H"), Struct(">I"), Struct(">HH2sH"), Struct(">HHI")
IMPLICIT_LITTLE = Syntax(False, *_LITTLE)
EXPLICIT_LITTLE = Syntax(True, *_LITTLE)
EXPLICIT_BIG = Syntax(True, *_BIG)


class Element(NamedTuple):
    """Where one element lies: start of its header, its value, and its length (may be UNDEFINED)."""

    tag: int
    vr: bytes
    start: int
    value: int
    length: int


def read(data: bytes, pos: int, end: int, syntax: Syntax) -> Element:
    """Return the element at pos; raise Invalid if its header or defined length goes past end."""
    if pos + 8 > end:
        raise Invalid("truncated", "an element's header ends after its Data Set or Item does (PS3.5 7.1)")
    group, number, vr, length = syntax.short.unpack_from(data, pos)
    tag = group << 16 | number
    if not syntax.explicit or group == 0xFFFE:
        vr = b"" if group == 0xFFFE else vr_of(tag)
        found = Element(tag, vr, pos, pos + 8, syntax.u32.unpack_from(data, pos + 4)[0])
    elif vr in SHORT:
        found = Element(tag, vr, pos, pos + 8, length)
    else:
        found = _long(data, pos, end, tag, vr, syntax)
    if found.length != UNDEFINED and found.value + found.length > end:
        raise Invalid("truncated", "a value ends after its Data Set or Item does (PS3.5 7.1)")
    return found


def _long(data: bytes, pos: int, end: int, tag: int, vr: bytes, syntax: Syntax) -> Element:
    if vr not in LONG and not (vr.isalpha() and vr.isupper()):  # VRs to come have long headers: PS3.5 6.2, 7.1.2
        raise Invalid("bad-vr", "two bytes that are no VR stand where one should (PS3.5 7.1.2)")
    if pos + 12 > end:
        raise Invalid("truncated", "an element's header ends after its Data Set or Item does (PS3.5 7.1)")
    return Element(tag, vr, pos, pos + 12, syntax.u32.unpack_from(data, pos + 8)[0])


def skip(data: bytes, pos: int, end: int, syntax: Syntax, kept: Mapping[int, bytes], limit: int) -> int:
    """Return the position of the first element that is not kept as it is, or has a tag above limit: the hot loop.

    kept: tag → VR; of Explicit VR only short ones.
    """
    explicit, wanted = syntax.explicit, kept.get
    unpack = syntax.short.unpack_from if explicit else syntax.implicit.unpack_from
    last = end - 8
    while pos <= last:
        if explicit:
            group, number, vr, length = unpack(data, pos)
            tag = group << 16 | number
            if tag > limit or wanted(tag) != vr:
                return pos
        else:
            group, number, length = unpack(data, pos)
            tag = group << 16 | number
            if tag > limit or tag not in kept or length == UNDEFINED:
                return pos
        pos += 8 + length
    if pos > end:
        raise Invalid("truncated", "a value ends after its Data Set or Item does (PS3.5 7.1)")
    return pos


def vr_of(tag: int) -> bytes:
    """Return the VR by the dictionary; of a private creator LO, of what is unknown UN."""
    if tag >> 16 & 1:
        return b"LO" if 0x10 <= tag & 0xFFFF <= 0xFF else b"UN"
    return _VRS.get(tag, b"UN")


_VRS = {tag: tables.vr(tag).encode("ascii") for tag in tables.tags()}


def inner(element: Element, syntax: Syntax) -> Syntax:
    """Return the syntax inside a Sequence: that of a UN element is Implicit VR Little Endian (PS3.5 6.2.2, note)."""
    return IMPLICIT_LITTLE if element.vr == b"UN" else syntax


def is_sequence(element: Element) -> bool:
    """Return whether the element holds Items: by VR, by undefined length, or by dictionary where the VR is UN."""
    if element.vr == b"SQ" or (element.length == UNDEFINED and element.vr in (b"UN", b"")):
        return True
    return element.vr == b"UN" and element.length != 0 and vr_of(element.tag) == b"SQ"


def after(data: bytes, element: Element, end: int, syntax: Syntax, depth: int = 0) -> int:
    """Return the position after the element, whatever is in it."""
    if element.length != UNDEFINED:
        return element.value + element.length
    if element.vr in (b"SQ", b"UN"):
        return sequence_end(data, element, end, syntax, depth)
    return fragments_end(data, element.value, end, syntax)


def sequence_end(data: bytes, element: Element, end: int, syntax: Syntax, depth: int = 0) -> int:
    """Return the position after a Sequence of undefined length and its delimiter."""
    ends = [element.value, *(pos for _, _, pos in items(data, element, end, inner(element, syntax), depth))]
    pos = ends[-1]
    delimiter = read(data, pos, end, inner(element, syntax))
    if delimiter.tag != SEQUENCE_END:
        raise Invalid("bad-sequence", "no delimiter ends a Sequence of undefined length (PS3.5 7.5.2)")
    return delimiter.value


def items(
    data: bytes, element: Element, end: int, syntax: Syntax, depth: int = 0
) -> Iterator[tuple[Element, int, int]]:
    """Yield each Item of a Sequence: its header, the end of its Data Set, the position after it and its delimiter."""
    if depth > MAX_DEPTH:
        raise Invalid("too-deep", f"Sequences are nested more than {MAX_DEPTH} deep")
    pos, stop = element.value, end if element.length == UNDEFINED else element.value + element.length
    while pos < stop:
        item = read(data, pos, stop, syntax)
        if item.tag == SEQUENCE_END and element.length == UNDEFINED:
            return
        if item.tag != ITEM:
            raise Invalid("bad-sequence", "something other than an Item stands in a Sequence (PS3.5 7.5)")
        if item.length == UNDEFINED:
            finish = dataset_end(data, item.value, stop, syntax, depth + 1)
            pos = finish + 8
        else:
            finish = pos = item.value + item.length
        yield item, finish, pos


def dataset_end(data: bytes, pos: int, end: int, syntax: Syntax, depth: int) -> int:
    """Return the position of the delimiter of an Item of undefined length."""
    while pos < end:
        element = read(data, pos, end, syntax)
        if element.tag == ITEM_END:
            return pos
        pos = after(data, element, end, syntax, depth)
    raise Invalid("bad-sequence", "no delimiter ends an Item of undefined length (PS3.5 7.5.2)")


def fragments_end(data: bytes, pos: int, end: int, syntax: Syntax) -> int:
    """Return the position after encapsulated pixel data and its delimiter (PS3.5 A.4); the fragments are not read."""
    while pos < end:
        item = read(data, pos, end, syntax)
        if item.tag == SEQUENCE_END:
            return item.value
        if item.tag != ITEM or item.length == UNDEFINED:
            raise Invalid(
                "bad-fragments", "something other than a fragment stands in encapsulated pixel data (PS3.5 A.4)"
            )
        pos = item.value + item.length
    raise Invalid("truncated", "no delimiter ends the encapsulated pixel data (PS3.5 A.4)")


def header(tag: int, vr: bytes, length: int, syntax: Syntax) -> bytes:
    """Return the bytes of an element's header."""
    head = syntax.tag.pack(tag >> 16, tag & 0xFFFF)
    if not syntax.explicit or not vr:
        return head + syntax.u32.pack(length)
    if vr in SHORT:
        return head + vr + syntax.u16.pack(length)
    return head + vr + b"\0\0" + syntax.u32.pack(length)


def encode(tag: int, vr: bytes, value: bytes, syntax: Syntax) -> bytes:
    """Return an element's bytes, its value padded to even length (PS3.5 6.2)."""
    if len(value) & 1:
        value += b"\0" if vr in (b"UI", b"OB", b"UN") else b" "
    return header(tag, vr, len(value), syntax) + value
