"""What is kept of a confirmed diagnosis: every version, and how its case stands.

Words: a *single* diagnosis is one that a person records for a case. In double reading two readers record an
*independent* reading each, neither seeing the other's, and a third person may *adjudicate*.
"""

import enum
from typing import Any, Literal

import msgspec

from shared.documents import Collection

Certainty = Literal["confirmed", "provisional", "differential", "unconfirmed", "refuted", "not-stated"]
"""FHIR R4 condition-ver-status; not-stated: recorded by a release that did not ask."""
Basis = Literal["pathology", "surgery", "follow-up", "clinical", "not-stated"]
Reading = Literal["single", "independent", "adjudication"]


class State(enum.StrEnum):
    """Whether a diagnosis counts: stands, hidden until the readers have agreed, or overruled by an adjudication."""

    STANDS = "stands"
    READING = "reading"
    OVERRULED = "overruled"


class CaseState(enum.StrEnum):
    """How far a case is."""

    AWAITING = "awaiting"
    ONE_READING = "one-reading"
    DISAGREED = "disagreed"
    DIAGNOSED = "diagnosed"
    AGREED = "agreed"
    ADJUDICATED = "adjudicated"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One diagnosis or annotation in all its versions, oldest first; the last one holds.

    versions: JSON.  removed: yes when a person took it back.
    """

    id: str
    kind: str
    studies: tuple[str, ...]
    touched: tuple[str, ...]
    report_id: str = ""
    removed: str = "no"
    versions: tuple[dict[str, Any], ...] = ()


class Diagnosis(Entry, frozen=True, kw_only=True):
    """A diagnosis; each of its versions is a Content."""

    state: State = State.STANDS

    @property
    def content(self) -> "Content":
        """What holds now."""
        return msgspec.convert(self.versions[-1], Content)

    @property
    def author(self) -> str:
        """Who recorded it first, by the issuer's name for them where somebody was asked."""
        first = msgspec.convert(self.versions[0], Content)
        return first.author_id or first.by

    @property
    def is_removed(self) -> bool:
        """Whether it was withdrawn."""
        return self.removed == "yes"


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a diagnosis.

    by: who, by name; author_id: the issuer's own name for them; empty where nobody was asked.  at: RFC 3339.
    system, system_version, code, modifiers: as checked at that time; name: what the terminology calls it.
    display: how the author put it.  date: when the diagnosis was made, YYYY-MM-DD or empty.
    reason: of the change or the withdrawal.  removed: whether this version withdraws it.
    """

    by: str
    at: str
    author_id: str = ""
    study_instance_uids: tuple[str, ...] = ()
    report_id: str = ""
    system: str = ""
    system_version: str = ""
    code: str = ""
    modifiers: tuple[str, ...] = ()
    name: str = ""
    display: str = ""
    note: str = ""
    certainty: Certainty = "not-stated"
    basis: Basis = "not-stated"
    date: str = ""
    reading: Reading = "single"
    reason: str = ""
    removed: bool = False


class DiagnosisCase(msgspec.Struct, frozen=True, kw_only=True):
    """How far a case is. case: its Study Instance UID, or ``report:<id>`` of a report alone.

    readers: authors of independent readings.  changed_at: RFC 3339.
    """

    case: str
    state: CaseState
    readers: tuple[str, ...] = ()
    changed_at: str = ""


def _with_content(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record of version 1, whose versions said less, with what they did not say."""
    versions = [{**msgspec.to_builtins(msgspec.convert(each, Content)), **each} for each in record["versions"]]
    return {**record, "versions": versions, "state": State.STANDS.value}


DIAGNOSES = Collection(
    name="diagnoses", type=Diagnosis, key="id", fields=("studies", "report_id", "state"), upgrades=(_with_content,)
)
DIAGNOSIS_CASES = Collection(name="diagnosis_cases", type=DiagnosisCase, key="case", fields=("state",))


def case_of_report(report_id: str) -> str:
    """Return the key of the case of a report alone."""
    return f"report:{report_id}"


def cases_of(entry: Entry) -> tuple[str, ...]:
    """Return the keys of the cases that a diagnosis is or was about."""
    return entry.touched or ((case_of_report(entry.report_id),) if entry.report_id else ())
