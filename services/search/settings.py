"""Settings of the search service, read as JMID_SEARCH_<FIELD>."""

import msgspec


class SearchSettings(msgspec.Struct, frozen=True):
    """archive_url: the archive's DICOMweb root.  linker_url: where the centre's linker serves /api.  Empty: here.

    public_archive_url: the archive as a reader's browser reaches it; empty: the same origin.
    poll_s: how often the change feeds are read when no event says to.  request_timeout_s: for one request.
    batch: how many changes are taken at once.
    """

    archive_url: str = ""
    linker_url: str = ""
    public_archive_url: str = "/dicom-web"
    poll_s: float = 5.0
    request_timeout_s: float = 30.0
    batch: int = 100
