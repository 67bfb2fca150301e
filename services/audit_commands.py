"""``jmid audit``: whether the audit trail is whole, who did what in it, and the same as files for other systems."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from services.command_line import HomeOption, ports_of, run_work
from shared.audit.export import Format, begun, line
from shared.audit.keeping import TIP_FILE, faults_of, note_check
from shared.audit.keys import AuditKeys
from shared.audit.record import AuditRecord
from shared.audit.seals import COLLECTIONS, Check
from shared.audit.search import Wanted, found, wanted_of
from shared.audit.verify import Fault
from shared.console import console, written_to
from shared.documents import Documents
from shared.errors import Invalid, SettingsError
from shared.runtime.audit.trail import FOLDER, audit_settings, folder_of, record_command
from shared.runtime.databases import embedded
from shared.runtime.ports import port_settings
from shared.service import Role

out = console()
audit = typer.Typer(help="Who read, changed or was refused what: the audit trail.", no_args_is_help=True)
RoleOption = Annotated[Role | None, typer.Option(help="Of one place; else of each that this home has.")]
ByOption = Annotated[str, typer.Option(help="Who: the name, or the issuer's subject.")]
StudyOption = Annotated[str, typer.Option(help="A Study Instance UID, also of a Study that was not there.")]
FromOption = Annotated[str, typer.Option("--from", help="From this day or time on, UTC, such as 2026-04-01.")]
UntilOption = Annotated[str, typer.Option("--to", help="Until the end of this day, or this time.")]
OutcomeOption = Annotated[str, typer.Option(help="success, refused or failed.")]


class Trail(NamedTuple):
    """A place's trail that is open. home: of the place."""

    role: Role
    documents: Documents
    keys: AuditKeys
    home: Path


@audit.command()
def verify(role: RoleOption = None, home: HomeOption = Path("jmid-home")) -> None:
    """Look at every record and every signature; exit code 1 if something is wrong. Services may run meanwhile."""
    if not run_work(_verified(home, role)):
        raise typer.Exit(1)


@audit.command()
def search(
    by: ByOption = "",
    study: StudyOption = "",
    since: FromOption = "",
    until: UntilOption = "",
    outcome: OutcomeOption = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many of each place, the newest.")] = 50,
    role: RoleOption = None,
    home: HomeOption = Path("jmid-home"),
) -> None:
    """List records, newest first, a line each."""
    wanted = _wanted(by, study, since, until, outcome)
    count = run_work(_listed(home, role, wanted, limit))
    out.print(f"{count} shown" if count else "There is no such record.")


@audit.command("export")
def export_(
    by: ByOption = "",
    study: StudyOption = "",
    since: FromOption = "",
    until: UntilOption = "",
    outcome: OutcomeOption = "",
    form: Annotated[Format, typer.Option("--format", help="dicom (PS3.15 A.5), fhir (NDJSON) or csv.")] = Format.CSV,
    file: Annotated[Path | None, typer.Option("--file", help="A new file; else the standard output.")] = None,
    role: RoleOption = None,
    home: HomeOption = Path("jmid-home"),
) -> None:
    """Write every record that is asked for, one a line; no patient's value is in it."""
    run_work(_exported(home, role, _wanted(by, study, since, until, outcome), form, file))


@audit.command("rotate")
def rotate(role: RoleOption = None, home: HomeOption = Path("jmid-home")) -> None:
    """Have a new key sign from now on; the private half of the old one is deleted."""
    run_work(_renewed(home, role))


async def open_trails(home: Path, role: Role | None) -> AsyncIterator[Trail]:
    """Yield the trail of each place of a home, one after another."""
    for each in (role,) if role is not None else Role:
        place = home / each.value
        if list(embedded(port_settings(each, os.environ), place)) and not place.is_dir():
            continue  # this role was never here
        async with ports_of(each, home, ()) as ports:
            yield await trail_of(each, ports.documents, place)


async def trail_of(role: Role, documents: Documents, home: Path) -> Trail:
    """Return the trail in the documents of a place. home: of the place."""
    await documents.declare(*COLLECTIONS)
    keys = await asyncio.to_thread(AuditKeys, folder_of(audit_settings(os.environ), home))
    return Trail(role, documents, keys, home)


async def faults_and_check(trail: Trail) -> tuple[list[Fault], Check]:
    """Return what is wrong with a trail, and what is known of it now."""
    keep_days, tip = audit_settings(os.environ).audit_keep_days, trail.home / FOLDER / TIP_FILE
    every = [each async for each in faults_of(trail.documents, trail.keys, keep_days, tip)]
    check = every.pop()
    assert isinstance(check, Check)
    return [each for each in every if isinstance(each, Fault)], check


def _wanted(by: str, study: str, since: str, until: str, outcome: str) -> Wanted:
    try:
        return wanted_of({"by": by, "study": study, "from": since, "to": until, "outcome": outcome})
    except Invalid as error:
        raise typer.BadParameter(error.detail) from error


async def _verified(home: Path, role: Role | None) -> bool:
    is_whole = True
    async for trail in open_trails(home, role):
        faults, check = await faults_and_check(trail)
        await note_check(trail.documents, check)
        for each in faults:
            out.print(f"{trail.role}: {each.what}", soft_wrap=True, markup=False, highlight=False)
        until = f"record {check.number}, {check.whole_until}" if check.number else "no record"
        out.print(f"{trail.role}: whole until {until}", soft_wrap=True, markup=False, highlight=False)
        is_whole = is_whole and not faults
    return is_whole


async def _listed(home: Path, role: Role | None, wanted: Wanted, limit: int) -> int:
    count = 0
    async for trail in open_trails(home, role):
        shown = 0
        async for record in found(trail.documents, wanted, trail.keys.naming):
            out.print(_line(trail.role, record), soft_wrap=True, markup=False, highlight=False)
            shown += 1
            if shown == limit:
                break
        count += shown
    return count


def _line(role: Role, record: AuditRecord) -> str:
    times = f"x{record.count}" if record.count > 1 else ""
    what = (record.outcome.value, record.kind.value, *record.objects, times, record.route, record.reason)
    words = (record.at[:19], role.value, str(record.number), record.name or "-", record.address, *what)
    return "  ".join(word for word in words if word)


async def _exported(home: Path, role: Role | None, wanted: Wanted, form: Format, file: Path | None) -> None:
    with written_to(file) as target:
        target.write(begun(form))
        async for trail in open_trails(home, role):
            async for record in found(trail.documents, wanted, trail.keys.naming):
                target.write(line(record, form))


async def _renewed(home: Path, role: Role | None) -> None:
    async for trail in open_trails(home, role):
        if trail.keys.signing is None:
            raise SettingsError(f"{trail.home / FOLDER} has no key yet; the first start makes one")
        made = await asyncio.to_thread(trail.keys.renew)
        await record_command(trail.documents, trail.role, trail.home, "audit rotate", made)
        out.print(f"{trail.role}: {made} signs from now on")
