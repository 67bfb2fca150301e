"""A Study that the centre wants back is one pull, in however many processes, and what is told of it is what became."""

import asyncio
import datetime as dt
from pathlib import Path

import msgspec
import pytest

from services.ingest.pull.recalls import Contents, Progress, has_waited_long, order_of, progress_of
from services.ingest.pull.sources import read_sources, recall_source
from services.ingest.pull_records import PULLS, Pull, PulledStudy, PullState, StudyState
from services.ingest.settings import IngestSettings
from shared.errors import SettingsError
from shared.events import Purpose, StudyFetched, StudyWanted
from shared.service import Role
from tests.ingest.conftest import open_doors

SOURCE = '[[source]]\nname = "{}"\nhost = "127.0.0.1"\nport = 1\nae_title = "X"\nhours = ["{}"]\nrecalls = true\n'
RECALL = Pull(id="p", source="pacs", blob="b", recall_id="r", at=0.0)
LOOK = msgspec.structs.replace(RECALL, purpose=Purpose.PROVE)


def row(state: StudyState = StudyState.ARRIVED, **more: object) -> PulledStudy:
    return PulledStudy(id="p.0", pull_id="p", number=0, state=state, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pull", "rows", "contents", "expected"),
    [
        (RECALL, [], Contents(), Progress("")),
        ((PullState.PULLING, "outside-hours"), [], Contents(), Progress("outside-hours")),
        ((PullState.FINDING, "no-connection"), [], Contents(), Progress("waiting-for-pacs")),
        ((PullState.FAILED, "pacs-away"), [], Contents(), Progress("pacs-away", True)),
        ((PullState.STOPPED, ""), [], Contents(), Progress("stopped", True)),
        ((PullState.DONE, ""), [row(StudyState.FAILED, reason="not-found")], Contents(), Progress("not-in-pacs", True)),
        (
            (PullState.DONE, ""),
            [row(StudyState.FAILED, reason="status-a801")],
            Contents(),
            Progress("status-a801", True),
        ),
        ((PullState.DONE, ""), [row(arrived=3, receipt_id="q")], Contents(2), Progress("arrived", False, 3)),
        (
            (PullState.DONE, ""),
            [row(arrived=3, receipt_id="q")],
            Contents(0, {"burned-in-text": 1}),
            Progress("through", True, 3, {"burned-in-text": 1}),
        ),
        ((PullState.DONE, ""), [row(arrived=3)], Contents(), Progress("sent", True, 3)),
    ],
)
def test_what_is_told_of_a_recall_is_how_far_its_pull_is(
    pull: Pull | tuple[PullState, str], rows: list[PulledStudy], contents: Contents, expected: Progress
) -> None:
    own = pull if isinstance(pull, Pull) else msgspec.structs.replace(RECALL, state=pull[0], reason=pull[1])

    assert progress_of(own, rows, contents) == expected


def test_a_study_that_is_only_looked_for_is_counted() -> None:
    found = progress_of(msgspec.structs.replace(LOOK, state=PullState.DONE), [row(expected=7)], Contents())

    assert found == Progress("found", True, 7)


def test_a_recall_goes_before_other_pulls_and_a_look_in_its_turn() -> None:
    bulk = Pull(id="o", source="pacs", blob="b", at=1.0)
    later = msgspec.structs.replace(RECALL, at=3.0)
    look = msgspec.structs.replace(LOOK, at=2.0)

    assert sorted([look, bulk, later], key=order_of) == [later, bulk, look]


def test_only_a_recall_stops_waiting_for_its_source() -> None:
    assert has_waited_long(RECALL, 3600.0, 1.0)
    assert not has_waited_long(RECALL, 3599.0, 1.0)
    assert not has_waited_long(Pull(id="o", source="pacs", blob="b", at=0.0), 1e9, 1.0)


def test_one_source_at_most_is_for_recalls(tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    path.write_text(SOURCE.format("one", "00:00-23:59"))
    assert recall_source(read_sources(IngestSettings(sources=path))) == "one"

    path.write_text(SOURCE.format("one", "00:00-23:59") + SOURCE.format("two", "00:00-23:59"))
    with pytest.raises(SettingsError, match="one source"):
        read_sources(IngestSettings(sources=path))


async def test_a_recall_that_is_asked_for_twice_is_one_pull(tmp_path: Path) -> None:
    """Two replicas may take the same event, and one may take it twice: the pull's id is the recall's."""
    path = tmp_path / "sources.toml"
    path.write_text(SOURCE.format("pacs", "00:00-00:01") if _is_day() else SOURCE.format("pacs", "12:00-12:01"))
    async with open_doors(tmp_path / "home", JMID_INGEST_SOURCES=str(path)) as doors:
        blobs = doors.host.ports[Role.GATEWAY].blobs["identified"]
        await blobs.put("pulls/1", b"{}")
        event = StudyWanted.first("e", correlation_id="r", site="a", recall_id="r", blob="pulls/1")
        await asyncio.gather(*(doors.host.ports[Role.GATEWAY].bus.publish(event) for _ in range(2)))

        async def is_told() -> bool:
            return any(isinstance(each, StudyFetched) for each in doors.published)

        await doors.until(is_told)
        pulls = await doors.documents.find_all(PULLS)

    assert [(each.recall_id, each.source, each.priority) for each in pulls] == [("r", "pacs", True)]


def _is_day() -> bool:
    """Say whether it is between 6 and 18 o'clock here, so that a source can be chosen that is closed now."""
    return 6 <= dt.datetime.now().astimezone().hour < 18
