"""Bring the records of a collection from the version at rest to the code's: what both document stores do alike.

The records are walked once for each version. A store marks each record that it has brought to a version, in the same
write, so that it is done exactly once, whoever is stopped where and how many do it. A migration changes the form of a
record and not what it says: neither its version nor its seq grows, and no follower of a feed reads it again.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol

import msgspec

from shared.documents import Collection, Migrated
from shared.documents.shape import Shape
from shared.errors import IncompatibleData
from shared.logs import decided

BATCH = 500


class Row(msgspec.Struct, frozen=True):
    """One record at rest. id: what the store knows it by.  version: its own, for a guarded write."""

    id: Any
    version: int
    body: bytes


class Rows(msgspec.Struct, frozen=True):
    """Some records, and the place after them; None at the end."""

    rows: Sequence[Row]
    next: Any | None


class AtRest(Protocol):
    """The records of one collection as a store keeps them."""

    async def rows(self, target: int, after: Any | None) -> Rows:
        """Return the next records that are not of the target version yet."""

    async def replace(self, target: int, rows: Sequence[Row]) -> None:
        """Write the bodies and mark the records; leave out what somebody else was faster with."""

    async def finish(self, target: int) -> None:
        """Write down that all records are of this version."""


def check(collection: Collection[Any], stored: int | None) -> None:
    """Raise IncompatibleData if the code cannot work on records of this version."""
    if stored is None or stored == collection.version:
        return
    difference = (
        f"the records of {collection.name} are of version {stored}, this code writes version {collection.version}"
    )
    if stored > collection.version:
        raise IncompatibleData(
            f"{difference}: they were written by a newer release; start that release, or restore a backup"
        )
    raise IncompatibleData(f"{difference}: stop all services, back up, and run jmid migrate")


def upgraded(shape: Shape[Any], body: bytes, version: int) -> bytes:
    """Return a record's bytes in the next version; in the last one it is a record of the collection's type."""
    collection = shape.collection
    record = collection.upgrades[version - 1](msgspec.msgpack.decode(body))
    encoded = msgspec.msgpack.encode(record)
    if version + 1 == collection.version:
        shape.decode(encoded)
    return encoded


async def migrate(shape: Shape[Any], at_rest: AtRest, stored: int | None, *, dry_run: bool) -> AsyncIterator[Migrated]:
    """Carry out ``Documents.migrate``. stored: the version at rest."""
    if stored is None:
        return
    if stored > shape.collection.version:
        check(shape.collection, stored)
    for version in range(stored, shape.collection.version):
        last = Migrated(version + 1, 0, 0)
        async for last in _one_version(shape, at_rest, version, dry_run=dry_run):
            yield last
        if last.failed or dry_run:  # the later versions begin with what this one would have written
            return
        await at_rest.finish(version + 1)


async def _one_version(shape: Shape[Any], at_rest: AtRest, version: int, *, dry_run: bool) -> AsyncIterator[Migrated]:
    done, failed = 0, 0
    after: Any | None = None
    while True:
        some = await at_rest.rows(version + 1, after)
        good: list[Row] = []
        for row in some.rows:
            try:
                good.append(msgspec.structs.replace(row, body=upgraded(shape, row.body, version)))
            except Exception as error:  # of this record: the others go on
                failed += 1
                decided("record-not-migrated", level="error", service="documents", error=type(error).__name__)
        if not dry_run:
            await at_rest.replace(version + 1, good)
        done += len(good)
        yield Migrated(version + 1, done, failed)
        if some.next is None:
            return
        after = some.next
