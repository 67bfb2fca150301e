"""No byte of a case that was withdrawn is left in the index's files, and the others are found as before."""

from pathlib import Path

from services.search.case import build_case
from services.search.index.case_index import CaseIndex
from services.search.language.query import parse_query
from shared.web.access.reach import EVERYTHING
from tests.search.test_case import SERIES, STUDY, report


def case_of(uid: str) -> object:
    study = {**STUDY, "0020000D": {"vr": "UI", "Value": [uid]}}
    return build_case(uid, study, SERIES, [report("final", uid)], (), 0)


def held(folder: Path, uid: str) -> bool:
    return any(uid.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def segments(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*.store")}


def test_a_withdrawn_case_leaves_the_files_and_a_new_process_finishes_what_was_noted(tmp_path: Path) -> None:
    gone, stays = "2.25.3141592653589793238462643", "2.25.2718281828459045235360287"
    index = CaseIndex(tmp_path)
    index.update([case_of(gone), case_of(stays)], [], {"studies": 2})  # type: ignore[list-item]
    index.note_withdrawal()
    index.update([], [gone], {"studies": 3})
    left, before = held(tmp_path, gone), segments(tmp_path)
    index.close()
    del index

    again = CaseIndex(tmp_path)
    rewritten = again.rewrite_after_withdrawal()

    assert left
    assert rewritten
    assert not again.rewrite_after_withdrawal()
    assert [each.id for each in again.search(parse_query({}), EVERYTHING).cases] == [stays]
    assert again.positions() == {"studies": 3}
    again.close()
    assert not held(tmp_path, gone)
    assert not before & segments(tmp_path)  # what is compressed hides from a search: no file is one of before
