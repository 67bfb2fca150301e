"""The one ordered feed of a case's documents, and the publisher that follows it.

Every write of a document is followed by its row in the feed; the publisher turns rows into CaseChanged and moves its
cursor after the broker confirmed. A kill -9 anywhere publishes again, and never loses.
"""

import asyncio
from collections.abc import Sequence

from services.linker.centre.deps import CentreDeps
from services.linker.centre.records import CASE_CHANGES, CURSORS, Changed, Cursor
from shared.documents import Change
from shared.events import CaseChanged

_CURSOR = "case-changed"
_PAGE = 200


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
    deps.bell.set()


async def publish_forever(deps: CentreDeps) -> None:
    """Publish CaseChanged for every row, in order, until cancelled."""
    while True:
        deps.bell.clear()
        while await publish_some(deps):
            pass
        try:
            async with asyncio.timeout(deps.settings.sweep_s):
                await deps.bell.wait()
        except TimeoutError:
            continue


async def publish_some(deps: CentreDeps) -> int:
    """Publish the next rows after the cursor; return how many."""
    cursor = await deps.documents.get(CURSORS, _CURSOR)
    changes = await deps.documents.changes(CASE_CHANGES, after=cursor.seq if cursor else 0, limit=_PAGE)
    if changes:
        await deps.bus.publish(*(event for change in changes for event in _events(deps, change)))
        await deps.documents.put(CURSORS, Cursor(name=_CURSOR, seq=changes[-1].seq))
    return len(changes)


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
