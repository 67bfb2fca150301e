"""Which numbers of patients a hospital merged. No record holds a number: a patient is known by pseudonyms."""

from collections.abc import Iterable
from typing import Final

import msgspec

from shared.documents import Collection, Documents, In
from shared.fhir.instants import instant

MERGE: Final = "merge"


class PatientMerge(msgspec.Struct, frozen=True, kw_only=True):
    """What one content said. blob: its key.  pairs: the pseudonym that goes and the one that stays, by key version.

    patients: all of them.  at: as the hospital wrote it.  action: merge or unmerge.  done_at: RFC 3339.
    """

    blob: str
    receipt_id: str
    pairs: tuple[tuple[str, str], ...]
    patients: tuple[str, ...]
    action: str
    at: str
    done_at: str


PATIENT_MERGES = Collection("deid_patient_merges", PatientMerge, key="blob", fields=("patients",))


async def with_merged(documents: Documents, patients: Iterable[str]) -> tuple[str, ...]:
    """Return pseudonyms with those of all numbers that are merged with them: whom an opt-out has to cover."""
    known = dict.fromkeys(patients)
    waiting = tuple(known)
    while waiting:
        rows = await documents.find_all(PATIENT_MERGES, In("patients", waiting))
        waiting = tuple({each for row in _standing(rows) for each in row.patients} - known.keys())
        known |= dict.fromkeys(sorted(waiting))
    return tuple(known)


def _standing(rows: Iterable[PatientMerge]) -> list[PatientMerge]:
    """Return what holds of each two numbers, where that is a merge: the last word, whatever order they came in."""
    last: dict[tuple[str, ...], PatientMerge] = {}
    for row in sorted(rows, key=lambda each: (instant(each.at) or 0.0, each.action, each.blob)):
        last[row.patients] = row
    return [row for row in last.values() if row.action == MERGE]
