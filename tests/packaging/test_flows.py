"""The NetworkPolicies let through what the table of flows says, and nothing else."""

from collections.abc import Iterator
from typing import Any

import pytest

from k8s import flows
from k8s.check import OVERLAYS, WORKLOADS, pod_of
from tests.packaging.test_manifests import Manifest, objects

OUTSIDE = {
    "kube-system": flows.NAMES,
    "ingress-nginx": flows.INGRESS,
    "monitoring": flows.MONITORING,
    "jmid-rabbitmq": flows.BROKER,
    "jmid-mongodb-svc": flows.DOCUMENTS,
}
BLOCKS = {
    ("in", "10.0.0.0/8"): flows.HOSPITAL,
    ("out", "10.0.0.0/8"): flows.BLOBS,
    ("out", "0.0.0.0/0"): flows.CENTRE,
}
Way = tuple[str, str, tuple[str, ...]]


def name_of(workload: Manifest) -> str:
    labels = pod_of(workload)["metadata"]["labels"]
    return str(labels.get("app.kubernetes.io/component", labels["app.kubernetes.io/name"].removeprefix("jmid-")))


def peers(rule: dict[str, Any], side: str, direction: str) -> Iterator[str]:
    """Yield what the peers of a rule are in the table's words."""
    for peer in rule[side]:
        if "ipBlock" in peer:
            yield BLOCKS[direction, peer["ipBlock"]["cidr"]]
            continue
        selector = peer.get("namespaceSelector") or peer["podSelector"]
        for value in selector.get("matchLabels", {}).values():
            yield OUTSIDE.get(value, value)
        for expression in selector.get("matchExpressions", ()):
            assert expression["operator"] == "In"
            yield from expression["values"]


def ports(rule: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(each["port"]) + (" UDP" if each["protocol"] == "UDP" else "") for each in rule["ports"])


def ways(overlay: str) -> tuple[set[Way], set[Way]]:
    """Return what comes in and what goes out, by the policies: from, to, ports."""
    names = {name_of(each) for each in objects(overlay) if each["kind"] in WORKLOADS}
    came, went = set[Way](), set[Way]()
    for policy in (each["spec"] for each in objects(overlay) if each["kind"] == "NetworkPolicy"):
        assert policy["policyTypes"] == ["Ingress", "Egress"]
        labels = policy["podSelector"]["matchLabels"]
        own = labels.get("app.kubernetes.io/component", labels["app.kubernetes.io/name"].removeprefix("jmid-"))
        assert own in names
        came |= {(peer, own, ports(rule)) for rule in policy.get("ingress", ()) for peer in peers(rule, "from", "in")}
        went |= {(own, peer, ports(rule)) for rule in policy["egress"] for peer in peers(rule, "to", "out")}
    return came, went


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_policies_are_the_table(overlay: str) -> None:
    services = {name_of(each) for each in objects(overlay) if each["kind"] in WORKLOADS}
    table = {(flow.from_, flow.to, flow.ports) for flow in flows.FLOWS if flow.overlay == overlay}

    came, went = ways(overlay)

    assert came == {way for way in table if way[1] in services}
    assert went == {way for way in table if way[0] in services}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_pod_has_a_policy(overlay: str) -> None:
    workloads = sorted(name_of(each) for each in objects(overlay) if each["kind"] in WORKLOADS)
    policies = sorted(
        each["metadata"]["name"].removeprefix("jmid-") for each in objects(overlay) if each["kind"] == "NetworkPolicy"
    )

    assert policies == workloads


def test_a_gateway_is_reached_from_outside_by_its_senders_alone_and_reaches_the_centre_alone() -> None:
    blocks = {flows.HOSPITAL, flows.CENTRE, flows.BLOBS}
    outside = {(f.from_, f.to) for f in flows.FLOWS if f.overlay == "gateway" and {f.from_, f.to} & blocks}

    assert {way for way in outside if flows.BLOBS not in way} == {(flows.HOSPITAL, "ingest"), ("linker", flows.CENTRE)}
