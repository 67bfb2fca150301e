"""The way back: sealed at rest, bound to its pseudonym, and every reading recorded."""

from pathlib import Path

import msgspec
import pytest

from services.anonymizer import keys, vault
from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.handlers import deidentify_instances
from services.anonymizer.keys import Keyring, KeySet
from services.anonymizer.vault import VAULT, VAULT_READS, VaultRead, reidentify
from shared.errors import Invalid, NotFound, Refused
from shared.events import InstancesDeidentified
from tests.anonymizer.planted import ct
from tests.anonymizer.test_handlers import deps, of_type, received

__all__ = ["deps"]


def asked(pseudonym: str, *, by: str = "Dr A", second: str = "", reason: str = "recall") -> VaultRead:
    return VaultRead("read-1", pseudonym, by, second, reason, "2024-03-12T00:00:00Z")


async def test_a_pseudonym_leads_back_to_the_patient_and_the_reading_is_recorded(deps: AnonymizerDeps) -> None:
    event = await received(deps, ct("utf-8").data)
    [told] = of_type(await deidentify_instances(event, deps), InstancesDeidentified)
    ring = Keyring((deps.keys,))

    patient = await reidentify(deps.documents, ring, asked(told.keys.patient_id), two_persons=False)
    study = await reidentify(deps.documents, ring, asked(told.keys.study_instance_uid), two_persons=False)

    assert patient == "hospital-1|PID-7730142"
    assert study == "1.2.392.200036.9116.2.6.1.48.2"
    assert await deps.documents.count(VAULT_READS) == 1  # one id, read twice


async def test_the_store_holds_no_original(deps: AnonymizerDeps, tmp_path: Path) -> None:
    event = await received(deps, ct("utf-8").data)

    await deidentify_instances(event, deps)

    bytes_at_rest = b"".join(path.read_bytes() for path in tmp_path.glob("documents.sqlite*"))
    assert await deps.documents.count(VAULT) == 3
    assert [word for word in (b"PID-7730142", b"ACC2024", b"1.2.392.200036") if word in bytes_at_rest] == []


async def test_two_persons_are_asked_for_where_the_site_wants_them(deps: AnonymizerDeps) -> None:
    ring = Keyring((deps.keys,))

    for read in (asked("x"), asked("x", second="Dr A"), asked("x", by=""), asked("x", reason=" ")):
        with pytest.raises(Refused):
            await reidentify(deps.documents, ring, read, two_persons=True)


async def test_a_reading_that_finds_nothing_is_recorded_too(deps: AnonymizerDeps) -> None:
    with pytest.raises(NotFound):
        await reidentify(deps.documents, Keyring((deps.keys,)), asked("nobody"), two_persons=False)

    assert await deps.documents.count(VAULT_READS) == 1


def test_an_entry_cannot_stand_for_another_or_be_opened_with_another_key(key_set: KeySet, tmp_path: Path) -> None:
    entry = vault.seal(key_set, "patient", "p1", "site|1")
    other = keys.create(tmp_path, "jmid")

    with pytest.raises(Invalid):
        vault.unseal(Keyring((key_set,)), msgspec.structs.replace(entry, pseudonym="p2"))
    with pytest.raises(Invalid):
        vault.unseal(Keyring((other,)), entry)
    assert vault.seal(key_set, "patient", "p1", "site|1") == entry
