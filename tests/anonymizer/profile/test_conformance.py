"""The statement that a privacy officer signs says what the profiles do."""

from pathlib import Path

from services.anonymizer.conformance import rewritten

DOCUMENT = Path(__file__).parents[3] / "docs" / "deidentification.md"


def test_the_generated_part_is_in_step_with_the_profiles() -> None:
    text = DOCUMENT.read_text("utf-8")

    assert rewritten(text) == text, "run: python -m services.anonymizer.conformance"
