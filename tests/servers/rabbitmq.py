"""Debian's RabbitMQ, as a single node on loopback, without plugins."""

import contextlib
import os
import shutil
import socket
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from tests.servers.process import Server, free_ports, guard

BIN = Path("/usr/lib/rabbitmq/bin")
MISSING = (
    "RabbitMQ is not installed: as root, `python -m tests.servers install` installs Debian's rabbitmq-server; "
    "or set JMID_TEST_AMQP=amqp://guest:guest@127.0.0.1:5672/ to name one that tests may use"
)

ELECT = """
Leaderless = fun() -> [Server || Queue <- rabbit_amqqueue:list(), amqqueue:get_type(Queue) =:= rabbit_quorum_queue,
    {Name, _} = Server <- [amqqueue:get_pid(Queue)], ra_leaderboard:lookup_leader(Name) =:= undefined] end,
Elect = fun Again(0) -> error(no_leader); Again(Tries) -> case Leaderless() of [] -> ok; Servers ->
    timer:sleep(100), [ra:trigger_election(Server) || Server <- Servers], Again(Tries - 1) end end,
Elect(100).
"""
"""A quorum queue of a single node can stay without a leader after a restart, when clients are there before the election
(rabbitmq-server issue 10070). This is the remedy that the issue names."""


class RabbitMQ(Server):
    """url: of the default vhost."""

    name = "rabbitmq"
    external = False

    def __init__(self) -> None:
        if not (BIN / "rabbitmq-server").exists():
            raise FileNotFoundError(MISSING)
        super().__init__()
        self._port, self._dist_port, self._epmd_port = free_ports(3)
        self._address = f"amqp://guest:guest@127.0.0.1:{self._port}"
        self.url = f"{self._address}/"
        (self.folder / "enabled_plugins").write_text("[].\n")
        (self.folder / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{self._port}\n")
        self._epmd: subprocess.Popen[bytes] | None = None

    def command(self) -> tuple[Sequence[str | Path], Mapping[str, str]]:
        return [BIN / "rabbitmq-server"], {
            **self._environ(),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_DIST_PORT": str(self._dist_port),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RUNNING_UNDER_SYSTEMD": "true",  # run in the foreground as one process
        }

    def start(self) -> None:
        """Start it, and the port mapper that it would otherwise start as a daemon on all addresses."""
        if self._epmd is None:
            command = [shutil.which("epmd") or "epmd", "-port", str(self._epmd_port), "-address", "127.0.0.1"]
            nothing = subprocess.DEVNULL
            self._epmd = subprocess.Popen(command, stdin=nothing, stderr=nothing, start_new_session=True)
            guard(self._epmd.pid)
        again = (self.folder / "mnesia").exists()
        super().start()
        if again:
            self._control("eval", ELECT)

    def stop(self) -> None:
        super().stop()
        if self._epmd is not None:
            self._epmd.kill()
            self._epmd.wait()

    def is_ready(self) -> bool:
        """Return whether it answers a protocol header with Connection.Start (AMQP 0-9-1, section 4.2.2)."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), timeout=2) as client:
            client.sendall(b"AMQP\x00\x00\x09\x01")
            return client.recv(11)[7:11] == b"\x00\x0a\x00\x0a"
        return False

    def new_vhost(self) -> str:
        """Return the URL of a new, empty vhost."""
        name = f"test-{uuid.uuid4().hex[:12]}"
        code = (
            f'rabbit_vhost:add(<<"{name}">>, <<"test">>), rabbit_auth_backend_internal:set_permissions('
            f'<<"guest">>, <<"{name}">>, <<".*">>, <<".*">>, <<".*">>, <<"test">>).'
        )
        self._control("eval", code)
        return f"{self._address}/{quote(name)}"

    def delete_vhost(self, url: str) -> None:
        self._control("delete_vhost", url.rpartition("/")[2])

    def set_memory_alarm(self, on: bool) -> None:
        """Make it block the connections that publish, as a broker out of memory or disk does."""
        self._control("set_vm_memory_high_watermark", "0" if on else "0.4")

    def close_connections(self) -> None:
        """Close every client's connection, as a network or a load balancer does."""
        self._control("close_all_connections", "test")

    def _control(self, *arguments: str) -> None:
        node = ["-n", self._environ()["RABBITMQ_NODENAME"]]
        environ = {**os.environ, **self._environ()}
        subprocess.run(
            [BIN / "rabbitmqctl", *node, *arguments], env=environ, check=True, capture_output=True, timeout=60
        )

    def _environ(self) -> dict[str, str]:
        return {
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._epmd_port),
            "HOME": str(self.folder),  # its cookie
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "none"),
            "RABBITMQ_NODENAME": f"jmid{self._port}@localhost",
        }


class NamedRabbitMQ:
    """The one that JMID_TEST_AMQP names."""

    external = True

    def __init__(self, url: str) -> None:
        self.url = url
