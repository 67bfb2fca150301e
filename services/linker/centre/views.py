"""How the centre's documents look from outside. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import orjson

from services.linker.centre.records import Recall, StoredReport, StoredVersion
from services.linker.diagnoses.records import Diagnosis, Entry, State
from services.linker.links.records import Link
from services.linker.reports import document as reports

Json = dict[str, Any]


def resource(report: StoredReport, parsed: Json | None = None) -> Json:
    """Return the report as FHIR R4 DiagnosticReport with its link as it is now; of a retracted one, that it was.

    parsed: the JSON of its current version, if the caller has read it.
    """
    version = report.current
    document = reports.parsed(version.resource) if parsed is None else parsed
    linked = reports.linked(document, version.sha256, report.studies, report.rule)
    return reports.tombstone(linked) if report.hidden else linked


def entry(stored: Entry) -> Json:
    """Return a diagnosis or annotation: its last version, with the number of it."""
    last = stored.versions[-1]
    return {
        "id": stored.id,
        "kind": stored.kind,
        "version": len(stored.versions),
        **({"state": stored.state.value} if isinstance(stored, Diagnosis) else {}),
        **version(last),
    }


def version(content: Json) -> Json:
    """Return one version of an entry without what tells persons apart, which is no reader's business."""
    return {name: value for name, value in content.items() if name != "author_id"}


def is_shown(changed: Entry | None) -> bool:
    """Say whether there is such an entry, and it is no reading that others do not see yet, nor overruled."""
    return changed is not None and (not isinstance(changed, Diagnosis) or changed.state is State.STANDS)


def report_change(seq: int, report_id: str, report: StoredReport | None) -> Json:
    """Return the feed's entry of a report."""
    head = {"seq": seq, "kind": "report", "id": report_id, "report_id": report_id}
    if report is None:
        return {**head, "study_instance_uids": [], "touched": [], "removed": True, "document": None}
    return {
        **head,
        "study_instance_uids": list(report.studies),
        "touched": list(report.touched),
        "removed": report.hidden,
        "rule": report.rule,
        "document": resource(report),
    }


def entry_change(seq: int, kind: str, entry_id: str, changed: Entry | None) -> Json:
    """Return the feed's entry of a diagnosis or annotation."""
    head = {"seq": seq, "kind": kind, "id": entry_id, "report_id": changed.report_id if changed else ""}
    if changed is None or not is_shown(changed):
        return {**head, "study_instance_uids": [], "touched": [], "removed": True, "document": None}
    shown = entry(changed)
    return {
        **head,
        "study_instance_uids": list(changed.studies),
        "touched": list(changed.touched),
        "removed": shown["removed"],
        "document": shown,
    }


def recall_change(seq: int, study_instance_uid: str, recall: Recall | None) -> Json:
    """Return the feed's entry of a recall."""
    head = {"seq": seq, "kind": "recall", "id": study_instance_uid, "report_id": ""}
    own = {"study_instance_uids": [study_instance_uid], "touched": [], "removed": recall is None}
    return {**head, **own, "document": msgspec.to_builtins(recall)}


def withdrawal(seq: int, study_instance_uid: str) -> Json:
    """Return the feed's entry of a Study of which nothing is left, since its patient opted out."""
    head = {"seq": seq, "kind": "withdrawn", "id": study_instance_uid, "report_id": ""}
    return {**head, "study_instance_uids": [study_instance_uid], "touched": [], "removed": True, "document": None}


def patient_change(seq: int, merge_id: str, studies: Sequence[str]) -> Json:
    """Return the feed's entry of Studies whose patient was merged, or is no longer."""
    head = {"seq": seq, "kind": "patient", "id": merge_id, "report_id": ""}
    return {**head, "study_instance_uids": list(studies), "touched": [], "removed": False, "document": None}


def searchset(reports: list[StoredReport], patient: Json | None = None) -> Json:
    """Return reports as a FHIR searchset Bundle. patient: that is included, beside what matches."""
    entries = [{"resource": resource(report), "search": {"mode": "match"}} for report in reports]
    included = [{"resource": patient, "search": {"mode": "include"}}] if patient else []
    return _bundle("searchset", len(entries), [*entries, *included])


def history(report: StoredReport) -> Json:
    """Return all versions of a report, the newest first, as a FHIR history Bundle; nothing of a retracted one."""
    versions = [] if report.hidden else list(reversed(report.versions))
    entries = [_as_put(report.report_id, version, is_first=version is report.versions[0]) for version in versions]
    return _bundle("history", len(entries), entries)


def _as_put(report_id: str, version: StoredVersion, *, is_first: bool) -> Json:
    """Return a version as a history has it: with the request that made it, and its answer (FHIR R4 bdl-3, bdl-4)."""
    modified = datetime.fromtimestamp(version.seen_at, UTC).isoformat(timespec="milliseconds")
    return {
        "resource": orjson.loads(version.resource),
        "request": {"method": "PUT", "url": f"DiagnosticReport/{report_id}"},
        "response": {"status": "201" if is_first else "200", "lastModified": modified},
    }


def _bundle(kind: str, total: int, entries: list[Json]) -> Json:
    """Return a Bundle; one without entries has no entry, for no array of FHIR JSON is empty (FHIR R4 2.6.2)."""
    return {"resourceType": "Bundle", "type": kind, "total": total, **({"entry": entries} if entries else {})}


def link(decided: Link, report: StoredReport | None) -> Json:
    """Return one link with what a person needs to decide."""
    return {
        "report_id": decided.report_id,
        "state": decided.state,
        "studies": list(decided.studies),
        "rule": decided.rule,
        "reason": decided.reason,
        "candidates": list(decided.candidates),
        "hand": [
            {"action": d.action, "study": d.study_instance_uid, "by": d.by, "at": d.at, "why": d.why}
            for d in decided.decisions
        ],
        "report": {
            "site": report.site,
            "patient_id": report.patient_id,
            "accession_number": report.accession_number,
            "study_date": report.study_date,
            "modality": report.current.keys.modality,
        }
        if report
        else {},
    }
