"""The runtime hosts services, answers for their health, and drains."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import psutil
import pytest
from aiohttp import web

from shared.errors import Permanent, SettingsError, Unavailable
from shared.events import CaseChanged, Event, StudyChanged
from shared.runtime import tasks
from shared.runtime.cpu import cpu_pool
from shared.runtime.host import Hosting, hosted
from shared.runtime.state import Host
from shared.service import Check, Place, Role, Running, Service
from tests.web.access.declared import with_public


class Probe:
    """A service that takes StudyChanged and notes what happens to it."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.closed = asyncio.Event()
        self.release = asyncio.Event()
        self.entered = asyncio.Event()
        self.place: Place | None = None
        self.tasks: Sequence[Callable[[], Awaitable[None]]] = ()
        self.checks: Mapping[str, Check] = {}

    async def handle(self, event: StudyChanged) -> Sequence[Event]:
        self.entered.set()
        await self.release.wait()
        self.seen.append(event.study_instance_uid)
        if event.change == "deleted":
            raise Permanent("not-wanted", "deleted")
        return [CaseChanged.caused_by(event, study_instance_uid=event.study_instance_uid)]

    @asynccontextmanager
    async def opens(self, place: Place) -> AsyncIterator[Running]:
        self.place = place

        async def hello(_: web.Request) -> web.Response:
            return web.Response(text="hello")

        async def read(request: web.Request) -> web.Response:
            return web.Response(body=await request.read())

        async def status() -> Mapping[str, int]:
            return {"seen": len(self.seen)}

        yield Running(
            routes=[web.get("/hello", hello), web.post("/read", read)],
            handlers={StudyChanged: self.handle},
            status=status,
            tasks=self.tasks,
            checks=self.checks,
        )
        self.closed.set()


def services(probe: Probe) -> list[Service]:
    @asynccontextmanager
    async def nothing(_: Place) -> AsyncIterator[Running]:
        yield Running()

    sink = Service(name="sink", role=Role.CENTRE, opens=nothing, takes=(CaseChanged,))
    own = Service(
        name="probe",
        role=Role.CENTRE,
        opens=probe.opens,
        takes=(StudyChanged,),
        publishes=(CaseChanged,),
        blobs=("archive",),
    )
    return [own, sink]


@asynccontextmanager
async def running(probe: Probe, home: Path, **environ: str) -> AsyncIterator[Host]:
    every = services(probe)
    environ = {"JMID_HOST_DRAIN_S": "5", **environ}
    access = with_public("GET /hello", "POST /read")
    hosting = Hosting(services=every[:1], every=every, home=home, site="a", environ=environ, access=access)
    async with hosted(hosting) as host:
        yield host


def changed(uid: str, change: str = "stored") -> StudyChanged:
    return StudyChanged.first(uid, correlation_id="c", site="a", study_instance_uid=uid, change=change)


async def test_a_service_is_served_and_its_health_is_real(tmp_path: Path) -> None:
    async with running(Probe(), tmp_path) as host, aiohttp.ClientSession(host.base_url) as client:
        async with client.get("/hello") as answer:
            assert await answer.text() == "hello"
        async with client.get("/-/ready") as answer:
            ready = await answer.json()
        async with client.get("/-/metrics") as answer:
            metrics = await answer.text()

    assert ready == {
        "ready": True,
        "checks": {
            "centre:bus": "ok",
            "centre:documents": "ok",
            "centre:blobs:archive": "ok",
            "centre:audit:written": "ok",
            "centre:probe:consumer": "ok",
            "tasks": "ok",
            "disk": "ok",
        },
    }
    assert 'jmid_http_seconds_count{method="GET",service="probe",status="2xx"}' in metrics


async def test_a_process_without_its_consumer_is_not_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(Probe(), tmp_path) as host, aiohttp.ClientSession(host.base_url) as client:
        monkeypatch.setattr(host.ports[Role.CENTRE].bus, "consumers", lambda _: 0)
        async with client.get("/-/ready") as answer:
            status, body = answer.status, await answer.json()

    assert (status, body["checks"]["centre:probe:consumer"]) == (503, "no consumer")


@pytest.mark.parametrize("returns", [True, False], ids=["returns", "raises"])
async def test_a_task_that_ends_is_started_again_and_a_task_that_keeps_ending_makes_it_not_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, returns: bool
) -> None:
    monkeypatch.setattr(tasks, "FIRST_S", 0.01)
    probe, starts = Probe(), []

    async def index() -> None:
        starts.append(1)
        if not returns:
            raise ValueError("a value that may not be shown")

    probe.tasks = [index]
    async with running(probe, tmp_path) as host, aiohttp.ClientSession(host.base_url) as client:
        while len(starts) < 4:
            await asyncio.sleep(0.01)
        async with client.get("/-/ready") as answer:
            status, body = answer.status, await answer.json()
        async with client.get("/-/metrics") as answer:
            metrics = await answer.text()

    assert (status, body["checks"]["tasks"]) == (503, "not running: centre:probe:index")
    assert 'jmid_task_waiting{role="centre",service="probe",task="index"} 1.0' in metrics


async def test_a_disk_under_its_reserve_makes_it_not_ready(tmp_path: Path) -> None:
    async with (
        running(Probe(), tmp_path, JMID_HOST_RESERVE_BYTES=str(1 << 50)) as host,
        aiohttp.ClientSession(host.base_url) as client,
        client.get("/-/ready") as answer,
    ):
        status, body = answer.status, await answer.json()

    assert (status, body["checks"]["disk"]) == (503, "less space than the reserve")


async def test_a_check_of_a_service_that_does_not_hold_or_cannot_run_makes_it_not_ready(tmp_path: Path) -> None:
    async def lag() -> str:
        return "640 s behind"

    async def broken() -> str:
        raise ValueError("a value that may not be shown")

    probe = Probe()
    probe.checks = {"feed": lag, "index": broken}
    async with (
        running(probe, tmp_path) as host,
        aiohttp.ClientSession(host.base_url) as client,
        client.get("/-/ready") as answer,
    ):
        status, body = answer.status, await answer.json()

    assert status == 503
    assert body["checks"]["centre:probe:feed"] == "640 s behind"
    assert body["checks"]["centre:probe:index"] == "ValueError"


async def test_a_failing_port_makes_it_not_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(Probe(), tmp_path) as host, aiohttp.ClientSession(host.base_url) as client:

        async def away() -> None:
            raise Unavailable("away")

        monkeypatch.setattr(host.ports[Role.CENTRE].documents, "ping", away)
        async with client.get("/-/ready") as answer:
            status, body = answer.status, await answer.json()

    assert status == 503
    assert body["checks"]["centre:documents"] == "Unavailable"


async def test_what_a_handler_returns_is_published_and_a_refused_event_is_dead(tmp_path: Path) -> None:
    probe = Probe()
    probe.release.set()
    async with running(probe, tmp_path) as host:
        bus = host.ports[Role.CENTRE].bus
        await bus.publish(changed("1.2"), changed("1.3", "deleted"))
        async with asyncio.timeout(10):
            while (await bus.depth("sink")).ready < 1 or (await bus.depth("probe")).dead < 1:
                await asyncio.sleep(0.01)
        letters = await bus.dead("probe")

    assert [letter.topic for letter in letters] == ["study.changed"]
    assert "not-wanted" in letters[0].error


async def test_a_stop_lets_a_running_handler_end(tmp_path: Path) -> None:
    probe = Probe()
    async with running(probe, tmp_path) as host:
        bus = host.ports[Role.CENTRE].bus
        await bus.publish(changed("1.2"))
        await asyncio.wait_for(probe.entered.wait(), 10)
        asyncio.get_running_loop().call_later(0.2, probe.release.set)

    assert probe.seen == ["1.2"]
    assert probe.closed.is_set()
    async with running(again := Probe(), tmp_path) as host:
        depth = await host.ports[Role.CENTRE].bus.depth("probe")
    assert (depth.ready, depth.unacked, again.seen) == (0, 0, [])


async def test_a_taken_port_is_a_clear_error(tmp_path: Path) -> None:
    async with running(Probe(), tmp_path) as host:
        port = int(host.base_url.rsplit(":", 1)[1])
        with pytest.raises(SettingsError, match=f"port {port}"):
            async with hosted(Hosting(services=[], every=[], home=tmp_path / "b", site="a", port=port, environ={})):
                pass


async def test_a_worker_that_dies_costs_a_retry_and_not_the_pool() -> None:
    async with cpu_pool(1) as cpu:
        with pytest.raises(Unavailable):
            await cpu(_die)

        assert await cpu(pow, 2, 10) == 1024


async def test_workers_end_with_the_pool() -> None:
    async with cpu_pool(1) as cpu:
        worker = await cpu(os.getpid)

    assert not psutil.pid_exists(worker) or psutil.Process(worker).status() == psutil.STATUS_ZOMBIE


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def test_figures_of_a_store_that_is_away_hide_no_other_metric(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = Probe()
    async with running(probe, tmp_path) as host, aiohttp.ClientSession(host.base_url) as client:
        ports = host.ports[Role.CENTRE]
        monkeypatch.setattr(ports.documents, "count", _away)
        async with client.get("/-/metrics") as answer:
            status, metrics = answer.status, await answer.text()
        async with client.get("/-/status") as answer:
            figures = await answer.json()

    assert status == 200
    assert 'jmid_figures_known{role="centre",service="probe"} 0.0' in metrics
    assert 'jmid_queue_messages{queue="centre:probe",state="ready"} 0.0' in metrics
    assert figures["centre:probe"]["seen"] == 0
    assert figures["centre:probe"]["queue ready"] == 0
    assert "set aside" not in figures["centre:probe"]


async def _away(*_: object) -> int:
    raise Unavailable("away")


@pytest.mark.parametrize("sent", [b"", b"GET /hello HTTP/1.1\r\nHost: localhost\r\n"])
async def test_an_http_connection_that_asks_for_nothing_is_closed(tmp_path: Path, sent: bytes) -> None:
    async with running(Probe(), tmp_path, JMID_HOST_KEEP_ALIVE_S="0.2") as host, asyncio.timeout(20):
        port = int(host.base_url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)

        assert await reader.read() == b""
        writer.close()


async def test_a_body_that_stops_is_answered_by_the_host(tmp_path: Path) -> None:
    async with running(Probe(), tmp_path, JMID_HOST_CLIENT_PAUSE_S="0.2") as host, asyncio.timeout(20):
        port = int(host.base_url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /read HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n12345")

        assert (await reader.readline()).startswith(b"HTTP/1.1 408")
        writer.close()


async def test_silent_http_connections_keep_nobody_out_and_use_up_no_files(tmp_path: Path) -> None:
    before = psutil.Process().num_fds()
    async with AsyncExitStack() as stack:
        host = await stack.enter_async_context(running(Probe(), tmp_path, JMID_HOST_CONNECTIONS="5"))
        url = urlsplit(host.base_url)
        for _ in range(200):
            _, writer = await asyncio.open_connection(url.hostname, url.port)
            stack.callback(writer.close)

        async with aiohttp.ClientSession(host.base_url) as client, client.get("/hello") as answer:
            assert answer.status == 200
        assert psutil.Process().num_fds() - before < 200 + 100  # the 200 ends are ours
