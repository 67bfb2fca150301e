"""Who opted out is recognised before anything is made of what came, and known by pseudonyms alone."""

import io
from dataclasses import replace
from pathlib import Path

import msgspec
import pydicom
import pytest

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.instances.handler import deidentify_instances
from services.anonymizer.opt_out import requests
from services.anonymizer.opt_out.proof import as_text, is_signed, proof_of, signed
from services.anonymizer.opt_out.requests import Asked
from services.anonymizer.opt_out_records import OPT_OUTS, OptOut, OptOutState
from services.anonymizer.pseudonyms import keys
from services.anonymizer.pseudonyms.keys import Keyring
from services.anonymizer.records import AUDIT, QUARANTINE
from shared.errors import Invalid, NotFound
from shared.events import InputRefused, InstancesDeidentified
from tests.anonymizer.instances.planted import ct
from tests.anonymizer.instances.test_handler import deps, of_type, received

__all__ = ["deps"]


def ring_of(deps: AnonymizerDeps) -> Keyring:
    return Keyring(deps.key_versions)


async def opted_out(deps: AnonymizerDeps, patient_id: str, issuer: str = "") -> OptOut:
    asked = Asked(patient_id, issuer, "officer", "申し出")
    return await requests.add(deps.documents, ring_of(deps), deps.policy.site, deps.policy.foreign_issuers, asked)


def changed(**values: str) -> bytes:
    data = pydicom.dcmread(io.BytesIO(ct("utf-8").data))
    for keyword, value in values.items():
        setattr(data, keyword, value)
    file = io.BytesIO()
    data.save_as(file)
    return file.getvalue()


@pytest.mark.parametrize(
    "values", [{"PatientID": "00471100"}, {"PatientID": "００４７１１００"}, {"OtherPatientIDs": "9\\00471100"}]
)
async def test_every_id_of_the_header_is_recognised_and_nothing_is_made_or_kept(
    deps: AnonymizerDeps, values: dict[str, str]
) -> None:
    await opted_out(deps, " 00471100")
    event = await received(deps, changed(SpecificCharacterSet="ISO_IR 192", **values))

    told = await deidentify_instances(event, deps)

    [refused] = of_type(told, InputRefused)
    assert set(refused.reasons.values()) == {"opted-out"}
    assert not of_type(told, InstancesDeidentified)
    assert await deps.documents.count(AUDIT) == await deps.documents.count(QUARANTINE) == 0
    assert [key async for key in deps.deidentified.keys("")] == []


async def test_a_replay_after_the_bytes_are_gone_says_the_same(deps: AnonymizerDeps) -> None:
    await opted_out(deps, "00471100")
    event = await received(deps, changed(PatientID="00471100"))
    first = await deidentify_instances(event, deps)
    await deps.identified.delete(event.blobs[0])

    assert await deidentify_instances(event, deps) == first


async def test_a_later_key_version_recognises_the_patient_and_another_patient_passes(
    deps: AnonymizerDeps, tmp_path: Path
) -> None:
    await opted_out(deps, "00471100")
    rotated = keys.create(tmp_path / "rotated", deps.policy.keys.domain)
    later = replace(
        deps,
        policy=deps.policy._replace(keys=msgspec.structs.replace(rotated, version="k2")),
        versions=(*deps.key_versions, msgspec.structs.replace(rotated, version="k2")),
    )

    same = await deidentify_instances(await received(later, changed(PatientID="00471100")), later)
    other = await deidentify_instances(await received(later, changed(PatientID="00471101")), later)

    assert of_type(same, InputRefused)
    assert of_type(other, InstancesDeidentified)


async def test_a_patient_who_opted_out_while_a_batch_was_worked_on_is_stopped_at_its_end(
    deps: AnonymizerDeps,
) -> None:
    event = await received(deps, changed(PatientID="00471100"))
    told = await deidentify_instances(event, deps)
    row = await opted_out(deps, "00471100")
    resent = msgspec.structs.replace(event, resent=True)

    again = await deidentify_instances(resent, deps)

    assert of_type(told, InstancesDeidentified)
    assert not of_type(again, InstancesDeidentified)
    assert [key async for key in deps.deidentified.keys("")] == [] or row.state is OptOutState.REQUESTED


async def test_asked_twice_it_is_one_opt_out_and_no_record_holds_the_id(deps: AnonymizerDeps) -> None:
    first = await opted_out(deps, "00471100")
    second = await opted_out(deps, "00471100")

    assert first.id == second.id
    assert second.revision == 2
    [row] = await deps.documents.find_all(OPT_OUTS)
    assert "00471100" not in msgspec.json.encode(row).decode()
    assert "00471100" not in repr(Asked("00471100", "", "", ""))


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (Asked(" ", "", "a", "why"), "missing-patient-id"),
        (Asked("1", "", "a", " "), "missing-reason"),
        (Asked("1", "elsewhere", "a", "why"), "unknown-issuer"),
    ],
)
async def test_what_cannot_be_carried_out_is_refused(deps: AnonymizerDeps, asked: Asked, reason: str) -> None:
    with pytest.raises(Invalid) as caught:
        await requests.add(deps.documents, ring_of(deps), deps.policy.site, (), asked)

    assert caught.value.reason == reason
    with pytest.raises(NotFound):
        await requests.remove(deps.documents, "none", "a", "why")


async def test_a_proof_that_was_changed_is_not_as_it_was_signed(deps: AnonymizerDeps) -> None:
    row = await opted_out(deps, "00471100")

    proof = signed(proof_of(row, "a", "2026-04-01T00:00:00Z"), deps.policy.keys)

    assert is_signed(proof)
    assert not is_signed({**proof, "complete": True})
    assert not is_signed({name: value for name, value in proof.items() if name != "signature"})
    assert not proof["complete"]
    assert row.id in as_text(proof)
