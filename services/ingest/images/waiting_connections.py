"""Holds connections until their A-ASSOCIATE-RQ has come: a silent one costs a descriptor, no thread and no place.

Where too many wait, the oldest of the host that has the most of them is closed: whoever asks at once gets in.
Source: PS3.8 9.1.5 (ARTIM timer), 9.3.2.
"""

import selectors
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from services.ingest.images.connections import SHOWN, Connection, TlsConnection
from services.ingest.images.pdu_socket import ASSOCIATE_BYTES, ASSOCIATE_RQ, HEADER
from services.ingest.peers.admission import note_refused
from shared.logs import decided

TICK_S = 0.1
"""How soon it is seen that a time is over, or that a stop is wished."""
BACKLOG = 128


class WaitingConnections:
    """The listener. take: is called with a connection that asks.  most: how many may wait.

    ask_s: how long each may wait.  context: what TLS is made with; None: connections are plain.
    """

    def __init__(
        self,
        listener: socket.socket,
        take: Callable[[Connection], None],
        *,
        most: int,
        ask_s: float,
        context: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        self._listener, self._take, self._most, self._ask_s, self._context = listener, take, most, ask_s, context
        self._selector = selectors.DefaultSelector()
        self._silent: dict[int, Connection] = {}
        self._stopping = False
        listener.setblocking(False)
        listener.listen(BACKLOG)
        self._selector.register(listener, selectors.EVENT_READ)

    def stop(self) -> None:
        """Have ``run`` return."""
        self._stopping = True

    def run(self) -> None:
        """Take connections until ``stop``; close those that wait then."""
        try:
            while not self._stopping:
                self._turn()
        finally:
            for each in self._silent.values():
                _close(each.socket)
            self._selector.close()

    def _turn(self) -> None:
        for key, _ in self._selector.select(TICK_S):
            if key.fileobj is self._listener:
                self._accept()
            elif waiting := self._silent.pop(key.fd, None):
                self._selector.unregister(waiting.socket)
                self._look(waiting)
        self._end_late()

    def _accept(self) -> None:
        try:
            connection, address = self._listener.accept()
        except OSError as error:  # it was reset meanwhile, or there are no descriptors left
            decided("accept-failed", level="warning", service="ingest", error=type(error).__name__)
            time.sleep(TICK_S)
            return
        while len(self._silent) >= self._most:
            self._end(self._one_too_many())
        try:
            self._watch(
                TlsConnection(connection, address, self._context())
                if self._context
                else Connection(connection, address)
            )
        except OSError:  # it was reset meanwhile
            _close(connection)

    def _watch(self, waiting: Connection) -> None:
        self._silent[waiting.socket.fileno()] = waiting
        self._selector.register(waiting.socket, selectors.EVENT_READ)

    def _look(self, waiting: Connection) -> None:
        """Hand a connection on whose request has come; close one that sends something else."""
        data = _come(waiting)
        if data is None or (refused := _refused(data)):
            if data:
                decided("connection-closed", level="warning", service="ingest", reason=refused)
            _close(waiting.socket)
        elif _is_whole(data):
            waiting.socket.setblocking(True)
            self._hand_on(waiting)
        elif waiting.is_ended:
            _close(waiting.socket)
        else:
            self._watch(waiting)

    def _hand_on(self, waiting: Connection) -> None:
        try:
            self._take(waiting)
        except Exception as error:  # such as no thread left: one connection does not end the listener
            decided("association-failed", level="error", service="ingest", error=type(error).__name__)
            _close(waiting.socket)

    def _one_too_many(self) -> Connection:
        everyone = self._silent.values()
        counts = Counter(each.address[0] for each in everyone)
        host = max(counts, key=lambda address: counts[address])
        return min((each for each in everyone if each.address[0] == host), key=lambda each: each.since)

    def _end_late(self) -> None:
        border = time.monotonic() - self._ask_s
        late = [each for each in self._silent.values() if each.since < border]
        for each in late:
            self._end(each)
        if late:
            decided("connection-closed", level="warning", service="ingest", reason="silent", count=len(late))

    def _end(self, waiting: Connection) -> None:
        self._selector.unregister(waiting.socket)
        del self._silent[waiting.socket.fileno()]
        _close(waiting.socket)


def _come(waiting: Connection) -> bytes | None:
    """Return what has come; None if the connection is broken."""
    try:
        return waiting.look()
    except ssl.SSLError:  # no version, suite or certificate that both take
        note_refused("dimse", "no-tls-handshake")
    except OSError:
        pass
    return None


def _refused(data: bytes) -> str:
    """Return why the first bytes are no request that is taken; empty if they may be one."""
    if data and data[0] != ASSOCIATE_RQ:
        return "no-association-request"
    if len(data) >= HEADER and int.from_bytes(data[2:HEADER], "big") > ASSOCIATE_BYTES:
        return "request-too-long"
    return ""


def _is_whole(data: bytes) -> bool:
    """Say whether the request has come, or as much of it as is waited for."""
    return len(data) >= min(SHOWN, HEADER + int.from_bytes(data[2:HEADER], "big")) if len(data) >= HEADER else False


def _close(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.close()
