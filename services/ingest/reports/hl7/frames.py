"""The blocks of MLLP: <SB> message <EB><CR>. Pure but for the loop's time.

Source: HL7 Version 3 Standard: Transport Specification - MLLP, Release 2 (the block format, without its commit bytes).
"""

import asyncio
import re

from shared.errors import Invalid

START, END = b"\x0b", b"\x1c\x0d"
_EB = END[:1]
_ENDED = re.compile(rb"\x1c(?=[\r\n\x0b])")
_CR_S = 1.0
"""How long the CR after <EB> may take to come; a sender that leaves it out is answered then."""


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
