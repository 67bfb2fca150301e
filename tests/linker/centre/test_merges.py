"""A merge of patients at the centre: reports link, cases are refreshed, and readers see one patient."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.linker.service import CENTRE
from shared.events import InstancesStored, LinkKeys
from tests.linker.samples import document, uid
from tests.linker.system import Opened, opened

STUDY = uid(1)
FHIR = "application/fhir+json"
SAID = {"action": "merge", "surviving": "P1", "at": "2026-04-01T10:00:00+09:00"}
TAKEN_BACK = {"action": "unmerge", "surviving": "P1", "at": "2026-04-02T10:00:00+09:00"}


@pytest.fixture
async def centre(tmp_path: Path) -> AsyncIterator[Opened]:
    async with opened(CENTRE, tmp_path, {}, tasks=False) as found:
        yield found


def body(
    *decisions: dict[str, str], patients: tuple[str, ...] = ("P0", "P1"), site: str = "hospital"
) -> dict[str, Any]:
    return {"site": site, "merges": [{"patients": patients, "decisions": decisions}]}


def stored(patient_id: str = "P0", site: str = "hospital") -> InstancesStored:
    keys = LinkKeys(patient_id=patient_id, accession_number="A1", modality="CT", study_date="20260401")
    return InstancesStored.first(
        f"{patient_id}{site}",
        correlation_id="r1",
        site="centre",
        study_instance_uid=STUDY,
        series_instance_uid=f"{STUDY}.1",
        sop_instance_uids=(f"{STUDY}.1.1",),
        keys=keys,
        study_site=site,
    )


async def of_study(centre: Opened) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in (await centre.get(f"/api/reports?study={STUDY}")).get("entry", [])]


@pytest.mark.parametrize("is_first", [True, False])
async def test_a_report_of_one_number_finds_the_study_of_the_other(centre: Opened, is_first: bool) -> None:
    if is_first:
        await centre.post("/api/merges", body(SAID))
    await centre.take(stored())
    await centre.post("/api/reports", document(), 201, FHIR)
    if not is_first:
        assert await of_study(centre) == []
        await centre.post("/api/merges", body(SAID))

    report, patient = await of_study(centre)

    assert (report["id"], patient["resourceType"], patient["id"]) == ("R1", "Patient", "P1")
    assert [each["other"]["identifier"]["value"] for each in patient["link"]] == ["P0"]
    assert (await centre.get("/api/patients/P0")) == {"patient_id": "P1", "patient_ids": ["P0", "P1"]}


async def test_a_merge_that_is_taken_back_parts_them_again(centre: Opened) -> None:
    await centre.take(stored())
    await centre.post("/api/reports", document(), 201, FHIR)
    await centre.post("/api/merges", body(SAID))

    await centre.post("/api/merges", body(TAKEN_BACK, SAID))

    assert await of_study(centre) == []
    assert (await centre.get("/api/patients/P0")) == {"patient_id": "P0", "patient_ids": ["P0"]}


async def test_readers_of_the_feed_refresh_every_case_of_both(centre: Opened) -> None:
    await centre.take(stored())
    after = (await centre.get("/api/reports/changes"))["next"]

    await centre.post("/api/merges", body(SAID))

    changes = (await centre.get(f"/api/reports/changes?after={after}"))["changes"]
    assert [(each["kind"], each["study_instance_uids"]) for each in changes] == [("patient", [STUDY])]


async def test_a_gateway_tells_of_its_own_site_alone(centre: Opened) -> None:
    await centre.take(stored(site="hospital"))
    await centre.post("/api/reports", document(), 201, FHIR)

    await centre.post("/api/merges", body(SAID, site="other"), 403)

    assert await of_study(centre) == []


@pytest.mark.parametrize(
    "wrong",
    [
        body(SAID, patients=("P1", "P1")),
        body({**SAID, "surviving": "P7"}),
        body({**SAID, "action": "join"}),
        body({**SAID, "at": ""}),
        {"site": "", "merges": []},
    ],
)
async def test_what_is_no_merge_is_refused(centre: Opened, wrong: dict[str, Any]) -> None:
    await centre.post("/api/merges", wrong, 400)


async def test_only_a_gateway_tells_of_merges(centre: Opened) -> None:
    async with centre.session.post(
        f"{centre.url}/api/merges", json=body(SAID), headers={"Authorization": "Bearer wrong"}
    ) as answer:
        assert answer.status == 401
