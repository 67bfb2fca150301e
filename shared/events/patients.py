"""The events about patients: of one who opted out (オプトアウト), and of numbers that are one patient's."""

import msgspec

from shared.events.base import Event, Zone


class PatientOptedOut(Event, frozen=True, kw_only=True):
    """A patient opted out, or (lifts) takes part again: what was made of them is to be withdrawn.

    revision: counts the decisions about this patient.  patient_ids: their pseudonyms, of all key versions.
    study_instance_uids, report_ids: what left the anonymizer of them, by pseudonyms.
    """

    topic = "patient.opted-out"
    zone = Zone.DEIDENTIFIED
    opt_out_id: str
    revision: int
    patient_ids: tuple[str, ...]
    study_instance_uids: tuple[str, ...] = ()
    report_ids: tuple[str, ...] = ()
    lifts: bool = False


class OptOutRemembered(Event, frozen=True, kw_only=True):
    """The centre holds an opt-out of this site in force that the gateway does not know: it was restored from before.

    digests: of the patient's pseudonyms, of all key versions, as ``shared.pseudonym_digest`` makes them.
    """

    topic = "patient.opt-out-remembered"
    zone = Zone.DEIDENTIFIED
    opt_out_id: str
    digests: tuple[str, ...]


class PatientWithdrawn(Event, frozen=True, kw_only=True):
    """Linker and centre hold nothing more of a patient who opted out; or (lifts) the centre takes them again.

    counts: what was deleted, and where.  sha256: Study Instance UID → digest of the Instances that the centre deleted.
    recipients: who follows the centre's feed of withdrawals → when they said that they had, RFC 3339 or empty.
    at: RFC 3339, when the centre was done.
    """

    topic = "patient.withdrawn"
    zone = Zone.DEIDENTIFIED
    opt_out_id: str
    revision: int
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    sha256: dict[str, str] = msgspec.field(default_factory=dict)
    recipients: dict[str, str] = msgspec.field(default_factory=dict)
    at: str = ""
    lifts: bool = False


class PatientsMerged(Event, frozen=True, kw_only=True):
    """A hospital said that two of its numbers are of one patient, or (action unmerge) that they are not.

    pairs: the pseudonym that goes and the one that stays, of each key version.  at: when the hospital did it, a FHIR
    date or instant; of what contradicts each other the last holds.  name: by which the receipt knows the content.
    """

    topic = "patients.merged"
    zone = Zone.DEIDENTIFIED
    receipt_id: str
    name: str
    pairs: tuple[tuple[str, str], ...]
    action: str
    at: str
