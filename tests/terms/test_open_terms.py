"""Our own list of findings and diseases holds what it says."""

import re
from typing import Any

import pytest
from pydicom.sr._concepts_dict import concepts

from shared.terms.open_terms import OpenTerm, open_terms


@pytest.mark.parametrize("kind", ["finding", "disease"])
def test_there_are_about_three_hundred_of_each_kind(kind: str) -> None:
    assert len([term for term in open_terms() if term.kind == kind]) >= 300


def test_ids_and_names_are_each_of_one_term() -> None:
    terms = open_terms()

    assert len({term.id for term in terms}) == len(terms)
    owners: dict[str, set[str]] = {}
    for term in terms:
        for name in (term.ja, term.en, *term.synonyms_ja, *term.synonyms_en):
            owners.setdefault(name.lower(), set()).add(term.id)
    assert {name for name, ids in owners.items() if len(ids) > 1} == set()


def test_every_term_has_a_reading_in_katakana_and_an_english_name() -> None:
    odd = [term for term in open_terms() if not re.fullmatch("[ァ-ヶー]+", term.kana) or not term.en.isascii()]

    assert odd == []


def test_a_code_is_one_that_the_standard_prints_with_that_meaning() -> None:
    tables: dict[str, Any] = concepts
    printed = {
        (scheme, code, meaning)
        for scheme in ("DCM", "SCT", "RADLEX")
        for codes in tables[scheme].values()
        for code, (meaning, _) in codes.items()
    }
    coded = [term for term in open_terms() if term.code]

    assert len(coded) > 90
    assert [term for term in coded if (term.scheme, term.code, term.meaning) not in printed] == []


def test_an_icd_10_code_has_the_form_of_one() -> None:
    assert [term for term in open_terms() if not re.fullmatch(r"([A-Z][0-9]{2}(\.[0-9])?)?", term.icd10)] == []


def test_a_row_is_read_into_its_fields() -> None:
    term = next(term for term in open_terms() if term.ja == "すりガラス影")

    assert term == OpenTerm(
        id="F003",
        kind="finding",
        ja="すりガラス影",
        kana="スリガラスエイ",
        en="ground glass opacity",
        synonyms_ja=("すりガラス陰影", "すりガラス状陰影", "すりガラス様陰影", "GGO", "GGA"),
        synonyms_en=("GGO", "ground-glass attenuation"),
        scheme="DCM",
        code="112120",
        meaning="Ground glass opacity",
    )
