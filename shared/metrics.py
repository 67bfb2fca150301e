"""The Prometheus metrics, all in one place. Labels are from closed sets: never a patient's, never a UID.

A counter that an alert looks at with increase() is shown as 0 from the start of whoever counts: a series that begins
at 1 has no increase.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)  # process_resident_memory_bytes, process_open_fds and others

RECEIVED = Counter("jmid_received", "Received by ingest", ["site", "kind", "door"], registry=REGISTRY)
DEIDENTIFIED = Counter("jmid_deidentified", "De-identified", ["kind", "profile"], registry=REGISTRY)
REFUSED = Counter("jmid_refused", "Refused or quarantined", ["service", "kind", "reason"], registry=REGISTRY)
NOT_COLLECTED = Counter(
    "jmid_not_collected", "Left out by the collection rules", ["site", "kind", "rule"], registry=REGISTRY
)
CALLERS_REFUSED = Counter(
    "jmid_callers_refused",
    "DIMSE and MLLP callers that were not let in",
    ["protocol", "peer", "reason"],
    registry=REGISTRY,
)
LINKED = Counter("jmid_linked", "Reports linked to a Study", ["rule"], registry=REGISTRY)
DELIVERED = Counter("jmid_delivered", "Confirmed by the centre", ["kind"], registry=REGISTRY)
RECALLS = Counter("jmid_recalls", "Recalls that this gateway answered", ["outcome"], registry=REGISTRY)
STORED = Counter("jmid_stored", "Instances stored by the archive", ["outcome"], registry=REGISTRY)
DAMAGED = Counter("jmid_damaged", "Stored bytes that are not those that came", ["service"], registry=REGISTRY)
SCRUBBED = Counter("jmid_scrubbed", "Stored bytes that the scrub compared", ["service", "outcome"], registry=REGISTRY)
SCRUBBED_BYTES = Counter("jmid_scrubbed_bytes", "Bytes that the scrub read", ["service"], registry=REGISTRY)
QUEUE = Gauge("jmid_queue_messages", "Messages of a queue", ["queue", "state"], registry=REGISTRY)
HANDLER = Histogram("jmid_handler_seconds", "Time a handler takes", ["service", "topic", "outcome"], registry=REGISTRY)
REQUEST = Histogram("jmid_http_seconds", "Time a request takes", ["service", "method", "status"], registry=REGISTRY)
WORKERS_REPLACED = Counter(
    "jmid_workers_replaced", "Worker processes that were ended and replaced", ["why"], registry=REGISTRY
)
TASK_RESTARTS = Counter(
    "jmid_task_restarts",
    "Long-lived tasks that ended and were started again",
    ["role", "service", "task"],
    registry=REGISTRY,
)
TASKS_WAITING = Gauge(
    "jmid_task_waiting", "1 while a long-lived task does not run", ["role", "service", "task"], registry=REGISTRY
)
FIGURE = Gauge("jmid_figure", "A figure of jmid status", ["role", "service", "figure"], registry=REGISTRY)
READY = Gauge("jmid_ready_check", "1 if this check of /-/ready passes", ["check"], registry=REGISTRY)
FIGURES_KNOWN = Gauge(
    "jmid_figures_known", "1 if every figure of this service could be read", ["role", "service"], registry=REGISTRY
)
DISK_FREE = Gauge("jmid_disk_free_bytes", "Free space of the disk that the home is on", registry=REGISTRY)
DISK_RESERVE = Gauge("jmid_disk_reserve_bytes", "Free space under which this process is not ready", registry=REGISTRY)
MEMORY = Gauge("jmid_memory_bytes", "Memory of the container, workers included", registry=REGISTRY)
MEMORY_LIMIT = Gauge("jmid_memory_limit_bytes", "Memory that the container may have", registry=REGISTRY)
