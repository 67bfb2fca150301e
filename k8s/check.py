"""Checks the manifests offline: kubectl kustomize builds each overlay, kubernetes-validate knows the schemas.

Custom resources have no bundled schema: of those, kind and version are held against the operators' that we name.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml

HERE = Path(__file__).parent
KUBERNETES = "1.34"
OVERLAYS = ("gateway", "centre")
CUSTOM = {
    ("rabbitmq.com/v1beta1", "RabbitmqCluster"),
    ("mongodbcommunity.mongodb.com/v1", "MongoDBCommunity"),
    ("keda.sh/v1alpha1", "ScaledObject"),
    ("keda.sh/v1alpha1", "TriggerAuthentication"),
    ("cert-manager.io/v1", "Certificate"),
    ("cert-manager.io/v1", "Issuer"),
    ("external-secrets.io/v1", "ExternalSecret"),
    ("monitoring.coreos.com/v1", "PodMonitor"),
    ("monitoring.coreos.com/v1", "PrometheusRule"),
}
WORKLOADS = ("Deployment", "StatefulSet", "CronJob")
PROBES = {"livenessProbe", "readinessProbe", "startupProbe"}
MOST_REPLICAS = 4
"""With so many of each service tests/flow/test_replicas.py was run."""


def main() -> int:
    """Print every fault found; return how many."""
    faults = [fault for overlay in OVERLAYS for fault in _faults(overlay)]
    for fault in faults:
        print(fault)
    print(f"Kubernetes manifests: {len(faults)} faults in {', '.join(OVERLAYS)}")
    return min(len(faults), 1)


def build(overlay: str) -> list[dict[str, Any]]:
    """Return the objects that kubectl kustomize makes of an overlay."""
    kubectl = Path(sys.executable).with_name("kubectl")
    command = [str(kubectl), "kustomize", str(HERE / "overlays" / overlay)]
    made = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    return [each for each in yaml.safe_load_all(made.stdout) if each]


def _faults(overlay: str) -> Iterator[str]:
    objects = build(overlay)
    for each in objects:
        name = f"{overlay}: {each['kind']} {each['metadata']['name']}"
        if (each["apiVersion"], each["kind"]) in CUSTOM:
            yield from (f"{name}: {fault}" for fault in (*scaling_faults(each, objects), *alert_faults(each)))
            continue
        try:
            kubernetes_validate.validate(each, KUBERNETES, strict=True)
        except kubernetes_validate.ValidationError as error:
            yield f"{name}: {error.message}"
        except kubernetes_validate.SchemaNotFoundError:
            yield f"{name}: no schema of {each['apiVersion']} in Kubernetes {KUBERNETES}"
        yield from (f"{name}: {fault}" for fault in (*_not_hardened(each), *_not_selected(each, objects)))
        yield from (f"{name}: {fault}" for fault in scaling_faults(each, objects))


def pod_of(workload: dict[str, Any]) -> dict[str, Any]:
    """Return the template of a workload's pods."""
    spec: dict[str, Any] = workload["spec"]
    template: dict[str, Any] = (spec["jobTemplate"]["spec"] if workload["kind"] == "CronJob" else spec)["template"]
    return template


def _not_hardened(each: dict[str, Any]) -> Iterator[str]:
    """What every workload of ours must have (Pod Security Standard «restricted», and probes)."""
    if each["kind"] not in WORKLOADS:
        return
    pod = pod_of(each)["spec"]
    if not pod.get("securityContext", {}).get("runAsNonRoot"):
        yield "may run as root"
    if pod.get("securityContext", {}).get("seccompProfile") != {"type": "RuntimeDefault"}:
        yield "may make any system call"
    if pod.get("automountServiceAccountToken") is not False:
        yield "has a token of the cluster"
    for container in pod["containers"]:
        security = container.get("securityContext", {})
        if not security.get("readOnlyRootFilesystem"):
            yield "has a writable root"
        if security.get("allowPrivilegeEscalation") is not False:
            yield "may gain privileges"
        if security.get("capabilities") != {"drop": ["ALL"]}:
            yield "has capabilities"
        if each["kind"] != "CronJob" and not container.keys() >= PROBES:
            yield "lacks a probe"
        if "memory" not in container.get("resources", {}).get("limits", {}):
            yield "has no bound on memory"


def _not_selected(each: dict[str, Any], objects: list[dict[str, Any]]) -> Iterator[str]:
    """Every Service, budget and policy must select exactly one workload, and be one of its own."""
    spec = each.get("spec", {})
    wanted = {
        "Service": lambda: spec["selector"],
        "PodDisruptionBudget": lambda: spec["selector"]["matchLabels"],
        "NetworkPolicy": lambda: spec["podSelector"]["matchLabels"],
    }.get(each["kind"])
    if wanted is None:
        return
    pods = [pod_of(o)["metadata"]["labels"] for o in objects if o["kind"] in WORKLOADS]
    found = sum(wanted().items() <= labels.items() for labels in pods)
    if found != 1:
        yield f"selects {found} workloads"


def scaling_faults(each: dict[str, Any], objects: list[dict[str, Any]]) -> Iterator[str]:
    """What scales must name a Deployment that sets no number of its own, and its triggers a way in that exists."""
    if each["kind"] not in ("ScaledObject", "HorizontalPodAutoscaler"):
        return
    spec, named = each["spec"], {(o["kind"], o["metadata"]["name"]): o for o in objects}
    target = named.get(("Deployment", spec["scaleTargetRef"]["name"]))
    if target is None:
        yield "scales nothing that is here"
    elif "replicas" in target["spec"]:
        yield "scales a Deployment that sets its replicas"
    least, most = (spec.get(f"{end}ReplicaCount", spec.get(f"{end}Replicas")) for end in ("min", "max"))
    if not 2 <= least <= most <= MOST_REPLICAS:
        yield f"has no range between 2 and {MOST_REPLICAS}"
    for trigger in spec.get("triggers", ()):
        if ("TriggerAuthentication", trigger["authenticationRef"]["name"]) not in named:
            yield "has a trigger without a way in"


def alert_faults(each: dict[str, Any]) -> Iterator[str]:
    """Every alert must have an expression, a severity and a summary."""
    if each["kind"] != "PrometheusRule":
        return
    for rule in (rule for group in each["spec"]["groups"] for rule in group["rules"]):
        if not (rule.get("expr") and rule.get("labels", {}).get("severity") and rule["annotations"].get("summary")):
            yield f"{rule.get('alert')} lacks its expression, severity or summary"


if __name__ == "__main__":
    sys.exit(main())
