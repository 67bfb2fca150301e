"""Every error of a request has one shape, and a request from another site's page changes nothing."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from shared.errors import Conflict, Invalid, JmidError, NotFound, Refused, StorageFull, Unavailable
from shared.runtime import app as apps
from shared.runtime.state import Host
from shared.service import Place, Role, Running, Service
from shared.web.csrf import trusting
from shared.web.errors import PROBLEM, Face, face_of
from tests.web.access.declared import with_public_routes

SECRET = "YAMADA^TARO"


def raising(error: Exception) -> Callable[[web.Request], object]:
    async def handle(_: web.Request) -> web.Response:
        raise error

    return handle


@asynccontextmanager
async def _nothing(_: Place) -> AsyncIterator[Running]:
    yield Running()


@asynccontextmanager
async def serving(*routes: web.AbstractRouteDef) -> AsyncIterator[aiohttp.ClientSession]:
    """Serve routes through the real application of a process."""
    service = Service(name="probe", role=Role.CENTRE, opens=_nothing)
    host = Host("", open=[(service, Running(routes=routes))], access=with_public_routes(routes))
    runner = web.AppRunner(apps.build(host, []))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        async with aiohttp.ClientSession(f"http://{host}:{port}") as client:
            yield client
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (Invalid("wrong-parameter", "limit is a number"), 400, "wrong-parameter"),
        (Refused("cross-site", "not here"), 403, "cross-site"),
        (NotFound("no-such-case", "none"), 404, "no-such-case"),
        (Conflict("read it again"), 409, "conflict"),
        (StorageFull("disk"), 507, "storage-full"),
        (Unavailable("no answer"), 503, "unavailable"),
        (ValueError(SECRET), 500, "internal-error"),
    ],
)
async def test_an_error_of_the_tree_is_problem_details(error: Exception, status: int, reason: str) -> None:
    async with serving(web.get("/api/cases", raising(error))) as client, client.get("/api/cases") as answer:  # type: ignore[arg-type]
        problem, headers = json.loads(await answer.text()), answer.headers

    assert (answer.status, headers["Content-Type"]) == (status, PROBLEM)
    assert (problem["type"], problem["status"], problem["reason"]) == ("about:blank", status, reason)
    assert problem["title"]
    assert ("Retry-After" in headers) == (status in (503, 507))


async def test_an_unknown_error_shows_and_logs_no_value_but_our_own_line(capsys: pytest.CaptureFixture[str]) -> None:
    async def broken(_: web.Request) -> web.Response:
        face_of(None, SECRET)  # type: ignore[arg-type]
        raise AssertionError

    from shared import logs

    logs.configure()
    async with serving(web.get("/api/cases/{id}", broken)) as client, client.get(f"/api/cases/{SECRET}") as answer:
        body = await answer.text()
    log = capsys.readouterr().err
    line = next(json.loads(each) for each in log.splitlines() if "request-failed" in each)

    assert SECRET not in body + log
    assert line["origin"].startswith("shared/web/errors.py:")
    assert (line["error"], line["route"], line["status"]) == ("builtins.AttributeError", "/api/cases/{id}", 500)


@pytest.mark.parametrize(
    ("path", "accept", "content_type", "holds"),
    [
        ("/cases/x", "text/html,*/*", "text/html; charset=utf-8", "<h1>This does not exist</h1>"),
        ("/cases/x", "application/json", PROBLEM, '"reason":"gone-away"'),
        ("/api/cases", "text/html", PROBLEM, '"reason":"gone-away"'),
        ("/dicom-web/x", "application/dicom+json", "text/plain; charset=utf-8", "it is &lt;not&gt; here"),
        ("/api/reports/x", "*/*", "application/fhir+json", '"resourceType":"OperationOutcome"'),
        ("/ingest/reports", "*/*", "application/fhir+json", '"code":"not-found"'),
    ],
)
async def test_each_face_has_its_own_form(path: str, accept: str, content_type: str, holds: str) -> None:
    error = NotFound("gone-away", "it is <not> here")
    async with (
        serving(web.get(path, raising(error))) as client,  # type: ignore[arg-type]
        client.get(path, headers={"Accept": accept}) as answer,
    ):
        body = await answer.text()

    assert (answer.status, answer.headers["Content-Type"]) == (404, content_type)
    assert holds.replace("&lt;", "<").replace("&gt;", ">") in body if "plain" in content_type else holds in body
    assert "<not>" not in body or "html" not in content_type


async def test_a_path_that_no_route_has_is_answered_in_the_same_shape() -> None:
    async with serving(web.get("/api/cases", raising(JmidError()))) as client:  # type: ignore[arg-type]
        async with client.get("/api/nothing") as missing:
            problem = json.loads(await missing.text())
        async with client.put("/api/cases") as wrong:
            pass
        async with client.get("/nothing", headers={"Accept": "text/html"}) as page:
            html = await page.text()

    assert (problem["status"], problem["reason"]) == (404, "not-found")
    assert (wrong.status, wrong.headers["Allow"], wrong.content_type) == (405, "GET,HEAD", PROBLEM)
    assert "<nav" in html


async def test_an_answer_that_has_begun_is_broken_off_so_that_it_is_not_taken_as_whole() -> None:
    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"half")
        raise ValueError(SECRET)

    async with serving(web.get("/api/cases", stream)) as client:
        with pytest.raises(aiohttp.ClientError):
            async with client.get("/api/cases") as answer:
                await answer.read()


SENT = [
    ({}, 200),
    ({"Sec-Fetch-Site": "same-origin"}, 200),
    ({"Sec-Fetch-Site": "none"}, 200),
    ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": "same-site"}, 403),
    ({"Origin": "http://evil.example"}, 403),
    ({"Origin": "null"}, 403),
    ({"Origin": "http://viewer.example", "Sec-Fetch-Site": "cross-site"}, 403),
]


@pytest.mark.parametrize(("headers", "status"), SENT)
async def test_a_change_is_made_only_from_our_own_pages_or_by_no_browser(headers: dict[str, str], status: int) -> None:
    async def change(_: web.Request) -> web.Response:
        return web.Response()

    async with (
        serving(web.post("/gateway/links", change), web.get("/gateway/links", change)) as client,
        client.post("/gateway/links", headers=headers) as posted,
        client.get("/gateway/links", headers=headers) as read,
    ):
        pass

    assert (posted.status, read.status) == (status, 200)


async def test_a_change_is_made_from_our_own_origin_on_plain_http() -> None:
    async def change(_: web.Request) -> web.Response:
        return web.Response()

    async with serving(web.post("/x", change)) as client:
        own = str(client._base_url).rstrip("/")
        async with client.post("/x", headers={"Origin": own}) as answer:
            pass

    assert answer.status == 200


async def test_a_route_may_trust_an_origin_by_cors() -> None:
    async def change(_: web.Request) -> web.Response:
        return web.Response()

    trusting(change, frozenset({"http://viewer.example"}))
    async with serving(web.post("/dicom-web/x", change)) as client:
        statuses = []
        for origin in ("http://viewer.example", "http://evil.example"):
            headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
            async with client.post("/dicom-web/x", headers=headers) as answer:
                statuses.append(answer.status)

    assert statuses == [200, 403]


def test_a_path_that_only_begins_like_a_face_is_not_that_face() -> None:
    assert face_of("/dicom-webby", "") is Face.API
    assert face_of("/api/reports", "text/html") is Face.FHIR


async def test_a_refused_form_gets_a_page_in_the_readers_language() -> None:
    headers = {"Accept": "text/html", "Sec-Fetch-Site": "cross-site", "Accept-Language": "ja"}
    async with (
        serving(web.post("/gateway/links", raising(ValueError()))) as client,  # type: ignore[arg-type]
        client.post("/gateway/links", headers=headers) as answer,
    ):
        html = await answer.text()

    assert answer.status == 403
    assert "<h1>許可されていません</h1>" in html
