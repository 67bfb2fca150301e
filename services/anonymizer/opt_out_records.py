"""The records of patients who opted out. None holds a patient's value: a patient is known by pseudonyms."""

from collections.abc import Iterable
from enum import StrEnum
from functools import partial

import msgspec

from services.anonymizer.merge_records import with_merged
from services.anonymizer.opted_out import OptedOut
from services.anonymizer.pseudonyms.keys import KeySet
from shared.documents import Collection, Documents, Eq, In
from shared.documents.optimistic import change


class OptOutState(StrEnum):
    """How far an opt-out is. withdrawing: the centre is asked.  lift-requested, lifting, lifted: its end."""

    REQUESTED = "requested"
    WITHDRAWING = "withdrawing"
    DONE = "done"
    LIFT_REQUESTED = "lift-requested"
    LIFTING = "lifting"
    LIFTED = "lifted"


TO_DO = (OptOutState.REQUESTED, OptOutState.LIFT_REQUESTED)
OPEN = (*TO_DO, OptOutState.WITHDRAWING, OptOutState.LIFTING)
IN_FORCE, NOT_IN_FORCE = "yes", "no"


class OptOutStep(msgspec.Struct, frozen=True, kw_only=True):
    """That a person let a patient opt out, or take part again. action: add or remove.  at: RFC 3339."""

    action: str
    by: str
    why: str
    at: str


class OptOut(msgspec.Struct, frozen=True, kw_only=True):
    """One patient's opt-out. id: says nothing of the patient.  patients: the pseudonyms, of every key version.

    in_force: yes from the moment it was asked for.  revision: counts the decisions.  steps: all of them, oldest first.
    counts: what was deleted, by where and kind.  sha256: Study Instance UID → digest of what the centre deleted.
    digests: of pseudonyms, where only these are known: the centre remembered what a restored gateway did not.
    recipients: who had copies of the centre → when they said that they had withdrawn too.
    asked_at, done_at: RFC 3339.  key_versions: under which the pseudonyms were made.
    """

    id: str
    patients: tuple[str, ...]
    key_versions: tuple[str, ...]
    state: OptOutState
    in_force: str
    revision: int
    steps: tuple[OptOutStep, ...]
    counts: dict[str, int] = {}
    sha256: dict[str, str] = {}
    recipients: dict[str, str] = {}
    digests: tuple[str, ...] = ()
    asked_at: str
    done_at: str = ""


class NotCollected(msgspec.Struct, frozen=True, kw_only=True):
    """A content that was refused since its patient opted out, and whose bytes are gone. blob: its key, a SHA-256."""

    blob: str
    at: str


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Which site this gateway is, for commands beside it. foreign: issuers of IDs that are not the site's own."""

    name: str
    site: str
    foreign: tuple[str, ...] = ()


THIS_PLACE = "gateway"
PLACES = Collection("deid_place", Place, key="name")
OPT_OUTS = Collection("deid_opt_outs", OptOut, key="id", fields=("state", "in_force", "patients", "asked_at"))
NOT_COLLECTED = Collection("deid_not_collected", NotCollected, key="blob")


async def opted_out_now(documents: Documents, keys: tuple[KeySet, ...]) -> OptedOut:
    """Return who has opted out at this moment."""
    rows = await documents.find_all(OPT_OUTS, Eq("in_force", IN_FORCE))
    patients = frozenset(each for row in rows for each in row.patients)
    return OptedOut(keys, patients, frozenset(each for row in rows for each in row.digests))


async def cover_merged(documents: Documents, patients: Iterable[str]) -> None:
    """Have each opt-out in force of one of these patients cover all whose numbers were merged with theirs."""
    merged = await with_merged(documents, patients)
    for row in await documents.find_all(OPT_OUTS, In("patients", merged)):
        await change(documents, OPT_OUTS, row.id, partial(_covering, merged))


async def _covering(merged: tuple[str, ...], old: OptOut | None) -> OptOut | None:
    if old is None or old.in_force != IN_FORCE or set(merged) <= set(old.patients):
        return None
    patients = tuple(dict.fromkeys((*old.patients, *merged)))
    return msgspec.structs.replace(old, patients=patients, state=OptOutState.REQUESTED, revision=old.revision + 1)


async def withdraw_again(documents: Documents, patient: str) -> None:
    """Have an opt-out carried out once more: something of the patient came through while it was."""
    for row in await documents.find_all(OPT_OUTS, Eq("patients", patient)):

        async def step(old: OptOut | None) -> OptOut | None:
            is_on = old is not None and old.in_force == IN_FORCE
            return msgspec.structs.replace(old, state=OptOutState.REQUESTED) if old is not None and is_on else None

        await change(documents, OPT_OUTS, row.id, step)
