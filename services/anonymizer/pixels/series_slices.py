"""Reads which slices are of which Series, and has the text detector look at some. Runs in worker processes."""

import mmap
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from services.anonymizer.dicom import file_format
from services.anonymizer.dicom.patient_identifiers import TopLevelAttributes
from services.anonymizer.pixels import image, text_detector
from services.anonymizer.pixels.rules import rule_for
from services.anonymizer.pixels.series_ends import Slice
from services.anonymizer.pseudonyms.keys import KeySet
from services.anonymizer.pseudonyms.pseudonyms import uid_pseudonym
from shared.dicom import elements
from shared.dicom.elements import FileBytes
from shared.errors import JmidError
from shared.whole_numbers import whole_number

HEAD_BYTES: Final = 1 << 20
"""Of a blob that is not a file here: enough for nearly every header. What ends earlier is looked at by itself."""
_SERIES, _NUMBER, _LAST = 0x0020000E, 0x00200013, 0x00280301
_MOST = 2**31 - 1  # of an IS: PS3.5 6.2

File = Path | bytes


def read_slices(files: Sequence[tuple[str, File]], keys: KeySet) -> tuple[list[Slice], list[str]]:
    """Return the slices that are looked at by the ends of their Series, and the keys of what cannot be read.

    files: keys, and files or their first bytes. Images of other kinds are in neither.
    """
    slices: list[Slice] = []
    unread: list[str] = []
    for key, file in files:
        try:
            attributes = _attributes(_bytes_of(file))
        except (JmidError, ValueError, OSError):  # an empty file cannot be mapped
            unread.append(key)
            continue
        rule = rule_for(attributes)
        if rule is not None and rule.search == "ends":
            number = whole_number(attributes.text(_NUMBER), _MOST) or 0
            slices.append(Slice(key, uid_pseudonym(keys, attributes.text(_SERIES)), number))
    return slices, unread


def with_text(files: Sequence[tuple[str, File]]) -> tuple[list[str], list[str]]:
    """Return the keys of the images in which the detector sees text, and of those that it cannot look at."""
    seen: list[str] = []
    unseen: list[str] = []
    for key, file in files:
        try:
            boxes = text_detector.legible_boxes(image.sampled(_bytes_of(file)).frames)
        except (JmidError, ValueError, OSError):
            unseen.append(key)
            continue
        if boxes:
            seen.append(key)
    return seen, unseen


def mapped(path: Path) -> mmap.mmap:
    """Return the bytes of a file, none of which is in memory yet. Raises ValueError for an empty one."""
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _bytes_of(file: File) -> FileBytes:
    return file if isinstance(file, bytes) else mapped(file)


def _attributes(data: FileBytes) -> TopLevelAttributes:
    """Return the values of the top level up to Burned In Annotation that are of defined length."""
    file = file_format.split(data)
    values: dict[int, bytes] = {}
    for element, _ in elements.walk(file.data, file.start, len(file.data), file.syntax):
        if element.tag > _LAST:
            break
        if element.tag >> 16 in (0x0008, 0x0020, 0x0028) and not element.undefined:
            values[element.tag] = bytes(file.data[element.value : element.end]).rstrip(b" \0")
    return TopLevelAttributes(values)
