"""Fetch the pinned package by npm, check it, trim it, point it to /viewer, and compress it once.

The package's scripts are never run: npm only downloads the archive, and we unpack it.
"""

import base64
import gzip
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from shared.web.ohif import digests

PACKAGE = "@ohif/app"
VERSION = "3.13.2"
INTEGRITY = "sha512-WZdxmpmG7rqFgW9ZJLcbgr3XCtLi1KDNPoMaeY5PPe6j4G4fjEjjkycZM6C6Zk2F87BKxFfpq+jd5xXZB9E8EA=="
FORM = "2"
"""Of what we make of the package; another number makes it anew."""
PREFIX = "/viewer/"
CONFIG = Path(__file__).parent / "app-config.js"
FETCH_S = 600

NOT_USED = ("ort/", "dicom-microscopy-viewer/", "customizations/", "assets/apple-touch-startup-image")
NOT_USED_FILES = frozenset(  # scripts that load from elsewhere, or that only old browsers and other hosts need
    {"google.js", "sw.js", "init-service-worker.js", "es6-shim.min.js", "polyfill.min.js", "serve.json", "_headers"}
    | {"_redirects", "app-config.js"}
)
COMPRESSED = frozenset({".js", ".css", ".html", ".json", ".svg", ".wasm"})
LEVEL = 6
MIN_COMPRESSED = 1024


@dataclass(frozen=True)
class Prepared:
    """folder: what to serve, or None.  reason: why there is none, for a person."""

    folder: Path | None
    reason: str = ""


def prepare(home: Path) -> Prepared:
    """Return the viewer under ``home``, fetched if it is not there yet. It blocks: seconds to minutes at first."""
    folder = home / f"ohif-{VERSION}-{FORM}"
    if folder.is_dir():
        if digests.is_whole(folder):
            return Prepared(folder)
        shutil.rmtree(folder, ignore_errors=True)
    npm = shutil.which("npm")
    if npm is None:
        return Prepared(None, "npm is not installed; install Node.js with npm and start again")
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home, prefix="fetching-") as scratch:
        problem = _pack(npm, Path(scratch))
        if problem:
            return Prepared(None, problem)
        archive = next(Path(scratch).glob("*.tgz"), None)
        if archive is None or _integrity(archive) != INTEGRITY:
            return Prepared(None, f"{PACKAGE}@{VERSION} from npm is not the package we know (sha512 differs)")
        return build(archive, folder)


def build(archive: Path, folder: Path) -> Prepared:
    """Unpack, trim, adapt and compress the package's archive; the folder appears when it is complete."""
    draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix="building-"))
    try:
        _unpack(archive, draft)
        if not (draft / "index.html").is_file():
            return Prepared(None, "the package holds no built viewer")
        _adapt(draft)
        _compress(draft)
        draft.rename(folder)
        digests.write(folder)
    except OSError:
        if not folder.is_dir():  # else another process was faster
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Prepared(folder)


def _pack(npm: str, folder: Path) -> str:
    """Download the package's archive; return what went wrong, or nothing."""
    command = [npm, "pack", f"{PACKAGE}@{VERSION}", "--ignore-scripts", "--silent", "--pack-destination", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=FETCH_S, cwd=folder)
    except subprocess.TimeoutExpired:
        return f"npm did not fetch {PACKAGE}@{VERSION} within {FETCH_S} s"
    except (subprocess.CalledProcessError, OSError):
        return f"npm could not fetch {PACKAGE}@{VERSION}; is its registry reachable?"
    return ""


def _integrity(archive: Path) -> str:
    with archive.open("rb") as file:
        return "sha512-" + base64.b64encode(hashlib.file_digest(file, "sha512").digest()).decode()


def _unpack(archive: Path, draft: Path) -> None:
    with tarfile.open(archive, "r:gz") as package:
        for member in package:
            name = _kept(member)
            if name is None:
                continue
            target = draft / name
            target.parent.mkdir(parents=True, exist_ok=True)
            content = package.extractfile(member)
            if content is not None:
                with content, target.open("wb") as file:
                    shutil.copyfileobj(content, file)


def _kept(member: tarfile.TarInfo) -> PurePosixPath | None:
    """Return the path of a file that is served, below the package's dist folder; None for all others."""
    path = PurePosixPath(member.name)
    if not member.isfile() or ".." in path.parts or path.parts[:1] != ("package",):
        return None
    if path.name == "LICENSE":
        return PurePosixPath("LICENSE.txt")
    if path.parts[1:2] != ("dist",):
        return None
    name = PurePosixPath(*path.parts[2:])
    unused = str(name).startswith(NOT_USED) or str(name) in NOT_USED_FILES or name.suffix == ".map"
    return None if unused else name


def _adapt(draft: Path) -> None:
    """Make it live below /viewer/, load nothing from elsewhere, and read our archive."""
    for path in _files(draft):
        if path.suffix == ".js":
            _replace(path, b'__webpack_require__.p = "/"', f'__webpack_require__.p = "{PREFIX}"'.encode())
        elif path.suffix == ".css":
            _replace(path, b"url(/", f"url({PREFIX}".encode())
    index = draft / "index.html"
    text = index.read_text(encoding="utf-8")
    for attribute in ("href", "src", "content"):
        text = text.replace(f'{attribute}="/', f'{attribute}="{PREFIX}')
    text = text.replace('window.PUBLIC_URL="/"', f'window.PUBLIC_URL="{PREFIX}"')
    worker = f'<script rel="preload" as="script" type="module" src="{PREFIX}init-service-worker.js"></script>'
    index.write_text(text.replace(worker, ""), encoding="utf-8")
    shutil.copyfile(CONFIG, draft / "app-config.js")


def _replace(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    if old in content:
        path.write_bytes(content.replace(old, new))


def _compress(draft: Path) -> None:
    """Put a .gz beside what gets smaller by it."""
    for path in list(_files(draft)):
        if path.suffix in COMPRESSED and path.stat().st_size >= MIN_COMPRESSED:
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), LEVEL, mtime=0))


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
