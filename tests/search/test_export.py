"""What is exported, and which cases are alike."""

from pathlib import Path

import pytest

from services.search.api.export import COLUMNS, row_of
from services.search.case import Case, Report
from services.search.index.case_index import CaseIndex
from shared.text.csv_rows import csv_row
from shared.web.access.reach import EVERYTHING, NOTHING, Reach


def told(number: int, text: str, site: str = "osaka") -> Case:
    return Case(id=f"1.{number}", site=site, only_site=site, reports=(Report(f"r{number}", findings=text),))


def test_a_row_has_every_column_and_no_text_of_a_report() -> None:
    row = row_of(told(1, "右肺に結節を認める。"))

    assert tuple(row) == COLUMNS
    assert "右肺に" not in str(row)


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1"])
def test_no_cell_of_a_csv_is_a_formula(value: str) -> None:
    cell = csv_row([value])

    assert cell.lstrip('"').startswith("'")


def test_the_most_alike_reports_come_first_and_none_from_out_of_reach(tmp_path: Path) -> None:
    index = CaseIndex(tmp_path / "index")
    asked = told(0, "右肺上葉に12mm大のすりガラス結節を認める。")
    near, far = told(1, "右肺上葉にすりガラス結節を認め、15mm大。"), told(2, "左腎に嚢胞を認める。")
    elsewhere = told(3, "右肺上葉に12mm大のすりガラス結節を認める。", site="kyushu")
    index.update([asked, near, far, elsewhere], [], {})
    index.update([asked, near, far, elsewhere], ["1.8"], {})  # what was replaced stays in the index until it is merged

    found = [case.id for _, case in index.similar(asked, 10, EVERYTHING)]
    of_osaka = [case.id for _, case in index.similar(asked, 10, Reach(sites=frozenset({"osaka"})))]

    assert found[:2] == ["1.3", "1.1"]
    assert of_osaka[0] == "1.1"
    assert "1.3" not in of_osaka
    assert asked.id not in found
    assert index.similar(asked, 10, NOTHING) == []
    assert index.similar(Case(id="1.9"), 10, EVERYTHING) == []
