"""The centre's report API: FHIR R4 in and out, links, and the ordered change feed."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec
import orjson
from aiohttp import web

from services.linker.centre import linking, views, within_reach
from services.linker.centre.acceptance import check_gateway, check_profile, check_site, delivered_by
from services.linker.centre.deps import CentreDeps
from services.linker.centre.merges import shown as merged
from services.linker.centre.merges.take import PATIENT
from services.linker.centre.recalls import RECALL
from services.linker.centre.records import (
    ANNOTATIONS,
    CASE_CHANGES,
    RECALLS,
    REPORTS,
    STUDIES_KNOWN,
    Changed,
    StoredReport,
    StoredVersion,
    with_version,
)
from services.linker.centre.withdrawal_records import is_withdrawn
from services.linker.centre.withdrawals import WITHDRAWN
from services.linker.diagnoses.records import DIAGNOSES
from services.linker.links.manual import CORRELATION
from services.linker.reports import document as documents
from shared import clock
from shared.documents import Change, Collection, Eq
from shared.documents.optimistic import change
from shared.errors import Invalid, NotFound
from shared.fhir.values import operation_outcome
from shared.logs import decided
from shared.web import routing
from shared.web.audited import about
from shared.whole_numbers import whole_number

FHIR_TYPES = ("application/fhir+json", "application/json")
_LIMIT = 200
_MAX_CHANGES = 1000
_MOST_SEQUENCE = 10**18  # the feed counts in 64 bits
ENTRIES: dict[str, Collection[Any]] = {"diagnosis": DIAGNOSES, "annotation": ANNOTATIONS}


class Taken(msgspec.Struct, frozen=True):
    """What came of one document. is_new: no version of the report was known.

    resource: the report as it holds now, which may be another version than the one that came.
    """

    report: StoredReport
    resource: dict[str, Any]
    is_new: bool


async def take_report(
    deps: CentreDeps, data: bytes, at: float, correlation_id: str = "", of_sites: frozenset[str] = frozenset()
) -> Taken:
    """Store one version of a report, link it, and note the change.

    of_sites: those that the gateway showed it is of; empty if it showed none.
    Raises Invalid. The same document again changes nothing, and is noted again in case a crash kept it from the feed.
    """
    document, incoming = documents.read(data)
    check_profile(incoming.profile, deps.settings)
    check_site(incoming.site, of_sites)
    await _check_not_withdrawn(deps, incoming)
    version = StoredVersion(
        sha256=incoming.sha256,
        status=incoming.status,
        issued=incoming.issued,
        seen_at=at,
        resource=data,
        keys=incoming.keys,
        studies=incoming.studies,
        link=incoming.link,
        flagged=incoming.flagged,
    )
    is_new = await deps.documents.get(REPORTS, incoming.report_id) is None

    async def step(old: StoredReport | None) -> StoredReport | None:
        if old is not None and old.site != incoming.site:
            raise Invalid("other-site", "DiagnosticReport.meta.source is not the site that this report came from")
        return with_version(old, incoming.site, incoming.profile, version, incoming.report_id)

    await change(deps.documents, REPORTS, incoming.report_id, step)
    try:
        await _check_not_withdrawn(deps, incoming)
    except Invalid:  # withdrawn while it was written
        await deps.documents.delete(REPORTS, incoming.report_id)
        raise
    report = await linking.relink(deps, incoming.report_id, at=at, changed=True, correlation_id=correlation_id)
    if report is None:
        raise NotFound("unknown-report", "the report is gone")
    is_current = report.current.resource == data
    return Taken(report, views.resource(report, document if is_current else None), is_new)


async def _check_not_withdrawn(deps: CentreDeps, incoming: documents.Incoming) -> None:
    """Raise Invalid for a report of a patient who opted out, whatever it is linked to."""
    is_gone = await is_withdrawn(deps, "patient", incoming.keys.patient_id, site=incoming.site)
    if is_gone or await is_withdrawn(deps, "report", incoming.report_id):
        raise Invalid("withdrawn", "the patient of this report opted out: nothing is kept of it")


class ReportRoutes(routing.Routes):
    """The handlers of the routes."""

    def __init__(self, deps: CentreDeps) -> None:
        self._deps = deps

    @routing.post("/api/reports")
    async def post_report(self, request: web.Request) -> web.Response:
        """Take one de-identified DiagnosticReport of a gateway; errors name elements, never values."""
        check_gateway(request, self._deps)
        if request.content_type not in FHIR_TYPES:
            return _outcome(415, "not-supported", "Content-Type must be application/fhir+json")
        data = await _read(request, self._deps.settings.report_bytes)
        if data is None:
            return _outcome(413, "too-long", "the report is larger than JMID_LINKER_REPORT_BYTES allows")
        try:
            of_sites = delivered_by(request, self._deps)
            taken = await take_report(self._deps, data, clock.now(), _correlation(request), of_sites)
        except Invalid as error:
            decided("report-refused", level="warning", service="linker", role="centre", reason=error.reason)
            return _refusal(error)
        about(request, "report", taken.report.report_id)
        about(request, "study", *taken.report.studies)
        headers = {"Location": f"/api/reports/{taken.report.report_id}"} if taken.is_new else {}
        return _fhir(taken.resource, status=201 if taken.is_new else 200, headers=headers)

    @routing.get("/api/reports")
    async def get_reports(self, request: web.Request) -> web.Response:
        """Return the reports of one Study as a searchset Bundle; with its Patient, if numbers of theirs were merged."""
        study = request.query.get("study", "")
        if not study:
            return _outcome(400, "required", "the query parameter study is missing")
        page = await self._deps.documents.find(REPORTS, Eq("studies", study), limit=_LIMIT)
        shown = await within_reach.reports(self._deps, (report for report in page.documents if not report.hidden))
        return _fhir(views.searchset(shown, await self._patient(study)))

    async def _patient(self, study_instance_uid: str) -> dict[str, Any] | None:
        """Return the merged patient of a Study; None if nothing was merged, or nothing that is within reach."""
        known = await self._deps.documents.get(STUDIES_KNOWN, study_instance_uid)
        if known is None:
            return None
        return merged.resource_of(
            known.patient_ids, await merged.within_reach(self._deps, known.patient_ids, known.site)
        )

    @routing.get("/api/reports/changes")
    async def get_changes(self, request: web.Request) -> web.Response:
        """Return the newest state of every document that changed after a sequence number, in the order of change."""
        try:
            after, limit = _whole(request, "after", 0), min(_whole(request, "limit", 100), _MAX_CHANGES)
        except ValueError:
            return _outcome(400, "value", "after and limit take whole numbers, for example after=0&limit=100")
        changes = await self._deps.documents.changes(CASE_CHANGES, after=after, limit=limit)
        resources = await self._documents(changes)
        body = {"changes": resources, "next": changes[-1].seq if changes else after, "more": len(changes) == limit}
        return web.Response(body=orjson.dumps(body), content_type="application/json")

    @routing.get("/api/reports/{report_id}")
    async def get_report(self, request: web.Request) -> web.Response:
        """Return a report as it holds now, its link included."""
        report = await self._named(request)
        return _fhir(views.resource(report)) if report else _no_such_report()

    @routing.get("/api/reports/{report_id}/history")
    async def get_history(self, request: web.Request) -> web.Response:
        """Return every version of a report."""
        report = await self._named(request)
        return _fhir(views.history(report)) if report else _no_such_report()

    async def _named(self, request: web.Request) -> StoredReport | None:
        report = await self._deps.documents.get(REPORTS, request.match_info["report_id"])
        within = await within_reach.reports(self._deps, [report] if report else [])
        return within[0] if within else None

    async def _documents(self, changes: Sequence[Change[Changed]]) -> list[dict[str, Any]]:
        store = self._deps.documents
        rows = [(change.seq, change.document) for change in changes if change.document is not None]
        reports = await store.get_many(REPORTS, [row.document_id for _, row in rows if row.kind == "report"])
        entries = {
            kind: await store.get_many(collection, [row.document_id for _, row in rows if row.kind == kind])
            for kind, collection in ENTRIES.items()
        }
        return [
            views.withdrawal(seq, row.document_id)
            if row.kind == WITHDRAWN
            else views.recall_change(seq, row.document_id, await store.get(RECALLS, row.document_id))
            if row.kind == RECALL
            else views.patient_change(seq, row.document_id, row.studies)
            if row.kind == PATIENT
            else views.report_change(seq, row.document_id, reports.get(row.document_id))
            if row.kind == "report"
            else views.entry_change(seq, row.kind, row.document_id, entries[row.kind].get(row.document_id))
            for seq, row in rows
        ]


def _correlation(request: web.Request) -> str:
    """Return the receipt's id that a gateway sent along; nothing that could be anything else."""
    given = request.headers.get(CORRELATION, "")
    return given if len(given) <= 64 and re.fullmatch(r"[A-Za-z0-9-]+", given) else ""


def _whole(request: web.Request, name: str, default: int) -> int:
    value = whole_number(request.query.get(name, str(default)), _MOST_SEQUENCE)
    if value is None:
        raise ValueError(name)
    return value


async def _read(request: web.Request, limit: int) -> bytes | None:
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > limit:
            return None
    return bytes(body)


def _fhir(body: object, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        status=status, body=orjson.dumps(body), content_type="application/fhir+json", headers=headers or {}
    )


def _refusal(error: Invalid) -> web.Response:
    """Return the OperationOutcome of a document that is not taken: an issue for each problem."""
    if error.reason == "not-json":
        return _outcome(400, "structure", error.detail)
    problems = error.problems if isinstance(error, documents.OutsideSchema) else (error.detail,)
    return _outcome(422, "invalid", *problems)


def _no_such_report() -> web.Response:
    return _outcome(404, "not-found", "no such report")


def _outcome(status: int, code: str, *diagnostics: str) -> web.Response:
    return _fhir(operation_outcome(code, *diagnostics), status=status)
