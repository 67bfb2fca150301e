"""What does not go on by itself, or not soon: dead letters of the queues, and items that services have set aside.

One view of both for ``jmid dead`` and the page ``/-/dead``: found by filters, tried again, or given up.
"""

import enum
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec

from shared import clock
from shared.bus import Bus
from shared.documents import Documents, Eq
from shared.errors import Invalid
from shared.runtime.ports import Ports
from shared.service import Role, Service
from shared.set_aside import SET_ASIDE

MOST = 10_000
_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class Kind(enum.StrEnum):
    """letter: a message that died.  item: one that a loop has set aside, and tries again at growing intervals."""

    LETTER = "letter"
    ITEM = "item"


class Entry(msgspec.Struct, frozen=True):
    """One of them. queue: role and service, as gateway:linker.  about: the topic, or the work.

    error: class and reason.  since: when it died or was first set aside, ISO 8601, or empty.  details: the event, or
    what is known of the item; no patient's value.
    """

    kind: Kind
    queue: str
    id: str
    about: str
    error: str
    attempts: int
    since: str
    details: bytes = b""

    @property
    def service(self) -> str:
        """The name of the service alone."""
        return self.queue.partition(":")[2]

    def age_s(self, now: datetime) -> float:
        """Return its age; 0 if it is not known."""
        return (now - datetime.fromisoformat(self.since)).total_seconds() if self.since else 0.0


class Filter(msgspec.Struct, frozen=True):
    """Which are meant. queue, id: of one, or all.  reason: a part of the error, in any case.  older_s: at least."""

    queue: str = "all"
    id: str = "all"
    reason: str = ""
    older_s: float = 0.0
    newer_s: float = float("inf")

    def matches(self, entry: Entry, now: datetime) -> bool:
        """Say whether this one is meant."""
        return (
            self.queue in ("all", entry.queue)
            and self.id in ("all", entry.id)
            and self.reason.casefold() in entry.error.casefold()
            and self.older_s <= entry.age_s(now) <= self.newer_s
        )


def seconds(text: str) -> float:
    """Return a span of time such as 90s, 30m, 2h or 3d in seconds; raise Invalid that shows a right one."""
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS_S or not number.isascii() or not number.isdigit() or len(number) > 6:
        raise Invalid("not-a-span", "a span of time is, for example, 90s, 30m, 2h or 3d")
    return float(int(number) * _UNITS_S[unit])


async def find(ports: Ports, role: Role, services: Iterable[Service], wanted: Filter) -> list[Entry]:
    """Return what is meant of these services of a role: letters first, the oldest first."""
    entries: list[Entry] = []
    for service in services:
        if service.role is role and wanted.queue in ("all", f"{role}:{service.name}"):
            entries += await _letters(ports.bus, role, service) if service.takes else []
            entries += await _items(ports.documents, role, service)
    now = clock.utc_now()
    return [entry for entry in entries if wanted.matches(entry, now)]


async def again(ports: Ports, entries: Sequence[Entry]) -> int:
    """Put letters back into their queues, and have items tried at the next round; return how many were there."""
    replayed = [await ports.bus.replay(service, *ids) for service, ids in _letter_ids(entries).items()]
    return sum(replayed) + sum([await _again(ports, entry) for entry in entries if entry.kind is Kind.ITEM])


async def drop(ports: Ports, entries: Sequence[Entry]) -> int:
    """Delete letters, and forget items; return how many were there.

    An item that its service still finds is tried again, and set aside again if it fails.
    """
    dropped = [await ports.bus.drop(service, *ids) for service, ids in _letter_ids(entries).items()]
    items = [entry.id for entry in entries if entry.kind is Kind.ITEM]
    return sum(dropped) + sum([await ports.documents.delete(SET_ASIDE, item) for item in items])


def _letter_ids(entries: Iterable[Entry]) -> dict[str, list[str]]:
    """Return the ids of the letters by service: each queue is gone through once."""
    ids: dict[str, list[str]] = {}
    for entry in entries:
        if entry.kind is Kind.LETTER:
            ids.setdefault(entry.service, []).append(entry.id)
    return ids


async def _letters(bus: Bus, role: Role, service: Service) -> list[Entry]:
    letters = await bus.dead(service.name, limit=MOST)
    return [
        Entry(Kind.LETTER, f"{role}:{service.name}", x.id, x.topic, x.error, x.deliveries, x.died_at, x.body)
        for x in letters
    ]


async def _items(documents: Documents, role: Role, service: Service) -> list[Entry]:
    items = [item async for item in documents.every(SET_ASIDE, Eq("service", service.name))]
    return [
        Entry(
            Kind.ITEM,
            f"{role}:{service.name}",
            item.id,
            item.work,
            f"{item.error} {item.origin}".strip(),
            item.attempts,
            datetime.fromtimestamp(item.since, UTC).isoformat(timespec="seconds"),
            msgspec.json.encode(item),
        )
        for item in sorted(items, key=lambda item: item.since)
    ]


async def _again(ports: Ports, entry: Entry) -> bool:
    item = await ports.documents.get(SET_ASIDE, entry.id)
    if item is not None:
        await ports.documents.put(SET_ASIDE, msgspec.structs.replace(item, again=True))
    return item is not None
