"""Gives de-identified Instances the pseudonyms of the current keys, after a rotation.

Patient, Study and order are looked up in the vault and made anew from the original, so they match what is de-identified
from now on. Of other UIDs and of devices the vault holds no original: their new pseudonym is made from the old one,
the same wherever it stands, so references hold, but it is not what the same object would get if it were sent again.

Source: PS3.15 Table E.1-1 (actions U and Z); PS3.5 B.2.
"""

import io
from collections.abc import Callable
from functools import partial
from typing import Final

import msgspec
import pydicom
from pydicom._uid_dict import UID_dictionary
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from services.anonymizer import profile, pseudonyms, values
from services.anonymizer.keys import KeySet
from shared.errors import Invalid, Refused

ISSUER: Final = "urn:jmid:patient:"
_UIDS_OF_OURS: Final = "2.25."
_DEVICES: Final = frozenset(
    int(rule.tag, 16)
    for name in ("jmid", "research")
    for rule in profile.load(name).rules
    if rule.action is profile.Action.DEVICE
)


class Originals(msgspec.Struct, frozen=True):
    """What the vault says of one Instance. issuer: whose patient ID it is.  study, order: empty if it knows none."""

    issuer: str
    patient_id: str
    study: str
    order: str


def version_of(data: bytes) -> str:
    """Return the key version that an Instance's pseudonyms are by; raise Refused if it is none of ours."""
    found = _read(data)
    label = str(found.get("IssuerOfPatientID", ""))
    if found.get("PatientIdentityRemoved") != "YES" or not label.startswith(ISSUER):
        raise Refused("not-ours", "the Instance does not say that it was de-identified by J-MID, and by which keys")
    return label.removeprefix(ISSUER)


def pseudonyms_of(data: bytes) -> tuple[str, str, str]:
    """Return the pseudonyms of patient, Study and order that an Instance carries; empty ones are not there."""
    found = _read(data)
    patient, study, order = (found.get(name) for name in ("PatientID", "StudyInstanceUID", "AccessionNumber"))
    return str(patient or ""), str(study or ""), str(order or "")


def sop_instance_uid(data: bytes) -> str:
    """Return the Instance's own UID."""
    return str(_read(data).SOPInstanceUID)


def renewed(data: bytes, originals: Originals, old: KeySet, new: KeySet, site: str) -> bytes:
    """Return the Instance with the pseudonyms of ``new``. site: the short name that orders are hashed with."""
    found = pydicom.dcmread(io.BytesIO(data))
    patient, study, order = pseudonyms_of(data)
    uids = {study: pseudonyms.uid_pseudonym(new, originals.study)} if originals.study else {}
    texts = {patient: pseudonyms.patient_pseudonym(new, originals.issuer, originals.patient_id)} if patient else {}
    if order and originals.order:
        texts[order] = pseudonyms.accession_pseudonym(new, site, originals.order)
    days = _days(found, originals, old, new)
    renew = _Renewal(uids, texts, days, new)
    renew.walk(found)
    found.IssuerOfPatientID = f"{ISSUER}{new.version}"
    found.file_meta.MediaStorageSOPInstanceUID = found.SOPInstanceUID
    target = io.BytesIO()
    found.save_as(target)
    return target.getvalue()


def _read(data: bytes) -> Dataset:
    try:
        return pydicom.dcmread(io.BytesIO(data), stop_before_pixels=True)
    except pydicom.errors.InvalidDicomError as error:
        raise Invalid("not-dicom", "bytes 128 to 131 are not DICM (PS3.10 7.1)") from error


def _days(found: Dataset, originals: Originals, old: KeySet, new: KeySet) -> int:
    """Return by how many days dates move from the old shift to the new one; 0 where the profile does not shift."""
    if found.get("LongitudinalTemporalInformationModified") != "MODIFIED":
        return 0
    before, after = (pseudonyms.shift_days(each, originals.issuer, originals.patient_id) for each in (old, new))
    return after - before


class _Renewal:
    """Walks a Data Set and replaces what is pseudonymous."""

    def __init__(self, uids: dict[str, str], texts: dict[str, str], days: int, new: KeySet) -> None:
        self._uids, self._texts, self._days, self._new = uids, texts, days, new

    def walk(self, dataset: Dataset) -> None:
        for element in dataset:
            if element.VR == "SQ":
                for item in element.value:
                    self.walk(item)
            elif element.VR == "UI":
                element.value = _each(element.value, self._uid)
            elif element.VR in ("DA", "DT") and self._days:
                element.value = _each(element.value, partial(self._date, element.VR))
            elif element.tag in _DEVICES:
                element.value = _each(element.value, lambda text: pseudonyms.device_pseudonym(self._new, text))
            elif element.VR in ("LO", "SH"):
                element.value = _each(element.value, lambda text: self._texts.get(text, text))

    def _uid(self, uid: str) -> str:
        if not uid.startswith(_UIDS_OF_OURS) or uid in UID_dictionary:
            return uid
        return self._uids.get(uid) or pseudonyms.uid_pseudonym(self._new, uid)

    def _date(self, vr: str, text: str) -> str:
        moved = values.shifted(vr.encode(), text.encode("ascii", "replace"), self._days)
        return (moved or b"").decode("ascii")


def _each(value: object, change: Callable[[str], str]) -> object:
    """Return a value, or each of several, changed."""
    if value is None or value == "":
        return value
    if isinstance(value, MultiValue | list):
        return [change(str(each)) if each else each for each in value]
    return change(str(value))
