"""Whose pseudonyms are one patient's: the merges that hospitals said and people made, whatever the order they came in.

Both roles keep the same records. A merge changes no Study and no report: their pseudonyms stay, and are compared by the
one that survives (docs/decisions/0155).
Source: HL7 v2.5 3.6.2 (merging), FHIR R4 Patient.link.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from services.linker.links.matching import StudyKeys
from shared.documents import Collection, Documents, In
from shared.documents.optimistic import change
from shared.events import LinkKeys
from shared.fhir.instants import instant

MERGE, UNMERGE = "merge", "unmerge"
ACTIONS: Final = (MERGE, UNMERGE)


class MergeDecision(msgspec.Struct, frozen=True):
    """What was said of two pseudonyms. surviving: the one that stays.  at: FHIR date or instant.  by: empty: a message.

    why: in a person's words.
    """

    action: str
    surviving: str
    at: str
    by: str = ""
    why: str = ""


class PatientMerge(msgspec.Struct, frozen=True, kw_only=True):
    """Two pseudonyms of one site, and all that was said of them. patients: both, in order; decisions likewise."""

    id: str
    site: str
    patients: tuple[str, ...]
    decisions: tuple[MergeDecision, ...] = ()

    @property
    def last(self) -> MergeDecision:
        """What holds: what was said last."""
        return max(self.decisions, key=_precedence)

    @property
    def replaced(self) -> str:
        """The pseudonym that goes, if it holds."""
        return next((each for each in self.patients if each != self.last.surviving), "")

    @property
    def stands(self) -> bool:
        """Whether both are one patient's."""
        return self.last.action == MERGE


PATIENT_MERGES = Collection(name="patient_merges", type=PatientMerge, key="id", fields=("patients", "site"))


class MergedPatients(msgspec.Struct, frozen=True):
    """Pseudonyms that are one patient's. survivors: pseudonym → the one that stays; others stand for themselves."""

    survivors: Mapping[str, str] = {}

    def survivor(self, patient_id: str) -> str:
        """Return the pseudonym that stays."""
        return self.survivors.get(patient_id, patient_id)

    def all_of(self, patient_ids: Iterable[str]) -> tuple[str, ...]:
        """Return every pseudonym of these patients."""
        own = {self.survivor(each) for each in patient_ids}
        return tuple(sorted({*own, *(each for each, stays in self.survivors.items() if stays in own)} - {""}))

    def of_report(self, keys: LinkKeys) -> LinkKeys:
        """Return the keys of a report by the pseudonym that stays."""
        return msgspec.structs.replace(keys, patient_id=self.survivor(keys.patient_id))

    def of_study(self, keys: StudyKeys) -> StudyKeys:
        """Return the keys of a Study by the pseudonyms that stay."""
        return msgspec.structs.replace(keys, patient_ids=tuple(sorted({self.survivor(p) for p in keys.patient_ids})))


NOBODY: Final = MergedPatients()


def merge_id(site: str, patients: Iterable[str]) -> str:
    """Return the id of what is said of two pseudonyms of a site: a digest, for ids outlive what is deleted."""
    return hashlib.sha256("|".join((site, *sorted(patients))).encode()).hexdigest()[:32]


def with_decisions(
    old: PatientMerge | None, site: str, patients: Iterable[str], decisions: Iterable[MergeDecision]
) -> PatientMerge:
    """Return the record with more of what was said; the same again changes nothing."""
    every = {*(old.decisions if old else ()), *decisions}
    both = tuple(sorted(patients))
    return PatientMerge(
        id=merge_id(site, both), site=site, patients=both, decisions=tuple(sorted(every, key=_precedence))
    )


async def record_decisions(
    documents: Documents, site: str, patients: Sequence[str], decisions: Sequence[MergeDecision]
) -> None:
    """Note what was said of two pseudonyms of a site; the same again changes nothing."""

    async def step(old: PatientMerge | None) -> PatientMerge | None:
        return with_decisions(old, site, patients, decisions)

    await change(documents, PATIENT_MERGES, merge_id(site, patients), step)


def survivors_of(merges: Iterable[PatientMerge]) -> MergedPatients:
    """Return who is one patient by these merges. Of several that stay, and of a ring, the first in order does."""
    standing = [each for each in merges if each.stands]
    groups: dict[str, set[str]] = {}
    for merge in standing:
        joined = set().union(*(groups.get(each, {each}) for each in merge.patients))
        groups |= dict.fromkeys(joined, joined)
    gone = {each.replaced for each in standing}
    return MergedPatients({each: min(group - gone or group) for each, group in groups.items()})


async def merges_of(
    documents: Documents, site: str, patients: Iterable[str], *, standing: bool = True
) -> list[PatientMerge]:
    """Return the merges that these pseudonyms are in, directly or by others. site: empty: of any.

    standing: only those that hold; else those that were taken back, too.
    """
    known: dict[str, PatientMerge] = {}
    seen, waiting = set[str](), {*patients} - {""}
    while waiting:
        seen |= waiting
        rows = await documents.find_all(PATIENT_MERGES, In("patients", tuple(sorted(waiting))))
        own = [row for row in rows if site in ("", row.site) and (row.stands or not standing)]
        known |= {row.id: row for row in own}
        waiting = {each for row in own for each in row.patients} - seen
    return list(known.values())


async def merged_patients(documents: Documents, site: str, patients: Iterable[str]) -> MergedPatients:
    """Return who is one patient with any of these."""
    return survivors_of(await merges_of(documents, site, patients))


def _precedence(decision: MergeDecision) -> tuple[float, str, str, str, str]:
    return (instant(decision.at) or 0.0, decision.action, decision.surviving, decision.by, decision.why)
