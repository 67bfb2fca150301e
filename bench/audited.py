"""Measure what the audit trail costs: python -m bench.audited [--reads N] [--rounds N].

CPU time of one process per read of a tiny answer over HTTP, with the trail and without, in turns; the best of several
rounds. Reads of one Study are a record with a number; reads of a Study each are a record each, written to SQLite. Then
bytes at rest of a record.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler
from rich.console import Console
from rich.table import Table

from shared.audit.keys import AuditKeys
from shared.audit.log import AuditLog
from shared.audit.record import Happening, Who
from shared.audit.seals import COLLECTIONS
from shared.audit.settings import AuditSettings
from shared.audit.words import Action, EventKind
from shared.documents.sqlite import open_sqlite
from shared.web.access.table import TABLE
from shared.web.access.words import AccessRole
from shared.web.audited import Audited
from shared.web.identity.actor import CALLER, Actor

_READER = Actor(subject="s-1", name="hanako", roles=frozenset({AccessRole.RADIOLOGIST}))
_AT_ONCE = 16


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("--reads", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    table = Table("reads", "without, ms", "with, ms", "the trail, ms")
    for case, studies in (("of one Study", 1), ("of a Study each", arguments.reads)):
        best = {with_trail: float("inf") for with_trail in (False, True)}
        for number in range(arguments.rounds * 2):
            with_trail = bool(number % 2)
            cost_s = asyncio.run(_round(arguments.reads, studies, with_trail=with_trail))
            best[with_trail] = min(best[with_trail], cost_s / arguments.reads * 1000)
        table.add_row(case, f"{best[False]:.3f}", f"{best[True]:.3f}", f"{best[True] - best[False]:.3f}")
    console = Console(width=100)
    console.print(table)
    console.print(f"a record at rest: {asyncio.run(_bytes_at_rest(20_000)):.0f} bytes")


async def _round(reads: int, studies: int, *, with_trail: bool) -> float:
    """Return the CPU seconds of so many reads, with everything written."""
    with tempfile.TemporaryDirectory() as folder:
        async with _trail(Path(folder)) as log, _served(log if with_trail else None) as session:
            started = time.process_time()
            paths = iter([f"/dicom-web/studies/2.25.{number % studies}" for number in range(reads)])
            await asyncio.gather(*(_read(session, paths) for _ in range(_AT_ONCE)))
            await log.flush()
            return time.process_time() - started


async def _read(session: aiohttp.ClientSession, paths: Iterator[str]) -> None:
    for path in paths:
        async with session.get(path) as answer:
            await answer.read()


@asynccontextmanager
async def _trail(folder: Path) -> AsyncIterator[AuditLog]:
    async with open_sqlite(folder / "documents.sqlite") as documents:
        await documents.declare(*COLLECTIONS)
        log = AuditLog(documents, "tokyo/centre/bench:1", AuditSettings(), AuditKeys(folder, 1e9).naming)
        running = asyncio.create_task(log.run())
        try:
            yield log
        finally:
            running.cancel()


@asynccontextmanager
async def _served(log: AuditLog | None) -> AsyncIterator[aiohttp.ClientSession]:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=b"x" * 1000)

    @web.middleware
    async def known(request: web.Request, handler: Handler) -> web.StreamResponse:
        request[CALLER] = _READER
        return await handler(request)

    app = web.Application(middlewares=[known])
    if log is not None:
        audited = Audited(TABLE, lambda _: log)
        app = web.Application(middlewares=[audited.middleware, known])
        app.on_response_prepare.append(audited.note)
    app.router.add_get("/dicom-web/studies/{study}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert runner.addresses
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as session:
            yield session
    finally:
        await runner.cleanup()


async def _bytes_at_rest(count: int) -> float:
    """Return the size of the database by record."""
    who = Who("5f2c9a7be1d84c02", "hanako", ("radiologist",), "192.0.2.17", "session")
    with tempfile.TemporaryDirectory() as folder:
        async with _trail(Path(folder)) as log:
            for number in range(count):
                study = f"study:2.25.{number:039d}"
                route = "GET /dicom-web/studies/{study}/series/{series}/metadata"
                log.note(Happening(EventKind.RETRIEVE, Action.READ, who, objects=(study,), route=route))
            await log.flush(every=True)
        return (Path(folder) / "documents.sqlite").stat().st_size / count


if __name__ == "__main__":
    main()
