"""Paths that lead out of where they should: nothing outside is read, and nothing outside the home is written."""

import asyncio
import warnings
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import msgspec
import pydicom
import pytest
import pytest_asyncio
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian
from pynetdicom import AE

from shared.backup import catalogue
from shared.backup.catalogue import Catalogue, stored
from shared.backup.repository import Repository
from tests.attacks.target import CANARY, Target, filled, routes, target
from tests.backup.fixtures import a_home, backed_up, restored, to
from tests.flow.inside import SETTLED

__all__ = ["to"]
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore"), pytest.mark.asyncio(loop_scope="module")]
UP = "../" * 12
SECRETS = (CANARY.encode(), b"root:x:0:")
ENCODED = (
    f"{UP}canary.txt".replace("/", "%2f"),
    f"{UP}etc/passwd".replace("/", "%2f"),
    f"{UP}etc/passwd".replace("/", "%252f"),
    "..%5c..%5c..%5cetc%5cpasswd",
    "%2fetc%2fpasswd",
    "%2e%2e",
    "..%00",
    "%c0%ae%c0%ae%c0%afetc",
)
OUT_UID = "../../../../canary.txt"
STOW = 'multipart/related; type="application/dicom"; boundary=b'


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def attacked(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Target]:
    async with target(tmp_path_factory.mktemp("paths")) as opened:
        yield opened


def status(answer: bytes) -> int:
    return int(answer[9:12])


def instance(uid: str) -> bytes:
    """Return a Part 10 file whose UIDs are no UIDs."""
    data, file = Dataset(), BytesIO()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    with warnings.catch_warnings(action="ignore"):
        data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = CTImageStorage
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = UID(uid)
        data.StudyInstanceUID = data.SeriesInstanceUID = uid
        data.PatientID = uid
        pydicom.dcmwrite(file, data, enforce_file_format=True)
    return file.getvalue()


async def test_a_parameter_of_a_url_names_no_file(attacked: Target) -> None:
    for _, path in routes("GET"):
        for value in ENCODED if "{" in path else ENCODED[:1]:
            asked = filled(path, value) if "{" in path else f"{path.rstrip('/')}/{value}"
            answer = await attacked.get(asked)

            assert status(answer) != 500, (asked, answer)
            assert not any(secret in answer for secret in SECRETS), asked


@pytest.mark.parametrize("prefix", ["/static", "/static/..", "/dicom-web", "/gateway", "/-/language", ""])
async def test_dots_in_a_request_target_lead_nowhere(attacked: Target, prefix: str) -> None:
    for dots in (
        f"{UP}etc/passwd",
        "//etc/passwd",
        "/%2e%2e/%2e%2e/%2e%2e/app.py",
        "/..%2f..%2fruntime/app.py",
        "/.%00/",
    ):
        answer = await attacked.get(f"{prefix}/{dots}")

        assert status(answer) in (400, 403, 404), (prefix, dots, answer[:80])


async def test_a_query_parameter_names_no_file(attacked: Target) -> None:
    for path in (
        "/dicom-web/studies",
        "/dicom-web/wado",
        "/api/cases",
        "/gateway/receipts",
        "/gateway/quarantine",
        "/",
    ):
        for name in ("StudyInstanceUID", "studyUID", "after", "q", "state", "series", "lang", "template", "file"):
            answer = await attacked.get(f"{path}?requestType=WADO&{name}={ENCODED[1]}")

            assert status(answer) != 500, (path, name, answer)
            assert not any(secret in answer for secret in SECRETS), (path, name)


@pytest.mark.parametrize("path", ["/ingest/dicom-web/studies", "/dicom-web/studies"])
async def test_uids_that_are_paths_are_refused_by_stow(attacked: Target, path: str) -> None:
    before = attacked.outside()
    body = b"--b\r\nContent-Type: application/dicom\r\n\r\n" + instance(OUT_UID) + b"\r\n--b--\r\n"

    async with attacked.client.post(path, data=body, headers={"Content-Type": STOW}) as answer:
        text = await answer.text()

    assert answer.status == 409, text
    assert "00081199" not in text  # nothing was referenced as stored
    assert attacked.outside() == before


@pytest.mark.parametrize("header", ["Content-Location", "Content-Disposition", "Content-ID"])
async def test_a_part_is_not_kept_where_its_header_says(attacked: Target, header: str) -> None:
    before = attacked.outside()
    named = (
        f'attachment; filename="{UP}tmp/jmid-looted"; name="{UP}x"'.encode() if "Disposition" in header else UP.encode()
    )
    head = b"--b\r\nContent-Type: application/dicom\r\n" + header.encode() + b": " + named + b"\r\n\r\n"
    body = head + instance("1.2.3.4") + b"\r\n--b--\r\n"

    async with attacked.client.post("/dicom-web/studies", data=body, headers={"Content-Type": STOW}) as answer:
        await answer.read()

    assert answer.status in (200, 202, 409)
    assert attacked.outside() == before


async def test_uids_that_are_paths_are_refused_by_c_store(attacked: Target) -> None:
    before = attacked.outside()

    def send() -> int:
        entity = AE(ae_title=f"{'../' * 5}x"[:16])
        entity.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
        association = entity.associate("127.0.0.1", attacked.dimse, ae_title="JMID")
        assert association.is_established
        with warnings.catch_warnings(action="ignore"):
            data = pydicom.dcmread(BytesIO(instance(OUT_UID)))
            answered = association.send_c_store(data)
        association.release()
        return int(answered.Status)

    assert await asyncio.to_thread(send) not in (0x0000, 0xB000)
    assert attacked.outside() == before


async def test_identifiers_of_messages_and_reports_name_no_file(attacked: Target) -> None:
    before = attacked.outside()
    message = (
        f"MSH|^~\\&|{UP}a|{UP}b|||20260101||ORU^R01|{UP}id|P|2.5\rPID|||{UP}p||^\r"
        f"OBR|1|{UP}o|{UP}f|c\rOBX|1|TX|GDT^{UP}||text||||||F\r"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", attacked.mllp)
    writer.write(b"\x0b" + message.encode() + b"\x1c\r")
    acknowledged = await reader.readuntil(b"\x1c\r")
    writer.close()
    report = (
        '{"resourceType":"DiagnosticReport","id":"%s","status":"final","identifier":[{"system":"%s","value":"%s"}],'
        '"code":{"text":"x"},"subject":{"identifier":{"value":"%s"}},"conclusion":"none"}' % ((UP,) * 4)
    )
    headers = {"Content-Type": "application/fhir+json"}
    async with attacked.client.post("/ingest/reports", data=report, headers=headers) as answer:
        receipt = await answer.json()

    settled = await attacked.system.receipt(receipt["id"], *SETTLED, "in-quarantine", "waiting", "unlinked", "linked")
    assert b"MSA|A" in acknowledged
    assert settled["state"]
    assert attacked.outside() == before
    assert [each for each in attacked.home.rglob("*") if ".." in each.name and each.name != ".."] == []


@pytest.mark.parametrize("path", ["../looted", "gateway/../../looted", "/looted", "../looted.sqlite"])
def test_a_backup_that_names_files_outside_the_home_writes_none(
    tmp_path: Path, to: Repository, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def forged(repository: Repository, listed: Path) -> tuple[bytes, ...]:
        own = Catalogue(listed)
        one = next(each for each in own.entries() if each.path.endswith(".key"))
        own.put(msgspec.structs.replace(one, path=path.replace("/looted", f"{tmp_path}/looted", path[0] == "/")))
        own.close()
        return stored(repository, listed)

    monkeypatch.setattr(catalogue, "stored", forged)
    home, new = a_home(tmp_path / "a" / "home"), tmp_path / "b" / "home"
    new.mkdir(parents=True)
    backed_up(home, to)

    assert list(restored(to, new).wrong) == [path.replace("/looted", f"{tmp_path}/looted", path[0] == "/")]
    assert [each.name for each in tmp_path.rglob("*looted*")] == []
