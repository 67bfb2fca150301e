"""An encapsulated PDF leaves as pictures of its pages, after a person saw each, and nothing else of it does."""

import io
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image, ImageDraw

from services.anonymizer.cli.verify import verify
from services.anonymizer.documents import pdf as reading
from services.anonymizer.documents import secondary_capture
from services.anonymizer.documents.proposal import identified
from services.anonymizer.instances import documents
from services.anonymizer.instances.deidentify import Review, deidentify
from services.anonymizer.pixels import text_detector
from services.anonymizer.pixels.text_detector import Box
from services.anonymizer.policy import Policy, text_policy_of
from services.anonymizer.text.cleaner import Identifiers
from shared.errors import Permanent
from tests.anonymizer.documents.pdfs import ATTACHED, NAME, PATIENT_ID, instance, pdf, scanned
from tests.anonymizer.instances.test_valid import faults

PAGES = (["Chest CT", f"Name {NAME}"], ["No mass in the liver.", f"ID {PATIENT_ID}"])
OF_TEXT = np.uint8(128)  # what is darker is ink


@pytest.fixture
def taking(policy: Policy) -> Policy:
    return policy._replace(documents="review")


def reason_of(data: bytes, policy: Policy, review: Review | None = None) -> str:
    with pytest.raises(Permanent) as caught:
        deidentify(data, policy, review)
    return caught.value.reason


def test_a_document_waits_for_a_person_whatever_the_detector_may_decide_of_images(taking: Policy) -> None:
    assert reason_of(instance(pdf(*PAGES)), taking._replace(trust_detector=True)) == documents.PAGES


def test_a_document_is_refused_where_the_settings_say_so_even_if_somebody_accepted_it(policy: Policy) -> None:
    assert reason_of(instance(pdf(*PAGES)), policy._replace(documents="refuse"), Review()) == "encapsulated-document"


def test_a_document_is_refused_where_nothing_can_show_it(taking: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_pdfium", lambda: None)

    assert reason_of(instance(pdf(*PAGES)), taking) == "encapsulated-document"
    assert reason_of(instance(pdf(*PAGES)), taking, Review()) == "encapsulated-document"


def test_only_pictures_leave_masked_page_by_page(taking: Policy, tmp_path: Path) -> None:
    data = instance(pdf(*PAGES))
    shown = reading.pages(pdf(*PAGES))

    output = deidentify(data, taking, Review(page_boxes=((0, 40, 75, 600, 120),))).data

    after = pydicom.dcmread(io.BytesIO(output))
    assert after.SOPClassUID == secondary_capture.TRUE_COLOR
    assert (after.NumberOfFrames, list(after.PageNumberVector)) == (2, [1, 2])
    assert not after.pixel_array[0, 75:120, 40:600].any()
    assert np.array_equal(after.pixel_array[0, :75], shown[0, :75])
    assert np.array_equal(after.pixel_array[1], shown[1])
    assert {code.CodeValue for code in after.DeidentificationMethodCodeSequence} >= {"113101"}
    assert after.BurnedInAnnotation == "NO"
    assert verify(output) == []
    assert faults(output, tmp_path) == set()


def test_nothing_of_the_document_that_no_page_shows_is_in_what_leaves(taking: Policy) -> None:
    output = deidentify(instance(pdf(*PAGES)), taking, Review()).data

    held = [word for word in ("KURUMIZAWA", PATIENT_ID, ATTACHED, "%PDF", "alert") if word.encode() in output]
    assert held == []
    assert not [each for each in pydicom.dcmread(io.BytesIO(output)) if each.tag.group == 0x0042]


def test_the_same_document_gives_the_same_bytes(taking: Policy) -> None:
    first, again = (deidentify(instance(pdf(*PAGES)), taking, Review()).digest for _ in range(2))

    assert first == again


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_what_rules_find_in_the_text_layer_is_where_the_page_shows_it(rotate: int, jmid: Policy) -> None:
    document = pdf(*PAGES, rotate=rotate)
    identifiers = Identifiers.of_header({"PatientName": [NAME.replace(" ", "^")], "PatientID": [PATIENT_ID]})
    policy = text_policy_of(jmid, None)

    boxes = identified(reading.texts(document), identifiers, policy)

    without = pdf(["Chest CT", "Name"], ["No mass in the liver.", "ID"], rotate=rotate)
    for shown, bare, of_page in zip(reading.pages(document), reading.pages(without), boxes, strict=True):
        assert of_page
        for left, top, right, bottom in of_page:
            shown[top:bottom, left:right] = 255
        assert np.abs(shown.astype(int) - bare).max() < OF_TEXT  # all that is masked is what the other page lacks


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"%PDF-1.7 broken", "document-not-readable"),
        (b"", "document-not-readable"),
        (pdf(*[["a page"]] * (reading.MOST_PAGES + 1)), "document-too-large"),
        (pdf(["a poster"], size=(14000, 14000)), "document-too-large"),
        (pdf(), "document-not-readable"),  # no page
    ],
)
def test_what_cannot_be_shown_has_its_reason_with_a_person_and_without(
    document: bytes, reason: str, taking: Policy
) -> None:
    assert reason_of(instance(document), taking) == reason
    assert reason_of(instance(document), taking, Review()) == reason


def test_pages_of_different_sizes_are_frames_of_one(taking: Policy) -> None:
    narrow, wide = Image.new("RGB", (100, 300)), Image.new("RGB", (300, 100), "red")
    out = io.BytesIO()
    narrow.save(out, "PDF", resolution=150.0, save_all=True, append_images=[wide])

    pages = reading.pages(out.getvalue())

    assert pages.shape[:1] + pages.shape[3:] == (2, 3)
    assert pages[1, 10, 200, 0] > 250 > 5 > pages[1, 10, 200, 1:].max()
    assert (pages[0, :, 150:] == 255).all()


def test_a_box_of_a_page_that_there_is_not_releases_nothing(taking: Policy) -> None:
    assert reason_of(instance(pdf(*PAGES)), taking, Review(page_boxes=((2, 0, 0, 9, 9),))) == "no-such-frame"


@pytest.mark.skipif(not text_detector.available(), reason="the text detector is not installed")
def test_lines_that_the_text_layer_leaves_out_are_proposed_in_any_colour(jmid: Policy) -> None:
    sheet = Image.new("RGB", (600, 200), "white")
    ImageDraw.Draw(sheet).text((60, 60), "TANAKA HANAKO", "red", font_size=28)

    boxes, is_searched = documents.proposed_boxes(instance(scanned(sheet)), 0, jmid)

    assert is_searched
    assert any(left < 100 and right > 240 and top < 80 < bottom for left, top, right, bottom in boxes)


@pytest.mark.skipif(not text_detector.available(), reason="the text detector is not installed")
def test_lines_of_the_text_layer_in_which_nobody_is_are_not_proposed(jmid: Policy) -> None:
    boxes, _ = documents.proposed_boxes(instance(pdf(*PAGES)), 1, jmid)

    assert len(boxes) == 1
    assert all(isinstance(box, Box) and box.top > 75 for box in boxes)
