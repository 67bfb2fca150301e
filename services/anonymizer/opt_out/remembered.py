"""Takes opt-outs that this gateway forgot when it was restored from a backup of before: of the centre, or of a proof.

The centre knows digests of the patient's pseudonyms, a proof the pseudonyms; neither leads to the patient elsewhere.
"""

from collections.abc import Collection as AnyOf
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import msgspec

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.opt_out.proof import Json, is_signed, public_key
from services.anonymizer.opt_out_records import IN_FORCE, OPT_OUTS, OptOut, OptOutState, OptOutStep
from services.anonymizer.pseudonyms.keys import Keyring
from services.anonymizer.records import AUDIT, QUARANTINE, REPORT_AUDIT
from shared import clock
from shared.documents import Collection, Documents
from shared.documents.optimistic import change
from shared.errors import Invalid
from shared.events import Event, OptOutRemembered
from shared.logs import decided
from shared.pseudonym_digest import digest_of

_WITH_SUBJECTS: Final[tuple[Collection[Any], ...]] = (AUDIT, REPORT_AUDIT, QUARANTINE)
_OF_CENTRE: Final = "known at the centre, and not here: this gateway was restored from a backup of before"
_OF_PROOF: Final = "by its proof: this gateway was restored from a backup of before"


async def take_remembered(event: OptOutRemembered, deps: AnonymizerDeps) -> Sequence[Event]:
    """Have an opt-out in force again that the centre holds and this gateway forgot."""
    step = OptOutStep(
        action="add", by="centre", why=_OF_CENTRE, at=event.occurred_at.isoformat(timespec="milliseconds")
    )
    row = await change(
        deps.documents, OPT_OUTS, event.opt_out_id, partial(_again, event.opt_out_id, (), event.digests, step)
    )
    if row is not None:
        decided("opt-out-remembered", level="warning", service="anonymizer")
    return ()


async def add_by_proof(documents: Documents, ring: Keyring, proof: Json, by: str) -> OptOut:
    """Have the opt-out of a proof in force again. Raises Invalid unless this site's key signed it."""
    own = {public_key(each) for each in ring.versions}
    if not is_signed(proof) or proof["signature"]["public_key"] not in own:
        raise Invalid("not-our-proof", "it is not a proof that a key of this site signed")
    now = clock.utc_now().isoformat(timespec="milliseconds")
    step = OptOutStep(action="add", by=by, why=_OF_PROOF, at=now)
    patients = tuple(str(each) for each in proof["patient_pseudonyms"])
    row = await change(
        documents, OPT_OUTS, str(proof["opt_out"]), partial(_again, str(proof["opt_out"]), patients, (), step)
    )
    if row is None:
        raise Invalid("not-our-proof", "it names no patient")
    decided("opt-out-added", level="warning", service="anonymizer")
    return row


async def resolved(documents: Documents, row: OptOut) -> OptOut:
    """Return an opt-out with the pseudonyms of its patient that stand here, where only digests are known."""
    if not row.digests:
        return row
    known = await _subjects_of(documents, frozenset(row.digests))
    return msgspec.structs.replace(row, patients=tuple(sorted({*row.patients, *known})))


async def _subjects_of(documents: Documents, digests: AnyOf[str]) -> set[str]:
    every = {row.subject for each in _WITH_SUBJECTS async for row in documents.every(each)}
    return {subject for subject in every if digest_of("patient", subject) in digests}


async def _again(
    key: str, patients: tuple[str, ...], digests: tuple[str, ...], step: OptOutStep, old: OptOut | None
) -> OptOut | None:
    """Return the opt-out in force, to be carried out; what names no patient is none."""
    if not patients and not digests:
        return None
    if old is not None and old.in_force == IN_FORCE and {*old.patients} >= {*patients} and {*old.digests} >= {*digests}:
        return msgspec.structs.replace(old, state=OptOutState.REQUESTED)
    return OptOut(
        id=key,
        patients=tuple(dict.fromkeys((*(old.patients if old else ()), *patients))),
        key_versions=old.key_versions if old else (),
        digests=tuple(dict.fromkeys((*(old.digests if old else ()), *digests))),
        state=OptOutState.REQUESTED,
        in_force=IN_FORCE,
        revision=(old.revision if old else 0) + 1,
        steps=(*(old.steps if old else ()), step),
        asked_at=step.at,
    )
