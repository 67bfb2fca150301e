"""``jmid reconcile`` compares ledgers with stores on both sides, says what differs, and has it delivered again."""

import asyncio
import hashlib
import io
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pydicom
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydicom.uid import generate_uid

from services.archive.records import STUDIES
from shared import clock
from shared.site.times import SiteTime
from tests.flow import senders
from tests.flow.inside import (
    Loss,
    System,
    all_released,
    bytes_lost,
    bytes_rotten,
    database_lost,
    deidentified_released,
    deleted,
    evicted,
    lost,
    records_lost,
    until,
)
from tests.flow.inside import running as hosted_in_here
from tests.flow.ports import Ports
from tests.flow.system import JMID

pytestmark = [pytest.mark.slow, pytest.mark.timeout(420)]


class Operator:
    """Calls jmid beside the running services, with their settings."""

    def __init__(self, system: System, ports: Ports) -> None:
        self.system, self.ports = system, ports

    async def jmid(self, *arguments: str) -> tuple[int, str]:
        """Return the exit code and what it said."""
        environ = {**os.environ, **self.ports.environ}
        process = await asyncio.create_subprocess_exec(
            str(JMID), *arguments, "--home", str(self.system.home), env=environ, stdout=-1, stderr=-1
        )
        said, errors = await process.communicate()
        return process.returncode or 0, said.decode() + errors.decode()

    async def gateway(self, *options: str) -> tuple[int, str]:
        return await self.jmid("reconcile", "gateway", "--centre", self.system.host.base_url, *options)

    async def all_there(self) -> None:
        async def there() -> bool:
            return set((await self.system.statuses()).values()) == {200}

        await until(there, lambda: "not everything is at the centre")


@pytest.fixture(params=["embedded", pytest.param("servers", marks=pytest.mark.servers)])
def both_ports(request: pytest.FixtureRequest) -> Ports:
    return Ports.embedded() if request.param == "embedded" else Ports.servers(request)


@pytest.fixture
async def operator(tmp_path: Path) -> AsyncIterator[Operator]:
    async with hosted_in_here(tmp_path / "home") as system:
        yield Operator(system, Ports.embedded())


async def test_what_the_centre_lost_is_named_delivered_again_and_then_agrees(
    tmp_path: Path, both_ports: Ports, ct: list[bytes]
) -> None:
    async with hosted_in_here(tmp_path / "home", both_ports.environ) as system:
        operator = Operator(system, both_ports)
        await system.sent(ct)
        await system.note_paths()
        before = {path: await system.get(path) for path in system.paths}
        agreed = await operator.gateway()
        await lost(system)

        trial, trial_text = await operator.gateway("--dry-run")
        mended, mended_text = await operator.gateway()
        await operator.all_there()

        assert agreed[0] == 0, agreed[1]
        assert (trial, mended) == (3, 0), (trial_text, mended_text)
        assert "3 Instances and 0 reports were not there and would be delivered again" in trial_text
        assert "3 Instances and 0 reports were not there and are due to be delivered again" in mended_text
        assert {path: await system.get(path) for path in system.paths} == before
        assert "3 Instances and 0 reports are at the centre" in (await operator.gateway())[1]


async def test_a_day_is_proven_by_both_sides_and_each_difference_is_named(operator: Operator, ct: list[bytes]) -> None:
    system = operator.system
    await system.sent(ct)
    await system.note_paths()
    await system.report(senders.fhir_report(senders.person(1), 1, "20240531", "異常を認めない。"))
    today = SiteTime().day_of(clock.now())
    ask = ("reconcile", "--day", today, "--centre", system.host.base_url)

    agreed, agreed_text = await operator.jmid(*ask)
    await evicted(system)
    gone, gone_text = await operator.jmid(*ask)
    await deleted(system)
    meant, meant_text = await operator.jmid(*ask)
    strange, _ = await operator.jmid("reconcile", "--day", "yesterday", "--centre", system.host.base_url)

    assert (agreed, gone, meant, strange) == (0, 0, 0, 2), (agreed_text, gone_text, meant_text)
    assert "4 received = 4 stored + 0 refused + 0 waiting + 0 deleted" in agreed_text
    assert "4 received = 4 stored + 0 refused + 0 waiting + 0 deleted" in gone_text
    assert "3 evicted" in gone_text
    assert "4 received = 1 stored + 0 refused + 0 waiting + 3 deleted" in meant_text
    assert "3 deleted-at-centre" in meant_text


async def test_each_content_that_the_centre_lost_is_named(operator: Operator, ct: list[bytes]) -> None:
    await sent_and_lost(operator, ct, lost)
    ask = ("reconcile", "--day", SiteTime().day_of(clock.now()), "--centre", operator.system.host.base_url)

    differs, differs_text = await operator.jmid(*ask)

    assert differs == 3, differs_text
    assert "3 received = 0 stored + 0 refused + 0 waiting + 0 deleted + 3 that differ" in differs_text
    assert differs_text.count("not-at-the-centre") == 3
    assert all(hashlib.sha256(each).hexdigest() in differs_text for each in ct)


async def test_what_a_day_misses_is_delivered_again_and_what_was_deleted_is_not(
    operator: Operator, ct: list[bytes]
) -> None:
    system = operator.system
    ask = ("reconcile", "--day", SiteTime().day_of(clock.now()), "--centre", system.host.base_url, "--repair")
    await sent_and_lost(operator, ct, lost)

    repaired, repaired_text = await operator.jmid(*ask)
    await operator.all_there()
    agreed, agreed_text = await operator.jmid(*ask)
    await deleted(system)
    meant, meant_text = await operator.jmid(*ask)

    assert (repaired, agreed, meant) == (0, 0, 0), (repaired_text, agreed_text, meant_text)
    assert "3 Instances and 0 reports are due to be delivered again" in repaired_text
    assert "nothing of this day is missing at the centre" in agreed_text
    assert "nothing of this day is missing at the centre" in meant_text
    assert set((await system.statuses()).values()) == {410}


async def sent_and_lost(operator: Operator, ct: list[bytes], loss: Loss) -> None:
    """Send the images, note where they can be asked for, and let them be lost."""
    await operator.system.sent(ct)
    await operator.system.note_paths()
    await loss(operator.system)


@pytest.mark.parametrize("loss", [bytes_lost, bytes_rotten])
async def test_bytes_that_the_archive_lost_are_named_at_the_centre_and_come_from_the_hospital(
    operator: Operator, ct: list[bytes], loss: Loss
) -> None:
    await sent_and_lost(operator, ct, loss)

    differs, text = await operator.jmid("reconcile", "centre", "--list")
    await operator.gateway()
    await operator.all_there()

    assert differs == 3
    assert "3 Instances have a record and not their bytes" in text
    assert operator.system.study in text
    assert (await operator.jmid("reconcile", "centre"))[0] == 0


async def test_records_that_the_archive_lost_come_from_its_bytes(operator: Operator, ct: list[bytes]) -> None:
    await sent_and_lost(operator, ct, database_lost)

    differs, text = await operator.jmid("reconcile", "centre")
    trial = await operator.jmid("rebuild", "records", "--dry-run")
    rebuilt = await operator.jmid("rebuild", "records")

    assert (differs, trial[0], rebuilt[0]) == (3, 0, 0)
    assert "3 Instances have bytes and no record" in text
    assert "3 Instances would get a record" in trial[1]
    assert "3 Instances got a record" in rebuilt[1]
    assert set((await operator.system.statuses()).values()) == {200}
    assert (await operator.jmid("reconcile", "centre"))[0] == 0
    assert (await operator.gateway())[0] == 0


async def test_what_is_only_here_in_identified_bytes_is_deidentified_and_delivered_again(
    operator: Operator, ct: list[bytes]
) -> None:
    await sent_and_lost(operator, ct, lost)
    await deidentified_released(operator.system)

    code, text = await operator.gateway()
    await operator.all_there()

    assert code == 0, text
    assert "3 Instances were not there and are due to be delivered again from the identified bytes" in text


async def test_what_nobody_has_any_more_is_said_and_what_was_evicted_is_no_difference(
    operator: Operator, ct: list[bytes]
) -> None:
    await sent_and_lost(operator, ct, evicted)
    evicted_code, evicted_text = await operator.gateway()
    await lost(operator.system)
    await all_released(operator.system)

    code, text = await operator.gateway("--list")

    assert evicted_code == 0
    assert "3 Instances were evicted by the centre" in evicted_text
    assert code == 3
    assert "3 Instances are neither there nor here: the hospital has to send them again" in text
    assert operator.system.study in text


async def test_a_report_that_the_centre_lost_goes_again(operator: Operator, ct: list[bytes]) -> None:
    system = operator.system
    report = senders.fhir_report(senders.person(1), 1, "20240531", "異常を認めない。")
    await system.report(report)
    await system.lose_reports()

    code, text = await operator.gateway()

    async def there() -> bool:
        return "0 Instances and 1 reports are at the centre" in (await operator.gateway("--dry-run"))[1]

    assert code == 0, text
    assert "0 Instances and 1 reports were not there and are due" in text
    await until(there, lambda: "the report is not at the centre")


async def test_a_study_that_the_centre_errors_on_is_named_and_the_others_are_mended(
    operator: Operator, ct: list[bytes]
) -> None:
    system = operator.system
    await system.sent([*ct, *of_other_studies(ct[0], 3)])
    studies = [each.study_instance_uid async for each in system.archive.documents.every(STUDIES)]
    bad, gone = sorted(studies)[:2]
    await records_lost(system, gone)

    async with erring(system.host.base_url, bad) as centre:
        code, text = await operator.jmid("reconcile", "gateway", "--centre", centre)

    assert len(studies) == 4
    assert code == 3
    assert "1 Studies could not be compared; run it again" in text
    assert f"{bad}: http-503" in text
    assert "Instances and 0 reports were not there and are due to be delivered again" in text
    assert "0 Instances and 0 reports were not there" not in text


def of_other_studies(instance: bytes, count: int) -> list[bytes]:
    """Return the Instance as one of so many other Studies."""
    files = []
    for _ in range(count):
        data = pydicom.dcmread(io.BytesIO(instance))
        data.StudyInstanceUID, data.SeriesInstanceUID, data.SOPInstanceUID = (generate_uid() for _ in range(3))
        data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
        file = io.BytesIO()
        data.save_as(file)
        files.append(file.getvalue())
    return files


@asynccontextmanager
async def erring(centre: str, study: str) -> AsyncIterator[str]:
    """Yield the address of a centre that answers 503 about this Study, and as the real one about all others."""

    async def handle(request: web.Request) -> web.Response:
        if study in request.path:
            return web.Response(status=503)
        headers = {name: value for name, value in request.headers.items() if name != "Host"}
        async with client.request(request.method, centre + request.path_qs, headers=headers) as answer:
            told = {name: value for name, value in answer.headers.items() if name == "Repr-Digest"}
            return web.Response(status=answer.status, body=await answer.read(), headers=told)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handle)
    async with aiohttp.ClientSession() as client, TestServer(application) as server:
        yield str(server.make_url("")).rstrip("/")


async def test_without_an_answer_of_the_centre_nothing_is_said(operator: Operator, ct: list[bytes]) -> None:
    await operator.system.sent(ct)

    code, text = await operator.jmid("reconcile", "gateway", "--centre", "http://127.0.0.1:9")

    assert code == 1
    assert "Cannot go on" in text
    assert "at the centre" not in text
