"""Begins, stops and repeats pulls: what ``jmid pull`` does beside the services."""

import hashlib
import uuid
from typing import Final, TypeVar

import msgspec

from services.ingest.pull.wanted import Studies, Wanted
from services.ingest.pull_records import PULLED, PULLS, Pull, PulledStudy, PullState, StudyState
from shared import clock
from shared.blobs import Blobs
from shared.documents import Documents, Eq, optimistic
from shared.errors import NotFound, Refused

NOT_FOUND: Final = "not-found"
L = TypeVar("L", Wanted, Studies)


async def begin(documents: Documents, blobs: Blobs, source: str, wanted: Wanted, *, priority: bool = False) -> Pull:
    """Write a pull for the services to carry out."""
    blob = await keep_list(blobs, wanted)
    pull = Pull(id=str(uuid.uuid4()), source=source, blob=blob, priority=priority, at=clock.now())
    await documents.put(PULLS, pull)
    return pull


async def stop(documents: Documents, blobs: Blobs, pull_id: str) -> Pull:
    """Stop a pull for good; what came stays, and the list of what it asked for is let go."""
    pull = await _changed(documents, pull_id, state=PullState.STOPPED)
    await let_go(documents, blobs, pull)
    return pull


async def repeat_failed(documents: Documents, pull_id: str) -> int:
    """Have the Studies of a pull that failed asked for again; return how many."""
    pull = await documents.get(PULLS, pull_id)
    if pull is None:
        raise NotFound("no-such-pull", "there is no pull of this id")
    if pull.state is not PullState.DONE:
        raise Refused("pull-not-done", "a pull is repeated when it is done; this one is " + pull.state.value)
    failed = await documents.find_all(PULLED, Eq("pull_id", pull_id), Eq("state", StudyState.FAILED))
    rows = [row for row in failed if row.reason != NOT_FOUND]  # the source had no Study to ask for
    for row in rows:
        fresh = msgspec.structs.replace(row, state=StudyState.FOUND, reason="", attempts=0, arrived=0, failed=0)
        await documents.put(PULLED, fresh)
    if rows:
        await _changed(documents, pull_id, state=PullState.PULLING)
    return len(rows)


async def _changed(documents: Documents, pull_id: str, *, state: PullState) -> Pull:
    async def changed(old: Pull | None) -> Pull | None:
        return old and msgspec.structs.replace(old, state=state, reason="")

    pull = await optimistic.change(documents, PULLS, pull_id, changed)
    if pull is None:
        raise NotFound("no-such-pull", "there is no pull of this id")
    return pull


async def keep_list(blobs: Blobs, asked: Wanted | Studies) -> str:
    """Keep what a pull asks for among the identified bytes; return its key."""
    data = msgspec.json.encode(asked)
    key = f"pulls/{hashlib.sha256(data).hexdigest()}"
    await blobs.put(key, data)
    return key


async def read_list(blobs: Blobs, key: str, kind: type[L]) -> L:
    """Return what a pull asks for. Raises NotFound."""
    return msgspec.json.decode(await blobs.get(key), type=kind)


async def let_go(documents: Documents, blobs: Blobs, pull: Pull) -> None:
    """Delete the list of a pull that needs it no more, unless another pull asks for the same."""
    others = [each async for each in documents.every(PULLS, Eq("blob", pull.blob)) if each.id != pull.id]
    if not any(each.state is not PullState.STOPPED for each in others):
        await blobs.delete(pull.blob)


def new_study(pull: Pull, number: int, expected: int) -> PulledStudy:
    """Return the row of a Study that was found."""
    return PulledStudy(id=f"{pull.id}.{number:06d}", pull_id=pull.id, number=number, expected=expected)


def not_found(row: PulledStudy) -> PulledStudy:
    """Return the row of a query that no Study matches."""
    return msgspec.structs.replace(row, state=StudyState.FAILED, reason=NOT_FOUND)
