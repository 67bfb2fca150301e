"""Makes again what the archive derives from the bytes of Instances: ``jmid rebuild metadata`` and ``answers``.

Runs beside archives that serve: every record is written over the version that was read. What the present code made
already is left as it is, so a run that was stopped goes on where it was. One Study is in memory at a time.
"""

import asyncio
import enum
import mmap
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from services.archive.attributes import search_results, sites
from services.archive.attributes.makers import ANSWER_MAKER, METADATA_MAKER
from services.archive.attributes.stored import attributes_of
from services.archive.deps import ArchiveDeps
from services.archive.records import INSTANCES, STUDIES, InstanceRecord, InstanceState
from services.archive.store.counts import remake
from services.archive.store.prepare import Failure, Prepared, prepare
from shared import clock
from shared.documents import Eq, Order
from shared.errors import Conflict, Refused, Transient
from shared.logs import decided

PAGE = 100
TRIES = 8


class Derived(enum.StrEnum):
    """What can be made again."""

    METADATA = "metadata"
    ANSWERS = "answers"


class Progress(msgspec.Struct):
    """How many so far. made: Instances.  current: already made by this code.  evicted: their bytes are not here."""

    studies: int = 0
    made: int = 0
    current: int = 0
    evicted: int = 0
    failed: int = 0


async def rebuild(
    deps: ArchiveDeps, derived: Derived, *, study: str = "", again: bool = False
) -> AsyncIterator[Progress]:
    """Make it again for one Study, or all; yield after every page of Instances and every Study.

    again: what this code made already, too.
    """
    progress = Progress()
    async for uid in _studies(deps, study):
        before = progress.made
        async for record in deps.documents.every(INSTANCES, Eq("study_instance_uid", uid), page_size=PAGE):
            await _count(deps, derived, record, again, progress)
            if (progress.made + progress.current) % PAGE == 0:
                yield progress
        is_new = progress.made > before
        await _study(deps, uid, derived, progress, again=again or is_new)
        progress.studies += 1
        yield progress


async def _count(deps: ArchiveDeps, derived: Derived, record: InstanceRecord, again: bool, progress: Progress) -> None:
    """Remake one Instance; whatever is wrong with it is its own failure."""
    if not again and _is_current(derived, record):
        progress.current += 1
    elif derived is Derived.METADATA and record.state != InstanceState.STORED:
        progress.evicted += 1
    else:
        try:
            await _instance(deps, derived, record.sop_instance_uid)
            progress.made += 1
        except Transient:
            raise  # a port that does not answer is nobody's own failure
        except Exception as error:
            progress.failed += 1
            decided("instance-not-rebuilt", level="error", service="archive", error=type(error).__name__)


def _is_current(derived: Derived, record: InstanceRecord) -> bool:
    if derived is Derived.METADATA:
        return record.metadata_maker == METADATA_MAKER
    return record.answer_maker == ANSWER_MAKER


async def _instance(deps: ArchiveDeps, derived: Derived, uid: str) -> None:
    for _ in range(TRIES):
        versioned = await deps.documents.get_versioned(INSTANCES, uid)
        if versioned is None:
            return  # deleted meanwhile
        record, version = versioned
        new = await _metadata(deps, record) if derived is Derived.METADATA else await _answer(deps, record)
        try:
            await deps.documents.put(INSTANCES, new, if_version=version)
        except Conflict:
            continue
        return
    raise Conflict("the Instance is written by too many at once")


async def _answer(deps: ArchiveDeps, record: InstanceRecord) -> InstanceRecord:
    attributes = attributes_of(record)
    answer = search_results.instance(attributes, record.transfer_syntax_uid)
    site = record.site or (await _study_site(deps, record) if record.is_made_here else sites.named_in(attributes))
    return msgspec.structs.replace(record, answer=answer, answer_maker=ANSWER_MAKER, site=site)


async def _study_site(deps: ArchiveDeps, record: InstanceRecord) -> str:
    study = await deps.documents.get(STUDIES, record.study_instance_uid)
    return study.site if study else ""


async def _metadata(deps: ArchiveDeps, record: InstanceRecord) -> InstanceRecord:
    """Return the record made of its stored bytes, which must be those that it says."""
    prepared = await prepared_from(deps, record.blob, record.stored_at)
    if isinstance(prepared, Failure):
        raise Refused("unreadable-instance", prepared.detail)
    if prepared.record.sha256 != record.sha256:
        raise Refused("digest-differs", "the stored bytes are not those of the record")
    site = record.site or (await _study_site(deps, record) if record.is_made_here else prepared.record.site)
    return msgspec.structs.replace(
        prepared.record,
        blob=record.blob,
        state=record.state,
        commit=record.commit,
        is_made_here=record.is_made_here,
        site=site,
    )


async def prepared_from(deps: ArchiveDeps, blob: str, at: float | None) -> Prepared | Failure:
    """Read bytes at rest as they were read when they were stored. at: when, seconds since 1970; None takes now."""
    path, root = deps.blobs.local_path(blob), deps.settings.public_root
    data = path or await deps.blobs.get(blob)
    return await asyncio.to_thread(_prepared, data, root, clock.now() if at is None else at)


def _prepared(data: Path | bytes, root: str, at: float) -> Prepared | Failure:
    if isinstance(data, bytes):
        return prepare(data, root=root, at=at)
    with data.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        return prepare(mapped, root=root, at=at)


async def _study(deps: ArchiveDeps, uid: str, derived: Derived, progress: Progress, *, again: bool) -> None:
    record = await deps.documents.get(STUDIES, uid)
    if record is None or not (again or record.answer_maker != ANSWER_MAKER):
        return
    try:
        await remake(deps, uid, from_instances=derived is Derived.METADATA)
    except Transient:
        raise
    except Exception as error:
        progress.failed += 1
        decided("study-not-rebuilt", level="error", service="archive", error=type(error).__name__)


async def _studies(deps: ArchiveDeps, study: str) -> AsyncIterator[str]:
    if study:
        yield study
        return
    order = (Order("study_instance_uid"),)
    async for record in deps.documents.every(STUDIES, order=order, page_size=PAGE):
        yield record.study_instance_uid
