"""The hospital's receiving endpoints under nonsense: an answer in the protocol's terms in time, and nothing grows."""

import json
import socket
import threading
from contextlib import suppress
from pathlib import Path

import pydicom.data
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pynetdicom import AE, _config
from pynetdicom.sop_class import CTImageStorage, Verification  # type: ignore[attr-defined]

from tests.flow import senders
from tests.fuzz.conftest import ANSWER_S, FUZZ, Door, grown
from tests.fuzz.strategies import damaged, multipart

pytestmark = [pytest.mark.timeout(600), pytest.mark.fuzz]
FOLDER = Path(pydicom.data.__file__).parent / "test_files"
CT = (FOLDER / "CT_small.dcm").read_bytes()
REPORT = senders.fhir_report(senders.person(1), 1, "20240531", "異常を認めない。")
STORE = {200, 202, 400, 409, 413, 415}


def test_store_requests(ingest: Door) -> None:
    before = ingest.size()

    @FUZZ
    @given(multipart([CT, (FOLDER / "MR_small_RLE.dcm").read_bytes()]))
    def attack(request: tuple[bytes, dict[str, str]]) -> None:
        body, headers = request
        status, _ = ingest.ask("POST", "/ingest/dicom-web/studies", body, headers)
        assert status in STORE

    attack()
    assert not grown(ingest, before)


def test_reports(ingest: Door) -> None:
    before = ingest.size()
    kinds = ["application/fhir+json", "application/json", "text/csv", "application/fhir+json; charset=x", ""]
    shapes = st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
        max_leaves=12,
    )

    def with_odd_member(name: str, value: object) -> bytes:
        return json.dumps({**json.loads(REPORT), name: value}).encode()

    members = st.sampled_from(sorted(json.loads(REPORT)))
    bodies = (
        damaged(REPORT) | st.builds(with_odd_member, members, shapes) | shapes.map(lambda o: json.dumps(o).encode())
    )

    @FUZZ
    @given(bodies, st.sampled_from(kinds))
    def attack(body: bytes, kind: str) -> None:
        status, _ = ingest.ask("POST", "/ingest/reports", body, {"Content-Type": kind})
        assert status in {202, 400, 413, 415, 422}

    attack()
    assert not grown(ingest, before)


def test_data_sets_by_c_store(ingest: Door, tmp_path: Path) -> None:
    before = ingest.size()
    start = CT.index(b"\x08\x00\x05\x00CS")  # where the Data Set begins: only that is sent
    path = tmp_path / "damaged.dcm"
    entity = AE("FUZZ")
    entity.add_requested_context(CTImageStorage, "1.2.840.10008.1.2.1")
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = ANSWER_S
    association = entity.associate("127.0.0.1", ingest.dimse_port, ae_title="JMID")
    assert association.is_established

    @FUZZ
    @given(damaged(CT[start:]))
    def attack(data: bytes) -> None:
        path.write_bytes(CT[:start] + data)
        status = association.send_c_store(str(path))
        assert status.Status in {0x0000, 0xA900, 0xC000} or 0xC000 <= status.Status <= 0xCFFF

    _config.STORE_SEND_CHUNKED_DATASET = True
    try:
        attack()
    finally:
        _config.STORE_SEND_CHUNKED_DATASET = False
        association.release()
    assert not grown(ingest, before)


def test_bytes_that_are_no_association(ingest: Door) -> None:
    before = ingest.size()
    request = association_request()

    @FUZZ
    @given(damaged(request))
    def attack(data: bytes) -> None:
        with socket.create_connection(("127.0.0.1", ingest.dimse_port), timeout=ANSWER_S) as raw, suppress(OSError):
            raw.sendall(data)
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(65536):
                pass

    attack()
    assert not grown(ingest, before)
    entity = AE("FUZZ")
    entity.add_requested_context(Verification)
    association = entity.associate("127.0.0.1", ingest.dimse_port, ae_title="JMID")
    assert association.is_established
    assert association.send_c_echo().Status == 0
    association.release()


def association_request() -> bytes:
    """Return the A-ASSOCIATE-RQ (PS3.8 9.3.2) that pynetdicom sends, heard at a socket of our own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        entity = AE("FUZZ")
        entity.add_requested_context(Verification)
        entity.acse_timeout = 1
        asking = threading.Thread(target=entity.associate, args=("127.0.0.1", listener.getsockname()[1]))
        asking.start()
        connection, _ = listener.accept()
        with connection:
            heard = connection.recv(65536)
        asking.join()
        return heard
