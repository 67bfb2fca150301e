"""``jmid reconcile --day … --repair``: have delivered again what the centre misses of a day, or ask the PACS for it.

First from the de-identified bytes, then from the identified ones, before the bulk; what is in neither only the PACS
has. What was evicted, deleted or withdrawn at the centre is not missed.
"""

from typing import NamedTuple

from services.ingest.deps import IngestDeps
from services.ingest.receipts.proof import Evidence, Missing, missing_of_day
from services.ingest.receipts.reconcile import Identified, send_missing_again
from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.repair import Redelivered, Wanted, ask_pacs, deliver_missing


class Repaired(NamedTuple):
    """What was done for a day. studies: that neither this gateway nor the centre has.  wanted: None if not asked."""

    missing: Missing
    delivered: Redelivered
    identified: Identified
    studies: frozenset[str]
    wanted: Wanted | None

    @property
    def left(self) -> int:
        """How many contents and Studies are neither at the centre nor on their way there."""
        unasked = len(self.studies) if self.wanted is None else self.wanted.opted_out
        return unasked + self.delivered.opted_out + len(self.delivered.failed) + self.identified.unread


async def repair_day(
    gateway: GatewayDeps, ingest: IngestDeps, day: str, evidence: Evidence, *, recall: bool
) -> Repaired:
    """Repair one day. recall: whether the PACS is asked for what is not here."""
    missing = await missing_of_day(ingest, day, evidence)
    delivered = await deliver_missing(gateway, sorted(missing.receipt_ids), missing.names)
    identified = await send_missing_again(ingest, delivered.lost)
    studies = frozenset(delivered.lost[uid] for uid in identified.lost)
    wanted = await ask_pacs(gateway, sorted(studies)) if recall else None
    return Repaired(missing, delivered, identified, studies, wanted)


def repair_lines(repaired: Repaired, day: str) -> list[str]:
    """Return what is said of a repair; Studies by their pseudonymous UIDs. Pure."""
    delivered, identified, wanted = repaired.delivered, repaired.identified, repaired.wanted
    lines = [
        (delivered.again + delivered.reports_again, _again(delivered)),
        (identified.again, f"{identified.again} Instances are due to be delivered again from the identified bytes"),
        (delivered.under_way, f"{delivered.under_way} Instances and reports were due already"),
        (
            delivered.opted_out,
            f"{delivered.opted_out} Instances and reports of patients who opted out are left",
        ),
        (len(identified.lost), f"{len(identified.lost)} Instances are neither there nor here"),
    ]
    if wanted is not None:
        asked = f"the PACS is asked for {wanted.asked} Studies; {wanted.open} were asked for already"
        lines += [(wanted.asked + wanted.open, asked)]
        lines += [(wanted.opted_out, f"{wanted.opted_out} Studies are of patients who opted out, and are left")]
    elif repaired.studies:
        command = f"jmid reconcile --day {day} --repair --recall"
        lines += [(1, f"{len(repaired.studies)} Studies can be asked for at the PACS: {command}")]
        lines += [(1, f"  {study}") for study in sorted(repaired.studies)]
    failed = [f"{name}: {reason}" for name, reason in sorted(delivered.failed.items())]
    return [line for count, line in lines if count] + failed or ["nothing of this day is missing at the centre"]


def _again(delivered: Redelivered) -> str:
    return f"{delivered.again} Instances and {delivered.reports_again} reports are due to be delivered again"
