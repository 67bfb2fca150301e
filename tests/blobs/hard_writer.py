"""Writes blobs as fast as it can, prints each key that was acknowledged, and waits to be killed.

python -m tests.blobs.hard_writer FOLDER; a key is <lane>/<size>-<byte>-<number>.
"""

import asyncio
import itertools
import random
import sys
from pathlib import Path

from shared.blobs import Blobs
from shared.blobs.local import open_local


async def _write(blobs: Blobs, lane: int) -> None:
    chosen = random.Random(lane)
    for number in itertools.count():
        items = {}
        for part in range(4):
            size, byte = chosen.randrange(300_000), chosen.randrange(256)
            items[f"{lane}/{size}-{byte}-{number}.{part}"] = bytes([byte]) * size
        await blobs.put_many(items)
        print(*items, flush=True)


async def _main() -> None:
    async with open_local(Path(sys.argv[1])) as blobs, asyncio.TaskGroup() as tasks:
        for lane in range(3):
            tasks.create_task(_write(blobs, lane))


if __name__ == "__main__":
    asyncio.run(_main())
