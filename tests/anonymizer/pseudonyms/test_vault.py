"""The way back: sealed at rest, bound to its pseudonym, and every reading recorded."""

import io
from pathlib import Path

import msgspec
import pydicom
import pytest

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.instances.handler import deidentify_instances
from services.anonymizer.pseudonyms import keys, vault
from services.anonymizer.pseudonyms.keys import Keyring, KeySet
from services.anonymizer.pseudonyms.vault import VAULT, VAULT_READS, VaultRead, reidentify, reidentify_all
from services.anonymizer.pseudonyms.vault_entries import Written
from shared.errors import Invalid, NotFound, Refused, Unavailable
from shared.events import InstancesDeidentified
from tests.anonymizer.instances.planted import ct
from tests.anonymizer.instances.test_handler import deps, of_type, received

__all__ = ["deps"]


def asked(pseudonym: str, *, by: str = "Dr A", second: str = "", reason: str = "recall") -> VaultRead:
    return VaultRead("read-1", pseudonym, by, second, reason, "2024-03-12T00:00:00Z")


async def test_a_pseudonym_leads_back_to_the_patient_and_the_reading_is_recorded(deps: AnonymizerDeps) -> None:
    event = await received(deps, ct("utf-8").data)
    [told] = of_type(await deidentify_instances(event, deps), InstancesDeidentified)
    ring = Keyring((deps.policy.keys,))

    patient = await reidentify(deps.documents, ring, asked(told.keys.patient_id), two_persons=False)
    study = await reidentify(deps.documents, ring, asked(told.keys.study_instance_uid), two_persons=False)

    assert patient == "hospital-1|PID-7730142"
    assert study == "1.2.392.200036.9116.2.6.1.48.2"
    assert await deps.documents.count(VAULT_READS) == 1  # one id, read twice


async def test_the_store_holds_no_original(deps: AnonymizerDeps, tmp_path: Path) -> None:
    event = await received(deps, ct("utf-8").data)

    await deidentify_instances(event, deps)

    bytes_at_rest = b"".join(path.read_bytes() for path in tmp_path.glob("documents.sqlite*"))
    assert await deps.documents.count(VAULT) > 3
    assert [word for word in (b"PID-7730142", b"ACC2024", b"1.2.392.200036") if word in bytes_at_rest] == []


async def test_two_persons_are_asked_for_where_the_site_wants_them(deps: AnonymizerDeps) -> None:
    ring = Keyring((deps.policy.keys,))

    for read in (asked("x"), asked("x", second="Dr A"), asked("x", by=""), asked("x", reason=" ")):
        with pytest.raises(Refused):
            await reidentify(deps.documents, ring, read, two_persons=True)


async def test_a_reading_that_finds_nothing_is_recorded_too(deps: AnonymizerDeps) -> None:
    with pytest.raises(NotFound):
        await reidentify(deps.documents, Keyring((deps.policy.keys,)), asked("nobody"), two_persons=False)

    assert await deps.documents.count(VAULT_READS) == 1


def test_an_entry_cannot_stand_for_another_or_be_opened_with_another_key(key_set: KeySet, tmp_path: Path) -> None:
    entry = vault.seal(key_set, "patient", "p1", "site|1")
    other = keys.create(tmp_path, "jmid")

    with pytest.raises(Invalid):
        vault.unseal(Keyring((key_set,)), msgspec.structs.replace(entry, pseudonym="p2"))
    with pytest.raises(Invalid):
        vault.unseal(Keyring((other,)), entry)
    assert vault.seal(key_set, "patient", "p1", "site|1") == entry


def of_series(number: int) -> bytes:
    """Return the Instance of that number of one Series."""
    dataset = pydicom.dcmread(io.BytesIO(ct("utf-8").data))
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.UID(f"1.2.3.{number}")
    target = io.BytesIO()
    dataset.save_as(target)
    return target.getvalue()


async def test_series_device_and_referenced_uids_lead_back_too(deps: AnonymizerDeps) -> None:
    event = await received(deps, of_series(1))
    [told] = of_type(await deidentify_instances(event, deps), InstancesDeidentified)
    stored = pydicom.dcmread(io.BytesIO(await deps.deidentified.get(told.instances[0].blob)))
    source = pydicom.dcmread(io.BytesIO(of_series(1)))
    pseudonyms = (
        stored.SeriesInstanceUID,
        stored.FrameOfReferenceUID,
        stored.SOPInstanceUID,
        stored.DeviceSerialNumber,
    )

    found = await reidentify_all(
        deps.documents, Keyring((deps.policy.keys,)), [asked(str(each)) for each in pseudonyms], two_persons=False
    )

    assert [(found[str(each)].kind, found[str(each)].text) for each in pseudonyms] == [
        ("uid", source.SeriesInstanceUID),
        ("uid", source.FrameOfReferenceUID),
        ("uid", "1.2.3.1"),
        ("device", source.DeviceSerialNumber),
    ]


async def test_what_a_series_has_in_common_is_written_once(deps: AnonymizerDeps) -> None:
    [told] = of_type(
        await deidentify_instances(await received(deps, of_series(1), of_series(2)), deps), InstancesDeidentified
    )
    after_two = await deps.documents.count(VAULT)

    await deidentify_instances(await received(deps, of_series(3)), deps)

    found = await deps.documents.get_versioned(VAULT, told.instances[0].series_instance_uid)
    assert found is not None
    assert found[1] == 1  # not written again
    assert await deps.documents.count(VAULT) == after_two + 1  # the Instance's own


async def test_what_could_not_be_written_is_written_with_the_next_try(
    deps: AnonymizerDeps, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = await received(deps, of_series(1))

    async def fails(*_: object) -> None:
        raise Unavailable("documents-away", "a fault")

    with monkeypatch.context() as fault, pytest.raises(Unavailable):
        fault.setattr(deps.documents, "write", fails)
        await deidentify_instances(event, deps)
    await deidentify_instances(event, deps)

    assert await deps.documents.count(VAULT) > 10


def test_only_so_many_written_entries_are_remembered(key_set: KeySet) -> None:
    written = Written(remembered=2)
    entries = [vault.seal(key_set, "uid", f"2.25.{number}", "1.2.3") for number in range(3)]

    written.note(entries)

    assert written.missing(entries + entries) == entries[:1]
