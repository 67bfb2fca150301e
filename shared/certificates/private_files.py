"""Files for their owner alone (0600), which are whole or not there whatever happens. Everything here blocks."""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

OWNER_ONLY = 0o600


def replaced(path: Path, data: bytes) -> None:
    """Write a file, in place of one that is there."""
    with _draft(path, data) as draft:
        draft.replace(path)


def made_once(path: Path, make: Callable[[], bytes]) -> bytes:
    """Return what a file holds, making it if it is not there; processes that start together get the same."""
    if not path.exists():
        with _draft(path, make()) as draft:
            try:
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
    return path.read_bytes()


@contextmanager
def _draft(path: Path, data: bytes) -> Iterator[Path]:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    yield draft
