"""Whether a patient opted out (オプトアウト): decided before anything else is done with what came. Pure.

A patient is known by pseudonyms of every key version, which only this site can make, and by nothing else.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from services.anonymizer.dicom.patient_identifiers import PatientIdentity
from services.anonymizer.pseudonyms.keys import KeySet
from services.anonymizer.pseudonyms.pseudonyms import patient_pseudonym
from shared.errors import Refused
from shared.pseudonym_digest import digest_of

OPTED_OUT: Final = "opted-out"


class OptedOut(NamedTuple):
    """Who opted out. keys: all versions of the site's keys.  patients: pseudonyms under any of these.

    digests: of pseudonyms, of patients whom only the centre remembered.
    """

    keys: tuple[KeySet, ...] = ()
    patients: frozenset[str] = frozenset()
    digests: frozenset[str] = frozenset()

    def holds(self, pseudonym: str) -> bool:
        """Say whether a patient of this pseudonym opted out."""
        return pseudonym in self.patients or (bool(self.digests) and digest_of("patient", pseudonym) in self.digests)


NOBODY: Final = OptedOut()


def pseudonyms_of(keys: Iterable[KeySet], issuer: str, patient_id: str) -> tuple[str, ...]:
    """Return the pseudonyms of a patient under all key versions; none if there is no ID."""
    every = (patient_pseudonym(each, issuer, patient_id) for each in keys)
    return tuple(dict.fromkeys(each for each in every if each))


def check(opted_out: OptedOut, issuer: str, patient_ids: Iterable[str]) -> None:
    """Raise Refused if any of the IDs is of a patient who opted out."""
    if not opted_out.patients and not opted_out.digests:
        return
    for each in {each.strip() for each in patient_ids} - {""}:
        if any(map(opted_out.holds, pseudonyms_of(opted_out.keys, issuer, each))):
            raise Refused(OPTED_OUT, "the patient opted out")


def ids_of(identity: PatientIdentity) -> set[str]:
    """Return every ID of the patient in an Instance: Patient ID, Other Patient IDs, and those in its Items."""
    more = (text for keyword in ("PatientID", "OtherPatientIDs") for text in identity.header.get(keyword, []))
    return {identity.patient_id, *more}
