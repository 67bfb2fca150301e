"""How key files lie on disk: plain behind file permissions, or wrapped by a key that never leaves a KMS or a card.

Envelope encryption: the file holds one version's secrets wrapped; an external command (``gpg``, ``vault``, ``aws kms``,
``pkcs11-tool``, …) wraps and unwraps them over its standard input and output. Secrets stand in no argument, environment
variable, temporary file, log or error text; the command's own messages are dropped, because they may quote its input.
"""

import base64
import binascii
import os
import shlex
import signal
import subprocess
from collections.abc import Mapping
from typing import Protocol

import msgspec

from services.anonymizer.settings import AnonymizerSettings
from shared import settings as settings_reader
from shared.errors import SettingsError

ANONYMIZER = "JMID_ANONYMIZER"


class Guard(Protocol):
    """What stands between the bytes of a key file and the secrets in them."""

    def seal(self, secrets: bytes) -> bytes:
        """Return the file's bytes; raise SettingsError if this guard cannot write."""
        ...

    def open(self, stored: bytes) -> bytes:
        """Return the secrets; raise SettingsError if the bytes are not this guard's, or it is not let at them."""
        ...


class Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A wrapped key file. wrapped: what the wrap command printed."""

    wrapped: bytes


class Plain:
    """Secrets as they are; the file's permissions are all that protects them. prefix: of the variables to name."""

    def __init__(self, prefix: str = ANONYMIZER) -> None:
        self._prefix = prefix

    def seal(self, secrets: bytes) -> bytes:
        return secrets

    def open(self, stored: bytes) -> bytes:
        if _envelope(stored) is not None:
            raise SettingsError(f"the key file is wrapped; {self._prefix}_KEY_UNWRAP names the command for it")
        return stored


class Command:
    """Secrets wrapped and unwrapped by external commands, each run without a shell.

    wrap, unwrap: command lines; wrap may be empty where keys are only read.  timeout_s: how long one may take.
    prefix: of the variables that named them.
    The wrap command reads base64 text and prints the wrapped bytes, the unwrap command the other way round: text is
    what every tool passes on unchanged, and what Vault's transit engine demands.
    """

    def __init__(self, wrap: str, unwrap: str, timeout_s: float, prefix: str = ANONYMIZER) -> None:
        self._wrap = _words(wrap, f"{prefix}_KEY_WRAP")
        self._unwrap = _words(unwrap, f"{prefix}_KEY_UNWRAP")
        self._timeout_s, self._prefix = timeout_s, prefix

    def seal(self, secrets: bytes) -> bytes:
        if not self._wrap:
            raise SettingsError(f"{self._prefix}_KEY_WRAP is not set: this place may read keys, not make them")
        wrapped = _run(self._wrap, base64.b64encode(secrets), self._timeout_s)
        stored = msgspec.json.encode(Envelope(wrapped))
        if self.open(stored) != secrets:  # before anything depends on them
            raise SettingsError(f"what {self._prefix}_KEY_WRAP wraps, {self._prefix}_KEY_UNWRAP does not unwrap")
        return stored

    def open(self, stored: bytes) -> bytes:
        envelope = _envelope(stored)
        if envelope is None:
            wraps = "; run: jmid keys wrap FOLDER" if self._prefix == ANONYMIZER else ""
            raise SettingsError(f"the key file is not wrapped, though a command is set{wraps}")
        text = _run(self._unwrap, envelope.wrapped, self._timeout_s)
        try:
            return base64.b64decode(b"".join(text.split()), validate=True)
        except binascii.Error:
            raise SettingsError(
                f"the key command {self._unwrap[0]} printed something else than base64; run it by hand to see why"
            ) from None


def read(environ: Mapping[str, str]) -> Guard:
    """Return the guard that the environment asks for; raise SettingsError for a wrong command line."""
    return of(settings_reader.read(AnonymizerSettings, "ANONYMIZER", environ))


def of(settings: AnonymizerSettings) -> Guard:
    """Return the guard that the settings ask for."""
    return guard(settings.key_wrap, settings.key_unwrap, settings.key_timeout_s, ANONYMIZER)


def guard(wrap: str, unwrap: str, timeout_s: float, prefix: str) -> Guard:
    """Return the guard of these commands. prefix: of the variables that named them."""
    if unwrap:
        return Command(wrap, unwrap, timeout_s, prefix)
    if wrap:
        raise SettingsError(f"{prefix}_KEY_WRAP is set, {prefix}_KEY_UNWRAP is not")
    return Plain(prefix)


def is_wrapped(stored: bytes) -> bool:
    """Return whether the bytes of a key file are an envelope."""
    return _envelope(stored) is not None


def _envelope(stored: bytes) -> Envelope | None:
    try:
        return msgspec.json.decode(stored, type=Envelope)
    except msgspec.MsgspecError:
        return None


def _words(line: str, variable: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        raise SettingsError(f"{variable} is no command line; it takes for example 'gpg --batch --decrypt'") from None


def _run(command: list[str], given: bytes, timeout_s: float) -> bytes:
    """Return what the command prints. Errors name the program alone: its arguments may hold credentials."""
    name = command[0]
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise SettingsError(f"the key command {name} cannot be started: {error.strerror}") from None
    try:
        printed, _ = child.communicate(given, timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise SettingsError(f"the key command {name} took longer than {timeout_s:g} s") from None
    finally:
        _end(child)
    if child.returncode:
        raise SettingsError(f"the key command {name} failed, exit code {child.returncode}; run it by hand to see why")
    if not printed.strip():
        raise SettingsError(f"the key command {name} printed nothing; run it by hand to see why")
    return printed


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a command that still runs, with all that it started: a shell's children would keep the pipe open."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None and not pipe.closed:
            pipe.close()
