"""A gateway and a centre with a home each, one TLS port between them: enrolment, and who is let in afterwards."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from services import free_text, places
from services.__main__ import SERVICES
from services.enrolment import client
from services.enrolment.codes import Code, new_code
from services.enrolment.invites import INVITES, invited
from services.enrolment.issue import Issuer, keep, revoked
from services.enrolment.renewal import Renewal
from services.enrolment.settings import EnrolmentSettings
from services.linker.centre.acceptance import check_site
from services.linker.gateway.records import WORKERS
from shared import clock
from shared.certificates import contexts
from shared.certificates.authority import Authority, authority_of, fingerprint
from shared.certificates.settings import TlsSettings
from shared.certificates.site_identity import IDENTITY, NEXT_KEY, Enrolment, SiteIdentity
from shared.documents import Documents
from shared.errors import Refused, SettingsError, Unavailable
from shared.runtime.host import Hosting, hosted
from shared.runtime.state import Host
from shared.service import Role
from shared.web.access.gateway_routes import GATEWAY_ROUTES
from shared.web.access.table import TABLE
from tests.flow.inside import SETTLED, SPEED, System, until
from tests.servers.process import free_ports

pytestmark = [pytest.mark.asyncio(loop_scope="module")]
SEARCHES_NO_PIXELS = {"JMID_ANONYMIZER_SEARCH_PIXELS": "false"}
TIMEOUT_S = 30.0


@dataclass
class Centre:
    """A running centre. url: of the port that speaks TLS.  authority: its small one."""

    host: Host
    url: str
    authority: Authority

    @property
    def documents(self) -> Documents:
        return self.host.ports[Role.CENTRE].documents

    async def code(self, site: str, lasts_s: float = 60.0) -> Code:
        return await invited(self.documents, site, fingerprint(self.authority.certificate), clock.now() + lasts_s)

    async def enrolled(self, home: Path, site: str) -> SiteIdentity:
        """Enrol a home as a site's gateway."""
        identity = SiteIdentity(home / "gateway")
        await client.enrol(identity, self.url, await self.code(site), "", TIMEOUT_S)
        return identity

    async def status(self, method: str, path: str, pem: Path | None = None, body: object = None, **more: str) -> int:
        """Return the status of a request with a certificate, or without."""
        context = contexts.client_context(ca_text=self.authority.pem)
        if pem is not None:
            context.load_cert_chain(pem)
        connector = aiohttp.TCPConnector(ssl=context)
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.request(method, self.url + path, headers=more, json=body) as answer,
        ):
            return answer.status

    async def studies(self) -> int:
        """Return how many Studies there are, asked by our own token."""
        async with aiohttp.ClientSession(self.host.base_url) as session:
            token = (self.host.home / "service.token").read_text().strip()
            async with session.get("/dicom-web/studies", headers={"Authorization": f"Bearer {token}"}) as answer:
                return len(await answer.json()) if answer.status == 200 else 0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def centre(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Centre]:
    home, port = tmp_path_factory.mktemp("centre"), free_ports(1)[0]
    environ = {**SPEED, "JMID_ACCESS": "embedded", "JMID_ACCESS_PUBLIC_URL": f"https://localhost:{port}"}
    services = places.services_of(places.WhichPlace.CENTRE, SERVICES)
    hosting = Hosting(services=services, every=SERVICES, home=home, site="centre", port=port, environ=environ, tls=True)
    async with hosted(hosting) as host:
        authority = authority_of(TlsSettings(), home / "centre" / "authority")
        yield Centre(host, f"https://localhost:{port}", authority)


@asynccontextmanager
async def gateway(home: Path, site: str) -> AsyncIterator[System]:
    """Run a gateway of a home that has enrolled."""
    environ = {**SPEED, **SEARCHES_NO_PIXELS, **places.gateway_variables(home, {})}
    services = places.services_of(places.WhichPlace.GATEWAY, SERVICES)
    hosting = Hosting(
        services=services, every=SERVICES, home=home, site=site, environ=environ, text_check=free_text.findings
    )
    async with hosted(hosting) as host, aiohttp.ClientSession(host.base_url) as session:
        yield System(host, session, home)


async def reason_of_waiting(system: System, reason: str) -> None:
    """Wait until deliveries wait for this reason."""

    async def waits() -> bool:
        status = await system.documents(Role.GATEWAY).get(WORKERS, "images")
        return status is not None and status.reason == reason

    await until(waits, lambda: f"deliveries do not wait for {reason}")


async def test_a_gateway_enrols_delivers_and_waits_when_it_is_revoked(
    centre: Centre, tmp_path: Path, ct: Sequence[bytes]
) -> None:
    await centre.enrolled(tmp_path, "tokyo")
    async with gateway(tmp_path, "tokyo") as system:
        delivered = await system.sent(ct[:1])
        before = await centre.studies()

        await revoked(centre.documents, "tokyo")
        receipt = await system.send(ct[1:2])
        await reason_of_waiting(system, "http-401")
        waiting = (await system.receipt(receipt, "deidentified", *SETTLED))["state"]
        await centre.enrolled(tmp_path, "tokyo")  # a new code: what waited goes, without a restart
        after = await system.receipt(receipt, *SETTLED)

    assert (delivered["state"], before, waiting, after["state"]) == ("delivered", 1, "deidentified", "delivered")
    assert not (tmp_path / "centre").exists()


async def test_what_a_gateway_delivers_as_another_site_waits_until_that_is_mended(
    centre: Centre, tmp_path: Path, ct: Sequence[bytes]
) -> None:
    await centre.enrolled(tmp_path, "sendai")
    async with gateway(tmp_path, "akita") as system:
        receipt = await system.send(ct[2:])
        await reason_of_waiting(system, "not-of-this-site")
        waiting = (await system.receipt(receipt, "deidentified", *SETTLED))["state"]
        await centre.enrolled(tmp_path, "akita")
        mended = (await system.receipt(receipt, *SETTLED))["state"]

    assert (waiting, mended) == ("deidentified", "delivered")


def test_a_report_of_another_site_is_refused_and_no_fault_of_the_report() -> None:
    check_site("tokyo", frozenset({"tokyo"}))
    check_site("tokyo", frozenset())  # the token that all gateways share

    with pytest.raises(Refused, match="other-site"):
        check_site("tokyo", frozenset({"osaka"}))


async def test_a_code_is_good_once_for_a_while_and_for_few_wrong_secrets(centre: Centre, tmp_path: Path) -> None:
    used, ended, guessed = await centre.code("kyoto"), await centre.code("kyoto", -1.0), await centre.code("kyoto")
    most = EnrolmentSettings().attempts

    async def answer(code: Code, home: str) -> str:
        identity = SiteIdentity(tmp_path / home)
        try:
            return (await client.enrol(identity, centre.url, code, "", TIMEOUT_S)).site
        except Refused as error:
            return error.reason

    first, second, late = await answer(used, "a"), await answer(used, "b"), await answer(ended, "b")
    unknown = await answer(new_code(fingerprint(centre.authority.certificate)), "b")
    wrong = Code(guessed.name, "00" * 16, guessed.fingerprint)
    guesses = await asyncio.gather(*(answer(wrong, "b") for _ in range(most)))
    right = await answer(guessed, "b")
    kept = await centre.documents.get(INVITES, used.name)

    assert (first, second, late, unknown) == ("kyoto", "code-used", "code-expired", "code-unknown")
    assert (set(guesses), right) == ({"code-unknown"}, "code-unknown")
    assert used.secret not in str(kept)
    assert not (tmp_path / "b" / "enrolment" / IDENTITY).exists()


async def test_a_code_is_not_said_to_whoever_is_not_its_centre(centre: Centre, tmp_path: Path) -> None:
    code = new_code("ab" * 32)

    with pytest.raises(Refused, match="other-authority"):
        await client.enrol(SiteIdentity(tmp_path), centre.url, code, "", TIMEOUT_S)
    with pytest.raises(SettingsError):
        await client.enrol(SiteIdentity(tmp_path), "http://localhost:1", code, "", TIMEOUT_S)
    with pytest.raises(Unavailable):  # the name is none of the certificate's
        url = centre.url.replace("localhost", "127.0.0.2")
        await client.enrol(SiteIdentity(tmp_path), url, await centre.code("x"), "", TIMEOUT_S)


async def test_a_lost_answer_is_given_again_to_the_same_key_alone(centre: Centre, tmp_path: Path) -> None:
    code, identity = await centre.code("nara"), SiteIdentity(tmp_path / "a")
    asked = {"name": code.name, "secret": code.secret, "request": identity.request_pem()}
    lost = await centre.status("POST", "/enrolment/certificates", body=asked)

    enrolment = await client.enrol(identity, centre.url, code, "", TIMEOUT_S)

    assert (lost, enrolment.site) == (200, "nara")


async def test_a_gateway_reaches_what_it_needs_and_nothing_else(centre: Centre, tmp_path: Path) -> None:
    pem = (await centre.enrolled(tmp_path, "osaka")).identity

    recalls = [await centre.status("GET", f"/api/recalls{query}", pem) for query in ("?site=osaka", "?site=x", "")]
    others = [await centre.status("GET", path, pem) for path in ("/dicom-web/studies", "/api/cases", "/-/metrics")]
    without = await centre.status("GET", "/api/recalls?site=osaka")

    assert recalls == [200, 403, 403]
    assert others == [403, 403, 403]
    assert without == 401
    assert {route for rule in TABLE.rules for route in rule.routes} >= GATEWAY_ROUTES


async def test_a_certificate_of_another_authority_or_one_that_has_ended_is_not_let_in(
    centre: Centre, tmp_path: Path
) -> None:
    identity = SiteIdentity(tmp_path)
    request = x509.load_pem_x509_csr(identity.request_pem().encode())
    foreign = authority_of(TlsSettings(), tmp_path / "foreign")
    unknown = centre.authority.of_site(request, "osaka", timedelta(days=1))  # of an older backup, say
    for name, of, lasts in (("foreign", foreign, 1), ("ended", centre.authority, -0.001)):
        certificate = of.of_site(request, "osaka", timedelta(days=lasts))
        await keep(centre.documents, "osaka", certificate, "accepted")
        _write(tmp_path / f"{name}.pem", identity, certificate)
    _write(tmp_path / "unknown.pem", identity, unknown)

    for name in ("foreign", "ended"):
        with pytest.raises((aiohttp.ClientError, ssl.SSLError)):
            await centre.status("GET", "/api/recalls?site=osaka", tmp_path / f"{name}.pem")
    assert await centre.status("GET", "/api/recalls?site=osaka", tmp_path / "unknown.pem") == 401


async def test_a_certificate_is_renewed_with_itself_and_a_revoked_one_is_not(centre: Centre, tmp_path: Path) -> None:
    identity = SiteIdentity(tmp_path)
    request = x509.load_pem_x509_csr(identity.request_pem().encode())
    short = await Issuer(centre.documents, centre.authority, 0.001).issued("kobe", request)
    identity.take(x509.load_pem_x509_certificate(short.encode()))
    identity.keep(Enrolment(centre=centre.url, site="kobe"), centre.authority.pem)
    renewal = Renewal(identity, EnrolmentSettings())

    first = await renewal.look(), await renewal.days_left(), identity.identity.stat().st_mode & 0o777
    again = await renewal.look()
    status = await centre.status("GET", "/api/recalls?site=kobe", identity.identity)
    await revoked(centre.documents, "kobe")
    with pytest.raises(Refused):
        await client.renew(identity, Enrolment(centre=centre.url, site="kobe"), TIMEOUT_S)

    assert (first, again, status) == ((True, 89, 0o600), False, 200)


async def test_a_gateway_does_not_start_as_another_site_or_in_the_home_of_a_centre(
    centre: Centre, tmp_path: Path
) -> None:
    await centre.enrolled(tmp_path, "tokyo")

    with pytest.raises(SettingsError, match="tokyo"):
        places.site_of(tmp_path, "osaka")
    with pytest.raises(SettingsError, match="gateway"):
        places.check_home(places.WhichPlace.CENTRE, tmp_path)
    with pytest.raises(SettingsError, match="centre"):
        places.check_home(places.WhichPlace.GATEWAY, centre.host.home)
    assert places.site_of(tmp_path, "") == "tokyo"


def _write(path: Path, identity: SiteIdentity, certificate: x509.Certificate) -> None:
    path.write_bytes((identity.folder / NEXT_KEY).read_bytes() + certificate.public_bytes(Encoding.PEM))
