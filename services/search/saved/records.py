"""What is kept of saved queries and of the cases that came to satisfy one."""

from typing import Final

import msgspec

from shared.documents import Collection


class SavedSearch(msgspec.Struct, frozen=True, kw_only=True):
    """A query that a person kept. owner: the subject of who saved it.  parameters: those of GET /api/cases.

    saved_at: seconds since 1970.
    """

    id: str
    owner: str
    name: str
    parameters: dict[str, str]
    saved_at: float


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """That a case came to satisfy a saved query. id: of both.  at: seconds since 1970, when it was seen first."""

    id: str
    search_id: str
    case_id: str
    at: float


SAVED_SEARCHES: Final = Collection("saved_searches", SavedSearch, key="id", fields=("owner",))
MATCHES: Final = Collection(
    "search_matches", Match, key="id", fields=("search_id", "case_id", "at"), indexes=(("search_id", "at"),)
)
