"""``python -m tests.chaos --plans 50 --seed 1``: carry out plans; say what each did, and what did not come to hold."""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chaos.plan import plan_of
from tests.chaos.run import Load, check_proofs, run_plan
from tests.chaos.world import World, world

AGAIN_AFTER = 10
"""How many plans one system lives through before a new one takes its place."""
WORKER = "gw15"
"""The ports of the last worker of pytest-xdist: tests that run beside it seldom have so many."""


def main() -> int:
    """Carry out the plans; return 1 if one failed."""
    os.environ.setdefault("PYTEST_XDIST_WORKER", WORKER)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # everything that was started is ended
    arguments = _arguments()
    data = Path(os.environ.get("JMID_SHARED_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")
    sources = sorted((data / "dicom/dcmqi/paramaps/701-ADCb500").glob("*.dcm"))
    if not sources:
        sys.exit("JMID_SHARED_DATA does not name the folder of the shared data")
    numbers = list(range(arguments.first, arguments.first + arguments.plans))
    failed: list[int] = []
    done = 0
    while numbers:
        with _folder() as folder, world(folder) as running:
            load = Load(running, sources, folder)
            lives = [numbers.pop(0) for _ in range(min(AGAIN_AFTER, len(numbers)))]
            for number in lives:
                done += 1
                is_last = number == lives[-1]
                if not _one(arguments.seed, number, running, load, is_last=is_last):
                    failed.append(number)
                    _keep_logs(folder, arguments.seed, number)
                    numbers[:0] = lives[lives.index(number) + 1 :]
                    break  # what it left behind is no start for another
    print(f"{done} plans, {len(failed)} failed{': ' + str(failed) if failed else ''}", flush=True)
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--plans", type=int, default=50, help="how many plans")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same plans")
    parser.add_argument("--first", type=int, default=0, help="the number of the first plan: to repeat one alone")
    return parser.parse_args()


def _one(seed: int, number: int, running: World, load: Load, *, is_last: bool) -> bool:
    faults = plan_of(seed, number)
    print(f"plan {number} (seed {seed}): {'; '.join(map(str, faults))}", flush=True)
    began = time.monotonic()
    try:
        run_plan(running, load, faults)
        if is_last:
            check_proofs(running, load)
    except AssertionError as error:
        print(f"  FAILED after {time.monotonic() - began:.0f} s: {error}", flush=True)
        return False
    print(f"  ok, {time.monotonic() - began:.0f} s", flush=True)
    return True


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="jmid-chaos-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _keep_logs(folder: Path, seed: int, number: int) -> None:
    kept = Path(tempfile.gettempdir()) / f"jmid-chaos-failed-{seed}-{number}"
    kept.mkdir(exist_ok=True)
    for log in (folder / "home").glob("*.log"):
        (kept / log.name).write_bytes(log.read_bytes())
    print(f"  logs: {kept}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
