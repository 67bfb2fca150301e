"""The documents port: typed records by key, found by declared fields.

Two implementations under one contract suite: ``shared.documents.sqlite`` (embedded) and ``shared.documents.mongo``
(motor or PyMongo's async client; ``mongo_driver`` is the only module that imports either). A collection has one writing
service. What cannot be said here does not get said around it. Guarantees and limits: docs/ports.md.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)
Value = str | int | float
Upgrade = Callable[[dict[str, Any]], dict[str, Any]]
"""Returns a record, as the mapping that is at rest, in the next version of its collection. Pure."""


class Collection(msgspec.Struct, Generic[T], frozen=True):
    """A set of records of one type.

    type: a msgspec Struct; may hold str, int, float, bool, bytes, None, lists, tuples, dicts and Structs of these.
    key: the name of its key field (a str).  fields: the fields it is queried and ordered by: str, int, float, or a
    list/tuple of str (then a condition holds if any element satisfies it).  indexes: for queries that name several
    fields, or order by one: tuples of field names; each single field is indexed anyway.
    feed: keep an ordered change feed.
    upgrades: of records at rest, from version 1 to 2, from 2 to 3, and so on. A field with a default needs none.
    """

    name: str
    type: type[T]
    key: str
    fields: tuple[str, ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    feed: bool = False
    upgrades: tuple[Upgrade, ...] = ()

    @property
    def version(self) -> int:
        """The version of the records that this code writes."""
        return 1 + len(self.upgrades)


class _OfField(msgspec.Struct, frozen=True):
    field: str


class Eq(_OfField, frozen=True):
    """The field has this value."""

    value: Value


class In(_OfField, frozen=True):
    """The field has one of these values."""

    values: tuple[Value, ...]


class Range(_OfField, frozen=True):
    """low <= field <= high; None leaves an end open."""

    low: Value | None = None
    high: Value | None = None


class Prefix(_OfField, frozen=True):
    """The field begins with this text."""

    prefix: str


class Wildcard(_OfField, frozen=True):
    """``*`` stands for any characters, ``?`` for one; everything else for itself, case-sensitively."""

    pattern: str


Condition = Eq | In | Range | Prefix | Wildcard


class Order(_OfField, frozen=True):
    """Order by this field."""

    descending: bool = False


class Query(msgspec.Struct, frozen=True):
    """What one call of find asks for; what the fields mean stands there."""

    where: tuple[Condition, ...] = ()
    order: tuple[Order, ...] = ()
    limit: int = 100
    offset: int = 0
    after: str | None = None


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page of what find found. next: pass it as ``after`` for the next page; None at the end."""

    documents: list[T]
    next: str | None = None


class Change(msgspec.Struct, Generic[T], frozen=True):
    """seq: grows with every write of the collection; never reused. document: the newest state, or None if deleted."""

    seq: int
    key: str
    document: T | None


class Put(msgspec.Struct, Generic[T], frozen=True):
    """Upsert by key. if_version: None always writes; 0 only if there is none; n only over version n."""

    collection: Collection[T]
    document: T
    if_version: int | None = None


class Delete(msgspec.Struct, Generic[T], frozen=True):
    """Delete by key; no error if there is none."""

    collection: Collection[T]
    key: str


class Migrated(msgspec.Struct, frozen=True):
    """How far a migration has come. version: that records are brought to.  records, failed: how many so far."""

    version: int
    records: int
    failed: int


class Documents(Protocol):
    """What every document store does. All writes are durable when they return."""

    async def declare(self, *collections: Collection[Any]) -> None:
        """Make sure that the collections and their indexes exist.

        Raise IncompatibleData, and change nothing, if records of another version are there.
        """

    async def stored_version(self, collection: Collection[Any]) -> int | None:
        """Return the version of the records at rest, None if there are none. The collection need not be declared."""

    def migrate(self, collection: Collection[Any], *, dry_run: bool = False) -> AsyncIterator[Migrated]:
        """Bring records at rest to the collection's version; yield after every batch of every version.

        The collection is not declared, and nobody writes to it. May be stopped and begun again at any point, and run
        by several at once. A record whose upgrade fails is left as it is and counted; then the version stays, and the
        next call tries those again. dry_run: writes nothing. Raise IncompatibleData if the records are newer.
        """

    async def get(self, collection: Collection[T], key: str) -> T | None:
        """Return the record of this key."""
        versioned = await self.get_versioned(collection, key)
        return versioned[0] if versioned else None

    async def get_versioned(self, collection: Collection[T], key: str) -> tuple[T, int] | None:
        """Return the record and its version (from 1), for a guarded put."""

    async def get_many(self, collection: Collection[T], keys: Sequence[str]) -> dict[str, T]: ...

    async def put(self, collection: Collection[T], document: T, *, if_version: int | None = None) -> int:
        """Upsert; return the new version. Raise Conflict if the guard fails."""

    async def write(self, *operations: Put[Any] | Delete[Any]) -> None:
        """Carry out all, in order. SQLite: all or nothing. MongoDB: in order, stopping at the first that fails."""

    async def delete(self, collection: Collection[T], key: str) -> bool: ...

    async def find(
        self,
        collection: Collection[T],
        *where: Condition,
        order: Sequence[Order] = (),
        limit: int = 100,
        offset: int = 0,
        after: str | None = None,
    ) -> Page[T]:
        """Return what satisfies all conditions, ordered, ties by key. Only declared fields; else ValueError.

        None comes before any value. Ties go by key in the direction of the last term. after: Page.next of the same
        order; anything else raises Invalid("bad-page-token").
        """
        return await self.find_page(collection, Query(where, tuple(order), limit, offset, after))

    async def find_page(self, collection: Collection[T], asked: Query) -> Page[T]:
        """Carry out what ``find`` describes: this is what a store implements."""
        raise NotImplementedError

    async def every(
        self, collection: Collection[T], *where: Condition, order: Sequence[Order] = (), page_size: int = 500
    ) -> AsyncIterator[T]:
        """Yield everything that satisfies the conditions, read page by page.

        A record whose place in the order changes meanwhile may be left out or come twice.
        """
        after: str | None = None
        while True:
            page = await self.find(collection, *where, order=order, limit=page_size, after=after)
            for document in page.documents:
                yield document
            after = page.next
            if after is None:
                return

    async def find_all(self, collection: Collection[T], *where: Condition, order: Sequence[Order] = ()) -> list[T]:
        """Return everything that satisfies the conditions; for questions whose answer is small by nature."""
        return [document async for document in self.every(collection, *where, order=order)]

    async def count(self, collection: Collection[T], *where: Condition) -> int: ...

    async def changes(self, collection: Collection[T], *, after: int = 0, limit: int = 100) -> list[Change[T]]:
        """Return changes with seq > after in order of seq, only the newest of each key.

        A reader that always continues from the last seq it saw misses no record's newest state, whatever the number of
        concurrent writers.
        """

    async def ping(self) -> None:
        """Return when a write would work now; raise Unavailable otherwise."""

    async def close(self) -> None: ...
