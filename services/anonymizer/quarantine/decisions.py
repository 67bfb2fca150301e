"""What the review of images and of reports has in common: the item, its bytes, who decides, and carrying it out."""

from collections.abc import Sequence
from datetime import datetime

from aiohttp import web
from msgspec import structs

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.records import DECISIONS, QUARANTINE, Choice, Decision, Kind, Quarantined, State
from shared.bus import Bus
from shared.documents import Put
from shared.errors import Invalid, NotFound
from shared.events import InstancesReceived, ReportReceived
from shared.logs import decided


async def item_of(deps: AnonymizerDeps, request: web.Request, kind: Kind, name: str) -> Quarantined:
    """Return the item that the path names; NotFound if none of this kind is in quarantine. name: for a person."""
    item = await deps.documents.get(QUARANTINE, request.match_info["blob"])
    if item is None or item.kind != kind:
        raise NotFound("not-in-quarantine", f"no {name} of that key is in quarantine")
    return item


async def bytes_of(deps: AnonymizerDeps, item: Quarantined) -> bytes:
    """Return the original bytes; HTTPGone if they are no longer kept."""
    try:
        return await deps.identified.get(item.blob)
    except NotFound as error:
        raise web.HTTPGone(text="the original bytes are no longer kept") from error


async def form_of(request: web.Request) -> dict[str, str]:
    """Return the form of a decision."""
    return {key: str(value) for key, value in (await request.post()).items()}


def choice_of(form: dict[str, str], choices: Sequence[Choice]) -> tuple[Choice, str]:
    """Return what was decided and by whom; Invalid if the form does not say."""
    choice = next((each for each in choices if each.value == form.get("decision")), None)
    by = form.get("by", "").strip()
    if choice is None:
        raise Invalid("wrong-decision", f"decision is one of {', '.join(choices)}")
    if not by or len(by) > 64:
        raise Invalid("missing-by", "by is the name of who decides, at most 64 characters")
    return choice, by


async def carry_out(deps: AnonymizerDeps, bus: Bus, item: Quarantined, decision: Decision) -> None:
    """Record the decision, then have the item handled again; if that fails, the person decides again."""
    state = State.REJECTED if decision.is_rejection else item.state
    await deps.documents.write(Put(DECISIONS, decision), Put(QUARANTINE, structs.replace(item, state=state)))
    decided("quarantine-decided", service="anonymizer", receipt_id=item.receipt_id, reason=decision.decision.value)
    if not decision.is_rejection:
        await bus.publish(_again(deps, item, decision))


def _again(deps: AnonymizerDeps, item: Quarantined, decision: Decision) -> InstancesReceived | ReportReceived:
    key, at = f"decision|{item.blob}|{decision.at}", datetime.fromisoformat(decision.at)
    receipt = item.receipt_id
    if item.kind is Kind.REPORT:
        return ReportReceived.first(
            key, correlation_id=receipt, site=deps.policy.site, occurred_at=at, receipt_id=receipt, blob=item.blob
        )
    return InstancesReceived.first(
        key, correlation_id=receipt, site=deps.policy.site, occurred_at=at, receipt_id=receipt, blobs=(item.blob,)
    )
