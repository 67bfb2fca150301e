"""Measure what the text detector's looks cost: python -m bench.looks FOLDER [--slices N] [--rounds N].

CPU time per Instance of one process, from the identified to the de-identified store of one embedded home, of a Series
of N slices that arrives in batches of a size; with the detector and without, in turns, the best of several rounds.
Several batches at once are those that wait where a gateway is fed faster than it looks: as many as its bus hands over.
Then what one Instance of each kind costs (``bench.look_kinds``).
"""

import argparse
import asyncio
import hashlib
import io
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pydicom
from pydicom.uid import UID
from rich.console import Console
from rich.table import Table

from bench import look_kinds
from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.instances import series_template
from services.anonymizer.instances.handler import deidentify_instances
from services.anonymizer.policy import Policy
from services.anonymizer.pseudonyms import keys
from services.anonymizer.records import COLLECTIONS
from shared.blobs.local import open_local
from shared.documents.sqlite import open_sqlite
from shared.events import MAX_BATCH, InstancesReceived


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("folder", type=Path, help="CT or MR slices, of which the Series is made.")
    parser.add_argument("--slices", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    files = series(arguments.folder, arguments.slices)
    table = Table("slices", "in batches of", "batches at once", "without, ms", "with, ms")
    long, half = len(files), len(files) // 2
    for count, size, at_once in (
        (long, MAX_BATCH, 1),
        (long, half, 1),
        (30, 30, 1),
        (30, 1, 1),
        (90, 1, 8),
        (90, 3, 8),
    ):
        best = {look: float("inf") for look in (False, True)}
        for _ in range(arguments.rounds):
            for look in best:
                best[look] = min(best[look], asyncio.run(milliseconds(files[:count], size, at_once, look=look)))
        table.add_row(str(count), str(size), str(at_once), f"{best[False]:.2f}", f"{best[True]:.2f}")
    Console().print(table)
    Console().print(look_kinds.table(files[0], arguments.rounds))


def series(folder: Path, count: int) -> list[bytes]:
    """Return slices of one Series, numbered from 1, whose pixels are those of the folder's in turn."""
    found = [pydicom.dcmread(path) for path in sorted(folder.iterdir()) if pydicom.misc.is_dicom(path)]
    sources = [dataset for dataset in found if "Rows" in dataset]  # a DICOMDIR has no picture
    files = []
    for number in range(1, count + 1):
        dataset = sources[(number - 1) * len(sources) // count]
        dataset.SeriesInstanceUID, dataset.InstanceNumber = "1.2.3", number
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID(f"1.2.3.{number}")
        buffer = io.BytesIO()
        dataset.save_as(buffer)
        files.append(buffer.getvalue())
    return files


async def milliseconds(files: Sequence[bytes], size: int, at_once: int, *, look: bool) -> float:
    """Return CPU milliseconds per Instance of a Series that comes in batches of a size. look: with the detector.

    at_once: how many batches are handled at once, by one worker, as the bus hands them over while more wait.
    """
    series_template.forget()
    with tempfile.TemporaryDirectory() as name:
        async with AsyncExitStack() as stack:
            folder = Path(name)
            identified = await stack.enter_async_context(open_local(folder / "identified"))
            deidentified = await stack.enter_async_context(open_local(folder / "deidentified"))
            documents = await stack.enter_async_context(open_sqlite(folder / "documents.sqlite"))
            await documents.declare(*COLLECTIONS)
            policy = Policy("jmid", keys.create(folder / "keys", "bench"), "bench", search_pixels=look)
            worker = stack.enter_context(ThreadPoolExecutor(1))
            cpu = partial(_run, worker)
            deps = AnonymizerDeps(identified, deidentified, documents, cpu, policy, 64 << 20, folder)
            blobs = [hashlib.sha256(data).hexdigest() for data in files]
            await identified.put_many(dict(zip(blobs, files, strict=True)))
            began = time.process_time()
            room = asyncio.Semaphore(at_once)
            await asyncio.gather(
                *(_handle(_received(blobs[at : at + size]), deps, room) for at in range(0, len(blobs), size))
            )
            return (time.process_time() - began) * 1000 / len(files)


async def _handle(event: InstancesReceived, deps: AnonymizerDeps, room: asyncio.Semaphore) -> None:
    async with room:
        await deidentify_instances(event, deps)


async def _run(worker: ThreadPoolExecutor, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(worker, partial(function, *args, **kwargs))


def _received(blobs: Sequence[str]) -> InstancesReceived:
    return InstancesReceived.first(
        blobs[0],
        correlation_id="receipt",
        site="bench",
        occurred_at=datetime(2024, 3, 12, tzinfo=UTC),
        receipt_id="receipt",
        blobs=tuple(blobs),
    )


if __name__ == "__main__":
    main()
