"""A connection that PDUs come by: each has a longest length, and a time in which it must have come.

pynetdicom reads a PDU of any length, and waits for its last byte for ever; it sees this as its socket. What breaks a
limit is answered with A-ABORT, and the connection ends. Source: PS3.8 9.3.1, 9.3.8, D.1.
"""

import socket
import ssl
import time
from typing import Final

HEADER: Final = 6  # PDU type, reserved, length (PS3.8 9.3.1)
ASSOCIATE_RQ: Final = 0x01
P_DATA: Final = 0x04
ASSOCIATE_BYTES: Final = 1 << 20  # 128 presentation contexts of 100 Transfer Syntaxes each
SLACK: Final = 1024  # some count headers to the length and some do not
_ABORT: Final = b"\x07\0\0\0\0\x04\0\0\x02\x06"  # by the service provider: invalid PDU parameter value (PS3.8 9.3.8)


class PduSocket:
    """What pynetdicom uses of a socket. most_bytes: of a P-DATA-TF PDU.  pdu_s: for one PDU to come, or to be taken.

    start: bytes that were taken off the connection before.
    """

    def __init__(self, connection: socket.socket, *, most_bytes: int, pdu_s: float, start: bytes = b"") -> None:
        self._connection, self._most_bytes, self._pdu_s = connection, most_bytes, pdu_s
        self._start = start
        self._rest = memoryview(b"")
        self._expected = 0

    @property
    def holds_bytes(self) -> bool:
        """Say whether there are bytes that the descriptor does not show, as of a TLS record that was opened."""
        own = self._connection
        return bool(self._rest or self._start) or (isinstance(own, ssl.SSLSocket) and own.pending() > 0)

    @property
    def peer_certificate(self) -> bytes:
        """Return the certificate that TLS has checked, DER; nothing without."""
        own = self._connection
        return (own.getpeercert(binary_form=True) or b"") if isinstance(own, ssl.SSLSocket) else b""

    def recv(self, size: int) -> bytes | memoryview:
        """Return bytes of the PDU that is at hand, of the next if none is; nothing at the end of the connection."""
        if not self._rest:
            self._rest = memoryview(self._part(self._expected or HEADER))
            if not self._rest:
                return b""
            self._expected = 0 if self._expected else self._length()
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken

    def send(self, data: bytes) -> int:
        """Send some of the bytes; raise TimeoutError if the peer takes none of them in time."""
        self._connection.settimeout(self._pdu_s)
        return self._connection.send(data)

    def fileno(self) -> int:
        """Return the descriptor, for select."""
        return self._connection.fileno()

    def shutdown(self, how: int) -> None:
        """Shut down a direction, or both."""
        self._connection.shutdown(how)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _part(self, size: int) -> bytearray:
        """Return so many bytes; fewer, if the connection ends."""
        deadline = time.monotonic() + self._pdu_s
        data = bytearray(size)
        view, filled = memoryview(data), min(size, len(self._start))
        view[:filled], self._start = self._start[:filled], self._start[filled:]
        while filled < size:
            self._connection.settimeout(max(0.001, deadline - time.monotonic()))
            count = self._connection.recv_into(view[filled:])
            if not count:
                return data[:filled]
            filled += count
            if time.monotonic() > deadline:
                raise TimeoutError("a PDU did not come in time")
        return data

    def _length(self) -> int:
        """Return the length of the PDU whose header is at hand; end the connection if it is too long."""
        if len(self._rest) < HEADER:
            return 0
        length = int.from_bytes(self._rest[2:HEADER], "big")
        most = self._most_bytes + SLACK if self._rest[0] == P_DATA else ASSOCIATE_BYTES
        if length > most:
            self.send(_ABORT)
            raise ConnectionAbortedError("a PDU is longer than was agreed")
        return length
