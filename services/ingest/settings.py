"""Settings of ingest, read as JMID_INGEST_<FIELD>."""

from pathlib import Path

import msgspec


class IngestSettings(msgspec.Struct, frozen=True):
    """ae_title, dimse_bind, dimse_port: of the C-STORE SCP; port 0 takes a free one, -1 switches it off.

    allowed_ae: calling AE titles that may associate, as TITLE or TITLE@host; empty takes any.
    max_associations: at once.  dimse_timeout_s: of an idle association.
    csv_folder: watched for CSV reports; empty is <home>/ingest/csv.  csv_mapping: a TOML file of columns; empty: ours.
    csv_poll_s: how often it is looked at; a file is taken when it has not changed between two looks.
    small_part_bytes: an Instance up to this size is held in memory, a larger one in a scratch file.
    batch_parts, batch_bytes: how much of a STOW-RS body is made durable at once.
    publish_s: how long arrivals gather into one event.  retention_days: how long identified bytes are kept after they
    were de-identified; what is in quarantine is kept.  max_report_bytes: the largest report that is taken.
    mllp_bind, mllp_port: of HL7 v2 over MLLP; port -1 switches it off, 0 takes a free one.  mllp_connections: at once.
    mllp_timeout_s: of an idle connection.  hl7_accession: the fields that hold the accession number, the first that has
    one counts.
    """

    ae_title: str = "JMID"
    dimse_bind: str = "127.0.0.1"
    dimse_port: int = 11112
    allowed_ae: tuple[str, ...] = ()
    max_associations: int = 20
    dimse_timeout_s: float = 60.0
    csv_folder: Path | None = None
    csv_mapping: Path | None = None
    csv_poll_s: float = 1.0
    small_part_bytes: int = 8 << 20
    batch_parts: int = 64
    batch_bytes: int = 64 << 20
    publish_s: float = 0.3
    retention_days: float = 7.0
    max_report_bytes: int = 16 << 20
    mllp_bind: str = "127.0.0.1"
    mllp_port: int = -1
    mllp_connections: int = 20
    mllp_timeout_s: float = 300.0
    hl7_accession: tuple[str, ...] = ("OBR-18", "OBR-3", "ORC-3", "OBR-2", "ORC-2")
