"""Turns the header of an Instance into DICOM JSON at store time, once, so that no reader has to parse it again.

Source: PS3.18 Annex F. Values over BULK bytes of binary VRs become BulkDataURIs, relative to the service's public root.
"""

import base64
from functools import lru_cache

import msgspec
from pydicom._dicom_dict import DicomDictionary

from shared.dicom import elements
from shared.dicom.element_values import BINARY, decode
from shared.dicom.elements import PIXEL_DATA, UNDEFINED, Buffer, Element, Syntax
from shared.dicom.file_format import Part10
from shared.dicom.json_values import Json
from shared.dicom.vrs import LONG, SHORT, vr_of

BULK = 1024
KNOWN = 64
"""Bytes: shorter values are decoded once."""
_PIXELS = frozenset([0x7FE00008, 0x7FE00009, 0x7FE00010])
_SIGNED = (0x00280103,)  # Pixel Representation decides US or SS (PS3.6, 7.1)
_CHARACTER_SET = 0x00080005
_OVERLAY_DATA, _REPEATED = 0x60003000, 0xFF00FFFF  # of a repeating group, PS3.5 7.6
_NAMES = {vr: vr.decode("ascii") for vr in SHORT | LONG}


class Header(msgspec.Struct, frozen=True):
    """attributes: the DICOM JSON of the Data Set.  pixels: the pixel data element, if there is one.

    bulk: path of each bulk value → where it lies in the Data Set's bytes.
    extended_offsets: value of the Extended Offset Table (7FE0,0001), if it is not among the bulk.
    """

    attributes: Json
    pixels: Element | None
    bulk: dict[str, tuple[int, int]]
    extended_offsets: bytes = b""


def read_header(file: Part10[Buffer], root: str) -> Header:
    """Walk the Data Set once. root: the URL path of the Instance, for BulkDataURIs; it may be filled in later."""
    reader = _Reader(file, root)
    attributes = reader.data_set(file.start, len(file.data), file.syntax, (), "", 0)
    table = attributes.get("7FE00001", {}).get("InlineBinary", "")
    return Header(attributes, reader.pixels, reader.bulk, base64.b64decode(table))


class _Reader:
    def __init__(self, file: Part10[Buffer], root: str) -> None:
        self._data = file.data
        self._root = root
        self.pixels: Element | None = None
        self.bulk: dict[str, tuple[int, int]] = {}

    def data_set(
        self, start: int, end: int, syntax: Syntax, character_set: tuple[str, ...], path: str, depth: int
    ) -> Json:
        attributes: Json = {}
        signed = False
        data, explicit, little_endian = self._data, syntax.explicit, syntax.little
        for element, following in elements.walk(data, start, end, syntax, depth):
            tag, vr_bytes, _, begin, _ = element
            if tag & 0xFFFF == 0:
                continue  # group lengths say nothing about the object (PS3.18 F.2.2)
            vr = _NAMES.get(vr_bytes) or vr_bytes.decode("ascii")
            if vr == "UN" or not explicit:
                vr = _vr(element, signed, syntax)
            if vr == "SQ" or (vr_bytes == b"UN" and elements.is_sequence(element)):
                value = self._sequence(element, end, syntax, character_set, f"{path}{tag:08X}", depth)
            elif vr in BINARY:
                value = self._binary(element, following, vr, f"{path}{tag:08X}", depth)
            else:
                raw = bytes(data[begin:following])
                little = little_endian or vr_bytes == b"UN"  # a UN is Implicit VR Little Endian, PS3.5 6.2.2 note 4
                value = (_known if len(raw) <= KNOWN else _valued)(vr, raw, little, character_set)
                if tag == _CHARACTER_SET:
                    character_set = tuple(str(v or "") for v in value.get("Value", ()))
                elif tag == 0x00280103:
                    signed = value.get("Value") == [1]
            attributes[f"{tag:08X}"] = value
        return attributes

    def _sequence(
        self, element: Element, end: int, syntax: Syntax, character_set: tuple[str, ...], path: str, depth: int
    ) -> Json:
        within = elements.inside(element, syntax)
        items = [
            self.data_set(item.value, item.end, within, character_set, f"{path}/{number}/", depth + 1)
            for number, item in enumerate(elements.items(self._data, element, end, within, depth), start=1)
        ]
        return {"vr": "SQ", "Value": items} if items else {"vr": "SQ"}

    def _binary(self, element: Element, following: int, vr: str, path: str, depth: int) -> Json:
        end = following - 8 if element.length == UNDEFINED else following
        size = end - element.value
        if element.tag in _PIXELS and not depth:
            self.pixels = element
        elif not size:
            return {"vr": vr}
        elif size <= BULK:
            raw = bytes(self._data[element.value : end])
            return {"vr": vr, "InlineBinary": base64.b64encode(raw).decode("ascii")}
        self.bulk[path] = (element.value, end)
        return {"vr": vr, "BulkDataURI": f"{self._root}/bulkdata/{path}"}


def _vr(element: Element, signed: bool, syntax: Syntax) -> str:
    """Return the VR as it is meant: what the dictionary leaves open, and what Implicit VR does not say."""
    tag = element.tag
    if syntax.explicit:
        return "UN" if element.undefined else _settled(tag, vr_of(tag), signed)
    if tag in _PIXELS:
        return "OW" if tag == PIXEL_DATA else ("OF" if tag == 0x7FE00008 else "OD")
    if tag & _REPEATED == _OVERLAY_DATA:
        return "OW"  # PS3.5 A.1
    return _settled(tag, element.vr, signed)


def _settled(tag: int, vr: bytes, signed: bool) -> str:
    return ("SS" if signed else "US") if vr == b"US" and tag in _US_OR_SS else _NAMES[vr]


_US_OR_SS = frozenset(tag for tag, entry in DicomDictionary.items() if entry[0].startswith("US or SS"))


def _valued(vr: str, raw: bytes, little: bool, character_set: tuple[str, ...]) -> Json:
    values = decode(raw, vr, little, character_set)
    return {"vr": vr, "Value": values} if any(value is not None for value in values) else {"vr": vr}


_known = lru_cache(16_384)(_valued)
"""Slices of a Series have nearly all values in common. What it returns is shared, so nobody may change it."""
