"""Writes that two numbers are of one patient, or no longer: FHIR Parameters of the operation Patient/$merge. Pure.

What says so is a content like a report: kept, counted in its receipt, and handed to the anonymizer, which alone knows
the pseudonyms of both numbers (docs/decisions/0155).
Source: FHIR R5 Patient/$merge (source and target identifiers), FHIR R4 Parameters.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import orjson

from shared.errors import Invalid
from shared.fhir import codes, systems

MERGE, UNMERGE = "merge", "unmerge"
_MOST_SIGNS = 64
"""Of a Patient ID (LO, PS3.5 Table 6.2-1)."""


class PatientNumber(msgspec.Struct, frozen=True):
    """A hospital's number of a patient. issuer: who gave it, as the sender writes it, or empty."""

    value: str
    issuer: str = ""

    def __repr__(self) -> str:
        return "PatientNumber(…)"  # never a patient's number in a traceback or a log


class PatientMerge(msgspec.Struct, frozen=True, kw_only=True):
    """That the patient of one number is the patient of another. at: a FHIR instant or date.  action: merge or unmerge.

    replaced: the number that is no longer used; surviving: the one that is.
    """

    replaced: PatientNumber
    surviving: PatientNumber
    at: str
    action: str = MERGE


def merge_document(merge: PatientMerge) -> bytes:
    """Return the Parameters: the same bytes for the same merge. Raises Invalid: no number, no time, or one number."""
    numbers = (merge.replaced, merge.surviving)
    if not all(0 < len(each.value.strip()) <= _MOST_SIGNS for each in numbers):
        raise Invalid("missing-field", "a merge needs the number of the patient that stays and the one that goes")
    if merge.replaced == merge.surviving:
        raise Invalid("merge-of-one", "both numbers of the merge are one")
    if not merge.at:
        raise Invalid("bad-date", "a merge needs the time at which it was made: the last one holds")
    parameters = [
        {"name": "action", "valueCode": merge.action},
        {"name": "at", "valueString": merge.at},
        {"name": "source-patient-identifier", "valueIdentifier": _identifier(merge.replaced)},
        {"name": "target-patient-identifier", "valueIdentifier": _identifier(merge.surviving)},
    ]
    return orjson.dumps({"resourceType": "Parameters", "parameter": parameters}, option=orjson.OPT_SORT_KEYS)


def is_merge(document: bytes) -> bool:
    """Say whether a document is one of these."""
    return document.endswith(b'"resourceType":"Parameters"}')


def hospital_number(identifiers: Sequence[PatientNumber], kinds: Sequence[str]) -> PatientNumber:
    """Return the number of type MR or PI, else the first; one without a value if there is none.

    kinds: the types of the numbers (HL7 table 0203), in their order.
    """
    typed = sorted(zip(identifiers, kinds, strict=True), key=lambda each: each[1] not in codes.PATIENT_NUMBERS)
    return typed[0][0] if typed else PatientNumber("")


def _identifier(number: PatientNumber) -> dict[str, Any]:
    coded = {"coding": [{"system": systems.IDENTIFIER_TYPE, "code": "MR"}]}
    return {"type": coded, "value": number.value.strip(), **({"system": number.issuer} if number.issuer else {})}
