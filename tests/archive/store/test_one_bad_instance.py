"""One Instance that cannot be handled is its own failure; the others of the body are stored."""

import io
from pathlib import Path
from typing import Any

import msgspec
import pydicom
import pytest
from pydicom.uid import generate_uid

from services.archive.records import INSTANCES, InstanceRecord
from services.archive.store import batch, prepare
from tests.archive.conftest import Archive
from tests.archive.store.test_basics import changed, qido, stow

HUGE = "99999999999999999999"


@pytest.fixture
def slices(shared_data: Path) -> list[bytes]:
    """Three small Instances of one Series."""
    data = (shared_data / "dicom/ct-philips/I10").read_bytes()
    small = changed(data, Rows=8, Columns=8, PixelData=b"\0" * 128, InstanceNumber=11, SeriesNumber=22)
    return [changed(small, SOPInstanceUID=generate_uid()) for _ in range(3)]


def with_text(data: bytes, tag: int, text: str) -> bytes:
    """Write an IS that pydicom itself would not make."""
    data_set = pydicom.dcmread(io.BytesIO(data))
    data_set[tag] = pydicom.DataElement(tag, "UT", text)
    target = io.BytesIO()
    data_set.save_as(target)
    long_form = tag.to_bytes(4, "big")
    head = long_form[1::-1] + long_form[:1:-1]
    whole = target.getvalue()
    ut = head + b"UT\0\0" + len(text).to_bytes(4, "little")
    assert whole.count(ut) == 1
    return whole.replace(ut, head + b"IS" + len(text).to_bytes(2, "little"))


@pytest.mark.parametrize("tag", [0x00200013, 0x00200011, 0x00280008, 0x00181152])
async def test_a_number_of_more_than_64_bits_is_kept_as_the_file_has_it(
    archive: Archive, slices: list[bytes], tag: int
) -> None:
    bad = with_text(slices[0], tag, HUGE)

    status, answer = await stow(archive, [bad, *slices[1:]])

    study = pydicom.dcmread(io.BytesIO(bad), stop_before_pixels=True, specific_tags=["StudyInstanceUID"])
    assert status == 200, answer
    found = await qido(archive, f"/studies/{study.StudyInstanceUID}/instances?includefield=all")
    values = [each[f"{tag:08X}"]["Value"] for each in found if f"{tag:08X}" in each]
    assert len(found) == 3
    assert [HUGE] in values or tag == 0x00200011
    assert len(await archive.deps.documents.get_many(INSTANCES, [each["00080018"]["Value"][0] for each in found])) == 3


async def test_an_unforeseen_error_of_one_instance_is_its_own_failure(
    archive: Archive, slices: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    make = prepare._record

    def fails(data: Any, *args: Any) -> InstanceRecord:
        if bytes(data) == slices[1]:
            raise ZeroDivisionError("a value nobody may see")
        return make(data, *args)

    monkeypatch.setattr(prepare, "_record", fails)

    status, answer = await stow(archive, slices)

    (failed,) = answer["00081198"]["Value"]
    assert status == 202
    assert failed["00081197"]["Value"] == [0x0110]
    assert failed["00000902"]["Value"] == ["not handled: ZeroDivisionError"]
    assert len(answer["00081199"]["Value"]) == 2


async def test_an_instance_that_no_index_takes_fails_alone(
    archive: Archive, slices: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    make = prepare.prepare

    def overflows(data: Any, **given: Any) -> Any:
        prepared = make(data, **given)
        if isinstance(prepared, prepare.Failure) or bytes(data) != slices[1]:
            return prepared
        record = msgspec.structs.replace(prepared.record, instance_number=2**64)
        return msgspec.structs.replace(prepared, record=record)

    monkeypatch.setattr(batch, "prepare", overflows)

    status, answer = await stow(archive, slices)

    assert status == 202
    assert [each["00081197"]["Value"] for each in answer["00081198"]["Value"]] == [[0x0110]]
    assert len(answer["00081199"]["Value"]) == 2
    assert await archive.deps.documents.count(INSTANCES) == 2
