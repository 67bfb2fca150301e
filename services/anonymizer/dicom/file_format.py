"""What the anonymizer takes as a Part 10 file, and the preamble and File Meta Information that it writes. Pure.

Source: PS3.10 section 7.
"""

import zlib
from collections.abc import Sequence
from typing import TypeVar

from pydicom._uid_dict import UID_dictionary

from shared.dicom import elements, file_format
from shared.dicom.elements import EXPLICIT_LITTLE, FileBytes
from shared.dicom.file_format import Part10
from shared.errors import Invalid

B = TypeVar("B", bound=FileBytes)
IMPLEMENTATION_CLASS_UID = "2.25.210919990426201792886494388329295173266"  # PS3.7 D.3.3.2; a UUID of our own, PS3.5 B.2
IMPLEMENTATION_VERSION_NAME = "JMID_0"


def split(data: B) -> Part10[B]:
    """Take a file apart; raise Invalid if it is not one or its Transfer Syntax is unknown."""
    if not file_format.has_preamble(data):
        raise Invalid("not-dicom", "the bytes 128 to 131 are not DICM (PS3.10 7.1)")
    file = file_format.split(data)
    uid = file.transfer_syntax_uid
    if uid not in UID_dictionary or UID_dictionary[uid][1] != "Transfer Syntax":
        raise Invalid("unknown-transfer-syntax", "(0002,0010) is not in PS3.6 Annex A")
    return file


def deflate(parts: Sequence[bytes | memoryview]) -> bytes:
    """Return the Data Set deflated, padded to even length (PS3.5 A.5)."""
    machine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    deflated = b"".join([*(machine.compress(part) for part in parts), machine.flush()])
    return deflated + b"\0" * (len(deflated) & 1)


def head(sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str) -> bytes:
    """Return preamble and File Meta Information of our own; nothing of the original's survives (PS3.15 E.1.1)."""
    texts = [
        (0x00020002, b"UI", sop_class_uid),
        (0x00020003, b"UI", sop_instance_uid),
        (0x00020010, b"UI", transfer_syntax_uid),
        (0x00020012, b"UI", IMPLEMENTATION_CLASS_UID),
        (0x00020013, b"SH", IMPLEMENTATION_VERSION_NAME),
    ]
    meta = elements.encode(0x00020001, b"OB", b"\0\1", EXPLICIT_LITTLE)
    meta += b"".join(elements.encode(tag, vr, text.encode("ascii"), EXPLICIT_LITTLE) for tag, vr, text in texts)
    length = elements.encode(0x00020000, b"UL", EXPLICIT_LITTLE.u32.pack(len(meta)), EXPLICIT_LITTLE)
    return b"\0" * 128 + b"DICM" + length + meta
