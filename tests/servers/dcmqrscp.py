"""DCMTK's image archive with Query/Retrieve: C-FIND, C-GET, C-MOVE, C-STORE, in a folder of its own."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.servers.dcmtk import tool
from tests.servers.process import Server, free_ports

TITLE = "ARCHIVE"


class Dcmqrscp(Server):
    """The archive. move_to: AE titles with the ports on this machine that C-MOVE sends to."""

    name = "dcmqrscp"

    def __init__(self, move_to: Mapping[str, int], options: Sequence[str] = ()) -> None:
        self._tool = tool("dcmqrscp")
        super().__init__()
        (self.port,) = free_ports(1)
        self._options = options
        store = self.folder / "store"
        store.mkdir()
        hosts = "\n".join(f"h{port} = ({title}, localhost, {port})" for title, port in move_to.items())
        names = ", ".join(f"h{port}" for port in move_to.values())
        (self.folder / "dcmqrscp.cfg").write_text(
            f"NetworkTCPPort = {self.port}\nMaxPDUSize = 16384\nMaxAssociations = 16\n"
            f"HostTable BEGIN\n{hosts}\nall = {names}\nHostTable END\n"
            "VendorTable BEGIN\nVendorTable END\n"
            f"AETable BEGIN\n{TITLE} {store} RW (200, 1024mb) ANY\nAETable END\n"
        )

    def command(self) -> tuple[Sequence[str | Path], Mapping[str, str]]:
        return [self._tool, "-c", self.folder / "dcmqrscp.cfg", *self._options], {}

    def is_ready(self) -> bool:
        done = subprocess.run(
            [tool("echoscu"), "-aec", TITLE, "127.0.0.1", str(self.port)], capture_output=True, timeout=30, check=False
        )
        return done.returncode == 0

    def put(self, *paths: Path) -> None:
        """Store Instances."""
        command = [tool("storescu"), "-aec", TITLE, "127.0.0.1", str(self.port), *map(str, paths)]
        subprocess.run(command, capture_output=True, timeout=60, check=True)
