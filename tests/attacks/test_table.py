"""Each line of the list has a test that exists, and each test of this folder is one line of it."""

import ast
from pathlib import Path

from tests.attacks.table import ATTACKS

TESTS = Path(__file__).parents[1]
CONTROL = "test_a_good_token_opens_the_door_so_that_the_others_say_something"


def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = (node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {name for name in named if name.startswith("test_")}


def test_each_line_has_its_test() -> None:
    for attack in ATTACKS:
        module, _, name = attack.test.partition("::")

        assert name in functions(TESTS / module), attack.test


def test_each_test_here_is_one_line() -> None:
    here = {
        f"attacks/{path.name}::{name}"
        for path in Path(__file__).parent.glob("test_*.py")
        for name in functions(path)
        if path != Path(__file__) and name != CONTROL
    }
    tests = [attack.test for attack in ATTACKS]

    assert len(tests) == len(set(tests))
    assert here - set(tests) == set()
