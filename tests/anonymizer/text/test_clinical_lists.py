"""A site's own lists of diseases keep their words, and a file that cannot be used is told at the start.

The files are written here: neither MANBYO nor a list of ICD-10 may be passed on with the code.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.anonymizer.cli.report_commands import deidentify_file
from services.anonymizer.pseudonyms import keys
from services.anonymizer.text import clinical_lists
from services.anonymizer.text.cleaner import Identifiers, TextPolicy, clean_text
from services.anonymizer.text.clinical_lists import ClinicalLists
from services.anonymizer.text.folding import lexicon
from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.names.eponyms import is_eponym
from shared.errors import SettingsError

MANBYO = "出現形,出現形よみ,ICDコード,標準病名\n楠見線状苔癬,クスミ,L43,扁平苔癬\n辻,ツジ,-1,\n"
TEXT = "楠見線状苔癬の既往。"


@pytest.fixture(autouse=True)
def no_lists() -> Iterator[None]:
    yield
    lexicon.use_terms(frozenset(), "")


def written(folder: Path, text: str, codec: str = "utf-8") -> Path:
    path = folder / "list.csv"
    path.write_bytes(text.encode(codec))
    return path


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (MANBYO, "utf-8"),
        (MANBYO, "cp932"),
        (MANBYO.replace(",", "\t"), "utf-8-sig"),
        ("楠見線状苔癬\n扁平苔癬\n", "utf-8"),
    ],
)
def test_words_of_a_list_are_clinical(tmp_path: Path, text: str, codec: str) -> None:
    lists = clinical_lists.read([written(tmp_path, text, codec)])

    assert lists.count == 2
    assert lexicon.is_clinical("楠見線状苔癬")
    assert lexicon.is_inside_term("楠見線状苔癬", 0, 2)
    assert is_eponym(FoldedText(TEXT), "楠見", 0, 2)


def test_a_name_inside_a_word_of_a_list_stays_and_elsewhere_goes(tmp_path: Path) -> None:
    policy = TextPolicy(analyse=False, clinical=clinical_lists.read([written(tmp_path, MANBYO)]))

    cleaned = clean_text(f"読影医:楠見\n{TEXT}", Identifiers(), policy)

    assert cleaned.text == f"読影医:【医師名】\n{TEXT}"
    without = TextPolicy(analyse=False)
    lexicon.use_terms(frozenset(), "")
    assert TEXT not in clean_text(f"読影医:楠見\n{TEXT}", Identifiers(), without).text


def test_somebodys_name_in_a_list_is_not_clinical(tmp_path: Path) -> None:
    clinical_lists.read([written(tmp_path, MANBYO)])

    assert not lexicon.is_sites_term("辻")


def test_another_process_uses_the_same_lists(tmp_path: Path) -> None:
    lists = clinical_lists.read([written(tmp_path, MANBYO)])
    lexicon.use_terms(frozenset(), "")  # as in a process that has just begun

    clean_text("所見なし", Identifiers(), TextPolicy(analyse=False, clinical=lists))

    assert lexicon.digest_of_terms() == lists.digest


def test_a_list_that_changed_since_the_start_is_not_used(tmp_path: Path) -> None:
    lists = clinical_lists.read([written(tmp_path, MANBYO)])
    written(tmp_path, MANBYO + "白癬,ハクセン,B35,白癬\n")
    lexicon.use_terms(frozenset(), "")

    with pytest.raises(SettingsError, match="changed"):
        clinical_lists.use(lists)


@pytest.mark.parametrize(
    "text",
    ["", "コード,よみ\nB35,ハクセン\n", '出現形,ICD\n"白癬,B35\n', "出現形,ICD\n,B35\n", "\x00\x81".join("白癬")],
)
def test_a_file_that_cannot_be_used_is_told(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, text) if "\x00" not in text else tmp_path / "list.csv"
    if "\x00" in text:
        path.write_bytes(b"\xe7\x99\x81\xff")

    with pytest.raises(SettingsError, match="JMID_ANONYMIZER_CLINICAL_LISTS"):
        clinical_lists.read([path])


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        clinical_lists.read([tmp_path / "none.csv"])


def test_a_cleaned_report_says_which_lists_were_used(tmp_path: Path) -> None:
    keys.create(tmp_path / "keys", "v1")
    lists: ClinicalLists = clinical_lists.read([written(tmp_path, MANBYO)])
    (tmp_path / "in").write_text(json.dumps({"id": 1, "text": TEXT}))

    deidentify_file(tmp_path / "in", tmp_path / "out", "jmid", tmp_path / "keys", clinical=lists, recognise=False)

    assert json.loads((tmp_path / "out").read_text())["clinical_lists"] == lists.digest
