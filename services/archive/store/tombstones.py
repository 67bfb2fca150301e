"""Refuses what belongs to a patient who opted out: a Study that was withdrawn, or any other of the same patient.

Instances that were under way while their Study was withdrawn are taken out again after they were stored.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from services.archive.deps import ArchiveDeps
from services.archive.records import INSTANCES
from services.archive.store.prepare import Failure, Prepared
from services.archive.store.removal import remove
from services.archive.withdrawal_records import (
    WITHDRAWN_PATIENTS,
    WITHDRAWN_STUDIES,
    WithdrawnPatient,
    WithdrawnStudy,
)
from shared.dicom.json_values import text
from shared.errors import Unavailable
from shared.logs import decided
from shared.pseudonym_digest import digest_of

OPTED_OUT: Final = 0xC011
"""Failure Reason of an Instance whose patient opted out: of the final class Cxxx, so that no gateway tries again."""
_PATIENT_ID = "00100020"


async def refused(results: Sequence[Prepared | Failure], deps: ArchiveDeps) -> list[Prepared | Failure]:
    """Return the results with a Failure for each Instance whose patient opted out."""
    known = await _known(deps, [each for each in results if isinstance(each, Prepared)])

    def decided_on(each: Prepared | Failure) -> Prepared | Failure:
        if isinstance(each, Failure) or not known.has(each):
            return each
        record = each.record
        return Failure(OPTED_OUT, "its patient opted out", record.sop_class_uid, record.sop_instance_uid)

    return [decided_on(each) for each in results]


async def follow(stored: Sequence[Prepared], deps: ArchiveDeps) -> None:
    """Take out what was withdrawn while it was stored. Raises Unavailable then: sent again, it is refused."""
    known = await _known(deps, stored)
    late = [each.record for each in stored if known.has(each)]
    for study in sorted({each.study_instance_uid for each in late}):
        async with deps.study_locks.hold(study):
            held = await deps.documents.get_many(
                INSTANCES, [each.sop_instance_uid for each in late if each.study_instance_uid == study]
            )
            await remove(deps, list(held.values()))
    if late:
        decided("withdrawn", level="warning", service="archive", count=len(late))
        raise Unavailable("what was stored was withdrawn meanwhile")


class _Known:
    """The tombstones of some Instances."""

    def __init__(self, studies: Mapping[str, WithdrawnStudy], patients: Mapping[str, WithdrawnPatient]) -> None:
        self._studies, self._patients = studies, patients

    def has(self, each: Prepared) -> bool:
        """Say whether its Study was withdrawn, or its patient opted out where it comes from.

        An Instance that does not say from which site it comes is that of any.
        """
        patient = self._patients.get(digest_of("patient", text(each.attributes, _PATIENT_ID)))
        site = each.record.site
        of_patient = patient is not None and bool(patient.sites) and (not site or site in patient.sites)
        return of_patient or each.record.study_instance_uid in self._studies


async def _known(deps: ArchiveDeps, instances: Sequence[Prepared]) -> _Known:
    studies = sorted({each.record.study_instance_uid for each in instances})
    ids = {text(each.attributes, _PATIENT_ID) for each in instances} - {""}
    if not studies:
        return _Known({}, {})
    return _Known(
        await deps.documents.get_many(WITHDRAWN_STUDIES, studies),
        await deps.documents.get_many(WITHDRAWN_PATIENTS, [digest_of("patient", each) for each in sorted(ids)])
        if ids
        else {},
    )
