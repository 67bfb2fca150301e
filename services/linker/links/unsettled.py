"""Settle the links whose consequences a crash or an error has left undone; one that cannot be stops no other."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from services.linker.links.records import LINKS, Link
from services.linker.links.states import Settled
from shared.documents import Documents, Eq
from shared.set_aside import SetAside


@dataclass
class Unsettled:
    """Settles what was unsettled at two looks in a row, or at the first after a start."""

    documents: Documents
    set_aside: SetAside
    settle: Callable[[Link], Awaitable[object]]
    _seen: set[tuple[str, int]] | None = None

    async def look(self) -> int:
        """Look once; return how many were settled. Raises Transient while none can be, because a port is away."""
        unsettled = await self.documents.find_all(LINKS, Eq("settled", Settled.NO))
        left = [link for link in unsettled if self._seen is None or (link.report_id, link.revision) in self._seen]
        self._seen = {(link.report_id, link.revision) for link in unsettled}
        return await self.set_aside.each(left, lambda link: link.report_id, self.settle, is_all=True)
