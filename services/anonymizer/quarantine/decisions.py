"""What the review of images and of reports has in common: the item, its bytes, who decides, and carrying it out.

A decision is never rewritten: the next one about the same item is a new event that supersedes it, and says which one
it has read. What is decided goes through the same handler as everything else: the event of its receipt, said again.
"""

from collections.abc import Mapping, Sequence

from aiohttp import web
from msgspec import structs
from yarl import URL

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.quarantine import queue
from services.anonymizer.quarantine.again import events_of
from services.anonymizer.records import (
    AUDIT,
    DECISION_EVENTS,
    DECISIONS,
    QUARANTINE,
    REPORT_AUDIT,
    Choice,
    Decision,
    DecisionEvent,
    Kind,
    Quarantined,
    State,
)
from shared.bus import Bus
from shared.documents import Eq, Order, Put
from shared.errors import Conflict, Invalid, NotFound
from shared.logs import decided
from shared.web.actor import actor_named
from shared.whole_numbers import whole_number

_MOST_DECISIONS = 999_999  # of one item: their ids have six digits


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


def choice_of(form: Mapping[str, str], choices: Sequence[Choice]) -> tuple[Choice, str]:
    """Return what was decided and by whom; Invalid if the form does not say."""
    choice = next((each for each in choices if each.value == form.get("decision")), None)
    if choice is None:
        raise Invalid("wrong-decision", f"decision is one of {', '.join(choices)}")
    return choice, actor_named(form.get("by", ""))


def seen_in(form: Mapping[str, str]) -> int:
    """Return the number of the last decision that the person has read, 0 if there was none."""
    seen = whole_number(form.get("seen", "0"), _MOST_DECISIONS)
    if seen is None:
        raise Invalid("wrong-seen", "seen is the number of the last decision that was shown")
    return seen


async def has_left(deps: AnonymizerDeps, item: Quarantined) -> bool:
    """Say whether something of it was handed over for delivery, and so may be at the centre."""
    if item.kind is Kind.REPORT:
        return await deps.documents.get(REPORT_AUDIT, item.blob) is not None
    return await deps.documents.get(AUDIT, item.blob) is not None


async def shown_with(deps: AnonymizerDeps, request: web.Request, item: Quarantined) -> dict[str, object]:
    """Return what every page about an item shows: its decisions, what has left, and what is beside it in the queue."""
    asked = queue.filter_of(request.query)
    before, behind = [await queue.beside(deps.documents, asked, item, forward=each) for each in (False, True)]
    events = await deps.documents.find_all(DECISION_EVENTS, Eq("blob", item.blob), order=[Order("at")])
    decision = await deps.documents.get(DECISIONS, item.blob)
    return {
        "item": item,
        "decision": decision,
        "events": events or ([_event(item, decision, "item", had_left=False)] if decision else []),
        "seen": decision.number if decision else 0,
        "has_left": await has_left(deps, item),
        "query": str(URL.build(query=asked.query).raw_query_string) if request.query else "",
        "before": queue.path_of(before) if before else "",
        "behind": queue.path_of(behind) if behind else "",
    }


async def go_on(deps: AnonymizerDeps, request: web.Request, item: Quarantined) -> web.HTTPSeeOther:
    """Return the way to what waits behind this item in the queue that the page was opened from; else to the list."""
    if not request.query:
        return web.HTTPSeeOther("/gateway/quarantine")
    asked = queue.filter_of(request.query)
    following = await queue.beside(deps.documents, asked, item, forward=True)
    path = queue.path_of(following) if following else "/gateway/quarantine"
    return web.HTTPSeeOther(URL(path).with_query(asked.query))


async def carry_out(deps: AnonymizerDeps, bus: Bus, item: Quarantined, decision: Decision, *, seen: int) -> None:
    """Record the decision, then have the item handled again; if that fails, the person decides again.

    Raises Conflict if there is a decision that the person has not seen.
    """
    recorded = await record(deps, item, decision, seen=seen)
    await handle_again(deps, bus, [(item, recorded)])


async def record(
    deps: AnonymizerDeps, item: Quarantined, decision: Decision, *, seen: int | None, scope: str = "item"
) -> Decision:
    """Record a decision that supersedes the one that was seen, and return it with its number. seen: None asks not."""
    earlier, version = await deps.documents.get_versioned(DECISIONS, item.blob) or (None, 0)
    number = earlier.number if earlier else 0
    if seen is not None and seen != number:
        raise Conflict("somebody decided about it meanwhile; read it again")
    recorded = structs.replace(decision, number=number + 1)
    had_left = await has_left(deps, item)
    rejected = State.REJECTED_LATE if had_left else State.REJECTED
    state = rejected if recorded.is_rejection else State.DECIDED
    rows = [Put(DECISION_EVENTS, _event(item, recorded, scope, had_left=had_left))]
    if earlier and await deps.documents.get(DECISION_EVENTS, _event_id(item, earlier)) is None:
        rows.insert(0, Put(DECISION_EVENTS, _event(item, earlier, "item", had_left=False)))
    changed = Put(QUARANTINE, structs.replace(item, state=state))
    await deps.documents.write(Put(DECISIONS, recorded, if_version=version), *rows, changed)
    decided("quarantine-decided", service="anonymizer", receipt_id=item.receipt_id, reason=recorded.decision.value)
    return recorded


async def handle_again(deps: AnonymizerDeps, bus: Bus, recorded: Sequence[tuple[Quarantined, Decision]]) -> None:
    """Publish the events of what was decided, at one time; if that fails, it waits again.

    What was rejected is said again too: what of it had left is taken back.
    """
    if not recorded:
        return
    items, at = [item for item, _ in recorded], recorded[0][1].at
    left = {item.blob for item in items if await has_left(deps, item)}
    try:
        await bus.publish(*events_of(deps.policy.site, items, cause="decision", at=at, left=left))
    except BaseException:
        await deps.documents.write(*(Put(QUARANTINE, item) for item in items))
        raise


def _event_id(item: Quarantined, decision: Decision) -> str:
    return f"{item.blob}|{decision.number:06d}"


def _event(item: Quarantined, decision: Decision, scope: str, *, had_left: bool) -> DecisionEvent:
    return DecisionEvent(
        id=_event_id(item, decision),
        blob=item.blob,
        kind=item.kind,
        receipt_id=item.receipt_id,
        subject=item.subject,
        reason=item.reason,
        decision=decision,
        scope=scope,
        had_left=had_left,
        by=decision.by,
        at=decision.at,
    )
