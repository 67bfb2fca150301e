"""A log line has only allow-listed fields, and foreign lines lose their text."""

import inspect
import json
import logging
import threading
from collections.abc import Iterator

import pytest

from shared import logs


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Put back what configure changes."""
    root, ours = logging.getLogger(), logging.getLogger("jmid")
    before = (root.handlers[:], root.level, ours.handlers[:], ours.propagate, logging.raiseExceptions)
    hook = threading.excepthook
    yield
    threading.excepthook = hook
    root.handlers[:], _, ours.handlers[:], ours.propagate, logging.raiseExceptions = before
    root.setLevel(before[1])


def test_a_decision_is_one_json_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()

    logs.decided("received", receipt_id="r1", count=3)

    line = json.loads(capsys.readouterr().err)
    assert (line["decision"], line["receipt_id"], line["count"], line["level"]) == ("received", "r1", 3, "info")


def test_a_foreign_line_keeps_its_origin_and_loses_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()

    logging.getLogger("pydicom").warning("Invalid value for PatientName: %s", "YAMADA^TARO")

    text = capsys.readouterr().err
    assert "YAMADA" not in text
    assert json.loads(text)["logger"] == "pydicom"


def test_a_line_that_cannot_be_written_does_not_show_its_text_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()

    logging.getLogger("pydicom").warning("%d of PatientName", "YAMADA^TARO")

    assert "YAMADA" not in capsys.readouterr().err


def test_a_thread_that_dies_does_not_show_what_it_handled(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()

    def handle() -> None:
        raise ValueError("YAMADA^TARO")

    dying = threading.Thread(target=handle)
    dying.start()
    dying.join()

    text = capsys.readouterr().err
    assert "YAMADA" not in text
    assert json.loads(text)["error"] == "builtins.ValueError"


def test_a_place_that_complains_of_everything_is_heard_once_a_second(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()

    for number in range(100):
        logging.getLogger("pynetdicom.dul").error("unknown PDU type %d", number)

    assert len(capsys.readouterr().err.splitlines()) == 1


def test_there_is_no_way_to_write_any_other_field() -> None:
    kinds = {parameter.kind for parameter in inspect.signature(logs.decided).parameters.values()}

    assert inspect.Parameter.VAR_KEYWORD not in kinds
    with pytest.raises(TypeError):
        logs.decided("received", patient_name="x")  # type: ignore[call-arg]
