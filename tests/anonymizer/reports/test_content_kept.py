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
