"""Has items of the quarantine handled again, after a person decided about them: the events of their receipts. Pure."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from itertools import groupby
from typing import Final

from services.anonymizer.records import Kind, Quarantined
from shared.events import InstancesReceived, ReportReceived

_BATCH: Final = 100
"""Instances in one event."""


def events_of(
    site: str, items: Sequence[Quarantined], *, cause: str, at: str, left: AbstractSet[str] = frozenset()
) -> list[InstancesReceived | ReportReceived]:
    """Return the events. cause, at: what was decided and when; the same give the same ids.  left: blobs that had."""
    reports = [_report(site, item, f"{cause}|{item.blob}|{at}", at) for item in items if item.kind is Kind.REPORT]
    images = sorted((item for item in items if item.kind is Kind.INSTANCE), key=lambda each: _group(each, left))
    batches = [
        (receipt_id, resent, members[begin : begin + _BATCH])
        for (receipt_id, resent), group in groupby(images, key=lambda each: _group(each, left))
        for members in [list(group)]
        for begin in range(0, len(members), _BATCH)
    ]
    instances = [
        InstancesReceived.first(
            f"{cause}|{batch[0].blob}|{at}",
            correlation_id=receipt_id,
            site=site,
            occurred_at=datetime.fromisoformat(at),
            receipt_id=receipt_id,
            blobs=tuple(item.blob for item in batch),
            resent=resent,
        )
        for receipt_id, resent, batch in batches
    ]
    return [*reports, *instances]


def _group(item: Quarantined, left: AbstractSet[str]) -> tuple[str, bool]:
    return item.receipt_id, item.blob in left


def _report(site: str, item: Quarantined, key: str, at: str) -> ReportReceived:
    return ReportReceived.first(
        key,
        correlation_id=item.receipt_id,
        site=site,
        occurred_at=datetime.fromisoformat(at),
        receipt_id=item.receipt_id,
        blob=item.blob,
    )
