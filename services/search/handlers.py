"""Events only wake the follower: what to index is read from the change feeds. A trace goes on until it is indexed."""

from services.search.deps import SearchDeps
from shared.events import CaseChanged, Event, StudyChanged


async def study_changed(event: StudyChanged, deps: SearchDeps) -> list[Event]:
    """The archive's record of a Study changed."""
    deps.follower.awaited.begin([event.study_instance_uid], event.correlation_id)
    deps.follower.wake()
    return []


async def case_changed(event: CaseChanged, deps: SearchDeps) -> list[Event]:
    """A report, a link, a diagnosis or an annotation changed."""
    lone = [f"report-{report_id}" for report_id in event.report_ids]
    deps.follower.awaited.begin([event.study_instance_uid] if event.study_instance_uid else lone, event.correlation_id)
    deps.follower.wake()
    return []
