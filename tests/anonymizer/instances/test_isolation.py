"""One Instance that costs a worker too much is refused alone; the others of its batch pass."""

import dataclasses
from typing import Any

from services.anonymizer.instances.batch import Finding, Refusal, Source
from services.anonymizer.instances.deidentify import Cleaned
from services.anonymizer.instances.isolation import findings
from services.anonymizer.policy import Policy
from shared.errors import TooCostly, WorkerDied
from tests.anonymizer.instances.planted import ct

BOMB = b"bomb"
KINDS = (TooCostly("too-slow", "it took longer than allowed"), WorkerDied("a worker process died"))


@dataclasses.dataclass
class Pool:
    """Does work here; a batch with the bomb in it raises. asked: how many sources each call had."""

    error: Exception
    asked: list[int] = dataclasses.field(default_factory=list)

    async def __call__(self, function: Any, /, sources: Any, *args: Any) -> Any:
        self.asked.append(len(sources))
        if any(source.file == BOMB for source in sources):
            raise self.error
        return function(sources, *args)


async def test_the_costly_one_is_refused_and_the_others_pass(jmid: Policy) -> None:
    for error, reason in zip(KINDS, ("too-slow", "worker-died"), strict=True):
        pool: Any = Pool(error)

        found = await findings(
            pool, [Source(ct("utf-8").data, ""), Source(BOMB, ""), Source(ct("default").data, "")], jmid
        )

        assert [type(each) for each in found] == [Cleaned, Refusal, Cleaned]
        assert refusal(found[1]) == (reason, len(BOMB))
        assert pool.asked == [3, 1, 1, 1]


async def test_a_worker_that_was_killed_once_costs_no_instance(jmid: Policy) -> None:
    class Once(Pool):
        async def __call__(self, function: Any, /, sources: Any, *args: Any) -> Any:
            if not self.asked:
                self.asked.append(len(sources))
                raise self.error
            return await super().__call__(function, sources, *args)

    pool: Any = Once(WorkerDied("killed"))

    found = await findings(pool, [Source(ct("utf-8").data, "")], jmid)

    assert [type(each) for each in found] == [Cleaned]


def refusal(found: Finding) -> tuple[str, int]:
    assert isinstance(found, Refusal)
    return found.reason, found.size_bytes
