"""What a request may say; old records; FHIR Condition and CSV."""

import csv
from datetime import date
from typing import Any

import msgspec
import pytest

from services.linker.diagnoses import table
from services.linker.diagnoses.condition import condition
from services.linker.diagnoses.records import DIAGNOSES, Content, Diagnosis
from services.linker.diagnoses.request import DiagnosisRequest, changed, check_request, withdrawn
from shared.errors import Invalid
from tests.linker.diagnoses.samples import STUDY, diagnosis

TODAY = date(2026, 11, 28)
RIGHT: dict[str, Any] = {"by": "a", "study_instance_uids": (STUDY,), "note": "x"}


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"by": " "}, "missing-by"),
        ({"study_instance_uids": ()}, "missing-case"),
        ({"study_instance_uids": ("1.02",)}, "not-a-uid"),
        ({"note": " "}, "missing-diagnosis"),
        ({"code": "C34.1"}, "not-a-code"),
        ({"modifiers": ("2056",)}, "not-a-code"),
        ({"date": "2026-11-31"}, "not-a-date"),
        ({"date": "2026-11-30"}, "not-a-date"),
        ({"date": "20261101"}, "not-a-date"),
        ({"at": "2026-11-01T10:00:00"}, "not-a-time"),
        ({"reading": "independent"}, "reading-without-code"),
        ({"reading": "independent", "system": "u", "code": "A", "study_instance_uids": (STUDY, "2.25.8")},
         "more-than-one-case"),
        ({"remove": True}, "missing-id"),
        ({"id": "x", "reason": "y"}, "missing-version"),
        ({"id": "x", "version": 1}, "missing-reason"),
    ],
)  # fmt: skip
def test_a_request_that_breaks_a_rule_is_refused_by_its_field(more: dict[str, Any], reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_request(DiagnosisRequest(**{**RIGHT, **more}), TODAY)

    assert refused.value.reason == reason


def test_a_record_of_the_release_before_says_what_it_did_not_ask() -> None:
    old = {
        "id": "x",
        "kind": "diagnosis",
        "studies": [STUDY],
        "touched": [STUDY],
        "report_id": "",
        "removed": "no",
        "versions": [
            {
                "by": "Dr. Who",
                "study_instance_uids": [STUDY],
                "report_id": "",
                "system": "http://hl7.org/fhir/sid/icd-10",
                "code": "I60.9",
                "display": "くも膜下出血",
                "note": "",
                "at": "2026-04-01T09:30:00.000+09:00",
                "removed": False,
            }
        ],
    }

    entry = msgspec.convert(DIAGNOSES.upgrades[0](old), Diagnosis)

    held = entry.content
    assert (held.code, held.display, held.certainty, held.basis) == (
        "I60.9",
        "くも膜下出血",
        "not-stated",
        "not-stated",
    )
    assert (held.system_version, entry.state, entry.author) == ("", "stands", "Dr. Who")


def test_a_condition_names_the_version_the_basis_and_the_study() -> None:
    resource = condition(diagnosis(), ["P1"])

    (coding,) = resource["code"]["coding"]
    assert (coding["code"], coding["version"], coding["display"]) == ("C34.1", "v1", "上葉肺癌")
    assert resource["code"]["text"] == "右上葉肺腺癌"
    assert resource["verificationStatus"]["coding"][0]["code"] == "confirmed"
    assert resource["subject"] == {"identifier": {"value": "P1"}}
    (evidence,) = resource["evidence"]
    assert evidence["code"][0]["coding"][0]["code"] == "pathology"
    assert evidence["detail"][0]["identifier"]["value"] == f"urn:oid:{STUDY}"


def test_modifiers_are_extensions_of_the_coding_and_the_code_alone_has_no_display_that_is_not_its_own() -> None:
    entry = diagnosis(modifiers=("2056",))
    resource = condition(entry, [], [{"system": "urn:m", "code": "2056", "display": "右", "kind": "prefix"}])

    (coding,) = resource["code"]["coding"]
    assert "display" not in coding
    assert coding["extension"][0]["url"].endswith("JP_Condition_DiseasePrefixModifier")
    assert coding["extension"][0]["valueCodeableConcept"]["coding"][0]["code"] == "2056"


def test_a_withdrawn_diagnosis_says_of_itself_that_it_was_entered_in_error_and_no_more() -> None:
    entry = diagnosis(note="secret")
    asked = DiagnosisRequest(by="a", reason="wrong case")
    gone = changed(entry, withdrawn(entry.content, asked, at="2026-11-28T10:00:00Z", author_id="id-of-a"))

    resource = condition(gone)

    assert resource["verificationStatus"]["coding"][0]["code"] == "entered-in-error"
    assert "code" not in resource
    assert "secret" not in str(resource)


def test_a_line_of_csv_is_no_formula() -> None:
    entry = diagnosis(note="=HYPERLINK(1)", display='a,"b"')

    head, row = csv.reader([table.head().strip(), table.row(entry).strip()])

    values = dict(zip(head, row, strict=True))
    assert (values["note"], values["display"], values["code"]) == ("'=HYPERLINK(1)", 'a,"b"', "C34.1")


def test_content_is_what_a_version_says() -> None:
    assert {*Content.__struct_fields__} >= {*table.COLUMNS} - {"id", "version", "state"}
