"""Events only wake the follower: what to index is read from the change feeds."""

from services.search.deps import SearchDeps
from shared.events import CaseChanged, Event, StudyChanged


async def study_changed(_: StudyChanged, deps: SearchDeps) -> list[Event]:
    """The archive's record of a Study changed."""
    deps.follower.wake()
    return []


async def case_changed(_: CaseChanged, deps: SearchDeps) -> list[Event]:
    """A report, a link, a diagnosis or an annotation changed."""
    deps.follower.wake()
    return []
