"""The pixel data of an Instance with nothing in them that is no image: of any Transfer Syntax, without decoding any.

What de-identifies takes the new value; what checks looks whether there is one. Pure.

Source: PS3.5 8 and A.4; PS3.3 C.7.6.3.1.8 (Extended Offset Table), C.7.6.24, C.7.6.25 (floats).
"""

import struct
from collections.abc import Mapping
from typing import Final

from services.anonymizer.pixels import encapsulated, native
from services.anonymizer.pixels.encapsulated import Buffer, Encapsulated
from services.anonymizer.pixels.layout import layout_of
from shared.dicom import elements, file_format
from shared.dicom.elements import PIXEL_DATA, Element, FileBytes, Syntax
from shared.errors import Invalid

TABLES: Final = frozenset({0x7FE00001, 0x7FE00002, 0x7FE00003})
"""Extended Offset Table, its lengths, and Encapsulated Pixel Data Value Total Length."""
_OFFSETS, _LENGTHS = 0x7FE00001, 0x7FE00002
_FLOATS: Final = {0x7FE00008: 32, 0x7FE00009: 64}  # bits of a sample


class PixelData:
    """The pixel data of one Instance. values: of the Image Pixel Module (``IMAGE_TAGS``), as they stand.

    decoded: somebody decoded them and found nothing in the unused bits.
    """

    def __init__(self, transfer_syntax_uid: str, values: Mapping[int, bytes], *, decoded: bool = False) -> None:
        self._transfer_syntax_uid, self._values, self._decoded = transfer_syntax_uid, values, decoded
        self._frames: tuple[int, Encapsulated] | None = None

    def cleared(self, data: FileBytes, element: Element, syntax: Syntax) -> list[Buffer] | None:
        """Return the new element of pixel data at the top level, None if it stays as it is.

        Raises Invalid for pixel data that are not encoded as the Transfer Syntax says, Refused for what cannot be
        cleared (``encapsulated.cleared``, ``native.cleared``).
        """
        if self._is_encapsulated(element):
            parts = self._encapsulated(data, element, syntax).parts
            return parts and [elements.header(element.tag, element.vr, elements.UNDEFINED, syntax), *parts]
        layout = layout_of(self._values, syntax)
        if element.tag in _FLOATS:
            bits = _FLOATS[element.tag]
            layout = layout._replace(allocated=bits, stored=bits, signed=False, photometric="MONOCHROME2")
        value = memoryview(data)[element.value : element.end]
        new = native.cleared(value, layout, layout.native_bits, little=syntax.little, words=element.vr == b"OW")
        if new is None:
            return None
        return [elements.header(element.tag, element.vr, sum(len(part) for part in new), syntax), *new]

    def table(self, data: FileBytes, element: Element, syntax: Syntax) -> bytes | None:
        """Return the new element of one of TABLES, empty for none; None if it stays as it is."""
        frames = self._following(data, element, syntax)
        if frames is None or not frames.has_one_each:
            return b""
        value = data[element.value : element.end]
        if element.tag == _OFFSETS:
            right = [struct.pack(f"<{len(frames.offsets)}Q", *frames.offsets)]
        elif element.tag == _LENGTHS:
            right = [struct.pack(f"<{len(frames.sizes)}Q", *frames.sizes)]
            if _are_unpadded(value, frames.sizes):
                return None
        else:
            right = [struct.pack("<Q", sum(frames.sizes))]
        return None if value in right else elements.encode(element.tag, element.vr, right[0], syntax)

    def _is_encapsulated(self, element: Element) -> bool:
        """Say whether the value is in fragments, as the Transfer Syntax has it (PS3.5 A.4)."""
        encapsulates = not file_format.is_native(self._transfer_syntax_uid)
        if encapsulates != element.undefined or (encapsulates and element.tag != PIXEL_DATA):
            raise Invalid("bad-fragments", "pixel data are not encoded as the Transfer Syntax says (PS3.5 A.4)")
        return encapsulates

    def _encapsulated(self, data: FileBytes, element: Element, syntax: Syntax) -> Encapsulated:
        if self._frames is None or self._frames[0] != element.start:
            layout = layout_of(self._values, syntax)
            frames = encapsulated.cleared(data, element, layout, self._transfer_syntax_uid, decoded=self._decoded)
            self._frames = element.start, frames
        return self._frames[1]

    def _following(self, data: FileBytes, table: Element, syntax: Syntax) -> Encapsulated | None:
        """Return the encapsulated pixel data behind a table, None if there are none."""
        pos = table.end
        while pos + 8 <= len(data):
            element = elements.read(data, pos, len(data), syntax)
            if element.tag == PIXEL_DATA:
                return self._encapsulated(data, element, syntax) if self._is_encapsulated(element) else None
            if element.undefined:
                return None
            pos = element.end
        return None


def _are_unpadded(value: bytes, sizes: list[int]) -> bool:
    """Say whether the lengths are those of the frames, some perhaps without their padding."""
    if len(value) != 8 * len(sizes):
        return False
    stated = struct.unpack(f"<{len(sizes)}Q", value)
    return all(size - 1 <= each <= size for each, size in zip(stated, sizes, strict=True))
