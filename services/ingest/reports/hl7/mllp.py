"""HL7 v2 over TCP: <SB> message <EB><CR>, answered when the reports are durable.

A frame that breaks the rules closes its connection without an answer: the sender knows what was not acknowledged.
Source: HL7 Version 3 Standard: Transport Specification - MLLP, Release 2 (the block format, without its commit bytes).
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from services.ingest.deps import IngestDeps
from services.ingest.peers import listed
from services.ingest.peers.admission import note_refused
from services.ingest.peers.listed import Peer
from services.ingest.peers.recognition import Caller, NotRecognised, Unknown, is_within, recognised
from services.ingest.reports.hl7.frames import END, START, Frames
from services.ingest.reports.hl7.receiver import take
from shared.errors import Invalid, SettingsError
from shared.logs import decided
from shared.web.loopback import LOOPBACK

_BACKLOG = 128
_HANDSHAKE_S = 10.0
_AGAIN_S = 0.1  # after a connection could not be accepted, as for want of descriptors
_PLAIN, _TLS = "JMID_INGEST_MLLP_PORT", "JMID_INGEST_MLLP_TLS_PORT"
_CHUNK = 64 << 10
_STOP_S = 10.0


@asynccontextmanager
async def listening_mllp(deps: IngestDeps) -> AsyncIterator["MllpReceiver | None"]:
    """Listen until the context ends; None if both ports are -1."""
    if deps.settings.mllp_port < 0 and deps.settings.mllp_tls_port < 0:
        yield None
        return
    receiver = MllpReceiver(deps)
    await receiver.open()
    try:
        yield receiver
    finally:
        await receiver.close()


class MllpReceiver:
    """The listeners and their connections. Who is not listed is closed before TLS or a message is begun."""

    def __init__(self, deps: IngestDeps) -> None:
        self._deps = deps
        self._tasks: dict[asyncio.Task[None], bool] = {}  # in order of age; whether a message came by it
        self._listeners: dict[socket.socket, asyncio.Task[None]] = {}

    async def open(self) -> None:
        """Begin to listen; raise SettingsError if a port is taken, or a file of peers or TLS cannot be used."""
        settings, admission = self._deps.settings, self._deps.admission
        for variable, port in ((_PLAIN, settings.mllp_port), (_TLS, settings.mllp_tls_port)):
            if port < 0:
                continue
            try:
                listener = _listening(settings.mllp_bind, port)
            except OSError as error:
                await self.close()
                raise SettingsError(
                    f"cannot listen on {settings.mllp_bind} port {port} for MLLP ({error.strerror}); "
                    f"choose another {variable}"
                ) from error
            accepting = self._accept(listener, by_tls=variable == _TLS)
            self._listeners[listener] = asyncio.create_task(accepting, name=f"MLLP {variable}")
        if admission.peers.mllp is listed.THIS_MACHINE.mllp and settings.mllp_bind not in LOOPBACK:
            decided("mllp-closed-to-others", level="warning", service="ingest", setting=listed.SETTING)

    async def close(self) -> None:
        """Stop listening, and end connections: what was not acknowledged is sent again."""
        for task in [*self._listeners.values(), *self._tasks]:
            task.cancel()
        ending = [*self._listeners.values(), *self._tasks]
        if ending:
            await asyncio.wait(ending, timeout=_STOP_S)
        for listener in self._listeners:
            listener.close()
        self._listeners = {}

    async def _accept(self, listener: socket.socket, *, by_tls: bool) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, address = await loop.sock_accept(listener)
            except OSError as error:
                decided("accept-failed", level="warning", service="ingest", error=type(error).__name__)
                await asyncio.sleep(_AGAIN_S)
                continue
            if self._may_come(address[0]):
                task = loop.create_task(self._serve(connection, address[0], by_tls=by_tls))
                self._tasks[task] = False
                task.add_done_callback(lambda ended: self._tasks.pop(ended, None))
            else:
                connection.close()

    def _may_come(self, address: str) -> bool:
        """Say whether a connection from an address is taken; what else the list asks for is seen later."""
        if not any(is_within(address, peer) for peer in self._deps.admission.peers.mllp):
            self._refused(Unknown.ADDRESS.value, address)
            return False
        if not self._has_place():
            self._refused("too-many-connections", address)
            return False
        return True

    def _refused(self, reason: str, address: str) -> None:
        note_refused("mllp", reason, audit=self._deps.audit, address=address)

    async def _serve(self, connection: socket.socket, address: str, *, by_tls: bool) -> None:
        try:
            reader, writer = await _streams(connection, self._deps.admission.context if by_tls else None)
        except (OSError, TimeoutError):
            self._refused("no-tls-handshake", address)
            return
        try:
            peer = recognised(Caller(address, certificate=_certificate(writer)), self._deps.admission.peers.mllp)
            if isinstance(peer, NotRecognised):
                self._refused(peer.reason.value, address)
            else:
                await self._talk(reader, writer, peer)
        except Invalid as error:
            decided("mllp-closed", level="warning", service="ingest", reason=error.reason)
        except (OSError, TimeoutError, asyncio.CancelledError):
            pass  # nothing is owed: what was acknowledged is durable
        finally:
            writer.close()

    def _has_place(self) -> bool:
        """Say whether one more connection is taken; the oldest that nothing came by makes room for it."""
        if len(self._tasks) < self._deps.settings.mllp_connections:
            return True
        silent = next((task for task, has_sent in self._tasks.items() if not has_sent), None)
        if silent is None:
            return False
        decided("mllp-closed", level="warning", service="ingest", reason="silent")
        del self._tasks[silent]
        silent.cancel()
        return True

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: Peer) -> None:
        settings, task = self._deps.settings, asyncio.current_task()
        assert task is not None
        sender = peer.name if self._deps.settings.ae_peers is not None else ""
        frames = Frames(settings.max_report_bytes)
        while True:
            try:
                async with asyncio.timeout_at(frames.deadline(settings.mllp_timeout_s, settings.mllp_message_s)):
                    data = await reader.read(_CHUNK)
            except TimeoutError:
                data = frames.late()
            data = data or frames.ended()
            if not data:
                return
            for message in frames.fed(data):
                self._tasks[task] = True
                taken = await take(self._deps, message, "mllp", sender)
                writer.write(START + taken.message + END)
                async with asyncio.timeout(settings.mllp_message_s):
                    await writer.drain()


def _listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    listener.setblocking(False)
    return listener


async def _streams(
    connection: socket.socket, context: ssl.SSLContext | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return the two directions of a connection, by TLS if asked. Raises OSError, and the connection is closed."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_CHUNK)
    protocol = asyncio.StreamReaderProtocol(reader)
    try:
        transport, _ = await loop.connect_accepted_socket(
            lambda: protocol, connection, ssl=context, ssl_handshake_timeout=_HANDSHAKE_S if context else None
        )
    except BaseException:
        connection.close()
        raise
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


def _certificate(writer: asyncio.StreamWriter) -> bytes:
    """Return the certificate that TLS has checked, DER; nothing without."""
    tls: Any = writer.get_extra_info("ssl_object")
    return (tls.getpeercert(binary_form=True) or b"") if tls is not None else b""
