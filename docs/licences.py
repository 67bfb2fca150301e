"""The licences of everything in the locks; fails on one that an Apache-2.0 product cannot carry.

What is installed with J-MID is all of requirements-gateway.lock; what only develops and tests it is the rest of
requirements-dev.lock. A package whose metadata name no licence is a failure too.
"""

import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
ALLOWED = re.compile(
    r"Apache|MIT\b|BSD|ISC\b|PSF|Python Software Foundation|Mozilla Public License 2|MPL-2\.0|Zlib|CC0|MIT-CMU", re.I
)
DENIED = re.compile(r"GPL|General Public|SSPL|Business Source|Commons Clause|Proprietary|NonCommercial|CC-BY-NC", re.I)
ELSEWHERE = {"colorama": "BSD-3-Clause", "thinc-apple-ops": "MIT"}
"""Locked for other platforms only, so not installed where this runs."""
EXCEPTIONS = {"secantusdb": "a test server run as a process of its own: neither imported nor shipped"}


def main() -> int:
    """Print each package whose licence is not allowed; return how many there are."""
    shipped = set(_locked("requirements-gateway.lock"))
    wrong = [
        f"{name}: {licence or 'no licence in its metadata'}"
        for name in sorted({*shipped, *_locked("requirements-dev.lock")})
        if not is_allowed(licence := licence_of(name)) and (name in shipped or name not in EXCEPTIONS)
    ]
    print("\n".join(wrong) or "Licences: all allowed")
    return len(wrong)


def is_allowed(licence: str) -> bool:
    """Say whether an Apache-2.0 product may be shipped with it."""
    return bool(ALLOWED.search(licence)) and not DENIED.search(licence)


def licence_of(name: str) -> str:
    """Return what the metadata of an installed package say: the expression, else classifiers, else the first line."""
    if name in ELSEWHERE:
        return ELSEWHERE[name]
    try:
        fields = dict(metadata.metadata(name).json)
    except metadata.PackageNotFoundError:
        return ""
    classifiers = [each.split(" :: ")[-1] for each in fields.get("classifier", ()) if each.startswith("License")]
    named = [each for each in classifiers if ALLOWED.search(each) or DENIED.search(each)]
    first_line = str(fields.get("license", "")).strip().splitlines()[:1]
    return str(fields.get("license_expression", "")) or ", ".join(named or first_line)


def table() -> str:
    """Return what is shipped, as Markdown."""
    rows = [f"| {name} | {licence_of(name)} |" for name in sorted(set(_locked("requirements-gateway.lock")))]
    return "\n".join(["| package | licence |", "| --- | --- |", *rows])


def _locked(file: str) -> Iterator[str]:
    for line in (ROOT / file).read_text("utf-8").splitlines():
        if match := re.match(r"([A-Za-z0-9][A-Za-z0-9._-]*)==", line):
            yield match[1].lower()


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
