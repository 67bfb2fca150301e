"""Confirmed diagnoses at the centre, over its API: checked, versioned, withdrawn, read twice, listed, exported."""

import asyncio
import csv
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from services.linker.centre.deps import CentreDeps
from services.linker.centre.diagnosing import listing, writing
from services.linker.diagnoses.request import DiagnosisRequest
from services.linker.service import CENTRE
from services.linker.settings import LinkerSettings
from shared.events import CaseChanged
from shared.fhir.systems import ICD_10
from shared.terms.catalogue import Catalogue
from shared.terms.loaders.medis import KEY_NUMBER, load_medis
from shared.web.access.words import AccessRole
from shared.web.identity.actor import CURRENT, Actor
from tests.linker.centre.test_centre import FHIR, changes, linked, stored_with_keys
from tests.linker.samples import document, uid
from tests.linker.system import Opened, checked, opened, until
from tests.terms.samples import master

STUDY, OTHER = uid(1), uid(2)
CANCER = {"study_instance_uids": [STUDY], "system": ICD_10, "code": "C34.1", "by": "Dr. Who"}
SEEN = {"version": 1, "reason": "後日の病理結果"}


@pytest.fixture
async def centre(tmp_path: Path) -> AsyncIterator[Opened]:
    """Yield a centre that knows one Study with images and reports, and one."""
    environ = {"JMID_TERMS_FOLDER": str(tmp_path / "terms"), "JMID_LINKER_ARCHIVE_URL": "http://127.0.0.1:9/dicom-web"}
    async with opened(CENTRE, tmp_path, environ) as found:
        await found.post("/api/reports", linked(document(), STUDY), 201, FHIR)
        yield found


async def post(centre: Opened, status: int = 201, **said: Any) -> dict[str, Any]:
    answer: dict[str, Any] = await centre.post("/api/diagnoses", {**CANCER, **said}, status)
    return answer


async def test_a_code_is_kept_as_the_version_in_use_names_it(centre: Opened) -> None:
    kept = await post(centre, certainty="confirmed", basis="pathology", date="2026-04-01")

    assert (kept["name"], kept["display"], kept["system_version"]) == ("上葉肺癌", "上葉肺癌", "open-list-1")
    assert (kept["state"], kept["basis"], kept["date"], kept["by"]) == ("stands", "pathology", "2026-04-01", "Dr. Who")
    await until(lambda: STUDY in {e.study_instance_uid for e in centre.of(CaseChanged)})


@pytest.mark.parametrize(
    ("said", "status", "reason"),
    [
        ({"code": "ZZZ.999"}, 400, "unknown-code"),
        ({"system": "urn:not-loaded", "code": "A"}, 404, "unknown-code-system"),
        ({"study_instance_uids": [], "report_id": "R9"}, 404, "unknown-report"),
        ({"basis": "guess"}, 400, "not-the-form"),
        ({"certainty": "sure"}, 400, "not-the-form"),
        ({"author_id": "somebody"}, 400, "not-the-form"),
    ],
)
async def test_what_cannot_be_checked_is_refused(
    centre: Opened, said: dict[str, Any], status: int, reason: str
) -> None:
    assert (await post(centre, status, **said))["reason"] == reason
    assert (await centre.get("/api/diagnoses"))["diagnoses"] == []


async def test_a_study_that_nobody_knows_waits_for_the_archives_word(centre: Opened) -> None:
    await post(centre, 503, study_instance_uids=[OTHER])  # the archive of this test does not answer


async def test_modifiers_are_checked_with_the_loaded_master(centre: Opened, tmp_path: Path) -> None:
    (folder := tmp_path / "master").mkdir()
    for each in load_medis(master(folder)):
        Catalogue(tmp_path / "terms").load(each)

    kept = await post(centre, system=KEY_NUMBER, code="20000001", modifiers=["27000001", "27000003"])
    resource = await centre.get(f"/api/diagnoses/{kept['id']}/condition")
    retired = await post(centre, 403, system=KEY_NUMBER, code="20000002")

    assert (kept["display"], kept["system_version"]) == ("右検査肺癌の疑い", "999")
    urls = [each["url"].rpartition("_")[2] for each in resource["code"]["coding"][0]["extension"]]
    assert urls == ["DiseasePrefixModifier", "DiseasePostfixModifier"]
    assert "20000001" in retired["detail"]


async def test_a_change_needs_the_version_that_was_seen_and_a_reason_and_keeps_the_history(centre: Opened) -> None:
    first = await post(centre)

    second = await post(centre, 200, **SEEN, id=first["id"], code="C34.9")

    whole = await centre.get(f"/api/diagnoses/{first['id']}")
    assert (second["version"], [each["code"] for each in whole["history"]]) == (2, ["C34.1", "C34.9"])
    assert [each["reason"] for each in whole["history"]] == ["", SEEN["reason"]]
    assert [c["document"]["version"] for c in await changes(centre) if c["kind"] == "diagnosis"] == [2]
    assert (await post(centre, 400, id=first["id"], reason="x"))["reason"] == "missing-version"
    assert (await post(centre, 400, id=first["id"], version=2))["reason"] == "missing-reason"


async def test_of_two_who_change_the_same_version_one_is_shown_what_holds(centre: Opened) -> None:
    first = await post(centre)
    await post(centre, 200, **SEEN, id=first["id"], code="C34.9")

    late = await post(centre, 409, **SEEN, id=first["id"], code="C34.3")
    again = await post(centre, 200, **SEEN, id=first["id"], code="C34.9")  # an answer was lost; the request comes again

    assert (late["reason"], late["current"]["code"], late["current"]["version"]) == ("other-version", "C34.9", 2)
    assert again["version"] == 2


async def test_a_withdrawn_diagnosis_is_gone_from_lists_is_told_of_and_stays_in_its_history(centre: Opened) -> None:
    first = await post(centre, note="別の症例")

    await post(centre, 200, **SEEN, id=first["id"], remove=True)

    assert (await centre.get(f"/api/diagnoses?study={STUDY}"))["diagnoses"] == []
    (shown,) = (await centre.get(f"/api/diagnoses?study={STUDY}&removed"))["diagnoses"]
    assert (shown["removed"], shown["note"], shown["reason"]) == (True, "", SEEN["reason"])
    assert (await changes(centre))[-1]["removed"]
    late = await post(centre, 403, id=first["id"], version=2, reason="doch")
    assert late["reason"] == "withdrawn-diagnosis"


async def test_a_case_has_several_diagnoses(centre: Opened) -> None:
    await asyncio.gather(post(centre), post(centre, code="J43.9"), post(centre, system="", code="", note="経過観察"))

    assert len((await centre.get(f"/api/diagnoses?study={STUDY}"))["diagnoses"]) == 3


async def test_a_report_alone_is_a_case(centre: Opened) -> None:
    await centre.post("/api/reports", document("R2"), 201, FHIR)

    await post(centre, study_instance_uids=[], report_id="R2")

    assert len((await centre.get("/api/diagnoses?report=R2"))["diagnoses"]) == 1


async def test_the_worklist_has_the_cases_that_await_a_diagnosis(centre: Opened) -> None:
    for study in (STUDY, OTHER):
        await centre.take(stored_with_keys(study))
    await post(centre)

    awaiting = (await centre.get("/api/diagnoses/worklist"))["cases"]
    diagnosed = (await centre.get("/api/diagnoses/worklist?state=diagnosed"))["cases"]

    assert [each["study_instance_uid"] for each in awaiting] == [OTHER]
    assert [each["study_instance_uid"] for each in diagnosed] == [STUDY]
    assert await _refused(centre, "/api/diagnoses/worklist?state=nonsense") == 400
    assert await _refused(centre, "/api/diagnoses/worklist?limit=0") == 400


async def test_everything_that_counts_is_exported_as_csv_and_as_conditions(centre: Opened) -> None:
    await post(centre, note="=1+1")
    gone = await post(centre, code="J43.9")
    await post(centre, 200, **SEEN, id=gone["id"], remove=True)
    await centre.post("/api/reports", document("R2"), 201, FHIR)
    await post(centre, study_instance_uids=[], report_id="R2", code="J18.9", reading="independent")

    async with centre.session.get(f"{centre.url}/api/diagnoses/export") as answer:
        rows = list(csv.DictReader((await answer.text()).splitlines()))
    async with centre.session.get(f"{centre.url}/api/diagnoses/export?format=fhir") as answer:
        resources = [orjson.loads(line) for line in (await answer.read()).splitlines()]

    assert [(row["code"], row["note"]) for row in rows] == [("C34.1", "'=1+1")]
    assert [each["code"]["coding"][0]["code"] for each in resources] == ["C34.1"]


@contextmanager
def acting(name: str) -> Iterator[None]:
    """Do the rest as a radiologist of that name."""
    token = CURRENT.set(Actor(subject=f"id-of-{name}", name=name, roles=frozenset({AccessRole.RADIOLOGIST})))
    try:
        yield
    finally:
        CURRENT.reset(token)


@pytest.fixture
async def deps(centre: Opened, tmp_path: Path) -> AsyncIterator[CentreDeps]:
    async with aiohttp.ClientSession() as session:
        terms = Catalogue(tmp_path / "terms")
        yield CentreDeps(centre.documents, centre.bus, LinkerSettings(), session, "centre", checked, terms)


async def read(deps: CentreDeps, name: str, code: str, kind: str = "independent") -> str:
    """Record a reading of the Study as somebody; return its id."""
    with acting(name):
        asked = DiagnosisRequest(
            by=name,
            study_instance_uids=(STUDY,),
            system=ICD_10,
            code=code,
            reading=kind,  # type: ignore[arg-type]
        )
        return (await writing.write(deps, asked)).id


async def seen(deps: CentreDeps, name: str) -> list[str]:
    """Return the codes that somebody sees of the Study, readings included."""
    shown, _ = await listing.listed(deps, {"study": STUDY, "readings": "1"}, f"id-of-{name}", 100)
    return sorted(each["code"] for each in shown)


async def test_a_second_reader_does_not_see_the_first_reading(deps: CentreDeps, centre: Opened) -> None:
    first = await read(deps, "a", "C34.1")

    assert (await seen(deps, "a"), await seen(deps, "b")) == (["C34.1"], [])
    assert await listing.with_history(deps, first, "id-of-b") is None
    assert (await centre.get(f"/api/diagnoses?study={STUDY}"))["diagnoses"] == []
    assert [c["document"] for c in await changes(centre) if c["kind"] == "diagnosis"] == [None]
    (case,) = (await listing.worklist(deps, "one-reading", "id-of-b", limit=10, after=None))[0]
    assert (case["readings"], case["read_by_you"], "a" in case.values()) == (1, False, False)


async def test_readings_that_agree_stand(deps: CentreDeps, centre: Opened) -> None:
    await read(deps, "a", "C34.1")
    await read(deps, "b", "C34.1")

    shown = (await centre.get(f"/api/diagnoses?study={STUDY}"))["diagnoses"]

    assert [(each["code"], each["state"]) for each in shown] == [("C34.1", "stands")] * 2


async def test_readings_that_differ_are_decided_by_a_third_person(deps: CentreDeps, centre: Opened) -> None:
    await read(deps, "a", "C34.1")
    await read(deps, "b", "J18.9")
    assert await seen(deps, "c") == ["C34.1", "J18.9"]
    (case,) = (await listing.worklist(deps, "disagreed", "id-of-c", limit=10, after=None))[0]
    assert case["study_instance_uid"] == STUDY

    await read(deps, "c", "J18.9", "adjudication")

    shown = (await centre.get(f"/api/diagnoses?study={STUDY}"))["diagnoses"]
    assert [(each["code"], each["by"], each["state"]) for each in shown] == [("J18.9", "c", "stands")]


async def test_two_readers_at_once_both_count(deps: CentreDeps) -> None:
    await asyncio.gather(read(deps, "a", "C34.1"), read(deps, "b", "C34.1"))

    (case,) = (await listing.worklist(deps, "agreed", "id-of-c", limit=10, after=None))[0]
    assert case["readings"] == 2


async def _refused(centre: Opened, path: str) -> int:
    async with centre.session.get(centre.url + path) as answer:
        return answer.status
