"""The embedded blob store: files. Written as drafts, fdatasync, rename, fsync of the folder.

``blobs/<first segment or +>/<00-3f>/<00-3f>/<rest of the key, "/" as "+">``: 4,096 folders per first segment, so that
no folder grows too large and a listing by prefix walks only what can hold it. Keys of three segments or more that
differ only in the last lie together, so that a Series costs one fsync of a folder. ``drafts/`` holds what is being
written.
"""

import asyncio
import os
import zlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ParamSpec, TypeVar

from shared.blobs import Blobs, Writer
from shared.blobs import local_files as files
from shared.blobs.keys import checked, checked_prefix
from shared.blobs.local_files import Data, Draft
from shared.blobs.local_writer import LocalWriter
from shared.errors import NotFound

P = ParamSpec("P")
R = TypeVar("R")

THREADS = 16
"""They wait for the disk, which takes several requests at once."""
STRAY_S = 6 * 3600.0
"""A draft of this age has no writer any more."""
LEVEL = 64
NO_FOLDER = "+"
"""Stands for the first segment of a key that has only one; "+" also stands for the further "/"."""


@asynccontextmanager
async def open_local(root: Path) -> AsyncIterator["LocalBlobs"]:
    """Yield the blob store in this folder; it is made if it does not exist."""
    blobs = LocalBlobs(root)
    try:
        await blobs.open()
        yield blobs
    finally:
        await blobs.close()


class LocalBlobs(Blobs):
    """See shared.blobs.Blobs."""

    def __init__(self, root: Path) -> None:
        self._root, self._drafts = root / "blobs", root / "drafts"
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=f"blobs {root.name}")

    async def open(self) -> None:
        """Make the folders; remove what writers that were killed left behind."""
        await self._run(files.prepare, self._root, self._drafts, STRAY_S)

    async def put(self, key: str, data: Data) -> None:
        await self._run(files.put, self._drafts, self._root, self._path(key), data)

    async def put_many(self, items: dict[str, bytes]) -> None:
        targets = [(self._path(key), data) for key, data in items.items()]
        parts = [targets[start::THREADS] for start in range(min(THREADS, len(targets)))]
        writing = (self._run(files.write_drafts, self._drafts, part) for part in parts)
        done = await asyncio.gather(*writing, return_exceptions=True)
        written = [pair for pairs in done if not isinstance(pairs, BaseException) for pair in pairs]
        for failure in done:
            if isinstance(failure, BaseException):
                await self._run(files.remove, [draft for draft, _ in written])
                raise failure
        folders = sorted(await self._run(files.publish, written, self._root))
        shares = range(min(THREADS, len(folders)))
        await asyncio.gather(*(self._run(files.sync_folders, folders[start::THREADS]) for start in shares))

    @asynccontextmanager
    async def writer(self) -> AsyncIterator[Writer]:
        writer = LocalWriter(files.writing(Draft)(self._drafts), self._path, self._root, self._threads)
        try:
            yield writer
        finally:
            await writer.end()

    async def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        return await self._run(files.read, self._path(key), start, length)

    async def stream(
        self, key: str, start: int = 0, length: int | None = None, chunk: int = 1 << 18
    ) -> AsyncIterator[bytes]:
        descriptor = await self._run(files.reading(os.open), self._path(key), os.O_RDONLY | os.O_CLOEXEC)
        reading: Future[bytes] | None = None
        try:
            while length is None or length > 0:
                wanted = chunk if length is None else min(chunk, length)
                reading = self._threads.submit(files.reading(os.pread), descriptor, wanted, start)
                data = await asyncio.shield(asyncio.wrap_future(reading))
                if not data:
                    return
                start += len(data)
                length = None if length is None else length - len(data)
                yield data
        finally:  # after a cancellation a thread may still read
            if reading:
                reading.add_done_callback(lambda _: os.close(descriptor))
            else:
                os.close(descriptor)

    async def size(self, key: str) -> int | None:
        try:
            return (await self._run(files.reading(os.stat), self._path(key))).st_size
        except NotFound:
            return None

    async def delete(self, key: str) -> bool:
        try:
            await self._run(files.delete, self._path(key))
        except NotFound:
            return False
        return True

    async def keys(self, prefix: str = "") -> AsyncIterator[str]:
        for folder in await self._run(self._folders, checked_prefix(prefix)):
            for key in await self._run(_keys_in, folder):
                if key.startswith(prefix):
                    yield key

    def local_path(self, key: str) -> Path | None:
        path = self._path(key)
        return path if path.is_file() else None

    async def ping(self) -> None:
        await self._run(files.writing(_try), self._drafts)

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)

    def _path(self, key: str) -> Path:
        first, slash, rest = checked(key).partition("/")
        folder, _, _ = key.rpartition("/")
        mark = zlib.crc32((folder if "/" in folder else key).encode())
        top = self._root / (first if slash else NO_FOLDER)
        name = rest.replace("/", NO_FOLDER) if slash else first
        return top / f"{mark % LEVEL:02x}" / f"{mark // LEVEL % LEVEL:02x}" / name

    def _folders(self, prefix: str) -> list[Path]:
        """Return the folders that can hold keys of this prefix."""
        first, slash, _ = prefix.partition("/")
        if slash:
            tops = [self._root / first]
        else:
            tops = [top for top in self._root.iterdir() if top.name.startswith(first) or top.name == NO_FOLDER]
        return [leaf for top in sorted(tops) for middle in _within(top) for leaf in _within(middle)]

    async def _run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run in a thread; one that is cancelled runs to its end there."""
        return await asyncio.wrap_future(self._threads.submit(function, *args, **kwargs))


@files.reading
def _within(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _keys_in(folder: Path) -> list[str]:
    first = folder.parent.parent.name
    start = "" if first == NO_FOLDER else f"{first}/"
    return [start + path.name.replace(NO_FOLDER, "/") for path in _within(folder)]


def _try(drafts: Path) -> None:
    draft = Draft(drafts)
    try:
        draft.write(b"\0" * 4096)
        draft.finish()
    finally:
        draft.remove()
