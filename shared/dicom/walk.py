"""Finds where the elements of a DICOM file begin and end, without decoding any: the hot paths' way to read a header.

Works on bytes, bytearray, memoryview or mmap. Raises errors.Invalid with a reason for bytes that break PS3.5 or PS3.10.
"""

import mmap
import zlib
from collections.abc import Iterator
from struct import Struct
from typing import Final, NamedTuple, TypeAlias

from pydicom._dicom_dict import DicomDictionary

from shared.errors import Invalid

Buffer: TypeAlias = "bytes | bytearray | memoryview | mmap.mmap"

UNDEFINED: Final = 0xFFFFFFFF
ITEM: Final = 0xFFFEE000
ITEM_END: Final = 0xFFFEE00D
SEQUENCE_END: Final = 0xFFFEE0DD
PIXEL_DATA: Final = 0x7FE00010
MAX_DEPTH: Final = 64  # of Sequences in Sequences; real ones stay under ten
MAX_INFLATED: Final = 1 << 30  # a bomb otherwise: deflate reaches 1:1000

IMPLICIT_VR_LE: Final = "1.2.840.10008.1.2"
EXPLICIT_VR_LE: Final = "1.2.840.10008.1.2.1"
DEFLATED_EXPLICIT_VR_LE: Final = "1.2.840.10008.1.2.1.99"
EXPLICIT_VR_BE: Final = "1.2.840.10008.1.2.2"

_LONG = frozenset(["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"])  # PS3.5 7.1.2
_SHORT = frozenset("AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_VR = {vr.encode(): vr for vr in _LONG | _SHORT}
_LONG_BYTES = frozenset(vr.encode() for vr in _LONG)
_SHORT_VR = {vr.encode(): vr for vr in _SHORT}
_SHORT_HEADER = Struct("<HH2sH")  # of an element with a short VR, Explicit VR Little Endian (PS3.5 Table 7.1-2)


class Syntax(NamedTuple):
    """How elements are encoded: VRs explicit or not, and the readers of the byte order."""

    explicit: bool
    little: bool
    tag: Struct
    u16: Struct
    u32: Struct


IMPLICIT_LITTLE: Final = Syntax(False, True, Struct("<HH"), Struct("<H"), Struct("<I"))
EXPLICIT_LITTLE: Final = Syntax(True, True, Struct("<HH"), Struct("<H"), Struct("<I"))
EXPLICIT_BIG: Final = Syntax(True, False, Struct(">HH"), Struct(">H"), Struct(">I"))


class Element(NamedTuple):
    """Where one element lies. start: of its header.  value, end: of its value, without a delimiter that follows.

    after: where the next element begins.  undefined: it has undefined length, so a delimiter stands between end and
    after.
    """

    tag: int
    vr: str
    start: int
    value: int
    end: int
    after: int
    undefined: bool


class Item(NamedTuple):
    """One Item of a Sequence: its header's start, its Data Set's begin and end, and where the next Item begins."""

    start: int
    value: int
    end: int
    after: int


class File(NamedTuple):
    """A Part 10 file taken apart (PS3.10 section 7).

    data: the bytes that hold the Data Set, from start on: the given ones, or the inflated ones of a deflated file.
    meta: of the File Meta Information, tag → value bytes.
    """

    transfer_syntax_uid: str
    syntax: Syntax
    data: Buffer
    start: int
    meta: dict[int, bytes]

    @property
    def encapsulated(self) -> bool:
        """Say whether pixel data are in fragments (PS3.5 A.4)."""
        native = (IMPLICIT_VR_LE, EXPLICIT_VR_LE, DEFLATED_EXPLICIT_VR_LE, EXPLICIT_VR_BE)
        return self.transfer_syntax_uid not in native


def split(data: Buffer) -> File:
    """Take a Part 10 file apart. A file without preamble but with File Meta Information first is taken too."""
    at = 132 if bytes(data[128:132]) == b"DICM" else 0
    if not at and bytes(data[:4]) != b"\x02\x00\x00\x00":
        raise Invalid("not-dicom", "bytes 128 to 131 are not DICM (PS3.10 7.1)")
    meta: dict[int, bytes] = {}
    while at + 8 <= len(data) and data[at] == 2 and data[at + 1] == 0:
        element = read(data, at, len(data), EXPLICIT_LITTLE)
        meta[element.tag] = bytes(data[element.value : element.end])
        at = element.after
    uid = text(meta.get(0x00020010, b""))
    if not uid:
        raise Invalid("no-transfer-syntax", "(0002,0010) Transfer Syntax UID is missing (PS3.10 7.1)")
    if uid == DEFLATED_EXPLICIT_VR_LE:
        return File(uid, EXPLICIT_LITTLE, _inflate(data, at), 0, meta)
    return File(uid, syntax_of(uid), data, at, meta)


def syntax_of(transfer_syntax_uid: str) -> Syntax:
    """Return how a Data Set of this Transfer Syntax is encoded; all but three are Explicit VR Little Endian."""
    return {IMPLICIT_VR_LE: IMPLICIT_LITTLE, EXPLICIT_VR_BE: EXPLICIT_BIG}.get(transfer_syntax_uid, EXPLICIT_LITTLE)


def text(value: Buffer) -> str:
    """Return a UID or other ASCII value without its padding."""
    return bytes(value).rstrip(b" \0").decode("ascii", "replace")


def elements(data: Buffer, start: int, end: int, syntax: Syntax, *, depth: int = 0) -> Iterator[Element]:
    """Yield the elements of one Data Set in order, Sequences whole; of a Data Set of undefined length up to its end."""
    at = start
    unpack = _SHORT_HEADER.unpack_from
    quick = syntax is EXPLICIT_LITTLE
    while at < end:
        if quick and at + 8 <= end:  # nearly every element of nearly every file: one reading of its header, no call
            group, number, raw, length = unpack(data, at)
            vr = _SHORT_VR.get(raw)
            value = at + 8
            if vr is not None and group != 0xFFFE and value + length <= end:
                yield Element(group << 16 | number, vr, at, value, value + length, value + length, False)
                at = value + length
                continue
        element = read(data, at, end, syntax, depth=depth)
        if element.tag == ITEM_END:
            return
        yield element
        at = element.after


def read(data: Buffer, at: int, end: int, syntax: Syntax, *, depth: int = 0) -> Element:
    """Return the element that begins at ``at``; raise Invalid if it goes past ``end``."""
    if at + 8 > end:
        raise Invalid("truncated", "an element's header ends after its Data Set does (PS3.5 7.1)")
    group, number = syntax.tag.unpack_from(data, at)
    tag = group << 16 | number
    if group == 0xFFFE or not syntax.explicit:
        vr = "" if group == 0xFFFE else vr_of(tag)
        value, length = at + 8, syntax.u32.unpack_from(data, at + 4)[0]
    else:
        vr, value, length = _explicit(data, at, end, syntax)
    if length != UNDEFINED:
        if value + length > end:
            raise Invalid("truncated", "a value ends after its Data Set does (PS3.5 7.1)")
        return Element(tag, vr, at, value, value + length, value + length, False)
    stop = _delimiter(data, value, end, tag, vr, syntax, depth)
    return Element(tag, vr, at, value, stop, stop + 8, True)


def _explicit(data: Buffer, at: int, end: int, syntax: Syntax) -> tuple[str, int, int]:
    raw = bytes(data[at + 4 : at + 6])
    vr = _VR.get(raw)
    if vr is None:
        if not (raw.isalpha() and raw.isupper()):
            raise Invalid("bad-vr", "two bytes that are no VR stand where one should (PS3.5 7.1.2)")
        vr = raw.decode("ascii")  # VRs to come have long headers (PS3.5 7.1.2)
    elif raw not in _LONG_BYTES:
        return vr, at + 8, syntax.u16.unpack_from(data, at + 6)[0]
    if at + 12 > end:
        raise Invalid("truncated", "an element's header ends after its Data Set does (PS3.5 7.1)")
    return vr, at + 12, syntax.u32.unpack_from(data, at + 8)[0]


def vr_of(tag: int) -> str:
    """Return the VR by the dictionary, the first where it gives several; UN where it does not know."""
    found = _DICTIONARY.get(tag)
    if found is not None:
        return found
    if tag >> 16 & 1:
        return "LO" if 0x10 <= tag & 0xFFFF <= 0xFF else "UN"
    if tag & 0xFFFF == 0:
        return "UL"  # group length (PS3.5 7.2)
    return _DICTIONARY.get(tag & 0xFF00FFFF, "UN") if tag >> 24 in (0x50, 0x60) else "UN"


_DICTIONARY = {tag: entry[0][:2] for tag, entry in DicomDictionary.items()}


def is_sequence(element: Element) -> bool:
    """Say whether the element holds Items: by its VR, or by undefined length where the VR is unknown."""
    return element.vr == "SQ" or (element.undefined and element.vr == "UN")


def inside(element: Element, syntax: Syntax) -> Syntax:
    """Return the syntax within a Sequence: that of a UN is Implicit VR Little Endian (PS3.5 6.2.2, note)."""
    return IMPLICIT_LITTLE if element.vr == "UN" else syntax


def items(data: Buffer, sequence: Element, syntax: Syntax, *, depth: int = 0) -> Iterator[Item]:
    """Yield the Items of a Sequence; ``syntax`` is that of the Data Set that the Sequence stands in."""
    yield from _items(data, sequence.value, sequence.end, inside(sequence, syntax), depth)


def fragments(data: Buffer, element: Element) -> list[tuple[int, int]]:
    """Return begin and end of each Item of encapsulated pixel data; the first is the Basic Offset Table (PS3.5 A.4)."""
    found = []
    at = element.value
    while at < element.end:
        item = read(data, at, element.end, EXPLICIT_LITTLE)
        if item.tag != ITEM:
            raise Invalid("bad-fragments", "something other than a fragment stands in pixel data (PS3.5 A.4)")
        found.append((item.value, item.end))
        at = item.after
    return found


def _items(data: Buffer, at: int, end: int, syntax: Syntax, depth: int) -> Iterator[Item]:
    if depth >= MAX_DEPTH:
        raise Invalid("too-deep", f"Sequences are nested more than {MAX_DEPTH} deep")
    while at < end:
        item = _item(data, at, end, syntax, depth)
        yield item
        at = item.after


def _item(data: Buffer, at: int, end: int, syntax: Syntax, depth: int) -> Item:
    if at + 8 > end:
        raise Invalid("truncated", "an Item's header ends after its Sequence does (PS3.5 7.5)")
    group, number = syntax.tag.unpack_from(data, at)
    if group << 16 | number != ITEM:
        raise Invalid("bad-sequence", "something other than an Item stands in a Sequence (PS3.5 7.5)")
    length = syntax.u32.unpack_from(data, at + 4)[0]
    if length != UNDEFINED:
        if at + 8 + length > end:
            raise Invalid("truncated", "an Item ends after its Sequence does (PS3.5 7.5)")
        return Item(at, at + 8, at + 8 + length, at + 8 + length)
    stop = at + 8
    for element in elements(data, at + 8, end, syntax, depth=depth + 1):
        stop = element.after
    if stop + 8 > end or syntax.tag.unpack_from(data, stop) != (0xFFFE, 0xE00D):
        raise Invalid("bad-sequence", "no delimiter ends an Item of undefined length (PS3.5 7.5.2)")
    return Item(at, at + 8, stop, stop + 8)


def _delimiter(data: Buffer, at: int, end: int, tag: int, vr: str, syntax: Syntax, depth: int) -> int:
    """Return where the delimiter of a value of undefined length stands."""
    if depth >= MAX_DEPTH:
        raise Invalid("too-deep", f"Sequences are nested more than {MAX_DEPTH} deep")
    within = IMPLICIT_LITTLE if vr == "UN" else syntax
    encapsulated = vr in ("OB", "OW") and tag & 0xFFFF0000 == 0x7FE00000
    if not encapsulated and vr not in ("SQ", "UN"):
        raise Invalid("undefined-length", "a value of this VR cannot have undefined length (PS3.5 7.1.2)")
    while at + 8 <= end:
        if within.tag.unpack_from(data, at) == (0xFFFE, 0xE0DD):
            return at
        if encapsulated:
            fragment = read(data, at, end, within)
            if fragment.tag != ITEM or fragment.undefined:
                raise Invalid("bad-fragments", "something other than a fragment stands in pixel data (PS3.5 A.4)")
            at = fragment.after
        else:
            at = _item(data, at, end, within, depth + 1).after
    raise Invalid("truncated", "no delimiter ends a value of undefined length (PS3.5 7.5.2)")


def _inflate(data: Buffer, at: int) -> bytes:
    machine = zlib.decompressobj(-zlib.MAX_WBITS)  # without zlib's header: PS3.5 A.5
    try:
        found = machine.decompress(memoryview(data)[at:], MAX_INFLATED)
    except zlib.error as error:
        raise Invalid("bad-deflate", "the Data Set cannot be inflated (PS3.5 A.5)") from error
    if machine.unconsumed_tail:
        raise Invalid("too-large", "the inflated Data Set is larger than 1 GiB")
    return found
