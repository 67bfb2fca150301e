"""Moves what was received from the identified to the de-identified zone."""

from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.header_names.learned import Sighting
from services.anonymizer.instances import quarantined
from services.anonymizer.instances import scratch as files
from services.anonymizer.instances.batch import Refusal, Source
from services.anonymizer.instances.deidentify import Cleaned, Review
from services.anonymizer.instances.isolation import findings
from services.anonymizer.instances.opted_out import not_collected, refusals_of, without_opted_out
from services.anonymizer.instances.resent import still_there, with_earlier
from services.anonymizer.instances.series_search import suspects
from services.anonymizer.opted_out import OPTED_OUT
from services.anonymizer.policy_now import policy_now
from services.anonymizer.profile import profile
from services.anonymizer.pseudonyms.vault import VAULT
from services.anonymizer.records import (
    AUDIT,
    DECISIONS,
    Audit,
    Decision,
    count_refused,
)
from shared.documents import Put
from shared.errors import NotFound
from shared.events import (
    Event,
    InputDeidentified,
    InputRefused,
    InstanceRef,
    InstancesDeidentified,
    InstancesReceived,
    LinkKeys,
)
from shared.metrics import DEIDENTIFIED


async def deidentify_instances(event: InstancesReceived, deps: AnonymizerDeps) -> list[Event]:
    """De-identify a batch of Instances; what cannot be is quarantined. A replay writes and says the same again."""
    decisions = await deps.documents.get_many(DECISIONS, event.blobs)
    refused = await quarantined.rejected(deps, decisions) | await refusals_of(event, deps)
    rejected = [blob for blob, each in refused.items() if each.reason != OPTED_OUT]
    policy, since = await policy_now(deps)
    audits = [each for each in await still_there(event, deps, since, decisions) if each.blob not in refused]
    portions = await _portions(event, deps, audits, refused)
    waiting = [blob for portion in portions for blob in portion.blobs if blob not in decisions]
    suspected = await suspects(waiting, deps)
    for portion in portions:
        async with AsyncExitStack() as scratch:
            reviews = {blob: _review(decisions.get(blob)) for blob in portion.blobs}
            opened = [await _source(deps, blob, reviews[blob], portion, scratch) for blob in portion.blobs]
            sources = [each._replace(is_suspect=each.key in suspected) for each in opened]
            outcomes = dict(zip(portion.blobs, await findings(deps.cpu, sources, policy), strict=True))
            refused |= {blob: each for blob, each in outcomes.items() if isinstance(each, Refusal)}
            cleaned = {blob: each for blob, each in outcomes.items() if isinstance(each, Cleaned)}
            await _learn(event, deps, cleaned.values())
            kept, late = await _keep(event, deps, cleaned, decisions, sources[0].target)
            audits += kept
            rejected += late
    audits, opted_out = await without_opted_out(event, deps, audits)
    refused |= opted_out
    await not_collected(event, deps, refused)
    await quarantined.quarantine(event, deps, refused, decisions)
    _count(deps, len(audits), refused)
    return [*_events(event, audits, refused), *await quarantined.withdrawals(event, deps, rejected)]


async def _learn(event: InstancesReceived, deps: AnonymizerDeps, cleaned: Iterable[Cleaned]) -> None:
    """Note the names of staff and places that headers told; before the bytes go, so that a replay notes them too."""
    sightings = [Sighting(told, each.keys.study_instance_uid) for each in cleaned for told in each.told]
    await deps.learned.note(deps.documents, sightings, event.occurred_at.isoformat())


class Portion(NamedTuple):
    """What one worker takes at once: several Instances, or a large one alone. blobs: their keys."""

    blobs: list[str]
    is_large: bool


async def _portions(
    event: InstancesReceived, deps: AnonymizerDeps, audits: list[Audit], refused: dict[str, Refusal]
) -> list[Portion]:
    """Return the blobs in portions; those that are gone because they were done go to audits. refused: by a person."""
    portions = [Portion([], is_large=False)]
    size = 0
    done = {*refused, *(each.blob for each in audits)}
    for blob in (each for each in event.blobs if each not in done):
        length = await deps.identified.size(blob)
        if length is None:
            audits.append(await _earlier(blob, deps))
            continue
        if size + length > deps.batch_bytes:
            portions.append(Portion([], is_large=length > deps.batch_bytes))
            size = 0
        size += length
        portions[-1].blobs.append(blob)
    return [portion for portion in portions if portion.blobs]


async def _source(
    deps: AnonymizerDeps, blob: str, review: Review | None, portion: Portion, scratch: AsyncExitStack
) -> Source:
    """Return where a worker finds an Instance; a large one is not in memory here either."""
    path = deps.identified.local_path(blob)
    if not portion.is_large:
        return Source(path or await deps.identified.get(blob), blob, review)
    if path is None:
        path = await scratch.enter_async_context(files.scratch_file(deps.scratch))
        await files.fetch(deps.identified, blob, path)
    return Source(path, blob, review, await scratch.enter_async_context(files.scratch_file(deps.scratch)))


async def _earlier(blob: str, deps: AnonymizerDeps) -> Audit:
    """Return what was recorded of a blob that is gone; raise NotFound if nothing was."""
    audit = await deps.documents.get(AUDIT, blob)
    if audit is None:
        raise NotFound("identified-blob-missing", "an Instance is neither in the identified store nor recorded as done")
    return audit


async def _keep(
    event: InstancesReceived,
    deps: AnonymizerDeps,
    cleaned: dict[str, Cleaned],
    decisions: dict[str, Decision],
    target: Path | None,
) -> tuple[list[Audit], list[str]]:
    """Store bytes first, records after: a record promises the bytes. target: the file of a large Instance.

    Returns the records, and the blobs that a person rejected meanwhile.
    """
    if not cleaned:
        return [], []
    if target is None:
        await deps.deidentified.put_many({_key(each): each.data for each in cleaned.values()})
    else:
        (large,) = cleaned.values()
        await files.keep(deps.deidentified, _key(large), target)
    numbers = {blob: decisions[blob].number for blob in cleaned if blob in decisions}
    new_audits = [_audit(event, deps, blob, each, numbers.get(blob, 0)) for blob, each in cleaned.items()]
    audits = await with_earlier(event, deps, new_audits)
    released = await quarantined.released(deps, [audit.blob for audit in audits])
    sealed = deps.written.missing(entry for each in cleaned.values() for entry in each.sealed)
    rows = [Put(AUDIT, audit) for audit in audits]
    await deps.documents.write(*rows, *released, *(Put(VAULT, entry) for entry in sealed))
    late = await quarantined.late_rejections(deps, released)
    deps.written.note(sealed)
    return audits, late


def _review(decision: Decision | None) -> Review | None:
    """Return what a person decided for the pixels; a rejected image stays refused for the reason that it was."""
    return None if decision is None or decision.is_rejection else Review(decision.boxes, decision.page_boxes)


def _key(cleaned: Cleaned) -> str:
    return f"instances/{cleaned.sop_instance_uid}.dcm"


def _audit(event: InstancesReceived, deps: AnonymizerDeps, blob: str, cleaned: Cleaned, decision: int) -> Audit:
    instance = InstanceRef(
        blob=_key(cleaned),
        size_bytes=cleaned.size_bytes,
        sop_class_uid=cleaned.sop_class_uid,
        sop_instance_uid=cleaned.sop_instance_uid,
        series_instance_uid=cleaned.series_instance_uid,
        modality=cleaned.keys.modality,
        sha256=cleaned.digest,
    )
    return Audit(
        blob=blob,
        receipt_id=event.receipt_id,
        profile=profile.load(deps.policy.profile).label,
        keys_version=deps.policy.keys.version,
        counts=cleaned.counts,
        digest=cleaned.digest,
        at=event.occurred_at.isoformat(),
        instance=instance,
        keys=cleaned.keys,
        decision=decision,
        device_rule=cleaned.device_rule,
        rules_only=not deps.policy.analyse,
    )


def _count(deps: AnonymizerDeps, passed: int, refused: dict[str, Refusal]) -> None:
    DEIDENTIFIED.labels("instance", deps.policy.profile).inc(passed)
    for each in refused.values():
        count_refused("instance", each.reason)


def _events(event: InstancesReceived, audits: Sequence[Audit], refused: dict[str, Refusal]) -> list[Event]:
    """Return one event per Study, and what the receipts need to know."""
    studies: dict[str, list[Audit]] = {}
    for audit in audits:
        studies.setdefault(audit.keys.study_instance_uid, []).append(audit)
    events: list[Event] = [
        InstancesDeidentified.caused_by(
            event,
            study,
            receipt_id=event.receipt_id,
            keys=_joined([audit.keys for audit in of_study]),
            instances=tuple(audit.instance for audit in of_study),
            resent=event.resent,
            priority=event.priority,
            profile=_same({audit.profile for audit in of_study}),
        )
        for study, of_study in studies.items()
    ]
    if audits:
        known_as = {audit.blob: audit.instance.sop_instance_uid for audit in audits}
        events.append(
            InputDeidentified.caused_by(
                event,
                receipt_id=event.receipt_id,
                blobs=tuple(known_as),
                known_as=known_as,
                sha256={audit.blob: audit.digest for audit in audits},
                profile=" / ".join(sorted({audit.profile for audit in audits})),
            )
        )
    if refused:
        reasons = {blob: each.reason for blob, each in refused.items()}
        events.append(InputRefused.caused_by(event, receipt_id=event.receipt_id, reasons=reasons))
    return events


def _same(words: set[str]) -> str:
    """Return the one word that there is; empty if there are several."""
    return words.pop() if len(words) == 1 else ""


def _joined(keys: Sequence[LinkKeys]) -> LinkKeys:
    """Return the keys of a Study: of each, the first that says something. Reports are not what a report is about."""
    images = [key for key in keys if key.modality not in ("SR", "KO", "PR", "SEG", "OT", "DOC")]
    ordered = [*images, *keys]
    first = {name: next((v for key in ordered if (v := getattr(key, name))), "") for name in LinkKeys.__struct_fields__}
    return LinkKeys(**first)
