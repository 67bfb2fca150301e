"""A gateway's and a centre's linker on real embedded ports, and a DICOMweb centre that can be broken on purpose."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import jinja2
from aiohttp import web

from services import free_text
from shared.blobs import Blobs
from shared.blobs.local import open_local
from shared.bus import Bus, Delivery, Queue
from shared.bus.journal import open_journal
from shared.documents import Documents
from shared.documents.sqlite import open_sqlite
from shared.events import EVENTS, Event, InstancesDeidentified, Zone
from shared.lease import LEASES
from shared.runtime.app import MIDDLEWARES, WEB
from shared.service import Place, Role, Running, Service
from shared.set_aside import SET_ASIDE
from shared.text.free_text import TextFindings
from shared.web import bearer, gateway_token, language
from shared.web.content_digest import content_digest
from tests.linker.samples import packed
from tests.servers.web import served

SPEED = {
    "JMID_LEASE_TTL_S": "30",  # a loaded machine does not lose it: what is published once is so while it is held
    "JMID_LINKER_SWEEP_S": "0.05",
    "JMID_LINKER_RECALL_POLL_S": "0.05",
    "JMID_LINKER_RETRY_FIRST_S": "0.02",
    "JMID_LINKER_RETRY_MAX_S": "0.1",
}
SOP = re.compile(rb"SOP=([0-9.]+);")


def part10(sop_instance_uid: str, size_bytes: int = 100) -> bytes:
    """Return bytes that stand for an Instance; only this test's archive reads them."""
    head = f"SOP={sop_instance_uid};".encode()
    return head + b"\0" * max(0, size_bytes - len(head))


async def until(holds: Callable[[], Awaitable[bool]] | Callable[[], bool], timeout_s: float = 20.0) -> None:
    """Wait until it holds; fail after the timeout."""
    deadline = time.monotonic() + timeout_s
    while True:
        found = holds()
        if found if isinstance(found, bool) else await found:
            return
        assert time.monotonic() < deadline, "it did not come to hold in time"
        await asyncio.sleep(0.01)


@dataclass
class Archive:
    """A DICOMweb origin server that stores what it is sent and answers as told.

    url: where it is served.
    status: when set, the answer to everything.  reasons: SOP Instance UID → Failure Reason.  stored: SOP Instance UID →
    how often.  requests: how many Instances each had.  refuse_whole: answers 400 to a request that has this Instance.
    breaks_on: answers 500 to a request that has one of these.  report_breaks_on: and to a report that has these bytes.
    lose_answers: store so many more requests, and break the connection instead of answering.
    held: SOP Instance UID → SHA-256 of what it says that it holds.  head_status: its answer to every HEAD.
    delay_s: how long an answer takes.  studies: what a search finds.
    """

    url: str = ""
    stored: dict[str, int] = field(default_factory=dict)
    reports: list[dict[str, Any]] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)
    status: int = 0
    report_status: int = 201
    headers: dict[str, str] = field(default_factory=dict)
    refuse_whole: str = ""
    breaks_on: set[str] = field(default_factory=set)
    report_breaks_on: bytes = b""
    refused: int = 0
    studies: dict[str, dict[str, Any]] = field(default_factory=dict)
    held: dict[str, str] = field(default_factory=dict)
    head_status: int = 0
    asked: list[str] = field(default_factory=list)
    lose_answers: int = 0
    delay_s: float = 0.0
    recalls: list[dict[str, str]] = field(default_factory=list)
    unproven: list[str] = field(default_factory=list)
    proofs: dict[str, bool] = field(default_factory=dict)
    recall_missing: dict[str, dict[str, int]] = field(default_factory=dict)
    recall_steps: list[str] = field(default_factory=list)
    recall_answers: list[tuple[str, str]] = field(default_factory=list)
    merges: list[dict[str, Any]] = field(default_factory=list)

    async def store(self, request: web.Request) -> web.Response:
        """Answer a Store request (PS3.18 10.5.3)."""
        if self.status:
            self.refused += 1
            return web.Response(status=self.status, headers=self.headers)
        reader = await request.multipart()
        sops = []
        async for part in reader:
            found = SOP.match(await part.read())  # type: ignore[union-attr]
            assert found is not None
            sops.append(found[1].decode())
        self.requests.append(len(sops))
        await asyncio.sleep(self.delay_s)
        if self.breaks_on & set(sops):
            return web.Response(status=500)
        if self.refuse_whole in sops:
            return web.Response(status=400)
        good = [sop for sop in sops if sop not in self.reasons]
        for sop in good:
            self.stored[sop] = self.stored.get(sop, 0) + 1
        if self.lose_answers:
            self.lose_answers -= 1
            assert request.transport is not None
            request.transport.abort()
        return web.json_response(self._module(sops), status=200 if good == sops else 202 if good else 409)

    def _module(self, sops: Sequence[str]) -> dict[str, Any]:
        def item(sop: str) -> dict[str, Any]:
            reason = {"00081197": {"vr": "US", "Value": [self.reasons[sop]]}} if sop in self.reasons else {}
            return {"00081155": {"vr": "UI", "Value": [sop]}, **reason}

        parts = {
            "00081199": [item(sop) for sop in sops if sop not in self.reasons],
            "00081198": [item(sop) for sop in sops if sop in self.reasons],
        }
        return {tag: {"vr": "SQ", "Value": items} for tag, items in parts.items() if items}

    async def head(self, request: web.Request) -> web.Response:
        """Answer whether it holds an Instance (RFC 9530 section 3)."""
        sop = request.match_info["sop"]
        self.asked.append(sop)
        if self.status or self.head_status:
            return web.Response(status=self.status or self.head_status)
        if sop not in self.held:
            return web.Response(status=404)
        digest = self.held[sop]
        return web.Response(headers={"Repr-Digest": content_digest(digest)} if digest else {})

    async def search(self, request: web.Request) -> web.Response:
        """Answer a search for one Study (PS3.18 10.6)."""
        found = self.studies.get(request.query["StudyInstanceUID"])
        return web.json_response([found] if found else [])

    async def report(self, request: web.Request) -> web.Response:
        """Take a report."""
        if self.status:
            return web.Response(status=self.status)
        if self.report_breaks_on and self.report_breaks_on in await request.read():
            return web.Response(status=500)
        if self.report_status < 300:
            self.reports.append(await request.json())
        return web.json_response({}, status=self.report_status)

    async def list_recalls(self, _: web.Request) -> web.Response:
        """Return the recall list."""
        answered = {study for study, _ in self.recall_answers}
        return web.json_response({"recalls": [r for r in self.recalls if r["study_instance_uid"] not in answered]})

    async def take_merges(self, request: web.Request) -> web.Response:
        """Take what a gateway says of merged patients."""
        if self.status:
            return web.Response(status=self.status)
        self.merges.append(await request.json())
        return web.json_response({})

    async def list_proofs(self, _: web.Request) -> web.Response:
        """Return the Studies that nothing is known of yet."""
        return web.json_response({"studies": [study for study in self.unproven if study not in self.proofs]})

    async def take_proof(self, request: web.Request) -> web.Response:
        """Take what a gateway says of one."""
        self.proofs[request.match_info["study"]] = (await request.json())["possible"]
        return web.json_response({})

    async def note_step(self, request: web.Request) -> web.Response:
        """Take how far a recall is."""
        self.recall_steps.append((await request.json())["step"])
        return web.json_response({})

    async def end_recall(self, request: web.Request) -> web.Response:
        """Take the answer to a recall."""
        answer = await request.json()
        self.recall_answers.append((request.match_info["study"], answer["outcome"]))
        self.recall_missing[request.match_info["study"]] = answer.get("missing", {})
        return web.json_response({})

    def application(self) -> web.Application:
        """Return the server."""
        application = web.Application(client_max_size=1 << 30)
        application.add_routes(
            [
                web.post("/dicom-web/studies/{study}", self.store),
                web.route("HEAD", "/dicom-web/studies/{study}/series/{series}/instances/{sop}", self.head),
                web.get("/dicom-web/studies", self.search),
                web.post("/api/reports", self.report),
                web.get("/api/recalls", self.list_recalls),
                web.post("/api/merges", self.take_merges),
                web.post("/api/recalls/{study}/done", self.end_recall),
                web.post("/api/recalls/{study}/progress", self.note_step),
                web.get("/api/recalls/proofs", self.list_proofs),
                web.post("/api/recalls/{study}/proof", self.take_proof),
            ]
        )
        return application


@dataclass
class Opened:
    """A linker that is open, with its ports and what it published."""

    service: Service
    running: Running
    documents: Documents
    bus: Bus
    blobs: Mapping[str, Blobs]
    url: str
    session: aiohttp.ClientSession
    published: list[Event]

    async def take(self, *events: Event) -> None:
        """Handle events one after the other, as the runtime does."""
        for event in events:
            await self.running.handlers[type(event)](event)

    async def get(self, path: str, status: int = 200) -> Any:
        """Return a JSON answer."""
        async with self.session.get(self.url + path) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json(content_type=None)

    async def image_outage(self) -> tuple[int, str]:
        """Return how often the centre took no images in a row, and why."""
        outages = (await self.get("/api/gateway/deliveries"))["outages"]
        images = outages.get("images", {"tries": 0, "reason": ""})  # none before its worker has started
        return images["tries"], images["reason"]

    async def post(self, path: str, body: object, status: int = 200, content_type: str = "application/json") -> Any:
        """Send JSON and return the JSON answer."""
        async with self.session.post(self.url + path, json=body, headers={"Content-Type": content_type}) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json(content_type=None)

    def of(self, kind: type[Event]) -> list[Any]:
        """Return what was published of one type."""
        return [event for event in self.published if type(event) is kind]


async def checked(text: str) -> TextFindings:
    """Look at a text as the centre does."""
    return free_text.findings(text)


async def _here(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


@asynccontextmanager
async def opened(
    service: Service,
    home: Path,
    environ: Mapping[str, str],
    *,
    tasks: bool = True,
    store: AbstractAsyncContextManager[Documents] | None = None,
) -> AsyncIterator[Opened]:
    """Open a linker on the embedded ports under home, or on another document store.

    tasks: whether its workers and publisher run.
    """
    async with AsyncExitStack() as stack:
        home.mkdir(parents=True, exist_ok=True)
        bus = await stack.enter_async_context(open_journal(home / "bus.sqlite"))
        documents = await stack.enter_async_context(store or open_sqlite(home / "documents.sqlite"))
        blobs = {name: await stack.enter_async_context(open_local(home / name)) for name in service.blobs}
        zone = Zone.DEIDENTIFIED if service.role is Role.GATEWAY else Zone.CENTRE
        witness = Queue("witness", tuple(kind for kind in EVENTS if kind.zone is zone))
        await bus.declare(witness)
        await documents.declare(LEASES, SET_ASIDE, *service.collections)
        place = Place(
            role=service.role,
            site="hospital",
            home=home,
            base_url="http://127.0.0.1:9",
            environ={**SPEED, **environ},
            bus=bus,
            documents=documents,
            blobs=blobs,
            cpu=_here,
            text_check=free_text.findings,
        )
        running = await stack.enter_async_context(service.opens(place))
        url = await stack.enter_async_context(served(_application(running)))
        token = environ.get("JMID_LINKER_GATEWAY_TOKEN", "") or gateway_token.known(home / gateway_token.FILE)
        credential = bearer.header(token)
        session = await stack.enter_async_context(aiohttp.ClientSession(headers=credential))
        found = Opened(service, running, documents, bus, blobs, url, session, [])

        async def witnessed(delivery: Delivery) -> Sequence[Event]:
            found.published.append(delivery.event)
            return ()

        works: list[asyncio.Task[None]] = [asyncio.create_task(bus.consume("witness", witnessed))]
        if tasks:
            works += [asyncio.ensure_future(task()) for task in running.tasks]
        try:
            yield found
        finally:
            for work in works:
                work.cancel()
            await asyncio.wait(works)
            failures = [work.exception() for work in works if not work.cancelled() and work.exception()]
            assert not failures, failures


def _application(running: Running) -> web.Application:
    application = web.Application(client_max_size=16 << 20, middlewares=MIDDLEWARES)
    loader = jinja2.ChoiceLoader(
        [
            jinja2.FileSystemLoader(WEB / "templates"),
            jinja2.PrefixLoader({"linker": jinja2.FileSystemLoader(running.templates)} if running.templates else {}),
        ]
    )
    language.set_up(application, loader)
    application.add_routes(running.routes)
    return application


def gateway_environ(centre: str, **settings: str) -> dict[str, str]:
    """Return the settings of a gateway that delivers to this centre."""
    return {
        "JMID_LINKER_CENTRE_DICOMWEB_URL": f"{centre}/dicom-web",
        "JMID_LINKER_CENTRE_REPORTS_URL": f"{centre}/api/reports",
        "JMID_LINKER_CENTRE_RECALLS_URL": f"{centre}/api/recalls",
        **{f"JMID_LINKER_{name.upper()}": value for name, value in settings.items()},
    }


async def keep(blobs: Blobs, *events: Event, size_bytes: int = 100, documents: Sequence[dict[str, Any]] = ()) -> None:
    """Put what the events refer to into the de-identified store."""

    for event in events:
        if isinstance(event, InstancesDeidentified):
            await blobs.put_many({r.blob: part10(r.sop_instance_uid, size_bytes) for r in event.instances})
    for document in documents:
        data, sha256 = packed(document)
        await blobs.put(f"reports/{sha256}.json", data)
