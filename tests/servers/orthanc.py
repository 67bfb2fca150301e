"""Orthanc with its DICOMweb plugin, where it is installed."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.servers.dcmtk import tool
from tests.servers.process import Server, free_ports

TITLE = "ORTHANC"
PLUGINS = Path(os.environ.get("JMID_TEST_ORTHANC_PLUGINS", "/usr/share/orthanc/plugins"))


class Orthanc(Server):
    """move_to: AE titles with the ports on this machine that C-MOVE sends to.  settings: more of Orthanc's."""

    name = "orthanc"

    def __init__(self, move_to: Mapping[str, int], settings: Mapping[str, Any] | None = None) -> None:
        found = shutil.which("Orthanc")
        plugin = next(PLUGINS.glob("libOrthancDicomWeb*"), None) if PLUGINS.is_dir() else None
        if found is None or plugin is None:
            pytest.skip("Orthanc with its DICOMweb plugin is not installed")
        self._tool = found
        super().__init__()
        self.http_port, self.port = free_ports(2)
        own = {
            "HttpPort": self.http_port,
            "DicomPort": self.port,
            "DicomAet": TITLE,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "StorageDirectory": str(self.folder / "store"),
            "IndexDirectory": str(self.folder / "store"),
            "DicomAlwaysAllowFind": True,
            "DicomAlwaysAllowGet": True,
            "DicomAlwaysAllowMove": True,
            "DicomModalities": {title.lower(): [title, "127.0.0.1", port] for title, port in move_to.items()},
            "Plugins": [str(plugin)],
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        }
        (self.folder / "orthanc.json").write_text(json.dumps({**own, **(settings or {})}))
        self.client_options: Sequence[str] = ()

    def command(self) -> tuple[Sequence[str | Path], Mapping[str, str]]:
        return [self._tool, self.folder / "orthanc.json"], {}

    def is_ready(self) -> bool:
        return self._run("echoscu").returncode == 0

    def put(self, *paths: Path) -> None:
        """Store Instances."""
        self._run("storescu", *paths).check_returncode()

    def _run(self, name: str, *paths: Path) -> subprocess.CompletedProcess[bytes]:
        peer = ["-aec", TITLE, *self.client_options, "127.0.0.1", str(self.port)]
        return subprocess.run([tool(name), *peer, *map(str, paths)], capture_output=True, timeout=60, check=False)
