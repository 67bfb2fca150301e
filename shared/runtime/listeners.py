"""The ports on which a process serves HTTP: the bound address and, where that speaks TLS, one of loopback."""

import asyncio
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from shared.errors import SettingsError
from shared.runtime.tls import HANDSHAKE_S, ServerTls

BACKLOG: Final = 512


@dataclass(frozen=True)
class Listener:
    """A listening socket, and the TLS that it speaks; None is plain HTTP."""

    socket: socket.socket
    tls: ServerTls | None = None


class Site(web.BaseSite):
    """What serves one listener. A handshake that is not done in time is ended: aiohttp's own sites cannot say that."""

    def __init__(self, runner: web.AppRunner, listener: Listener) -> None:
        super().__init__(runner, backlog=BACKLOG)
        self._listener = listener

    @property
    def name(self) -> str:
        return address(self._listener.socket, self._listener.tls is not None)

    async def start(self) -> None:
        """Begin to serve."""
        await super().start()
        server, tls = self._runner.server, self._listener.tls
        assert server is not None
        self._server = await asyncio.get_running_loop().create_server(
            server,
            sock=self._listener.socket,
            backlog=BACKLOG,
            ssl=None if tls is None else tls.context,
            ssl_handshake_timeout=None if tls is None else HANDSHAKE_S,
        )


def listen(bind: str, port: int) -> socket.socket:
    """Return a listening socket; raise SettingsError when the port is taken or the address is not ours."""
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((bind, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise SettingsError(f"cannot listen on {bind} port {port} ({error.strerror}); choose another --port") from error
    return listener


def address(listener: socket.socket, by_tls: bool = False) -> str:
    """Return the URL of this process as this machine reaches it."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104
    return f"{'https' if by_tls else 'http'}://{host}:{port}"


def listen_all(bind: str, port: int, tls: ServerTls | None) -> list[Listener]:
    """Return the listeners: the bound address first, the one for ourselves last; raise SettingsError as ``listen``."""
    first = Listener(listen(bind, port), tls)
    return [first] if tls is None else [first, Listener(listen("127.0.0.1", 0))]


def close_all(listeners: Iterable[Listener]) -> None:
    """Close the sockets."""
    for each in listeners:
        each.socket.close()
