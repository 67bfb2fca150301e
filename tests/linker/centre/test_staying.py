"""Which Studies' images stay, and what gateways say of the others."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from services.linker.service import CENTRE
from tests.linker.centre.test_centre import GEOMETRY
from tests.linker.system import Opened, opened

STUDY = "1.2.840.99999.76"
OTHER = "1.2.840.99999.77"


@pytest_asyncio.fixture
async def centre(tmp_path: Path) -> AsyncIterator[Opened]:
    async with opened(CENTRE, tmp_path, {"JMID_LINKER_ACCEPT": "any"}) as centre:
        yield centre


async def reasons(centre: Opened) -> dict[str, list[str]]:
    studies = (await centre.get(f"/api/staying?study={STUDY}&study={OTHER}"))["studies"]
    return {uid: each["reasons"] for uid, each in studies.items()}


async def test_a_study_stays_while_it_is_pinned_and_goes_when_that_is_taken_back(centre: Opened) -> None:
    assert await reasons(centre) == {STUDY: [], OTHER: []}

    pin = {"study_instance_uid": STUDY, "by": "Dr. Who", "why": "teaching"}
    await centre.post("/api/pins", pin, 201)
    await centre.post("/api/pins", {**pin, "dataset": "normal-head-ct"}, 201)
    assert await reasons(centre) == {STUDY: ["dataset", "pinned"], OTHER: []}
    assert len((await centre.get(f"/api/pins?study={STUDY}"))["pins"]) == 2

    await centre.post("/api/pins", {**pin, "remove": True}, 200)
    assert await reasons(centre) == {STUDY: ["dataset"], OTHER: []}
    await centre.post("/api/pins", {**pin, "remove": True}, 404)


async def test_a_study_stays_while_an_annotation_of_it_stands(centre: Opened) -> None:
    annotation = {"study_instance_uid": STUDY, "series_instance_uid": f"{STUDY}.1", "by": "Dr. Who"}
    placed: dict[str, object] = {**annotation, "sop_instance_uid": f"{STUDY}.2", "geometry": GEOMETRY, "note": "結節"}
    made = await centre.post("/api/annotations", placed, 201)
    assert await reasons(centre) == {STUDY: ["annotated"], OTHER: []}

    await centre.post("/api/annotations", {**placed, "id": made["id"], "remove": True}, 200)

    assert await reasons(centre) == {STUDY: [], OTHER: []}


@pytest.mark.parametrize(
    "wrong", [{"study_instance_uid": "no uid", "by": "x"}, {"study_instance_uid": STUDY, "by": " "}]
)
async def test_a_pin_without_a_study_or_a_person_is_refused(centre: Opened, wrong: dict[str, str]) -> None:
    await centre.post("/api/pins", wrong, 400)


async def test_a_gateway_is_asked_once_whether_a_study_can_be_recalled_and_is_believed_for_a_time(
    centre: Opened,
) -> None:
    async def recallable() -> bool:
        return bool((await centre.get(f"/api/staying?study={STUDY}&prove=yes"))["studies"][STUDY]["recallable"])

    assert not await recallable()
    assert (await centre.get("/api/recalls/proofs"))["studies"] == [STUDY]

    await centre.post(f"/api/recalls/{STUDY}/proof", {"site": "hospital", "possible": True}, 200)

    assert await recallable()
    assert (await centre.get("/api/recalls/proofs"))["studies"] == []
    await centre.post(f"/api/recalls/{STUDY}/proof", {"site": "hospital", "possible": False}, 200)
    assert not await recallable()
    assert (await centre.get("/api/recalls/proofs"))["studies"] == []  # it has answered, and is not asked at once again
    await centre.post(f"/api/recalls/{OTHER}/proof", {"site": "hospital", "possible": True}, 404)


async def test_too_many_studies_at_once_are_refused(centre: Opened) -> None:
    query = "&".join([f"study={STUDY}"] * 101)

    async with centre.session.get(f"{centre.url}/api/staying?{query}") as answer:
        assert answer.status == 400
