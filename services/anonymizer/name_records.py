"""Records of names of this site: those that people put on its list, and those that headers told."""

from enum import StrEnum

import msgspec

from services.anonymizer.device_rules import RuleState
from shared.documents import Collection


class NameVersion(msgspec.Struct, frozen=True, kw_only=True):
    """That a person put a name on the site's list, or withdrew it."""

    state: RuleState
    by: str
    at: str


class SiteName(msgspec.Struct, frozen=True, kw_only=True):
    """A name on the managed part of the site's list; the last version holds. kind: as in the file of the list."""

    id: str
    kind: str
    name: str
    state: RuleState
    versions: tuple[NameVersion, ...]

    @property
    def current(self) -> NameVersion:
        return self.versions[-1]


class NameState(StrEnum):
    """Whether a name that headers told is cleaned. SEEN: on too few Studies yet.  KEPT: in force, and a person saw it.

    REMOVED: by a person, until a person keeps it.
    """

    SEEN = "seen"
    IN_FORCE = "in-force"
    KEPT = "kept"
    REMOVED = "removed"

    @property
    def is_cleaned(self) -> bool:
        """Say whether the name goes from texts."""
        return self in (NameState.IN_FORCE, NameState.KEPT)


class NameDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decided about a name that headers told. at: RFC 3339."""

    state: NameState
    by: str
    at: str


class HeaderName(msgspec.Struct, frozen=True, kw_only=True):
    """A name of staff or a place that headers of this site told. kind: as in the file of the site's list.

    studies: pseudonyms of the first Studies on which it stood, as many as it needs to be in force.
    by: who decided last.  at: RFC 3339, since when it is in its state.  decisions: every one, the last of which holds.
    """

    id: str
    kind: str
    name: str
    studies: tuple[str, ...]
    state: NameState
    at: str
    by: str = ""
    decisions: tuple[NameDecision, ...] = ()

    def __post_init__(self) -> None:
        """Fill in the decision of a record of before."""
        if self.by and not self.decisions:
            decision = NameDecision(state=self.state, by=self.by, at=self.at)
            msgspec.structs.force_setattr(self, "decisions", (decision,))


SITE_NAMES = Collection("deid_site_names", SiteName, key="id", fields=("state",))
HEADER_NAMES = Collection("deid_header_names", HeaderName, key="id", fields=("state", "at"), indexes=(("state", "at"),))
