"""What a text costs grows as the text does, also where somebody made it so that rules meet at every sign."""

import pytest

from services.anonymizer.text.cleaner import MOST_SIGNS, Identifiers, TextPolicy, clean_text
from shared.errors import Refused
from tests.cost import LINEAR, SMALL, growth

HEADER = Identifiers.of_header(
    {
        "PatientName": "サトウ^ハナコ=佐藤^花子=さとう^はなこ",
        "PatientID": "1234567",
        "PatientBirthDate": "19500101",
        "StudyDate": "20240101",
        "ReferringPhysicianName": "Smith^John",
    }
)
SHIFTING = TextPolicy(dates="shift", shift_days=11)


@pytest.mark.parametrize(
    "unit",
    [
        "0花子花子令和",
        *(pytest.param(unit, marks=pytest.mark.slow) for unit in ("【氏名】佐藤", "Dr", "佐藤・", "2024年1月1日")),
    ],
)
def test_a_text_that_repeats_what_rules_look_for_is_cleaned_in_linear_time(unit: str) -> None:
    def clean(signs: int) -> str:
        return clean_text((unit * signs)[:signs], HEADER, SHIFTING).text

    assert growth(clean) < LINEAR
    assert "花子" not in clean(SMALL)


def test_a_text_that_is_longer_than_any_report_is_not_passed_on() -> None:
    with pytest.raises(Refused, match="text-too-long"):
        clean_text("あ" * (MOST_SIGNS + 1), HEADER, SHIFTING)
