"""Finds the files that a check is given: every one, whatever its name; what cannot be read is said, never left out."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

_INDEX = "index.csv"
_INDEX_BEGINS = b"input,output,"
"""How the index begins that the commands themselves write beside what they make."""


class Given(NamedTuple):
    """What a check is given. indexes: of the commands' own making.  unread: folders, and what is no file."""

    files: list[Path]
    indexes: list[Path]
    unread: list[Path]


def given(paths: Iterable[Path]) -> Given:
    """Return every file of the paths, folders searched whole, in order."""
    given_files = Given([], [], [])
    for path in paths:
        each = _in_folder(path, given_files.unread) if path.is_dir() else [path]
        for file in each:
            if not file.is_file():
                given_files.unread.append(file)
            elif path.is_dir() and file.name == _INDEX and _is_index(file):
                given_files.indexes.append(file)
            else:
                given_files.files.append(file)
    return given_files


def _in_folder(folder: Path, unread: list[Path]) -> Iterator[Path]:
    def note(error: OSError) -> None:
        unread.append(Path(str(error.filename)))

    for place, folders, names in os.walk(folder, onerror=note):
        folders.sort()
        links = [name for name in folders if (Path(place) / name).is_symlink()]  # not followed: they may lead in a ring
        unread.extend(Path(place) / name for name in links)
        yield from (Path(place) / name for name in sorted(names))


def _is_index(path: Path) -> bool:
    with path.open("rb") as file:
        return file.readline(200).startswith(_INDEX_BEGINS)
