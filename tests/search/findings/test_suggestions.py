"""What the API hands out of findings: places in the text of a section, and that nobody has confirmed them."""

from pathlib import Path
from typing import cast

import aiohttp
from aiohttp import web

from services.search.api.cases import routes
from services.search.api.suggestions import suggestions_of
from services.search.case import Case, Report
from services.search.deps import SearchDeps
from services.search.follow.follower import Follower
from services.search.follow.sources import HttpSources
from services.search.index.case_index import CaseIndex
from services.search.settings import SearchSettings
from tests.servers.web import served

REPORT = Report("r-1", clinical_information="肺炎、転移疑い", findings="右肺に12mm大の結節。胸水なし。")
CASE = Case(id="1.2", study_instance_uid="1.2", reports=(REPORT,))


def test_suggestions_name_report_section_and_place() -> None:
    suggested = suggestions_of(CASE).findings

    places = {(each.report_id, each.section, each.finding.start, each.finding.end) for each in suggested}
    assert ("r-1", "findings", 9, 11) in places
    assert all(getattr(REPORT, each.section)[each.finding.start : each.finding.end] for each in suggested)


def test_what_an_examination_looks_for_is_not_suggested_but_what_is_said_of_it_is() -> None:
    asked = [each.finding for each in suggestions_of(CASE).findings if each.section == "clinical_information"]

    assert [(finding.term, finding.certainty) for finding in asked] == [("転移", "doubtful")]


async def test_a_case_of_the_api_has_suggestions_apart_from_what_is_confirmed(tmp_path: Path) -> None:
    index = CaseIndex(tmp_path / "index")
    index.update([CASE], [], {})
    deps = SearchDeps(SearchSettings(), index, cast("Follower", None), cast("HttpSources", None))

    application = web.Application()
    application.add_routes(routes(deps))
    async with served(application) as url, aiohttp.ClientSession(url) as client, client.get("/api/cases/1.2") as answer:
        shown = await answer.json()

    assert shown["suggestions"]["confirmed"] is False
    assert shown["suggestions"]["findings"][1]["finding"] == {
        "term": "結節",
        "start": 9,
        "end": 11,
        "certainty": "present",
        "side": "right",
        "size_mm": [12.0],
        "comparison": "",
        "code": "F001",
    }
    assert shown["diagnoses"] == []
