"""Lets a patient opt out, or take part again: what the command and the page do. The service carries it out."""

import hashlib
from functools import partial

import msgspec

from services.anonymizer.opt_out_records import (
    IN_FORCE,
    NOT_IN_FORCE,
    OPT_OUTS,
    OptOut,
    OptOutState,
    OptOutStep,
    cover_merged,
)
from services.anonymizer.opted_out import pseudonyms_of
from services.anonymizer.pseudonyms.keys import Keyring
from services.anonymizer.pseudonyms.pseudonyms import issuer_of
from shared import clock
from shared.documents import Documents
from shared.documents.optimistic import change
from shared.errors import Invalid, NotFound
from shared.logs import decided

MOST_CHARACTERS = 64
"""Of a Patient ID (LO, PS3.5 Table 6.2-1)."""
MOST_REASON = 200


class Asked(msgspec.Struct, frozen=True):
    """Who is to opt out. issuer: whose numbering the ID is of; empty for the site's own."""

    patient_id: str
    issuer: str
    by: str
    why: str

    def __repr__(self) -> str:
        return "Asked(…)"  # never a patient's ID in a traceback or a log


async def add(documents: Documents, ring: Keyring, site: str, foreign: tuple[str, ...], asked: Asked) -> OptOut:
    """Write that a patient opted out; from this write on nothing is collected. Asked again it is the same opt-out."""
    if not 0 < len(asked.patient_id.strip()) <= MOST_CHARACTERS:
        raise Invalid("missing-patient-id", f"a Patient ID has 1 to {MOST_CHARACTERS} characters")
    if not asked.why.strip() or len(asked.why) > MOST_REASON:
        raise Invalid("missing-reason", f"say why, in at most {MOST_REASON} characters, without naming the patient")
    if asked.issuer and issuer_of(asked.issuer, site, foreign) == site != asked.issuer:
        raise Invalid("unknown-issuer", "the issuer is not listed in JMID_ANONYMIZER_FOREIGN_ISSUERS")
    patients = pseudonyms_of(ring.versions, issuer_of(asked.issuer, site, foreign), asked.patient_id)
    key = hashlib.sha256(f"opt-out|{patients[0]}".encode()).hexdigest()[:16]
    versions = tuple(each.version for each in ring.versions)
    fresh = OptOut(
        id=key,
        patients=patients,
        key_versions=versions,
        state=OptOutState.LIFTED,
        in_force=NOT_IN_FORCE,
        revision=0,
        steps=(),
        asked_at="",
    )
    row = await change(documents, OPT_OUTS, key, partial(_added, fresh, _step("add", asked.by, asked.why)))
    await cover_merged(documents, patients)
    row = await documents.get(OPT_OUTS, key) or row
    decided("opt-out-added", level="warning", service="anonymizer")
    return row or fresh


async def remove(documents: Documents, key: str, by: str, why: str) -> OptOut:
    """Write that a patient takes part again: what comes from now on is collected; what was deleted stays so."""
    if not why.strip() or len(why) > MOST_REASON:
        raise Invalid("missing-reason", f"say why, in at most {MOST_REASON} characters, without naming the patient")
    row = await change(documents, OPT_OUTS, key, partial(_removed, _step("remove", by, why)))
    if row is None:
        raise NotFound("unknown-opt-out", "there is no opt-out of this id")
    decided("opt-out-removed", level="warning", service="anonymizer")
    return row


async def _added(fresh: OptOut, step: OptOutStep, old: OptOut | None) -> OptOut | None:
    """Return the opt-out in force; what was withdrawn before is looked for again."""
    known = old or fresh
    is_new = known.in_force != IN_FORCE
    return msgspec.structs.replace(
        known,
        patients=tuple(dict.fromkeys((*known.patients, *fresh.patients))),
        key_versions=tuple(dict.fromkeys((*known.key_versions, *fresh.key_versions))),
        state=OptOutState.REQUESTED,
        in_force=IN_FORCE,
        revision=known.revision + 1,
        steps=(*known.steps, step),
        counts={} if is_new else known.counts,
        sha256={} if is_new else known.sha256,
        recipients={} if is_new else known.recipients,
        asked_at=step.at if is_new else known.asked_at,
        done_at="",
    )


async def _removed(step: OptOutStep, old: OptOut | None) -> OptOut | None:
    if old is None or old.in_force != IN_FORCE:
        return old
    return msgspec.structs.replace(
        old,
        state=OptOutState.LIFT_REQUESTED,
        in_force=NOT_IN_FORCE,
        revision=old.revision + 1,
        steps=(*old.steps, step),
    )


def _step(action: str, by: str, why: str) -> OptOutStep:
    now = clock.utc_now().isoformat(timespec="milliseconds")
    return OptOutStep(action=action, by=by, why=why.strip(), at=now)
