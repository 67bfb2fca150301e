"""The bill of materials names what is shipped, all of it, and says the same each time."""

import importlib
import re
from typing import Any

import pytest

sbom = importlib.import_module("docs.sbom")  # a script: outside what mypy checks
licences = importlib.import_module("docs.licences")


@pytest.fixture(scope="module")
def components() -> list[dict[str, Any]]:
    return list(sbom.document()["components"])


def test_every_package_that_is_shipped_is_in_it_with_the_hashes_of_the_lock(components: list[dict[str, Any]]) -> None:
    lock = (licences.ROOT / "requirements-gateway.lock").read_text("utf-8")

    named = {(match[1].lower(), match[2]) for match in re.finditer(r"^([\w.-]+)==([^\s;]+)", lock, re.M)}
    packages = [each for each in components if each["purl"].startswith("pkg:pypi/")]
    assert {(each["name"], each["version"]) for each in packages} == named
    hashes = [digest["content"] for each in packages for digest in each["externalReferences"][0]["hashes"]]
    assert sorted(hashes) == sorted(re.findall(r"sha256:([0-9a-f]{64})", lock))


def test_what_only_develops_it_is_not_in_it_and_what_pages_load_is(components: list[dict[str, Any]]) -> None:
    names = {each["name"] for each in components}
    assert "pytest" not in names
    assert {"htmx.org", "@ohif/app"} <= names


def test_each_component_has_a_licence_and_a_package_url(components: list[dict[str, Any]]) -> None:
    assert len({each["bom-ref"] for each in components}) == len(components)
    for each in components:
        (licence,) = each["licenses"]
        assert licence.get("expression") or licence["license"]["name"], each["name"]
        assert re.fullmatch(r"pkg:(pypi|npm)/[^\s@]+@[^\s@]+", each["purl"]), each["name"]


def test_equal_locks_give_equal_bytes() -> None:
    assert sbom.text() == sbom.text()
    assert "timestamp" not in sbom.text()
