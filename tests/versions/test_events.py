"""Events of earlier code are understood, and what cannot be understood says why."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from shared.bus.codec import decode, encode
from shared.errors import Invalid
from shared.events import EVENTS, Event, InstancesStored, ReportDeidentified, Upgrade, Zone

WRITTEN = Path(__file__).parents[1] / "data" / "events"


def written() -> Iterator[Any]:
    """Yield every event that code of an earlier commit wrote."""
    for path in sorted(WRITTEN.glob("*.jsonl")):
        for line in path.read_bytes().splitlines():
            yield pytest.param(line, id=f"{path.stem}-{json.loads(line)['topic']}")


@pytest.mark.parametrize("line", list(written()))
def test_what_earlier_code_wrote_is_read_with_every_value_that_it_has(line: bytes) -> None:
    event = decode(line)

    again = json.loads(encode(event))["event"]
    assert json.loads(line)["event"].items() <= _without_new_fields(again, json.loads(line)["event"]).items()


def _without_new_fields(value: Any, model: Any) -> Any:
    """Leave out, at every depth, the fields that the model does not have."""
    if isinstance(model, dict):
        return {name: _without_new_fields(value[name], each) for name, each in model.items() if name in value}
    if isinstance(model, list):
        return [_without_new_fields(*pair) for pair in zip(value, model, strict=True)]
    return value


def test_every_event_type_of_the_commit_is_among_what_is_kept_of_it() -> None:
    topics = {json.loads(line)["topic"] for line in (WRITTEN / "edf1031.jsonl").read_bytes().splitlines()}

    assert topics <= {event.topic for event in EVENTS}
    assert len(topics) == 11


def test_what_an_earlier_event_does_not_say_is_unknown_and_not_guessed() -> None:
    by_topic = {event.topic: event for event in map(decode, (WRITTEN / "edf1031.jsonl").read_bytes().splitlines())}
    report, stored = by_topic["report.deidentified"], by_topic["instances.stored"]

    assert isinstance(report, ReportDeidentified)
    assert report.flagged is None
    assert isinstance(stored, InstancesStored)
    assert stored.keys is None


def _from_first(event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "colours": [event.pop("colour")]}


def _from_second(event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "colours": sorted(event["colours"])}


class Painted(Event, frozen=True, kw_only=True):
    topic = "painted"
    zone = Zone.CENTRE
    version = 3
    upgrades: ClassVar[dict[int, Upgrade]] = {1: _from_first, 2: _from_second}
    colours: tuple[str, ...]


def painted(version: int, **fields: Any) -> bytes:
    event = {"id": "1", "correlation_id": "c", "occurred_at": "2026-11-27T13:40:00Z", "site": "demo", **fields}
    return json.dumps({"topic": "painted", "version": version, "event": event}).encode()


@pytest.mark.parametrize(
    ("version", "fields", "colours"),
    [
        (1, {"colour": "red"}, ("red",)),
        (2, {"colours": ["red", "blue"]}, ("blue", "red")),
        (3, {"colours": ["red", "blue"]}, ("red", "blue")),
    ],
)
def test_an_event_of_each_earlier_version_is_brought_to_the_present_one(
    version: int, fields: dict[str, Any], colours: tuple[str, ...]
) -> None:
    event = decode(painted(version, **fields), {"painted": Painted})

    assert event == Painted(id="1", correlation_id="c", occurred_at=event.occurred_at, site="demo", colours=colours)


@pytest.mark.parametrize("version", [0, 4])
def test_a_version_without_a_way_here_is_refused_for_good_with_its_number(version: int) -> None:
    with pytest.raises(Invalid) as caught:
        decode(painted(version, colours=[]), {"painted": Painted})

    assert caught.value.reason == "unknown-version"
    assert f"painted {version}, not 3" in str(caught.value)


def test_an_event_that_its_own_version_does_not_allow_is_refused_for_good() -> None:
    with pytest.raises(Invalid) as caught:
        decode(painted(1, size=3), {"painted": Painted})

    assert caught.value.reason == "undecodable-message"
