"""A year of twenty sites in an archive with room for a tenth of what comes: what may never happen, does not."""

import random
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest_asyncio

from services.archive.deps import ArchiveDeps
from services.archive.housekeeping.eviction import evict_some
from services.archive.housekeeping.staying import Staying
from services.archive.records import COLLECTIONS, INSTANCES, STUDIES, InstanceRecord, InstanceState, StudyRecord
from services.archive.settings import ArchiveSettings
from services.archive.space_records import EVICTIONS
from shared.blobs.local import open_local
from shared.bus.journal import open_journal
from shared.documents import Put
from shared.documents.sqlite import open_sqlite
from shared.lease import LEASES, Lease, Leases
from shared.runtime.cpu import CpuPool
from shared.set_aside import SET_ASIDE

SITES, MONTHS, SEED = 20, 12, 20260401
SIZE = 1000
CAPACITY = SITES * MONTHS * SIZE // 10
LARGE = "site-0"
"""Sends three Studies where others send one, and has a mark of its own."""
SITE_MARK = 6 * SIZE


class Year:
    """An archive whose records are real and whose Instances are one byte, said to be larger."""

    def __init__(self, deps: ArchiveDeps, lease: Lease) -> None:
        self.deps, self.lease, self.chance = deps, lease, random.Random(SEED)
        self.kept: set[str] = set()
        self.unproven: set[str] = set()
        self.came: dict[str, int] = {}
        self.recalls: dict[str, str] = {}

    def arriving(self, site: str, at: int) -> tuple[InstanceRecord, StudyRecord]:
        """Return a Study of a site; some are annotated, and of some nobody says that they can be recalled."""
        uid = f"2.25.{len(self.came) + 1}"
        self.came[uid] = at
        if self.chance.random() < 0.015:
            self.kept.add(uid)
        if self.chance.random() < 0.01:
            self.unproven.add(uid)
        return self.stored(uid, site, at, "first")

    async def store(self, *stored: tuple[InstanceRecord, StudyRecord]) -> None:
        await self.deps.blobs.put_many({instance.blob: b"x" for instance, _ in stored})
        puts = [(Put(INSTANCES, instance), Put(STUDIES, study)) for instance, study in stored]
        await self.deps.documents.write(*(each for pair in puts for each in pair))

    def stored(self, uid: str, site: str, at: int, attempt: str) -> tuple[InstanceRecord, StudyRecord]:
        blob = f"instances/{uid}/{attempt}.dcm"
        study = StudyRecord(study_instance_uid=uid, site=site, instances=1, size_bytes=SIZE, oldest_at=float(at))
        instance = InstanceRecord(
            sop_instance_uid=f"{uid}.1",
            sop_class_uid="1.2.840.10008.5.1.4.1.1.2",
            series_instance_uid=f"{uid}.0",
            study_instance_uid=uid,
            transfer_syntax_uid="1.2.840.10008.1.2.1",
            blob=blob,
            size_bytes=SIZE,
            sha256="",
            stored_at=float(at),
            header_end=0,
            metadata=b"",
            answer=b"{}",
        )
        return instance, study

    async def ask(self, studies: Sequence[str]) -> dict[str, Staying]:
        return {
            uid: Staying(("annotated",) if uid in self.kept else (), recallable=uid not in self.unproven)
            for uid in studies
        }

    async def recalled(self) -> None:
        """Bring one evicted Study back, as a gateway does, or hear that its bytes are let go there; answer either way.

        A recall is answered within the month: each Study has its last answer.
        """
        gone = [each async for each in self.deps.documents.every(STUDIES) if each.evicted]
        if not gone:
            return
        study = self.chance.choice(gone)
        uid, at = study.study_instance_uid, int(study.oldest_at)
        if self.chance.random() < 0.2:
            self.recalls[uid] = "unavailable-at-gateway"
            return
        await self.store(self.stored(uid, study.site, at, f"again-{len(self.recalls)}-{len(self.came)}"))
        back = await self.deps.documents.get(STUDIES, uid)
        assert back is not None and not back.evicted
        self.recalls[uid] = "redelivered"

    async def evict(self) -> int:
        """Evict, and see that of each site, and of all, what came first went first."""
        before = [each async for each in self.deps.documents.every(STUDIES) if not each.evicted]
        evicted = await evict_some(self.deps, self.lease, self.ask)
        after = {each.study_instance_uid async for each in self.deps.documents.every(STUDIES) if not each.evicted}
        gone = [each for each in before if each.study_instance_uid not in after]
        for each in gone:
            older = [one for one in self.may_go(before, each.site) if one.oldest_at < each.oldest_at]
            assert not {one.study_instance_uid for one in older} & after, "a younger Study of a site went first"
        return evicted

    async def check(self) -> None:
        studies = [each async for each in self.deps.documents.every(STUDIES)]
        instances = [each async for each in self.deps.documents.every(INSTANCES)]
        blobs = {key async for key in self.deps.blobs.keys("instances/")}
        held = defaultdict[str, int](int)
        for each in studies:
            held[each.site] += each.size_bytes
        stays = self.kept | self.unproven
        online = {each.study_instance_uid for each in studies if not each.evicted}

        assert {each.study_instance_uid for each in studies} == self.came.keys()  # every Study is still found
        assert stays <= online  # what is annotated, or not proven recallable, never goes
        assert blobs == {each.blob for each in instances if each.is_here}  # bytes and records agree, both ways
        assert sum(held.values()) <= CAPACITY or online == stays
        assert held[LARGE] <= SITE_MARK or not self.may_go(studies, LARGE)
        assert {each.sop_instance_uid for each in instances if each.state is InstanceState.EVICTED} == {
            f"{each.study_instance_uid}.1" for each in studies if each.evicted
        }

    def may_go(self, studies: Sequence[StudyRecord], site: str) -> list[StudyRecord]:
        stays = self.kept | self.unproven
        return [each for each in studies if each.site == site and each.online and each.study_instance_uid not in stays]


@pytest_asyncio.fixture
async def year(tmp_path: Path) -> AsyncIterator[Year]:
    settings = ArchiveSettings(
        high_water_bytes=CAPACITY,
        site_high_water_bytes=(f"{LARGE}={SITE_MARK}",),
        low_water_percent=90,
        evict="recallable",
    )
    async with AsyncExitStack() as stack:
        documents = await stack.enter_async_context(open_sqlite(tmp_path / "documents.sqlite"))
        blobs = await stack.enter_async_context(open_local(tmp_path / "blobs"))
        bus = await stack.enter_async_context(open_journal(tmp_path / "bus.sqlite"))
        await documents.declare(LEASES, SET_ASIDE, *COLLECTIONS)
        lease = await stack.enter_async_context(Leases(documents, "test", 60.0).held("archive"))
        yield Year(ArchiveDeps(settings, documents, blobs, bus, CpuPool(1)), lease)


async def test_a_year_of_twenty_sites_in_a_tenth_of_the_room(year: Year) -> None:
    evicted = 0
    for month in range(MONTHS):
        sites = [f"site-{number}" for number in range(SITES)] + [LARGE, LARGE]
        await year.store(*(year.arriving(site, month) for site in sites))
        await year.recalled()

        evicted += await year.evict()

        await year.check()
    newest = {uid for uid, at in year.came.items() if at == MONTHS - 1}
    here = {each.study_instance_uid async for each in year.deps.documents.every(STUDIES) if each.online}
    assert len(newest & here) >= len(newest) // 2  # what came last is here: the oldest went first
    assert evicted > 0.8 * len(year.came)
    assert set(year.recalls.values()) == {"redelivered", "unavailable-at-gateway"}
    assert not await year.deps.documents.count(EVICTIONS)
