"""Keys and policies for the anonymizer's tests."""

from pathlib import Path

import pytest

from services.anonymizer.policy import Policy
from services.anonymizer.pseudonyms import keys
from services.anonymizer.pseudonyms.keys import KeySet


@pytest.fixture(scope="session")
def key_set(tmp_path_factory: pytest.TempPathFactory) -> KeySet:
    folder: Path = tmp_path_factory.mktemp("keys")
    return keys.create(folder / "site", "jmid")


@pytest.fixture(params=["jmid", "research"])
def policy(request: pytest.FixtureRequest, key_set: KeySet) -> Policy:
    return Policy(request.param, key_set, "hospital-1", recognise=False)


@pytest.fixture
def jmid(key_set: KeySet) -> Policy:
    return Policy("jmid", key_set, "hospital-1", recognise=False)


@pytest.fixture
def research(key_set: KeySet) -> Policy:
    return Policy("research", key_set, "project-1", recognise=False)
