"""Who talks to whom on Kubernetes: docs/operations.md has it as a table, and the NetworkPolicies say the same. Pure.

tests/packaging/test_flows.py reads the policies of the built overlays and compares.
"""

from typing import Final, NamedTuple


class Flow(NamedTuple):
    """One way. from_, to: a component of J-MID, or what stands outside of it.  ports: TCP, unless UDP is said."""

    overlay: str
    from_: str
    to: str
    ports: tuple[str, ...]
    what: str


NAMES: Final = "names (kube-dns)"
BROKER: Final = "RabbitMQ"
DOCUMENTS: Final = "MongoDB"
BLOBS: Final = "S3 (10.0.0.0/8)"
HOSPITAL: Final = "senders (10.0.0.0/8)"
CENTRE: Final = "the centre (any address but link-local)"
INGRESS: Final = "ingress-nginx"
MONITORING: Final = "monitoring"
_SERVICES: Final = {
    "gateway": ("ingest", "anonymizer", "linker"),
    "centre": ("linker", "archive", "search"),
}


def _common(overlay: str, service: str) -> tuple[Flow, ...]:
    return (
        Flow(overlay, MONITORING, service, ("8080",), "metrics"),
        Flow(overlay, INGRESS, service, ("8080",), "people and programs, by TLS to the Ingress"),
        Flow(overlay, service, NAMES, ("53 UDP", "53"), "names"),
        Flow(overlay, service, BROKER, ("5672",), "events"),
        Flow(overlay, service, DOCUMENTS, ("27017",), "documents"),
        Flow(overlay, service, BLOBS, ("443", "9000"), "bytes"),
    )


FLOWS: Final = (
    *(flow for overlay, services in _SERVICES.items() for each in services for flow in _common(overlay, each)),
    Flow("gateway", HOSPITAL, "ingest", ("11112", "2575"), "C-STORE; HL7 v2 by MLLP"),
    Flow("gateway", "linker", CENTRE, ("443",), "de-identified Instances and reports, outbound alone"),
    Flow("gateway", "linker", "ingest", ("8080",), "counts of the ledger, for the centre"),
    Flow("centre", "search", "archive", ("8080",), "change feed, metadata"),
    Flow("centre", "search", "linker", ("8080",), "change feed"),
    Flow("centre", "linker", "archive", ("8080",), "Studies that a report waits for"),
    Flow("centre", "archive", "linker", ("8080",), "which images stay"),
    *(Flow(overlay, "backup", NAMES, ("53 UDP", "53"), "names") for overlay in _SERVICES),
    *(Flow(overlay, "backup", DOCUMENTS, ("27017",), "the nightly copy") for overlay in _SERVICES),
)


def rows() -> list[tuple[str, ...]]:
    """Return the table; what every service of a place does is one row."""
    merged: dict[tuple[str, ...], list[str]] = {}
    for flow in FLOWS:
        is_inward = flow.from_ in (MONITORING, INGRESS)
        own, other = (flow.to, flow.from_) if is_inward else (flow.from_, flow.to)
        merged.setdefault((flow.overlay, other, ", ".join(flow.ports), flow.what, str(is_inward)), []).append(own)
    return [
        (overlay, *((other, ", ".join(own)) if inward == "True" else (", ".join(own), other)), ports, what)
        for (overlay, other, ports, what, inward), own in merged.items()
    ]
