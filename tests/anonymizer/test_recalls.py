"""The vault is read for a recall once, recorded, and not for who opted out; what cannot be looked up says why."""

import dataclasses
from pathlib import Path
from typing import Any

import msgspec

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.opt_out_records import IN_FORCE, OPT_OUTS, OptOut, OptOutState
from services.anonymizer.pseudonyms import keys
from services.anonymizer.pseudonyms.keys import Keyring
from services.anonymizer.pseudonyms.pseudonyms import uid_pseudonym
from services.anonymizer.pseudonyms.vault import VAULT, VAULT_READS, seal
from services.anonymizer.recalls import take_recall
from shared.documents import Put
from shared.events import Purpose, RecallWanted, StudyFetched, StudyWanted
from tests.anonymizer.instances.test_handler import deps  # noqa: F401 - a fixture

ORIGINAL = "1.2.392.200036.1"


def wanted(study: str, **more: Any) -> RecallWanted:
    return RecallWanted.first("r", correlation_id="r", site="a", recall_id="r", study_instance_uid=study, **more)


async def sealed(deps: AnonymizerDeps) -> str:  # noqa: F811
    study = uid_pseudonym(deps.policy.keys, ORIGINAL)
    await deps.documents.write(Put(VAULT, seal(deps.policy.keys, "uid", study, ORIGINAL)))
    return study


async def test_the_original_goes_to_ingest_as_a_list_and_the_reading_is_recorded(deps: AnonymizerDeps) -> None:  # noqa: F811
    study, ring = await sealed(deps), Keyring((deps.policy.keys,))
    event = wanted(study, purpose=Purpose.PROVE)

    (first,) = await take_recall(event, deps, ring, two_persons=False)
    (again,) = await take_recall(event, deps, ring, two_persons=False)

    assert isinstance(first, StudyWanted)
    assert first == again
    assert first.purpose is Purpose.PROVE
    assert ORIGINAL not in msgspec.json.encode(first).decode()
    assert msgspec.json.decode(await deps.identified.get(first.blob))["queries"] == [{"StudyInstanceUID": ORIGINAL}]
    (read,) = await deps.documents.find_all(VAULT_READS)
    assert (read.pseudonym, read.by, read.reason) == (study, "recall", "recall r (prove)")


async def test_what_cannot_be_looked_up_says_why(deps: AnonymizerDeps, tmp_path: Path) -> None:  # noqa: F811
    study, ring = await sealed(deps), Keyring((deps.policy.keys,))
    newer = keys.create(tmp_path / "newer", "test", after=["k1"])

    async def outcome(event: RecallWanted, own: AnonymizerDeps, *, two_persons: bool = False) -> str:
        (told,) = await take_recall(event, own, ring, two_persons=two_persons)
        assert isinstance(told, StudyFetched)
        assert told.is_end
        return told.outcome

    after_rotation = dataclasses.replace(deps, policy=deps.policy._replace(keys=newer))
    assert await outcome(wanted("2.25.1"), deps) == "not-in-vault"
    assert await outcome(wanted(study), after_rotation) == "keys-rotated"
    assert await outcome(wanted(study), deps, two_persons=True) == "vault-needs-two"
    assert await deps.documents.count(VAULT_READS) == 0


async def test_who_opted_out_is_not_looked_up(deps: AnonymizerDeps) -> None:  # noqa: F811
    study, ring = await sealed(deps), Keyring((deps.policy.keys,))
    row = OptOut(
        id="o",
        patients=("p",),
        key_versions=("k1",),
        state=OptOutState.DONE,
        in_force=IN_FORCE,
        revision=1,
        steps=(),
        asked_at="",
    )
    await deps.documents.put(OPT_OUTS, row)

    (told,) = await take_recall(wanted(study, patient_ids=("p",)), deps, ring, two_persons=False)

    assert isinstance(told, StudyFetched)
    assert told.outcome == "opted-out"
    assert await deps.documents.count(VAULT_READS) == 0
