"""Keep the names that headers tell: seen on enough Studies they are in force, until a person removes them.

A name costs as many writes as it needs Studies, and none from then on; what is in force is read again each minute, so
that all processes of the site agree within that time.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

import msgspec

from services.anonymizer.header_names.told import ToldName
from services.anonymizer.name_records import HEADER_NAMES, HeaderName, NameDecision, NameState
from shared.documents import Documents, In
from shared.errors import Conflict, NotFound

LEAST_STUDIES: Final = 3
MOST_NAMES: Final = 20_000
"""Of one site; what headers tell beyond is not learned."""
REFRESH_S: Final = 60.0
_REMEMBERED: Final = 100_000


class Sighting(NamedTuple):
    """A name on one Study. study: its pseudonym."""

    told: ToldName
    study: str


class LearnedNames:
    """What one process knows of the names, beside the store that all share. least_studies: 0 learns and uses none."""

    def __init__(
        self,
        least_studies: int = LEAST_STUDIES,
        refresh_s: float = REFRESH_S,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._least, self._refresh_s, self._clock_s = least_studies, refresh_s, clock_s
        self._noted: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._lines: tuple[str, ...] = ()
        self._read_at: float | None = None

    async def note(self, documents: Documents, sightings: Iterable[Sighting], at: str) -> None:
        """Keep the Studies on which names were seen; what was noted before costs nothing. at: RFC 3339."""
        wanted: dict[str, tuple[ToldName, dict[str, None]]] = {}
        for told, study in sightings if self._least else ():
            if study and (key_of(told), study) not in self._noted:
                wanted.setdefault(key_of(told), (told, {}))[1][study] = None
        if not wanted:
            return
        known = await documents.get_many(HEADER_NAMES, tuple(wanted))
        room = MOST_NAMES - await documents.count(HEADER_NAMES) if len(known) < len(wanted) else 0
        for key, (told, studies) in wanted.items():
            if key not in known:
                room -= 1
            is_told = key in known or room >= 0
            if is_told and await self._keep(documents, key, told, studies, at):
                self._remember(key, studies)

    async def _keep(self, documents: Documents, key: str, told: ToldName, studies: Iterable[str], at: str) -> bool:
        """Write what is new of a name; say whether it is kept, which it is not if another process wrote meanwhile."""
        old, version = await documents.get_versioned(HEADER_NAMES, key) or (None, 0)
        if old is not None and old.state is not NameState.SEEN:
            return True
        seen = tuple(dict.fromkeys((*(old.studies if old else ()), *studies)))[: self._least]
        if old is not None and seen == old.studies and len(seen) < self._least:
            return True
        state = NameState.IN_FORCE if len(seen) >= self._least else NameState.SEEN
        name = HeaderName(id=key, kind=told.kind, name=told.name, studies=seen, state=state, at=at)
        try:
            await documents.put(HEADER_NAMES, name, if_version=version)
        except Conflict:
            return False
        return True

    def _remember(self, key: str, studies: Iterable[str]) -> None:
        for study in studies:
            self._noted[key, study] = None
        while len(self._noted) > _REMEMBERED:
            self._noted.popitem(last=False)

    async def lines(self, documents: Documents) -> tuple[str, ...]:
        """Return the names in force, as lines of the site's list."""
        if not self._least:
            return ()
        now = self._clock_s()
        if self._read_at is None or now - self._read_at >= self._refresh_s:
            cleaned = tuple(state.value for state in NameState if state.is_cleaned)
            names = await documents.find_all(HEADER_NAMES, In("state", cleaned))
            self._lines, self._read_at = tuple(sorted(f"{each.kind}: {each.name}" for each in names)), now
        return self._lines


def key_of(told: ToldName) -> str:
    """Return the id of a name."""
    return hashlib.sha256(f"{told.kind}|{told.name}".encode()).hexdigest()[:16]


async def decide(documents: Documents, key: str, state: NameState, by: str, at: str) -> HeaderName:
    """Remove a name, so that headers that tell it again do not bring it back, or keep it.

    Raises NotFound, and Conflict if that is how it stands or somebody decided meanwhile. at: RFC 3339.
    """
    found = await documents.get_versioned(HEADER_NAMES, key)
    if found is None:
        raise NotFound("no-such-name", "no name that headers told has this id")
    old, version = found
    if old.state is state:
        raise Conflict("that is how it stands already; read the names again")
    decisions = (*old.decisions, NameDecision(state=state, by=by, at=at))
    studies = () if state is NameState.REMOVED else old.studies
    name = msgspec.structs.replace(old, studies=studies, state=state, at=at, by=by, decisions=decisions)
    await documents.put(HEADER_NAMES, name, if_version=version)
    return name
