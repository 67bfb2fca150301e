"""The policy of free text follows from the profile, in one place for production, tests and measurements."""

import ast
from pathlib import Path

import pytest

from services.anonymizer.text.policy import TextPolicy
from shared.errors import SettingsError

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("profile", "shift_days", "expected"),
    [
        ("jmid", None, TextPolicy()),
        ("jmid", -14, TextPolicy()),
        ("research", -14, TextPolicy(dates="shift", shift_days=-14, ages_over=89)),
        ("research", None, TextPolicy(dates="remove", ages_over=89)),
    ],
)
def test_a_profile_says_what_happens_to_free_text(profile: str, shift_days: int | None, expected: TextPolicy) -> None:
    assert TextPolicy.of_profile(profile, shift_days) == expected


def test_an_unknown_profile_has_no_policy() -> None:
    with pytest.raises(SettingsError):
        TextPolicy.of_profile("no-such-profile")


@pytest.mark.parametrize("folder", ["services", "bench", "tests/adversarial", "tests/anonymizer/reports"])
def test_nobody_builds_a_policy_of_their_own(folder: str) -> None:
    builders = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / folder).rglob("*.py")
        if "TextPolicy" in (code := path.read_text("utf-8"))
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "TextPolicy"
    ]

    assert set(builders) <= {"services/anonymizer/text/policy.py", "services/anonymizer/text/cleaner.py"}
