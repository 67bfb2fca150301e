"""No service writes a key that is also a folder of another key: a store that keeps keys as paths holds only one."""

import re
from collections.abc import Iterable
from itertools import product

import pytest

from services.archive.store.prepare import Prepared, prepare
from tests.archive.retrieve.fixtures import INSTALLED

SHA, UID, TOKEN = "0" * 64, "1.2.840.1", "0123456789abcdef"
KEYS = {  # every form of key that a service makes, by store; a new one is added here
    "identified": (SHA, f"originals/{SHA}", f"rejected/{SHA}"),
    "deidentified": (f"instances/{UID}.dcm", f"reports/{SHA}.json"),
    "archive": (
        f"instances/{UID}/{UID}/{UID}.{TOKEN}.dcm",
        f"instances/{UID}/{UID}/{UID}.t65fb1c9a-01234567.dcm",
        f"conflicts/{UID}.{TOKEN}.dcm",
    ),
}
"""Studies and Series are folders named by a UID; Instances end in .dcm, so neither is ever the other."""


def pattern(key: str) -> str:
    return (
        re.escape(key)
        .replace(re.escape(SHA), "[0-9a-f]{64}")
        .replace(TOKEN, "[0-9a-f]{16}")
        .replace(re.escape("t65fb1c9a-01234567"), "t[0-9a-f]+-[0-9a-f]{8}")
        .replace(re.escape(UID), "[0-9.]{1,64}")
    )


@pytest.mark.parametrize("store", KEYS)
def test_no_key_lies_below_another(store: str) -> None:
    for one, other in product(KEYS[store], repeat=2):
        segments = other.split("/")
        folders: Iterable[str] = ("/".join(segments[:depth]) for depth in range(1, len(segments)))
        assert not [folder for folder in folders if re.fullmatch(pattern(one), folder)], (one, other)


def test_the_key_that_the_archive_makes_is_among_them() -> None:
    prepared = prepare((INSTALLED / "CT_small.dcm").read_bytes(), root="/dicom-web", at=0.0)

    assert isinstance(prepared, Prepared)
    assert [key for key in KEYS["archive"] if re.fullmatch(pattern(key), prepared.record.blob)]
