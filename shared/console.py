"""What commands print on."""

import sys
from typing import Final

from rich.console import Console

_UNBOUNDED: Final = 4096


def console(*, stderr: bool = False) -> Console:
    """Return a console as wide as the terminal; in a pipe or a file no line is broken, so that it can be searched."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, highlight=False, width=None if stream.isatty() else _UNBOUNDED)
