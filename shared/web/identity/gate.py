"""The gate: asks who sends a request and whether they may, before anything of ours looks at it.

Source: RFC 6750 2.1 and 3 (Bearer tokens and their errors), RFC 9110 15.5.2 (401) and 15.5.4 (403).
"""

import hmac
from collections.abc import Sequence
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from yarl import URL

from shared import clock
from shared.logs import decided
from shared.web import bearer
from shared.web.access import reach
from shared.web.access.decision import Decision, decide, reach_of
from shared.web.access.reach import NOTHING, Reach
from shared.web.access.rules import AccessTable, Rule
from shared.web.access.words import AccessRole
from shared.web.errors import Face, face_of
from shared.web.identity.actor import CALLER, CURRENT, KEY, REFUSAL, Actor, Credential
from shared.web.identity.certificates import Certificates
from shared.web.identity.claims import ClaimReader
from shared.web.identity.issuer import Issuer
from shared.web.identity.proxies import address_of
from shared.web.identity.rate import Rates
from shared.web.identity.sessions import Sessions
from shared.web.identity.settings import AccessSettings
from shared.web.identity.token import (
    ACCESS_TOKEN_TYPES,
    TYPES,
    Expected,
    TokenRefused,
    check_access_token,
    checked_claims,
    read_header,
)
from shared.web.language import translatable
from shared.web.told import Told

SIGN_IN: Final = "/-/sign-in"
READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
BEGINS: Final = frozenset({SIGN_IN, f"{SIGN_IN}/back", "/identity/authorize"})
"""What is for everybody and read, but keeps a record of whoever begins to sign in."""
REFUSED: Final = {
    Decision.NO_ROLE: translatable("Your roles do not allow this."),
    Decision.SCOPE_NOT_CHECKED: translatable("What your role may see of this cannot be told apart yet."),
    Decision.OTHER_SITE: translatable("This is of a site that is not yours."),
}


class Verifier:
    """Turns a token into who shows it."""

    def __init__(self, settings: AccessSettings, issuer: Issuer, credentials: Sequence[Credential] = ()) -> None:
        self._issuer, self._claims = issuer, ClaimReader(settings)
        self._credentials = [(each.token.encode(), each.actor) for each in credentials if each.token]
        self._expected = Expected(
            settings.access_issuer,
            frozenset(settings.access_audience),
            tuple(settings.access_algorithms),
            settings.access_clock_skew_s,
            ACCESS_TOKEN_TYPES if settings.access_typed_tokens else TYPES,
        )
        self._client_id = "" if settings.access_client_audience else settings.access_client_id

    async def actor(self, token: str) -> Actor:
        """Return who shows a token; raise TokenRefused, or Unavailable if the issuer's keys cannot be read."""
        shown = token.encode("utf-8", "surrogateescape")
        for own, actor in self._credentials:
            if hmac.compare_digest(shown, own):
                return actor
        header = read_header(token, self._expected)
        key = await self._issuer.key(header)
        claims = checked_claims(token, key, self._expected, clock.now())
        check_access_token(header, claims, self._client_id)
        return self._claims.actor(claims)


class Gate:
    """The access table, who may be asked, and the site that this process is of.

    rates: how often an actor may ask.  sessions: of people who signed in, None where nobody can.  cookie: the name of
    the one with their session.  certificates: of gateways, None where none counts.
    unknown: how often an address may ask without an identity.
    """

    def __init__(
        self,
        table: AccessTable,
        site: str,
        verifier: Verifier,
        rates: Rates,
        sessions: Sessions | None = None,
        cookie: str = "",
        certificates: Certificates | None = None,
        unknown: Rates | None = None,
    ) -> None:
        self._table, self._site, self._verifier, self._rates = table, site, verifier, rates
        self._sessions, self._cookie, self._certificates = sessions, cookie, certificates
        self._unknown, self._told = unknown or Rates(0, 1), Told()
        self.pages: Sequence[str] = ()
        """Of the menu: a person who may not open / is led to the first of them that they may open."""

    def may(self, actor: Actor | None, path: str, method: str = "GET") -> bool:
        """Say whether an actor may open a page, or what another method does, for what leads to it."""
        rule = self._table.rule_of(method, path)
        return rule is not None and decide(rule, actor, self._site) is Decision.ALLOWED

    @property
    def middleware(self) -> Middleware:
        """Return what lets a request through, or raises HTTPUnauthorized or HTTPForbidden."""

        @web.middleware
        async def asked(request: web.Request, handler: Handler) -> web.StreamResponse:
            actor, reached = await self._admitted(request)
            if actor is not None:
                request[KEY] = actor
            kept, before = CURRENT.set(actor), reach.CURRENT.set(reached)
            try:
                return await handler(request)
            finally:
                CURRENT.reset(kept)
                reach.CURRENT.reset(before)

        return asked

    async def _admitted(self, request: web.Request) -> tuple[Actor | None, Reach]:
        """Return who sends a request that may pass, and how far it reaches.

        Nobody, and nothing, for what is for everybody, and for what no route answers.
        """
        resource = request.match_info.route.resource
        if resource is None:
            return None, NOTHING
        rule = self._table.rule_of(request.method, resource.canonical)
        if rule is not None and rule.is_public:
            if request.method not in READS or resource.canonical in BEGINS:
                self._count_unknown(request)
            return None, NOTHING
        actor = await self._actor(request)
        if actor is not None:
            request[CALLER] = actor
        decision = self._decision(request.method, resource.canonical, rule, actor)
        if actor is None:
            self._count_unknown(request)
        elif not actor.has(AccessRole.SERVICE):
            self._count(self._rates, actor.subject)
        if decision is Decision.ALLOWED and rule is not None and actor is not None:
            return actor, reach_of(rule, actor)
        request[REFUSAL] = decision.value
        if decision is Decision.NOT_SIGNED_IN and self._sessions is not None and is_page(request):
            raise web.HTTPSeeOther(URL(SIGN_IN).with_query(to=request.path_qs))
        if actor is not None and request.path == "/" and is_page(request):
            for path in self.pages:
                if self.may(actor, path):
                    raise web.HTTPSeeOther(path)
        raise _refusal(decision, resource.canonical)

    def _decision(self, method: str, path: str, rule: Rule | None, actor: Actor | None) -> Decision:
        """Return whether an actor may use a route; for HEAD as for GET (RFC 9110 9.3.2)."""
        route = f"{'GET' if method == 'HEAD' else method} {path}"
        if rule is None or (actor is not None and actor.only is not None and route not in actor.only):
            return Decision.NO_ROLE
        return decide(rule, actor, self._site)

    def _count_unknown(self, request: web.Request) -> None:
        self._count(self._unknown, address_of(request))

    def _count(self, rates: Rates, whose: str) -> None:
        """Count a request of an actor or an address; raise HTTPTooManyRequests if there were too many."""
        wait_s = rates.wait_s(whose)
        if wait_s:
            self._told.tell("rate-exceeded", "actor" if rates is self._rates else "address")
            headers = {"Retry-After": str(wait_s)}
            raise web.HTTPTooManyRequests(text="too many requests of one actor; try again later\n", headers=headers)

    async def _actor(self, request: web.Request) -> Actor | None:
        token = bearer.shown(request)
        value = request.cookies.get(self._cookie, "") if self._sessions is not None else ""
        try:
            gateway = await self._certificates.actor(request) if self._certificates is not None else None
            if gateway is not None:
                return gateway  # whatever token it shows besides
            if token:
                return await self._verifier.actor(token)
            return await self._sessions.actor(value) if self._sessions is not None and value else None
        except TokenRefused as error:
            self._told.tell("token-refused", error.reason)
            request[REFUSAL] = error.reason
            self._count_unknown(request)
            raise bearer.unauthorized(error_code="invalid_token") from error


def is_page(request: web.Request) -> bool:
    """Say whether a browser asks for a page to show, which a person can be led to sign in from."""
    accept = request.headers.get("Accept", "")
    return request.method in ("GET", "HEAD") and "text/html" in accept and face_of(request.path, accept) is Face.PAGE


def _refusal(decision: Decision, route: str) -> web.HTTPException:
    if decision is Decision.NOT_SIGNED_IN:
        return bearer.unauthorized(translatable("Sign in first."))
    decided("access-refused", level="warning", reason=decision.value, route=route)
    return web.HTTPForbidden(
        text=f"{REFUSED[decision]}\n", headers={"WWW-Authenticate": bearer.challenge("insufficient_scope")}
    )
