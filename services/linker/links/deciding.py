"""Keep one report's link equal to what the rules and people say: the same at the gateway and at the centre."""

from collections.abc import Awaitable, Callable
from functools import partial

import msgspec

from services.linker.links.matching import ManualDecision, Match
from services.linker.links.records import LINKS, Link, advance
from services.linker.links.states import Settled
from shared.documents import Documents
from shared.documents.optimistic import change, derive

FindMatch = Callable[[Link, ManualDecision | None], Awaitable[Match | None]]
"""Returns what the rules say now of a report with this link and one more decision; None if the report is not known."""


async def decide_link(
    documents: Documents, report_id: str, find_match: FindMatch, *, decision: ManualDecision | None, at: float
) -> Link | None:
    """Bring the link of a report in line with the rules, after one more decision if there is one."""

    async def step(old: Link | None, decision: ManualDecision | None = None) -> Link | None:
        old = old or Link(report_id=report_id)
        match = await find_match(old, decision)
        return None if match is None else advance(old, match, decision=decision, at=at)

    if decision is not None:
        await change(documents, LINKS, report_id, partial(step, decision=decision))
    return await derive(documents, LINKS, report_id, step)


async def mark_settled(documents: Documents, link: Link) -> None:
    """Note that all that follows from this revision of a link has been done; a newer revision stays unsettled."""

    async def step(now: Link | None) -> Link | None:
        if now is None or now.revision != link.revision:
            return None
        return msgspec.structs.replace(now, settled=Settled.YES)

    await change(documents, LINKS, link.report_id, step)
