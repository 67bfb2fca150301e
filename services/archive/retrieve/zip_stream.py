"""Send a Study or Series as a ZIP archive of Part 10 files, written as it is sent, nothing held.

Source: PS3.18 8.6.1.3, 10.4.4 (application/zip); the files are stored, not compressed: pixels hardly shrink.
"""

import asyncio
import zipfile
from collections.abc import Sequence

from aiohttp import web

from services.archive import stored_bytes
from services.archive.deps import ArchiveDeps
from services.archive.http.conditional import not_modified
from services.archive.http.multipart import begin
from services.archive.records import InstanceRecord

CHUNK = 4 << 20


class _Sink:
    """Takes what zipfile writes; it cannot be sought, so that zipfile writes data descriptors."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


async def send(
    deps: ArchiveDeps, request: web.Request, records: Sequence[InstanceRecord], etag: str, status: int
) -> web.StreamResponse:
    """Answer with the Instances as files named by Series and SOP Instance UID."""
    if unchanged := not_modified(request, etag):
        return unchanged
    name = records[0].study_instance_uid
    headers = {"Content-Disposition": f'attachment; filename="{name}.zip"', "ETag": etag}
    response = web.StreamResponse(status=status, headers={"Content-Type": "application/zip", **headers})
    await begin(request, response)
    if request.method == "HEAD":
        return response
    sink = _Sink()
    archive = zipfile.ZipFile(sink, "w", allowZip64=True)  # type: ignore[call-overload]
    for record in records:
        entry = zipfile.ZipInfo(f"{record.series_instance_uid}/{record.sop_instance_uid}.dcm")
        entry.file_size = record.size_bytes
        with archive.open(entry, "w") as file:
            async for chunk in stored_bytes.stream(deps, record, CHUNK):
                await asyncio.to_thread(file.write, chunk)  # the checksum costs time
                await response.write(sink.taken())
    archive.close()
    await response.write(sink.taken())
    await response.write_eof()
    return response
