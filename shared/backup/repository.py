"""Where backups are: a folder of sealed chunks, each written once, and one sealed root for each backup.

``objects/<2>/<64 hexadecimal>``: 12 bytes nonce and AES-256-GCM of up to 4 MiB, under a key that is derived for this
chunk alone. The name is a keyed digest of the content, so equal content is kept once and the folder tells nobody what
is in it. ``backups/<id>``: the root of a backup, written last. ``jmid-backup.json``: which key it takes.

Source: NIST SP 800-38D (GCM); RFC 5869 (HKDF).
"""

import fcntl
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from shared.errors import Damaged, Invalid, NotFound, SettingsError

CHUNK_BYTES = 4 << 20
KEY_BYTES = NAME_BYTES = 32
FORMAT = 1
_NONCE = 12
_HEAD = "jmid-backup.json"


class Head(msgspec.Struct, frozen=True):
    """What is not sealed. key_id: tells keys apart, and tells nothing about them."""

    format: int
    key_id: str


class Root(msgspec.Struct, frozen=True):
    """One backup. made_at, expires_at: RFC 3339; made_at is the instant that the copy shows.

    catalogue: the chunks of its catalogue.  unread: files that could not be copied.  version: of the program.
    """

    id: str
    made_at: str
    expires_at: str
    catalogue: tuple[bytes, ...]
    files: int
    size_bytes: int
    unread: int
    version: str


class Repository:
    """A folder of backups under one key of 32 bytes. All of it blocks."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self.folder, self._objects, self._roots = folder, folder / "objects", folder / "backups"
        self._name_key, self._chunk_key = _derived(key, b"names"), _derived(key, b"chunks")
        self._key_id = _derived(key, b"id").hex()[:16]
        self._touched: set[Path] = set()

    def make(self) -> None:
        """Make the folder a place of backups if it is none yet; raise SettingsError if it is something else."""
        head = self.folder / _HEAD
        if not head.exists():
            if self.folder.exists() and any(self.folder.iterdir()):
                raise SettingsError(f"{self.folder} is neither empty nor a folder of backups")
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(head, msgspec.json.encode(Head(FORMAT, self._key_id)))
        self.check()
        for each in (self._objects, self._roots):
            each.mkdir(exist_ok=True, mode=0o700)

    def check(self) -> None:
        """Raise SettingsError if there are no backups here, or they are under another key."""
        try:
            head = msgspec.json.decode((self.folder / _HEAD).read_bytes(), type=Head)
        except (OSError, msgspec.MsgspecError):
            raise SettingsError(f"{self.folder} is not a folder of backups") from None
        if head.format != FORMAT:
            raise SettingsError(
                f"the backups in {self.folder} are of format {head.format}; this release reads {FORMAT}"
            )
        if head.key_id != self._key_id:
            raise SettingsError(f"the backups in {self.folder} were made with another key")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only one who writes here; raise SettingsError if somebody else does."""
        with (self.folder / _HEAD).open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise SettingsError(f"another process writes to the backups in {self.folder}") from None
            yield

    def put(self, data: bytes, sha256: bytes, *, again: bool = False) -> bytes:
        """Keep a chunk unless it is kept already; return its name.

        sha256: of the data.  again: read one that is kept already, and write it anew if it is damaged.
        """
        name = hmac.digest(self._name_key, sha256, "sha256")
        path = self._path(name)
        if not path.exists() or (again and not self._is_whole(name)):
            path.parent.mkdir(exist_ok=True, mode=0o700)
            _write(path, self._sealed(data, name))
        self._touched.add(path.parent)  # also of a chunk that a run which was ended has written, and not synced
        return name

    def get(self, name: bytes) -> bytes:
        """Return a chunk; raise Damaged if it is gone or not what was put."""
        try:
            return self._opened(self._path(name).read_bytes(), name)
        except OSError:
            raise Damaged("backup-chunk-gone", f"{name.hex()[:16]}: it is not there, or cannot be read") from None

    def remove_others(self, kept: set[bytes]) -> int:
        """Remove chunks that no backup names any more; return how many."""
        removed = 0
        for path in list(self._objects.glob("*/*")):
            if path.name.startswith(".") or bytes.fromhex(path.name) not in kept:
                path.unlink()
                removed += 1
        return removed

    def add(self, root: Root) -> None:
        """Make a backup visible: after this, and not before, it is one."""
        for folder in (*self._touched, self._objects):
            _sync(folder)
        name = root.id.encode()
        _write(self._roots / root.id, self._sealed(msgspec.json.encode(root), name))
        _sync(self._roots)

    def remove(self, root: Root) -> None:
        """Forget a backup; its chunks go by ``remove_others``."""
        (self._roots / root.id).unlink()
        _sync(self._roots)

    def roots(self) -> list[Root]:
        """Return all backups, oldest first."""
        ids = sorted(path.name for path in self._roots.iterdir() if not path.name.startswith("."))
        return [self.root(each) for each in ids]

    def root(self, backup_id: str) -> Root:
        """Return one backup; raise NotFound or Damaged."""
        if "/" in backup_id or backup_id.startswith("."):
            raise Invalid("bad-backup-id", "a backup is named by its time, such as 20260401T020000Z")
        try:
            sealed = (self._roots / backup_id).read_bytes()
        except OSError:
            raise NotFound("no-such-backup", backup_id) from None
        return msgspec.json.decode(self._opened(sealed, backup_id.encode()), type=Root)

    def _is_whole(self, name: bytes) -> bool:
        try:
            self.get(name)
        except Damaged:
            return False
        return True

    def _path(self, name: bytes) -> Path:
        text = name.hex()
        return self._objects / text[:2] / text

    def _sealed(self, data: bytes, name: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        return nonce + AESGCM(_derived(self._chunk_key, name)).encrypt(nonce, data, name)

    def _opened(self, sealed: bytes, name: bytes) -> bytes:
        try:
            return AESGCM(_derived(self._chunk_key, name)).decrypt(sealed[:_NONCE], sealed[_NONCE:], name)
        except (InvalidTag, ValueError):
            raise Damaged("backup-chunk-damaged", "it is not what was put there") from None


def digest(data: bytes) -> bytes:
    """Return the SHA-256."""
    return hashlib.sha256(data).digest()


def private(path: Path, flag: int = os.O_TRUNC) -> BinaryIO:
    """Open a file to write that nobody else may read. flag: os.O_EXCL if it must not be there."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | flag, 0o600), "wb")


def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDFExpand(SHA256(), KEY_BYTES, b"jmid backup 1 " + purpose).derive(key)


def _write(path: Path, data: bytes) -> None:
    draft = path.with_name(f".{path.name}")
    try:
        with private(draft) as file:
            file.write(data)
            file.flush()
            os.fdatasync(file.fileno())
        draft.rename(path)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
