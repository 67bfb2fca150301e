"""DCMTK's tools. Not those of the same names that pynetdicom puts beside Python."""

import shutil

import pytest

PLACES = "/usr/bin:/usr/local/bin:/opt/homebrew/bin"


def tool(name: str) -> str:
    """Return the path of one of DCMTK's tools; skip the test where there is none."""
    found = shutil.which(name, path=PLACES)
    if found is None:
        pytest.skip(f"DCMTK's {name} is not installed")
    return found
