"""Sends the bundled sample to the receiving endpoints, as a hospital would: C-STORE, STOW-RS, POST and a dropped CSV.

A pure client: it knows nothing of the services but their addresses.
"""

import asyncio
import base64
import csv
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import aiohttp
import msgspec
import orjson
import pydicom
from pydicom.dataset import Dataset
from pynetdicom import AE

from shared.errors import Unavailable
from shared.fhir import codes, systems

DATA = Path(__file__).parent / "sample_data" / "studies.zip"
ARRIVE_S = 120.0
BOUNDARY = "jmid-sample"
Tell = Callable[[str], None]


class Patient(msgspec.Struct, frozen=True):
    """An invented patient and what the sample says of the study. name: PN with its three component groups."""

    folder: str
    name: str
    patient_id: str
    birth_date: str
    sex: str
    age: str
    accession_number: str
    study_date: str
    study_description: str
    clinical: str
    findings: str
    impression: str


PATIENTS = (
    Patient(
        "ct", "SATO^KEN=佐藤^健=サトウ^ケン", "00412233", "19610412", "M", "063Y", "A24053101", "20240531",
        "Phantom CT", "胸部異常影の精査。佐藤さんは喫煙歴40年。",
        "右肺上葉に12 mm大の結節を認める。胸膜陥入像あり。縦隔リンパ節の腫大は認めない。\n心嚢液、胸水なし。",
        "右上葉結節、原発性肺癌疑い。",
    ),
    Patient(
        "mr", "WATANABE^MICHIKO=渡邊^美智子=ワタナベ^ミチコ", "00873310", "19710920", "F", "052Y", "A24060302",
        "20240603",
"Prostate MR", "経過観察。前回 令和5年12月4日。依頼医 白石武志。",
        "拡散強調像で高信号域を認めない。ADCの低下なし。前回と著変なし。",
        "明らかな異常を認めない。",
    ),
)  # fmt: skip


async def feed(base_url: str, *, own_headers: Mapping[str, str], dimse_port: int, csv_folder: Path, tell: Tell) -> None:
    """Send two studies and three reports; return when all are found at the centre. Raises Unavailable otherwise."""
    studies = await asyncio.to_thread(_studies)
    async with aiohttp.ClientSession(base_url, headers=own_headers) as session:
        tell(f"C-STORE: {len(studies['ct'])} CT instances")
        await asyncio.to_thread(_c_store, studies["ct"], dimse_port)
        tell(f"STOW-RS: {len(studies['mr'])} MR instances")
        await _stow(session, studies["mr"])
        tell("POST: a CT report as FHIR")
        await _post(session, _fhir(PATIENTS[0]))
        tell("CSV: an MR report and one without images")
        await asyncio.to_thread(_drop_csv, csv_folder)
        await _until_found(session, sum(map(len, studies.values())), tell)


def _studies() -> dict[str, list[bytes]]:
    with zipfile.ZipFile(DATA) as archive:
        return {
            patient.folder: [
                _identified(archive.read(name), patient)
                for name in sorted(archive.namelist())
                if name.startswith(f"{patient.folder}/")
            ]
            for patient in PATIENTS
        }


def _identified(data: bytes, patient: Patient) -> bytes:
    dataset = pydicom.dcmread(io.BytesIO(data))
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName = patient.name
    dataset.PatientID = patient.patient_id
    dataset.PatientBirthDate = patient.birth_date
    dataset.PatientSex = patient.sex
    dataset.PatientAge = patient.age
    dataset.AccessionNumber = patient.accession_number
    dataset.StudyDate = dataset.SeriesDate = patient.study_date
    dataset.StudyDescription = patient.study_description
    dataset.InstitutionName = "架空中央病院"
    target = io.BytesIO()
    dataset.save_as(target, enforce_file_format=True)
    return target.getvalue()


def _c_store(instances: Sequence[bytes], port: int) -> None:
    datasets: list[Dataset] = [pydicom.dcmread(io.BytesIO(data)) for data in instances]
    entity = AE(ae_title="SAMPLE")
    for uid in {str(dataset.SOPClassUID) for dataset in datasets}:
        entity.add_requested_context(uid, str(datasets[0].file_meta.TransferSyntaxUID))
    association = entity.associate("127.0.0.1", port, ae_title="JMID")
    if not association.is_established:
        raise Unavailable("the C-STORE endpoint does not answer")
    try:
        for dataset in datasets:
            status = association.send_c_store(dataset)
            if status.get("Status") != 0:
                raise Unavailable("the C-STORE endpoint refused an instance")
    finally:
        association.release()


async def _stow(session: aiohttp.ClientSession, instances: Sequence[bytes]) -> None:
    head = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    body = b"".join(head + data + b"\r\n" for data in instances) + f"--{BOUNDARY}--\r\n".encode()
    kind = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'
    async with session.post("/ingest/dicom-web/studies", data=body, headers={"Content-Type": kind}) as answer:
        if answer.status != 200:
            raise Unavailable(f"the STOW-RS receiver answered {answer.status}")


async def _post(session: aiohttp.ClientSession, report: bytes) -> None:
    headers = {"Content-Type": "application/fhir+json"}
    async with session.post("/ingest/reports", data=report, headers=headers) as answer:
        if answer.status != 202:
            raise Unavailable(f"the report receiver answered {answer.status}")


def _fhir(patient: Patient) -> bytes:
    family, given = patient.name.split("=")[1].split("^")
    texts = {codes.FINDINGS: patient.findings, codes.IMPRESSION: patient.impression}
    observations = [
        {
            "resourceType": "Observation",
            "id": f"o{code}",
            "status": "final",
            "code": {"coding": [{"system": systems.LOINC, "code": code}]},
            "valueString": text,
        }
        for code, text in texts.items()
    ]
    whole = f"患者 {family} {given} 様 (ID {patient.patient_id})\n{patient.findings}\n{patient.impression}"
    day = f"{patient.study_date[:4]}-{patient.study_date[4:6]}-{patient.study_date[6:]}"
    return orjson.dumps(
        {
            "resourceType": "DiagnosticReport",
            "identifier": [{"system": "urn:example:ris", "value": "R-2024-0531-7"}],
            "status": "final",
            "category": [{"coding": [{"system": systems.DCM, "code": "CT"}]}],
            "code": {"coding": [{"system": systems.LOINC, "code": codes.IMAGING_REPORT}]},
            "subject": {"reference": "#patient"},
            "basedOn": [{"reference": "#order"}],
            "effectiveDateTime": day,
            "issued": f"{day}T16:20:00+09:00",
            "result": [{"reference": f"#{each['id']}"} for each in observations],
            "conclusion": patient.impression,
            "presentedForm": [
                {"contentType": "text/plain; charset=utf-8", "data": base64.b64encode(whole.encode()).decode()}
            ],
            "contained": [
                {
                    "resourceType": "Patient",
                    "id": "patient",
                    "identifier": [{"value": patient.patient_id}],
                    "name": [{"family": family, "given": [given], "text": f"{family} {given}"}],
                    "birthDate": f"{patient.birth_date[:4]}-{patient.birth_date[4:6]}-{patient.birth_date[6:]}",
                },
                {
                    "resourceType": "ServiceRequest",
                    "id": "order",
                    "status": "completed",
                    "intent": "order",
                    "subject": {"reference": "#patient"},
                    "identifier": [
                        {"type": {"coding": [{"code": codes.ACCESSION}]}, "value": patient.accession_number}
                    ],
                    "reasonCode": [{"text": patient.clinical}],
                },
                *observations,
            ],
        }
    )


def _drop_csv(folder: Path) -> None:
    """Drop the file under another name first, then rename it, as a careful report server does."""
    mr = PATIENTS[1]
    linked = {
        "report_id": "R-2024-0603-2",
        "patient_id": mr.patient_id,
        "patient_name": "渡邊 美智子",
        "patient_kana": "ワタナベ ミチコ",
        "birth_date": mr.birth_date,
        "sex": "F",
        "accession_number": mr.accession_number,
        "modality": "MR",
        "exam_date": "令和6年6月3日",
        "status": "確定",
        "radiologist": "佐々木由美",
        "clinical_info": mr.clinical,
        "findings": mr.findings,
        "impression": mr.impression,
    }
    alone = {
        **linked,
        "report_id": "R-2024-0604-9",
        "patient_id": "00551207",
        "patient_name": "高橋 一郎",
        "patient_kana": "タカハシ イチロウ",
        "birth_date": "昭和23年1月5日",
        "sex": "M",
        "accession_number": "A24060409",
        "modality": "CT",
        "exam_date": "2024/6/4",
        "clinical_info": "頭部打撲。",
        "findings": "頭蓋内出血を認めない。高橋様の左側頭骨に骨折線なし。",
        "impression": "外傷性変化なし。",
    }
    folder.mkdir(parents=True, exist_ok=True)
    half = folder / "sample.part"
    with half.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, list(linked))
        writer.writeheader()
        writer.writerows([linked, alone])
    half.rename(folder / "sample.csv")


async def _until_found(session: aiohttp.ClientSession, instances: int, tell: Tell) -> None:
    """Wait until the centre finds every instance and all three reports."""
    deadline = asyncio.get_running_loop().time() + ARRIVE_S
    shown = (-1, -1)
    while asyncio.get_running_loop().time() < deadline:
        async with session.get("/api/cases", params={"limit": "50"}) as answer:
            cases = orjson.loads(await answer.read())["cases"] if answer.status == 200 else []
        now = (sum(case["instances"] for case in cases), sum(len(case["report_ids"]) for case in cases))
        if now != shown:
            tell(f"at the centre: {now[0]} of {instances} instances, {now[1]} of 3 reports")
            shown = now
        if now == (instances, 3):
            return
        await asyncio.sleep(0.3)
    raise Unavailable(f"after {ARRIVE_S:.0f} s the centre does not have everything; see jmid status")
