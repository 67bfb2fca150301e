"""Print the adversary's score: python -m tests.adversarial --reports N --headers N --seed S."""

import argparse
import tempfile
from collections import Counter
from pathlib import Path

from tests.adversarial.headers import make_headers
from tests.adversarial.reports import make_reports
from tests.adversarial.score import PROFILES, Score, score_headers, score_reports


def main() -> None:
    """Make the corpus, run it through both profiles and print a table for each."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--reports", type=int, default=300)
    options.add_argument("--headers", type=int, default=60)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--dicom", type=Path, default=Path("../shared/data/dicom"), help="real files to plant in")
    options.add_argument("--examples", type=int, default=0, help="how many failures of each category to print")
    options.add_argument("--held-out", action="store_true", help="people's names that no rule was mended by")
    given = options.parse_args()
    for profile in PROFILES:
        with tempfile.TemporaryDirectory() as work:
            if given.reports:
                found = score_reports(
                    make_reports(given.reports, given.seed, held_out=given.held_out), profile, Path(work)
                )
                _print(f"reports, {profile}", found, given.examples)
            if given.headers:
                found = score_headers(make_headers(given.dicom, given.headers, given.seed), profile, Path(work))
                _print(f"headers, {profile}", found, given.examples)


def _print(title: str, score: Score, examples: int) -> None:
    print(f"\n### {title}\n\n{score.table()}")
    seen: Counter[tuple[str, str]] = Counter()
    for what, category, text, where in score.examples:
        seen[what, category] += 1
        if seen[what, category] <= examples:
            print(f"{what}: {category}: {text!r} in {where}")


if __name__ == "__main__":
    main()
