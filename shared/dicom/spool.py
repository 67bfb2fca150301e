"""Holds what is too large for memory: a part of a request goes to a scratch file and is seen through mmap.

The file has no name, so a crash leaves nothing.
"""

import asyncio
import hashlib
import mmap
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from shared.blobs import Blobs
from shared.dicom.multipart import Part
from shared.errors import Invalid, StorageFull

CHUNK = 4 << 20


async def take_in(part: Part, *, small: int, most: int, scratch: Path) -> bytes | mmap.mmap:
    """Return a part: in memory up to about ``small`` bytes, else mapped. Raise Invalid past ``most``; 0 is no limit."""
    data, more = await part.read(small)
    if not more:
        return _within(data, most)
    with await asyncio.to_thread(_nameless, scratch) as file:
        await _write(file, data)
        size = len(data)
        async for gathered in _gathered(part):
            size += len(gathered)
            if most and size > most:
                raise TooLarge
            await _write(file, gathered)
        file.flush()
        return mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)


class TooLarge(Invalid):
    """A part is larger than is taken; the rest of it can be skipped."""

    def __init__(self) -> None:
        super().__init__("too-large", "the Instance is larger than is taken here")


async def keep(blobs: Blobs, key: str, data: bytes | mmap.mmap) -> None:
    """Put bytes, large ones chunk by chunk."""
    if isinstance(data, bytes):
        await blobs.put(key, data)
        return
    chunks = each_chunk(data)
    async with blobs.writer() as writer:
        while chunk := await asyncio.to_thread(next, chunks, b""):
            await writer.write(chunk)
        await writer.commit(key)


def sha256(data: bytes | mmap.mmap) -> str:
    """Return the digest, hexadecimal; of what is mapped, no more than a chunk stays in memory. Blocks."""
    if isinstance(data, bytes):
        return hashlib.sha256(data).hexdigest()
    digest = hashlib.sha256()
    for chunk in each_chunk(data):
        digest.update(chunk)
    return digest.hexdigest()


def each_chunk(data: mmap.mmap) -> Iterator[bytes]:
    """Yield a mapped file chunk by chunk; its pages leave the memory of the process behind."""
    for start in range(0, len(data), CHUNK):
        yield data[start : start + CHUNK]
        data.madvise(mmap.MADV_DONTNEED, start, min(CHUNK, len(data) - start))


def _within(data: bytes, most: int) -> bytes:
    if most and len(data) > most:
        raise TooLarge
    return data


async def _gathered(part: Part) -> AsyncIterator[bytes]:
    """Gather the chunks of a part to blocks worth a write."""
    buffer = bytearray()
    async for chunk in part.chunks():
        buffer += chunk
        if len(buffer) >= CHUNK:
            yield bytes(buffer)
            buffer.clear()
    yield bytes(buffer)


def _nameless(scratch: Path) -> BinaryIO:
    scratch.mkdir(parents=True, exist_ok=True)
    return cast("BinaryIO", tempfile.TemporaryFile(dir=scratch))


async def _write(file: BinaryIO, data: bytes) -> None:
    try:
        await asyncio.to_thread(file.write, data)
    except OSError as error:
        raise StorageFull("no room in the scratch folder") from error
