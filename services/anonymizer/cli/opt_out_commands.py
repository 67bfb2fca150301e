"""``jmid opt-out``: lets a patient opt out (オプトアウト) or take part again; the services carry it out.

The Patient ID is read from a prompt or from the standard input: as an argument it would stand in the shell's history
and in the list of processes.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar

import orjson
import typer

from services.anonymizer.cli.home import HomeOption, documents_in
from services.anonymizer.opt_out import remembered, requests
from services.anonymizer.opt_out.proof import Json, as_text, is_signed, proof_of, signed
from services.anonymizer.opt_out.requests import Asked
from services.anonymizer.opt_out_records import OPT_OUTS, PLACES, THIS_PLACE, OptOut, OptOutState, Place
from services.anonymizer.pseudonyms import key_wrapping, keys
from services.anonymizer.pseudonyms.keys import Keyring
from services.anonymizer.records import COLLECTIONS
from services.anonymizer.settings import AnonymizerSettings
from shared import clock
from shared import settings as settings_reader
from shared.console import console
from shared.documents import Documents, Order
from shared.errors import Invalid, JmidError, NotFound, SettingsError
from shared.runtime.audit.trail import record_command
from shared.service import Role
from shared.web.actor import actor_named

opt_out = typer.Typer(help="Patients who opted out (オプトアウト).", no_args_is_help=True)
out = console()
T = TypeVar("T")
_LOOK_S = 0.5

IdArgument = Annotated[str, typer.Argument(help="The id that jmid opt-out list shows.")]
ByOption = Annotated[str, typer.Option(help="Who decides it.")]
ReasonOption = Annotated[str, typer.Option(help="Why, without naming the patient.")]


class _Gateway(NamedTuple):
    documents: Documents
    ring: Keyring
    place: Place


@opt_out.command()
def add(
    by: ByOption,
    reason: ReasonOption,
    issuer: Annotated[str, typer.Option(help="Whose numbering the ID is of, if not this hospital's.")] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is withdrawn everywhere.")] = False,
    home: HomeOption = Path("jmid-home"),
) -> None:
    """Let a patient opt out; IDs are read from a prompt, or from the standard input, one a line."""
    rows = _run(_added(home, _patient_ids(), issuer, actor_named(by), reason))
    for each in rows:
        out.print(each.id)
    if wait:
        _run(_waited(home, [each.id for each in rows]))


@opt_out.command()
def remove(key: IdArgument, by: ByOption, reason: ReasonOption, home: HomeOption = Path("jmid-home")) -> None:
    """Let a patient take part again: what comes from now on is collected."""
    _run(_removed(home, key, actor_named(by), reason))
    out.print(f"{key} takes part again")


@opt_out.command()
def again(
    proofs: Annotated[list[Path], typer.Argument(help="Proofs of jmid opt-out proof, as JSON.")],
    by: ByOption,
    home: HomeOption = Path("jmid-home"),
) -> None:
    """Let patients opt out again by their proofs: after a restore from a backup of before."""
    for each in proofs:
        row = _run(_added_again(home, _read_proof(each), actor_named(by)))
        out.print(row.id)


@opt_out.command("list")
def list_(home: HomeOption = Path("jmid-home")) -> None:
    """List opt-outs, newest first, a line each."""
    rows = _run(_listed(home))
    for each in rows:
        out.print(_line(each), soft_wrap=True, markup=False, highlight=False)
    out.print(f"{len(rows)} opt-outs" if rows else "Nobody has opted out.")


@opt_out.command()
def status(key: IdArgument, home: HomeOption = Path("jmid-home")) -> None:
    """Show how far an opt-out is, and what was deleted; exit code 3 while it is not done."""
    row = _run(_found(home, key))
    out.print(_line(row), soft_wrap=True, markup=False, highlight=False)
    for what, count in sorted(row.counts.items()):
        out.print(f"  {count}  {what}", highlight=False)
    if row.state not in (OptOutState.DONE, OptOutState.LIFTED):
        raise typer.Exit(3)


def with_proof(backups_in: Callable[[Path], Sequence[Mapping[str, str]]]) -> typer.Typer:
    """Return the commands with that of the proof. backups_in: reads which backups a folder holds."""

    @opt_out.command()
    def proof(
        key: IdArgument,
        text: Annotated[bool, typer.Option("--text", help="For a person to read; else JSON.")] = False,
        backups: Annotated[Path | None, typer.Option(help="A folder of jmid backup, to be named in it.")] = None,
        home: HomeOption = Path("jmid-home"),
    ) -> None:
        """Print the signed proof of an opt-out: what was deleted where, and what remains until when."""
        kept = backups_in(backups) if backups else ()
        document = _run(_proof(home, key, kept))
        if text:
            sys.stdout.write(as_text(document))
            return
        sys.stdout.write(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n")

    return opt_out


@opt_out.command()
def verify(file: Annotated[Path, typer.Argument(help="A proof as JSON.")]) -> None:
    """Say whether a proof is as it was signed, and by which key."""
    document = _read_proof(file)
    if not is_signed(document):
        out.print("The proof is not as it was signed.", style="red")
        raise typer.Exit(1)
    out.print(f"As it was signed by the key {document['signature']['public_key']}", soft_wrap=True, highlight=False)


def _read_proof(file: Path) -> Json:
    """Return a proof as it stands in a file; empty if none does."""
    try:
        document = orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return document if isinstance(document, dict) else {}


def _patient_ids() -> list[str]:
    if sys.stdin.isatty():
        return [str(typer.prompt("Patient ID", hide_input=True, confirmation_prompt=True))]
    return [line.strip() for line in sys.stdin.read().splitlines() if line.strip()]


def _line(row: OptOut) -> str:
    return f"{row.id}  {row.state.value}  {row.asked_at[:19]}  {row.done_at[:19]}".rstrip()


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except JmidError as error:
        out.print(str(error), style="red", soft_wrap=True)
        raise typer.Exit(1) from error


@asynccontextmanager
async def _gateway(home: Path) -> AsyncIterator[_Gateway]:
    settings = settings_reader.read(AnonymizerSettings, "ANONYMIZER", os.environ)
    folder = settings.keys or home / Role.GATEWAY.value / "keys"
    ring = await asyncio.to_thread(keys.load, folder, key_wrapping.of(settings))
    async with documents_in(home, *COLLECTIONS) as documents:
        place = await documents.get(PLACES, THIS_PLACE)
        if place is None:
            raise SettingsError("this gateway has not run yet, so nothing says which site it is: start it once")
        yield _Gateway(documents, ring, place)


async def _added(home: Path, patient_ids: Sequence[str], issuer: str, by: str, reason: str) -> list[OptOut]:
    async with _gateway(home) as gateway:
        if not patient_ids:
            raise Invalid("missing-patient-id", "no Patient ID was given")
        place = gateway.place
        every = [Asked(each, issuer, by, reason) for each in patient_ids]
        rows = [await requests.add(gateway.documents, gateway.ring, place.site, place.foreign, one) for one in every]
        for row in rows:
            await _recorded(gateway, home, "opt-out add", row.id)
        return rows


async def _added_again(home: Path, proof: Json, by: str) -> OptOut:
    async with _gateway(home) as gateway:
        row = await remembered.add_by_proof(gateway.documents, gateway.ring, proof, by)
        await _recorded(gateway, home, "opt-out again", row.id)
        return row


async def _removed(home: Path, key: str, by: str, reason: str) -> None:
    async with _gateway(home) as gateway:
        await requests.remove(gateway.documents, key, by, reason)
        await _recorded(gateway, home, "opt-out remove", key)


async def _recorded(gateway: _Gateway, home: Path, command: str, about: str) -> None:
    """Write into the audit trail what was done by a command."""
    await record_command(gateway.documents, Role.GATEWAY, home / Role.GATEWAY.value, command, about)


async def _listed(home: Path) -> list[OptOut]:
    async with documents_in(home, *COLLECTIONS) as documents:
        return await documents.find_all(OPT_OUTS, order=(Order("asked_at", descending=True),))


async def _found(home: Path, key: str) -> OptOut:
    async with documents_in(home, *COLLECTIONS) as documents:
        return await _of(documents, key)


async def _of(documents: Documents, key: str) -> OptOut:
    row = await documents.get(OPT_OUTS, key)
    if row is None:
        raise NotFound("unknown-opt-out", "there is no opt-out of this id")
    return row


async def _waited(home: Path, ids: Sequence[str]) -> None:
    """Wait until the services have carried all of them out."""
    async with documents_in(home, *COLLECTIONS) as documents:
        for key in ids:
            while (await _of(documents, key)).state is not OptOutState.DONE:  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(_LOOK_S)


async def _proof(home: Path, key: str, backups: Sequence[Mapping[str, str]]) -> Json:
    async with _gateway(home) as gateway:
        row = await _of(gateway.documents, key)
        now = clock.utc_now().isoformat(timespec="milliseconds")
        return signed(proof_of(row, gateway.place.site, now, _before(row, backups)), gateway.ring.current)


def _before(row: OptOut, backups: Sequence[Mapping[str, str]]) -> list[Mapping[str, str]]:
    """Return the backups that may hold the patient: those of before the opt-out was done."""
    return [each for each in backups if not row.done_at or each["made_at"] < row.done_at]
