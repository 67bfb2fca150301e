"""``jmid deid verify``: checks everything that it is given, and says what it could not check."""

import os
from pathlib import Path
from typing import Annotated

import typer

from services.anonymizer.cli.flaw import Flaw
from services.anonymizer.cli.verify import verify as check
from services.anonymizer.cli.verify_files import given
from services.anonymizer.cli.verify_pseudonyms import Originals
from services.anonymizer.pseudonyms import key_wrapping
from services.anonymizer.pseudonyms import keys as key_files
from shared.console import console
from shared.errors import SettingsError

out = console()


def verify(
    files: Annotated[list[Path], typer.Argument(exists=True, help="Files, or folders of files, whatever their names.")],
    forbidden: Annotated[
        Path | None, typer.Option(help="A text file: what must not stand in any of them, one a line.", dir_okay=False)
    ] = None,
    originals: Annotated[
        Path | None, typer.Option(help="The folder of the originals, to compare pseudonyms with; needs --keys.")
    ] = None,
    keys: Annotated[Path | None, typer.Option(help="The key folder; goes with --originals.")] = None,
    site: Annotated[str, typer.Option("--site", help="The site's short name.", envvar="JMID_SITE")] = "demo",
) -> None:
    """Check de-identified Instances, independently of the code that made them.

    Exit code 0: everything that was given was read and has no flaw. 1: a flaw, something not read, or nothing there.
    """
    texts = [line for line in forbidden.read_text("utf-8-sig").splitlines() if line.strip()] if forbidden else []
    known = _originals(originals, keys, site)
    paths = given(files)
    wrong = unread = 0
    for path in paths.files:
        flaws = _checked(path, texts, known)
        unread += flaws is None
        wrong += bool(flaws)
        for flaw in flaws or []:
            out.print(f"{path.name}: {flaw.where} {flaw.what}", soft_wrap=True)
    for path in (*paths.unread, *(known.unread if known else [])):
        out.print(f"{path.name}: not read", soft_wrap=True)
    for path in paths.indexes:
        out.print(
            f"{path.name}: the index that the command wrote; it names inputs and stays at the site", soft_wrap=True
        )
    missed = unread + len(paths.unread) + (len(known.unread) if known else 0)
    out.print(f"{len(paths.files) - unread} checked, {wrong} with flaws, {missed} not read")
    if wrong or missed or not paths.files:
        raise typer.Exit(1)


def _checked(path: Path, texts: list[str], known: Originals | None) -> list[Flaw] | None:
    """Return the flaws of a file; None, and a line, if it cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        out.print(f"{path.name}: not read ({error.strerror})", soft_wrap=True)
        return None
    return check(data, texts, known)


def _originals(folder: Path | None, keys: Path | None, site: str) -> Originals | None:
    if folder is None and keys is None:
        return None
    if folder is None or keys is None:
        raise SettingsError("--originals and --keys go together")
    return Originals(given([folder]).files, key_files.load(keys, key_wrapping.read(os.environ)), site)
