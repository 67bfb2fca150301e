"""A generator of Instances with identifiers planted everywhere, and the answer key: what must go, what must stay.

It reads Table E.1-1 itself and shares no code with the anonymizer.
"""

import io
import json
import zlib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.datadict import dictionary_has_tag, dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

ROOT = Path(__file__).parents[3]
TABLE = ROOT / "services" / "anonymizer" / "profile" / "data" / "ps3_15_e1_1.json"
CT = "1.2.840.10008.5.1.4.1.1.2"
BIRTH_DATE = "19530417"
STUDY_DATE = "20240312"
PHONE = "092-555-0142"
SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian]
KEPT = {
    "Modality": "CT", "PatientSex": "F", "PatientAge": "070Y", "StudyDate": STUDY_DATE, "StudyTime": "101112",
    "KVP": 120.0, "SliceThickness": 1.25, "BodyPartExamined": "CHEST", "ConvolutionKernel": "B30f",
    "Manufacturer": "ACME", "ManufacturerModelName": "Scanner 9", "ImagePositionPatient": [-1.5, 2.0, 3.25],
    "PixelSpacing": [0.5, 0.5], "RescaleSlope": 1.0, "RescaleIntercept": -1024.0, "InstanceNumber": 7,
}  # fmt: skip

# Specific Character Set, PatientName, words that must be found in free text, a free text with them at {}
SCRIPTS: dict[str, tuple[str | list[str], str, list[str]]] = {
    "default": ("", "Saionji^Chihiro", ["Saionji", "Chihiro"]),
    "latin-1": ("ISO_IR 100", "Grünewäld^Jürgen", ["Grünewäld", "Jürgen"]),
    "latin-2": ("ISO_IR 101", "Wałęsański^Żegota", ["Wałęsański", "Żegota"]),
    "cyrillic": ("ISO_IR 144", "Люксембургский^Добрыня", ["Люксембургский", "Добрыня"]),
    "greek": ("ISO_IR 126", "Διονυσιάδης^Πανάγος", ["Διονυσιάδης", "Πανάγος"]),
    "thai": ("ISO_IR 166", "วงศ์ใหญ่สกุล^ประเสริฐ", ["วงศ์ใหญ่สกุล", "ประเสริฐ"]),
    "utf-8": ("ISO_IR 192", "Saionji^Chihiro=西園寺^千尋=サイオンジ^チヒロ", ["Saionji", "西園寺", "サイオンジ"]),
    "iso2022-87": (
        ["", "ISO 2022 IR 87"], "Saionji^Chihiro=西園寺^千尋=さいおんじ^ちひろ", ["Saionji", "西園寺", "さいおんじ"],
    ),
    "ir13": ("ISO_IR 13", "ｻｲｵﾝｼﾞ^ﾁﾋﾛ", ["ｻｲｵﾝｼﾞ"]),
    "ir13-87": (
        ["ISO 2022 IR 13", "ISO 2022 IR 87"], "ｻｲｵﾝｼﾞ^ﾁﾋﾛ=西園寺^千尋=さいおんじ^ちひろ", ["西園寺", "さいおんじ"],
    ),
    "korean": (["", "ISO 2022 IR 149"], "Hwangbo^Gildong=황보^길동", ["황보", "길동"]),
    "chinese": ("GB18030", "Ouyang^Xiaodong=欧阳^小东", ["Ouyang", "欧阳"]),
}  # fmt: skip
CODECS = (
    "utf-8", "utf-16-le", "utf-16-be", "cp932", "euc_jp", "iso2022_jp", "gb18030", "euc_kr", "latin-1", "iso8859_2",
    "iso8859_5", "iso8859_7", "tis_620",
)  # fmt: skip


@dataclass
class Planted:
    """An Instance as bytes. gone: texts that may stand nowhere in the output.  kept: keyword → value that must stay."""

    data: bytes
    gone: list[str] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict)


def survivors(planted: Planted, output: bytes, inflated: bytes = b"") -> list[str]:
    """Return the planted texts that stand in the output, in whatever encoding and case."""
    text = (output + inflated).lower()
    return [word for word in planted.gone if any(each in text for each in _encodings(word))]


def _encodings(word: str) -> list[bytes]:
    found = []
    for codec in CODECS:
        try:
            raw = word.lower().encode(codec)
        except UnicodeEncodeError:
            continue
        if codec == "iso2022_jp":
            raw = raw.replace(b"\x1b$b", b"").replace(b"\x1b(b", b"")
        if len(raw) > 3:
            found.append(raw)
    return found


def ct(script: str = "default", syntax: UID = ExplicitVRLittleEndian) -> Planted:
    """Return a CT image with identifiers in all Attributes of Table E.1-1, in private ones, and around them."""
    planted = _ct(script, syntax)
    return Planted(planted.data, list(planted.gone), dict(planted.kept))


@cache
def _ct(script: str, syntax: UID) -> Planted:
    charset, name, words = SCRIPTS[script]
    planted = Planted(b"", kept=dict(KEPT))
    dataset = _image(charset, name)
    planted.gone += [*words, "PID-7730142", "ACC2024-0815", BIRTH_DATE, PHONE]
    _plant_table(dataset, planted, name)
    _plant_texts(dataset, words)
    _plant_private(dataset, planted, name)
    _plant_nested(dataset, planted, name)
    planted.data = _written(dataset, planted, syntax)
    return planted


def _image(charset: str | list[str], name: str) -> Dataset:
    dataset = Dataset()
    if charset:
        dataset.SpecificCharacterSet = charset
    dataset.SOPClassUID = CT
    dataset.SOPInstanceUID = "1.2.392.200036.9116.2.6.1.48.1"
    dataset.StudyInstanceUID = "1.2.392.200036.9116.2.6.1.48.2"
    dataset.SeriesInstanceUID = "1.2.392.200036.9116.2.6.1.48.3"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    for keyword, value in KEPT.items():
        setattr(dataset, keyword, value)
    dataset.PatientName = name
    dataset.PatientID = "PID-7730142"
    dataset.PatientBirthDate = BIRTH_DATE
    dataset.AccessionNumber = "ACC2024-0815"
    dataset.PatientTelephoneNumbers = PHONE
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows = dataset.Columns = 16
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 0
    dataset.PixelData = np.arange(256, dtype="<u2").tobytes()
    return dataset


@cache
def rules() -> list[dict[str, Any]]:
    """Return the rows of Table E.1-1."""
    found: list[dict[str, Any]] = json.loads(TABLE.read_text())["rules"]
    return found


_CLEANED_OR_KEPT = {
    "clean_descriptors", "retain_patient_characteristics", "clean_structured_content", "clean_graphics",
    "retain_longitudinal_full_dates",
}  # fmt: skip


def _plant_table(dataset: Dataset, planted: Planted, name: str) -> None:
    """Put a text of its own into each Attribute that no option of the profiles keeps or cleans."""
    for number, row in enumerate(rules()):
        tag = row["tag"]
        if "x" in tag or tag == "private" or tag.startswith(("0000", "0002", "0004", "fff")):
            continue
        if row["basic"] == "X/Z/U*" or row["options"].keys() & _CLEANED_OR_KEPT:
            continue
        if int(tag, 16) in dataset and row["basic"] != "U":
            continue
        vr = dictionary_VR(int(tag, 16)) if dictionary_has_tag(int(tag, 16)) else "LO"
        value = _value(vr, number, name, planted)
        if value is not None and int(tag, 16) not in (0x00080018, 0x0020000D, 0x0020000E):
            dataset[int(tag, 16)] = DataElement(int(tag, 16), vr, value)


def _value(vr: str, number: int, name: str, planted: Planted) -> Any:
    marker = f"ZQX{number:05d}"
    if vr in ("LO", "SH", "ST", "LT", "UT", "UC", "UR", "CS", "AE"):
        planted.gone.append(marker)
        return marker
    if vr == "PN":
        planted.gone.append(marker)
        return f"{marker}^{marker}"
    if vr == "UI":
        uid = f"1.2.392.777.{number}.55"
        planted.gone.append(uid)
        return uid
    if vr in ("OB", "OW", "UN", "OB or OW"):
        planted.gone.append(marker)
        return marker.encode()
    if vr == "SQ":
        item = Dataset()
        planted.gone.append(marker)
        item.PatientName = name
        item.PersonName = f"{marker}^A"
        item.InstitutionName = marker
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = marker, "99X", marker
        return Sequence([item])
    return None


def _plant_texts(dataset: Dataset, words: list[str]) -> None:
    """Put the patient's name and IDs into free texts that stay, and where they do not belong."""
    told = " ".join(words)
    dataset.StudyDescription = f"CHEST {told}"
    dataset.SeriesDescription = f"{told} 5mm"
    dataset.ProtocolName = f"Thorax {words[0]}"
    dataset.ImageComments = f"PID-7730142 {told} tel {PHONE} 1953-04-17"
    dataset.PatientComments = f"{told} / {BIRTH_DATE}"
    dataset.AdditionalPatientHistory = f"{told} ACC2024-0815"
    dataset.SoftwareVersions = f"v1 {words[0]}"  # not in the table: kept, and searched
    dataset.DerivationDescription = f"{told}"
    dataset.FilterType = words[0][:16] if words[0].isascii() else "NONE"


def _plant_private(dataset: Dataset, planted: Planted, name: str) -> None:
    block = dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True)
    block.add_new(0x0C, "IS", "1000")  # safe: Table E.3.10-1
    block.add_new(0x0D, "CS", "ZQXPRIVATE01")  # safe by name, but this is no value it should have
    block.add_new(0x55, "LO", "ZQXPRIVATE02")
    other = dataset.private_block(0x0019, "ZQXCREATOR", create=True)
    item = Dataset()
    item.PatientName = name
    item.add_new(0x00191001, "UN", b"ZQXPRIVATE03")
    other.add_new(0x01, "SQ", Sequence([item]))
    other.add_new(0x02, "UN", b"ZQXPRIVATE04")
    dataset.add_new(0x00290010, "LO", "SIEMENS CSA HEADER")
    dataset.add_new(0x00291010, "OB", b"SV10ZQXPRIVATE05")
    planted.gone += ["ZQXPRIVATE01", "ZQXPRIVATE02", "ZQXPRIVATE03", "ZQXPRIVATE04", "ZQXPRIVATE05", "ZQXCREATOR"]


def _plant_nested(dataset: Dataset, planted: Planted, name: str) -> None:
    """Put identifiers deep into Sequences, overlays, curves, icons, signatures and earlier values."""
    original = Dataset()
    modified = Dataset()
    modified.PatientName = name
    modified.PatientID = "ZQXOLDID"
    original.ModifiedAttributesSequence = Sequence([modified])
    original.SourceOfPreviousValues = "ZQXSOURCE"
    dataset.OriginalAttributesSequence = Sequence([original])
    encrypted = Dataset()
    encrypted.EncryptedContent = b"ZQXENCRYPTED"
    dataset.EncryptedAttributesSequence = Sequence([encrypted])
    dataset.add_new(0x60000010, "US", 8)
    dataset.add_new(0x60000022, "LO", "ZQXOVERLAYDESC")
    dataset.add_new(0x60003000, "OW", b"ZQXOVERLAYDATA  ")
    dataset.add_new(0x50003000, "OW", b"ZQXCURVEDATA")
    icon = Dataset()
    icon.Rows = icon.Columns = 4
    icon.PixelData = b"ZQXICONPIXELDATA"
    icon["PixelData"].VR = "OB"
    dataset.IconImageSequence = Sequence([icon])
    reference = Dataset()
    reference.ReferencedSOPClassUID = CT
    reference.ReferencedSOPInstanceUID = "1.2.392.888.1.1"
    request = Dataset()
    request.RequestedProcedureID = "ZQXREQUEST"
    request.RequestedProcedureDescription = f"CT {name.split('^')[0]}"
    request.ReferencedStudySequence = Sequence([reference])
    dataset.RequestAttributesSequence = Sequence([request])
    dataset.ReferencedImageSequence = Sequence([reference])
    planted.gone += [
        "ZQXOLDID", "ZQXSOURCE", "ZQXENCRYPTED", "ZQXOVERLAYDESC", "ZQXOVERLAYDATA", "ZQXCURVEDATA", "ZQXICONPIXEL",
        "ZQXREQUEST", "1.2.392.888.1.1", "1.2.392.200036.9116",
    ]  # fmt: skip


def _written(dataset: Dataset, planted: Planted, syntax: UID) -> bytes:
    """Return the file, with planted preamble, File Meta Information and trailing padding."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = syntax
    meta.SourceApplicationEntityTitle = "ZQXSOURCEAE"
    meta.PrivateInformationCreatorUID = UID("1.2.392.777.0.1")
    meta.PrivateInformation = b"ZQXPRIVATEINFO"
    dataset.add_new(0xFFFCFFFC, "OB", b"ZQXTRAILING ")
    file = FileDataset("", dataset, file_meta=meta, preamble=b"ZQXPREAMBLE".ljust(128, b"\0"))
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, file, enforce_file_format=True)
    planted.gone += ["ZQXSOURCEAE", "1.2.392.777.0.1", "ZQXPRIVATEINFO", "ZQXTRAILING", "ZQXPREAMBLE"]
    return buffer.getvalue()


def written(dataset: Dataset, syntax: UID) -> bytes:
    """Return an Instance that was read from a file in another uncompressed Transfer Syntax."""
    dataset.file_meta.TransferSyntaxUID = syntax
    buffer = io.BytesIO()
    implicit, little = syntax == ImplicitVRLittleEndian, syntax != ExplicitVRBigEndian
    pydicom.dcmwrite(buffer, dataset, implicit_vr=implicit, little_endian=little, enforce_file_format=True)
    return buffer.getvalue()


def inflated(output: bytes) -> bytes:
    """Return the Data Set of a deflated file."""
    at = 144 + int.from_bytes(output[140:144], "little")
    return zlib.decompress(output[at:], -zlib.MAX_WBITS)


def keyword_tag(keyword: str) -> int:
    """Return the tag of a keyword."""
    tag = tag_for_keyword(keyword)
    assert tag is not None
    return int(tag)
