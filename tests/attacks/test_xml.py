"""XML that reads files, asks servers or grows: CDA at ingest, the Native DICOM Model at the archive."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.attacks.target import CANARY, Target, listener, target

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
CDA = '<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xi="http://www.w3.org/2001/XInclude">{}</ClinicalDocument>'
NATIVE = (
    '<NativeDicomModel xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM" '
    'xmlns:xi="http://www.w3.org/2001/XInclude"><DicomAttribute tag="00081030" vr="LO">'
    '<Value number="1">{}</Value></DicomAttribute></NativeDicomModel>'
)
STOW = 'multipart/related; type="application/dicom+xml"; boundary=b'
BOMB = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def attacked(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Target]:
    async with target(tmp_path_factory.mktemp("xml")) as opened:
        yield opened


def documents(root: str, url: str, file: Path) -> dict[str, str]:
    """Return the attacks on a document, by name. root: with a place for what stands in it."""
    return {
        "a file by an entity": f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{file}">]>{root.format("&e;")}',
        "a server by an entity": f'<!DOCTYPE x [<!ENTITY e SYSTEM "{url}">]>{root.format("&e;")}',
        "a server by a parameter entity": f'<!DOCTYPE x [<!ENTITY % e SYSTEM "{url}">%e;]>{root.format("")}',
        "a server by an external DTD": f'<!DOCTYPE x SYSTEM "{url}">{root.format("")}',
        "a server by a public DTD": f'<!DOCTYPE x PUBLIC "-//x" "{url}">{root.format("")}',
        "a file by XInclude": root.format(f'<xi:include parse="text" href="file://{file}"/>'),
        "a server by XInclude": root.format(f'<xi:include href="{url}"/>'),
        "a server by a style sheet": f'<?xml-stylesheet href="{url}"?>{root.format("")}',
        "a server by a schema": root.format("").replace(
            ">", f' xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:schemaLocation="x {url}">', 1
        ),
        "a billion laughs": f'<!DOCTYPE x [<!ENTITY l0 "lol">{BOMB}]>{root.format("&l11;")}',
        "a quadratic blow-up": f'<!DOCTYPE x [<!ENTITY a "{"a" * 100_000}">]>{root.format("&a;" * 10_000)}',
        "depth": root.format(f"{'<a>' * 100_000}{'</a>' * 100_000}"),
    }


@pytest.mark.parametrize("attack", documents(CDA, "", Path()))
async def test_a_cda_document_reads_no_file_asks_no_server_and_does_not_grow(attacked: Target, attack: str) -> None:
    async with listener() as own:
        document = documents(CDA, own.url, attacked.home / "canary.txt")[attack]
        headers = {"Content-Type": "application/hl7-cda+xml"}
        async with attacked.client.post("/ingest/reports", data=document.encode(), headers=headers) as answer:
            text = await answer.text()

        assert answer.status in (400, 422), text
        assert (CANARY in text, own.asked) == (False, [])


@pytest.mark.parametrize("attack", documents(NATIVE, "", Path()))
async def test_native_dicom_xml_reads_no_file_asks_no_server_and_does_not_grow(attacked: Target, attack: str) -> None:
    async with listener() as own:
        document = documents(NATIVE, own.url, attacked.home / "canary.txt")[attack]
        body = f"--b\r\nContent-Type: application/dicom+xml\r\n\r\n{document}\r\n--b--\r\n"
        async with attacked.client.post(
            "/dicom-web/studies", data=body.encode(), headers={"Content-Type": STOW}
        ) as answer:
            text = await answer.text()

        assert answer.status in (400, 409), text
        assert (CANARY in text, own.asked) == (False, [])


@pytest.mark.parametrize("kind", ["application/fhir+xml", "application/xml", "text/xml", "image/svg+xml"])
async def test_other_xml_is_no_report(attacked: Target, kind: str) -> None:
    async with listener() as own:
        document = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{own.url}">]><DiagnosticReport>&e;</DiagnosticReport>'
        async with attacked.client.post(
            "/ingest/reports", data=document.encode(), headers={"Content-Type": kind}
        ) as answer:
            assert answer.status in (400, 415)

        assert own.asked == []
