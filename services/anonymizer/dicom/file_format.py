"""The DICOM File Format (PS3.10 section 7): taking one apart; writing our own preamble and File Meta Information."""

import zlib
from collections.abc import Sequence
from typing import NamedTuple

from pydicom._uid_dict import UID_dictionary

from services.anonymizer.dicom import encoding
from services.anonymizer.dicom.encoding import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, Syntax
from shared.errors import Invalid

IMPLEMENTATION_CLASS_UID = "2.25.210919990426201792886494388329295173266"  # PS3.7 D.3.3.2; a UUID of our own, PS3.5 B.2
IMPLEMENTATION_VERSION_NAME = "JMID_0"
_IMPLICIT = "1.2.840.10008.1.2"
_BIG = "1.2.840.10008.1.2.2"
_DEFLATED = "1.2.840.10008.1.2.1.99"
_MAX_INFLATED = 1 << 30  # a bomb otherwise: deflate reaches 1:1000


class Part10(NamedTuple):
    """A file taken apart. data: the bytes that hold the Data Set from start on (inflated, if they were deflated)."""

    transfer_syntax_uid: str
    syntax: Syntax
    deflated: bool
    data: bytes
    start: int


def split(data: bytes) -> Part10:
    """Take a file apart; raise Invalid if it is not one or its Transfer Syntax is unknown."""
    if data[128:132] != b"DICM":
        raise Invalid("not-dicom", "the bytes 128 to 131 are not DICM (PS3.10 7.1)")
    pos, uid = 132, ""
    while pos + 8 <= len(data) and EXPLICIT_LITTLE.u16.unpack_from(data, pos)[0] == 2:
        element = encoding.read(data, pos, len(data), EXPLICIT_LITTLE)
        pos = encoding.after(data, element, len(data), EXPLICIT_LITTLE)
        if element.tag == 0x00020010:
            uid = data[element.value : pos].rstrip(b" \0").decode("ascii", "replace")
    if not uid:
        raise Invalid("no-transfer-syntax", "(0002,0010) is missing or empty (PS3.10 7.1)")
    return _body(data, pos, uid)


def _body(data: bytes, pos: int, uid: str) -> Part10:
    if uid == _DEFLATED:
        return Part10(uid, EXPLICIT_LITTLE, True, _inflate(data, pos), 0)
    if uid not in UID_dictionary or UID_dictionary[uid][1] != "Transfer Syntax":
        raise Invalid("unknown-transfer-syntax", "(0002,0010) is not in PS3.6 Annex A")
    syntax = {_IMPLICIT: IMPLICIT_LITTLE, _BIG: EXPLICIT_BIG}.get(uid, EXPLICIT_LITTLE)
    return Part10(uid, syntax, False, data, pos)


def _inflate(data: bytes, pos: int) -> bytes:
    machine = zlib.decompressobj(-zlib.MAX_WBITS)  # without zlib's header: PS3.5 A.5
    try:
        found = machine.decompress(memoryview(data)[pos:], _MAX_INFLATED)
    except zlib.error as error:
        raise Invalid("bad-deflate", "the Data Set cannot be inflated (PS3.5 A.5)") from error
    if machine.unconsumed_tail:
        raise Invalid("too-large", "the inflated Data Set is larger than 1 GiB")
    return found


def deflate(parts: Sequence[bytes | memoryview]) -> bytes:
    """Return the Data Set deflated, padded to even length (PS3.5 A.5)."""
    machine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    found = b"".join([*(machine.compress(part) for part in parts), machine.flush()])
    return found + b"\0" * (len(found) & 1)


def head(sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str) -> bytes:
    """Return preamble and File Meta Information of our own; nothing of the original's survives (PS3.15 E.1.1)."""
    texts = [
        (0x00020002, b"UI", sop_class_uid),
        (0x00020003, b"UI", sop_instance_uid),
        (0x00020010, b"UI", transfer_syntax_uid),
        (0x00020012, b"UI", IMPLEMENTATION_CLASS_UID),
        (0x00020013, b"SH", IMPLEMENTATION_VERSION_NAME),
    ]
    meta = encoding.encode(0x00020001, b"OB", b"\0\1", EXPLICIT_LITTLE)
    meta += b"".join(encoding.encode(tag, vr, text.encode("ascii"), EXPLICIT_LITTLE) for tag, vr, text in texts)
    length = encoding.encode(0x00020000, b"UL", EXPLICIT_LITTLE.u32.pack(len(meta)), EXPLICIT_LITTLE)
    return b"\0" * 128 + b"DICM" + length + meta
