"""An issuer says that somebody signed out elsewhere, or was locked out: their sessions here end.

Sessions that began after the token was made stay, so that a token that is sent again ends nothing new.
Source: OpenID Connect Back-Channel Logout 1.0, 2.4 (the token) and 2.6 (its checks).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared import clock
from shared.web.identity.issuer import Issuer
from shared.web.identity.sessions import Sessions
from shared.web.identity.settings import AccessSettings
from shared.web.identity.token import Expected, TokenRefused, checked_claims, read_header

EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
KINDS: Final = frozenset({"", "jwt", "logout+jwt", "application/logout+jwt"})


@dataclass(frozen=True)
class SignedOut:
    """Whose sessions end. subject, issuer_session: empty is any, not both.  at: seconds since 1970."""

    subject: str
    issuer_session: str
    at: float


def signed_out(claims: Mapping[str, Any]) -> SignedOut:
    """Return whose sessions end by the claims of a token with a good signature; raise TokenRefused. Pure."""
    events, at = claims.get("events"), claims.get("iat")
    if not isinstance(events, Mapping) or not isinstance(events.get(EVENT), Mapping):
        raise TokenRefused("no-logout-event")
    if "nonce" in claims:  # an ID Token has one
        raise TokenRefused("kind-not-taken")
    if isinstance(at, bool) or not isinstance(at, int | float) or not isinstance(claims.get("jti"), str):
        raise TokenRefused("no-time")
    subject, issuer_session = claims.get("sub", ""), claims.get("sid", "")
    if not isinstance(subject, str) or not isinstance(issuer_session, str) or not (subject or issuer_session):
        raise TokenRefused("no-subject")
    return SignedOut(subject, issuer_session, float(at))


class BackChannelLogout:
    """Ends the sessions that the issuer names."""

    def __init__(self, settings: AccessSettings, issuer: Issuer, sessions: Sessions) -> None:
        self._issuer, self._sessions, self._skew_s = issuer, sessions, settings.access_clock_skew_s
        self._expected = Expected(
            settings.access_issuer,
            frozenset({settings.access_client_id}),
            tuple(settings.access_algorithms),
            settings.access_clock_skew_s,
            kinds=KINDS,
            has_subject=False,
        )

    async def end(self, token: str) -> int:
        """End the sessions that a logout token names, and return how many; raise TokenRefused, or Unavailable."""
        header = read_header(token, self._expected)
        claims = checked_claims(token, await self._issuer.key(header), self._expected, clock.now())
        who = signed_out(claims)
        return await self._sessions.end_of(who.subject, who.issuer_session, who.at + self._skew_s)
