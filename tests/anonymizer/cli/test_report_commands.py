"""``jmid deid reports``: a file of reports in, a file of cleaned ones out."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.anonymizer.cli.report_commands import deidentify_file
from services.anonymizer.pseudonyms import keys
from shared.errors import SettingsError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    keys.create(tmp_path / "keys", "jmid")
    return tmp_path


def write(folder: Path, *lines: Any) -> Path:
    path = folder / "in.jsonl"
    path.write_text(
        "".join(line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    )
    return path


def read(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]


REPORT = {
    "id": "a1",
    "header": {"PatientName": "SATO^KEN=佐藤^健=サトウ^ケン", "PatientID": "00123456", "StudyDate": ""},
    "text": "佐藤様、ID 123456。右肺S6に結節。",
}


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_each_line_becomes_a_cleaned_line_in_the_same_order(folder: Path, jobs: int) -> None:
    source = write(folder, *({**REPORT, "id": str(number)} for number in range(450)))

    outcome = deidentify_file(source, folder / "out.jsonl", "jmid", folder / "keys", jobs=jobs, recognise=False)

    lines = read(folder)
    assert [line["id"] for line in lines] == [str(number) for number in range(450)]
    assert lines[0] == {
        "id": "0",
        "text": "【氏名】様、ID 【患者ID】。右肺S6に結節。",
        "removed": {"name": 1, "patient_id": 1},
        "review": False,
    }
    assert (outcome.done, outcome.exit_code) == (450, 0)


def test_bad_lines_are_named_by_number_and_the_others_are_done(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(folder, REPORT, "{broken 佐藤\n", "\n", {"id": "b", "header": {}}, {"id": "c", "text": "ok"})

    outcome = deidentify_file(source, folder / "out.jsonl", "jmid", folder / "keys", recognise=False)

    assert [line["id"] for line in read(folder)] == ["a1", "c"]
    assert outcome.exit_code == 1
    errors = capsys.readouterr().err
    assert f"{source}:2: not a JSON object in UTF-8" in errors
    assert f"{source}:4: not a report" in errors
    assert "佐藤" not in errors


def test_an_unknown_profile_is_an_error_before_anything_is_written(folder: Path) -> None:
    source = write(folder, REPORT)

    with pytest.raises(SettingsError):
        deidentify_file(source, folder / "out.jsonl", "nonsense", folder / "keys", recognise=False)

    assert not (folder / "out.jsonl").exists()


def test_a_header_with_odd_values_does_not_stop_the_file(folder: Path) -> None:
    odd = {"PatientName": None, "PatientID": 123456, "OtherPatientIDs": ["77889900", 5], "StudyDate": "not a date"}
    source = write(folder, {"id": 1, "header": odd, "text": "ID 77889900 と 123456。"})

    deidentify_file(source, folder / "out.jsonl", "jmid", folder / "keys", recognise=False)

    assert read(folder)[0]["text"] == "ID 【患者ID】 と 【患者ID】。"


def test_a_line_that_was_cleaned_by_rules_only_says_so(folder: Path) -> None:
    source = write(folder, REPORT)

    deidentify_file(source, folder / "out.jsonl", "jmid", folder / "keys", recognise=False, analyse=False)

    assert read(folder)[0]["rules_only"] is True
