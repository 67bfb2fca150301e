"""The centre's linker on real embedded ports: reports, links, diagnoses, annotations, recalls, the change feed."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest
from aiohttp import web

from services.linker.centre.free_text import warnings
from services.linker.centre.records import CURSORS
from services.linker.reports import document as form
from services.linker.service import CENTRE
from shared.errors import Refused
from shared.events import CaseChanged, InstancesStored, LinkKeys
from shared.text.free_text import TextCheck, TextFindings, unchecked
from tests.linker.samples import document, packed, uid
from tests.linker.system import Opened, opened, until
from tests.servers.web import served

STUDY, OTHER = uid(1), uid(2)
FHIR = "application/fhir+json"


OF_SEVERAL_SITES = {"JMID_LINKER_GATEWAY_TOKEN": "a-shared-token", "JMID_ACCESS_SHARED_GATEWAY_TOKEN": "true"}


@dataclass
class Qido:
    """An archive's QIDO-RS: Studies by UID."""

    studies: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    status: int = 200
    url: str = ""

    def add(self, study: str, *, patient: str = "P1", accession: str = "A1", date: str = "20260401") -> None:
        """Add a CT Study."""
        values = {"00100020": patient, "00080050": accession, "00080061": "CT", "00080020": date, "0020000D": study}
        self.studies[study] = {tag: {"vr": "LO", "Value": [value]} for tag, value in values.items() if value}

    async def search(self, request: web.Request) -> web.Response:
        """Answer a search."""
        uid_ = request.query["StudyInstanceUID"]
        self.asked.append(uid_)
        found = [self.studies[uid_]] if uid_ in self.studies else []
        return web.json_response(found, status=self.status)


@pytest.fixture
async def qido() -> AsyncIterator[Qido]:
    found = Qido()
    application = web.Application()
    application.add_routes([web.get("/dicom-web/studies", found.search)])
    async with served(application) as url:
        found.url = url
        yield found


@pytest.fixture
async def centre(tmp_path: Path, qido: Qido) -> AsyncIterator[Opened]:
    environ = {"JMID_LINKER_ARCHIVE_URL": f"{qido.url}/dicom-web", **OF_SEVERAL_SITES}
    async with opened(CENTRE, tmp_path, environ) as found:
        yield found


def linked(document_: dict[str, Any], *studies: str, link: str = "accession") -> dict[str, Any]:
    data, sha256 = packed(document_)
    found: dict[str, Any] = orjson.loads(form.compose(data, sha256, studies, link))
    return found


def stored(study: str, series: int = 1) -> InstancesStored:
    return InstancesStored.first(
        f"{study}|{series}",
        correlation_id="r",
        site="centre",
        study_instance_uid=study,
        series_instance_uid=f"{study}.{series}",
        sop_instance_uids=(f"{study}.{series}.1",),
    )


def stored_with_keys(study: str) -> InstancesStored:
    keys = LinkKeys("P1", "A1", study, "CT", "20260401")
    return msgspec.structs.replace(stored(study), keys=keys)


def studies_of(document_: dict[str, Any]) -> tuple[str, ...]:
    return form.read(orjson.dumps(document_))[1].studies


async def changes(centre: Opened, after: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await centre.get(f"/api/reports/changes?after={after}"))["changes"]
    return found


async def test_a_report_is_stored_found_and_told_of(centre: Opened) -> None:
    await centre.post("/api/reports", linked(document(), STUDY), 201, FHIR)

    found = await centre.get("/api/reports/R1")
    bundle = await centre.get(f"/api/reports?study={STUDY}")

    assert found["conclusion"] == "No finding."
    assert studies_of(found) == (STUDY,)
    assert [entry["resource"]["id"] for entry in bundle["entry"]] == ["R1"]
    await until(
        lambda: [(e.study_instance_uid, e.report_ids) for e in centre.of(CaseChanged)][:1] == [(STUDY, ("R1",))]
    )


async def test_the_same_report_again_is_the_same_and_no_new_version(centre: Opened) -> None:
    await centre.post("/api/reports", linked(document(), STUDY), 201, FHIR)
    await centre.post("/api/reports", linked(document(), STUDY), 200, FHIR)

    assert (await centre.get("/api/reports/R1/history"))["total"] == 1


async def test_a_report_of_one_site_cannot_be_replaced_by_another(centre: Opened) -> None:
    stranger = document(text="Mine.", issued="2027-01-01")
    stranger["meta"]["source"] = "urn:jmid:site:elsewhere"

    await centre.post("/api/reports", linked(document(), STUDY), 201, FHIR)
    await centre.post("/api/reports", linked(stranger, STUDY), 422, FHIR)

    assert (await centre.get("/api/reports/R1"))["conclusion"] == "No finding."


async def test_versions_are_kept_and_the_one_issued_last_holds_in_any_order(centre: Opened) -> None:
    old = document(text="Old.")
    new = document(text="New.", status="amended", issued="2026-04-02T10:00:00+09:00")

    await centre.post("/api/reports", linked(new, STUDY), 201, FHIR)
    await centre.post("/api/reports", linked(old, STUDY), 200, FHIR)

    assert (await centre.get("/api/reports/R1"))["conclusion"] == "New."
    history = await centre.get("/api/reports/R1/history")
    assert [entry["resource"]["conclusion"] for entry in history["entry"]] == ["New.", "Old."]


async def test_a_report_whose_link_moved_leaves_its_old_study_and_both_are_told(centre: Opened) -> None:
    await centre.post("/api/reports", linked(document(), OTHER), 201, FHIR)
    await centre.post("/api/reports", linked(document(), STUDY, link="by-hand"), 200, FHIR)

    assert (await centre.get(f"/api/reports?study={OTHER}"))["total"] == 0
    assert (await centre.get(f"/api/reports?study={STUDY}"))["total"] == 1
    (change,) = await changes(centre)
    assert (change["study_instance_uids"], change["touched"], change["rule"]) == ([STUDY], [STUDY, OTHER], "by-hand")
    await until(lambda: {e.study_instance_uid for e in centre.of(CaseChanged)} == {STUDY, OTHER})


async def test_a_report_entered_in_error_is_hidden_everywhere(centre: Opened) -> None:
    error = document(status="entered-in-error", issued="2026-04-02T10:00:00+09:00")
    await centre.post("/api/reports", linked(document(), STUDY), 201, FHIR)

    await centre.post("/api/reports", linked(error, link="retracted"), 200, FHIR)

    assert (await centre.get(f"/api/reports?study={STUDY}"))["total"] == 0
    shown = await centre.get("/api/reports/R1")
    assert (shown["status"], "conclusion" in shown, "contained" in shown) == ("entered-in-error", False, False)
    assert (await centre.get("/api/reports/R1/history"))["total"] == 0
    (change,) = await changes(centre)
    assert change["removed"]
    assert "No finding." not in str(change)


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", FHIR, 400),
        (orjson.dumps(document(performer=[{"display": "SATO"}])), FHIR, 422),
        (orjson.dumps(document()), "text/plain", 415),
        (b" " * (2 * 2**20 + 1), FHIR, 413),
    ],
)
async def test_what_is_refused_is_answered_by_an_operation_outcome_without_values(
    centre: Opened, body: bytes, content_type: str, status: int
) -> None:
    headers = {"Content-Type": content_type}
    async with centre.session.post(f"{centre.url}/api/reports", data=body, headers=headers) as answer:
        outcome = await answer.json(content_type=None)

    assert answer.status == status
    assert outcome["resourceType"] == "OperationOutcome"
    assert "SATO" not in str(outcome)
    assert await changes(centre) == []


async def test_a_report_waits_for_its_study_and_is_linked_when_the_archive_stores_it(
    centre: Opened, qido: Qido
) -> None:
    await centre.post("/api/reports", linked(document(), link="no-study"), 201, FHIR)
    assert [link["reason"] for link in (await centre.get("/api/links"))["links"]] == ["no-study"]

    qido.add(STUDY)
    await centre.take(stored(STUDY), stored(STUDY), stored(STUDY, 2))

    assert studies_of(await centre.get("/api/reports/R1")) == (STUDY,)
    assert (await centre.get("/api/links?state=linked"))["links"][0]["rule"] == "accession"
    assert qido.asked == [STUDY, STUDY]
    await until(lambda: STUDY in {e.study_instance_uid for e in centre.of(CaseChanged)})


async def test_a_study_whose_keys_the_event_carries_is_linked_without_asking_the_archive(
    centre: Opened, qido: Qido
) -> None:
    await centre.post("/api/reports", linked(document(), link="no-study"), 201, FHIR)

    await centre.take(stored_with_keys(STUDY))

    assert studies_of(await centre.get("/api/reports/R1")) == (STUDY,)
    assert qido.asked == []


@pytest.mark.parametrize("said", ["unlinked-by-hand", "ambiguous", "patient-conflict"])
async def test_what_the_gateway_decided_against_is_not_linked_by_a_rule_of_the_centre(
    centre: Opened, qido: Qido, said: str
) -> None:
    qido.add(STUDY)
    await centre.post("/api/reports", linked(document(), link=said), 201, FHIR)

    await centre.take(stored(STUDY))

    assert studies_of(await centre.get("/api/reports/R1")) == ()


async def test_an_archive_that_does_not_answer_makes_the_event_come_again(centre: Opened, qido: Qido) -> None:
    from shared.errors import Transient

    qido.status = 503

    with pytest.raises(Transient):
        await centre.take(stored(STUDY))


async def test_linking_by_hand_at_the_centre_wins_over_the_gateway_and_survives_a_repost(centre: Opened) -> None:
    await centre.post("/api/reports", linked(document(), OTHER), 201, FHIR)

    choice = {"report_id": "R1", "study_instance_uid": STUDY, "by": "Dr. Who", "why": "wrong study"}
    refused = await centre.post("/api/links", choice, 400)
    await centre.post("/api/links", choice | {"confirmed_patients": "P1 / unknown"})
    await centre.post("/api/reports", linked(document(), OTHER), 200, FHIR)

    assert studies_of(await centre.get("/api/reports/R1")) == (STUDY,)
    link = (await centre.get("/api/links?state=linked"))["links"][0]
    assert refused["reason"] == "other-patient"  # the archive has no such Study yet, so nobody knows whose it is
    assert (link["rule"], link["hand"][0]["by"]) == ("by-hand", "Dr. Who")


@pytest.mark.parametrize("field", ["note", "display", "by"])
async def test_a_text_that_is_too_long_is_refused_by_its_field(centre: Opened, field: str) -> None:
    asked = {"study_instance_uids": [STUDY], "note": "SAH", "by": "x", field: "a" * (1 << 20)}

    refusal = await centre.post("/api/diagnoses", asked, 400)

    assert (refusal["reason"], field in refusal["detail"], len(refusal["detail"]) < 200) == ("not-the-form", True, True)


async def test_a_body_that_is_too_long_is_refused_before_it_is_parsed(centre: Opened) -> None:
    asked = {"study_instance_uids": [STUDY], "by": "x", "note": "a" * (15 << 20)}

    refusal = await centre.post("/api/diagnoses", asked, 400)

    assert refusal["reason"] == "too-long"


GEOMETRY = {"shape": "circle", "points": [[10, 10], [10, 20]], "space": "image-pixel", "frame": 1}
PLACE = {
    "study_instance_uid": STUDY,
    "series_instance_uid": f"{STUDY}.1",
    "sop_instance_uid": f"{STUDY}.1.1",
    "by": "x",
}
REFERENCE = {
    "sop_class_uid": "1.2.840.10008.5.1.4.1.1.66.4",
    "series_instance_uid": f"{STUDY}.9",
    "sop_instance_uid": f"{STUDY}.9.1",
}


@pytest.mark.parametrize("what", [{"geometry": GEOMETRY}, {"reference": REFERENCE}])
async def test_an_annotation_is_a_shape_or_a_reference_to_a_dicom_object(centre: Opened, what: dict[str, Any]) -> None:
    label = {"system": "http://snomed.info/sct", "code": "4147007", "display": "Mass"}

    await centre.post("/api/annotations", {**PLACE, **what, "label": label}, 201)

    (found,) = (await centre.get(f"/api/annotations?study={STUDY}"))["annotations"]
    assert found["label"]["code"] == "4147007"
    assert [change["kind"] for change in await changes(centre)] == ["annotation"]


@pytest.mark.parametrize(
    "body",
    [
        PLACE,
        {**PLACE, "geometry": GEOMETRY, "reference": REFERENCE},
        {**PLACE, "geometry": {**GEOMETRY, "points": [[1, 2]]}},
        {**PLACE, "geometry": {**GEOMETRY, "points": [[1, 2, 3], [1, 2, 3]]}},
        {**PLACE, "geometry": {**GEOMETRY, "shape": "blob"}},
        {**PLACE, "geometry": {**GEOMETRY, "frame": 0}},
        {**PLACE, "geometry": GEOMETRY, "sop_instance_uid": ""},
        {**PLACE, "geometry": GEOMETRY, "by": ""},
        {**PLACE, "geometry": GEOMETRY, "at": "yesterday"},
        {**PLACE, "geometry": GEOMETRY, "study_instance_uid": "1.02"},
        {**PLACE, "reference": {**REFERENCE, "sop_instance_uid": "x"}},
        {**PLACE, "geometry": GEOMETRY, "patient": "SATO"},
    ],
)
async def test_an_annotation_that_breaks_a_rule_is_refused(centre: Opened, body: dict[str, Any]) -> None:
    answer = await centre.post("/api/annotations", body, 400)

    assert "SATO" not in str(answer)
    assert await changes(centre) == []


async def test_the_feed_is_ordered_resumable_and_tells_the_newest_state(centre: Opened) -> None:
    for name in ("R1", "R2", "R3"):
        await centre.post("/api/reports", linked(document(name), STUDY), 201, FHIR)
    first = await centre.get("/api/reports/changes?after=0&limit=2")

    await centre.post("/api/reports", linked(document("R1", text="New.", issued="2027-01-01"), STUDY), 200, FHIR)
    rest = await centre.get(f"/api/reports/changes?after={first['next']}")

    assert first["more"]
    assert [change["id"] for change in rest["changes"]] == ["R3", "R1"]
    assert rest["changes"][-1]["document"]["conclusion"] == "New."
    assert (await centre.get(f"/api/reports/changes?after={rest['next']}"))["changes"] == []
    await centre.get("/api/reports/changes?after=x", 400)


async def test_changes_written_while_the_publisher_was_down_are_published_after_the_restart(
    tmp_path: Path, qido: Qido
) -> None:
    settings = {"JMID_LINKER_ARCHIVE_URL": qido.url}
    async with opened(CENTRE, tmp_path, settings, tasks=False) as centre:
        await centre.post("/api/reports", linked(document(), STUDY), 201, FHIR)
        assert centre.of(CaseChanged) == []

    async with opened(CENTRE, tmp_path, settings) as centre:
        await until(lambda: [e.study_instance_uid for e in centre.of(CaseChanged)] == [STUDY])


async def test_a_publisher_killed_after_publishing_publishes_the_same_event_again(tmp_path: Path, qido: Qido) -> None:
    settings = {"JMID_LINKER_ARCHIVE_URL": qido.url}
    async with opened(CENTRE, tmp_path, settings, tasks=False) as centre:  # what repairs at a start would note it again
        await centre.post("/api/reports", linked(document(), STUDY), 201, FHIR)
    async with opened(CENTRE, tmp_path, settings) as centre:
        await until(lambda: len(centre.of(CaseChanged)) >= 1)
        await until(lambda: centre.documents.delete(CURSORS, "case-changed"))  # written after the publication
        before = {event.id for event in centre.of(CaseChanged)}

        await until(lambda: len(centre.of(CaseChanged)) >= 2)

        assert {event.id for event in centre.of(CaseChanged)} == before


async def test_recalls_are_listed_for_a_site_and_ended_by_its_answer(centre: Opened) -> None:
    asked = await centre.post("/api/recalls", {"study_instance_uid": STUDY, "by": "Dr. Who", "site": "hospital"}, 201)
    again = await centre.post("/api/recalls", {"study_instance_uid": STUDY, "by": "Dr. Who"}, 201)
    assert asked["recall_id"] == again["recall_id"]
    assert len((await centre.get("/api/recalls?site=hospital"))["recalls"]) == 1
    assert (await centre.get("/api/recalls?site=elsewhere"))["recalls"] == []

    answer = {"recall_id": asked["recall_id"], "outcome": "redelivered", "site": "hospital"}
    await centre.post(f"/api/recalls/{STUDY}/done", {**answer, "recall_id": "old"}, 409)
    await centre.post(f"/api/recalls/{STUDY}/done", answer, 200)

    assert (await centre.get("/api/recalls"))["recalls"] == []
    assert (await centre.get("/api/recalls?state=redelivered"))["recalls"][0]["answered_by"] == "hospital"


async def test_each_step_of_a_recall_and_its_result_are_told_and_in_the_feed(centre: Opened) -> None:
    asked = await centre.post("/api/recalls", {"study_instance_uid": STUDY, "by": "Dr. Who"}, 201)
    step = {"recall_id": asked["recall_id"], "site": "hospital", "step": "waiting-for-pacs"}
    answer = {"recall_id": asked["recall_id"], "outcome": "redelivered", "site": "hospital", "source": "pacs"}
    compared = {"compared": {"same": 2, "changed": 1}, "why": {"profile jmid/1 to jmid/2": 1}}

    await centre.post(f"/api/recalls/{STUDY}/progress", {**step, "recall_id": "old"}, 409)
    await centre.post(f"/api/recalls/{STUDY}/progress", step, 200)
    await centre.post(f"/api/recalls/{STUDY}/done", {**answer, **compared}, 200)
    await centre.post(f"/api/recalls/{STUDY}/progress", step, 409)  # it has been answered

    (told,) = (await centre.get(f"/api/recalls?study={STUDY}"))["recalls"]
    assert [(each["step"], each["site"]) for each in told["steps"]] == [("waiting-for-pacs", "hospital")]
    assert (told["compared"], told["changed_by"], told["source"]) == (*compared.values(), "pacs")
    (change,) = await changes(centre)
    assert (change["kind"], change["study_instance_uids"], change["document"]) == ("recall", [STUDY], told)


async def test_who_asked_is_told_what_did_not_come_back_and_why(centre: Opened) -> None:
    asked = await centre.post("/api/recalls", {"study_instance_uid": STUDY, "by": "Dr. Who"}, 201)
    answer = {"recall_id": asked["recall_id"], "outcome": "partly-redelivered", "site": "hospital"}

    await centre.post(f"/api/recalls/{STUDY}/done", {**answer, "missing": {"0111": -1}}, 400)
    await centre.post(f"/api/recalls/{STUDY}/done", {**answer, "missing": {"0111": 2}}, 200)

    (told,) = (await centre.get(f"/api/recalls?study={STUDY}"))["recalls"]
    assert (told["state"], told["missing"], told["requested_by"]) == ("partly-redelivered", {"0111": 2}, "Dr. Who")
    again = await centre.post("/api/recalls", {"study_instance_uid": STUDY, "by": "Dr. Who"}, 201)
    assert (again["state"], again["missing"]) == ("requested", {})


@pytest.mark.parametrize(
    ("path", "asked", "field"),
    [
        ("/api/diagnoses", {"study_instance_uids": [STUDY], "note": "山田太郎様、再検をお願いします"}, "note"),
        ("/api/diagnoses", {"study_instance_uids": [STUDY], "note": "電話 03-1234-5678 まで"}, "note"),
        ("/api/recalls", {"study_instance_uid": STUDY, "why": "患者氏名:佐藤花子"}, "why"),
        ("/api/links", {"report_id": "R1", "study_instance_uid": STUDY, "why": "患者氏名:佐藤花子"}, "why"),
    ],
)
async def test_a_name_in_a_text_that_is_typed_here_is_refused_without_it(
    centre: Opened, path: str, asked: dict[str, Any], field: str
) -> None:
    async with centre.session.post(centre.url + path, json={**asked, "by": "Dr. Who"}) as answer:
        text = await answer.text()

    assert answer.status in (400, 422)
    assert field in text
    assert not any(value in text for value in ("山田", "佐藤", "1234"))


async def test_what_is_doubtful_in_a_note_is_kept_and_said(centre: Opened, qido: Qido) -> None:
    qido.add(STUDY)
    asked = {"study_instance_uids": [STUDY], "note": "東京大学医学部附属病院で再検", "by": "Dr. Who"}

    kept = await centre.post("/api/diagnoses", asked, 201)

    assert kept["note"] == asked["note"]
    assert any("institution" in each for each in kept["warnings"])


async def test_what_is_doubtful_in_a_reason_is_said_too(centre: Opened) -> None:
    await centre.post("/api/reports", linked(document(), STUDY), 201, FHIR)
    why, by = "東京大学医学部附属病院で再検", "Dr. Who"

    asked = {"report_id": "R1", "study_instance_uid": STUDY, "confirmed_patients": "P1 / unknown"}
    link = await centre.post("/api/links", {**asked, "why": why, "by": by})
    recall = await centre.post("/api/recalls", {"study_instance_uid": STUDY, "why": why, "by": by}, 201)

    assert [answer["warnings"] for answer in (link, recall)] == [["why: institution"]] * 2


async def test_where_nothing_can_look_at_it_no_text_is_taken() -> None:
    with pytest.raises(Refused):
        await warnings(partial(_here, unchecked), {"note": "SAH"})


async def _here(check: TextCheck, text: str) -> TextFindings:
    return check(text)


@pytest.mark.parametrize("is_told_by_gateway", [True, False])
@pytest.mark.parametrize("is_report_first", [True, False])
async def test_a_report_is_not_linked_to_a_study_of_another_site_until_a_person_does(
    centre: Opened, is_report_first: bool, is_told_by_gateway: bool
) -> None:
    theirs = msgspec.structs.replace(stored_with_keys(STUDY), study_site="elsewhere")
    report = linked(document(), STUDY) if is_told_by_gateway else linked(document(), link="no-study")
    if is_report_first:
        await centre.post("/api/reports", report, 201, FHIR)
        await centre.take(theirs)
    else:
        await centre.take(theirs)
        await centre.post("/api/reports", report, 201, FHIR)

    [held] = (await centre.get("/api/links"))["links"]
    bundle = await centre.get(f"/api/reports?study={STUDY}")
    asked = {"report_id": "R1", "study_instance_uid": STUDY, "by": "Hanako", "why": "the same examination"}
    await centre.post("/api/links", asked, 200)
    linked_by_hand = await centre.get("/api/reports/R1")

    assert (held["studies"], held["reason"], held["candidates"]) == ([], "other-site", [STUDY])
    assert bundle["total"] == 0
    assert studies_of(linked_by_hand) == (STUDY,)


async def test_a_report_is_linked_to_the_study_of_its_own_site_where_both_bear_the_same_keys(centre: Opened) -> None:
    await centre.take(msgspec.structs.replace(stored_with_keys(STUDY), study_site="hospital"))
    await centre.take(msgspec.structs.replace(stored_with_keys(OTHER), study_site="elsewhere"))

    await centre.post("/api/reports", linked(document(), link="no-study"), 201, FHIR)

    assert studies_of(await centre.get("/api/reports/R1")) == (STUDY,)


async def test_an_event_that_does_not_say_the_site_does_not_make_it_unknown(centre: Opened) -> None:
    await centre.take(msgspec.structs.replace(stored_with_keys(STUDY), study_site="elsewhere"))
    older = msgspec.structs.replace(stored_with_keys(STUDY), series_instance_uid=f"{STUDY}.2")

    await centre.take(older)
    await centre.post("/api/reports", linked(document(), STUDY), 201, FHIR)

    assert studies_of(await centre.get("/api/reports/R1")) == ()


async def test_a_study_tells_which_reports_are_linked_to_it_and_which_could_be(tmp_path: Path, qido: Qido) -> None:
    async with opened(CENTRE, tmp_path, {"JMID_LINKER_ARCHIVE_URL": f"{qido.url}/dicom-web"}, tasks=False) as centre:
        keys = LinkKeys(patient_id="P1", accession_number="A1", modality="CT", study_date="20260401")
        await centre.take(
            InstancesStored.first(
                "one",
                correlation_id="r1",
                site="centre",
                study_instance_uid=STUDY,
                series_instance_uid=f"{STUDY}.1",
                sop_instance_uids=(f"{STUDY}.1.1",),
                keys=keys,
            )
        )
        other = document("R2")
        other["subject"]["identifier"]["value"] = "P2"
        for each in (document("R1"), other):
            await centre.post("/api/reports", each, 201, FHIR)

        links = (await centre.get(f"/api/links?study={STUDY}"))["links"]

        shown = [(each["report_id"], each["rule"] or each["reason"], each["candidates"]) for each in links]
        assert sorted(shown) == [("R1", "accession", []), ("R2", "patient-conflict", [STUDY])]
        assert (await centre.get(f"/api/links?study={OTHER}"))["links"] == []
