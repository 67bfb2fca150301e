"""The option that names a file of the site's own names."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services.anonymizer.text import site_list
from services.anonymizer.text.site_list import SiteList
from shared.errors import SettingsError

Option = Annotated[
    Path | None,
    typer.Option("--site-list", help="A file of the site's own names.", envvar="JMID_ANONYMIZER_SITE_LIST"),
]


def read(path: Path | None, out: Console) -> SiteList:
    """Return the site's own names and tell the lines that cannot be used; end the command if the file is not read."""
    try:
        names = site_list.read(path)
    except SettingsError as error:
        out.print(str(error), style="red", soft_wrap=True)
        raise typer.Exit(2) from error
    for fault in names.faults:
        out.print(f"site list, line {fault.line}: {fault.why}", soft_wrap=True)
    return names
