"""What an operator asks: ``jmid status``."""

import contextlib
import os
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.table import Table

from services.command_line import HomeOption
from shared.console import console
from shared.runtime.asking import headers_of

ANSWER_S = 10.0
out = console()


@contextlib.contextmanager
def address_noted(home: Path, name: str, base_url: str) -> Iterator[None]:
    """Keep a note of where a process of this home answers, for ``jmid status``, until the context ends."""
    folder = home / "addresses"
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / f"{name}-{base_url.rpartition(':')[2]}"  # several processes of one service may share a home
    note.write_text(base_url + "\n", encoding="ascii")
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def status(
    home: HomeOption = Path("jmid-home"),
    url: Annotated[str, typer.Option(help="Ask this process instead, such as http://127.0.0.1:8080.")] = "",
) -> None:
    """Show what each service has done, what waits, and what was refused."""
    bases = [url] if url else sorted({p.read_text("ascii").strip() for p in (home / "addresses").glob("*")})
    own_headers = headers_of(os.environ, home)
    answers = [(base, _figures(base, own_headers)) for base in bases]
    table = Table("service", "what", "number")
    for service, rows in sorted({k: v for _, figures in answers for k, v in (figures or {}).items()}.items()):
        for index, (label, number) in enumerate(rows.items()):
            table.add_row(service if index == 0 else "", label, _shown(number), end_section=index == len(rows) - 1)
    if table.row_count:
        out.print(table)
    for base, figures in answers:
        if figures is None and (url or not table.row_count):
            out.print(f"No answer from {base}: it is not running")
    if not table.row_count:
        out.print(f"{url or home} is not running; start it with jmid up --home {home}", soft_wrap=True)
        raise typer.Exit(1)


def _shown(number: int) -> str:
    return str(number) if number >= 0 else "unknown"


def _figures(base: str, own_headers: Mapping[str, str]) -> dict[str, dict[str, int]] | None:
    request = urllib.request.Request(f"{base}/-/status", headers=dict(own_headers))  # noqa: S310 - our own address
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:  # noqa: S310 - as above
            figures: dict[str, dict[str, int]] = orjson.loads(answer.read())
            return figures
    except (urllib.error.URLError, TimeoutError, OSError):
        return None
