"""One decision for an image, for what waits of its Series, or for its device from now on; each kept, each undoable."""

import hashlib
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pydicom
import pytest
from aiohttp import web

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.instances.handler import deidentify_instances
from services.anonymizer.pixels import text_detector
from services.anonymizer.pixels.text_detector import Box
from services.anonymizer.quarantine import images, routes, rules
from services.anonymizer.records import AUDIT, DECISION_EVENTS, DEVICE_RULES, QUARANTINE, State
from shared.bus import Bus
from shared.documents import Eq, Order
from shared.errors import Transient
from shared.events import InstancesDeidentified, InstancesReceived
from tests.anonymizer.instances.test_handler import deps, of_type, received
from tests.anonymizer.instances.test_valid import faults
from tests.anonymizer.pixels.test_burned_in import pixels, ultrasound
from tests.anonymizer.quarantine.site import Site, open_site

if TYPE_CHECKING:
    from playwright.async_api import Page

__all__ = ["deps"]
DEVICE = {"Manufacturer": "Echo Works", "ManufacturerModelName": "E 9", "ImageType": ["ORIGINAL", "PRIMARY"]}


def picture(number: int = 1, **values: Any) -> bytes:
    return ultrasound(**DEVICE | {"SOPInstanceUID": f"1.2.3.{number}", "SeriesInstanceUID": "1.2.3"} | values)


@pytest.fixture
async def site(deps: AnonymizerDeps, tmp_path: Path) -> AsyncIterator[Site]:
    def pages(bus: Bus) -> list[web.AbstractRouteDef]:
        return [*routes.routes(deps), *rules.rule_routes(deps, bus), *images.review_routes(deps, bus)]

    async with open_site(tmp_path, InstancesReceived, pages) as opened:
        yield opened


async def waiting(deps: AnonymizerDeps, *files: bytes) -> InstancesReceived:
    event = await received(deps, *files)
    await deidentify_instances(event, deps)
    return event


async def post(site: Site, path: str, **form: str) -> int:
    async with site.session.post(f"{site.url}/{path}", data={"by": "Officer", **form}, allow_redirects=False) as answer:
        return answer.status


async def states(deps: AnonymizerDeps, event: InstancesReceived) -> list[str]:
    rows = await deps.documents.get_many(QUARANTINE, event.blobs)
    return [rows[blob].state.value for blob in event.blobs if blob in rows]


async def decisions(deps: AnonymizerDeps, blob: str) -> list[tuple[int, str, str]]:
    events = await deps.documents.find_all(DECISION_EVENTS, Eq("blob", blob), order=[Order("at")])
    return [(each.decision.number, each.decision.decision.value, each.by) for each in events]


async def test_one_decision_masks_all_that_waits_of_the_series_and_of_that_size(
    deps: AnonymizerDeps, site: Site
) -> None:
    other_size = picture(3, Rows=8, Columns=32)
    event = await waiting(deps, picture(1), picture(2), other_size, picture(4, SeriesInstanceUID="1.2.9"))

    status = await post(site, event.blobs[0], decision="mask", boxes="0,0,8,2", scope="series")
    events = await deidentify_instances(event, deps)

    assert status == 303
    assert await states(deps, event) == ["released", "released", "waiting", "waiting"]
    assert [len(each.instances) for each in of_type(events, InstancesDeidentified)] == [2]
    assert await decisions(deps, event.blobs[1]) == [(1, "mask", "Officer")]


async def test_a_rule_masks_what_waits_and_what_comes_of_its_device_and_its_version_is_audited(
    deps: AnonymizerDeps, site: Site
) -> None:
    event = await waiting(deps, picture(1), picture(2, SeriesInstanceUID="1.2.9"), picture(3, Manufacturer="Other"))

    status = await post(site, event.blobs[0], decision="mask", boxes="0,0,8,2", scope="device", why="name on top")
    later = await received(deps, picture(4, SeriesInstanceUID="1.2.10", BurnedInAnnotation="NO"))
    [told] = of_type(await deidentify_instances(later, deps), InstancesDeidentified)
    await deidentify_instances(event, deps)

    [rule] = await deps.documents.find_all(DEVICE_RULES)
    audits = await deps.documents.get_many(AUDIT, [*event.blobs, *later.blobs])
    assert status == 303
    assert (await site.bus.depth("anonymizer")).ready == 1  # the two that wait, in one event
    assert not pixels(await deps.deidentified.get(told.instances[0].blob))[:2, :8].any()
    assert await states(deps, event) == ["released", "released", "waiting"]
    assert {audit.device_rule for audit in audits.values()} == {f"{rule.id}/1"}


async def test_a_withdrawn_rule_masks_nothing_more_and_can_come_back(deps: AnonymizerDeps, site: Site) -> None:
    event = await waiting(deps, picture(1))
    await post(site, event.blobs[0], decision="mask", boxes="0,0,8,2", scope="device")
    [rule] = await deps.documents.find_all(DEVICE_RULES)

    withdrawn = await post(site, "rules", rule=rule.id, action="withdraw", seen="1")
    late = await post(site, "rules", rule=rule.id, action="withdraw", seen="1")
    second = await waiting(deps, picture(2))
    restored = await post(site, "rules", rule=rule.id, action="restore", seen="2", version="1")
    third = await waiting(deps, picture(3))

    [rule] = await deps.documents.find_all(DEVICE_RULES)
    audit = await deps.documents.get(AUDIT, third.blobs[0])
    assert (withdrawn, late, restored) == (303, 409, 303)
    assert await states(deps, second) == ["waiting"]
    assert [each.state for each in rule.versions] == ["active", "withdrawn", "active"]
    assert audit is not None
    assert audit.device_rule == f"{rule.id}/3"


@pytest.mark.parametrize(
    ("values", "form"),
    [
        ({"Manufacturer": ""}, {"decision": "mask", "boxes": "0,0,8,2"}),
        ({}, {"decision": "accept"}),
        ({}, {"decision": "mask", "boxes": "40,40,50,50"}),
    ],
)
async def test_a_rule_needs_a_device_and_boxes_in_the_picture(
    values: dict[str, str], form: dict[str, str], deps: AnonymizerDeps, site: Site
) -> None:
    event = await waiting(deps, picture(1, **values))

    assert await post(site, event.blobs[0], scope="device", **form) == 400
    assert await deps.documents.count(DEVICE_RULES) == 0


async def test_a_second_decision_supersedes_the_one_that_was_read_and_both_are_kept(
    deps: AnonymizerDeps, site: Site
) -> None:
    event = await waiting(deps, picture(1))
    blob = event.blobs[0]

    first = await post(site, blob, decision="reject")
    blind = await post(site, blob, decision="accept", by="Second")
    second = await post(site, blob, decision="accept", by="Second", seen="1")
    await deidentify_instances(event, deps)

    audit = await deps.documents.get(AUDIT, blob)
    assert (first, blind, second) == (303, 409, 303)
    assert await decisions(deps, blob) == [(1, "reject", "Officer"), (2, "accept", "Second")]
    assert audit is not None
    assert (audit.decision, await states(deps, event)) == (2, ["released"])


async def rejected_late(deps: AnonymizerDeps, site: Site) -> tuple[InstancesReceived, list[InstancesDeidentified]]:
    """Return the event of an image that was accepted, and what was said when it was rejected later."""
    event = await waiting(deps, picture(1))
    await post(site, event.blobs[0], decision="accept")
    await deidentify_instances(event, deps)
    assert await post(site, event.blobs[0], decision="reject", seen="1") == 303
    return event, of_type(await deidentify_instances(event, deps), InstancesDeidentified)


async def test_a_rejection_after_release_asks_the_centre_to_withdraw_it(
    deps: AnonymizerDeps, site: Site, tmp_path: Path
) -> None:
    event, said = await rejected_late(deps, site)

    [asked], audit = said, await deps.documents.get(AUDIT, event.blobs[0])
    assert audit is not None
    released, [note] = audit.instance.sop_instance_uid, asked.instances
    data = await deps.deidentified.get(note.blob)
    read = pydicom.dcmread(io.BytesIO(data))
    assert (asked.withdrawn, asked.receipt_id, audit.withdrawn_by) == (
        (released,),
        event.receipt_id,
        note.sop_instance_uid,
    )
    assert hashlib.sha256(data).hexdigest() == note.sha256
    assert read.ConceptNameCodeSequence[0].CodeValue == "113037"
    references = read.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence
    assert [each.ReferencedSOPInstanceUID for each in references] == [released]
    assert (read.PatientID, read.StudyInstanceUID) == (audit.subject, audit.keys.study_instance_uid)
    assert faults(data, tmp_path) == set()
    assert await states(deps, event) == [State.REJECTED_LATE.value]
    events = await deps.documents.find_all(DECISION_EVENTS, order=[Order("at")])
    assert [each.had_left for each in events] == [False, True]


async def test_a_replay_asks_the_same_and_what_was_taken_back_is_not_released(deps: AnonymizerDeps, site: Site) -> None:
    event, [first] = await rejected_late(deps, site)
    blob = event.blobs[0]

    [again] = of_type(await deidentify_instances(event, deps), InstancesDeidentified)
    async with site.session.get(f"{site.url}/{blob}") as page:
        shown = await page.text()

    assert (again.id, again.instances) == (first.id, first.instances)
    assert "The centre is asked to withdraw it" in shown
    assert 'value="accept"' not in shown and 'value="reject"' not in shown
    assert await post(site, blob, decision="accept", seen="2") == 403


async def test_what_never_left_is_rejected_without_a_word_to_the_centre(deps: AnonymizerDeps, site: Site) -> None:
    event = await waiting(deps, picture(1))
    await post(site, event.blobs[0], decision="reject")

    assert of_type(await deidentify_instances(event, deps), InstancesDeidentified) == []
    assert await states(deps, event) == [State.REJECTED.value]


async def test_what_a_person_rejected_stays_whatever_the_settings_say_later(deps: AnonymizerDeps, site: Site) -> None:
    event = await waiting(deps, picture(1))
    await post(site, event.blobs[0], decision="reject")
    trusting = AnonymizerDeps(**{**vars(deps), "policy": deps.policy._replace(trust_detector=True)})

    events = await deidentify_instances(event, trusting)

    assert of_type(events, InstancesDeidentified) == []
    assert await states(deps, event) == ["rejected"]


async def test_a_decision_whose_event_cannot_be_said_leaves_the_item_waiting(
    deps: AnonymizerDeps, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = await waiting(deps, picture(1))

    async def away(*_: object) -> None:
        raise Transient("the broker is away")

    monkeypatch.setattr(site.bus, "publish", away)

    assert await post(site, event.blobs[0], decision="accept") == 503
    assert await states(deps, event) == ["waiting"]


async def test_a_proposal_says_what_it_did(deps: AnonymizerDeps, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    event = await waiting(deps, picture(1))

    async def asked(query: str = "") -> tuple[int, dict[str, Any]]:
        async with site.session.get(f"{site.url}/{event.blobs[0]}/proposal{query}") as answer:
            return answer.status, await answer.json()

    monkeypatch.setattr(text_detector, "_engine", lambda: None)
    refused, unsearched = await asked(), await asked("?regions=1")
    monkeypatch.setattr(text_detector, "_engine", lambda: "installed")
    monkeypatch.setattr(text_detector, "text_boxes", lambda _: [])
    none = await asked()
    monkeypatch.setattr(text_detector, "text_boxes", lambda _: [Box(1, 1, 5, 5)])
    found = await asked()

    assert (refused[0], refused[1]["reason"]) == (403, "no-text-detector")
    assert (unsearched[1]["outcome"], unsearched[1]["boxes"]) == ("not-searched", [])
    assert (none[1]["outcome"], none[1]["text"]) == ("none", 0)
    assert (found[1]["outcome"], found[1]["text"], found[1]["boxes"]) == ("found", 1, [[1, 1, 5, 5]])


async def test_the_queue_counts_by_reason_oldest_first_and_pages(deps: AnonymizerDeps, site: Site) -> None:
    await waiting(deps, picture(1), picture(2), b"no DICOM")

    async def get(path: str) -> dict[str, Any]:
        async with site.session.get(f"{site.url}{path}".replace("/gateway", "/api/gateway")) as answer:
            return dict(await answer.json())

    reasons = {each["reason"]: each["count"] for each in (await get("/reasons"))["reasons"]}
    first = await get("?limit=2&kind=instance")
    rest = await get(f"?limit=2&kind=instance&after={first['next']}")

    assert reasons == {"burned-in-text-possible": 2, "not-dicom": 1}
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)
    assert [each["reason"] for each in (await get("?reason=not-dicom"))["items"]] == ["not-dicom"]


@pytest.mark.browser
async def test_a_person_works_through_the_queue_by_keys_alone(
    deps: AnonymizerDeps, site: Site, page: "Page", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_detector, "_engine", lambda: None)
    event = await waiting(deps, picture(1), picture(2))
    press = page.keyboard.press

    await page.goto(site.url)
    await press("j")
    await press("Enter")
    await page.wait_for_function("document.getElementById('picture').width === 16")
    await press("p")
    await page.wait_for_selector("#proposed[data-outcome=cannot]")
    said = await page.inner_text("#proposed")
    await press("b")
    for key in ("ArrowRight", "Shift+ArrowDown", "Enter"):
        await press(key)
    boxes = await page.inner_text("#boxlist")
    await press("Escape")
    await press("w")
    await page.keyboard.type("Officer")
    await press("Tab")
    await press("2")
    await press("m")
    focused = await page.evaluate("document.activeElement.value")
    await press("Enter")
    await page.wait_for_url("**/gateway/quarantine?state=waiting")
    await deidentify_instances(event, deps)

    assert "not installed" in said
    assert boxes == "1,0,5,3"
    assert focused == "mask"
    assert await states(deps, event) == ["released", "released"]


@pytest.mark.browser
async def test_a_rule_is_made_and_withdrawn_in_a_browser(deps: AnonymizerDeps, site: Site, page: "Page") -> None:
    event = await waiting(deps, picture(1))

    await page.goto(f"{site.url}/{event.blobs[0]}")
    await page.wait_for_function("document.getElementById('picture').width === 16")
    await page.evaluate("document.getElementById('boxes').value = '0,0,8,2'")
    await page.get_by_label("every image of this device").check()
    await page.get_by_label("Your name").fill("Officer")
    await page.get_by_role("button", name="Mask the boxes").click()
    await page.wait_for_url("**/gateway/quarantine")
    await page.get_by_role("link", name="Rules for devices").click()
    in_force = await page.get_by_role("heading", name="ECHO WORKS E 9").inner_text()
    await page.get_by_role("button", name="Withdraw").click()
    await page.wait_for_function("document.body.innerText.includes('Put in force again')")

    [rule] = await deps.documents.find_all(DEVICE_RULES)
    assert "in force" in in_force
    assert [each.state for each in rule.versions] == ["active", "withdrawn"]
