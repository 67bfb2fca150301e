"""Data Sets that come by C-STORE: small ones in memory, large ones in a file without a name."""

from pathlib import Path

import pytest

from services.ingest.images.data_set_spool import DataSetSpool
from services.ingest.images.dimse_messages import WAITING, MessageLimits, SpoolingProvider
from services.ingest.images.instance_uids import identify
from shared.dicom import elements
from shared.dicom import spool as mapped_files
from shared.dicom.elements import EXPLICIT_LITTLE


def spool(scratch: Path, *, small: int = 10, most: int = 1 << 30) -> DataSetSpool:
    return DataSetSpool(lambda: b"head", small=small, most=most, scratch=scratch)


def test_a_small_data_set_stays_in_memory(tmp_path: Path) -> None:
    small = spool(tmp_path)

    small.write(b"12345")
    small.write(b"67890")

    assert (small.mapped(), small.getvalue()) == (None, b"1234567890")


def test_a_large_one_is_mapped_behind_its_head_and_leaves_no_file(tmp_path: Path) -> None:
    large = spool(tmp_path)
    for part in (b"12345", b"67890", b"12345"):
        large.write(part)

    mapped = large.mapped()

    assert mapped is not None
    assert (bytes(mapped), large.getvalue()) == (b"head123456789012345", b"")
    assert list(tmp_path.iterdir()) == []
    large.release()


def test_what_is_larger_than_is_taken_is_dropped(tmp_path: Path) -> None:
    large = spool(tmp_path, most=20)

    for _ in range(5):
        large.write(b"12345")

    assert large.too_large
    assert (large.mapped(), large.getvalue()) == (None, b"")


def test_what_finds_no_room_is_read_to_its_end(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.write_bytes(b"")  # no folder can be made here
    large = spool(scratch)

    sizes = [large.write(b"1234567890") for _ in range(3)]

    assert sizes == [10, 10, 10]
    assert large.no_room
    assert not large.too_large


def test_what_was_read_of_a_mapped_file_leaves_memory(tmp_path: Path) -> None:
    large = spool(tmp_path)
    for _ in range(64):
        large.write(bytes(1 << 20))
    mapped = large.mapped()
    assert mapped is not None

    mapped_files.sha256(mapped)

    assert resident_bytes(tmp_path) < 16 << 20
    assert mapped[:4] == b"head"


def test_a_walk_over_many_fragments_leaves_no_pages_in_memory(tmp_path: Path) -> None:
    uids = {0x00080016: b"1.2", 0x00080018: b"1.3", 0x0020000D: b"1.4", 0x0020000E: b"1.5"}
    jpeg = elements.encode(0x00020010, b"UI", b"1.2.840.10008.1.2.4.50", EXPLICIT_LITTLE)
    large = DataSetSpool(lambda: bytes(128) + b"DICM" + jpeg, small=10, most=0, scratch=tmp_path)
    for tag, uid in uids.items():
        large.write(elements.encode(tag, b"UI", uid, EXPLICIT_LITTLE))
    large.write(elements.header(elements.PIXEL_DATA, b"OB", elements.UNDEFINED, EXPLICIT_LITTLE))
    for _ in range(1600):
        large.write(elements.encode(elements.ITEM, b"", bytes(40_000), EXPLICIT_LITTLE))
    large.write(elements.header(elements.SEQUENCE_END, b"", 0, EXPLICIT_LITTLE))
    mapped = large.mapped()
    assert mapped is not None

    assert identify(mapped).sop_instance_uid == "1.3"

    assert len(mapped) > 64_000_000
    assert resident_bytes(tmp_path) < 16 << 20


def resident_bytes(folder: Path) -> int:
    """Return how much of the files of a folder that are mapped here is in memory."""
    blocks = Path("/proc/self/smaps").read_text(encoding="utf-8").split("VmFlags")
    ours = [block for block in blocks if str(folder) in block]
    assert ours
    return sum(int(block.split("\nRss:")[1].split()[0]) for block in ours) * 1024


class Aborted(Exception):
    """The association was aborted."""


class FakeAssociation:
    def abort(self, *, block: bool) -> None:
        assert not block
        raise Aborted


@pytest.mark.parametrize(("message_s", "waiting"), [(-1.0, 0), (60.0, WAITING + 1)])
def test_a_slow_message_and_one_too_many_end_the_association(tmp_path: Path, message_s: float, waiting: int) -> None:
    limits = MessageLimits(small_bytes=10, most_bytes=10, message_s=message_s, scratch=tmp_path)
    provider = SpoolingProvider(FakeAssociation(), limits)  # type: ignore[arg-type]
    for _ in range(waiting):
        provider.msg_queue.put((None, None))

    with pytest.raises(Aborted):
        provider.receive_primitive(None)
