"""What became of what was sent: receipts as JSON and as a page."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import aiohttp_jinja2
import msgspec
from aiohttp import web

from services.ingest.deps import IngestDeps
from services.ingest.receipts import outbox, scrub
from services.ingest.receipts.records import (
    ARRIVALS,
    RECEIPTS,
    REJECTED,
    RESENDS,
    SCRUBS,
    ArrivalState,
    Outcome,
    Receipt,
)
from shared.documents import Condition, Eq, Order
from shared.errors import Invalid, NotFound
from shared.web import routing
from shared.web.routing import json_answer
from shared.whole_numbers import whole_number

PAGE = 50
MOST = 500


class ReceiptRoutes(routing.Routes):
    """GET /ingest/receipts, /ingest/receipts/{id} and the page /gateway/receipts."""

    def __init__(self, deps: IngestDeps) -> None:
        self._deps = deps

    @routing.get("/ingest/receipts/{receipt_id}")
    async def one(self, request: web.Request) -> web.Response:
        """Return one receipt, with what was rejected and why."""
        receipt = await self._deps.documents.get(RECEIPTS, request.match_info["receipt_id"])
        if receipt is None:
            raise NotFound("not-found", "there is no receipt of this id")
        rejected = await self._deps.documents.find(REJECTED, Eq("receipt_id", receipt.id), limit=MOST)
        shown = _shown(receipt)
        shown["rejected_items"] = [{"reason": r.reason, "detail": r.detail} for r in rejected.documents]
        return json_answer(shown)

    @routing.get("/ingest/receipts")
    async def listed(self, request: web.Request) -> web.Response:
        """Return receipts, the newest first, of one state if asked."""
        limit = whole_number(request.query.get("limit", str(PAGE)), MOST)
        if limit is None:
            raise Invalid("wrong-parameter", f"limit takes a whole number up to {MOST}")
        where: list[Condition] = [Eq("state", request.query["state"])] if request.query.get("state") else []
        newest = (Order("at", descending=True),)
        page = await self._deps.documents.find(
            RECEIPTS, *where, order=newest, limit=limit, after=request.query.get("after") or None
        )
        return json_answer({"receipts": [_shown(each) for each in page.documents], "next": page.next})

    @routing.get("/gateway/receipts")
    async def page(self, request: web.Request) -> web.Response:
        """Show the newest receipts."""
        state = request.query.get("state", "")
        where: list[Condition] = [Eq("state", state)] if state else []
        newest = (Order("at", descending=True),)
        receipts = await self._deps.documents.find(RECEIPTS, *where, order=newest, limit=PAGE)
        rejected = await self._deps.documents.find(REJECTED, order=newest, limit=PAGE)
        context = {"receipts": [_shown(r) for r in receipts.documents], "rejected": rejected.documents, "state": state}
        return aiohttp_jinja2.render_template("ingest/receipts.html", request, context)


async def status(deps: IngestDeps) -> Mapping[str, int]:
    """Figures for the operator."""
    count, scrubbed = deps.documents.count, await deps.documents.get(SCRUBS, scrub.NAME)
    return {
        "receipts": await count(RECEIPTS),
        "waiting for the anonymizer": await count(ARRIVALS, Eq("state", ArrivalState.RECEIVED)),
        "de-identified": await count(ARRIVALS, Eq("state", ArrivalState.DEIDENTIFIED)),
        "in quarantine": await count(ARRIVALS, Eq("state", ArrivalState.REFUSED)),
        "oldest not published, seconds": await outbox.oldest_unpublished_s(deps),
        "not taken by the centre": await count(ARRIVALS, Eq("outcome", Outcome.FAILED)),
        "sent again, not yet confirmed": await count(RESENDS, Eq("outcome", Outcome.OPEN)),
        "rejected": await count(REJECTED),
        "damaged": scrubbed.damaged if scrubbed else 0,
        "bytes without a record": scrubbed.nameless if scrubbed else 0,
    }


def _shown(receipt: Receipt) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(receipt)
    shown["at"] = datetime.fromtimestamp(receipt.at, UTC).isoformat(timespec="seconds")
    return shown
