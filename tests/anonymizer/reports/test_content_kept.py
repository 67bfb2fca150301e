"""What an identified FHIR report says is in the de-identified one, or the report is held."""

import base64
import json
from typing import Any

import pytest

from services.anonymizer.policy import Policy
from services.anonymizer.reports.deidentify import deidentify
from shared.errors import Refused


def report(*contained: dict[str, Any], **fields: Any) -> bytes:
    document = {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "identifier": [{"value": "X1"}],
        "subject": {"identifier": {"value": "00734512"}},
        "contained": list(contained),
        **fields,
    }
    return json.dumps(document).encode()


def test_observations_of_every_kind_and_codes_of_the_conclusion_are_kept(jmid: Policy) -> None:
    size = {"code": {"text": "径"}, "valueQuantity": {"value": 12, "unit": "mm"}}
    words = {"code": {"text": "性状"}, "valueCodeableConcept": {"text": "充実性"}}
    data = report(
        {"resourceType": "Observation", "code": {"text": "結節"}, "component": [size, words]},
        {"resourceType": "Observation", "code": {"text": "追加所見"}, "valueString": "胸水なし"},
        conclusion="肺癌疑い",
        conclusionCode=[{"text": "要精査"}],
        presentedForm=[{"contentType": "text/plain", "data": base64.b64encode("本文".encode()).decode()}],
    )

    made = json.loads(deidentify(data, jmid).document)

    text = base64.b64decode(made["presentedForm"][0]["data"]).decode()
    assert (made["conclusion"], text.split("\n")) == (
        "肺癌疑い",
        ["本文", "", "結節", "径: 12 mm", "性状: 充実性", "", "追加所見", "胸水なし", "", "要精査"],
    )


@pytest.mark.slow
def test_a_report_that_no_centre_takes_is_held(jmid: Policy) -> None:
    part = "―" * 170_000
    sections = [
        {
            "resourceType": "Observation",
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "valueString": part,
        }
        for code in ("18782-3", "19005-8", "55752-0")
    ]

    with pytest.raises(Refused, match="report-too-long"):
        deidentify(report(*sections, conclusion=part), jmid)


LOINC = {"coding": [{"system": "http://loinc.org", "code": "18782-3"}]}


def findings(observation: dict[str, Any], policy: Policy) -> str:
    """Return what the de-identified report says of one Observation of the findings."""
    whole = {"resourceType": "Observation", "id": "o", "code": LOINC, **observation}
    data = report(whole, conclusion="x", result=[{"reference": "#o"}])
    contained = json.loads(deidentify(data, policy).document).get("contained", [])
    return "".join(each["valueString"] for each in contained if each.get("id") == "findings")


MM = {"unit": "mm"}


@pytest.mark.parametrize(
    ("observation", "text"),
    [
        ({"valueBoolean": False}, "false"),
        ({"valueInteger": 0}, "0"),
        ({"valueTime": "10:30:00"}, "10:30:00"),
        ({"valueQuantity": {"value": 3, "comparator": "<", **MM}}, "< 3 mm"),
        ({"valueRange": {"low": {"value": 3, **MM}, "high": {"value": 5, **MM}}}, "3 mm – 5 mm"),
        ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 8}}}, "1/8"),
        ({"valuePeriod": {"start": "2024-04-01", "end": "2024-04-03"}}, "2024-04-01 – 2024-04-03"),
        ({"valueCodeableConcept": {"coding": [{"system": "http://radlex.org", "code": "RID3874"}]}}, "RID3874"),
        ({"dataAbsentReason": {"text": "測定不能"}}, "測定不能"),
        (
            {
                "valueString": "腫瘤",
                "bodySite": {"text": "肝S8"},
                "method": {"text": "造影"},
                "interpretation": [{"coding": [{"code": "A", "display": "異常"}]}],
                "referenceRange": [{"text": "なし"}],
                "note": [{"text": "経過観察"}],
            },
            "腫瘤 (interpretation: 異常, body site: 肝S8, method: 造影, reference range: なし)\n経過観察",
        ),
        (
            {
                "component": [
                    {"code": {"text": "径"}, "valueQuantity": {"value": 12, **MM}, "interpretation": [{"text": "高"}]}
                ]
            },
            "径: 12 mm (interpretation: 高)",
        ),
        ({"status": "entered-in-error", "valueString": "誤り"}, ""),
    ],
)
def test_what_an_observation_says_is_kept_with_what_qualifies_it(
    jmid: Policy, observation: dict[str, Any], text: str
) -> None:
    assert findings(observation, jmid) == text


def test_notes_of_images_codes_of_reasons_and_additional_narrative_are_kept(jmid: Policy) -> None:
    order = {"resourceType": "ServiceRequest", "reasonCode": [{"coding": [{"display": "咳嗽"}]}]}
    study = {"resourceType": "ImagingStudy", "note": [{"text": "体動あり"}]}
    data = report(
        order,
        study,
        conclusion="x",
        media=[{"comment": "結節の断面"}],
        text={"status": "additional", "div": "<div>補足<br/>あり</div>"},
    )

    made = json.loads(deidentify(data, jmid).document)

    text = base64.b64decode(made["presentedForm"][0]["data"]).decode()
    assert text.split("\n\n") == ["補足\nあり", "結節の断面", "体動あり"]
    assert [each["valueString"] for each in made["contained"] if each["resourceType"] == "Observation"] == ["咳嗽", "x"]


@pytest.mark.parametrize(
    ("contained", "fields", "reason"),
    [
        ({"resourceType": "Observation", "valueSampledData": {"data": "1 2"}}, {}, "report-value-not-read"),
        ({"resourceType": "Observation", "component": [{"valueReference": {}}]}, {}, "report-value-not-read"),
        ({"resourceType": "Observation", "hasMember": [{"reference": "#gone"}]}, {}, "report-result-missing"),
        (None, {"result": [{"reference": "Observation/elsewhere"}]}, "report-result-missing"),
        (None, {"result": [{"display": "所見"}]}, "report-result-missing"),
        ({"resourceType": "Condition", "code": {"text": "肺癌"}}, {}, "report-resource-not-read"),
        (None, {"modifierExtension": [{"url": "x", "valueBoolean": True}]}, "report-modifier-extension"),
        (
            {"resourceType": "Observation", "valueString": "y", "modifierExtension": [{"url": "x"}]},
            {},
            "report-modifier-extension",
        ),
    ],
)
def test_a_report_that_cannot_be_read_whole_is_held(
    jmid: Policy, contained: dict[str, Any] | None, fields: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Refused, match=reason):
        deidentify(report(*([contained] if contained else []), conclusion="x", **fields), jmid)


def test_a_resource_beside_the_report_that_is_not_read_is_counted(jmid: Policy) -> None:
    condition = {"resourceType": "Condition", "id": "c", "code": {"text": "肺癌"}}
    bare = json.loads(report(conclusion="x"))
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": bare}, {"resource": condition}]}

    assert deidentify(json.dumps(bundle).encode(), jmid).dropped == {"unmapped": 1}
