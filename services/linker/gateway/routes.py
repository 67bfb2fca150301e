"""The gateway's pages and API: unlinked reports, linking by hand, the delivery backlog."""

import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp_jinja2
import msgspec
import orjson
from aiohttp import web

from services.linker.gateway import linking, planning
from services.linker.gateway.couriers import Courier
from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.store import DELIVERIES, REPORTS_SEEN, STUDIES_SEEN, Delivery, SeenStudy
from services.linker.guarded import change
from services.linker.hand import HandRequest, decoded, json_error
from services.linker.records import LINKS, Link
from shared.documents import Eq, Order
from shared.errors import Invalid, NotFound, Permanent

_LIMIT = 200
DELIVERY_STATES = ("held", "review", "pending", "failed", "withdrawn", "done", "released")


class DeliveryRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """action: release a report that waits for review, or retry what failed. delivery_id: empty retries all failed."""

    action: str
    by: str
    delivery_id: str = ""


class GatewayRoutes:
    """The handlers of the routes, with their dependencies."""

    def __init__(self, deps: GatewayDeps, couriers: list[Courier]) -> None:
        self._deps = deps
        self._couriers = couriers

    def routes(self) -> list[web.AbstractRouteDef]:
        """Return the routes with their full paths."""
        return [
            web.get("/gateway/links", self.page),
            web.post("/gateway/links", self.page_action),
            web.get("/api/gateway/links", self.get_links),
            web.post("/api/gateway/links", self.post_link),
            web.get("/api/gateway/deliveries", self.get_deliveries),
            web.post("/api/gateway/deliveries", self.post_delivery),
        ]

    async def get_links(self, request: web.Request) -> web.Response:
        """Return links of one state (default unlinked) with what came close, newest first."""
        state = request.query.get("state", "unlinked")
        return _json({"links": await self._links(state)})

    async def post_link(self, request: web.Request) -> web.Response:
        """Link, unlink, or give back to the rules, by hand."""
        try:
            return _json(await self._decide(await decoded(request, HandRequest)))
        except Permanent as error:
            return json_error(error)

    async def get_deliveries(self, request: web.Request) -> web.Response:
        """Return the backlog: counts by state, the couriers' outage, and what is held, waiting or failed."""
        states = (request.query["state"],) if "state" in request.query else ("failed", "review", "pending", "held")
        found = []
        for state in states:
            page = await self._deps.documents.find(DELIVERIES, Eq("state", state), limit=_LIMIT)
            found += [_delivery_json(delivery) for delivery in page.documents]
        outages = {c.name: {"tries": c.outage.tries, "reason": c.outage.reason} for c in self._couriers}
        return _json({"counts": await self.counts(), "outages": outages, "deliveries": found})

    async def post_delivery(self, request: web.Request) -> web.Response:
        """Let a report pass review, or try failed deliveries again."""
        try:
            asked = await decoded(request, DeliveryRequest)
            if asked.action not in ("release", "retry") or not asked.by:
                raise Invalid("not-an-action", "action takes release or retry; by says who")
            return _json({"changed": await self._act(asked)})
        except Permanent as error:
            return json_error(error)

    async def page(self, request: web.Request) -> web.Response:
        """Show unlinked reports with their candidates, and the backlog."""
        context = {
            "unlinked": await self._links("unlinked"),
            "hand": [link for link in await self._links("linked") if link["rule"] == "by-hand"],
            "counts": await self.counts(),
            "outages": [
                {"name": c.name, "reason": c.outage.reason, "tries": c.outage.tries}
                for c in self._couriers
                if c.outage.tries
            ],
            "failed": await self._some("failed"),
            "review": await self._some("review"),
        }
        response = aiohttp_jinja2.render_template("linker/links.html", request, context)
        response.headers["Cache-Control"] = "no-store"
        return response

    async def page_action(self, request: web.Request) -> web.Response:
        """Take the page's forms; only from this very origin (no cross-site form can link)."""
        origin = request.headers.get("Origin", "")
        if urlsplit(origin).netloc != request.host:
            raise web.HTTPForbidden(text="not from this page")
        form = {name: str(value) for name, value in (await request.post()).items()}
        try:
            if form.pop("form", "") == "delivery":
                await self._act(msgspec.convert(form, DeliveryRequest))
            else:
                await self._decide(msgspec.convert(form, HandRequest))
        except (Permanent, msgspec.ValidationError) as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        raise web.HTTPSeeOther("/gateway/links")

    async def counts(self) -> dict[str, int]:
        """Return how many deliveries are in each state, and how many reports are unlinked."""
        documents = self._deps.documents
        counts = {state: await documents.count(DELIVERIES, Eq("state", state)) for state in DELIVERY_STATES}
        return {**counts, "unlinked": await documents.count(LINKS, Eq("state", "unlinked"))}

    async def _decide(self, asked: HandRequest) -> dict[str, Any]:
        decision = asked.decision()
        if decision.action == "link" and await self._study(decision.study_instance_uid) is None:
            raise NotFound("unknown-study", "study_instance_uid: no such Study at this gateway")
        link = await linking.relink(self._deps, asked.report_id, at=time.time(), decision=decision)
        if link is None:
            raise NotFound("unknown-report", "report_id: no such report at this gateway")
        return await self._link_json(link)

    async def _act(self, asked: DeliveryRequest) -> int:
        if asked.delivery_id:
            keys = [asked.delivery_id]
        else:
            keys = [delivery["id"] for delivery in await self._some("failed")] if asked.action == "retry" else []
        for key in keys:
            await self._act_on(key, asked.action)
        return len(keys)

    async def _act_on(self, key: str, action: str) -> None:
        documents = self._deps.documents

        async def step(old: Delivery | None) -> Delivery | None:
            if old is None:
                raise NotFound("unknown-delivery", "delivery_id: no such delivery")
            if action == "release":
                report = await documents.get(REPORTS_SEEN, old.report_id) if old.state == "review" else None
                return msgspec.structs.replace(old, approved=report.current.sha256) if report else None
            return retried(old, time.time())

        delivery = await change(documents, DELIVERIES, key, step)
        if delivery is not None and delivery.kind == "report":
            await planning.plan_report(self._deps, delivery.report_id)
        self._deps.bell.ring()

    async def _study(self, uid: str) -> SeenStudy | None:
        return await self._deps.documents.get(STUDIES_SEEN, uid)

    async def _some(self, state: str) -> list[dict[str, Any]]:
        page = await self._deps.documents.find(DELIVERIES, Eq("state", state), limit=_LIMIT)
        return [_delivery_json(delivery) for delivery in page.documents]

    async def _links(self, state: str) -> list[dict[str, Any]]:
        order = (Order("decided_at", descending=True),)
        page = await self._deps.documents.find(LINKS, Eq("state", state), order=order, limit=_LIMIT)
        return [await self._link_json(link) for link in page.documents]

    async def _link_json(self, link: Link) -> dict[str, Any]:
        report = await self._deps.documents.get(REPORTS_SEEN, link.report_id)
        studies = await self._deps.documents.get_many(STUDIES_SEEN, list({*link.candidates, *link.studies}))
        shown: dict[str, Any] = msgspec.to_builtins(link)
        shown["report"] = msgspec.to_builtins(report.current.keys) | {"status": report.current.status} if report else {}
        shown["known_studies"] = [msgspec.to_builtins(studies[uid].keys) for uid in sorted(studies)]
        return shown


def retried(old: Delivery, now: float) -> Delivery | None:
    """Return a failed delivery as it is to be tried again; None if it did not fail."""
    if old.state != "failed":
        return None
    kept = {uid: text for uid, text in old.outcomes.items() if not text.startswith("failed")}
    return msgspec.structs.replace(
        old, outcomes=kept, state="pending", due_at=now, attempts=0, reason="", refused="", want=""
    )


def _delivery_json(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "kind": delivery.kind,
        "state": delivery.state,
        "reason": delivery.reason,
        "study_instance_uid": delivery.study_instance_uid,
        "report_id": delivery.report_id,
        "receipt_id": delivery.receipt_id,
        "instances": len(delivery.instances),
        "waiting": len(delivery.waiting),
        "failed": {uid: text for uid, text in delivery.outcomes.items() if text.startswith("failed")},
        "attempts": delivery.attempts,
        "due_at": datetime.fromtimestamp(delivery.due_at, UTC).isoformat(timespec="seconds"),
        "arrived_at": datetime.fromtimestamp(delivery.arrived_at, UTC).isoformat(timespec="seconds"),
    }


def _json(value: object) -> web.Response:
    return web.Response(body=orjson.dumps(value), content_type="application/json")
