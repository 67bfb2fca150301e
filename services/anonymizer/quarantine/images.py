"""A person looks at an image that may carry burned-in text, and accepts it, masks parts of it, or rejects it.

These pages show identified pixels. They are the gateway's, inside the hospital; every decision is recorded with who
made it. It may be made for the image, for what waits of its Series, or for all images of its device from now on.
"""

import re
from collections.abc import Callable, Mapping

import aiohttp_jinja2
from aiohttp import web

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.device_rules import Box
from services.anonymizer.documents import pdf, secondary_capture
from services.anonymizer.instances import burned_in, documents
from services.anonymizer.pixels import image, text_detector
from services.anonymizer.pixels.rules import rules
from services.anonymizer.policy_now import policy_now
from services.anonymizer.quarantine import decisions, device_decisions, series
from services.anonymizer.records import Choice, Decision, Kind, Quarantined, State
from shared import clock
from shared.bus import Bus
from shared.errors import Invalid, NotFound, Permanent, Refused
from shared.whole_numbers import whole_number

_BOX = re.compile(r"(?:(\d{1,5}):)?(\d{1,5}),(\d{1,5}),(\d{1,5}),(\d{1,5})")  # of one page, or of every frame
_BLOB = "{blob:[A-Za-z0-9._/-]+}"
PIXEL_REASONS = frozenset(rule.name for rule in rules() if rule.then == "look") | {
    burned_in.FOUND,
    burned_in.LEFT,
    text_detector.UNSEEN,
}
_LOOKED_AT = PIXEL_REASONS | {documents.PAGES}
PageBox = tuple[int, int, int, int, int]
_SCOPES = ("item", "series", "device")


class ImageReview:
    """The handlers of the page of one image."""

    def __init__(self, deps: AnonymizerDeps, bus: Bus) -> None:
        self._deps, self._bus = deps, bus

    async def page(self, request: web.Request) -> web.Response:
        """Show the picture, what else of its Series waits, and what was decided."""
        item = await self._item(request)
        context = await decisions.shown_with(self._deps, request, item)
        waiting = await series.waiting_of(self._deps.documents, item, PIXEL_REASONS)
        waiting = [] if item.reason == documents.PAGES else waiting  # each document is read by itself
        context |= {"visible": item.reason in _LOOKED_AT, "series": waiting[: series.SHOWN], "waiting": len(waiting)}
        context |= {"is_document": item.reason == documents.PAGES}
        return aiohttp_jinja2.render_template("anonymizer/review.html", request, context)

    async def frame(self, request: web.Request) -> web.Response:
        """Return one frame as a PNG."""
        item = await self._item(request)
        data = await decisions.bytes_of(self._deps, item)
        try:
            picture = await self._deps.cpu(_png_of(item), data, int(request.match_info["frame"]))
        except Permanent as error:
            raise NotFound(error.reason, error.detail) from error
        return web.Response(body=picture, content_type="image/png", headers={"Cache-Control": "no-store"})

    async def proposal(self, request: web.Request) -> web.Response:
        """Return boxes to mask: outside the ultrasound regions, and where the detector sees text.

        Without a detector nobody looked for text: 403 with the reason, unless only regions=1 are asked for.
        Of a document it is asked for one page: frame, from 0.
        """
        item = await self._item(request)
        data = await decisions.bytes_of(self._deps, item)
        if item.reason == documents.PAGES:
            return await self._proposal_of_page(request, data)
        try:
            proposal = await self._deps.cpu(burned_in.proposed, data, item.reason)
        except Permanent as error:
            raise NotFound(error.reason, error.detail) from error
        if proposal.text is None and request.query.get("regions") != "1":
            raise Refused(text_detector.UNSEEN, "the text detector is not installed: nothing looked for text")
        outside, text = [list(box) for box in proposal.outside], [list(box) for box in proposal.text or ()]
        outcome = "not-searched" if proposal.text is None else "found" if text or outside else "none"
        counts = {"text": len(text), "outside_regions": len(outside)}
        return web.json_response({"outcome": outcome, **counts, "boxes": outside + text})

    async def _proposal_of_page(self, request: web.Request, data: bytes) -> web.Response:
        page = whole_number(request.query.get("frame", "0"), pdf.MOST_PAGES)
        if page is None:
            raise Invalid("no-such-frame", "frame is the number of a page, from 0")
        policy = (await policy_now(self._deps)).policy
        try:
            boxes, is_searched = await self._deps.cpu(documents.proposed_boxes, data, page, policy)
        except Permanent as error:
            raise NotFound(error.reason, error.detail) from error
        if not is_searched and request.query.get("regions") != "1":
            raise Refused(text_detector.UNSEEN, "the text detector is not installed: it did not look for text")
        outcome = "not-searched" if not is_searched else "found" if boxes else "none"
        found = [[*box, page] for box in boxes]
        return web.json_response({"outcome": outcome, "text": len(found), "outside_regions": 0, "boxes": found})

    async def decide(self, request: web.Request) -> web.Response:
        """Take the form of a decision, for the scope that it names."""
        form = await decisions.form_of(request)
        item = await self._item(request)
        decision, scope = _decision(item, form), form.get("scope") or "item"
        if scope not in _SCOPES:
            raise Invalid("wrong-scope", f"scope is one of {', '.join(_SCOPES)}")
        if item.reason == documents.PAGES and scope != "item":
            raise Invalid("wrong-scope", "a decision about a document is for this one alone: no other was read")
        if scope == "device":
            await device_decisions.decide_for_device(self._deps, self._bus, item, decision, form)
        else:
            await decisions.carry_out(self._deps, self._bus, item, decision, seen=decisions.seen_in(form))
        if scope == "series":
            await series.decide_for_rest(self._deps, self._bus, item, decision, PIXEL_REASONS)
        raise await decisions.go_on(self._deps, request, item)

    async def _item(self, request: web.Request) -> Quarantined:
        return await decisions.item_of(self._deps, request, Kind.INSTANCE, "Instance")


def review_routes(deps: AnonymizerDeps, bus: Bus) -> list[web.AbstractRouteDef]:
    """Below /gateway/quarantine/{blob}: the page, frames as PNG, the proposed boxes, and the decision by POST."""
    review = ImageReview(deps, bus)
    at = f"/gateway/quarantine/{_BLOB}"
    return [
        web.get(f"{at}/frames/{{frame:\\d{{1,5}}}}.png", review.frame),
        web.get(f"{at}/proposal", review.proposal),
        web.get(at, review.page),
        web.post(at, review.decide),
    ]


def _decision(item: Quarantined, form: Mapping[str, str]) -> Decision:
    """Return the decision of a form; raise Invalid if it says nothing that can be done."""
    choice, by = decisions.choice_of(form, (Choice.ACCEPT, Choice.MASK, Choice.REJECT))
    if choice is not Choice.REJECT and item.reason not in _LOOKED_AT:
        raise Invalid("not-in-pixels", "what is wrong with it is not in its pixels: it can only be rejected")
    if item.state is State.REJECTED_LATE:
        raise Refused("taken-back", "the centre was asked to withdraw it: that is not undone")
    boxes, page_boxes = _boxes(form.get("boxes", ""), item)
    if choice is not Choice.MASK:
        boxes, page_boxes = (), ()
    elif not (boxes or page_boxes):
        raise Invalid("wrong-boxes", "boxes is left,top,right,bottom;… in pixels of the image, at least one")
    now = clock.utc_now().isoformat(timespec="milliseconds")
    return Decision(blob=item.blob, decision=choice, boxes=boxes, page_boxes=page_boxes, by=by, at=now)


def _boxes(field: str, item: Quarantined) -> tuple[tuple[Box, ...], tuple[PageBox, ...]]:
    """Return the boxes of a form as far as they lie in the image; one that lies outside would mask nothing.

    First those of every frame, then those of one page of a document each.
    """
    rows, columns = item.device.rows or 1 << 16, item.device.columns or 1 << 16
    everywhere, of_pages = list[Box](), list[PageBox]()
    for match in _BOX.finditer(field):
        left, top, right, bottom = map(int, match.groups()[1:])
        box = (left, top, min(right, columns), min(bottom, rows))
        if box[0] >= box[2] or box[1] >= box[3]:
            continue
        if match[1] is None:
            everywhere.append(box)
        else:
            of_pages.append((int(match[1]), *box))
    if of_pages and item.reason != documents.PAGES:
        raise Invalid("wrong-boxes", "boxes of one page are for documents: in an image they hold for every frame")
    return tuple(everywhere), tuple(of_pages)


def _png_of(item: Quarantined) -> Callable[[bytes, int], bytes]:
    return secondary_capture.page_png if item.reason == documents.PAGES else image.png
