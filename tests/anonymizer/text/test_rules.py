"""Every row of every table of the text cleaner shows what it marks and what it leaves: walk them all."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import pytest

from services.anonymizer import text as room
from services.anonymizer.text.cleaner import CleanedText, Identifiers, TextPolicy, clean_text
from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.spans import MARKERS
from services.anonymizer.text.names.frames import dense
from services.anonymizer.text.rules import Rule, find

OTHERS = "医師:佐藤 一郎\n氏名:鈴木 花子\n技師:高橋 二郎\n主治医:田中 三郎\n"
"""Before the example of a rule for texts in which many are named."""
ALL_REMOVED = TextPolicy(dates="remove", relative="generalise", ages_over=0, learned=False)


def rules_in(value: object) -> Iterator[Rule]:
    """Yield the rows in a table, and those that a row of more columns holds."""
    if isinstance(value, Rule):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from rules_in(each)


def all_rules() -> list[Rule]:
    """Return the rows of all modules of the room, each once."""
    modules = pkgutil.walk_packages(room.__path__, f"{room.__name__}.")
    tables = (value for module in modules for value in vars(importlib.import_module(module.name)).values())
    return list({id(rule): rule for table in tables for rule in rules_in(table)}.values())


RULES = all_rules()
NAMES = [f"{rule.category}-{rule.example}" for rule in RULES]


def clean(text: str) -> CleanedText:
    return clean_text(text, Identifiers(), ALL_REMOVED)


def categories(cleaned: CleanedText) -> set[str]:
    return {*cleaned.removed, *cleaned.reasons}


def test_the_tables_are_seen() -> None:
    assert len(RULES) > 100
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_a_rule_marks_the_part_of_its_example_that_it_shows(rule: Rule) -> None:
    before, marked, after = re.split("[⟦⟧]", rule.example)
    before = OTHERS + before if rule in dense.RULES else before
    text = before + marked + after

    places = [(span.start, span.end) for span in find((rule,), FoldedText(text))]

    assert (len(before), len(before) + len(marked)) in places
    cleaned = clean(text)
    assert rule.category in categories(cleaned)
    if rule.category in MARKERS:
        overlapping = [kind for start, end, kind in cleaned.spans if start < len(before + marked) and len(before) < end]
        assert rule.category in overlapping


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_a_rule_leaves_its_counter_example_alone(rule: Rule) -> None:
    assert list(find((rule,), FoldedText(rule.counter_example))) == []
    before = OTHERS if rule in dense.RULES else ""
    cleaned = clean(before + rule.counter_example)
    assert rule.category not in {kind for start, _, kind in cleaned.spans if start >= len(before)}
    assert before or rule.category not in cleaned.reasons


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.begins], ids=lambda rule: str(rule.example))
def test_signs_that_begin_a_rule_are_all_that_its_pattern_can_begin_with(rule: Rule) -> None:
    assert rule.begins
    can_begin, _ = first_signs(re._parser.parse(rule.pattern.pattern, rule.pattern.flags & ~re.UNICODE))  # type: ignore[attr-defined]

    assert can_begin
    assert not {sign for sign in can_begin if not rule.begins.match(sign)}


def first_signs(parsed: Any) -> tuple[set[str], bool]:
    """Return the signs that what a pattern matches can begin with, and whether it can be empty. 7 is any digit."""
    signs: set[str] = set()
    for operator, value in parsed:
        part, may_be_empty = _first_of(str(operator), value)
        signs |= part
        if not may_be_empty:
            return signs, False
    return signs, True


def _first_of(operator: str, value: Any) -> tuple[set[str], bool]:
    match operator:
        case "LITERAL":
            return {chr(value)}, False
        case "IN":
            return {sign for each in value for sign in _signs_in(str(each[0]), each[1])}, False
        case "BRANCH":
            branches = [first_signs(branch) for branch in value[1]]
            return {sign for signs, _ in branches for sign in signs}, any(is_empty for _, is_empty in branches)
        case "SUBPATTERN":
            return first_signs(value[3])
        case "MAX_REPEAT" | "MIN_REPEAT":
            signs, may_be_empty = first_signs(value[2])
            return signs, may_be_empty or value[0] == 0
        case "ASSERT" | "ASSERT_NOT" | "AT":
            return set(), True
    raise AssertionError(operator)


def _signs_in(operator: str, value: Any) -> set[str]:
    if operator == "RANGE":
        return set(map(chr, range(value[0], value[1] + 1)))
    return {"7"} if operator == "CATEGORY" else {chr(value)}
