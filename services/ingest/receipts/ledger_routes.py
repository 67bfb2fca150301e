"""The custody ledger: days as a page and as JSON, and what became of each content of a receipt."""

from datetime import UTC, datetime
from typing import Any, Final

import aiohttp_jinja2
import msgspec
from aiohttp import web

from services.ingest.deps import IngestDeps
from services.ingest.receipts.custody import (
    DELETED,
    REFUSED,
    STORED,
    WAITING,
    DayLedger,
    Stage,
    judged,
)
from services.ingest.receipts.day_ledger import DAYS, LEDGER_DAYS, newest_days
from services.ingest.receipts.records import ARRIVALS, RECEIPTS, Arrival, ArrivalState, Receipt
from shared.documents import Eq
from shared.errors import NotFound
from shared.web import routing
from shared.web.routing import json_answer

MOST: Final = 1000


class LedgerRoutes(routing.Routes):
    """GET /ingest/ledger, /ingest/ledger/{day}, /ingest/receipts/{id}/custody and the page /gateway/ledger."""

    def __init__(self, deps: IngestDeps) -> None:
        self._deps = deps

    @routing.get("/ingest/ledger")
    async def listed(self, _: web.Request) -> web.Response:
        """Return the ledgers of the newest days."""
        return json_answer({"days": [shown(day) for day in await newest_days(self._deps, DAYS)]})

    @routing.get("/ingest/ledger/{day}")
    async def one(self, request: web.Request) -> web.Response:
        """Return the ledger of one day, with its differences."""
        day = await self._deps.documents.get(LEDGER_DAYS, request.match_info["day"])
        if day is None:
            raise NotFound("not-found", "there is no ledger of this day")
        return json_answer(shown(day))

    @routing.get("/ingest/receipts/{receipt_id}/custody")
    async def custody(self, request: web.Request) -> web.Response:
        """Return what became of each content of a receipt, with its digests; after: the digest to go on after."""
        documents = self._deps.documents
        receipt = await documents.get(RECEIPTS, request.match_info["receipt_id"])
        if receipt is None:
            raise NotFound("not-found", "there is no receipt of this id")
        after = request.query.get("after") or None
        page = await documents.find(ARRIVALS, Eq("receipt_id", receipt.id), limit=MOST, after=after)
        return json_answer({"contents": [chain(receipt, each) for each in page.documents], "next": page.next})

    @routing.get("/gateway/ledger")
    async def page(self, request: web.Request) -> web.Response:
        """Show the newest days, and what differs."""
        days = [shown(day) for day in await newest_days(self._deps, DAYS)]
        return aiohttp_jinja2.render_template("ingest/ledger.html", request, {"days": days})


def shown(day: DayLedger) -> dict[str, Any]:
    """Return a day as people and programs read it."""
    fields: dict[str, Any] = msgspec.to_builtins(day)
    sums = {"stored": STORED, "refused": REFUSED, "waiting": WAITING, "deleted": DELETED}
    totals = {name: msgspec.to_builtins(day.of(stages)) for name, stages in sums.items()}
    return {**fields, **totals, "adds_up": day.adds_up, "counted_at": _moment(day.counted_at)}


def chain(receipt: Receipt, arrival: Arrival) -> dict[str, Any]:
    """Return the custody of one content: each stage that it passed, with its digest. No value of a patient."""
    where = judged(arrival)
    is_deidentified = arrival.state in (ArrivalState.DEIDENTIFIED, ArrivalState.RELEASED)
    deidentified = {"sha256": arrival.output_sha256, "profile": arrival.profile, "known_as": arrival.known_as}
    asked = {"found": arrival.holding, "since": _moment(arrival.held_at)} if arrival.holding else None
    return {
        "received": {
            "sha256": arrival.blob,
            "size_bytes": arrival.size_bytes,
            "at": _moment(receipt.at),
            "door": arrival.endpoint,
            "sender": receipt.sender,
        },
        "deidentified": deidentified if is_deidentified else None,
        "refused": {"reason": arrival.reason} if where.stage is Stage.HELD else None,
        "delivered": {"outcome": arrival.outcome, "reason": arrival.failure} if is_deidentified else None,
        "stored": asked,
        "stage": where.stage,
        "difference": where.what,
    }


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds") if at else ""
