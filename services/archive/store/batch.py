"""Prepares the Instances of a batch where their cost does no harm: here, in a thread, or in a worker with limits."""

import asyncio
import mmap
from collections.abc import Sequence
from typing import NamedTuple

from services.archive.store.prepare import Failure, Prepared, prepare
from shared.dicom import file_format
from shared.dicom.store_response import PROCESSING_FAILURE
from shared.errors import TooCostly
from shared.service import Cpu

AT_ONCE_BYTES = 256 << 10
"""Of a whole batch: less is prepared in a shorter time than the way to a thread and back takes. If it is nothing but
empty elements, 1 MiB of it takes 0.3 s."""
Bytes = bytes | mmap.mmap


class Sent(NamedTuple):
    """A Part 10 file as it was sent. sha256: what the sender says of it, hexadecimal; empty if nothing.

    replaces: the SHA-256 of what the sender delivered before of the same content, if that was different.
    """

    data: Bytes
    sha256: str = ""
    replaces: str = ""


async def prepare_all(sent: Sequence[Sent], cpu: Cpu, *, root: str, at: float, study: str) -> list[Prepared | Failure]:
    """Return each Instance prepared, or why it cannot be stored, in order; for the arguments see ``prepare``.

    Of a deflated one nobody knows the cost before it is inflated: that is done in a worker.
    """
    deflated = [file_format.is_deflated(each.data) for each in sent]
    plain = [each for each, is_so in zip(sent, deflated, strict=True) if not is_so]

    def prepared() -> list[Prepared | Failure]:
        return [prepare(each.data, root=root, at=at, study=study, sha256=each.sha256) for each in plain]

    at_once = sum(len(each.data) for each in plain) <= AT_ONCE_BYTES
    results = iter(prepared() if at_once else await asyncio.to_thread(prepared))

    async def in_worker(each: Sent) -> Prepared | Failure:
        try:
            return await cpu(prepare, bytes(each.data), root=root, at=at, study=study, sha256=each.sha256)
        except TooCostly as error:
            return Failure(PROCESSING_FAILURE, str(error))

    return [await in_worker(each) if is_so else next(results) for each, is_so in zip(sent, deflated, strict=True)]
