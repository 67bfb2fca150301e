"""The document that crosses the border: what is let in, and how the link is written into it."""

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.linker.reports import document as crossing
from shared.errors import Invalid
from tests.examples import examples
from tests.linker.samples import document, flagged, packed, uid


def linked(document_: dict[str, Any], *studies: str, link: str = "accession") -> dict[str, Any]:
    data, sha256 = packed(document_)
    found: dict[str, Any] = orjson.loads(crossing.compose(data, sha256, studies, link))
    return found


def refusal(document_: object) -> str:
    with pytest.raises(Invalid) as caught:
        crossing.read(orjson.dumps(document_))
    return caught.value.detail


def test_a_deidentified_report_is_read_with_its_keys() -> None:
    _, said = crossing.read(orjson.dumps(document()))

    assert (said.report_id, said.status, said.site, said.profile) == ("R1", "final", "hospital", "jmid/1")
    assert (said.keys.patient_id, said.keys.accession_number, said.keys.modality) == ("P1", "A1", "CT")
    assert said.keys.study_date == "20260401"
    assert said.studies == ()


def test_the_link_is_written_into_contained_imaging_studies_and_read_back() -> None:
    composed = linked(document(), uid(1), uid(2))

    _, said = crossing.read(orjson.dumps(composed))

    assert said.studies == (uid(1), uid(2))
    assert said.link == "accession"
    assert said.keys.accession_number == "A1"
    assert [each["reference"] for each in composed["imagingStudy"]] == ["#study", "#study-2"]


def test_version_and_digest_survive_another_link() -> None:
    _, sha256 = packed(document())

    first, second = linked(document(), uid(1)), linked(document(), uid(2), link="by-hand")

    assert crossing.read(orjson.dumps(first))[1].sha256 == sha256
    assert crossing.read(orjson.dumps(second))[1].sha256 == sha256


def test_the_same_version_and_link_give_the_same_bytes() -> None:
    data, sha256 = packed(document())

    assert crossing.compose(data, sha256, [uid(1)], "accession") == crossing.compose(
        data, sha256, [uid(1)], "accession"
    )


def test_an_unlinked_report_names_no_study_even_if_the_source_did() -> None:
    composed = linked(linked(document(), uid(1)), link="unlinked-by-hand")

    _, said = crossing.read(orjson.dumps(composed))

    assert said.studies == ()
    assert said.link == "unlinked-by-hand"


def test_a_report_without_an_imaging_study_gets_one_when_linked() -> None:
    bare = {name: value for name, value in document().items() if name not in ("contained", "imagingStudy")}

    assert crossing.read(orjson.dumps(linked(bare, uid(1))))[1].studies == (uid(1),)
    assert "contained" not in linked(bare)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"performer": [{"display": "SATO"}]}, "DiagnosticReport.performer is not allowed"),
        ({"text": {"div": "<div>SATO</div>"}}, "DiagnosticReport.text is not allowed"),
        ({"extension": [{"url": "x"}]}, "DiagnosticReport.extension is not allowed"),
        ({"subject": {"display": "SATO"}}, "DiagnosticReport.subject.display is not allowed"),
        ({"contained": [{"resourceType": "Patient"}]}, "DiagnosticReport.contained[0] is not an ImagingStudy"),
        ({"conclusion": {"SATO": 1}}, "DiagnosticReport.conclusion is not allowed"),
        ({"presentedForm": [{"contentType": "image/jpeg"}]}, "presentedForm.contentType is not text/plain"),
        ({"status": "SATO"}, "status is not of diagnostic-report-status"),
        ({"identifier": []}, "no urn:jmid:report equal to id"),
        ({"subject": {"identifier": {"system": "SATO"}}}, "does not begin with urn:jmid:patient:"),
        ({"meta": {}}, "meta.tag has no urn:jmid:profile"),
        ({"meta": {"source": "SATO"}}, "meta.source does not begin"),
    ],
)
def test_what_is_not_on_the_allow_list_is_refused_by_its_path_without_its_value(
    change: dict[str, Any], complaint: str
) -> None:
    detail = refusal({**document(), **change})

    assert complaint in detail
    assert "SATO" not in detail


@pytest.mark.parametrize(
    "change",
    [
        {"subject": [{"identifier": {"system": "urn:oid:1.2", "value": "SATO"}}]},
        {"subject": {"identifier": [{"system": "urn:oid:1.2", "value": "SATO"}]}},
        {"presentedForm": {"contentType": "application/pdf", "data": "SATO"}},
    ],
)
def test_an_object_where_a_list_should_be_or_a_list_is_checked_all_the_same(change: dict[str, Any]) -> None:
    assert "SATO" not in refusal({**document(), **change})


def test_each_problem_is_told_apart() -> None:
    with pytest.raises(crossing.OutsideSchema) as caught:
        crossing.read(orjson.dumps({**document(), "text": {"div": "SATO"}, "performer": []}))

    assert caught.value.problems == (
        "DiagnosticReport.text is not allowed",
        "DiagnosticReport.performer is not allowed",
    )


def test_an_element_name_that_could_carry_a_value_is_not_repeated() -> None:
    assert "佐藤" not in refusal({**document(), "佐藤": 1})


def test_what_is_not_json_or_not_a_report_is_refused() -> None:
    assert refusal([]) == "resourceType is not DiagnosticReport"
    with pytest.raises(Invalid, match="not-json"):
        crossing.read(b"\xff{")


def test_the_flag_for_a_person_is_seen() -> None:
    assert crossing.is_flagged(packed(flagged(document()))[0])
    assert not crossing.is_flagged(packed(document())[0])


def test_a_tombstone_keeps_no_text() -> None:
    assert "No finding." not in str(crossing.tombstone(document()))


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(list(document())), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=examples(300))
@given(st.sampled_from(list(document())), _json)
def test_a_broken_document_is_refused_or_can_be_linked_but_is_never_an_error(name: str, value: object) -> None:
    data = orjson.dumps({**document(), name: value})
    try:
        crossing.read(data)
    except Invalid:
        return

    assert uid(1).encode() in crossing.compose(data, "0" * 64, [uid(1)], "accession")


@given(st.sampled_from(["ImagingStudy", "Observation"]), st.sampled_from(["id", "identifier", "code"]), _json)
def test_a_broken_contained_resource_is_refused_or_can_be_linked(kind: str, name: str, value: object) -> None:
    data = orjson.dumps(document(contained=[{"resourceType": kind, name: value}]))
    try:
        crossing.read(data)
    except Invalid:
        return

    assert uid(1).encode() in crossing.compose(data, "0" * 64, [uid(1)], "accession")
