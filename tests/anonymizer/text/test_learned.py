"""The learned reader: what it sees, what follows from it, and that no name can be read out of it."""

import importlib
import threading
from pathlib import Path

import pycrfsuite
import pytest

from services.anonymizer.text.cleaner import Identifiers, TextPolicy, clean_text
from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import names
from services.anonymizer.text.learned import decide, features, reader
from services.anonymizer.text.learned.reader import Likely
from shared.errors import SettingsError
from tests.adversarial.generators.learn import example


@pytest.fixture
def likely(monkeypatch: pytest.MonkeyPatch) -> list[Likely]:
    """What the model says, for the test to choose."""
    found: list[Likely] = []
    monkeypatch.setattr(reader, "read", lambda folded: found)
    return found


def cut(text: str, *, places: bool = True) -> list[str]:
    folded = FoldedText(text)
    return [folded.text[span.start : span.end] for span in decide.read(folded, places=places).spans]


def doubted(text: str) -> list[str]:
    folded = FoldedText(text)
    return [folded.text[risk.start : risk.end] for risk in decide.read(folded, places=True).risks]


def test_it_sees_no_name_and_no_number() -> None:
    _, seen = features.read(FoldedText("読影 佐藤 健 先生 内線4567、担当者 Emily さん"))

    words = {name.split("=", 1)[1] for each in seen for name in each if "w=" in name}
    assert {"読影", "先生", "担当者"} <= words
    assert not words & {"佐藤", "健", "emily", "4567"}


def test_no_surname_is_in_the_model() -> None:
    tagger = pycrfsuite.Tagger()
    tagger.open(str(Path(features.__file__).parent / "data" / reader.MODEL))

    words = {name.rpartition("w=")[2] for name in tagger.info().attributes if "w=" in name}
    assert len(words) > 100
    assert not {word for word in words if len(word) <= 3} & names().surnames


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ID 12-345-6 です", ["ID", "12-345-6", "です"]),
        ("入力rad0630。", ["入力", "rad0630", "。"]),
        ("径12mm", ["径", "12mm"]),
    ],
)
def test_letters_and_digits_together_are_one_word(text: str, words: list[str]) -> None:
    folded = FoldedText(text)
    read, _ = features.read(folded)

    assert [folded.text[word.start : word.end] for word in read] == words


def test_the_other_half_of_a_name_goes_with_it(likely: list[Likely]) -> None:
    likely += [Likely(2, 4, "physician", 0.95), Likely(5, 6, "name", 0.55)]

    assert cut("読影鴫鱛 健、所見") == ["鴫鱛 健"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("橋本病の既往", Likely(0, 2, "name", 0.99)),
        ("ガラス様陰影なし", Likely(0, 3, "name", 0.99)),
        ("cT1N0M0 です", Likely(0, 7, "login", 0.99)),
        ("病院より", Likely(0, 2, "institution", 0.99)),
        ("CA125 684", Likely(6, 9, "other_id", 0.99)),
        ("no acute bleed", Likely(3, 8, "name", 0.99)),
        ("信号は高", Likely(3, 4, "physician", 0.96)),
        ("RID3874", Likely(0, 7, "phone", 0.99)),
        ("pT1b", Likely(0, 4, "phone", 0.99)),
        ("IM:12-17", Likely(3, 8, "department", 0.99)),
    ],
)
def test_clinical_and_common_words_and_values_stay(likely: list[Likely], text: str, word: Likely) -> None:
    likely.append(word)

    assert cut(text) == []


def test_what_is_less_likely_is_for_a_person_to_read(likely: list[Likely]) -> None:
    likely += [Likely(2, 4, "physician", 0.7), Likely(6, 8, "name", 0.4)]

    assert cut("読影鴫鱛、所見") == []
    assert doubted("読影鴫鱛、所見") == ["鴫鱛"]


def test_a_common_word_that_no_list_has_is_read_only_if_it_is_likelier(likely: list[Likely]) -> None:
    likely += [Likely(3, 5, "name", 0.7)]

    assert doubted("影は、胆石、所見") == []
    likely[0] = likely[0]._replace(likelihood=0.85)
    assert doubted("影は、胆石、所見") == ["胆石"]


def test_places_stay_where_the_profile_keeps_them(likely: list[Likely]) -> None:
    likely.append(Likely(0, 3, "institution", 0.99))

    assert cut("青葉野より紹介", places=False) == []
    assert cut("青葉野より紹介") == ["青葉野"]


def test_a_text_that_was_cleaned_is_flagged_and_not_cut(likely: list[Likely]) -> None:
    likely.append(Likely(8, 10, "name", 0.99))

    cleaned = clean_text("【氏名】様。影は鴫鱛状。", Identifiers())

    assert "鴫鱛" in cleaned.text
    assert decide.REASON in cleaned.reasons


def test_what_a_rule_cuts_too_has_the_category_of_the_rule(likely: list[Likely]) -> None:
    likely.append(Likely(0, 12, "phone", 0.99))

    assert clean_text("a@example.jp へ", Identifiers()).text == "【メール】 へ"


def test_descriptors_are_not_read(likely: list[Likely]) -> None:
    likely.append(Likely(0, 2, "name", 0.99))

    assert clean_text("鴫鱛", Identifiers(), TextPolicy(learned=False)).text == "鴫鱛"


def test_without_what_reads_the_model_no_text_is_taken_for_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    reader._model.cache_clear()
    imported = importlib.import_module
    monkeypatch.setattr(reader, "_local", threading.local())
    monkeypatch.setattr(importlib, "import_module", lambda name: _none() if name == "pycrfsuite" else imported(name))

    assert not reader.available()
    with pytest.raises(SettingsError, match="not installed"):
        clean_text("結節なし", Identifiers())
    reader._model.cache_clear()


def _none() -> None:
    raise ImportError("pycrfsuite")


def test_words_are_learned_with_the_category_of_what_they_are_part_of() -> None:
    text = "読影 佐藤 健"
    marked = {"start": 3, "end": 7, "kind": "staff_name"}

    _, categories = example({"text": text, "identifiers": [marked]})

    assert categories == [reader.NOTHING, "physician", "physician"]
