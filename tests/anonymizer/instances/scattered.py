"""A second generator: what people really type, anywhere the dictionary has room for words, at any depth.

It was written from what is seen in archives, not from the rules; it knows neither Table E.1-1 nor the anonymizer.
"""

import io
import random
from typing import Any

import pydicom
from pydicom._dicom_dict import DicomDictionary
from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian

from tests.anonymizer.instances.planted import Planted

PEOPLE = (
    ("Kurumizawa", "Tsubasa", "胡桃沢", "翼沙", "クルミザワ", "ツバサ"),
    ("Hatakeyama", "Setsuko", "畠山", "節子", "ハタケヤマ", "セツコ"),
    ("Ootorii", "Masanobu", "大鳥居", "正伸", "オオトリイ", "マサノブ"),
)
WORDS = ("LO", "SH", "ST", "LT", "UT", "UC")
LIMITS = {"LO": 64, "SH": 16, "ST": 1024, "LT": 1024, "UT": 1024, "UC": 1024}


def spellings(person: tuple[str, ...], patient_id: str) -> list[tuple[str, str]]:
    """Return texts with what of them may not be left: text, trace."""
    family, given, kanji, first, kana, kana_first = person
    return [
        (f"{family} {given}", family), (f"{family.upper()}^{given.upper()}", given.upper()),
        (f"{given} {family}", family), (f"{family}, {given}", given), (f"{family}{given}".upper(), family.upper()),
        (f"{family}_{given}", family), (f"MR {family.lower()}", family.lower()), (f"{kanji} {first}", kanji),
        (f"{kanji}{first}様", kanji), (f"{kanji}　{first}", kanji), (f"{kanji}先生", kanji),
        (f"{kana} {kana_first}", kana), (f"{kana}{kana_first}", kana), (f"患者{kanji}", kanji),
        (f"ID{patient_id}", patient_id), (f"No.{patient_id}", patient_id), (f"{patient_id}", patient_id),
        (f"#{patient_id}/{family}", patient_id), (f"{patient_id}_{family}", patient_id),
    ]  # fmt: skip


def scattered(seed: int, syntax: UID = ExplicitVRLittleEndian) -> Planted:
    """Return a CT image with a patient's traces in 40 places chosen by chance."""
    chance = random.Random(seed)
    person = PEOPLE[seed % len(PEOPLE)]
    family, given, kanji, first, kana, kana_first = person
    patient_id = str(chance.randint(10_000_000, 99_999_999))
    dataset = _base(f"{family}^{given}={kanji}^{first}={kana}^{kana_first}", patient_id)
    planted = Planted(b"")
    for _ in range(40):
        text, trace = chance.choice(spellings(person, patient_id))
        if _put(dataset, chance, text):
            planted.gone.append(trace)
    planted.gone = sorted(set(planted.gone))
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    meta.TransferSyntaxUID = syntax
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, FileDataset("", dataset, file_meta=meta, preamble=b"\0" * 128), enforce_file_format=True)
    planted.data = buffer.getvalue()
    return planted


def _base(name: str, patient_id: str) -> Dataset:
    dataset = Dataset()
    values: dict[str, Any] = {
        "SpecificCharacterSet": "ISO_IR 192", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "SOPInstanceUID": "1.2.3.1",
        "StudyInstanceUID": "1.2.3.2", "SeriesInstanceUID": "1.2.3.3", "Modality": "CT", "PatientName": name,
        "PatientID": patient_id, "Rows": 2, "Columns": 2, "BitsAllocated": 16, "BitsStored": 16, "HighBit": 15,
        "PixelRepresentation": 0, "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2",
        "PixelData": b"\0" * 8,
    }  # fmt: skip
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


_TAGS = [tag for tag, entry in DicomDictionary.items() if entry[0] in WORDS and 0x00080000 < tag < 0x40000000]
_SEQUENCES = [tag for tag, entry in DicomDictionary.items() if entry[0] == "SQ" and 0x00080000 < tag < 0x40000000]
_ELSEWHERE = {0x00080005, 0x00100020}


def _put(dataset: Dataset, chance: random.Random, text: str) -> bool:
    """Put the text into an Attribute chosen by chance, up to three Sequences deep; say whether it had room."""
    for _ in range(chance.choice((0, 0, 1, 2, 3))):
        tag = chance.choice(_SEQUENCES)
        if tag not in dataset or not dataset[tag].value:
            dataset.add_new(tag, "SQ", Sequence([Dataset()]))
        dataset = dataset[tag].value[0]
    tag = chance.choice(_TAGS)
    vr = dictionary_VR(tag)
    if tag in dataset or tag in _ELSEWHERE or len(text) > LIMITS[vr]:
        return False
    dataset.add_new(tag, vr, text)
    return True
