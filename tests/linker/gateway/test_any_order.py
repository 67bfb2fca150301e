"""Whatever comes in whatever order, a report is linked to what the rules say of all that came."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest_asyncio
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from services.linker.gateway.handlers import told_by
from services.linker.gateway.records import ReportVersion, SeenReport, with_version
from services.linker.links import matching
from services.linker.links.matching import StudyKeys
from services.linker.links.merges import MergeDecision, MergedPatients, PatientMerge, survivors_of, with_decisions
from services.linker.links.records import LINKS
from services.linker.service import GATEWAY
from shared.events import Event, InstancesDeidentified, LinkKeys, PatientsMerged, ReportDeidentified
from shared.fhir.statuses import RETRACTED
from tests.examples import examples
from tests.linker.samples import START, document, instances, report, uid
from tests.linker.system import Opened, gateway_environ, opened

Ending = tuple[tuple[str, ...], str, str]
_RUNS = count(1)


class Batch(NamedTuple):
    """Instances of a Study."""

    study: int
    patient: str
    accession: str
    date: str


class Version(NamedTuple):
    """A version of a report. study: that it names; 0 for none.  issued: hour; 0 for none.  seen: hours after START."""

    report: int
    patient: str
    accession: str
    study: int
    date: str
    status: str
    issued: int
    seen: int


class Merge(NamedTuple):
    """What a hospital said of two numbers on a day."""

    action: str
    replaced: str
    surviving: str
    day: int


Fact = Batch | Version | Merge

# few values, so that most facts meet
_patients = st.sampled_from(["P", "Q"])
_accessions = st.sampled_from(["", "A", "B"])
_dates = st.sampled_from(["20260402", "20260401", "20260404"])
_statuses = st.sampled_from(["final", "preliminary", "amended", "final", "entered-in-error"])
_batches = st.builds(Batch, st.integers(1, 2), _patients, _accessions, _dates)
_versions = st.builds(
    Version,
    st.just(1),
    st.sampled_from(["Q", "P", "P", "Q", ""]),
    _accessions,
    st.sampled_from([0, 0, 0, 1, 2]),
    _dates,
    _statuses,
    st.integers(0, 3),
    st.integers(0, 3),
)
_merges = st.builds(
    lambda action, pair, day: Merge(action, pair[0], pair[1], day),
    st.sampled_from(["merge", "merge", "merge", "unmerge"]),
    st.sampled_from([("P", "Q"), ("Q", "P"), ("P", "R"), ("R", "Q")]),
    st.integers(1, 4),
)
_facts = st.tuples(
    st.lists(_batches, min_size=1, max_size=4),
    st.lists(_versions, min_size=1, max_size=3),
    st.lists(_merges, max_size=3),
).flatmap(lambda each: st.permutations([*each[0], *each[1], *each[2]]))


@pytest_asyncio.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Opened]:
    async with opened(GATEWAY, tmp_path, gateway_environ("http://127.0.0.1:9"), tasks=False) as each:
        yield each


@given(facts=_facts, again=st.integers(0, 8))
@example(
    facts=[
        Version(1, "P", "A", 0, "20260401", "final", 2, 0),
        Merge("merge", "Q", "R", 1),
        Batch(1, "R", "A", "20260404"),
        Version(1, "Q", "A", 0, "20260401", "preliminary", 1, 1),
        Merge("merge", "P", "Q", 2),
    ],
    again=2,
)
@example(
    facts=[
        Version(1, "P", "", 0, "20260401", "final", 1, 0),
        Merge("merge", "P", "Q", 1),
        Batch(1, "Q", "", "20260401"),
    ],
    again=8,
)
@settings(max_examples=examples(160), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_end_is_what_the_rules_say_of_everything(gateway: Opened, facts: list[Fact], again: int) -> None:
    run = next(_RUNS)  # each example has patients, orders and Studies of its own
    events = [event_of(fact, run) for fact in facts]

    await gateway.take(*events, *events[again : again + 2])

    ends = {name: await ending(gateway, name) for name in _reports_of(events)}
    assert ends == {name: expected(name, events) for name in ends}


def event_of(fact: Fact, run: int) -> Event:
    """Return what the anonymizer says of a fact."""
    if isinstance(fact, Merge):
        pair = (f"{fact.replaced}{run}", f"{fact.surviving}{run}")
        at = f"2026-04-{fact.day:02}T10:00:00+09:00"
        name = f"merge/{run}/{'/'.join(map(str, fact))}"
        return PatientsMerged.first(
            name, correlation_id=name, site="hospital", receipt_id=name, name=name, pairs=(pair,), action=fact.action,
            at=at,
        )  # fmt: skip
    own: dict[str, Any] = {
        "patient_id": f"{fact.patient}{run}" if fact.patient else "",
        "accession_number": f"{fact.accession}{run}" if fact.accession else "",
        "study_date": fact.date,
    }
    if isinstance(fact, Batch):
        return instances(uid(run, fact.study), 1, receipt=f"r-{run}", **own)
    issued = f"2026-04-01T{fact.issued:02}:00:00+09:00" if fact.issued else ""
    text = document(f"R{run}.{fact.report}", text=repr(fact[:-1]), status=fact.status, issued=issued)
    named = uid(run, fact.study) if fact.study else ""
    said = report(text, at=START + timedelta(hours=fact.seen), study_instance_uid=named, **own)
    return msgspec.structs.replace(said, flagged=False)


async def ending(gateway: Opened, report_id: str) -> Ending | None:
    """Return what the gateway came to: Studies, rule, and why there is no link."""
    link = await gateway.documents.get(LINKS, report_id)
    return (link.studies, link.rule, link.reason) if link else None


def expected(report_id: str, events: Sequence[Event]) -> Ending:
    """Return what follows from everything at once, whatever its order."""
    seen, merged = _seen(report_id, events), _merged(events)
    if seen.is_contested("", merged):
        return (), "", matching.PATIENTS_DISAGREE
    version = seen.current
    match = matching.decide(
        merged.of_report(version.keys),
        [merged.of_study(each) for each in _studies(events)],
        retracted=version.status in RETRACTED,
    )
    return match.studies, match.rule, match.reason


def _reports_of(events: Sequence[Event]) -> set[str]:
    return {each.report_id for each in events if isinstance(each, ReportDeidentified)}


def _studies(events: Sequence[Event]) -> list[StudyKeys]:
    known: dict[str, StudyKeys] = {}
    for event in events:
        if isinstance(event, InstancesDeidentified):
            told = told_by(event)
            known[told.study_instance_uid] = matching.merge(known.get(told.study_instance_uid, told), told)
    return list(known.values())


def _seen(report_id: str, events: Sequence[Event]) -> SeenReport:
    seen: SeenReport | None = None
    for event in events:
        if isinstance(event, ReportDeidentified) and event.report_id == report_id:
            seen = with_version(seen, report_id, _version(event, event.keys))
    assert seen is not None
    return seen


def _version(event: ReportDeidentified, keys: LinkKeys) -> ReportVersion:
    return ReportVersion(
        sha256=event.sha256, blob=event.blob, status=event.status, issued=event.issued, flagged=False, keys=keys,
        seen_at=event.occurred_at.timestamp(), receipt_ids=(event.receipt_id,), correlation_id=event.correlation_id,
        site=event.site,
    )  # fmt: skip


def _merged(events: Sequence[Event]) -> MergedPatients:
    known: dict[tuple[str, ...], PatientMerge] = {}
    for event in events:
        if isinstance(event, PatientsMerged):
            ((replaced, surviving),) = event.pairs
            pair = tuple(sorted((replaced, surviving)))
            decision = MergeDecision(event.action, surviving, event.at)
            known[pair] = with_decisions(known.get(pair), event.site, pair, [decision])
    return survivors_of(known.values())
