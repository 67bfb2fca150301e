"""DIMSE and MLLP by TLS, with dcmtk, pynetdicom and a plain TLS client; the files are read again when they change."""

import asyncio
import ssl
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from pynetdicom import AE
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from services.ingest.receipts.records import ARRIVALS, RECEIPTS
from services.ingest.reports.hl7.frames import END, START
from shared.errors import SettingsError
from tests.ingest.conftest import open_doors
from tests.ingest.reports.test_messages import ORU
from tests.servers.certificates import Authority, Pair
from tests.servers.dcmtk import tool
from tests.servers.process import free_ports


class Site(NamedTuple):
    """An authority, the gateway's certificate, that of the PACS, one of another subject, one of another authority."""

    authority: Authority
    server: Pair
    pacs: Pair
    other: Pair
    foreign: Pair
    port: int
    environ: dict[str, str]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    authority = Authority(tmp_path / "pki")
    server, pacs, other = (authority.issue(f"CN={name}") for name in ("gateway", "pacs", "other"))
    foreign = Authority(tmp_path / "pki", "elsewhere").issue("CN=pacs")
    (port,) = free_ports(1)
    write_peers(tmp_path, "PACS")
    environ = {
        "JMID_INGEST_TLS_CERTIFICATE": str(server.certificate),
        "JMID_INGEST_TLS_KEY": str(server.key),
        "JMID_INGEST_TLS_CLIENT_CA": str(authority.file),
        "JMID_INGEST_AE_PEERS": str(tmp_path / "peers.toml"),
    }
    return Site(authority, server, pacs, other, foreign, port, environ)


def write_peers(folder: Path, title: str) -> None:
    text = f"""
    [[ae]]
    ae_title = "{title}"
    addresses = ["127.0.0.1"]
    subjects = ["CN=pacs"]

    [[mllp]]
    name = "ris"
    addresses = ["127.0.0.1"]
    subjects = ["CN=pacs"]
    """
    (folder / "peers.toml").write_text(text, encoding="utf-8")


async def storescu(site: Site, pair: Pair, *files: Path, title: str = "PACS", called: str = "JMID") -> bool:
    command = [
        *(tool("storescu"), "-aet", title, "-aec", called, "+tls", str(pair.key), str(pair.certificate)),
        *("+cf", str(site.authority.file), "127.0.0.1", str(site.port), *map(str, files)),
    ]
    return (await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=60)).returncode == 0


async def test_storescu_by_tls_is_taken_with_the_listed_certificate_alone(
    tmp_path: Path, ct: list[Path], site: Site
) -> None:
    async with open_doors(tmp_path / "home", **site.environ, JMID_INGEST_DIMSE_TLS_PORT=str(site.port)) as doors:
        taken = [await storescu(site, pair, ct[n]) for n, pair in enumerate((site.pacs, site.other, site.foreign))]
        many = await storescu(site, site.pacs, *ct[3:9])
        wrong_title = await storescu(site, site.pacs, ct[1], title="OTHER")
        plain = await asyncio.to_thread(
            subprocess.run,
            [tool("echoscu"), "-aet", "PACS", "-to", "5", "127.0.0.1", str(doors.dimse_port)],
            timeout=60,
        )
        arrivals = await doors.documents.count(ARRIVALS)

    assert (taken, many, wrong_title) == ([True, False, False], True, False)
    assert plain.returncode != 0  # without TLS there is no certificate to know it by
    assert arrivals == 7


@pytest.mark.parametrize(("title", "called", "reason"), [("OTHER", "JMID", 3), ("PACS", "ELSE", 7)])
async def test_who_is_not_listed_is_rejected_as_the_standard_says(
    tmp_path: Path, site: Site, title: str, called: str, reason: int
) -> None:
    def rejection() -> tuple[int, int, int]:
        context = ssl.create_default_context(cafile=str(site.authority.file))
        context.load_cert_chain(site.pacs.certificate, site.pacs.key)
        entity = AE(ae_title=title)
        entity.add_requested_context(Verification)
        answer = entity.associate(
            "127.0.0.1", site.port, ae_title=called, tls_args=(context, "localhost")
        ).acceptor.primitive
        assert answer is not None
        return answer.result, answer.result_source, answer.diagnostic  # type: ignore[return-value]

    async with open_doors(tmp_path / "home", **site.environ, JMID_INGEST_DIMSE_TLS_PORT=str(site.port)):
        assert await asyncio.to_thread(rejection) == (1, 1, reason)


async def spoken(site: Site, pair: Pair | None, *, most: ssl.TLSVersion | None = None) -> bytes:
    """Return what a message by MLLP and TLS is answered with; nothing if it is not taken."""
    context = ssl.create_default_context(cafile=str(site.authority.file))
    if most is not None:
        context.minimum_version = context.maximum_version = most
    if pair is not None:
        context.load_cert_chain(pair.certificate, pair.key)
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port, ssl=context, server_hostname="localhost")
        writer.write(START + ORU + END)
        answer = await reader.readuntil(END)
        writer.close()
    except (OSError, asyncio.IncompleteReadError):
        return b""
    return answer


async def test_mllp_by_tls_is_answered_with_the_listed_certificate_alone(tmp_path: Path, site: Site) -> None:
    async with (
        open_doors(tmp_path / "home", **site.environ, JMID_INGEST_MLLP_TLS_PORT=str(site.port)) as doors,
        asyncio.timeout(30),
    ):
        answers = [await spoken(site, pair) for pair in (None, site.other, site.foreign, site.pacs)]
        by_1_2 = await spoken(site, site.pacs, most=ssl.TLSVersion.TLSv1_2)
        receipts = (await doors.documents.find(RECEIPTS)).documents

    assert answers[:3] == [b""] * 3
    assert all(b"\rMSA|AA|" in each for each in (answers[3], by_1_2))
    assert {each.sender for each in receipts} == {"ris"}


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01\x02\x00", b"GET / HTTP/1.1\r\n\r\n"])
async def test_who_makes_no_handshake_is_closed_and_keeps_nobody_out(tmp_path: Path, site: Site, sent: bytes) -> None:
    times = {"JMID_INGEST_ASSOCIATE_TIMEOUT_S": "0.3", "JMID_INGEST_DIMSE_TLS_PORT": str(site.port)}
    async with open_doors(tmp_path / "home", **site.environ, **times), asyncio.timeout(20):
        silent = [await asyncio.open_connection("127.0.0.1", site.port) for _ in range(3)]
        for _, writer in silent:
            writer.write(sent)
        command = [
            tool("echoscu"),
            "-aet",
            "PACS",
            "-aec",
            "JMID",
            "+tls",
            str(site.pacs.key),
            str(site.pacs.certificate),
        ]
        command += ["+cf", str(site.authority.file), "127.0.0.1", str(site.port)]
        echo = await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=60)
        for reader, writer in silent:
            with suppress(ConnectionResetError):
                await reader.read()  # to its end
            writer.close()

    assert echo.returncode == 0


async def test_nothing_below_tls_1_2_is_agreed_on(tmp_path: Path, site: Site) -> None:
    async with open_doors(tmp_path / "home", **site.environ, JMID_INGEST_DIMSE_TLS_PORT=str(site.port)):
        command = ["openssl", "s_client", "-connect", f"127.0.0.1:{site.port}", "-cipher", "ALL:@SECLEVEL=0"]
        results = [
            await asyncio.to_thread(
                subprocess.run,
                [*command, version, "-cert", str(site.pacs.certificate), "-key", str(site.pacs.key)],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=60,
            )
            for version in ("-tls1_1", "-tls1_2")
        ]

    assert [b"Cipher is (NONE)" in each.stdout for each in results] == [True, False]


async def test_files_are_read_again_when_they_change_and_a_wrong_one_leaves_the_old_in_force(
    tmp_path: Path, site: Site, ct: list[Path]
) -> None:
    async with open_doors(tmp_path / "home", **site.environ, JMID_INGEST_DIMSE_TLS_PORT=str(site.port)) as doors:

        async def new_title_is_taken() -> bool:
            return await storescu(site, site.pacs, ct[0], title="NEW")

        async def is_refused() -> bool:
            async with doors.client.get("/-/status") as answer:
                return int((await answer.json())["gateway:ingest"]["files refused"]) == 1

        write_peers(tmp_path, "NEW")
        await doors.until(new_title_is_taken)
        (tmp_path / "peers.toml").write_text("[[ae]]\n")
        await doors.until(is_refused)

        assert await new_title_is_taken()


async def test_a_port_by_tls_without_its_files_does_not_start(tmp_path: Path, site: Site) -> None:
    for missing in ("JMID_INGEST_TLS_CERTIFICATE", "JMID_INGEST_TLS_CLIENT_CA"):
        environ = {**site.environ, missing: ""}
        with pytest.raises(SettingsError, match=missing):
            async with open_doors(tmp_path / missing, **environ, JMID_INGEST_DIMSE_TLS_PORT=str(site.port)):
                pass
