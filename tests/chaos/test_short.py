"""A few plans of faults over the whole system, two of each service: the short form of ``make chaos``."""

from pathlib import Path

import pytest

from tests.chaos.plan import Kind, plan_of
from tests.chaos.run import Load, check_proofs, run_plan
from tests.chaos.world import world
from tests.servers.dcmtk import tool

SEED = 2030
PLANS = [plan_of(SEED, number) for number in range(5)]
pytestmark = [pytest.mark.slow, pytest.mark.servers, pytest.mark.timeout(1500)]


def test_nothing_is_lost_twice_or_half_there_after_a_few_plans(shared_data: Path, tmp_path: Path) -> None:
    assert {fault.kind for plan in PLANS for fault in plan} == set(Kind)
    tool("storescu")  # skips here, not in the sending thread
    sources = sorted((shared_data / "dicom/dcmqi/paramaps/701-ADCb500").glob("*.dcm"))
    with world(tmp_path) as running:
        load = Load(running, sources, tmp_path)
        for plan in PLANS:
            run_plan(running, load, plan)
        check_proofs(running, load)
