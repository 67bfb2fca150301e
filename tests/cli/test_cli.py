"""The command as an operator meets it."""

import asyncio
import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from shared.bus import Delivery, Queue
from shared.bus.journal import open_journal
from shared.errors import Permanent
from shared.events import CaseChanged, Event, StudyChanged
from tests.flow.system import Process, start_up, until
from tests.servers.process import free_ports

JMID = Path(sys.executable).with_name("jmid")
pytestmark = pytest.mark.slow


def jmid(*arguments: str) -> tuple[int, str]:
    environ = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"}
    done = subprocess.run([JMID, *arguments], capture_output=True, text=True, timeout=60, env=environ, check=False)
    return done.returncode, done.stdout + done.stderr


def one_line(text: str) -> str:
    return " ".join(text.replace("│", " ").split())


def test_a_taken_port_is_said_plainly(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        dimse = str(free_ports(1)[0])

        http = jmid("up", "--home", str(tmp_path), "--port", port, "--dimse-port", dimse, "--no-sample")
        c_store = jmid("up", "--home", str(tmp_path), "--port", "0", "--dimse-port", port, "--no-sample")

    assert http[0] == c_store[0] == 2
    assert f"cannot listen on 127.0.0.1 port {port}" in one_line(http[1])
    assert "JMID_INGEST_DIMSE_PORT" in one_line(c_store[1])


def test_a_wrong_setting_names_its_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JMID_LINKER_POLICY", "sometimes")

    code, text = jmid("run", "linker", "--role", "gateway", "--home", str(tmp_path), "--port", "0")

    assert code == 2
    assert "JMID_LINKER_POLICY" in text
    assert "sometimes" not in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "linker"), "give --role"),
        (("run", "dose"), "one of"),
        (("up", "--bind", "0.0.0.0", "--insecure"), "loopback addresses only"),
        (("up", "--bind", "0.0.0.0"), "JMID_ACCESS_PUBLIC_URL is not set"),
        (("run", "archive", "--bind", "0.0.0.0"), "JMID_ACCESS=open serves a loopback address only, not 0.0.0.0"),
        (("token", "--role", "operator"), "no issuer has run in this home"),
        (("status",), "start it with jmid up"),
        (("dead", "show", "centre:nothing", "x"), "one of"),
    ],
)
def test_a_wrong_call_says_what_is_right(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    code, text = jmid(*arguments, "--home", str(tmp_path))

    assert code != 0
    assert said in one_line(text)


def test_an_archive_alone_serves_dicomweb(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    arguments = ["run", "archive", "--home", str(tmp_path / "home"), "--insecure"]
    process = Process(arguments, port, dict(os.environ), tmp_path / "log")
    process.start()
    try:
        process.wait_ready()
        with urllib.request.urlopen(f"{process.url}/dicom-web/studies") as answer:
            found = answer.read()
    finally:
        code = process.stop()

    assert found == b"[]"
    assert code == 0


def test_status_shows_every_service_while_it_runs(tmp_path: Path) -> None:
    system = start_up(tmp_path / "home", None, "--no-sample", is_asked=True)
    try:
        code, text = jmid("status", "--home", str(tmp_path / "home"))
    finally:
        system.close()
    stopped, said = jmid("status", "--home", str(tmp_path / "home"))

    assert code == 0
    names = (
        "gateway:ingest",
        "gateway:anonymizer",
        "gateway:linker",
        "centre:linker",
        "centre:archive",
        "centre:search",
    )
    assert all(name in text for name in names)
    assert stopped == 1
    assert "not running" in said


async def die_once(home: Path) -> None:
    """Leave one dead letter in the queue of search."""

    async def refuse(_: Delivery) -> list[Event]:
        raise Permanent("no-good", "for the test")

    (home / "centre").mkdir(parents=True)
    async with open_journal(home / "centre" / "bus.sqlite") as bus:
        await bus.declare(Queue("search", (StudyChanged, CaseChanged)))
        await bus.publish(CaseChanged.first("x", correlation_id="c", site="a", study_instance_uid="1.2.3"))
        consuming = asyncio.create_task(bus.consume("search", refuse))
        async with asyncio.timeout(20):
            while not await bus.dead("search"):
                await asyncio.sleep(0.02)
        consuming.cancel()
        await asyncio.wait([consuming])


def test_dead_letters_are_listed_shown_replayed_and_dropped(tmp_path: Path) -> None:
    home = ("--home", str(tmp_path))
    asyncio.run(die_once(tmp_path))

    listed = jmid("dead", "list", *home)
    shown = jmid("dead", "show", "centre:search", "all", *home)
    replayed = jmid("dead", "replay", "centre:search", "all", *home)
    empty = jmid("dead", "list", *home)
    again = jmid("dead", "drop", "centre:search", "all", *home)

    assert listed[0] == 0
    assert "no-good" in listed[1]
    assert "1.2.3" in shown[1]
    assert replayed[1].strip() == "1 put back."
    assert "No dead letters." in empty[1]
    assert again[0] == 1


def test_a_second_start_keeps_the_sample_and_does_not_feed_it_again(tmp_path: Path) -> None:
    system = start_up(tmp_path / "home", is_asked=True)
    try:
        until(lambda: len(system.cases()) == 3, "the sample")
        receipts = len(system.get("ingest", "/ingest/receipts")["receipts"])
        until(lambda: (tmp_path / "home" / "sample.fed").exists(), "the sample to be done")
    finally:
        system.close()
    system.processes["up"].start()
    system.processes["up"].wait_ready()
    try:
        cases, again = len(system.cases()), len(system.get("ingest", "/ingest/receipts")["receipts"])
    finally:
        system.close()

    assert cases == 3
    assert again == receipts
