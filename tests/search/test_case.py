"""A case is put together from images, from reports, or from both."""

import base64
from typing import Any

import msgspec

from services.search.case import Report, build_case
from shared.fhir.report import PublishedReport, published

STUDY = {
    "0020000D": {"vr": "UI", "Value": ["1.2.3"]},
    "00080020": {"vr": "DA", "Value": ["20240531"]},
    "00100020": {"vr": "LO", "Value": ["p1"]},
    "00100040": {"vr": "CS", "Value": ["F"]},
    "00101010": {"vr": "AS", "Value": ["018M"]},
    "00080061": {"vr": "CS", "Value": ["CT"]},
    "00120030": {"vr": "LO", "Value": ["osaka"]},
}
SERIES = [
    {
        "0020000E": {"vr": "UI", "Value": ["1.2.3.2"]},
        "00200011": {"vr": "IS", "Value": [2]},
        "00080060": {"Value": ["CT"]},
    },
    {
        "0020000E": {"vr": "UI", "Value": ["1.2.3.1"]},
        "00200011": {"vr": "IS", "Value": [1]},
        "00080060": {"Value": ["CT"]},
        "00201209": {"vr": "IS", "Value": [28]},
        "00180015": {"vr": "CS", "Value": ["CHEST"]},
    },
]


WHOLE = "所見 結節を認める\n診断 肺癌疑い\n以上"


def document(status: str = "final", *studies: str) -> dict[str, Any]:
    imaging = [
        {"resourceType": "ImagingStudy", "identifier": [{"system": "urn:dicom:uid", "value": f"urn:oid:{uid}"}]}
        for uid in studies
    ]
    findings = {
        "resourceType": "Observation",
        "code": {"coding": [{"system": "http://loinc.org", "code": "18782-3"}]},
        "valueString": "結節を認める",
    }
    return {
        "resourceType": "DiagnosticReport",
        "id": "r1",
        "status": status,
        "effectiveDateTime": "2024-05-30",
        "category": [{"coding": [{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "CT"}]}],
        "subject": {"identifier": {"system": "urn:jmid:patient:1", "value": "p1"}},
        "meta": {"source": "urn:jmid:site:kyushu"},
        "conclusion": "肺癌疑い",
        "contained": [*imaging, findings],
        "presentedForm": [{"contentType": "text/plain", "data": base64.b64encode(WHOLE.encode()).decode()}],
    }


def report(status: str = "final", *studies: str) -> PublishedReport:
    return published(document(status, *studies))


def test_images_without_a_report_make_a_case() -> None:
    case = build_case("1.2.3", STUDY, SERIES, [])

    assert case is not None
    assert (case.id, case.study_date, case.sex, case.age_years) == ("1.2.3", 20240531, "F", 1)
    assert [series.number for series in case.series] == ["1", "2"]
    assert case.has_images
    assert case.instances == 28
    assert case.body_parts == ("CHEST",)
    assert case.site == "osaka"


def test_a_case_is_of_a_site_only_if_all_of_it_is() -> None:
    of_osaka, unknown = STUDY, {tag: value for tag, value in STUDY.items() if tag != "00120030"}

    cases = [
        build_case("1.2.3", of_osaka, SERIES, []),
        build_case("1.2.3", of_osaka, SERIES, [report("final", "1.2.3")]),
        build_case("1.2.3", of_osaka, SERIES, [report("cancelled", "1.2.3")]),
        build_case("1.2.3", unknown, SERIES, [report("final", "1.2.3")]),
        build_case("1.2.3", None, [], [report("final", "1.2.3")]),
    ]

    assert [each.only_site for each in cases if each] == ["osaka", "", "osaka", "", "kyushu"]


def test_a_report_without_images_makes_a_case() -> None:
    case = build_case("", None, [], [report()])

    assert case is not None
    assert (case.id, case.site, case.study_date, case.modalities) == ("report-r1", "kyushu", 20240530, ("CT",))
    assert not case.has_images
    assert [text for _, text in case.reports[0].sections()] == ["結節を認める", "肺癌疑い"]


def test_a_retracted_report_is_not_shown() -> None:
    assert build_case("", None, [], [report("entered-in-error")]) is None


def test_a_report_may_read_several_studies() -> None:
    assert report("final", "1.2.3", "1.2.4").studies == ("1.2.3", "1.2.4")


def test_text_that_no_section_has_is_shown_and_the_whole_report_is_not_shown_twice() -> None:
    read = Report("r", findings="右肺に 結節", impression="肺癌疑い")

    addendum = msgspec.structs.replace(read, text="追記: 次回は3か月後。").sections()
    whole = msgspec.structs.replace(read, text="【所見】\n右肺に\n結節\n【診断】肺癌疑い\n以上").sections()
    alone = Report("r", text="異常なし。").sections()

    assert addendum[-1] == ("Further text", "追記: 次回は3か月後。")
    assert [text for _, text in whole] == ["右肺に 結節", "肺癌疑い"]
    assert alone == [("Report", "異常なし。")]
