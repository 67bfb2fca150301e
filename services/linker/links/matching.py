"""Say which Studies a report belongs to: a pure function of what is known, whatever the order it arrived in.

Rules, the first that applies:

1. ``by-hand``: a person linked, or barred, Studies (see ``decide``).
2. ``accession``: same accession pseudonym and same patient. A report answers the whole imaging service request, so
   it is linked to all Studies of the accession (one order, read once, may be acquired as several Studies).
3. ``study-uid``: the report names the Study and nothing contradicts it.
4. ``patient-modality-date``: same patient and modality, exam date within the tolerance, and only one such Study.
   A Study of exactly the report's date is preferred to its neighbours.

A contradiction (same accession but another patient, a named Study beside another accession) links nothing; nor does a
tie. Empty means unknown and matches nothing. Source: PS3.3 C.7.2.1 (accession), PS3.3 C.7.3.1 (modality);
FHIR R4 DiagnosticReport.imagingStudy; IHE RAD TF-1 3.3 (one order, several procedures, one report).
"""

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from shared.events import LinkKeys

ACCESSION = "accession"
STUDY_UID = "study-uid"
CIRCUMSTANCE = "patient-modality-date"
MANUAL = "by-hand"
REPORT_RETRACTED = "retracted"
PATIENTS_DISAGREE = "patients-disagree"  # versions of one report are of different patients
UNKNOWN = "unknown"
AWAITED = "study-awaited"  # the report names a Study that is not known yet


class StudyKeys(msgspec.Struct, frozen=True):
    """What is known of one Study; every field is a set, because batches of one Study may disagree."""

    study_instance_uid: str
    patient_ids: tuple[str, ...] = ()
    accession_numbers: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()
    study_dates: tuple[str, ...] = ()


class ManualDecision(msgspec.Struct, frozen=True):
    """What a person decided. action: link, unlink, rules (forget what was decided by hand), or undo (of the last).

    at: RFC 3339.  patients: the pseudonyms of report and Study that the person confirmed, where they are not one.
    """

    action: str
    study_instance_uid: str
    by: str
    at: str
    why: str = ""
    patients: str = ""


class Match(msgspec.Struct, frozen=True):
    """The result: the Studies and the rule, or the reason why there are none and what came close."""

    studies: tuple[str, ...] = ()
    rule: str = ""
    reason: str = ""
    candidates: tuple[str, ...] = ()


def decide(
    report: LinkKeys,
    studies: Iterable[StudyKeys],
    *,
    retracted: bool = False,
    decisions: Sequence[ManualDecision] = (),
    tolerance_days: int = 1,
) -> Match:
    """Return the report's Studies: a retracted report has none, a person's word wins, then the rules."""
    if retracted:
        return Match(reason=REPORT_RETRACTED)
    linked, barred = manual_links(decisions)
    if linked:
        return Match(studies=tuple(sorted(linked)), rule=MANUAL)
    matched = match(report, studies, tolerance_days)
    if not barred:
        return matched
    left = tuple(uid for uid in matched.studies if uid not in barred)
    if left:
        return msgspec.structs.replace(matched, studies=left)
    return Match(reason="unlinked-by-hand", candidates=tuple(sorted({*matched.candidates, *matched.studies})))


def manual_links(decisions: Sequence[ManualDecision]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the Studies linked and those barred by hand, after all decisions in their order."""
    linked: set[str] = set()
    barred: set[str] = set()
    for decision in _standing(decisions):
        if decision.action == "rules":
            linked.clear()
            barred.clear()
        elif decision.action == "link":
            linked.add(decision.study_instance_uid)
            barred.discard(decision.study_instance_uid)
        else:
            linked.discard(decision.study_instance_uid)
            barred.add(decision.study_instance_uid)
    return frozenset(linked), frozenset(barred)


def _standing(decisions: Iterable[ManualDecision]) -> list[ManualDecision]:
    """Return the decisions that were not undone."""
    standing: list[ManualDecision] = []
    for decision in decisions:
        if decision.action != "undo":
            standing.append(decision)
        elif standing:
            standing.pop()
    return standing


def patients_of(report: LinkKeys, study: StudyKeys | None) -> str:
    """Return the pseudonyms of both as a person confirms them, "" if report and Study are surely of one patient."""
    known = study.patient_ids if study else ()
    if report.patient_id and known == (report.patient_id,):
        return ""
    return f"{report.patient_id or UNKNOWN} / {', '.join(known) or UNKNOWN}"


def match(report: LinkKeys, studies: Iterable[StudyKeys], tolerance_days: int = 1) -> Match:
    """Return what the rules say of one report, given every Study that could concern it."""
    known = sorted(studies, key=lambda study: study.study_instance_uid)
    same_accession = [s for s in known if report.accession_number and report.accession_number in s.accession_numbers]
    named = [s for s in known if report.study_instance_uid and s.study_instance_uid == report.study_instance_uid]
    if same_accession or named:
        return _by_identifier(report, same_accession, named)
    if report.study_instance_uid:
        return Match(reason=AWAITED)
    return _by_circumstance(report, known, tolerance_days)


def merge(first: StudyKeys, second: StudyKeys) -> StudyKeys:
    """Return what both say of one Study; the order does not matter."""
    return StudyKeys(
        study_instance_uid=first.study_instance_uid,
        patient_ids=_union(first.patient_ids, second.patient_ids),
        accession_numbers=_union(first.accession_numbers, second.accession_numbers),
        modalities=_union(first.modalities, second.modalities),
        study_dates=_union(first.study_dates, second.study_dates),
    )


def dates_around(da: str, tolerance_days: int) -> tuple[str, ...]:
    """Return the DA values within the tolerance of one; none for an empty or impossible date (PS3.5 6.2, DA)."""
    day = _day(da)
    if day is None:
        return ()
    ordinals = range(day.toordinal() - tolerance_days, day.toordinal() + tolerance_days + 1)
    return tuple(_da(date.fromordinal(n)) for n in ordinals if 1 <= n <= date.max.toordinal())


def _by_identifier(report: LinkKeys, same_accession: list[StudyKeys], named: list[StudyKeys]) -> Match:
    sure = [s for s in same_accession if report.patient_id and s.patient_ids == (report.patient_id,)]
    candidates = _uids([*same_accession, *named])
    if any(_patients_differ(report, study) for study in named):
        return Match(reason="patient-conflict", candidates=candidates)
    if sure and any(_accessions_differ(report, study) for study in named):
        return Match(reason="identifiers-disagree", candidates=candidates)
    if sure:
        return Match(studies=_uids([*sure, *named]), rule=ACCESSION)
    if named:
        return Match(studies=_uids(named), rule=STUDY_UID)
    if any(_patients_differ(report, study) for study in same_accession):
        return Match(reason="patient-conflict", candidates=candidates)
    return Match(reason="patient-unknown", candidates=candidates)


def _by_circumstance(report: LinkKeys, known: list[StudyKeys], tolerance_days: int) -> Match:
    dates = dates_around(report.study_date, tolerance_days)
    near = [
        study
        for study in known
        if report.patient_id
        and study.patient_ids == (report.patient_id,)
        and report.modality in study.modalities
        and any(day in dates for day in study.study_dates)
        and not _accessions_differ(report, study)
    ]
    exact = [study for study in near if report.study_date in study.study_dates]
    chosen = exact or near
    if len(chosen) == 1:
        return Match(studies=_uids(chosen), rule=CIRCUMSTANCE)
    return Match(reason="ambiguous" if chosen else "no-study", candidates=_uids(near))


def _patients_differ(report: LinkKeys, study: StudyKeys) -> bool:
    return bool(report.patient_id and study.patient_ids and study.patient_ids != (report.patient_id,))


def _accessions_differ(report: LinkKeys, study: StudyKeys) -> bool:
    known = report.accession_number and study.accession_numbers
    return bool(known and report.accession_number not in study.accession_numbers)


def _uids(studies: Iterable[StudyKeys]) -> tuple[str, ...]:
    return tuple(sorted({study.study_instance_uid for study in studies}))


def _union(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({*first, *second} - {""}))


def _da(day: date) -> str:
    return day.isoformat().replace("-", "")


def _day(da: str) -> date | None:
    if len(da) != 8 or not da.isascii() or not da.isdigit():
        return None
    try:
        return date(int(da[:4]), int(da[4:6]), int(da[6:]))
    except ValueError:
        return None
