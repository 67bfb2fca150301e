"""Markup in every text that a page shows: of DICOM strings, reports, senders, names, rules, reasons, addresses."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import quote

import pydicom
import pytest
import pytest_asyncio
from pynetdicom import AE

from tests.anonymizer.pixels.test_burned_in import ultrasound
from tests.archive.store.test_basics import KIND, body
from tests.attacks.target import Target, filled, routes, target
from tests.conftest import chromium
from tests.flow.inside import until

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore"), pytest.mark.asyncio(loop_scope="module")]
MARK = "\"'><img src=x onerror=hacked=1>"
TITLE = "<b onclick=a>"
"""The calling AE title; at most 16 characters (PS3.5 6.2)."""
STUDY = "1.2.840.99.1"
FHIR = {"Content-Type": "application/fhir+json"}
STRINGS = (
    "StudyDescription",
    "SeriesDescription",
    "Manufacturer",
    "ManufacturerModelName",
    "ProtocolName",
    "PatientID",
)
AT = quote(MARK, safe="")
QUERIES = (
    "q", "modality", "site", "date_from", "date_to", "after", "before", "lang", "period", "by", "state", "sender",
    "reason", "kind", "series", "queue", "service", "to", "study", "from", "outcome", "patient", "back",
)  # fmt: skip
"""Parameters that pages read, each tried alone, as one that is wrong may hide the others."""
NOWHERE = (f"/nothing/{AT}", f"/-/sign-in?to={AT}", f"/-/language/{AT}")


class Markup(HTMLParser):
    """Notes the handlers of events and the pictures that a page has."""

    def __init__(self) -> None:
        super().__init__()
        self.bad: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if any(name.startswith("on") for name, _ in attributes) or ("src", "x") in attributes:
            self.bad.append(tag)
        if any((value or "").strip().lower().startswith("javascript:") for _, value in attributes):
            self.bad.append(tag)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def attacked(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Target]:
    async with target(tmp_path_factory.mktemp("markup"), JMID_ANONYMIZER_PIXEL_TEXT="review") as opened:
        await _images(opened)
        await _reports(opened)
        await _by_hand(opened)
        yield opened


async def _images(attacked: Target) -> None:
    marked = dict.fromkeys(STRINGS, MARK) | {"PatientName": MARK, "BodyPartExamined": "<B ONCLICK=A>"}
    stored = ultrasound(StudyInstanceUID=STUDY, SeriesInstanceUID=f"{STUDY}.1", SOPInstanceUID=f"{STUDY}.1.1", **marked)
    sent = ultrasound(StudyInstanceUID="1.2.9", SeriesInstanceUID="1.2.9.1", SOPInstanceUID="1.2.9.1.1", **marked)
    for path, file in (("/dicom-web/studies", stored), ("/ingest/dicom-web/studies", sent)):
        async with attacked.client.post(path, data=body([file]), headers={"Content-Type": KIND}) as answer:
            assert answer.status == 200, await answer.text()

    await asyncio.to_thread(_store, attacked.dimse, sent)


def _store(port: int, file: bytes) -> None:
    """Send by C-STORE under a calling AE title with markup."""
    data = pydicom.dcmread(io.BytesIO(file))
    entity = AE(ae_title=TITLE)
    entity.add_requested_context(data.SOPClassUID, data.file_meta.TransferSyntaxUID)
    association = entity.associate("127.0.0.1", port, ae_title="JMID")
    assert association.send_c_store(data).Status == 0
    association.release()


async def _reports(attacked: Target) -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "identifier": [{"value": MARK}],
        "status": "final",
        "code": {"text": MARK},
        "subject": {"identifier": {"value": MARK}},
        "conclusion": f"{MARK}結節なし",
    }
    async with attacked.client.post("/ingest/reports", data=json.dumps(report), headers=FHIR) as answer:
        assert answer.status < 300, await answer.text()


async def _by_hand(attacked: Target) -> None:
    for path, form in (
        ("/gateway/quarantine/names", {"kind": "ward", "name": MARK}),
        ("/gateway/quarantine/learned-names", {"name": MARK, "state": "kept"}),
        ("/gateway/links", {"report_id": MARK, "study_instance_uid": STUDY, "why": MARK}),
    ):
        async with attacked.client.post(path, data={"by": MARK, **form}, allow_redirects=False) as answer:
            assert answer.status < 500, await answer.text()
    for path in ("/api/diagnoses", "/api/pins", "/api/recalls"):
        text = {"by": MARK, "note": MARK, "display": MARK, "code": "C34", "system": "urn:x", "reason": MARK}
        data = {"study_instance_uids": [STUDY], "study_instance_uid": STUDY, **text}
        async with attacked.client.post(path, json=data) as answer:
            assert answer.status < 500, await answer.text()


async def _waiting(attacked: Target) -> list[str]:
    """Return the pages of what waits in quarantine and of the cases, when an image and a report are there."""
    found: list[str] = []

    async def there() -> bool:
        async with attacked.client.get("/api/gateway/quarantine") as answer:
            items = (await answer.json())["items"]
        async with attacked.client.get("/api/cases") as answer:
            cases = (await answer.json()).get("cases", []) if answer.status == 200 else []
        found[:] = [f"/gateway/quarantine/{each['blob']}" for each in items] + [
            f"/cases/{each['id']}" for each in cases
        ]
        return bool(items) and len(cases) >= 2

    await until(there, lambda: f"only {found}")
    return found


async def _pages(attacked: Target) -> list[str]:
    """Return every GET route of the access table that answers a page, with each id it may have; and no page at all."""
    waiting, pages = await _waiting(attacked), list(NOWHERE)
    for _, path in routes("GET"):
        for asked in {filled(path, AT), filled(path, STUDY)}:
            if await _kind(attacked, asked) == "text/html":
                pages.append(asked)
    return [*pages, *waiting]


async def _kind(attacked: Target, path: str) -> str:
    headers = {"Accept": "text/html"}
    async with attacked.client.get(path, headers=headers, allow_redirects=False) as answer:
        return answer.content_type if answer.status < 300 or answer.status >= 400 else ""


def _asked_for(pages: list[str]) -> list[str]:
    """Return the pages, and those that are named by no id also with each parameter."""
    plain = [page for page in pages if AT not in page and STUDY not in page]
    return [*pages, *(f"{page}?{name}={AT}" for page in plain for name in QUERIES)]


async def test_markup_is_text_on_every_page(attacked: Target) -> None:
    shown, pages = [], await _pages(attacked)
    assert {"/", "/counts", "/audit", "/gateway/quarantine", "/gateway/links", "/-/dead"} <= set(pages)
    for path in _asked_for(pages):
        for language in ("en", "ja"):
            headers = {"Accept": "text/html", "Cookie": f"jmid_lang={language}"}
            async with attacked.client.get(path, headers=headers, allow_redirects=False) as answer:
                text = await answer.text()

            page = Markup()
            page.feed(text if answer.content_type == "text/html" else "")
            assert page.bad == [], path
            assert answer.content_type != "text/html" or MARK not in text, path
            shown += [path] if "onerror=hacked" in text else []
    assert len(set(shown)) >= 5


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator["Browser"]:
    """Yield Chromium in the loop of this module."""
    async with chromium() as running:
        yield running


async def test_nothing_that_was_sent_runs_in_a_browser_whose_policy_is_off(
    attacked: Target, browser: "Browser"
) -> None:
    tab = await browser.new_page(bypass_csp=True)
    every = "&".join(f"{name}={AT}" for name in QUERIES)
    pages = await _pages(attacked)
    for path in [*pages, *(f"{page}?{every}" for page in pages if AT not in page and STUDY not in page)]:
        await tab.goto(attacked.system.host.base_url + path)
        hacked = await tab.evaluate(
            "[window.hacked, document.querySelectorAll('[onerror], [onclick], img[src=x]').length]"
        )

        assert hacked == [None, 0], path
    await tab.close()
