"""What receipts wait for in the index: the last span of a receipt's trace lasts from its event until the case is there.

An event comes after its row of the feed can be read. So once a step that began later has read both feeds to their ends,
the case is as new as the event: replaced in that step, in an earlier one, or set aside. Nothing is kept: a process that
stops takes the spans that are open with it, and while nothing is traced there are none.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final

from services.search.follow.set_aside import SetAsideCase
from shared.tracing import spans

MOST: Final = 1000
"""So many spans may be open; what comes beyond, as while the feeds are away, has none."""
_Ending = Callable[[str], None]


class Awaited:
    """The spans that are open."""

    def __init__(self) -> None:
        self._new: dict[tuple[str, str], _Ending] = {}
        self._taken: list[tuple[str, _Ending]] = []

    def begin(self, case_ids: Iterable[str], correlation_id: str) -> None:
        """Begin a span for each case that an event is about; of several such events before the next step, one."""
        for case_id in case_ids:
            key, is_full = (case_id, correlation_id), len(self._new) + len(self._taken) >= MOST
            if spans.is_on() and key not in self._new and not is_full:
                self._new[key] = spans.indexing(correlation_id)

    def take(self) -> None:
        """Say that a step begins: what was begun until now is in the feeds that it reads."""
        self._taken += [(case_id, end) for (case_id, _), end in self._new.items()]
        self._new.clear()

    def end(self, touched: Collection[str], set_aside: Mapping[str, SetAsideCase], *, at_end: bool) -> None:
        """End the spans of what the step brought, with the class of the error for what is set aside.

        at_end: it read both feeds to their ends, so whatever it took is as new as its event.
        """
        left = []
        for case_id, end in self._taken:
            if at_end or case_id in touched:
                end(set_aside[case_id].error if case_id in set_aside else "")
            else:
                left.append((case_id, end))
        self._taken = left
