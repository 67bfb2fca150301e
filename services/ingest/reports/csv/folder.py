"""The watched folder: CSV files that report servers drop.

A file is taken when it looks the same twice; it is moved to done/ when every row is safe, or to failed/ beside a
.reason file. A row that is not understood is kept alone, and the others go their way.

Several processes may watch one folder: a file is read under its lock (flock(2)), which ends with the process that has
it, so each file is taken once, and one whose process was killed is taken by the next.
"""

import asyncio
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from services.ingest.deps import IngestDeps
from services.ingest.receipts.receiving import Content, new_receipt, not_handled, receive, reject
from services.ingest.receipts.records import REPORT
from services.ingest.reports.bundle import bundle_of
from services.ingest.reports.csv.merges import is_merge_table, merge_rows
from services.ingest.reports.csv.reader import PROBLEMS, CsvMapping, Row, rows
from services.ingest.reports.fields import canonical
from services.ingest.reports.mentions import Mentions
from shared.errors import Invalid, Transient
from shared.logs import decided
from shared.metrics import REFUSED

BATCH = 100
_STEM_BYTES = 230  # of the 255 of a name; the rest is for a number, the suffix and .reason
_DONE, _FAILED = "done", "failed"


class Look(msgspec.Struct, frozen=True):
    """What a file looked like: it is complete when it looks the same again."""

    size_bytes: int
    changed_ns: int


async def watch_forever(deps: IngestDeps, mapping: CsvMapping) -> None:
    """Look at the folder now and then, and take what is complete."""
    for folder in (deps.csv_folder, deps.csv_folder / _DONE, deps.csv_folder / _FAILED):
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True, mode=0o700)
    before: dict[Path, Look] = {}
    while True:
        now = await asyncio.to_thread(_looks, deps.csv_folder)
        for path in sorted(path for path, look in now.items() if before.get(path) == look):
            await _take_or_set_aside(deps, path, mapping)
        before = now
        await asyncio.sleep(deps.settings.csv_poll_s)


async def _take_or_set_aside(deps: IngestDeps, path: Path, mapping: CsvMapping) -> None:
    """Take one file; one that cannot be read is moved away with the reason, and the others are taken."""
    try:
        await take_file(deps, path, mapping)
    except Transient as error:
        decided("csv-waits", level="warning", service="ingest", error=type(error).__name__)
    except Exception as error:
        reason = not_handled(error)
        REFUSED.labels("ingest", REPORT, reason.reason).inc()
        try:
            await asyncio.to_thread(_finish, path, _FAILED, str(reason))
        except OSError as stuck:  # it stays where it is and is tried again
            decided("csv-stuck", level="error", service="ingest", error=type(stuck).__name__)


async def take_file(deps: IngestDeps, path: Path, mapping: CsvMapping) -> None:
    """Take one file that no other process takes; after a crash in the middle its rows are recognised as duplicates."""
    with _claimed(path) as claimed:
        if claimed is not None:
            await _take(deps, path, await asyncio.to_thread(claimed.read_bytes), mapping)


async def _take(deps: IngestDeps, path: Path, data: bytes, mapping: CsvMapping) -> None:
    receipt = new_receipt(deps, "csv", REPORT)
    try:
        taken = await deps.read(data, _rows, data, mapping)
    except Invalid as error:
        await reject(deps, receipt, data, error)
        await asyncio.to_thread(_finish, path, _FAILED, str(error))
        return
    contents: list[Content] = []
    problems: list[str] = []
    for line, raw, content in taken:
        if isinstance(content, Invalid):
            problems.append(f"line {line}: {content}")
            await reject(deps, receipt, raw, Invalid(content.reason, f"line {line}: {content.detail}"))
        else:
            contents.append(content)
    kept = 0
    for start in range(0, len(contents), BATCH):
        kept += await receive(deps, receipt, contents[start : start + BATCH])
    await asyncio.to_thread(_finish, path, _FAILED if problems and not contents else _DONE, "\n".join(problems))
    decided("csv-taken", service="ingest", receipt_id=receipt.id, count=kept)


def _rows(data: bytes, mapping: CsvMapping) -> list[tuple[int, bytes, Content | Invalid]]:
    """Return line, bytes and content of each row of reports or merges; where it is none, why."""
    if is_merge_table(data, mapping):
        return [(line, raw, each) for line, raw, each in _merges(data, mapping)]
    return [(row.line, row.raw, _content(row, mapping)) for row in rows(data, mapping)]


def _merges(data: bytes, mapping: CsvMapping) -> Iterator[tuple[int, bytes, Content | Invalid]]:
    for record, document in merge_rows(data, mapping):
        raw = "\n".join(record.cells).encode("utf-8", "surrogateescape")
        yield record.line, raw, Content(document, raw, is_merge=True) if isinstance(document, bytes) else document


def _content(row: Row, mapping: CsvMapping) -> Content | Invalid:
    """Return the report of a row, or why it is none."""
    if row.problem:
        return Invalid(row.problem, PROBLEMS[row.problem])
    try:
        report = canonical(row.fields, Mentions(unmapped=row.unmapped), mapping.status_words)
        return Content(bundle_of(report), row.raw)
    except Invalid as error:
        return error
    except Exception as error:
        return not_handled(error)


@contextmanager
def _claimed(path: Path) -> Iterator[Path | None]:
    """Yield the path while its file is locked; None if another process has the file, or has moved it away."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        yield None
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        yield path if _is_at(path, file.fileno()) else None


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _looks(folder: Path) -> dict[Path, Look]:
    looks: dict[Path, Look] = {}
    for path in folder.iterdir():
        if path.suffix.lower() == ".csv" and not path.name.startswith("."):
            with suppress(OSError):  # another process has taken it, or it cannot be read: no reason to stop here
                status = path.stat()
                if stat.S_ISREG(status.st_mode):
                    looks[path] = Look(status.st_size, status.st_mtime_ns)
    return looks


def _finish(path: Path, folder: str, reason: str) -> None:
    """Move the file away; a name that is there already gets a number, and one that is too long is cut."""
    stem = os.fsdecode(os.fsencode(path.stem)[:_STEM_BYTES])
    target = path.parent / folder / f"{stem}{path.suffix}"
    number = 1
    while target.exists():
        number += 1
        target = path.parent / folder / f"{stem}.{number}{path.suffix}"
    if reason:
        target.with_suffix(target.suffix + ".reason").write_text(reason + "\n", encoding="utf-8")
    path.replace(target)
