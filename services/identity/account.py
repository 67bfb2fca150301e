"""The page of one's own account: the passkeys with which somebody signs in."""

from datetime import UTC, datetime

import aiohttp_jinja2
from aiohttp import web
from yarl import URL

from services.identity.deps import IdentityDeps
from services.identity.passwords import Locked
from services.identity.records import USERS, User
from shared.documents import Eq
from shared.errors import Invalid, NotFound
from shared.web import routing
from shared.web.identity.actor import SHOWN_BY_SESSION, actor_of
from shared.web.language import translatable
from shared.web.loopback import LOOPBACK

PATH = "/identity/account"
WRONG = translatable("The password is wrong.")


class AccountRoutes(routing.Routes):
    """The handlers of the routes; each is for who signed in here, and for nothing but their own account."""

    def __init__(self, deps: IdentityDeps) -> None:
        self._deps = deps

    @routing.get("/identity/account")
    async def account(self, request: web.Request) -> web.Response:
        """Show one's passkeys; browsers know them under one name of this host, to which others lead."""
        own = URL(self._deps.pages_url)
        if own.host == "localhost" and request.url.host in LOOPBACK - {own.host}:
            raise web.HTTPSeeOther(own.with_path(PATH))
        return await self._page(request, await self._user(request))

    @routing.post("/identity/account/passkeys/begin")
    async def begin(self, request: web.Request) -> web.Response:
        """Show the page on which a passkey is made, to who gives their password."""
        user, form = await self._user(request), await request.post()
        try:
            known = await self._deps.passwords.user(user.name, str(form.get("password", "")))
            if known is None:
                raise Invalid("new-passkey", WRONG)
            options = await self._deps.passkeys.begin(user)
        except (Invalid, Locked) as error:
            return await self._page(request, user, error.detail if isinstance(error, Invalid) else WRONG, 403)
        context = {"options": options, "action": f"{PATH}/passkeys", "asked": "", "problem": "", "is_needed": ""}
        return _uncached(aiohttp_jinja2.render_template("identity/new_passkey.html", request, context))

    @routing.post("/identity/account/passkeys")
    async def add(self, request: web.Request) -> web.Response:
        """Keep the passkey that the browser made."""
        user, form = await self._user(request), await request.post()
        try:
            await self._deps.passkeys.finish(user, str(form.get("credential", "")), str(form.get("label", "")))
        except Invalid as error:
            return await self._page(request, user, error.detail, 400)
        raise web.HTTPSeeOther(PATH)

    @routing.post("/identity/account/passkeys/remove")
    async def remove(self, request: web.Request) -> web.Response:
        """Forget one of one's passkeys."""
        user, form = await self._user(request), await request.post()
        await self._deps.passkeys.remove(user, str(form.get("id", "")))
        raise web.HTTPSeeOther(PATH)

    async def _user(self, request: web.Request) -> User:
        """Return whose session the request is of."""
        actor = actor_of(request)
        if actor is not None and actor.shown == SHOWN_BY_SESSION:
            page = await self._deps.documents.find(USERS, Eq("subject", actor.subject), limit=1)
            if page.documents:
                return page.documents[0]
        raise NotFound("no-account", "this is for who signed in here with a user name")

    async def _page(self, request: web.Request, user: User, problem: str = "", status: int = 200) -> web.Response:
        passkeys = self._deps.passkeys
        context = {
            "user": user,
            "passkeys": await passkeys.of(user),
            "is_offered": passkeys.is_offered,
            "problem": problem,
            "day": _day,
        }
        return _uncached(aiohttp_jinja2.render_template("identity/account.html", request, context, status=status))


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def _uncached(response: web.Response) -> web.Response:
    response.headers["Cache-Control"] = "no-store"
    return response
