"""Names that headers of many Studies tell go from later texts, in every process, until a person removes them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner, Result

from services.__main__ import app
from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.header_names import learned
from services.anonymizer.header_names.learned import LearnedNames, Sighting, decide, key_of
from services.anonymizer.header_names.told import ToldName
from services.anonymizer.name_records import HEADER_NAMES, HeaderName, NameState
from services.anonymizer.records import COLLECTIONS
from services.anonymizer.reports.handler import deidentify_report
from shared.documents import Documents
from shared.documents.sqlite import open_sqlite
from shared.errors import Conflict, NotFound
from shared.events import ReportDeidentified, ReportReceived
from shared.runtime.ports import open_ports, port_settings
from shared.service import Role
from tests.anonymizer.reports.test_handler import deps as deps  # the fixture

WARD = ToldName("ward", "すずらん七")
AT = "2026-04-01T00:00:00Z"


@pytest.fixture
async def documents(tmp_path: Path) -> AsyncIterator[Documents]:
    async with open_sqlite(tmp_path / "names.db") as opened:
        await opened.declare(*COLLECTIONS)
        yield opened


async def seen_on(names: LearnedNames, documents: Documents, *studies: str, told: ToldName = WARD) -> None:
    await names.note(documents, [Sighting(told, study) for study in studies], AT)


async def test_a_name_is_in_force_when_it_was_seen_on_enough_studies(documents: Documents) -> None:
    names = LearnedNames(3, refresh_s=0)

    await seen_on(names, documents, "1", "1", "2")
    await seen_on(names, documents, "2")
    before = await names.lines(documents)
    await seen_on(names, documents, "3")

    assert before == ()
    assert await names.lines(documents) == ("ward: すずらん七",)


async def test_processes_count_the_same_studies_and_agree(documents: Documents) -> None:
    one, other = LearnedNames(2, refresh_s=0), LearnedNames(2, refresh_s=0)

    await seen_on(one, documents, "1")
    await seen_on(other, documents, "1")
    before = await other.lines(documents)
    await seen_on(other, documents, "2")

    assert before == ()
    assert await one.lines(documents) == await other.lines(documents) == ("ward: すずらん七",)


async def test_a_name_in_force_costs_no_write(documents: Documents) -> None:
    names = LearnedNames(1)
    await seen_on(names, documents, "1")
    written = await documents.get_versioned(HEADER_NAMES, key_of(WARD))

    await seen_on(names, documents, "1", "2", "3")

    assert await documents.get_versioned(HEADER_NAMES, key_of(WARD)) == written


async def test_what_is_in_force_is_read_again_after_a_minute(documents: Documents) -> None:
    now = 0.0
    names = LearnedNames(1, clock_s=lambda: now)
    await names.lines(documents)
    await seen_on(names, documents, "1")

    early = await names.lines(documents)
    now = learned.REFRESH_S

    assert early == ()
    assert await names.lines(documents) == ("ward: すずらん七",)


async def test_a_name_that_a_person_removed_does_not_come_back(documents: Documents) -> None:
    names = LearnedNames(1, refresh_s=0)
    await seen_on(names, documents, "1")

    await decide(documents, key_of(WARD), NameState.REMOVED, "Officer", AT)
    await seen_on(names, documents, "2", "3")
    await seen_on(LearnedNames(1), documents, "4")

    row = await documents.get(HEADER_NAMES, key_of(WARD))
    assert row is not None
    assert (row.state, row.by, row.studies) == (NameState.REMOVED, "Officer", ())
    assert await names.lines(documents) == ()
    with pytest.raises(NotFound):
        await decide(documents, "0" * 16, NameState.REMOVED, "Officer", AT)


async def test_a_name_that_a_person_keeps_is_cleaned_and_one_that_was_removed_comes_back(documents: Documents) -> None:
    names = LearnedNames(1, refresh_s=0)
    await seen_on(names, documents, "1")

    for state in (NameState.KEPT, NameState.REMOVED, NameState.KEPT):
        await decide(documents, key_of(WARD), state, "Officer", AT)

    row = await documents.get(HEADER_NAMES, key_of(WARD))
    assert row is not None
    assert [each.state for each in row.decisions] == ["kept", "removed", "kept"]
    assert await names.lines(documents) == ("ward: すずらん七",)
    with pytest.raises(Conflict):
        await decide(documents, key_of(WARD), NameState.KEPT, "Officer", AT)


async def test_no_more_names_are_learned_than_a_site_has(documents: Documents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learned, "MOST_NAMES", 1)
    names = LearnedNames(2, refresh_s=0)

    await seen_on(names, documents, "1")
    await seen_on(names, documents, "1", "2", told=ToldName("ward", "ひなげし八"))
    await seen_on(names, documents, "2")

    assert await names.lines(documents) == ("ward: すずらん七",)


async def test_none_is_learned_where_a_setting_says_so(documents: Documents) -> None:
    names = LearnedNames(0)

    await seen_on(names, documents, "1", "2", "3")

    assert await documents.count(HEADER_NAMES) == 0
    assert await names.lines(documents) == ()


async def received(deps: AnonymizerDeps, number: int, text: str, place: str = "") -> ReportReceived:
    report = {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "identifier": [{"system": "urn:reports", "value": f"r{number}"}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "18748-4"}]},
        "subject": {"identifier": {"system": "urn:oid:1.2.3", "value": f"000{number}"}},
        "performer": [{"reference": "Organization/1", "display": place}] if place else [],
        "conclusion": text,
    }
    name = f"report-{number}"
    await deps.identified.put(name, orjson.dumps(report))
    return ReportReceived.first(name, correlation_id="r1", site="hospital-1", receipt_id="r1", blob=name)


async def conclusion(deps: AnonymizerDeps, event: ReportReceived) -> str:
    report, _ = await deidentify_report(event, deps)
    assert isinstance(report, ReportDeidentified)
    return str(orjson.loads(await deps.deidentified.get(report.blob))["conclusion"])


async def test_a_place_of_three_headers_goes_from_a_text_whose_header_does_not_tell_it(deps: AnonymizerDeps) -> None:
    deps = replace(deps, holds_flagged=False, learned=LearnedNames(3, refresh_s=0))
    before = await conclusion(deps, await received(deps, 1, "すずらん七より依頼。異常なし。"))

    for number in (2, 3, 4):
        await conclusion(deps, await received(deps, number, "異常なし。", "すずらん七"))

    assert "すずらん七" in before
    assert "すずらん七" not in await conclusion(deps, await received(deps, 5, "すずらん七より依頼。異常なし。"))


async def _filled(home: Path) -> None:
    async with open_ports(port_settings(Role.GATEWAY, {}), Role.GATEWAY, home / "gateway", (), {}) as ports:
        await ports.documents.declare(*COLLECTIONS)
        row = HeaderName(id="abc", kind="ward", name=WARD.name, studies=("1",), state=NameState.IN_FORCE, at=AT)
        await ports.documents.put(HEADER_NAMES, row)


def test_a_person_lists_and_removes_names(tmp_path: Path) -> None:
    home = tmp_path / "home"
    asyncio.run(_filled(home))

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["names", *arguments, "--home", str(home)])

    listed, removed = run("list"), run("remove", "abc", "--by", "Officer")
    unknown, after = run("remove", "abd", "--by", "Officer"), run("list", "--state", "removed")

    assert [each.exit_code for each in (listed, removed, unknown, after)] == [0, 0, 1, 0]
    assert "abc  ward  すずらん七  2026-04-01" in listed.output
    assert "Officer" in after.output
