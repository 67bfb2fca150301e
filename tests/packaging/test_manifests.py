"""The manifests fit the code: names of metrics, queues, paths and settings that Kubernetes is told are ours."""

import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

import shared.metrics
from k8s.check import OVERLAYS, WORKLOADS, build, pod_of, scaling_faults
from services.__main__ import SERVICES
from services.ingest.peers.listed import read_peers
from services.ingest.settings import IngestSettings
from shared.runtime.backup_settings import BackupSettings
from shared.settings import settings_of
from shared.web.access.gateway_routes import GATEWAY_ROUTES

ROOT = Path(__file__).parents[2]
Manifest = dict[str, Any]
INSIDE = ("/-/metrics", "/-/status", "/-/ready", "/-/live", "/-/dead", "/-/dead.json")
PEOPLE = [
    ("gateway", "/gateway/quarantine/1/images", "jmid-anonymizer"),
    ("gateway", "/api/gateway/quarantine", "jmid-anonymizer"),
    ("gateway", "/gateway/audit", "jmid-anonymizer"),
    ("gateway", "/api/gateway/audit", "jmid-anonymizer"),
    ("gateway", "/gateway/links", "jmid-linker"),
    ("gateway", "/gateway/reports/1", "jmid-linker"),
    ("gateway", "/api/gateway/deliveries", "jmid-linker"),
    ("gateway", "/gateway/receipts", "jmid-ingest"),
    ("gateway", "/ingest/receipts/1", "jmid-ingest"),
    ("gateway", "/ingest/dicom-web/studies", "jmid-ingest"),
    ("gateway", "/static/jmid.css", "jmid-anonymizer"),
    ("gateway", "/-/language/ja", "jmid-anonymizer"),
    ("gateway", "/-/theme/dark", "jmid-anonymizer"),
    ("gateway", "/-/sign-in/back", "jmid-anonymizer"),
    ("centre", "/", "jmid-search"),
    ("centre", "/cases/1", "jmid-search"),
    ("centre", "/counts", "jmid-search"),
    ("centre", "/api/cases/1", "jmid-search"),
    ("centre", "/api/counts", "jmid-search"),
    ("centre", "/static/jmid.css", "jmid-search"),
    ("centre", "/-/language/ja", "jmid-search"),
    ("centre", "/-/theme/dark", "jmid-search"),
    ("centre", "/-/sign-in/back", "jmid-search"),
    ("centre", "/-/sign-out", "jmid-search"),
    ("centre", "/dicom-web/studies", "jmid-archive"),
    ("centre", "/viewer/viewer", "jmid-archive"),
    ("centre", "/api/reports", "jmid-linker"),
    ("centre", "/api/links", "jmid-linker"),
    ("centre", "/api/recalls", "jmid-linker"),
    ("centre", "/api/patients/1", "jmid-linker"),
    ("gateway", "/api/gateway/merges", "jmid-linker"),
]


@cache
def objects(overlay: str) -> tuple[Manifest, ...]:
    return tuple(build(overlay))


def one(overlay: str, kind: str, name: str) -> Manifest:
    (found,) = (each for each in objects(overlay) if each["kind"] == kind and each["metadata"]["name"] == name)
    return found


def backend(overlay: str, path: str) -> str | None:
    """Return the Service that the Ingress sends a path to: the longest rule that fits, by whole segments."""
    rules = one(overlay, "Ingress", "jmid")["spec"]["rules"][0]["http"]["paths"]
    fitting = [
        rule
        for rule in rules
        if path == rule["path"] or (rule["pathType"] == "Prefix" and path.startswith(rule["path"].rstrip("/") + "/"))
    ]
    longest = max(fitting, key=lambda rule: len(rule["path"]), default=None)
    return longest and str(longest["backend"]["service"]["name"])


@pytest.mark.parametrize("route", sorted(each for each in GATEWAY_ROUTES if "/enrolment" not in each))
def test_what_a_gateway_asks_of_the_centre_comes_through_its_ingress(route: str) -> None:
    assert backend("centre", route.partition(" ")[2]) in ("jmid-archive", "jmid-linker")


def alerts() -> list[Manifest]:
    rules = yaml.safe_load((ROOT / "k8s/alerts/rules.yaml").read_text(encoding="utf-8"))
    return [rule for group in rules["spec"]["groups"] for rule in group["rules"]]


def labels_by_metric() -> dict[str, set[str]]:
    """Return the labels of each of our metrics, by the name that Prometheus stores it under."""
    known = {}
    for collector in vars(shared.metrics).values():
        if isinstance(collector, MetricWrapperBase):
            (family,) = collector.describe()
            stored = f"{family.name}_total" if family.type == "counter" else family.name
            known[stored] = set(collector._labelnames)
    return known


@pytest.mark.parametrize(("overlay", "path", "service"), PEOPLE)
def test_the_ingress_leads_people_and_programs_to_the_service(overlay: str, path: str, service: str) -> None:
    assert backend(overlay, path) == service


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("path", INSIDE)
def test_the_ingress_leads_nobody_to_metrics_and_health(overlay: str, path: str) -> None:
    assert backend(overlay, path) is None


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_policy_of_each_service_behind_the_ingress_lets_its_controller_in(overlay: str) -> None:
    controller = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}}
    for name in {service for place, _, service in PEOPLE if place == overlay}:
        rules = one(overlay, "NetworkPolicy", name)["spec"]["ingress"]

        let_in = [rule for rule in rules if controller in rule["from"]]

        assert [port["port"] for rule in let_in for port in rule["ports"]] == [8080], name


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_no_address_outside_the_cluster_reaches_the_port_of_the_metrics(overlay: str) -> None:
    for policy in (each for each in objects(overlay) if each["kind"] == "NetworkPolicy"):
        for rule in policy["spec"]["ingress"]:
            outside = any("ipBlock" in source for source in rule["from"])
            assert not (outside and 8080 in [port["port"] for port in rule["ports"]]), policy["metadata"]["name"]
    for service in (each for each in objects(overlay) if each["kind"] == "Service"):
        if service["spec"].get("type", "ClusterIP") != "ClusterIP":
            assert "http" not in [port["targetPort"] for port in service["spec"]["ports"]]


def test_people_without_a_certificate_do_not_reach_identified_data() -> None:
    annotations = one("gateway", "Ingress", "jmid")["metadata"]["annotations"]

    assert annotations["nginx.ingress.kubernetes.io/auth-tls-verify-client"] == "on"
    assert annotations["nginx.ingress.kubernetes.io/auth-tls-secret"].startswith("jmid-gateway/")


def test_c_store_and_mllp_are_exposed_and_let_in_on_the_ports_that_ingest_listens_on() -> None:
    pod = one("gateway", "Deployment", "jmid-ingest")["spec"]["template"]["spec"]["containers"][0]
    environ = {each["name"]: each["value"] for each in pod["env"]}
    listened = {int(environ["JMID_INGEST_DIMSE_PORT"]), int(environ["JMID_INGEST_MLLP_PORT"])}
    names = {port["name"]: port["containerPort"] for port in pod["ports"]}
    exposed = one("gateway", "Service", "jmid-external-ingest")["spec"]["ports"]
    rules = one("gateway", "NetworkPolicy", "jmid-ingest")["spec"]["ingress"]

    assert {names[port["targetPort"]] for port in exposed} == listened
    assert listened in [{port["port"] for port in rule["ports"]} for rule in rules]


def test_the_list_of_peers_is_mounted_where_ingest_reads_it_and_names_nobody_yet(tmp_path: Path) -> None:
    spec = one("gateway", "Deployment", "jmid-ingest")["spec"]["template"]["spec"]
    environ = {each["name"]: each["value"] for each in spec["containers"][0]["env"]}
    (mount,) = (each for each in spec["containers"][0]["volumeMounts"] if each["name"] == "peers")
    (volume,) = (each for each in spec["volumes"] if each["name"] == "peers")
    ((name, text),) = one("gateway", "ConfigMap", volume["configMap"]["name"])["data"].items()
    (tmp_path / name).write_text(text)

    listed = read_peers(IngestSettings(ae_peers=tmp_path / name))

    assert environ["JMID_INGEST_AE_PEERS"] == f"{mount['mountPath']}/{name}"
    networks = {str(network) for peer in (*listed.ae, *listed.mllp) for network in peer.networks}
    assert networks == {"192.0.2.0/24"}


def test_every_scratch_volume_has_a_bound_and_the_csv_folder_is_shared() -> None:
    for overlay in OVERLAYS:
        for each in objects(overlay):
            if each["kind"] in WORKLOADS:
                for volume in pod_of(each)["spec"]["volumes"]:
                    assert "emptyDir" not in volume or "sizeLimit" in volume["emptyDir"]
    claim = one("gateway", "PersistentVolumeClaim", "jmid-csv-ingest")
    mounted = one("gateway", "Deployment", "jmid-ingest")["spec"]["template"]["spec"]["volumes"]

    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    assert claim["metadata"]["name"] in [each.get("persistentVolumeClaim", {}).get("claimName") for each in mounted]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_each_queue_but_that_of_search_scales_its_service(overlay: str) -> None:
    scaled = {
        each["scaleTargetRef"]["name"]: each["triggers"][0]["metadata"]["queueName"]
        for each in (o["spec"] for o in objects(overlay) if o["kind"] == "ScaledObject")
    }

    consuming = [s.name for s in SERVICES if s.role.value == overlay and s.takes and s.name != "search"]

    assert scaled == {f"jmid-{name}": f"jmid.{overlay}.{name}" for name in consuming}


def test_the_check_finds_a_scaled_object_without_its_deployment() -> None:
    scaled = one("gateway", "ScaledObject", "jmid-anonymizer")

    assert list(scaling_faults(scaled, [scaled])) == ["scales nothing that is here", "has a trigger without a way in"]


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_an_alert_asks_for_metrics_and_labels_that_exist(rule: Manifest) -> None:
    known = labels_by_metric()
    asked = re.findall(r"\b(jmid_\w+)(?:\{([^}]*)\})?", rule["expr"])

    assert asked
    for name, selector in asked:
        assert name in known, name
        assert set(re.findall(r"(\w+)\s*[=!]~?", selector)) <= known[name]


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_an_alert_keeps_only_labels_that_its_metric_or_its_scrape_has(rule: Manifest) -> None:
    ((name, _), *_) = re.findall(r"\b(jmid_\w+)(\b)", rule["expr"])
    kept = re.search(r"by \(([^)]*)\)", rule["expr"])

    named = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    labels = set(kept[1].split(", ")) if kept else labels_by_metric()[name] | {"namespace", "pod"}

    assert labels <= labels_by_metric()[name] | {"namespace", "pod"}
    assert named <= labels


def test_the_figures_that_alerts_ask_for_are_ones_that_a_service_has() -> None:
    sources = "".join(path.read_text() for folder in ("services", "shared") for path in (ROOT / folder).rglob("*.py"))
    selectors = [each for rule in alerts() for each in re.findall(r'figure=(~?)"([^"]+)"', rule["expr"])]
    patterns = [text if kind else re.escape(text) for kind, text in selectors]
    named = set(re.findall(r'"([a-z][a-z_, -]+)"', sources))

    assert patterns
    for pattern in (each for whole in patterns for each in whole.split("|")):
        assert any(re.fullmatch(pattern, name) for name in named | {"failed"}), pattern


WATCHED = {
    "dead letters": r"state=\"dead\"",
    "backlog": r"state=\"ready\"",
    "set aside": "set aside",
    "age of the oldest undelivered": "oldest undelivered",
    "age of the oldest unpublished": "oldest not published",
    "feed": "feeds not reached",
    "outages": "centre_away_tries",
    "memory": "jmid_memory_bytes",
    "disk": "jmid_disk_free_bytes",
    "task restarts": "jmid_task_restarts_total",
    "readiness": "jmid_ready_check",
    "damaged bytes": "jmid_damaged_total",
    "workers that were ended": "jmid_workers_replaced_total",
}


@pytest.mark.parametrize("what", WATCHED)
def test_there_is_an_alert_for_each_thing_that_can_stand_still(what: str) -> None:
    assert any(re.search(WATCHED[what], rule["expr"]) for rule in alerts())


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_secret_that_something_reads_is_made_by_something(overlay: str) -> None:
    """By External Secrets, cert-manager or an operator; jmid-ca alone is put there by a person."""
    made = {each["spec"]["target"]["name"] for each in objects(overlay) if each["kind"] == "ExternalSecret"}
    made |= {each["spec"]["secretName"] for each in objects(overlay) if each["kind"] == "Certificate"}
    read = set(
        re.findall(r"(?:secretName|secretRef|passwordSecretRef)'?: (?:\{'name': )?'([\w-]+)'", str(objects(overlay)))
    )
    read |= {
        trigger["spec"]["secretTargetRef"][0]["name"]
        for trigger in objects(overlay)
        if trigger["kind"] == "TriggerAuthentication"
    }
    read |= {
        each["metadata"]["annotations"][key].partition("/")[2]
        for each in objects(overlay)
        if each["kind"] == "Ingress"
        for key in each["metadata"].get("annotations", {})
        if key.endswith("auth-tls-secret")
    }

    assert read - {"jmid-ca"} == made
    assert len(made) > 5


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_certificate_is_for_the_names_of_the_ingress(overlay: str) -> None:
    (tls,) = one(overlay, "Ingress", "jmid")["spec"]["tls"]
    certificate = one(overlay, "Certificate", "jmid")["spec"]

    assert (certificate["dnsNames"], certificate["secretName"]) == (tls["hosts"], tls["secretName"])
    assert certificate["issuerRef"]["name"] == one(overlay, "Issuer", "jmid")["metadata"]["name"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_documents_are_copied_each_night_and_kept_as_long_as_a_backup(overlay: str) -> None:
    job = one(overlay, "CronJob", "jmid-backup")["spec"]
    (container,) = pod_of({"kind": "CronJob", "spec": job})["spec"]["containers"]
    text = container["command"][-1]
    (keep,) = (
        each.default for each in settings_of(BackupSettings, "JMID_BACKUP") if each.variable == "JMID_BACKUP_KEEP_DAYS"
    )

    assert job["concurrencyPolicy"] == "Forbid"
    assert "--oplog" in text
    assert f"-mtime +{int(keep) - 1} " in text
    assert subprocess.run(["sh", "-n", "-c", text], check=False).returncode == 0
    assert f"mongo:{one(overlay, 'MongoDBCommunity', 'jmid-mongodb')['spec']['version']}" == container["image"]
