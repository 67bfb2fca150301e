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

    is_drained: whether looking takes them off, so that more of them are an event again.
    """

    is_drained = False

    def __init__(self, connection: socket.socket, address: Any) -> None:
        connection.setblocking(False)
        self.socket, self.address, self.since, self.start = connection, address, time.monotonic(), b""

    def look(self) -> bytes | None:
        """Return what has come of the request, nothing at the end of the connection, None before it begins.

        Raises OSError.
        """
        return self.socket.recv(SHOWN, socket.MSG_PEEK)


class TlsConnection(Connection):
    """A connection by TLS. Raises OSError (SSLError) where no handshake comes about."""

    is_drained = True

    def __init__(self, connection: socket.socket, address: Any, context: ssl.SSLContext) -> None:
        super().__init__(connection, address)
        self._tls = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        self.socket = self._tls
        self._is_agreed = False

    def look(self) -> bytes | None:
        """Go on with the handshake, then take what has come of the request off the connection."""
        try:
            if not self._is_agreed:
                self._tls.do_handshake()
                self._is_agreed = True
            while len(self.start) < SHOWN:
                part = self._tls.recv(SHOWN)
                if not part:
                    return b""
                self.start += part
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        return self.start or None
