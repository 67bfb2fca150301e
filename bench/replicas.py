"""CPU per stored Instance with one and with three processes of the archive on one embedded home.

python -m bench.replicas SOURCE: SOURCE is a Part 10 file that the Instances are made from. Rounds are interleaved; a
figure is the median.
"""

import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from bench.archive_load import STOW, Template, stow
from bench.archive_servers import free_port

ROUNDS, REPLICAS = 3, (1, 3)
STUDIES, BATCHES, SIZE = 6, 8, 10
START_S, SETTLE_S = 60.0, 2.0


def main() -> None:
    """Print the table and write bench/results/replicas.json."""
    template = Template(Path(sys.argv[1]))
    figures: dict[int, list[float]] = {count: [] for count in REPLICAS}
    for number in range(ROUNDS):
        for count in REPLICAS:
            figures[count].append(_cpu_ms(count, template, number))
    medians = {count: statistics.median(found) for count, found in figures.items()}
    for count, median in medians.items():
        rounds = ", ".join(f"{each:.2f}" for each in figures[count])
        print(f"{count} processes: {median:.2f} ms CPU per Instance, {median / medians[1] - 1:+.0%} (rounds {rounds})")
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    (results / "replicas.json").write_text(json.dumps(figures), encoding="utf-8")


def _cpu_ms(count: int, template: Template, number: int) -> float:
    """Return the CPU time of all processes for one Instance stored, its events published included."""
    bodies = [
        [_body(template, study, batch, number) for batch in range(BATCHES)] for study in range(STUDIES)
    ]  # made before anything is measured
    with tempfile.TemporaryDirectory() as home, ExitStack() as stack:
        ports = [free_port() for _ in range(count)]
        processes = [stack.enter_context(_archive(Path(home), port)) for port in ports]
        for port in ports:
            _wait_ready(port)
        time.sleep(SETTLE_S)
        before = sum(map(_cpu_s, processes))
        with ThreadPoolExecutor(3) as clients:
            list(clients.map(lambda study: _send(ports[study % count], bodies[study]), range(STUDIES)))
        time.sleep(SETTLE_S)
        return (sum(map(_cpu_s, processes)) - before) * 1000 / (STUDIES * BATCHES * SIZE)


@contextmanager
def _archive(home: Path, port: int) -> Iterator[psutil.Process]:
    command = [str(Path(sys.executable).with_name("jmid")), "run", "archive", "--home", str(home), "--port", str(port)]
    command.append("--insecure")
    environ = {**os.environ, "JMID_HOST_WORKERS": "1"}
    with subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        yield psutil.Process(process.pid)
        process.terminate()


def _wait_ready(port: int) -> None:
    end = time.monotonic() + START_S
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=2).read()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def _cpu_s(process: psutil.Process) -> float:
    family = [process, *process.children(recursive=True)]
    return sum(times.user + times.system for times in (each.cpu_times() for each in family))


def _body(template: Template, study: int, batch: int, number: int) -> bytes:
    call = stow([template.instance(study, 1, batch * SIZE + each, number) for each in range(SIZE)])
    assert call.body is not None
    return call.body


def _send(port: int, bodies: list[bytes]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for body in bodies:
        connection.request("POST", "/dicom-web/studies", body, STOW)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"STOW-RS answered {answer.status}")
    connection.close()


if __name__ == "__main__":
    main()
