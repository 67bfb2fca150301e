"""Reads the bytes of stored Instances, and compares them with their records before they are answered with.

Whole reads are compared as often as the settings say: by CRC-32, which costs a fortieth of SHA-256, unless the client
asks for the digest or the record has no checksum; the scrub compares SHA-256. A part of an Instance, such as a frame,
is compared with it when the Instance is small enough to be read whole for that; parts of larger ones rest on the
scrub. A blob that differs in length, or is gone, is always found. What differs is marked in its record, so that nobody
is answered with it again: 500 the first time, 410 from then on, until a Store brings the right bytes; of a Study or
Series the others are answered as 206. An answer that has begun is broken off.
"""

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator
from typing import NoReturn

import msgspec
from isal import isal_zlib

from services.archive.deps import ArchiveDeps
from services.archive.records import INSTANCES, InstanceRecord, InstanceState
from shared.errors import Conflict, Damaged, NotFound
from shared.logs import decided
from shared.metrics import DAMAGED

SMALL_BYTES = 8 << 20
"""Instances up to this size are read in one go; larger ones are streamed."""
CHUNK = 1 << 20
HASHED_AT_ONCE = 1 << 16
"""Longer bytes are hashed by SHA-256 in a thread."""


async def whole(deps: ArchiveDeps, record: InstanceRecord, *, always: bool = False) -> bytes:
    """Return all bytes of an Instance; raise Damaged. always: compare, whatever the settings say."""
    data = await _read(deps, record)
    check = _Check(record, digest=always) if always or _chosen(deps) else None
    if check is not None:
        await check.add(data)
    if len(data) != record.size_bytes or not (check is None or check.is_right()):
        await damaged(deps, record)
    deps.checked.note(record.blob)
    return data


async def stream(
    deps: ArchiveDeps, record: InstanceRecord, chunk: int = CHUNK, *, always: bool = False
) -> AsyncIterator[bytes]:
    """Yield the bytes of an Instance. The last chunk comes only if all of them are right: else Damaged is raised."""
    if record.size_bytes <= SMALL_BYTES:
        yield await whole(deps, record, always=always)
        return
    if await deps.blobs.size(record.blob) != record.size_bytes:
        await damaged(deps, record)
    check = _Check(record, digest=always) if always or _chosen(deps) else None
    last = b""
    length = 0
    async for each in deps.blobs.stream(record.blob, chunk=chunk):
        if last:
            yield last
        if check is not None:
            await check.add(each)
        last = each
        length += len(each)
    if length != record.size_bytes or not (check is None or check.is_right()):
        await damaged(deps, record)
    yield last


async def part(deps: ArchiveDeps, record: InstanceRecord, start: int, end: int) -> bytes:
    """Return some bytes of an Instance; fewer than asked for where its record places them behind its end."""
    if _is_due(deps, record):
        return (await whole(deps, record))[start:end]
    data = await _read(deps, record, start, end - start)
    if len(data) < min(end, record.size_bytes) - start:
        await damaged(deps, record)
    return data


async def check_for_parts(deps: ArchiveDeps, record: InstanceRecord) -> None:
    """Compare an Instance whose parts are about to be read by other means, as ``part`` would; raise Damaged."""
    if _is_due(deps, record):
        await whole(deps, record)
    elif await deps.blobs.size(record.blob) != record.size_bytes:
        await damaged(deps, record)


async def damaged(deps: ArchiveDeps, record: InstanceRecord) -> NoReturn:
    """Mark the Instance in its record, unless that names other bytes by now, and raise Damaged."""
    versioned = await deps.documents.get_versioned(INSTANCES, record.sop_instance_uid)
    if versioned is not None and versioned[0].blob == record.blob and versioned[0].is_here:
        DAMAGED.labels("archive").inc()
        decided("blob-damaged", level="error", service="archive", size_bytes=record.size_bytes)
        try:
            marked = msgspec.structs.replace(versioned[0], state=InstanceState.DAMAGED)
            await deps.documents.put(INSTANCES, marked, if_version=versioned[1])
        except Conflict:  # written meanwhile: whoever reads it next looks again
            decided("blob-damaged-not-marked", level="warning", service="archive")
    raise Damaged("damaged-at-rest", "the stored bytes are not those that came; a recall brings them back")


async def _read(deps: ArchiveDeps, record: InstanceRecord, start: int = 0, length: int | None = None) -> bytes:
    try:
        return await deps.blobs.get(record.blob, start, length)
    except NotFound:
        return await damaged(deps, record)


def _is_due(deps: ArchiveDeps, record: InstanceRecord) -> bool:
    return record.size_bytes <= SMALL_BYTES and record.blob not in deps.checked and _chosen(deps)


def _chosen(deps: ArchiveDeps) -> bool:
    share = deps.settings.read_checks
    return share >= 1 or (share > 0 and random.random() < share)  # noqa: S311 - a sample, not a secret


class _Check:
    """Compares bytes with a record as they come. digest: by SHA-256, even where the record has a checksum."""

    def __init__(self, record: InstanceRecord, *, digest: bool) -> None:
        self._record = record
        self._crc32 = 0
        self._sha256 = hashlib.sha256() if digest or record.crc32 is None else None

    async def add(self, data: bytes) -> None:
        """Take the next bytes; those that take long to hash in a thread."""
        if self._sha256 is None:
            self._crc32 = isal_zlib.crc32(data, self._crc32)
        elif len(data) <= HASHED_AT_ONCE:
            self._sha256.update(data)
        else:
            await asyncio.to_thread(self._sha256.update, data)

    def is_right(self) -> bool:
        """Say whether all bytes together are those of the record."""
        if self._sha256 is None:
            return self._crc32 == self._record.crc32
        return self._sha256.hexdigest() == self._record.sha256
