"""Saved queries over HTTP, and the feed of what newly satisfies one."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import aiohttp
import pytest
from aiohttp import web

from services.search.api.searches import SavedDeps, routes
from services.search.case import Case, Report
from services.search.index.case_index import CaseIndex
from services.search.saved.matches import Matches
from services.search.saved.records import MATCHES, SAVED_SEARCHES
from shared.documents import Documents
from shared.documents.sqlite import open_sqlite
from shared.web.access.reach import CURRENT, NOTHING
from shared.web.errors import errors
from shared.web.identity.actor import KEY, Actor
from tests.servers.web import served


class Centre:
    """A search with its routes; who asks is named by a header."""

    def __init__(self, index: CaseIndex, documents: Documents, client: aiohttp.ClientSession) -> None:
        self.index, self.documents, self.client = index, documents, client
        self.matches = Matches(documents, index)

    async def take(self, *cases: Case, gone: tuple[str, ...] = ()) -> None:
        await self.matches.note(cases, gone)
        self.index.update(cases, gone, {})

    async def ask(self, method: str, path: str, by: str = "anna", **more: Any) -> tuple[int, Any]:
        async with self.client.request(method, path, headers={"X-By": by}, **more) as answer:
            is_json = "json" in answer.content_type
            return answer.status, await answer.json(content_type=None) if is_json else await answer.text()

    async def save(self, q: str) -> str:
        status, saved = await self.ask("POST", "/api/searches", json={"name": q, "parameters": {"q": q}})
        assert status == 201
        return str(saved["feed"])

    async def entries(self, feed: str) -> list[str]:
        _, answer = await self.ask("GET", feed)
        return [entry["case_id"] for entry in answer["entries"]]


@web.middleware
async def who(request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> Any:
    by = request.headers["X-By"]
    request[KEY] = Actor(subject=by, name=by, roles=frozenset())
    if by == "nobody":
        CURRENT.set(NOTHING)
    return await handler(request)


@asynccontextmanager
async def centre(folder: Path) -> AsyncIterator[Centre]:
    index = CaseIndex(folder / "index")
    index.complete()
    async with open_sqlite(folder / "documents.sqlite") as documents:
        await documents.declare(SAVED_SEARCHES, MATCHES)
        application = web.Application(middlewares=[errors, who])
        application.add_routes(routes(SavedDeps(index, documents, Matches(documents, index))))
        async with served(application) as url, aiohttp.ClientSession(url) as client:
            yield Centre(index, documents, client)


def told(number: int, text: str) -> Case:
    return Case(id=f"1.{number}", study_date=20240101, modalities=("CT",), reports=(Report("r", findings=text),))


async def test_a_feed_holds_what_newly_satisfies_the_query_once(tmp_path: Path) -> None:
    async with centre(tmp_path) as system:
        await system.take(told(1, "結節"), told(2, "骨折"))
        feed = await system.save("結節 -骨折")
        await system.take(told(1, "結節。著変なし。"), told(2, "骨折後、結節"))
        await system.take(told(3, "結節"), told(2, "結節"))
        await system.take(told(3, "結節、増大"))

        assert sorted(await system.entries(feed)) == ["1.2", "1.3"]


async def test_what_is_gone_or_out_of_reach_is_in_no_feed(tmp_path: Path) -> None:
    async with centre(tmp_path) as system:
        feed = await system.save("結節")
        await system.take(told(1, "結節"), told(2, "結節"))
        await system.take(gone=("1.2",))

        assert await system.entries(feed) == ["1.1"]
        assert (await system.ask("GET", feed, by="bert"))[0] == 404
        nobodys = await system.ask(
            "POST", "/api/searches", by="nobody", json={"name": "x", "parameters": {"q": "結節"}}
        )
        await system.take(told(3, "結節"))
        assert (await system.ask("GET", nobodys[1]["feed"], by="nobody"))[1]["entries"] == []


async def test_while_the_index_is_built_nothing_is_new(tmp_path: Path) -> None:
    async with centre(tmp_path) as system:
        feed = await system.save("結節")
        system.index.close()
        building = CaseIndex(tmp_path / "other")
        await Matches(system.documents, building).note([told(1, "結節")], [])

        assert await system.entries(feed) == []


async def test_an_atom_feed_is_read_by_an_xml_reader_whatever_its_name(tmp_path: Path) -> None:
    async with centre(tmp_path) as system:
        feed = await system.save("<結節> & \x01")
        _, body = await system.ask("GET", f"{feed}?format=atom")

    atom = "{http://www.w3.org/2005/Atom}"
    root = ElementTree.fromstring(body)
    assert root.tag == f"{atom}feed"
    assert root.findtext(f"{atom}title") == "<結節> & "


@pytest.mark.parametrize(
    "body",
    [
        b"x",
        b'{"name": "", "parameters": {}}',
        b'{"name": "a", "parameters": {"q": "age:old"}}',
        b'{"name": "a", "parameters": {"colour": "red"}}',
        b'{"name": "a", "parameters": {"limit": "5"}}',
        b'{"name": "a", "parameters": {}, "owner": "bert"}',
    ],
)
async def test_what_no_query_is_read_from_is_not_saved(tmp_path: Path, body: bytes) -> None:
    async with centre(tmp_path) as system:
        status, _ = await system.ask("POST", "/api/searches", data=body)
        _, listed = await system.ask("GET", "/api/searches")

    assert (status, listed) == (400, {"searches": []})


async def test_a_saved_query_is_listed_to_its_owner_alone_and_deleted_by_them_alone(tmp_path: Path) -> None:
    async with centre(tmp_path) as system:
        path = (await system.save("結節")).removesuffix("/feed")

        assert (await system.ask("GET", "/api/searches", by="bert"))[1] == {"searches": []}
        assert (await system.ask("DELETE", path, by="bert"))[0] == 404
        assert (await system.ask("DELETE", path))[0] == 204
        assert (await system.ask("GET", "/api/searches"))[1] == {"searches": []}
