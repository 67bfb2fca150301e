"""What each site says that it received by day, and where that is: the centre's view of completeness."""

from typing import Any

import aiohttp_jinja2
import msgspec
from aiohttp import web

from services.linker.centre.acceptance import check_acts_for, check_gateway
from services.linker.centre.deps import CentreDeps
from services.linker.centre.records import COMPLETENESS, SiteDay
from services.linker.links.manual import decoded
from services.linker.reports.completeness import CompletenessReport
from shared import clock
from shared.documents import Order, Put
from shared.web import routing
from shared.web.routing import json_answer

_SHOWN = 500


class CompletenessRoutes(routing.Routes):
    """POST and GET /api/completeness and the page /completeness."""

    def __init__(self, deps: CentreDeps) -> None:
        self._deps = deps

    @routing.post("/api/completeness")
    async def post_days(self, request: web.Request) -> web.Response:
        """Take the days of a site from its gateway; the newest word of a day holds."""
        check_gateway(request, self._deps)
        told = await decoded(request, CompletenessReport)
        check_acts_for(request, self._deps, told.site)
        at = clock.utc_now().isoformat(timespec="seconds")
        rows = [
            SiteDay(id=f"{told.site}|{each.day}", site=told.site, day=each.day, counts=each, told_at=at)
            for each in told.days
        ]
        await self._deps.documents.write(*(Put(COMPLETENESS, row) for row in rows))
        return json_answer({"days": len(rows)})

    @routing.get("/api/completeness")
    async def get_days(self, _: web.Request) -> web.Response:
        """Return what sites told, the newest days first."""
        return json_answer({"days": await self._shown()})

    @routing.get("/completeness")
    async def page(self, request: web.Request) -> web.Response:
        """Show the same."""
        response = aiohttp_jinja2.render_template("linker/completeness.html", request, {"days": await self._shown()})
        response.headers["Cache-Control"] = "no-store"
        return response

    async def _shown(self) -> list[dict[str, Any]]:
        order = (Order("day", descending=True), Order("site"))
        page = await self._deps.documents.find(COMPLETENESS, order=order, limit=_SHOWN)
        return [
            {"site": each.site, "told_at": each.told_at, "adds_up": each.counts.adds_up}
            | msgspec.structs.asdict(each.counts)
            for each in page.documents
        ]
