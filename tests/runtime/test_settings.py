"""Settings are read once, and a wrong one is named."""

from pathlib import Path

import msgspec
import pytest

from shared.errors import SettingsError
from shared.runtime.ports import port_settings
from shared.service import Role
from shared.settings import read


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
