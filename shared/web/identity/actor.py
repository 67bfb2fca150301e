"""Who calls, as the gate found them. No I/O."""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from shared.web.access.words import AccessRole


@dataclass(frozen=True, kw_only=True)
class Actor:
    """A person or a program.

    subject: the issuer's own name for them, which never changes.  name: to show and to record.  sites: short names of
    hospitals.  projects: names.  shown: how they showed who they are, such as token.
    """

    subject: str
    name: str
    roles: frozenset[AccessRole]
    sites: frozenset[str] = frozenset()
    projects: frozenset[str] = frozenset()
    shown: str = "token"

    def has(self, role: AccessRole) -> bool:
        """Say whether this is one of the actor's roles."""
        return role in self.roles


@dataclass(frozen=True)
class Credential:
    """A token that does not change, and whose it is. token: empty is nobody's."""

    token: str
    actor: Actor


SHOWN_BY_SESSION: Final = "session"
KEY: Final = web.RequestKey("actor", Actor)
CURRENT: Final[ContextVar[Actor | None]] = ContextVar("actor", default=None)
"""Who the request that runs now is of; None where nobody is asked."""


def actor_of(request: web.Request) -> Actor | None:
    """Return who sent a request; None where nobody is asked."""
    return request.get(KEY)
