"""The arithmetic of docs/capacity.md: what a place of a given size takes. ``python -m docs.capacity`` prints it. Pure.

Change a number here, or give another size to ``needs``, and the tables follow (``make docs``).
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

DAY_S, YEAR_DAYS = 86_400, 365
WORKDAYS = 245
"""Days of a year on which a hospital examines as a rule."""
PEAK = 4.0
"""How much more the busiest hour of a working day brings than its mean over 24 hours: most comes within eight hours."""
LOAD = 0.6
"""How much of a core is planned for; above that queues grow in every burst."""

IMAGE_BYTES = 531_930
"""A CT slice as it comes, uncompressed: the mean of 28 of the test series. MR slices are smaller, mammograms larger."""
IMAGES_A_STUDY = 300
REPORT_SHARE = 0.9
"""Reports for each Study."""
LOSSLESS = 2.0
"""By how much lossless compression (JPEG-LS, JPEG 2000, RLE) makes CT and MR smaller: literature says 1.7 to 3."""

GATEWAY_RECORD_BYTES, CENTRE_RECORD_BYTES = 5_300, 5_000
"""Of documents for each image, embedded: measured on 400 CT Instances, 2026-11-28."""
GATEWAY_REPORT_BYTES, CENTRE_REPORT_BYTES = 9_300, 6_100
"""Of documents for each report of 250 characters: measured on 200 reports, 2026-11-28."""
INDEX_BYTES = 2_500
"""Of search's index for each case: 100 kB for 40 cases with 200 reports; larger ones share more."""
GATEWAY_CPU_MS, CENTRE_CPU_MS = 6.0, 3.0
"""CPU of an image: at the centre 2.1 to 3.3 ms (benchmarks.md); whole chain in one process 12.5 ms once warm, measured
on a machine with other work, of which receiving, de-identifying and delivering are taken as twice the centre's part."""
DERIVED_SHARE = 1 / 3
"""How many images are of Image Type DERIVED, such as reformats and maps: assumed. Each is looked at."""
LOOK_CPU_MS, LOOKS_A_STUDY = 105.0, 12 + DERIVED_SHARE * IMAGES_A_STUDY
"""The text detector: what a look costs (decisions 0090 and 0095), and looks at a Study: two Series in four batches, and
its derived images. Where a PACS sends slices one by one, and none waits, IMAGES_A_STUDY looks."""
REPORT_CPU_MS = 25.0
"""De-identification of a report's text (decisions 0086, 0094: 3 to 12 ms), and its way to the case."""
IDENTIFIED_DAYS, DEIDENTIFIED_DAYS = 7, 7
"""JMID_INGEST_RETENTION_DAYS and JMID_LINKER_RETENTION_H."""


class Place(NamedTuple):
    """images: that come in a year.  sites: hospitals that send.  held_images: how many the centre keeps."""

    name: str
    images: float
    sites: int
    held_images: float


PLACES = (
    Place("one hospital", 1e7, 1, 3e7),
    Place("J-MID today", 1e8, 10, 5e8),
    Place("every hospital of Japan", 3e9, 8_000, 3e9),
)


class Needs(NamedTuple):
    """What a place takes. Rates are of the busiest hour; gateway_: of the mean site."""

    peak_images_s: float
    peak_bits_s: float
    gateway_cores: float
    gateway_disk_bytes: float
    centre_cores: float
    held_bytes: float
    held_lossless_bytes: float
    centre_documents_bytes: float
    index_bytes: float
    objects: float
    scrub_bytes_s: float
    year_bytes: float


def needs(place: Place) -> Needs:
    """Return what a place takes."""
    day = place.images / WORKDAYS
    peak = day / DAY_S * PEAK
    studies = place.images / IMAGES_A_STUDY
    site_day = day / place.sites
    study_ms = LOOKS_A_STUDY * LOOK_CPU_MS + REPORT_SHARE * REPORT_CPU_MS
    gateway_ms = GATEWAY_CPU_MS + study_ms / IMAGES_A_STUDY
    kept_days = (IDENTIFIED_DAYS + DEIDENTIFIED_DAYS) * WORKDAYS / YEAR_DAYS
    held_studies = place.held_images / IMAGES_A_STUDY
    return Needs(
        peak_images_s=peak,
        peak_bits_s=8 * peak * IMAGE_BYTES,
        gateway_cores=peak / place.sites * gateway_ms / 1000 / LOAD,
        gateway_disk_bytes=site_day * kept_days * IMAGE_BYTES + place.images / place.sites * GATEWAY_RECORD_BYTES,
        centre_cores=peak * CENTRE_CPU_MS / 1000 / LOAD,
        held_bytes=place.held_images * IMAGE_BYTES,
        held_lossless_bytes=place.held_images * IMAGE_BYTES / LOSSLESS,
        centre_documents_bytes=place.held_images * CENTRE_RECORD_BYTES + held_studies * CENTRE_REPORT_BYTES,
        index_bytes=held_studies * INDEX_BYTES,
        objects=place.held_images,
        scrub_bytes_s=place.held_images * IMAGE_BYTES / (7 * DAY_S),
        year_bytes=studies * IMAGES_A_STUDY * IMAGE_BYTES,
    )


def rows() -> list[tuple[str, ...]]:
    """Return a row for each need, a column for each place."""
    found = [needs(place) for place in PLACES]
    return [
        _row("images a year", (_number(each.images) for each in PLACES)),
        _row("hospitals", (_number(each.sites) for each in PLACES)),
        _row("bytes a year", (_bytes(each.year_bytes) for each in found)),
        _row("busiest hour, images a second", (f"{each.peak_images_s:,.1f}" for each in found)),
        _row("busiest hour, bits a second into the centre", (_bytes(each.peak_bits_s, "bit/s") for each in found)),
        _row("a gateway: cores", (_cores(each.gateway_cores) for each in found)),
        _row(
            "a gateway: disk, a year of records and 14 days of bytes",
            (_bytes(each.gateway_disk_bytes) for each in found),
        ),
        _row("centre: cores for what comes in", (_cores(each.centre_cores) for each in found)),
        _row("centre: images held", (_number(each.held_images) for each in PLACES)),
        _row("centre: bytes held, as they come", (_bytes(each.held_bytes) for each in found)),
        _row("the same, if they came losslessly compressed", (_bytes(each.held_lossless_bytes) for each in found)),
        _row("centre: documents", (_bytes(each.centre_documents_bytes) for each in found)),
        _row("centre: index of search, each replica", (_bytes(each.index_bytes) for each in found)),
        _row("centre: files or objects", (_number(each.objects) for each in found)),
        _row("centre: reading all of it once a week", (_bytes(each.scrub_bytes_s, "B/s") for each in found)),
    ]


def head() -> tuple[str, ...]:
    """Return the names of the columns."""
    return ("", *(place.name for place in PLACES))


def _row(name: str, values: Iterable[str]) -> tuple[str, ...]:
    return (name, *values)


def _number(value: float) -> str:
    return f"{value:,.0f}"


def _cores(value: float) -> str:
    return f"{value:.2f}" if value < 1 else f"{math.ceil(value):,}"


def _bytes(value: float, unit: str = "B") -> str:
    """Return three figures and a decimal prefix."""
    for prefix in ("", "k", "M", "G", "T", "P"):
        if value < 1000 or prefix == "P":
            return f"{value:.3g} {prefix}{unit}"
        value /= 1000
    raise AssertionError


if __name__ == "__main__":
    for line in (head(), *rows()):
        print(" | ".join(line))
