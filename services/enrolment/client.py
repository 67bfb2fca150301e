"""The gateway's side of enrolment: say a code to the right centre, and renew before the end.

The code holds the beginning of the fingerprint of the centre's authority. The authority's certificate is read first,
from whoever answers; only when it is the one of the code is anything said, over TLS that is checked with it. So whoever
stands between learns no code.
"""

import ssl
from pathlib import Path
from typing import Final

import aiohttp
import msgspec
from cryptography import x509
from yarl import URL

from services.enrolment.codes import Code
from services.enrolment.routes import ByCertificate, ByCode, Issued
from shared.certificates import contexts
from shared.certificates.authority import fingerprint, pem_of
from shared.certificates.site_identity import Enrolment, SiteIdentity
from shared.errors import Refused, SettingsError, Unavailable

SYSTEM: Final = "system"
MOST_BYTES: Final = 64 << 10


async def enrol(identity: SiteIdentity, centre: str, code: Code, ca: str, timeout_s: float) -> Enrolment:
    """Enrol at a centre and keep what came of it.

    ca: PEM file of the authority of the centre's own certificate, ``system`` for those that this machine trusts; empty
    is the authority of the code. Raises Refused, Unavailable, SettingsError.
    """
    centre = _checked(centre)
    authority = await _authority(centre, timeout_s)
    if not fingerprint(authority).startswith(code.fingerprint):
        raise Refused(
            "other-authority", f"whoever answers at {centre} is not the centre of this code; nothing was said to it"
        )
    trusted = _trusted(ca, authority)
    context = contexts.client_context(ca_text=trusted) if trusted else contexts.client_context()
    asked = ByCode(code.name, code.secret, identity.request_pem())
    issued = await _posted(f"{centre}/enrolment/certificates", asked, context, timeout_s)
    site = identity.take(x509.load_pem_x509_certificate(issued.certificate.encode("ascii")))
    enrolment = Enrolment(centre=centre, site=site, is_own=bool(trusted))
    identity.keep(enrolment, trusted or pem_of(authority))
    return enrolment


async def renew(identity: SiteIdentity, enrolment: Enrolment, timeout_s: float) -> None:
    """Get the next certificate with the one that there is, and keep it. Raises as ``enrol``."""
    context = contexts.client_context(str(identity.authority) if enrolment.is_own else None)
    contexts.load_pair(context, identity.identity, None, "the gateway's enrolment")
    asked = ByCertificate(identity.request_pem())
    issued = await _posted(f"{enrolment.centre}/enrolment/renewal", asked, context, timeout_s)
    identity.take(x509.load_pem_x509_certificate(issued.certificate.encode("ascii")))


def _checked(centre: str) -> str:
    try:
        url = URL(centre)
    except ValueError:
        url = URL()
    if url.scheme != "https" or not url.host:
        raise SettingsError("--centre takes an https address, for example https://centre.example:8443")
    return centre.rstrip("/")


def _trusted(ca: str, authority: x509.Certificate) -> str:
    """Return PEM of whom the centre's certificate is checked with; empty for those that this machine trusts."""
    if ca == SYSTEM:
        return ""
    if not ca:
        return pem_of(authority)
    try:
        text = Path(ca).read_text("ascii")
        contexts.client_context(ca_text=text)
    except (OSError, ValueError) as error:
        raise SettingsError(f"--ca takes a PEM file or {SYSTEM} ({type(error).__name__})") from error
    return text


async def _authority(centre: str, timeout_s: float) -> x509.Certificate:
    """Return what whoever answers says that its authority is: nothing of it is believed before it is compared."""
    text = await _asked("GET", f"{centre}/enrolment/authority", None, False, timeout_s)
    try:
        return x509.load_pem_x509_certificate(text)
    except ValueError as error:
        raise Unavailable(f"{centre} does not answer as a centre of this system") from error


async def _posted(url: str, asked: msgspec.Struct, context: ssl.SSLContext, timeout_s: float) -> Issued:
    data = await _asked("POST", url, msgspec.json.encode(asked), context, timeout_s)
    try:
        return msgspec.json.decode(data, type=Issued)
    except msgspec.MsgspecError as error:
        raise Unavailable("the centre does not answer as it should") from error


async def _asked(method: str, url: str, body: bytes | None, tls: ssl.SSLContext | bool, timeout_s: float) -> bytes:
    timeout = aiohttp.ClientTimeout(total=timeout_s)
    headers = {"Content-Type": "application/json"} if body is not None else {}
    try:
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls), timeout=timeout) as session,
            session.request(method, url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            data = await answer.content.read(MOST_BYTES)
            _check(answer.status, data)
            return data
    except aiohttp.ClientSSLError as error:
        raise Unavailable(
            f"the certificate at {URL(url).origin()} is not good for it ({type(error).__name__})"
        ) from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise Unavailable(f"{URL(url).origin()} does not answer ({type(error).__name__})") from error


class _Problem(msgspec.Struct, frozen=True):
    reason: str = "refused"
    detail: str = ""


def _check(status: int, data: bytes) -> None:
    """Raise what an answer that is none of ours says."""
    if status == 200:
        return
    try:
        problem = msgspec.json.decode(data, type=_Problem)
    except msgspec.MsgspecError:
        problem = _Problem()
    if status in (400, 401, 403):
        raise Refused(problem.reason, problem.detail or f"the centre answered {status}")
    raise Unavailable(f"the centre answered {status}")
