"""What is typed becomes terms: by kanji, kana, romaji, synonym, English, code, and with typing errors."""

from pathlib import Path

import pytest

from services.search.terms.completion import Completion
from services.search.terms.keys import name_key, sound_key
from shared.fhir.systems import ICD_10
from shared.terms.catalogue import Catalogue
from shared.terms.open_terms import SYSTEM
from shared.terms.term import CodeSystem, Term, Terminology


@pytest.fixture
def completion(tmp_path: Path) -> Completion:
    return Completion(Catalogue(tmp_path / "terms"), tmp_path / "index")


@pytest.mark.parametrize(
    ("typed", "display", "match"),
    [
        ("肺腺癌", "肺腺癌", "exact"),
        ("はいせんがん", "肺腺癌", "exact"),
        ("haisengan", "肺腺癌", "exact"),
        ("haisenn", "肺腺癌", "beginning"),
        ("ﾊｲｾﾝ", "肺腺癌", "beginning"),
        ("すい癌", "膵癌", "exact"),
        ("IPMN", "膵管内乳頭粘液性腫瘍", "exact"),
        ("lung adeno", "肺腺癌", "beginning"),
        ("lung adenocarcimona", "肺腺癌", "similar"),
        ("脳硬塞", "脳梗塞", "similar"),
        ("腺癌", "肺腺癌", "inside"),
        ("sinnkinnkousoku", "心筋梗塞", "exact"),
        ("shinkinkoosoku", "心筋梗塞", "exact"),
    ],
)
def test_a_term_is_found_by_what_is_typed(completion: Completion, typed: str, display: str, match: str) -> None:
    found = completion.complete(typed, systems=[SYSTEM])

    assert (display, match) in {(each.term.display, each.match) for each in found}


def test_a_code_is_found_as_it_is_and_no_other_in_its_place(completion: Completion) -> None:
    found = completion.complete("C34.1")

    assert {(each.system, each.term.code) for each in found} == {(ICD_10, "C34.1")}


def test_only_the_systems_that_are_named_are_looked_at(completion: Completion) -> None:
    assert {each.system for each in completion.complete("肺", systems=[ICD_10])} == {ICD_10}


@pytest.mark.parametrize("typed", ["", " ", "()", "?" * 10_000, "あ" * 10_000, "[a-z]*", '"', "\\", ".*"])
def test_anything_may_be_typed(completion: Completion, typed: str) -> None:
    assert len(completion.complete(typed)) <= 20


def test_what_is_loaded_later_is_found_and_what_is_retired_comes_last(tmp_path: Path, completion: Completion) -> None:
    completion.complete("肺")
    terms = [Term(code="1", display="検査", retired=True), Term(code="2", display="検査の名前")]
    about = CodeSystem(system="urn:x", version="1", title="x")
    Catalogue(tmp_path / "terms").load(Terminology(about, terms))

    found = completion.complete("検", systems=["urn:x"])

    assert [each.term.code for each in found] == ["2", "1"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("しゅよう", "shuyou"),
        ("シュヨウ", "syuyo"),
        ("ちゅう", "tyuu"),
        ("じゃ", "zya"),
        ("ふくぶ", "hukubu"),
        ("しんぱい", "shimpai"),
    ],
)
def test_a_reading_has_one_spelling(one: str, other: str) -> None:
    assert sound_key(one) == sound_key(other) != ""


def test_width_case_and_punctuation_do_not_part_names() -> None:
    assert name_key("ＣＯＶＩＤ－１９") == name_key("covid 19")
