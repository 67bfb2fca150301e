"""The option that does without the text analyser."""

from typing import Annotated

import typer
from rich.console import Console

from services.anonymizer.text.folding import morphemes

Option = Annotated[
    bool,
    typer.Option(
        "--rules-only/--analyse",
        help="Clean texts by rules and lists alone, which leaves more names; each output says so.",
    ),
]


def analyse(rules_only: bool, out: Console) -> bool:
    """Return whether the analyser reads the texts; end the command if it is wanted and not installed."""
    if rules_only:
        out.print("Texts are cleaned by rules and lists only: more names are left, and each output says so.")
    elif not morphemes.available():
        missing = "the text analyser (sudachipy, sudachidict_core) is not installed; --rules-only does without"
        out.print(missing, style="red", soft_wrap=True)
        raise typer.Exit(2)
    return not rules_only
