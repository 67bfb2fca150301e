"""A merge of patients at the gateway: links follow it, the centre is told, and it can be taken back."""

from itertools import permutations
from pathlib import Path

import pytest

from services.linker.gateway.merges.records import MERGE_DELIVERIES
from services.linker.service import GATEWAY
from shared.documents import Eq
from shared.events import Delivered, Event, PatientsMerged
from tests.linker.gateway.test_gateway import studies_of
from tests.linker.samples import document, instances, report, uid
from tests.linker.system import Archive, Opened, gateway_environ, keep, opened, until

STUDY = uid(1)
AWAY = "http://127.0.0.1:9"


def merged(
    action: str = "merge", day: int = 1, receipt: str = "r-merge", pair: tuple[str, str] = ("P0", "P1")
) -> PatientsMerged:
    return PatientsMerged.first(
        f"{action}|{day}|{receipt}",
        correlation_id=receipt,
        site="hospital",
        receipt_id=receipt,
        name=f"merge/{action}{day}",
        pairs=(pair,),
        action=action,
        at=f"2026-04-{day:02}T10:00:00+09:00",
    )


async def link_of(gateway: Opened) -> tuple[list[str], str]:
    """Return Studies, and rule or reason, of report R1."""
    for state in ("linked", "unlinked"):
        for link in (await gateway.get(f"/api/gateway/links?state={state}"))["links"]:
            return link["studies"], link["rule"] or link["reason"]
    return [], "no-link"


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_report_and_study_of_a_merged_patient_link_in_any_order(tmp_path: Path, order: tuple[int, ...]) -> None:
    text = document()
    events: list[Event] = [instances(STUDY, 1, patient_id="P0"), report(text), merged()]
    async with opened(GATEWAY, tmp_path, gateway_environ(AWAY), tasks=False) as gateway:
        await keep(gateway.blobs["deidentified"], events[0], documents=[text])

        await gateway.take(*(events[number] for number in order))

        assert await link_of(gateway) == ([STUDY], "accession")


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_a_merge_that_was_taken_back_links_nothing_in_any_order(tmp_path: Path, order: tuple[int, ...]) -> None:
    text = document()
    events: list[Event] = [merged(), merged("unmerge", day=2), report(text)]
    async with opened(GATEWAY, tmp_path, gateway_environ(AWAY), tasks=False) as gateway:
        images = instances(STUDY, 1, patient_id="P0")
        await keep(gateway.blobs["deidentified"], images, documents=[text])
        await gateway.take(images, *(events[number] for number in order))

        assert await link_of(gateway) == ([], "patient-conflict")


async def test_the_centre_is_told_once_it_is_there_and_then_the_receipt(tmp_path: Path, archive: Archive) -> None:
    archive.status = 503
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url)) as gateway:
        await gateway.take(merged(), merged(receipt="r-again"))
        assert not gateway.of(Delivered)
        archive.status = 0

        await until(lambda: {each.receipt_id for each in gateway.of(Delivered)} == {"r-merge", "r-again"})

        assert {each.confirmed for each in gateway.of(Delivered)} == {("merge/merge1",)}
        said = {"action": "merge", "surviving": "P1", "at": "2026-04-01T10:00:00+09:00"}
        assert archive.merges[-1] == {"site": "hospital", "merges": [{"patients": ["P0", "P1"], "decisions": [said]}]}
        assert await gateway.documents.count(MERGE_DELIVERIES, Eq("state", "due")) == 0


async def test_a_link_that_a_merge_made_is_delivered_and_undone_by_hand(tmp_path: Path, archive: Archive) -> None:
    text, images = document(), instances(STUDY, 1, patient_id="P0")
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url)) as gateway:
        await keep(gateway.blobs["deidentified"], images, documents=[text])
        await gateway.take(images, report(text), merged())
        await until(lambda: bool(archive.reports) and studies_of(archive.reports[-1]) == (STUDY,))

        body = {"replaced": "P0", "surviving": "P1", "action": "unmerge", "by": "officer", "why": "別人"}
        answer = await gateway.post("/api/gateway/merges", body)

        await until(lambda: studies_of(archive.reports[-1]) == ())
        assert (answer["is_merged"], [each["action"] for each in answer["decisions"]]) == (False, ["merge", "unmerge"])
        await until(lambda: len(archive.merges[-1]["merges"][0]["decisions"]) == 2)
        assert "別人" not in str(archive.merges)
        assert (await gateway.get("/api/gateway/merges?patient=P0"))["merges"] == [answer]


async def test_versions_of_a_report_under_both_numbers_are_no_conflict(tmp_path: Path) -> None:
    old = document(status="preliminary", issued="2026-04-01T09:00:00+09:00")
    new = document(text="Final.")
    async with opened(GATEWAY, tmp_path, gateway_environ(AWAY), tasks=False) as gateway:
        await keep(gateway.blobs["deidentified"], documents=[old, new])
        await gateway.take(report(old, patient_id="P0"), report(new))
        before = await link_of(gateway)

        await gateway.take(merged())

        assert before[1] == "patients-disagree"
        assert (await link_of(gateway))[1] == "no-study"


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({"replaced": "P8", "surviving": "P9", "why": "x", "by": "a"}, 404, "unknown-patient"),
        ({"replaced": "P0", "surviving": "P0", "why": "x", "by": "a"}, 400, "merge-of-one"),
        ({"replaced": "P0", "surviving": "P1", "why": " ", "by": "a"}, 400, "missing-reason"),
        ({"replaced": "P0", "surviving": "P1", "why": "x", "by": "a", "action": "join"}, 400, "not-an-action"),
    ],
)
async def test_a_merge_by_hand_needs_known_patients_and_a_reason(
    tmp_path: Path, body: dict[str, str], status: int, reason: str
) -> None:
    async with opened(GATEWAY, tmp_path, gateway_environ(AWAY), tasks=False) as gateway:
        answer = await gateway.post("/api/gateway/merges", body, status)

        assert reason in str(answer)
