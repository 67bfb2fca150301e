"""Turns a merge of two patients' numbers into a merge of their pseudonyms: the numbers go no further.

Source: FHIR R5 Patient/$merge, as ingest writes it (services/ingest/reports/merges.py); docs/decisions/0155.
"""

import hashlib
from typing import Final

import msgspec

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.merge_records import MERGE, PATIENT_MERGES, PatientMerge
from services.anonymizer.opt_out_records import cover_merged
from services.anonymizer.policy import Policy
from services.anonymizer.profile import profile
from services.anonymizer.pseudonyms.keys import KeySet
from services.anonymizer.pseudonyms.pseudonyms import issuer_of, patient_pseudonym
from shared.documents import Put
from shared.errors import Invalid
from shared.events import Event, InputDeidentified, PatientsMerged, ReportReceived
from shared.fhir.values import items, object_of, text_of

_END: Final = b'"resourceType":"Parameters"}'
_ACTIONS: Final = frozenset({MERGE, "unmerge"})


class ReadMerge(msgspec.Struct, frozen=True):
    """A merge by pseudonyms. pairs: the one that goes and the one that stays, of each key version."""

    pairs: tuple[tuple[str, str], ...]
    action: str
    at: str


def is_merge(data: bytes) -> bool:
    """Say whether what came is a merge, and no report."""
    return data.endswith(_END)


def read_merge(data: bytes, policy: Policy, keys: tuple[KeySet, ...]) -> ReadMerge:
    """Return the merge by pseudonyms. Raises Invalid: it is not of the form, or both numbers are one patient's."""
    try:
        document = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid("merge-not-read", "the merge is not JSON") from error
    parameters = {text_of(each, "name"): each for each in items(document.get("parameter"))}
    action, at = text_of(parameters.get("action"), "valueCode"), text_of(parameters.get("at"), "valueString")
    replaced, surviving = (
        object_of(parameters.get(f"{role}-patient-identifier"), "valueIdentifier") for role in ("source", "target")
    )
    pairs = tuple((_pseudonym(each, policy, replaced), _pseudonym(each, policy, surviving)) for each in keys)
    if action not in _ACTIONS or not at or not all(one and other for one, other in pairs):
        raise Invalid("merge-not-read", "the merge lacks its action, its time or a number")
    if any(one == other for one, other in pairs):
        raise Invalid("merge-of-one", "both numbers of the merge are one patient's already")
    return ReadMerge(pairs, action, at)


async def take_merge(event: ReportReceived, deps: AnonymizerDeps, data: bytes) -> list[Event]:
    """Note a merge, have opt-outs of either number cover both, and say it on. Raises Invalid."""
    read = read_merge(data, deps.policy, deps.key_versions)
    row = PatientMerge(
        blob=event.blob,
        receipt_id=event.receipt_id,
        pairs=read.pairs,
        patients=tuple(sorted({each for pair in read.pairs for each in pair})),
        action=read.action,
        at=read.at,
        done_at=event.occurred_at.isoformat(),
    )
    await deps.documents.write(Put(PATIENT_MERGES, row))
    await cover_merged(deps.documents, row.patients)
    return events_of(event, row, profile.load(deps.policy.profile).label)


def events_of(event: ReportReceived, row: PatientMerge, label: str) -> list[Event]:
    """Return what is said of a merge that is noted. label: of the profile."""
    digest = hashlib.sha256(msgspec.json.encode((row.pairs, row.action, row.at))).hexdigest()
    name = f"merge/{digest}"
    return [
        PatientsMerged.caused_by(
            event, receipt_id=event.receipt_id, name=name, pairs=row.pairs, action=row.action, at=row.at
        ),
        InputDeidentified.caused_by(
            event,
            receipt_id=event.receipt_id,
            blobs=(event.blob,),
            known_as={event.blob: name},
            sha256={event.blob: digest},
            profile=label,
        ),
    ]


def _pseudonym(keys: KeySet, policy: Policy, identifier: dict[str, object]) -> str:
    issuer = issuer_of(text_of(identifier, "system"), policy.site, policy.foreign_issuers)
    return patient_pseudonym(keys, issuer, text_of(identifier, "value"))
