"""A Study that centre and gateway let go comes back from the hospital's PACS, or its recall says why it does not."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind  # type: ignore[attr-defined]

from services.anonymizer.opt_out_records import IN_FORCE, OPT_OUTS, OptOut, OptOutState
from services.anonymizer.pseudonyms.vault import VAULT, VAULT_READS
from services.archive.records import INSTANCES
from services.ingest.pull import begin
from services.ingest.pull.wanted import by_uids
from services.ingest.pull_records import PULLS
from services.linker.centre.records import PROOFS
from services.linker.gateway.recalls.records import FETCHES
from services.linker.gateway.records import STUDIES_SEEN
from shared.documents import Delete
from shared.service import Role
from tests.flow import inside
from tests.flow.inside import System, running, until
from tests.flow.system import PIXELS_UNREAD
from tests.servers.dcmqrscp import TITLE, Dcmqrscp
from tests.servers.process import free_ports

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

QUICK = {
    **PIXELS_UNREAD,
    "JMID_LINKER_RECALL_POLL_S": "0.05",
    "JMID_LINKER_RECALL_SETTLE_S": "3",
    "JMID_INGEST_RECALL_AWAY_H": "0",
}
Words = dict[str, Any]


@pytest.fixture
def pacs() -> Iterator[Dcmqrscp]:
    with Dcmqrscp({"JMID": 11112}) as server:
        yield server


@pytest.fixture
def files(ct: list[bytes], tmp_path: Path) -> list[Path]:
    """Return the files of one Study of three Instances."""
    paths = [tmp_path / f"{number}.dcm" for number in range(len(ct))]
    for path, data in zip(paths, ct, strict=True):
        path.write_bytes(data)
    return paths


@asynccontextmanager
async def hospital(
    tmp_path: Path,
    port: int,
    environ: dict[str, str] | None = None,
    source: str = "recalls = true",
    retrieve: str = "get",
) -> AsyncIterator[System]:
    """Run gateway and centre beside a PACS."""
    listed = tmp_path / "sources.toml"
    listed.write_text(
        f'[[source]]\nname = "pacs"\nhost = "127.0.0.1"\nport = {port}\nae_title = "{TITLE}"\nretrieve = "{retrieve}"\n'
        f"{source}\n",
        encoding="utf-8",
    )
    async with running(tmp_path / "home", {**QUICK, "JMID_INGEST_SOURCES": str(listed), **(environ or {})}) as system:
        yield system


async def delivered(system: System, pacs: Dcmqrscp, files: list[Path]) -> dict[str, str]:
    """Have a Study in the PACS, bring it to the centre by a pull, and lose it everywhere else; return its digests."""
    await asyncio.to_thread(pacs.put, *files)
    study = str(pydicom.dcmread(files[0], stop_before_pixels=True).StudyInstanceUID)
    ports = system.host.ports[Role.GATEWAY]
    await begin.begin(ports.documents, ports.blobs["identified"], "pacs", by_uids(study))

    async def there() -> bool:
        count = await system.documents(Role.CENTRE).count(INSTANCES)
        return count == len(files)

    await until(there, lambda: "the Study is not delivered")
    await until(lambda: is_released(system), lambda: "the Study is not let go")
    await system.note_paths()
    await inside.evicted(system)
    assert set((await system.statuses()).values()) == {410}
    return await digests(system)


async def is_released(system: System) -> bool:
    try:
        await inside.all_released(system)
    except AssertionError:
        return False  # a receipt is not settled yet
    return True


async def digests(system: System) -> dict[str, str]:
    rows = await system.documents(Role.CENTRE).find_all(INSTANCES)
    return {each.sop_instance_uid: each.sha256 for each in rows}


async def recalled(system: System) -> Words:
    """Ask the Study back by the API, and return what became of that."""
    body = {"study_instance_uid": system.study, "by": "Dr. Who"}
    async with system.client.post("/api/recalls", json=body) as answer:
        assert answer.status == 201, await answer.text()
    return await answered(system)


async def answered(system: System) -> Words:
    found: Words = {}

    async def there() -> bool:
        async with system.client.get(f"/api/recalls?study={system.study}") as answer:
            found.update((await answer.json())["recalls"][0])
        return bool(found["state"] != "requested")

    await until(there, lambda: f"the recall is {found}")
    return found


async def test_a_recalled_study_comes_back_from_the_pacs_with_the_same_uids_and_bytes(
    tmp_path: Path, pacs: Dcmqrscp, files: list[Path]
) -> None:
    async with hospital(tmp_path, pacs.port) as system:
        before = await delivered(system, pacs, files)

        found = await recalled(system)

        assert (found["state"], found["missing"], found["compared"]) == ("redelivered", {}, {"same": 3})
        assert (found["requested_by"], found["source"], found["answered_by"]) == ("Dr. Who", "pacs", "a")
        assert set((await system.statuses()).values()) == {200}
        assert await digests(system) == before
        gateway = system.documents(Role.GATEWAY)
        (read,) = await gateway.find_all(VAULT_READS)
        assert (read.pseudonym, read.by) == (system.study, "recall")
        assert found["recall_id"] in read.reason
        pulls = [each for each in await gateway.find_all(PULLS) if each.recall_id]
        assert [(each.recall_id, each.told.split("|")[0]) for each in pulls] == [(found["recall_id"], "through")]
        lists = [key async for key in system.host.ports[Role.GATEWAY].blobs["identified"].keys("pulls/")]
        assert lists == []  # no UID is kept of a recall that ended


async def test_a_pacs_that_only_moves_sends_it_to_our_receiver(tmp_path: Path, files: list[Path]) -> None:
    (port,) = free_ports(1)
    with Dcmqrscp({"JMID": port}, ["--disable-get"]) as pacs:
        environ = {"JMID_INGEST_DIMSE_PORT": str(port)}
        async with hospital(tmp_path, pacs.port, environ, retrieve="move") as system:
            before = await delivered(system, pacs, files)

            found = await recalled(system)

            assert (found["state"], found["compared"], found["source"]) == ("redelivered", {"same": 3}, "pacs")
            assert await digests(system) == before


async def test_a_recall_goes_on_after_everything_stopped(tmp_path: Path, pacs: Dcmqrscp, files: list[Path]) -> None:
    """The PACS is away until all was stopped and started again; what waits, waits in the databases."""
    patient = {"JMID_INGEST_RECALL_AWAY_H": "24"}
    async with hospital(tmp_path, pacs.port, patient) as system:
        before = await delivered(system, pacs, files)
        study, paths = system.study, system.paths
        await asyncio.to_thread(pacs.shut_down)
        body = {"study_instance_uid": study, "by": "Dr. Who"}
        async with system.client.post("/api/recalls", json=body) as answer:
            assert answer.status == 201

        async def waits() -> bool:
            async with system.client.get(f"/api/recalls?study={study}") as answer:
                steps = (await answer.json())["recalls"][0]["steps"]
            return [each["step"] for each in steps][-1:] == ["waiting-for-pacs"]

        await until(waits, lambda: "the recall does not say that it waits for the PACS")
    await asyncio.to_thread(pacs.start)
    async with hospital(tmp_path, pacs.port, patient) as system:
        system.study, system.paths = study, paths

        found = await answered(system)

        assert (found["state"], found["compared"]) == ("redelivered", {"same": 3})
        assert await digests(system) == before
        assert len(await system.documents(Role.GATEWAY).find_all(FETCHES)) == 1


async def lost_in_pacs(system: System, pacs: Dcmqrscp) -> None:
    """Have a PACS in its place that holds nothing."""
    await asyncio.to_thread(pacs.shut_down)
    for path in (pacs.folder / "store").iterdir():
        path.unlink()
    await asyncio.to_thread(pacs.start)


async def away(system: System, pacs: Dcmqrscp) -> None:
    await asyncio.to_thread(pacs.shut_down)


async def opted_out(system: System, pacs: Dcmqrscp) -> None:
    """Let the patient opt out, as it is in the moment before anything follows from it."""
    study = await system.documents(Role.GATEWAY).get(STUDIES_SEEN, system.study)
    assert study is not None
    row = OptOut(
        id="o",
        patients=study.patient_ids,
        key_versions=("k1",),
        state=OptOutState.WITHDRAWING,
        in_force=IN_FORCE,
        revision=1,
        steps=(),
        asked_at="2026-01-01T00:00:00Z",
    )
    await system.documents(Role.GATEWAY).put(OPT_OUTS, row)


async def vault_lost(system: System, pacs: Dcmqrscp) -> None:
    await system.documents(Role.GATEWAY).write(Delete(VAULT, system.study))


async def test_a_recall_that_cannot_be_says_why(tmp_path: Path, pacs: Dcmqrscp, files: list[Path]) -> None:
    async with hospital(tmp_path, pacs.port) as system:
        await delivered(system, pacs, files)
        reasons: dict[str, Words] = {}
        for reason, loss in (
            ("not-in-pacs", lost_in_pacs),
            ("pacs-away", away),
            ("opted-out", opted_out),
            ("not-in-vault", vault_lost),
        ):
            await loss(system, pacs)
            reasons[reason] = await recalled(system)
            await system.documents(Role.GATEWAY).write(Delete(OPT_OUTS, "o"))

        reads = await system.documents(Role.GATEWAY).count(VAULT_READS)

    assert {each["state"] for each in reasons.values()} == {"unavailable-at-gateway"}
    assert {reason: each["missing"] for reason, each in reasons.items()} == {reason: {reason: 3} for reason in reasons}
    assert reads == 2  # of who opted out, and of what it does not hold, nothing is read


async def test_a_gateway_without_a_pacs_says_so(tmp_path: Path, pacs: Dcmqrscp, files: list[Path]) -> None:
    async with hospital(tmp_path, pacs.port, source="") as system:
        await delivered(system, pacs, files)

        found = await recalled(system)

    assert (found["state"], found["missing"]) == ("unavailable-at-gateway", {"no-pacs": 3})


def with_other_pixels(path: Path, folder: Path) -> Path:
    data = pydicom.dcmread(path)
    data.PixelData = bytes(len(data.PixelData))
    changed = folder / f"changed-{path.name}"
    data.save_as(changed)
    return changed


async def test_what_changed_in_the_pacs_since_is_shown(tmp_path: Path, pacs: Dcmqrscp, files: list[Path]) -> None:
    async with hospital(tmp_path, pacs.port) as system:
        await delivered(system, pacs, files)
        await lost_in_pacs(system, pacs)
        await asyncio.to_thread(pacs.put, with_other_pixels(files[0], tmp_path), files[1])

        found = await recalled(system)

    assert found["state"] == "partly-redelivered"
    assert found["compared"] == {"same": 1, "changed": 1, "missing": 1}
    assert found["changed_by"] == {"changed-in-pacs": 1}
    assert found["missing"] == {"0111": 1, "not-in-pacs": 1}


async def test_what_is_deidentified_otherwise_since_comes_back_and_is_shown(
    tmp_path: Path, pacs: Dcmqrscp, files: list[Path]
) -> None:
    async with hospital(tmp_path, pacs.port) as system:
        before = await delivered(system, pacs, files)
        study, paths = system.study, system.paths
    async with hospital(tmp_path, pacs.port, {"JMID_ANONYMIZER_PROFILE": "research"}) as system:
        system.study, system.paths = study, paths

        found = await recalled(system)

        assert set((await system.statuses()).values()) == {200}
        after = await digests(system)
        firsts = await system.documents(Role.CENTRE).find_all(INSTANCES)
    assert (found["state"], found["missing"], found["compared"]) == ("redelivered", {}, {"changed": 3})
    ((why, count),) = found["changed_by"].items()
    assert why.startswith("profile jmid")
    assert " to research" in why
    assert count == 3
    assert after.keys() == before.keys()
    assert set(after.values()).isdisjoint(before.values())
    assert {each.sop_instance_uid: each.first_sha256 for each in firsts} == before


@contextmanager
def finder(counts: Sequence[int]) -> Iterator[int]:
    """A PACS that has every Study it is asked for, with as many Instances as told; yield its port."""
    told = iter(counts)

    def find(event: Any) -> Iterator[tuple[int, Dataset | None]]:
        identifier = event.identifier
        identifier.NumberOfStudyRelatedInstances = str(next(told)) if counts else ""
        yield 0xFF00, identifier

    entity = AE(ae_title=TITLE)
    entity.add_supported_context(StudyRootQueryRetrieveInformationModelFind)
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_FIND, find)])
    assert server is not None
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()


@pytest.mark.parametrize(
    ("counts", "reason", "is_proven"),
    [([3], "in-pacs", True), ([2], "fewer-in-pacs", False), ([], "pacs-does-not-count", False)],
)
async def test_only_a_pacs_that_has_all_of_a_study_proves_that_it_can_be_recalled(
    tmp_path: Path, ct: list[bytes], counts: list[int], reason: str, is_proven: bool
) -> None:
    with finder(counts) as port:
        async with hospital(tmp_path, port) as system:
            assert (await system.sent(ct))["state"] == "delivered"
            await system.note_paths()
            url = f"/api/staying?study={system.study}&prove=yes"

            async def asked() -> Words:
                async with system.client.get(url) as answer:
                    return dict((await answer.json())["studies"][system.study])

            async def is_answered() -> bool:
                await asked()
                proofs = await system.documents(Role.CENTRE).find_all(PROOFS)
                return [each.reason for each in proofs] == [reason]

            await until(is_answered, lambda: "the gateway does not say whether the Study can be recalled")

            assert (await asked())["recallable"] is is_proven
            assert await system.documents(Role.GATEWAY).count(VAULT_READS) == 1
