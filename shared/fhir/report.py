"""The de-identified DiagnosticReport, read once into a typed value: the form in which reports go between places. Pure.

Source: docs/architecture.md, "The de-identified DiagnosticReport"; FHIR R4 DiagnosticReport.
"""

import base64
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from shared.fhir import codes, systems
from shared.fhir.values import Json, codes_of, exact_text, is_accession, listed, object_of

MOST_TEXT_SIGNS: Final = 200_000
"""Of one text of a report: more is refused where it arrives, and nothing is shortened."""
MOST_BYTES: Final = 2 << 20
"""Of a de-identified report with its link: what every centre takes."""


class PublishedReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a de-identified DiagnosticReport says; a text is empty where it says nothing.

    report_id, patient_id, accession_number: pseudonyms.  version_id: SHA-256 of the document before it was linked.
    status: as written.  issued, effective: FHIR instant or dateTime.  site: short name.  profile: its label.
    is_flagged: the anonymizer asks a person to look at it.  link: the code of the link tag.
    studies: Study Instance UIDs, each once.  modalities: DICOM codes in their order.  sections: LOINC code → text.
    text: of the first attachment that is plain text.
    """

    report_id: str
    version_id: str
    status: str
    issued: str
    effective: str
    site: str
    profile: str
    is_flagged: bool
    link: str
    patient_id: str
    accession_number: str
    studies: tuple[str, ...]
    modalities: tuple[str, ...]
    sections: dict[str, str]
    conclusion: str
    text: str


def published(document: Json) -> PublishedReport:
    """Read a document; what is missing or of another type is empty."""
    meta = object_of(document, "meta")
    return PublishedReport(
        report_id=exact_text(document, "id"),
        version_id=exact_text(meta, "versionId"),
        status=exact_text(document, "status"),
        issued=exact_text(document, "issued"),
        effective=exact_text(document, "effectiveDateTime"),
        site=_after(systems.SITE, exact_text(meta, "source")),
        profile=tag_of(document, systems.PROFILE),
        is_flagged=bool(tag_of(document, systems.REVIEW)),
        link=tag_of(document, systems.LINK),
        patient_id=exact_text(object_of(object_of(document, "subject"), "identifier"), "value"),
        accession_number=_accession(document),
        studies=studies_of(document),
        modalities=tuple(code for system, code in codes_of(document.get("category")) if system == systems.DCM and code),
        sections=_sections(document),
        conclusion=exact_text(document, "conclusion"),
        text=_plain_text(document),
    )


def contained(document: Json, kind: str) -> list[dict[str, Any]]:
    """Return the contained resources of a type."""
    return [each for each in listed(document.get("contained")) if each.get("resourceType") == kind]


def tag_of(document: Json, system: str) -> str:
    """Return the code of the first meta.tag of a system; empty if there is none."""
    tags = listed(object_of(document, "meta").get("tag"))
    return next((exact_text(tag, "code") for tag in tags if tag.get("system") == system), "")


def studies_of(document: Json) -> tuple[str, ...]:
    """Return the Study Instance UIDs of the contained ImagingStudies, each once."""
    uids = (
        exact_text(identifier, "value").removeprefix(systems.OID)
        for identifier in _imaging_identifiers(document)
        if identifier.get("system") == systems.DICOM_UID
    )
    return tuple(dict.fromkeys(uid for uid in uids if uid))


def _imaging_identifiers(document: Json) -> Iterator[Json]:
    for study in contained(document, "ImagingStudy"):
        yield from listed(study.get("identifier"))


def _accession(document: Json) -> str:
    identifiers = [*_imaging_identifiers(document), *listed(document.get("identifier"))]
    return next((exact_text(each, "value") for each in identifiers if is_accession(each)), "")


def _sections(document: Json) -> dict[str, str]:
    return {
        next((code for _, code in codes_of(each.get("code"))), ""): exact_text(each, "valueString")
        for each in contained(document, "Observation")
    }


def _plain_text(document: Json) -> str:
    for form in listed(document.get("presentedForm")):
        if exact_text(form, "contentType").startswith("text/plain"):
            try:
                return base64.b64decode(exact_text(form, "data")).decode("utf-8", "replace")
            except ValueError:  # binascii.Error is one; so is what no ASCII text raises
                return ""
    return ""


def _after(prefix: str, text: str) -> str:
    return text.removeprefix(prefix) if text.startswith(prefix) else ""


SECTIONS = (codes.CLINICAL, codes.FINDINGS, codes.IMPRESSION)
"""The sections of a report in the order in which they are read."""
