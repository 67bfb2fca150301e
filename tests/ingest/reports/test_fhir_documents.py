"""FHIR in XML says what it says in JSON; a document's Composition and a bare narrative are reports too."""

import json
from typing import Any

import pytest

from services.ingest.reports.fhir.document import fhir_bundles, fhir_xml_bundles
from shared.errors import Invalid
from tests.ingest.conftest import Doors

DIV = '<div xmlns="http://www.w3.org/1999/xhtml"><b>所見</b><p>右肺に結節。</p></div>'
XML = f"""<?xml version="1.0" encoding="UTF-8"?>
<Bundle xmlns="http://hl7.org/fhir"><type value="collection"/>
 <entry><fullUrl value="urn:uuid:1"/><resource><DiagnosticReport>
  <id value="r1"/>
  <text><status value="generated"/>{DIV}</text>
  <contained><Observation><id value="o1"/><status value="final"/>
   <code><coding><system value="http://loinc.org"/><code value="18782-3"/></coding></code>
   <valueQuantity><value value="12"/><unit value="mm"/></valueQuantity></Observation></contained>
  <identifier><value value="RPT1"/></identifier>
  <status value="final"/>
  <category><coding><system value="http://loinc.org"/><code value="LP29684-5"/></coding></category>
  <subject><identifier><value value="0001"/></identifier></subject>
  <result><reference value="#o1"/></result>
  <conclusion value="肺癌疑い"/>
 </DiagnosticReport></resource></entry>
</Bundle>""".encode()
JSON: dict[str, Any] = {
    "resourceType": "DiagnosticReport",
    "id": "r1",
    "text": {"status": "generated", "div": DIV},
    "contained": [
        {
            "resourceType": "Observation",
            "id": "o1",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "18782-3"}]},
            "valueQuantity": {"value": 12, "unit": "mm"},
        }
    ],
    "identifier": [{"value": "RPT1"}],
    "status": "final",
    "category": [{"coding": [{"system": "http://loinc.org", "code": "LP29684-5"}]}],
    "subject": {"identifier": {"value": "0001"}},
    "result": [{"reference": "#o1"}],
    "conclusion": "肺癌疑い",
}


def section(title: str, code: str, text: str) -> dict[str, Any]:
    div = f'<div xmlns="http://www.w3.org/1999/xhtml"><h2>{title}</h2>{text}</div>'
    coded = {"code": {"coding": [{"system": "http://loinc.org", "code": code}]}} if code else {}
    return {"title": title, **coded, "text": {"status": "generated", "div": div}}


COMPOSITION: dict[str, Any] = {
    "resourceType": "Composition",
    "id": "c1",
    "identifier": {"value": "RPT1"},
    "status": "final",
    "type": {"coding": [{"system": "http://loinc.org", "code": "18748-4"}]},
    "subject": {"identifier": {"value": "0001"}},
    "date": "2024-04-01T16:40:00+09:00",
    "title": "胸部CT",
    "section": [
        section("所見", "18782-3", "<p>右肺に結節。</p>"),
        {"title": "まとめ", "section": [section("診断", "", "<p>肺癌疑い</p>")]},
        section("推奨", "", "<p>PET-CT</p>"),
    ],
}


def of(document: dict[str, Any]) -> dict[str, Any]:
    (bundle,) = fhir_bundles(json.dumps(document).encode())
    entries: list[dict[str, Any]] = json.loads(bundle)["entry"]
    return entries[0]["resource"]  # type: ignore[no-any-return]


def said(report: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the LOINC code, or the name, and the text of each section."""
    observations = report["contained"]
    return [(each["code"].get("coding", [{}])[0].get("code", ""), each["valueString"]) for each in observations]


def test_xml_says_what_json_says() -> None:
    (bundle,) = fhir_xml_bundles(XML)

    report = json.loads(bundle)["entry"][0]["resource"]
    assert (json.loads(bundle)["entry"][0]["fullUrl"], report) == ("urn:uuid:1", JSON)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<DiagnosticReport", "not-xml"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><DiagnosticReport xmlns="http://hl7.org/fhir"/>', "not-fhir"),
        (b"<DiagnosticReport/>", "not-fhir"),
        (b'<Patient xmlns="http://hl7.org/fhir"/>', "no-report"),
    ],
)
def test_xml_that_is_no_report_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(Invalid, match=reason):
        fhir_xml_bundles(data)


@pytest.mark.parametrize("kind", ["application/fhir+xml", "text/xml"])
async def test_xml_is_taken_by_post(doors: Doors, kind: str) -> None:
    async with doors.client.post("/ingest/reports", data=XML, headers={"Content-Type": kind}) as answer:
        assert (answer.status, (await answer.json())["door"]) == (202, "fhir")


def test_a_document_without_a_report_is_the_report_of_its_composition() -> None:
    report = of({"resourceType": "Bundle", "type": "document", "entry": [{"resource": COMPOSITION}]})

    assert (report["resourceType"], report["status"]) == ("DiagnosticReport", "final")
    assert (report["identifier"], report["issued"]) == ([{"value": "RPT1"}], "2024-04-01T16:40:00+09:00")
    assert said(report) == [("18782-3", "右肺に結節。"), ("19005-8", "肺癌疑い"), ("", "PET-CT")]
    assert [each["reference"] for each in report["result"]] == ["#section-1", "#section-2", "#section-3"]


def test_a_report_without_a_text_has_that_of_its_document() -> None:
    bare = {"resourceType": "DiagnosticReport", "id": "r1", "status": "final", "subject": COMPOSITION["subject"]}
    entries = [{"resource": COMPOSITION}, {"resource": bare}]

    report = of({"resourceType": "Bundle", "type": "document", "entry": entries})

    assert (report["id"], len(said(report))) == ("r1", 3)


def test_a_document_whose_status_is_none_is_refused() -> None:
    with pytest.raises(Invalid, match="bad-status"):
        of({**COMPOSITION, "status": "registered"})


def test_a_report_that_is_narrative_alone_is_taken() -> None:
    kept = ("resourceType", "id", "text", "status", "subject")

    assert of({name: JSON[name] for name in kept})["text"]["div"] == DIV
