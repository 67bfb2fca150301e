"""Makes what arrives durable and writes the ledger, before anybody is answered.

Order: bytes (fsync), then arrivals and receipt in one write; the outbox publishes arrivals that are not published yet.
A content that is known already, whichever endpoint received it, goes on too, marked as sent again: whether it is a
duplicate is for the centre to say. One that was refused is tried again.
"""

import asyncio
import hashlib
import mmap
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from services.ingest.deps import IngestDeps
from services.ingest.receipts.counting import note_changed
from services.ingest.receipts.ledger import add_arrivals, change_arrival, note_left
from services.ingest.receipts.records import (
    ARRIVALS,
    RECEIPTS,
    REJECTED,
    REPORT,
    Arrival,
    ArrivalState,
    Receipt,
    Rejected,
    RejectedState,
)
from services.ingest.rules.decision import Decision, Sent, decide
from services.ingest.rules.facts import Facts, report_facts
from services.ingest.rules.rule_file import EVERYTHING, RuleSet
from shared import clock
from shared.audit.record import Happening, Who
from shared.audit.words import Action, EventKind
from shared.dicom import spool
from shared.errors import Invalid
from shared.logs import decided
from shared.metrics import RECEIVED as RECEIVED_METRIC
from shared.metrics import REFUSED as REFUSED_METRIC
from shared.supervision import origin
from shared.tracing import spans


def new_receipt(
    deps: IngestDeps, endpoint: str, kind: str, sender: str = "", *, manual: bool = False, priority: bool = False
) -> Receipt:
    """Return a receipt that nothing is on yet. Its id is random: it says nothing about anybody.

    What came by no request of HTTP has its record in the audit trail by this: its sender, and the receipt.
    """
    receipt_id = str(uuid.uuid4())
    spans.begun(receipt_id, endpoint)
    if deps.audit is not None and endpoint in _WITHOUT_REQUEST:
        who = Who(subject=f"{endpoint}:{sender}" if sender else endpoint, name=sender or endpoint, shown=endpoint)
        objects = (f"receipt:{receipt_id}",)
        happened = Happening(EventKind.IMPORT, Action.CREATE, who, route=endpoint, objects=objects)
        deps.audit.note_from_thread(happened)
    return Receipt(
        id=receipt_id,
        site=deps.site,
        endpoint=endpoint,
        kind=kind,
        sender=sender,
        manual=manual,
        priority=priority or manual,
        at=clock.now(),
    )


_WITHOUT_REQUEST = frozenset({"dimse", "mllp", "csv", "pull"})
Bytes = bytes | mmap.mmap


class Content(msgspec.Struct, frozen=True):
    """Bytes to keep for the anonymizer. original: of a report, the bytes as they were sent.

    facts: of an Instance, for the collection rules.  is_merge: it says whose numbers are one patient's; no rule leaves
    that out, or what was collected would not be found together.
    """

    data: Bytes
    original: bytes = b""
    facts: Facts | None = None
    is_merge: bool = False


async def receive(deps: IngestDeps, receipt: Receipt, contents: Sequence[Content]) -> int:
    """Keep contents under a receipt that the rules collect, and return how many they are; durable on return.

    Raises StorageFull or Unavailable, and nothing is promised.
    """
    await deps.room.check()
    rules = deps.rules.value
    if rules is EVERYTHING:
        await _receive(deps, receipt, contents)
        return len(contents)
    receipt = msgspec.structs.replace(receipt, rules=(rules.version,))
    decisions = await asyncio.to_thread(lambda: [_decided(rules, receipt, each) for each in contents])
    pairs = list(zip(contents, decisions, strict=True))
    collected = [each for each, decision in pairs if decision.collected or each.is_merge]
    left = Counter(decision.label for each, decision in pairs if not (decision.collected or each.is_merge))
    if collected:
        await _receive(deps, receipt, collected)
    if left:
        await note_left(deps, receipt, left)
    return len(collected)


def _decided(rules: RuleSet, receipt: Receipt, content: Content) -> Decision:
    known = report_facts(bytes(content.data)) if receipt.kind == REPORT else None
    facts = content.facts or known or Facts()
    return decide(rules, Sent(receipt.kind, receipt.sender, receipt.manual), facts)


async def _receive(deps: IngestDeps, receipt: Receipt, contents: Sequence[Content]) -> None:
    with spans.receiving(receipt.id, len(contents)):
        await _make_durable(deps, receipt, contents)


async def _make_durable(deps: IngestDeps, receipt: Receipt, contents: Sequence[Content]) -> None:
    keyed = await asyncio.to_thread(lambda: {spool.sha256(each.data): each for each in contents})
    originals = {key: f"originals/{hashlib.sha256(e.original).hexdigest()}" for key, e in keyed.items() if e.original}
    known = await deps.documents.get_many(ARRIVALS, list(keyed))
    fresh = {key for key in keyed if key not in known or known[key].state is ArrivalState.REFUSED}
    at = clock.now()
    await _keep(deps, {key: keyed[key] for key in keyed if key in fresh}, originals)
    await _keep_again(deps, {key: keyed[key] for key in keyed if key not in fresh}, originals, at)
    arrivals = [
        Arrival(
            blob=key,
            receipt_id=receipt.id,
            kind=receipt.kind,
            endpoint=receipt.endpoint,
            original=originals.get(key, ""),
            size_bytes=len(each.data),
            at=at,
        )
        for key, each in keyed.items()
    ]
    again = await add_arrivals(deps, receipt, arrivals)
    await _keep_again(deps, {key: keyed[key] for key in again}, originals, at)
    RECEIVED_METRIC.labels(deps.site, receipt.kind, receipt.endpoint).inc(len(contents))
    if fresh or again:
        deps.wake_up.set()


async def _keep(deps: IngestDeps, contents: Mapping[str, Content], originals: Mapping[str, str]) -> None:
    blobs: dict[str, Bytes] = {key: each.data for key, each in contents.items()}
    blobs |= {originals[key]: each.original for key, each in contents.items() if key in originals}
    small = {key: data for key, data in blobs.items() if isinstance(data, bytes)}
    if small:
        await deps.blobs.put_many(small)
    for key in blobs.keys() - small.keys():
        await spool.keep(deps.blobs, key, blobs[key])


async def _keep_again(
    deps: IngestDeps, contents: Mapping[str, Content], originals: Mapping[str, str], at: float
) -> None:
    """Keep the bytes of known contents for as long as those of new ones: they may have to be de-identified again.

    The arrival first, so that the release of old bytes lets it be; then the bytes, where that was faster. Done before
    the rows that promise the bytes, and once more after them.
    """

    def renewed(old: Arrival) -> Arrival:
        if old.state not in (ArrivalState.DEIDENTIFIED, ArrivalState.RELEASED):
            return old
        return msgspec.structs.replace(old, at=at, state=ArrivalState.DEIDENTIFIED)

    for key in contents:
        await change_arrival(deps, key, renewed)
    gone = {key: each for key, each in contents.items() if await deps.blobs.size(key) is None}
    await _keep(deps, gone, originals)


def not_handled(error: Exception) -> Invalid:
    """Return the reason to reject one content with that met an error nobody foresaw: its class and where, no value."""
    decided("not-handled", level="error", service="ingest", error=type(error).__name__, origin=origin(error))
    return Invalid("not-handled", f"{type(error).__name__} at {origin(error)}")


async def reject(deps: IngestDeps, receipt: Receipt, data: Bytes, error: Invalid) -> None:
    """Keep what was not understood, with the reason, for a person to look at. Raises StorageFull or Unavailable."""
    await deps.room.check()
    digest = await asyncio.to_thread(spool.sha256, data)
    blob = f"rejected/{digest}"
    await spool.keep(deps.blobs, blob, data)
    await _note_rejected(deps, receipt, error, name=digest[:16], blob=blob, size_bytes=len(data))


async def reject_unkept(deps: IngestDeps, receipt: Receipt, error: Invalid, *, name: str, size_bytes: int) -> None:
    """Note what was not taken, and of which no byte is kept, so that no receipt calls itself delivered without it.

    name: tells it from others of the receipt.  size_bytes: as far as it was read.
    """
    unnamed = hashlib.sha256(name.encode()).hexdigest()[:16]
    state = RejectedState.NOT_KEPT
    await _note_rejected(deps, receipt, error, name=unnamed, blob="", size_bytes=size_bytes, state=state)


async def _note_rejected(
    deps: IngestDeps,
    receipt: Receipt,
    error: Invalid,
    *,
    name: str,
    blob: str,
    size_bytes: int,
    state: RejectedState = RejectedState.KEPT,
) -> None:
    row = Rejected(
        id=f"{receipt.id}.{name}",
        receipt_id=receipt.id,
        blob=blob,
        endpoint=receipt.endpoint,
        reason=error.reason,
        detail=error.detail,
        size_bytes=size_bytes,
        state=state,
        at=clock.now(),
    )
    await deps.documents.put(REJECTED, row)
    await note_changed(deps, await deps.documents.get(RECEIPTS, receipt.id) or receipt, 1)
    REFUSED_METRIC.labels("ingest", receipt.kind, error.reason).inc()
