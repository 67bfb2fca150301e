"""An index on a disk that is full takes nothing and says so; with room again it takes what it was refused."""

from pathlib import Path

import pytest

from services.search.case import Case
from services.search.index.case_index import CaseIndex
from services.search.language.query import CaseQuery
from shared.errors import Unavailable
from shared.web.access.reach import EVERYTHING
from tests.servers.disk import fill, small_disk


def cases(*numbers: int) -> list[Case]:
    return [Case(id=f"1.2.{n}", study_instance_uid=f"1.2.{n}", site="A", study_date=20240101) for n in numbers]


@pytest.mark.parametrize("left", [0, 4096, 16384, 32768])  # tantivy fails in another place with each
def test_what_a_full_disk_refused_is_found_once_there_is_room(tmp_path: Path, left: int) -> None:
    with small_disk(tmp_path / "disk", 40) as disk:
        (index := CaseIndex(disk / "index")).update(cases(0, 1, 2), [], {"studies": 1})
        fill(disk / "ballast", left)
        for turn in range(2, 6):
            with pytest.raises(Unavailable):
                for number in range(100):
                    index.update(cases(turn, 10 * turn + number), [], {"studies": turn})

        (disk / "ballast").unlink()
        index.update(cases(3, 4, 5), ["1.2.0"], {"studies": 9})

        assert {case.id for case in index.search(CaseQuery(), EVERYTHING).cases} >= {f"1.2.{n}" for n in range(1, 6)}
        assert index.get("1.2.0", EVERYTHING) is None
        assert index.positions() == {"studies": 9}
        index.close()
