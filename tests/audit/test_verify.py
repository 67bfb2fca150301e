"""What is found of a chain that somebody changed, cut or left unsigned."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from shared import clock
from shared.audit.keeping import TIP_FILE, read_tip_file, trim, write_tip_file
from shared.audit.keys import AuditKeys
from shared.audit.record import Tip
from shared.audit.seals import LOG, SEALS
from shared.documents import Delete, Put
from tests.audit.chains import Trail, read_of, trail

DAY_S = 86_400.0


class Days:
    """A clock that a test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at = datetime(2026, 11, 1, 12, tzinfo=UTC).timestamp()
        monkeypatch.setattr(clock, "now", lambda: self.at)
        monkeypatch.setattr(clock, "machine_s", lambda: self.at)
        monkeypatch.setattr(clock, "utc_now", lambda: datetime.fromtimestamp(self.at, UTC))

    def pass_days(self, days: float) -> None:
        self.at += timedelta(days=days).total_seconds()


@pytest.fixture
def days(monkeypatch: pytest.MonkeyPatch) -> Days:
    return Days(monkeypatch)


async def written(own: Trail, count: int) -> None:
    for number in range(count):
        own.log.note(read_of(f"study:2.25.{number}{clock.now():.0f}"))
    assert await own.log.flush(every=True)


async def three_days(own: Trail, days: Days) -> None:
    """Three records each of three days, each day signed; three of today."""
    for _ in range(3):
        await written(own, 3)
        days.pass_days(1)
        assert await own.seal()
    await written(own, 3)


async def test_a_chain_that_nobody_touched_is_whole(tmp_path: Path, days: Days) -> None:
    async with trail(tmp_path) as own:
        await three_days(own, days)

        faults, check = await own.looked_at()

    assert faults == []
    assert (check.number, check.whole_until, check.fault) == (12, "2026-11-04T12:00:00.000Z", "")


async def test_a_changed_record_is_named_and_what_stood_before_it_is_whole(tmp_path: Path, days: Days) -> None:
    async with trail(tmp_path) as own:
        await three_days(own, days)
        record = (await own.records())[4]
        await own.documents.put(LOG, msgspec.structs.replace(record, who=("s-9", "nobody")))

        faults, check = await own.looked_at()

    assert [each.what for each in faults] == ["record 5 is not what was written, or not where"]
    assert (check.number, check.whole_until) == (4, "2026-11-02T12:00:00.000Z")


async def test_missing_records_are_named(tmp_path: Path, days: Days) -> None:
    async with trail(tmp_path) as own:
        await three_days(own, days)
        await own.documents.write(*(Delete(LOG, f"{number:015d}") for number in (4, 5)))

        faults, check = await own.looked_at()

    assert [each.what for each in faults] == ["records 4 to 5 are missing"]
    assert check.number == 3


async def test_whoever_chains_anew_behind_a_change_is_betrayed_by_the_signature(tmp_path: Path, days: Days) -> None:
    from shared.audit.record import chained

    async with trail(tmp_path) as own:
        await three_days(own, days)
        records = await own.records()
        changed = [records[0], msgspec.structs.replace(records[1], objects=()), *records[2:]]
        await own.documents.write(*(Put(LOG, each) for each in chained(Tip(), changed)))

        faults, check = await own.looked_at()

    assert [each.what[:50] for each in faults] == [
        "record 3 is not the one that was signed at the end",
        "record 6 is not the one that was signed at the end",
        "record 9 is not the one that was signed at the end",
    ]
    assert check.number == 2


async def test_a_missing_signature_and_one_of_a_foreign_key_are_named(tmp_path: Path, days: Days) -> None:
    async with trail(tmp_path) as own:
        await three_days(own, days)
        await own.documents.write(Delete(SEALS, "2026-11-02"))
        other = own._replace(keys=AuditKeys(tmp_path / "others", 1e9))

        of_own, of_other = await own.looked_at(), await other.looked_at()

    assert [each.what for each in of_own[0]] == ["the signature of records 4 to 6 is missing"]
    assert len([each for each in of_other[0] if "which is no key of this place" in each.what]) == 2


async def test_a_signature_that_was_changed_is_wrong(tmp_path: Path, days: Days) -> None:
    async with trail(tmp_path) as own:
        await three_days(own, days)
        seal = await own.documents.get(SEALS, "2026-11-02")
        assert seal is not None
        await own.documents.put(SEALS, msgspec.structs.replace(seal, sealed_at="2026-11-09T00:00:00.000Z"))

        faults, _ = await own.looked_at()

    assert [each.what for each in faults] == ["the signature of 2026-11-02 is wrong"]


async def test_old_records_that_nobody_signed_are_named(tmp_path: Path, days: Days) -> None:
    async with trail(tmp_path) as own:
        await written(own, 2)
        days.pass_days(3)

        faults, _ = await own.looked_at()

    assert "records 1 to 2 have no signature" in faults[0].what


async def test_records_cut_off_at_the_end_are_named_by_what_the_home_noted(tmp_path: Path, days: Days) -> None:
    async with trail(tmp_path) as own:
        await three_days(own, days)
        note = tmp_path / "not there yet" / TIP_FILE
        write_tip_file(note, await own.log.read_tip())
        assert read_tip_file(note) == await own.log.read_tip()
        await own.documents.write(*(Delete(LOG, f"{number:015d}") for number in (11, 12)))

        faults, check = await own.looked_at(note)

    assert [each.what for each in faults] == ["records 11 to 12 are cut off at the end"]
    assert check.number == 10


async def test_records_older_than_they_are_kept_go_and_the_rest_stays_whole(tmp_path: Path, days: Days) -> None:
    async with trail(tmp_path) as own:
        await three_days(own, days)
        running_log = own.log
        days.pass_days(3655)
        running_log.note(read_of("study:2.25.77"))
        await running_log.flush()

        record = running_log.record

        async def noted(happened: object) -> None:
            running_log.note(happened)  # type: ignore[arg-type]
            await running_log.flush()

        running_log.record = noted  # type: ignore[method-assign]
        count = await trim(own.documents, 3653, running_log)
        running_log.record = record  # type: ignore[method-assign]
        days.pass_days(1)
        assert await own.seal()
        faults, check = await own.looked_at()
        records = await own.records()

    assert count == 9
    assert records[0].number == 10
    assert records[-1].kind == "audit-trimmed"
    assert faults == []
    assert check.number == 14


async def test_records_that_had_to_be_kept_and_are_gone_from_the_beginning_are_named(
    tmp_path: Path, days: Days
) -> None:
    async with trail(tmp_path) as own:
        await three_days(own, days)
        await own.documents.write(*(Delete(LOG, f"{number:015d}") for number in (1, 2, 3)))

        faults, _ = await own.looked_at()

    assert [each.what for each in faults] == ["records 1 to 3 are missing and were to be kept"]


async def test_a_new_key_signs_and_days_of_the_old_one_stay_right(tmp_path: Path, days: Days) -> None:
    async with trail(tmp_path) as own:
        await three_days(own, days)
        old = own.keys.signing
        new_id = own.keys.renew()
        days.pass_days(1)
        assert await own.seal()

        faults, _ = await own.looked_at()
        newest = await own.documents.get(SEALS, "2026-11-04")

    assert old is not None
    assert newest is not None
    assert newest.key_id == new_id != old[0]
    assert faults == []
    assert [path.stem for path in (tmp_path / "keys").glob("*.pem")] == [new_id]
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "keys").glob("*.pem"))
