"""Install what the tests need of the system, where that can be done: Debian, as root."""

import ctypes.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.servers.rabbitmq import BIN, MISSING

CHROMIUM = Path("/usr/bin/chromium")
NO_CHROMIUM = (
    "Chromium is not installed: as root, `python -m tests.servers install` installs Debian's; "
    "without it the browser tests are skipped"
)


def missing() -> dict[str, str]:
    """Return the Debian packages that are missing, each with what to do without it."""
    packages = {}
    if not os.environ.get("JMID_TEST_AMQP") and not (BIN / "rabbitmq-server").exists():
        packages["rabbitmq-server"] = MISSING
    if not CHROMIUM.exists():
        packages["chromium"] = NO_CHROMIUM
    if not shutil.which("storescu", path="/usr/bin"):
        packages["dcmtk"] = "DCMTK is not installed: tests that send by its storescu are skipped"
    if not shutil.which("promtool", path="/usr/bin"):
        packages["prometheus"] = "Prometheus is not installed: the alerts are not tried by its promtool"
    if not any(Path("/usr/share/fonts").rglob("NotoSansCJK*")):
        packages["fonts-noto-cjk"] = "no Japanese font is installed: screenshots will show boxes"
    if not ctypes.util.find_library("GL"):
        packages["libgl1"] = "libGL is not installed: tests of the text detector are skipped"
    if not Path("/usr/share/mricron/templates/ch2.nii.gz").exists():
        packages["mricron-data"] = "no real MR head is installed: the defacer's tests on it are skipped"
    if not Path("/usr/share/doc/invesalius-examples/examples/Cranium.inv3").exists():
        packages["invesalius-examples"] = "no real CT head is installed: the defacer's tests on it are skipped"
    return packages


def install() -> int:
    """Install them; say what to do where that is not possible. Only a missing RabbitMQ is an error."""
    packages = missing()
    if packages and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing {', '.join(packages)}", flush=True)
        # RUNLEVEL=1: Debian's scripts start no service that was just installed (invoke-rc.d(8)).
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
        for command in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *packages]):
            subprocess.run(["apt-get", *command], env=environ, stdout=subprocess.DEVNULL, check=False)
        packages = missing()
    for message in packages.values():
        print(message, file=sys.stderr)
    return 1 if "rabbitmq-server" in packages else 0
