"""A merge of numbers becomes a merge of pseudonyms, and an opt-out covers every number of its patient."""

import pytest

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.merge_records import PATIENT_MERGES, with_merged
from services.anonymizer.opt_out import carry_out, requests
from services.anonymizer.opt_out.requests import Asked
from services.anonymizer.opt_out_records import OPT_OUTS, OptOut, OptOutState
from services.anonymizer.pseudonyms.keys import Keyring
from services.anonymizer.pseudonyms.pseudonyms import patient_pseudonym
from services.anonymizer.reports.handler import deidentify_report
from services.ingest.reports.merges import PatientMerge, PatientNumber, merge_document
from shared.events import Event, InputDeidentified, InputRefused, PatientsMerged, ReportReceived
from tests.anonymizer.reports.test_handler import deps

__all__ = ["deps"]
DAY = "2024-04-{:02}T10:00:00+09:00"


def document(replaced: str, surviving: str, *, day: int = 1, action: str = "merge") -> bytes:
    numbers = PatientNumber(replaced), PatientNumber(surviving)
    return merge_document(PatientMerge(replaced=numbers[0], surviving=numbers[1], at=DAY.format(day), action=action))


async def taken(deps: AnonymizerDeps, data: bytes, name: str = "m1") -> list[Event]:
    await deps.identified.put(name, data)
    event = ReportReceived.first(name, correlation_id="r1", site="hospital-1", receipt_id="r1", blob=name)
    return await deidentify_report(event, deps)


def known_as(deps: AnonymizerDeps, number: str) -> str:
    return patient_pseudonym(deps.policy.keys, deps.policy.site, number)


async def opted_out(deps: AnonymizerDeps, number: str) -> OptOut:
    ring, asked = Keyring(deps.key_versions), Asked(number, "", "officer", "申し出")
    return await requests.add(deps.documents, ring, deps.policy.site, deps.policy.foreign_issuers, asked)


async def covered(deps: AnonymizerDeps) -> list[set[str]]:
    return [set(row.patients) for row in await deps.documents.find_all(OPT_OUTS)]


async def test_a_merge_is_said_on_by_pseudonyms_and_no_number_is_kept(deps: AnonymizerDeps) -> None:
    merged, done = await taken(deps, document("0001", "００02"))

    assert isinstance(merged, PatientsMerged)
    assert isinstance(done, InputDeidentified)
    assert merged.pairs == ((known_as(deps, "0001"), known_as(deps, "0002")),)
    assert (merged.action, merged.at, done.known_as) == ("merge", DAY.format(1), {"m1": merged.name})
    [row] = await deps.documents.find_all(PATIENT_MERGES)
    assert not {"0001", "0002"} & {*row.patients, *merged.pairs[0]}


async def test_a_replay_says_the_same_when_the_bytes_are_gone(deps: AnonymizerDeps) -> None:
    first = await taken(deps, document("0001", "0002"))
    await deps.identified.delete("m1")
    event = ReportReceived.first("m1", correlation_id="r1", site="hospital-1", receipt_id="r1", blob="m1")

    again = await deidentify_report(event, deps)

    assert [each.id for each in again] == [each.id for each in first]
    assert isinstance(again[0], PatientsMerged)


async def test_two_spellings_of_one_number_are_no_merge(deps: AnonymizerDeps) -> None:
    (refused,) = await taken(deps, document("0001", "０００１"))

    assert isinstance(refused, InputRefused)
    assert refused.reasons == {"m1": "merge-of-one"}


@pytest.mark.parametrize("is_merged_first", [True, False])
async def test_an_opt_out_covers_every_number_of_its_patient(deps: AnonymizerDeps, is_merged_first: bool) -> None:
    steps = [lambda: taken(deps, document("0001", "0002"), "m1"), lambda: taken(deps, document("0002", "0003"), "m2")]
    if is_merged_first:
        await steps[0]()
        await steps[1]()
    await opted_out(deps, "0001")
    if not is_merged_first:
        await steps[1]()
        await steps[0]()

    assert await covered(deps) == [{known_as(deps, each) for each in ("0001", "0002", "0003")}]
    [row] = await deps.documents.find_all(OPT_OUTS)
    assert row.state is OptOutState.REQUESTED


async def test_numbers_that_were_told_apart_again_are_of_two_patients_in_any_order(deps: AnonymizerDeps) -> None:
    await taken(deps, document("0001", "0002", day=2, action="unmerge"), "m1")
    await taken(deps, document("0001", "0002", day=1), "m2")

    assert await with_merged(deps.documents, [known_as(deps, "0001")]) == (known_as(deps, "0001"),)


async def test_an_end_of_an_opt_out_leaves_whom_another_one_covers(deps: AnonymizerDeps) -> None:
    first = await opted_out(deps, "0001")
    await opted_out(deps, "0002")
    await taken(deps, document("0001", "0002"))
    row = await requests.remove(deps.documents, first.id, "officer", "申し出")

    assert await carry_out.lifted(deps.documents, row) == ()
