"""The index follows the feeds, whatever order things arrive in."""

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from services.search.case import Case, Json, build_case
from services.search.follow.follower import Follower
from services.search.follow.set_aside import SetAside
from services.search.follow.sources import CaseChange, Documents
from services.search.index.case_index import CaseIndex
from services.search.language.query import CaseQuery, parse_query
from shared.errors import Unavailable
from shared.fhir.report import PublishedReport
from shared.web.access.reach import EVERYTHING
from tests.search.test_case import SERIES, STUDY, report


class Feeds:
    """A pure fake of the two services. bad: Study Instance UID → what reading it raises.  now: of the clock."""

    set_aside: SetAside

    def __init__(self) -> None:
        self.studies: dict[str, tuple[Json, Sequence[Json]]] = {}
        self.reports: dict[str, tuple[PublishedReport, tuple[str, ...]]] = {}
        self.study_feed: list[str] = []
        self.report_feed: list[str] = []
        self.away = False
        self.bad: dict[str, Exception] = {}
        self.now = 0.0

    def store(self, uid: str) -> None:
        self.studies[uid] = ({**STUDY, "0020000D": {"vr": "UI", "Value": [uid]}}, SERIES)
        self.study_feed.append(uid)

    def link(self, *studies: str, status: str = "final") -> None:
        self.reports["r1"] = (report(status, *studies), studies)
        self.report_feed.append("r1")

    async def study_changes(self, after: int, limit: int) -> tuple[list[str], int]:
        if self.away:
            raise Unavailable("away")
        found = self.study_feed[after : after + limit]
        return found, after + len(found)

    async def case_changes(self, after: int, limit: int) -> tuple[list[CaseChange], int]:
        found = self.report_feed[after : after + limit]
        return [CaseChange((*self.reports[r][1], f"report-{r}"), r) for r in found], after + len(found)

    async def note(self, changed: Sequence[Case], gone: Sequence[str]) -> None: ...

    async def study(self, study_instance_uid: str) -> tuple[Json | None, Sequence[Json]]:
        if study_instance_uid in self.bad:
            raise self.bad[study_instance_uid]
        return self.studies.get(study_instance_uid, (None, []))

    async def documents(self, *, study: str = "", report: str = "") -> Documents:
        found = [document for name, (document, at) in self.reports.items() if study in at or name == report]
        return Documents(found)


@pytest.fixture
def feeds(tmp_path: Path) -> Feeds:
    found = Feeds()
    (tmp_path / "index").mkdir(exist_ok=True)
    found.set_aside = SetAside(tmp_path / "index", lambda: found.now)
    return found


@pytest.fixture
def index(tmp_path: Path) -> CaseIndex:
    return CaseIndex(tmp_path / "index")


def following(index: CaseIndex, feeds: Feeds) -> Follower:
    return Follower(index, feeds, feeds.set_aside, feeds, poll_s=0.01, batch=2)


async def settle(index: CaseIndex, feeds: Feeds) -> list[str]:
    follower = following(index, feeds)
    while await follower.step():
        pass
    return sorted(case.id for case in index.search(CaseQuery(), EVERYTHING).cases)


async def test_a_report_moves_from_a_case_of_its_own_to_its_study_and_back(index: CaseIndex, feeds: Feeds) -> None:
    feeds.link()
    alone = await settle(index, feeds)
    feeds.store("1.2.3")
    apart = await settle(index, feeds)
    feeds.link("1.2.3")
    linked = await settle(index, feeds)
    feeds.link()
    unlinked = await settle(index, feeds)

    assert alone == ["report-r1"]
    assert apart == ["1.2.3", "report-r1"]
    assert linked == ["1.2.3"]
    assert unlinked == ["1.2.3", "report-r1"]


async def test_relinking_takes_the_report_away_from_the_first_study(index: CaseIndex, feeds: Feeds) -> None:
    feeds.store("1.2.3")
    feeds.store("1.2.4")
    feeds.link("1.2.3")
    await settle(index, feeds)

    feeds.link("1.2.4")
    await settle(index, feeds)

    with_report = index.search(parse_query({"has_report": "true"}), EVERYTHING).cases
    assert [case.id for case in with_report] == ["1.2.4"]


async def test_a_retracted_report_disappears(index: CaseIndex, feeds: Feeds) -> None:
    feeds.link()
    await settle(index, feeds)

    feeds.link(status="entered-in-error")

    assert await settle(index, feeds) == []


async def test_a_new_process_goes_on_where_the_index_stands(tmp_path: Path, feeds: Feeds) -> None:
    first = CaseIndex(tmp_path / "index")
    feeds.store("1.2.3")
    await settle(first, feeds)
    first.close()
    del first
    again = CaseIndex(tmp_path / "index")
    feeds.store("1.2.4")

    assert await settle(again, feeds) == ["1.2.3", "1.2.4"]
    assert again.positions()["studies"] == 2


async def test_an_unavailable_archive_loses_nothing(index: CaseIndex, feeds: Feeds) -> None:
    feeds.store("1.2.3")
    feeds.away = True
    with pytest.raises(Unavailable):
        await following(index, feeds).step()
    feeds.away = False

    assert await settle(index, feeds) == ["1.2.3"]


async def test_filters_take_what_they_name(index: CaseIndex, feeds: Feeds) -> None:
    feeds.store("1.2.3")
    feeds.link()
    await settle(index, feeds)

    def found(**asked: str) -> list[str]:
        return sorted(case.id for case in index.search(parse_query(asked), EVERYTHING).cases)

    assert found(modality="CT") == ["1.2.3", "report-r1"]
    assert found(modality="MR,XA") == []
    assert found(has_images="true") == ["1.2.3"]
    assert found(site="kyushu") == ["report-r1"]
    assert found(date_from="2024-05-31") == ["1.2.3"]
    assert found(age_from="0", age_to="2", sex="F", body_part="CHEST") == ["1.2.3"]
    assert index.counts(CaseQuery(), "modality", 6, EVERYTHING) == {"202405": {"CT": 2}}


def test_a_stop_waits_for_the_update_that_is_under_way(index: CaseIndex, tmp_path: Path) -> None:
    cases = [built for n in range(2000) if (built := build_case(f"1.2.{n}", STUDY, SERIES, [], [], 0))]
    updating = threading.Thread(target=index.update, args=(cases, [], {"studies": 2000}))

    updating.start()
    until_busy(tmp_path / "index", updating)
    index.close()

    updating.join()
    assert CaseIndex(tmp_path / "index").count() == 2000


def until_busy(folder: Path, updating: threading.Thread) -> None:
    """Wait until the update has begun to write."""
    before = len(list(folder.iterdir()))
    while updating.is_alive() and len(list(folder.iterdir())) == before:
        pass


async def test_a_case_that_cannot_be_built_is_set_aside_and_the_others_go_on(
    index: CaseIndex, feeds: Feeds, tmp_path: Path
) -> None:
    feeds.bad["1.2.4"] = KeyError("a value nobody may see")
    for uid in ("1.2.3", "1.2.4", "1.2.5"):
        feeds.store(uid)

    shown = await settle(index, feeds)

    assert shown == ["1.2.3", "1.2.5"]
    assert index.positions()["studies"] == 3
    assert feeds.set_aside.cases["1.2.4"].error == "KeyError"
    assert SetAside(tmp_path / "index").count() == 1


async def test_a_case_set_aside_is_tried_again_at_a_growing_interval(index: CaseIndex, feeds: Feeds) -> None:
    feeds.bad["1.2.4"] = KeyError()
    feeds.store("1.2.4")
    await settle(index, feeds)
    tries = []
    for feeds.now in (29.0, 31.0, 60.0, 92.0):
        await settle(index, feeds)
        tries.append(feeds.set_aside.cases["1.2.4"].tries)

    feeds.bad.clear()
    feeds.now = 1000.0
    shown = await settle(index, feeds)

    assert tries == [1, 2, 2, 3]
    assert shown == ["1.2.4"]
    assert feeds.set_aside.count() == 0


async def test_one_study_that_the_archive_never_answers_for_is_no_outage(index: CaseIndex, feeds: Feeds) -> None:
    feeds.bad["1.2.4"] = Unavailable("answered 500")
    for uid in ("1.2.3", "1.2.4"):
        feeds.store(uid)

    assert await settle(index, feeds) == ["1.2.3"]
    assert feeds.set_aside.count() == 1


async def test_a_lone_study_that_is_never_answered_for_stands_in_the_way_for_three_steps(
    index: CaseIndex, feeds: Feeds
) -> None:
    feeds.bad["1.2.4"] = Unavailable("answered 500")
    feeds.store("1.2.4")
    follower = following(index, feeds)
    for _ in range(2):
        with pytest.raises(Unavailable):
            await follower.step()

    assert await follower.step()
    assert index.positions()["studies"] == 1


@pytest.mark.parametrize("number", ["--5", "-", "²", "9" * 5000])
async def test_a_series_number_that_is_none_stops_nobody(index: CaseIndex, feeds: Feeds, number: str) -> None:
    series = [{**SERIES[0], "00200011": {"vr": "IS", "Value": [number]}, "00201209": {"vr": "IS", "Value": ["--5"]}}]
    feeds.store("1.2.3")
    feeds.studies["1.2.3"] = (feeds.studies["1.2.3"][0], series)

    assert await settle(index, feeds) == ["1.2.3"]
    assert feeds.set_aside.count() == 0


async def test_an_index_is_complete_at_the_end_of_the_feeds_though_changes_never_stop(
    index: CaseIndex, feeds: Feeds
) -> None:
    follower = following(index, feeds)
    for number in range(3):
        feeds.store(f"1.2.{number}")

    await follower.step()
    behind = index.is_complete()
    feeds.store("1.2.3")
    await follower.step()
    feeds.store("1.2.4")
    await follower.step()

    assert (behind, index.is_complete(), index.count()) == (False, True, 5)
