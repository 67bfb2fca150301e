"""Take what is said of two pseudonyms, and decide anew about what is linked by them. Everything may be done again."""

from collections.abc import Iterable, Sequence
from functools import partial

import msgspec

from services.linker.gateway import linking
from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.merges.records import MERGE_DELIVERIES, MergeDelivery, ToldState
from services.linker.gateway.records import REPORTS_SEEN, STUDIES_SEEN
from services.linker.links.merges import (
    MergeDecision,
    merge_id,
    merges_of,
    record_decisions,
)
from shared import clock
from shared.documents import In
from shared.documents.optimistic import change
from shared.events import Event, PatientsMerged
from shared.logs import decided


async def take_merge(event: PatientsMerged, deps: GatewayDeps) -> Sequence[Event]:
    """Take what a hospital said."""
    said = [(pair, MergeDecision(event.action, pair[1], event.at)) for pair in event.pairs]
    await record(deps, event.name, said, receipt_id=event.receipt_id)
    return ()


async def record(
    deps: GatewayDeps, name: str, said: Sequence[tuple[Sequence[str], MergeDecision]], *, receipt_id: str = ""
) -> None:
    """Note what was said of pairs of pseudonyms, link anew, and have the centre told. name: of the delivery."""
    merges = tuple(merge_id(deps.site, pair) for pair, _ in said)
    due = partial(_due, name, merges, receipt_id)
    await change(deps.documents, MERGE_DELIVERIES, name, due)
    for pair, decision in said:
        await record_decisions(deps.documents, deps.site, pair, [decision])
    await change(deps.documents, MERGE_DELIVERIES, name, due)  # again: a round may have told what was there before
    decided("patients-merged", service="linker", role="gateway", reason=said[0][1].action if said else "")
    await _link_anew(deps, {each for pair, _ in said for each in pair})
    deps.wake_up.set()


async def _due(name: str, merges: tuple[str, ...], receipt_id: str, old: MergeDelivery | None) -> MergeDelivery | None:
    known = old or MergeDelivery(id=name, state=ToldState.DUE, merges=merges)
    receipts = tuple(sorted({*known.receipts, receipt_id} - {""}))
    return msgspec.structs.replace(known, state=ToldState.DUE, receipts=receipts, revision=known.revision + 1)


async def _link_anew(deps: GatewayDeps, patients: Iterable[str]) -> None:
    """Decide anew about the reports of everybody who ever was one patient with these, and of their Studies."""
    merges = await merges_of(deps.documents, deps.site, patients, standing=False)
    every = tuple(sorted({*patients, *(each for merge in merges for each in merge.patients)}))
    at = clock.now()
    for study in await deps.documents.find_all(STUDIES_SEEN, In("patient_ids", every)):
        await linking.relink_study(deps, study, at=at)

    async def decide(report_id: str) -> None:
        await linking.relink(deps, report_id, at=at)

    reports = await deps.documents.find_all(REPORTS_SEEN, In("patient_id", every))
    await deps.set_asides.of(linking.RELINK).each(sorted(each.report_id for each in reports), str, decide)
