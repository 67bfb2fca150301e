"""The servers, the proxies before them, and every service twice; what a plan does to them."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.chaos.again import publish_again
from tests.chaos.clocks import Clocks
from tests.chaos.disk import own_disk, stay_full
from tests.chaos.plan import CABLE, Fault, Kind
from tests.chaos.proxy import Proxy
from tests.flow.balancer import Balancer
from tests.flow.ports import Ports
from tests.flow.replicas import Replicas, start_replicas
from tests.flow.system import JMID
from tests.servers.mongodb import MongoDB
from tests.servers.process import Server, free_ports
from tests.servers.rabbitmq import RabbitMQ
from tests.servers.s3 import Bucket, SeaweedFS

QUICK = {
    "JMID_HOST_RESERVE_BYTES": str(64 << 20),
    "JMID_INGEST_FLOOR_BYTES": str(128 << 20),
    "JMID_RETRY_DELAYS_S": "0.5,1,2,2,2,2,2,2",
    "JMID_LEASE_TTL_S": "3",
    "JMID_LINKER_RETRY_MAX_S": "2",
    "JMID_LINKER_SWEEP_S": "1",
    "JMID_SEARCH_POLL_S": "1",
}
GRACE_S = 60.0
"""Of a pod (k8s/base/deployment.yaml)."""
BUCKET = "jmid-chaos"
OF_CENTRE = ("archive", "linker", "search")
NAMED = {"rabbitmq": "JMID_BUS", "mongodb": "JMID_DOCUMENTS", "s3": "AWS_ENDPOINT_URL"}
"""The settings that say where the servers are."""


@dataclass
class World:
    """system: the services.  servers, proxies: by the name that a plan calls them.

    ports: of the servers, without proxy.  disk: what can be filled; None without root.
    """

    system: Replicas
    servers: dict[str, Server]
    proxies: dict[str, Proxy]
    ports: Ports
    clocks: Clocks
    disk: Path | None

    def carry_out(self, fault: Fault) -> None:
        """Do what the fault says; return when it is over."""
        match fault.kind:
            case Kind.KILL:
                self.system.processes[fault.target].kill9()
                time.sleep(fault.for_s)
                self.system.processes[fault.target].start()
            case Kind.STOP:
                self._stop(fault.target)
                time.sleep(fault.for_s)
                self.system.processes[fault.target].start()
            case Kind.PAUSE:
                self._signal(fault.target, signal.SIGSTOP)
                time.sleep(fault.for_s)
                self._signal(fault.target, signal.SIGCONT)
            case Kind.RESTART | Kind.CRASH:
                server = self.servers[fault.target]
                (server.kill9 if fault.kind is Kind.CRASH else server.shut_down)()
                time.sleep(fault.for_s)
                server.start()
            case Kind.CLOCK:
                self.clocks.jump(fault.target, fault.for_s)
            case Kind.AGAIN:
                publish_again(self.ports.environ["JMID_BUS"], fault.for_s)
            case Kind.FULL:
                if self.disk is not None:
                    stay_full(self.disk, fault.for_s)
            case Kind.CUT | Kind.SILENCE | Kind.ERRORS:
                proxy = self.proxies[fault.target]
                {Kind.CUT: proxy.cut, Kind.SILENCE: proxy.silence, Kind.ERRORS: proxy.err}[fault.kind]()
                time.sleep(fault.for_s)
                proxy.mend()

    def jmid(self, process: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command as an operator does in the pod of a process."""
        own = self.system.processes[process]
        home = own.arguments[own.arguments.index("--home") + 1]
        command = [str(JMID), *arguments, "--home", home]
        return subprocess.run(command, env=dict(own.environ), capture_output=True, text=True, timeout=300, check=False)

    def pids(self) -> dict[str, int]:
        """Return the process ids by name."""
        return {name: each.running.pid for name, each in self.system.processes.items() if each.running is not None}

    def dead(self) -> list[str]:
        """Return the names of the processes that ended by themselves."""
        running = {name: each.running for name, each in self.system.processes.items()}
        return [name for name, each in running.items() if each is not None and each.poll() is not None]

    def _stop(self, name: str) -> None:
        running = self.system.processes[name].running
        assert running is not None
        running.terminate()
        try:
            code = running.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{name} did not end within {GRACE_S:.0f} s of SIGTERM") from None
        assert code == 0, f"{name} ended with {code} after SIGTERM"

    def _signal(self, name: str, number: signal.Signals) -> None:
        running = self.system.processes[name].running
        assert running is not None
        os.killpg(running.pid, number)  # its workers, too


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """Yield a new world, which keeps its files in the folder; everything in it ends with the context."""
    with ExitStack() as stack:
        servers = _servers(stack)
        bucket = Bucket(servers.s3.account, BUCKET)
        assert bucket.account.request("PUT", f"/{BUCKET}") == HTTPStatus.OK
        direct = {
            "JMID_BUS": servers.rabbitmq.new_vhost(),
            "JMID_DOCUMENTS": servers.mongodb.uri,
            "JMID_BLOBS": f"s3://{BUCKET}",
            **bucket.environ,
        }
        proxies: dict[str, Proxy] = {}
        environ = dict(direct)
        for server, name in NAMED.items():
            port = urlsplit(direct[name]).port or 0
            proxies[server] = Proxy(free_ports(1)[0], [port])
            stack.callback(proxies[server].close)
            environ[name] = direct[name].replace(f":{port}", f":{proxies[server].port}")

        def balanced(service: str, port: int, backends: Sequence[int]) -> Balancer:
            if service not in CABLE:
                return Balancer(port, backends)
            proxies[service] = Proxy(port, backends)
            return proxies[service]

        home, clocks = folder / "home", Clocks(folder / "clocks")

        def own(process: str) -> Mapping[str, str]:
            keys = folder / "audit" / ("centre" if process.split("/")[0] in OF_CENTRE else "gateway")
            keys.mkdir(parents=True, exist_ok=True)
            return {**clocks.environ(process), "JMID_AUDIT_KEYS": str(keys)}

        is_own = stack.enter_context(own_disk(home))
        system = start_replicas(home, {**environ, **QUICK}, homes=True, balanced=balanced, own=own)
        stack.callback(system.close)
        ports = Ports(direct, servers.mongodb.uri, bucket)
        yield World(system, servers._asdict(), proxies, ports, clocks, home if is_own else None)


class Servers(NamedTuple):
    """The servers, by the name that a plan calls them."""

    rabbitmq: RabbitMQ
    mongodb: MongoDB
    s3: SeaweedFS


def _servers(stack: ExitStack) -> Servers:
    servers = Servers(RabbitMQ(), MongoDB(), SeaweedFS())
    for server in servers:
        stack.callback(server.stop)
        server.start()
    return servers
