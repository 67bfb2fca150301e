"""The dashboard asks for metrics that there are, by labels that they have, each panel with its unit."""

import json
import re

import pytest

from k8s.check import OVERLAYS
from tests.packaging.test_manifests import ROOT, labels_by_metric, one

DASHBOARD = json.loads((ROOT / "k8s/dashboard/jmid.json").read_text(encoding="utf-8"))
OF_PROMETHEUS = {"namespace", "pod", "le"}
UNITS = {"none", "ops", "s", "bytes", "percentunit"}  # Grafana's ids


def expressions() -> list[str]:
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


def test_each_panel_has_a_title_a_unit_and_a_place_of_its_own() -> None:
    panels = DASHBOARD["panels"]

    assert len({panel["title"] for panel in panels}) == len({panel["id"] for panel in panels}) == len(panels)
    assert {panel["fieldConfig"]["defaults"]["unit"] for panel in panels} <= UNITS
    assert len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}) == len(panels)


@pytest.mark.parametrize("expression", expressions())
def test_what_a_panel_asks_for_exists(expression: str) -> None:
    known = labels_by_metric()
    for name, selector in re.findall(r"\b(jmid_\w+)\{([^}]*)\}", expression):
        labels = known[re.sub(r"_(bucket|count)$", "", name)]
        grouped = {each for by in re.findall(r"by \(([^)]*)\)", expression) for each in by.split(", ")}

        assert set(re.findall(r"(\w+)=", selector)) <= labels | OF_PROMETHEUS
        assert grouped <= labels | OF_PROMETHEUS
        assert 'namespace="$namespace"' in selector


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_each_place_brings_it_to_grafana(overlay: str) -> None:
    brought = one(overlay, "ConfigMap", "jmid-dashboard")

    assert brought["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(brought["data"]["jmid.json"]) == DASHBOARD
