"""A file that cannot even be read, in a folder: the others are worked on, and the index says so of this one."""

import csv
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pydicom
import pytest
from rich.console import Console

from services.anonymizer.cli.folder import deidentify_folder
from services.anonymizer.deface.folder import deface_folder
from services.anonymizer.deface.volume import Defacer
from services.anonymizer.policy import Policy
from services.anonymizer.pseudonyms.vault_access import OpenVault
from services.anonymizer.rotation.folder import renew_folder

UNREADABLE = Path("/proc/self/mem")  # a regular file whose first byte cannot be read, by root neither


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_file_that_cannot_be_read_keeps_no_other_from_being_deidentified(
    policy: Policy, shared_data: Path, tmp_path: Path, jobs: int
) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for name in ("a", "c"):
        (source / name).write_bytes((shared_data / "dicom/ct-philips/I10").read_bytes())
    (source / "b").symlink_to(UNREADABLE)

    passed, refused = deidentify_folder(source, out, policy, None, jobs, Console(quiet=True))

    with (out / "index.csv").open(encoding="utf-8") as file:
        rows = {row["input"]: (bool(row["output"]), row["reason"]) for row in csv.DictReader(file)}
    assert (passed, refused) == (2, 1)
    assert rows == {"a": (True, ""), "b": (False, "not-handled"), "c": (True, "")}


async def test_a_file_that_cannot_be_read_keeps_no_other_from_being_renewed(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    (source / "a").write_bytes(b"no DICOM")
    (source / "b").symlink_to(UNREADABLE)
    (source / "c").write_bytes(b"none either")
    vault = cast("OpenVault", SimpleNamespace(documents=None, ring=None))  # no name is looked up

    done, failed = await renew_folder(vault, source, out, "hospital-1", Console(quiet=True))

    with (out / "index.csv").open(encoding="utf-8") as file:
        reasons = {row["input"]: row["reason"] for row in csv.DictReader(file)}
    assert (done, failed) == (0, 3)
    assert reasons["b"] == "not-handled"
    assert "not-handled" not in (reasons["a"], reasons["c"])


def test_a_file_that_pydicom_breaks_on_keeps_no_series_from_being_defaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    (source / "a").write_bytes(b"whatever")
    monkeypatch.setattr(pydicom, "dcmread", breaks)

    assert deface_folder(source, out, cast("Defacer", None), Console(quiet=True)) == (0, 1)
    assert "a,,not-dicom" in (out / "index.csv").read_text()
