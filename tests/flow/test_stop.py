"""A real process ends within its grace after SIGTERM, whatever the broker does."""

import os
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pydicom.data import get_testdata_file

from shared.runtime.grace import EXIT_CODE
from tests.chaos.proxy import Proxy
from tests.flow.system import Process, until
from tests.servers.process import free_ports

GRACE_S, DRAIN_S = 10.0, 3.0
SLACK_S = 5.0  # for a loaded machine
pytestmark = [pytest.mark.slow, pytest.mark.servers, pytest.mark.timeout(180)]


@pytest.fixture
def broker(amqp_vhost_url: str) -> Iterator[Proxy]:
    """What the process takes for its broker: a real one that can fall silent, its connections open."""
    proxy = Proxy(free_ports(1)[0], [urlsplit(amqp_vhost_url).port or 5672])
    yield proxy
    proxy.mend()
    proxy.close()


@pytest.fixture
def process(broker: Proxy, amqp_vhost_url: str, tmp_path: Path) -> Iterator[Process]:
    url = urlsplit(amqp_vhost_url)
    bus = url._replace(netloc=f"{url.username}:{url.password}@127.0.0.1:{broker.port}").geturl()
    environ = {
        **os.environ,
        "JMID_BUS": bus,
        "JMID_HOST_GRACE_S": str(GRACE_S),
        "JMID_HOST_DRAIN_S": str(DRAIN_S),
        "JMID_HOST_WORKERS": "1",
        "JMID_ARCHIVE_ACCEPT": "any",
    }
    arguments = ["run", "archive", "--home", str(tmp_path / "home")]
    started = Process(arguments, free_ports(1)[0], environ, tmp_path / "log")
    yield started
    if started.running is not None and started.running.poll() is None:
        started.kill9()


def stored(process: Process) -> int:
    """Store an Instance; return the status."""
    data = Path(str(get_testdata_file("CT_small.dcm"))).read_bytes()
    body = b"--b\r\nContent-Type: application/dicom\r\n\r\n" + data + b"\r\n--b--\r\n"
    headers = {"Content-Type": 'multipart/related; type="application/dicom"; boundary=b'}
    request = urllib.request.Request(f"{process.url}/dicom-web/studies", body, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return int(answer.status)


def stop(process: Process) -> None:
    """Send SIGTERM."""
    assert process.running is not None
    process.running.terminate()


def ended(process: Process) -> None:
    """Wait for its end after SIGTERM; fail if it does not come in its grace, or is none of its own."""
    assert process.running is not None
    try:
        code = process.running.wait(GRACE_S + SLACK_S)
    except subprocess.TimeoutExpired:
        raise AssertionError(f"it did not end; see {process.log.read_text()[-3000:]}") from None
    assert code in (0, EXIT_CODE), process.log.read_text()[-3000:]


def test_a_broker_that_is_silent_from_the_start_holds_no_stop_up(process: Process, broker: Proxy) -> None:
    broker.silence()
    process.start()
    until(lambda: broker.connections > 0, "the process to have connected")

    stop(process)
    ended(process)


def test_a_broker_that_falls_silent_under_way_holds_no_stop_up(process: Process, broker: Proxy) -> None:
    process.start()
    process.wait_ready()
    broker.silence()
    assert stored(process) == 200  # its event waits for the broker's confirm

    stop(process)
    ended(process)


def test_a_broker_that_falls_silent_during_the_stop_holds_it_up_no_longer(process: Process, broker: Proxy) -> None:
    process.start()
    process.wait_ready()
    stop(process)
    broker.silence()

    ended(process)
