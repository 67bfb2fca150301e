"""A file system that gets full soon."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_PIECE = bytes(1 << 20)


@contextmanager
def small_disk(folder: Path, size_mib: int) -> Iterator[Path]:
    """Yield the folder with a file system of this size mounted on it; skip the test where none can be mounted."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_mib}m", "jmid-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("mounting a small tmpfs needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(ballast: Path, left: int = 0) -> None:
    """Append to a file until no byte of its disk is left, or so many."""
    size = len(_PIECE)
    with ballast.open("ab", buffering=0) as file:
        while size:
            try:
                file.write(_PIECE[:size])
            except OSError:
                size //= 2
        if left:
            file.truncate(file.tell() - left)
