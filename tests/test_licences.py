"""What may be shipped with J-MID."""

import importlib

import pytest

licences = importlib.import_module("docs.licences")  # a script: outside what mypy checks


@pytest.mark.parametrize("licence", ["MIT", "Apache-2.0 OR BSD-3-Clause", "MPL-2.0 AND MIT", "PSF-2.0", "ISC License"])
def test_a_permissive_licence_is_allowed(licence: str) -> None:
    assert licences.is_allowed(licence)


@pytest.mark.parametrize(
    "licence", ["", "GPL-3.0-or-later", "GPL-2.0-only AND MIT", "LGPL-3.0", "AGPL-3.0", "SSPL-1.0"]
)
def test_copyleft_and_no_licence_at_all_are_not(licence: str) -> None:
    assert not licences.is_allowed(licence)


def test_the_name_of_an_unknown_package_has_no_licence() -> None:
    assert licences.licence_of("no-such-package") == ""
