"""Which listed peer a caller is, and what the file of peers may say."""

import ssl
from pathlib import Path

import pytest

from services.ingest.peers.associations import Rejection, rejection_of
from services.ingest.peers.listed import THIS_MACHINE, PeerList, read_peers
from services.ingest.peers.recognition import Caller, NotRecognised, Unknown, recognised
from services.ingest.settings import IngestSettings
from shared.errors import SettingsError
from tests.servers.certificates import Authority

FILE = """
[[ae]]
ae_title = "PACS"
name = "main-pacs"
addresses = ["10.1.0.0/16", "2001:db8::/32"]
called = ["JMID", "JMID2"]

[[ae]]
ae_title = "CT1"
addresses = ["10.2.0.7"]

[[mllp]]
name = "ris"
addresses = ["10.3.0.1"]
"""


def read(folder: Path, text: str) -> PeerList:
    path = folder / "peers.toml"
    path.write_text(text, encoding="utf-8")
    return read_peers(IngestSettings(ae_peers=path))


@pytest.mark.parametrize(
    ("caller", "expected"),
    [
        (Caller("10.1.2.3", "PACS", "JMID"), "main-pacs"),
        (Caller("10.1.2.3", "PACS", "JMID2"), "main-pacs"),
        (Caller("::ffff:10.1.2.3", "PACS", "JMID"), "main-pacs"),
        (Caller("2001:db8::1", "PACS", "JMID"), "main-pacs"),
        (Caller("10.2.0.7", "CT1", "JMID"), "CT1"),
        (Caller("10.2.0.7", "CT1", "JMID2"), NotRecognised(Unknown.CALLED, "CT1")),
        (Caller("10.2.0.8", "CT1", "JMID"), NotRecognised(Unknown.ADDRESS, "CT1")),
        (Caller("10.1.2.3", "pacs", "JMID"), NotRecognised(Unknown.TITLE)),
        (Caller("10.1.2.3", "", "JMID"), NotRecognised(Unknown.TITLE)),
        (Caller("no address", "PACS", "JMID"), NotRecognised(Unknown.ADDRESS, "main-pacs")),
    ],
)
def test_a_caller_is_a_peer_by_title_address_and_what_it_calls(
    tmp_path: Path, caller: Caller, expected: str | NotRecognised
) -> None:
    result = recognised(caller, read(tmp_path, FILE).ae)

    assert (result if isinstance(result, NotRecognised) else result.name) == expected


def test_a_caller_shows_the_certificate_that_its_entry_names(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    by_print, by_name, other = (authority.issue(f"CN={name},O=Hospital") for name in ("a", "b", "c"))
    listed = read(
        tmp_path,
        f"""
        [[ae]]
        ae_title = "PACS"
        addresses = ["10.0.0.0/8"]
        certificates = ["{by_print.fingerprint.upper()}"]
        subjects = ["CN=b,O=Hospital"]
        """,
    ).ae

    def result(certificate: bytes) -> object:
        found = recognised(Caller("10.0.0.1", "PACS", "JMID", certificate), listed)
        return found.reason if isinstance(found, NotRecognised) else found.name

    results = [result(der(each.certificate)) for each in (by_print, by_name, other)]
    assert [*results, result(b"")] == ["PACS", "PACS", Unknown.CERTIFICATE, Unknown.CERTIFICATE]


def der(path: Path) -> bytes:
    return ssl.PEM_cert_to_DER_cert(path.read_text())


def test_without_a_file_only_this_machine_is_taken() -> None:
    assert read_peers(IngestSettings()) is THIS_MACHINE
    results = [recognised(Caller(a, "ANY"), THIS_MACHINE.ae) for a in ("127.0.0.1", "::1", "10.0.0.1")]
    assert [isinstance(each, NotRecognised) for each in results] == [False, False, True]


def test_the_setting_of_titles_is_a_list_too() -> None:
    listed = read_peers(IngestSettings(allowed_ae=("PACS", "CT1@10.0.0.7"))).ae

    callers = [
        Caller("10.9.9.9", "PACS"),
        Caller("10.0.0.7", "CT1"),
        Caller("10.0.0.8", "CT1"),
        Caller("10.0.0.7", "X"),
    ]
    assert [isinstance(recognised(each, listed), NotRecognised) for each in callers] == [False, False, True, True]


def test_what_a_stranger_is_answered_tells_no_more_than_that_its_title_is_not_known() -> None:
    answers = {reason: rejection_of(reason) for reason in Unknown}

    assert answers.pop(Unknown.CALLED).value == (1, 1, 7)
    assert set(answers.values()) == {Rejection.NOT_RECOGNISED}
    assert Rejection.NOT_RECOGNISED.value == (1, 1, 3)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[[ae]]\nae_title = "A"', "addresses"),
        ('[[ae]]\nae_title = "A"\naddresses = []', "addresses"),
        ('[[ae]]\nae_title = "A"\naddresses = ["10.0.0.1/8"]', "ae 1"),
        ('[[ae]]\nae_title = "A"\naddresses = ["pacs.example"]', "ae 1"),
        ('[[ae]]\nae_title = "A23456789012345678"\naddresses = ["10.0.0.1"]', "ae_title"),
        ('[[ae]]\nae_title = "A"\naddresses = ["10.0.0.1"]\ncertificates = ["abc"]', "SHA-256"),
        ('[[ae]]\nae_title = "A"\naddresses = ["10.0.0.1"]\nsubjects = ["pacs"]', "Distinguished Name"),
        ('[[ae]]\nae_title = "A"\naddresses = ["10.0.0.1"]\nadresses = ["x"]', "adresses"),
        ('[[mllp]]\naddresses = ["10.0.0.1"]', "name"),
        ("[[ae]", "peers.toml"),
    ],
)
def test_a_file_with_a_mistake_is_refused_with_what_is_wrong(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        read(tmp_path, text)


def test_two_lists_at_once_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="JMID_INGEST_ALLOWED_AE"):
        read_peers(IngestSettings(ae_peers=tmp_path / "peers.toml", allowed_ae=("PACS",)))
