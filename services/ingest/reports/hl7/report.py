"""The HL7 v2 report channel: an ORU^R01 becomes canonical Bundles, one an OBR that has a result. Pure.

Segments and fields are an allow-list: whatever is not named here is counted and left behind.
Source: HL7 v2.5 7.3.1 (ORU), 3.4.2 (PID), 3.4.3 (PV1), 4.5.1 (ORC), 7.4.1 (OBR), 7.4.2 (OBX); ZDS: IHE RAD TF-2 4.4.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from services.ingest.reports.bundle import ReportFields, bundle_of
from services.ingest.reports.context_resources import Parts
from services.ingest.reports.hl7.message import Segment, Value
from services.ingest.reports.hl7.people import add_people, patient_values
from shared.errors import Invalid

ACCESSION = ("OBR-18", "OBR-3", "ORC-3", "OBR-2", "ORC-2")
_REPORT_ID = ("OBR-3", "ORC-3", "OBR-2", "ORC-2")
_STATUSES = {  # tables 0123 and 0085 to diagnostic-report-status
    "O": "registered", "I": "registered", "S": "registered", "A": "partial", "P": "preliminary", "R": "preliminary",
    "F": "final", "C": "corrected", "X": "cancelled", "D": "entered-in-error", "W": "entered-in-error",
    "U": "final", "Y": "unknown", "Z": "unknown",
}  # fmt: skip
_FINDINGS, _IMPRESSION, _CLINICAL = "findings", "impression", "clinical_info"
_SECTIONS = {
    "18782-3": _FINDINGS, "59776-5": _FINDINGS, "121070": _FINDINGS, "GDT": _FINDINGS, "所見": _FINDINGS,
    "19005-8": _IMPRESSION, "121072": _IMPRESSION, "IMP": _IMPRESSION, "診断": _IMPRESSION, "結論": _IMPRESSION,
    "印象": _IMPRESSION, "55752-0": _CLINICAL, "121060": _CLINICAL, "依頼情報": _CLINICAL, "臨床情報": _CLINICAL,
}  # fmt: skip
_STUDY_UID = ("113014", "110180")  # DCM: DICOM Study, Study Instance UID
_PROSE, _CODED, _NUMBER = frozenset({"TX", "FT", "ST"}), frozenset({"CE", "CWE", "CNE"}), frozenset({"NM", "SN"})
_FILES = frozenset({"ED", "RP"})
_READ = frozenset({"MSH", "PID", "PD1", "NK1", "PV1", "PV2", "ORC", "OBR", "OBX", "NTE", "ZDS", "SFT", "TQ1"})


@dataclass
class _Order:
    """An ORC, its OBR and what follows it."""

    orc: Segment | None = None
    obr: Segment | None = None
    rest: list[Segment] = field(default_factory=list)


def hl7_bundles(segments: Sequence[Segment], accession: Sequence[str] = ACCESSION) -> list[bytes]:
    """Return one canonical Bundle for each OBR with a result, or with nothing but attachments.

    accession: where the accession number is looked for, in this order. Raises Invalid: no PID, no OBR, no result.
    """
    bundles = [bundle for patient in _patients(segments) for bundle in _of_patient(patient, accession)]
    if not bundles:
        raise Invalid("no-text", "no OBR is followed by an OBX with text (HL7 v2.5 7.3.1)")
    return bundles


def _patients(segments: Sequence[Segment]) -> Iterator[list[Segment]]:
    """Yield the segments of each PATIENT_RESULT."""
    starts = [at for at, each in enumerate(segments) if each.name == "PID"]
    if not starts:
        raise Invalid("no-subject", "PID is missing: a report without a patient cannot be linked (HL7 v2.5 7.3.1)")
    for start, end in zip(starts, [*starts[1:], len(segments)], strict=True):
        yield list(segments[start:end])


def _of_patient(segments: list[Segment], accession: Sequence[str]) -> Iterator[bytes]:
    orders = list(_orders(segments))
    if not orders:
        raise Invalid("no-report", "OBR is missing (HL7 v2.5 7.3.1)")
    seen: set[str] = set()
    for order in orders:
        parts = Parts(unmapped=sum(each.name not in _READ for each in segments))
        add_people(segments, parts)
        values = {**patient_values(segments[0], parts), **_order_values(order, accession)}
        texts = _texts(order, parts)
        has_result = any(texts.get(name) for name in (_FINDINGS, _IMPRESSION, "text")) or parts.left_behind
        if not has_result and values["status"] not in ("cancelled", "entered-in-error"):
            continue  # an order of the same examination that another OBR reports
        if values["report_id"] in seen:
            values["report_id"] += f"/{order.obr.text(1) if order.obr else ''}"
        seen.add(values["report_id"])
        merged = {**values, **{name: text for name, text in texts.items() if text}}
        yield bundle_of(ReportFields(**merged), patient=parts.patient, others=parts.entries(), forms=parts.forms())


def _orders(segments: Sequence[Segment]) -> Iterator[_Order]:
    order = _Order()
    for segment in segments:
        if segment.name in ("ORC", "OBR") and order.obr is not None:
            yield order
            order = _Order()
        if segment.name == "ORC":
            order.orc = segment
        elif segment.name == "OBR":
            order.obr = segment
        elif order.obr is not None:
            order.rest.append(segment)
    if order.obr is not None:
        yield order


def _order_values(order: _Order, accession: Sequence[str]) -> dict[str, str]:
    obr, by_name = order.obr, {"ORC": order.orc, "OBR": order.obr}
    assert obr is not None
    found = {}
    for place in (*_REPORT_ID, *accession):
        name, _, number = place.partition("-")
        segment = by_name.get(name)
        found[place] = segment.text(int(number)) if segment else ""
    results = {each.text(11) for each in order.rest if each.name == "OBX"}
    status = obr.text(25) or ("F" if results <= {"F", "C", ""} else next(iter(sorted(results - {"F", "C", ""}))))
    modality = next((m for m in (obr.text(44), obr.text(24)) if re.fullmatch("[A-Z]{2,4}", m)), "")
    return {
        "report_id": next((found[place] for place in (*_REPORT_ID, *accession) if found[place]), ""),
        "accession_number": next((found[place] for place in accession if found[place]), ""),
        "study_uid": next(_study_uids(order.rest), ""),
        "modality": modality,
        "exam_date": obr.text(7)[:8],
        "procedure": obr.text(4, 2) or obr.text(4),
        "status": _STATUSES.get(status, "unknown"),
        "issued": instant(obr.text(22)),
        "clinical_info": "\n".join(part for part in (obr.prose(13), *(r.text(2) for r in obr.repetitions(31))) if part),
    }  # fmt: skip


def _study_uids(segments: Sequence[Segment]) -> Iterator[str]:
    for segment in segments:
        if segment.name == "ZDS" and segment.text(1):
            yield segment.text(1)
        elif segment.name == "OBX" and segment.text(3) in _STUDY_UID and segment.text(5):
            yield segment.text(5)


def _texts(order: _Order, parts: Parts) -> dict[str, str]:
    """Return the texts by field; files are noted in parts and left behind."""
    found: dict[str, list[str]] = {}
    for segment in order.rest:
        if segment.name == "NTE":
            found.setdefault("text", []).append(segment.prose(3))
        elif segment.name == "OBX" and segment.text(3) not in _STUDY_UID:
            kind = segment.text(2)
            if kind in _FILES:
                parts.left_behind.append(_content_type(segment))
            elif (text := _value(segment, kind)) is None:
                parts.unmapped += 1
            elif segment.text(11) not in ("D", "W", "X"):  # deleted, wrong, cannot be obtained: table 0085
                found.setdefault(_section(segment), []).append(text)
    if order.obr and order.obr.prose(13) and _CLINICAL in found:
        found[_CLINICAL].insert(0, order.obr.prose(13))
    return {name: "\n".join(part for part in texts if part) for name, texts in found.items()}


def _section(segment: Segment) -> str:
    """Return the field of an OBX: by its code, its suffix (7.4.2.3), or its name."""
    words = [segment.text(3), segment.text(3, 1, 2), segment.text(3, 4), segment.text(3, 2), segment.text(3, 5)]
    return next((_SECTIONS[word] for word in words if word in _SECTIONS), "text")


def _value(segment: Segment, kind: str) -> str | None:
    """Return the text of OBX-5; None if its type is not one of those that are read."""
    if kind in _PROSE:
        return segment.prose(5)
    if kind in _CODED:
        return "\n".join(each.text(2) or each.text(9) or each.text(1) for each in segment.repetitions(5))
    if kind in _NUMBER:
        value = " ".join(part for each in segment.repetitions(5) for part in each.texts() if part)
        return f"{segment.text(3, 2)}: {value} {segment.text(6)}".strip(": ")
    return None


def _content_type(segment: Segment) -> str:
    """Return the media type of an ED (2.A.24) or RP (2.A.65): type and subtype, only as words of our own."""
    value = next(iter(segment.repetitions(5)), Value("", segment))
    words = {value.text(2).lower(), value.text(3).lower()}
    if "image" in words or "im" in words or words & {"jpeg", "jpg", "png", "tiff", "gif", "bmp"}:
        return "image/jpeg"
    return "application/pdf" if "pdf" in words else "application/octet-stream"


def instant(text: str) -> str:
    """Return a TS (2.A.77) as FHIR instant; without a zone it is Japan's clock, without a time only the day."""
    match = re.fullmatch(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?(?:\.\d+)?)?([+-]\d{4})?", text)
    if match is None:
        return ""
    zone = f"{match[7][:3]}:{match[7][3:]}" if match[7] else "+09:00"
    day = f"{match[1]}-{match[2]}-{match[3]}"
    return f"{day}T{match[4]}:{match[5]}:{match[6] or '00'}{zone}" if match[4] else day
