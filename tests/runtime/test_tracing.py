"""Traces over the real buses: one trace from the receiver to the case, and nothing of a patient in it."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, cast

import pydicom
import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from services.search import handlers
from services.search.deps import SearchDeps
from services.search.follow.awaited import MOST
from services.search.follow.follower import Follower
from services.search.follow.set_aside import SetAside
from services.search.index.case_index import CaseIndex
from services.search.settings import SearchSettings
from shared.bus.codec import decode, encode, traceparent_of
from shared.errors import SettingsError, Unavailable
from shared.events import CaseChanged, StudyChanged
from shared.tracing import spans
from shared.tracing.opening import provider, traced
from tests.flow import senders
from tests.flow.conftest import ct
from tests.flow.inside import System, running, until
from tests.search.test_follower import Feeds
from tests.servers.process import free_ports

__all__ = ["ct"]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
PERSON = senders.person(1)
CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
FHIR = {"Content-Type": "application/fhir+json"}
ALLOWED = {
    "jmid.receipt_id", "jmid.endpoint", "jmid.count", "jmid.service", "jmid.attempt", "messaging.destination.name",
    "http.request.method", "http.route", "http.response.status_code", "error.type",
}  # fmt: skip


@pytest.fixture
def exported() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    spans.use(provider("test", 1.0, SimpleSpanProcessor(exporter)))
    yield exporter
    spans.use(None)


@pytest.fixture(params=["embedded", "rabbitmq"])
def bus(request: pytest.FixtureRequest) -> dict[str, str]:
    if request.param == "embedded":
        return {}
    return {"JMID_BUS": request.getfixturevalue("amqp_vhost_url")}


@pytest.fixture
async def system(
    tmp_path: Path, bus: dict[str, str], exported: InMemorySpanExporter
) -> AsyncIterator[tuple[System, int]]:
    (dimse,) = free_ports(1)
    environ = {"JMID_ACCESS": "open", "JMID_INGEST_DIMSE_PORT": str(dimse), "JMID_ANONYMIZER_SEARCH_PIXELS": "false"}
    async with running(tmp_path / "home", {**environ, **bus}) as opened:
        yield opened, dimse


def of_receipt(exported: InMemorySpanExporter, receipt_id: str) -> dict[str, ReadableSpan]:
    return {
        span.name: span
        for span in exported.get_finished_spans()
        if span.context is not None and span.context.trace_id == spans.trace_id_of(receipt_id)
    }


async def test_one_trace_goes_from_the_receiver_to_the_case_and_names_nobody(
    system: tuple[System, int], exported: InMemorySpanExporter, ct: list[bytes], tmp_path: Path
) -> None:
    opened, dimse = system
    report = senders.fhir_report(PERSON, 1, "20240531", "右肺尖に結節を認める。")
    async with opened.client.post("/ingest/reports", data=report, headers={**FHIR, "traceparent": CALLER}) as answer:
        by_report = (await answer.json())["id"]
    files = [tmp_path / f"{number}.dcm" for number in range(len(ct))]
    for path, data in zip(files, ct, strict=True):
        path.write_bytes(data)
    await asyncio.to_thread(senders.by_storescu, files, dimse)
    async with opened.client.get("/ingest/receipts") as answer:
        listed = (await answer.json())["receipts"]
    (by_store,) = {each["id"] for each in listed} - {by_report}

    last_of = {by_report: "index case", by_store: "index case"}

    async def ended() -> bool:
        return all(last in of_receipt(exported, each) for each, last in last_of.items())

    await until(ended, lambda: f"the traces are {[sorted(of_receipt(exported, e)) for e in (by_report, by_store)]}")

    images, text = of_receipt(exported, by_store), of_receipt(exported, by_report)
    assert {
        "receipt", "receive", "publish instances.received", "anonymizer instances.received",
        "publish instances.deidentified", "linker instances.deidentified", "deliver POST",
        "POST /dicom-web/studies/{study}", "publish instances.stored", "linker instances.stored",
        "publish study.changed", "search study.changed",
    } <= set(images)  # fmt: skip
    assert {
        "receipt",
        "anonymizer report.received",
        "linker report.deidentified",
        "deliver POST",
        "POST /api/reports",
        "publish case.changed",
        "search case.changed",
    } <= set(text)
    assert all(span.parent is not None for name, span in (images | text).items() if name != "receipt")
    assert text["receipt"].links[0].context.trace_id == int(CALLER.split("-")[1], 16)
    spans = [span.to_json() for span in exported.get_finished_spans()]
    values = {PERSON.patient_id, PERSON.accession_number, PERSON.romaji, PERSON.name.split("^")[0], "結節"}
    uids = {value for path in files for value in _uids(path)}
    assert [value for value in values | uids if any(value in repr(json.loads(span)) for span in spans)] == []
    assert {name for span in exported.get_finished_spans() for name in span.attributes or {}} <= ALLOWED


def _uids(path: Path) -> set[str]:
    data = pydicom.dcmread(path, stop_before_pixels=True)
    return {data.StudyInstanceUID, data.SeriesInstanceUID, data.SOPInstanceUID}


def event() -> CaseChanged:
    return CaseChanged.first("1", correlation_id="r1", site="a", study_instance_uid="2.25.1")


def test_what_an_event_causes_is_below_it_and_an_unknown_cause_is_below_the_first_span(
    exported: InMemorySpanExporter,
) -> None:
    sent = event()
    body = encode(sent)
    with spans.handling("case.changed", "r1", traceparent_of(body), "search", 1):
        pass
    with spans.handling("case.changed", "r1", CALLER, "linker", 1):
        pass

    published, handled, strange = exported.get_finished_spans()
    assert handled.parent is not None and published.context is not None and strange.parent is not None
    assert handled.parent.span_id == published.context.span_id
    assert strange.parent.span_id == spans.root_id_of("r1")
    assert decode(body) == sent


async def handled(follower: Follower, study: str, receipt_id: str, report_id: str = "") -> None:
    """Have search handle that a Study changed, or of none a report, as its worker does."""
    deps = SearchDeps(SearchSettings(), cast("Any", None), follower, cast("Any", None))
    common: dict[str, Any] = {"correlation_id": receipt_id, "site": "a", "study_instance_uid": study}
    with spans.handling("study.changed", receipt_id, "", "search", 1):
        if report_id:
            await handlers.case_changed(CaseChanged.first("1", **common, report_ids=(report_id,)), deps)
        else:
            await handlers.study_changed(StudyChanged.first("1", **common, change="stored"), deps)


@pytest.fixture
def feeds(tmp_path: Path) -> Feeds:
    feeds = Feeds()
    feeds.set_aside = SetAside(tmp_path)
    return feeds


@pytest.fixture
def follower(tmp_path: Path, feeds: Feeds) -> Follower:
    return Follower(CaseIndex(tmp_path / "index"), feeds, feeds.set_aside, feeds, poll_s=0.01, batch=2)


def indexed_of(exported: InMemorySpanExporter) -> list[ReadableSpan]:
    return [span for span in exported.get_finished_spans() if span.name == "index case"]


async def test_the_trace_of_an_image_ends_when_its_case_is_in_the_index(
    exported: InMemorySpanExporter, follower: Follower, feeds: Feeds
) -> None:
    feeds.store("1.2.3")
    await handled(follower, "1.2.3", "r1")
    await handled(follower, "1.2.3", "r1")
    (event, _) = exported.get_finished_spans()

    before = indexed_of(exported)
    await follower.step()

    (span,) = indexed_of(exported)
    assert before == []
    assert span.context is not None and event.context is not None and span.parent is not None
    assert span.context.trace_id == spans.trace_id_of("r1")
    assert span.parent.span_id == event.context.span_id
    assert dict(span.attributes or {}) == {"jmid.receipt_id": "r1"}
    assert "1.2.3" not in span.to_json()


async def test_an_event_that_comes_after_its_case_was_indexed_has_a_span_and_one_of_a_later_batch_waits_for_it(
    exported: InMemorySpanExporter, follower: Follower, feeds: Feeds
) -> None:
    feeds.store("1.2.1")
    await follower.step()
    await handled(follower, "1.2.1", "r1")
    await follower.step()
    late = len(indexed_of(exported))
    for number in (2, 3, 4):
        feeds.store(f"1.2.{number}")
    await handled(follower, "1.2.4", "r4")
    await follower.step()  # of two
    first = len(indexed_of(exported))
    await follower.step()

    assert (late, first, len(indexed_of(exported))) == (1, 1, 2)


async def test_the_span_of_a_case_that_is_set_aside_has_the_class_of_the_error_and_others_go_on(
    exported: InMemorySpanExporter, follower: Follower, feeds: Feeds
) -> None:
    feeds.store("1.2.1")
    feeds.store("1.2.2")
    feeds.bad["1.2.1"] = ValueError("佐藤花子")
    await handled(follower, "1.2.1", "r1")
    await handled(follower, "1.2.2", "r2")
    await follower.step()

    errors = {(span.attributes or {})["jmid.receipt_id"]: span for span in indexed_of(exported)}
    assert {key: (span.attributes or {}).get("error.type") for key, span in errors.items()} == {
        "r1": "ValueError",
        "r2": None,
    }
    assert "佐藤" not in repr([json.loads(span.to_json()) for span in errors.values()])


async def test_the_trace_of_a_report_ends_at_the_case_that_it_is_or_that_of_its_study(
    exported: InMemorySpanExporter, follower: Follower, feeds: Feeds
) -> None:
    feeds.store("1.2.1")
    feeds.bad["1.2.1"] = ValueError()
    feeds.link()
    await handled(follower, "", "r1", "r1")
    await handled(follower, "1.2.1", "r2", "r2")
    await follower.step()

    errors = [(span.attributes or {}).get("error.type") for span in indexed_of(exported)]
    assert errors == [None, "ValueError"]


async def test_while_the_feeds_are_away_spans_stay_open_and_no_more_than_so_many(
    exported: InMemorySpanExporter, follower: Follower, feeds: Feeds
) -> None:
    feeds.store("1.2.1")
    feeds.away = True
    for number in range(MOST + 1):
        await handled(follower, "1.2.1", f"r{number}")
    with pytest.raises(Unavailable):
        await follower.step()
    away = len(indexed_of(exported))
    feeds.away = False
    await follower.step()

    assert (away, len(indexed_of(exported))) == (0, MOST)


def test_the_text_of_an_error_is_in_no_span(exported: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="佐藤"), spans.handling("case.changed", "r1", "", "search", 1):
        raise ValueError("佐藤花子")

    (span,) = exported.get_finished_spans()
    assert "佐藤" not in repr(json.loads(span.to_json()))
    assert span.attributes is not None
    assert span.attributes["error.type"] == "ValueError"
    assert span.events == ()


def test_while_nothing_is_traced_messages_are_as_they_were_and_nothing_is_imported() -> None:
    code = "import sys, services.__main__; print([name for name in sys.modules if name.startswith('opentelemetry')])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert b"traceparent" not in encode(event())
    assert loaded.stdout.strip() == "[]"


async def test_spans_reach_a_collector_by_otlp() -> None:
    taken: list[bytes] = []

    async def take(request: web.Request) -> web.Response:
        taken.append(await request.read())
        return web.Response(content_type="application/x-protobuf")

    application = web.Application()
    application.add_routes([web.post("/v1/traces", take)])
    runner = web.AppRunner(application, auto_decompress=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    endpoint = f"http://127.0.0.1:{runner.addresses[0][1]}/v1/traces"

    async with traced({"JMID_TRACING_ENDPOINT": endpoint}, "ingest"):
        spans.begun("r1", "stow")
    await runner.cleanup()

    came = [
        span
        for body in taken
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    assert [(span.name, span.trace_id) for span in came] == [("receipt", spans.trace_id_of("r1").to_bytes(16, "big"))]


async def test_what_is_no_address_of_a_collector_does_not_start() -> None:
    with pytest.raises(SettingsError, match="JMID_TRACING_ENDPOINT"):
        async with traced({"JMID_TRACING_ENDPOINT": "collector.example:4317"}, "ingest"):
            pass
