"""Builds the image without an engine: each line of the Dockerfile in an empty root, then the service from it.

    python -m tests.packaging.image [--base FOLDER] [--keep FOLDER]

For machines where no container engine runs; as root, on Debian, with debootstrap. The root is Debian's smallest with
its own Python, which stands in for the base image: the same C library, but another Python. Whether the locks have a
wheel of every package for the Python of the Dockerfile is asked of pip. base: such a root made before, copied and not
changed.
"""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.packaging.dockerfile import Instruction, Stage, filled, sent, stages
from tests.servers.process import free_ports

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = "python3,python3-venv,ca-certificates"
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
PASSED_ON = ("PIP_INDEX_URL", "PIP_CERT", "PIP_DEFAULT_TIMEOUT", "SSL_CERT_FILE", "https_proxy", "http_proxy")
WHEELS_FOR = [f"manylinux_2_{minor}_x86_64" for minor in range(17, 37)] + ["manylinux2014_x86_64"]
READY_S = 120
SHELL_PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
IGNORED = {"LABEL", "EXPOSE", "VOLUME", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
"""Read when the image runs, or by people."""


@dataclass
class Built:
    """One stage as far as it is built. root: its file system."""

    root: Path
    environ: dict[str, str] = field(default_factory=lambda: {"PATH": SHELL_PATH})
    arguments: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "0:0"

    def run(self, command: Sequence[str], **environ: str) -> "subprocess.Popen[bytes]":
        """Start a command inside, with /proc and /dev, and nothing else of this machine."""
        values = {**{name: os.environ[name] for name in PASSED_ON if name in os.environ}, **self.arguments}
        values |= {**self.environ, **environ}
        inside = ["env", "-i", *(f"{name}={value}" for name, value in values.items())]
        inside += ["sh", "-c", f"cd {shlex.quote(self.folder)} && exec {shlex.join(command)}"]
        root = shlex.quote(str(self.root))
        mounts = f"mount -t proc proc {root}/proc && mount --rbind /dev {root}/dev"
        entered = f"{mounts} && exec chroot --userspec={self.user} {root} {shlex.join(inside)}"
        return subprocess.Popen(["unshare", "--mount", "--", "sh", "-c", entered])


def main() -> int:
    """Build, run, ask whether it is ready, stop it; return 0 if all of it went as the Dockerfile says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--base", type=Path)
    parser.add_argument("--keep", type=Path, help="where to leave the file system of the image")
    arguments = parser.parse_args()
    every = stages((ROOT / "Dockerfile").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="jmid-image-") as scratch:
        base = arguments.base or debian(Path(scratch) / "base")
        context = build_context(Path(scratch) / "context")
        check_wheels(every, context)
        roots: dict[str, Built] = {}
        for number, stage in enumerate(every):
            roots[stage.name or str(number)] = built = build(stage, base, Path(scratch) / str(number), context, roots)
        seconds = serve(every[-1], built)
        size = sum(file.lstat().st_size for file in (built.root / "opt").rglob("*") if file.is_file())
        if arguments.keep:
            shutil.move(built.root, arguments.keep)
    print(f"image: {len(every)} stages built; ready {seconds:.0f} s after its start; /opt holds {size >> 20} MiB")
    return 0


def debian(root: Path) -> Path:
    """Return a new root with Debian's smallest system and its Python."""
    subprocess.run(["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(root)], check=True)
    return root


def build_context(folder: Path) -> Path:
    """Copy what a clean checkout sends to the builder: tracked files that .dockerignore lets through."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8")
    for path in sent([Path(name) for name in tracked.split("\0") if name], ignore):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, folder / path)
    return folder


def check_wheels(every: Sequence[Stage], context: Path) -> None:
    """Have pip find a wheel of everything locked for the Python of the Dockerfile."""
    versions = {match[1] for stage in every if (match := re.match(r"python:(\d+\.\d+)", stage.image))}
    (version,) = versions
    platforms = [f"--platform={tag}" for tag in reversed(WHEELS_FOR)]
    wanted = ["--only-binary", ":all:", "--require-hashes", "--python-version", version, "--implementation", "cp"]
    for lock in sorted(context.glob("requirements*.lock")):
        command = [sys.executable, "-m", "pip", "install", "-q", "--dry-run", "--ignore-installed", "--no-deps"]
        subprocess.run([*command, "--target", str(context / "none"), *wanted, *platforms, "-r", str(lock)], check=True)


def build(stage: Stage, base: Path, root: Path, context: Path, others: Mapping[str, Built]) -> Built:
    """Carry out a stage's instructions in a copy of the base."""
    subprocess.run(["cp", "-a", "--reflink=auto", str(base), str(root)], check=True)
    for name in (CERTIFICATES, "etc/resolv.conf", "etc/hosts"):
        shutil.copy2(f"/{name}", root / name)
    (root / "usr/local/bin/python").symlink_to("/usr/bin/python3")
    built = Built(root)
    for each in stage.instructions:
        rest = filled(each.rest, {**built.environ, **built.arguments})
        print(f"{each.word} {each.rest}"[:110], flush=True)
        if each.word == "RUN":
            _succeed(built.run(each.command()))
        elif each.word == "COPY":
            _copy(rest, built, context, others)
        elif each.word == "ARG":
            built.arguments |= dict(each.pairs())
        elif each.word == "ENV":
            built.environ |= {name: filled(value, built.environ) for name, value in each.pairs()}
        elif each.word == "WORKDIR":
            built.folder = rest
            (root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif each.word == "USER":
            built.user = rest
        elif each.word not in IGNORED:
            raise SystemExit(f"the Dockerfile says {each.word}, which this script does not know")
    return built


def _copy(rest: str, built: Built, context: Path, others: Mapping[str, Built]) -> None:
    """Copy as COPY does: a folder's content into a folder, a file into a folder."""
    words = rest.split()
    origin = context
    if words[0].startswith("--from="):
        origin = others[words.pop(0).removeprefix("--from=")].root
    *sources, target = words
    into = built.root / target.lstrip("/") if target.startswith("/") else built.root / built.folder[1:] / target
    for source in sources:
        path = origin / source.lstrip("/")
        if path.is_dir():
            shutil.copytree(path, into, symlinks=True, dirs_exist_ok=True)
        else:
            into.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, into)


def serve(stage: Stage, built: Built) -> float:
    """Start the image as an engine does, wait for its HEALTHCHECK, stop it by SIGTERM; return seconds to ready."""
    said = {each.word: each for each in stage.instructions}
    port, dimse_port = free_ports(2)
    environ = {"JMID_PORT": str(port), "JMID_INGEST_DIMSE_PORT": str(dimse_port)}
    health = Instruction("CMD", said["HEALTHCHECK"].rest.partition("CMD ")[2]).command()
    begun = time.monotonic()
    with _running(built, [*said["ENTRYPOINT"].command(), *said["CMD"].command()], environ) as process:
        while built.run(health, **environ).wait() != 0:
            if process.poll() is not None or time.monotonic() - begun > READY_S:
                raise SystemExit(f"not ready in {READY_S} s; exit code {process.poll()}")
            time.sleep(1)
        return time.monotonic() - begun


@contextmanager
def _running(built: Built, command: Sequence[str], environ: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    process = built.run(command, **environ)
    try:
        yield process
        process.terminate()
        if process.wait(60) != 0:
            raise SystemExit(f"ended with {process.returncode} on SIGTERM")
    finally:
        process.kill()
        process.wait()


def _succeed(process: "subprocess.Popen[bytes]") -> None:
    if process.wait() != 0:
        raise SystemExit(f"the line ended with {process.returncode}")


if __name__ == "__main__":
    sys.exit(main())
