"""The authorization endpoint and its two pages: sign in, and choose a new password.

What a client asks for is kept as a record, and a page names it: nothing of it comes back from the browser. A fault of
the client's address is said on a page of ours and never sent to that address (RFC 9700 4.11).
Source: OpenID Connect Core 1.0, 3.1.2; RFC 7636 4.3; RFC 9207 2.
"""

import secrets
from typing import Final

import aiohttp_jinja2
import msgspec
from aiohttp import web
from yarl import URL

from services.identity.deps import IdentityDeps
from services.identity.passwords import Locked
from services.identity.records import CODES, REQUESTS, USERS, AuthorizationRequest, Code, User
from shared import clock
from shared.documents import Range
from shared.errors import Invalid, Refused
from shared.logs import decided
from shared.web import routing
from shared.web.headers import POLICY, page_policy
from shared.web.identity.sessions import digest
from shared.web.language import translatable

SWEPT: Final = 100
MOST_PARAMETER: Final = 2048
WRONG: Final = translatable("The name or the password is wrong.")
WAIT: Final = translatable("Too many wrong passwords. Wait a little, then try again.")


def read_request(
    query: dict[str, str], client_id: str, redirect_uris: frozenset[str], now: float
) -> AuthorizationRequest:
    """Return what a client asks for; raise Refused for a client that is not ours, Invalid for a wrong request. Pure."""
    if query.get("client_id") != client_id or query.get("redirect_uri") not in redirect_uris:
        raise Refused("unknown-client", "this is no client of ours, or not its address")
    if query.get("response_type") != "code" or "openid" not in query.get("scope", "").split(" "):
        raise Invalid("invalid-request", "response_type is code, and scope has openid")
    if query.get("code_challenge_method") != "S256" or not query.get("code_challenge"):
        raise Invalid("invalid-request", "a code_challenge with the method S256 is needed (RFC 7636)")
    if any(len(value) > MOST_PARAMETER for value in query.values()):
        raise Invalid("invalid-request", f"a parameter has at most {MOST_PARAMETER} characters")
    return AuthorizationRequest(
        id=secrets.token_urlsafe(32),
        client_id=client_id,
        redirect_uri=query["redirect_uri"],
        state=query.get("state", ""),
        nonce=query.get("nonce", ""),
        challenge=query["code_challenge"],
        began=now,
    )


class AuthorizeRoutes(routing.Routes):
    """The handlers of the routes."""

    def __init__(self, deps: IdentityDeps) -> None:
        self._deps = deps

    @routing.get("/identity/authorize")
    async def authorize(self, request: web.Request) -> web.Response:
        """Show the page on which somebody signs in."""
        deps, now = self._deps, clock.now()
        asked = read_request(dict(request.query), deps.client_id, deps.redirect_uris, now)
        old = await deps.documents.find(REQUESTS, Range("began", high=now - deps.settings.request_s), limit=SWEPT)
        for each in old.documents:
            await deps.documents.delete(REQUESTS, each.id)
        await deps.documents.put(REQUESTS, asked)
        return _page(request, "sign_in", asked)

    @routing.post("/identity/sign-in")
    async def sign_in(self, request: web.Request) -> web.Response:
        """Take a name and a password: show what is wrong, ask for a new password, or go back to the client."""
        form = await request.post()
        asked = await self._asked(str(form.get("request", "")))
        name, password = str(form.get("name", "")).strip(), str(form.get("password", ""))
        try:
            user = await self._deps.passwords.user(name, password)
        except Locked:
            decided("sign-in-delayed", level="warning")
            return _page(request, "sign_in", asked, problem=WAIT, status=429)
        if user is None:
            decided("sign-in-refused", level="warning")
            return _page(request, "sign_in", asked, problem=WRONG, status=403)
        if not user.is_one_time:
            return await self._back(asked, user)
        known = msgspec.structs.replace(asked, user=user.name)
        await self._deps.documents.put(REQUESTS, known)
        return _page(request, "new_password", known, least=self._deps.settings.password_characters)

    @routing.post("/identity/new-password")
    async def new_password(self, request: web.Request) -> web.Response:
        """Take a password instead of the one-time one, and go back to the client."""
        form = await request.post()
        asked = await self._asked(str(form.get("request", "")))
        user = await self._deps.documents.get(USERS, asked.user) if asked.user else None
        if user is None or not user.is_one_time:
            raise Refused("sign-in-over", "begin to sign in anew")
        try:
            await self._deps.passwords.choose(user, str(form.get("password", "")), str(form.get("again", "")))
        except Invalid as error:
            least = self._deps.settings.password_characters
            return _page(request, "new_password", asked, problem=error.detail, least=least, status=400)
        return await self._back(asked, user)

    async def _asked(self, request_id: str) -> AuthorizationRequest:
        asked = await self._deps.documents.get(REQUESTS, request_id) if request_id else None
        if asked is None or clock.now() - asked.began >= self._deps.settings.request_s:
            raise Refused("sign-in-over", "this page was open for too long; begin to sign in anew")
        return asked

    async def _back(self, asked: AuthorizationRequest, user: User) -> web.Response:
        """Send the browser back to the client with a code."""
        code = secrets.token_urlsafe(32)
        kept = Code(id=digest(code), request=asked, user=user.name, began=clock.now())
        await self._deps.documents.delete(REQUESTS, asked.id)
        await self._deps.documents.put(CODES, kept)
        decided("signed-in")
        query = {"code": code, "state": asked.state, "iss": self._deps.issuer}
        location = str(URL(asked.redirect_uri).update_query(query))
        return web.Response(status=303, headers={"Location": location, "Cache-Control": "no-store"})


def _page(
    request: web.Request,
    name: str,
    asked: AuthorizationRequest,
    *,
    problem: str = "",
    status: int = 200,
    **more: int,
) -> web.Response:
    context = {"asked": asked.id, "problem": problem, **more}
    response = aiohttp_jinja2.render_template(f"identity/{name}.html", request, context, status=status)
    response.headers["Cache-Control"] = "no-store"
    response.headers[POLICY] = page_policy(targets=[asked.redirect_uri])  # to which the form leads in the end
    return response
