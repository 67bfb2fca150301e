"""The HL7 v2 report channel: ORU, OUL and MDM become canonical reports, one an OBR or TXA that has a result. Pure.

Segments and fields are an allow-list: whatever is not named here is counted and left behind.
Source: HL7 v2.5 7.3.1 (ORU), 3.4.2 (PID), 3.4.3 (PV1), 4.5.1 (ORC), 7.4.1 (OBR), 7.4.2 (OBX); ZDS: IHE RAD TF-2 4.4.
"""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from services.ingest.reports.canonical import CanonicalReport
from services.ingest.reports.dates import hl7_time
from services.ingest.reports.fields import ReportFields, canonical
from services.ingest.reports.hl7.message import Segment
from services.ingest.reports.hl7.messages import document_values, in_order_of_oru
from services.ingest.reports.hl7.people import note_people, patient_values
from services.ingest.reports.hl7.results import result_texts, study_uids
from services.ingest.reports.mentions import Mentions
from services.ingest.reports.sections import Section, SectionTexts
from shared.errors import Invalid
from shared.fhir.statuses import RETRACTED, ReportStatus

ACCESSION = ("OBR-18",)
"""OBR-3 and the others are the numbers of an order: an Accession Number only where a site says so."""
_REPORT_ID = ("OBR-3", "ORC-3", "OBR-2", "ORC-2")
_STATUSES: Final[Mapping[str, ReportStatus]] = {  # tables 0123 and 0085
    **dict.fromkeys("OIS", ReportStatus.REGISTERED),
    "A": ReportStatus.PARTIAL,
    **dict.fromkeys("PR", ReportStatus.PRELIMINARY),
    **dict.fromkeys("FU", ReportStatus.FINAL),
    "C": ReportStatus.CORRECTED,
    "X": ReportStatus.CANCELLED,
    **dict.fromkeys("DW", ReportStatus.ENTERED_IN_ERROR),
    **dict.fromkeys("YZ", ReportStatus.UNKNOWN),
}
_READ = frozenset(
    {"MSH", "PID", "PD1", "NK1", "PV1", "PV2", "ORC", "OBR", "OBX", "NTE", "ZDS", "SFT", "TQ1", "TXA", "EVN"}
)


@dataclass
class _Order:
    """An ORC, its OBR, the TXA of a document, and what follows them."""

    orc: Segment | None = None
    obr: Segment | None = None
    txa: Segment | None = None
    rest: list[Segment] = field(default_factory=list)


def hl7_reports(segments: Sequence[Segment], accession: Sequence[str] = ACCESSION) -> list[CanonicalReport]:
    """Return one report for each OBR with a result, or with nothing but attachments.

    accession: where the accession number is looked for, in this order; as ``RIS:OBR-3`` in messages whose MSH-3 is RIS,
    and there first. Raises Invalid: no PID, no OBR, no result.
    """
    accession = _places_of(segments[0].text(3), accession)
    event, ordered = segments[0].text(9, 2), list(in_order_of_oru(segments))
    reports = [report for patient in _patients(ordered) for report in _of_patient(patient, accession, event)]
    if not reports:
        raise Invalid("no-text", "no OBR is followed by an OBX with text (HL7 v2.5 7.3.1)")
    return reports


def _places_of(source: str, accession: Sequence[str]) -> list[str]:
    named = [each.rpartition(":") for each in accession]
    own = [place for name, _, place in named if name and name == source]
    return [*own, *(place for name, _, place in named if not name)]


def _patients(segments: Sequence[Segment]) -> Iterator[list[Segment]]:
    """Yield the segments of each PATIENT_RESULT."""
    starts = [at for at, each in enumerate(segments) if each.name == "PID"]
    if not starts:
        raise Invalid("no-subject", "PID is missing: a report without a patient cannot be linked (HL7 v2.5 7.3.1)")
    for start, end in zip(starts, [*starts[1:], len(segments)], strict=True):
        yield list(segments[start:end])


def _of_patient(segments: list[Segment], accession: Sequence[str], event: str) -> Iterator[CanonicalReport]:
    orders = list(_orders(segments))
    if not orders:
        raise Invalid("no-report", "OBR, or TXA of a document, is missing (HL7 v2.5 7.3.1, 9.6)")
    seen: set[str] = set()
    for order in orders:
        mentions = Mentions(unmapped=sum(each.name not in _READ for each in segments))
        note_people(segments, mentions)
        values = {**patient_values(segments[0], mentions), **_order_values(order, accession, event)}
        texts = result_texts(order.rest, mentions)
        values["clinical_info"] = "\n".join(filter(None, (values["clinical_info"], *_notes(segments))))
        texts.begin(Section.CLINICAL, values["clinical_info"])
        if not _has_result(texts, mentions) and values["status"] not in RETRACTED:
            continue  # an order of the same examination that another OBR reports
        if values["report_id"] in seen:
            values["report_id"] += f"/{order.obr.text(1) if order.obr else ''}"
        seen.add(values["report_id"])
        yield canonical(ReportFields(**{**values, **texts.joined()}), mentions)


def _has_result(texts: SectionTexts, mentions: Mentions) -> bool:
    has_text = any(section in texts for section in (Section.FINDINGS, Section.IMPRESSION, Section.TEXT))
    return has_text or bool(mentions.left_behind)


def _orders(segments: Sequence[Segment]) -> Iterator[_Order]:
    order = _Order()
    for segment in itertools.dropwhile(lambda each: each.name not in ("ORC", "OBR", "OBX", "TXA"), segments):
        if segment.name in ("ORC", "OBR") and (order.obr is not None or order.txa is not None):
            yield order
            order = _Order()
        if segment.name == "ORC":
            order.orc = segment
        elif segment.name == "OBR":
            order.obr = segment
        elif segment.name == "TXA":
            order.txa = segment
        elif segment.name == "OBX" and order.obr is None and order.txa is None:
            raise Invalid("no-report", "an OBX stands before the OBR that it belongs to (HL7 v2.5 7.3.1)")
        else:
            order.rest.append(segment)
    if order.obr is not None or order.txa is not None:
        yield order


def _notes(segments: Sequence[Segment]) -> Iterator[str]:
    """Yield the notes of the patient and the visit: those before the first order."""
    for segment in itertools.takewhile(lambda each: each.name not in ("ORC", "OBR"), segments):
        if segment.name == "NTE":
            yield segment.prose(3)


def _order_values(order: _Order, accession: Sequence[str], event: str) -> dict[str, str]:
    beside = order.obr or order.txa
    assert beside is not None
    obr = order.obr or replace(beside, name="OBR", fields=("OBR",))
    numbers = {place: _field(order, place) for place in (*_REPORT_ID, *accession)}
    clinical = [obr.prose(13), *(reason.text(2) for reason in obr.repetitions(31))]
    order_number = next((numbers[place] for place in (*_REPORT_ID, *accession) if numbers[place]), "")
    document = document_values(event, order.txa, order_number) if order.txa else {}
    return {
        "report_id": order_number,
        "accession_number": next((numbers[place] for place in accession if numbers[place]), ""),
        "study_uid": next(study_uids(order.rest), ""),
        "modality": next((m for m in (obr.text(44), obr.text(24)) if re.fullmatch("[A-Z]{2,4}", m)), ""),
        "exam_date": obr.text(7)[:8],
        "procedure": obr.text(4, 2) or obr.text(4),
        "status": _status(obr, order.rest),
        "issued": hl7_time(obr.text(22)),
        "clinical_info": "\n".join(filter(None, clinical)),
        **document,
    }


def _field(order: _Order, place: str) -> str:
    """Return a field of the order, named as OBR-18."""
    name, _, number = place.partition("-")
    segment = {"ORC": order.orc, "OBR": order.obr}.get(name)
    return segment.text(int(number)) if segment else ""


def _status(obr: Segment, rest: Sequence[Segment]) -> ReportStatus:
    """Return the status of OBR-25, else of the results: final if all of them are."""
    unsettled = {each.text(11) for each in rest if each.name == "OBX"} - {"F", "C", ""}
    return _STATUSES.get(obr.text(25) or next(iter(sorted(unsettled)), "F"), ReportStatus.UNKNOWN)
