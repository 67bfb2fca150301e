"""Withdraws all Studies of a patient who opted out, and lifts that again.

Tombstones first, so that nothing more is taken; then records and bytes. Asked again, after a kill or a lost answer, it
goes on where it was and answers the same. A Study of another site is not touched, though a shared key may give the
patient the same pseudonym there.
"""

import hashlib
from collections.abc import Sequence

import msgspec

from services.archive.deps import ArchiveDeps
from services.archive.records import CONFLICTS, INSTANCES, STUDIES, ConflictRecord, InstanceRecord, StudyRecord
from services.archive.store import instance_blobs
from services.archive.store.removal import remove
from services.archive.withdrawal_records import (
    WITHDRAWN_PATIENTS,
    WITHDRAWN_STUDIES,
    WithdrawnPatient,
    WithdrawnStudy,
)
from shared import clock
from shared.documents import Delete, Eq, In
from shared.documents.optimistic import change
from shared.logs import decided
from shared.pseudonym_digest import digest_of

PAGE = 200


class Withdrawal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a site asks for. patient_ids: the patient's pseudonyms, of all key versions.

    study_instance_uids: Studies that the site delivered of the patient; those on their way are refused too.
    lifts: the patient takes part again.
    """

    withdrawal_id: str
    site: str
    patient_ids: tuple[str, ...]
    study_instance_uids: tuple[str, ...] = ()
    lifts: bool = False


class Withdrawn(msgspec.Struct, frozen=True):
    """What became of it. studies: the tombstones.  others: Studies of this pseudonym that are another site's, kept.

    kept: Studies that the site named and that are another patient's here.
    """

    studies: list[WithdrawnStudy]
    others: int = 0
    kept: int = 0


async def withdraw(deps: ArchiveDeps, asked: Withdrawal) -> Withdrawn:
    """Delete every Study of the patient that is this site's. Raises Transient: ask again."""
    for patient_id in asked.patient_ids:
        await _note_patient(deps, patient_id, asked)
    found = await deps.documents.find_all(STUDIES, In("patient_id", asked.patient_ids)) if asked.patient_ids else []
    own = {each.study_instance_uid for each in found if each.site in ("", asked.site)}
    named = await deps.documents.get_many(STUDIES, list(asked.study_instance_uids))
    foreign = {uid for uid, study in named.items() if not _is_of(study, asked)}
    begun = await deps.documents.find_all(WITHDRAWN_STUDIES, Eq("withdrawal_id", asked.withdrawal_id))
    studies = {*own, *(uid for uid in asked.study_instance_uids if uid not in foreign)}
    studies |= {each.study_instance_uid for each in begun}
    done = [await _withdraw_study(deps, uid, asked) for uid in sorted(studies)]
    return Withdrawn(done, len(found) - len(own), len(foreign))


async def lift(deps: ArchiveDeps, asked: Withdrawal) -> Withdrawn:
    """Forget the tombstones of a withdrawal: what comes from now on is taken."""
    begun = await deps.documents.find_all(WITHDRAWN_STUDIES, Eq("withdrawal_id", asked.withdrawal_id))

    async def step(old: WithdrawnPatient | None) -> WithdrawnPatient | None:
        sites = {site: each for site, each in old.sites.items() if site != asked.site} if old else {}
        return msgspec.structs.replace(old, sites=sites) if old else None

    every = [each async for each in deps.documents.every(WITHDRAWN_PATIENTS)]
    named = {digest_of("patient", each) for each in asked.patient_ids}
    own = {each.subject for each in every if each.sites.get(asked.site) == asked.withdrawal_id}
    for subject in sorted(named or own):  # a gateway that was restored may not know the pseudonyms any more
        await change(deps.documents, WITHDRAWN_PATIENTS, subject, step)
    await deps.documents.write(*(Delete(WITHDRAWN_STUDIES, each.study_instance_uid) for each in begun))
    return Withdrawn([])


def _is_of(study: StudyRecord, asked: Withdrawal) -> bool:
    return study.patient_id in asked.patient_ids and study.site in ("", asked.site)


async def _note_patient(deps: ArchiveDeps, patient_id: str, asked: Withdrawal) -> None:
    subject = digest_of("patient", patient_id)

    async def step(old: WithdrawnPatient | None) -> WithdrawnPatient | None:
        sites = {**(old.sites if old else {}), asked.site: asked.withdrawal_id}
        return WithdrawnPatient(subject=subject, sites=sites)

    await change(deps.documents, WITHDRAWN_PATIENTS, subject, step)


async def _withdraw_study(deps: ArchiveDeps, study: str, asked: Withdrawal) -> WithdrawnStudy:
    """Delete one Study; what was deleted is counted before it goes."""
    async with deps.study_locks.hold(study):
        instances = await deps.documents.find_all(INSTANCES, Eq("study_instance_uid", study))
        tombstone = await _note_study(deps, study, asked, instances)
        conflicts = await _conflicts(deps, instances)
        for start in range(0, len(instances), PAGE):
            await remove(deps, instances[start : start + PAGE])
        for each in conflicts:
            await deps.blobs.delete(each.blob)
        await deps.documents.write(*(Delete(CONFLICTS, each.id) for each in conflicts))
        left = [key async for key in deps.blobs.keys(f"{instance_blobs.PREFIX}{study}/")]
        for key in left:  # what a kill between a record and its bytes left behind
            await deps.blobs.delete(key)
    finished = msgspec.structs.replace(tombstone, finished=True)
    await deps.documents.put(WITHDRAWN_STUDIES, finished)
    decided("withdrawn", level="warning", service="archive", count=len(instances))
    return finished


async def _note_study(
    deps: ArchiveDeps, study: str, asked: Withdrawal, instances: Sequence[InstanceRecord]
) -> WithdrawnStudy:
    """Write the tombstone; one that is there counted more, before a kill."""
    digests = "".join(f"{each.sha256}\n" for each in sorted(instances, key=lambda each: each.sha256))
    fresh = WithdrawnStudy(
        study_instance_uid=study,
        withdrawal_id=asked.withdrawal_id,
        site=asked.site,
        at=clock.now(),
        instances=len(instances),
        size_bytes=sum(each.size_bytes for each in instances),
        sha256=hashlib.sha256(digests.encode()).hexdigest() if instances else "",
    )

    async def step(old: WithdrawnStudy | None) -> WithdrawnStudy | None:
        is_same = old is not None and old.withdrawal_id == asked.withdrawal_id and old.instances >= len(instances)
        return old if is_same else fresh

    return await change(deps.documents, WITHDRAWN_STUDIES, study, step) or fresh


async def _conflicts(deps: ArchiveDeps, instances: Sequence[InstanceRecord]) -> list[ConflictRecord]:
    uids = [each.sop_instance_uid for each in instances]
    pages = [uids[start : start + PAGE] for start in range(0, len(uids), PAGE)]
    return [
        each for page in pages for each in await deps.documents.find_all(CONFLICTS, In("sop_instance_uid", tuple(page)))
    ]
