"""Delivery to the centre: partial answers, outages, restarts, retention, recalls."""

import asyncio
import tracemalloc
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from services.linker.gateway.delivery import send
from services.linker.gateway.delivery.transport import Centre, CentreUnavailable, StoreAnswer
from services.linker.gateway.delivery.worker import Outage
from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.records import DELIVERIES, Delivery
from services.linker.links import policy
from services.linker.service import GATEWAY
from services.linker.settings import LinkerSettings
from shared.errors import SettingsError
from shared.events import Delivered, InstanceRef, InstancesDeidentified, RecallWanted, StudyFetched
from tests.linker.samples import document, instances, refs, report, uid
from tests.linker.system import Archive, Opened, gateway_environ, keep, opened, part10, until
from tests.servers.web import served

STUDY, OTHER = uid(1), uid(2)


async def deliveries(gateway: Opened) -> list[Delivery]:
    return (await gateway.documents.find(DELIVERIES, limit=1000)).documents


async def state(gateway: Opened, *states: str) -> bool:
    return {delivery.state for delivery in await deliveries(gateway)} == set(states)


async def test_each_instance_gets_its_own_fate_and_the_failed_ones_are_visible(
    tmp_path: Path, archive: Archive
) -> None:
    images = instances(STUDY, 3)
    refused = images.instances[1].sop_instance_uid
    archive.reasons[refused] = 0xA900
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url)) as gateway:
        await keep(gateway.blobs["deidentified"], images)

        await gateway.take(images)
        await until(lambda: state(gateway, "failed"))

        assert len(archive.requests) == 1
        (failed,) = (await gateway.get("/api/gateway/deliveries?state=failed"))["deliveries"]
        assert failed["failed"] == {refused: "A900"}
        await until(lambda: [(e.instances, e.reports) for e in gateway.of(Delivered)] == [(2, 0)])


async def test_what_a_clock_that_was_days_ahead_dated_leaves_when_the_clock_is_right(
    tmp_path: Path, archive: Archive
) -> None:
    ahead = instances(STUDY, 2, at=datetime.now(UTC) + timedelta(days=30))
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url)) as gateway:
        await keep(gateway.blobs["deidentified"], ahead)

        await gateway.take(ahead)

        await until(lambda: state(gateway, "done"))


async def test_a_failed_delivery_goes_again_when_a_person_asks_and_only_what_failed(
    tmp_path: Path, archive: Archive
) -> None:
    images = instances(STUDY, 3)
    archive.reasons[images.instances[1].sop_instance_uid] = 0x0111
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url)) as gateway:
        await keep(gateway.blobs["deidentified"], images)
        await gateway.take(images)
        await until(lambda: state(gateway, "failed"))

        archive.reasons.clear()
        await gateway.post("/api/gateway/deliveries", {"action": "retry", "by": "Dr. Who"})
        await until(lambda: state(gateway, "done"))

        assert archive.requests == [3, 1]


async def test_a_processing_failure_is_tried_a_bounded_number_of_times(tmp_path: Path, archive: Archive) -> None:
    images = instances(STUDY, 1)
    archive.reasons[images.instances[0].sop_instance_uid] = 0x0110
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url, attempts="3")) as gateway:
        await keep(gateway.blobs["deidentified"], images)

        await gateway.take(images)
        await until(lambda: state(gateway, "failed"))

        assert archive.requests == [1, 1, 1]


async def test_a_full_centre_is_waited_for_however_long(tmp_path: Path, archive: Archive) -> None:
    images = instances(STUDY, 2)
    full = images.instances[0].sop_instance_uid
    archive.reasons[full] = 0xA700
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url, attempts="1")) as gateway:
        await keep(gateway.blobs["deidentified"], images)
        await gateway.take(images)
        await until(lambda: len(archive.requests) >= 3)

        archive.reasons.clear()
        await until(lambda: state(gateway, "done"))

        assert archive.stored[full] == 1
        assert archive.stored[images.instances[1].sop_instance_uid] == 1


@pytest.mark.parametrize("status", [500, 503, 401, 404, 302])
async def test_while_the_centre_is_away_nothing_is_given_up_and_the_backlog_is_visible(
    tmp_path: Path, archive: Archive, status: int
) -> None:
    archive.status = status
    archive.headers["Location"] = "/elsewhere"
    text = document()
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url, attempts="1")) as gateway:
        await keep(gateway.blobs["deidentified"], instances(STUDY, 2), documents=[text])
        await gateway.take(instances(STUDY, 2), report(text))

        async def away() -> bool:
            tries, reason = await gateway.image_outage()
            return tries > 2 and reason == f"http-{status}"

        await until(away)
        assert (await gateway.get("/api/gateway/deliveries"))["counts"]["pending"] == 2
        async with gateway.session.get(f"{gateway.url}/gateway/links") as page:
            assert "resumes by itself" in await page.text()
        archive.status = 0
        await until(lambda: state(gateway, "done"))

        assert set(archive.stored.values()) == {1}
        assert len(archive.reports) == 1


async def test_an_outage_in_the_middle_of_a_delivery_sends_again_only_what_was_not_confirmed(
    tmp_path: Path, archive: Archive
) -> None:
    batches = [instances(STUDY, 5, first=1 + 5 * n) for n in range(6)]
    archive.lose_answers = 1
    settings = gateway_environ(archive.url, batch_instances="5", streams="1")
    async with opened(GATEWAY, tmp_path, settings) as gateway:
        await keep(gateway.blobs["deidentified"], *batches)

        await gateway.take(*batches)
        await until(lambda: state(gateway, "done"))

        twice = sorted(archive.stored.values())
        assert twice == [1] * 25 + [2] * 5
        await until(lambda: max((e.instances for e in gateway.of(Delivered)), default=0) == 30)


class Away(Centre):
    """A centre that does not answer; counts who asks."""

    rate = 0.0

    def __init__(self) -> None:
        self.asked = 0

    async def store(
        self, study_instance_uid: str, instances: Sequence[InstanceRef], correlation_id: str = ""
    ) -> StoreAnswer:
        self.asked += 1
        raise CentreUnavailable("unreachable")


async def test_an_outage_is_met_by_one_request_a_round_however_long_the_backlog(tmp_path: Path) -> None:
    batches = [instances(uid(n), 1, receipt=f"r{n}") for n in range(1, 31)]
    settings = LinkerSettings(streams=2)
    away, outage = Away(), Outage()
    async with opened(GATEWAY, tmp_path, {}, tasks=False) as gateway:
        blobs = gateway.blobs["deidentified"]
        deps = GatewayDeps(gateway.documents, blobs, gateway.bus, settings, policy.parse("at_once"), "hospital")
        await keep(blobs, *batches)
        await gateway.take(*batches)

        await send.instances_round(deps, away, outage)
        await send.instances_round(deps, away, outage)

        assert away.asked == 2 + 1


async def test_small_batches_of_a_study_share_a_request(tmp_path: Path, archive: Archive) -> None:
    archive.status = 503
    batches = [instances(STUDY, 1, first=n) for n in range(1, 31)]
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url)) as gateway:
        await keep(gateway.blobs["deidentified"], *batches)
        await gateway.take(*batches)

        archive.status = 0
        await until(lambda: state(gateway, "done"))

        assert sum(archive.requests) == 30
        assert len(archive.requests) <= 3  # one whose wait ended a moment later may go by itself


async def test_a_request_refused_as_a_whole_is_halved_until_the_bad_instance_stands_alone(
    tmp_path: Path, archive: Archive
) -> None:
    images = instances(STUDY, 8)
    bad = images.instances[5].sop_instance_uid
    archive.refuse_whole = bad
    async with served(archive.application()) as url, opened(GATEWAY, tmp_path, gateway_environ(url)) as gateway:
        await keep(gateway.blobs["deidentified"], images)

        await gateway.take(images)
        await until(lambda: state(gateway, "failed"))

        assert len(archive.stored) == 7
        assert (await deliveries(gateway))[0].failed[bad] == "http-400"


async def test_bytes_that_are_gone_are_a_visible_failure_and_do_not_hold_up_the_others(
    tmp_path: Path, archive: Archive
) -> None:
    images = instances(STUDY, 3)
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url)) as gateway:
        await keep(gateway.blobs["deidentified"], images)
        await gateway.blobs["deidentified"].delete(images.instances[0].blob)

        await gateway.take(images)
        await until(lambda: state(gateway, "failed"))

        assert len(archive.stored) == 2
        assert (await deliveries(gateway))[0].reason == "blob-missing"


async def test_a_refused_report_is_visible_and_a_new_version_goes(tmp_path: Path, archive: Archive) -> None:
    archive.report_status = 422
    text, better = document(), document(text="Better.", status="corrected", issued="2026-04-02T10:00:00+09:00")
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url)) as gateway:
        await keep(gateway.blobs["deidentified"], documents=[text, better])
        await gateway.take(report(text))
        await until(lambda: state(gateway, "failed"))
        assert (await deliveries(gateway))[0].reason == "http-422"

        archive.report_status = 201
        await gateway.take(report(better))
        await until(lambda: state(gateway, "done"))

        assert [each["conclusion"] for each in archive.reports] == ["Better."]


async def test_a_restart_goes_on_where_it_stopped(tmp_path: Path, archive: Archive) -> None:
    images = instances(STUDY, 2)
    archive.status = 503
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url)) as gateway:
        await keep(gateway.blobs["deidentified"], images)
        await gateway.take(images)

    archive.status = 0
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url)) as gateway:
        await until(lambda: state(gateway, "done"))
        await until(lambda: len(gateway.of(Delivered)) == 1)

        await gateway.take(images)

        assert await state(gateway, "done")
        assert archive.requests == [2]


async def test_confirmed_instances_are_released_after_the_retention_time_and_others_are_not(
    tmp_path: Path, archive: Archive
) -> None:
    done, failed = instances(STUDY, 2), instances(OTHER, 2, receipt="r2")
    beside_failed = instances(OTHER, 2, first=3, receipt="r3")
    archive.reasons[failed.instances[0].sop_instance_uid] = 0xA900
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url)) as gateway:
        await keep(gateway.blobs["deidentified"], done, failed, beside_failed)
        await gateway.take(done, failed, beside_failed)
        await until(lambda: state(gateway, "done", "failed"))

    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url, retention_h="0.00000001")) as gateway:
        await until(lambda: state(gateway, "released", "done", "failed"))

        left = [key async for key in gateway.blobs["deidentified"].keys("instances/")]
        assert sorted(left) == sorted(ref.blob for ref in (*failed.instances, *beside_failed.instances))
        released = [each for each in await deliveries(gateway) if each.state == "released"]
        assert [(len(each.confirmed), each.instances) for each in released] == [(2, done.instances)]


async def test_a_recalled_study_is_delivered_again_and_a_released_one_is_unavailable(
    tmp_path: Path, archive: Archive
) -> None:
    held, gone = instances(STUDY, 2), instances(OTHER, 2, receipt="r2")
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url)) as gateway:
        await keep(gateway.blobs["deidentified"], held, gone)
        await gateway.take(held, gone)
        await until(lambda: state(gateway, "done"))
        for delivery in await deliveries(gateway):
            if delivery.study_instance_uid == OTHER:
                await gateway.documents.put(DELIVERIES, msgspec.structs.replace(delivery, state="released"))

        archive.recalls = [
            {"study_instance_uid": study, "recall_id": f"recall-{study}", "site": "hospital"}
            for study in (STUDY, OTHER, uid(3))
        ]
        await pacs_says(gateway, {OTHER: "no-pacs", uid(3): "not-in-vault"})
        await until(lambda: len(archive.recall_answers) == 3)

        assert dict(archive.recall_answers) == {
            STUDY: "redelivered",
            OTHER: "unavailable-at-gateway",
            uid(3): "unavailable-at-gateway",
        }
        assert {archive.stored[ref.sop_instance_uid] for ref in held.instances} == {2}
        assert {archive.stored[ref.sop_instance_uid] for ref in gone.instances} == {1}
        assert archive.recall_missing == {STUDY: {}, OTHER: {"no-pacs": 2}, uid(3): {"not-in-vault": 1}}


async def pacs_says(gateway: Opened, outcomes: Mapping[str, str], instances: int = 0) -> None:
    """Wait until the PACS is asked for these Studies, and only these, and say what it came to."""
    await until(lambda: {each.study_instance_uid for each in gateway.of(RecallWanted)} == outcomes.keys())
    for each in gateway.of(RecallWanted):
        told = {"recall_id": each.recall_id, "outcome": outcomes[each.study_instance_uid], "instances": instances}
        await gateway.take(StudyFetched.caused_by(each, is_end=True, **told))


async def test_a_recall_of_which_a_part_does_not_come_back_says_so(tmp_path: Path, archive: Archive) -> None:
    """One Instance has other bytes than the centre stored the first time; another one is let go at the gateway."""
    held, gone = instances(STUDY, 2), instances(STUDY, 3, receipt="r2")
    gone = msgspec.structs.replace(gone, instances=gone.instances[2:])
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url)) as gateway:
        await keep(gateway.blobs["deidentified"], held, gone)
        await gateway.take(held)
        await until(lambda: state(gateway, "done"))
        await gateway.take(gone)
        await until(lambda: state(gateway, "done"))
        for delivery in await deliveries(gateway):
            if len(delivery.instances) == 1:
                await gateway.documents.put(DELIVERIES, msgspec.structs.replace(delivery, state="released"))
        archive.reasons = {held.instances[0].sop_instance_uid: 0x0111}

        archive.recalls = [{"study_instance_uid": STUDY, "recall_id": "again", "site": "hospital"}]
        await pacs_says(gateway, {STUDY: "not-in-pacs"})
        await until(lambda: bool(archive.recall_answers))

    assert archive.recall_answers[0] == (STUDY, "partly-redelivered")
    assert archive.recall_missing[STUDY] == {"0111": 1, "not-in-pacs": 1}


async def test_the_centre_is_told_which_studies_could_be_delivered_again(tmp_path: Path, archive: Archive) -> None:
    held, gone, lost = instances(STUDY, 2), instances(OTHER, 2, receipt="r2"), instances(uid(3), 1, receipt="r3")
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url, retention_h="0")) as gateway:
        await keep(gateway.blobs["deidentified"], held, gone, lost)
        await gateway.take(held, gone, lost)
        await until(lambda: state(gateway, "done"))
        await gateway.blobs["deidentified"].delete(lost.instances[0].blob)
        for delivery in await deliveries(gateway):
            if delivery.study_instance_uid == OTHER:
                await gateway.documents.put(DELIVERIES, msgspec.structs.replace(delivery, state="released"))

        archive.unproven = [STUDY, OTHER, uid(3), uid(4)]  # the last is another gateway's
        await pacs_says(gateway, {OTHER: "no-pacs", uid(3): "found"}, instances=1)
        await until(lambda: len(archive.proofs) == 3)

        assert archive.proofs == {STUDY: True, OTHER: False, uid(3): True}


async def test_a_copy_that_is_let_go_after_a_time_proves_nothing(tmp_path: Path, archive: Archive) -> None:
    images = instances(STUDY, 2)
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url, retention_h="168")) as gateway:
        await keep(gateway.blobs["deidentified"], images)
        await gateway.take(images)
        await until(lambda: state(gateway, "done"))

        archive.unproven = [STUDY]
        await pacs_says(gateway, {STUDY: "no-pacs"})
        await until(lambda: bool(archive.proofs))

        assert archive.proofs == {STUDY: False}


@pytest.mark.slow
async def test_memory_does_not_grow_with_the_size_of_a_study(tmp_path: Path, archive: Archive) -> None:
    received = 0

    async def sink(request):  # type: ignore[no-untyped-def]
        from aiohttp import web

        nonlocal received
        async for chunk in request.content.iter_any():
            received += len(chunk)
        return web.json_response({})

    archive.store = sink  # type: ignore[method-assign]
    size, count = 2 * 2**20, 40
    event = InstancesDeidentified.first(
        "big",
        correlation_id="r",
        site="hospital",
        receipt_id="r",
        keys=instances(STUDY).keys,
        instances=refs(STUDY, count, size_bytes=size),
    )
    async with served(archive.application()) as url, opened(GATEWAY, tmp_path, gateway_environ(url)) as gateway:
        for ref in event.instances:
            await gateway.blobs["deidentified"].put(ref.blob, part10(ref.sop_instance_uid, size))

        tracemalloc.start()
        await gateway.take(event)
        await until(lambda: state(gateway, "done"))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert received > size * count
    assert peak < 16 * 2**20


async def test_a_centre_that_stops_reading_runs_into_the_timeout_and_not_into_a_hang(tmp_path: Path) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        await asyncio.sleep(30)

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    settings = gateway_environ(f"http://127.0.0.1:{port}", idle_timeout_s="0.2", request_timeout_s="0.5")
    try:
        async with opened(GATEWAY, tmp_path, settings) as gateway:
            await keep(gateway.blobs["deidentified"], instances(STUDY, 2))
            await gateway.take(instances(STUDY, 2))

            async def timed_out() -> bool:
                return (await gateway.image_outage())[1] == "timeout"

            await until(timed_out)
    finally:
        server.close()


@pytest.mark.parametrize(
    ("settings", "variable"),
    [
        ({"JMID_LINKER_CENTRE_DICOMWEB_URL": "http://centre.example/dicom-web"}, "JMID_LINKER_CENTRE_DICOMWEB_URL"),
        ({"JMID_LINKER_CENTRE_REPORTS_URL": "centre"}, "JMID_LINKER_CENTRE_REPORTS_URL"),
        ({"JMID_LINKER_POLICY": "soon"}, "JMID_LINKER_POLICY"),
        ({"JMID_LINKER_BATCH_INSTANCES": "201"}, "JMID_LINKER_BATCH_INSTANCES"),
        ({"JMID_LINKER_CLIENT_KEY": "/nowhere.pem"}, "JMID_LINKER_CLIENT_CERTIFICATE"),
        ({"JMID_LINKER_CENTRE_CA": "/nowhere.pem"}, "JMID_LINKER_CENTRE_CA"),
    ],
)
async def test_a_wrong_setting_is_named_before_anything_runs(
    tmp_path: Path, settings: dict[str, str], variable: str
) -> None:
    with pytest.raises(SettingsError, match=variable):
        async with opened(GATEWAY, tmp_path, settings):
            pass


async def test_an_instance_that_the_centre_breaks_on_is_set_aside_and_the_others_go(
    tmp_path: Path, archive: Archive
) -> None:
    batches = [instances(STUDY, 5), instances(OTHER, 3, first=10)]
    bad = batches[0].instances[0].sop_instance_uid
    archive.breaks_on.add(bad)
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url, attempts="3")) as gateway:
        await keep(gateway.blobs["deidentified"], *batches)

        await gateway.take(*batches)
        await until(lambda: state(gateway, "failed", "done"))

        (failed,) = (await gateway.get("/api/gateway/deliveries?state=failed"))["deliveries"]
        assert failed["failed"] == {bad: "http-500"}
        assert failed["attempts"] == 3
        assert sorted(archive.stored.values()) == [1] * 7
        later = instances(OTHER, 2, first=20)
        await keep(gateway.blobs["deidentified"], later)
        await gateway.take(later)
        await until(lambda: len(archive.stored) == 9)


async def test_a_bad_instance_alone_does_not_hold_up_what_comes_later(tmp_path: Path, archive: Archive) -> None:
    alone, later = instances(STUDY, 1), instances(OTHER, 3, first=10)
    archive.breaks_on.add(alone.instances[0].sop_instance_uid)
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url, attempts="3")) as gateway:
        await keep(gateway.blobs["deidentified"], alone, later)
        await gateway.take(alone)
        await until(lambda: len(archive.requests) >= 3)  # nothing else is there to tell it from an outage

        await gateway.take(later)

        await until(lambda: state(gateway, "failed", "done"))
        assert sorted(archive.stored.values()) == [1] * 3


async def test_a_report_that_the_centre_breaks_on_is_set_aside_and_the_others_go(
    tmp_path: Path, archive: Archive
) -> None:
    bad, good = document("bad"), document("good")
    archive.report_breaks_on = b'"bad"'
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url, attempts="3")) as gateway:
        await keep(gateway.blobs["deidentified"], documents=[bad, good])

        await gateway.take(report(bad), report(good))

        await until(lambda: state(gateway, "failed", "done"))
        assert len(archive.reports) == 1
        (failed,) = (await gateway.get("/api/gateway/deliveries?state=failed"))["deliveries"]
        assert (failed["report_id"], failed["reason"]) == ("bad", "http-500")


def withdrawal(images: InstancesDeidentified, *numbers: int) -> InstancesDeidentified:
    """Return the event by which some Instances of a batch are withdrawn: one note of the same Study."""
    (note,) = refs(STUDY, 1, first=900)
    uids = tuple(images.instances[number].sop_instance_uid for number in numbers)
    return msgspec.structs.replace(images, id=f"{images.id}-note", instances=(note,), withdrawn=uids)


async def test_what_is_withdrawn_before_it_left_never_leaves_and_the_note_waits_for_nothing(
    tmp_path: Path, archive: Archive
) -> None:
    images = instances(STUDY, 3)
    note, text = withdrawal(images, 1), document()
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url, policy="when_linked")) as gateway:
        await keep(gateway.blobs["deidentified"], images, note, documents=[text])

        await gateway.take(images, note)
        await until(lambda: set(archive.stored) == {note.instances[0].sop_instance_uid})
        await gateway.take(report(text))
        await until(lambda: state(gateway, "done"))

        sent = {images.instances[number].sop_instance_uid for number in (0, 2)}
        assert set(archive.stored) == sent | {note.instances[0].sop_instance_uid}
        await until(lambda: any(event.failed for event in gateway.of(Delivered)))
        lost = {uid: why for event in gateway.of(Delivered) for uid, why in event.failed.items()}
        assert lost == {images.instances[1].sop_instance_uid: "withdrawn"}
        assert not any(note.instances[0].sop_instance_uid in event.confirmed for event in gateway.of(Delivered))


async def test_what_is_withdrawn_later_is_not_sent_again_for_a_recall(tmp_path: Path, archive: Archive) -> None:
    images = instances(STUDY, 2)
    note = withdrawal(images, 0)
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url)) as gateway:
        await keep(gateway.blobs["deidentified"], images, note)
        await gateway.take(images)
        await until(lambda: state(gateway, "done"))
        await gateway.take(note)
        await until(lambda: len(archive.stored) == 3)

        archive.recalls = [{"study_instance_uid": STUDY, "recall_id": "recall", "site": "hospital"}]
        await until(lambda: len(archive.recall_answers) == 1)

        assert [archive.stored[ref.sop_instance_uid] for ref in images.instances] == [1, 2]
