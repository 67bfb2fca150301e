"""A retrieve that finds no bytes asks the Study back, where the settings let it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from services.archive import retrieve_routes
from services.archive.records import INSTANCES, InstanceState
from services.archive.retrieve import recalls as asking
from services.archive.retrieve.recalls import Recalls, of_linker
from services.archive.store import deletion
from services.archive.store.removal import remove
from tests.archive.conftest import Archive
from tests.archive.retrieve.fixtures import data_of, path_of


class Linker:
    """The centre's linker. answers: its next statuses, then 201.  asked: the bodies of the recalls it was sent."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.asked: asyncio.Queue[dict[str, str]] = asyncio.Queue()

    async def recall(self, request: web.Request) -> web.Response:
        await self.asked.put(await request.json())
        return web.json_response({}, status=self.answers.pop(0) if self.answers else 201)


@asynccontextmanager
async def serving(archive: Archive, linker: Linker) -> AsyncIterator[aiohttp.ClientSession]:
    """Serve the retrieve routes, with recalls, beside a linker."""
    recalls = Recalls()
    apps = web.Application(), web.Application()
    apps[0].add_routes(retrieve_routes.routes(archive.deps, recalls))
    apps[1].add_routes([web.post("/api/recalls", linker.recall)])
    async with TestServer(apps[0]) as server, TestServer(apps[1]) as other, aiohttp.ClientSession() as own:
        task = asyncio.create_task(recalls.ask_forever(of_linker(own, str(other.make_url("")).rstrip("/"))))
        async with aiohttp.ClientSession(server.make_url("/dicom-web/")) as client:
            yield client
        task.cancel()
        await asyncio.wait([task])


async def evicted(archive: Archive, name: str = "CT_small.dcm") -> tuple[str, str]:
    """Store an Instance without bytes; return its Study Instance UID and its path."""
    (outcome,) = await archive.store.take([data_of(name)])
    record = await archive.deps.documents.get(INSTANCES, outcome.sop_instance_uid)
    assert record is not None
    await archive.deps.documents.put(INSTANCES, msgspec.structs.replace(record, state=InstanceState.EVICTED))
    return record.study_instance_uid, path_of(record)


@pytest.mark.parametrize("what", ["", "/rendered", "/frames/1"])
async def test_a_get_of_evicted_bytes_asks_the_study_back_once(archive: Archive, what: str) -> None:
    study, path = await evicted(archive)
    linker = Linker()

    async with serving(archive, linker) as client, asyncio.timeout(20):
        async with client.get(path + what) as answer:
            assert answer.status == 410
        assert await linker.asked.get() == {"study_instance_uid": study, "by": asking.BY}
    assert linker.asked.empty()


async def test_a_head_and_metadata_ask_for_nothing(archive: Archive) -> None:
    study, path = await evicted(archive)
    linker = Linker()

    async with serving(archive, linker) as client, asyncio.timeout(20):
        async with client.head(path) as answer:
            assert answer.status == 410
        async with client.get(f"{path}/metadata") as answer:
            assert answer.status == 200
        async with client.get(path):  # what comes first is what this asks
            assert (await linker.asked.get())["study_instance_uid"] == study
    assert linker.asked.empty()


async def test_what_an_administrator_deleted_is_not_asked_back(archive: Archive) -> None:
    _, path = await evicted(archive)
    study, other = await evicted(archive, "MR_small.dcm")
    (record,) = [each async for each in archive.deps.documents.every(INSTANCES) if path == path_of(each)]
    await remove(archive.deps, [record], deletion.rows([record], 1.0))
    linker = Linker()

    async with serving(archive, linker) as client, asyncio.timeout(20):
        async with client.get(path) as answer:
            assert answer.status == 410
        async with client.get(other):  # what comes first is what this asks
            assert (await linker.asked.get())["study_instance_uid"] == study
    assert linker.asked.empty()


async def test_a_recall_that_the_linker_does_not_take_is_asked_again(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "AGAIN_S", 0.01)
    study, path = await evicted(archive)
    linker = Linker()
    linker.answers = [503, 404]

    async with serving(archive, linker) as client, asyncio.timeout(20), client.get(path):
        asked = [await linker.asked.get() for _ in range(3)]

    assert [each["study_instance_uid"] for each in asked] == [study] * 3
