"""Instances by C-STORE, sent by dcmtk and by pynetdicom."""

import asyncio
import errno
import hashlib
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import AE
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from services.ingest.images.data_set_spool import DataSetSpool
from services.ingest.receipts.records import ARRIVALS, RECEIPTS, REJECTED
from services.ingest.settings import IngestSettings
from shared.blobs import Blobs
from shared.dicom import file_format
from shared.errors import NotFound, SettingsError, StorageFull, Unavailable
from shared.service import Role
from tests.ingest.conftest import Doors, open_doors
from tests.ingest.reports.sr_documents import malformed
from tests.servers.dcmtk import tool

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"


async def storescu(port: int, *files: Path, title: str = "PACS") -> int:
    command = [tool("storescu"), "-aet", title, "-aec", "JMID", "127.0.0.1", str(port), *map(str, files)]
    return (await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=60)).returncode


async def test_storescu_sends_and_one_association_has_one_receipt(doors: Doors, ct: list[Path]) -> None:
    code = await storescu(doors.dimse_port, *ct[:4])

    announced = await doors.blobs_published(4)
    receipts = (await doors.documents.find(RECEIPTS)).documents
    assert code == 0
    assert [(r.endpoint, r.sender, r.received) for r in receipts] == [("dimse", "PACS", 4)]
    store = doors.host.ports[Role.GATEWAY].blobs["identified"]
    assert {await data_set(store, key) for key in announced} == {data_set_of(path.read_bytes()) for path in ct[:4]}


async def data_set(store: Blobs, key: str) -> str:
    data = await store.get(key)
    assert hashlib.sha256(data).hexdigest() == key
    return data_set_of(data)


def data_set_of(data: bytes) -> str:
    file = file_format.split(data)
    return hashlib.sha256(bytes(file.data[file.start :])).hexdigest()


async def test_a_long_association_fills_several_receipts(tmp_path: Path, ct: list[Path]) -> None:
    async with open_doors(tmp_path, JMID_INGEST_RECEIPT_INSTANCES="3") as doors:
        code = await storescu(doors.dimse_port, *ct[:7])
        receipts = (await doors.documents.find(RECEIPTS)).documents

    assert code == 0
    assert sorted(receipt.received for receipt in receipts) == [1, 3, 3]


async def test_echo_is_answered(doors: Doors) -> None:
    command = [tool("echoscu"), "-aec", "JMID", "127.0.0.1", str(doors.dimse_port)]

    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=30)

    assert done.returncode == 0


async def test_an_ae_that_is_not_on_the_list_is_rejected(tmp_path: Path, ct: list[Path]) -> None:
    async with open_doors(tmp_path, JMID_INGEST_ALLOWED_AE="PACS,CT1@127.0.0.1") as doors:
        codes = [await storescu(doors.dimse_port, ct[0], title=title) for title in ("STRANGER", "PACS", "CT1")]
        arrivals = await doors.documents.count(ARRIVALS)

    assert [code == 0 for code in codes] == [False, True, True]
    assert arrivals == 1


def send_as(port: int, dataset: pydicom.Dataset, sop_class_uid: str, syntax: str) -> int:
    entity = AE(ae_title="PACS")
    entity.add_requested_context(sop_class_uid, syntax)
    association = entity.associate("127.0.0.1", port, ae_title="JMID")
    assert association.is_established
    assert association.accepted_contexts
    status = association.send_c_store(dataset)
    association.release()
    return int(status.Status)


async def test_a_private_sop_class_is_taken(doors: Doors, ct: list[Path]) -> None:
    dataset = pydicom.dcmread(ct[0])
    dataset.SOPClassUID = UID("1.2.392.200036.9116.7.8.1.1.1")
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID

    status = await asyncio.to_thread(
        send_as, doors.dimse_port, dataset, dataset.SOPClassUID, str(dataset.file_meta.TransferSyntaxUID)
    )

    assert status == 0
    assert len(await doors.blobs_published(1)) == 1


@pytest.mark.parametrize("name", ["JPEG2000.dcm", "SC_rgb_rle.dcm", "MR_small_bigendian.dcm", "image_dfl.dcm"])
async def test_every_transfer_syntax_is_taken(doors: Doors, name: str) -> None:
    path = Path(str(pydicom.data.get_testdata_file(name)))
    dataset = pydicom.dcmread(path)

    status = await asyncio.to_thread(
        send_as, doors.dimse_port, dataset, str(dataset.SOPClassUID), str(dataset.file_meta.TransferSyntaxUID)
    )

    key = (await doors.blobs_published(1))[0]
    kept = await doors.host.ports[Role.GATEWAY].blobs["identified"].get(key)
    assert status == 0
    assert file_format.split(kept).transfer_syntax_uid == dataset.file_meta.TransferSyntaxUID


async def test_a_taken_port_is_a_clear_error(tmp_path: Path) -> None:
    async with open_doors(tmp_path / "a") as doors:
        with pytest.raises(SettingsError, match="JMID_INGEST_DIMSE_PORT"):
            async with open_doors(tmp_path / "b", JMID_INGEST_DIMSE_PORT=str(doors.dimse_port)):
                pass


async def test_connections_that_ask_for_nothing_do_not_keep_others_out(doors: Doors) -> None:
    for _ in range(IngestSettings().max_associations + 5):  # as many as a health check makes in a while
        _, writer = await asyncio.open_connection("127.0.0.1", doors.dimse_port)
        writer.close()
        await writer.wait_closed()

    async def answers() -> bool:
        return await asyncio.to_thread(echoes, doors.dimse_port)

    await doors.until(answers)


@pytest.mark.slow
async def test_silent_connections_cost_no_threads_and_do_not_keep_a_modality_out(doors: Doors) -> None:
    threads = threading.active_count()
    with ExitStack() as silent:
        for _ in range(IngestSettings().waiting_connections + 10):
            connection = silent.enter_context(socket.create_connection(("127.0.0.1", doors.dimse_port), 10))
        connection.sendall(b"\x01\0")  # a request that does not go on

        answered = await asyncio.to_thread(echoes, doors.dimse_port)

        assert answered
        assert threading.active_count() < threads + 20


@pytest.mark.parametrize("sent", [b"", b"\x01\0\0\0\0\xff", b"GET / HTTP/1.1\r\n\r\n", b"\x01\0\xff\xff\xff\xff"])
async def test_a_connection_that_does_not_ask_is_closed(tmp_path: Path, sent: bytes) -> None:
    async with open_doors(tmp_path, JMID_INGEST_ASSOCIATE_TIMEOUT_S="0.2") as doors:
        reader, writer = await asyncio.open_connection("127.0.0.1", doors.dimse_port)
        writer.write(sent)

        async with asyncio.timeout(10):
            with suppress(ConnectionResetError):  # what was sent was not read
                assert await reader.read() == b""
        writer.close()


@pytest.mark.parametrize("sent", [b"\x01", b"\x01\0\0\0\0\xff", b"\x01\0\0\0\0\xff" + bytes(100)])
async def test_a_request_that_ends_before_it_is_whole_is_not_waited_for(tmp_path: Path, sent: bytes) -> None:
    async with open_doors(tmp_path, JMID_INGEST_ASSOCIATE_TIMEOUT_S="600") as doors:
        reader, writer = await asyncio.open_connection("127.0.0.1", doors.dimse_port)
        writer.write(sent)
        writer.write_eof()

        async with asyncio.timeout(10):
            assert await reader.read() == b""
        writer.close()


async def test_one_peer_does_not_take_every_association(tmp_path: Path) -> None:
    async with open_doors(tmp_path, JMID_INGEST_MAX_ASSOCIATIONS_PER_PEER="1") as doors:
        with held(doors.dimse_port, "PACS"):
            others = [await asyncio.to_thread(echoes, doors.dimse_port, title) for title in ("PACS", "CT1")]

        async def answers() -> bool:
            return await asyncio.to_thread(echoes, doors.dimse_port, "PACS")

        await doors.until(answers)
    assert others == [False, True]


@contextmanager
def held(port: int, title: str) -> Iterator[None]:
    """An association that does nothing."""
    entity = AE(ae_title=title)
    entity.add_requested_context(Verification)
    association = entity.associate("127.0.0.1", port)
    assert association.is_established
    yield
    association.release()


async def test_an_instance_in_a_file_is_kept_as_one_in_memory(tmp_path: Path, ct: list[Path]) -> None:
    keys = []
    for name, environ in (("memory", {}), ("file", {"JMID_INGEST_SMALL_PART_BYTES": "1000"})):
        async with open_doors(tmp_path / name, **environ) as doors:
            assert await storescu(doors.dimse_port, ct[0]) == 0
            keys += await doors.blobs_published(1)
            scratch = tmp_path / name / "gateway" / "ingest" / "scratch"
            assert not scratch.exists() or not any(scratch.iterdir())

    assert keys[0] == keys[1]


async def test_an_instance_that_is_too_large_is_refused_and_the_next_is_taken(tmp_path: Path, ct: list[Path]) -> None:
    small = tmp_path / "small.dcm"
    dataset = pydicom.dcmread(ct[0])
    dataset.Rows = dataset.Columns = 16
    dataset.PixelData = bytes(512)
    dataset.save_as(small)
    async with open_doors(tmp_path, JMID_INGEST_MAX_INSTANCE_BYTES="50000") as doors:
        codes = [await storescu(doors.dimse_port, path) for path in (ct[0], small)]
        answer = await asyncio.to_thread(answer_to, doors.dimse_port, pydicom.dcmread(ct[0]))
        arrivals = await doors.documents.count(ARRIVALS)
        rejected = await doors.documents.find(REJECTED)

    assert [code == 0 for code in codes] == [False, True]
    assert arrivals == 1
    assert [(each.reason, each.state) for each in rejected.documents] == [("too-large", "not-kept")] * 2
    assert answer.Status == 0xC001  # Cxxx is final (PS3.4 B.2.3)
    assert "JMID_INGEST_MAX_INSTANCE_BYTES" in answer.ErrorComment


def answer_to(port: int, dataset: Dataset) -> Dataset:
    """Return what a C-STORE is answered with."""
    entity = AE()
    entity.add_requested_context(dataset.SOPClassUID, dataset.file_meta.TransferSyntaxUID)
    association = entity.associate("127.0.0.1", port)
    assert association.is_established
    answer: Dataset = association.send_c_store(dataset)
    association.release()
    return answer


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (StorageFull("no room"), 0xA700),
        (Unavailable("the store is away"), 0xA700),
        (ValueError("not foreseen"), 0xA700),
        (NotFound("no-such-thing"), 0x0110),
    ],
)
async def test_only_what_may_succeed_later_is_out_of_resources(
    tmp_path: Path, ct: list[Path], monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    async def failing(*_: object) -> None:
        raise error

    monkeypatch.setattr("services.ingest.images.keeping.receive", failing)
    async with open_doors(tmp_path) as doors:
        answer = await asyncio.to_thread(answer_to, doors.dimse_port, pydicom.dcmread(ct[0]))

    assert answer.Status == status


async def test_a_file_that_finds_no_room_at_its_end_may_be_sent_again(
    tmp_path: Path, ct: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: DataSetSpool) -> None:
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(DataSetSpool, "mapped", full)
    async with open_doors(tmp_path) as doors:
        answer = await asyncio.to_thread(answer_to, doors.dimse_port, pydicom.dcmread(ct[0]))

    assert answer.Status == 0xA700


def echoes(port: int, title: str = "PYNETDICOM") -> bool:
    entity = AE(ae_title=title)
    entity.add_requested_context(Verification)
    association = entity.associate("127.0.0.1", port)
    if not association.is_established:
        return False
    status = association.send_c_echo()
    association.release()
    return bool(status.Status == 0)


@pytest.mark.parametrize(
    ("bind", "allowed", "warns"), [("0.0.0.0", "", 1), ("0.0.0.0", "PACS", 0), ("127.0.0.1", "", 0)]
)
async def test_an_scp_that_nobody_else_is_listed_for_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bind: str, allowed: str, warns: int
) -> None:
    told: list[str] = []
    monkeypatch.setattr("services.ingest.images.dimse.decided", lambda decision, **_: told.append(decision))

    async with open_doors(tmp_path, JMID_INGEST_DIMSE_BIND=bind, JMID_INGEST_ALLOWED_AE=allowed):
        pass

    assert told.count("dimse-closed-to-others") == warns


async def test_a_structured_report_that_no_reader_foresaw_is_answered_with_success(
    doors: Doors, tmp_path: Path
) -> None:
    files = [tmp_path / f"{number}.dcm" for number, _ in enumerate(malformed())]
    for path, data in zip(files, malformed(), strict=True):
        path.write_bytes(data)

    code = await storescu(doors.dimse_port, *files)

    assert code == 0
    assert {row.reason for row in (await doors.documents.find(REJECTED)).documents} == {"not-handled"}
    assert len(await doors.blobs_published(len(files))) == len(files)
