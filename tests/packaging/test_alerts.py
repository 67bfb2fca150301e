"""Each alert in Prometheus' own promtool: it fires when it should, is silent otherwise, and asks for what there is."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.flow.inside import running
from tests.packaging.test_manifests import ROOT, alerts

PROMTOOL = shutil.which("promtool") or ""
with_promtool = pytest.mark.skipif(not PROMTOOL, reason="promtool is not installed (Debian: prometheus)")
POD = 'namespace="n",pod="p"'


class State(NamedTuple):
    """What is stored, and when it is looked at. series: in promtool's notation, a value every 30 s.  at: such as 5m."""

    series: dict[str, str]
    at: str


def figure(name: str, role: str = "gateway", service: str = "linker") -> str:
    return f'jmid_figure{{{POD},role="{role}",service="{service}",figure="{name}"}}'


def metric(name: str, **labels: str) -> str:
    return (
        f"{name}{{{','.join([POD, *(f'{key}={value!r}'.replace(chr(39), chr(34)) for key, value in labels.items())])}}}"
    )


def check(name: str) -> str:
    return metric("jmid_ready_check", check=name)


TASK = {"role": "gateway", "service": "linker", "task": "deliver"}
KNOWN = metric("jmid_figures_known", role="gateway", service="linker")
DEAD, READY = (metric("jmid_queue_messages", queue="gateway:linker", state=state) for state in ("dead", "ready"))
FREE, RESERVE = metric("jmid_disk_free_bytes"), metric("jmid_disk_reserve_bytes")
MEMORY, LIMIT = metric("jmid_memory_bytes"), metric("jmid_memory_limit_bytes")
DAMAGED = metric("jmid_damaged_total", service="archive")
REPLACED = metric("jmid_workers_replaced_total", why="time")
RESTARTS, WAITING = metric("jmid_task_restarts_total", **TASK), metric("jmid_task_waiting", **TASK)
UNDELIVERED, UNPUBLISHED = figure("oldest undelivered instances, seconds"), figure("oldest not published, seconds")
KEPT = figure("bytes above the mark that may not go", "centre", "archive")
WITHDRAWING = 'jmid_figure{figure="withdrawals_open", service="linker"}'

FIRES: dict[str, list[State]] = {
    "JmidNothingScraped": [State({"up": "1x60"}, "11m")],
    "JmidConsumerMissing": [State({check("gateway:linker:consumer"): "0x20"}, "3m")],
    "JmidCheckFailing": [State({check("disk"): "0x20"}, "6m"), State({check("gateway:bus"): "0x20"}, "6m")],
    "JmidTaskWaiting": [State({WAITING: "1x20"}, "6m")],
    "JmidTaskRestarting": [State({RESTARTS: "0+1x40"}, "15m")],
    "JmidDeadLetters": [State({DEAD: "0x4 1x20"}, "5m")],
    "JmidQueueBacklog": [State({READY: "600x80"}, "31m")],
    "JmidSetAside": [
        State({figure("set aside"): "1x80"}, "31m"),
        State({figure("cases_set_aside", "centre", "search"): "1x80"}, "31m"),
    ],
    "JmidUndelivered": [State({UNDELIVERED: "4000x20"}, "6m")],
    "JmidLedgerDiffers": [
        State({figure("ledger differences", service="ingest"): "2x40"}, "11m"),
        State({figure("not at the centre as confirmed"): "1x40"}, "11m"),
    ],
    "JmidNotCompared": [State({figure("last compared with the centre, seconds"): "180000x40"}, "11m")],
    "JmidCentreAway": [State({figure("centre_away_tries"): "3x80"}, "31m")],
    "JmidDeliveryFailed": [State({figure("failed"): "1x80"}, "31m")],
    "JmidUnpublished": [State({UNPUBLISHED: "400x20"}, "6m")],
    "JmidFeedsNotReached": [State({figure("feeds not reached, seconds", "centre", "search"): "400x20"}, "6m")],
    "JmidFiguresUnknown": [State({KNOWN: "0x40"}, "11m")],
    "JmidDiskLow": [State({FREE: "150x20", RESERVE: "100x20"}, "6m")],
    "JmidMemoryHigh": [State({MEMORY: "95x40", LIMIT: "100x40"}, "11m")],
    "JmidDamagedAtRest": [State({DAMAGED: "0x10 1x10"}, "7m"), State({DAMAGED: "_x4 1x20"}, "4m")],
    "JmidWorkersReplaced": [State({REPLACED: "0+1x60"}, "30m")],
    "JmidRoomKept": [State({KEPT: "5x80"}, "31m")],
    "JmidWithdrawalHangs": [State({WITHDRAWING: "1x200"}, "61m")],
}
SILENT: dict[str, list[State]] = {
    "JmidNothingScraped": [State({"up": "1x60"}, "9m"), State({check("disk"): "1x60"}, "11m")],
    "JmidConsumerMissing": [
        State({check("gateway:linker:consumer"): "1x20"}, "3m"),
        State({check("gateway:linker:consumer"): "0x20"}, "1m"),
        State({check("disk"): "0x20"}, "3m"),
    ],
    "JmidCheckFailing": [
        State({check("disk"): "1x20"}, "6m"),
        State({check("disk"): "0x20"}, "4m"),
        State({check("gateway:linker:consumer"): "0x20"}, "6m"),
    ],
    "JmidTaskWaiting": [State({WAITING: "0x20"}, "6m"), State({WAITING: "1x20"}, "4m")],
    "JmidTaskRestarting": [State({RESTARTS: "0x10 2x40"}, "15m")],
    "JmidDeadLetters": [State({DEAD: "0x20", READY: "5x20"}, "5m")],
    "JmidQueueBacklog": [
        State({READY: "600x30 400 600x60"}, "31m"),
        State({READY: "600x4"}, "2m"),  # it has held them for two minutes
        State({DEAD: "600x80"}, "31m"),
    ],
    "JmidSetAside": [State({figure("set aside"): "0x80"}, "31m"), State({figure("set aside"): "1x20 0x60"}, "31m")],
    "JmidUndelivered": [State({UNDELIVERED: "3000x20"}, "6m")],
    "JmidLedgerDiffers": [
        State({figure("ledger differences", service="ingest"): "0x40"}, "11m"),
        State({figure("ledger differences", service="ingest"): "2x10 0x40"}, "11m"),
    ],
    "JmidNotCompared": [State({figure("last compared with the centre, seconds"): "90000x40"}, "11m")],
    "JmidCentreAway": [State({figure("centre_away_tries"): "3x20 0x60"}, "31m")],
    "JmidDeliveryFailed": [
        State({figure("failed"): "0x80"}, "31m"),
        State({figure("failed", "centre"): "1x80"}, "31m"),
    ],
    "JmidUnpublished": [State({UNPUBLISHED: "200x20"}, "6m")],
    "JmidFeedsNotReached": [State({figure("feeds not reached, seconds"): "100x20"}, "6m")],
    "JmidFiguresUnknown": [State({KNOWN: "0x10 1x30"}, "11m")],
    "JmidDiskLow": [State({FREE: "250x20", RESERVE: "100x20"}, "6m")],
    "JmidMemoryHigh": [
        State({MEMORY: "85x40", LIMIT: "100x40"}, "11m"),
        State({MEMORY: "95x40", LIMIT: "0x40"}, "11m"),  # it has no limit
    ],
    "JmidDamagedAtRest": [State({DAMAGED: "0x20"}, "7m"), State({DAMAGED: "0x10 1x400"}, "3h")],
    "JmidWorkersReplaced": [State({REPLACED: "0x10 2x60"}, "30m")],
    "JmidRoomKept": [State({KEPT: "0x80"}, "31m"), State({KEPT: "5x20 0x60"}, "31m")],
    "JmidWithdrawalHangs": [State({WITHDRAWING: "1x200"}, "55m"), State({WITHDRAWING: "1x50 0x150"}, "61m")],
}


def names() -> list[str]:
    return [rule["alert"] for rule in alerts()]


def promtool(*arguments: str, folder: Path) -> tuple[int, str]:
    ended = subprocess.run([PROMTOOL, *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    return ended.returncode, ended.stdout + ended.stderr


def write_rules(folder: Path) -> None:
    """Write the rules as Prometheus reads them; its operator takes them out of their Kubernetes object likewise."""
    rules = yaml.safe_load((ROOT / "k8s/alerts/rules.yaml").read_text(encoding="utf-8"))
    (folder / "rules.yml").write_text(yaml.safe_dump({"groups": rules["spec"]["groups"]}), encoding="utf-8")


def tried(alert: str, state: State, *, fires: bool) -> dict[str, Any]:
    """Return a test group: what is stored, and whether the alert is firing then."""
    expr = f'count(ALERTS{{alertname="{alert}",alertstate="firing"}})'
    return {
        "interval": "30s",
        "input_series": [{"series": series, "values": values} for series, values in state.series.items()],
        "promql_expr_test": [
            {"expr": expr, "eval_time": state.at, "exp_samples": [{"labels": "{}", "value": 1}] if fires else []}
        ],
    }


def test_each_alert_has_a_runbook_that_says_what_it_means_and_what_to_do() -> None:
    text = (ROOT / "docs/runbooks.md").read_text("utf-8")
    pages = dict(part.split("\n", 1) for part in text.split("\n## ")[1:])

    assert list(pages) == names()
    for rule in alerts():
        assert rule["annotations"]["runbook"] == f"docs/runbooks.md#{rule['alert'].lower()}"
        page = pages[rule["alert"]]
        assert "**Means.**" in page
        assert "**Over when**" in page
        assert "**Do.**" in page or "**Look and do.**" in page


@with_promtool
def test_the_rules_are_ones_that_prometheus_takes(tmp_path: Path) -> None:
    write_rules(tmp_path)

    code, text = promtool("check", "rules", "rules.yml", folder=tmp_path)

    assert code == 0, text
    assert f"{len(names())} rules found" in text


@pytest.mark.slow
@with_promtool
def test_each_alert_fires_when_it_should_and_is_silent_otherwise(tmp_path: Path) -> None:
    write_rules(tmp_path)
    groups = [
        tried(alert, state, fires=fires)
        for states, fires in ((FIRES, True), (SILENT, False))
        for alert in names()
        for state in states[alert]
    ]
    tests = {"rule_files": ["rules.yml"], "evaluation_interval": "30s", "tests": groups}
    (tmp_path / "tests.yml").write_text(yaml.safe_dump(tests), encoding="utf-8")

    code, text = promtool("test", "rules", "tests.yml", folder=tmp_path)

    assert code == 0, text


def test_each_alert_is_tried_both_ways() -> None:
    assert set(FIRES) == set(SILENT) == set(names())


def matches(sample_labels: dict[str, str], selector: str) -> bool:
    """Say whether a sample has what the braces of an expression ask for."""
    for label, operator, value in re.findall(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"', selector):
        own = sample_labels.get(label, "")
        is_same = bool(re.fullmatch(value, own)) if "~" in operator else own == value
        if is_same is operator.startswith("!"):
            return False
    return True


async def test_what_an_alert_asks_for_is_what_the_services_show(tmp_path: Path) -> None:
    asked = {each for rule in alerts() for each in re.findall(r"\b(jmid_\w+)(?:\{([^}]*)\})?", rule["expr"])}
    async with running(tmp_path / "home") as system, system.client.get("/-/metrics") as answer:
        families: list[Metric] = list(text_string_to_metric_families(await answer.text()))

    samples = [sample for family in families for sample in family.samples]
    for name, selector in sorted(asked):
        found = [sample for sample in samples if sample.name == name]
        assert found, name
        assert any(matches(sample.labels, selector) for sample in found), f"{name}{{{selector}}}"
