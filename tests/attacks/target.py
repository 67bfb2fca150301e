"""What is attacked: gateway and centre in one process, every receiver open; and a listener that nobody should ask."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from yarl import URL

from shared.web.access.table import TABLE
from tests.flow.inside import System, running
from tests.servers.process import free_ports

CANARY = "canary-9f2b"
GATEWAY = {"Authorization": "Bearer a-token-of-the-gateway-that-is-long-enough"}
TOKENS = ("JMID_LINKER_GATEWAY_TOKEN", "JMID_LINKER_CENTRE_TOKEN", "JMID_ARCHIVE_GATEWAY_TOKEN")
PARAMETER = re.compile(r"\{[a-z_]+\}")


@dataclass
class Target:
    """system: what runs.  home: its home; beside it lies a file with the canary.  dimse, mllp: the ports."""

    system: System
    home: Path
    dimse: int
    mllp: int

    @property
    def client(self) -> aiohttp.ClientSession:
        return self.system.client

    @property
    def port(self) -> int:
        port = URL(self.system.host.base_url).port
        assert port is not None
        return port

    def outside(self) -> set[str]:
        """Return what lies beside the home."""
        above = self.home.parent
        return {str(each.relative_to(above)) for each in above.rglob("*") if not each.is_relative_to(self.home)}

    async def raw(self, request: str) -> bytes:
        """Send a request byte by byte as it is written, and return the whole answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request.encode("latin-1"))
        async with asyncio.timeout(30):
            answer = await reader.read()
        writer.close()
        return answer

    async def get(self, target: str, *, host: str = "localhost", more: str = "") -> bytes:
        """Return the whole answer to a GET whose target nobody normalises."""
        return await self.raw(
            f"GET {target} HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\nConnection: close\r\n{more}\r\n"
        )


@asynccontextmanager
async def target(folder: Path, **environ: str) -> AsyncIterator[Target]:
    dimse, mllp = free_ports(2)
    home = folder / "deep" / "down" / "home"
    home.mkdir(parents=True)
    for above in (home, *home.parents[:2]):
        (above / "canary.txt").write_text(CANARY)
    settings = {"JMID_INGEST_DIMSE_PORT": str(dimse), "JMID_INGEST_MLLP_PORT": str(mllp), "JMID_ARCHIVE_ACCEPT": "any"}
    tokens = dict.fromkeys(TOKENS, GATEWAY["Authorization"].removeprefix("Bearer "))
    tokens["JMID_ACCESS_SHARED_GATEWAY_TOKEN"] = "true"
    async with running(home, {"JMID_ACCESS": "open", **settings, **tokens, **environ}) as system:
        yield Target(system, home, dimse, mllp)


@dataclass
class Listener:
    """A server that counts who connects."""

    port: int = 0
    asked: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/secret"


@asynccontextmanager
async def listener() -> AsyncIterator[Listener]:
    own = Listener()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        own.asked.append(await reader.readline())
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nlooted")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    own.port = server.sockets[0].getsockname()[1]
    async with server:
        yield own


def routes(*methods: str) -> Iterator[tuple[str, str]]:
    """Yield method and path of each route of the access table; the viewer is served by the whole command alone."""
    for rule in TABLE.rules:
        for route in rule.routes:
            method, _, path = route.partition(" ")
            if method in methods and not path.startswith("/viewer"):
                yield method, path


def filled(path: str, value: str) -> str:
    """Return a route's path with each of its parameters set to a value."""
    return PARAMETER.sub(lambda _: value, path)
