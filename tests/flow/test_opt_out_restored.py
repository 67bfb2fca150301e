"""One side is restored from a copy of before an opt-out: the other remembers it, and it is carried out again."""

import asyncio
import shutil
from pathlib import Path

import orjson
import pytest

from services.anonymizer.records import AUDIT
from shared.service import Role
from tests.flow.inside import running
from tests.flow.system import PIXELS_UNREAD
from tests.flow.test_opt_out import Hospital, of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(420)]


@pytest.mark.parametrize("restored", [(Role.CENTRE,), (Role.GATEWAY,), (Role.GATEWAY, Role.CENTRE)])
async def test_an_opt_out_is_carried_out_again_after_a_restore_from_before(
    tmp_path: Path, ct: list[bytes], restored: tuple[Role, ...]
) -> None:
    home, proof = tmp_path / "home", tmp_path / "proof.json"
    async with running(home, PIXELS_UNREAD) as system:
        hospital = Hospital(system)
        await hospital.fill(ct[0])
    await asyncio.to_thread(shutil.copytree, home, tmp_path / "before", ignore=shutil.ignore_patterns("lock"))
    async with running(home, PIXELS_UNREAD) as system:
        hospital.system = system
        key = await hospital.opt_out("--wait")
        proof.write_text((await hospital.jmid("opt-out", "proof", key))[1])
    for role in restored:
        await asyncio.to_thread(shutil.rmtree, home / role)
        await asyncio.to_thread(shutil.copytree, tmp_path / "before" / role, home / role)

    async with running(home, PIXELS_UNREAD) as system:
        hospital.system = system
        if len(restored) == 2:  # nobody remembers it but the proof
            code, said = await hospital.jmid("opt-out", "again", str(proof), "--by", "officer")
            assert code == 0, said
        await hospital.is_gone()
        row = await hospital.is_in_state("done")
        again = await system.receipt(await system.send([of(1, ct[1])]), "refused", "undelivered")
        audits = [each async for each in system.documents(Role.GATEWAY).every(AUDIT)]
        held = [await system.host.ports[Role.GATEWAY].blobs["deidentified"].size(each.instance.blob) for each in audits]

    assert row["id"] == orjson.loads(proof.read_bytes())["opt_out"]
    assert again["reasons"] == {"opted-out": 1}
    assert sum(size is not None for size in held) == 1, "only the other patient's Instance stands at the gateway"
