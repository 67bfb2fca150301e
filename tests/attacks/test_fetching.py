"""Addresses in what is sent: whatever names one, none of them is asked (SSRF)."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pydicom
import pytest
import pytest_asyncio
from aiohttp import web

from shared.errors import Unavailable
from shared.web.identity.issuer import Issuer
from shared.web.identity.settings import access_settings
from tests.archive.store.test_basics import KIND, body
from tests.attacks.target import GATEWAY, Target, listener, target
from tests.flow.inside import SETTLED

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
FHIR = {"Content-Type": "application/fhir+json"}
STOW = 'multipart/related; type="application/dicom+json"; boundary=b'
WAITS = ("in-quarantine", "waiting", "unlinked", "linked", "quarantined", "deidentified", "partly-refused", "refused")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def attacked(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Target]:
    async with target(tmp_path_factory.mktemp("fetching")) as opened:
        yield opened


async def test_bulk_data_of_an_instance_are_of_the_same_request_alone(attacked: Target) -> None:
    async with listener() as own:
        for scheme in ("http", "ftp", "file", "//"):
            url = own.url.replace("http://", f"{scheme}://") if scheme != "//" else own.url.removeprefix("http:")
            metadata = [{"7FE00010": {"vr": "OW", "BulkDataURI": url}, "00080018": {"vr": "UI", "Value": ["1.2"]}}]
            sent = f"--b\r\nContent-Type: application/dicom+json\r\n\r\n{json.dumps(metadata)}\r\n--b--\r\n"
            async with attacked.client.post("/dicom-web/studies", data=sent, headers={"Content-Type": STOW}) as answer:
                assert answer.status in (400, 409)

        assert own.asked == []


async def test_addresses_in_a_report_are_not_asked_on_its_whole_way(attacked: Target) -> None:
    async with listener() as own:
        report = {
            "resourceType": "DiagnosticReport",
            "identifier": [{"system": own.url, "value": "ssrf-1"}],
            "meta": {"profile": [own.url], "source": own.url},
            "implicitRules": own.url,
            "status": "final",
            "code": {"text": "x", "coding": [{"system": own.url, "code": "1"}]},
            "subject": {"reference": own.url, "identifier": {"value": "p1"}},
            "basedOn": [{"reference": f"{own.url}/ServiceRequest/1"}],
            "imagingStudy": [{"reference": f"{own.url}/ImagingStudy/1"}],
            "presentedForm": [{"contentType": "text/plain", "url": own.url, "hash": "AA=="}],
            "media": [{"link": {"reference": own.url}}],
            "extension": [{"url": own.url, "valueUrl": own.url}],
            "conclusion": f"see {own.url}",
        }
        async with attacked.client.post("/ingest/reports", data=json.dumps(report), headers=FHIR) as answer:
            receipt = await answer.json()
        if answer.status < 300:
            await attacked.system.receipt(receipt["id"], *SETTLED, *WAITS)

        assert own.asked == []


async def test_addresses_in_a_message_are_not_asked(attacked: Target) -> None:
    async with listener() as own:
        message = (
            "MSH|^~\\&|A|B|||20260101||ORU^R01|id|P|2.5\rPID|||p1||Y^T\rOBR|1|o|f|c\r"
            f"OBX|1|RP|GDT^x||{own.url}^A^Application^PDF||||||F\rOBX|2|TX|GDT^x||{own.url}||||||F\r"
        )
        reader, writer = await asyncio.open_connection("127.0.0.1", attacked.mllp)
        writer.write(b"\x0b" + message.encode() + b"\x1c\r")
        assert b"MSA|A" in await reader.readuntil(b"\x1c\r")
        writer.close()

        assert own.asked == []


@pytest.mark.parametrize("path", ["/api/recalls", "/api/pins", "/api/links", "/api/diagnoses", "/api/annotations"])
async def test_what_a_reader_writes_at_the_centre_names_no_address_to_ask(attacked: Target, path: str) -> None:
    async with listener() as own:
        written = {"study_instance_uid": own.url, "study_instance_uids": [own.url], "by": own.url, "callback": own.url}
        async with attacked.client.post(
            path, json={**written, "url": own.url, "reason": own.url}, headers=GATEWAY
        ) as answer:
            assert answer.status < 500

        assert own.asked == []


async def test_an_issuer_that_leads_elsewhere_is_not_followed() -> None:
    async def elsewhere(_: web.Request) -> web.Response:
        raise web.HTTPFound(own.url)

    async with listener() as own:
        application = web.Application()
        application.add_routes([web.get("/{path:.*}", elsewhere)])
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        environ = {"JMID_ACCESS": "oidc", "JMID_ACCESS_ISSUER": url, "JMID_ACCESS_AUDIENCE": "jmid"}
        async with aiohttp.ClientSession() as session:
            with pytest.raises(Unavailable):
                await Issuer(session, access_settings(environ)).metadata()
        await runner.cleanup()

        assert own.asked == []


async def test_the_data_set_of_an_instance_names_no_address_to_ask(attacked: Target, shared_data: Path) -> None:
    async with listener() as own:
        data = pydicom.dcmread(next(iter(sorted((shared_data / "dicom" / "ct-philips").glob("I*")))))
        data.RetrieveURL = data.RetrieveURI = own.url
        data.PixelDataProviderURL = own.url
        data.StudyDescription = own.url
        file = io.BytesIO()
        data.save_as(file)
        async with attacked.client.post(
            "/dicom-web/studies", data=body([file.getvalue()]), headers={"Content-Type": KIND}
        ) as answer:
            assert answer.status in (200, 202, 409)
        path = f"/dicom-web/studies/{data.StudyInstanceUID}"
        for what in ("", "/metadata", "/rendered", "/thumbnail", "/bulkdata"):
            async with attacked.client.get(f"{path}{what}") as answer:
                await answer.read()

        assert own.asked == []
