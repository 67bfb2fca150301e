"""The blobs port: immutable bytes by key.

Two implementations under one contract suite: ``shared.blobs.local`` (files: write, fdatasync, rename, fsync of the
folder) and ``shared.blobs.objects`` (S3 or GCS by obstore, the only module that imports it).
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol


class Writer(Protocol):
    """Takes the bytes of one blob whose key may be known only at the end (content addressing)."""

    async def write(self, chunk: bytes | memoryview) -> None: ...

    async def commit(self, key: str) -> None:
        """Make it durable under the key. Leaving the context without it leaves nothing behind."""


class Blobs(Protocol):
    """What every blob store does.

    A key is a relative path of [A-Za-z0-9._-] segments separated by "/", at most 240 characters; else Invalid.
    Raises NotFound for an unknown key, StorageFull when there is no room (nothing is left behind), Unavailable when the
    store does not answer.
    """

    async def put(self, key: str, data: bytes | bytearray | memoryview) -> None:
        """Return when durable. Putting the same key again replaces it atomically."""

    async def put_many(self, items: dict[str, bytes]) -> None:
        """Put several with fewer waits for the disk; all durable on return."""

    def writer(self) -> AbstractAsyncContextManager[Writer]: ...

    async def get(self, key: str, start: int = 0, length: int | None = None) -> bytes: ...

    def stream(self, key: str, start: int = 0, length: int | None = None, chunk: int = 1 << 18) -> AsyncIterator[bytes]:
        """Yield the bytes with back-pressure and constant memory. NotFound is raised before the first chunk."""

    async def size(self, key: str) -> int | None:
        """Return the size in bytes, None if there is no such blob."""

    async def delete(self, key: str) -> bool: ...

    def keys(self, prefix: str = "") -> AsyncIterator[str]: ...

    async def key_pages(self, prefix: str = "", *, size: int) -> AsyncIterator[list[str]]:
        """Yield the keys, so many at a time."""
        page: list[str] = []
        async for key in self.keys(prefix):
            page.append(key)
            if len(page) == size:
                yield page
                page = []
        if page:
            yield page

    def local_path(self, key: str) -> Path | None:
        """Return the file that holds it where there is one (for sendfile and mmap), else None."""

    async def ping(self) -> None:
        """Return when a put would work now; raise Unavailable or StorageFull otherwise."""

    async def close(self) -> None: ...
