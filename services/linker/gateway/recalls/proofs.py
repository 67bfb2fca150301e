"""Says of a Study whether it could be delivered again: by what is kept here for ever, or by the PACS."""

from services.linker.gateway.delivery.transport import Centre
from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.recalls import compared
from services.linker.gateway.recalls.centre import tell_proof
from services.linker.gateway.recalls.fetching import ended, is_of_opted_out, looked_for
from services.linker.gateway.records import DELIVERIES
from shared.documents import Eq

FOUND = "found"
KEPT = "kept-at-gateway"
IN_PACS = "in-pacs"
TOO_FEW = "fewer-in-pacs"
NOT_COUNTED = "pacs-does-not-count"
OPTED_OUT = "opted-out"


async def prove(deps: GatewayDeps, centre: Centre, study: str) -> None:
    """Say whether all of a Study that this gateway delivered could be delivered again; of another's say nothing.

    A copy that is let go after a time is no proof: when the centre needs it, it may be gone. Then the PACS is asked.
    """
    rows = await deps.documents.find_all(DELIVERIES, Eq("study_instance_uid", study))
    batches = compared.of_images(rows)
    if not batches:
        return
    if await is_of_opted_out(deps, study):
        await tell_proof(centre, study, deps.site, possible=False, reason=OPTED_OUT)
        return
    held, lost = compared.held_and_lost(batches)
    refs = [ref for batch in held for ref in batch.instances]
    if (
        not deps.settings.retention_h
        and not lost
        and all([await deps.blobs.size(ref.blob) is not None for ref in refs])
    ):
        await tell_proof(centre, study, deps.site, possible=True, reason=KEPT)
        return
    fetch = await looked_for(deps, study)
    if not fetch.is_end:
        return
    wanted = len({uid for batch in batches for uid in batch.confirmed})
    reason = verdict(fetch.outcome, fetch.instances, wanted)
    await tell_proof(centre, study, deps.site, possible=reason == IN_PACS, reason=reason)
    await ended(deps, fetch)


def verdict(outcome: str, instances: int, wanted: int) -> str:
    """Return whether the PACS has a Study as a word. wanted: Instances that the centre confirmed of it. Pure.

    A PACS that does not say how many Instances it has proves nothing.
    """
    if outcome != FOUND:
        return outcome
    if not instances:
        return NOT_COUNTED
    return IN_PACS if instances >= wanted else TOO_FEW
