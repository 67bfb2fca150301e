"""The queue: what of the quarantine a person looks at, in which order, and how much waits for which reason."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec

from services.anonymizer.records import QUARANTINE, Kind, Quarantined, State
from shared.documents import Condition, Documents, Eq, Order, Page, Range
from shared.errors import Invalid
from shared.whole_numbers import whole_number

MOST, PAGE = 1000, 100


class Filter(NamedTuple):
    """What is looked at; "" does not ask. series: pseudonymous Series Instance UID."""

    state: State = State.WAITING
    reason: str = ""
    kind: str = ""
    series: str = ""

    @property
    def where(self) -> list[Condition]:
        """Return the conditions on the records."""
        named = (("reason", self.reason), ("kind", self.kind), ("series", self.series))
        return [Eq("state", self.state.value), *(Eq(field, value) for field, value in named if value)]

    @property
    def query(self) -> dict[str, str]:
        """Return the query of a URL that asks for it again."""
        return {name: str(value) for name, value in self._asdict().items() if value}


class ReasonCount(msgspec.Struct, frozen=True):
    """How much of one state and reason there is. oldest: RFC 3339."""

    reason: str
    count: int
    oldest: str


def filter_of(query: Mapping[str, str]) -> Filter:
    """Return the filter of a URL; raise Invalid for a state or kind that there is not."""
    try:
        state = State(query.get("state", State.WAITING.value))
        kind = Kind(query["kind"]).value if query.get("kind") else ""
    except ValueError as error:
        raise Invalid(
            "wrong-parameter", f"state is one of {', '.join(State)}; kind is one of {', '.join(Kind)}"
        ) from error
    return Filter(state, query.get("reason", ""), kind, query.get("series", ""))


async def page(documents: Documents, asked: Filter, query: Mapping[str, str]) -> Page[Quarantined]:
    """Return a page: what waits from the oldest on, all else from the newest. query: may say limit and after."""
    limit = whole_number(query.get("limit", str(PAGE)), MOST)
    if not limit:
        raise Invalid("wrong-parameter", f"limit is a number from 1 to {MOST}")
    order = [Order("at", descending=asked.state not in (State.WAITING, State.DECIDED))]
    after = query.get("after") or None
    return await documents.find(QUARANTINE, *asked.where, order=order, limit=limit, after=after)


async def reasons(documents: Documents, state: State) -> list[ReasonCount]:
    """Return the reasons of a state, each with its count and age; two indexed questions for each."""
    counts: list[ReasonCount] = []
    of_state, order = Eq("state", state.value), [Order("reason"), Order("at")]
    low = ""
    while True:
        first_page = await documents.find(QUARANTINE, of_state, Range("reason", low=low), order=order, limit=1)
        if not first_page.documents:
            return sorted(counts, key=lambda each: each.oldest)
        oldest = first_page.documents[0]
        count = await documents.count(QUARANTINE, of_state, Eq("reason", oldest.reason))
        counts.append(ReasonCount(oldest.reason, count, oldest.at))
        low = f"{oldest.reason} "  # behind it, and before what begins with it: reasons are words with hyphens


async def beside(documents: Documents, asked: Filter, item: Quarantined, *, forward: bool) -> Quarantined | None:
    """Return what comes next in the queue behind an item, or before it."""
    bound = Range("at", low=item.at) if forward else Range("at", high=item.at)
    here = (item.at, item.blob)
    async for each in documents.every(QUARANTINE, *asked.where, bound, order=[Order("at", descending=not forward)]):
        if (here < (each.at, each.blob)) if forward else ((each.at, each.blob) < here):
            return each
    return None


def age_of(at: str, now: datetime) -> tuple[int, str]:
    """Return how long ago an RFC 3339 time was, in its largest whole unit: d, h or min."""
    minutes = max(0, int((now - datetime.fromisoformat(at)).total_seconds()) // 60)
    sizes = ((24 * 60, "d"), (60, "h"), (1, "min"))
    return next((minutes // size, unit) for size, unit in sizes if minutes >= size or size == 1)


def path_of(item: Quarantined) -> str:
    """Return the path of the page on which a person decides about an item."""
    return f"/gateway/quarantine/{'reports/' if item.kind is Kind.REPORT else ''}{item.blob}"
