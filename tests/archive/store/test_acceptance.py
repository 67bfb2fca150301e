"""The centre takes de-identified Instances of a gateway and what its pages derive of Studies here; nothing else."""

import io
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import msgspec
import pydicom
import pytest
import pytest_asyncio
from aiohttp import web
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from services.archive.records import INSTANCES
from services.archive.store.routes import StowRoutes
from services.archive.store.store import Store
from shared.web import gateway_token
from tests.archive.conftest import Archive

TOKEN = "a-token-of-the-centre"
GATEWAY = {"Authorization": f"Bearer {TOKEN}"}
SEG, SR = "1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.88.33"
NOT_AUTHORIZED = 0x0124


@pytest_asyncio.fixture
async def centre(archive: Archive) -> AsyncIterator[aiohttp.ClientSession]:
    settings = msgspec.structs.replace(archive.deps.settings, accept="deidentified", gateway_token=TOKEN)
    deps = replace(archive.deps, settings=settings)
    app = web.Application()
    app.add_routes(StowRoutes(deps, Store(deps)).routes())
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as session:
        yield session
    await runner.cleanup()


def deidentified(number: int = 1, **values: Any) -> bytes:
    dataset = pydicom.dcmread(str(get_testdata_file("CT_small.dcm")))
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "113100", "DCM", "Basic Profile"
    marks = {
        "PatientIdentityRemoved": "YES",
        "DeidentificationMethod": ["J-MID jmid/2", "PS3.15 2026d"],
        "DeidentificationMethodCodeSequence": [code],
        "PatientName": "",
        "PatientID": "0123456789abcdef0123456789abcdef",
        "SOPInstanceUID": f"2.25.{number}",
        "StudyInstanceUID": "2.25.77",
    }
    for keyword, value in {**marks, **values}.items():
        setattr(dataset, keyword, value)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


async def store(centre: aiohttp.ClientSession, *files: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    parts = [b"--b\r\nContent-Type: application/dicom\r\n\r\n" + data + b"\r\n" for data in files]
    kind = {"Content-Type": 'multipart/related; type="application/dicom"; boundary=b'}
    body = b"".join(parts) + b"--b--"
    async with centre.post("/dicom-web/studies", data=body, headers={**kind, **headers}) as answer:
        return answer.status, await answer.json(content_type=None) if answer.status != 401 else {}


def reasons(answer: dict[str, Any]) -> list[int]:
    failed = answer.get("00081198", {}).get("Value", [])
    return [item["00081197"]["Value"][0] for item in failed]


async def test_what_a_gateway_sends_deidentified_is_stored(centre: aiohttp.ClientSession) -> None:
    assert (await store(centre, deidentified(), **GATEWAY))[0] == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"PatientIdentityRemoved": "NO"},
        {"DeidentificationMethod": "by hand"},
        {"DeidentificationMethod": "J-MID mine/1"},
        {"DeidentificationMethodCodeSequence": []},
    ],
)
async def test_what_has_no_mark_of_a_known_profile_is_refused_and_the_others_are_stored(
    centre: aiohttp.ClientSession, archive: Archive, wrong: dict[str, Any]
) -> None:
    status, answer = await store(centre, deidentified(1, **wrong), deidentified(2), **GATEWAY)

    assert (status, reasons(answer)) == (202, [NOT_AUTHORIZED])
    assert await archive.deps.documents.count(INSTANCES) == 1


async def test_without_the_credential_nothing_is_stored(centre: aiohttp.ClientSession, archive: Archive) -> None:
    none = await store(centre, deidentified())
    wrong, _ = await store(centre, deidentified(), Authorization="Bearer another")

    assert (none[0], reasons(none[1]), wrong) == (409, [NOT_AUTHORIZED], 401)
    assert await archive.deps.documents.count(INSTANCES) == 0


@pytest.mark.parametrize("sop_class", [SEG, SR])
async def test_a_page_stores_what_is_derived_of_a_study_here(centre: aiohttp.ClientSession, sop_class: str) -> None:
    await store(centre, deidentified(), **GATEWAY)
    origin = {"Origin": f"http://{centre._base_url.host}:{centre._base_url.port}"}  # type: ignore[union-attr]
    derived = {"SOPClassUID": sop_class, "SeriesInstanceUID": "2.25.9", "PatientIdentityRemoved": None}

    assert (await store(centre, deidentified(2, **derived), **origin))[0] == 200
    for wrong in (
        {"StudyInstanceUID": "2.25.78"},
        {"PatientID": "00123456"},
        {"PatientName": "Sato^Ken"},
        {"PatientBirthDate": "19530417"},
        {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"},
    ):
        status, answer = await store(centre, deidentified(3, **{**derived, **wrong}), **origin)
        assert (status, reasons(answer)) == (409, [NOT_AUTHORIZED]), wrong
    assert (await store(centre, deidentified(4, **derived), Origin="http://elsewhere.example"))[0] == 409


def test_a_token_is_made_once_and_for_its_owner_alone(tmp_path: Any) -> None:
    path = tmp_path / "centre" / "gateway.token"

    token = gateway_token.made(path)

    assert gateway_token.made(path) == token == gateway_token.known(path)
    assert len(token) > 40
    assert path.stat().st_mode & 0o077 == 0
