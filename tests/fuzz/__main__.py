"""``python -m tests.fuzz``: pass the property tests with new examples, seed after seed, until the time is over."""

import argparse
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Sequence

WITHOUT_SERVERS = "hypothesis and not servers and not slow"


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what was asked for. minutes: no further round starts after them; seed: of the first round."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="start no further round after them (10)")
    parser.add_argument("--seed", type=int, default=None, help="of the first round; the next rounds count on (random)")
    parser.add_argument("--rounds", type=int, default=1_000_000, help="at most so many")
    parser.add_argument("--servers", action="store_true", help="also the tests that need servers or processes")
    parser.add_argument("tests", nargs="*", default=["tests"], help="files or folders (tests)")
    return parser.parse_args(argv)


def command(seed: int, asked: argparse.Namespace) -> list[str]:
    """Return the command line of one round."""
    wanted = "hypothesis or fuzz" if asked.servers else WITHOUT_SERVERS
    options = ["-m", wanted, f"--hypothesis-seed={seed}", "-p", "no:cacheprovider", "--no-header", "-x"]
    return [sys.executable, "-m", "pytest", *options, *asked.tests]


def main(argv: Sequence[str] | None = None) -> int:
    """Run rounds until the time is over or one fails; print each seed, so that the round can be repeated."""
    asked = arguments(argv)
    first = secrets.randbelow(1 << 32) if asked.seed is None else asked.seed
    environ = {**os.environ, "HYPOTHESIS_PROFILE": "search"}
    end = time.monotonic() + asked.minutes * 60
    for seed in range(first, first + asked.rounds):
        print(f"seed {seed}", flush=True)
        code = subprocess.run(command(seed, asked), env=environ, check=False).returncode
        if code:
            print(f"repeat it with: make fuzz ARGS='--seed {seed} --rounds 1'", flush=True)
            return code
        if time.monotonic() > end:
            break
    return 0


if __name__ == "__main__":
    sys.exit(main())
