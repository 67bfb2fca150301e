"""Finds the original of a Study that the centre wants back, and has the PACS asked for it: only here the vault is read.

The reading is recorded before it is used. The original UID goes to ingest as the list of a pull in the identified
store, never in an event.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.opt_out_records import opted_out_now
from services.anonymizer.opted_out import OPTED_OUT
from services.anonymizer.pseudonyms.keys import Keyring
from services.anonymizer.pseudonyms.pseudonyms import uid_pseudonym
from services.anonymizer.pseudonyms.vault import VAULT, VaultRead, reidentify
from shared.errors import Invalid, NotFound, Refused, SettingsError
from shared.events import Event, RecallWanted, StudyFetched, StudyWanted
from shared.logs import decided

UNKNOWN: Final = "not-in-vault"
ROTATED: Final = "keys-rotated"
SERVICE: Final = "recall"


async def take_recall(
    event: RecallWanted, deps: AnonymizerDeps, ring: Keyring, *, two_persons: bool
) -> Sequence[Event]:
    """Have the PACS asked for the Study, or say why it is not.

    Nobody who opted out is looked up. After a rotation of keys the Study would come back under other UIDs: it is not
    fetched.
    """
    if not (await opted_out_now(deps.documents, deps.key_versions)).patients.isdisjoint(event.patient_ids):
        return [_failed(event, OPTED_OUT)]
    original, reason = await _original(event, deps, ring, two_persons=two_persons)
    if reason:
        decided("recall-not-looked-up", level="warning", service="anonymizer", reason=reason)
        return [_failed(event, reason)]
    data = msgspec.json.encode({"for": event.recall_id, "queries": [{"StudyInstanceUID": original}]})
    blob = f"pulls/{hashlib.sha256(data).hexdigest()}"
    await deps.identified.put(blob, data)
    return [StudyWanted.caused_by(event, recall_id=event.recall_id, blob=blob, purpose=event.purpose)]


async def _original(event: RecallWanted, deps: AnonymizerDeps, ring: Keyring, *, two_persons: bool) -> tuple[str, str]:
    """Return the original Study Instance UID, or why there is none."""
    study = event.study_instance_uid
    entry = await deps.documents.get(VAULT, study)
    if entry is None:
        return "", UNKNOWN
    if entry.keys_version != deps.policy.keys.version:
        return "", ROTATED
    why = f"recall {event.recall_id} ({event.purpose})"
    read = VaultRead(event.id, study, SERVICE, "", why, event.occurred_at.isoformat(timespec="milliseconds"))
    try:
        original = await reidentify(deps.documents, ring, read, two_persons=two_persons)
    except NotFound:
        return "", UNKNOWN
    except (Refused, Invalid) as error:
        return "", error.reason
    except SettingsError:
        return "", ROTATED  # the key folder holds that version no more
    is_same = uid_pseudonym(deps.policy.keys, original) == study
    return (original, "") if is_same else ("", ROTATED)


def _failed(event: RecallWanted, outcome: str) -> StudyFetched:
    return StudyFetched.caused_by(event, recall_id=event.recall_id, outcome=outcome, is_end=True)
