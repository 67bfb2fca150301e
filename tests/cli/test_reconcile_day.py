"""What ``jmid reconcile --day … --repair`` says, and by which exit code."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.__main__ import app
from services.commands.repair import Repaired, repair_lines
from services.ingest.receipts.custody import DayLedger, Tally
from services.ingest.receipts.proof import Missing
from services.ingest.receipts.reconcile import Identified
from services.linker.gateway.repair import Redelivered, Wanted
from services.reconcile import day_lines, left_of
from shared.audit.seals import COLLECTIONS, LOG
from shared.documents.sqlite import open_sqlite

DAY = "2026-11-28"
LEDGER = DayLedger(
    day=DAY,
    site="a",
    received=Tally(4, 4),
    stages={"stored": Tally(1, 1), "deleted-at-centre": Tally(1, 1), "missing": Tally(2, 2)},
)


def repaired(delivered: Redelivered, lost: set[str], wanted: Wanted | None = None) -> Repaired:
    studies = frozenset(delivered.lost[uid] for uid in lost)
    return Repaired(Missing({"1", "2"}, {"r"}), delivered, Identified(lost=lost), studies, wanted)


def test_a_day_says_what_was_deleted_beside_what_differs() -> None:
    assert day_lines(LEDGER)[0] == (
        "a, 2026-11-28: 4 received = 1 stored + 0 refused + 0 waiting + 1 deleted + 2 that differ"
    )


@pytest.mark.parametrize(
    ("done", "left", "line"),
    [
        (None, 1, ""),
        (repaired(Redelivered(again=2), set()), 0, "2 Instances and 0 reports are due to be delivered again"),
        (repaired(Redelivered(under_way=2), set()), 0, "2 Instances and reports were due already"),
        (
            repaired(Redelivered(again=1, lost={"2": "1.2.3"}), {"2"}),
            1,
            "1 Studies can be asked for at the PACS: jmid reconcile --day 2026-11-28 --repair --recall",
        ),
        (
            repaired(Redelivered(again=1, lost={"2": "1.2.3"}), {"2"}, Wanted(1, 0, 0)),
            0,
            "the PACS is asked for 1 Studies; 0 were asked for already",
        ),
        (repaired(Redelivered(again=1, failed={"1.2.3": "Unavailable"}), set()), 1, "1.2.3: Unavailable"),
        (
            repaired(Redelivered(again=1, opted_out=1), set()),
            1,
            "1 Instances and reports of patients who opted out are left",
        ),
    ],
)
def test_what_is_left_is_what_is_not_on_its_way(done: Repaired | None, left: int, line: str) -> None:
    assert left_of(LEDGER, done) == left
    assert line in (repair_lines(done, DAY) if done else [""])


def test_what_cannot_be_repaired_by_sending_again_is_left() -> None:
    other = DayLedger(day=DAY, site="a", received=Tally(3, 3), stages={"missing": Tally(2, 2), "other": Tally(1, 1)})

    assert left_of(other, repaired(Redelivered(again=2), set())) == 1


@pytest.mark.parametrize("options", [["--repair"], ["--day", DAY, "--recall"]])
def test_a_repair_names_its_day_and_a_recall_is_part_of_a_repair(options: list[str]) -> None:
    assert CliRunner().invoke(app, ["reconcile", *options]).exit_code == 2


@pytest.mark.parametrize(("options", "route"), [([], "jmid reconcile"), (["--repair"], "jmid reconcile --repair")])
def test_proving_and_repairing_a_day_are_recorded(tmp_path: Path, options: list[str], route: str) -> None:
    (tmp_path / "gateway").mkdir()
    ask = ["reconcile", "--day", DAY, *options, "--home", str(tmp_path), "--centre", "http://127.0.0.1:9"]

    result = CliRunner().invoke(app, ask)

    async def recorded() -> list[str]:
        async with open_sqlite(tmp_path / "gateway" / "documents.sqlite") as documents:
            await documents.declare(*COLLECTIONS)
            return [each.route async for each in documents.every(LOG) if each.route]

    assert result.exit_code == 0, result.output
    assert "0 received = 0 stored" in result.output
    assert ("nothing of this day is missing" in result.output) is bool(options)
    assert asyncio.run(recorded()) == [route]
