"""The command lines of docs/operations.md against real tools, where they are installed: age, AWS KMS, a PKCS#11 token.

AWS's own client speaks to moto's server (PyPI awscli and moto[server]); the token is SoftHSM's (Debian softhsm2, opensc
and libengine-pkcs11-openssl), driven as a hardware module is.
"""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from typer.testing import CliRunner

from services.anonymizer.cli.commands import keys as keys_command
from services.anonymizer.pseudonyms import keys
from services.anonymizer.pseudonyms.key_wrapping import Command, Envelope
from shared.errors import SettingsError

OPERATIONS = Path(__file__).parents[3] / "docs" / "operations.md"
SOFTHSM = next(iter(Path("/usr/lib").glob("**/softhsm/libsofthsm2.so")), None)
ENGINE = next(iter(Path("/usr/lib").glob("**/engines-*/pkcs11.so")), None)
SECRETS = ("AKIA-not-shown", "7654321", "AGE-SECRET-KEY")


class Tool(NamedTuple):
    """wrap, unwrap: as documented, with this machine's paths."""

    wrap: str
    unwrap: str


def documented(tool: str, **here: str) -> Tool:
    """Return a tool's two command lines out of the documentation's table, with names and paths replaced."""
    row = next(each for each in OPERATIONS.read_text().splitlines() if each.startswith(f"| {tool}"))
    wrap, unwrap = re.findall(r"`([^`]+)`", row.replace("\\|", "|"))
    for word, by in here.items():
        wrap, unwrap = (each.replace(word.replace("__", "/"), by) for each in (wrap, unwrap))
    return Tool(wrap, unwrap)


def need(*programs: str) -> None:
    absent = [each for each in programs if shutil.which(each) is None]
    if absent:
        pytest.skip(f"{', '.join(absent)}: not installed")


def run(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


@pytest.fixture
def age(tmp_path: Path) -> Tool:
    need("age", "age-keygen")
    identity = tmp_path / "age.key"
    run("age-keygen", "-o", identity)
    recipient = run("age-keygen", "-y", identity).strip()
    return documented("age", age1RECIPIENT=recipient, __etc__jmid__age=str(tmp_path / "age"))


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Tool]:
    need("aws", "moto_server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    secrets = {"AWS_ACCESS_KEY_ID": "AKIA-not-shown", "AWS_SECRET_ACCESS_KEY": "AKIA-not-shown"}
    place = {"AWS_DEFAULT_REGION": "ap-northeast-1", "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
    for name, value in {**secrets, **place, "AWS_CONFIG_FILE": "/dev/null"}.items():
        monkeypatch.setenv(name, value)
    with (tmp_path / "moto.log").open("w") as log:
        server = subprocess.Popen(["moto_server", "-p", str(port)], stdout=log, stderr=log)
    try:
        _wait(port)
        identifier = run("aws", "kms", "create-key", "--query", "KeyMetadata.KeyId", "--output", "text").strip()
        run("aws", "kms", "create-alias", "--alias-name", "alias/jmid", "--target-key-id", identifier)
        yield documented("AWS KMS")
    finally:
        server.terminate()
        server.wait(20)


def _wait(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
    pytest.fail("the KMS server did not start")


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Tool:
    need("softhsm2-util", "pkcs11-tool", "openssl")
    if SOFTHSM is None or ENGINE is None:
        pytest.skip("SoftHSM's library or OpenSSL's PKCS#11 engine: not installed")
    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm2.conf").write_text(f"directories.tokendir = {tmp_path / 'tokens'}\n")
    (tmp_path / "pin").write_text("7654321")
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm2.conf"))
    monkeypatch.setenv("PKCS11_MODULE_PATH", str(SOFTHSM))
    run("softhsm2-util", "--init-token", "--free", "--label", "jmid", "--so-pin", "12345678", "--pin", "7654321")
    pair = ("--keypairgen", "--key-type", "rsa:2048", "--label", "wrap", "--id", "01")
    run("pkcs11-tool", "--module", SOFTHSM, "--token-label", "jmid", "--login", "--pin", "7654321", *pair)
    key = f"pkcs11:token=jmid;object=wrap;type=private;pin-source=file:{tmp_path / 'pin'}"
    made = ("-subj", "/CN=jmid", "-days", "2", "-out", tmp_path / "wrap.pem")
    run("openssl", "req", "-new", "-x509", "-engine", "pkcs11", "-keyform", "engine", "-key", key, *made)
    return documented("PKCS#11", __etc__jmid=str(tmp_path))


@pytest.fixture(params=["age", "aws", "token"])
def tool(request: pytest.FixtureRequest) -> Tool:
    found: Tool = request.getfixturevalue(request.param)
    return found


def test_keys_are_wrapped_rotated_and_listed_by_the_documented_lines_and_a_changed_file_is_refused(
    tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "keys"
    assert CliRunner().invoke(keys_command, ["new", str(folder)]).exit_code == 0
    first = keys.load(folder).current
    monkeypatch.setenv("JMID_ANONYMIZER_KEY_WRAP", tool.wrap)
    monkeypatch.setenv("JMID_ANONYMIZER_KEY_UNWRAP", tool.unwrap)

    outcomes = [CliRunner().invoke(keys_command, [word, str(folder)]) for word in ("wrap", "rotate", "list")]

    assert [each.exit_code for each in outcomes] == [0, 0, 0], [each.output for each in outcomes]
    guard = Command("", tool.unwrap, timeout_s=30)
    ring = keys.load(folder, guard)
    assert (ring.get("k1"), ring.current.version) == (first, "k2")
    stored = (folder / "k1.key").read_bytes()
    assert not [each for each in (b"patient", *map(str.encode, SECRETS)) if each in stored]
    with pytest.raises(SettingsError) as caught:
        guard.open(_spoiled(stored))
    assert not [each for each in SECRETS if each in str(caught.value)]
    assert tool.unwrap.split()[0] in str(caught.value)


def test_a_kms_that_is_not_reached_is_said_in_time_and_shows_no_credential(
    aws: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = Command(aws.wrap, aws.unwrap, timeout_s=30).seal(b"the secrets")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # discard: nobody listens
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    with pytest.raises(SettingsError) as caught:
        Command("", aws.unwrap, timeout_s=30).open(stored)

    assert not [each for each in (*SECRETS, *os.environ["AWS_SECRET_ACCESS_KEY"].split()) if each in str(caught.value)]


def test_without_the_token_no_key_is_read(token: Tool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stored = Command(token.wrap, token.unwrap, timeout_s=30).seal(b"the secrets")
    (tmp_path / "empty").mkdir()
    (tmp_path / "softhsm2.conf").write_text(f"directories.tokendir = {tmp_path / 'empty'}\n")

    with pytest.raises(SettingsError, match="exit code"):
        Command("", token.unwrap, timeout_s=30).open(stored)


def _spoiled(stored: bytes) -> bytes:
    """Return an envelope with one bit of the wrapped secrets changed, in text that stays base64 where it is base64."""
    wrapped = bytearray(msgspec.json.decode(stored, type=Envelope).wrapped)
    place = len(wrapped) * 7 // 8
    wrapped[place] = ord("B") if wrapped[place] == ord("A") else ord("A") if wrapped.isascii() else wrapped[place] ^ 1
    return msgspec.json.encode(Envelope(bytes(wrapped)))
