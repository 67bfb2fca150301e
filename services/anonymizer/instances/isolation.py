"""Has a batch de-identified in a worker process; the Instance that costs the worker too much is refused alone."""

import asyncio
from pathlib import Path

from services.anonymizer.instances.batch import About, Finding, Refusal, Source, deidentify_batch
from services.anonymizer.policy import Policy
from shared.errors import TooCostly, WorkerDied
from shared.service import Cpu


async def findings(cpu: Cpu, sources: list[Source], policy: Policy) -> list[Finding]:
    """Return a finding for each source. If their batch ends its worker, each gets a worker to itself."""
    try:
        return await cpu(deidentify_batch, sources, policy)
    except TooCostly as error:
        if len(sources) == 1:
            return [await _refusal(sources[0], error)]
    except WorkerDied:
        pass  # killed from outside perhaps: alone it is tried again
    return [await _alone(cpu, source, policy) for source in sources]


async def _alone(cpu: Cpu, source: Source, policy: Policy) -> Finding:
    try:
        (finding,) = await cpu(deidentify_batch, [source], policy)
    except TooCostly as error:
        return await _refusal(source, error)
    except WorkerDied:
        return await _refusal(source, TooCostly("worker-died", "the worker process died of it"))
    return finding


async def _refusal(source: Source, error: TooCostly) -> Refusal:
    data = source.file
    size = (await asyncio.to_thread(data.stat)).st_size if isinstance(data, Path) else len(data)
    return Refusal(error.reason, error.detail, size, About())
