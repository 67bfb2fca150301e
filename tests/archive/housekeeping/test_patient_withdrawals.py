"""What is kept of a patient who opted out is deleted and refused; what is another's, or another site's, stays."""

from typing import Any

import aiohttp
import pytest

from services.archive.housekeeping.patient_withdrawals import Withdrawal, lift, withdraw
from services.archive.records import INSTANCES, STUDIES
from services.archive.store.removal import remove
from services.archive.store.tombstones import OPTED_OUT
from services.archive.withdrawal_records import WITHDRAWN_STUDIES
from shared.errors import Unavailable
from tests.archive.conftest import Archive
from tests.archive.store.test_acceptance import GATEWAY, centre, deidentified, reasons, store

__all__ = ["centre"]
PATIENT, OTHER = "0123456789abcdef0123456789abcdef", "f" * 32
ASKED = Withdrawal(withdrawal_id="w", site="a", patient_ids=(PATIENT,), study_instance_uids=("2.25.700",))


def of(number: int, study: int, **values: Any) -> bytes:
    """Return an Instance of site a, in a Study and a Series of its own."""
    uids = {"StudyInstanceUID": f"2.25.{study}", "SeriesInstanceUID": f"2.25.{study}1"}
    return deidentified(number, **{"InstitutionName": "a", **uids, **values})


@pytest.fixture
async def filled(centre: aiohttp.ClientSession, archive: Archive) -> aiohttp.ClientSession:
    files = (of(1, 77), of(2, 77), of(3, 78, InstitutionName=""), of(4, 79, InstitutionName="b"))
    for each in (*files, of(5, 80, PatientID=OTHER)):
        assert (await store(centre, each, **GATEWAY))[0] == 200
    return centre


async def studies(archive: Archive) -> set[str]:
    return {each.study_instance_uid async for each in archive.deps.documents.every(STUDIES)}


async def test_studies_of_the_patient_go_and_those_of_another_site_or_patient_stay(
    filled: aiohttp.ClientSession, archive: Archive
) -> None:
    done = await withdraw(archive.deps, ASKED)

    assert await studies(archive) == {"2.25.79", "2.25.80"}
    assert {each.study_instance_uid: each.instances for each in done.studies} == {
        "2.25.77": 2,
        "2.25.78": 1,
        "2.25.700": 0,
    }
    assert done.others == 1
    blobs = [key async for key in archive.deps.blobs.keys("instances/")]
    assert sorted(key.split("/")[1] for key in blobs) == ["2.25.79", "2.25.80"]


async def test_what_is_named_and_is_another_patients_here_is_not_touched(
    filled: aiohttp.ClientSession, archive: Archive
) -> None:
    asked = Withdrawal(withdrawal_id="w", site="a", patient_ids=(PATIENT,), study_instance_uids=("2.25.80",))

    done = await withdraw(archive.deps, asked)

    assert done.kept == 1
    assert "2.25.80" in await studies(archive)


async def test_what_comes_later_is_refused_for_good_and_a_retrieve_says_why(
    filled: aiohttp.ClientSession, archive: Archive
) -> None:
    await withdraw(archive.deps, ASKED)

    same = await store(filled, of(1, 77), **GATEWAY)
    new = await store(filled, of(9, 90), **GATEWAY)
    on_its_way = await store(filled, of(8, 700, PatientID=OTHER), **GATEWAY)
    elsewhere = await store(filled, of(7, 91, InstitutionName="b"), **GATEWAY)

    assert [reasons(answer) for _, answer in (same, new, on_its_way)] == [[OPTED_OUT]] * 3
    assert elsewhere[0] == 200
    async with filled.get("/dicom-web/studies/2.25.77") as answer:
        assert (answer.status, (await answer.json())["reason"]) == (410, "withdrawn")


async def test_a_kill_in_the_middle_is_gone_on_with_and_counts_what_there_was(
    filled: aiohttp.ClientSession, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed(deps: Any, instances: Any) -> None:
        await remove(deps, instances[:1])
        raise Unavailable("as by kill -9")

    with monkeypatch.context() as patched:
        patched.setattr("services.archive.housekeeping.patient_withdrawals.remove", killed)
        with pytest.raises(Unavailable):
            await withdraw(archive.deps, ASKED)

    done = await withdraw(archive.deps, ASKED)

    assert await studies(archive) == {"2.25.79", "2.25.80"}
    assert sum(each.instances for each in done.studies) == 3
    assert all(each.finished for each in done.studies)


async def test_who_takes_part_again_is_taken_again(filled: aiohttp.ClientSession, archive: Archive) -> None:
    await withdraw(archive.deps, ASKED)

    await lift(archive.deps, ASKED)

    assert (await store(filled, of(1, 77), **GATEWAY))[0] == 200
    assert await archive.deps.documents.count(INSTANCES) == 3
    assert await archive.deps.documents.count(WITHDRAWN_STUDIES) == 0


async def test_nobody_without_the_credential_withdraws_anything(
    filled: aiohttp.ClientSession, archive: Archive
) -> None:
    body = {"withdrawal_id": "w", "site": "a", "patient_ids": [PATIENT]}

    async with filled.post("/dicom-web/withdrawals", json=body) as answer:
        assert answer.status == 401

    assert len(await studies(archive)) == 4
