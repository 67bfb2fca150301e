"""The page of dead letters and set-aside items: shown by filters, tried again, given up; never from another site."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from shared.errors import Invalid
from shared.runtime.dead import seconds
from shared.service import Role
from shared.set_aside import SET_ASIDE, SetAsides
from tests.runtime.test_host import Probe, changed, running


async def test_what_is_dead_or_set_aside_is_shown_tried_again_and_given_up(tmp_path: Path) -> None:
    probe = Probe()
    probe.release.set()
    async with running(probe, tmp_path) as host, aiohttp.ClientSession(host.base_url) as client:
        ports = host.ports[Role.CENTRE]
        await ports.bus.publish(changed("1.2", change="deleted"))  # which the probe refuses
        work = SetAsides(ports.documents, "probe").of("sweep")
        for key in ("one", "two"):
            await work.note(key, ValueError("a value"))
        async with asyncio.timeout(20):
            while not await ports.bus.dead("probe"):
                await asyncio.sleep(0.02)

        async def entries(**query: str) -> list[str]:
            async with client.get("/-/dead.json", params=query) as answer:
                return [each["about"] for each in (await answer.json())["entries"]]

        async with client.get("/-/dead") as answer:
            text = await answer.text()
            assert answer.status == 200
            assert "not-wanted" in text
            assert "probe/sweep/one" in text
            assert "a value" not in text
        assert await entries() == ["study.changed", "sweep", "sweep"]
        assert await entries(reason="VALUEERROR") == ["sweep", "sweep"]
        assert await entries(older_than="1h") == []
        assert await entries(queue="centre:sink") == []

        await client.post("/-/dead", data={"action": "again", "id": "probe/sweep/one"})
        await client.post("/-/dead", data={"action": "drop", "id": "probe/sweep/two"})
        left = [(item.key, item.again) async for item in ports.documents.every(SET_ASIDE)]
        assert left == [("one", True)]

        foreign = {"Sec-Fetch-Site": "cross-site"}
        async with client.post("/-/dead", data={"action": "drop"}, headers=foreign) as answer:
            assert answer.status == 403
        async with client.post("/-/dead", data={"action": "burn"}) as answer:
            assert answer.status == 400
        assert len(await entries()) == 2


@pytest.mark.parametrize(("text", "is_s"), [("90s", 90), ("30m", 1800), ("2h", 7200), ("3d", 259200)])
def test_a_span_of_time_has_a_unit(text: str, is_s: float) -> None:
    assert seconds(text) == is_s


@pytest.mark.parametrize("text", ["", "h", "2", "2w", "-1h", "１h", "1.5h", "9" * 30 + "d"])
def test_what_is_no_span_of_time_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        seconds(text)
