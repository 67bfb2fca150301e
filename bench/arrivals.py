"""When Studies arrive at a large site in a day: seeded, with a peak of ten times the mean. Pure."""

import random
from typing import Final

HOURS: Final = (1, 1, 1, 1, 1, 1, 2, 5, 14, 18, 18, 16, 9, 14, 17, 17, 12, 7, 4, 3, 2, 2, 1, 1)
"""How the Studies of an ordinary day are spread over its hours, in parts of their sum."""
PEAK: Final = 10.0
"""Of the mean rate of the day, during PEAK_SHARE of it: as when a modality sends all it kept after an outage."""
PEAK_SHARE: Final = 0.02
PEAK_AT: Final = 10 / 24
_STEPS: Final = 24 * 60


def rates() -> list[float]:
    """Return the rate of each minute of the day in times of the day's mean."""
    peak = range(round(PEAK_AT * _STEPS), round((PEAK_AT + PEAK_SHARE) * _STEPS))
    usual = [HOURS[minute // 60] / sum(HOURS) * 24 for minute in range(_STEPS)]
    left = (_STEPS - PEAK * len(peak)) / sum(rate for minute, rate in enumerate(usual) if minute not in peak)
    return [PEAK if minute in peak else rate * left for minute, rate in enumerate(usual)]


def arrivals(studies: int, day_s: float, seed: int) -> list[float]:
    """Return when each Study arrives, in seconds from the beginning of a day that takes day_s, in order."""
    chance = random.Random(seed)
    minutes = chance.choices(range(_STEPS), weights=rates(), k=studies)
    return sorted((minute + chance.random()) / _STEPS * day_s for minute in minutes)
