"""The trail at a real receiver of syslog over TLS: all of it, in order, also after the receiver was away."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from xml.etree import ElementTree

import pytest

from shared.audit.seals import FORWARDED
from shared.audit.settings import AuditSettings
from shared.errors import SettingsError
from shared.lease import LEASES, Leases
from shared.runtime.audit.forward import Forwarder, context_of
from tests.audit.chains import Trail, read_of, trail
from tests.servers.certificates import Authority

PATIENCE_S = 20.0


class Receiver:
    """Takes frames of RFC 5425 and keeps the Study of each."""

    def __init__(self, authority: Authority) -> None:
        pair = authority.issue("CN=localhost")
        self.studies: list[str] = []
        self._writers: list[asyncio.StreamWriter] = []
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(pair.certificate, pair.key)
        self._arrived = asyncio.Condition()
        self.port = 0

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._take, "127.0.0.1", self.port, ssl=self._context)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()
            for writer in self._writers:
                writer.close()

    async def until(self, is_so: Callable[[list[str]], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S), self._arrived:
            await self._arrived.wait_for(lambda: is_so(self.studies))

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            while True:
                length = int((await reader.readuntil(b" ")).decode("ascii"))
                message = await reader.readexactly(length)
                root = ElementTree.fromstring(message.partition(b"\xef\xbb\xbf")[2])
                named = root.find("ParticipantObjectIdentification")
                assert named is not None
                async with self._arrived:
                    self.studies.append(named.get("ParticipantObjectID", ""))
                    self._arrived.notify_all()
        except (asyncio.IncompleteReadError, OSError):
            writer.close()


async def written(own: Trail, *studies: str) -> None:
    for study in studies:
        own.log.note(read_of(f"study:{study}"))
    assert await own.log.flush()


def settings(authority: Authority, port: int) -> AuditSettings:
    return AuditSettings(audit_syslog=f"tls://127.0.0.1:{port}", audit_syslog_ca=authority.file)


async def test_a_receiver_gets_every_record_once_it_is_there_again(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "authority")
    receiver = Receiver(authority)
    async with trail(tmp_path) as own:
        await own.documents.declare(LEASES)
        await written(own, "2.25.1", "2.25.2")
        async with receiver.listening():
            given = settings(authority, receiver.port)
            forwarder = Forwarder(own.documents, Leases(own.documents, "a", 5.0), given, 0.05, 0.05)
            running = asyncio.create_task(forwarder.run())
            await receiver.until(lambda studies: len(studies) == 2)
            async with asyncio.timeout(PATIENCE_S):
                while (await own.documents.get(FORWARDED, given.audit_syslog)) is None:
                    await asyncio.sleep(0.02)
        await written(own, "2.25.3", "2.25.4")
        async with receiver.listening():
            await receiver.until(lambda studies: "2.25.4" in studies)
        running.cancel()

    assert list(dict.fromkeys(receiver.studies)) == ["2.25.1", "2.25.2", "2.25.3", "2.25.4"]


async def test_a_receiver_of_another_authority_gets_nothing(tmp_path: Path) -> None:
    receiver, ours = Receiver(Authority(tmp_path / "theirs")), Authority(tmp_path / "ours")
    async with receiver.listening():
        context = context_of(settings(ours, receiver.port))

        with pytest.raises(ssl.SSLCertVerificationError):
            await asyncio.open_connection("127.0.0.1", receiver.port, ssl=context)

    assert receiver.studies == []


def test_a_file_of_authorities_that_is_not_there_is_named() -> None:
    with pytest.raises(SettingsError, match="JMID_AUDIT_SYSLOG_CA"):
        context_of(AuditSettings(audit_syslog="tls://a:1", audit_syslog_ca=Path("/nowhere.pem")))
