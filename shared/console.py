"""What commands print on."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

from rich.console import Console

_UNBOUNDED: Final = 4096


def console(*, stderr: bool = False) -> Console:
    """Return a console as wide as the terminal; in a pipe or a file no line is broken, so that it can be searched."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, highlight=False, width=None if stream.isatty() else _UNBOUNDED)


@contextmanager
def written_to(file: Path | None) -> Iterator[TextIO]:
    """Yield what an export is written to: a new file, or the standard output. Raises FileExistsError."""
    if file is None:
        yield sys.stdout
        return
    with file.open("x", encoding="utf-8", newline="") as target:
        yield target
