"""``python -m tests.packaging``: the wheel in an empty environment and an empty folder runs, and finds its sample.

The repository is not on the path: what the wheel forgets is missed here.
"""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

from tests.flow.system import until
from tests.servers.process import free_ports

ROOT = Path(__file__).resolve().parents[2]
PIP = ("-m", "pip", "--disable-pip-version-check", "-q")
ENVIRON = {name: value for name, value in os.environ.items() if name != "PYTHONPATH" and not name.startswith("JMID_")}
TIMEOUT_S = 300
"""Of each step; the installation downloads what pip has not kept."""
CASES = 3
"""Of the sample: services/sample_data/README.md."""


def main() -> int:
    """Build, compare, install and run it; print what was found."""
    with tempfile.TemporaryDirectory(prefix="jmid-wheel-") as folder:
        wheel = built(Path(folder) / "wheels")
        if forgotten := missing(wheel):
            print("not in the wheel:", *forgotten, sep="\n  ", file=sys.stderr)
            return 1
        python = installed(wheel, Path(folder) / "venv")
        empty = Path(folder) / "empty"
        empty.mkdir()
        count = run(python, empty)
    print(f"{wheel.name}: whole; installed in an empty environment it was ready and found {count} cases")
    return 0


def built(folder: Path) -> Path:
    """Return the wheel of the working tree."""
    options = ["--no-deps", "--no-build-isolation", "--no-index", "-w", str(folder)]
    subprocess.run([sys.executable, *PIP, "wheel", *options, str(ROOT)], check=True, timeout=TIMEOUT_S)
    (wheel,) = folder.glob("jmid-*.whl")
    return wheel


def missing(wheel: Path) -> list[str]:
    """Return the files of the repository's packages that the wheel does not hold."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "services", "shared"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    with zipfile.ZipFile(wheel) as archive:
        return sorted({name for name in listed if (ROOT / name).exists()} - set(archive.namelist()))


def installed(wheel: Path, venv: Path) -> Path:
    """Return the Python of a new environment with the pinned dependencies and the wheel."""
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True, env=ENVIRON, timeout=TIMEOUT_S)
    python = venv / "bin" / "python"
    pinned = ["--require-hashes", "--only-binary", ":all:", "-r", str(ROOT / "requirements-gateway.lock")]
    subprocess.run([python, *PIP, "install", *pinned], check=True, env=ENVIRON, timeout=TIMEOUT_S)
    subprocess.run(
        [python, *PIP, "install", "--no-deps", "--no-index", str(wheel)], check=True, env=ENVIRON, timeout=TIMEOUT_S
    )
    subprocess.run([python, *PIP, "check"], check=True, env=ENVIRON, timeout=TIMEOUT_S)
    return python


def run(python: Path, folder: Path) -> int:
    """Return how many cases a radiologist finds after `jmid up` in a folder with nothing in it, where it asks."""
    port, dimse_port = free_ports(2)
    options = ["--port", str(port), "--dimse-port", str(dimse_port)]
    command: list[str | Path] = [python.with_name("jmid"), "up", *options]
    with (folder.parent / "output.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=ENVIRON, stdout=log, stderr=log)
    try:
        until(lambda: _json(port, "/-/ready", process).get("ready"), "the wheel to be ready")
        assert _json(port, "/api/cases", process) == {}, "nobody is asked who they are"
        token = _token(python, folder)
        until(lambda: _json(port, "/api/cases", process, token).get("total") == CASES, "the sample")
        return CASES
    except AssertionError:
        print((folder.parent / "output.log").read_text(), file=sys.stderr)
        raise
    finally:
        _stop(process)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End it as an operator does; one that does not drain in a minute is killed and is a failure."""
    process.terminate()
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


def _token(python: Path, folder: Path) -> str:
    command: list[str | Path] = [python.with_name("jmid"), "token", "--role", "radiologist"]
    done = subprocess.run(command, cwd=folder, env=ENVIRON, check=True, capture_output=True, text=True, timeout=60)
    return done.stdout.strip()


def _json(port: int, path: str, process: "subprocess.Popen[bytes]", token: str = "") -> dict[str, Any]:
    """Return an answer; nothing where there is none yet, or none without a token."""
    assert process.poll() is None, "jmid up ended"
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=5) as answer:
            return dict(json.loads(answer.read()))
    except OSError:
        return {}


if __name__ == "__main__":
    sys.exit(main())
