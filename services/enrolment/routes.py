"""The centre's side of enrolment over HTTP: who we are, a certificate for a code, the next one for a certificate."""

from typing import Final, TypeVar

import msgspec
from aiohttp import web

from services.enrolment.invites import redeemed
from services.enrolment.issue import Issuer, key_digest, read_request
from services.enrolment.settings import EnrolmentSettings
from shared import clock
from shared.errors import Invalid, Refused
from shared.web import routing
from shared.web.identity.actor import actor_of

T = TypeVar("T", bound=msgspec.Struct)
MOST_BYTES: Final = 64 << 10


class ByCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A one-time code and a request for a certificate (PKCS #10, PEM)."""

    name: str
    secret: str
    request: str


class ByCertificate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request for the next certificate."""

    request: str


class Issued(msgspec.Struct, frozen=True):
    """What comes back: the certificate as PEM, and for which site it is."""

    certificate: str
    site: str


class EnrolmentRoutes(routing.Routes):
    """The handlers of the routes."""

    def __init__(self, issuer: Issuer, settings: EnrolmentSettings) -> None:
        self._issuer, self._settings = issuer, settings

    @routing.get("/enrolment/authority")
    async def authority(self, _: web.Request) -> web.Response:
        """Return the authority's certificate as PEM (RFC 8555 9.1); a code says whether it is the right one."""
        return web.Response(text=self._issuer.authority.pem, content_type="application/pem-certificate-chain")

    @routing.post("/enrolment/certificates")
    async def by_code(self, request: web.Request) -> web.Response:
        """Return a gateway's first certificate, for a code."""
        asked = await _read(request, ByCode)
        signed = read_request(asked.request)
        key, most = key_digest(signed), self._settings.attempts
        invite = await redeemed(self._issuer.documents, asked.name, asked.secret, key, clock.now(), most)
        return _json(Issued(await self._issuer.issued(invite.site, signed), invite.site))

    @routing.post("/enrolment/renewal")
    async def by_certificate(self, request: web.Request) -> web.Response:
        """Return a gateway's next certificate, for the one that it shows."""
        actor = actor_of(request)
        old = actor.certificate if actor is not None else ""
        if actor is None or not old:
            raise Refused("no-certificate", "a certificate is renewed by whoever shows it")
        signed, site = read_request((await _read(request, ByCertificate)).request), min(actor.sites)
        return _json(Issued(await self._issuer.issued(site, signed, old), site))


async def _read(request: web.Request, kind: type[T]) -> T:
    data = await request.content.read(MOST_BYTES)
    if not request.content.at_eof():
        raise Invalid("too-large", f"a request has at most {MOST_BYTES} bytes")
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.MsgspecError as error:
        raise Invalid("not-a-request", "the body is a JSON object of the fields that docs/access.md names") from error


def _json(value: msgspec.Struct) -> web.Response:
    headers = {"Cache-Control": "no-store"}
    return web.Response(body=msgspec.json.encode(value), content_type="application/json", headers=headers)
