"""Metadata answers are kept while their Study stays as it is, and no longer."""

import gzip

import orjson

from services.archive.metadata_cache import LARGEST_BYTES, MOST_BYTES, Answer, Recent
from services.archive.records import INSTANCES, InstanceRecord
from tests.archive.retrieve.fixtures import INSTALLED, Serving, path_of
from tests.archive.store.test_basics import changed


def made(number: int) -> bytes:
    """Return one of several Instances of a Series."""
    return changed((INSTALLED / "CT_small.dcm").read_bytes(), SOPInstanceUID=f"1.2.3.{number}", InstanceNumber=number)


async def metadata(serving: Serving, record: InstanceRecord, level: str = "study", **headers: str) -> list[str]:
    """Return the SOP Instance UIDs that the metadata of a level have."""
    path = {"study": path_of(record).partition("/series")[0], "instance": path_of(record)}[level]
    status, answered, body = await serving.get(f"{path}/metadata", "application/dicom+json", **headers)
    assert status == 200
    plain = gzip.decompress(body) if answered.get("Content-Encoding") == "gzip" else body
    return [each["00080018"]["Value"][0] for each in orjson.loads(plain)]


async def test_what_is_asked_again_is_answered_the_same(serving: Serving) -> None:
    (record,) = await serving.take((INSTALLED / "CT_small.dcm").read_bytes())
    path = f"{path_of(record)}/metadata"

    first, again = [await serving.get(path, "application/dicom+json", **{"Accept-Encoding": ""}) for _ in range(2)]
    known = {"If-None-Match": again[1]["ETag"], "Accept-Encoding": ""}
    unchanged, _, _ = await serving.get(path, "application/dicom+json", **known)
    zipped = await metadata(serving, record, **{"Accept-Encoding": "gzip"})

    assert (first[0], first[1]["ETag"], first[2]) == (again[0], again[1]["ETag"], again[2])
    assert unchanged == 304
    assert zipped == [record.sop_instance_uid]


async def test_each_level_has_its_own(serving: Serving) -> None:
    one, two = await serving.take(*(made(number=n) for n in (1, 2)))

    of_study = [await metadata(serving, one) for _ in range(2)][-1]
    of_one = [await metadata(serving, one, "instance") for _ in range(2)][-1]

    assert sorted(of_study) == sorted([one.sop_instance_uid, two.sop_instance_uid])
    assert of_one == [one.sop_instance_uid]


async def test_a_store_and_a_deletion_are_seen_at_once(serving: Serving) -> None:
    one, two = made(number=1), made(number=2)
    (first,) = await serving.take(one)
    alone = await metadata(serving, first)

    (second,) = await serving.take(two)
    both = await metadata(serving, first)
    study = path_of(first).partition("/series")[0]
    administrator = {"Authorization": "Bearer secret", "X-Reason": "test"}
    async with serving.client.delete(f"{serving.url}/{study}", headers=administrator) as answer:
        assert answer.status == 204
    gone, _, _ = await serving.get(f"{study}/metadata")
    await serving.take(two)
    back = await metadata(serving, first)

    assert alone == [first.sop_instance_uid]
    assert len(both) == 2
    assert gone == 410
    assert back == [second.sop_instance_uid]
    assert await serving.deps.documents.count(INSTANCES) == 1


def test_the_least_recently_asked_for_makes_room() -> None:
    recent = Recent()
    body = (b"x" * (LARGEST_BYTES - 1),)
    keys = [(f"1.2.{number}", 1) for number in range(MOST_BYTES // LARGEST_BYTES + 1)]

    for key in keys[:-1]:
        recent.keep(key, Answer("", body))
    recent.get(keys[0])
    recent.keep(keys[-1], Answer("", body))
    recent.keep(("large", 1), Answer("", (b"x" * (LARGEST_BYTES + 1),)))

    kept = [key for key in [*keys, ("large", 1)] if recent.get(key)]
    assert kept == [keys[0], *keys[2:]]
