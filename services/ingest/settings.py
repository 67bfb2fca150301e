"""Settings of ingest, read as JMID_INGEST_<FIELD>."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.dicom.multipart import MAX_PARTS
from shared.settings import Bytes, Count, OptionalPort, Seconds


class IngestSettings(msgspec.Struct, frozen=True):
    """The receivers of images and reports, their bounds, and how long identified bytes are kept."""

    ae_title: Annotated[str, Meta(description="AE title of the C-STORE SCP (PS3.8).", min_length=1, max_length=16)] = (
        "JMID"
    )
    dimse_bind: Annotated[str, Meta(description="Address that the C-STORE SCP listens on.")] = "127.0.0.1"
    dimse_port: Annotated[
        OptionalPort, Meta(description="Port of the C-STORE SCP; 0 takes a free one, -1 switches it off.")
    ] = 11112
    dimse_tls_port: Annotated[
        OptionalPort, Meta(description="Port of the C-STORE SCP by TLS, such as 2762; -1 switches it off.")
    ] = -1
    ae_peers: Annotated[
        Path | None,
        Meta(
            description="TOML file of who may connect by DIMSE and MLLP, with addresses and certificates; read again "
            "when it changes; empty is this machine alone, and who JMID_INGEST_ALLOWED_AE names."
        ),
    ] = None
    allowed_ae: Annotated[
        tuple[str, ...],
        Meta(
            description="Instead of JMID_INGEST_AE_PEERS: calling AE titles that may associate, as TITLE or "
            "TITLE@address."
        ),
    ] = ()
    rules: Annotated[
        Path | None,
        Meta(
            description="TOML file of what is collected (docs/operations.md), read again when it changes; empty is "
            "everything."
        ),
    ] = None
    tls_certificate: Annotated[
        Path | None,
        Meta(description="PEM file of the certificate that DIMSE and MLLP by TLS show; read again when it changes."),
    ] = None
    tls_key: Annotated[
        Path | None, Meta(description="PEM file of its private key; empty is in the file of the certificate.")
    ] = None
    tls_client_ca: Annotated[
        Path | None,
        Meta(description="PEM file of the authorities that client certificates of DIMSE and MLLP are checked with."),
    ] = None
    tls_client_certificate: Annotated[
        Literal["required", "optional"],
        Meta(description="Whether a caller by TLS has to show a certificate."),
    ] = "required"
    known_ae: Annotated[
        tuple[str, ...],
        Meta(
            description="Calling AE titles that associations are reserved for, as TITLE or TITLE@host; empty is "
            "those of JMID_INGEST_ALLOWED_AE."
        ),
    ] = ()
    max_associations: Annotated[Count, Meta(description="Associations at once.")] = 20
    max_associations_per_peer: Annotated[
        Count, Meta(description="Associations at once of one calling AE title at one host.")
    ] = 10
    reserved_associations: Annotated[
        int, Meta(description="How many of them only the known AE titles get, if any are named.", ge=0, le=1_000_000)
    ] = 5
    dimse_timeout_s: Annotated[Seconds, Meta(description="How long an association may be idle.")] = 60.0
    associate_timeout_s: Annotated[
        Seconds, Meta(description="How long a connection may take to ask for an association (ARTIM timer).")
    ] = 10.0
    waiting_connections: Annotated[
        Count, Meta(description="Connections at once that have not asked for an association yet.")
    ] = 200
    max_pdu_bytes: Annotated[
        int, Meta(description="The longest P-DATA-TF PDU that is agreed on.", ge=4096, le=64 << 20)
    ] = 256 << 10
    pdu_timeout_s: Annotated[Seconds, Meta(description="How long one PDU may take to come, or to be taken.")] = 30.0
    message_timeout_s: Annotated[
        Seconds, Meta(description="How long one C-STORE request may take to come, its Data Set included.")
    ] = 3600.0
    max_instance_bytes: Annotated[Bytes, Meta(description="The largest Instance that is taken; 0 is any.")] = 16 << 30
    receipt_instances: Annotated[
        Count, Meta(description="Instances of one association that one receipt counts; more begin another one.")
    ] = 5000
    csv_folder: Annotated[
        Path | None, Meta(description="Folder that is watched for CSV reports; empty is <home>/gateway/ingest/csv.")
    ] = None
    csv_mapping: Annotated[
        Path | None, Meta(description="TOML file that maps columns of CSV reports; empty is the built-in mapping.")
    ] = None
    csv_poll_s: Annotated[
        Seconds,
        Meta(description="How often the CSV folder is read; a file is taken when it did not change between two reads."),
    ] = 1.0
    sources: Annotated[
        Path | None,
        Meta(description="TOML file of where jmid pull may fetch from, read again when it changes; empty is nowhere."),
    ] = None
    pull_timeout_s: Annotated[Seconds, Meta(description="How long a source may be silent during a pull.")] = 120.0
    recall_away_h: Annotated[
        float,
        Meta(
            description="How long a recall waits for a PACS that does not answer before the centre is told pacs-away.",
            ge=0,
            le=8760,
        ),
    ] = 24.0
    small_part_bytes: Annotated[
        Bytes, Meta(description="Instances up to this size are held in memory, larger ones in a scratch file.")
    ] = 8 << 20
    max_parts: Annotated[Count, Meta(description="Most parts of a STOW-RS body; those before are kept.")] = MAX_PARTS
    batch_parts: Annotated[
        Count, Meta(description="How many Instances of a STOW-RS body are made durable together.")
    ] = 64
    batch_bytes: Annotated[Bytes, Meta(description="How many bytes of a STOW-RS body are made durable together.")] = (
        64 << 20
    )
    publish_s: Annotated[Seconds, Meta(description="How long arrivals gather into one event.")] = 0.3
    publish_late_s: Annotated[
        Seconds, Meta(description="How long an arrival may wait to be published before ingest is not ready.")
    ] = 600.0
    retention_days: Annotated[
        float,
        Meta(
            description="How long identified bytes are kept after de-identification; those in quarantine are kept.",
            ge=0,
            le=36_500,
        ),
    ] = 7.0
    rejected_days: Annotated[
        float,
        Meta(description="How long bytes that were rejected are kept; the reasons stay.", ge=0, le=36_500),
    ] = 90.0
    rejected_bytes: Annotated[
        Bytes, Meta(description="How many bytes that were rejected are kept; of more, the oldest are let go.")
    ] = 20 << 30
    rejected_items: Annotated[Count, Meta(description="How many contents that were rejected are kept, likewise.")] = (
        100_000
    )
    scrub_rate_bytes: Annotated[
        Bytes,
        Meta(description="How many identified bytes a second the scrub reads and compares; 0 is no scrub."),
    ] = 20_000_000
    scrub_days: Annotated[
        float, Meta(description="How long after the end of a scrub the next one begins.", ge=0, le=36_500)
    ] = 7.0
    floor_bytes: Annotated[
        Bytes,
        Meta(
            description="Free space of the home's disk under which ingest takes nothing more (C-STORE A700, HTTP 503, "
            "MLLP AR), while what is here is de-identified and delivered; 0 is no floor."
        ),
    ] = 1 << 30
    max_report_bytes: Annotated[Bytes, Meta(description="The largest report that is taken.")] = 16 << 20
    mllp_bind: Annotated[str, Meta(description="Address that HL7 v2 over MLLP listens on.")] = "127.0.0.1"
    mllp_port: Annotated[
        OptionalPort, Meta(description="Port of HL7 v2 over MLLP; -1 switches it off, 0 takes a free one.")
    ] = -1
    mllp_tls_port: Annotated[
        OptionalPort, Meta(description="Port of HL7 v2 over MLLP by TLS; -1 switches it off, 0 takes a free one.")
    ] = -1
    mllp_connections: Annotated[Count, Meta(description="MLLP connections at once.")] = 20
    mllp_timeout_s: Annotated[Seconds, Meta(description="How long an MLLP connection may be idle.")] = 300.0
    mllp_message_s: Annotated[
        Seconds, Meta(description="How long one message by MLLP may take to come, and its answer to be taken.")
    ] = 60.0
    hl7_accession: Annotated[
        tuple[str, ...],
        Meta(
            description="HL7 v2 fields that hold the Accession Number, such as OBR-18, or of one source "
            "RIS:OBR-3, with its MSH-3; the first that is not empty counts, those of the source before others."
        ),
    ] = ("OBR-18",)
