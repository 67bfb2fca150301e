"""Holds a lease and counts in a record under it until it is killed; prints its fence, each count, and each loss.
At SIGUSR1 it stops itself (SIGSTOP) between two writes, when it holds no lock of the store.

python -m tests.documents.lease_holder (sqlite PATH | mongo URI DATABASE DRIVER) TTL_S
"""

import asyncio
import os
import signal
import sys

from shared.documents import Put
from shared.lease import LEASES, Lease, Leases, owner_id
from tests.documents.hard_writer import opens
from tests.documents.records import ITEMS, Item

NAME, COUNTED, LOST = "work", "counted", "lost"
PAUSE_S = 0.01


async def main() -> None:
    *where, ttl_s = sys.argv[1:]
    asked: list[int] = []
    signal.signal(signal.SIGUSR1, lambda number, _: asked.append(number))
    async with opens(*where) as documents:
        await documents.declare(LEASES, ITEMS)

        async def count(lease: Lease) -> None:
            print("fence", lease.fence, flush=True)
            try:
                while True:
                    old, version = await documents.get_versioned(ITEMS, COUNTED) or (Item(COUNTED), 0)
                    await lease.write(Put(ITEMS, Item(COUNTED, number=old.number + 1), version))
                    print(old.number + 1, flush=True)
                    if asked:
                        asked.clear()
                        os.kill(os.getpid(), signal.SIGSTOP)
                    await asyncio.sleep(PAUSE_S)
            finally:
                print(LOST, flush=True)

        await Leases(documents, owner_id(), float(ttl_s)).work_under_lease(NAME, count)


if __name__ == "__main__":
    asyncio.run(main())
