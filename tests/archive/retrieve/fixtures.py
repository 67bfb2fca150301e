"""The real DICOM files that the retrieve tests read: pydicom's own and the shared data; and an archive that serves."""

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import compat32
from pathlib import Path

import aiohttp
import pydicom.data
from aiohttp import web

from services.archive import retrieve_routes
from services.archive.deps import ArchiveDeps
from services.archive.housekeeping.delete_routes import RemovalRoutes
from services.archive.http import cors
from services.archive.query.routes import SearchRoutes
from services.archive.records import INSTANCES, InstanceRecord
from services.archive.store.routes import StowRoutes
from services.archive.store.store import Store
from shared.runtime.app import MIDDLEWARES

SHARED = Path(os.environ.get("JMID_SHARED_DATA") or Path(__file__).parents[3] / ".." / "shared" / "data").resolve()
INSTALLED = Path(pydicom.data.__file__).parent / "test_files"
BROKEN = {  # pixels that pydicom itself cannot decode whole, or that are no image
    "badVR.dcm",
    "bad_sequence.dcm",
    "emri_small_jpeg_2k_lossless_too_short.dcm",
    "JPEG-lossy.dcm",
    "JPGLosslessP14SV1_1s_1f_8b.dcm",
}


def data_of(name: str) -> bytes:
    """Return one of pydicom's files."""
    return (INSTALLED / name).read_bytes()


def pydicom_files() -> list[Path]:
    """Return pydicom's image files that are installed with it."""
    paths = sorted(INSTALLED.glob("*.dcm"))
    return [path for path in paths if path.name not in BROKEN and _is_image(path)]


def shared_files() -> list[Path]:
    """Return the image files of the shared data, every fifth of a long series; none where it is not at hand."""
    paths = sorted(path for path in (SHARED / "dicom").rglob("*") if path.is_file() and _is_part10(path))
    return [path for place, path in enumerate(paths) if place % 5 == 0 and _is_image(path)]


def images() -> list[Path]:
    """Return all of them."""
    return pydicom_files() + shared_files()


def _is_part10(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def _is_image(path: Path) -> bool:
    if not _is_part10(path):
        return False
    try:
        data = pydicom.dcmread(path, specific_tags=["Rows", "TransferSyntaxUID"])
    except Exception:  # files that are broken on purpose
        return False
    return "Rows" in data and bool(data.file_meta.get("TransferSyntaxUID"))


@dataclass
class Serving:
    """An archive that serves all its routes. url: of its DICOMweb root."""

    deps: ArchiveDeps
    store: Store
    client: aiohttp.ClientSession
    url: str

    async def take(self, *files: Path | bytes) -> list[InstanceRecord]:
        """Store these files; return their records in the order given."""
        found = []
        for file in files:
            (outcome,) = await self.store.take([file if isinstance(file, bytes) else file.read_bytes()])
            record = await self.deps.documents.get(INSTANCES, outcome.sop_instance_uid)
            assert record is not None, outcome
            found.append(record)
        return found

    async def get(self, path: str, accept: str | None = None, **headers: str) -> tuple[int, Mapping[str, str], bytes]:
        """GET below the root; return status, headers and body."""
        if accept is not None:
            headers["Accept"] = accept
        async with self.client.get(f"{self.url}/{path}", headers=headers) as response:
            return response.status, response.headers, await response.read()


@asynccontextmanager
async def serving_all(
    deps: ArchiveDeps, store: Store, more: Sequence[web.AbstractRouteDef] = ()
) -> AsyncIterator[Serving]:
    """Serve every route of these insides on a free port."""
    app = web.Application(middlewares=MIDDLEWARES)
    app.add_routes([*cors.sharing(_routes(deps, store), deps.settings.cors_origins), *more])
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with aiohttp.ClientSession(auto_decompress=False) as client:
            yield Serving(deps, store, client, f"http://127.0.0.1:{runner.addresses[0][1]}/dicom-web")
    finally:
        await runner.cleanup()


def _routes(deps: ArchiveDeps, store: Store) -> list[web.AbstractRouteDef]:
    return [
        *StowRoutes(deps, store).routes(),
        *SearchRoutes(deps).routes(),
        *RemovalRoutes(deps).routes(),
        *retrieve_routes.routes(deps),
    ]


def path_of(record: InstanceRecord) -> str:
    """Return the path of the Instance below the root."""
    return (
        f"studies/{record.study_instance_uid}/series/{record.series_instance_uid}/instances/{record.sop_instance_uid}"
    )


def parts_of(headers: Mapping[str, str], body: bytes) -> list[tuple[Mapping[str, str], bytes]]:
    """Take a multipart body apart, by an independent parser."""
    message = BytesParser(policy=compat32).parsebytes(
        f"Content-Type: {headers['Content-Type']}\r\nMIME-Version: 1.0\r\n\r\n".encode() + body
    )
    boundary = message.get_boundary()
    assert boundary is not None and body.endswith(f"\r\n--{boundary}--\r\n".encode())
    found = []
    for raw in body.removesuffix(f"\r\n--{boundary}--\r\n".encode()).split(f"--{boundary}\r\n".encode())[1:]:
        head, _, content = raw.partition(b"\r\n\r\n")
        found.append((dict(BytesParser(policy=compat32).parsebytes(head)), content))
    return [(fields, data if n == len(found) - 1 else data[:-2]) for n, (fields, data) in enumerate(found)]
