"""The servers, the proxies before them, and every service twice; what a plan does to them."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.chaos.plan import Fault, Kind
from tests.chaos.proxy import Proxy
from tests.flow.replicas import Replicas, start_replicas
from tests.servers.mongodb import MongoDB
from tests.servers.process import Server
from tests.servers.rabbitmq import RabbitMQ
from tests.servers.s3 import SeaweedFS

QUICK = {
    "JMID_RETRY_DELAYS_S": "0.5,1,2,2,2,2,2,2",
    "JMID_LEASE_TTL_S": "3",
    "JMID_LINKER_RETRY_MAX_S": "2",
    "JMID_LINKER_SWEEP_S": "1",
    "JMID_SEARCH_POLL_S": "1",
}
GRACE_S = 60.0
"""Of a pod (k8s/base/deployment.yaml)."""
BUCKET = "jmid-chaos"


@dataclass
class World:
    """system: the services.  servers, proxies: by the name that a plan calls them.  amqp: the broker, without proxy."""

    system: Replicas
    servers: dict[str, Server]
    proxies: dict[str, Proxy]
    amqp: str

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
            case Kind.CUT | Kind.SILENCE:
                proxy = self.proxies[fault.target]
                (proxy.cut if fault.kind is Kind.CUT else proxy.silence)()
                time.sleep(fault.for_s)
                proxy.mend()

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
def world(home: Path) -> Iterator[World]:
    """Yield a new world; everything in it ends with the context."""
    with ExitStack() as stack:
        rabbitmq, mongodb, s3 = RabbitMQ(), MongoDB(), SeaweedFS()
        servers: dict[str, Server] = {"rabbitmq": rabbitmq, "mongodb": mongodb, "s3": s3}
        for server in servers.values():
            stack.callback(server.stop)
            server.start()
        amqp = rabbitmq.new_vhost()
        assert s3.account.request("PUT", f"/{BUCKET}") == 200
        urls = {"rabbitmq": amqp, "mongodb": mongodb.uri, "s3": s3.account.endpoint}
        proxies = {name: Proxy(urlsplit(url).port or 0) for name, url in urls.items()}
        for proxy in proxies.values():
            stack.callback(proxy.close)
        through = {name: _through(url, proxies[name]) for name, url in urls.items()}
        environ = {
            "JMID_BUS": through["rabbitmq"],
            "JMID_DOCUMENTS": through["mongodb"],
            "JMID_BLOBS": f"s3://{BUCKET}",
            "AWS_ACCESS_KEY_ID": s3.account.access_key,
            "AWS_SECRET_ACCESS_KEY": s3.account.secret_key,
            "AWS_ENDPOINT_URL": through["s3"],
            "AWS_REGION": s3.account.region,
            "AWS_ALLOW_HTTP": "true",
        }
        system = start_replicas(home, {**environ, **QUICK}, homes=True)
        stack.callback(system.close)
        yield World(system, servers, proxies, amqp)


def _through(url: str, proxy: Proxy) -> str:
    return url.replace(f":{urlsplit(url).port}", f":{proxy.port}")
