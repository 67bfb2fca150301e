"""What the handlers and routes of search work with."""

from dataclasses import dataclass

from services.search.follow.follower import Follower
from services.search.follow.sources import HttpSources
from services.search.index.case_index import CaseIndex
from services.search.settings import SearchSettings


@dataclass(frozen=True)
class SearchDeps:
    """index: the cases.  follower: keeps it in step.  sources: what a page shows beside the index."""

    settings: SearchSettings
    index: CaseIndex
    follower: Follower
    sources: HttpSources
