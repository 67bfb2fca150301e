"""Reads the body of a Store request and yields Instances batch by batch, in memory that does not grow with the body.

Source: PS3.18 10.5.1 (payload), 8.7.3 (media types of the parts).
"""

import asyncio
from collections.abc import AsyncIterator

import msgspec
from aiohttp import web

from services.archive.deps import ArchiveDeps
from services.archive.store.batch import Sent
from services.archive.store.from_metadata import Bulk, assembled
from services.archive.store.prepare import Failure, unforeseen
from shared.dicom.multipart import MultipartReader, Part, boundary_of, content_type
from shared.dicom.native_xml_reader import data_sets
from shared.dicom.spool import TooLarge, take_in
from shared.dicom.store_response import TOO_LARGE
from shared.errors import Invalid
from shared.web.content_digest import REPLACES, sha256_of

DICOM, JSON, XML = "application/dicom", "application/dicom+json", "application/dicom+xml"
MOST_METADATA_BYTES = 512 << 20
"""Metadata and bulk data are put together in memory; a request of more is too large."""
LARGE_METADATA_BYTES = 256 << 10
"""More is parsed in a worker: parsers in C hold the interpreter, and so the event loop, while they run."""


class Received(msgspec.Struct):
    """What a request brought besides Instances.

    unsupported: parts of another media type.  failures: Instances that could not be read.
    broken: why the body ended early; empty if it did not.
    """

    unsupported: int = 0
    failures: list[Failure] = []
    broken: str = ""


async def batches(request: web.Request, deps: ArchiveDeps, received: Received) -> AsyncIterator[list[Sent]]:
    """Yield the Instances; what came whole before a body broke is yielded too. Raise Invalid for no multipart body."""
    kind, parameters = content_type(request.headers.get("Content-Type", ""))
    if kind == DICOM:
        async for batch in _single(request, deps, received):
            yield batch
        return
    root = parameters.get("type", DICOM).lower()
    if kind != "multipart/related" or root not in (DICOM, JSON, XML):
        raise web.HTTPUnsupportedMediaType(text=f'send multipart/related; type="{DICOM}" (PS3.18 10.5.1)\n')
    boundary = boundary_of(request.headers["Content-Type"])
    reader = MultipartReader(request.content, boundary, deps.settings.max_parts)
    reading = _part10(reader, deps, received) if root == DICOM else _metadata(reader, root, deps, received)
    try:
        async for batch in reading:
            yield batch
    except TooLarge:
        raise
    except Invalid as error:
        received.broken = str(error)


async def _part10(reader: MultipartReader, deps: ArchiveDeps, received: Received) -> AsyncIterator[list[Sent]]:
    settings = deps.settings
    batch: list[Sent] = []
    size = 0
    try:
        async for part in reader:
            data = await _instance(part, deps, received)
            if data is None:
                continue
            batch.append(data)
            size += len(data.data)
            if len(batch) >= settings.batch_parts or size >= settings.batch_bytes:
                yield batch
                batch, size = [], 0
    except Invalid as error:
        received.broken = str(error)
    if batch:
        yield batch


async def _instance(part: Part, deps: ArchiveDeps, received: Received) -> Sent | None:
    if content_type(part.headers.get("content-type", DICOM))[0] != DICOM:
        received.unsupported += 1
        return None
    settings = deps.settings
    try:
        most = settings.max_part_bytes
        data = await take_in(part, small=settings.small_part_bytes, most=most, scratch=deps.scratch)
        headers = part.headers
        return Sent(data, sha256_of(headers.get("content-digest", "")), sha256_of(headers.get(REPLACES.lower(), "")))
    except TooLarge as error:
        received.failures.append(Failure(TOO_LARGE, str(error)))
        return None


async def _metadata(
    reader: MultipartReader, root: str, deps: ArchiveDeps, received: Received
) -> AsyncIterator[list[Sent]]:
    """Metadata first, then bulk data by Content-Location; yield all Instances at once (PS3.18 8.7.3.2, 10.5.1)."""
    documents: list[bytes] = []
    bulk: dict[str, list[Bulk]] = {}
    size = 0
    async for part in reader:
        chunks: list[bytes] = []
        async for chunk in part.chunks():
            size += len(chunk)
            if size > MOST_METADATA_BYTES:
                raise TooLarge
            chunks.append(chunk)
        data = b"".join(chunks)
        kind = part.headers.get("content-type", root)
        if content_type(kind)[0] == root:
            documents.append(data)
        else:
            bulk.setdefault(part.headers.get("content-location", ""), []).append(Bulk(kind, data))
    most = deps.settings.max_parts
    if sum(map(len, documents)) > LARGE_METADATA_BYTES:
        parts = await deps.cpu(_assemble, documents, root, bulk, most)
    else:
        parts = await asyncio.to_thread(_assemble, documents, root, bulk, most)
    received.failures += [each for each in parts if isinstance(each, Failure)]
    whole = [Sent(each) for each in parts if isinstance(each, bytes)]
    if whole:
        yield whole


def _assemble(documents: list[bytes], root: str, bulk: dict[str, list[Bulk]], most: int) -> list[bytes | Failure]:
    parts: list[bytes | Failure] = []
    for data in documents:
        try:
            instances = data_sets(data, root == XML)
            if len(parts) + len(instances) > most:
                raise Invalid("too-many-instances", f"the metadata are of more than {most}; send several bodies")
            parts += [assembled(each, bulk) for each in instances]
        except Invalid:
            raise
        except Exception as error:
            parts.append(unforeseen(error))
    return parts


async def _single(request: web.Request, deps: ArchiveDeps, received: Received) -> AsyncIterator[list[Sent]]:
    """One Instance as the whole body: what curl --data-binary sends."""
    part = _Whole(request)
    data = await _instance(part, deps, received)
    if data:
        yield [data]


class _Whole(Part):
    """The body of a request as if it were one part."""

    def __init__(self, request: web.Request) -> None:
        self.headers = {"content-digest": request.headers.get("Content-Digest", "")}
        self._chunks = request.content.iter_any()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the bytes of the body."""
        async for chunk in self._chunks:
            yield chunk

    async def read(self, most: int) -> tuple[bytes, bool]:
        """Return the whole body, or about ``most`` bytes of it and True if there may be more."""
        gathered = bytearray()
        async for chunk in self._chunks:
            gathered += chunk
            if len(gathered) > most:
                return bytes(gathered), True
        return bytes(gathered), False
