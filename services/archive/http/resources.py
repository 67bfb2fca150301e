"""Find the Instances that the path of a request names: 404 if there are none, 410 if their bytes are not here.

Where only some of them are here, what these give is answered as 206 Partial Content.

Source: PS3.18 10.4.3.1 (status codes of the Retrieve Transaction), 8.5.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from services.archive.deletion_records import DELETED, DeletedRecord
from services.archive.deps import ArchiveDeps
from services.archive.http.responses import answer_deleted, answer_gone, answer_withdrawn
from services.archive.records import INSTANCES, SERIES, STUDIES, InstanceRecord
from services.archive.withdrawal_records import WITHDRAWN_STUDIES
from shared.documents import Eq
from shared.errors import NotFound
from shared.web.access import reach


class Resource(NamedTuple):
    """The Instances of a Study or Series, or one. online: whose bytes are stored.  offline: the others."""

    online: list[InstanceRecord]
    offline: list[InstanceRecord]

    def status(self, asked: Callable[[InstanceRecord], bool] = lambda _: True) -> int:
        """Return 200, or 206 if an Instance that was asked for is offline (PS3.18 Table 10.4.3-1)."""
        return 206 if any(asked(record) for record in self.offline) else 200


async def is_within_reach(deps: ArchiveDeps, study_instance_uid: str) -> bool:
    """Say whether the request may know of a Study; of one that it may not, it is told as of one that is not here."""
    reached = reach.current()
    if reached.is_all:
        return True
    study = await deps.documents.get(STUDIES, study_instance_uid)
    return study is not None and reached.holds(study.only_site)


async def instance_of(deps: ArchiveDeps, path: Mapping[str, str]) -> InstanceRecord:
    """Return the Instance that the path names; raise NotFound if it is not in that Series and Study."""
    record = await deps.documents.get(INSTANCES, path["instance"])
    if record is None or record.series_instance_uid != path["series"] or record.study_instance_uid != path["study"]:
        await _check_gone(deps, path)
        raise NotFound("no-such-instance")
    if not await is_within_reach(deps, record.study_instance_uid):
        raise NotFound("no-such-instance")
    return record


async def online_instance(deps: ArchiveDeps, path: Mapping[str, str]) -> InstanceRecord:
    """Return the Instance that the path names, whose bytes are stored; 410 if they were evicted or are damaged."""
    record = await instance_of(deps, path)
    if not record.is_here:
        answer_gone(record.study_instance_uid, record.state)
    return record


async def instances_of(deps: ArchiveDeps, path: Mapping[str, str]) -> list[InstanceRecord]:
    """Return all Instances of the Study, Series or Instance that the path names, in the order for reading.

    Series by number, Instances by number; raise NotFound if there is none.
    """
    if "instance" in path:
        return [await instance_of(deps, path)]
    where = Eq("series_instance_uid", path["series"]) if "series" in path else Eq("study_instance_uid", path["study"])
    records = deps.documents.every(INSTANCES, where)
    instances = [record async for record in records if record.study_instance_uid == path["study"]]
    if not instances:
        await _check_gone(deps, path)
    if not instances or not await is_within_reach(deps, path["study"]):
        raise NotFound("no-such-series" if "series" in path else "no-such-study")
    numbers = {} if "series" in path else await _series_numbers(deps, path["study"])
    instances.sort(
        key=lambda each: (*numbers.get(each.series_instance_uid, (0, "")), each.instance_number, each.sop_instance_uid)
    )
    return instances


async def resource_of(deps: ArchiveDeps, path: Mapping[str, str]) -> Resource:
    """Return the Instances that the path names by whether their bytes are stored; 410 if none are."""
    records = await instances_of(deps, path)
    resource = Resource([each for each in records if each.is_here], [each for each in records if not each.is_here])
    if not resource.online:
        answer_gone(records[0].study_instance_uid, records[0].state)
    return resource


async def _check_gone(deps: ArchiveDeps, path: Mapping[str, str]) -> None:
    """Answer 410 for a Study whose patient opted out, and for what an administrator deleted."""
    if await deps.documents.get(WITHDRAWN_STUDIES, path["study"]) is not None:
        answer_withdrawn()
    tombstone, reached = await _tombstone(deps, path), reach.current()
    if tombstone is not None and (reached.is_all or reached.holds(tombstone.site)):
        answer_deleted()


async def _tombstone(deps: ArchiveDeps, path: Mapping[str, str]) -> DeletedRecord | None:
    """Return the tombstone of the Instance that the path names, or of one of its Series or Study."""
    names = {"study": "study_instance_uid", "series": "series_instance_uid", "instance": "sop_instance_uid"}
    own = {field: path[name] for name, field in names.items() if name in path}
    if "instance" in path:
        record = await deps.documents.get(DELETED, path["instance"])
        return record if record and all(getattr(record, field) == uid for field, uid in own.items()) else None
    page = await deps.documents.find(DELETED, *(Eq(field, uid) for field, uid in own.items()), limit=1)
    return page.documents[0] if page.documents else None


async def _series_numbers(deps: ArchiveDeps, study: str) -> dict[str, tuple[int, str]]:
    series = deps.documents.every(SERIES, Eq("study_instance_uid", study))
    return {each.series_instance_uid: (each.series_number, each.series_instance_uid) async for each in series}
