"""Checks that pixel data hold the image and nothing else: no unused bits, tails, surplus fragments or markers."""

from collections.abc import Iterator, Mapping

from pydicom.tag import Tag

from services.anonymizer.cli.flaw import Flaw
from services.anonymizer.dicom import patient_identifiers
from services.anonymizer.instances.elements.action_tables import PIXELS
from services.anonymizer.pixels import image
from services.anonymizer.pixels.codestreams import UNUSED_BITS
from services.anonymizer.pixels.pixel_data import TABLES, PixelData
from shared.dicom import elements, file_format
from shared.dicom.elements import Element
from shared.dicom.file_format import Part10
from shared.errors import Invalid, Refused

_TRAILING_PADDING = 0xFFFCFFFC


def flaws(data: bytes) -> Iterator[Flaw]:
    """Yield what stands in a file's pixel data besides the image, and behind its last element."""
    try:
        file = file_format.split(data)
        values, end = _image_of(file), file.start
        decoded = PixelData(file.transfer_syntax_uid, values, decoded=True)  # reads the frames once, for tables and all
        for element, end in elements.walk(file.data, file.start, len(file.data), file.syntax):
            if element.tag == _TRAILING_PADDING and any(file.data[element.value : end]):
                yield Flaw(str(Tag(element.tag)), "is padding that is not empty")
            elif element.tag in PIXELS and _has_surplus(data, file, element, values, decoded):
                yield Flaw(str(Tag(element.tag)), "holds more than the image: bits, bytes, fragments or markers")
            elif element.tag in TABLES and decoded.table(file.data, element, file.syntax) is not None:
                yield Flaw(str(Tag(element.tag)), "is not the table of the frames that follow")
        if end < len(file.data):
            yield Flaw("file", "has bytes behind its last element")
    except (Invalid, Refused) as error:
        yield Flaw("file", f"cannot be checked to its end ({error.reason})")


def _image_of(file: Part10[bytes]) -> Mapping[int, bytes]:
    return patient_identifiers.read(file.data, file.start, file.syntax)[1].values


def _has_surplus(
    data: bytes, file: Part10[bytes], element: Element, values: Mapping[int, bytes], decoded: PixelData
) -> bool:
    """Say whether there is more than the image; where only decoding tells, decode. decoded: of the file, if it was."""
    try:
        return PixelData(file.transfer_syntax_uid, values).cleared(file.data, element, file.syntax) is not None
    except Refused as error:
        if error.reason != UNUSED_BITS:
            raise
    plain = file_format.split(image.decompressed(data))
    samples = PixelData(plain.transfer_syntax_uid, _image_of(plain))
    walked = elements.walk(plain.data, plain.start, len(plain.data), plain.syntax)
    if any(each.tag in PIXELS and samples.cleared(plain.data, each, plain.syntax) for each, _ in walked):
        return True
    return decoded.cleared(file.data, element, file.syntax) is not None
