"""How much has to go: water marks of the store and of each site, and what is still above them. Pure."""

from collections.abc import Mapping, Sequence

import msgspec

OTHERS = "*"


class Marks(msgspec.Struct, frozen=True):
    """Bytes above which eviction begins; 0 is never. low: the share of a mark down to which it goes on."""

    store: int = 0
    sites: Mapping[str, int] = {}
    low: float = 1.0

    def of_site(self, site: str) -> int:
        """Return the mark of a site."""
        return self.sites.get(site, self.sites.get(OTHERS, 0))

    @property
    def is_set(self) -> bool:
        """Say whether anything is ever evicted."""
        return bool(self.store or any(self.sites.values()))


class Excess:
    """What has still to go. Who evicts a Study says so, oldest first, until nothing is left."""

    def __init__(self, held: Mapping[str, int], marks: Marks) -> None:
        """held: bytes by site."""
        self._store = _above(sum(held.values()), marks.store, marks.low)
        above = {site: _above(size, marks.of_site(site), marks.low) for site, size in held.items()}
        self._sites = {site: size for site, size in above.items() if size}

    @property
    def size_bytes(self) -> int:
        """Return how many bytes have to go."""
        return max(self._store, sum(self._sites.values()))

    def concerns(self, site: str) -> bool:
        """Say whether a Study of this site may have to go."""
        return self._store > 0 or site in self._sites

    def evicted(self, site: str, size_bytes: int) -> None:
        """Take note of what went."""
        self._store = max(0, self._store - size_bytes)
        left = self._sites.pop(site, 0) - size_bytes
        if left > 0:
            self._sites[site] = left


def parsed(store: int, sites: Sequence[str], low_percent: float) -> Marks:
    """Return the marks that the settings say. sites: each SITE=BYTES."""
    named = {site: int(size) for site, _, size in (each.rpartition("=") for each in sites)}
    return Marks(store, named, low_percent / 100)


def _above(held: int, mark: int, low: float) -> int:
    return held - int(mark * low) if mark and held > mark else 0
