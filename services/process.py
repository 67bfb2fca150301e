"""One process: starts what it hosts, says where it can be reached, feeds the sample once, and stops on a signal."""

import asyncio
import contextlib
import signal
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from rich.console import Console

from services import operations, sample
from shared.errors import JmidError
from shared.runtime.host import hosted
from shared.runtime.state import Host
from shared.service import Role, Service
from shared.web import ohif

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
console = Console(stderr=True, highlight=False)


@dataclass(frozen=True)
class Process:
    """What one process is to be.

    services: those it hosts.  every: all services of the system.  with_sample: feed the sample if this home has none.
    log: the file that log lines go to; None is stderr.
    """

    services: Sequence[Service]
    every: Sequence[Service]
    home: Path
    port: int
    bind: str
    site: str
    environ: Mapping[str, str]
    with_sample: bool = False
    log: Path | None = None

    @property
    def name(self) -> str:
        """Tell this process from others of the same home."""
        return "up" if len(self.services) > 1 else f"{self.services[0].role}-{self.services[0].name}"

    def hosts(self, *names: str) -> bool:
        """Say whether it hosts all the services of these names."""
        return set(names) <= {service.name for service in self.services}


async def run(process: Process) -> None:
    """Run until SIGINT or SIGTERM; then drain. Raises SettingsError if it cannot start as told."""
    stopped = _stop_signal()
    pages = await _viewer(process.home) if process.hosts("archive") else []
    async with hosted(
        process.services,
        every=process.every,
        home=process.home,
        site=process.site,
        bind=process.bind,
        port=process.port,
        environ=process.environ,
        extra_routes=pages,
        tell=lambda line: console.print(f"  {line}", style="dim"),
    ) as host:
        operations.remember(process.home, process.name, host.base_url)
        if process.with_sample:
            await _until(stopped, _feed_sample(process, host))
        _say_where(process, host, viewer=bool(pages))
        await stopped.wait()
        console.print("Stopping: finishing what is under way …")
    console.print("Stopped; everything is kept.")


def _stop_signal() -> asyncio.Event:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stopped.set)
    return stopped


async def _until(stopped: asyncio.Event, work: Coroutine[None, None, None]) -> None:
    """Do the work, but leave it when the stop comes first."""
    working, waiting = asyncio.create_task(work), asyncio.create_task(stopped.wait())
    await asyncio.wait([working, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    working.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working


async def _viewer(home: Path) -> Sequence[web.AbstractRouteDef]:
    found = await asyncio.to_thread(ohif.prepare, home / "viewer")
    if found.folder is None:
        console.print(f"  OHIF viewer is not offered: {found.reason}", style="yellow")
        return []
    return ohif.routes(found.folder)


async def _feed_sample(process: Process, host: Host) -> None:
    """Feed the bundled sample through the front doors, once in the life of a home."""
    done = process.home / "sample.fed"
    if done.exists():
        return
    console.print("First start: sending the bundled sample through the front doors")
    try:
        await sample.feed(
            host.base_url,
            dimse_port=int(process.environ.get("JMID_INGEST_DIMSE_PORT", "11112")),
            csv_folder=process.home / Role.GATEWAY.value / "ingest" / "csv",
            tell=lambda line: console.print(f"  {line}", style="dim"),
        )
    except JmidError as error:
        console.print(f"  the sample did not arrive whole: {error}", style="yellow")
        return
    done.touch()


def _say_where(process: Process, host: Host, *, viewer: bool) -> None:
    url, environ = host.base_url, process.environ
    rows = [
        ("Portal", f"{url}/", process.hosts("search")),
        ("Viewer (OHIF)", f"{url}/viewer", viewer),
        ("DICOMweb root", f"{url}/dicom-web", process.hosts("archive")),
        ("STOW-RS front door", f"{url}/ingest/dicom-web/studies", process.hosts("ingest")),
        ("Report front door", f"{url}/ingest/reports", process.hosts("ingest")),
        ("C-STORE AE", _dimse_address(environ), process.hosts("ingest")),
        ("HL7 v2 (MLLP)", _mllp_address(environ), process.hosts("ingest") and _mllp_port(environ) >= 0),
        ("Health", f"{url}/-/ready", True),
    ]
    console.print(f"\n[bold green]J-MID is running[/]  ({', '.join(sorted({s.role.value for s in process.services}))})")
    for label, place, served in rows:
        if served:
            console.print(f"  {label:<20} [bold]{place}[/]", soft_wrap=True)
    if process.log is not None:
        console.print(f"  {'Log':<20} {process.log}", soft_wrap=True)
    if process.bind in LOOPBACK:
        console.print("  Only this machine can reach it: there is no authentication yet.", style="dim")
    console.print("  Ctrl-C stops it.", style="dim")


def _dimse_address(environ: Mapping[str, str]) -> str:
    title, port = environ.get("JMID_INGEST_AE_TITLE", "JMID"), environ.get("JMID_INGEST_DIMSE_PORT", "11112")
    return f"{title} at {environ.get('JMID_INGEST_DIMSE_BIND', '127.0.0.1')} port {port}"


def _mllp_address(environ: Mapping[str, str]) -> str:
    return f"{environ.get('JMID_INGEST_MLLP_BIND', '127.0.0.1')} port {_mllp_port(environ)}"


def _mllp_port(environ: Mapping[str, str]) -> int:
    return int(environ.get("JMID_INGEST_MLLP_PORT", "-1"))
