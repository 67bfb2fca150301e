"""Pulls from DCMTK's archive by C-GET and C-MOVE, and from ours by DICOMweb."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pydicom
import pytest
from pydicom.uid import generate_uid
from typer.testing import CliRunner

from services.__main__ import app
from services.archive.service import SERVICES as ARCHIVE
from services.ingest.pull import begin
from services.ingest.pull.begin import new_study
from services.ingest.pull.wanted import Studies, Wanted, by_accession_numbers, by_query, by_uids
from services.ingest.pull_records import PULLED, PULLS, Pull, PulledStudy, PullState, StudyState
from services.ingest.receipts.records import ARRIVALS, RECEIPTS
from shared.documents import Eq, Order, Put
from shared.runtime.host import Hosting, hosted
from shared.service import Place, Role, Running, Service
from tests.ingest.conftest import Doors, open_doors
from tests.servers.dcmqrscp import TITLE, Dcmqrscp
from tests.servers.process import free_ports

TOKEN = "a-token-of-the-gateways-of-this-test"
DIMSE_PORT = "JMID_INGEST_DIMSE_PORT"


def study_of(folder: Path, template: Path, instances: int, **attributes: str) -> list[Path]:
    """Write one Study of small Instances."""
    study, series, paths = generate_uid(), generate_uid(), []
    for number in range(instances):
        dataset = pydicom.dcmread(template)
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, series
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        dataset.Rows = dataset.Columns = 16
        dataset.PixelData = bytes(512)
        for keyword, value in attributes.items():
            setattr(dataset, keyword, value)
        paths.append(folder / f"{study}.{number}.dcm")
        dataset.save_as(paths[-1])
    return paths


def uid_of(paths: list[Path]) -> str:
    return str(pydicom.dcmread(paths[0], stop_before_pixels=True).StudyInstanceUID)


@pytest.fixture
def dimse_port() -> int:
    return free_ports(1)[0]


@pytest.fixture
def pacs(dimse_port: int) -> Iterator[Dcmqrscp]:
    with Dcmqrscp({"JMID": dimse_port}) as server:
        yield server


def sources(folder: Path, *texts: str) -> dict[str, str]:
    path = folder / "sources.toml"
    path.write_text("\n".join(f"[[source]]\n{text}" for text in texts), encoding="utf-8")
    return {"JMID_INGEST_SOURCES": str(path)}


def pacs_source(pacs: Dcmqrscp, *more: str) -> str:
    return "\n".join(['name = "pacs"', 'host = "127.0.0.1"', f"port = {pacs.port}", f'ae_title = "{TITLE}"', *more])


async def begun(doors: Doors, wanted: Wanted, source: str = "pacs") -> str:
    blobs = doors.host.ports[Role.GATEWAY].blobs["identified"]
    return (await begin.begin(doors.documents, blobs, source, wanted)).id


async def pull_of(doors: Doors, pull_id: str) -> Pull:
    pull = await doors.documents.get(PULLS, pull_id)
    assert pull is not None
    return pull


async def ended(doors: Doors, pull_id: str) -> list[PulledStudy]:
    """Wait for the end of a pull and return its Studies."""

    async def is_ended() -> bool:
        return (await pull_of(doors, pull_id)).state in (PullState.DONE, PullState.FAILED)

    await doors.until(is_ended)
    return await doors.documents.find_all(PULLED, Eq("pull_id", pull_id), order=(Order("number"),))


def told(rows: list[PulledStudy]) -> list[tuple[str, int, int, str]]:
    return [(row.state.value, row.arrived, row.expected, row.reason) for row in rows]


@pytest.mark.parametrize(("retrieve", "doors_of_receipts"), [("get", "pull"), ("move", "dimse"), ("auto", "pull")])
async def test_studies_of_a_query_come_as_by_c_store(
    tmp_path: Path,
    ct: list[Path],
    pacs: Dcmqrscp,
    dimse_port: int,
    monkeypatch: pytest.MonkeyPatch,
    retrieve: str,
    doors_of_receipts: str,
) -> None:
    wanted = study_of(tmp_path, ct[0], 3, StudyDate="20240501")
    pacs.put(*wanted, *study_of(tmp_path, ct[0], 1, StudyDate="20200101"))
    own = sources(tmp_path, pacs_source(pacs, f'retrieve = "{retrieve}"'))
    async with open_doors(tmp_path / "home", **own, **{DIMSE_PORT: str(dimse_port)}) as doors:
        rows = await ended(doors, await begun(doors, by_query(["StudyDate=20240401-20240531"])))
        await doors.blobs_published(3)
        receipts = (await doors.documents.find(RECEIPTS)).documents
        lists = [key async for key in doors.host.ports[Role.GATEWAY].blobs["identified"].keys("pulls/")]

    assert [(row.state.value, row.arrived, row.reason) for row in rows] == [("arrived", 3, "")]
    assert {receipt.endpoint for receipt in receipts} == {doors_of_receipts}
    assert sum(receipt.received for receipt in receipts) == 3
    assert lists == []  # of a pull that is done no UID is kept


async def test_accession_numbers_of_a_csv_are_pulled_and_one_that_is_not_there_is_named(
    tmp_path: Path, ct: list[Path], pacs: Dcmqrscp, dimse_port: int
) -> None:
    pacs.put(*study_of(tmp_path, ct[0], 2, AccessionNumber="A1"), *study_of(tmp_path, ct[0], 1, AccessionNumber="A2"))
    wanted = by_accession_numbers("アクセッション番号,検査\nA1,CT\nA3,CT\nA2,CT\nA1,CT\n")
    async with open_doors(
        tmp_path / "home", **sources(tmp_path, pacs_source(pacs)), **{DIMSE_PORT: str(dimse_port)}
    ) as doors:
        pull_id = await begun(doors, wanted)
        rows = await ended(doors, pull_id)
        async with doors.client.get(f"/ingest/pulls/{pull_id}") as answer:
            shown: dict[str, Any] = await answer.json()

    assert [(row.state.value, row.arrived, row.reason) for row in rows] == [
        ("arrived", 2, ""),
        ("arrived", 1, ""),
        ("failed", 0, "not-found"),
    ]
    assert shown["progress"] == {"found": 0, "asked": 0, "arrived": 2, "failed": 1, "seen": 0}
    assert [each["reason"] for each in shown["failed_studies"]] == ["not-found"]
    assert "A3" not in str(shown)


async def test_a_pull_goes_on_after_a_restart_and_waits_for_a_source_that_is_away(
    tmp_path: Path, ct: list[Path], dimse_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.ingest.pull.worker.AWAY_S", 0.1)
    with Dcmqrscp({"JMID": dimse_port}) as pacs:
        studies = [study_of(tmp_path, ct[0], 1) for _ in range(2)]
        pacs.put(*studies[0], *studies[1])
        pacs.shut_down()
        own = {**sources(tmp_path, pacs_source(pacs)), DIMSE_PORT: str(dimse_port)}
        async with open_doors(tmp_path / "home", **own) as doors:
            pull_id = await begun(doors, by_uids("\n".join(map(uid_of, studies))))

            async def waits() -> bool:
                return (await pull_of(doors, pull_id)).reason == "no-connection"

            await doors.until(waits)
        await asyncio.to_thread(pacs.start)
        async with open_doors(tmp_path / "home", **own) as doors:
            rows = await ended(doors, pull_id)
            arrivals = await doors.documents.count(ARRIVALS)

    assert [(row.state.value, row.arrived) for row in rows] == [("arrived", 1)] * 2
    assert arrivals == 2


async def test_a_study_whose_retrieve_was_cut_off_is_asked_for_again(
    tmp_path: Path, ct: list[Path], pacs: Dcmqrscp, dimse_port: int
) -> None:
    study = study_of(tmp_path, ct[0], 2)
    pacs.put(*study)
    own = sources(tmp_path, pacs_source(pacs))
    async with open_doors(tmp_path / "home", JMID_INGEST_DIMSE_PORT=str(dimse_port)) as doors:
        blobs = doors.host.ports[Role.GATEWAY].blobs["identified"]
        blob = await begin.keep_list(blobs, Studies((uid_of(study),)))
        pull = Pull(id="p", source="pacs", state=PullState.PULLING, blob=blob, studies=1, at=1.0)
        rows = [new_study(pull, number, 2) for number in range(2)]  # the second of a search that was cut off too
        asked = msgspec.structs.replace(rows[0], state=StudyState.ASKED)
        await doors.documents.write(Put(PULLED, asked), Put(PULLED, rows[1]), Put(PULLS, pull))
    async with open_doors(tmp_path / "home", **own, **{DIMSE_PORT: str(dimse_port)}) as doors:
        ends = await ended(doors, "p")
        again = await begin.repeat_failed(doors.documents, "p")

    assert [(row.state.value, row.arrived, row.reason) for row in ends] == [
        ("arrived", 2, ""),
        ("failed", 0, "not-found"),
    ]
    assert again == 0


async def test_studies_that_failed_are_asked_for_again_when_told(
    tmp_path: Path, ct: list[Path], pacs: Dcmqrscp, dimse_port: int
) -> None:
    study = study_of(tmp_path, ct[0], 1)
    pacs.put(*study)
    own = {**sources(tmp_path, pacs_source(pacs)), DIMSE_PORT: str(dimse_port)}
    async with open_doors(tmp_path / "home", **own) as doors:
        blobs = doors.host.ports[Role.GATEWAY].blobs["identified"]
        blob = await begin.keep_list(blobs, Studies((uid_of(study),)))
        pull = Pull(id="p", source="pacs", state=PullState.DONE, blob=blob, studies=1, at=1.0)
        failed = msgspec.structs.replace(new_study(pull, 0, 1), state=StudyState.FAILED, reason="status-a702")
        await doors.documents.put(PULLED, failed)
        await doors.documents.put(PULLS, pull)

        again = await begin.repeat_failed(doors.documents, "p")
        (row,) = await ended(doors, "p")

    assert (again, row.state.value, row.arrived) == (1, "arrived", 1)


async def test_a_pull_waits_for_its_hours_and_a_stopped_one_asks_for_nothing_more(
    tmp_path: Path, dimse_port: int
) -> None:
    now = dt.datetime.now().astimezone()  # these hours hold by the system's clock, and not by that of the site
    hours = f"{now - dt.timedelta(hours=1):%H:%M}-{now + dt.timedelta(hours=1):%H:%M}"
    source = f'name = "pacs"\nhost = "127.0.0.1"\nae_title = "X"\nhours = ["{hours}"]'
    own = {**sources(tmp_path, source), "JMID_SITE_TIMEZONE": "Pacific/Marquesas"}
    async with open_doors(tmp_path / "home", **own) as doors:
        pull_id = await begun(doors, by_uids("1.2.3"))

        async def waits() -> bool:
            return (await pull_of(doors, pull_id)).reason == "outside-hours"

        await doors.until(waits)
        blobs = doors.host.ports[Role.GATEWAY].blobs["identified"]
        stopped = await begin.stop(doors.documents, blobs, pull_id)
        keys = [key async for key in blobs.keys("pulls/")]

    assert (stopped.state, keys) == (PullState.STOPPED, [])


async def test_a_source_without_c_get_is_asked_by_c_move_and_one_it_may_not_move_to_is_a_reason(
    tmp_path: Path, ct: list[Path], dimse_port: int
) -> None:
    with Dcmqrscp({"OTHER": dimse_port}, ["--disable-get"]) as pacs:
        study = study_of(tmp_path, ct[0], 1)
        pacs.put(*study)
        own = {**sources(tmp_path, pacs_source(pacs)), DIMSE_PORT: str(dimse_port)}
        async with open_doors(tmp_path / "home", **own) as doors:
            (row,) = await ended(doors, await begun(doors, by_uids(uid_of(study))))

    assert (row.state.value, row.arrived, row.attempts) == ("failed", 0, 3)
    assert row.reason == "status-a801"  # move destination unknown (PS3.4 C.4.2.1.5)


@asynccontextmanager
async def archive(home: Path, paths: list[Path]) -> AsyncIterator[str]:
    """Our archive with these Instances; yield its DICOMweb address."""

    @asynccontextmanager
    async def nobody(_: Place) -> AsyncIterator[Running]:
        yield Running()

    environ = {"JMID_ARCHIVE_ACCEPT": "any", "JMID_ARCHIVE_GATEWAY_TOKEN": f"a={TOKEN}"}
    taken = tuple(event for service in ARCHIVE for event in service.publishes)
    services = [*ARCHIVE, Service("witness", Role.CENTRE, nobody, takes=taken)]
    hosting = Hosting(
        services=services,
        every=services,
        home=home,
        site="a",
        environ=environ,
    )
    async with hosted(hosting) as host, aiohttp.ClientSession(host.base_url) as client:
        with aiohttp.MultipartWriter("related") as body:
            for path in paths:
                body.append(path.read_bytes(), {"Content-Type": "application/dicom"})
        kind = f'multipart/related; type="application/dicom"; boundary={body.boundary}'
        headers = {"Content-Type": kind, "Authorization": f"Bearer {TOKEN}"}
        async with client.post("/dicom-web/studies", data=body, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
        yield f"{host.base_url}/dicom-web"


async def test_a_dicomweb_server_is_a_source_and_bytes_are_kept_as_they_come(tmp_path: Path, ct: list[Path]) -> None:
    study = study_of(tmp_path, ct[0], 3, AccessionNumber="A1")
    other = study_of(tmp_path, ct[0], 1, AccessionNumber="A2")
    async with archive(tmp_path / "centre", [*study, *other]) as url:
        own = sources(tmp_path, f'name = "vna"\nurl = "{url}"')
        async with open_doors(tmp_path / "home", **own) as doors:
            rows = await ended(doors, await begun(doors, by_query(["AccessionNumber=A1"]), "vna"))
            keys = await doors.blobs_published(3)
            sizes = [await doors.host.ports[Role.GATEWAY].blobs["identified"].size(key) for key in set(keys)]
            receipts = (await doors.documents.find(RECEIPTS)).documents

    assert told(rows) == [("arrived", 3, 3, "")]
    assert sorted(size or 0 for size in sizes) == sorted(path.stat().st_size for path in study)
    assert [(each.endpoint, each.sender, each.id) for each in receipts] == [("pull", "vna", rows[0].receipt_id)]


def test_the_command_begins_shows_and_stops_a_pull(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = sources(tmp_path, 'name = "pacs"\nhost = "pacs.example"\nae_title = "PACS"')
    monkeypatch.setenv("JMID_INGEST_SOURCES", own["JMID_INGEST_SOURCES"])
    home = ["--home", str(tmp_path / "home")]

    def jmid(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["pull", *arguments, *home], env={"COLUMNS": "200"})
        return result.exit_code, result.output.strip()

    code, pull_id = jmid("start", "pacs", "--query", "StudyDate=20240501")
    listed = jmid("list")[1]
    stopped = jmid("stop", pull_id)[0]
    shown = jmid("show", pull_id)[1]

    assert (code, stopped) == (0, 0)
    assert pull_id in listed
    assert shown.startswith("stopped")
    assert jmid("start", "pacs")[0] != 0
    assert jmid("start", "elsewhere", "--query", "StudyDate=20240501")[0] != 0
