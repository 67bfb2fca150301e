"""The loop around every scrub."""

import pytest

from shared import scrubbing
from shared.errors import Unavailable
from shared.lease import LeaseLost


async def test_a_scrub_is_asked_for_with_the_time_since_the_last_one_and_a_store_that_is_away_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scrubbing, "IDLE_S", 0.001)
    monkeypatch.setattr(scrubbing, "AWAY_S", 0.002)
    waited: list[float] = []

    async def scrub(waited_s: float) -> bool:
        waited.append(waited_s)
        match len(waited):
            case 2:
                raise Unavailable("away")
            case 4:
                raise LeaseLost
        return len(waited) == 3

    with pytest.raises(LeaseLost):
        await scrubbing.scrub_when_due("archive", 1.0, scrub)

    assert waited == pytest.approx([0.0, 0.001, 0.003, 0.001])
