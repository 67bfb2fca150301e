"""The handler: from the identified to the de-identified zone, once, however often it is asked."""

import dataclasses
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.policy import Policy
from services.anonymizer.pseudonyms.keys import Keyring
from services.anonymizer.pseudonyms.vault import VAULT, unseal
from services.anonymizer.records import COLLECTIONS, QUARANTINE, REPORT_AUDIT
from services.anonymizer.reports import handler
from services.anonymizer.reports.handler import deidentify_report
from shared.blobs.local import open_local
from shared.documents.sqlite import open_sqlite
from shared.errors import NotFound, TooCostly
from shared.events import InputDeidentified, InputRefused, ReportDeidentified, ReportReceived

SAMPLES = Path(__file__).parents[2] / "data" / "reports" / "fhir"


async def inline(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


@pytest_asyncio.fixture
async def deps(tmp_path: Path, jmid: Policy) -> AsyncIterator[AnonymizerDeps]:
    async with (
        open_local(tmp_path / "identified") as identified,
        open_local(tmp_path / "deidentified") as deidentified,
        open_sqlite(tmp_path / "documents.db") as documents,
    ):
        await documents.declare(*COLLECTIONS)
        yield AnonymizerDeps(identified, deidentified, documents, inline, jmid, 1 << 24, tmp_path)


async def received(deps: AnonymizerDeps, name: str) -> ReportReceived:
    await deps.identified.put(name, (SAMPLES / f"{name}.json").read_bytes())
    return ReportReceived.first(name, correlation_id="r1", site="hospital-1", receipt_id="r1", blob=name)


async def test_a_report_is_stored_recorded_and_announced(deps: AnonymizerDeps) -> None:
    event = await received(deps, "jp_core_ct")

    report, done = await deidentify_report(event, deps)

    assert isinstance(report, ReportDeidentified)
    assert isinstance(done, InputDeidentified)
    assert done.blobs == ("jp_core_ct",)
    assert report.blob == f"reports/{report.sha256}.json"
    assert report.keys.modality == "CT"
    assert report.keys.study_date == "20240401"
    stored = await deps.deidentified.get(report.blob)
    assert "山本" not in stored.decode()
    audit = await deps.documents.get(REPORT_AUDIT, "jp_core_ct")
    assert audit is not None
    assert audit.removed["name"] >= 2
    assert audit.dropped == {"pdf": 1, "key_image": 3}


async def test_the_vault_leads_back_from_a_report_of_which_no_image_came(deps: AnonymizerDeps) -> None:
    report, _ = await deidentify_report(await received(deps, "jp_core_ct"), deps)

    assert isinstance(report, ReportDeidentified)
    pseudonyms = [report.report_id, report.keys.patient_id, report.keys.accession_number]
    found = await deps.documents.get_many(VAULT, [*pseudonyms, report.keys.study_instance_uid])
    assert {each.kind for each in found.values()} == {"report", "patient", "order", "study"}
    originals = {each.kind: unseal(Keyring((deps.policy.keys,)), each) for each in found.values()}
    assert originals["patient"] == "hospital-1|0001234567"


async def test_a_replay_says_the_same_again_even_after_the_bytes_are_gone(deps: AnonymizerDeps) -> None:
    event = await received(deps, "jp_core_ct")
    first = await deidentify_report(event, deps)

    second = await deidentify_report(event, deps)
    await deps.identified.delete("jp_core_ct")
    third = await deidentify_report(event, deps)

    assert first == second == third


async def test_a_report_that_cannot_be_cleaned_is_quarantined_with_a_reason(deps: AnonymizerDeps) -> None:
    event = await received(deps, "pdf_only")

    (refused,) = await deidentify_report(event, deps)

    assert isinstance(refused, InputRefused)
    assert refused.reasons == {"pdf_only": "report-only-attachments"}
    row = await deps.documents.get(QUARANTINE, "pdf_only")
    assert row is not None
    assert (row.kind, row.state) == ("report", "waiting")
    assert [key async for key in deps.deidentified.keys()] == []  # noqa: SIM118 - a port, not a dict


async def test_bytes_that_are_missing_and_were_never_done_are_an_error(deps: AnonymizerDeps) -> None:
    event = ReportReceived.first("x", correlation_id="r1", site="hospital-1", receipt_id="r1", blob="unknown")

    with pytest.raises(NotFound):
        await deidentify_report(event, deps)


async def test_a_report_that_nobody_foresaw_waits_in_quarantine(
    deps: AnonymizerDeps, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(data: bytes, policy: Policy) -> None:
        raise ZeroDivisionError("a value nobody may see")

    monkeypatch.setattr(handler, "deidentify", fails)
    event = await received(deps, "jp_core_ct")

    (refused,) = await deidentify_report(event, deps)

    row = await deps.documents.get(QUARANTINE, "jp_core_ct")
    assert isinstance(refused, InputRefused)
    assert refused.reasons == {"jp_core_ct": "not-handled"}
    assert row is not None
    assert row.detail.startswith("ZeroDivisionError at ")
    assert "value" not in row.detail


async def test_a_report_that_costs_too_much_is_held(deps: AnonymizerDeps) -> None:
    async def too_slow(*_: Any, **__: Any) -> Any:
        raise TooCostly("too-slow", "it took longer than allowed")

    event = await received(deps, "jp_core_ct")

    (refused,) = await deidentify_report(event, dataclasses.replace(deps, cpu=too_slow))

    assert isinstance(refused, InputRefused)
    assert refused.reasons == {"jp_core_ct": "too-slow"}
    assert await deps.documents.get(QUARANTINE, "jp_core_ct") is not None
    assert await deps.documents.get(REPORT_AUDIT, "jp_core_ct") is None


@pytest.mark.parametrize(("analyse", "tags"), [(True, 0), (False, 1)])
async def test_a_report_that_was_cleaned_by_rules_only_says_so(deps: AnonymizerDeps, analyse: bool, tags: int) -> None:
    deps = dataclasses.replace(deps, policy=deps.policy._replace(analyse=analyse), holds_flagged=False)

    report, _ = await deidentify_report(await received(deps, "jp_core_ct"), deps)

    assert isinstance(report, ReportDeidentified)
    stored = (await deps.deidentified.get(report.blob)).decode()
    assert stored.count('{"system":"urn:jmid:text","code":"rules-only"}') == tags
