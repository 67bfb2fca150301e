"""The gateway's linker on real embedded ports: links in any order, visible and by hand, policy and delivery."""

import asyncio
import random
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.linker.gateway.records import DELIVERIES, REPORTS_SEEN
from services.linker.reports import document as reports
from services.linker.service import GATEWAY
from shared.documents import Eq
from shared.errors import Invalid
from shared.events import Delivered, Event, ReportLinked
from tests.linker.samples import START, document, flagged, instances, packed, report, uid
from tests.linker.system import Archive, Opened, gateway_environ, keep, opened, until

STUDY, OTHER = uid(1), uid(2)


async def idle(gateway: Opened) -> bool:
    counts = (await gateway.get("/api/gateway/deliveries"))["counts"]
    due = await gateway.documents.count(DELIVERIES, Eq("announce", "due"))
    return bool(counts["pending"] == 0 and due == 0)


def studies_of(document_: dict[str, Any]) -> tuple[str, ...]:
    import orjson

    return reports.read(orjson.dumps(document_))[1].studies


async def test_a_study_and_its_report_are_linked_and_both_delivered(tmp_path: Path, archive: Archive) -> None:
    images, text = instances(STUDY, 3), document()
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url)) as gateway:
        await keep(gateway.blobs["deidentified"], images, documents=[text])

        await gateway.take(images, report(text))
        await until(lambda: idle(gateway))

        assert archive.stored == {ref.sop_instance_uid: 1 for ref in images.instances}
        assert studies_of(archive.reports[-1]) == (STUDY,)
        await until(lambda: {(e.receipt_id, e.instances, e.reports) for e in gateway.of(Delivered)} >= {
            ("r-images", 3, 0), ("r-report", 0, 1)
        })  # fmt: skip
        linked = gateway.of(ReportLinked)
        assert [(e.report_id, e.study_instance_uid, e.rule) for e in linked] == [("R1", STUDY, "accession")]
        assert linked[0].correlation_id == "r-report"


async def outcome(home: Path, events: list[Event], texts: list[dict[str, Any]]) -> tuple[object, ...]:
    """Return what a gateway knows after these events, delivery aside."""
    async with opened(GATEWAY, home, gateway_environ("http://127.0.0.1:9"), tasks=False) as gateway:
        await keep(gateway.blobs["deidentified"], *events, documents=texts)
        await gateway.take(*events)
        found = []
        for state in ("linked", "unlinked", "hidden"):
            for link in (await gateway.get(f"/api/gateway/links?state={state}"))["links"]:
                found.append((link["report_id"], state, tuple(link["studies"]), link["rule"], link["reason"]))
        page = await gateway.documents.find(DELIVERIES)
        wanted = {(d.id, d.want, d.state) for d in page.documents}
        return (sorted(found), wanted)


async def test_the_result_is_the_same_in_every_order_of_arrival(tmp_path: Path) -> None:
    draft = document(text="Draft.", status="preliminary", issued="2026-04-01T09:00:00+09:00")
    final = document(text="Final.")
    lone = document("R2", text="Other.")
    events: list[Event] = [
        instances(STUDY, 1),
        instances(OTHER, 1, accession_number="", study_date="20260402", receipt="r-other"),
        report(draft, at=START + timedelta(hours=2)),
        report(final, at=START + timedelta(hours=1)),
        report(lone, receipt="r-lone", accession_number="", study_date="20260402"),
    ]
    orders = random.Random(4).sample(list(permutations(events)), 12)

    found = [
        await outcome(tmp_path / str(n), [*order, *order[:2]], [draft, final, lone]) for n, order in enumerate(orders)
    ]

    assert all(each == found[0] for each in found)
    links, deliveries = found[0]
    assert links == [
        ("R1", "linked", (STUDY,), "accession", ""),
        ("R2", "linked", (OTHER,), "patient-modality-date", ""),
    ]
    assert any(packed(final)[1] in want for _, want, _ in deliveries)  # type: ignore[attr-defined]


async def test_events_handled_at_once_and_twice_still_link(tmp_path: Path, archive: Archive) -> None:
    texts = [document(f"R{n}", text=f"Report {n}.") for n in range(6)]
    events: list[Event] = [instances(STUDY, 2, first=1 + 2 * n) for n in range(6)]
    events += [report(text, receipt=f"r{n}") for n, text in enumerate(texts)]
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url)) as gateway:
        await keep(gateway.blobs["deidentified"], *events, documents=texts)

        await asyncio.gather(*(gateway.take(event) for event in [*events, *reversed(events)]))
        await until(lambda: idle(gateway))

        links = (await gateway.get("/api/gateway/links?state=linked"))["links"]
        assert {link["report_id"] for link in links} == {f"R{n}" for n in range(6)}
        assert len(archive.stored) == 12
        last = {each["id"]: studies_of(each) for each in archive.reports}
        assert last == {f"R{n}": (STUDY,) for n in range(6)}


async def test_a_better_study_takes_the_report_over_and_the_centre_hears_of_it(
    tmp_path: Path, archive: Archive
) -> None:
    text = document()
    near, right = instances(OTHER, 1, accession_number=""), instances(STUDY, 1, receipt="r2")
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url)) as gateway:
        await keep(gateway.blobs["deidentified"], near, right, documents=[text])

        await gateway.take(near, report(text))
        await until(lambda: len(archive.reports) == 1)
        await gateway.take(right)
        await until(lambda: len(archive.reports) == 2)

        assert [studies_of(each) for each in archive.reports] == [(OTHER,), (STUDY,)]


async def test_an_amended_report_replaces_and_an_older_one_that_comes_late_does_not(
    tmp_path: Path, archive: Archive
) -> None:
    old = document(text="Old.")
    new = document(text="New.", status="amended", issued="2026-04-02T10:00:00+09:00")
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url)) as gateway:
        await keep(gateway.blobs["deidentified"], documents=[old, new])

        await gateway.take(report(new, receipt="r-new"), report(old, receipt="r-old"))
        await until(lambda: {e.receipt_id for e in gateway.of(Delivered)} == {"r-new", "r-old"})

        assert [each["conclusion"] for each in archive.reports] == ["New."]


async def test_the_same_report_again_is_not_posted_again_but_its_receipt_is_answered(
    tmp_path: Path, archive: Archive
) -> None:
    text = document()
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url)) as gateway:
        await keep(gateway.blobs["deidentified"], documents=[text])

        await gateway.take(report(text))
        await until(lambda: len(gateway.of(Delivered)) == 1)
        await gateway.take(report(text, receipt="r-again"))
        await until(lambda: any(e.receipt_id == "r-again" and e.reports == 1 for e in gateway.of(Delivered)))

        assert len(archive.reports) == 1


async def test_a_report_entered_in_error_is_unlinked_and_withdrawn_at_the_centre(
    tmp_path: Path, archive: Archive
) -> None:
    text = document()
    error = document(status="entered-in-error", issued="2026-04-02T10:00:00+09:00")
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url)) as gateway:
        await keep(gateway.blobs["deidentified"], instances(STUDY), documents=[text, error])
        await gateway.take(instances(STUDY), report(text))
        await until(lambda: len(archive.reports) >= 1)

        await gateway.take(report(error, receipt="r2"))
        await until(lambda: archive.reports[-1]["status"] == "entered-in-error")

        assert studies_of(archive.reports[-1]) == ()
        assert (await gateway.get("/api/gateway/links?state=hidden"))["links"][0]["reason"] == "retracted"


async def test_a_report_cancelled_before_it_left_never_leaves(tmp_path: Path, archive: Archive) -> None:
    text, gone = document(), document(status="cancelled", issued="2026-04-02T10:00:00+09:00")
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url, policy="when_linked")) as gateway:
        await keep(gateway.blobs["deidentified"], instances(STUDY), documents=[text, gone])

        await gateway.take(report(text), report(gone), instances(STUDY))
        await until(lambda: idle(gateway))

        assert archive.reports == []
        assert (await gateway.get("/api/gateway/deliveries"))["counts"]["withdrawn"] == 1


async def test_when_linked_holds_both_until_they_find_each_other(tmp_path: Path, archive: Archive) -> None:
    text = document()
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url, policy="when_linked")) as gateway:
        await keep(gateway.blobs["deidentified"], instances(STUDY), instances(OTHER), documents=[text])

        await gateway.take(instances(STUDY), instances(OTHER, accession_number="A2", receipt="r-other"))
        assert (await gateway.get("/api/gateway/deliveries"))["counts"]["held"] == 2
        await gateway.take(report(text))
        await until(lambda: idle(gateway))

        assert set(archive.stored) == {ref.sop_instance_uid for ref in instances(STUDY).instances}
        assert (await gateway.get("/api/gateway/deliveries"))["counts"]["held"] == 1


async def test_after_a_day_means_that_nothing_leaves_today(tmp_path: Path, archive: Archive) -> None:
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    today, yesterday = instances(STUDY, at=now), instances(OTHER, at=now - timedelta(days=1, seconds=5))
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url, policy="after 24h")) as gateway:
        await keep(gateway.blobs["deidentified"], today, yesterday)

        await gateway.take(today, yesterday)

        async def is_one_left() -> bool:
            return bool((await gateway.get("/api/gateway/deliveries"))["counts"]["pending"] == 1)

        await until(is_one_left)
        assert set(archive.stored) == {ref.sop_instance_uid for ref in yesterday.instances}


async def test_a_flagged_report_waits_until_a_person_lets_it_leave(tmp_path: Path, archive: Archive) -> None:
    text = flagged(document())
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url, review="hold")) as gateway:
        await keep(gateway.blobs["deidentified"], documents=[text])
        await gateway.take(report(text))
        waiting = (await gateway.get("/api/gateway/deliveries?state=review"))["deliveries"]
        assert [each["report_id"] for each in waiting] == ["R1"]

        read = await gateway.get("/api/gateway/reports/R1")
        assert (read["document"]["conclusion"], read["flagged"]) == ("No finding.", True)

        ask = {"action": "release", "by": "Dr. Who", "delivery_id": waiting[0]["id"]}
        await gateway.post("/api/gateway/deliveries", ask, 400)
        await gateway.post("/api/gateway/deliveries", {**ask, "sha256": "of another version"}, 400)
        await gateway.post("/api/gateway/deliveries", {**ask, "sha256": read["sha256"]})
        await until(lambda: len(archive.reports) == 1)

        assert (await gateway.get("/api/gateway/reports/R1"))["delivery"]["approved_by"] == "Dr. Who"
        await gateway.get("/api/gateway/reports/R9", 404)


async def test_whether_a_report_is_flagged_is_what_the_event_says_and_the_document_is_not_read_for_it(
    tmp_path: Path, archive: Archive
) -> None:
    text = document()
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url, review="hold")) as gateway:
        await gateway.take(msgspec.structs.replace(report(text), flagged=True))  # its document is not there at all

        seen = await gateway.documents.get(REPORTS_SEEN, "R1")
        assert seen is not None
        assert seen.current.flagged


async def test_an_unlinked_report_is_visible_with_candidates_and_linked_by_hand(
    tmp_path: Path, archive: Archive
) -> None:
    text = document()
    twins = [instances(STUDY, accession_number=""), instances(OTHER, accession_number="", receipt="r2")]
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url)) as gateway:
        await keep(gateway.blobs["deidentified"], *twins, documents=[text])
        await gateway.take(*twins, report(text))
        (unlinked,) = (await gateway.get("/api/gateway/links"))["links"]
        assert (unlinked["reason"], unlinked["candidates"]) == ("ambiguous", [STUDY, OTHER])

        choice = {"report_id": "R1", "study_instance_uid": OTHER, "by": "Dr. Who", "why": "read both"}
        link = await gateway.post("/api/gateway/links", choice)

        assert (link["studies"], link["rule"]) == ([OTHER], "by-hand")
        assert {"action", "by", "at", "why", "study_instance_uid", "patients"} == set(link["hand"][0])
        await until(lambda: any(studies_of(each) == (OTHER,) for each in archive.reports))
        await until(lambda: [e.rule for e in gateway.of(ReportLinked)] == ["by-hand"])
        await gateway.take(instances(uid(3), receipt="r3"))
        assert (await gateway.get("/api/gateway/links?state=linked"))["links"][0]["studies"] == [OTHER]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"report_id": "R9", "study_instance_uid": STUDY, "by": "x"}, 404),
        ({"report_id": "R1", "study_instance_uid": uid(9), "by": "x"}, 404),
        ({"report_id": "R1", "study_instance_uid": STUDY, "by": " "}, 400),
        ({"report_id": "R1", "by": "x"}, 400),
        ({"report_id": "R1", "study_instance_uid": STUDY, "by": "x", "action": "guess"}, 400),
        ({"report_id": 5}, 400),
        ({"report_id": "R1", "by": "x", "patient": "SATO"}, 400),
    ],
)
async def test_a_wrong_link_by_hand_is_refused(
    tmp_path: Path, archive: Archive, body: dict[str, object], status: int
) -> None:
    text = document()
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url), tasks=False) as gateway:
        await keep(gateway.blobs["deidentified"], instances(STUDY), documents=[text])
        await gateway.take(instances(STUDY), report(text))

        answer = await gateway.post("/api/gateway/links", body, status)

        assert "SATO" not in str(answer)


async def test_a_broken_document_is_refused_at_once_and_holds_up_no_other(tmp_path: Path, archive: Archive) -> None:
    broken, whole = document("R1"), document("R2")
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url)) as gateway:
        await keep(gateway.blobs["deidentified"], instances(STUDY), documents=[broken, whole])
        await gateway.take(report(broken), report(whole, receipt="r2"))
        await until(lambda: len(archive.reports) == 2)
        await gateway.blobs["deidentified"].put(report(broken).blob, b"{")

        with pytest.raises(Invalid, match="not-json"):
            await gateway.take(report(broken, receipt="r3"))
        await gateway.take(instances(STUDY))
        await until(lambda: idle(gateway))

        assert archive.reports[-1]["id"] == "R2"
        assert studies_of(archive.reports[-1]) == (STUDY,)
        (failed,) = (await gateway.get("/api/gateway/deliveries?state=failed"))["deliveries"]
        assert (failed["report_id"], failed["reason"]) == ("R1", "blob-unreadable")


async def test_a_link_between_two_patients_is_confirmed_with_both_shown_and_can_be_undone(
    tmp_path: Path, archive: Archive
) -> None:
    text, others = document(), instances(STUDY, patient_id="PSEUDO-B")
    choice = {"report_id": "R1", "study_instance_uid": STUDY, "by": "Dr. Who"}
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url)) as gateway:
        await keep(gateway.blobs["deidentified"], others, documents=[text])
        await gateway.take(others, report(text))
        (unlinked,) = (await gateway.get("/api/gateway/links"))["links"]
        own = unlinked["report"]["patient_id"]

        refused = await gateway.post("/api/gateway/links", choice, 400)
        async with gateway.session.post(f"{gateway.url}/gateway/links", data=choice) as page:
            asked = await page.text()
        guessed = await gateway.post("/api/gateway/links", choice | {"confirmed_patients": "yes"}, 400)
        linked = await gateway.post("/api/gateway/links", choice | {"confirmed_patients": f"{own} / PSEUDO-B"})
        undone = await gateway.post("/api/gateway/links", {"report_id": "R1", "by": "Dr. Who", "action": "undo"})

        assert refused["reason"] == guessed["reason"] == "other-patient"
        assert own in asked
        assert "PSEUDO-B" in asked
        assert (linked["studies"], linked["hand"][0]["patients"]) == ([STUDY], f"{own} / PSEUDO-B")
        assert (undone["studies"], undone["reason"], len(undone["hand"])) == ([], "patient-conflict", 2)


async def test_the_page_shows_what_is_unlinked_and_links_only_from_its_own_origin(
    tmp_path: Path, archive: Archive
) -> None:
    text = document()
    twins = [instances(STUDY, accession_number=""), instances(OTHER, accession_number="", receipt="r2")]
    form = {"report_id": "R1", "study_instance_uid": STUDY, "by": "Dr. Who", "why": ""}
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url)) as gateway:
        await keep(gateway.blobs["deidentified"], *twins, documents=[text])
        await gateway.take(*twins, report(text))

        async with gateway.session.get(f"{gateway.url}/gateway/links") as page:
            shown = await page.text()
        for origin, status in (("https://evil.example", 403), ("", 403), (gateway.url, 200)):
            async with gateway.session.post(f"{gateway.url}/gateway/links", data=form, headers={"Origin": origin}) as a:
                assert a.status == status

        async with gateway.session.get(f"{gateway.url}/gateway/reports/R1") as page:
            assert "No finding." in await page.text()
        assert "ambiguous" in shown
        assert STUDY in shown
        assert (await gateway.get("/api/gateway/links"))["links"] == []
