"""Whatever a client sends that costs much, the process answers others: no step of the event loop takes long.

Judged by the CPU time that the loop's thread spends between two of its turns: a busy machine does not change it.
"""

import asyncio
import gc
import gzip
import time
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import orjson
import pytest
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless

from services.archive import service as archive
from services.ingest import service as ingest
from shared.runtime.host import Hosting, hosted
from tests.archive.retrieve.test_bombs import BOMB_2000, BOMB_LS, MANY, SIDE, instance
from tests.cost import million_s

LONGEST_STEP = 50
"""Of CPU, in times of ``million_s``. Measured: at most 11, mostly 1; without the bounds from 70 to more than 6,000."""
RLE = b"\1\0\0\0\x40" + bytes(59) + b"\x81\0" * 32
STOW = {"Content-Type": 'multipart/related; type="application/dicom"; boundary=b'}
JSON = {"Content-Type": 'multipart/related; type="application/dicom+json"; boundary=b'}
FHIR = {"Content-Type": "application/fhir+json"}


class Longest:
    """The longest step of the running loop so far."""

    step_s = 0.0

    async def watch(self) -> None:
        while True:
            before = time.thread_time()
            await asyncio.sleep(0.005)
            self.step_s = max(self.step_s, time.thread_time() - before)


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    services = [*ingest.SERVICES, *archive.SERVICES]
    environ = {"JMID_INGEST_DIMSE_PORT": "-1", "JMID_ARCHIVE_ACCEPT": "any"}
    async with (
        hosted(Hosting(services=services, every=services, home=tmp_path, site="a", environ=environ)) as host,
        aiohttp.ClientSession(host.base_url, timeout=aiohttp.ClientTimeout(120)) as session,
    ):
        yield session


@asynccontextmanager
async def watched() -> AsyncIterator[Longest]:
    """The steps from here on, without what a collection of the garbage of all tests before would add to one."""
    longest = Longest()
    gc.collect()
    gc.freeze()
    watching = asyncio.ensure_future(longest.watch())
    try:
        yield longest
    finally:
        watching.cancel()
        gc.unfreeze()


def part(data: bytes, kind: str = "application/dicom") -> bytes:
    return b"--b\r\nContent-Type: " + kind.encode() + b"\r\n\r\n" + data + b"\r\n"


def body(data: bytes, kind: str = "application/dicom") -> bytes:
    return part(data, kind) + b"--b--\r\n"


def deflated() -> bytes:
    machine = zlib.compressobj(1, wbits=-zlib.MAX_WBITS)
    head = instance("1.2.840.10008.1.2.1.99", bytes(2))
    data = b"".join(machine.compress(bytes(1 << 20)) for _ in range(300)) + machine.flush()
    return head[: head.index(b"1.2.840.10008.1.2.1.99")] + b"1.2.840.10008.1.2.1.99" + data


BODIES: dict[str, Callable[[], tuple[dict[str, str], bytes]]] = {
    "frames": lambda: (STOW, body(instance(ExplicitVRLittleEndian, bytes(SIDE * SIDE), frames=MANY))),
    "frames, encapsulated": lambda: (STOW, body(instance(RLELossless, RLE, frames=MANY))),
    "jpeg 2000": lambda: (STOW, body(instance(JPEG2000Lossless, BOMB_2000))),
    "jpeg-ls": lambda: (STOW, body(instance(JPEGLSLossless, BOMB_LS, side=65535))),
    "deflated": lambda: (STOW, body(deflated())),
    "parts": lambda: (STOW, part(b"a", "text/plain") * 30_000 + b"--b--\r\n"),
    "delimiters": lambda: (STOW, b"\r\n--bb" * 500_000 + b"\r\n--b--\r\n"),
    "metadata": lambda: (JSON, body(b"[" + b",".join([b"{}"] * 300_000) + b"]", "application/dicom+json")),
    "gzip": lambda: ({**STOW, "Content-Encoding": "gzip"}, gzip.compress(bytes(200 << 20), 1)),
}


@pytest.mark.parametrize("name", BODIES)
async def test_a_body_that_costs_much_does_not_hold_up_the_loop(client: aiohttp.ClientSession, name: str) -> None:
    headers, data = BODIES[name]()

    async with watched() as longest:
        for path in ("/dicom-web/studies", "/ingest/dicom-web/studies"):
            async with client.post(path, data=data, headers=headers) as answer:
                assert answer.status < 500
        async with client.get("/dicom-web/instances", headers={"Accept": "application/dicom+json"}) as answer:
            stored = orjson.loads(await answer.read() or b"[]")
        for each in stored:
            study, series, sop = (each[tag]["Value"][0] for tag in ("0020000D", "0020000E", "00080018"))
            path = f"/dicom-web/studies/{study}/series/{series}/instances/{sop}"
            for end in ("/rendered", f"/frames/{','.join(['1'] * 2000)}", "/thumbnail", "/metadata"):
                async with client.get(path + end, headers={"Accept": "*/*"}) as answer:
                    assert answer.status < 500
                    await answer.read()

    assert longest.step_s < LONGEST_STEP * million_s()


async def test_a_large_report_does_not_hold_up_the_loop(client: aiohttp.ClientSession) -> None:
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {}}] * 500_000}

    async with watched() as longest, client.post("/ingest/reports", data=orjson.dumps(bundle), headers=FHIR) as answer:
        assert answer.status == 400

    assert longest.step_s < LONGEST_STEP * million_s()


DIGITS = "9" * 5000
TARGETS = (
    f"/dicom-web/studies?limit={DIGITS}",
    f"/dicom-web/studies?offset={DIGITS}",
    f"/dicom-web/instances?InstanceNumber={DIGITS}",
    f"/dicom-web/changefeed?after={DIGITS}",
    f"/ingest/receipts?limit={DIGITS}",
    f"/dicom-web/studies/1.2/series/1.2/instances/1.2/frames/{DIGITS}",
    f"/dicom-web/studies/1.2/series/1.2/instances/1.2/rendered?window={DIGITS},1",
    f"/dicom-web/studies/1.2/series/1.2/instances/1.2/rendered?viewport={DIGITS},1",
    f"/dicom-web/studies/1.2/series/1.2/instances/1.2/rendered?quality={DIGITS}",
    f"/wado?requestType=WADO&studyUID=1.2&seriesUID=1.2&objectUID=1.2&rows={DIGITS}",
    "/dicom-web/instances?ImageComments=" + "*a" * 2000 + "*b",
)


@pytest.mark.parametrize("target", TARGETS, ids=range(len(TARGETS)))
async def test_a_number_of_thousands_of_digits_is_no_fault_of_ours(client: aiohttp.ClientSession, target: str) -> None:
    async with client.get(target, headers={"Accept": "*/*"}) as answer:
        assert answer.status < 500
