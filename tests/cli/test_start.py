"""A start that cannot be is one clear line on stderr and exit code 2, by the real command."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flow.system import Process
from tests.servers.process import free_ports

JMID = Path(sys.executable).with_name("jmid")
pytestmark = pytest.mark.slow


def jmid(*arguments: str, **environ: str) -> tuple[int, str]:
    """Return the exit code and what was written to stderr."""
    own = {**os.environ, "NO_COLOR": "1", **environ}
    done = subprocess.run([JMID, *arguments], capture_output=True, text=True, timeout=60, env=own, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("variable", "value", "shown"),
    [
        ("JMID_PORT", "70000", "65535"),
        ("JMID_INGEST_DIMSE_PORT", "70000", "from -1 to 65535"),
        ("JMID_HOST_WORKERS", "-3", "from 1 to 1024, for example 2"),
        ("JMID_HOST_DRAIN_S", "nan", "above 0"),
        ("JMID_INGEST_CSV_POLL_S", "inf", "above 0"),
        ("JMID_BUS", "rabbit", "for example 'embedded'"),
        ("JMID_GATEWAY_DOCUMENTS_DRIVER", "mongo", "motor or pymongo"),
    ],
)
def test_a_value_out_of_range_does_not_start(tmp_path: Path, variable: str, value: str, shown: str) -> None:
    code, text = jmid("run", "ingest", "--home", str(tmp_path), **{"JMID_PORT": "0", variable: value})

    assert (code, len(text.splitlines())) == (2, 1), text
    assert variable in text
    assert shown in text


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("JMID_INGEST_DIMS_PORT", "JMID_INGEST_DIMSE_PORT"),
        ("JMID_HOMES", "JMID_HOME"),
        ("JMID_GATEWAY_BUSS", "JMID_GATEWAY_BUS"),
        ("JMID_ANONYMISER_PROFILE", "JMID_ANONYMIZER_PROFILE"),
    ],
)
def test_a_misspelt_variable_is_named_with_the_nearest_one(wrong: str, right: str) -> None:
    code, text = jmid("status", **{wrong: "x"})

    assert (code, text) == (2, f"Cannot start: {wrong} is not a setting; did you mean {right}?\n")


def test_a_home_that_is_no_folder_or_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    results = {home: jmid("run", "search", "--home", home, "--port", "0") for home in (f"{tmp_path}/file", "/proc")}

    assert results[f"{tmp_path}/file"] == (
        2,
        f"Cannot start: the home {tmp_path}/file is not a folder; choose another --home\n",
    )
    assert results["/proc"][0] == 2
    assert "the home /proc cannot be written" in results["/proc"][1]
    assert len(results["/proc"][1].splitlines()) == 1


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[Process]:
    """A running ``jmid up``."""
    port, dimse = free_ports(2)
    arguments = ["up", "--home", str(tmp_path / "home"), "--dimse-port", str(dimse), "--no-sample", "--insecure"]
    process = Process(arguments, port, dict(os.environ), tmp_path / "log")
    process.start()
    process.wait_ready()
    yield process
    process.stop()


def test_a_home_in_use_by_jmid_up_is_refused_until_it_ends(tmp_path: Path, whole: Process) -> None:
    home = str(tmp_path / "home")

    second = jmid("up", "--home", home, "--port", "0", "--dimse-port", "0")
    part = jmid("run", "archive", "--home", home, "--port", "0")
    whole.kill9()
    whole.start()
    whole.wait_ready()

    refused = f"Cannot start: the home {home} is in use by %s; stop it, or choose another --home\n"
    assert second == (2, refused % "another jmid process")
    assert part == (2, refused % "jmid up")


def test_a_taken_port_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])

        http = jmid("run", "ingest", "--home", str(tmp_path), "--port", port)
        c_store = jmid("run", "ingest", "--home", str(tmp_path), "--port", "0", JMID_INGEST_DIMSE_PORT=port)

    assert http[0] == c_store[0] == 2
    assert (
        http[1]
        == f"Cannot start: cannot listen on 127.0.0.1 port {port} (Address already in use); choose another --port\n"
    )
    assert [line for line in c_store[1].splitlines() if not line.startswith("{")] == [c_store[1].splitlines()[-1]]
    assert "JMID_INGEST_DIMSE_PORT" in c_store[1]


def test_a_damaged_database_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "centre").mkdir()
    (tmp_path / "centre" / "documents.sqlite").write_bytes(b"x" * 9000)

    code, text = jmid("run", "archive", "--home", str(tmp_path), "--port", "0")

    assert (code, len(text.splitlines())) == (2, 1), text
    assert "documents.sqlite: damaged pages" in text
    assert "jmid check" in text
