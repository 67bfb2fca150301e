"""One decision for all that waits of a Series: what a person saw in one picture often holds for the others."""

from collections.abc import Set as AbstractSet
from typing import Final

from msgspec import structs

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.quarantine.decisions import handle_again, record
from services.anonymizer.records import QUARANTINE, Choice, Decision, Kind, Quarantined, State
from shared.bus import Bus
from shared.documents import Documents, Eq, Order
from shared.errors import Conflict

SHOWN: Final = 48
"""How many of a Series are shown beside the one that is looked at."""


async def waiting_of(documents: Documents, item: Quarantined, reasons: AbstractSet[str]) -> list[Quarantined]:
    """Return what else of the item's Series waits for one of these reasons; nothing if no Series is known."""
    if not item.series:
        return []
    where = (Eq("state", State.WAITING.value), Eq("series", item.series))
    waiting = await documents.find_all(QUARANTINE, *where, order=[Order("at")])
    return [
        each for each in waiting if each.blob != item.blob and each.kind is Kind.INSTANCE and each.reason in reasons
    ]


def may_share(item: Quarantined, other: Quarantined, decision: Decision) -> bool:
    """Say whether a decision about one image can hold for another: boxes need a picture of the same size. Pure."""
    if decision.decision is not Choice.MASK:
        return True
    size = (item.device.rows, item.device.columns)
    return size == (other.device.rows, other.device.columns) and all(size)


async def decide_for_rest(
    deps: AnonymizerDeps, bus: Bus, item: Quarantined, decision: Decision, reasons: AbstractSet[str]
) -> int:
    """Decide the same about what waits of the Series; return about how many. The others go on waiting."""
    recorded: list[tuple[Quarantined, Decision]] = []
    for other in await waiting_of(deps.documents, item, reasons):
        if not may_share(item, other, decision):
            continue
        try:
            own = await record(deps, other, structs.replace(decision, blob=other.blob), seen=None, scope="series")
        except Conflict:
            continue  # somebody decides about this one at the same moment: theirs holds
        recorded.append((other, own))
    await handle_again(deps, bus, recorded)
    return len(recorded)
