"""Checks de-identified files without the code that made them: pydicom reads them, and Table E.1-1 is applied anew.

It knows the profile only by what a file says of itself: the codes of CID 7050 in (0012,0064). It cannot know the
patient; ``forbidden`` are texts that must stand nowhere in the bytes, such as the names of the originals.
"""

import hashlib
import io
import re
import warnings
from collections.abc import Iterator, Sequence

import pydicom
from pydicom._uid_dict import UID_dictionary
from pydicom.datadict import dictionary_has_tag
from pydicom.dataset import Dataset

from services.anonymizer.cli import verify_pixels
from services.anonymizer.cli.flaw import Flaw
from services.anonymizer.cli.verify_pseudonyms import Originals
from services.anonymizer.profile import tables
from shared.dicom.uid import has_uid_characters

_CODECS = ("utf-8", "utf-16-le", "utf-16-be", "cp932", "euc_jp", "gb18030", "euc_kr", "latin-1")
_DUMMIES = {"", "ANONYMIZED", "19000101", "000000", "19000101000000", "0", "000Y", "urn:anonymized"}
_PSEUDONYM = re.compile(r"^([0-9a-f]{32}|[A-Z2-7]{16})$")
# Actions X, Z, D of these are met by a pseudonym or by the site's short name, which the profile's rules say.
_REPLACED = {0x00100020, 0x00100021, 0x00080050, 0x00181000, 0x00081010, 0x00080080}
_REFERENCES = {0x00081140, 0x00082112}  # X/Z/U*: kept with new UIDs
_PICTURES = (0x50000000, 0x60000000, 0x7F000000)  # repeating groups, PS3.5 7.6
_HASHABLE = ("PatientID", "AccessionNumber", "StudyID", "PatientName", "OtherPatientIDs", "DeviceSerialNumber")
_HASHES = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
_SHORTEST_HASH = 12  # hexadecimal digits
_BY_CODE = {code: option for option, code in tables.options().items()}


def verify(data: bytes, forbidden: Sequence[str] = (), originals: Originals | None = None) -> list[Flaw]:
    """Return what is wrong with the bytes of one file, nothing if it is as its own statement says.

    originals: to compare its pseudonyms with.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = pydicom.dcmread(io.BytesIO(data))
            flaws = [*_statement(data, dataset), *_elements(dataset, _options(dataset), "")]
            flaws += originals.flaws(dataset) if originals is not None else []
    except Exception as error:  # whatever pydicom cannot read is no valid output
        return [Flaw("file", f"pydicom cannot read it ({type(error).__name__})")]
    return [*flaws, *verify_pixels.flaws(data), *_forbidden(data, dataset, forbidden)]


def _forbidden(data: bytes, dataset: Dataset, forbidden: Sequence[str]) -> Iterator[Flaw]:
    """Look for texts in all encodings, and for their plain hashes, whole or cut, where a pseudonym should be."""
    lower = data.lower()
    given = {keyword: str(dataset.get(keyword) or "").lower() for keyword in _HASHABLE}
    for number, text in enumerate(forbidden, 1):
        if any(each in lower for each in _encodings(text)):
            yield Flaw("bytes", f"forbidden text {number} stands in it")
        hashes = [hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest() for name in _HASHES]
        for keyword, value in given.items():
            if len(value) >= _SHORTEST_HASH and any(value in each for each in hashes):
                yield Flaw(keyword, f"is a plain hash of forbidden text {number}, which anybody can try")


def _options(dataset: Dataset) -> set[str]:
    codes = {str(item.get("CodeValue", "")) for item in dataset.get("DeidentificationMethodCodeSequence") or []}
    return {_BY_CODE[code] for code in codes if code in _BY_CODE}


def _statement(data: bytes, dataset: Dataset) -> Iterator[Flaw]:
    """Check what E.1.1 has every Instance say, and what stands around the Data Set."""
    if data[:128].strip(b"\0"):
        yield Flaw("preamble", "is not empty")
    allowed = {0x00020000, 0x00020001, 0x00020002, 0x00020003, 0x00020010, 0x00020012, 0x00020013}
    for element in dataset.file_meta:
        if element.tag not in allowed:
            yield Flaw(str(element.tag), "does not belong in File Meta Information")
    if dataset.get("PatientIdentityRemoved") != "YES":
        yield Flaw("(0012,0062)", "is not YES")
    if not dataset.get("DeidentificationMethod"):
        yield Flaw("(0012,0063)", "is missing")
    if not any(item.get("CodeValue") == "113100" for item in dataset.get("DeidentificationMethodCodeSequence") or []):
        yield Flaw("(0012,0064)", "does not name the Basic Application Confidentiality Profile")
    if dataset.get("LongitudinalTemporalInformationModified") not in ("UNMODIFIED", "MODIFIED", "REMOVED"):
        yield Flaw("(0028,0303)", "is missing or has no defined term")
    if dataset.file_meta.get("MediaStorageSOPInstanceUID") != dataset.get("SOPInstanceUID"):
        yield Flaw("(0002,0003)", "is not the SOP Instance UID")
    if dataset.get("BurnedInAnnotation") == "YES":
        yield Flaw("(0028,0301)", "is YES")


def _elements(dataset: Dataset, options: set[str], path: str) -> Iterator[Flaw]:
    for element in dataset:
        where = f"{path}{element.tag}"
        if element.tag.is_private:
            if not element.tag.is_private_creator and not _is_safe_private(dataset, element):
                yield Flaw(where, "is private and not in Table E.3.10-1")
            continue
        if element.VR == "SQ":
            dummies = "D" in _code(element.tag)  # its Items stay, with dummies in them
            if (
                _must_be_empty(element.tag, options)
                and element.value
                and not dummies
                and element.tag not in _REFERENCES
            ):
                yield Flaw(where, "should have been removed or emptied")
            for item in element.value:
                yield from _elements(item, options, f"{where}.")
            continue
        yield from _value(element, where, options)


def _value(element: pydicom.DataElement, where: str, options: set[str]) -> Iterator[Flaw]:
    tag = int(element.tag)
    texts = _texts(element)
    if not dictionary_has_tag(tag):
        yield Flaw(where, "is not in the dictionary")
    elif element.VR == "UI":
        for text in texts:
            if text and not has_uid_characters(text):
                yield Flaw(where, "is no valid UID (PS3.5 9.1)")
            elif text and _code(tag) == "U" and text not in UID_dictionary and not text.startswith("2.25."):
                yield Flaw(where, "is an original UID")
    elif _must_be_empty(tag, options):
        replaced = tag in _REPLACED or (element.VR in ("LO", "SH") and all(_PSEUDONYM.match(text) for text in texts))
        if not replaced and any(text not in _DUMMIES for text in texts):
            yield Flaw(where, "holds a value that should have been removed or replaced")
    elif element.VR == "PN" and any(text not in _DUMMIES for text in texts):
        yield Flaw(where, "holds a person's name")
    if any("\0" in text for text in texts) and not isinstance(element.value, bytes):
        yield Flaw(where, "has something behind a NUL, where no reader shows it")
    if any(group <= tag < group + 0x200000 for group in _PICTURES):
        yield Flaw(where, "is of an overlay, a curve or Variable Pixel Data")


def _texts(element: pydicom.DataElement) -> list[str]:
    value = element.value
    if value is None:
        return []
    if isinstance(value, bytes):
        return [value.strip(b"\0").decode("latin-1")]
    many = value if element.VM > 1 else [value]
    return [str(each).rstrip(" \0") for each in many]


def _code(tag: int) -> str:
    row = tables.row(tag)
    return row.basic if row is not None else ""


def _must_be_empty(tag: int, options: set[str]) -> bool:
    """Return whether Table E.1-1, with the options, wants nothing of the original's value here."""
    row = tables.row(tag)
    if row is None or row.basic == "U":
        return False
    return not options & row.options.keys()


def _is_safe_private(dataset: Dataset, element: pydicom.DataElement) -> bool:
    creator = dataset.get((element.tag.group, element.tag.elem >> 8))
    name = str(creator.value) if creator is not None else ""
    return (element.tag.group, element.tag.elem & 0xFF, name) in tables.safe_private()


def _encodings(text: str) -> Iterator[bytes]:
    for codec in _CODECS:
        try:
            yield text.lower().encode(codec)
        except UnicodeEncodeError:
            continue
