"""Measure search over synthetic cases: python -m bench.search [--cases N] [--json FILE] [--home FOLDER].

Indexing is one core's CPU time per report, commits included, in batches as the follower takes them. Queries are those
of a reader, each with all facets and without; p95 of rounds, in wall and CPU time. The totals of a sample are compared
with the plain evaluator, which reads every case: one that differs fails the run.
"""

import argparse
import itertools
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from bench.search_cases import cases
from services.search.case import Case
from services.search.index.case_index import CaseIndex
from services.search.index.document import document_of
from services.search.language.query import parse_query
from services.search.language.tree import holds
from shared.web.access.reach import EVERYTHING, Reach

QUERIES = (
    {"q": "結節"},
    {"q": "悪性中皮腫"},
    {"q": "右肺上葉 結節 -骨折"},
    {"q": '"リンパ節の腫大"'},
    {"q": "(結節 OR 腫瘤) AND 縮小"},
    {"q": "12 mm"},
    {"q": "肺癌"},
    {"q": "signif*"},
    {"q": "所見:すりガラス modality:CT age:60-70"},
    {"q": "認める"},
)
FILTERS: tuple[dict[str, str], ...] = (
    {},
    {"modality": "CT"},
    {"modality": "MR", "sex": "F", "age_from": "40", "age_to": "60"},
    {"date_from": "2024-01-01", "date_to": "2024-12-31", "site": "site03"},
    {"thickness_to": "1.25", "manufacturer": "SIEMENS"},
)
BATCH = 1000
ROUNDS = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--home", type=Path, help="keep the index here, and use it if it is there")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        index = CaseIndex(asked.home or Path(folder) / "index")
        figures = filled(index, asked.cases) if index.count() < asked.cases else {}
        figures |= {"cases": index.count(), "searches": searches(index), "differ": differing(index, asked.cases)}
        figures["peak_rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        index.close()
    show(figures)
    if asked.json:
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_bytes(orjson.dumps(figures))
    if figures["differ"]:
        raise SystemExit("the index and the plain evaluator differ")


def filled(index: CaseIndex, count: int) -> dict[str, object]:
    """Fill the index; return the rate by CPU time, of reports, without what making them takes."""
    made = cases(count)
    cpu_s = wall_s = 0.0
    reports = 0
    for batch in batches(made):
        reports += sum(len(case.reports) for case in batch)
        cpu, wall = time.process_time(), time.perf_counter()
        index.update(batch, [], {})
        cpu_s, wall_s = cpu_s + time.process_time() - cpu, wall_s + time.perf_counter() - wall
    return {"reports": reports, "reports_per_cpu_s": reports / cpu_s, "reports_per_s": reports / wall_s}


def batches(made: Iterator[Case]) -> Iterator[list[Case]]:
    while batch := list(itertools.islice(made, BATCH)):
        yield batch


def searches(index: CaseIndex) -> list[dict[str, object]]:
    """Time each query: text with facets, text without, filters (first page)."""
    rows: list[dict[str, object]] = []
    for parameters in QUERIES:
        rows.append(timed(index, parameters | {"facets": "modality,body_part,sex,site,manufacturer,age"}))
        rows.append(timed(index, parameters | {"facets": "all"}))
        rows.append(timed(index, parameters))
    rows += [timed(index, parameters) for parameters in FILTERS]
    return rows


def timed(index: CaseIndex, parameters: dict[str, str]) -> dict[str, object]:
    query = parse_query(parameters)
    total = index.search(query, EVERYTHING).total
    wall, cpu = zip(*(measured(lambda: index.search(query, EVERYTHING)) for _ in range(ROUNDS)), strict=True)
    return {"query": parameters, "total": total, "wall_p95_ms": p95(wall), "cpu_p95_ms": p95(cpu)}


def measured(call: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return 1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu)


def p95(values: tuple[float, ...]) -> float:
    return sorted(values)[max(0, round(0.95 * len(values)) - 1)]


def differing(index: CaseIndex, count: int, most: int = 20_000) -> list[str]:
    """Return the queries whose total over the first cases is not that of the plain evaluator. Cases are made anew."""
    if count > most:  # a smaller index of the same cases stands for the large one
        with tempfile.TemporaryDirectory() as folder:
            small = CaseIndex(Path(folder) / "index")
            filled(small, most)
            return differing(small, most)
    queries = [parse_query(parameters) for parameters in (*QUERIES, *FILTERS)]
    totals = [0] * len(queries)
    for document in map(document_of, cases(count)):
        for at, query in enumerate(queries):
            totals[at] += holds(query.tree(), document)
    within = Reach(is_all=True)
    return [
        query.text.understood()
        for query, total in zip(queries, totals, strict=True)
        if index.search(query, within).total != total
    ]


def show(figures: dict[str, object]) -> None:
    table = Table("query", "cases", "p95 ms", "p95 CPU ms")
    for row in figures["searches"]:  # type: ignore[attr-defined]
        asked = " ".join(f"{name}={value}" for name, value in row["query"].items())
        table.add_row(asked, str(row["total"]), f"{row['wall_p95_ms']:.1f}", f"{row['cpu_p95_ms']:.1f}")
    console = Console(width=130)
    console.print(table)
    console.print({name: value for name, value in figures.items() if name != "searches"})


if __name__ == "__main__":
    main()
