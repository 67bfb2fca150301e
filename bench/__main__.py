"""``make bench``: all benchmarks, or those named; tables on the terminal, JSON in bench/results."""

import runpy
import sys

ALL = ("archive", "deid", "reports_deid", "ports")


def main() -> int:
    """Run each benchmark as a module of its own."""
    chosen = sys.argv[1:] or list(ALL)
    unknown = sorted(set(chosen) - set(ALL))
    if unknown:
        print(f"no benchmark {unknown[0]}; there are {', '.join(ALL)}", file=sys.stderr)
        return 2
    for name in chosen:
        print(f"== {name}")
        sys.argv = [f"bench.{name}"]
        runpy.run_module(f"bench.{name}", run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main())
