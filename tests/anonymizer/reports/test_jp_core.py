"""What leaves as a DiagnosticReport has the codes and the cardinalities that JP Core 1.2 fixes."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.anonymizer.policy import Policy
from services.anonymizer.reports.deidentify import deidentify

SAMPLES = Path(__file__).parents[2] / "data" / "reports" / "fhir"
LOINC = "http://loinc.org"
DCM = "http://dicom.nema.org/resources/ontology/DCM"
JP = "http://jpfhir.jp/fhir/core/CodeSystem/"
STATUSES = "registered partial preliminary final amended corrected appended cancelled entered-in-error unknown".split()
OF_OBSERVATIONS = "registered preliminary final amended corrected cancelled entered-in-error unknown".split()


def document_of(data: bytes, policy: Policy) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(deidentify(data, policy).document)
    return document


def coded(concept: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["system"], each["code"]) for each in concept["coding"]]


@pytest.mark.parametrize("name", ["jp_core_ct", "jp_core_ct_amended", "jp_core_ct_text", "bare_html", "english_ct"])
def test_a_report_keeps_the_invariants_of_jp_core(name: str, policy: Policy) -> None:
    document = document_of((SAMPLES / f"{name}.json").read_bytes(), policy)

    # JP_DiagnosticReport_Radiology: category first 1..1, second 0..*; code.coding radiologyReportCode 0..1
    first, *second = [coded(each) for each in document["category"]]
    assert first == [(LOINC, "LP29684-5")]
    assert all(system == DCM for each in second for system, _ in each)
    assert coded(document["code"]).count((f"{JP}JP_DocumentCodes_CS", "18748-4")) == 1
    assert (LOINC, "18748-4") in coded(document["code"])
    assert document["status"] in STATUSES
    assert "effectivePeriod" not in document
    held = {f"#{each['id']}": each for each in document["contained"]}
    assert all(held[each["reference"]]["resourceType"] == "ImagingStudy" for each in document.get("imagingStudy", []))
    assert all(form["data"] and form["contentType"] for form in document.get("presentedForm", []))
    # JP_Observation_Radiology_Findings and _Impression: code 1..1 fixed, category imaging, value only string
    observations = [held[each["reference"]] for each in document.get("result", [])]
    assert [each for each in document["contained"] if each["resourceType"] == "Observation"] == observations
    for each in observations:
        assert each["status"] in OF_OBSERVATIONS
        assert [coded(category) for category in each["category"]] == [
            [(f"{JP}JP_SimpleObservationCategory_CS", "imaging")]
        ]
        assert [system for system, _ in coded(each["code"])] == [LOINC]
        assert each["valueString"]
        assert not {name for name in each if name.startswith("value")} - {"valueString"}


def test_findings_and_impression_are_observations_of_their_codes(policy: Policy) -> None:
    document = document_of((SAMPLES / "jp_core_ct.json").read_bytes(), policy)

    found = [coded(each["code"])[0][1] for each in document["contained"] if each["resourceType"] == "Observation"]
    assert found.count("18782-3") == found.count("19005-8") == 1


@pytest.mark.parametrize(
    ("status", "of_observation"),
    [("partial", "preliminary"), ("appended", "amended"), ("entered-in-error", "entered-in-error"), ("final", "final")],
)
def test_observations_are_as_settled_as_their_report(status: str, of_observation: str, policy: Policy) -> None:
    report = {"resourceType": "DiagnosticReport", "status": status, "conclusion": "結節", "subject": {}}

    document = document_of(json.dumps(report).encode(), policy)

    assert document["status"] == status
    assert {each["status"] for each in document["contained"]} == {of_observation}


def test_findings_that_stand_in_the_narrative_alone_are_carried(policy: Policy) -> None:
    narrative = {"status": "generated", "div": "<div>右肺に12mm大の結節。</div>"}
    report = {"resourceType": "DiagnosticReport", "status": "final", "subject": {}, "text": narrative}

    forms = document_of(json.dumps({**report, "conclusion": "肺癌疑い"}).encode(), policy)["presentedForm"]

    assert len(forms) == 1
