"""Score reports of the other writers: python -m tests.adversarial.generators [--seed N] [--count N] [--examples N]."""

import argparse
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.adversarial.generators.measure import Score

WRITERS = ("university", "regional", "municipal", "private_university", "island_hospitals", "screening_and_psychiatry")
KINDS = ("ordinary", "hostile")


def main() -> None:
    """Print a line for each writer and kind, what is left of each kind of identifier, and examples of it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--count", type=int, default=500)
    options.add_argument("--profile", default="jmid")
    options.add_argument("--examples", type=int, default=0, help="how many of what is left, of each kind")
    given = options.parse_args()
    for writer in WRITERS:
        for kind in KINDS:
            score = Score(given.profile)
            for report in reports(writer, kind, given.seed, given.count):
                score.add(report)
            print(f"{writer}, {kind}, seed {given.seed}, {given.profile}: {score.line()}")
            print("  left: " + ", ".join(f"{name} {left} of {all_}" for name, left, all_ in score.left_by_kind()))
            for name, texts in sorted(score.examples.items()):
                for text in random.Random(given.seed).sample(texts, min(given.examples, len(texts))):
                    print(f"  {name}: {text!r}")


def reports(writer: str, kind: str, seed: int, count: int) -> Iterator[dict[str, Any]]:
    """Yield the reports that a writer makes."""
    program = Path(__file__).with_name(f"{writer}.py")
    command = [sys.executable, str(program), "--seed", str(seed), "--count", str(count), "--kind", kind]
    made = subprocess.run(command, check=True, capture_output=True, text=True)
    yield from map(json.loads, made.stdout.splitlines())


if __name__ == "__main__":
    main()
