"""HL7 v2 over TCP: <SB> message <EB><CR>, answered when the reports are durable.

A frame that breaks the rules closes its connection without an answer: the sender knows what was not acknowledged.
Source: HL7 Version 3 Standard: Transport Specification - MLLP, Release 2 (the block format, without its commit bytes).
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.ingest.deps import IngestDeps
from services.ingest.reports.hl7.receiver import take
from shared.errors import Invalid, SettingsError
from shared.logs import decided

START, END = b"\x0b", b"\x1c\x0d"
_EB = END[:1]
_ENDED = re.compile(rb"\x1c(?=[\r\n\x0b])")
_CR_S = 1.0
"""How long the CR after <EB> may take to come; a sender that leaves it out is answered then."""
_CHUNK = 64 << 10
_STOP_S = 10.0


@asynccontextmanager
async def listening_mllp(deps: IngestDeps) -> AsyncIterator["MllpReceiver | None"]:
    """Listen until the context ends; None if the port is -1."""
    if deps.settings.mllp_port < 0:
        yield None
        return
    receiver = MllpReceiver(deps)
    await receiver.open()
    try:
        yield receiver
    finally:
        await receiver.close()


class MllpReceiver:
    """The listener and its connections."""

    def __init__(self, deps: IngestDeps) -> None:
        self._deps = deps
        self._tasks: dict[asyncio.Task[None], bool] = {}  # in order of age; whether a message came by it
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        return int(self._server.sockets[0].getsockname()[1]) if self._server else 0

    async def open(self) -> None:
        """Begin to listen; raise SettingsError if the port is taken."""
        settings = self._deps.settings
        try:
            self._server = await asyncio.start_server(self._serve, settings.mllp_bind, settings.mllp_port)
        except OSError as error:
            raise SettingsError(
                f"cannot listen on {settings.mllp_bind} port {settings.mllp_port} for MLLP ({error.strerror}); "
                "choose another JMID_INGEST_MLLP_PORT"
            ) from error

    async def close(self) -> None:
        """Stop listening, and end connections: what was not acknowledged is sent again."""
        if self._server is None:
            return
        self._server.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_STOP_S)
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if not self._has_place():
            decided("mllp-refused", level="warning", service="ingest", reason="too-many-connections")
            writer.close()
            return
        self._tasks[task] = False
        try:
            await self._talk(reader, writer, task)
        except Invalid as error:
            decided("mllp-closed", level="warning", service="ingest", reason=error.reason)
        except (OSError, TimeoutError, asyncio.CancelledError):
            pass  # nothing is owed: what was acknowledged is durable
        finally:
            self._tasks.pop(task, None)
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

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, task: "asyncio.Task[None]"
    ) -> None:
        settings = self._deps.settings
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
                taken = await take(self._deps, message, "mllp")
                writer.write(START + taken.message + END)
                async with asyncio.timeout(settings.mllp_message_s):
                    await writer.drain()


class Frames:
    """Takes bytes as they come and gives whole messages. most_bytes: of one message."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._held = bytearray()
        self._began: float | None = None

    def deadline(self, idle_s: float, message_s: float) -> float:
        """Return until when more bytes are waited for, in the loop's time: of a message that has begun, its own."""
        now = asyncio.get_running_loop().time()
        if not self._held:
            self._began = None
            return now + idle_s
        self._began = self._began or now
        if self._held.endswith(_EB):
            return now + _CR_S
        return min(now + idle_s, self._began + message_s)

    def late(self) -> bytes:
        """Return what stands for the CR that did not come after <EB>; raise Invalid in the middle of a message."""
        if self._held and not self._held.endswith(_EB):
            raise Invalid("mllp-too-slow", "a message took longer than JMID_INGEST_MLLP_MESSAGE_S")
        return END[1:] if self._held else b""

    def fed(self, data: bytes) -> list[bytes]:
        """Return the messages that are whole now; raise Invalid if bytes are outside a frame, or a frame too large."""
        searched = max(0, len(self._held) - 1)
        self._held += data
        messages: list[bytes] = []
        while self._held:
            if self._held[0] in b"\r\n":
                del self._held[:1]
                searched = 0
                continue
            if self._held[:1] != START:
                raise Invalid("mllp-framing", "bytes outside a block: <SB> is missing")
            ended = _ENDED.search(self._held, searched)
            if ended is None:
                if len(self._held) > self._most_bytes:
                    raise Invalid("mllp-too-long", "a message is larger than JMID_INGEST_MAX_REPORT_BYTES")
                return messages
            message = bytes(self._held[1 : ended.start()])
            if len(message) > self._most_bytes or START in message:
                raise Invalid("mllp-framing", "a block is too large, or begins before the one before it ended")
            messages.append(message)
            self._began = None
            del self._held[: ended.end()]
            searched = 0
        return messages

    def ended(self) -> bytes:
        """Return as ``late`` does where the connection ends; raise Invalid in the middle of a message."""
        if self._held and not self._held.endswith(_EB):
            raise Invalid("mllp-truncated", "the connection ended before <EB>")
        return END[1:] if self._held else b""
