"""An opt-out that a restored gateway forgot is in force again: by digests that the centre kept, or by its proof."""

import msgspec
import pytest

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.instances.handler import deidentify_instances
from services.anonymizer.opt_out import requests
from services.anonymizer.opt_out.proof import proof_of, signed
from services.anonymizer.opt_out.remembered import add_by_proof, resolved, take_remembered
from services.anonymizer.opt_out_records import IN_FORCE, OPT_OUTS, OptOut, OptOutState
from services.anonymizer.opted_out import pseudonyms_of
from services.anonymizer.records import AUDIT
from shared.documents import Delete
from shared.errors import Invalid
from shared.events import InputRefused, InstancesDeidentified, OptOutRemembered
from shared.pseudonym_digest import digest_of
from tests.anonymizer.instances.test_handler import deps, of_type, received
from tests.anonymizer.opt_out.test_opt_out import changed, opted_out, ring_of

__all__ = ["deps"]

PATIENT = "00471100"


def remembered(deps: AnonymizerDeps, patient_id: str = PATIENT) -> OptOutRemembered:
    digests = tuple(
        digest_of("patient", each) for each in pseudonyms_of(deps.key_versions, deps.policy.site, patient_id)
    )
    return OptOutRemembered.first("k", correlation_id="k", site=deps.policy.site, opt_out_id="k", digests=digests)


async def test_what_the_centre_remembers_is_refused_from_then_on_and_another_patient_passes(
    deps: AnonymizerDeps,
) -> None:
    await take_remembered(remembered(deps), deps)

    same = await deidentify_instances(await received(deps, changed(PatientID=PATIENT)), deps)
    other = await deidentify_instances(await received(deps, changed(PatientID="1")), deps)

    [refused] = of_type(same, InputRefused)
    assert set(refused.reasons.values()) == {"opted-out"}
    assert of_type(other, InstancesDeidentified)


async def test_pseudonyms_that_stand_here_are_found_by_their_digests(deps: AnonymizerDeps) -> None:
    await deidentify_instances(await received(deps, changed(PatientID=PATIENT)), deps)
    await take_remembered(remembered(deps), deps)
    row = await deps.documents.get(OPT_OUTS, "k")
    [audit] = await deps.documents.find_all(AUDIT)

    assert row is not None
    assert (row.state, row.in_force, row.patients) == (OptOutState.REQUESTED, IN_FORCE, ())
    assert (await resolved(deps.documents, row)).patients == (audit.subject,)


async def test_remembered_once_more_it_is_carried_out_again_and_one_decision(deps: AnonymizerDeps) -> None:
    await take_remembered(remembered(deps), deps)
    await take_remembered(remembered(deps), deps)

    [row] = await deps.documents.find_all(OPT_OUTS)
    assert (row.revision, len(row.steps), row.state) == (1, 1, OptOutState.REQUESTED)


async def test_what_was_lifted_here_and_is_in_force_at_the_centre_is_in_force(deps: AnonymizerDeps) -> None:
    row = await opted_out(deps, PATIENT)
    await requests.remove(deps.documents, row.id, "officer", "撤回")

    await take_remembered(msgspec.structs.replace(remembered(deps), opt_out_id=row.id), deps)

    again = await deps.documents.get(OPT_OUTS, row.id)
    assert again is not None
    assert (again.in_force, again.revision, again.patients) == (IN_FORCE, 3, row.patients)


async def proof_and_lost(deps: AnonymizerDeps) -> tuple[OptOut, dict[str, object]]:
    row = await opted_out(deps, PATIENT)
    proof = signed(proof_of(row, deps.policy.site, "2026-04-01T09:00:00Z"), ring_of(deps).current)
    await deps.documents.write(Delete(OPT_OUTS, row.id))
    return row, proof


async def test_a_proof_of_this_site_has_its_opt_out_in_force_again(deps: AnonymizerDeps) -> None:
    row, proof = await proof_and_lost(deps)

    again = await add_by_proof(deps.documents, ring_of(deps), proof, "officer")

    assert (again.id, again.patients, again.in_force) == (row.id, row.patients, IN_FORCE)
    assert again.steps[-1].by == "officer"


@pytest.mark.parametrize("change", [{"patient_pseudonyms": ["X"]}, {"signature": {}}, {"patient_pseudonyms": []}])
async def test_a_proof_that_was_changed_is_none(deps: AnonymizerDeps, change: dict[str, object]) -> None:
    _, proof = await proof_and_lost(deps)

    with pytest.raises(Invalid):
        await add_by_proof(deps.documents, ring_of(deps), {**proof, **change}, "officer")
    assert await deps.documents.count(OPT_OUTS) == 0


async def test_a_proof_of_another_sites_key_is_none(deps: AnonymizerDeps) -> None:
    row, _ = await proof_and_lost(deps)
    stranger = msgspec.structs.replace(ring_of(deps).current, vault=b"x" * 32)

    with pytest.raises(Invalid, match="site"):
        await add_by_proof(deps.documents, ring_of(deps), signed(proof_of(row, "other", ""), stranger), "officer")
