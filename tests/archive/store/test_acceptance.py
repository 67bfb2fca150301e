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

from services.archive import retrieve_routes
from services.archive.housekeeping.withdrawal_routes import withdrawal_routes
from services.archive.records import INSTANCES
from services.archive.store.acceptance import Sender
from services.archive.store.routes import StowRoutes
from services.archive.store.store import Store
from services.free_text import findings
from shared.errors import SettingsError
from shared.web import gateway_token
from shared.web.identity.actor import Credential
from tests.archive.conftest import Archive

TOKEN = "a-token-of-the-centre"
GATEWAY = {"Authorization": f"Bearer {TOKEN}"}
CT = "1.2.840.10008.5.1.4.1.1.2"
SEG, SR = "1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.88.33"
NOT_AUTHORIZED = 0x0124


@pytest_asyncio.fixture
async def centre(archive: Archive) -> AsyncIterator[aiohttp.ClientSession]:
    settings = msgspec.structs.replace(archive.deps.settings, accept="deidentified")
    osaka = Credential("a-token-of-osaka", gateway_token.gateway_of("osaka"))
    tokens = gateway_token.GatewayTokens(Credential(TOKEN, gateway_token.GATEWAY), osaka)
    deps = replace(archive.deps, settings=settings, text_check=findings, gateways=tokens)
    app = web.Application()
    routes = (StowRoutes(deps, Store(deps)).routes(), withdrawal_routes(deps), retrieve_routes.routes(deps))
    app.add_routes([each for some in routes for each in some])
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
    if values.pop("is_derived", False):
        dataset.remove_private_tags()
        dataset.SpecificCharacterSet = "ISO_IR 192"
        del dataset.DataSetTrailingPadding
    if private := values.pop("private", ""):
        dataset.private_block(0x0011, "A VIEWER", create=True).add_new(1, "LO", private)
    for keyword, value in {**marks, **values}.items():
        if value is None:
            dataset.pop(keyword, None)
        else:
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


@pytest.mark.parametrize("version", [2, 3])
async def test_what_a_gateway_sends_deidentified_is_stored(centre: aiohttp.ClientSession, version: int) -> None:
    data = deidentified(DeidentificationMethod=[f"J-MID jmid/{version}", "PS3.15 2026d"])

    assert (await store(centre, data, **GATEWAY))[0] == 200


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


def derived(number: int, *typed: str, refers: str = "2.25.1", **values: Any) -> bytes:
    """Return what a viewer makes of the Instance 2.25.1."""
    reference, series, text = Dataset(), Dataset(), Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = CT, refers
    series.SeriesInstanceUID, series.ReferencedSOPSequence = "2.25.8", [reference]
    text.ValueType, text.TextValue = "TEXT", "".join(typed)
    marks = {"PatientIdentityRemoved": None, "DeidentificationMethod": None, "DeidentificationMethodCodeSequence": None}
    own = {"is_derived": True, "SOPClassUID": SR, "SeriesInstanceUID": "2.25.9", "ReferencedSeriesSequence": [series]}
    return deidentified(number, **marks, **{**own, "ContentSequence": [text], **values})


def page_of(centre: aiohttp.ClientSession, **more: str) -> dict[str, str]:
    return {"Origin": f"http://{centre._base_url.host}:{centre._base_url.port}", **more}  # type: ignore[union-attr]


@pytest.mark.parametrize("sop_class", [SEG, SR])
async def test_a_page_stores_what_is_derived_of_instances_here(centre: aiohttp.ClientSession, sop_class: str) -> None:
    await store(centre, deidentified(), **GATEWAY)

    taken = derived(2, "右上葉の結節、12 mm", SOPClassUID=sop_class, ContentCreatorName="unknown^unknown")

    assert (await store(centre, taken, **page_of(centre)))[0] == 200
    assert (await store(centre, taken, **page_of(centre, **{"Sec-Fetch-Site": "same-origin"})))[0] == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"StudyInstanceUID": "2.25.78"},
        {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"},
        {"PatientID": "00123456"},
        {"PatientID": None},
        {"PatientName": "Sato^Ken"},
        {"PatientBirthDate": "19530417"},
        {"OtherPatientIDs": "00123456"},
        {"PatientComments": "x"},
        {"AccessionNumber": "A2404010017"},
        {"refers": "2.25.4711"},
        {"ReferencedSeriesSequence": None},
        {"ContentCreatorName": "佐藤^健"},
        {"SeriesDescription": "佐藤健さんの結節"},
        {"InstitutionName": "みなとの杜病院"},
        {"EncapsulatedDocument": b"Sato Ken "},
        {"private": "Sato Ken"},
    ],
)
async def test_a_page_stores_nothing_else(
    centre: aiohttp.ClientSession, archive: Archive, wrong: dict[str, Any]
) -> None:
    await store(centre, deidentified(), **GATEWAY)

    status, answer = await store(centre, derived(3, **wrong), derived(4), **page_of(centre))

    assert (status, reasons(answer)) == (202, [NOT_AUTHORIZED])
    assert not any(value in str(answer) for value in ("Sato", "佐藤", "00123456", "A2404010017"))
    assert await archive.deps.documents.count(INSTANCES) == 2


@pytest.mark.parametrize("codec", ["utf-8", "cp932", "euc_jp", "iso2022_jp"])
@pytest.mark.parametrize("declared", [b"ISO_IR 100", b"ISO_IR 6  ", b"ISO_IR 13 "])
async def test_a_name_in_a_character_set_that_is_not_declared_is_seen(
    centre: aiohttp.ClientSession, archive: Archive, declared: bytes, codec: str
) -> None:
    """OHIF writes UTF-8 into a segmentation and declares nothing."""
    await store(centre, deidentified(), **GATEWAY)
    space, name = b"@" * 30, "佐藤太郎さんの腫瘍".encode(codec)
    data = derived(2, SeriesDescription=space.decode()).replace(space, name.ljust(len(space)))

    status, answer = await store(centre, data.replace(b"ISO_IR 192", declared), **page_of(centre))

    assert (status, reasons(answer)) == (409, [NOT_AUTHORIZED])


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://elsewhere.example"},
        {"Origin": "http://["},
        {"Origin": "null"},
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_who_is_no_page_of_ours_stores_nothing(centre: aiohttp.ClientSession, headers: dict[str, str]) -> None:
    await store(centre, deidentified(), **GATEWAY)
    shown = {**page_of(centre), **headers} if "Sec-Fetch-Site" in headers else headers

    assert (await store(centre, derived(3), **shown))[0] == 409


async def test_where_nothing_can_look_at_texts_a_page_stores_none(archive: Archive) -> None:
    settings = msgspec.structs.replace(archive.deps.settings, accept="deidentified")
    closed = Store(replace(archive.deps, settings=settings))
    await closed.take([deidentified()], sender=Sender(is_gateway=True))

    [typed] = await closed.take([derived(2, "結節")], sender=Sender(is_own_page=True))

    assert typed.failure is not None
    assert "text-not-checked" in typed.failure.detail


async def test_what_a_page_derives_is_marked_as_made_here_and_what_a_gateway_sends_is_not(archive: Archive) -> None:
    settings = msgspec.structs.replace(archive.deps.settings, accept="deidentified")
    own = Store(replace(archive.deps, settings=settings))

    [sent] = await own.take([deidentified()], sender=Sender(is_gateway=True))
    [made] = await own.take([derived(2)], sender=Sender(is_own_page=True))

    records = await archive.deps.documents.get_many(INSTANCES, [sent.sop_instance_uid, made.sop_instance_uid])
    assert {uid: each.is_made_here for uid, each in records.items()} == {
        sent.sop_instance_uid: False,
        made.sop_instance_uid: True,
    }


async def test_the_token_of_a_site_stores_what_is_of_that_site_and_nothing_else(centre: aiohttp.ClientSession) -> None:
    osaka = {"Authorization": "Bearer a-token-of-osaka"}

    own = await store(centre, deidentified(1, InstitutionName="osaka", StudyInstanceUID="2.25.11"), **osaka)
    other = await store(centre, deidentified(2, InstitutionName="tokyo", StudyInstanceUID="2.25.12"), **osaka)

    assert own[0] == 200
    assert other[0] == 409
    assert reasons(other[1]) == [NOT_AUTHORIZED]


@pytest.mark.parametrize("given", ["=token", "osaka=", "osaka==", " =x"])
def test_a_wrong_list_of_tokens_is_refused_by_the_name_of_the_setting(given: str) -> None:
    with pytest.raises(SettingsError, match="JMID_X"):
        gateway_token.read_tokens("JMID_X", ["tokyo=good", given], may_share=True)


def test_one_acts_for_a_site_with_its_own_token_before_a_shared_one() -> None:
    tokens = gateway_token.read_tokens("JMID_X", ["everybodys", "osaka=of-osaka"], may_share=True)

    assert [tokens.token_of(site) for site in ("osaka", "tokyo")] == ["of-osaka", "everybodys"]
    assert gateway_token.read_tokens("JMID_X", ["osaka=of-osaka"], may_share=False).token_of("tokyo") == ""


def test_a_token_is_made_once_and_for_its_owner_alone(tmp_path: Any) -> None:
    path = tmp_path / "centre" / "gateway.token"

    token = gateway_token.made(path)

    assert gateway_token.made(path) == token == gateway_token.known(path)
    assert len(token) > 40
    assert path.stat().st_mode & 0o077 == 0
