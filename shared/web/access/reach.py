"""How far a request reaches into what the centre holds. No I/O.

The gate works it out from the grants of whoever asks (``decision.reach_of``); services compare each row with it and
nothing else. A further scope, as of a project, is a further source there and a further field here.
"""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Reach:
    """Which Studies and reports a request may know of: all of them, or those of some sites.

    sites: short names of hospitals.
    """

    is_all: bool = False
    sites: frozenset[str] = frozenset()

    def holds(self, *sites: str) -> bool:
        """Say whether it holds what these sites have in it; what has no known site is held by what holds all."""
        return self.is_all or (bool(sites) and all(site and site in self.sites for site in sites))

    def __or__(self, other: "Reach") -> "Reach":
        return Reach(self.is_all or other.is_all, self.sites | other.sites)


EVERYTHING: Final = Reach(is_all=True)
NOTHING: Final = Reach()
CURRENT: Final[ContextVar[Reach]] = ContextVar("reach", default=EVERYTHING)
"""Of the request that runs now; everything where nobody is asked, and for the work of our own processes."""


def current() -> Reach:
    """Return how far the request that runs now reaches."""
    return CURRENT.get()
