"""The authorization endpoint and what its pages send: a password, a new one, a passkey.

What a client asks for is kept as a record, and a page names it: nothing of it comes back from the browser. A fault of
the client's address is said on a page of ours and never sent to that address (RFC 9700 4.11).
Source: OpenID Connect Core 1.0, 3.1.2; RFC 7636 4.3; RFC 9207 2.
"""

import secrets
from collections.abc import Mapping
from typing import Final

from aiohttp import web

from services.identity.deps import IdentityDeps
from services.identity.flow import Flow, needs_passkey
from services.identity.passkeys import NOT_TAKEN
from services.identity.passwords import Locked
from services.identity.records import USERS, AuthorizationRequest
from shared import clock
from shared.errors import Invalid, Refused
from shared.logs import decided
from shared.web import routing
from shared.web.identity.actor import CALLER, Actor
from shared.web.language import translatable

MOST_PARAMETER: Final = 2048
WRONG: Final = translatable("The name or the password is wrong.")
WAIT: Final = translatable("Too many wrong passwords. Wait a little, then try again.")


def read_request(query: Mapping[str, str], redirect_uris: frozenset[str], now: float) -> AuthorizationRequest:
    """Return what a client asks for; raise Refused for one that is not ours, Invalid for a wrong request. Pure.

    redirect_uris: of the client; none of one that is not known.
    """
    if query.get("redirect_uri") not in redirect_uris:
        raise Refused("unknown-client", "this is no client of ours, or not its address")
    if query.get("response_type") != "code" or "openid" not in query.get("scope", "").split(" "):
        raise Invalid("invalid-request", "response_type is code, and scope has openid")
    if query.get("code_challenge_method") != "S256" or not query.get("code_challenge"):
        raise Invalid("invalid-request", "a code_challenge with the method S256 is needed (RFC 7636)")
    if any(len(value) > MOST_PARAMETER for value in query.values()):
        raise Invalid("invalid-request", f"a parameter has at most {MOST_PARAMETER} characters")
    return AuthorizationRequest(
        id=secrets.token_urlsafe(32),
        client_id=query["client_id"],
        redirect_uri=query["redirect_uri"],
        state=query.get("state", ""),
        nonce=query.get("nonce", ""),
        challenge=query["code_challenge"],
        scope=query["scope"],
        began=now,
    )


class AuthorizeRoutes(routing.Routes):
    """The handlers of the routes."""

    def __init__(self, deps: IdentityDeps) -> None:
        self._deps, self._flow = deps, Flow(deps)

    @routing.get("/identity/authorize")
    async def authorize(self, request: web.Request) -> web.Response:
        """Show the page on which somebody signs in."""
        deps = self._deps
        query, portal = dict(request.query), deps.client_id
        client_id = query.get("client_id", "")
        addresses = deps.redirect_uris if client_id == portal else await deps.clients.redirect_uris(client_id)
        asked = read_request(query, addresses, clock.now())
        return await self._flow.begin(request, asked)

    @routing.post("/identity/sign-in")
    async def sign_in(self, request: web.Request) -> web.Response:
        """Take a name and a password: show what is wrong, or go on."""
        form, flow = await request.post(), self._flow
        asked = await flow.asked(str(form.get("request", "")))
        name, password = str(form.get("name", "")).strip(), str(form.get("password", ""))
        if known := await self._deps.documents.get(USERS, name):  # what nobody is called may be a password
            request[CALLER] = Actor(subject=known.subject, name=known.name, roles=frozenset(), shown="password")
        try:
            user = await self._deps.passwords.user(name, password)
        except Locked:
            decided("sign-in-delayed", level="warning")
            return await flow.sign_in_page(request, asked, WAIT, 429)
        if user is None:
            decided("sign-in-refused", level="warning")
            return await flow.sign_in_page(request, asked, WRONG, 403)
        return await flow.after_password(request, asked, user)

    @routing.post("/identity/new-password")
    async def new_password(self, request: web.Request) -> web.Response:
        """Take a password instead of the one-time one, and go on."""
        form, flow = await request.post(), self._flow
        asked = await flow.asked(str(form.get("request", "")))
        user = await flow.known_user(asked)
        if not user.is_one_time:
            raise Refused("sign-in-over", "begin to sign in anew")
        try:
            user = await self._deps.passwords.choose(user, str(form.get("password", "")), str(form.get("again", "")))
        except Invalid as error:
            least = self._deps.settings.password_characters
            return flow.page(request, "new_password", asked, error.detail, 400, least=least)
        return await flow.after_password(request, asked, user)

    @routing.post("/identity/passkey")
    async def passkey(self, request: web.Request) -> web.Response:
        """Take a passkey: alone, or after the password of the same user, where their role needs it."""
        form, flow = await request.post(), self._flow
        asked = await flow.asked(str(form.get("request", "")))
        user = await self._deps.passkeys.owner(str(form.get("credential", "")), asked.passkey_challenge)
        if user is None or user.is_one_time or user.is_disabled or asked.user not in ("", user.name):
            decided("sign-in-refused", level="warning")
            return await flow.sign_in_page(request, asked, NOT_TAKEN, 403)
        return await flow.back(asked, user)

    @routing.post("/identity/new-passkey")
    async def new_passkey(self, request: web.Request) -> web.Response:
        """Keep the first passkey of somebody whose role needs one, and who gave their password."""
        form, flow, deps = await request.post(), self._flow, self._deps
        asked = await flow.asked(str(form.get("request", "")))
        user = await flow.known_user(asked)
        if user.is_one_time or not needs_passkey(user, deps.settings) or await deps.passkeys.of(user):
            raise Refused("sign-in-over", "begin to sign in anew")
        try:
            await deps.passkeys.finish(user, str(form.get("credential", "")), str(form.get("label", "")))
        except Invalid as error:
            return await flow.new_passkey_page(request, asked, user, error.detail, 400)
        return await flow.back(asked, user)
