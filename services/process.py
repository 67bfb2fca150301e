"""One process: starts what it hosts, says where it can be reached, feeds the sample once, and stops on a signal."""

import asyncio
import contextlib
import gc
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from services import operations, sample
from services.identity.users import FILE as CREDENTIALS
from services.ingest.settings import IngestSettings
from shared import settings as settings_reader
from shared.console import console
from shared.errors import JmidError
from shared.runtime.asking import headers_of
from shared.runtime.grace import Grace, end_process
from shared.runtime.host import Hosting, HostSettings, hosted
from shared.runtime.state import Host
from shared.service import Role
from shared.web import ohif
from shared.web.identity.embedded import pages_url_of
from shared.web.identity.settings import Mode, access_settings

out = console(stderr=True)
_ASKED = {
    Mode.OPEN: "[yellow]Nobody is asked who they are; only this machine can reach it.[/]",
    Mode.NETWORK: "[bold yellow]Nobody is asked who they are: whoever reaches this port is let in. Protect it.[/]",
    Mode.EMBEDDED: "Everybody signs in; users and passwords are this home's own (docs/access.md).",
    Mode.OIDC: "Everybody is asked who they are (JMID_ACCESS=oidc).",
}


@dataclass(frozen=True, kw_only=True)
class Process(Hosting):
    """What one process is to be.

    with_sample: feed the sample if this home has none.  log: the file that log lines go to; None is stderr.
    """

    with_sample: bool = False
    log: Path | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it hosts several services, as ``jmid up`` does."""
        return len(self.services) > 1

    @property
    def name(self) -> str:
        """The first part of the name that tells this process from others of the same home."""
        return "up" if self.is_whole else f"{self.services[0].role}-{self.services[0].name}"

    def hosts(self, *names: str) -> bool:
        """Say whether it hosts all the services of these names."""
        return set(names) <= {service.name for service in self.services}


async def run(process: Process, *, end: Callable[[], None] = end_process) -> None:
    """Run until SIGINT or SIGTERM; then drain. Raises SettingsError if it cannot start as told.

    A stop that comes during the start ends the start. Whatever the state, the process is ended after its grace, by
    ``end``, which a test replaces: the time goes on when this has returned, while the interpreter ends its threads.
    """
    settings = settings_reader.read(HostSettings, "HOST", process.environ)
    stopped, started = Grace(settings.grace_s, end).stop_signal(), asyncio.Event()
    hosting = asyncio.create_task(_host(process, stopped, started))
    waits = [asyncio.create_task(event.wait()) for event in (stopped, started)]
    await asyncio.wait([hosting, *waits], return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    if not started.is_set():
        hosting.cancel()  # of no effect if it has failed by itself
    try:
        await hosting
    except asyncio.CancelledError:
        out.print("Stopped before everything was open.")


async def _host(process: Process, stopped: asyncio.Event, started: asyncio.Event) -> None:
    viewer = ohif.Viewer(process.home / "viewer") if process.hosts("archive") else None

    def tell(line: str) -> None:
        out.print(f"  {line}", style="dim")

    is_first = not (process.home / CREDENTIALS).exists()
    async with hosted(process, extra_routes=viewer.routes() if viewer else [], tell=tell) as host:
        started.set()
        _leave_to_stay()
        with operations.address_noted(process.home, process.name, host.base_url), _preparing(viewer):
            if process.with_sample:
                await _until(stopped, _feed_sample(process, host))
            _show_addresses(process, host, viewer=viewer is not None)
            if is_first:
                await asyncio.to_thread(_show_credentials, process.home / CREDENTIALS)
            await stopped.wait()
            out.print("Stopping: finishing what is under way …")
    out.print("Stopped; everything is kept.")


def _leave_to_stay() -> None:
    """Take what was made by the start out of every later collection of garbage.

    Dictionaries, routes and rules are some hundred thousand objects that stay as long as the process; to look through
    them again held the event loop for 60 to 130 ms at a time, longer than ``/-/live`` may take.
    """
    gc.collect()
    gc.freeze()


async def _until(stopped: asyncio.Event, work: Coroutine[None, None, None]) -> None:
    """Do the work, but leave it when the stop comes first."""
    working, waiting = asyncio.create_task(work), asyncio.create_task(stopped.wait())
    await asyncio.wait([working, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    working.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working


@contextlib.contextmanager
def _preparing(viewer: ohif.Viewer | None) -> Iterator[None]:
    """Prepare the viewer while everything else serves."""

    async def prepare(viewer: ohif.Viewer) -> None:
        prepared = await viewer.prepare()
        if prepared.folder is None:
            out.print(f"  OHIF viewer is not offered: {prepared.reason}", style="yellow")

    task = asyncio.create_task(prepare(viewer)) if viewer else None
    try:
        yield
    finally:
        if task is not None:
            task.cancel()


async def _feed_sample(process: Process, host: Host) -> None:
    """Send the bundled sample to the receiving endpoints, once in the life of a home."""
    done = process.home / "sample.fed"
    if done.exists():
        return
    out.print("First start: sending the bundled sample to the receiving endpoints")
    try:
        await sample.feed(
            host.base_url,
            own_headers=headers_of(process.environ, process.home),
            dimse_port=settings_reader.read(IngestSettings, "INGEST", process.environ).dimse_port,
            csv_folder=process.home / Role.GATEWAY.value / "ingest" / "csv",
            tell=lambda line: out.print(f"  {line}", style="dim"),
        )
    except JmidError as error:
        out.print(f"  the sample did not arrive whole: {error}", style="yellow")
        return
    done.touch()


def _show_credentials(path: Path) -> None:
    """Show the users that the first start made, if it did."""
    if not path.exists():
        return
    out.print(f"  First start: these passwords are good once; they are kept in {path}", soft_wrap=True)
    for name, password in orjson.loads(path.read_bytes())["users"].items():
        out.print(f"  {name:<20} {password}", markup=False, highlight=False)


def _show_addresses(process: Process, host: Host, *, viewer: bool) -> None:
    url = process.environ.get("JMID_ACCESS_PUBLIC_URL", "") if process.tls else host.public_url
    ingest = settings_reader.read(IngestSettings, "INGEST", process.environ)
    takes, settings = process.hosts("ingest"), access_settings(process.environ)
    access, pages_url = settings.access, pages_url_of(settings, url)
    rows = [
        ("Portal", f"{pages_url}/", process.hosts("search")),
        ("Viewer (OHIF)", f"{pages_url}/viewer", viewer),
        ("DICOMweb root", f"{url}/dicom-web", process.hosts("archive")),
        ("STOW-RS receiver", f"{url}/ingest/dicom-web/studies", takes),
        ("Report receiver", f"{url}/ingest/reports", takes),
        ("C-STORE AE", f"{ingest.ae_title} at {ingest.dimse_bind} port {ingest.dimse_port}", takes),
        ("HL7 v2 (MLLP)", f"{ingest.mllp_bind} port {ingest.mllp_port}", takes and ingest.mllp_port >= 0),
        ("Health", f"{url}/-/ready", True),
        ("Centre", process.environ.get("JMID_LINKER_CENTRE", ""), takes and not process.hosts("archive")),
    ]
    out.print(f"\n[bold green]J-MID is running[/]  ({', '.join(sorted({s.role.value for s in process.services}))})")
    for label, place, served in rows:
        if served:
            out.print(f"  {label:<20} [bold]{place}[/]", soft_wrap=True)
    if access is Mode.EMBEDDED:
        out.print(f"  {'Token for curl':<20} jmid token --role site-sender --home {process.home}", soft_wrap=True)
    if process.log is not None:
        out.print(f"  {'Log':<20} {process.log}", soft_wrap=True)
    out.print(f"  {_ASKED[access]}", soft_wrap=True)
    out.print("  Ctrl-C stops it.", style="dim")
