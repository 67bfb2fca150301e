"""The tables of docs/conformance.md about the gateway: its C-STORE SCP, and its delivery to the centre by STOW-RS."""

from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from services.ingest.images import dimse
from services.ingest.settings import IngestSettings
from services.linker.gateway.delivery import stow_response
from services.linker.settings import LinkerSettings

_REASONS = {  # PS3.18 Table I.2-2 and PS3.7 Annex C
    0x0110: "Processing failure",
    0x0111: "Duplicate SOP Instance",
    0x0122: "SOP Class not supported",
    0x0124: "Not authorised",
    0xA700: "Out of resources (A7xx)",
    0xA900: "Data Set does not match SOP Class (A9xx)",
    0xC000: "Cannot understand (Cxxx)",
}
_STATUSES = (
    ("SUCCESS", "the bytes are durable, or the collection rules leave the Instance out"),
    ("OUT_OF_RESOURCES", "no room, or the store did not answer: may be sent again"),
    ("DOES_NOT_MATCH", "the Affected SOP Instance UID is not that of the Data Set: final"),
    ("CANNOT_UNDERSTAND", "the Data Set cannot be read; it is kept as rejected: final"),
    ("TOO_LARGE", "the Instance is larger than is taken: final; no byte is kept, its receipt counts it as rejected"),
    ("PROCESSING_FAILURE", "it cannot be handled, for a reason that will not go away: final"),
)


def associations() -> list[tuple[str, str]]:
    """Return the association policies of the SCP, with their values."""
    own = IngestSettings()
    return [
        ("AE title", f"`{own.ae_title}` (`JMID_INGEST_AE_TITLE`)"),
        ("port", f"{own.dimse_port} (`JMID_INGEST_DIMSE_PORT`)"),
        ("associations at once", f"{own.max_associations} (`JMID_INGEST_MAX_ASSOCIATIONS`)"),
        ("of one AE title at one host", f"{own.max_associations_per_peer} (`JMID_INGEST_MAX_ASSOCIATIONS_PER_PEER`)"),
        (
            "of these, for known AE titles alone",
            f"{own.reserved_associations} (`JMID_INGEST_RESERVED_ASSOCIATIONS`), if any are named",
        ),
        ("connections that have not asked yet", f"{own.waiting_connections} (`JMID_INGEST_WAITING_CONNECTIONS`)"),
        ("ARTIM timer (PS3.8 9.1.5)", f"{own.associate_timeout_s:g} s (`JMID_INGEST_ASSOCIATE_TIMEOUT_S`)"),
        ("network and DIMSE timeout", f"{own.dimse_timeout_s:g} s (`JMID_INGEST_DIMSE_TIMEOUT_S`)"),
        ("time for one PDU", f"{own.pdu_timeout_s:g} s (`JMID_INGEST_PDU_TIMEOUT_S`)"),
        ("time for one C-STORE request", f"{own.message_timeout_s:g} s (`JMID_INGEST_MESSAGE_TIMEOUT_S`)"),
        ("maximum PDU length (PS3.8 D.1)", f"{own.max_pdu_bytes} (`JMID_INGEST_MAX_PDU_BYTES`)"),
        ("largest Instance", f"{own.max_instance_bytes} bytes (`JMID_INGEST_MAX_INSTANCE_BYTES`)"),
        ("requests before the first answer", "1: no asynchronous operations (PS3.7 D.3.3.3)"),
        ("Verification SOP Class", str(Verification)),
    ]


def statuses() -> list[tuple[str, str]]:
    """Return what C-STORE answers (PS3.4 Table B.2-1)."""
    return [(f"0x{getattr(dimse, name):04X}", meaning) for name, meaning in _STATUSES]


def fates() -> list[tuple[str, str, str]]:
    """Return what the gateway does with each Failure Reason the centre answers."""
    return [(f"0x{code:04X}", name, str(stow_response.fate_of(code))) for code, name in _REASONS.items()]


def bounds() -> list[tuple[str, str]]:
    """Return the bounds of one Store request."""
    own = LinkerSettings()
    return [(f"`JMID_LINKER_{name.upper()}`", f"`{getattr(own, name)}`") for name in _BOUNDS]


_BOUNDS = ("batch_instances", "batch_bytes", "streams", "connect_timeout_s", "idle_timeout_s", "request_timeout_s")
