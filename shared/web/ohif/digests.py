"""The files that the prepared viewer is made of: when one of them changed it is fetched again. It blocks.

They are written down beside the folder, which holds only what is served.
"""

import hashlib
from pathlib import Path

import msgspec


def write(folder: Path) -> None:
    """Write down the files of a folder and their SHA-256."""
    _place(folder).write_bytes(msgspec.json.encode(_digests(folder), order="sorted"))


def is_whole(folder: Path) -> bool:
    """Say whether the folder holds what was written down; of one that an earlier release made that is done now."""
    if not _place(folder).exists():
        write(folder)
        return (folder / "index.html").is_file()
    try:
        return msgspec.json.decode(_place(folder).read_bytes(), type=dict[str, str]) == _digests(folder)
    except msgspec.MsgspecError:
        return False


def _place(folder: Path) -> Path:
    return folder.with_name(folder.name + ".digests.json")


def _digests(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
