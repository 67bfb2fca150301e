"""The archive under nonsense: every request is answered in time and in the protocol's terms, and nothing grows."""

import io
import json
from pathlib import Path

import pydicom
import pydicom.data
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.conftest import FUZZ, Door, grown
from tests.fuzz.strategies import BOUNDARY, DICOM, damaged, multipart, query, retrieval

pytestmark = [pytest.mark.timeout(600), pytest.mark.fuzz]
ROOT = "/dicom-web"
FOLDER = Path(pydicom.data.__file__).parent / "test_files"
NAMES = ["CT_small.dcm", "MR_small_RLE.dcm", "reportsi.dcm", "image_dfl.dcm", "MR_small_bigendian.dcm", "JPEG2000.dcm"]
FILES = [(FOLDER / name).read_bytes() for name in NAMES]
STORE = {200, 202, 400, 409, 413, 415}
SEARCH = {200, 204, 400, 404, 406, 414}
RETRIEVE = {200, 206, 304, 400, 404, 405, 406, 410, 412, 416}


def stow(data: bytes) -> tuple[bytes, dict[str, str]]:
    """Return a sound Store request of one Instance."""
    head = b"--" + BOUNDARY + b"\r\nContent-Type: application/dicom\r\n\r\n"
    kind = f'multipart/related; type="{DICOM}"; boundary={BOUNDARY.decode()}'
    return head + data + b"\r\n--" + BOUNDARY + b"--\r\n", {"Content-Type": kind}


def known(door: Door) -> list[str]:
    """Store a CT image; return its Study, Series and SOP Instance UID."""
    body, headers = stow(FILES[0])
    assert door.ask("POST", f"{ROOT}/studies", body, headers)[0] == 200
    found = pydicom.dcmread(io.BytesIO(FILES[0]), stop_before_pixels=True)
    return [found.StudyInstanceUID, found.SeriesInstanceUID, found.SOPInstanceUID]


def test_store_requests(archive: Door) -> None:
    known(archive)
    before = archive.size()

    @FUZZ
    @given(multipart(FILES))
    def attack(request: tuple[bytes, dict[str, str]]) -> None:
        body, headers = request
        status, _ = archive.ask("POST", f"{ROOT}/studies", body, headers)
        assert status in STORE

    attack()
    assert not grown(archive, before)
    assert stored(archive) == at_rest(archive)


def test_metadata_store_requests(archive: Door) -> None:
    data_set = pydicom.dcmread(io.BytesIO(FILES[2]))
    document = json.dumps([data_set.to_json_dict()]).encode()
    kind = f'multipart/related; type="application/dicom+json"; boundary={BOUNDARY.decode()}'
    before = archive.size()

    @FUZZ
    @given(damaged(document), st.sampled_from([b"application/dicom+json", b"application/dicom+xml", b"image/jpeg"]))
    def attack(content: bytes, part: bytes) -> None:
        body = b"--" + BOUNDARY + b"\r\nContent-Type: " + part + b"\r\n\r\n" + content + b"\r\n--" + BOUNDARY + b"--"
        status, _ = archive.ask("POST", f"{ROOT}/studies", body, {"Content-Type": kind})
        assert status in STORE

    attack()
    assert not grown(archive, before)
    assert stored(archive) == at_rest(archive)


def test_searches(archive: Door) -> None:
    study, series, _ = known(archive)
    before = archive.size()
    levels = ["/studies", "/series", "/instances", f"/studies/{study}/series", f"/studies/{study}/instances"]
    levels += [f"/studies/{study}/series/{series}/instances", "/studies/1..2/series", "/changes"]

    @FUZZ
    @given(st.sampled_from(levels), query(), st.sampled_from(["application/dicom+json", "text/html", "*/*", ""]))
    def attack(level: str, asked: str, accept: str) -> None:
        status, _ = archive.ask("GET", f"{ROOT}{level}?{asked}", headers={"Accept": accept})
        assert status in SEARCH

    attack()
    assert not grown(archive, before)


def test_retrievals(archive: Door) -> None:
    uids = known(archive)
    before = archive.size()

    @FUZZ
    @given(retrieval(uids), st.sampled_from(["GET", "HEAD", "GET", "OPTIONS"]))
    def attack(asked: tuple[str, dict[str, str]], method: str) -> None:
        path, headers = asked
        status, _ = archive.ask(method, ROOT + path, headers=headers)
        assert status in RETRIEVE | ({204} if method == "OPTIONS" else set())

    attack()
    assert not grown(archive, before)


def test_bytes_that_are_no_request(archive: Door) -> None:
    body, headers = stow(FILES[0])
    head = "".join(f"{name}: {value}\r\n" for name, value in {**headers, "Content-Length": str(len(body))}.items())
    whole = f"POST {ROOT}/studies HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode() + body
    before = archive.size()

    @FUZZ
    @given(damaged(whole))
    def attack(data: bytes) -> None:
        answer = archive.say(data)
        assert not answer or answer.startswith(b"HTTP/")
        assert answer[9:10] != b"5"

    attack()
    assert not grown(archive, before)
    known(archive)


def stored(door: Door) -> set[str]:
    """Return the SOP Instance UIDs that a search finds."""
    status, body = door.ask("GET", f"{ROOT}/instances?limit=1000", headers={"Accept": "application/dicom+json"})
    return {each["00080018"]["Value"][0] for each in json.loads(body)} if status == 200 else set()


def at_rest(door: Door) -> set[str]:
    """Return the SOP Instance UIDs of which bytes are kept; what was refused for good reason left none."""
    found = door.home.rglob("blobs/instances/*/*/*")
    return {".".join(path.name.rsplit("+", 1)[-1].removesuffix(".dcm").split(".")[:-1]) for path in found}
