"""A person looks at an image that may carry burned-in text, and accepts it, masks parts of it, or rejects it.

These pages show identified pixels. They are the gateway's, inside the hospital; every decision is recorded with who
made it. What is decided goes through the same handler as everything else: the event of its receipt, said again.
"""

import re

import aiohttp_jinja2
from aiohttp import web

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.instances import burned_in
from services.anonymizer.pixels import image, text_detector
from services.anonymizer.pixels.rules import rules
from services.anonymizer.quarantine.decisions import bytes_of, carry_out, choice_of, form_of, item_of
from services.anonymizer.records import DECISIONS, Choice, Decision, Kind, Quarantined
from shared import clock
from shared.bus import Bus
from shared.errors import Invalid, NotFound, Permanent

_BOX = re.compile(r"(\d{1,5}),(\d{1,5}),(\d{1,5}),(\d{1,5})")
_BLOB = "{blob:[A-Za-z0-9._/-]+}"
PIXEL_REASONS = frozenset(rule.name for rule in rules() if rule.then == "look") | {
    burned_in.FOUND,
    text_detector.UNSEEN,
}


def review_routes(deps: AnonymizerDeps, bus: Bus) -> list[web.AbstractRouteDef]:
    """Below /gateway/quarantine/{blob}: the page, frames as PNG, the proposed boxes, and the decision by POST."""

    async def page(request: web.Request) -> web.Response:
        item = await item_of(deps, request, Kind.INSTANCE, "Instance")
        decision = await deps.documents.get(DECISIONS, item.blob)
        context = {"item": item, "decision": decision, "visible": item.reason in PIXEL_REASONS}
        return aiohttp_jinja2.render_template("anonymizer/review.html", request, context)

    async def frame(request: web.Request) -> web.Response:
        data = await bytes_of(deps, await item_of(deps, request, Kind.INSTANCE, "Instance"))
        try:
            picture = await deps.cpu(image.png, data, int(request.match_info["frame"]))
        except Permanent as error:
            raise NotFound(error.reason, error.detail) from error
        return web.Response(body=picture, content_type="image/png", headers={"Cache-Control": "no-store"})

    async def proposal(request: web.Request) -> web.Response:
        item = await item_of(deps, request, Kind.INSTANCE, "Instance")
        data = await bytes_of(deps, item)
        try:
            boxes = await deps.cpu(burned_in.proposed, data, item.reason)
        except Permanent as error:
            raise NotFound(error.reason, error.detail) from error
        return web.json_response({"boxes": [list(box) for box in boxes]})

    async def decide(request: web.Request) -> web.Response:
        form = await form_of(request)
        item = await item_of(deps, request, Kind.INSTANCE, "Instance")
        decision = _decision(item, form)
        await carry_out(deps, bus, item, decision)
        raise web.HTTPSeeOther("/gateway/quarantine")

    at = f"/gateway/quarantine/{_BLOB}"
    return [
        web.get(f"{at}/frames/{{frame:\\d{{1,5}}}}.png", frame),
        web.get(f"{at}/proposal", proposal),
        web.get(at, page),
        web.post(at, decide),
    ]


def _decision(item: Quarantined, form: dict[str, str]) -> Decision:
    """Return the decision of a form; raise Invalid if it says nothing that can be done."""
    choice, by = choice_of(form, (Choice.ACCEPT, Choice.MASK, Choice.REJECT))
    if choice is not Choice.REJECT and item.reason not in PIXEL_REASONS:
        raise Invalid("not-in-pixels", "what is wrong with it is not in its pixels: it can only be rejected")
    corners = [tuple(map(int, match.groups())) for match in _BOX.finditer(form.get("boxes", ""))]
    boxes = tuple((a, b, c, d) for a, b, c, d in corners if a < c and b < d)
    if choice is Choice.MASK and not boxes:
        raise Invalid("wrong-boxes", "boxes is left,top,right,bottom;… in pixels, at least one")
    now = clock.utc_now().isoformat(timespec="milliseconds")
    return Decision(blob=item.blob, decision=choice, boxes=boxes if choice is Choice.MASK else (), by=by, at=now)
