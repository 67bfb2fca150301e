"""jmid deid, keys and profile, as a user meets them."""

import csv
import shutil
from pathlib import Path

import pydicom
import pytest
from typer.testing import CliRunner

from services.anonymizer.cli import commands
from services.anonymizer.pixels import text_detector
from services.anonymizer.pseudonyms import keys as key_files
from services.anonymizer.text.folding import morphemes
from tests.anonymizer.instances.planted import ct

RUN = CliRunner()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in" / "SAIONJI CHIHIRO").mkdir(parents=True)
    (tmp_path / "in" / "SAIONJI CHIHIRO" / "1.dcm").write_bytes(ct("utf-8").data)
    (tmp_path / "in" / "note.txt").write_text("not DICOM")
    key_files.create(tmp_path / "keys", "jmid")
    return tmp_path


def deid(folder: Path, *more: str, jobs: str = "1") -> list[dict[str, str]]:
    places = [str(folder / "in"), str(folder / "out"), "--keys", str(folder / "keys")]
    arguments = ["instances", *places, "--jobs", jobs, *more]
    result = RUN.invoke(commands.deid, arguments)
    assert result.exit_code == 0, result.output
    with (folder / "out" / "index.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_folder_is_deidentified_with_an_index(folder: Path, jobs: str) -> None:
    rows = deid(folder, "--quarantine", str(folder / "held"), jobs=jobs)

    by_input = {row["input"]: row for row in rows}
    output = by_input["SAIONJI CHIHIRO/1.dcm"]["output"]
    assert pydicom.dcmread(folder / "out" / output).PatientIdentityRemoved == "YES"
    assert by_input["note.txt"]["reason"] == "not-dicom"
    assert (folder / "held" / by_input["note.txt"]["quarantine"]).read_text() == "not DICOM"
    assert "SAIONJI" not in output


@pytest.mark.parametrize("option", ["--mask-text", "--search-pixels"])
def test_what_needs_a_text_detector_does_not_begin_without_one(
    folder: Path, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_detector, "available", lambda: False)
    places = [str(folder / "in"), str(folder / "out"), "--keys", str(folder / "keys")]

    result = RUN.invoke(commands.deid, ["instances", *places, option])

    assert result.exit_code == 2
    assert result.output.startswith(f"{option} needs the text detector")
    assert not (folder / "out").exists()


def test_instances_that_share_a_uid_are_all_kept_and_a_second_run_adds_nothing(folder: Path) -> None:
    other = pydicom.dcmread(folder / "in" / "SAIONJI CHIHIRO" / "1.dcm")
    other.InstanceNumber = 8
    other.save_as(folder / "in" / "2.dcm")

    first = deid(folder)
    second = deid(folder)

    assert len({row["output"] for row in first if row["output"]}) == 2
    assert first == second
    assert len(list((folder / "out").glob("*.dcm"))) == 2


def test_what_was_deidentified_passes_verify_and_an_original_does_not(folder: Path) -> None:
    deid(folder, "--profile", "research")
    (folder / "names.txt").write_text("Saionji\n西園寺\n", "utf-8")

    clean = RUN.invoke(commands.deid, ["verify", str(folder / "out"), "--forbidden", str(folder / "names.txt")])
    shutil.copy(folder / "in" / "SAIONJI CHIHIRO" / "1.dcm", folder / "out" / "original.dcm")
    leaking = RUN.invoke(commands.deid, ["verify", str(folder / "out"), "--forbidden", str(folder / "names.txt")])

    assert clean.exit_code == 0, clean.output
    assert leaking.exit_code == 1
    assert "Saionji" not in leaking.output


def verified(*arguments: str) -> tuple[int, str]:
    result = RUN.invoke(commands.deid, ["verify", *arguments])
    return result.exit_code, result.output


def test_verify_reads_every_file_whatever_its_name(folder: Path) -> None:
    deid(folder)
    (output,) = (folder / "out").glob("*.dcm")
    assert verified(str(folder / "out"))[0] == 0
    output.rename(folder / "out" / "IM0001")

    assert verified(str(folder / "out"))[0] == 0
    (folder / "out" / ".hidden").write_bytes((folder / "in" / "SAIONJI CHIHIRO" / "1.dcm").read_bytes())
    code, text = verified(str(folder / "out"))

    assert code == 1
    assert "2 checked, 1 with flaws" in text


@pytest.mark.parametrize("content", [None, "note.txt", "index.csv"])
def test_verify_fails_where_it_has_nothing_to_read_or_cannot(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / content).write_text("anything")

    assert verified(str(tmp_path))[0] == 1


def test_verify_fails_for_a_folder_that_it_does_not_follow(folder: Path) -> None:
    deid(folder)
    (folder / "out" / "more").symlink_to(folder / "in")

    code, text = verified(str(folder / "out"))

    assert (code, "more: not read" in text) == (1, True)


def test_verify_compares_pseudonyms_with_the_originals(folder: Path) -> None:
    deid(folder)
    key_files.create(folder / "other", "jmid")
    (folder / "in" / "note.txt").unlink()
    compared = [str(folder / "out"), "--originals", str(folder / "in"), "--keys"]

    assert verified(*compared, str(folder / "keys"))[0] == 0
    assert verified(*compared, str(folder / "other"))[0] == 1


def test_a_key_folder_that_holds_no_key_is_an_error_and_none_is_made(folder: Path) -> None:
    arguments = ["instances", str(folder / "in"), str(folder / "out"), "--keys", str(folder / "other")]

    result = RUN.invoke(commands.deid, arguments)

    assert result.exit_code == 2
    assert "jmid keys new" in result.output.replace("\n", " ")
    assert not (folder / "other").exists()
    assert not (folder / "out").exists()


def test_keys_are_made_rotated_and_listed_without_being_shown(tmp_path: Path) -> None:
    folder = str(tmp_path / "keys")

    outputs = [
        RUN.invoke(commands.keys, command).output for command in (["new", folder], ["rotate", folder], ["list", folder])
    ]

    assert RUN.invoke(commands.keys, ["new", folder]).exit_code == 2
    assert "k2" in outputs[2]
    assert (tmp_path / "keys" / "k1.key").read_text().split('"patient": "')[1][:12] not in "".join(outputs)


def test_a_consortiums_patient_key_outlives_a_rotation_where_it_is_to(tmp_path: Path) -> None:
    folder, shared = tmp_path / "keys", tmp_path / "shared.hex"
    RUN.invoke(commands.keys, ["new", str(folder)])
    RUN.invoke(commands.keys, ["consortium", str(shared)])

    for option in (["--keep-patient-key"], ["--patient-key", str(shared)], []):
        RUN.invoke(commands.keys, ["rotate", str(folder), *option])
    both = RUN.invoke(commands.keys, ["rotate", str(folder), "--keep-patient-key", "--patient-key", str(shared)])

    first, kept, given, fresh = key_files.load(folder).versions
    assert kept.patient == first.patient
    assert given.patient.hex() == shared.read_text().strip()
    assert len({first.patient, given.patient, fresh.patient}) == 3
    assert len({each.uid for each in (first, kept, given, fresh)}) == 4
    assert both.exit_code == 2


def test_a_profile_explains_itself() -> None:
    explained = RUN.invoke(commands.profile, ["explain", "PatientID"])
    shown = RUN.invoke(commands.profile, ["show", "research"])
    compared = RUN.invoke(commands.profile, ["diff", "jmid", "research"])

    assert "patient-pseudonym" in explained.output
    assert "research/3" in shown.output
    assert "StudyDate" in compared.output or "Study Date" in compared.output
    assert RUN.invoke(commands.profile, ["explain", "NoSuchThing"]).exit_code == 2
    assert RUN.invoke(commands.profile, ["show", "nobody"]).exit_code == 2


@pytest.mark.parametrize(("option", "said"), [("--analyse", []), ("--rules-only", ["TEXTS BY RULES ONLY"])])
def test_what_was_cleaned_by_rules_only_says_so(folder: Path, option: str, said: list[str]) -> None:
    (row,) = (row for row in deid(folder, option) if row["output"])

    method = pydicom.dcmread(folder / "out" / row["output"]).DeidentificationMethod

    assert list(method)[2:] == said


def test_without_the_analyser_nothing_begins_unless_it_is_told_to(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(morphemes, "available", lambda: False)
    arguments = ["instances", str(folder / "in"), str(folder / "out"), "--keys", str(folder / "keys")]

    wanted = RUN.invoke(commands.deid, arguments)

    assert wanted.exit_code == 2
    assert not (folder / "out").exists()
    assert RUN.invoke(commands.deid, [*arguments, "--rules-only"]).exit_code == 0
