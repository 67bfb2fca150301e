"""The secret keys: one file per version in a folder, readable by the owner alone, plain or wrapped (``key_wrapping``).

A key set holds one independent secret per use, so that whoever learns one (say, the project that may move dates back)
learns nothing of the others. ``patient`` may be shared by a consortium, so that a patient has one pseudonym in all its
hospitals; the others are the site's own. The highest version is current; older ones stay readable, because what was
sent under them is still out there.
"""

import hashlib
import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec

from services.anonymizer.pseudonyms.key_wrapping import Guard, Plain, is_wrapped
from shared import clock
from shared.errors import SettingsError

PLAIN = Plain()
SECRET_BYTES = 32  # as long as the digest of HMAC-SHA-256: RFC 2104 section 3
USES = ("patient", "accession", "uid", "date", "device", "vault")


class AlreadyMade(SettingsError):
    """Another process has just made this version."""


class KeySet(msgspec.Struct, frozen=True, repr_omit_defaults=True):
    """The secrets of one version.

    version: k1, k2, …; written beside every pseudonym.  domain: whose pseudonyms these are; part of what is hashed, so
    that two projects with one key still cannot join their data.
    """

    version: str
    domain: str
    created: str
    patient: bytes
    accession: bytes
    uid: bytes
    date: bytes
    device: bytes
    vault: bytes

    @property
    def fingerprint(self) -> str:
        """32 hexadecimal digits that tell these secrets from others of the same version, and nothing of them."""
        parts = (b"J-MID key fingerprint", self.domain.encode(), *(getattr(self, use) for use in USES))
        return hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]

    def __repr__(self) -> str:
        return f"KeySet(version={self.version!r}, domain={self.domain!r})"  # never a secret in a traceback or a log


class Keyring(msgspec.Struct, frozen=True):
    """All versions, oldest first."""

    versions: tuple[KeySet, ...]

    @property
    def current(self) -> KeySet:
        return self.versions[-1]

    def get(self, version: str) -> KeySet:
        """Return one version; raise SettingsError if the folder does not hold it."""
        for each in self.versions:
            if each.version == version:
                return each
        raise SettingsError(f"the key folder holds no version {version}")


def load(folder: Path, guard: Guard = PLAIN) -> Keyring:
    """Read all versions; raise SettingsError if there is none, or one is damaged, sealed, or open to others."""
    paths = sorted(folder.glob("k*.key"), key=lambda path: _number(path.stem))
    if not paths:
        raise SettingsError(f"{folder} holds no key; create one with: jmid keys new {folder}")
    return Keyring(tuple(_read(path, guard) for path in paths))


def load_or_create(folder: Path, domain: str, guard: Guard = PLAIN) -> Keyring:
    """Read the keys, making the first version if there is none; processes that start together get the same.

    Whether they may be made is for ``key_folder`` to say.
    """
    if not any(folder.glob("k*.key")):
        with suppress(AlreadyMade):  # always k1: one counted here could follow the k1 of a process that was faster
            _make(folder, "k1", domain, patient=None, guard=guard)
    return load(folder, guard)


def create(
    folder: Path, domain: str, *, patient: bytes | None = None, guard: Guard = PLAIN, after: Iterable[str] = ()
) -> KeySet:
    """Add a version with fresh secrets and return it; raise AlreadyMade if another process was faster.

    patient: the consortium's secret, if the pseudonyms must be those of other sites too.  after: versions that were
    used elsewhere or are lost; their numbers are not used again.
    """
    taken = [_number(name) for name in (*(path.stem for path in folder.glob("k*.key")), *after)]
    return _make(folder, f"k{max(taken, default=0) + 1}", domain, patient=patient, guard=guard)


def _make(folder: Path, version: str, domain: str, *, patient: bytes | None, guard: Guard) -> KeySet:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret_by_use = {use: secrets.token_bytes(SECRET_BYTES) for use in USES}
    if patient is not None:
        secret_by_use["patient"] = _checked(patient)
    keys = KeySet(
        version=version, domain=domain, created=clock.utc_now().isoformat(timespec="seconds"), **secret_by_use
    )
    path = folder / f"{version}.key"
    _write_once(path, guard.seal(msgspec.json.format(msgspec.json.encode(keys))))
    return _read(path, guard)


def rewrap(folder: Path, guard: Guard) -> int:
    """Seal every version anew, plain ones and those of an older wrapping key; return how many.

    A file is replaced whole, after what it will hold was opened once; killed midway, every version is still there.
    """
    paths = sorted(folder.glob("k*.key"))
    for path in paths:
        opened = guard if is_wrapped(path.read_bytes()) else PLAIN
        _read(path, opened)
        draft = _draft(path, guard.seal(opened.open(path.read_bytes())))
        draft.replace(path)
        _sync(folder)
    return len(paths)


def _number(stem: str) -> int:
    return int(stem[1:]) if stem[1:].isdigit() else 0


def _checked(secret: bytes) -> bytes:
    if len(secret) != SECRET_BYTES:
        raise SettingsError(f"a shared patient key must have {SECRET_BYTES} bytes, this one has {len(secret)}")
    return secret


def _read(path: Path, guard: Guard) -> KeySet:
    mode = path.stat().st_mode & 0o077
    if mode & 0o007:
        raise SettingsError(f"{path} may be read by others; run: chmod 600 {path}")
    try:
        keys = msgspec.json.decode(guard.open(path.read_bytes()), type=KeySet)
    except msgspec.MsgspecError:
        raise SettingsError(f"{path} is not a key file of J-MID") from None  # the cause may quote what was read
    if keys.version != path.stem or any(len(getattr(keys, use)) != SECRET_BYTES for use in USES):
        raise SettingsError(f"{path} is damaged: restore it from the backup, do not make a new one")
    return keys


def _write_once(path: Path, data: bytes) -> None:
    """Write whole and durable, or not at all; raise AlreadyMade if another process was first: its file stays."""
    draft = _draft(path, data)
    try:
        os.link(draft, path)
    except FileExistsError:
        raise AlreadyMade(f"{path} was made by another process at this moment; see: jmid keys list") from None
    finally:
        draft.unlink()
    _sync(path.parent)


def _draft(path: Path, data: bytes) -> Path:
    draft = path.with_suffix(f".{os.getpid()}.{secrets.token_hex(4)}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return draft


def _sync(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
