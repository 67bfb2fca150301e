"""A server of MongoDB's wire protocol: SecantusDB, as a process of its own and never imported (GPL-2)."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pymongo
from pymongo.errors import PyMongoError

from tests.servers.process import VENV, Server, free_ports


class MongoDB(Server):
    """uri: where it listens."""

    name = "mongodb"
    external = False

    def __init__(self) -> None:
        super().__init__()
        (self._port,) = free_ports(1)
        self.uri = f"mongodb://127.0.0.1:{self._port}/?directConnection=true"
        (self.folder / "empty.toml").touch()  # so that it reads no settings of this machine

    def command(self) -> tuple[Sequence[str | Path], Mapping[str, str]]:
        where = ["--config", str(self.folder / "empty.toml"), "--storage-path", str(self.folder / "data")]
        listen = ["--host", "127.0.0.1", "--port", str(self._port)]
        return [VENV / "secantusd-py", *where, *listen, "--sync-on-commit", "--log-level", "WARNING"], {}

    def is_ready(self) -> bool:
        try:
            with pymongo.MongoClient[dict[str, object]](self.uri, serverSelectionTimeoutMS=500) as client:
                client.admin.command("ping")
        except PyMongoError:
            return False
        return True


class NamedMongoDB:
    """The one that JMID_TEST_MONGODB names."""

    external = True

    def __init__(self, uri: str) -> None:
        self.uri = uri
