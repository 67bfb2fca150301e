"""What an index has set aside is shown among the records of all services, and tried when a person asks."""

from pathlib import Path

import msgspec

from services.search.follow.set_aside import SetAside
from services.search.follow.set_aside_records import SetAsideRecords
from shared.documents.sqlite import open_sqlite
from shared.set_aside import SET_ASIDE


async def test_the_cases_of_two_indexes_are_shown_tried_again_and_forgotten_each_by_itself(tmp_path: Path) -> None:
    async with open_sqlite(tmp_path / "documents.sqlite") as documents:
        await documents.declare(SET_ASIDE)
        cases = [SetAside(tmp_path / name) for name in ("a", "b")]
        for name, each in zip(("a", "b"), cases, strict=True):
            (tmp_path / name).mkdir()
            each.note({"1.2.3": KeyError("a value")}, set())
        records = [SetAsideRecords(documents, f"pod-{number}/0") for number in (0, 1)]
        asked = [await one.sync(each.cases) for one, each in zip(records, cases, strict=True)]
        items = [item async for item in documents.every(SET_ASIDE)]
        assert [(item.id, item.error, item.attempts) for item in items] == [
            ("search/case/pod-0/0/1.2.3", "KeyError", 1),
            ("search/case/pod-1/0/1.2.3", "KeyError", 1),
        ]
        assert asked == [set(), set()]

        await documents.put(SET_ASIDE, msgspec.structs.replace(items[0], again=True))
        assert cases[0].due() == set()
        cases[0].try_now(await records[0].sync(cases[0].cases))
        assert cases[0].due() == {"1.2.3"}
        assert await records[0].sync(cases[0].cases) == set()

        cases[0].note({}, {"1.2.3"})
        await records[0].sync(cases[0].cases)
        assert [item.id async for item in documents.every(SET_ASIDE)] == ["search/case/pod-1/0/1.2.3"]
