"""The page of what waits to be delivered, with the nights in which the centre was asked what it holds."""

from datetime import UTC, datetime
from typing import Any, Final

import aiohttp_jinja2
import msgspec
import orjson
from aiohttp import web

from services.linker.gateway.backlog import RATE_S, UNKNOWN, Backlog, Waiting
from services.linker.gateway.custody import newest_nights
from services.linker.gateway.records import CustodyNight
from shared import clock
from shared.web import routing

NIGHTS: Final = 14


class BacklogRoutes(routing.Routes):
    """GET /api/gateway/backlog and the page /gateway/backlog."""

    def __init__(self, backlog: Backlog) -> None:
        self._backlog = backlog

    @routing.get("/api/gateway/backlog")
    async def get_backlog(self, _: web.Request) -> web.Response:
        """Return what waits, when it may be over, and the newest nights."""
        return web.Response(body=orjson.dumps(await self._shown()), content_type="application/json")

    @routing.get("/gateway/backlog")
    async def page(self, request: web.Request) -> web.Response:
        """Show the same."""
        response = aiohttp_jinja2.render_template("linker/backlog.html", request, await self._shown())
        response.headers["Cache-Control"] = "no-store"
        return response

    async def _shown(self) -> dict[str, Any]:
        nights = await newest_nights(self._backlog.deps, NIGHTS)
        return {**shown(await self._backlog.waiting(), clock.now()), "nights": [_night(each) for each in nights]}


def shown(waiting: Waiting, now: float) -> dict[str, Any]:
    """Return what waits as people and programs read it; an estimate that cannot be made is None. Pure."""
    end_s = waiting.end_s
    return {
        **msgspec.to_builtins(waiting),
        "oldest_at": _moment(waiting.oldest_at),
        "next_at": _moment(waiting.next_at),
        "rate_minutes": int(RATE_S / 60),
        "end_at": None if end_s == UNKNOWN else _moment(now + end_s),
    }


def _night(night: CustodyNight) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(night)
    return {**fields, "ended_at": _moment(night.ended_at), "asked": night.asked, "differences": night.differences}


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds") if at else ""
