"""The resources of a FHIR Bundle and how they refer to each other, read defensively.

Source: FHIR R4 2.3 (References), 2.36 (Bundle).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.errors import Invalid
from shared.fhir import systems
from shared.fhir.values import codes_of, is_accession, items, text_of

Resource = Mapping[str, Any]
_MAX_RESOURCES = 2000
_READ = frozenset({"DiagnosticReport", "Observation", "ServiceRequest", "ImagingStudy", "Media"})
_COUNTED = frozenset({"Binary", "DocumentReference", "Basic"})
_AROUND = frozenset(
    "Patient Practitioner PractitionerRole Organization Location Encounter RelatedPerson Person Group Device "
    "Endpoint CareTeam HealthcareService Coverage Account Appointment EpisodeOfCare Provenance Consent Substance "
    "Specimen".split()
)
"""They say who, where and with what: it does not leave, or is read for the cleaning alone."""
_JP_HOSPITAL_PATIENT = "1.2.392.100495.20.3.51."  # OID arc of a hospital's patient IDs: JP Core Patient.identifier


@dataclass(frozen=True)
class Resources:
    """report: the one DiagnosticReport.  by_reference: fullUrl, Type/id and #id → resource."""

    report: Resource
    everything: list[Resource] = field(default_factory=list)
    by_reference: dict[str, Resource] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Any) -> "Resources":
        """Return the resources of a Bundle or of a bare DiagnosticReport. Raises Invalid."""
        if not isinstance(document, dict):
            raise Invalid("report-not-fhir", "the document is not a FHIR resource")
        everything: list[Resource] = []
        by_reference: dict[str, Resource] = {}
        for url, resource in _unpacked(document):
            if len(everything) >= _MAX_RESOURCES:
                raise Invalid("report-too-many-resources", f"more than {_MAX_RESOURCES} resources in one report")
            everything.append(resource)
            name = f"{text_of(resource, 'resourceType')}/{text_of(resource, 'id')}"
            for key in filter(None, (url, name, f"#{text_of(resource, 'id')}" if resource.get("id") else "")):
                by_reference.setdefault(key, resource)
        reports = [each for each in everything if each.get("resourceType") == "DiagnosticReport"]
        if len(reports) != 1:
            raise Invalid("report-count", f"a report holds one DiagnosticReport, this one {len(reports)}")
        return cls(reports[0], everything, by_reference)

    def resolve(self, reference: Any) -> Resource | None:
        """Return what a Reference points at, None if it is not here."""
        target = text_of(reference, "reference")
        resource = self.by_reference.get(target)
        if resource is None and "/" in target:
            resource = self.by_reference.get("/".join(target.split("/history/")[0].rstrip("/").rsplit("/", 2)[-2:]))
        return resource

    def of_type(self, kind: str) -> list[Resource]:
        """Return all resources of a type."""
        return [each for each in self.everything if each.get("resourceType") == kind]

    def patient(self) -> Resource | None:
        """Return the subject, or the only Patient."""
        subject = next((self.resolve(each) for each in items(self.report.get("subject"))), None)
        patients = self.of_type("Patient")
        return subject or (patients[0] if len(patients) == 1 else None)

    def patient_identifier(self) -> tuple[str, str]:
        """Return issuer and value of the hospital's own number of the patient; empty if there is none."""
        patient = self.patient() or {}
        direct = [each.get("identifier") for each in items(self.report.get("subject"))]
        identifiers = [
            each for place in (patient.get("identifier"), *direct) for each in items(place) if text_of(each, "value")
        ]
        identifiers.sort(key=_how_far_from_hospital_number)
        return (text_of(identifiers[0], "system"), text_of(identifiers[0], "value")) if identifiers else ("", "")

    def studies(self) -> list[Resource]:
        """Return the ImagingStudy resources."""
        return self.of_type("ImagingStudy")

    def requests(self) -> list[Resource]:
        """Return the ServiceRequest resources."""
        return self.of_type("ServiceRequest")

    def observations(self) -> list[Resource]:
        """Return the Observations in the order of DiagnosticReport.result, then the rest."""
        named = [self.resolve(each) for each in items(self.report.get("result"))]
        ordered = [each for each in named if each is not None and each.get("resourceType") == "Observation"]
        rest = [each for each in self.of_type("Observation") if not any(each is other for other in ordered)]
        return ordered + rest

    def accession_number(self) -> str:
        """Return the identifier of type ACSN, of request, study, report or a logical reference."""
        references = [*items(self.report.get("basedOn")), *items(self.report.get("imagingStudy"))]
        for resource in (*self.requests(), *self.studies(), self.report, *references):
            for each in items(resource.get("identifier")):
                if is_accession(each) and text_of(each, "value"):
                    return text_of(each, "value")
        return ""

    def study_instance_uid(self) -> str:
        """Return the Study Instance UID; empty if none or several are named."""
        uids: dict[str, None] = {}
        for resource in (*self.studies(), *items(self.report.get("imagingStudy"))):
            for each in items(resource.get("identifier")):
                value = text_of(each, "value")
                if value.startswith(systems.OID) or text_of(each, "system") == systems.DICOM_UID:
                    uids[value.removeprefix(systems.OID)] = None
        return next(iter(uids)) if len(uids) == 1 else ""

    def unused(self) -> Iterator[tuple[str, int]]:
        """Yield kinds of resources that are left behind, with how many."""
        yield "key_image", len(self.of_type("Media"))
        yield "attachment", len(self.of_type("Binary")) + len(self.of_type("DocumentReference"))
        unread = sum(map(is_unread, self.everything))
        yield "unmapped", unread + len(self.of_type("Basic"))  # what ingest's readers of HL7 v2 and CDA did not map


def is_unread(resource: Resource) -> bool:
    """Say whether a resource is of a kind that is not read, and tells more than who, where and with what."""
    return text_of(resource, "resourceType") not in _READ | _COUNTED | _AROUND


def _unpacked(document: Resource) -> Iterator[tuple[str, Resource]]:
    if document.get("resourceType") == "Bundle":
        for entry in items(document.get("entry")):
            for resource in items(entry.get("resource")):
                yield text_of(entry, "fullUrl"), resource
                yield from (("", each) for each in items(resource.get("contained")))
    else:
        yield "", document
        yield from (("", each) for each in items(document.get("contained")))


def _how_far_from_hospital_number(identifier: Resource) -> int:
    """Order identifiers: the hospital's patient number, other numbers, insurance and other last."""
    codes = {code for _, code in codes_of(identifier.get("type"))}
    if "MR" in codes or _JP_HOSPITAL_PATIENT in text_of(identifier, "system"):
        return 0
    if "PI" in codes or text_of(identifier, "use") in ("usual", "official"):
        return 1
    return 3 if codes or text_of(identifier, "use") == "old" else 2
