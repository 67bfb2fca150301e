"""Writes one blob into a draft whose key is known only at the end."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from pathlib import Path
from typing import Any

from shared.blobs import Writer
from shared.blobs import local_files as files
from shared.blobs.local_files import Data, Draft

BUFFER_BYTES = 1 << 20
"""This much is gathered before it goes to a thread."""


class LocalWriter(Writer):
    """See shared.blobs.Writer."""

    def __init__(self, draft: Draft, path_of: Callable[[str], Path], root: Path, threads: Executor) -> None:
        self._draft, self._path_of, self._root, self._threads = draft, path_of, root, threads
        self._buffer = bytearray()
        self._running: asyncio.Future[None] | None = None

    async def write(self, chunk: bytes | memoryview) -> None:
        if len(self._buffer) + len(chunk) < BUFFER_BYTES:
            self._buffer += chunk
        else:
            await self._run(files.writing(_write), self._draft, self._take(), chunk)

    async def commit(self, key: str) -> None:
        await self._run(files.writing(_commit), self._draft, self._take(), self._path_of(key), self._root)

    async def end(self) -> None:
        """Leave nothing behind but what was committed."""
        if self._running:  # a caller that was cancelled has left its thread at work on the draft
            with suppress(Exception):
                await self._running
        await self._run(files.writing(self._draft.remove))

    def _take(self) -> bytearray:
        taken, self._buffer = self._buffer, bytearray()
        return taken

    async def _run(self, function: Callable[..., None], *args: Any) -> None:
        self._running = asyncio.wrap_future(self._threads.submit(function, *args))
        await asyncio.shield(self._running)


def _write(draft: Draft, *chunks: Data) -> None:
    for chunk in chunks:
        draft.write(chunk)


def _commit(draft: Draft, rest: bytearray, target: Path, root: Path) -> None:
    draft.write(rest)
    draft.finish()
    files.sync_folders(files.publish([(draft.path, target)], root))
