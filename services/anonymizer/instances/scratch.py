"""The folder of files that are too large for memory; what a killed process leaves there goes after some hours."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from shared.blobs import Blobs

CHUNK = 4 << 20
STRAY_S = 6 * 3600.0


def prepare(folder: Path) -> None:
    """Make the folder, and remove what has no writer any more. Blocks."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    border = time.time() - STRAY_S
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < border:
                path.unlink()


@asynccontextmanager
async def scratch_file(folder: Path) -> AsyncIterator[Path]:
    """Yield the path of a file that does not exist yet; what is there at the end is removed."""
    path = folder / secrets.token_hex(8)
    try:
        yield path
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)


async def fetch(blobs: Blobs, key: str, path: Path) -> None:
    """Write a blob to a file, chunk by chunk."""
    with await asyncio.to_thread(path.open, "xb") as file:
        async for chunk in blobs.stream(key, chunk=CHUNK):
            await asyncio.to_thread(file.write, chunk)


async def keep(blobs: Blobs, key: str, path: Path) -> None:
    """Put a file, chunk by chunk; durable on return."""
    with await asyncio.to_thread(path.open, "rb") as file:
        async with blobs.writer() as writer:
            while chunk := await asyncio.to_thread(file.read, CHUNK):
                await writer.write(chunk)
            await writer.commit(key)
