"""What was acknowledged survives; what was not leaves nothing behind; a store that comes back is used again."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from shared.blobs.local import STRAY_S, open_local
from shared.blobs.objects import open_objects
from shared.errors import SettingsError, StorageFull, Unavailable
from tests.servers.disk import small_disk
from tests.servers.s3 import Bucket

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
async def test_kill_9_leaves_all_that_was_acknowledged_and_no_half_of_a_blob(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.blobs.hard_writer", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        acknowledged = [process.stdout.readline().strip() for _ in range(40)]
        process.send_signal(signal.SIGKILL)
        acknowledged += [line.strip() for line in process.stdout if line.endswith("\n")]

    async with open_local(tmp_path) as blobs:
        kept = [key async for key in blobs.keys("")]
        assert {key for line in acknowledged for key in line.split()} <= set(kept)
        for key in kept:
            size, byte = key.split("/")[1].split("-")[:2]
            assert await blobs.get(key) == bytes([int(byte)]) * int(size)


async def test_a_stray_draft_is_removed_when_it_is_old(tmp_path: Path) -> None:
    async with open_local(tmp_path):
        old, young = tmp_path / "drafts" / "old", tmp_path / "drafts" / "young"
        for draft in (old, young):
            draft.write_bytes(b"half")
        os.utime(old, (time.time() - STRAY_S - 60,) * 2)

    async with open_local(tmp_path) as blobs:
        assert not old.exists()
        assert young.exists()
        assert [key async for key in blobs.keys("")] == []


@pytest.fixture
def small_folder(tmp_path: Path) -> Iterator[Path]:
    """Yield a folder with room for 4 MiB."""
    with small_disk(tmp_path / "small", 4) as folder:
        yield folder


def _files(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


async def test_a_full_disk_stores_nothing_leaves_nothing_and_is_used_again(small_folder: Path) -> None:
    async with open_local(small_folder / "store") as blobs:
        await blobs.put("kept", bytes(1_000_000))
        large, parts = bytes(5_000_000), {f"many/{number}": bytes(100_000) for number in range(60)}

        with pytest.raises(StorageFull):
            await blobs.put("large", large)
        with pytest.raises(StorageFull):
            await blobs.put("kept", large)
        with pytest.raises(StorageFull):
            await blobs.put_many(parts)
        with pytest.raises(StorageFull):
            async with blobs.writer() as writer:
                await writer.write(large)
                await writer.commit("large")

        assert _files(small_folder) == {"kept"}
        assert await blobs.get("kept") == bytes(1_000_000)
        await blobs.put("small", bytes(2_000_000))

        filler = small_folder / "filler"
        with pytest.raises(OSError, match="No space"):
            filler.write_bytes(bytes(4_000_000))
        with pytest.raises(StorageFull):
            await blobs.ping()
        filler.unlink()
        await blobs.ping()


async def test_a_folder_that_is_gone_is_unavailable(tmp_path: Path) -> None:
    async with open_local(tmp_path / "store") as blobs:
        (tmp_path / "store" / "drafts").rmdir()

        with pytest.raises(Unavailable):
            await blobs.ping()
        with pytest.raises(Unavailable):
            await blobs.put("some", b"x")


async def test_a_writer_whose_task_is_cancelled_leaves_nothing(tmp_path: Path) -> None:
    async with open_local(tmp_path) as blobs:

        async def write() -> None:
            async with blobs.writer() as writer:
                while True:
                    await writer.write(bytes(5_000_000))

        task = asyncio.create_task(write())
        async with asyncio.timeout(10):
            while not any(path.stat().st_size for path in (tmp_path / "drafts").iterdir()):
                await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert _files(tmp_path) == set()


class FaultyProxy:
    """Passes requests on to S3, or answers with a status of its own while ``fails_with`` is set."""

    def __init__(self, target: str) -> None:
        self._target = target
        self.fails_with = 0
        self.failures = 0
        self.url = ""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["FaultyProxy"]:
        async with ClientSession(auto_decompress=False) as self._session:
            application = web.Application(client_max_size=1 << 30)
            application.router.add_route("*", "/{path:.*}", self._answer)
            runner = web.AppRunner(application)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            try:
                yield self
            finally:
                await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        if self.fails_with:
            self.failures += 1
            return web.Response(status=self.fails_with, text="<Error><Code>InternalError</Code></Error>")
        url = self._target + request.raw_path
        skipped = ("Transfer-Encoding", "Content-Length")
        headers = {name: value for name, value in request.headers.items() if name not in skipped}
        async with self._session.request(request.method, url, headers=headers, data=await request.read()) as answer:
            kept = {name: value for name, value in answer.headers.items() if name not in skipped}
            return web.Response(status=answer.status, headers=kept, body=await answer.read())


@pytest.mark.servers
async def test_an_s3_that_answers_500_for_a_while_is_unavailable_and_then_used_again(
    bucket: Bucket, place: str
) -> None:
    async with FaultyProxy(bucket.account.endpoint).serving() as proxy:
        environ = {**bucket.environ, "AWS_ENDPOINT_URL": proxy.url}
        async with open_objects(place, environ=environ, retry_s=1) as blobs:
            await blobs.put("some", b"x")
            proxy.fails_with = 500

            for attempt in (
                blobs.put("other", b"y"),
                blobs.get("some"),
                blobs.size("some"),
                blobs.delete("some"),
                blobs.ping(),
            ):
                with pytest.raises(Unavailable) as failed:
                    await attempt
                assert "some" not in str(failed.value)

            assert proxy.failures > 5
            proxy.fails_with = 0
            assert await blobs.get("some") == b"x"
            assert await blobs.size("other") is None


@pytest.mark.servers
async def test_a_short_fault_of_s3_is_not_noticed(bucket: Bucket, place: str) -> None:
    async with FaultyProxy(bucket.account.endpoint).serving() as proxy:
        environ = {**bucket.environ, "AWS_ENDPOINT_URL": proxy.url}
        async with open_objects(place, environ=environ) as blobs:
            proxy.fails_with = 503
            putting = asyncio.create_task(blobs.put("some", b"x"))
            async with asyncio.timeout(10):
                while proxy.failures < 2:
                    await asyncio.sleep(0.01)
            proxy.fails_with = 0
            await putting

            assert await blobs.get("some") == b"x"


@pytest.mark.servers
async def test_an_s3_that_is_full_or_missing_says_so(bucket: Bucket, place: str) -> None:
    async with FaultyProxy(bucket.account.endpoint).serving() as proxy:
        environ = {**bucket.environ, "AWS_ENDPOINT_URL": proxy.url}
        async with open_objects(place, environ=environ, retry_s=0.2) as blobs:
            proxy.fails_with = 507
            with pytest.raises(StorageFull):
                await blobs.put("some", b"x")

            proxy.fails_with = 404
            with pytest.raises(Unavailable, match="no such bucket"):
                await blobs.put("some", b"x")


@pytest.mark.servers
async def test_credentials_and_endpoint_may_stand_in_the_place(bucket: Bucket, place: str) -> None:
    account = bucket.account
    own = place.replace("s3://", f"s3://{account.access_key}:{account.secret_key}@")
    own = f"{own}?endpoint={account.endpoint}&region={account.region}"

    async with open_objects(own, environ={}) as blobs:
        await blobs.put("some", b"x")

        assert [key async for key in blobs.keys("")] == ["some"]


@pytest.mark.parametrize("place", ["nonsense", "ftp://bucket", "s3://", "s3:///prefix"])
async def test_a_wrong_place_is_a_wrong_setting(place: str) -> None:
    with pytest.raises(SettingsError, match="for example s3://bucket/prefix"):
        async with open_objects(place, environ={}):
            pytest.fail("it opened")
