"""Named leases: of all processes that share a document store, one at a time does a named piece of work.

A lease is one record, written under its version. Its holder renews it; whoever waits takes it when the record has not
changed for its time to live, measured by the waiter's own monotonic clock. Clocks of different machines are never
compared, so a clock that jumps neither takes a lease away nor keeps one.

A holder that cannot renew in time, or whose record another has written, has lost the lease: its work is cancelled and
``LeaseLost`` is raised. A process that was stopped and wakes up may act before it notices. Three things keep that
harmless: each holder has a higher ``fence`` than all before it, ``Lease.write`` writes only while the lease is ours,
and a record read under the lease is written over the version that was read.

Guarantees and limits: docs/ports.md.
"""

import asyncio
import os
import socket
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from shared import settings as settings_reader
from shared.documents import Collection, Delete, Documents, Put
from shared.errors import Conflict, Transient
from shared.logs import decided
from shared.settings import Seconds

RENEWALS = 3
"""Renewals within one time to live: two may fail before the lease is lost."""
RELEASE_S = 2.0


class LeaseLost(Transient):
    """The lease is another's now, or could not be renewed in time."""


class LeaseSettings(msgspec.Struct, frozen=True):
    """Read as JMID_LEASE_<FIELD>."""

    ttl_s: Annotated[
        Seconds,
        Meta(
            description="How long a lease outlives its last renewal: so long work rests after its process was killed."
        ),
    ] = 10.0


class LeaseRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Who has a lease. owner: empty if nobody.  fence: how often it was taken.  renewals: how often since."""

    name: str
    owner: str = ""
    fence: int = 0
    renewals: int = 0
    ttl_s: float = 0.0


LEASES = Collection(name="leases", type=LeaseRecord, key="name")


class Lease:
    """A lease that this process holds."""

    def __init__(self, documents: Documents, record: LeaseRecord, version: int, renewed_at: float) -> None:
        self._documents, self._record, self._version = documents, record, version
        self._renewed_at = renewed_at
        self._lost = False
        self._turn = asyncio.Lock()

    @property
    def name(self) -> str:
        return self._record.name

    @property
    def fence(self) -> int:
        """A number that is higher than that of every earlier holder."""
        return self._record.fence

    @property
    def is_lost(self) -> bool:
        """Whether it is known to be another's, or may be: its time to live is over."""
        return self._lost or time.monotonic() >= self._renewed_at + self._record.ttl_s

    async def check(self) -> None:
        """Return if the lease is ours at this moment; raise LeaseLost if it is not."""
        await self.write()

    async def write(self, *operations: Put[Any] | Delete[Any]) -> None:
        """Carry out the operations if the lease is ours, and renew it; raise LeaseLost if it is not.

        The lease's record is the first of the operations: on SQLite all or nothing is written; on MongoDB nothing is
        written after the lease's record was refused.
        """
        async with self._turn:
            if self.is_lost:
                raise LeaseLost(f"lease {self.name}: not renewed in time")
            started = time.monotonic()
            renewed = msgspec.structs.replace(self._record, renewals=self._record.renewals + 1)
            try:
                await self._documents.write(Put(LEASES, renewed, self._version), *operations)
            except Conflict:
                await self._read_again()
                raise
            self._record, self._version, self._renewed_at = renewed, self._version + 1, started

    async def release(self) -> None:
        """Let the next one have it at once; if that fails, it has it after the time to live."""
        async with self._turn:
            with suppress(Transient, TimeoutError):
                async with asyncio.timeout(RELEASE_S):
                    await self._free()
            self._lost = True

    async def _free(self) -> None:
        while True:
            try:
                free = msgspec.structs.replace(self._record, owner="")
                await self._documents.put(LEASES, free, if_version=self._version)
            except Conflict:  # a renewal that was cancelled was written all the same
                await self._read_again()
            else:
                return

    async def renew_until_lost(self) -> None:
        """Renew at a third of the time to live; return when the lease is lost."""
        pause_s = self._record.ttl_s / RENEWALS
        while not self.is_lost:
            await asyncio.sleep(pause_s)
            remaining_s = self._renewed_at + self._record.ttl_s - time.monotonic()
            try:
                async with asyncio.timeout(max(remaining_s, 0)):
                    await self.check()
            except LeaseLost:
                return
            except (Transient, TimeoutError) as error:  # tried again until the time to live is over
                decided("lease-not-renewed", level="warning", lease=self.name, error=type(error).__name__)
                pause_s = self._record.ttl_s / RENEWALS / 4
            else:
                pause_s = self._record.ttl_s / RENEWALS

    async def _read_again(self) -> None:
        """After a conflict: adopt the version of a write of ours that was not answered; else the lease is lost."""
        record, version = await self._documents.get_versioned(LEASES, self.name) or (LeaseRecord(name=self.name), 0)
        if (record.owner, record.fence) != (self._record.owner, self._record.fence):
            self._lost = True
            raise LeaseLost(f"lease {self.name}: taken by another") from None
        self._record, self._version = record, version


@asynccontextmanager
async def held(documents: Documents, name: str, owner: str, ttl_s: float) -> AsyncIterator[Lease]:
    """Wait for the lease, hold it, and release it at the end.

    owner: an id of this holder alone, never used again after a restart.  When the lease is lost the body is cancelled
    at its next wait, and LeaseLost is raised from the context.
    """
    lease = await _acquired(documents, name, owner, ttl_s)
    renewal = asyncio.create_task(lease.renew_until_lost())
    try:
        async with _CancelledWhenLost(renewal, name):
            yield lease
    finally:
        renewal.cancel()
        await asyncio.wait([renewal])
        if not lease.is_lost:
            await lease.release()


class _CancelledWhenLost:
    """Cancels its body when the renewal ends, and turns that into LeaseLost; as asyncio.timeout does."""

    def __init__(self, renewal: "asyncio.Task[None]", name: str) -> None:
        self._renewal, self._name = renewal, name
        self._left = self._sent = False

    async def __aenter__(self) -> None:
        body = asyncio.current_task()
        assert body is not None
        self._body, self._cancelled_before = body, body.cancelling()
        self._renewal.add_done_callback(self._cancel)

    def _cancel(self, _: "asyncio.Task[None]") -> None:
        if not self._left:
            self._sent = True
            self._body.cancel()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        self._left = True
        if not self._sent:
            return
        if kind is not asyncio.CancelledError:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0)  # here the cancellation arrives if the body did not wait any more
        if self._body.uncancel() > self._cancelled_before:
            raise asyncio.CancelledError  # somebody else cancelled it too
        raise LeaseLost(f"lease {self._name}: the work was cancelled") from error


async def _acquired(documents: Documents, name: str, owner: str, ttl_s: float) -> Lease:
    """Return the lease as soon as it is free, or has not changed for its time to live."""
    seen, seen_at = -1, 0.0
    while True:
        record, version = await documents.get_versioned(LEASES, name) or (LeaseRecord(name=name), 0)
        now = time.monotonic()
        if version != seen:
            seen, seen_at = version, now
        if not record.owner or now - seen_at > max(record.ttl_s, ttl_s):
            ours = LeaseRecord(name=name, owner=owner, fence=record.fence + 1, ttl_s=ttl_s)
            with suppress(Conflict):  # somebody was faster
                lease = await _taken(documents, ours, version, now)
                decided("lease-taken", lease=name, fence=ours.fence)
                return lease
        await asyncio.sleep(ttl_s / RENEWALS)


async def _taken(documents: Documents, ours: LeaseRecord, version: int, now: float) -> Lease:
    """Write that the lease is ours. Who is cancelled meanwhile waits for that, and lets the lease go again."""
    written = asyncio.ensure_future(documents.put(LEASES, ours, if_version=version))
    try:
        return Lease(documents, ours, await asyncio.shield(written), now)
    except asyncio.CancelledError:
        with suppress(Transient, TimeoutError):
            async with asyncio.timeout(RELEASE_S):
                await Lease(documents, ours, await written, now).release()
        raise


def owner_id() -> str:
    """Return an id of one holder: where it runs, for people, and what no other holder ever has."""
    return f"{socket.gethostname()}/{os.getpid()}/{uuid.uuid4().hex[:12]}"


@dataclass(frozen=True)
class Leases:
    """Gives out leases of one document store to one process."""

    documents: Documents
    owner: str
    ttl_s: float

    def held(self, name: str) -> AbstractAsyncContextManager[Lease]:
        """Wait for a lease and hold it; see ``held``."""
        return held(self.documents, name, self.owner, self.ttl_s)

    async def work_under_lease(self, name: str, work: Callable[[Lease], Awaitable[None]]) -> None:
        """Run a service's loop whenever this process has the lease; return only if the loop does."""
        while True:
            try:
                async with self.held(name) as lease:
                    await work(lease)
                    return
            except LeaseLost:
                decided("lease-lost", level="warning", lease=name)


def leases_of(documents: Documents, environ: Mapping[str, str]) -> Leases:
    """Return the leases of this process in a document store whose LEASES are declared."""
    settings = settings_reader.read(LeaseSettings, "LEASE", environ)
    return Leases(documents, owner_id(), settings.ttl_s)
