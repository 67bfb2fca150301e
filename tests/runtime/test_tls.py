"""The certificate that a process shows: made for its names, made anew, loaded again; and TLS of BCP 195 alone."""

import asyncio
import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from shared.certificates import contexts
from shared.certificates.authority import authority_of
from shared.certificates.settings import TlsSettings, tls_settings
from shared.errors import SettingsError
from shared.runtime.tls import ServerTls, open_tls


def names(path: Path) -> set[str]:
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    given = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {*given.get_values_for_type(x509.DNSName), *map(str, given.get_values_for_type(x509.IPAddress))}


async def shown(tls: ServerTls, context: ssl.SSLContext) -> bytes | None:
    """Return the certificate that a server shows to a client of a context."""
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=tls.context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
        data: bytes | None = writer.get_extra_info("ssl_object").getpeercert(True)
        writer.close()
        return data


async def test_a_certificate_is_for_every_name_and_stays_until_there_is_another(tmp_path: Path) -> None:
    file = tmp_path / "authority" / "server.pem"

    open_tls(TlsSettings(), tmp_path, ["centre.example"])
    first = file.read_bytes()
    open_tls(TlsSettings(), tmp_path, ["centre.example"])
    second = file.read_bytes()
    open_tls(TlsSettings(names=("10.0.0.7",)), tmp_path, ["other.example"])

    assert first == second != file.read_bytes()
    assert {"other.example", "10.0.0.7", "localhost", "127.0.0.1"} <= names(file)
    assert file.stat().st_mode & 0o777 == 0o600


async def test_a_certificate_near_its_end_is_made_anew_and_shown_without_a_restart(tmp_path: Path) -> None:
    tls = open_tls(TlsSettings(), tmp_path, ["localhost"])
    file = tmp_path / "authority" / "server.pem"
    before = await shown(tls, tls.trust)
    file.write_bytes(tls.authority.of_server(tls.names, timedelta(days=1)))

    tls.load()
    after = await shown(tls, tls.trust)

    assert before is not None
    assert after not in (None, before)
    assert x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc.year >= 2020


async def test_nothing_less_than_tls_1_2_is_spoken(tmp_path: Path) -> None:
    tls = open_tls(TlsSettings(), tmp_path, [])
    old = ssl.create_default_context(cadata=tls.authority.pem)
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1

    with pytest.raises((ssl.SSLError, ConnectionError)):
        await shown(tls, old)
    assert {each["name"] for each in tls.context.get_ciphers() if each["protocol"] == "TLSv1.2"} <= set(
        contexts.CIPHER_SUITES
    )


def test_a_file_that_is_wrong_names_its_variable(tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.pem"
    nothing.write_text("")

    for settings in (
        TlsSettings(certificate=nothing),
        TlsSettings(client_ca=nothing),
        TlsSettings(authority_certificate=nothing, authority_key=nothing),
        TlsSettings(authority_certificate=tmp_path / "no", authority_key=nothing),
    ):
        with pytest.raises(SettingsError, match="JMID_TLS_"):
            open_tls(settings, tmp_path, [])
    with pytest.raises(SettingsError, match="JMID_TLS_AUTHORITY_KEY"):
        tls_settings({"JMID_TLS_AUTHORITY_CERTIFICATE": "x.pem"})


def test_an_authority_of_ones_own_signs_and_a_certificate_that_may_not_is_refused(tmp_path: Path) -> None:
    own = authority_of(TlsSettings(), tmp_path / "own")
    whole = tmp_path / "own" / "authority.pem"
    leaf = tmp_path / "leaf.pem"
    leaf.write_bytes(own.of_server(["x.example"], timedelta(days=1)))

    again = authority_of(TlsSettings(authority_certificate=whole, authority_key=whole), tmp_path)

    assert again.certificate == own.certificate
    with pytest.raises(SettingsError):
        authority_of(TlsSettings(authority_certificate=leaf, authority_key=leaf), tmp_path)
