"""``make bench``: all benchmarks, or those named; tables on the terminal, JSON in bench/results.

The input is the CT and MR of the bundled sample.
"""

import runpy
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "bench" / "results"
INPUT = RESULTS / "input"
ARGUMENTS: dict[str, list[str]] = {
    "archive": ["--source", str(INPUT / "ct" / "000.dcm"), "--json", str(RESULTS / "archive.json")],
    "deid": [str(INPUT)],
    "looks": [str(INPUT / "ct")],
    "reports_deid": [],
    "ports": [],
    "search": ["--json", str(RESULTS / "search.json")],
    "c_store": [str(INPUT / "ct" / "000.dcm"), "--count", "1000"],
    "day": [str(INPUT / "ct" / "000.dcm")],
    "replicas": [str(INPUT / "ct" / "000.dcm")],
}


def main() -> int:
    """Run each benchmark as a module of its own."""
    chosen = sys.argv[1:] or list(ARGUMENTS)
    unknown = sorted(set(chosen) - set(ARGUMENTS))
    if unknown:
        print(f"no benchmark {unknown[0]}; there are {', '.join(ARGUMENTS)}", file=sys.stderr)
        return 2
    with zipfile.ZipFile(ROOT / "services" / "sample_data" / "studies.zip") as sample:
        sample.extractall(INPUT, [name for name in sample.namelist() if name.endswith(".dcm")])
    for name in chosen:
        print(f"== {name}", flush=True)
        sys.argv = [f"bench.{name}", *ARGUMENTS[name]]
        runpy.run_module(f"bench.{name}", run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main())
