"""Every service as two processes: on servers as pods run them, or on one embedded home."""

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.flow.balancer import Balancer
from tests.flow.system import JMID, PIXELS_UNREAD, SERVICES, Process, System, addresses_of
from tests.servers.process import free_ports

COPIES = int(os.environ.get("JMID_TEST_COPIES", "2"))
"""Of each service. More than two need a larger machine than CI has: k8s lets no service have more than was tried."""


@dataclass
class Replicas(System):
    """A system in which ``processes`` are named service/number, and ``url`` is an address of all of one service.

    dimse_ports: of each process of ingest.
    """

    balancers: dict[str, Balancer] = field(default_factory=dict)
    dimse_ports: list[int] = field(default_factory=list)

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.balancers[service].port}"

    def close(self) -> None:
        for process in self.processes.values():  # all at once: a stop takes a while
            if process.running is not None and process.running.poll() is None:
                process.running.terminate()
        super().close()
        for balancer in self.balancers.values():
            balancer.close()


def start_replicas(
    home: Path,
    environ: Mapping[str, str],
    *,
    homes: bool,
    balanced: Callable[[str, int, Sequence[int]], Balancer] = lambda _, port, backends: Balancer(port, backends),
    own: Callable[[str], Mapping[str, str]] = lambda _: {},
) -> Replicas:
    """Start COPIES of each service behind one address.

    homes: each process has its own home, as a pod has.  balanced: service, port, ports of its processes → what forwards
    connections.  own: the name of a process → what it alone has in its environment.
    """
    ports = {name: free_ports(COPIES + 1) for name in SERVICES}
    at = {name: f"http://127.0.0.1:{own[0]}" for name, own in ports.items()}
    addresses = {
        **PIXELS_UNREAD,
        **addresses_of(at),
        "JMID_ANONYMIZER_KEYS": str(home / "keys"),
        "JMID_HOST_WORKERS": "1",
    }
    home.mkdir(parents=True, exist_ok=True)
    subprocess.run([str(JMID), "keys", "new", str(home / "keys")], check=True, capture_output=True, timeout=60)
    system = Replicas(home, {**os.environ, **addresses, **environ}, dimse_ports=free_ports(COPIES))
    for name, arguments in SERVICES.items():
        system.balancers[name] = balanced(name, ports[name][0], ports[name][1:])
        for number in range(COPIES):
            folder = home / f"{name}-{number}" if homes else home / "shared"
            folder.mkdir(parents=True, exist_ok=True)
            special = {"JMID_INGEST_DIMSE_PORT": str(system.dimse_ports[number])} if name == "ingest" else {}
            system.processes[f"{name}/{number}"] = Process(
                ["run", *arguments, "--home", str(folder)],
                ports[name][1 + number],
                {**system.environ, **special, **own(f"{name}/{number}")},
                home / f"{name}-{number}.log",
            )
    try:
        for process in system.processes.values():
            process.start()
        for process in system.processes.values():
            process.wait_ready()
    except BaseException:
        system.close()
        raise
    return system
