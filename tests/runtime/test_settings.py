"""Settings are read once, and a wrong one is named."""

import re
from pathlib import Path
from typing import Annotated

import msgspec
import pytest
from msgspec import Meta

from services.__main__ import SERVICES
from shared.errors import SettingsError
from shared.runtime.ports import port_settings
from shared.runtime.variables import groups
from shared.service import Role
from shared.settings import check_names, read, settings_of


class Sample(msgspec.Struct, frozen=True):
    title: str
    count: int = 3
    wait_s: float = 1.5
    strict: bool = False
    names: tuple[str, ...] = ()
    folder: Path | None = None


def test_every_type_is_read_from_its_variable() -> None:
    environ = {
        "JMID_X_TITLE": "a",
        "JMID_X_COUNT": "7",
        "JMID_X_STRICT": "TRUE",
        "JMID_X_NAMES": "b, c",
        "JMID_X_FOLDER": "/srv/keys",
    }

    assert read(Sample, "X", environ) == Sample("a", 7, 1.5, True, ("b", "c"), Path("/srv/keys"))


@pytest.mark.parametrize(
    ("variable", "value", "shown"),
    [("JMID_X_COUNT", "many", "for example 3"), ("JMID_X_STRICT", "perhaps", "true or false")],
)
def test_a_wrong_value_names_its_variable_and_shows_a_right_one(variable: str, value: str, shown: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(Sample, "X", {"JMID_X_TITLE": "a", variable: value})

    assert variable in str(caught.value)
    assert shown in str(caught.value)
    assert value not in str(caught.value)


def test_a_missing_value_names_its_variable() -> None:
    with pytest.raises(SettingsError, match="JMID_X_TITLE is not set"):
        read(Sample, "X", {})


def test_a_role_may_have_ports_of_its_own() -> None:
    environ = {"JMID_BUS": "amqp://both", "JMID_CENTRE_BUS": "amqp://centre", "JMID_RETRY_DELAYS_S": "1,2.5"}

    assert port_settings(Role.GATEWAY, environ).bus == "amqp://both"
    assert port_settings(Role.CENTRE, environ).bus == "amqp://centre"
    assert port_settings(Role.CENTRE, environ).retry_delays_s == (1.0, 2.5)


class Bounded(msgspec.Struct, frozen=True):
    port: Annotated[int, Meta(description="Where it listens.", ge=0, le=65_535)] = 1
    waits_s: Annotated[tuple[Annotated[float, Meta(gt=0)], ...], Meta(description="The waits.")] = (1.0,)
    folder: Annotated[Path | None, Meta(description="A folder.")] = None


@pytest.mark.parametrize(("variable", "value"), [("JMID_X_PORT", "70000"), ("JMID_X_WAITS_S", "1,0")])
def test_a_value_out_of_range_is_refused(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        read(Bounded, "X", {variable: value})


def test_an_empty_optional_path_is_none() -> None:
    assert read(Bounded, "X", {"JMID_X_FOLDER": ""}).folder is None


def test_a_setting_says_what_it_means_its_range_and_its_unit() -> None:
    port, waits, _ = settings_of(Bounded, "JMID_X")

    assert (port.variable, port.means, port.takes) == (
        "JMID_X_PORT",
        "Where it listens.",
        "a whole number from 0 to 65535",
    )
    assert (waits.unit, waits.takes) == ("seconds", "a comma-separated list above 0")


def test_every_setting_of_every_service_has_a_meaning_and_every_number_a_range() -> None:
    every = [each for prefix, kind in groups(SERVICES) for each in settings_of(kind, prefix)]

    assert [each.variable for each in every if not each.means] == []
    assert [each.variable for each in every if each.kind in (int, float) and not re.search(r"\d", each.takes)] == []


def test_variables_of_the_tests_are_not_mistaken_for_settings() -> None:
    check_names(["JMID_TEST_S3", "JMID_SHARED_DATA", "PATH", "JMID_HOME"], ["JMID_HOME"])

    with pytest.raises(SettingsError, match=r"JMID_NOTHING_LIKE_IT is not a setting; docs/operations\.md"):
        check_names(["JMID_NOTHING_LIKE_IT"], ["JMID_HOME"])
