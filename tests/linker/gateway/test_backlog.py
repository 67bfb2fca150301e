"""The backlog is counted, and a delivery that is due too long makes the gateway not ready."""

import time
from pathlib import Path

import msgspec
import pytest

from services.linker.gateway.backlog import RATE_S, UNKNOWN, Backlog, extrapolated
from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.records import DELIVERIES, WORKERS, WorkerStatus
from services.linker.links import policy
from services.linker.links.states import DeliveryState
from services.linker.service import GATEWAY
from services.linker.settings import LinkerSettings
from tests.linker.gateway.test_one_bad_item import delivered
from tests.linker.system import Opened, gateway_environ, opened


def backlog_of(gateway: Opened, late_s: float = 3600.0) -> Backlog:
    settings = LinkerSettings(undelivered_late_s=late_s)
    blobs, at_once = gateway.blobs["deidentified"], policy.parse("at_once")
    return Backlog(GatewayDeps(gateway.documents, blobs, gateway.bus, settings, at_once, "hospital"))


async def test_the_backlog_says_how_much_waits_and_when_it_may_end(tmp_path: Path) -> None:
    async with opened(GATEWAY, tmp_path, gateway_environ("http://127.0.0.1:9"), tasks=False) as gateway:
        waiting = msgspec.structs.replace(
            delivered(2), due_at=time.time() - 60, state=DeliveryState.PENDING, confirmed={}
        )
        await gateway.documents.put(DELIVERIES, waiting)
        idle = await gateway.get("/api/gateway/backlog")
        await gateway.documents.put(DELIVERIES, msgspec.structs.replace(delivered(1), done_at=time.time()))
        moving = await backlog_of(gateway).waiting()
        away = WorkerStatus(name="images", tries=3, reason="unreachable", next_at=time.time() + 300)
        await gateway.documents.put(WORKERS, away)
        cut_off = await backlog_of(gateway).waiting()
        async with gateway.session.get(gateway.url + "/gateway/backlog", headers={"Accept-Language": "ja"}) as answer:
            page = await answer.text()

    assert (idle["deliveries"], idle["instances"], idle["bytes_waiting"], idle["reports"]) == (1, 1, 100, 0)
    assert (idle["rate"], idle["end_at"], idle["next_at"]) == (0.0, None, "")
    assert idle["oldest_at"]
    assert moving.rate == pytest.approx(100 / RATE_S)
    assert moving.end_s == pytest.approx(RATE_S, abs=1)
    assert (cut_off.reason, cut_off.end_s) == ("unreachable", UNKNOWN)
    assert cut_off.next_at == pytest.approx(time.time() + 300, abs=60)
    assert "送信を待つもの" in page
    assert "不明" in page


def test_what_is_not_added_up_is_estimated_from_the_oldest() -> None:
    seen = [msgspec.structs.replace(delivered(n), confirmed={}, state=DeliveryState.PENDING) for n in (1, 2)]

    assert extrapolated(2, seen) == (2, 200)
    assert extrapolated(10, seen) == (10, 1000)
    assert extrapolated(0, []) == (0, 0)


async def test_what_waits_is_counted_and_a_delivery_that_is_due_too_long_is_said(tmp_path: Path) -> None:
    async with opened(GATEWAY, tmp_path, gateway_environ("http://127.0.0.1:9"), tasks=False) as gateway:
        done = delivered(1)
        waiting = {"state": DeliveryState.PENDING, "confirmed": {}}
        old = msgspec.structs.replace(delivered(2), due_at=time.time() - 1800, **waiting)
        later = msgspec.structs.replace(delivered(3), due_at=time.time() + 600, **waiting)
        for each in (done, old, later):
            await gateway.documents.put(DELIVERIES, each)

        figures = await backlog_of(gateway).figures()
        in_time = await backlog_of(gateway).is_delivered_in_time()
        late = await backlog_of(gateway, late_s=900.0).is_delivered_in_time()

        assert figures["backlog instances"] == 2
        assert figures["backlog bytes"] == 200
        assert 1800 <= figures["oldest undelivered instances, seconds"] < 1860
        assert figures["oldest undelivered report, seconds"] == 0
        assert in_time == "ok"
        assert late.startswith("a delivery has been due for 18")
        assert "deliveries" in gateway.running.checks
        assert gateway.running.status is not None
        assert (await gateway.running.status())["backlog instances"] == 2
