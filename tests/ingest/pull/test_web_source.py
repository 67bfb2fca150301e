"""A DICOMweb server by https, with an authority of its own and a token, some of whose answers break off."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from services.ingest.pull.wanted import by_uids
from services.ingest.pull_records import PULLS
from tests.ingest.conftest import open_doors
from tests.ingest.pull.test_pull import begun, ended, pull_of, sources
from tests.servers.certificates import Authority
from tests.servers.process import free_ports

WHOLE, CUT = "1.2.3", "1.2.4"
TOKEN = "a-token-of-this-test"


@asynccontextmanager
async def vna(authority: Authority, instance: bytes) -> AsyncIterator[str]:
    """Yield the address of a server with two Studies of two Instances each; one of them it sends half of."""
    pair = authority.issue("CN=vna")

    async def search(request: web.Request) -> web.Response:
        _check(request)
        study = {"0020000D": {"vr": "UI", "Value": [request.query["StudyInstanceUID"]]}}
        return web.json_response([{**study, "00201208": {"vr": "IS", "Value": ["2"]}}])

    async def retrieve(request: web.Request) -> web.Response:
        _check(request)
        part = b"--b\r\nContent-Type: application/dicom\r\n\r\n" + instance + b"\r\n"
        second = part.replace(b"ISO_IR", b"ISO-IR")
        body = part + (second + b"--b--\r\n" if request.match_info["study"] == WHOLE else second[:200])
        kind = 'multipart/related; type="application/dicom"; boundary=b'
        return web.Response(body=body, headers={"Content-Type": kind})

    server = web.Application()
    server.add_routes([web.get("/dicom-web/studies", search), web.get("/dicom-web/studies/{study}", retrieve)])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    runner = web.AppRunner(server)
    await runner.setup()
    (port,) = free_ports(1)
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=context).start()
    try:
        yield f"https://localhost:{port}/dicom-web"
    finally:
        await runner.cleanup()


def _check(request: web.Request) -> None:
    if request.headers.get("Authorization") != f"Bearer {TOKEN}":
        raise web.HTTPUnauthorized


async def test_a_study_that_broke_off_failed_and_the_other_arrived(tmp_path: Path, ct: list[Path]) -> None:
    authority = Authority(tmp_path / "pki")
    (tmp_path / "token").write_text(TOKEN + "\n")
    async with vna(authority, ct[0].read_bytes()) as url:
        source = f'name = "vna"\nurl = "{url}"\nca = "{authority.file}"\ntoken_file = "{tmp_path / "token"}"'
        async with open_doors(tmp_path / "home", **sources(tmp_path, source)) as doors:
            rows = await ended(doors, await begun(doors, by_uids(f"{CUT}\n{WHOLE}"), "vna"))

    results = [(row.state.value, row.arrived, row.reason, row.attempts) for row in rows]
    assert results == [("failed", 1, "body-not-whole", 3), ("arrived", 2, "", 1)]


@pytest.mark.parametrize(("ca", "token", "reason"), [("", TOKEN, "no-connection"), ("ca", "other", "http-401")])
async def test_a_source_that_is_not_trusted_or_does_not_know_us_is_waited_for(
    tmp_path: Path, ct: list[Path], ca: str, token: str, reason: str
) -> None:
    authority = Authority(tmp_path / "pki")
    (tmp_path / "token").write_text(token)
    async with vna(authority, ct[0].read_bytes()) as url:
        source = f'name = "vna"\nurl = "{url}"\ntoken_file = "{tmp_path / "token"}"'
        source += f'\nca = "{authority.file}"' if ca else ""
        async with open_doors(tmp_path / "home", **sources(tmp_path, source)) as doors:
            pull_id = await begun(doors, by_uids(WHOLE), "vna")

            async def waits() -> bool:
                return bool((await pull_of(doors, pull_id)).reason)

            await doors.until(waits)
            pull = await doors.documents.get(PULLS, pull_id)

    assert pull is not None and (pull.state.value, pull.reason) == ("finding", reason)
