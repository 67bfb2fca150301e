"""Sessions of people who signed in, kept on the server: the browser has a random value, of which we keep a digest.

A session ends when nothing came for the idle time, when it is as old as a session may be, or when its owner signs out.
A process believes what it read of a session for BELIEVED_S, so elsewhere a sign-out takes that long.
"""

import hashlib
import secrets
from collections.abc import Callable
from typing import Final

import msgspec

from shared import clock
from shared.documents import Collection, Documents, Eq, Range
from shared.errors import Conflict
from shared.web.access.words import AccessRole
from shared.web.identity.actor import SHOWN_BY_SESSION, Actor

BELIEVED_S: Final = 5.0
NOTED_S: Final = 60.0
"""How much later a request has to be for its time to be written down."""
SWEPT: Final = 100
MOST_BELIEVED: Final = 10_000


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """id: the SHA-256 of the browser's value.  roles, sites, projects: as at the sign-in.

    issuer_session: the issuer's name of it (sid), empty if it gave none.  began, seen: since 1970."""

    id: str
    subject: str
    name: str
    roles: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    issuer_session: str = ""
    began: float
    seen: float

    def actor(self) -> Actor:
        """Return whose session it is."""
        roles = frozenset(AccessRole(role) for role in self.roles if role in set(AccessRole))
        sites, projects = frozenset(self.sites), frozenset(self.projects)
        return Actor(
            subject=self.subject, name=self.name, roles=roles, sites=sites, projects=projects, shown=SHOWN_BY_SESSION
        )


SESSIONS: Final = Collection("web_sessions", Session, key="id", fields=("seen", "subject", "issuer_session"))


def is_over(session: Session, now: float, idle_s: float, most_s: float) -> bool:
    """Say whether a session has ended. Pure."""
    return now - session.seen >= idle_s or now - session.began >= most_s


def digest(value: str) -> str:
    """Return what is kept of a browser's value. Pure."""
    return hashlib.sha256(value.encode("utf-8", "surrogateescape")).hexdigest()


async def end_sessions(
    documents: Documents, subject: str, issuer_session: str = "", before: float = float("inf")
) -> int:
    """End sessions as ``Sessions.end_of`` does, beside the processes that serve them, which notice in BELIEVED_S."""
    given = {"subject": subject, "issuer_session": issuer_session}
    where = [Eq(field, value) for field, value in given.items() if value]
    if not where:
        return 0
    ended = [each.id async for each in documents.every(SESSIONS, *where) if each.began <= before]
    for session_id in ended:
        await documents.delete(SESSIONS, session_id)
    return len(ended)


class Sessions:
    """The sessions of one role's documents. idle_s, most_s: how long one lasts without a request, and at all."""

    def __init__(
        self,
        documents: Documents,
        idle_s: float,
        most_s: float,
        now: Callable[[], float] = clock.now,
        machine_s: Callable[[], float] = clock.machine_s,
    ) -> None:
        self._documents, self._now, self._machine_s = documents, now, machine_s
        self._idle_s, self._most_s = idle_s, most_s
        self._believed: dict[str, tuple[Session, float]] = {}

    async def begin(self, actor: Actor, issuer_session: str = "") -> str:
        """Begin a session and return the value for the browser; ended ones are swept away."""
        value, now = secrets.token_urlsafe(32), self._now()
        session = Session(
            id=digest(value),
            subject=actor.subject,
            name=actor.name,
            roles=tuple(sorted(actor.roles)),
            sites=tuple(sorted(actor.sites)),
            projects=tuple(sorted(actor.projects)),
            issuer_session=issuer_session,
            began=now,
            seen=now,
        )
        await self._documents.put(SESSIONS, session)
        ended = await self._documents.find(SESSIONS, Range("seen", high=now - self._most_s), limit=SWEPT)
        for each in ended.documents:
            await self._documents.delete(SESSIONS, each.id)
        return value

    async def actor(self, value: str) -> Actor | None:
        """Return whose session a browser's value is of; None if there is no such session any more."""
        key = digest(value)
        session, until_s = self._believed.get(key, (None, 0.0))
        if session is None or self._machine_s() >= until_s:
            session = await self._read(key)
        if session is None or is_over(session, self._now(), self._idle_s, self._most_s):
            self._believed.pop(key, None)
            return None
        return session.actor()

    async def end(self, value: str) -> None:
        """End a session; no error if there is none."""
        self._believed.pop(digest(value), None)
        await self._documents.delete(SESSIONS, digest(value))

    async def end_of(self, subject: str, issuer_session: str, before: float) -> int:
        """End the sessions of a subject, of an issuer's session, or of both, and return how many.

        Empty is any, but not both.  before: those that began later, in seconds since 1970, stay.
        """
        self._believed.clear()
        return await end_sessions(self._documents, subject, issuer_session, before)

    async def _read(self, key: str) -> Session | None:
        """Return a session as it is kept, and note that it is used; one that was ended meanwhile stays so."""
        session, version = await self._documents.get_versioned(SESSIONS, key) or (None, 0)
        now = self._now()
        if session is None or is_over(session, now, self._idle_s, self._most_s):
            return None
        if now - session.seen >= min(NOTED_S, self._idle_s / 4):
            session = msgspec.structs.replace(session, seen=now)
            try:
                await self._documents.put(SESSIONS, session, if_version=version)
            except Conflict:  # another request noted it, or it was ended
                return await self._documents.get(SESSIONS, key)
        if len(self._believed) >= MOST_BELIEVED:
            self._believed.clear()
        self._believed[key] = (session, self._machine_s() + BELIEVED_S)
        return session
