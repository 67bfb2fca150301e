"""The routes of signing in and out: to the issuer, back from it, and out again."""

from collections.abc import Sequence
from typing import Final

import aiohttp_jinja2
from aiohttp import web
from yarl import URL

from shared.errors import Invalid, NotFound, Refused
from shared.logs import decided
from shared.web.identity.actor import CALLER
from shared.web.identity.gate import SIGN_IN as START
from shared.web.identity.logout import BackChannelLogout
from shared.web.identity.sessions import Sessions
from shared.web.identity.sign_in import BACK, LASTS_S, Answer, SignIn
from shared.web.identity.token import TokenRefused
from shared.web.loopback import LOOPBACK

OUT: Final = "/-/sign-out"
SIGNED_OUT: Final = "/-/signed-out"
BACK_CHANNEL: Final = "/-/back-channel-logout"
PENDING_COOKIE: Final = "jmid_sign_in"


class Cookies:
    """The two cookies. public_url: as browsers see this system, such as https://jmid.example; empty on loopback alone.

    With https the session's has the prefix __Host-, so that no other host and no plain page can set it (RFC 6265bis).
    """

    def __init__(self, public_url: str) -> None:
        self._is_secure = public_url.startswith("https:")
        self.session = "__Host-jmid_session" if self._is_secure else "jmid_session"

    def set(self, response: web.StreamResponse, name: str, value: str, path: str = "/", *, most_s: float) -> None:
        """Set a cookie that scripts cannot read and that other sites' pages cannot have sent along with a change."""
        response.set_cookie(
            name, value, path=path, max_age=int(most_s), secure=self._is_secure, httponly=True, samesite="Lax"
        )

    def drop(self, response: web.StreamResponse, name: str, path: str = "/") -> None:
        """Have the browser forget a cookie."""
        response.del_cookie(name, path=path, secure=self._is_secure, httponly=True, samesite="Lax")


class SignInPages:
    """The routes. sign_in: None where nobody can sign in; then they answer 404."""

    def __init__(
        self,
        sign_in: SignIn | None,
        sessions: Sessions | None,
        public_url: str,
        most_s: float,
        logout: BackChannelLogout | None = None,
    ) -> None:
        self._sign_in, self._sessions, self._public_url, self._most_s = sign_in, sessions, public_url, most_s
        self._logout = logout
        self.cookies = Cookies(public_url)

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Return the routes."""
        return [
            web.get(START, self._start),
            web.get(BACK, self._back),
            web.post(OUT, self._out),
            web.get(SIGNED_OUT, self._signed_out),
            web.post(BACK_CHANNEL, self._back_channel),
        ]

    async def _start(self, request: web.Request) -> web.Response:
        sign_in, _ = self._parts()
        url, value = await sign_in.begin(request.query.get("to", "/"), self._own_url(request, BACK))
        response = _to(url)
        self.cookies.set(response, PENDING_COOKIE, value, START, most_s=LASTS_S)
        return response

    async def _back(self, request: web.Request) -> web.Response:
        sign_in, sessions = self._parts()
        query = request.query
        answer = Answer(query.get("state", ""), query.get("code", ""), query.get("iss", ""))
        value = request.cookies.get(PENDING_COOKIE, "")
        done = await sign_in.finish(value, answer, self._own_url(request, BACK))
        await self._end(request, sessions)
        request[CALLER] = done.actor
        response = _to(URL(done.to, encoded=True))
        own = await sessions.begin(done.actor, done.issuer_session)
        self.cookies.set(response, self.cookies.session, own, most_s=self._most_s)
        self.cookies.drop(response, PENDING_COOKIE, START)
        return response

    async def _out(self, request: web.Request) -> web.Response:
        sign_in, sessions = self._parts()
        value = request.cookies.get(self.cookies.session, "")
        if value and (actor := await sessions.actor(value)) is not None:
            request[CALLER] = actor
        await self._end(request, sessions)
        response = _to(URL(await sign_in.leave_url(self._own_url(request, SIGNED_OUT))))
        self.cookies.drop(response, self.cookies.session)
        return response

    async def _signed_out(self, request: web.Request) -> web.Response:
        self._parts()
        response = aiohttp_jinja2.render_template("signed_out.html", request, {"start": START})
        response.headers["Cache-Control"] = "no-store"
        return response

    async def _back_channel(self, request: web.Request) -> web.Response:
        """End the sessions that the issuer names (OpenID Connect Back-Channel Logout 1.0, 2.8)."""
        if self._logout is None:
            raise NotFound("no-sign-in", "nobody signs in here")
        try:
            count = await self._logout.end(str((await request.post()).get("logout_token", "")))
        except TokenRefused as error:
            decided("token-refused", level="warning", reason=error.reason)
            raise Invalid("logout-token", "this is no logout token of the issuer") from error
        decided("sessions-ended", count=count)
        return web.Response(headers={"Cache-Control": "no-store"})

    async def _end(self, request: web.Request, sessions: Sessions) -> None:
        if value := request.cookies.get(self.cookies.session, ""):
            await sessions.end(value)

    def _parts(self) -> tuple[SignIn, Sessions]:
        if self._sign_in is None or self._sessions is None:
            raise NotFound("no-sign-in", "nobody signs in here")
        return self._sign_in, self._sessions

    def _own_url(self, request: web.Request, path: str) -> str:
        """Return a path as the issuer is told it; the request's own host is believed on loopback alone."""
        if self._public_url:
            return self._public_url.rstrip("/") + path
        if request.url.host not in LOOPBACK:
            raise Refused("no-public-url", "JMID_ACCESS_PUBLIC_URL does not say under which address people sign in")
        return f"http://{request.host}{path}"


def _to(url: URL) -> web.Response:
    headers = {"Location": str(url), "Cache-Control": "no-store"}
    return web.Response(status=303, headers=headers)
