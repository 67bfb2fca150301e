"""Finds records by person, Study, outcome and days, the newest first."""

import re
from collections.abc import AsyncIterator, Mapping
from typing import Final, NamedTuple

from shared.audit.names import keyed
from shared.audit.record import AuditRecord
from shared.audit.seals import LOG
from shared.audit.times import check_times, within
from shared.audit.words import Outcome
from shared.documents import Condition, Documents, Eq, In, Order, Range
from shared.errors import Invalid

_UID: Final = re.compile(r"[0-9.]{1,64}")
NAMES: Final = {"by": "by", "study": "study", "since": "from", "until": "to", "outcome": "outcome"}
"""Our names, and those of the query and the command."""


class Wanted(NamedTuple):
    """What is asked for; "" does not ask. by: subject or name.  study: Study Instance UID.

    since, until: RFC 3339, UTC, or its beginning such as a day; both inclusive.
    """

    by: str = ""
    study: str = ""
    since: str = ""
    until: str = ""
    outcome: str = ""

    @property
    def query(self) -> dict[str, str]:
        """Return the query of a URL that asks for it again."""
        return {NAMES[name]: value for name, value in self._asdict().items() if value}


def wanted_of(query: Mapping[str, str]) -> Wanted:
    """Return what a query asks for; raise Invalid for an outcome, a UID or a time that is none."""
    wanted = Wanted(**{name: query.get(NAMES[name], "").strip() for name in Wanted._fields})
    if wanted.outcome and wanted.outcome not in tuple(Outcome):
        raise Invalid("wrong-parameter", f"outcome is one of {', '.join(Outcome)}")
    if wanted.study and not _UID.fullmatch(wanted.study):
        raise Invalid("wrong-parameter", "study is a Study Instance UID")
    check_times(**{NAMES["since"]: wanted.since, NAMES["until"]: wanted.until})
    return wanted


async def found(documents: Documents, wanted: Wanted, naming: bytes) -> AsyncIterator[AuditRecord]:
    """Yield the records, newest first. naming: the key of object names: a Study is found that was asked for in vain."""
    async for record in documents.every(LOG, *conditions(wanted, naming), order=[Order("key", descending=True)]):
        yield record


async def page(
    documents: Documents, wanted: Wanted, naming: bytes, *, limit: int, before: int | None = None
) -> list[AuditRecord]:
    """Return the newest records, those before a number alone."""
    where = conditions(wanted, naming)
    if before is not None:
        where.append(Range("key", high=f"{max(0, before - 1):015d}"))
    answer = await documents.find(LOG, *where, order=[Order("key", descending=True)], limit=limit)
    return list(answer.documents)


def conditions(wanted: Wanted, naming: bytes) -> list[Condition]:
    """Return the conditions of a search."""
    where: list[Condition] = []
    if wanted.since or wanted.until:
        where.append(within(wanted.since, wanted.until))
    if wanted.by:
        where.append(Eq("who", wanted.by))
    if wanted.study:
        where.append(In("objects", (f"study:{wanted.study}", keyed("study", wanted.study, naming))))
    if wanted.outcome:
        where.append(Eq("outcome", wanted.outcome))
    return where
