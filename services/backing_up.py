"""``jmid backup`` and ``jmid restore``: encrypted copies of a home with embedded ports, made while its services run.

Exit code 0: all of it is there. 3: something could not be copied, or a copy is not what it should be; it is named.
1 and 2 as of every command.
"""

import base64
import binascii
import os
import secrets
import tempfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from services.anonymizer.pseudonyms import key_wrapping
from services.anonymizer.settings import AnonymizerSettings
from services.command_line import HomeOption, ports_of, run_work
from shared import logs
from shared.backup import back_up
from shared.backup import restore as reading
from shared.backup.repository import KEY_BYTES, Repository, Root, private
from shared.backup.restore import Compared
from shared.console import console
from shared.errors import NotFound, SettingsError
from shared.runtime.audit.trail import audit_settings, folder_of, record_command
from shared.runtime.backup_settings import BackupSettings
from shared.runtime.home import claimed
from shared.runtime.ports import PortSettings, port_settings
from shared.service import Role
from shared.settings import read

DIFFERS = 3
NEWEST = "newest"
out = console()
ToOption = Annotated[Path, typer.Option("--to", help="The folder of backups; on another machine's disk.")]
FromOption = Annotated[Path, typer.Option("--from", help="The folder that was given to jmid backup.")]
NewKeyOption = Annotated[bool, typer.Option("--new-key", help="Make the key file of JMID_BACKUP_KEY first.")]
AgainOption = Annotated[
    bool, typer.Option("--again", help="Read what did not change, too, and write anew what is damaged in the backups.")
]
BackupOption = Annotated[str, typer.Option("--backup", help="Which one, as --list shows them.")]
VerifyOption = Annotated[bool, typer.Option("--verify", help="Read and compare all of it; write nothing.")]
ListOption = Annotated[bool, typer.Option("--list", help="Show which backups there are, and until when each is kept.")]


def backup(
    to: ToOption, home: HomeOption = Path("jmid-home"), new_key: NewKeyOption = False, again: AgainOption = False
) -> None:
    """Back up a home: databases, bus, blobs, keys; only what changed since the last time. Services may run."""
    logs.configure()
    home, to = home.resolve(), to.resolve()
    settings = read(BackupSettings, "BACKUP", os.environ)
    _check(home, to, settings)
    if new_key:
        _make_key(settings)
    keep_days, version = settings.keep_days, metadata.version("jmid")
    repository = Repository(to, _key(settings))
    made = back_up.make(repository, home, _elsewhere(home), keep_days=keep_days, version=version, again=again)
    if made.root is not None:
        out.print(
            f"{made.root.id}: {_amount(made.root.files, made.root.size_bytes)}; kept until {made.root.expires_at}"
        )
    out.print(f"{_amount(made.read, made.read_bytes)} were new or changed", soft_wrap=True)
    _name_wrong(made.unread)


def restore(
    source: FromOption,
    home: HomeOption = Path("jmid-home"),
    chosen: BackupOption = NEWEST,
    verify: VerifyOption = False,
    listed: ListOption = False,
) -> None:
    """Make a home of a backup, or compare a backup with its digests; a home that holds something is left alone."""
    logs.configure()
    repository = Repository(source.resolve(), _key(read(BackupSettings, "BACKUP", os.environ)))
    repository.check()
    if listed:
        _show(repository.roots())
        return
    root = _root(repository, chosen)
    if verify:
        with tempfile.TemporaryDirectory() as scratch:
            compared = reading.verify(repository, root, Path(scratch))
    else:
        with claimed(home.resolve(), alone=True):
            compared = reading.restore(repository, root, home.resolve())
            run_work(_noted(home.resolve(), root.id))
    _tell(root, compared, "agree with their digests" if verify else f"are in {home}")


async def _noted(home: Path, backup_id: str) -> None:
    """Write into the audit trail of each place that it was restored."""
    for role in Role:
        if not folder_of(audit_settings(os.environ), home / role.value).is_dir():
            continue  # it had none yet
        async with ports_of(role, home, ()) as ports:
            await record_command(ports.documents, role, home / role.value, "restore", backup_id)


def backups_in(folder: Path) -> list[dict[str, str]]:
    """Return which backups a folder holds: when each was made, and when it expires (RFC 3339)."""
    repository = Repository(folder.resolve(), _key(read(BackupSettings, "BACKUP", os.environ)))
    repository.check()
    return [{"backup": each.id, "made_at": each.made_at, "expires_at": each.expires_at} for each in repository.roots()]


def _check(home: Path, to: Path, settings: BackupSettings) -> None:
    roles = [role for role in Role if (home / role.value).is_dir()]
    if not roles:
        raise SettingsError(f"{home} is no home of jmid up or run")
    for role in roles:
        _check_embedded(role, port_settings(role, os.environ))
    for what, path in (("the folder of backups", to), ("JMID_BACKUP_KEY", settings.key)):
        if path is not None and path.resolve().is_relative_to(home):
            raise SettingsError(f"{what} must not be in the home {home}: it would be lost with it")


def _check_embedded(role: Role, settings: PortSettings) -> None:
    served = [
        f"JMID_{name.upper()}"
        for name in ("bus", "documents", "blobs", "blobs_identified", "blobs_deidentified", "blobs_archive")
        if getattr(settings, name) not in ("", "embedded")
    ]
    if served:
        raise SettingsError(
            f"{', '.join(served)} of the {role} names a server, which jmid backup cannot copy at one instant with the "
            "rest; docs/operations.md, Backup, says how servers are backed up"
        )


def _elsewhere(home: Path) -> Mapping[str, Path]:
    """Return the key folder if it is outside the home: without it pseudonyms cannot be continued."""
    folder = read(AnonymizerSettings, "ANONYMIZER", os.environ).keys
    if folder is None or not (home / Role.GATEWAY.value).is_dir() or folder.resolve().is_relative_to(home):
        return {}
    if not folder.is_dir():
        raise SettingsError(f"JMID_ANONYMIZER_KEYS names {folder}, which is not there")
    return {f"{Role.GATEWAY}/keys": folder}


def _guard(settings: BackupSettings) -> key_wrapping.Guard:
    return key_wrapping.guard(settings.key_wrap, settings.key_unwrap, settings.key_timeout_s, "JMID_BACKUP")


def _make_key(settings: BackupSettings) -> None:
    path = _key_path(settings)
    secret = base64.b64encode(secrets.token_bytes(KEY_BYTES))
    try:
        with private(path, os.O_EXCL) as file:
            file.write(_guard(settings).seal(secret))
            os.fsync(file.fileno())
    except FileExistsError:
        raise SettingsError(f"{path} is there already: without it, backups made with it could not be read") from None
    except OSError as error:
        raise SettingsError(f"JMID_BACKUP_KEY: {path} cannot be written ({error.strerror})") from None
    out.print(f"{path} is the key of these backups. Keep a copy apart from them: without it they cannot be read.")


def _key(settings: BackupSettings) -> bytes:
    path = _key_path(settings)
    try:
        secret = base64.b64decode(_guard(settings).open(path.read_bytes()), validate=True)
    except OSError as error:
        made = "; jmid backup --new-key makes it" if isinstance(error, FileNotFoundError) else ""
        raise SettingsError(f"JMID_BACKUP_KEY: {path} cannot be read ({error.strerror}){made}") from None
    except binascii.Error:
        secret = b""
    if len(secret) != KEY_BYTES:
        raise SettingsError(f"JMID_BACKUP_KEY: {path} is no key of jmid backup")
    return secret


def _key_path(settings: BackupSettings) -> Path:
    if settings.key is None:
        raise SettingsError("JMID_BACKUP_KEY is not set; it takes a path, for example /etc/jmid/backup.key")
    return settings.key


def _root(repository: Repository, chosen: str) -> Root:
    if chosen != NEWEST:
        return repository.root(chosen)
    roots = repository.roots()
    if not roots:
        raise NotFound("no-such-backup", "there is none in this folder")
    return roots[-1]


def _show(roots: list[Root]) -> None:
    table = Table("backup", "shows", "kept until", "files", "bytes", "could not be copied", "release")
    for each in roots:
        figures = (str(each.files), str(each.size_bytes), str(each.unread), each.version)
        table.add_row(each.id, each.made_at, each.expires_at, *figures)
    out.print(table)


def _tell(root: Root, compared: Compared, what: str) -> None:
    out.print(f"{root.id}: {_amount(compared.files, compared.size_bytes)} {what}", soft_wrap=True)
    _name_wrong(compared.wrong)


def _amount(files: int, size_bytes: int) -> str:
    return f"{files} files of {size_bytes} bytes"


def _name_wrong(wrong: Mapping[str, str]) -> None:
    for path, reason in sorted(wrong.items()):
        out.print(f"{path}: {reason}", soft_wrap=True, markup=False)
    if wrong:
        raise typer.Exit(DIFFERS)
