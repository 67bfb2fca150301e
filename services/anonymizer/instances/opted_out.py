"""Instances of patients who opted out: refused, noted by their digest alone, and kept nowhere.

The policy of a batch is read at its begin; who opted out while it was worked on is looked up again at its end.
"""

from collections.abc import Mapping, Sequence

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.instances.batch import About, Refusal
from services.anonymizer.opt_out_records import NOT_COLLECTED, NotCollected, opted_out_now, withdraw_again
from services.anonymizer.opted_out import OPTED_OUT
from services.anonymizer.records import Audit
from shared.documents import Put
from shared.events import InstancesReceived

_REFUSAL = Refusal(OPTED_OUT, "", 0, About())


async def refusals_of(event: InstancesReceived, deps: AnonymizerDeps) -> dict[str, Refusal]:
    """Return what of a batch was refused before, and whose bytes are gone since."""
    known = await deps.documents.get_many(NOT_COLLECTED, event.blobs)
    gone = [blob for blob in known if await deps.identified.size(blob) is None]
    return dict.fromkeys(gone, _REFUSAL)


async def without_opted_out(
    event: InstancesReceived, deps: AnonymizerDeps, audits: Sequence[Audit]
) -> tuple[list[Audit], dict[str, Refusal]]:
    """Return the audits without those of patients who opted out, and a refusal for each of these."""
    now = await opted_out_now(deps.documents, deps.key_versions)
    late = [each for each in audits if now.holds(each.subject)]
    for each in late:
        await deps.deidentified.delete(each.instance.blob)
    for subject in sorted({each.subject for each in late}):
        await withdraw_again(deps.documents, subject)
    return [each for each in audits if not now.holds(each.subject)], {each.blob: _REFUSAL for each in late}


async def not_collected(event: InstancesReceived, deps: AnonymizerDeps, refused: Mapping[str, Refusal]) -> None:
    """Note which contents were refused: their bytes go, and a replay is to be answered the same."""
    at = event.occurred_at.isoformat()
    rows = [NotCollected(blob=blob, at=at) for blob, each in refused.items() if each.reason == OPTED_OUT]
    if rows:
        await deps.documents.write(*(Put(NOT_COLLECTED, each) for each in rows))
