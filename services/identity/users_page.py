"""The administrator's page of users: made, changed, disabled, given a new password, signed out, removed.

A one-time password is in the one answer to what made it, and nowhere else.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import aiohttp_jinja2
from aiohttp import web

from services.identity.deps import IdentityDeps
from services.identity.records import PASSKEYS, USERS, User
from services.identity.users import (
    PEOPLE,
    add_user,
    change_user,
    disable_user,
    forget,
    reset_user,
    sign_out,
)
from shared import clock
from shared.documents import Eq
from shared.errors import Conflict, Invalid, NotFound, Refused
from shared.web import routing
from shared.web.audited import about
from shared.web.language import translatable

PATH: Final = "/identity/users"
DONE: Final = {
    "add": translatable("The user was made."),
    "change": translatable("Roles and sites were changed; the sessions of before ended."),
    "reset": translatable("There is a new one-time password; the passkeys are gone and the sessions ended."),
    "end-sessions": translatable("The sessions ended."),
    "disable": translatable("The user was disabled, and the sessions ended."),
    "enable": translatable("The user was enabled."),
    "remove": translatable("The user was removed."),
}


class UsersRoutes(routing.Routes):
    """The handlers of the routes; the access table lets the administrator in alone."""

    def __init__(self, deps: IdentityDeps) -> None:
        self._deps = deps
        self._changes: Mapping[str, Callable[[User, web.Request], Awaitable[str]]] = {
            "change": self._change,
            "reset": self._reset,
            "end-sessions": self._end_sessions,
            "disable": self._disable,
            "enable": self._enable,
            "remove": self._remove,
        }

    @routing.get("/identity/users")
    async def users(self, request: web.Request) -> web.Response:
        """Show the users."""
        return await self._page(request)

    @routing.post("/identity/users")
    async def add(self, request: web.Request) -> web.Response:
        """Make a user, and show the one-time password, this once."""
        form, deps = await request.post(), self._deps
        name = str(form.get("name", "")).strip()
        try:
            password = await add_user(deps.documents, deps.passwords, name, *await _asked(request))
        except (Invalid, Conflict) as error:
            text = error.detail if isinstance(error, Invalid) else str(error)
            return await self._page(request, problem=text, status=409 if isinstance(error, Conflict) else 400)
        about(request, "user", name)
        return await self._page(request, done=DONE["add"], name=name, password=password)

    @routing.post("/identity/users/change")
    async def change(self, request: web.Request) -> web.Response:
        """Do what the form names with one user."""
        form = await request.post()
        change = self._changes.get(action := str(form.get("action", "")))
        user = await self._deps.documents.get(USERS, str(form.get("name", "")))
        if change is None or user is None:
            raise NotFound("unknown-user", "there is no such user, or nothing such to do")
        about(request, "user", user.name)
        try:
            password = await change(user, request)
        except (Invalid, Refused) as error:
            status = 400 if isinstance(error, Invalid) else 403
            return await self._page(request, problem=error.detail, status=status, name=user.name)
        return await self._page(request, done=DONE[action], name=user.name, password=password)

    async def _change(self, user: User, request: web.Request) -> str:
        await change_user(self._deps.documents, user, *await _asked(request))
        return ""

    async def _reset(self, user: User, _: web.Request) -> str:
        return await reset_user(self._deps.documents, self._deps.passwords, user)

    async def _end_sessions(self, user: User, _: web.Request) -> str:
        await sign_out(self._deps.documents, user)
        return ""

    async def _disable(self, user: User, _: web.Request) -> str:
        await disable_user(self._deps.documents, user, is_disabled=True)
        return ""

    async def _enable(self, user: User, _: web.Request) -> str:
        await disable_user(self._deps.documents, user, is_disabled=False)
        return ""

    async def _remove(self, user: User, _: web.Request) -> str:
        await forget(self._deps.documents, user.name)
        return ""

    async def _page(
        self,
        request: web.Request,
        *,
        problem: str = "",
        status: int = 200,
        done: str = "",
        name: str = "",
        password: str = "",
    ) -> web.Response:
        documents = self._deps.documents
        users = sorted([user async for user in documents.every(USERS)], key=lambda user: user.name)
        context = {
            "users": [(user, await documents.count(PASSKEYS, Eq("user", user.name))) for user in users],
            "roles": PEOPLE,
            "site": self._deps.site,
            "now": clock.now(),
            "problem": problem,
            "done": done,
            "name": name,
            "password": password,
        }
        response = aiohttp_jinja2.render_template("identity/users.html", request, context, status=status)
        response.headers["Cache-Control"] = "no-store"
        return response


async def _asked(request: web.Request) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the roles and the sites of a form; sites are separated by commas or blanks. Only people's roles count."""
    form = await request.post()
    wanted = {str(each) for each in form.getall("role", ())}
    sites = str(form.get("sites", "")).replace(",", " ").split()
    return tuple(role.value for role in PEOPLE if role.value in wanted), tuple(dict.fromkeys(sites))
