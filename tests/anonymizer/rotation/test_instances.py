"""After a rotation, what went out under the old keys gets the pseudonyms of the new ones."""

import asyncio
import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import pydicom
import pytest
from pydicom.data import get_testdata_file
from typer.testing import CliRunner

from services.anonymizer.cli.commands import keys as keys_command
from services.anonymizer.cli.verify import verify
from services.anonymizer.instances.batch import deidentify_one
from services.anonymizer.instances.deidentify import Cleaned, Review, deidentify
from services.anonymizer.instances.elements.replacement_values import shifted
from services.anonymizer.policy import Policy
from services.anonymizer.pseudonyms import keys
from services.anonymizer.pseudonyms.keys import Keyring
from services.anonymizer.pseudonyms.vault import VAULT, VAULT_READS, Original, Sealed, unseal
from services.anonymizer.rotation import instances
from services.anonymizer.rotation.dates import reshifted
from services.anonymizer.rotation.instances import Renewed
from shared.documents import Put
from shared.documents.sqlite import open_sqlite
from shared.errors import Refused
from shared.runtime.ports import open_ports, port_settings
from shared.service import Role
from tests.anonymizer.instances.planted import SCRIPTS, ct
from tests.anonymizer.instances.test_real_files import SHARED

SITE = "hospital-1"
REFERRING = (
    "reportsi.dcm",
    "rtstruct.dcm",
    "rtplan.dcm",
    "waveform_ecg.dcm",
    "liver_1frame.dcm",
    "MR_small_bigendian.dcm",
)


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


def written(dataset: pydicom.Dataset) -> bytes:
    target = io.BytesIO()
    dataset.save_as(target)
    return target.getvalue()


def opened(ring: Keyring, sealed: Iterable[Sealed], *kinds: str) -> dict[str, Original]:
    """Return what the vault says, of some kinds only if they are named."""
    found = {each.pseudonym: Original(each.kind, unseal(ring, each), each.keys_version) for each in sealed}
    return {pseudonym: each for pseudonym, each in found.items() if not kinds or each.kind in kinds}


def renewed(ring: Keyring, cleaned: Cleaned, *kinds: str, site: str = SITE) -> Renewed:
    old, new = ring.versions[-2:]
    return instances.renewed(instances.read(cleaned.data), opened(ring, cleaned.sealed, *kinds), old, new, site)


def real_files() -> list[bytes]:
    """Return the shared Instances, SR, SEG, parametric maps and multi-frame ones among them, and others' of pydicom."""
    shared = sorted(path for path in SHARED.rglob("*") if path.is_file() and path.parent.name != "701-ADCb500")
    packaged = [Path(str(get_testdata_file(each))) for each in REFERRING]
    return [path.read_bytes() for path in (*shared, *packaged)] + [ct(script).data for script in SCRIPTS]


@pytest.mark.filterwarnings("ignore")
def test_renewed_is_byte_for_byte_what_the_original_gives_with_the_new_keys(ring: Keyring, name: str) -> None:
    old, new = (Policy(name, each, SITE) for each in ring.versions)
    same = 0

    for data in real_files():
        before = deidentify_one(data, old, Review())
        if isinstance(before, Cleaned):
            made = renewed(ring, before)
            assert made.data == deidentify(data, new, Review()).data, before.sop_class_uid
            assert made.guessed == {}
            same += 1

    assert same >= len(SCRIPTS) + len(REFERRING)


def test_all_that_a_renewal_needs_is_asked_of_the_vault(ring: Keyring, name: str) -> None:
    cleaned = deidentify(ct("utf-8").data, Policy(name, ring.versions[0], SITE))
    sent = instances.read(cleaned.data)

    asked = instances.pseudonyms_in(sent, ring.current)

    known = {each: found for each, found in opened(ring, cleaned.sealed).items() if each in asked}
    old, new = ring.versions
    assert instances.renewed(sent, known, old, new, SITE) == renewed(ring, cleaned)
    assert len(asked) == len(set(asked)) > 10


def test_no_pseudonym_of_the_old_keys_is_left(ring: Keyring, name: str) -> None:
    before = deidentify(ct("utf-8").data, Policy(name, ring.versions[0], SITE))

    made = renewed(ring, before, "patient")  # as if only the patient were in the vault

    pseudonyms = [each.value for each in read(before.data).iterall() if each.VR == "UI" and "2.25." in str(each.value)]
    pseudonyms += [before.keys.patient_id, before.keys.accession_number]
    assert len(pseudonyms) > 5
    assert [each for each in pseudonyms if str(each).encode() in made.data] == []
    assert instances.read(made.data).version == ring.current.version
    assert not verify(made.data)


def test_without_originals_references_hold_and_it_is_told_what_was_guessed(ring: Keyring) -> None:
    policy = Policy("jmid", ring.versions[0], SITE)
    source, other = read(ct("default").data), read(ct("default").data)
    other.SOPInstanceUID = other.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.UID(
        "1.2.392.200036.9116.2.6.1.48.99"
    )
    reference = pydicom.Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = source.SOPClassUID, source.SOPInstanceUID
    other.ReferencedImageSequence = [reference]
    sent = [deidentify(written(each), policy) for each in (source, other)]

    made = [renewed(ring, each, "patient", "study", "order") for each in sent]  # what a vault held before it held all

    first, second = (read(each.data) for each in made)
    assert second.ReferencedImageSequence[0].ReferencedSOPInstanceUID == first.SOPInstanceUID
    assert first.SeriesInstanceUID == second.SeriesInstanceUID
    assert first.file_meta.MediaStorageSOPInstanceUID == first.SOPInstanceUID == made[0].sop_instance_uid
    assert {"uid", "device"} <= made[0].guessed.keys()


def test_the_uid_of_a_scheme_that_the_vault_does_not_hold_stays_as_it_was(ring: Keyring) -> None:
    dataset = read(ct("default").data)
    code = pydicom.Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.ContextUID = "1", "99X", "2.25.123456789012345678901234567890"
    dataset.ProcedureCodeSequence = [code]
    cleaned = deidentify(written(dataset), Policy("jmid", ring.versions[0], SITE))

    made = renewed(ring, cleaned, "patient")

    before, after = (read(each).ProcedureCodeSequence[0].ContextUID for each in (cleaned.data, made.data))
    assert before == after != "2.25.123456789012345678901234567890"


def test_dates_that_somebody_else_shifted_before_are_left_alone(ring: Keyring) -> None:
    dataset = read(ct("default").data)
    dataset.LongitudinalTemporalInformationModified = "MODIFIED"
    cleaned = deidentify(written(dataset), Policy("jmid", ring.versions[0], SITE))

    made = renewed(ring, cleaned)

    assert read(made.data).StudyDate == read(cleaned.data).StudyDate == dataset.StudyDate


@pytest.mark.parametrize("vr", [b"DA", b"DT", b"TM"])
def test_dates_move_as_if_the_original_had_been_shifted_by_the_new_keys(vr: bytes) -> None:
    texts = {
        b"DA": [b"20240229", b"20240231", b"19991231\\20000101"],
        b"DT": [b"20240312081530.5+0900", b"2024", b"202403", b"202401\\2023+0900", b"20240312"],
        b"TM": [b"081530"],
    }[vr]
    shifts = [-7 * weeks for weeks in (52, 53, 99, 260, 261, 333, 519, 520)]

    moved = [
        (reshifted(vr, shifted(vr, text, before) or b"", before, after), shifted(vr, text, after))
        for text in texts
        for before in shifts
        for after in shifts
    ]

    assert [found for (found, is_sure), wanted in moved if is_sure and found != wanted] == []
    assert sum(is_sure for (_, is_sure), _ in moved) > 0.9 * len(moved)


def test_an_older_version_of_the_profile_is_told(ring: Keyring) -> None:
    cleaned = deidentify(ct("default").data, Policy("jmid", ring.versions[0], SITE))
    older = msgspec.structs.replace(cleaned, data=cleaned.data.replace(b"J-MID jmid/3", b"J-MID jmid/1"))

    assert renewed(ring, older).guessed == {"profile": 1}


def test_another_sites_name_is_noticed(ring: Keyring) -> None:
    cleaned = deidentify(ct("utf-8").data, Policy("jmid", ring.versions[0], SITE))

    with pytest.raises(Refused, match="site-or-keys-differ"):
        renewed(ring, cleaned, site="demo")


def test_a_patient_that_the_vault_does_not_hold_is_not_guessed(ring: Keyring) -> None:
    cleaned = deidentify(ct("utf-8").data, Policy("jmid", ring.versions[0], SITE))

    with pytest.raises(Refused, match="patient-not-in-vault"):
        renewed(ring, cleaned, "study", "order")


def test_what_is_not_ours_is_refused() -> None:
    with pytest.raises(Refused, match="not-ours"):
        instances.read(ct("default").data)


@pytest.fixture
def sent(tmp_path: Path, ring: Keyring) -> Iterator[Cleaned]:
    """Put files that went out under the old keys into a folder, and the way back into the vault of a home.

    One is of a patient without an ID.
    """
    policy = Policy("jmid", ring.versions[0], SITE)
    nobody = read(ct("utf-8").data)
    nobody.PatientID = ""
    nobody.SOPInstanceUID = nobody.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.UID("1.2.3.4")
    cleaned, without_id = deidentify(ct("utf-8").data, policy), deidentify(written(nobody), policy)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "1.dcm").write_bytes(cleaned.data)
    (tmp_path / "in" / "2.dcm").write_bytes(without_id.data)
    (tmp_path / "in" / "note.txt").write_text("not DICOM")
    asyncio.run(sealed(tmp_path / "home" / "gateway", [*cleaned.sealed, *without_id.sealed]))
    yield cleaned


async def sealed(folder: Path, entries: Iterable[Sealed]) -> None:
    async with open_ports(port_settings(Role.GATEWAY, {}), Role.GATEWAY, folder, (), {}) as ports:
        await ports.documents.declare(VAULT, VAULT_READS)
        await ports.documents.write(*(Put(VAULT, entry) for entry in entries))


def renew(tmp_path: Path, *more: str, source: str = "in", target: str = "out") -> tuple[int, str]:
    folders = [str(tmp_path / source), str(tmp_path / target), "--home", str(tmp_path / "home")]
    shown = CliRunner().invoke(keys_command, ["renew", *folders, "--site", SITE, *more])
    return shown.exit_code, shown.output


def index(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "index.csv").open(newline="") as file:
        return {row["input"]: row for row in csv.DictReader(file)}


ASKED = ("--by", "Dr A", "--reason", "rotation")


def test_the_command_renews_records_its_readings_and_does_the_same_again(
    tmp_path: Path, sent: Cleaned, ring: Keyring
) -> None:
    code, output = renew(tmp_path, *ASKED)
    first = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    readings_once = asyncio.run(readings(tmp_path))
    renew(tmp_path, *ASKED)

    rows = index(tmp_path / "out")
    now = deidentify(ct("utf-8").data, Policy("jmid", ring.current, SITE))
    assert (code, "2 renewed, 1 not" in output) == (0, True)
    assert rows["note.txt"]["reason"] == "not-dicom"
    assert first[rows["1.dcm"]["output"]] == now.data
    assert rows["1.dcm"]["guessed"] == rows["2.dcm"]["guessed"] == ""
    assert first == {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert asyncio.run(readings(tmp_path)) == 2 * readings_once > 2 * 10
    assert "PID-7730142" not in output


def test_what_was_renewed_can_be_renewed_again_after_the_next_rotation(tmp_path: Path, sent: Cleaned) -> None:
    renew(tmp_path, *ASKED)
    third = keys.create(tmp_path / "home" / "gateway" / "keys", "jmid")

    renew(tmp_path, *ASKED, source="out", target="again")

    row = index(tmp_path / "again")[index(tmp_path / "out")["1.dcm"]["output"]]
    now = deidentify(ct("utf-8").data, Policy("jmid", third, SITE))
    assert (tmp_path / "again" / row["output"]).read_bytes() == now.data


async def readings(tmp_path: Path) -> int:
    (path,) = (tmp_path / "home" / "gateway").glob("*ocuments*.sqlite")
    async with open_sqlite(path) as documents:
        await documents.declare(VAULT_READS)
        return await documents.count(VAULT_READS)


def test_where_two_persons_are_asked_for_one_is_not_enough(
    tmp_path: Path, sent: Cleaned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JMID_ANONYMIZER_TWO_PERSONS", "true")

    code, output = renew(tmp_path, *ASKED)

    assert code == 2
    assert "second person" in output
    assert not list((tmp_path / "out").glob("*.dcm"))
