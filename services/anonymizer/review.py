"""A person looks at an image that may carry burned-in text, and accepts it, masks parts of it, or rejects it.

These pages show identified pixels. They are the gateway's, inside the hospital; every decision is recorded with who
made it. What is decided goes through the same handler as everything else: the event of its receipt, said again.
"""

import re
from datetime import UTC, datetime

import aiohttp_jinja2
from aiohttp import web
from msgspec import structs

from services.anonymizer import pixel_image, pixels
from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.pixel_rules import rules
from services.anonymizer.store import DECISIONS, QUARANTINE, Decision, Quarantined
from shared.bus import Bus
from shared.documents import Put
from shared.errors import NotFound, Permanent
from shared.events import InstancesReceived
from shared.logs import decided

_BOX = re.compile(r"(\d{1,5}),(\d{1,5}),(\d{1,5}),(\d{1,5})")
_BLOB = "{blob:[A-Za-z0-9._/-]+}"
PIXEL_REASONS = frozenset(rule.name for rule in rules() if rule.then == "look")


def review_routes(deps: AnonymizerDeps, bus: Bus) -> list[web.AbstractRouteDef]:
    """Below /gateway/quarantine/{blob}: the page, frames as PNG, the proposed boxes, and the decision by POST."""

    async def page(request: web.Request) -> web.Response:
        item = await _item(deps, request)
        decision = await deps.documents.get(DECISIONS, item.blob)
        context = {"item": item, "decision": decision, "visible": item.reason in PIXEL_REASONS}
        return aiohttp_jinja2.render_template("anonymizer/review.html", request, context)

    async def frame(request: web.Request) -> web.Response:
        data = await _bytes(deps, await _item(deps, request))
        try:
            picture = await deps.cpu(pixel_image.png, data, int(request.match_info["frame"]))
        except Permanent as error:
            raise web.HTTPNotFound(text=f"{error.reason}\n") from error
        return web.Response(body=picture, content_type="image/png", headers={"Cache-Control": "no-store"})

    async def proposal(request: web.Request) -> web.Response:
        data = await _bytes(deps, await _item(deps, request))
        try:
            boxes = await deps.cpu(pixels.proposed, data)
        except Permanent as error:
            raise web.HTTPNotFound(text=f"{error.reason}\n") from error
        return web.json_response({"boxes": [list(box) for box in boxes]})

    async def decide(request: web.Request) -> web.Response:
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            raise web.HTTPForbidden(text="a decision is made on this page, not from another site\n")
        item = await _item(deps, request)
        decision = _decision(item, {key: str(value) for key, value in (await request.post()).items()})
        await _carry_out(deps, bus, item, decision)
        raise web.HTTPSeeOther("/gateway/quarantine")

    at = f"/gateway/quarantine/{_BLOB}"
    return [
        web.get(f"{at}/frames/{{frame:\\d{{1,5}}}}.png", frame),
        web.get(f"{at}/proposal", proposal),
        web.get(at, page),
        web.post(at, decide),
    ]


async def _item(deps: AnonymizerDeps, request: web.Request) -> Quarantined:
    item = await deps.documents.get(QUARANTINE, request.match_info["blob"])
    if item is None or item.kind != "instance":
        raise web.HTTPNotFound(text="no Instance of that key is in quarantine\n")
    return item


async def _bytes(deps: AnonymizerDeps, item: Quarantined) -> bytes:
    try:
        return await deps.identified.get(item.blob)
    except NotFound as error:
        raise web.HTTPGone(text="the original bytes are no longer kept\n") from error


def _decision(item: Quarantined, form: dict[str, str]) -> Decision:
    """Return the decision of a form; raise HTTPBadRequest if it says nothing that can be done."""
    choice, by = form.get("decision", ""), form.get("by", "").strip()
    if choice not in ("accept", "mask", "reject"):
        raise web.HTTPBadRequest(text="decision is one of accept, mask, reject\n")
    if not by or len(by) > 64:
        raise web.HTTPBadRequest(text="by is the name of who decides, at most 64 characters\n")
    if choice != "reject" and item.reason not in PIXEL_REASONS:
        raise web.HTTPBadRequest(text="what is wrong with it is not in its pixels: it can only be rejected\n")
    found = [tuple(map(int, match.groups())) for match in _BOX.finditer(form.get("boxes", ""))]
    boxes = tuple((a, b, c, d) for a, b, c, d in found if a < c and b < d)
    if choice == "mask" and not boxes:
        raise web.HTTPBadRequest(text="boxes is left,top,right,bottom;… in pixels, at least one\n")
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return Decision(blob=item.blob, decision=choice, boxes=boxes if choice == "mask" else (), by=by, at=now)


async def _carry_out(deps: AnonymizerDeps, bus: Bus, item: Quarantined, decision: Decision) -> None:
    """Record the decision, then have the Instance handled again; if that fails, the person decides again."""
    state = "rejected" if decision.decision == "reject" else item.state
    await deps.documents.write(Put(DECISIONS, decision), Put(QUARANTINE, structs.replace(item, state=state)))
    decided("quarantine-decided", service="anonymizer", receipt_id=item.receipt_id, reason=decision.decision)
    if decision.decision != "reject":
        event = InstancesReceived.first(
            f"decision|{item.blob}|{decision.at}",
            correlation_id=item.receipt_id,
            site=deps.site,
            occurred_at=datetime.fromisoformat(decision.at),
            receipt_id=item.receipt_id,
            blobs=(item.blob,),
        )
        await bus.publish(event)
