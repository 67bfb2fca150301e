"""Key files plain or wrapped: one contract for both, and what a key command may do wrong."""

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.anonymizer.cli.commands import keys as keys_command
from services.anonymizer.pseudonyms import keys
from services.anonymizer.pseudonyms.key_wrapping import Command, Guard, Plain, is_wrapped
from shared.errors import SettingsError


@pytest.fixture
def line(tmp_path: Path) -> str:
    secret = tmp_path / "wrapping"
    secret.write_text("the wrapping key")
    return f"openssl enc -aes-256-ctr -pbkdf2 -iter 1000 -pass file:{shlex.quote(str(secret))}"


@pytest.fixture
def openssl(line: str) -> Command:
    return Command(line, f"{line} -d", timeout_s=20)


@pytest.fixture(params=["plain", "openssl"])
def guard(request: pytest.FixtureRequest) -> Guard:
    if request.param == "plain":
        return Plain()
    command: Command = request.getfixturevalue("openssl")
    return command


def test_keys_come_back_as_they_were_made(guard: Guard, tmp_path: Path) -> None:
    made = keys.create(tmp_path / "keys", "jmid", guard=guard)

    assert keys.load(tmp_path / "keys", guard).versions == (made,)


def test_older_versions_stay_readable_after_a_rotation(guard: Guard, tmp_path: Path) -> None:
    first, second = (keys.create(tmp_path / "keys", "jmid", guard=guard) for _ in range(2))

    ring = keys.load(tmp_path / "keys", guard)

    assert (ring.current, ring.get("k1")) == (second, first)


def test_sites_and_projects_have_keys_of_their_own_and_may_share_the_patients(guard: Guard, tmp_path: Path) -> None:
    site = keys.create(tmp_path / "site", "jmid", patient=b"k" * 32, guard=guard)
    project = keys.create(tmp_path / "project", "project", patient=b"k" * 32, guard=guard)

    assert site.patient == project.patient
    assert (site.domain, project.domain) == ("jmid", "project")
    assert not {site.uid, site.date, site.vault} & {project.uid, project.date, project.vault}


def test_a_second_start_gets_the_keys_of_the_first(guard: Guard, tmp_path: Path) -> None:
    one, other = (keys.load_or_create(tmp_path / "keys", "jmid", guard) for _ in range(2))

    assert one == other


def test_a_damaged_file_is_refused_and_quotes_nothing(guard: Guard, tmp_path: Path) -> None:
    keys.create(tmp_path, "jmid", guard=guard)
    (tmp_path / "k1.key").write_bytes(guard.seal(b'{"version": "SECRET"}'))

    with pytest.raises(SettingsError) as caught:
        keys.load(tmp_path, guard)

    assert "SECRET" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_wrapped_file_holds_no_secret(openssl: Command, tmp_path: Path) -> None:
    keys.create(tmp_path / "keys", "jmid", guard=openssl)

    stored = (tmp_path / "keys" / "k1.key").read_bytes()

    assert is_wrapped(stored)
    assert b"patient" not in stored
    with pytest.raises(SettingsError, match="JMID_ANONYMIZER_KEY_UNWRAP"):
        keys.load(tmp_path / "keys")


def test_a_plain_file_is_refused_where_a_command_is_set(openssl: Command, tmp_path: Path) -> None:
    keys.create(tmp_path, "jmid")

    with pytest.raises(SettingsError, match="jmid keys wrap"):
        keys.load(tmp_path, openssl)


def test_rewrapping_keeps_every_secret_and_continues_where_it_was_killed(openssl: Command, tmp_path: Path) -> None:
    made = tuple(keys.create(tmp_path / "keys", "jmid") for _ in range(3))
    first = tmp_path / "keys" / "k1.key"
    first.write_bytes(openssl.seal(first.read_bytes()))  # as far as it came before

    keys.rewrap(tmp_path / "keys", openssl)

    assert keys.load(tmp_path / "keys", openssl).versions == made
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == ["k1.key", "k2.key", "k3.key"]


def test_a_place_without_the_wrap_command_reads_and_makes_no_keys(openssl: Command, line: str, tmp_path: Path) -> None:
    made = keys.create(tmp_path / "keys", "jmid", guard=openssl)
    reader = Command("", f"{line} -d", timeout_s=20)

    assert keys.load(tmp_path / "keys", reader).current == made
    with pytest.raises(SettingsError, match="KEY_WRAP"):
        keys.create(tmp_path / "keys", "jmid", guard=reader)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("sh -c 'echo token-7; exit 3'", "exit code 3"),
        ("no-such-program --token token-7", "cannot be started"),
        ("true token-7", "printed nothing"),
        ("printf %s token-7!", "else than base64"),
    ],
)
def test_a_failing_command_is_named_without_its_arguments_or_output(command: str, says: str, openssl: Command) -> None:
    stored = openssl.seal(b"secret")

    with pytest.raises(SettingsError, match=says) as caught:
        Command("", command, timeout_s=20).open(stored)

    assert "token-7" not in str(caught.value)


def test_commands_that_do_not_fit_together_make_no_key(openssl: Command, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="does not unwrap"):
        keys.create(tmp_path / "keys", "jmid", guard=Command("cat", "printf c2VjcmV0", timeout_s=20))

    assert not list((tmp_path / "keys").glob("*"))


@pytest.mark.slow
def test_a_command_that_hangs_is_ended_with_its_children(openssl: Command, tmp_path: Path) -> None:
    stored = openssl.seal(b"secret")
    pid = tmp_path / "pid"
    command = f"sh -c 'sleep 60 & echo $! > {pid}; wait'"

    with pytest.raises(SettingsError, match="longer than"):
        Command("", command, timeout_s=1).open(stored)

    until = time.monotonic() + 10
    while _runs(int(pid.read_text())) and time.monotonic() < until:
        time.sleep(0.01)
    assert not _runs(int(pid.read_text()))


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_command_sees_secrets_on_its_standard_input_only(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    told = f"open({str(seen)!r}, 'w').write(repr((sys.argv, dict(os.environ))))"
    program = f"import os, sys; {told}; print(sys.stdin.read())"
    spy = f"{shlex.quote(sys.executable)} -c {shlex.quote(program)}"

    Command(spy, "cat", timeout_s=20).seal(b"secret secret")

    assert "secret secret" not in seen.read_text()
    assert "c2VjcmV0IHNlY3JldA" not in seen.read_text()


@pytest.fixture
def gnupg(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if shutil.which("gpg") is None:
        pytest.skip("gpg is not installed")
    home = tmp_path_factory.mktemp("g")
    home.chmod(0o700)
    monkeypatch.setenv("GNUPGHOME", str(home))
    quiet = ["gpg", "--batch", "--quiet", "--passphrase", ""]
    subprocess.run([*quiet, "--quick-generate-key", "jmid-gateway", "rsa2048", "encr"], check=True, capture_output=True)
    yield
    subprocess.run(["gpgconf", "--kill", "all"], check=False, capture_output=True)


@pytest.mark.slow
def test_the_command_line_makes_wraps_rotates_and_lists_keys_under_gpg(
    gnupg: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(tmp_path / "keys")
    assert CliRunner().invoke(keys_command, ["new", folder]).exit_code == 0
    first = keys.load(tmp_path / "keys").current
    monkeypatch.setenv("JMID_ANONYMIZER_KEY_WRAP", "gpg --batch --quiet --trust-model always -e -r jmid-gateway")
    monkeypatch.setenv("JMID_ANONYMIZER_KEY_UNWRAP", "gpg --batch --quiet --decrypt")

    refused = CliRunner().invoke(keys_command, ["list", folder])
    outcomes = [CliRunner().invoke(keys_command, [word, folder]) for word in ("wrap", "rotate", "list")]

    assert refused.exit_code == 2 and "jmid keys wrap" in refused.output
    assert [each.exit_code for each in outcomes] == [0, 0, 0]
    assert "k2" in outcomes[-1].output
    guard = Command("", os.environ["JMID_ANONYMIZER_KEY_UNWRAP"], timeout_s=20)
    assert keys.load(tmp_path / "keys", guard).get("k1") == first
