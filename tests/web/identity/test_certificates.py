"""Certificates that a proxy tells: believed of the proxies that are named, and judged as those of a handshake."""

import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from services.enrolment.invites import INVITES
from services.enrolment.issue import keep, revoked
from shared.certificates.authority import authority_of, pem_of
from shared.certificates.settings import TlsSettings
from shared.certificates.site_identity import SiteIdentity
from shared.documents import Documents
from shared.documents.sqlite import open_sqlite
from shared.errors import SettingsError
from shared.web.identity.certificates import SITES, Certificates
from shared.web.identity.proxies import Proxies
from shared.web.identity.settings import access_settings
from shared.web.identity.token import TokenRefused

HEADER = "Client-Cert"


@pytest_asyncio.fixture
async def documents(tmp_path: Path) -> AsyncIterator[Documents]:
    async with open_sqlite(tmp_path / "documents.sqlite") as opened:
        await opened.declare(SITES, INVITES)
        yield opened


@pytest.fixture
def certificate(tmp_path: Path) -> x509.Certificate:
    request = x509.load_pem_x509_csr(SiteIdentity(tmp_path).request_pem().encode())
    return authority_of(TlsSettings(), tmp_path / "authority").of_site(request, "tokyo", timedelta(days=1))


async def who(certificates: Certificates, told: str) -> str:
    """Return the name that a request with a header is of, "" for nobody, or the reason of a refusal."""

    async def answer(request: web.Request) -> web.Response:
        try:
            actor = await certificates.actor(request)
        except TokenRefused as error:
            return web.Response(text=error.reason)
        return web.Response(text=actor.name if actor is not None else "")

    application = web.Application()
    application.add_routes([web.get("/", answer)])
    async with TestClient(TestServer(application)) as client, client.get("/", headers={HEADER: told}) as response:
        return await response.text()


def as_rfc_9440(certificate: x509.Certificate) -> str:
    return f":{base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()}:"


async def test_a_certificate_is_believed_of_a_proxy_that_is_named(
    documents: Documents, certificate: x509.Certificate
) -> None:
    await keep(documents, "tokyo", certificate, "enrolled")
    trusting = Certificates(documents, HEADER, Proxies(["127.0.0.0/8"]))

    told = [await who(trusting, each) for each in (as_rfc_9440(certificate), quote(pem_of(certificate)))]
    of_others = await who(Certificates(documents, HEADER, Proxies(["10.0.0.1"])), as_rfc_9440(certificate))
    switched_off = await who(Certificates(documents), as_rfc_9440(certificate))

    assert told == ["gateway tokyo", "gateway tokyo"]
    assert (of_others, switched_off) == ("", "")


async def test_what_does_not_count_is_refused_with_the_reason(
    documents: Documents, certificate: x509.Certificate
) -> None:
    trusting = Certificates(documents, HEADER, Proxies(["127.0.0.1"]))

    unknown = await who(trusting, as_rfc_9440(certificate))
    nonsense = [await who(trusting, each) for each in (":?:", ":" + "A" * 8000, "%ff", "x")]
    await keep(documents, "tokyo", certificate, "enrolled")
    await revoked(documents, "tokyo")
    after = await who(trusting, as_rfc_9440(certificate))

    assert (unknown, after) == ("certificate-unknown", "certificate-unknown")
    assert set(nonsense) == {"certificate-not-read"}


def test_the_header_goes_with_the_proxies() -> None:
    with pytest.raises(SettingsError, match="JMID_ACCESS_TRUSTED_PROXIES"):
        access_settings({"JMID_ACCESS_CERTIFICATE_HEADER": HEADER})
    with pytest.raises(SettingsError, match="JMID_ACCESS_TRUSTED_PROXIES"):
        Proxies(["nowhere"])
