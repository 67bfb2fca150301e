"""Go over items so that none stops another: one that fails is set aside with a reason, counted, and tried again later.

An item fails by itself, or because a store or a peer is away; the others of the round tell which (ADR 0053). What is
set aside is a record of the role's documents, so that any process and ``jmid dead`` can show it. When it is due again
is timed by the monotonic clock of the process that works, so a clock that jumps delays nothing: whoever takes the work
over tries everything at once. An item is tried at once, too, when ``again`` was written into its record.
"""

import math
import time
from collections.abc import Awaitable, Callable, Iterable, Set
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from shared import clock as wall
from shared.documents import Collection, Documents, Eq, Page
from shared.errors import Transient
from shared.lease import LeaseLost
from shared.logs import decided
from shared.supervision import origin

T = TypeVar("T")
D = TypeVar("D", bound=msgspec.Struct)
FIRST_S, MOST_S = 1.0, 3600.0
IN_ROW = 8
"""How many items may fail in a row as if a store were away, nothing being done in between, before it is an outage."""
LOOK_S = 5.0
"""How often records are looked for that another process, or a person, wrote."""


class SetAsideItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item that a service's work could not deal with. key: of the item, unique in the work; no patient's value.

    error: a class.  origin: file and line of our own code.  since, tried_at: seconds since 1970, for people only.
    again: a person asks for it to be tried now.
    """

    id: str
    service: str
    work: str
    key: str
    error: str
    origin: str = ""
    attempts: int = 1
    since: float
    tried_at: float
    again: bool = False

    @property
    def wait_s(self) -> float:
        """Return the wait before it is tried again."""
        return min(FIRST_S * 2.0 ** min(self.attempts - 1, 20), MOST_S)


SET_ASIDE = Collection(
    name="set_aside",
    type=SetAsideItem,
    key="id",
    fields=("service", "work", "since"),
    indexes=(("service", "work"),),
)


@dataclass
class SetAside:
    """The items that one piece of a service's work has set aside. clock: monotonic seconds."""

    documents: Documents
    service: str
    work: str
    clock: Callable[[], float] = time.monotonic
    _due_at: dict[str, float] = field(default_factory=dict)
    _looked_at: float = -math.inf

    async def each(
        self,
        items: Iterable[T],
        key: Callable[[T], str],
        do: Callable[[T], Awaitable[object]],
        *,
        is_all: bool = False,
    ) -> int:
        """Do it for each item that is not set aside, or due again; return for how many it was done.

        is_all: these are all items that there are, so that what was set aside and is not among them is forgotten.
        Raises LeaseLost at once; and the first Transient if nothing else was done: then a store or a peer is away.
        """
        items, keys = list(items) if is_all else items, set[str]()
        recorded = await self._recorded() if items else {}
        round_ = _Round(recorded)
        for item in items:
            name = key(item)
            keys.add(name)
            if self._rests(name, recorded):
                continue
            await round_.attempt(name, do(item))
            if round_.is_stopped:
                break
        for name in round_.done & recorded.keys():
            await self.forget(name)
        for name, error in round_.own_failures().items():
            await self._note(name, error, recorded.get(name))
        if round_.is_outage:
            raise round_.away[0]
        if is_all:
            await self.keep_only(keys)
        return len(round_.done)

    async def first_done(
        self,
        read: Callable[[str | None], Awaitable[Page[D]]],
        key: Callable[[D], str],
        do: Callable[[list[D]], Awaitable[int]],
    ) -> int:
        """Go page by page until something of a page was done, and return how much: what is set aside stays in front.

        read: the page after a position, as ``find`` returns it.  key: of the item that a record belongs to.
        do: does it for a page and returns for how many. When nothing was done, what no page has is forgotten.
        """
        after: str | None = None
        keys: set[str] = set()
        while True:
            page = await read(after)
            keys |= {key(record) for record in page.documents}
            if done := await do(page.documents):
                return done
            after = page.next
            if after is None:
                await self.keep_only(keys)
                return 0

    async def keep_only(self, keys: Set[str]) -> None:
        """Forget what is not among these keys of all items that there are.

        Another process may have dealt with an item while this one failed, and the record came after that. Looks only
        now and then while this process has set nothing aside.
        """
        if not self._is_time_to_look():
            return
        for name in (await self._recorded()).keys() - keys:
            await self.forget(name)

    async def due(self) -> list[str]:
        """Return the keys of the items that are to be tried again now: for work whose source brings them only once."""
        if not self._is_time_to_look():
            return []
        recorded = await self._recorded()
        return sorted(name for name in recorded if not self._rests(name, recorded))

    async def note(self, key: str, error: Exception) -> None:
        """Set an item aside, once more if it was."""
        await self._note(key, error, await self.documents.get(SET_ASIDE, self.id_of(key)))

    async def forget(self, key: str) -> None:
        """Forget an item that was dealt with, or is no more."""
        self._due_at.pop(key, None)
        await self.documents.delete(SET_ASIDE, self.id_of(key))

    async def items(self) -> list[SetAsideItem]:
        """Return all that are set aside; few by nature."""
        return await self.documents.find_all(SET_ASIDE, Eq("service", self.service), Eq("work", self.work))

    async def _recorded(self) -> dict[str, SetAsideItem]:
        recorded = {each.key: each for each in await self.items()}
        self._due_at = {name: at for name, at in self._due_at.items() if name in recorded}
        return recorded

    def _is_time_to_look(self) -> bool:
        """Say whether to read the records: at once if this process wrote one, else every LOOK_S."""
        now = self.clock()
        is_time = bool(self._due_at) or now - self._looked_at >= LOOK_S
        self._looked_at = now if is_time else self._looked_at
        return is_time

    def id_of(self, key: str) -> str:
        """Return the id of the record of an item."""
        return f"{self.service}/{self.work}/{key}"

    def _rests(self, key: str, recorded: dict[str, SetAsideItem]) -> bool:
        item = recorded.get(key)
        return item is not None and not item.again and self.clock() < self._due_at.get(key, 0.0)

    async def _note(self, key: str, error: Exception, old: SetAsideItem | None) -> None:
        now, name = wall.now(), type(error).__name__
        item = SetAsideItem(
            id=self.id_of(key),
            service=self.service,
            work=self.work,
            key=key,
            error=name,
            origin=origin(error),
            attempts=old.attempts + 1 if old else 1,
            since=old.since if old else now,
            tried_at=now,
        )
        await self.documents.put(SET_ASIDE, item)
        self._due_at[key] = self.clock() + item.wait_s
        decided(
            "set-aside", level="error", service=self.service, topic=self.work, error=name, origin=item.origin or None
        )


@dataclass
class SetAsides:
    """What each piece of one service's work has set aside in this process."""

    documents: Documents
    service: str
    _works: dict[str, SetAside] = field(default_factory=dict)

    def of(self, work: str) -> SetAside:
        """Return the one of this piece of work; always the same."""
        return self._works.setdefault(work, SetAside(self.documents, self.service, work))


@dataclass
class _Round:
    """What became of the items of one round. recorded: those that were set aside before.

    away: errors of items that were not, that may be an outage.  in_row: how many of those, nothing done in between.
    """

    recorded: dict[str, SetAsideItem]
    done: set[str] = field(default_factory=set)
    failed: dict[str, Exception] = field(default_factory=dict)
    away: list[Transient] = field(default_factory=list)
    in_row: int = 0

    async def attempt(self, name: str, work: Awaitable[object]) -> None:
        """Await one item's work and write down what became of it."""
        try:
            await work
        except LeaseLost:
            raise
        except Exception as error:  # whatever it is, it is this item's own
            self.failed[name] = error
            if isinstance(error, Transient) and name not in self.recorded:
                self.away.append(error)
                self.in_row += 1
        else:
            self.done.add(name)
            self.in_row = 0

    @property
    def is_stopped(self) -> bool:
        """Say whether so much failed in a row that the rest would, too."""
        return self.in_row >= IN_ROW

    @property
    def is_outage(self) -> bool:
        """Say of a round that is over whether a store or a peer is away."""
        return self.is_stopped or bool(self.away and not self.done)

    def own_failures(self) -> dict[str, Exception]:
        """Return the failures that are the items' own."""
        if not self.is_outage:
            return self.failed
        return {name: error for name, error in self.failed.items() if not isinstance(error, Transient)}
