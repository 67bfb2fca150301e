"""Connections that have not asked for an association yet, plain and by TLS: what has come of the request so far.

Neither ever waits: a TLS handshake goes on whenever the peer has sent more of it.
"""

import socket
import ssl
import time
from typing import Any, Final

SHOWN: Final = 64 << 10
"""Bytes of a request that are looked at; a longer one is read by the association, which has its own limits."""


class Connection:
    """A plain connection. since: when it came, monotonic seconds.  start: bytes that looking took off the connection.

    is_ended: whether the peer has said that no more comes.
    """

    def __init__(self, connection: socket.socket, address: Any) -> None:
        connection.setblocking(False)
        self.socket, self.address, self.since, self.start = connection, address, time.monotonic(), b""
        self.is_ended = False

    def look(self) -> bytes:
        """Take what has come of the request off the connection, and return all that came so far. Raises OSError."""
        try:
            self._agree()
            while len(self.start) < SHOWN and not self.is_ended:
                part = self.socket.recv(SHOWN)
                self.start += part
                self.is_ended = not part
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        return self.start

    def _agree(self) -> None:
        """Go on with what has to be agreed on before the first byte."""


class TlsConnection(Connection):
    """A connection by TLS. Raises OSError (SSLError) where no handshake comes about."""

    def __init__(self, connection: socket.socket, address: Any, context: ssl.SSLContext) -> None:
        super().__init__(connection, address)
        self._tls = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        self.socket = self._tls
        self._is_agreed = False

    def _agree(self) -> None:
        if not self._is_agreed:
            self._tls.do_handshake()
            self._is_agreed = True
