"""The steps of a sign-in, in which the issuer decides who it is: what comes next, and the way back to the client.

A step knows what was asked for by the record that its page names, and who gave the password by that record too.
"""

import secrets
from typing import Final

import aiohttp_jinja2
import msgspec
from aiohttp import web
from yarl import URL

from services.identity.deps import IdentityDeps
from services.identity.passkeys import new_challenge
from services.identity.records import CODES, REQUESTS, USERS, AuthorizationRequest, Code, User
from services.identity.settings import IdentitySettings
from shared import clock
from shared.documents import Range
from shared.errors import Refused
from shared.logs import decided
from shared.web.headers import POLICY, page_policy
from shared.web.identity.sessions import digest

SWEPT: Final = 100


def needs_passkey(user: User, settings: IdentitySettings) -> bool:
    """Say whether a password alone does not let a user in. Pure."""
    return not frozenset(settings.second_factor).isdisjoint(user.roles)


class Flow:
    """The steps. deps: of the issuer."""

    def __init__(self, deps: IdentityDeps) -> None:
        self._deps = deps

    async def begin(self, request: web.Request, asked: AuthorizationRequest) -> web.Response:
        """Keep what a client asks for, and show the page on which somebody signs in."""
        documents, oldest = self._deps.documents, asked.began - self._deps.settings.request_s
        old = await documents.find(REQUESTS, Range("began", high=oldest), limit=SWEPT)
        for each in old.documents:
            await documents.delete(REQUESTS, each.id)
        return await self.sign_in_page(request, asked)

    async def asked(self, request_id: str) -> AuthorizationRequest:
        """Return what a client asked for; raise Refused if its page was open for too long, or there is none."""
        asked = await self._deps.documents.get(REQUESTS, request_id) if request_id else None
        if asked is None or clock.now() - asked.began >= self._deps.settings.request_s:
            raise Refused("sign-in-over", "this page was open for too long; begin to sign in anew")
        return asked

    async def known_user(self, asked: AuthorizationRequest) -> User:
        """Return who gave the password; raise Refused if nobody did."""
        user = await self._deps.documents.get(USERS, asked.user) if asked.user else None
        if user is None or user.is_disabled:
            raise Refused("sign-in-over", "begin to sign in anew")
        return user

    async def sign_in_page(
        self, request: web.Request, asked: AuthorizationRequest, problem: str = "", status: int = 200
    ) -> web.Response:
        """Show the page of name and password, and of a passkey; each time with a challenge of its own."""
        passkeys = self._deps.passkeys
        asked = msgspec.structs.replace(asked, passkey_challenge=new_challenge())
        await self._deps.documents.put(REQUESTS, asked)
        return self.page(request, "sign_in", asked, problem, status, options=passkeys.asks(asked.passkey_challenge))

    async def after_password(self, request: web.Request, asked: AuthorizationRequest, user: User) -> web.Response:
        """Go on with somebody who gave their password: to a new one, to a passkey, or back to the client."""
        deps, known = self._deps, msgspec.structs.replace(asked, user=user.name, passkey_challenge=new_challenge())
        is_done = not user.is_one_time and not needs_passkey(user, deps.settings)
        if is_done:
            return await self.back(known, user)
        await deps.documents.put(REQUESTS, known)
        if user.is_one_time:
            return self.page(request, "new_password", known, least=deps.settings.password_characters)
        if not deps.passkeys.is_offered:
            raise Refused("no-passkeys", "a passkey is needed, and browsers allow none under this address")
        if own := await deps.passkeys.of(user):
            return self.page(request, "passkey", known, options=deps.passkeys.asks(known.passkey_challenge, own))
        return await self.new_passkey_page(request, known, user)

    async def new_passkey_page(
        self, request: web.Request, asked: AuthorizationRequest, user: User, problem: str = "", status: int = 200
    ) -> web.Response:
        """Show the page on which somebody makes the passkey that their role needs."""
        options = await self._deps.passkeys.begin(user)
        more = {"options": options, "action": "/identity/new-passkey", "is_needed": "yes"}
        return self.page(request, "new_passkey", asked, problem, status, **more)

    async def back(self, asked: AuthorizationRequest, user: User) -> web.Response:
        """Send the browser back to the client with a code."""
        code = secrets.token_urlsafe(32)
        kept = Code(id=digest(code), request=asked, user=user.name, began=clock.now())
        await self._deps.documents.delete(REQUESTS, asked.id)
        await self._deps.documents.put(CODES, kept)
        decided("signed-in")
        query = {"code": code, "state": asked.state, "iss": self._deps.issuer}
        location = str(URL(asked.redirect_uri).update_query(query))
        return web.Response(status=303, headers={"Location": location, "Cache-Control": "no-store"})

    def page(
        self,
        request: web.Request,
        name: str,
        asked: AuthorizationRequest,
        problem: str = "",
        status: int = 200,
        **more: str | int,
    ) -> web.Response:
        """Return one of the pages."""
        context = {"asked": asked.id, "problem": problem, **more}
        response = aiohttp_jinja2.render_template(f"identity/{name}.html", request, context, status=status)
        response.headers["Cache-Control"] = "no-store"
        response.headers[POLICY] = page_policy(targets=[asked.redirect_uri])  # to which the form leads in the end
        return response
