"""``jmid terms``: what is loaded is listed and looked up."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.commands.terms import terms
from tests.terms.samples import master

RUN = CliRunner(env={"COLUMNS": "200"})


def test_the_master_is_loaded_listed_and_looked_up(tmp_path: Path) -> None:
    home = ["--home", str(tmp_path / "home")]

    loaded = RUN.invoke(terms, ["load", "medis", str(master(tmp_path)), *home])
    listed = RUN.invoke(terms, ["list", *home])
    shown = RUN.invoke(terms, ["lookup", "http://medis.or.jp/CodeSystem/master-disease-keyNumber", "20000002", *home])

    assert (loaded.exit_code, "master-disease-keyNumber 999: 2 terms" in loaded.output) == (0, True)
    assert "master-disease-exCode" in listed.output
    assert "state: retired; successors: 20000001" in shown.output


@pytest.mark.parametrize("arguments", [["load", "medis"], ["lookup", "urn:x", "A"], ["use", "urn:x", "1"]])
def test_what_is_not_there_fails(tmp_path: Path, arguments: list[str]) -> None:
    assert RUN.invoke(terms, [*arguments, "--home", str(tmp_path)]).exit_code != 0
