"""What the archive derives from Instances is made again from their bytes."""

import gzip
import json
from pathlib import Path

import msgspec
import pytest

from services.archive.housekeeping.rebuild import Derived, Progress, rebuild
from services.archive.records import INSTANCES, SERIES, STUDIES, InstanceRecord, InstanceState
from shared.documents import Put
from tests.archive.conftest import Archive

OLD = 0
"""A version of a maker that was before the first."""


@pytest.fixture
def ct(shared_data: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted((shared_data / "dicom" / "ct-philips").glob("I*"))][:5]


async def remade(archive: Archive, derived: Derived, *, study: str = "", again: bool = False) -> Progress:
    return [each async for each in rebuild(archive.deps, derived, study=study, again=again)][-1]


async def instances(archive: Archive) -> list[InstanceRecord]:
    return (await archive.deps.documents.find(INSTANCES)).documents


async def spoil(archive: Archive) -> None:
    """Make every record as if an earlier version of the code had made it, and wrongly."""
    documents = archive.deps.documents
    wrong = {"answer": b"{}", "answer_maker": OLD}
    for instance in await instances(archive):
        attributes = {"0020000D": instance.study_instance_uid, "0020000E": instance.series_instance_uid}
        data_set = {tag: {"vr": "UI", "Value": [uid]} for tag, uid in attributes.items()}
        metadata = gzip.compress(json.dumps(data_set).encode())
        old = msgspec.structs.replace(instance, metadata=metadata, metadata_maker=OLD, header_end=0, **wrong)
        await documents.put(INSTANCES, old)
    for series in (await documents.find(SERIES)).documents:
        await documents.put(SERIES, msgspec.structs.replace(series, modality="", attributes=b"{}", **wrong))
    for study in (await documents.find(STUDIES)).documents:
        await documents.put(STUDIES, msgspec.structs.replace(study, patient_id="", attributes=b"{}", **wrong))


async def records(archive: Archive) -> list[msgspec.Struct]:
    documents = archive.deps.documents
    studies = (await documents.find(STUDIES)).documents
    return [
        *await instances(archive),
        *(await documents.find(SERIES)).documents,
        *(msgspec.structs.replace(study, changed_at=0.0) for study in studies),
    ]


async def test_metadata_and_answers_are_made_again_from_the_bytes(archive: Archive, ct: list[bytes]) -> None:
    await archive.store.take(ct)
    before = await records(archive)
    await spoil(archive)

    progress = await remade(archive, Derived.METADATA)

    assert (progress.studies, progress.made, progress.failed) == (1, 5, 0)
    assert await records(archive) == before


async def test_answers_are_made_again_from_the_metadata_of_evicted_instances_too(
    archive: Archive, ct: list[bytes]
) -> None:
    await archive.store.take(ct)
    documents = archive.deps.documents
    for instance in await instances(archive):
        await archive.deps.blobs.delete(instance.blob)
        await documents.put(INSTANCES, msgspec.structs.replace(instance, state=InstanceState.EVICTED))
    (study,) = (await documents.find(STUDIES)).documents
    await documents.put(STUDIES, msgspec.structs.replace(study, evicted=5, online=0, size_bytes=0))
    before = await records(archive)
    for instance in await instances(archive):
        await documents.put(INSTANCES, msgspec.structs.replace(instance, answer=b"{}", answer_maker=OLD))

    progress = await remade(archive, Derived.ANSWERS)

    assert (progress.made, progress.failed) == (5, 0)
    assert await records(archive) == before


async def test_what_the_present_code_made_is_left_as_it_is(archive: Archive, ct: list[bytes]) -> None:
    await archive.store.take(ct)
    (last,) = await archive.deps.documents.changes(STUDIES)

    progress = await remade(archive, Derived.METADATA)

    assert (progress.made, progress.current) == (0, 5)
    assert await archive.deps.documents.changes(STUDIES) == [last]


async def test_a_run_that_was_stopped_makes_only_what_is_left(archive: Archive, ct: list[bytes]) -> None:
    await archive.store.take(ct)
    before = await records(archive)
    await spoil(archive)
    good = [record for record in before if isinstance(record, InstanceRecord)][:2]
    await archive.deps.documents.write(*(Put(INSTANCES, record) for record in good))

    progress = await remade(archive, Derived.METADATA)

    assert (progress.made, progress.current) == (3, 2)
    assert await records(archive) == before


async def test_bytes_that_are_not_those_of_the_record_fail_alone(archive: Archive, ct: list[bytes]) -> None:
    await archive.store.take(ct)
    await spoil(archive)
    broken, missing, *_ = await instances(archive)
    await archive.deps.blobs.put(broken.blob, b"no DICOM at all")
    await archive.deps.blobs.delete(missing.blob)

    progress = await remade(archive, Derived.METADATA)

    assert (progress.made, progress.failed) == (3, 2)
    assert {record.metadata_maker for record in await instances(archive)} == {OLD, 1}


async def test_one_study_is_made_again_and_no_other(archive: Archive, ct: list[bytes], shared_data: Path) -> None:
    mr = sorted((shared_data / "dicom/dcmqi/paramaps/701-ADCb500").glob("*.dcm"))[:2]
    await archive.store.take(ct)
    await archive.store.take([path.read_bytes() for path in mr])
    await spoil(archive)
    study = next(
        record.study_instance_uid for record in await instances(archive) if record.sop_class_uid.endswith(".2")
    )

    progress = await remade(archive, Derived.METADATA, study=study)

    assert (progress.studies, progress.made) == (1, 5)
