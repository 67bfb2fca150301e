"""Finds where the elements of a Data Set begin and end, without decoding any; encodes headers and elements. Pure.

One walker for whoever reads headers on a hot path: the archive and the receivers, which accept and index, and the
anonymizer, which rewrites. Works on bytes, bytearray, memoryview or mmap. Raises errors.Invalid with a reason for bytes
that break PS3.5.

Source: PS3.5 section 7 and A.4.
"""

import mmap
from collections.abc import Iterator, Mapping
from struct import Struct
from typing import Final, NamedTuple, TypeAlias

from shared.dicom.vrs import LONG, SHORT, vr_of
from shared.errors import Invalid

Buffer: TypeAlias = "bytes | bytearray | memoryview | mmap.mmap"
FileBytes: TypeAlias = bytes | mmap.mmap  # of a whole file, in memory or mapped; a slice is bytes

UNDEFINED: Final = 0xFFFFFFFF
ITEM: Final = 0xFFFEE000
ITEM_END: Final = 0xFFFEE00D
SEQUENCE_END: Final = 0xFFFEE0DD
PIXEL_DATA: Final = 0x7FE00010
_RESIDENT: Final = 128  # fragments; the kernel maps 64 KB around the header of each
_NO_BOUNDS: Final[Mapping[int, int]] = {}
ENDS_AT_NUL: Final = -1
"""Instead of a length: of a text, behind whose NUL nothing counts."""
MAX_DEPTH: Final = 64  # of Sequences in Sequences; real ones stay under ten


class Syntax(NamedTuple):
    """How elements are encoded: VRs explicit or not, and the readers of the byte order.

    short: reads the header of an element with a short VR.  implicit: that of an element without VR.
    """

    explicit: bool
    little: bool
    tag: Struct
    u16: Struct
    u32: Struct
    short: Struct
    implicit: Struct


_LITTLE = Struct("<HH"), Struct("<H"), Struct("<I"), Struct("<HH2sH"), Struct("<HHI")
_BIG = Struct(">HH"), Struct(">H"), Struct(">I"), Struct(">HH2sH"), Struct(">HHI")
IMPLICIT_LITTLE: Final = Syntax(False, True, *_LITTLE)
EXPLICIT_LITTLE: Final = Syntax(True, True, *_LITTLE)
EXPLICIT_BIG: Final = Syntax(True, False, *_BIG)


class Element(NamedTuple):
    """Where one element lies: start of its header, its value, and its length, which may be UNDEFINED."""

    tag: int
    vr: bytes
    start: int
    value: int
    length: int

    @property
    def end(self) -> int:
        """Return where the value ends; without meaning for a value of undefined length, see ``after``."""
        return self.value + self.length

    @property
    def undefined(self) -> bool:
        """Say whether a delimiter ends the value."""
        return self.length == UNDEFINED


class Item(NamedTuple):
    """One Item of a Sequence: its header's start, its Data Set's begin and end, and where the next Item begins."""

    start: int
    value: int
    end: int
    after: int


def read(data: Buffer, pos: int, end: int, syntax: Syntax) -> Element:
    """Return the element at pos; raise Invalid if its header or defined length goes past end."""
    if pos + 8 > end:
        raise Invalid("truncated", "an element's header ends after its Data Set or Item does (PS3.5 7.1)")
    group, number, vr, length = syntax.short.unpack_from(data, pos)
    tag = group << 16 | number
    if not syntax.explicit or group == 0xFFFE:
        vr = b"" if group == 0xFFFE else vr_of(tag)
        element = Element(tag, vr, pos, pos + 8, syntax.u32.unpack_from(data, pos + 4)[0])
    elif vr in SHORT:
        element = Element(tag, vr, pos, pos + 8, length)
    else:
        element = _long(data, pos, end, tag, vr, syntax)
    if element.length != UNDEFINED and element.value + element.length > end:
        raise Invalid("truncated", "a value ends after its Data Set or Item does (PS3.5 7.1)")
    return element


def _long(data: Buffer, pos: int, end: int, tag: int, vr: bytes, syntax: Syntax) -> Element:
    if vr not in LONG and not (vr.isalpha() and vr.isupper()):  # VRs to come have long headers: PS3.5 6.2, 7.1.2
        raise Invalid("bad-vr", "two bytes that are no VR stand where one should (PS3.5 7.1.2)")
    if pos + 12 > end:
        raise Invalid("truncated", "an element's header ends after its Data Set or Item does (PS3.5 7.1)")
    return Element(tag, vr, pos, pos + 12, syntax.u32.unpack_from(data, pos + 8)[0])


def walk(data: Buffer, start: int, end: int, syntax: Syntax, depth: int = 0) -> Iterator[tuple[Element, int]]:
    """Yield the elements of a Data Set, Sequences whole, with the position after each; stop at the end of its Item."""
    pos = start
    explicit, unpack = syntax.explicit, syntax.short.unpack_from
    while pos < end:
        if explicit and pos + 8 <= end:  # nearly every element of nearly every file: its header is read here, no call
            group, number, vr, length = unpack(data, pos)
            value = pos + 8
            following = value + length
            if vr in SHORT and following <= end and group != 0xFFFE:
                yield Element(group << 16 | number, vr, pos, value, length), following
                pos = following
                continue
        element = read(data, pos, end, syntax)
        if element.tag == ITEM_END:
            return
        pos = after(data, element, end, syntax, depth)
        yield element, pos


def skip(
    data: FileBytes,
    pos: int,
    end: int,
    syntax: Syntax,
    kept: Mapping[int, bytes],
    limit: int,
    most: Mapping[int, int] = _NO_BOUNDS,
) -> int:
    """Return the position of the first element that is not kept as it is, or has a tag above limit.

    kept: tag → VR; of Explicit VR only short ones.  most: tag → bytes that its value may have, or ENDS_AT_NUL; one that
    has more, or a NUL before its last byte, is not kept as it is.
    """
    explicit, wanted, bound = syntax.explicit, kept.get, most.get
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
        bytes_at_most = bound(tag, length)
        if bytes_at_most < length and (bytes_at_most >= 0 or data.find(b"\0", pos + 8, pos + 7 + length) >= 0):
            return pos
        pos += 8 + length
    if pos > end:
        raise Invalid("truncated", "a value ends after its Data Set or Item does (PS3.5 7.1)")
    return pos


def is_sequence(element: Element) -> bool:
    """Say whether the element holds Items: by VR; where that is UN, by undefined length or by dictionary."""
    if element.vr == b"SQ":
        return True
    return element.vr == b"UN" and element.length != 0 and (element.undefined or vr_of(element.tag) == b"SQ")


def inside(element: Element, syntax: Syntax) -> Syntax:
    """Return the syntax inside a Sequence: that of a UN element is Implicit VR Little Endian (PS3.5 6.2.2, note)."""
    return IMPLICIT_LITTLE if element.vr == b"UN" else syntax


def after(data: Buffer, element: Element, end: int, syntax: Syntax, depth: int = 0) -> int:
    """Return the position after the element and its delimiter, whatever is in it."""
    if element.length != UNDEFINED:
        return element.value + element.length
    if element.vr in (b"SQ", b"UN"):
        return _sequence_end(data, element, end, inside(element, syntax), depth)
    if element.vr in (b"OB", b"OW") and element.tag >> 16 == 0x7FE0:
        spans = fragments(data, element, end, syntax)
        return (spans[-1][1] if spans else element.value) + 8
    raise Invalid("undefined-length", "a value of this VR cannot have undefined length (PS3.5 7.1.2)")


def _sequence_end(data: Buffer, element: Element, end: int, syntax: Syntax, depth: int) -> int:
    pos = element.value
    for item in items(data, element, end, syntax, depth):
        pos = item.after
    delimiter = read(data, pos, end, syntax)
    if delimiter.tag != SEQUENCE_END:
        raise Invalid("bad-sequence", "no delimiter ends a Sequence of undefined length (PS3.5 7.5.2)")
    return delimiter.value


def items(data: Buffer, element: Element, end: int, syntax: Syntax, depth: int = 0) -> Iterator[Item]:
    """Yield the Items of a Sequence. end: of the Data Set around it.  syntax: inside it, see ``inside``."""
    if depth >= MAX_DEPTH:
        raise Invalid("too-deep", f"Sequences are nested more than {MAX_DEPTH} deep")
    pos, stop = element.value, end if element.length == UNDEFINED else element.value + element.length
    while pos < stop:
        item = read(data, pos, stop, syntax)
        if item.tag == SEQUENCE_END and element.length == UNDEFINED:
            return
        if item.tag != ITEM:
            raise Invalid("bad-sequence", "something other than an Item stands in a Sequence (PS3.5 7.5)")
        if item.length == UNDEFINED:
            finish = item_end(data, item.value, stop, syntax, depth + 1)
            pos = finish + 8
        else:
            finish = pos = item.value + item.length
        yield Item(item.start, item.value, finish, pos)


def item_end(data: Buffer, pos: int, end: int, syntax: Syntax, depth: int) -> int:
    """Return the position of the delimiter of an Item of undefined length, whose Data Set begins at pos."""
    for _, following in walk(data, pos, end, syntax, depth):
        pos = following
    if pos + 8 > end:
        raise Invalid("bad-sequence", "no delimiter ends an Item of undefined length (PS3.5 7.5.2)")
    return pos


def fragments(data: Buffer, element: Element, end: int, syntax: Syntax = EXPLICIT_LITTLE) -> list[tuple[int, int]]:
    """Return begin and end of each Item of encapsulated pixel data; the first is the Basic Offset Table (PS3.5 A.4).

    Of a file that is mapped, the pages around the headers leave memory again: there are as many as there are fragments.
    """
    spans: list[tuple[int, int]] = []
    pos, mapped = element.value, data if isinstance(data, mmap.mmap) else None
    while pos < end:
        if mapped is not None and len(spans) % _RESIDENT == 0:
            mapped.madvise(mmap.MADV_DONTNEED)
        item = read(data, pos, end, syntax)
        if item.tag == SEQUENCE_END:
            return spans
        if item.tag != ITEM or item.length == UNDEFINED:
            raise Invalid(
                "bad-fragments", "something other than a fragment stands in encapsulated pixel data (PS3.5 A.4)"
            )
        pos = item.value + item.length
        spans.append((item.value, pos))
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


def text(value: Buffer) -> str:
    """Return a UID or other ASCII value without its padding."""
    return bytes(value).rstrip(b" \0").decode("ascii", "replace")
