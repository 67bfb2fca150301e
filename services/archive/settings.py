"""Settings of the archive, read as JMID_ARCHIVE_<FIELD>."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.dicom.multipart import MAX_PARTS
from shared.settings import Bytes, Count, Seconds


class ArchiveSettings(msgspec.Struct, frozen=True):
    """The bounds of requests, what is swept and evicted, and who may delete."""

    accept: Annotated[
        Literal["deidentified", "any"],
        Meta(
            description="What STOW-RS stores: deidentified, what a gateway sends with its credential and the mark of a "
            "known profile, and what pages of this centre derive of Studies here; any, everything, for use as a plain "
            "DICOMweb archive (implied by jmid run archive --insecure)."
        ),
    ] = "deidentified"
    accept_profiles: Annotated[
        tuple[str, ...], Meta(description="The de-identification profiles of which Instances are taken.")
    ] = ("jmid", "research")
    gateway_token: Annotated[
        tuple[str, ...],
        Meta(
            description="The Bearer tokens that gateways show, SITE=TOKEN each; empty is that of "
            "<home>/centre/gateway.token, made on the first start, for the centre's own site."
        ),
    ] = ()
    public_root: Annotated[
        str, Meta(description="The path or URL that BulkDataURIs begin with, where a proxy serves the archive.")
    ] = "/dicom-web"
    max_results: Annotated[
        Count, Meta(description="Most results of one QIDO-RS answer; Warning 299 announces more (PS3.18 8.3.4.4).")
    ] = 1000
    small_part_bytes: Annotated[
        Bytes, Meta(description="Instances up to this size are held in memory and made durable together.")
    ] = 8 << 20
    batch_parts: Annotated[Count, Meta(description="How many Instances are made durable together.")] = 64
    batch_bytes: Annotated[Bytes, Meta(description="How many bytes are made durable together.")] = 8 << 20
    max_parts: Annotated[
        Count,
        Meta(description="Most parts of a STOW-RS body, and Instances of its metadata; earlier ones are stored."),
    ] = MAX_PARTS
    max_part_bytes: Annotated[Bytes, Meta(description="The largest Instance that is taken; 0 is no limit.")] = 0
    high_water_bytes: Annotated[
        Bytes, Meta(description="Above this the oldest Studies' images are evicted; 0 never evicts.")
    ] = 0
    site_high_water_bytes: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[^=]+=[0-9]+$")], ...],
        Meta(
            description="The same for the Studies of one site, as SITE=BYTES, its short name being their Institution "
            "Name; *=BYTES is for each other site."
        ),
    ] = ()
    low_water_percent: Annotated[
        float, Meta(description="Eviction goes on down to this share of the mark it began at.", gt=0, le=100)
    ] = 90.0
    evict: Annotated[
        Literal["unneeded", "recallable", "any"],
        Meta(
            description="Which images may be evicted: unneeded, those of no Study that is annotated, pinned or in a "
            "dataset; recallable, of these only what a gateway said it can deliver again; any, all (implied by jmid "
            "run archive --insecure)."
        ),
    ] = "unneeded"
    recall_on_retrieve: Annotated[
        bool, Meta(description="Whether a GET that is answered with 410 also asks the Study back from its gateway.")
    ] = False
    linker_url: Annotated[
        str, Meta(description="Where the centre's linker says which Studies stay; empty is this process.")
    ] = ""
    sweep_s: Annotated[
        Seconds, Meta(description="How often the change ledger is read for rows that other processes wrote.")
    ] = 1.0
    publish_late_s: Annotated[
        Seconds, Meta(description="How long a change may wait to be published before the archive is not ready.")
    ] = 600.0
    evict_s: Annotated[Seconds, Meta(description="How often the high-water mark is checked.")] = 60.0
    orphans_s: Annotated[Seconds, Meta(description="How often bytes without a record are looked for.")] = 86_400.0
    orphans_keep_days: Annotated[
        float,
        Meta(
            description="How long bytes without a record are kept from when they were first seen, as after a restore.",
            ge=0,
            le=36_500,
        ),
    ] = 30.0
    read_checks: Annotated[
        float,
        Meta(
            description="Of how many reads the stored bytes are compared with their checksum before they are answered "
            "with: 1 is every one, 0 none.",
            ge=0,
            le=1,
        ),
    ] = 1.0
    scrub_rate_bytes: Annotated[
        Bytes,
        Meta(description="How many stored bytes a second the scrub reads and compares; 0 is no scrub."),
    ] = 20_000_000
    scrub_days: Annotated[
        float, Meta(description="How long after the beginning of a scrub the next one begins.", ge=0, le=36_500)
    ] = 7.0
    administrator_token: Annotated[
        str, Meta(description="The Bearer token that a DELETE must present; empty refuses every DELETE.")
    ] = ""
    cors_origins: Annotated[
        tuple[str, ...], Meta(description="Origins whose pages may call the archive; * is every origin.")
    ] = ()
