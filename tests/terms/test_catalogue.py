"""Versions stand side by side; a code is checked against the one in use; nothing is remapped in silence."""

from pathlib import Path

import pytest

from shared.errors import Damaged, Invalid, JmidError, NotFound
from shared.fhir.systems import ICD_10
from shared.terms.catalogue import Catalogue
from shared.terms.check import check_code
from shared.terms.loaders.medis import EXCHANGE, KEY_NUMBER, MODIFIER_KEY_NUMBER, load_medis
from shared.terms.open_terms import SYSTEM
from shared.terms.term import CodeSystem, Term, Terminology
from tests.terms.samples import master

PATH = Path("terms")


def of(version: str, *terms: Term, system: str = "urn:x") -> Terminology:
    return Terminology(CodeSystem(system=system, version=version, title="x"), terms)


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return Catalogue(tmp_path / PATH)


@pytest.fixture
def loaded(catalogue: Catalogue, tmp_path: Path) -> Catalogue:
    for each in load_medis(master(tmp_path)):
        catalogue.load(each)
    return catalogue


def test_without_any_loader_the_open_list_and_its_icd_10_codes_are_in_use(catalogue: Catalogue) -> None:
    assert {about.system for about, used in catalogue.systems() if used} == {SYSTEM, ICD_10}
    assert check_code(catalogue, ICD_10, "C34.1").display == "上葉肺癌"


def test_the_version_that_was_loaded_last_is_in_use_and_an_older_one_can_be_again(catalogue: Catalogue) -> None:
    catalogue.load(of("1", Term(code="A", display="old")))
    catalogue.load(of("2", Term(code="A", display="new")))

    assert check_code(catalogue, "urn:x", "A").display == "new"
    assert catalogue.source("urn:x", "1").get("A") == Term(code="A", display="old")
    catalogue.use("urn:x", "1")
    assert check_code(catalogue, "urn:x", "A").version == "1"


def test_another_process_that_loads_is_seen(catalogue: Catalogue) -> None:
    catalogue.load(of("1", Term(code="A", display="old")))
    check_code(catalogue, "urn:x", "A")

    Catalogue(catalogue.folder).load(of("1", Term(code="A", display="mended")))

    assert check_code(catalogue, "urn:x", "A").display == "mended"


def test_modifiers_are_put_around_the_name_in_their_order(loaded: Catalogue) -> None:
    checked = check_code(loaded, KEY_NUMBER, "20000001", ["27000002", "27000001", "27000003"])

    assert (checked.display, checked.version) == ("転移性右検査肺癌の疑い", "999")


@pytest.mark.parametrize(
    ("system", "code", "modifiers", "reason"),
    [
        (ICD_10, "ZZZ.999", [], "unknown-code"),
        ("urn:not-loaded", "A", [], "unknown-code-system"),
        (KEY_NUMBER, "20000002", [], "retired-code"),
        (EXCHANGE, "T002", [], "retired-code"),
        (KEY_NUMBER, "20000001", ["27000003", "27000001"], "modifier-order"),
        (KEY_NUMBER, "20000001", ["27000001", "27000001"], "modifier-twice"),
        (KEY_NUMBER, "20000001", ["27999999"], "unknown-code"),
        (MODIFIER_KEY_NUMBER, "27000001", [], "not-a-diagnosis"),
        (ICD_10, "C34.1", ["27000001"], "no-modifiers"),
    ],
)
def test_a_code_that_does_not_stand_is_refused(
    loaded: Catalogue, system: str, code: str, modifiers: list[str], reason: str
) -> None:
    with pytest.raises(JmidError, match=f"^{reason}:"):
        check_code(loaded, system, code, modifiers)


def test_a_retired_code_is_refused_with_its_successor(loaded: Catalogue) -> None:
    with pytest.raises(JmidError, match="write 20000001 in its place"):
        check_code(loaded, KEY_NUMBER, "20000002")


def test_a_code_that_is_there_twice_leaves_nothing_behind(catalogue: Catalogue) -> None:
    with pytest.raises(Invalid, match="code-twice"):
        catalogue.load(of("1", Term(code="A", display="x"), Term(code="A", display="y")))

    assert [path for path in catalogue.folder.rglob("*") if path.is_file()] == []


def test_a_damaged_store_is_said_and_not_taken_for_an_empty_one(catalogue: Catalogue) -> None:
    catalogue.load(of("1", Term(code="A", display="x")))
    catalogue.path("urn:x", "1").write_bytes(b"no database" * 100)

    with pytest.raises(Damaged):
        Catalogue(catalogue.folder).source("urn:x")


def test_no_name_of_a_system_or_version_leads_out_of_the_folder(catalogue: Catalogue) -> None:
    path = catalogue.path("../../x", "../../../y")

    assert path.resolve().is_relative_to(catalogue.folder.resolve())
    with pytest.raises(NotFound):
        catalogue.use("../../x", "../../../y")


def test_all_terms_are_read_in_order_over_pages(catalogue: Catalogue) -> None:
    terms = [Term(code=f"{n:05}", display="x") for n in range(2500)]
    catalogue.load(of("1", *terms))

    assert [term.code for term in catalogue.source("urn:x")] == [term.code for term in terms]
