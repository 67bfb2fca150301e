"""The one writer of a place's audit trail in this process.

Several processes write one chain: each record's key is its number, and is put only if there is none of that number;
whoever comes second reads the new end and chains its records behind it. So there is no lease and no gap.
"""

import asyncio
import contextlib
import random
from collections.abc import Callable, Sequence
from typing import Final

from shared import clock
from shared.audit.names import keyed
from shared.audit.record import AuditRecord, Happening, Tip, chained, record_of
from shared.audit.seals import LOG, SEALS, tip_of
from shared.audit.settings import AuditMode, AuditSettings
from shared.audit.window import Windows
from shared.documents import Documents, Order, Put
from shared.errors import Conflict, Unavailable
from shared.logs import decided
from shared.supervision import origin

BATCH: Final = 200
AGAIN_S: Final = 1.0
ENDS_S: Final = 5.0
"""How often windows that have ended are looked for."""
_PAUSE_S: Final = 0.01


class AuditLog:
    """Takes what happens and writes it. source: site/role/process.  naming: the key of object names."""

    def __init__(self, documents: Documents, source: str, settings: AuditSettings, naming: bytes) -> None:
        self._documents, self._source, self._settings, self.naming = documents, source, settings, naming
        self._windows = Windows(clock.now, clock.machine_s)
        self._unwritten: list[AuditRecord] = []
        self._waiting: list[asyncio.Future[None]] = []
        self._wake, self._urgent = asyncio.Event(), asyncio.Event()
        self._tip: Tip | None = None
        self._tried: Sequence[AuditRecord] = ()  # of which it is unknown whether they are written
        self._writing = asyncio.Lock()
        self._loop = asyncio.get_running_loop()
        self.is_failing = False
        self.on_written: Callable[[Tip], None] = lambda _: None

    @property
    def is_required(self) -> bool:
        """Whether what cannot be recorded is refused."""
        return self._settings.audit is AuditMode.REQUIRED

    def keyed(self, kind: str, value: str) -> str:
        """Return the name of an object whose id no record may hold."""
        return keyed(kind, value, self.naming)

    def check(self) -> None:
        """Raise Unavailable while records have to be written and cannot be."""
        if self.is_failing and self.is_required:
            raise Unavailable("the audit trail cannot be written, so no patient's data is served")

    def note(self, happened: Happening) -> None:
        """Record soon, with others alike."""
        if self._windows.add(happened):
            self._wake.set()

    def note_from_thread(self, happened: Happening) -> None:
        """Record soon; for threads of ours beside the event loop."""
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self.note, happened)

    async def record(self, happened: Happening) -> None:
        """Record now: it is durable when this returns. Raises Unavailable if records are required and it is not."""
        now_s = clock.now()
        self._unwritten.append(record_of(happened, self._source, now_s, now_s, 1))
        written: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append(written)
        self._wake.set()
        self._urgent.set()
        try:
            await written
        except Unavailable:
            if self.is_required:
                raise

    async def run(self) -> None:
        """Write what is due until cancelled."""
        while True:
            await _until(self._wake, ENDS_S)
            await _until(self._urgent, self._settings.audit_flush_s)
            self._wake.clear()
            self._urgent.clear()
            if not await self.flush():
                self._wake.set()
                await asyncio.sleep(AGAIN_S)

    async def flush(self, *, every: bool = False) -> bool:
        """Write what is due; say whether that worked. every: also what belongs to windows that are open."""
        async with self._writing:
            self._unwritten += self._windows.take(self._source, every=every)
            waiting, self._waiting = self._waiting, []
            try:
                await self._write()
            except Exception as error:  # whatever it is, records are kept and tried again
                self._say_failing(error)
                _end(waiting, Unavailable("the audit trail cannot be written; it may have been done"))
                return False
            if self.is_failing:
                decided("audit-written-again")
            self.is_failing = False
            _end(waiting, None)
            return True

    async def _write(self) -> None:
        attempt = 0
        while self._unwritten:
            async with asyncio.timeout(self._settings.audit_write_s):
                is_written = await self._write_batch()
            if not is_written:
                attempt += 1
                await asyncio.sleep(_PAUSE_S * attempt * random.random())  # noqa: S311 - to come after one another

    async def _write_batch(self) -> bool:
        """Write the first of what is due behind the end of the chain; False if somebody else wrote meanwhile."""
        await self._drop_written()
        if not self._unwritten:
            return True
        tip = self._tip if self._tip is not None else await self.read_tip()
        self._tried = chained(tip, self._unwritten[:BATCH])
        try:
            await self._documents.write(*(Put(LOG, each, if_version=0) for each in self._tried))
        except Conflict:
            return False
        self._written(self._tried)
        return True

    def _written(self, linked: Sequence[AuditRecord]) -> None:
        del self._unwritten[: len(linked)]
        self._tip, self._tried = Tip(linked[-1].number, linked[-1].digest), ()
        self.on_written(self._tip)

    async def _drop_written(self) -> None:
        """Let go of those that a write which failed, or whose end nobody saw, has written after all."""
        if not self._tried:
            return
        kept = await self._documents.get_many(LOG, [each.key for each in self._tried])
        ours = [each for each in self._tried if each.key in kept and kept[each.key].digest == each.digest]
        if ours:
            self._written(ours)
        self._tip, self._tried = None, ()

    async def read_tip(self) -> Tip:
        """Return where the chain ends; after a retention that left no record, where the last seal says."""
        last = await self._documents.find(LOG, order=[Order("key", descending=True)], limit=1)
        if last.documents:
            return Tip(last.documents[0].number, last.documents[0].digest)
        seals = await self._documents.find(SEALS, order=[Order("last", descending=True)], limit=1)
        return tip_of(seals.documents[0] if seals.documents else None)

    def _say_failing(self, error: Exception) -> None:
        self._tip = None  # what was written is unknown
        if not self.is_failing:
            kind, where = type(error).__name__, origin(error) or None
            decided("audit-not-written", level="error", error=kind, origin=where, count=len(self._unwritten))
        self.is_failing = True


async def _until(event: asyncio.Event, most_s: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(most_s):
            await event.wait()


def _end(waiting: list[asyncio.Future[None]], error: Exception | None) -> None:
    for each in waiting:
        if each.done():  # whoever waited is gone
            continue
        if error is None:
            each.set_result(None)
        else:
            each.set_exception(error)
