"""Real clients that send real files as hospitals do: dcmtk's storescu, dicomweb-client, plain HTTP, a dropped CSV.

The files are the shared real ones with invented people put in, so that there is something to leak.
"""

import copy
import csv
import json
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pydicom
from dicomweb_client.api import DICOMwebClient
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from tests.servers.dcmtk import tool

BATCH = 50


@dataclass(frozen=True)
class Person:
    """An invented patient of a hospital."""

    patient_id: str
    name: str
    kana: str
    romaji: str
    birth_date: str
    accession_number: str

    @property
    def dicom_name(self) -> str:
        return f"{self.romaji}={self.name}={self.kana}"


@dataclass
class Sent:
    """What was sent, and what must not come out."""

    instances: int = 0
    reports: int = 0
    identified: set[str] = field(default_factory=set)

    def note(self, person: Person, *more: str) -> None:
        names = (person.name, person.kana, person.romaji)
        parts = {part for name in names for part in name.split("^") if len(part) > 1}
        whole = {name.replace("^", " ") for name in names} | set(names)
        values = {person.patient_id, person.accession_number, person.birth_date, *more}
        self.identified |= {value for value in (*parts, *whole, *values) if len(value) > 1}


def person(number: int) -> Person:
    """Return one of many invented people."""
    families = [
        ("高橋", "タカハシ", "TAKAHASHI"),
        ("渡邊", "ワタナベ", "WATANABE"),
        ("小笠原", "オガサワラ", "OGASAWARA"),
    ]
    givens = [
        ("健一郎", "ケンイチロウ", "KENICHIRO"),
        ("美智子", "ミチコ", "MICHIKO"),
        ("光太郎", "コウタロウ", "KOTARO"),
    ]
    family, given = families[number % 3], givens[number // 3 % 3]
    return Person(
        patient_id=f"PT{73021900 + number}",
        name=f"{family[0]}^{given[0]}",
        kana=f"{family[1]}^{given[1]}",
        romaji=f"{family[2]}^{given[2]}",
        birth_date=f"19{40 + number % 50:02d}0{1 + number % 9}1{number % 10}",
        accession_number=f"ACC{5510000 + number}",
    )


def study(files: Sequence[Path], who: Person, folder: Path, sent: Sent, study_date: str = "20240531") -> list[Path]:
    """Write the files as a Study of this person, with new UIDs, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    study_uid = generate_uid()
    series_uids: dict[str, str] = {}
    written = []
    for index, path in enumerate(files):
        dataset = copy.deepcopy(pydicom.dcmread(path))
        series_uid = series_uids.setdefault(dataset.SeriesInstanceUID, generate_uid())
        _identify(dataset, who, study_date)
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study_uid, series_uid
        dataset.SOPInstanceUID = generate_uid()
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        target = folder / f"{index:04d}.dcm"
        dataset.save_as(target, enforce_file_format=True)
        written.append(target)
        sent.note(who, study_uid, series_uid, dataset.SOPInstanceUID)
        sent.instances += 1
    return written


def _identify(dataset: Dataset, who: Person, study_date: str) -> None:
    dataset.SpecificCharacterSet = ["", "ISO 2022 IR 87"]
    dataset.PatientName = who.dicom_name
    dataset.PatientID = who.patient_id
    dataset.PatientBirthDate = who.birth_date
    dataset.AccessionNumber = who.accession_number
    dataset.StudyDate = dataset.SeriesDate = dataset.AcquisitionDate = dataset.ContentDate = study_date
    dataset.PatientSex, dataset.PatientAge = "F", "063Y"
    dataset.InstitutionName = "架空第一病院"
    dataset.ReferringPhysicianName = "SHIRAISHI^TAKESHI=白石^武志=シライシ^タケシ"


def by_storescu(files: Iterable[Path], port: int, called: str = "JMID") -> None:
    """Send by dcmtk's storescu; every file must be accepted."""
    command = [tool("storescu"), "-aet", "TESTPACS", "-aec", called, "-R", "127.0.0.1", str(port), *map(str, files)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)


def by_stow(files: Sequence[Path], url: str) -> None:
    """Send by dicomweb-client."""
    client = DICOMwebClient(url)
    for start in range(0, len(files), BATCH):
        answer = client.store_instances([pydicom.dcmread(path) for path in files[start : start + BATCH]])
        assert "FailedSOPSequence" not in answer, answer


def fhir_report(who: Person, number: int, study_date: str, text: str, modality: str = "CT") -> bytes:
    """Return a FHIR R4 DiagnosticReport with contained resources that name the person everywhere."""
    family, given = who.name.split("^")
    report = {
        "resourceType": "DiagnosticReport",
        "identifier": [{"system": "urn:example:reports", "value": f"RPT{number:06d}"}],
        "status": "final",
        "category": [{"coding": [{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": modality}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "18748-4"}], "text": "画像検査報告書"},
        "subject": {"reference": "#patient"},
        "basedOn": [{"reference": "#order"}],
        "effectiveDateTime": f"{study_date[:4]}-{study_date[4:6]}-{study_date[6:]}",
        "issued": f"{study_date[:4]}-{study_date[4:6]}-{study_date[6:]}T17:30:00+09:00",
        "conclusion": text,
        "contained": [
            {
                "resourceType": "Patient",
                "id": "patient",
                "identifier": [{"value": who.patient_id}],
                "name": [{"text": f"{family} {given}", "family": family, "given": [given]}],
                "birthDate": f"{who.birth_date[:4]}-{who.birth_date[4:6]}-{who.birth_date[6:]}",
            },
            {
                "resourceType": "ServiceRequest",
                "id": "order",
                "status": "completed",
                "intent": "order",
                "subject": {"reference": "#patient"},
                "identifier": [{"type": {"coding": [{"code": "ACSN"}]}, "value": who.accession_number}],
            },
        ],
    }
    return json.dumps(report, ensure_ascii=False).encode()


def drop_csv(rows: Sequence[dict[str, str]], folder: Path, name: str) -> None:
    """Drop a CSV as report servers do: under another name first, then renamed."""
    folder.mkdir(parents=True, exist_ok=True)
    half = folder / f"{name}.part"
    with half.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    half.rename(folder / name)
