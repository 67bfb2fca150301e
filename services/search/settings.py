"""Settings of the search service, read as JMID_SEARCH_<FIELD>."""

from typing import Annotated

import msgspec
from msgspec import Meta

from shared.settings import Count, Seconds


class SearchSettings(msgspec.Struct, frozen=True):
    """Where the other services are, and how the change feeds are read."""

    archive_url: Annotated[str, Meta(description="The archive's DICOMweb root; empty is this process.")] = ""
    linker_url: Annotated[str, Meta(description="Where the centre's linker serves /api; empty is this process.")] = ""
    public_archive_url: Annotated[
        str, Meta(description="The archive's DICOMweb root as a reader's browser reaches it.")
    ] = "/dicom-web"
    poll_s: Annotated[Seconds, Meta(description="How often the change feeds are read when no event arrives.")] = 5.0
    silent_s: Annotated[
        Seconds, Meta(description="For how long the change feeds may not be reached before it is not ready.")
    ] = 300.0
    request_timeout_s: Annotated[Seconds, Meta(description="How long one request to another service may take.")] = 30.0
    batch: Annotated[Count, Meta(description="How many changes are taken at once.")] = 100
