"""The terminologies that are there: a folder of stores, which version of each system is in use, and the built-in ones.

    <folder>/current.json                    system → version in use
    <folder>/<system>/<version>.sqlite       one store

A running service sees what is loaded or put in use beside it with its next request.
"""

import hashlib
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol

import msgspec

from shared.errors import NotFound
from shared.terms.builtin import builtins
from shared.terms.store import Store, write_store
from shared.terms.term import CodeSystem, Term, Terminology

CURRENT: Final = "current.json"
_SUFFIX: Final = ".sqlite"


class Source(Protocol):
    """One version of a code system to read."""

    about: CodeSystem

    def get(self, code: str) -> Term | None:
        """Return the term of a code."""

    def __iter__(self) -> Iterator[Term]:
        """Yield all terms in the order of their codes."""


class Catalogue:
    """The terminologies of a folder, which need not be there. Its methods block the calling thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._open: dict[Path, tuple[int, Store]] = {}

    def systems(self) -> list[tuple[CodeSystem, bool]]:
        """Return every version of every system, and whether it is the one in use."""
        used = self._used()
        loaded = [self._store(path).about for path in sorted(self.folder.glob(f"*/*{_SUFFIX}"))]
        known = [*loaded, *(each.about for each in builtins())]
        return [(about, used.get(about.system) == about.version) for about in known]

    def source(self, system: str, version: str = "") -> Source:
        """Return a version of a system, the one in use if none is named. Raises NotFound."""
        wanted = version or self._used().get(system, "")
        path = self.path(system, wanted)
        if wanted and path.exists():
            return self._store(path)
        for each in builtins():
            if (each.about.system, each.about.version) == (system, wanted):
                return each
        what = f"version {version} of this code system" if version else "code system"
        raise NotFound("unknown-code-system", f"no such {what} is loaded")

    def in_use(self) -> list[Source]:
        """Return each system in the version in use."""
        return [self.source(system) for system in sorted(self._used())]

    def load(self, terminology: Terminology, *, use: bool = True) -> CodeSystem:
        """Write a store, and put it in use. Raises Invalid."""
        about = write_store(self.path(terminology.about.system, terminology.about.version), terminology)
        if use:
            self.use(about.system, about.version)
        return about

    def use(self, system: str, version: str) -> None:
        """Put a version in use. Raises NotFound if it is not here."""
        self.source(system, version)
        used = {**self._named(), system: version}
        partial = self.folder / f"{CURRENT}.partial"
        self.folder.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(msgspec.json.encode(used))
        partial.replace(self.folder / CURRENT)

    def path(self, system: str, version: str) -> Path:
        """Return where a version of a system is stored: names of folders that no URI can lead out of."""
        return self.folder / _file_name(system) / f"{_file_name(version)}{_SUFFIX}"

    def _used(self) -> dict[str, str]:
        return {**{each.about.system: each.about.version for each in builtins()}, **self._named()}

    def _named(self) -> dict[str, str]:
        try:
            return msgspec.json.decode((self.folder / CURRENT).read_bytes(), type=dict[str, str])
        except FileNotFoundError:
            return {}

    def _store(self, path: Path) -> Store:
        """Return the store of a file, opened once; anew when the file was replaced."""
        with self._lock:
            inode = path.stat().st_ino
            if path not in self._open or self._open[path][0] != inode:
                self._open[path] = inode, Store(path)
            return self._open[path][1]


def _file_name(text: str) -> str:
    readable = re.sub(r"[^A-Za-z0-9]+", "-", text.removeprefix("http://").removeprefix("https://")).strip("-")[:60]
    return f"{readable}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
