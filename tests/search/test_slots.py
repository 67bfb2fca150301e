"""Several search processes of one home, each with an index of its own."""

from pathlib import Path

import pytest

from services.search.case import Case, build_case
from services.search.index.case_index import CaseIndex
from services.search.index.files import damaged_file
from services.search.slots import own_slot
from tests.search.test_case import SERIES, STUDY


def test_each_process_has_the_lowest_slot_that_is_free(tmp_path: Path) -> None:
    with own_slot(tmp_path) as first:
        with own_slot(tmp_path) as second:
            pass
        with own_slot(tmp_path) as again:
            pass

    assert [each.name for each in (first, second, again)] == ["0", "1", "1"]


def test_two_processes_write_an_index_each(tmp_path: Path) -> None:
    with own_slot(tmp_path) as first, own_slot(tmp_path) as second:
        indexes = [CaseIndex(first), CaseIndex(second)]
        for index in indexes:
            index.update([], [], {"studies": 1})
            index.close()

    assert [index.positions() for index in indexes] == [{"studies": 1}] * 2


def test_an_index_of_the_form_before_slots_is_removed(tmp_path: Path) -> None:
    (tmp_path / "meta.json").write_text("{}")
    (tmp_path / "old").mkdir()

    with own_slot(tmp_path):
        pass

    assert sorted(path.name for path in tmp_path.iterdir()) == ["index"]


@pytest.mark.parametrize("damage", [b"", b"not json", b"{}"])
def test_a_damaged_index_is_wiped_and_never_keeps_the_process_from_starting(tmp_path: Path, damage: bytes) -> None:
    index = CaseIndex(tmp_path)
    index.update([], [], {"studies": 7})
    index.complete()
    index.close()
    del index
    (tmp_path / "meta.json").write_bytes(damage)

    again = CaseIndex(tmp_path)

    assert (again.count(), again.positions(), again.is_complete()) == (0, {}, False)


def test_an_index_is_complete_once_it_was_and_stays_so(tmp_path: Path) -> None:
    index = CaseIndex(tmp_path)
    before = index.is_complete()

    index.complete()
    index.update([], [], {"studies": 1})
    index.close()
    del index

    assert (before, CaseIndex(tmp_path).is_complete()) == (False, True)


@pytest.mark.parametrize("lost", ["meta.json", "*.pos"])
def test_an_index_with_a_lost_file_is_made_again_and_does_not_claim_to_be_complete(tmp_path: Path, lost: str) -> None:
    index = CaseIndex(tmp_path)
    index.update([build_case("1.2", STUDY, SERIES, [], (), 0)], [], {"studies": 7})  # type: ignore[list-item]
    index.complete()
    index.close()
    del index
    for path in list(tmp_path.glob(lost)):
        path.unlink()

    again = CaseIndex(tmp_path)

    assert (again.count(), again.positions(), again.is_complete()) == (0, {}, False)


@pytest.mark.parametrize("kind", ["store", "idx", "pos", "term", "fast", "fieldnorm"])
def test_a_flipped_bit_in_any_file_of_the_index_is_seen_and_the_index_made_again(tmp_path: Path, kind: str) -> None:
    index = CaseIndex(tmp_path)
    index.update([Case(id="1.2.3", study_date=20240102)], [], {"studies": 7})
    index.complete()
    index.close()
    del index
    (file,) = tmp_path.glob(f"*.{kind}")
    data = bytearray(file.read_bytes())
    data[len(data) // 3] ^= 1
    file.chmod(0o600)
    file.write_bytes(data)

    assert damaged_file(tmp_path) == file.name
    again = CaseIndex(tmp_path)

    assert (again.count(), again.positions(), again.is_complete()) == (0, {}, False)
