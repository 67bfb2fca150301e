"""The option that names a site's copies of lists of diseases."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services.anonymizer.text import clinical_lists
from services.anonymizer.text.clinical_lists import ClinicalLists
from shared.errors import SettingsError

Option = Annotated[
    str | None,
    typer.Option(
        "--clinical-lists",
        help="Files with lists of diseases, parted by commas, whose words stay.",
        envvar="JMID_ANONYMIZER_CLINICAL_LISTS",
    ),
]


def read(paths: str | None, out: Console) -> ClinicalLists:
    """Return the lists and tell how many terms they have; end the command if one is not read."""
    try:
        lists = clinical_lists.read([Path(path.strip()) for path in (paths or "").split(",") if path.strip()])
    except SettingsError as error:
        out.print(str(error), style="red", soft_wrap=True)
        raise typer.Exit(2) from error
    if lists.digest:
        out.print(f"clinical lists: {lists.count} terms, SHA-256 {lists.digest}", soft_wrap=True)
    return lists
