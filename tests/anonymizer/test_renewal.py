"""After a rotation, what went out under the old keys gets the pseudonyms of the new ones."""

import asyncio
import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from typer.testing import CliRunner

from services.anonymizer import keys
from services.anonymizer.cli import keys as keys_command
from services.anonymizer.context import Policy
from services.anonymizer.instance import Cleaned, deidentify
from services.anonymizer.keys import Keyring
from services.anonymizer.renewal import Originals, renewed, version_of
from services.anonymizer.vault import VAULT, VAULT_READS
from services.anonymizer.verify import verify
from shared.documents import Put
from shared.documents.sqlite import open_sqlite
from shared.errors import Refused
from shared.runtime.ports import open_ports, port_settings
from shared.service import Role
from tests.anonymizer.planted import ct

SITE = "hospital-1"
ORIGINALS = Originals(SITE, "PID-7730142", "1.2.392.200036.9116.2.6.1.48.2", "ACC2024-0815")


@pytest.fixture
def ring(tmp_path: Path) -> Keyring:
    folder = tmp_path / "home" / "gateway" / "keys"
    keys.create(folder, "jmid")
    keys.create(folder, "jmid")
    return keys.load(folder)


@pytest.fixture(params=["jmid", "research"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def read(data: bytes) -> pydicom.Dataset:
    return pydicom.dcmread(io.BytesIO(data))


def test_patient_study_and_order_are_what_they_would_be_if_sent_now(ring: Keyring, name: str) -> None:
    old, new = ring.versions
    before = deidentify(ct("utf-8").data, Policy(name, old, SITE))
    now = read(deidentify(ct("utf-8").data, Policy(name, new, SITE)).data)

    made = read(renewed(before.data, ORIGINALS, old, new, SITE))

    same = ("PatientID", "StudyInstanceUID", "AccessionNumber", "IssuerOfPatientID", "StudyDate", "AcquisitionDateTime")
    assert [made.get(each) for each in same] == [now.get(each) for each in same]
    assert made.PixelData == now.PixelData
    assert not verify(renewed(before.data, ORIGINALS, old, new, SITE))


def test_no_pseudonym_of_the_old_keys_is_left(ring: Keyring, name: str) -> None:
    old, new = ring.versions
    before = deidentify(ct("utf-8").data, Policy(name, old, SITE))

    made = renewed(before.data, ORIGINALS, old, new, SITE)

    pseudonyms = [each.value for each in read(before.data).iterall() if each.VR == "UI" and "2.25." in str(each.value)]
    pseudonyms += [before.keys.patient_id, before.keys.accession_number]
    assert len(pseudonyms) > 5
    assert [each for each in pseudonyms if str(each).encode() in made] == []
    assert version_of(made) == new.version


def test_references_between_instances_hold(ring: Keyring) -> None:
    old, new = ring.versions
    policy = Policy("jmid", old, SITE)
    source = read(ct("default").data)
    other = read(ct("default").data)
    other.SOPInstanceUID = other.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.UID(
        "1.2.392.200036.9116.2.6.1.48.99"
    )
    reference = pydicom.Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = source.SOPClassUID, source.SOPInstanceUID
    other.ReferencedImageSequence = [reference]
    files = []
    for each in (source, other):
        target = io.BytesIO()
        each.save_as(target)
        files.append(deidentify(target.getvalue(), policy).data)

    first, second = [read(renewed(data, ORIGINALS, old, new, SITE)) for data in files]

    assert second.ReferencedImageSequence[0].ReferencedSOPInstanceUID == first.SOPInstanceUID
    assert first.SeriesInstanceUID == second.SeriesInstanceUID
    assert first.file_meta.MediaStorageSOPInstanceUID == first.SOPInstanceUID


def test_what_is_not_ours_is_refused() -> None:
    with pytest.raises(Refused, match="not-ours"):
        version_of(ct("default").data)


@pytest.fixture
def sent(tmp_path: Path, ring: Keyring) -> Iterator[Cleaned]:
    """Put a file that went out under the old keys into a folder, and its way back into the vault of a home."""
    cleaned = deidentify(ct("utf-8").data, Policy("jmid", ring.versions[0], SITE))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "1.dcm").write_bytes(cleaned.data)
    (tmp_path / "in" / "note.txt").write_text("not DICOM")
    asyncio.run(sealed(tmp_path / "home" / "gateway", cleaned))
    yield cleaned


async def sealed(folder: Path, cleaned: Cleaned) -> None:
    async with open_ports(port_settings(Role.GATEWAY, {}), Role.GATEWAY, folder, (), {}) as ports:
        await ports.documents.declare(VAULT, VAULT_READS)
        await ports.documents.write(*(Put(VAULT, entry) for entry in cleaned.sealed))


def renew(tmp_path: Path, *more: str) -> tuple[int, str]:
    folders = [str(tmp_path / "in"), str(tmp_path / "out"), "--home", str(tmp_path / "home")]
    shown = CliRunner().invoke(keys_command, ["renew", *folders, "--site", SITE, *more])
    return shown.exit_code, shown.output


def test_the_command_renews_records_its_readings_and_does_the_same_again(tmp_path: Path, sent: Cleaned) -> None:
    asked = ("--by", "Dr A", "--reason", "rotation")

    code, output = renew(tmp_path, *asked)
    first = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    renew(tmp_path, *asked)

    with (tmp_path / "out" / "index.csv").open(newline="") as file:
        rows = {row["input"]: row for row in csv.DictReader(file)}
    assert (code, "1 renewed, 1 not" in output) == (0, True)
    assert rows["note.txt"]["reason"] == "not-dicom"
    assert rows["1.dcm"]["output"] in first
    assert first == {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert asyncio.run(readings(tmp_path)) == 2 * 3
    assert "PID-7730142" not in output


async def readings(tmp_path: Path) -> int:
    (path,) = (tmp_path / "home" / "gateway").glob("*ocuments*.sqlite")
    async with open_sqlite(path) as documents:
        await documents.declare(VAULT_READS)
        return await documents.count(VAULT_READS)


def test_where_two_persons_are_asked_for_one_is_not_enough(
    tmp_path: Path, sent: Cleaned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JMID_ANONYMIZER_TWO_PERSONS", "true")

    code, output = renew(tmp_path, "--by", "Dr A", "--reason", "rotation")

    assert code == 2
    assert "second person" in output
    assert not (tmp_path / "out" / "1.dcm").exists()
