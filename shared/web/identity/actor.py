"""Who calls, as the gate found them. No I/O."""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from shared.web.access.gateway_routes import GATEWAY_ROUTES
from shared.web.access.words import AccessRole

SHOWN_BY_TOKEN: Final = "token"  # noqa: S105 - how somebody showed who they are
SHOWN_BY_CERTIFICATE: Final = "certificate"
SHOWN_BY_GATEWAY_TOKEN: Final = "gateway-token"  # noqa: S105


@dataclass(frozen=True, kw_only=True)
class Actor:
    """A person or a program.

    subject: the issuer's own name for them, which never changes.  name: to show and to record.  sites: short names of
    hospitals.  projects: names.  shown: how they showed who they are, such as token.
    certificate: the fingerprint of the one that was shown.  only: routes that it may use at all; None is no such bound.
    """

    subject: str
    name: str
    roles: frozenset[AccessRole]
    sites: frozenset[str] = frozenset()
    projects: frozenset[str] = frozenset()
    shown: str = SHOWN_BY_TOKEN
    certificate: str = ""
    only: frozenset[str] | None = None

    @property
    def is_bound(self) -> bool:
        """Whether it is a program of certain sites from elsewhere, which acts for no other: such as their gateway."""
        is_from_elsewhere = self.shown in (SHOWN_BY_CERTIFICATE, SHOWN_BY_TOKEN, SHOWN_BY_GATEWAY_TOKEN)
        return AccessRole.SERVICE in self.roles and bool(self.sites) and is_from_elsewhere

    def has(self, role: AccessRole) -> bool:
        """Say whether this is one of the actor's roles."""
        return role in self.roles


def gateway_actor(subject: str, site: str, shown: str, certificate: str = "") -> Actor:
    """Return the gateway of a site, which may use the routes that it needs to deliver, for that site alone."""
    return Actor(
        subject=subject,
        name=f"gateway {site}",
        roles=frozenset({AccessRole.SERVICE}),
        sites=frozenset({site}),
        shown=shown,
        certificate=certificate,
        only=GATEWAY_ROUTES,
    )


@dataclass(frozen=True)
class Credential:
    """A token that does not change, and whose it is. token: empty is nobody's."""

    token: str
    actor: Actor


SHOWN_BY_SESSION: Final = "session"
KEY: Final = web.RequestKey("actor", Actor)
CALLER: Final = web.RequestKey("caller", Actor)
"""Who sent a request, whether they may or not."""
REFUSAL: Final = web.RequestKey("refusal", str)
"""Why the gate let a request not in."""
CURRENT: Final[ContextVar[Actor | None]] = ContextVar("actor", default=None)
"""Who the request that runs now is of; None where nobody is asked."""


def actor_of(request: web.Request) -> Actor | None:
    """Return who sent a request; None where nobody is asked."""
    return request.get(KEY)
