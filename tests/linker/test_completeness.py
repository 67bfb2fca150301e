"""The centre is told by each site what it received by day, and where that is; counts, and nothing of anybody."""

from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web

from services.linker.gateway.completeness import completeness_round
from services.linker.gateway.delivery.peer import centre
from services.linker.gateway.delivery.worker import Outage
from services.linker.gateway.deps import GatewayDeps
from services.linker.links import policy
from services.linker.reports.completeness import day_counts
from services.linker.service import CENTRE, GATEWAY
from services.linker.settings import LinkerSettings, complete
from tests.linker.system import opened
from tests.servers.web import served

SHOWN = {
    "day": "2026-11-27",
    "site": "hospital",
    "received": {"contents": 10, "size_bytes": 1000},
    "stored": {"contents": 6, "size_bytes": 600},
    "refused": {"contents": 1, "size_bytes": 100},
    "waiting": {"contents": 2, "size_bytes": 200},
    "deleted": {"contents": 0, "size_bytes": 0},
    "differences": [{"receipt_id": "r", "blob": "b", "what": "not-at-the-centre"}],
    "counted_at": "2026-11-28T02:00:00+00:00",
}
TOLD = {"day": "2026-11-27", "received": 1, "stored": 1, "refused": 0, "waiting": 0, "differences": 0}


def test_counts_are_taken_from_the_ledger_and_name_nothing() -> None:
    counts = day_counts(SHOWN)

    assert (counts.received, counts.stored, counts.refused, counts.waiting, counts.differences) == (10, 6, 1, 2, 1)
    assert not counts.adds_up


def test_what_was_deleted_is_no_difference_and_a_centre_of_before_is_told_of_it_as_stored() -> None:
    counts = day_counts({**SHOWN, "deleted": {"contents": 1, "size_bytes": 100}})

    assert (counts.stored, counts.deleted, counts.differences, counts.adds_up) == (6, 1, 0, True)
    assert b"deleted" not in msgspec.json.encode(counts.of_before)
    assert (counts.of_before.stored, counts.of_before.adds_up) == (7, True)


async def test_a_gateway_tells_the_centre_its_days(tmp_path: Path) -> None:
    async def ledger(_: web.Request) -> web.Response:
        return web.json_response({"days": [SHOWN]})

    own = web.Application()
    own.add_routes([web.get("/ingest/ledger", ledger)])
    async with opened(CENTRE, tmp_path / "centre", {}, tasks=False) as there, served(own) as ingest_url:
        token = there.session.headers["Authorization"].removeprefix("Bearer ")
        settings = complete(LinkerSettings(ingest_url=ingest_url, centre_token=token), there.url)
        async with opened(GATEWAY, tmp_path / "gateway", {}, tasks=False) as gateway:
            blobs = gateway.blobs["deidentified"]
            rules = policy.parse("at_once")
            deps = GatewayDeps(gateway.documents, blobs, gateway.bus, settings, rules, "hospital")
            outage, away = Outage(), Outage()
            async with aiohttp.ClientSession() as session, centre(settings, blobs, lambda: token) as peer:
                await completeness_round(deps, peer, session, outage)
                await completeness_round(deps, peer, session, outage)
            async with aiohttp.ClientSession() as session, centre(settings, blobs, lambda: "wrong") as peer:
                await completeness_round(deps, peer, session, away)
        days = (await there.get("/api/completeness"))["days"]
        async with there.session.get(there.url + "/completeness", headers={"Accept-Language": "ja"}) as answer:
            page = await answer.text()

    assert [(each["site"], each["day"], each["received"], each["adds_up"]) for each in days] == [
        ("hospital", "2026-11-27", 10, False)
    ]
    assert (outage.tries, away.tries) == (0, 1)
    assert "完全性" in page and "hospital" in page and "not-at-the-centre" not in page


@pytest.mark.parametrize(
    "wrong",
    [
        {"site": "", "days": [TOLD]},
        {"site": "a", "days": [{**TOLD, "day": "yesterday"}]},
        {"site": "a", "days": [{**TOLD, "received": -1}]},
        {"site": "a", "days": [{**TOLD, "patient": "x"}]},
        {"site": "a", "days": [TOLD] * 63},
    ],
)
async def test_what_is_not_of_the_form_is_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    async with opened(CENTRE, tmp_path, {}, tasks=False) as there:
        await there.post("/api/completeness", wrong, status=400)

        assert (await there.get("/api/completeness"))["days"] == []


async def test_only_a_gateway_tells_days(tmp_path: Path) -> None:
    body = {"site": "a", "days": [TOLD]}
    async with (
        opened(CENTRE, tmp_path, {}, tasks=False) as there,
        aiohttp.ClientSession() as stranger,
        stranger.post(there.url + "/api/completeness", json=body) as answer,
    ):
        assert answer.status == 401


async def test_a_ledger_that_cannot_be_read_is_no_trouble_of_the_centre(tmp_path: Path) -> None:
    settings = complete(LinkerSettings(), "http://127.0.0.1:9")
    async with opened(GATEWAY, tmp_path, {}, tasks=False) as gateway:
        blobs, rules = gateway.blobs["deidentified"], policy.parse("at_once")
        deps = GatewayDeps(gateway.documents, blobs, gateway.bus, settings, rules, "hospital")
        outage = Outage()
        async with aiohttp.ClientSession() as session, centre(settings, blobs) as peer:
            await completeness_round(deps, peer, session, outage)

    assert outage.tries == 0
