"""What earlier code kept opens in this code, which answers about all of it as that code did."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.flow.ports import Ports
from tests.flow.system import start_up, until
from tests.versions.answers import answers_of
from tests.versions.homes import LONG, NAMES, answers, fill_bucket, fill_documents, unpacked


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_an_earlier_home_opens_and_answers_as_before(tmp_path: Path, name: str) -> None:
    folder = unpacked(name, tmp_path) / "embedded"

    found = answered(folder / "home", LONG, answers(folder))

    assert_same(found, answers(folder))


@pytest.mark.slow
@pytest.mark.servers
@pytest.mark.parametrize("name", NAMES)
def test_what_earlier_code_kept_on_servers_opens_and_answers_as_before(
    tmp_path: Path, name: str, request: pytest.FixtureRequest
) -> None:
    folder = unpacked(name, tmp_path) / "servers"
    ports = Ports.servers(request)
    assert ports.bucket is not None
    fill_documents(folder / "documents", ports.mongo_uri)
    fill_bucket(folder / "blobs", ports.bucket)

    found = answered(folder / "home", {**ports.environ, **LONG}, answers(folder))

    assert_same(found, answers(folder))


def answered(home: Path, environ: Mapping[str, str], expected: dict[str, Any]) -> dict[str, Any]:
    """Start this code on the home and return its answers once search has made its index again."""
    system = start_up(home, environ)
    try:
        until(lambda: len(system.cases()) == len(expected["cases"]), "all cases to be found again")
        return answers_of(system.url("up"))
    finally:
        assert system.processes["up"].stop() == 0


def assert_same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """Compare part by part, so that a difference says where it is; new fields are no difference."""
    assert found.keys() == expected.keys()
    for part, value in expected.items():
        assert _like(found[part], value) == value, f"{part} differ"


def _like(found: Any, model: Any) -> Any:
    """Leave out, at every depth, the fields that the model does not have."""
    if isinstance(found, dict) and isinstance(model, dict):
        return {name: _like(found[name], each) for name, each in model.items() if name in found}
    if isinstance(found, list) and isinstance(model, list) and len(found) == len(model):
        return [_like(*pair) for pair in zip(found, model, strict=True)]
    return found
