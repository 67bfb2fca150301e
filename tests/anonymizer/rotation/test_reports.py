"""After a rotation, reports that went out under the old keys get the pseudonyms of the new ones."""

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
import pytest

from services.anonymizer.instances.deidentify import deidentify as deidentify_instance
from services.anonymizer.policy import Policy
from services.anonymizer.pseudonyms.keys import Keyring
from services.anonymizer.pseudonyms.vault import Sealed
from services.anonymizer.reports.deidentify import DeidentifiedReport, deidentify, moved
from services.anonymizer.rotation import reports
from services.anonymizer.rotation.reports import RenewedReport
from services.anonymizer.text.cleaner import Identifiers, TextPolicy, clean_text
from services.linker.reports import document as linker_report
from shared.errors import Invalid, Refused
from tests.anonymizer.instances.planted import ct
from tests.anonymizer.reports.corpus import dictated, structured
from tests.anonymizer.rotation.test_instances import ASKED, SITE, index, name, opened, renew, ring, sealed

__all__ = ["name", "ring"]
SAMPLES = Path(__file__).parents[2] / "data" / "reports" / "fhir"
FORMS = ("jp_core_ct", "jp_core_ct_amended", "jp_core_ct_text", "bare_html")
TEXTS = ("conclusion", "presentedForm")


def source(form: str) -> bytes:
    return (SAMPLES / f"{form}.json").read_bytes()


def renewed(ring: Keyring, data: bytes, entries: Iterable[Sealed], *kinds: str) -> RenewedReport:
    old, new = ring.versions
    sent = reports.read(orjson.loads(data))
    return reports.renewed(sent, opened(ring, entries, *kinds), old, new, SITE)


def structure(data: bytes) -> dict[str, Any]:
    """Return a report without its free texts."""
    document: dict[str, Any] = orjson.loads(data)
    for each in document.get("contained", []):
        each.pop("valueString", None)
    return {key: value for key, value in document.items() if key not in TEXTS}


@pytest.mark.parametrize("form", FORMS)
def test_a_renewed_report_is_what_the_original_gives_with_the_new_keys(ring: Keyring, name: str, form: str) -> None:
    old, new = (deidentify(source(form), Policy(name, each, SITE)) for each in ring.versions)

    made = renewed(ring, old.document, old.sealed)

    assert structure(made.data) == structure(new.document)
    assert made.data == new.document or name == "research"
    assert (made.report_id, made.guessed) == (new.report_id, {})


def test_without_originals_it_is_told_what_was_guessed(ring: Keyring) -> None:
    cleaned = deidentify(source("jp_core_ct"), Policy("jmid", ring.versions[0], SITE))

    made = renewed(ring, cleaned.document, cleaned.sealed, "patient")

    assert made.guessed == {"order": 1, "report": 1, "uid": 1}
    pseudonyms = (cleaned.report_id, cleaned.keys.accession_number, cleaned.keys.study_instance_uid)
    assert [each for each in pseudonyms if each.encode() in made.data] == []
    assert linker_report.read(made.data)[1].report_id == made.report_id


def test_a_report_and_its_study_still_link_by_every_key(ring: Keyring) -> None:
    image = deidentify_instance(ct("utf-8").data, Policy("jmid", ring.versions[0], SITE))
    now = deidentify_instance(ct("utf-8").data, Policy("jmid", ring.current, SITE))
    cleaned = deidentify(source("jp_core_ct"), Policy("jmid", ring.versions[0], SITE))
    linked = linker_report.compose(cleaned.document, cleaned.sha256, [image.keys.study_instance_uid], "accession")

    made = renewed(ring, linked, [*cleaned.sealed, *image.sealed])

    _, said = linker_report.read(made.data)
    assert said.studies == (now.keys.study_instance_uid,)
    assert (said.link, said.sha256 != cleaned.sha256, len(said.sha256)) == ("accession", True, 64)
    assert made.guessed == {}


def test_what_was_renewed_leads_back_too(ring: Keyring, name: str) -> None:
    cleaned = deidentify(source("jp_core_ct"), Policy(name, ring.versions[0], SITE))
    now = deidentify(source("jp_core_ct"), Policy(name, ring.current, SITE))

    made = renewed(ring, cleaned.document, cleaned.sealed)

    assert {each.pseudonym for each in made.sealed} == {each.pseudonym for each in now.sealed}


@pytest.mark.parametrize("write", [structured, dictated])
def test_the_dates_of_texts_move_with_the_others(ring: Keyring, write: Any) -> None:
    shifts = [-7 * weeks for weeks in (60, 333)]
    texts = []
    for seed in range(60):
        report = write(seed, research=True)
        header = Identifiers.of_header(report.header)
        old, new = (clean_text(report.text, header, TextPolicy.of_profile("research", days)).text for days in shifts)
        near = [moved(f"{day[:4]}-{day[4:6]}-{day[6:]}", shifts[0]).replace("-", "") for day in header.study_dates]
        texts.append((old, reports.retimed(old, near, shifts[1] - shifts[0]), new))

    assert all(old == new or made != old for old, made, new in texts)  # none is left where the old keys put it
    assert sum(made == new for _, made, new in texts) >= 54  # else a leading zero, a month's name, a month alone


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"id": 1, "text": "CT", "removed": {}, "review": False}, "no-pseudonyms"),
        ({"resourceType": "Patient", "id": "1"}, "not-ours"),
        ({"resourceType": "DiagnosticReport", "id": "1"}, "not-ours"),
    ],
)
def test_what_carries_no_pseudonym_of_ours_is_refused(document: dict[str, Any], reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        reports.read(document)


def test_what_is_no_json_is_refused() -> None:
    for data in (b"{", b"[1]", b'{"a": 1}\n{', b"1"):
        with pytest.raises(Invalid):
            reports.documents_in(data)


def test_a_page_of_the_centres_change_feed_holds_reports() -> None:
    report, diagnosis = ({"kind": kind, "document": {"id": kind}} for kind in ("report", "diagnosis"))

    found = reports.documents_in(orjson.dumps({"changes": [report, diagnosis], "next": 2, "more": False}))

    assert found == [{"id": "report"}]


def without_subject(document: dict[str, Any]) -> dict[str, Any]:
    contained = [without_subject(each) for each in document.get("contained", [])]
    found = {key: value for key, value in document.items() if key != "subject"}
    return {**found, "contained": contained} if contained else found


def reports_of(ring: Keyring) -> list[DeidentifiedReport]:
    return [deidentify(source(form), Policy("jmid", ring.versions[0], SITE)) for form in FORMS[:3]]


def test_the_command_takes_documents_bundles_and_lines(tmp_path: Path, ring: Keyring) -> None:
    cleaned = reports_of(ring)
    documents = [json.loads(each.document) for each in cleaned]
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "one.json").write_bytes(cleaned[0].document)
    (folder / "nobody.json").write_bytes(orjson.dumps(without_subject(documents[0])))  # the vault tells the version
    bundle = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": each} for each in documents[1:]]}
    (folder / "bundle.json").write_text(json.dumps(bundle))
    (folder / "lines.ndjson").write_text("\n".join([*map(json.dumps, documents), '{"id":1,"text":"","removed":{}}']))
    asyncio.run(sealed(tmp_path / "home" / "gateway", [entry for each in cleaned for entry in each.sealed]))

    code, output = renew(tmp_path, *ASKED)

    rows = index(tmp_path / "out")
    now = [deidentify(source(form), Policy("jmid", ring.current, SITE)).document for form in FORMS[:3]]
    expected = {"one.json": 0, "bundle.json#1": 1, "bundle.json#2": 2} | {f"lines.ndjson#{n + 1}": n for n in range(3)}
    assert (code, "7 renewed, 1 not" in output) == (0, True)
    nobody = (tmp_path / "out" / rows["nobody.json"]["output"]).read_bytes()
    assert nobody == orjson.dumps(without_subject(json.loads(now[0])))
    assert {name: (tmp_path / "out" / rows[name]["output"]).read_bytes() for name in expected} == {
        name: now[number] for name, number in expected.items()
    }
    assert rows["lines.ndjson#4"]["reason"] == "no-pseudonyms"
