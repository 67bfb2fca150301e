"""Checks pseudonyms against the originals and the keys: each is what the keys make of the original, and nothing else.

Only where the originals and the keys are. A plain hash, or one by another key, is no pseudonym of ours.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pydicom
from pydicom._uid_dict import UID_dictionary
from pydicom.dataset import Dataset

from services.anonymizer.cli.flaw import Flaw
from services.anonymizer.pseudonyms import pseudonyms
from services.anonymizer.pseudonyms.keys import Keyring, KeySet
from shared.fhir.systems import patient_system


class Original(NamedTuple):
    """What identifies one original Instance."""

    patient_id: str
    issuer: str
    accession_number: str
    study_instance_uid: str
    series_instance_uid: str


class Originals:
    """The originals of a site, found by what the keys make of their UIDs."""

    def __init__(self, paths: Iterable[Path], ring: Keyring, site: str, foreign_issuers: tuple[str, ...] = ()) -> None:
        self._ring, self._site, self._foreign = ring, site, foreign_issuers
        self._originals: dict[str, Original] = {}
        self._uids: set[str] = set()
        self.unread: list[Path] = []
        for path in paths:
            try:
                self._take(pydicom.dcmread(path, stop_before_pixels=True))
            except Exception:  # whatever pydicom cannot read cannot be compared with either
                self.unread.append(path)
        uid_of = pseudonyms.uid_pseudonym
        self._known = {keys.version: {uid_of(keys, uid) for uid in self._uids} for keys in ring.versions}
        self._by_pseudonym = {
            keys.version: {uid_of(keys, uid): original for uid, original in self._originals.items()}
            for keys in ring.versions
        }

    def flaws(self, dataset: Dataset) -> Iterator[Flaw]:
        """Yield what in an output is not what the keys make of its original."""
        keys = self._keys_of(dataset)
        if keys is None:
            yield Flaw("(0010,0021)", "names no version of these keys")
            return
        original = self._by_pseudonym[keys.version].get(str(dataset.get("SOPInstanceUID")))
        if original is None:
            yield Flaw("(0008,0018)", "is not what these keys make of the SOP Instance UID of any original")
            return
        yield from self._identifiers(dataset, original, keys)
        yield from self._references(dataset, self._known[keys.version], "")

    def _take(self, dataset: Dataset) -> None:
        self._originals[str(dataset.SOPInstanceUID)] = Original(
            patient_id=str(dataset.get("PatientID") or ""),
            issuer=pseudonyms.issuer_of(str(dataset.get("IssuerOfPatientID") or ""), self._site, self._foreign),
            accession_number=str(dataset.get("AccessionNumber") or ""),
            study_instance_uid=str(dataset.get("StudyInstanceUID") or ""),
            series_instance_uid=str(dataset.get("SeriesInstanceUID") or ""),
        )
        self._uids.update(_uids(dataset))

    def _keys_of(self, dataset: Dataset) -> KeySet | None:
        label = str(dataset.get("IssuerOfPatientID") or "")
        if not label and not dataset.get("PatientID"):
            return self._ring.current
        return next((each for each in self._ring.versions if patient_system(each.version) == label), None)

    def _identifiers(self, dataset: Dataset, original: Original, keys: KeySet) -> Iterator[Flaw]:
        patient = pseudonyms.patient_pseudonym(keys, original.issuer, original.patient_id)
        order = pseudonyms.accession_pseudonym(keys, self._site, original.accession_number)
        expected = {
            "PatientID": patient,
            "AccessionNumber": order,
            "StudyInstanceUID": pseudonyms.uid_pseudonym(keys, original.study_instance_uid),
            "SeriesInstanceUID": pseudonyms.uid_pseudonym(keys, original.series_instance_uid),
        }
        for keyword, value in expected.items():
            given = str(dataset.get(keyword) or "")
            if given != value and (given or keyword != "AccessionNumber"):
                yield Flaw(_where(keyword), "is not what these keys make of the original's")

    def _references(self, dataset: Dataset, known: set[str], path: str) -> Iterator[Flaw]:
        for element in dataset:
            where = f"{path}{element.tag}"
            if element.VR == "SQ":
                for item in element.value:
                    yield from self._references(item, known, f"{where}.")
            elif element.VR == "UI" and any(uid not in known for uid in _values(element)):
                yield Flaw(where, "is not what these keys make of a UID of any original")


def _uids(dataset: Dataset) -> Iterator[str]:
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                yield from _uids(item)
        elif element.VR == "UI":
            yield from _values(element)


def _values(element: pydicom.DataElement) -> list[str]:
    """Return the UIDs of an element that PS3.6 Annex A does not register."""
    many = element.value if element.VM > 1 else [element.value]
    return [str(each) for each in many if each and str(each) not in UID_dictionary]


def _where(keyword: str) -> str:
    return str(pydicom.tag.Tag(keyword))
