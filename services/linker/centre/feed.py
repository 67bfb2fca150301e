"""The one ordered feed of a case's documents, and the publisher that follows it.

Every write of a document is followed by its row in the feed; the publisher turns rows into CaseChanged and moves its
cursor after the broker confirmed. A kill -9 anywhere publishes again, and never loses. One process at a time publishes,
under a lease; the cursor is written with the lease, over the version that was read, so it never goes back.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from services.linker.centre.deps import CentreDeps
from services.linker.centre.records import CASE_CHANGES, CURSORS, Changed, Cursor
from shared import outbox
from shared.documents import Change, Put
from shared.errors import Transient
from shared.events import CaseChanged
from shared.lease import Lease

_CURSOR = "case-changed"
_PAGE = 200
_WORK = "case-changes"


async def note(deps: CentreDeps, kind: str, document_id: str, studies: Sequence[str], correlation_id: str = "") -> None:
    """Write the feed's row of one changed document. studies: all whose case it belongs to, or ever belonged."""
    row = Changed(
        key=f"{kind}/{document_id}",
        kind=kind,
        document_id=document_id,
        studies=tuple(sorted(set(studies))),
        correlation_id=correlation_id,
    )
    await deps.documents.put(CASE_CHANGES, row)
    deps.wake_up.set()


async def publish_forever(deps: CentreDeps, lease: Lease) -> None:
    """Publish CaseChanged for every row, in order, until cancelled."""

    async def publish() -> None:
        while await publish_some(deps, lease):
            pass
        await publish_set_aside(deps)

    await outbox.publish_forever(publish, deps.wake_up, service="linker", idle_s=deps.settings.sweep_s)


async def publish_some(deps: CentreDeps, lease: Lease) -> int:
    """Publish the next rows after the cursor; return how many. Raises LeaseLost.

    Rows that cannot be published together are published one by one; one that cannot be by itself is set aside, and the
    cursor passes it.
    """
    cursor, version = await deps.documents.get_versioned(CURSORS, _CURSOR) or (Cursor(name=_CURSOR, seq=0), 0)
    changes = await deps.documents.changes(CASE_CHANGES, after=cursor.seq, limit=_PAGE)
    if changes:
        await lease.check()
        try:
            await deps.bus.publish(*(event for change in changes for event in _events(deps, change)))
        except Transient:
            raise  # a broker that is away is no row's fault
        except Exception:
            await deps.set_asides.of(_WORK).each(changes, lambda change: change.key, partial(_publish, deps))
        await lease.write(Put(CURSORS, Cursor(name=_CURSOR, seq=changes[-1].seq), version))
    return len(changes)


async def publish_set_aside(deps: CentreDeps) -> int:
    """Publish the newest state of rows that were set aside and are due again; return how many."""
    work = deps.set_asides.of(_WORK)

    async def publish(key: str) -> None:
        row = await deps.documents.get(CASE_CHANGES, key)
        if row is not None:
            await _publish(deps, Change(0, key, row))

    return await work.each(await work.due(), str, publish)


async def _publish(deps: CentreDeps, change: Change[Changed]) -> None:
    await deps.bus.publish(*_events(deps, change))


@dataclass
class Watch:
    """Whether the cursor moves while rows wait behind it, whichever process publishes."""

    deps: CentreDeps
    clock: Callable[[], float] = time.monotonic
    _seq: int = -1
    _since: float = 0.0

    async def waited_s(self) -> int:
        """Return for how long rows have waited while the cursor stood where it is; 0 if none waits."""
        cursor = await self.deps.documents.get(CURSORS, _CURSOR)
        seq = cursor.seq if cursor else 0
        waits = bool(await self.deps.documents.changes(CASE_CHANGES, after=seq, limit=1))
        if seq != self._seq or not waits:
            self._seq, self._since = seq, self.clock()
        return int(self.clock() - self._since)

    async def is_published_in_time(self) -> str:
        """Return "ok", or how long rows have waited if that is longer than the settings allow."""
        waited_s = await self.waited_s()
        late = waited_s > self.deps.settings.unpublished_late_s
        return f"changes wait for {waited_s} s to be published" if late else "ok"


def _events(deps: CentreDeps, change: Change[Changed]) -> list[CaseChanged]:
    row = change.document
    if row is None:
        return []
    return [
        CaseChanged.first(
            f"{row.key}|{change.seq}|{study}",
            correlation_id=row.correlation_id or row.document_id,
            site=deps.site,
            study_instance_uid=study,
            report_ids=(row.document_id,) if row.kind == "report" else (),
        )
        for study in row.studies or ("",)
    ]
