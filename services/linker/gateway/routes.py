"""The gateway's pages and API: unlinked reports, linking by hand, review, the delivery backlog."""

from typing import Any

import aiohttp_jinja2
import msgspec
from aiohttp import web

from services.linker.gateway.operator_actions import DeliveryRequest, OperatorActions
from services.linker.links.manual import ManualLinkRequest, OtherPatient, decoded
from services.linker.links.states import DeliveryState, LinkState
from shared.errors import Invalid
from shared.web import routing
from shared.web.routing import json_answer

_WAITING = (DeliveryState.FAILED, DeliveryState.REVIEW, DeliveryState.PENDING, DeliveryState.HELD)


class GatewayRoutes(routing.Routes):
    """The handlers of the routes."""

    def __init__(self, actions: OperatorActions) -> None:
        self._actions = actions

    @routing.get("/api/gateway/links")
    async def get_links(self, request: web.Request) -> web.Response:
        """Return links of one state (default unlinked) with what came close, newest first."""
        return json_answer({"links": await self._actions.links(request.query.get("state", LinkState.UNLINKED))})

    @routing.post("/api/gateway/links")
    async def post_link(self, request: web.Request) -> web.Response:
        """Link, unlink, or give back to the rules, by hand."""
        return json_answer(await self._actions.decide(await decoded(request, ManualLinkRequest)))

    @routing.get("/api/gateway/reports/{report_id}")
    async def get_report(self, request: web.Request) -> web.Response:
        """Return the de-identified report with its link and delivery."""
        return json_answer(await self._actions.report(request.match_info["report_id"]))

    @routing.get("/api/gateway/deliveries")
    async def get_deliveries(self, request: web.Request) -> web.Response:
        """Return the backlog: counts by state, the delivery workers' outages, and what is held, waiting or failed."""
        states = (request.query["state"],) if "state" in request.query else _WAITING
        deliveries = [delivery for state in states for delivery in await self._actions.deliveries(state)]
        outages = {each.name: {"tries": each.tries, "reason": each.reason} for each in await self._actions.workers()}
        return json_answer({"counts": await self._actions.counts(), "outages": outages, "deliveries": deliveries})

    @routing.post("/api/gateway/deliveries")
    async def post_delivery(self, request: web.Request) -> web.Response:
        """Let a report pass review, or try failed deliveries again."""
        return json_answer({"changed": await self._actions.act(await decoded(request, DeliveryRequest))})

    @routing.get("/gateway/links")
    async def links_page(self, request: web.Request) -> web.Response:
        """Show unlinked reports with their candidates, links by hand, what waits for review and what failed."""
        return _page(
            request,
            "links",
            unlinked=await self._actions.links(LinkState.UNLINKED),
            hand=await self._actions.manual_links(),
            counts=await self._actions.counts(),
            outages=[each for each in await self._actions.workers() if each.tries],
            failed=await self._actions.deliveries(DeliveryState.FAILED),
            review=await self._actions.deliveries(DeliveryState.REVIEW),
        )

    @routing.get("/gateway/reports/{report_id}")
    async def report_page(self, request: web.Request) -> web.Response:
        """Show one de-identified report, for whoever links or reviews it."""
        report = await self._actions.report(request.match_info["report_id"])
        texts = [c for c in report["document"].get("contained", []) if c.get("resourceType") == "Observation"]
        return _page(request, "report", texts=texts, **report)

    @routing.post("/gateway/links")
    async def page_action(self, request: web.Request) -> web.Response:
        """Take the pages' forms; where a link would join two patients, ask again with both shown."""
        form = {name: str(value).strip() for name, value in (await request.post()).items()}
        try:
            if form.pop("form", "") == "delivery":
                await self._actions.act(msgspec.convert(form, DeliveryRequest))
            else:
                await self._actions.decide(msgspec.convert(form, ManualLinkRequest))
        except msgspec.ValidationError as error:
            raise Invalid("not-the-form", "the form is not complete") from error
        except OtherPatient as error:
            report, _, study = error.patients.partition(" / ")
            return _page(request, "confirm_link", form=form, patients=error.patients, report=report, study=study)
        raise web.HTTPSeeOther("/gateway/links")


def _page(request: web.Request, name: str, **context: Any) -> web.Response:
    response = aiohttp_jinja2.render_template(f"linker/{name}.html", request, context)
    response.headers["Cache-Control"] = "no-store"
    return response
