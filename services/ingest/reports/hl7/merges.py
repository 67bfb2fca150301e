"""HL7 v2 messages that say that two numbers are of one patient: ADT with MRG, or with two PID. Pure.

A18, A34 and A40 merge, A47 changes a number: PID-3 has the number that stays, MRG-1 the one that goes. A24 links two
patients and A37 takes that back: both have two PID, of which the first stays.
Source: HL7 v2.5 3.3.18, 3.3.24, 3.3.34, 3.3.37, 3.3.40, 3.3.47; 3.4.9 (MRG), 3.4.1 (EVN).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from services.ingest.reports.dates import hl7_time
from services.ingest.reports.hl7.message import Segment
from services.ingest.reports.merges import MERGE, UNMERGE, PatientMerge, PatientNumber, hospital_number
from shared.errors import Invalid

_BY_MRG: Final = frozenset({"A18", "A34", "A40", "A47"})
_BY_PID: Final = {"A24": MERGE, "A37": UNMERGE}
MERGES: Final[Mapping[str, frozenset[str]]] = {"ADT": frozenset({*_BY_MRG, *_BY_PID})}


def hl7_merges(segments: Sequence[Segment]) -> list[PatientMerge]:
    """Return the merges of an ADT. Raises Invalid: a PID without its MRG, or not two PID."""
    event, at = segments[0].text(9, 2), _time(segments)
    if event in _BY_MRG:
        return list(_merged(segments, at))
    own = [_number(each, 3) for each in segments if each.name == "PID"]
    if len(own) != 2:
        raise Invalid("no-subject", f"ADT^{event} has two PID (HL7 v2.5 3.3.24, 3.3.37)")
    return [PatientMerge(surviving=own[0], replaced=own[1], at=at, action=_BY_PID[event])]


def _merged(segments: Sequence[Segment], at: str) -> Iterator[PatientMerge]:
    """Yield the merge of each group of PID and MRG."""
    pid: Segment | None = None
    count = 0
    for segment in segments:
        if segment.name == "PID":
            if pid is not None:
                break
            pid = segment
        elif segment.name == "MRG" and pid is not None:
            yield PatientMerge(surviving=_number(pid, 3), replaced=_number(segment, 1), at=at)
            pid, count = None, count + 1
    if pid is not None or not count:
        raise Invalid("missing-field", "each PID is followed by the MRG that says what it replaces (HL7 v2.5 3.3.40)")


def _number(segment: Segment, field: int) -> PatientNumber:
    values = segment.repetitions(field)
    return hospital_number(
        [PatientNumber(each.text(1), each.text(4)) for each in values], [each.text(5) for each in values]
    )


def _time(segments: Sequence[Segment]) -> str:
    """Return when it happened: EVN-6, else when it was recorded (EVN-2) or sent (MSH-7)."""
    events = [each for each in segments if each.name == "EVN"]
    texts = [*(each.text(6) for each in events), *(each.text(2) for each in events), segments[0].text(7)]
    return next(filter(None, map(hl7_time, texts)), "")
