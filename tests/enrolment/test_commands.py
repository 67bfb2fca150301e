"""``jmid sites``, ``jmid enrol`` and ``jmid up --role``: what they print, and what they refuse."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.__main__ import SERVICES, app
from services.enrolment.codes import read_code
from services.places import WhichPlace, gateway_variables, public_url, services_of
from shared.certificates.authority import authority_of, fingerprint
from shared.certificates.settings import TlsSettings
from shared.certificates.site_identity import Enrolment, SiteIdentity
from shared.errors import SettingsError
from shared.service import Role


def jmid(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, arguments, env={"COLUMNS": "160"})
    return done.exit_code, done.output + (str(done.exception) if done.exception else "")


def test_a_code_names_the_authority_is_listed_without_its_secret_and_ends_with_the_site(tmp_path: Path) -> None:
    home = ("--home", str(tmp_path))

    code, text = jmid("sites", "invite", "tokyo", *home)
    _, listed = jmid("sites", "list", *home)
    revoked, _ = jmid("sites", "revoke", "tokyo", *home)
    _, after = jmid("sites", "list", *home)
    again, _ = jmid("sites", "revoke", "tokyo", *home)

    authority = authority_of(TlsSettings(), tmp_path / "centre" / "authority")
    assert (code, revoked, again) == (0, 0, 1)
    assert fingerprint(authority.certificate).startswith(read_code(text).fingerprint)
    assert "not used" in listed
    assert read_code(text).secret not in listed
    assert "tokyo" not in after
    assert (tmp_path / "centre" / "authority" / "authority.pem").stat().st_mode & 0o777 == 0o600


def test_what_is_no_site_no_code_or_no_place_is_refused(tmp_path: Path) -> None:
    home = ("--home", str(tmp_path))
    centre = ("--centre", "https://localhost:1")

    assert jmid("sites", "invite", "to kyo", *home)[0] == 2
    assert "not-a-code" in jmid("enrol", *centre, "--code", "tokyo", *home)[1]
    assert jmid("up", "--role", "centre", *centre, *home)[0] == 2
    assert jmid("up", "--role", "gateway", "--sample", *home)[0] == 2
    assert "jmid enrol" in jmid("up", "--role", "gateway", *home)[1]


def test_each_place_has_its_services_and_a_gateway_alone_an_issuer() -> None:
    gateway, centre = (services_of(place, SERVICES) for place in (WhichPlace.GATEWAY, WhichPlace.CENTRE))

    assert {each.role for each in gateway} == {Role.GATEWAY}
    assert {each.role for each in centre} == {Role.CENTRE}
    assert {each.name for each in gateway} == {"ingest", "anonymizer", "linker", "identity", "enrolment"}
    assert {each.name for each in centre} == {"linker", "archive", "search", "identity", "enrolment"}
    assert services_of(WhichPlace.ALL, SERVICES) == SERVICES


def test_an_enrolled_gateway_knows_its_centre_unless_it_is_told_another(tmp_path: Path) -> None:
    SiteIdentity(tmp_path / "gateway").keep(Enrolment(centre="https://c.example", site="tokyo"), "PEM")

    known = gateway_variables(tmp_path, {})
    told = gateway_variables(tmp_path, {"JMID_LINKER_CENTRE_CA": "own.pem"}, "https://other.example")

    assert known["JMID_LINKER_CENTRE"] == "https://c.example"
    assert known["JMID_LINKER_CLIENT_CERTIFICATE"] == known["JMID_LINKER_CLIENT_KEY"]
    assert told["JMID_LINKER_CENTRE"] == "https://other.example"
    assert "JMID_LINKER_CENTRE_CA" not in told
    assert gateway_variables(tmp_path / "other", {}) == {}


@pytest.mark.parametrize(
    ("bind", "url"),
    [
        ("127.0.0.1", "https://localhost:8443"),
        ("10.0.0.7", "https://10.0.0.7:8443"),
        ("fe80::1", "https://[fe80::1]:8443"),
    ],
)
def test_browsers_come_back_to_the_port_that_speaks_tls(bind: str, url: str) -> None:
    assert public_url(bind, 8443, {}) == {"JMID_ACCESS_PUBLIC_URL": url}
    assert public_url(bind, 8443, {"JMID_ACCESS_PUBLIC_URL": "https://jmid.example"}) == {}
    with pytest.raises(SettingsError):
        public_url(bind, 0, {})
