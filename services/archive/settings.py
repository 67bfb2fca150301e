"""Settings of the archive, read as JMID_ARCHIVE_<FIELD>."""

import msgspec


class ArchiveSettings(msgspec.Struct, frozen=True):
    """public_root: the path or URL that BulkDataURIs begin with; a proxy may serve the archive elsewhere.

    max_results: the most that one QIDO-RS answer holds; more are announced by Warning 299 (PS3.18 8.3.4.4).
    small_part_bytes: parts up to this size are held in memory and made durable together.
    batch_parts, batch_bytes: how many of them at once.  max_part_bytes: of one Instance; 0 is no limit.
    high_water_bytes: when the archive holds more, the oldest Studies' images are evicted; 0 never.
    sweep_s: how often what a crash left unfinished is looked after.  evict_s: how often eviction is.
    orphans_s: how often bytes without a record are looked for; those found twice go.
    administrator_token: what a DELETE must show as Bearer; empty refuses every DELETE.
    cors_origins: origins that browsers may call from; * for all.
    """

    public_root: str = "/dicom-web"
    max_results: int = 1000
    small_part_bytes: int = 8 << 20
    batch_parts: int = 64
    batch_bytes: int = 8 << 20
    max_part_bytes: int = 0
    high_water_bytes: int = 0
    sweep_s: float = 10.0
    evict_s: float = 60.0
    orphans_s: float = 86_400.0
    administrator_token: str = ""
    cors_origins: tuple[str, ...] = ()
