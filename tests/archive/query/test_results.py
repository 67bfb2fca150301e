"""What a search answers: representations, warnings, Attributes, relations between levels."""

import asyncio
import io
from pathlib import Path
from typing import Any

import pydicom
import pytest
from dicomweb_client import DICOMwebClient
from lxml import etree
from pydicom.uid import generate_uid
from yarl import URL

from tests.archive.conftest import Archive
from tests.archive.store.test_basics import changed, qido, stow


@pytest.fixture
def small(shared_data: Path) -> bytes:
    data = (shared_data / "dicom/ct-philips/I10").read_bytes()
    return changed(data, Rows=8, Columns=8, PixelData=b"\0" * 128, TimezoneOffsetFromUTC="+0900")


def of(data: bytes, keyword: str) -> str:
    return str(getattr(pydicom.dcmread(io.BytesIO(data)), keyword))


def without(data: bytes, *keywords: str) -> bytes:
    data_set = pydicom.dcmread(io.BytesIO(data))
    for keyword in keywords:
        delattr(data_set, keyword)
    target = io.BytesIO()
    data_set.save_as(target)
    return target.getvalue()


async def test_a_search_answers_multipart_xml_on_request(archive: Archive, small: bytes) -> None:
    await stow(archive, [small])
    accept = {"Accept": 'multipart/related; type="application/dicom+xml"'}

    async with archive.client.get("/dicom-web/studies", headers=accept) as answer:
        kind, text = answer.headers["Content-Type"], await answer.read()
    async with archive.client.get("/dicom-web/studies?PatientID=nobody", headers=accept) as nothing:
        assert nothing.status == 204

    document = etree.fromstring(text.split(b"\r\n\r\n", 1)[1].rpartition(b"\r\n--")[0])
    name = document.find("{*}DicomAttribute[@keyword='StudyInstanceUID']/{*}Value")
    assert "multipart/related" in kind
    assert name is not None
    assert name.text == of(small, "StudyInstanceUID")


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/dicom+json", 200),
        ("application/json", 200),
        ("*/*", 200),
        ("image/png", 406),
        ("text/html", 406),
    ],
)
async def test_what_is_acceptable(archive: Archive, accept: str, status: int) -> None:
    async with archive.client.get("/dicom-web/studies", headers={"Accept": accept}) as answer:
        assert answer.status == status


async def test_no_match_is_an_empty_array(archive: Archive) -> None:
    assert await qido(archive, "/studies?PatientID=nobody") == []


async def test_what_is_not_applied_is_warned_of(archive: Archive) -> None:
    async with archive.client.get("/dicom-web/studies?multiplevaluematching=true") as answer:
        assert "multiplevaluematching" in answer.headers["Warning"]


async def test_without_a_modality_there_are_no_modalities(archive: Archive, small: bytes) -> None:
    await stow(archive, [without(small, "Modality")])

    (study,) = await qido(archive, "/studies")

    assert "00080061" not in study
    assert study["00080201"]["Value"] == ["+0900"]


async def test_an_attribute_in_a_sequence_is_a_key(archive: Archive, small: bytes) -> None:
    data_set = pydicom.dcmread(io.BytesIO(small))
    item = pydicom.Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "77477000", "SCT", "CT"
    data_set.ProcedureCodeSequence = [item]
    target = io.BytesIO()
    data_set.save_as(target)
    await stow(archive, [target.getvalue()])

    found = await qido(archive, "/studies?ProcedureCodeSequence.CodeValue=77477000&includefield=ProcedureCodeSequence")
    other = await qido(archive, "/studies?00081032.00080100=1")

    assert found[0]["00081032"]["Value"][0]["00080100"]["Value"] == ["77477000"]
    assert other == []


async def test_keys_of_other_levels_relate(archive: Archive, small: bytes) -> None:
    other = changed(
        small,
        StudyInstanceUID=generate_uid(),
        SeriesInstanceUID=generate_uid(),
        SOPInstanceUID=generate_uid(),
        PatientID="other",
        Modality="MR",
    )
    await stow(archive, [small, other])

    by_modality = await qido(archive, "/studies?Modality=MR")
    by_patient = await qido(archive, "/instances?PatientID=other")
    by_instance = await qido(archive, f"/studies?SOPInstanceUID={of(other, 'SOPInstanceUID')}")
    series = await qido(archive, "/series?PatientID=other&Modality=MR")

    study = [of(other, "StudyInstanceUID")]
    assert [each["0020000D"]["Value"] for each in (*by_modality, *by_patient, *by_instance, *series)] == [study] * 4
    assert by_patient[0]["00100020"]["Value"] == ["other"]


async def test_pages_are_stable_and_complete(archive: Archive, small: bytes) -> None:
    await stow(archive, [changed(small, SOPInstanceUID=generate_uid()) for _ in range(7)])

    pages = [await qido(archive, f"/instances?limit=3&offset={offset}") for offset in (0, 3, 6)]
    uids = [each["00080018"]["Value"][0] for page in pages for each in page]

    assert len(set(uids)) == 7
    assert uids == sorted(uids)


async def test_dicomweb_client_reads_every_resource(archive: Archive, small: bytes) -> None:
    await stow(archive, [small])
    assert archive.client._base_url is not None
    client = DICOMwebClient(str(archive.client._base_url.join(URL("/dicom-web"))))
    study, series = of(small, "StudyInstanceUID"), of(small, "SeriesInstanceUID")

    found: list[Any] = []
    for ask in (
        lambda: client.search_for_studies(fuzzymatching=True, search_filters={"PatientID": "*"}),
        lambda: client.search_for_series(),
        lambda: client.search_for_series(study),
        lambda: client.search_for_instances(study, series, fields=["Rows", "00280011"]),
        lambda: client.search_for_instances(limit=1),
    ):
        found.append(await asyncio.to_thread(ask))

    assert [len(each) for each in found] == [1] * 5
