"""Finds entries of the audit log by time, subject, kind and actor, the newest first, in one order over all kinds."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any, NamedTuple

from services.anonymizer.audit import entries
from services.anonymizer.audit.entries import Entry, EntryKind
from services.anonymizer.name_records import HEADER_NAMES, SITE_NAMES, NameState
from services.anonymizer.pseudonyms.vault import VAULT_READS
from services.anonymizer.records import AUDIT, DECISION_EVENTS, DEVICE_RULES, REPORT_AUDIT
from shared.audit.times import LAST, check_times, within
from shared.documents import Collection, Condition, Documents, Eq, In, Order
from shared.errors import Invalid


class Wanted(NamedTuple):
    """What is asked for; "" does not ask. since, until: RFC 3339, or its beginning such as a day; both inclusive."""

    since: str = ""
    until: str = ""
    subject: str = ""
    kind: str = ""
    actor: str = ""

    @property
    def query(self) -> dict[str, str]:
        """Return the query of a URL that asks for it again."""
        return {name: value for name, value in self._asdict().items() if value}


def wanted_of(query: Mapping[str, str]) -> Wanted:
    """Return what a query asks for; raise Invalid for a kind or a time that is none."""
    wanted = Wanted(**{name: query.get(name, "").strip() for name in Wanted._fields})
    if wanted.kind and wanted.kind not in tuple(EntryKind):
        raise Invalid("wrong-parameter", f"kind is one of {', '.join(EntryKind)}")
    check_times(since=wanted.since, until=wanted.until)
    return wanted


async def found(documents: Documents, wanted: Wanted) -> AsyncIterator[Entry]:
    """Yield the entries, newest first, reading no further than is asked for."""
    streams = [each async for each in _begun(documents, wanted)]
    while streams:
        newest = max(streams, key=lambda each: (each.head.at, each.head.kind, each.head.object))
        yield newest.head
        following = await anext(newest.rest, None)
        streams.remove(newest)
        if following is not None:
            streams.append(_Stream(following, newest.rest))


class _Stream(NamedTuple):
    """One kind's entries. head: the next one."""

    head: Entry
    rest: AsyncIterator[Entry]


async def _begun(documents: Documents, wanted: Wanted) -> AsyncIterator[_Stream]:
    for entries_of_kind in _all_kinds(documents, wanted):
        head = await anext(entries_of_kind, None)
        if head is not None:
            yield _Stream(head, entries_of_kind)


def _all_kinds(documents: Documents, wanted: Wanted) -> list[AsyncIterator[Entry]]:
    """Return the streams of the kinds that may have what is asked for. What the service did, no person did."""
    by_service = {
        EntryKind.INSTANCE: _stream(documents, AUDIT, entries.of_instance, wanted, "subject", ""),
        EntryKind.REPORT: _stream(documents, REPORT_AUDIT, entries.of_report, wanted, "subject", ""),
    }
    by_people = {
        EntryKind.DECISION: _stream(documents, DECISION_EVENTS, entries.of_decision, wanted, "subject", "by"),
        EntryKind.VAULT_READ: _stream(documents, VAULT_READS, entries.of_vault_read, wanted, "pseudonym", "by"),
        EntryKind.RULE: _rules(documents, wanted),
        EntryKind.SITE_NAME: _names(documents, wanted),
        EntryKind.LEARNED_NAME: _learned_names(documents, wanted),
    }
    asked = {**by_service, **by_people}
    if wanted.actor:
        asked = by_service if wanted.actor == entries.SERVICE else by_people
    without = {EntryKind.RULE, EntryKind.SITE_NAME, EntryKind.LEARNED_NAME} if wanted.subject else set()
    return [each for kind, each in asked.items() if kind not in without and wanted.kind in ("", kind.value)]


async def _stream(
    documents: Documents,
    collection: Collection[Any],
    entry_of: Callable[[Any], Entry],
    wanted: Wanted,
    subject: str,
    actor: str,
) -> AsyncIterator[Entry]:
    """Yield the entries of one collection. subject, actor: the fields that hold them."""
    where: list[Condition] = [within(wanted.since, wanted.until)]
    if wanted.subject:
        where.append(Eq(subject, wanted.subject))
    if wanted.actor and actor:
        where.append(Eq(actor, wanted.actor))
    async for record in documents.every(collection, *where, order=[Order("at", descending=True)]):
        yield entry_of(record)


async def _rules(documents: Documents, wanted: Wanted) -> AsyncIterator[Entry]:
    """Yield the versions of all device rules, which are few."""
    rules = await documents.find_all(DEVICE_RULES)
    every = [entries.of_rule(rule, version) for rule in rules for version in rule.versions]
    for entry in _asked(every, wanted):
        yield entry


async def _names(documents: Documents, wanted: Wanted) -> AsyncIterator[Entry]:
    """Yield the versions of all names on the managed list."""
    names = await documents.find_all(SITE_NAMES)
    for entry in _asked([entries.of_name(name, version) for name in names for version in name.versions], wanted):
        yield entry


async def _learned_names(documents: Documents, wanted: Wanted) -> AsyncIterator[Entry]:
    """Yield the decisions about the names that headers told, of which people decide about few."""
    decided_about = In("state", (NameState.KEPT.value, NameState.REMOVED.value))
    names = await documents.find_all(HEADER_NAMES, decided_about)
    every = [entries.of_learned_name(name, decision) for name in names for decision in name.decisions]
    for entry in _asked(every, wanted):
        yield entry


def _asked(every: list[Entry], wanted: Wanted) -> Iterator[Entry]:
    """Yield those of a few entries that are asked for, newest first."""
    for entry in sorted(every, key=lambda each: each.at, reverse=True):
        is_in_time = wanted.since <= entry.at and (not wanted.until or entry.at <= wanted.until + LAST)
        if is_in_time and wanted.actor in ("", entry.actor):
            yield entry
