"""The scrub of the identified store: reads all its bytes at a limited rate, and compares them with their keys.

Each key ends in the SHA-256 of what it holds, so damage is found without a record; and where no row names a key, its
bytes were left behind by a crash, or came after the copy from which a database was restored. Both are counted and
logged; nothing is deleted or changed: what is damaged is refused when the anonymizer reads it, and replaced when it is
sent again after that. Of several processes one scrubs, under a lease; after a restart it begins anew.
"""

import asyncio
import re
import time
from collections.abc import Sequence

import msgspec

from services.ingest.deps import IngestDeps
from services.ingest.pull_records import PULLS
from services.ingest.receipts.records import ARRIVALS, REJECTED, SCRUBS, RejectedState, Scrubbed
from shared import clock
from shared.blobs.digest import sha256_of
from shared.documents import Eq, Put
from shared.errors import NotFound, Transient
from shared.lease import Lease
from shared.logs import decided
from shared.metrics import DAMAGED, SCRUBBED, SCRUBBED_BYTES
from shared.retention import is_time_again
from shared.scrubbing import DAY_S, keep_to_rate, note_unread, scrub_when_due
from shared.set_aside import IN_ROW

NAME = "identified"
PAGE = 200
CONFIRM_S = 60.0
"""After which a key without a row is looked at once more: bytes are kept before their row is written."""
_DIGEST = re.compile(r"(?:[a-z]+/)?([0-9a-f]{64})")


async def scrub_forever(deps: IngestDeps, lease: Lease) -> None:
    """Scrub whenever it is time; a store that does not answer is waited for."""

    async def scrub_if_due(waited_s: float) -> bool:
        last = await deps.documents.get(SCRUBS, NAME)
        every_s = deps.settings.scrub_days * DAY_S
        due = last is None or is_time_again(last.ended_at, clock.now(), waited_s, every_s)
        if due:
            await scrub(deps, lease)
        return due

    await scrub_when_due("ingest", deps.settings.scrub_rate_bytes, scrub_if_due)


async def scrub(deps: IngestDeps, lease: Lease, confirm_s: float = CONFIRM_S) -> Scrubbed:
    """Compare every blob with its key; return what was found. Raises LeaseLost, and Transient if the store is away."""
    scrubbed, nameless, away = Scrubbed(name=NAME), list[str](), 0
    async for keys in deps.blobs.key_pages(size=PAGE):
        await lease.check()
        nameless += await _nameless(deps, keys)
        for key in keys:
            try:
                scrubbed = await _add(deps, key, scrubbed)
                away = 0
            except Exception as error:
                away = away + 1 if isinstance(error, Transient) else 0
                if away >= IN_ROW:
                    raise
                scrubbed = msgspec.structs.replace(scrubbed, unread=scrubbed.unread + 1)
                note_unread("ingest", error)
    if nameless:
        await asyncio.sleep(confirm_s)
        still = [key for key in await _nameless(deps, nameless) if await deps.blobs.size(key) is not None]
        scrubbed = msgspec.structs.replace(scrubbed, nameless=len(still))
    scrubbed = msgspec.structs.replace(scrubbed, ended_at=clock.now())
    await lease.write(Put(SCRUBS, scrubbed))
    is_good = not (scrubbed.damaged or scrubbed.unread or scrubbed.nameless)
    decided("scrubbed", service="ingest", count=scrubbed.compared, level="info" if is_good else "warning")
    return scrubbed


async def _add(deps: IngestDeps, key: str, scrubbed: Scrubbed) -> Scrubbed:
    """Compare one blob, at the rate of the settings."""
    digest = _DIGEST.fullmatch(key)
    if digest is None:
        return scrubbed  # nothing that ingest keeps
    started = time.monotonic()
    try:
        sha256, size_bytes = await sha256_of(deps.blobs, key)
    except NotFound:
        return scrubbed  # let go under our eyes
    is_right = sha256 == digest[1]
    SCRUBBED.labels("ingest", "right" if is_right else "damaged").inc()
    SCRUBBED_BYTES.labels("ingest").inc(size_bytes)
    if not is_right:
        DAMAGED.labels("ingest").inc()
        decided("blob-damaged", level="error", service="ingest", size_bytes=size_bytes)
    await keep_to_rate(size_bytes, deps.settings.scrub_rate_bytes, started)
    return msgspec.structs.replace(scrubbed, compared=scrubbed.compared + 1, damaged=scrubbed.damaged + (not is_right))


async def _nameless(deps: IngestDeps, keys: Sequence[str]) -> list[str]:
    """Return the keys that no row names."""
    arrivals = await deps.documents.get_many(ARRIVALS, [key for key in keys if "/" not in key])
    return [key for key in keys if key not in arrivals and not await _is_named(deps, key)]


async def _is_named(deps: IngestDeps, key: str) -> bool:
    if key.startswith("rejected/"):
        return bool(await deps.documents.count(REJECTED, Eq("blob", key), Eq("state", RejectedState.KEPT)))
    if key.startswith("pulls/"):
        return bool(await deps.documents.count(PULLS, Eq("blob", key)))
    if key.startswith("originals/"):
        return bool((await deps.documents.find(ARRIVALS, Eq("original", key), limit=1)).documents)
    return False
