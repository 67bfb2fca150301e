"""Carries out the pulls, one Study of each in turn; goes on where it was after a stop or a kill.

A Study whose retrieve was cut off is asked for again: what came before is recognised by its bytes. A source that does
not answer, or may not be asked now, is waited for, and its pulls say why; those of other sources go on.
"""

import asyncio
import datetime as dt
import time
from collections.abc import Callable
from typing import Final

import msgspec

from services.ingest.deps import IngestDeps
from services.ingest.images.keeping import keep_instance
from services.ingest.pull.begin import keep_list, let_go, new_study, not_found, read_list
from services.ingest.pull.dimse_peer import DimsePeer
from services.ingest.pull.recalls import (
    AWAY,
    NO_SOURCE,
    has_waited_long,
    is_only_looked_for,
    looked_for,
    order_of,
    tell_all,
)
from services.ingest.pull.source_peer import Retrieved, SourcePeer
from services.ingest.pull.sources import Source, Sources, wait_s
from services.ingest.pull.wanted import Studies, Wanted
from services.ingest.pull.web_peer import WebPeer
from services.ingest.pull_records import PULLED, PULLS, Pull, PulledStudy, PullState, StudyState
from services.ingest.receipts.receiving import Bytes, new_receipt
from services.ingest.receipts.records import INSTANCES, Receipt
from services.ingest.reloaded import Reloaded
from shared import clock
from shared.documents import Eq, In, Order, optimistic
from shared.errors import Permanent, Transient
from shared.lease import Lease, LeaseLost
from shared.logs import decided
from shared.text.hours import is_open

IDLE_S: Final = 1.0
AWAY_S: Final = 30.0
"""How long a source that did not answer is left in peace."""
ATTEMPTS: Final = 3
_OPEN: Final = (PullState.FINDING, PullState.PULLING)


class Puller:
    """The work under one lease. peer_of: opens a source.  now: the time of day at the site."""

    def __init__(
        self,
        deps: IngestDeps,
        sources: Reloaded[Sources],
        *,
        peer_of: Callable[[Source], SourcePeer] | None = None,
        now: Callable[[], dt.time] | None = None,
    ) -> None:
        self._deps, self._sources, self._now = deps, sources, now or deps.site_time.time_of_day
        self._peer_of = peer_of or self._opened
        self._asked_at: dict[str, float] = {}
        self._away_until: dict[str, float] = {}

    async def pull_forever(self, lease: Lease) -> None:
        """Carry out what there is, then look again."""
        while True:
            worked = await self.round(lease)
            if not worked:
                await asyncio.sleep(IDLE_S)

    async def round(self, lease: Lease) -> bool:
        """Do one step of each pull, recalls first; say whether any was done. Raises LeaseLost."""
        worked = False
        for pull in sorted(await self._deps.documents.find_all(PULLS, In("state", _OPEN)), key=order_of):
            await lease.check()
            try:
                worked = await self._step(pull) or worked
            except LeaseLost:
                raise
            except Transient as error:
                self._away_until[pull.source] = time.monotonic() + AWAY_S
                await self._wait(pull, str(error) if str(error).isascii() and " " not in str(error) else "not-now")
            except Exception as error:
                reason = error.reason if isinstance(error, Permanent) else type(error).__name__
                decided("pull-failed", level="error", service="ingest", reason=reason)
                await self._change(pull, state=PullState.FAILED, reason=reason)
        await lease.check()
        await tell_all(self._deps)
        return worked

    async def _wait(self, pull: Pull, reason: str) -> None:
        """Note that a source does not answer; a recall does not wait for ever."""
        if has_waited_long(pull, clock.now(), self._deps.settings.recall_away_h):
            await self._change(pull, state=PullState.FAILED, reason=AWAY)
        else:
            await self._say(pull, reason)

    async def _step(self, pull: Pull) -> bool:
        source = self._sources.value.get(pull.source)
        if source is None:
            if not pull.recall_id:
                return await self._say(pull, "source-not-listed")
            await self._change(pull, state=PullState.FAILED, reason=NO_SOURCE)
            return False
        if time.monotonic() < self._away_until.get(source.name, 0.0):
            return False
        if not is_open(source.hours, self._now()):
            return await self._say(pull, "outside-hours")
        if pull.state is PullState.FINDING:
            await self._find(pull, self._peer_of(source))
            return True
        last = self._asked_at.get(source.name)
        if wait_s(source.studies_per_hour, None if last is None else time.monotonic() - last):
            return await self._say(pull, "pace")
        return await self._next(pull, source)

    async def _find(self, pull: Pull, peer: SourcePeer) -> None:
        """Ask the source for every query, and write what it has; a query without an answer is a Study that failed."""
        wanted = await read_list(self._deps.blobs, pull.blob, Wanted)
        uids: dict[str, int] = {}
        missing = 0
        for keys in wanted.queries:
            found = await peer.find(keys)
            missing += not found
            uids |= {each.uid: each.expected for each in found}
        blob = await keep_list(self._deps.blobs, Studies(tuple(uids)))
        rows = [new_study(pull, number, expected) for number, expected in enumerate(uids.values())]
        rows += [not_found(new_study(pull, len(uids) + number, 0)) for number in range(missing)]
        is_end = is_only_looked_for(pull)
        for row in rows:
            await self._deps.documents.put(PULLED, looked_for(row) if is_end else row)
        state = PullState.DONE if is_end else PullState.PULLING
        await self._change(pull, state=state, blob=blob, studies=len(rows), reason="")
        await let_go(self._deps.documents, self._deps.blobs, pull)

    async def _next(self, pull: Pull, source: Source) -> bool:
        """Retrieve the next Study; the pull is done when there is none."""
        where = (Eq("pull_id", pull.id), In("state", (StudyState.FOUND, StudyState.ASKED)))
        page = await self._deps.documents.find(PULLED, *where, order=(Order("number"),), limit=1)
        if not page.documents:
            await self._finish(pull)
            return True
        row = page.documents[0]
        studies = await read_list(self._deps.blobs, pull.blob, Studies)
        if row.number >= len(studies.uids):  # of a search that was cut off, and found more than the one that counts
            await self._deps.documents.put(PULLED, not_found(row))
            return True
        receipt = new_receipt(self._deps, "pull", INSTANCES, source.name, priority=pull.priority)
        asked = msgspec.structs.replace(row, state=StudyState.ASKED, receipt_id=receipt.id)
        await self._deps.documents.put(PULLED, asked)
        self._asked_at[source.name] = time.monotonic()
        retrieved = await self._retrieved(self._peer_of(source), studies.uids[row.number], receipt)
        await self._deps.documents.put(PULLED, after(asked, retrieved))
        await self._say(pull, "")
        return True

    async def _retrieved(self, peer: SourcePeer, uid: str, receipt: Receipt) -> Retrieved:
        """Have a Study sent. An error nobody foresaw is that of this Study alone."""

        async def keep(data: Bytes, sop_instance_uid: str) -> int:
            return await keep_instance(self._deps, receipt, data, sop_instance_uid)

        try:
            return await peer.retrieve(uid, keep)
        except Transient:
            raise
        except Exception as error:
            reason = error.reason if isinstance(error, Permanent) else type(error).__name__
            decided("pull-failed", level="error", service="ingest", reason=reason)
            return Retrieved(0, 0, reason)

    async def _finish(self, pull: Pull) -> None:
        failed = await self._deps.documents.count(PULLED, Eq("pull_id", pull.id), Eq("state", StudyState.FAILED))
        await self._change(pull, state=PullState.DONE, reason="", blob=pull.blob if failed else "")
        if not failed:
            await let_go(self._deps.documents, self._deps.blobs, pull)

    async def _say(self, pull: Pull, reason: str) -> bool:
        """Note why a pull waits; nothing was done."""
        if pull.reason != reason:
            await self._change(pull, reason=reason)
        return False

    async def _change(self, pull: Pull, **changes: object) -> None:
        """Change a pull, unless somebody stopped it meanwhile."""

        async def changed(old: Pull | None) -> Pull | None:
            return msgspec.structs.replace(old, **changes) if old is not None and old.state in _OPEN else old

        await optimistic.change(self._deps.documents, PULLS, pull.id, changed)

    def _opened(self, source: Source) -> SourcePeer:
        if source.url:
            return WebPeer(source, self._deps)
        return DimsePeer(source, self._deps.settings, asyncio.get_running_loop())


def after(row: PulledStudy, retrieved: Retrieved) -> PulledStudy:
    """Return the row of a Study after one retrieve: arrived if all came, else found again, or failed in the end."""
    came = retrieved.arrived
    is_whole = not retrieved.reason and not retrieved.failed and came > 0 and came >= row.expected
    reason = "" if is_whole else retrieved.reason or ("nothing-came" if not came else "not-all-came")
    attempts = row.attempts + 1
    tried = StudyState.FAILED if attempts >= ATTEMPTS else StudyState.FOUND
    return msgspec.structs.replace(
        row,
        state=StudyState.ARRIVED if is_whole else tried,
        arrived=came,
        failed=retrieved.failed,
        reason=reason,
        attempts=attempts,
        receipt_id=row.receipt_id if retrieved.is_ours else "",
    )
