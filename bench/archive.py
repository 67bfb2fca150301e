"""Measure the archive beside Orthanc: python -m bench.archive --source FILE [--rounds N] [--scale N …] [--json FILE].

Rounds are interleaved: each work is done by one server, then by the other, and so on; a figure is the median of the
rounds. Both run on this machine, ours with fsync, Orthanc as packaged (which does not fsync bytes). The load comes from
Python threads on keep-alive connections; their ceiling is measured against a server that only counts bytes, and stands
in the result, since what comes near it is the load's figure and not the server's.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from bench import archive_load as load
from bench.archive_load import DICOM, FRAME, JPEG, JSON, Call, Template
from bench.archive_servers import Nginx, Server, available, cores

SIDE = 16
UNDER_LOAD = "QIDO alone, QIDO under 4 series clients"
SERIES_OF, STUDY_OF = 50, 100
QIDO = {
    "by patient": "/studies?PatientID=P0000001",
    "by date and modality": "/studies?StudyDate=20140505&ModalitiesInStudy=CT&limit=100",
    "by name prefix": "/studies?PatientName=NAME000*&limit=100",
    "series of a study": "/studies/{study}/series",
    "instances of a series": "/studies/{study}/series/{series}/instances",
    "last page of studies": "/studies?limit=25&offset={last_study}",
    "last page of instances": "/instances?limit=25&offset={last_instance}",
}


class Row(msgspec.Struct):
    """One work: per server the operations per second, CPU ms per operation and peak MB, each the median."""

    work: str
    target: str
    rate: dict[str, float] = {}
    cpu_ms: dict[str, float] = {}
    peak_mb: dict[str, float] = {}
    p99_ms: dict[str, float] = {}

    @property
    def ratio(self) -> float:
        """Return how many times as fast ours is."""
        return self.rate.get("ours", 0.0) / self.rate[self.peer] if self.rate.get(self.peer) else 0.0

    @property
    def peer(self) -> str:
        """Return the name of the other server."""
        return next((name for name in self.rate if name != "ours"), "")


class Bench:
    """Runs works on all servers in turn. run: a number that no UID was made with before."""

    def __init__(self, servers: Sequence[Server], source: Path, rounds: int, only: str) -> None:
        self.servers, self.rounds, self.only = servers, rounds, only
        self.source = source
        self.slices, self.small = Template(source), Template(source, SIDE)
        self.rows: list[Row] = []
        self.console = Console(stderr=True)
        self._runs = iter(range(1, 10_000))

    def measure(self, work: str, target: str, calls: Callable[[], Sequence[Call]], clients: int = 1) -> None:
        """Do a work in interleaved rounds. calls: makes the requests of one round, anew for each server."""
        if self.only not in work:
            return
        figures: dict[str, list[tuple[float, float, float, float]]] = {each.name: [] for each in self.servers}
        for _ in range(self.rounds):
            for server in self.servers:
                asked = calls()
                weight = sum(call.weight for call in asked)
                before = server.cpu_s()
                with load.Peak(server.rss) as peak:
                    seconds, latencies, _ = load.run(server.port, server.root, asked, clients)
                cpu = (server.cpu_s() - before) * 1000 / weight
                last = sorted(latencies)[max(0, int(len(latencies) * 0.99) - 1)] * 1000
                figures[server.name].append((weight / seconds, cpu, peak.most / 1e6, last))
        row = Row(work, target, {}, {}, {}, {})
        for name, found in figures.items():
            medians = [statistics.median(column) for column in zip(*found, strict=True)]
            row.rate[name], row.cpu_ms[name], row.peak_mb[name], row.p99_ms[name] = medians
        self.rows.append(row)
        self.console.print(f"{work}: {row.rate} ratio {row.ratio:.1f}")

    def stow_calls(self, batch: int, count: int) -> Callable[[], list[Call]]:
        """Return what makes requests of new Instances, a Study of its own each request."""

        def calls() -> list[Call]:
            run = next(self._runs)
            return [
                load.stow([self.slices.instance(study, 0, number, run) for number in range(batch)])
                for study in range(max(1, count // batch))
            ]

        return calls

    def fill(self, template: Template, studies: range, per_series: int, run: int) -> None:
        """Store Studies of two Series (or one of all) on every server."""
        for server in self.servers:
            for study in studies:
                series = [(number // per_series, number) for number in range(STUDY_OF)]
                batch = [template.instance(study, each, number, run) for each, number in series]
                load.run(server.port, server.root, [load.stow(batch)])


def stores(bench: Bench) -> None:
    """STOW-RS."""
    for batch, clients, count in ((1, 1, 100), (20, 1, 400), (200, 1, 800), (1, 4, 400), (20, 4, 800)):
        bench.measure(f"STOW {batch} × {clients} clients", "≥ 3×", bench.stow_calls(batch, count), clients)
    bench.measure("STOW 200 × 4 clients", "≥ 3×, peak ≤ 1/5", bench.stow_calls(200, 800), 4)


def retrieves(bench: Bench) -> None:
    """WADO-RS."""
    run = 9001
    for server in bench.servers:
        series = [bench.slices.instance(0, 0, number, run) for number in range(150)]
        load.run(server.port, server.root, [load.stow(series[at : at + 50]) for at in range(0, 150, 50)])
        large = [bench.small.instance(1, number // 100, number, run) for number in range(400)]
        load.run(server.port, server.root, [load.stow(large)])
    series_path = f"/studies/{load.study_uid(0, run)}/series/{load.series_uid(0, 0, run)}"
    paths = [f"{series_path}/instances/{load.sop_uid(0, 0, number, run)}" for number in range(150)]
    bench.measure("WADO instance", "≥ 4×", lambda: [Call(path, DICOM) for path in paths])
    bench.measure("WADO frame", "≥ 4×", lambda: [Call(f"{path}/frames/1", FRAME) for path in paths])
    study, series_uid, instance, data = load.multiframe(bench.source, 60)
    for server in bench.servers:
        load.run(server.port, server.root, [load.stow([data])])
    multi = f"/studies/{study}/series/{series_uid}/instances/{instance}/frames"
    frames = [Call(f"{multi}/{number}", FRAME) for number in range(1, 61)]
    bench.measure("frame of a multi-frame object", "≥ 10×", lambda: frames)
    bench.measure("series of 150", "≥ 1×", lambda: [Call(series_path, DICOM)] * 2)
    _, _, size = load.run(bench.servers[0].port, bench.servers[0].root, [Call(series_path, DICOM)])
    static_file(bench, series_path, size)
    metadata = [Call(f"/studies/{load.study_uid(1, run)}/metadata", JSON)]
    bench.measure("study metadata (400)", "≥ 30×", lambda: metadata * 2)
    bench.measure("rendered JPEG", "≥ 1.5×", lambda: [Call(f"{path}/rendered", JPEG) for path in paths[:40]])


def static_file(bench: Bench, series_path: str, size: int) -> None:
    """Measure a Series beside a static file of the same size and URL from nginx, where that is installed."""
    if shutil.which("nginx") is None:
        return
    with tempfile.TemporaryDirectory(prefix="bench-nginx-") as folder:
        Path(folder).chmod(0o755)  # nginx's worker is another user
        with Nginx(Path(folder) / "nginx", series_path, os.urandom(size)) as nginx:
            beside = Bench([bench.servers[0], nginx], bench.source, bench.rounds, bench.only)
            beside.measure("series of 150, nginx's file", "≥ 0.6×", lambda: [Call(series_path, DICOM)] * 2)
            bench.rows += beside.rows


def searches(bench: Bench, scales: Sequence[int]) -> None:
    """QIDO-RS at growing numbers of Instances."""
    stored, run = 0, 9002
    for scale in scales:
        if bench.only not in f"QIDO {scale} " + " ".join(QIDO):
            continue
        bench.fill(bench.small, range(stored // STUDY_OF, scale // STUDY_OF), SERIES_OF, run)
        stored = scale
        middle = scale // STUDY_OF // 2
        fields = {
            "study": load.study_uid(middle, run),
            "series": load.series_uid(middle, 1, run),
            "last_study": str(max(0, scale // STUDY_OF - 25)),
            "last_instance": str(scale - 25),
        }
        for name, path in QIDO.items():
            call = Call(path.format(**fields), JSON)
            bench.measure(f"QIDO {scale} {name}", "≥ 10×", lambda call=call: [call] * 10)  # type: ignore[misc]


def under_load(bench: Bench) -> None:
    """QIDO latency while four clients fetch a Series."""
    if bench.only not in UNDER_LOAD:
        return
    bench.fill(bench.slices, range(1), STUDY_OF, 9003)
    series_path = f"/studies/{load.study_uid(0, 9003)}/series/{load.series_uid(0, 0, 9003)}"
    call = Call("/studies?PatientID=P0000001", JSON)
    bench.measure("QIDO alone", "p99", lambda: [call] * 200)
    for server in bench.servers:
        fetching = os.fork()  # a process of its own, so that its work does not slow the client that is measured
        if not fetching:
            while True:
                load.run(server.port, server.root, [Call(series_path, DICOM)] * 40, clients=4)
        alone = Bench([server], bench.source, bench.rounds, bench.only)
        alone.measure(f"QIDO under 4 series clients ({server.name})", "p99 ≤ 3× of idle", lambda: [call] * 100)
        os.kill(fetching, signal.SIGKILL)
        os.waitpid(fetching, 0)
        bench.rows += alone.rows


def ceiling() -> dict[str, float]:
    """Measure the load against a server that only counts: requests a second, and MB/s both ways."""
    body = b"x" * (1 << 20)
    listener = socket.create_server(("127.0.0.1", 0))
    child = os.fork()
    if not child:
        for connection in iter(lambda: listener.accept()[0], None):
            _count(connection, body)
        os._exit(0)
    port = int(listener.getsockname()[1])
    small, _, _ = load.run(port, "", [Call("/small", {})] * 2000)
    down, _, came = load.run(port, "", [Call("/large", {})] * 200)
    up, _, _ = load.run(port, "", [Call("/up", {}, body)] * 200)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return {"requests/s": 2000 / small, "MB/s down": came / down / 1e6, "MB/s up": 200 * len(body) / up / 1e6}


def _count(connection: socket.socket, body: bytes) -> None:
    reader = connection.makefile("rb")
    while first := reader.readline():
        length = 0
        for line in iter(reader.readline, b"\r\n"):
            length = int(line.split(b":")[1]) if line.lower().startswith(b"content-length") else length
        reader.read(length)
        answer = body if b"/large" in first else b"{}"
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer)


def table(rows: Sequence[Row]) -> Table:
    """Return the result for a person."""
    found = Table(
        "work", "target", "peer", "ours /s", "peer /s", "ratio", "CPU ms ours", "peer", "peak MB ours", "peer", "p99 ms"
    )
    for row in rows:
        both = ("ours", row.peer)
        cells = [f"{row.rate.get(name, 0):.2f}" for name in both] + [f"{row.ratio:.1f}"]
        cells += [f"{row.cpu_ms.get(name, 0):.2f}" for name in both]
        cells += [f"{row.peak_mb.get(name, 0):.0f}" for name in both] + [f"{row.p99_ms.get('ours', 0):.1f}"]
        found.add_row(row.work, row.target, row.peer, *cells)
    return found


def works(bench: Bench, scales: Sequence[int]) -> Iterator[Callable[[], None]]:
    """Yield everything that is measured."""
    yield lambda: stores(bench)
    yield lambda: retrieves(bench)
    yield lambda: searches(bench, scales)
    yield lambda: under_load(bench)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, required=True, help="a CT slice, Part 10, uncompressed")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=int, nargs="*", default=[1000, 10_000])
    parser.add_argument("--only", default="")
    parser.add_argument("--alone", action="store_true", help="ours only, for how latency grows with the scale")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-archive-") as folder, ExitStack() as stack:
        servers = [stack.enter_context(kind(Path(folder) / kind.name)) for kind in available(asked.alone)]
        bench = Bench(servers, asked.source, asked.rounds, asked.only)
        top = ceiling()
        for work in works(bench, asked.scale):
            work()
    Console(width=160).print(table(bench.rows), f"load's ceiling: {top}; {cores()} cores")
    if asked.json:
        result: dict[str, Any] = {"rounds": asked.rounds, "cores": cores(), "ceiling": top}
        result["rows"] = [msgspec.to_builtins(row) | {"ratio": row.ratio} for row in bench.rows]
        asked.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
