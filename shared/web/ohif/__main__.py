"""Fetch and trim the viewer into HOME/viewer: python -m shared.web.ohif HOME."""

import sys
from pathlib import Path

from shared.web.ohif.fetch import prepare


def main() -> int:
    """Prepare; say where it is or why not."""
    if len(sys.argv) != 2:
        print("usage: python -m shared.web.ohif HOME", file=sys.stderr)
        return 2
    viewer = prepare(Path(sys.argv[1]).resolve() / "viewer")
    print(viewer.folder or f"not offered: {viewer.reason}")
    return 0 if viewer.folder else 1


if __name__ == "__main__":
    raise SystemExit(main())
