"""The centre's API of links: what is linked, what could be, and linking by hand."""

import orjson
from aiohttp import web

from services.linker.centre import free_text, linking, views, within_reach
from services.linker.centre.deps import CentreDeps
from services.linker.centre.records import REPORTS, STUDIES_KNOWN
from services.linker.links.manual import ManualLinkRequest, decoded
from services.linker.links.merges import NOBODY, merged_patients
from services.linker.links.records import LINKS, Link
from services.linker.links.states import LinkState
from shared import clock
from shared.documents import Eq, Order
from shared.errors import NotFound
from shared.web import routing
from shared.web.audited import about

_LIMIT = 200
MOST_LOOKED_AT = 10_000


class LinkRoutes(routing.Routes):
    """The handlers of the routes."""

    def __init__(self, deps: CentreDeps) -> None:
        self._deps = deps

    @routing.get("/api/links")
    async def get_links(self, request: web.Request) -> web.Response:
        """Return links of one state (default unlinked), newest first: of the last MOST_LOOKED_AT those within reach.

        study: those of reports that are linked to this Study, or could be by a rule or by hand, instead.
        """
        study = request.query.get("study", "")
        asked_for = self._links_of(study) if study else self._links(request.query.get("state", LinkState.UNLINKED))
        links = await asked_for
        reports = await self._deps.documents.get_many(REPORTS, [link.report_id for link in links])
        shown = [views.link(link, reports.get(link.report_id)) for link in links]
        return web.Response(body=orjson.dumps({"links": shown}), content_type="application/json")

    async def _links(self, state: str) -> list[Link]:
        order, after, shown = (Order("decided_at", descending=True),), None, list[Link]()
        for _ in range(MOST_LOOKED_AT // _LIMIT):
            page = await self._deps.documents.find(LINKS, Eq("state", state), order=order, limit=_LIMIT, after=after)
            shown += await within_reach.links(self._deps, page.documents)
            after = page.next
            if after is None or len(shown) >= _LIMIT:
                break
        return shown[:_LIMIT]

    async def _links_of(self, study_instance_uid: str) -> list[Link]:
        known = await self._deps.documents.get(STUDIES_KNOWN, study_instance_uid)
        if known is None:
            return []
        reports = sorted(await linking.reports_of(self._deps, known))
        links = await self._deps.documents.get_many(LINKS, reports[:MOST_LOOKED_AT])
        return (await within_reach.links(self._deps, list(links.values())))[:_LIMIT]

    @routing.post("/api/links")
    async def post_link(self, request: web.Request) -> web.Response:
        """Link, unlink, or give back to the rules, by hand."""
        asked = await decoded(request, ManualLinkRequest)
        named = [asked.study_instance_uid] if asked.study_instance_uid else []
        await within_reach.check(self._deps, named, asked.report_id)
        doubts = await free_text.warnings(self._deps.check_text, {"why": asked.why})
        decision = asked.decision()
        known = await self._deps.documents.get(REPORTS, asked.report_id)
        study = await self._deps.documents.get(STUDIES_KNOWN, decision.study_instance_uid)
        patients = await merged_patients(self._deps.documents, known.site, [known.patient_id]) if known else NOBODY
        keys = patients.of_report(known.current.keys) if known else None
        decision = asked.checked(decision, keys, patients.of_study(study.keys) if study else None)
        report = await linking.relink(self._deps, asked.report_id, at=clock.now(), decision=decision)
        if report is None:
            raise NotFound("unknown-report", "report_id: no such report at the centre")
        about(request, "report", asked.report_id)
        about(request, "study", asked.study_instance_uid)
        link = await self._deps.documents.get(LINKS, asked.report_id)
        body = orjson.dumps(free_text.with_warnings(views.link(link, report) if link else {}, doubts))
        return web.Response(body=body, content_type="application/json")
