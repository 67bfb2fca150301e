"""The recogniser of names reads what the rules left: it flags, and never cuts."""

import pytest

from services.anonymizer.policy import Policy
from services.anonymizer.records import Choice, Decision
from services.anonymizer.reports.deidentify import deidentify
from services.anonymizer.reports.review import released, residual_risk_findings, texts
from services.anonymizer.text import recogniser
from services.anonymizer.text.folding.folded_text import FoldedText
from tests.flow import senders

UNKNOWN = "追加検査の要否は頴川の判断による。"  # a surname that no list has


def seen(text: str) -> list[str]:
    folded = FoldedText(text).text
    return [folded[start:end] for start, end in recogniser.people(text)]


def test_it_is_installed_where_the_tests_run() -> None:
    assert recogniser.available()


@pytest.mark.parametrize("text", [UNKNOWN, "前医の頴川より紹介。", "塙いろはが撮影を担当した。"])
def test_people_are_seen_whom_no_list_has(text: str) -> None:
    assert seen(text)


@pytest.mark.parametrize(
    "text",
    [
        "鈴木分類の既往。遠藤分類疑い。",
        "橋本病、菊池病、高安動脈炎を疑う。",
        "Hodgkinリンパ腫の再発なし。Warthin腫瘍疑い。",
        "Virchow転移、Morrison窩の液体貯留、Douglas窩の腹水。",
        "There is Schmorl node without Baker cyst.",
        "【氏名】様、【医師名】先生より紹介。[NAME] was seen by [PHYSICIAN].",
        "右肺上葉S3に12mm大の結節を認める。左肺門部リンパ節腫大なし。",
    ],
)
def test_eponyms_anatomy_and_markers_are_nobody(text: str) -> None:
    assert seen(text) == []


def test_a_long_report_is_read_to_its_end() -> None:
    assert seen("右肺に結節を認める。" * 1600 + UNKNOWN)


@pytest.mark.parametrize("recognise", [True, False])
def test_a_report_is_flagged_and_its_text_is_as_it_was(jmid: Policy, recognise: bool) -> None:
    data = senders.fhir_report(senders.person(0), 1, "20240531", UNKNOWN)

    report = deidentify(data, jmid._replace(recognise=recognise))

    assert (recogniser.REASON in report.reasons) == recognise
    assert report.review == (b'"flagged"' in report.document)
    assert UNKNOWN in report.document.decode()


def test_the_places_to_look_at_are_where_the_words_stand_and_can_be_cut(jmid: Policy) -> None:
    data = senders.fhir_report(senders.person(0), 1, "20240531", "ﾌｫﾛｰ。\r\n" + UNKNOWN)
    report = deidentify(data, jmid._replace(recognise=True))
    shown = texts(report.resource)

    places = residual_risk_findings(shown, report.risks)

    assert any(place.words == "頴川" and recogniser.REASON in place.reason for place in places)
    assert all(shown[place.number].text[place.start : place.end] == place.words for place in places)
    cuts = tuple((place.number, place.start, place.end) for place in places[:1])
    decision = Decision(blob="b", decision=Choice.CUT, by="somebody", at="", digest=report.sha256, cuts=cuts)
    assert "頴川" not in released(report, decision).document.decode()


def test_line_ends_are_those_that_a_page_counts(jmid: Policy) -> None:
    report = deidentify(senders.fhir_report(senders.person(0), 1, "20240531", "結節。\r\n変化なし。\r次回。"), jmid)

    assert "結節。\n変化なし。\n次回。" in [text.text for text in texts(report.resource)]
