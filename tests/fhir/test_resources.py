"""Every resource that leaves is one of FHIR R4, as the models of fhir.resources (R4B) see it."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fhir.resources.R4B import get_fhir_model_class

from services.anonymizer.policy import Policy
from services.anonymizer.pseudonyms import keys
from services.anonymizer.records import ReportAudit
from services.anonymizer.reports.deidentify import DeidentifiedReport, deidentify
from services.anonymizer.reports.retraction import retraction_of
from services.ingest.reports.bundle import bundle_of
from services.ingest.reports.csv import reader
from services.ingest.reports.fields import canonical
from services.linker.centre import views
from services.linker.centre.merges.shown import resource_of
from services.linker.centre.records import StoredReport, StoredVersion
from services.linker.diagnoses.condition import condition
from services.linker.diagnoses.records import DIAGNOSES, Diagnosis
from services.linker.diagnoses.request import DiagnosisRequest, changed, withdrawn
from services.linker.links.merges import MergeDecision, PatientMerge, with_decisions
from services.linker.reports import document as reports
from shared.audit.fhir_event import audit_event
from shared.audit.record import Who
from shared.audit.words import EventKind
from shared.events import LinkKeys
from shared.fhir.values import operation_outcome
from tests.anonymizer.reports.test_message_forms import cda, oru
from tests.audit.test_messages import EVERY, record
from tests.linker.diagnoses import samples

SAMPLES = Path(__file__).parents[1] / "data" / "reports"
NAMES = ("jp_core_ct", "jp_core_ct_amended", "jp_core_ct_text", "bare_html", "english_ct")
BARE: dict[str, Any] = {"resourceType": "DiagnosticReport", "status": "final", "conclusion": "結節"}
STUDY = {
    "resourceType": "ImagingStudy",
    "id": "s",
    "identifier": [{"system": "urn:dicom:uid", "value": "urn:oid:2.25.9"}],
}
OF_STUDY = {"contained": [STUDY], "imagingStudy": [{"reference": "#s"}]}
PATIENT = "PATIENT-1"


@pytest.fixture(scope="module", params=["jmid", "research"])
def policy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Policy:
    key_set = keys.create(tmp_path_factory.mktemp("keys") / "site", "jmid")
    return Policy(request.param, key_set, "hospital-1", recognise=False)


def problems(resource: dict[str, Any]) -> list[str]:
    """Return what is wrong with a resource as it is sent, and with those in it."""
    sent = json.loads(json.dumps(resource))
    empty = [f"{path}: empty" for path in _empty(sent, sent["resourceType"])]
    try:
        get_fhir_model_class(sent["resourceType"]).model_validate(sent)
    except ValueError as error:
        return [*empty, str(error)]
    return empty


def _empty(value: Any, path: str) -> Iterator[str]:
    """Yield what FHIR JSON does not have: null, and texts, objects and arrays without anything (FHIR R4 2.6.2)."""
    if value is None or value in ("", {}, []):
        yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from _empty(member, f"{path}.{name}")


def forms(report: DeidentifiedReport) -> list[dict[str, Any]]:
    """Return what is seen of a report from the gateway to a reader: as it is, with and without a link, withdrawn."""
    document = json.loads(report.document)
    linked = reports.linked(document, report.sha256, ["2.25.1", "2.25.2"], "accession")
    return [document, linked, reports.linked(document, report.sha256, [], "no-study"), reports.tombstone(linked)]


def bare(policy: Policy, **fields: Any) -> DeidentifiedReport:
    return deidentify(json.dumps({**BARE, **fields}).encode(), policy)


@pytest.mark.parametrize(
    "broken",
    [
        {"resourceType": "AuditEvent", "recorded": "yesterday"},
        {"resourceType": "Condition", "code": {"text": "x"}},
        {"resourceType": "Bundle", "type": "history", "entry": []},
        {**BARE, "code": {"text": "CT"}, "issued": "2024-04-01"},
        {**BARE, "code": {"text": "CT"}, "contained": [{"resourceType": "Observation", "status": "final"}]},
        {**BARE, "code": {"text": "CT"}, "findings": "x"},
    ],
)
def test_what_is_no_resource_is_seen(broken: dict[str, Any]) -> None:
    assert problems(broken)


def test_every_kind_of_audit_event_is_valid() -> None:
    nameless, unknown = Who(subject="s-1", address="::1"), Who(name="cron")

    more = [record(kind, who=who) for kind in EventKind for who in (nameless, unknown)]

    assert {each.kind for each in EVERY} == set(EventKind)
    assert [(each, wrong) for each in (*EVERY, *more) if (wrong := problems(audit_event(each)))] == []
    assert audit_event(more[1])["agent"] == [{"requestor": True, "name": "cron"}]


@pytest.mark.parametrize("name", NAMES)
def test_every_form_of_a_report_from_fhir_is_valid(name: str, policy: Policy) -> None:
    report = deidentify((SAMPLES / "fhir" / f"{name}.json").read_bytes(), policy)

    assert [problems(each) for each in forms(report)] == [[]] * 4


def test_every_form_of_a_report_from_hl7_cda_and_a_table_is_valid(policy: Policy) -> None:
    rows = reader.rows((SAMPLES / "csv" / "reports.csv").read_bytes(), reader.DEFAULT)
    from_table = [deidentify(bundle_of(canonical(row.fields)), policy) for row in rows]

    every = [oru(policy), cda(policy), *from_table]

    assert len(every) > 4
    assert [wrong for report in every for each in forms(report) if (wrong := problems(each))] == []


@pytest.mark.parametrize(
    "fields",
    [
        {},
        OF_STUDY,
        {"status": "entered-in-error", "conclusion": "", **OF_STUDY},
        {"status": "no status", "code": {"coding": [{"code": "x"}, {"system": "http://loinc.org"}]}},
        {"presentedForm": [{"contentType": "text/plain", "data": base64.b64encode("結節".encode()).decode()}]},
    ],
)
def test_a_report_that_says_little_is_valid_and_its_patient_is_no_empty_text(
    fields: dict[str, Any], policy: Policy
) -> None:
    assert [problems(each) for each in forms(bare(policy, **fields))] == [[]] * 4


@pytest.mark.parametrize(
    "time", ["2024", "2024-04", "2024-04-01", "2024-04-01T10:23", "2024-04-01T10:23:00", "2024-13-01", "2024-04-01T1"]
)
@pytest.mark.parametrize("name", ["effectiveDateTime", "issued"])
def test_a_time_that_a_sender_wrote_in_part_is_valid(name: str, time: str, policy: Policy) -> None:
    assert [problems(each) for each in forms(bare(policy, **{name: time}))] == [[]] * 4


@pytest.mark.parametrize(
    ("issued", "retracted"),
    [
        ("2024-04-01T10:00:00+09:00", "2026-11-28T10:00:00+09:00"),
        ("2027-04-01T10:00:00+09:00", "2027-04-01T10:00:00+09:00"),
        ("2027-04-01", "2027-04-01T00:00:00+00:00"),
        ("2024", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("patient", [PATIENT, ""])
def test_a_retraction_is_valid_and_not_issued_before_what_it_retracts(
    patient: str, issued: str, retracted: str | None
) -> None:
    audit = ReportAudit(
        blob="b", receipt_id="r", profile="jmid/3", keys_version="1", removed={}, dropped={}, review=False, reasons=(),
        report_id="R1", document="d", sha256="0", status="final", issued=issued, at="2026-11-01T00:00:00Z",
        keys=LinkKeys(patient_id=patient, study_instance_uid="2.25.1", modality="CT"),
    )  # fmt: skip

    resource = retraction_of(audit, "2026-11-28T10:00:00+09:00")

    assert problems(resource) == []
    assert resource.get("issued") == retracted


def stored(*statuses: str) -> StoredReport:
    """Return a report of the centre, a version for each status."""
    document = {**BARE, "id": "R1", "code": {"text": "CT"}}
    versions = tuple(
        StoredVersion(
            sha256=status, status=status, issued="", seen_at=1_795_000_000.0 + day, link="", flagged=False, studies=(),
            resource=json.dumps({**document, "status": status}).encode(), keys=LinkKeys(),
        )
        for day, status in enumerate(statuses)
    )  # fmt: skip
    return StoredReport(report_id="R1", site="hospital", profile="jmid/3", versions=versions)


def merged() -> PatientMerge:
    """Return two pseudonyms, of which one replaces the other."""
    pair = (PATIENT, "PATIENT-2")
    return with_decisions(None, "hospital", pair, [MergeDecision("merge", PATIENT, "2026-04-01")])


def test_bundles_are_valid() -> None:
    patient = resource_of([PATIENT], [merged()])

    every = [
        views.searchset([stored("final"), stored("entered-in-error")], patient),
        views.searchset([]),
        views.history(stored("entered-in-error")),
        views.history(stored("preliminary", "final")),
    ]

    assert [problems(each) for each in every] == [[]] * 4
    assert [each["total"] for each in every] == [2, 0, 0, 2]
    # bdl-3, bdl-4: each entry of a history has its request and its response
    assert [entry["request"] for entry in every[-1]["entry"]] == [{"method": "PUT", "url": "DiagnosticReport/R1"}] * 2
    assert [entry["response"] for entry in every[-1]["entry"]] == [
        {"status": "200", "lastModified": "2026-11-18T11:06:41.000+00:00"},
        {"status": "201", "lastModified": "2026-11-18T11:06:40.000+00:00"},
    ]


def diagnosis(**more: Any) -> Diagnosis:
    return msgspec.structs.replace(samples.diagnosis(**more), id="0b6d3f9e-5c0e-4d4e-9f0c-2f1c8f6c9a10")


def taken_back() -> Diagnosis:
    entry, asked = diagnosis(note="x"), DiagnosisRequest(by="a", reason="wrong case")
    return changed(entry, withdrawn(entry.content, asked, at="2026-11-28T10:00:00Z", author_id="id-of-a"))


def of_the_release_before(**content: Any) -> Diagnosis:
    said = {"by": "a", "study_instance_uids": ["2.25.7"], "at": "2026-04-01T09:30:00.000+09:00", **content}
    row = {"id": "x", "kind": "diagnosis", "studies": ["2.25.7"], "touched": ["2.25.7"], "versions": [said]}
    return msgspec.convert(DIAGNOSES.upgrades[0](row), Diagnosis)


SUFFIX = {"system": "urn:m", "code": "8002", "display": "の疑い", "kind": "suffix"}
UNNAMED = {"system": "", "code": "2056", "display": "", "kind": "prefix"}  # its terminology is not here any more


@pytest.mark.parametrize("patients", [(), ("P1",), ("P1", "P2")])
@pytest.mark.parametrize(
    ("entry", "modifiers"),
    [
        (diagnosis(), ()),
        (diagnosis(note="x", report_id="R1", study_instance_uids=()), ()),
        (diagnosis(code="", system="", system_version="", name="", display="", note="x"), ()),
        (diagnosis(certainty="not-stated", basis="not-stated", date=""), ()),
        *((diagnosis(certainty=each), ()) for each in ("provisional", "differential", "unconfirmed", "refuted")),
        (diagnosis(modifiers=("2056", "8002")), (UNNAMED, SUFFIX)),
        (taken_back(), ()),
        (of_the_release_before(system="http://hl7.org/fhir/sid/icd-10", code="I60.9"), ()),
        (of_the_release_before(note="x"), ()),
    ],
)
def test_every_diagnosis_is_a_valid_condition(
    entry: Diagnosis, modifiers: tuple[dict[str, str], ...], patients: tuple[str, ...]
) -> None:
    assert problems(condition(entry, patients, modifiers)) == []


def test_an_outcome_is_valid() -> None:
    assert problems(operation_outcome("invalid", "a", "b")) == []
