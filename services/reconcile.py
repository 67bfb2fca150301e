"""``jmid reconcile``: prove the ledger of a day; ``… gateway``, ``… centre``: compare ledgers with stores.

Exit code 0: all agrees, or what differed is on its way. 3: something differs that this cannot mend, a Study could not
be compared, or, in a dry run, anything differs. 1 and 2 as of every command.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
import typer

from services.archive.housekeeping.compare import CentreCompared, compare
from services.command_line import HomeOption, archive_of, ports_of, run_work
from services.commands.repair import Repaired, repair_day, repair_lines
from services.ingest.deps import IngestDeps
from services.ingest.receipts.custody import DELETED, DIFFERENT, REFUSED, STORED, WAITING, DayLedger
from services.ingest.receipts.proof import prove_day
from services.ingest.receipts.reconcile import Identified, send_again
from services.ingest.receipts.records import COLLECTIONS as INGEST_COLLECTIONS
from services.ingest.settings import IngestSettings
from services.linker.gateway.custody import evidence
from services.linker.gateway.delivery.peer import centre as open_centre
from services.linker.gateway.delivery.transport import Centre
from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.reconcile import Compared
from services.linker.gateway.reconcile import reconcile as reconcile_deliveries
from services.linker.links import policy
from services.linker.service import GATEWAY
from services.linker.settings import LinkerSettings, centre_token, complete
from services.places import gateway_variables
from shared.audit.words import AuditClass
from shared.console import console
from shared.errors import SettingsError
from shared.runtime.audit.trail import record_command
from shared.runtime.cpu import CpuPool
from shared.service import Role
from shared.settings import read
from shared.site.times import SYSTEM_TIME, site_time_of
from shared.web import gateway_token

DIFFERS = 3
_MOVED_S = 2.0
out = console()
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Compare, and have nothing delivered again.")]
ListOption = Annotated[bool, typer.Option("--list", help="Name the Studies of what cannot be mended from here.")]
CentreOption = Annotated[
    str, typer.Option("--centre", help="The centre's address, where JMID_LINKER_CENTRE_… do not say it.")
]


def reconciling() -> typer.Typer:
    """Return the commands."""
    commands = typer.Typer(help="Compare ledgers with stores, and re-deliver what is missing.")

    @commands.callback(invoke_without_command=True)
    def day(
        context: typer.Context,
        day: Annotated[str, typer.Option(help="YYYY-MM-DD: received = stored + refused + waiting + deleted?")] = "",
        site: Annotated[str, typer.Option(help="The site of this gateway; another one is refused.")] = "",
        home: HomeOption = Path("jmid-home"),
        centre: CentreOption = "",
        repair: Annotated[bool, typer.Option("--repair", help="Have delivered again what the centre misses.")] = False,
        recall: Annotated[bool, typer.Option("--recall", help="Ask the PACS for what is not here any more.")] = False,
    ) -> None:
        """Prove the ledger of a day, by asking both sides, or compare ledgers with stores by a command below."""
        if context.invoked_subcommand is not None:
            return
        if (repair and not day) or (recall and not repair):
            raise typer.BadParameter("--repair needs --day, and --recall --repair")
        if not day:
            out.print(context.get_help())
            raise typer.Exit(2)
        ledger, repaired = run_work(_day(home, centre, _is_day(day), site, repair=repair, recall=recall))
        for line in [*day_lines(ledger), *(repair_lines(repaired, day) if repaired else [])]:
            out.print(line, soft_wrap=True, markup=False)
        _exit(left_of(ledger, repaired))

    @commands.command()
    def gateway(
        home: HomeOption = Path("jmid-home"),
        dry_run: DryRunOption = False,
        named: ListOption = False,
        centre: CentreOption = "",
    ) -> None:
        """Ask the centre for everything that it confirmed, and deliver again what it does not hold."""
        compared, identified = run_work(_gateway(home, centre, dry_run))
        for line in _gateway_lines(compared, identified, dry_run):
            out.print(line, soft_wrap=True)
        studies = {compared.lost[uid] for uid in identified.lost} | set(compared.unsendable.values())
        _list(studies if named else ())
        mended = compared.again + compared.reports_again + identified.again
        _list_failed(compared.failed)
        left = len(identified.lost) + len(compared.unsendable) + compared.other + identified.without_bytes
        left += len(compared.failed) + identified.unread
        _exit(left or (mended if dry_run else 0))

    @commands.command()
    def centre(home: HomeOption = Path("jmid-home"), named: ListOption = False) -> None:
        """Compare the archive's records with its bytes, both ways. Changes nothing."""
        compared = run_work(_centre(home))
        for line in _centre_lines(compared):
            out.print(line, soft_wrap=True)
        _list(set(compared.missing.values()) if named else ())
        _list_failed(compared.unread)
        _exit(len(compared.missing) + compared.bytes.made + compared.bytes.failed + len(compared.unread))

    return commands


def day_lines(ledger: DayLedger) -> list[str]:
    """Return what is said of a day: the equation, its parts, and each difference by receipt and digest."""
    stored, refused, waiting, deleted = (ledger.of(stages) for stages in (STORED, REFUSED, WAITING, DELETED))
    parts = [f"  {tally.contents} {stage}, {tally.size_bytes} bytes" for stage, tally in ledger.stages.items()]
    differences = ledger.of(DIFFERENT).contents
    named = [f"receipt {each.receipt_id} content {each.blob}: {each.what}" for each in ledger.differences]
    return [
        f"{ledger.site or 'this site'}, {ledger.day}: {ledger.received.contents} received = {stored.contents} stored "
        f"+ {refused.contents} refused + {waiting.contents} waiting + {deleted.contents} deleted"
        + (f" + {differences} that differ" if differences else ""),
        *parts,
        f"  {ledger.sent_again} sent again, {ledger.not_collected} left out by rules: part of none of these",
        *named,
        *([f"and {differences - len(named)} more"] if differences > len(named) else []),
        "it adds up" if ledger.adds_up else "it does not add up",
    ]


def left_of(ledger: DayLedger, repaired: Repaired | None) -> int:
    """Return how many contents differ, and are not on their way to where they should be; at least 1 if any is."""
    if repaired is None:
        return int(not ledger.adds_up)
    return max(0, ledger.of(DIFFERENT).contents - len(repaired.missing.names)) + repaired.left


def _is_day(text: str) -> str:
    try:
        SYSTEM_TIME.bounds(text)
    except ValueError as error:
        raise typer.BadParameter("a day is YYYY-MM-DD", param_hint="--day") from error
    return text


def _gateway_lines(compared: Compared, identified: Identified, dry_run: bool) -> list[str]:
    again = "would be delivered again" if dry_run else "are due to be delivered again"
    return [
        f"{compared.held} Instances and {compared.reports_held} reports are at the centre, as they were delivered",
        f"{compared.evicted} Instances were evicted by the centre",
        f"{compared.gone} Instances were deleted or withdrawn at the centre, and are not delivered again",
        f"{compared.again} Instances and {compared.reports_again} reports were not there and {again}",
        f"{identified.again} Instances were not there and {again} from the identified bytes",
        f"{len(identified.lost)} Instances are neither there nor here: the hospital has to send them again",
        f"{compared.other} Instances and reports are there as something else than was delivered, or without a digest",
        f"{compared.untold} Instances were confirmed before digests were kept",
        f"{len(compared.unsendable)} Instances wait to be delivered, and their bytes are not here",
        f"{identified.without_bytes} contents wait or are kept, and their identified bytes are not here",
        *([f"{identified.unread} identified contents could not be looked at"] if identified.unread else []),
        *([f"{len(compared.failed)} Studies could not be compared; run it again"] if compared.failed else []),
        *(["the centre answered no more: the Studies after these were not asked for"] if compared.ended else []),
    ]


def _centre_lines(compared: CentreCompared) -> list[str]:
    rebuilt = compared.bytes
    return [
        f"{compared.held} Instances have a record and their bytes",
        f"{compared.evicted} Instances are evicted",
        f"{len(compared.missing)} Instances have a record and not their bytes, or damaged ones: jmid reconcile gateway",
        f"{rebuilt.made} Instances have bytes and no record: jmid rebuild records",
        f"{rebuilt.deleted} blobs are of deleted Instances, {rebuilt.superseded} are superseded",
        f"{rebuilt.failed} blobs cannot be read as an Instance",
        *([f"{len(compared.unread)} Studies could not be compared; run it again"] if compared.unread else []),
    ]


class _Opened(NamedTuple):
    """The gateway's ledgers, and the centre."""

    deps: GatewayDeps
    ingest: IngestDeps
    peer: Centre


@asynccontextmanager
async def _open(home: Path, address: str) -> AsyncIterator[_Opened]:
    environ = {**os.environ, **gateway_variables(home, os.environ)}
    settings = complete(read(LinkerSettings, "LINKER", environ), address or _address(home))
    async with ports_of(Role.GATEWAY, home, ("identified", "deidentified")) as ports:
        await ports.documents.declare(*GATEWAY.collections, *INGEST_COLLECTIONS)
        site = os.environ.get("JMID_SITE", "")
        blobs = ports.blobs["deidentified"]
        rules, site_time = policy.parse(settings.policy), site_time_of(environ)
        deps = GatewayDeps(ports.documents, blobs, ports.bus, settings, rules, site, site_time)
        own = read(IngestSettings, "INGEST", os.environ)
        folder, identified = home / "gateway" / "ingest", ports.blobs["identified"]
        own_ports = (ports.documents, identified, ports.bus)
        ingest = IngestDeps(own, *own_ports, site, folder, folder, CpuPool(1), site_time=site_time)
        token = partial(centre_token, settings, home / Role.CENTRE.value / gateway_token.FILE)
        async with open_centre(settings, blobs, token) as peer:
            yield _Opened(deps, ingest, peer)


async def _day(
    home: Path, address: str, day: str, site: str, *, repair: bool, recall: bool
) -> tuple[DayLedger, Repaired | None]:
    async with _open(home, address) as opened:
        if site and opened.ingest.site and site != opened.ingest.site:
            raise SettingsError(f"this gateway is of the site {opened.ingest.site} (JMID_SITE); give its own day")
        words, audited = ("reconcile --repair", AuditClass.OPERATE) if repair else ("reconcile", AuditClass.READ)
        own_home = home / Role.GATEWAY.value
        await record_command(opened.deps.documents, Role.GATEWAY, own_home, words, day, audited)
        asked = partial(evidence, opened.deps, opened.peer)
        ledger = await prove_day(opened.ingest, day, asked)
        if not ledger.adds_up:  # what moved on meanwhile is where it should be by now
            await asyncio.sleep(_MOVED_S)
            ledger = await prove_day(opened.ingest, day, asked)
        ledger = msgspec.structs.replace(ledger, site=site or ledger.site)
        return ledger, await repair_day(opened.deps, opened.ingest, day, asked, recall=recall) if repair else None


async def _gateway(home: Path, address: str, dry_run: bool) -> tuple[Compared, Identified]:
    compared = Compared()
    async with _open(home, address) as opened:
        async for compared in reconcile_deliveries(opened.deps, opened.peer, dry_run=dry_run):
            _progress(f"{compared.held} at the centre, {compared.again} again, {len(compared.lost)} lost")
        return compared, await send_again(opened.ingest, compared.lost, dry_run=dry_run)


async def _centre(home: Path) -> CentreCompared:
    compared = CentreCompared()
    async with archive_of(home) as deps:
        async for compared in compare(deps):
            _progress(f"{compared.held} have their bytes, {len(compared.missing)} have not")
    return compared


def _address(home: Path) -> str:
    """Return where a process of this home answers: that of ``jmid up`` is the centre too."""
    if os.environ.get("JMID_LINKER_CENTRE_DICOMWEB_URL"):
        return "http://127.0.0.1"  # each address is set
    notes = sorted((home / "addresses").glob("*"))
    if len(notes) != 1:
        raise SettingsError("the centre's address is not known; give --centre or JMID_LINKER_CENTRE_DICOMWEB_URL")
    return notes[0].read_text("ascii").strip()


def _list(studies: Iterable[str]) -> None:
    for study in sorted(studies):
        out.print(study)


def _list_failed(studies: Mapping[str, str]) -> None:
    for study, reason in sorted(studies.items()):
        out.print(f"{study or 'no Study'}: {reason}", soft_wrap=True, markup=False)


def _progress(line: str) -> None:
    if out.is_terminal:
        out.print(line, end="\r")


def _exit(left: int) -> None:
    if left:
        raise typer.Exit(DIFFERS)
