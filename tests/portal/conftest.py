"""Gateway and centre with the bundled sample, started once for the tests of a module: they add cases of their own."""

from collections.abc import Iterator

import pytest

from tests.flow.system import System, start_up, until


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Yield a system that has taken in the sample: three cases, 34 Instances."""
    running = start_up(tmp_path_factory.mktemp("portal") / "home", {"JMID_LINKER_RECALL_POLL_S": "1"})
    until(lambda: len(running.cases()) == 3 and sum(c["instances"] for c in running.cases()) == 34, "the sample")
    yield running
    running.close()
