"""One record of the audit trail, and how records are chained. Pure.

A record never holds a patient's value: objects are pseudonymous UIDs and ids of ours, or keyed hashes (``names``).
"""

import hashlib
from datetime import UTC, datetime
from typing import Final, NamedTuple

import msgspec

from shared.audit.words import Action, EventKind, Outcome

START: Final = hashlib.sha256(b"J-MID audit trail 1").hexdigest()
"""What stands for the digest before the first record."""
DIGITS: Final = 15


class Who(NamedTuple):
    """subject: the issuer's own name for them.  name: to show.  address: of the host.  shown: how they showed it."""

    subject: str = ""
    name: str = ""
    roles: tuple[str, ...] = ()
    address: str = ""
    shown: str = ""


class Happening(NamedTuple):
    """What happened, before it has a time and a place in the chain. objects: as of ``names``."""

    kind: EventKind
    action: Action
    who: Who = Who()
    outcome: Outcome = Outcome.SUCCESS
    reason: str = ""
    permission: str = ""
    route: str = ""
    objects: tuple[str, ...] = ()
    correlation: str = ""


class AuditRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One record. Its fields and their order are what is hashed: a later field has a default and stands last.

    key: its number, from 1, with DIGITS digits.  at: RFC 3339, UTC, milliseconds.  who: subject and name.
    until, count: the last of so many alike.  route: of the first of them.  source: site/role/process.
    digest: of the digest before it and of all other fields.
    """

    key: str
    at: str
    source: str
    kind: EventKind
    action: Action
    outcome: Outcome = Outcome.SUCCESS
    reason: str = ""
    who: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    address: str = ""
    shown: str = ""
    permission: str = ""
    route: str = ""
    objects: tuple[str, ...] = ()
    until: str = ""
    count: int = 1
    correlation: str = ""
    digest: str = ""

    @property
    def number(self) -> int:
        """Return its place in the chain, from 1."""
        return int(self.key)

    @property
    def subject(self) -> str:
        """Return the issuer's name of who did it; empty if nobody showed who they are."""
        return self.who[0] if self.who else ""

    @property
    def name(self) -> str:
        """Return the name to show of who did it."""
        return self.who[-1] if self.who else ""

    def of(self, kind: str) -> tuple[str, ...]:
        """Return the objects of one kind, such as study, without the kind."""
        return tuple(each.partition(":")[2] for each in self.objects if each.startswith(f"{kind}:"))


class Tip(NamedTuple):
    """Where a chain ends. number: 0 before the first record."""

    number: int = 0
    digest: str = START


def record_of(happened: Happening, source: str, first_s: float, last_s: float, count: int) -> AuditRecord:
    """Return a record without a place. first_s, last_s: of so many alike, seconds since 1970."""
    who = happened.who
    return AuditRecord(
        key="",
        at=instant(first_s),
        source=source,
        kind=happened.kind,
        action=happened.action,
        outcome=happened.outcome,
        reason=happened.reason,
        who=(who.subject, who.name) if who.subject or who.name else (),
        roles=who.roles,
        address=who.address,
        shown=who.shown,
        permission=happened.permission,
        route=happened.route,
        objects=happened.objects,
        until=instant(last_s) if count > 1 else "",
        count=count,
        correlation=happened.correlation,
    )


def chained(tip: Tip, records: list[AuditRecord]) -> list[AuditRecord]:
    """Return the records with their places behind a tip."""
    number, digest, linked = *tip, []
    for record in records:
        number += 1
        placed = msgspec.structs.replace(record, key=key_of(number))
        digest = digest_of(digest, placed)
        linked.append(msgspec.structs.replace(placed, digest=digest))
    return linked


def digest_of(previous: str, record: AuditRecord) -> str:
    """Return the SHA-256 of the digest before and of the record's canonical bytes, its own digest left out."""
    return hashlib.sha256(bytes.fromhex(previous) + canonical(record)).hexdigest()


def canonical(record: AuditRecord) -> bytes:
    """Return the JSON of a record in the order of its fields, without those that have their default."""
    return msgspec.json.encode(msgspec.structs.replace(record, digest=""))


def key_of(number: int) -> str:
    """Return the key of a record's number; keys are in the order of the chain."""
    return f"{number:0{DIGITS}d}"


def instant(at_s: float) -> str:
    """Return a time as RFC 3339 in UTC with milliseconds."""
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
