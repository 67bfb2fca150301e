"""A Data Set as it comes by C-STORE: in memory while it is small, else in a scratch file, seen through mmap.

The file has no name, so that neither an abort nor a crash leaves anything.
"""

import mmap
import tempfile
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import IO, Any, cast


class DataSetSpool(BytesIO):
    """What pynetdicom writes the fragments of a Data Set to, one after the other.

    head: makes what stands before the Data Set in a Part 10 file; called when a file is needed.
    small, most: bytes; 0 of the latter is any.
    A Data Set that finds no room, or is larger than is taken, is read to its end and dropped: its sender gets a status.
    """

    def __init__(self, head: Callable[[], bytes], *, small: int, most: int, scratch: Path) -> None:
        super().__init__()
        self._head, self._small, self._most, self._scratch = head, small, most, scratch
        self._file: IO[bytes] | None = None
        self._mapped: mmap.mmap | None = None
        self.size = 0
        self.no_room = False

    @property
    def too_large(self) -> bool:
        """Say whether it is larger than is taken."""
        return 0 < self._most < self.size

    def write(self, data: Any) -> int:
        """Add a fragment."""
        self.size += len(data)
        if self.no_room or self.too_large:
            self._drop()
        elif self._file is None and self.size <= self._small:
            super().write(data)
        else:
            try:
                self._in_file().write(data)
            except OSError:
                self.no_room = True
                self._drop()
        return len(data)

    def mapped(self) -> mmap.mmap | None:
        """Return the Part 10 file, mapped; None if the Data Set is in memory. Raises OSError."""
        if self._file is not None and self._mapped is None:
            self._file.flush()
            self._mapped = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        return self._mapped

    def release(self) -> None:
        """Give memory, mapping and file back."""
        if self._mapped is not None:
            with suppress(BufferError):  # somebody still reads: the last one gives it back
                self._mapped.close()
        self._drop()

    def _in_file(self) -> IO[bytes]:
        if self._file is None:
            self._scratch.mkdir(parents=True, exist_ok=True)
            self._file = cast("IO[bytes]", tempfile.TemporaryFile(dir=self._scratch))  # noqa: SIM115 - see release
            self._file.write(self._head())
            self._file.write(self.getbuffer())
            self._empty()
        return self._file

    def _drop(self) -> None:
        self._empty()
        if self._file is not None:
            with suppress(OSError):  # what is buffered may find no room either
                self._file.close()
            self._file = None

    def _empty(self) -> None:
        self.seek(0)
        self.truncate()
