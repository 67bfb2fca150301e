"""What an administrator deleted is 410 with its reason, until it is stored again; what was never here is 404."""

import pytest

from services.archive.deletion_records import DELETED
from services.archive.http.resources import instance_of
from services.archive.records import InstanceRecord
from shared.errors import NotFound
from shared.web.access.reach import CURRENT, Reach
from shared.web.gone_reason import GONE_REASON
from tests.archive.retrieve.fixtures import Serving, path_of
from tests.archive.retrieve.test_metadata_cache import made

ADMINISTRATOR = {"Authorization": "Bearer secret", "X-Reason": "a test"}


def study_of(record: InstanceRecord) -> str:
    return path_of(record).partition("/series")[0]


async def delete(serving: Serving, path: str) -> None:
    async with serving.client.delete(f"{serving.url}/{path}", headers=ADMINISTRATOR) as answer:
        assert answer.status == 204


async def head(serving: Serving, path: str) -> tuple[int, str]:
    async with serving.client.head(f"{serving.url}/{path}") as answer:
        return answer.status, answer.headers.get(GONE_REASON, "")


async def test_what_was_deleted_is_gone_with_its_reason_until_it_is_stored_again(serving: Serving) -> None:
    (one,), (two,) = await serving.take(made(number=1)), await serving.take(made(number=2))

    await delete(serving, path_of(one))
    alone = [await head(serving, path) for path in (path_of(one), path_of(two), study_of(one))]
    await delete(serving, study_of(one))
    async with serving.client.get(f"{serving.url}/{study_of(one)}") as answer:
        whole = answer.status, (await answer.json())["reason"], answer.headers["Cache-Control"]
    strange = await head(serving, f"{path_of(one)}.1")
    await serving.take(made(number=1))
    back = [await head(serving, path) for path in (path_of(one), path_of(two), study_of(one))]

    assert alone == [(410, "deleted"), (200, ""), (200, "")]
    assert whole == (410, "deleted", "no-store")
    assert strange == (404, "")
    assert back == [(200, ""), (410, "deleted"), (200, "")]
    assert await serving.deps.documents.count(DELETED) == 1


async def test_what_was_deleted_of_another_site_is_told_as_if_it_had_never_been_here(serving: Serving) -> None:
    (one,) = await serving.take(made(number=1))
    await delete(serving, path_of(one))
    path = {"study": one.study_instance_uid, "series": one.series_instance_uid, "instance": one.sop_instance_uid}
    token = CURRENT.set(Reach(sites=frozenset({"another"})))

    try:
        with pytest.raises(NotFound):
            await instance_of(serving.deps, path)
    finally:
        CURRENT.reset(token)
