"""A person reads the pages of an encapsulated PDF in quarantine, masks in each, and pictures of them leave."""

import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pydicom
import pytest
from PIL import Image

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.instances.handler import deidentify_instances
from services.anonymizer.pixels import text_detector
from services.anonymizer.quarantine import images, routes
from services.anonymizer.records import AUDIT, DECISIONS, QUARANTINE
from shared.events import InstancesDeidentified, InstancesReceived
from tests.anonymizer.documents.pdfs import NAME, PATIENT_ID, instance, pdf
from tests.anonymizer.instances.test_handler import deps, of_type
from tests.anonymizer.quarantine.site import Site, open_site
from tests.anonymizer.quarantine.test_images import picture, post, states, waiting

if TYPE_CHECKING:
    from playwright.async_api import Page

__all__ = ["deps"]
DOCUMENT = instance(pdf(["Chest CT", f"Name {NAME}"], [f"ID {PATIENT_ID}"]))


@pytest.fixture
def taking(deps: AnonymizerDeps) -> AnonymizerDeps:
    return replace(deps, policy=deps.policy._replace(documents="review"))


@pytest.fixture
async def site(taking: AnonymizerDeps, tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(
        tmp_path, InstancesReceived, lambda bus: [*routes.routes(taking), *images.review_routes(taking, bus)]
    ) as opened:
        yield opened


async def test_the_boxes_of_each_page_are_masked_and_the_pictures_leave(taking: AnonymizerDeps, site: Site) -> None:
    event = await waiting(taking, DOCUMENT)
    blob = event.blobs[0]

    async with site.session.get(f"{site.url}/{blob}/frames/1.png") as answer:
        shown = Image.open(io.BytesIO(await answer.read()))
    status = await post(site, blob, decision="mask", boxes="0:40,75,600,120;1:0,30,600,90")
    [told] = of_type(await deidentify_instances(event, taking), InstancesDeidentified)

    after = pydicom.dcmread(io.BytesIO(await taking.deidentified.get(told.instances[0].blob)))
    audit = await taking.documents.get(AUDIT, blob)
    assert (status, shown.mode, shown.size) == (303, "RGB", (625, 417))
    assert not after.pixel_array[0, 75:120, 40:600].any() and not after.pixel_array[1, 30:90, :600].any()
    assert after.pixel_array[0, :75].min() < 128  # what is in the other page's box stays
    assert await states(taking, event) == ["released"]
    assert audit is not None and (audit.decision, audit.instance.sop_class_uid) == (1, after.SOPClassUID)


@pytest.mark.parametrize(
    "form",
    [
        {"decision": "accept", "scope": "series"},
        {"decision": "mask", "boxes": "0:0,0,9,9", "scope": "device"},
        {"decision": "mask", "boxes": "0:9,9,9,9"},
    ],
)
async def test_a_decision_is_for_one_document_that_was_read(
    form: dict[str, str], taking: AnonymizerDeps, site: Site
) -> None:
    event = await waiting(taking, DOCUMENT)

    assert await post(site, event.blobs[0], **form) == 400
    assert await states(taking, event) == ["waiting"]


async def test_a_decision_for_a_series_of_images_lets_no_document_out(taking: AnonymizerDeps, site: Site) -> None:
    event = await waiting(taking, picture(1), instance(pdf(["page"]), SeriesInstanceUID="1.2.3"))

    await post(site, event.blobs[0], decision="accept", scope="series")

    assert await states(taking, event) == ["decided", "waiting"]


async def test_an_image_has_no_boxes_of_one_page(taking: AnonymizerDeps, site: Site) -> None:
    event = await waiting(taking, picture(1))

    assert await post(site, event.blobs[0], decision="mask", boxes="0:0,0,8,2") == 400
    assert await taking.documents.get(DECISIONS, event.blobs[0]) is None


@pytest.mark.parametrize(
    ("path", "status"), [("frames/2.png", 404), ("proposal?frame=2", 404), ("proposal?frame=x", 400)]
)
async def test_a_page_that_there_is_not_is_an_answer(
    path: str, status: int, taking: AnonymizerDeps, site: Site
) -> None:
    event = await waiting(taking, DOCUMENT)

    async with site.session.get(f"{site.url}/{event.blobs[0]}/{path}") as answer:
        assert answer.status == status


async def test_what_rules_find_in_a_page_is_proposed_for_it_without_a_detector_too(
    taking: AnonymizerDeps, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_detector, "_engine", lambda: None)
    event = await waiting(taking, DOCUMENT)

    async with site.session.get(f"{site.url}/{event.blobs[0]}/proposal?frame=1&regions=1") as answer:
        proposal = await answer.json()
    async with site.session.get(f"{site.url}/{event.blobs[0]}/proposal?frame=1") as answer:
        unsearched = await answer.json()

    assert (proposal["outcome"], [box[4] for box in proposal["boxes"]]) == ("not-searched", [1])
    assert unsearched["reason"] == "no-text-detector"


async def test_a_document_that_nothing_can_show_can_only_be_rejected(taking: AnonymizerDeps, site: Site) -> None:
    event = await waiting(taking, instance(b"%PDF broken"))
    rows = await taking.documents.get_many(QUARANTINE, event.blobs)

    assert rows[event.blobs[0]].reason == "document-not-readable"
    assert await post(site, event.blobs[0], decision="accept") == 400
    assert await post(site, event.blobs[0], decision="reject") == 303


@pytest.mark.browser
async def test_boxes_are_drawn_in_their_page(taking: AnonymizerDeps, site: Site, page: "Page") -> None:
    event = await waiting(taking, DOCUMENT)

    await page.goto(f"{site.url}/{event.blobs[0]}")
    await page.wait_for_function("document.getElementById('picture').width === 625")
    for number in ("1", "2"):
        await page.get_by_label("Page").fill(number)
        await page.get_by_label("Page").dispatch_event("change")
        await page.locator("#picture").focus()
        await page.keyboard.press("ArrowRight")
        await page.keyboard.press("Enter")
    boxes = await page.inner_text("#boxlist")
    await page.keyboard.press("Backspace")

    assert boxes == "0:13,0,169,42;1:13,0,169,42"
    assert await page.inner_text("#boxlist") == "0:13,0,169,42"
    assert await page.get_by_label("this document").is_checked()
