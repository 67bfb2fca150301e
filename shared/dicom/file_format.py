"""Takes a Part 10 file apart: preamble, File Meta Information, and the Data Set, inflated where it is deflated. Pure.

Source: PS3.10 section 7; PS3.5 Annex A.
"""

import zlib
from typing import Final, Generic, NamedTuple, TypeVar

from shared.dicom import elements
from shared.dicom.elements import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, Buffer, Syntax
from shared.errors import Invalid

IMPLICIT_VR_LE: Final = "1.2.840.10008.1.2"
EXPLICIT_VR_LE: Final = "1.2.840.10008.1.2.1"
DEFLATED_EXPLICIT_VR_LE: Final = "1.2.840.10008.1.2.1.99"
EXPLICIT_VR_BE: Final = "1.2.840.10008.1.2.2"
INFLATED_ANYWAY: Final = 256 << 20
"""Bytes that a deflated Data Set may have whatever its ratio: masks of a segmentation shrink to a thousandth."""
MAX_INFLATED, MAX_RATIO = 1 << 30, 100
"""Above that: the most bytes, and how many for each byte that came. Images shrink to a tenth at best."""
_TAKEN, _STEP = 64 << 10, 1 << 20
_PREAMBLE, _PREFIX = 128, b"DICM"
_TRANSFER_SYNTAX_UID: Final = 0x00020010
B = TypeVar("B", bound=Buffer)


class Part10(NamedTuple, Generic[B]):
    """A Part 10 file taken apart.

    data: the bytes that hold the Data Set, from start on: the given ones, or the inflated ones of a deflated file.
    meta: of the File Meta Information, tag → value bytes.
    """

    transfer_syntax_uid: str
    syntax: Syntax
    data: B | bytes
    start: int
    meta: dict[int, bytes]

    @property
    def deflated(self) -> bool:
        """Say whether the Data Set came deflated (PS3.5 A.5)."""
        return self.transfer_syntax_uid == DEFLATED_EXPLICIT_VR_LE

    @property
    def encapsulated(self) -> bool:
        """Say whether pixel data are in fragments (PS3.5 A.4)."""
        return not is_native(self.transfer_syntax_uid)


def is_native(transfer_syntax_uid: str) -> bool:
    """Say whether pixel data of the Transfer Syntax are not in fragments."""
    return transfer_syntax_uid in (IMPLICIT_VR_LE, EXPLICIT_VR_LE, DEFLATED_EXPLICIT_VR_LE, EXPLICIT_VR_BE)


def has_preamble(data: Buffer) -> bool:
    """Say whether preamble and prefix stand where PS3.10 7.1 wants them."""
    return bytes(data[_PREAMBLE : _PREAMBLE + 4]) == _PREFIX


def is_deflated(data: Buffer) -> bool:
    """Say whether the Data Set of a Part 10 file is deflated, without inflating it; bytes that are none are not."""
    try:
        return _meta(data)[1] == DEFLATED_EXPLICIT_VR_LE
    except Invalid:
        return False


def split(data: B) -> Part10[B]:
    """Take a Part 10 file apart. A file without preamble but with File Meta Information first is taken too."""
    pos, uid, meta = _meta(data)
    if uid == DEFLATED_EXPLICIT_VR_LE:
        return Part10(uid, EXPLICIT_LITTLE, inflate(data, pos), 0, meta)
    return Part10(uid, syntax_of(uid), data, pos, meta)


def _meta(data: Buffer) -> tuple[int, str, dict[int, bytes]]:
    """Return where the Data Set begins, its Transfer Syntax UID, and the File Meta Information."""
    pos = _PREAMBLE + len(_PREFIX) if has_preamble(data) else 0
    if not pos and bytes(data[:4]) != b"\x02\x00\x00\x00":
        raise Invalid("not-dicom", "bytes 128 to 131 are not DICM (PS3.10 7.1)")
    meta: dict[int, bytes] = {}
    size = len(data)
    while pos + 8 <= size and data[pos] == 2 and data[pos + 1] == 0:
        element = elements.read(data, pos, size, EXPLICIT_LITTLE)
        pos = elements.after(data, element, size, EXPLICIT_LITTLE)
        meta[element.tag] = bytes(data[element.value : pos])
    uid = elements.text(meta.get(_TRANSFER_SYNTAX_UID, b""))
    if not uid:
        raise Invalid("no-transfer-syntax", "(0002,0010) Transfer Syntax UID is missing or empty (PS3.10 7.1)")
    return pos, uid, meta


def syntax_of(transfer_syntax_uid: str) -> Syntax:
    """Return how a Data Set of this Transfer Syntax is encoded; all but two are Explicit VR Little Endian."""
    return {IMPLICIT_VR_LE: IMPLICIT_LITTLE, EXPLICIT_VR_BE: EXPLICIT_BIG}.get(transfer_syntax_uid, EXPLICIT_LITTLE)


def inflate(data: Buffer, start: int) -> bytes:
    """Return the Data Set that begins deflated at start (PS3.5 A.5); raise Invalid if it is larger than is taken.

    It is inflated step by step: the bound holds at every moment, and other threads get their turns.
    """
    machine = zlib.decompressobj(-zlib.MAX_WBITS)  # without zlib's header: PS3.5 A.5
    most = min(MAX_INFLATED, max(INFLATED_ANYWAY, (len(data) - start) * MAX_RATIO))
    data_set = bytearray()
    try:
        for at in range(start, len(data), _TAKEN):
            rest = bytes(data[at : at + _TAKEN])
            while rest and not machine.eof:
                data_set += machine.decompress(rest, _STEP)
                rest = machine.unconsumed_tail
                _bound(data_set, most)
        data_set += machine.flush()
    except zlib.error as error:
        raise Invalid("bad-deflate", "the Data Set cannot be inflated (PS3.5 A.5)") from error
    _bound(data_set, most)
    return bytes(data_set)


def _bound(data_set: bytearray, most: int) -> None:
    if len(data_set) > most:
        raise Invalid("too-large", f"the inflated Data Set has more than {most} bytes")
