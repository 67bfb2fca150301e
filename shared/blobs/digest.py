"""The digest of stored bytes."""

import asyncio
import hashlib
from typing import Final

from shared.blobs import Blobs

_CHUNK: Final = 1 << 20


async def sha256_of(blobs: Blobs, key: str) -> tuple[str, int]:
    """Return the SHA-256 of a blob, lower-case hexadecimal, and its length in bytes, read chunk by chunk.

    The event loop hashes nothing. Raises NotFound.
    """
    running, length = hashlib.sha256(), 0
    async for chunk in blobs.stream(key, chunk=_CHUNK):
        await asyncio.to_thread(running.update, chunk)
        length += len(chunk)
    return running.hexdigest(), length
