"""Which HL7 v2 messages are taken, and how those that are not ORU carry a report. Pure.

MDM carries a document below TXA: what TXA says of its number, status and time is the report's where no OBR says it.
OUL has the order after the observation request, and observations of specimens, which are of no report.
Source: HL7 v2.5 9.6 (MDM), 9.8 (TXA), tables 0271 and 0273; 7.3.6 to 7.3.9 (OUL); 3.3 (ADT).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from services.ingest.reports.dates import hl7_time
from services.ingest.reports.hl7.message import Segment
from shared.errors import Invalid
from shared.fhir.statuses import ReportStatus

REPORTS: Final[Mapping[str, frozenset[str]]] = {
    "ORU": frozenset({"R01", ""}),
    "MDM": frozenset({"T02", "T04", "T08", "T10", "T11"}),
    "OUL": frozenset({"R21", "R22", "R23", "R24"}),
}
_REPLACEMENT: Final = frozenset({"T08", "T10"})
_COMPLETION: Final[Mapping[str, ReportStatus]] = {  # table 0271
    **dict.fromkeys(("DI", "DO", "IP", "PA"), ReportStatus.PRELIMINARY),
    "IN": ReportStatus.PARTIAL,
    **dict.fromkeys(("AU", "LA", ""), ReportStatus.FINAL),
}
_AVAILABILITY: Final[Mapping[str, ReportStatus]] = {  # table 0273
    "CA": ReportStatus.CANCELLED,
    "OB": ReportStatus.ENTERED_IN_ERROR,
    "UN": ReportStatus.UNKNOWN,
}


def check_kind(head: Segment, taken: Mapping[str, frozenset[str]]) -> None:
    """Raise Invalid if the message is of a kind or event that is not taken."""
    kind, event = head.text(9), head.text(9, 2)
    if kind not in taken:
        raise Invalid("unsupported-message", f"{', '.join(taken)} are taken, and no other message (MSH-9)")
    if event not in taken[kind]:
        events = ", ".join(sorted(taken[kind] - {""}))
        raise Invalid("unsupported-event", f"of {kind}, {events} are taken, and no other event (MSH-9)")


def in_order_of_oru(segments: Sequence[Segment]) -> Iterator[Segment]:
    """Yield the segments of an OUL with each ORC before its OBR, and without results of specimens; others as they are.

    A result of a specimen keeps its place under a name that is not read, so that it is counted.
    """
    if segments[0].text(9) != "OUL":
        yield from segments
        return
    waiting: Segment | None = None
    is_of_specimen = False
    for segment in segments:
        if waiting is not None and segment.name == "ORC":
            yield segment
            continue
        if waiting is not None:
            yield waiting
            waiting = None
        is_of_specimen = segment.name in ("SPM", "SAC", "INV") or (is_of_specimen and segment.name != "OBR")
        if segment.name == "OBR":
            waiting = segment
        else:
            yield replace(segment, name="SPX") if is_of_specimen and segment.name == "OBX" else segment
    if waiting is not None:
        yield waiting


def document_values(event: str, txa: Segment, order_number: str) -> dict[str, str]:
    """Return the plain fields of a TXA. order_number: of the OBR or ORC before it, or empty.

    The number of the order is that of the report in all its versions, for each document of an MDM has its own. Raises
    Invalid: a document that replaces another, where only their own numbers are known.
    """
    number = order_number or txa.text(15) or txa.text(14)
    if not number and event == "T10":
        raise Invalid("missing-field", "a replacement needs the order's number, in OBR, ORC or TXA-14, 15 (9.6.10)")
    status = _COMPLETION.get(txa.text(17), ReportStatus.UNKNOWN)
    if event in _REPLACEMENT and status is ReportStatus.FINAL:
        status = ReportStatus.CORRECTED
    status = _AVAILABILITY.get(txa.text(19), status)
    signed = next((hl7_time(each.text(15)) for each in txa.repetitions(22)), "")
    return {
        "report_id": number or txa.text(12),
        "status": ReportStatus.CANCELLED if event == "T11" else status,
        "issued": signed or next(filter(None, (hl7_time(txa.text(place)) for place in (8, 7, 6, 4))), ""),
    }
