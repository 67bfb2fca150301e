"""Writes as fast as it can, prints each batch that was acknowledged, and waits to be killed.

python -m tests.documents.hard_writer (sqlite PATH | mongo URI DATABASE DRIVER) FIRST_LANE
"""

import asyncio
import itertools
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from shared.documents import Documents, Put
from shared.documents.mongo import open_mongo
from shared.documents.sqlite import open_sqlite
from tests.documents.records import FED, Item

SIZE = 7
LANES = 3


def opens(kind: str, *where: str) -> AbstractAsyncContextManager[Documents]:
    return open_sqlite(Path(where[0])) if kind == "sqlite" else open_mongo(where[0], where[1], driver=where[2])


async def _write_batches(documents: Documents, lane: int) -> None:
    for number in itertools.count():
        name = f"{lane}-{number}"
        await documents.write(*[Put(FED, Item(f"{name}-{place}", name, number)) for place in range(SIZE)])
        print(name, flush=True)


async def _main() -> None:
    *where, first = sys.argv[1:]
    async with opens(*where) as documents, asyncio.TaskGroup() as tasks:
        await documents.declare(FED)
        for lane in range(int(first), int(first) + LANES):
            tasks.create_task(_write_batches(documents, lane))


if __name__ == "__main__":
    asyncio.run(_main())
