"""The settings of the linker, JMID_LINKER_...; an empty address means this machine's own centre."""

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from services.linker.links import policy
from shared.errors import SettingsError

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class LinkerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a site or centre chooses.

    date_tolerance_days: how far the exam date of a report may be from its Study's.
    policy: at_once, when_linked, or for example ``after 24h``.  review: what becomes of reports that a person should
    look at: hold them, or send them with the flag.
    centre_*_url: where to deliver; https unless it is this machine or insecure is true.
    centre_ca: PEM file of the authority that the centre's certificate is checked with.
    client_certificate, client_key: PEM files that the gateway shows the centre.
    batch_instances, batch_bytes: the bounds of one Store request.  streams: requests at a time.
    connect_timeout_s, idle_timeout_s, request_timeout_s: of one request.  retry_max_s: the longest wait between tries.
    attempts: how often an Instance that fails without a final reason is tried.  sweep_s: how often what is due is
    looked for when nothing woke the courier.  recall_poll_s: how often the centre's recall list is read.
    retention_h: how long confirmed de-identified Instances are kept at the gateway; 0 keeps them for ever.
    report_bytes: the largest report the centre takes.  archive_url: the archive's DICOMweb root at the centre.
    """

    date_tolerance_days: int = 1
    policy: str = "at_once"
    review: Literal["hold", "send"] = "send"
    centre_dicomweb_url: str = ""
    centre_reports_url: str = ""
    centre_recalls_url: str = ""
    centre_ca: Path | None = None
    client_certificate: Path | None = None
    client_key: Path | None = None
    insecure: bool = False
    batch_instances: int = 200
    batch_bytes: int = 256 * 2**20
    streams: int = 2
    connect_timeout_s: float = 10.0
    idle_timeout_s: float = 120.0
    request_timeout_s: float = 1800.0
    retry_first_s: float = 1.0
    retry_max_s: float = 300.0
    attempts: int = 12
    sweep_s: float = 15.0
    recall_poll_s: float = 60.0
    retention_h: float = 168.0
    report_bytes: int = 2 * 2**20
    archive_url: str = ""


def complete(settings: LinkerSettings, base_url: str) -> LinkerSettings:
    """Return the settings with this machine's own addresses filled in; SettingsError names what is wrong."""
    _check_policy(settings)
    settings = msgspec.structs.replace(
        settings,
        centre_dicomweb_url=(settings.centre_dicomweb_url or f"{base_url}/dicom-web").rstrip("/"),
        centre_reports_url=(settings.centre_reports_url or f"{base_url}/api/reports").rstrip("/"),
        centre_recalls_url=(settings.centre_recalls_url or f"{base_url}/api/recalls").rstrip("/"),
        archive_url=(settings.archive_url or f"{base_url}/dicom-web").rstrip("/"),
    )
    for name in ("centre_dicomweb_url", "centre_reports_url", "centre_recalls_url"):
        _check_url(f"JMID_LINKER_{name.upper()}", getattr(settings, name), insecure=settings.insecure)
    if (settings.client_certificate is None) != (settings.client_key is None):
        raise SettingsError("JMID_LINKER_CLIENT_CERTIFICATE and JMID_LINKER_CLIENT_KEY go together; both are PEM files")
    return settings


def _check_policy(settings: LinkerSettings) -> None:
    try:
        policy.parse(settings.policy)
    except ValueError as error:
        raise SettingsError(
            "JMID_LINKER_POLICY has a wrong value; it takes at_once, when_linked or, for example, after 24h"
        ) from error
    if not 1 <= settings.batch_instances <= 200:
        raise SettingsError("JMID_LINKER_BATCH_INSTANCES has a wrong value; it takes 1 to 200, for example 200")


def _check_url(variable: str, url: str, *, insecure: bool) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(f"{variable} has a wrong value; it takes an address such as https://centre.example/api")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK and not insecure:
        raise SettingsError(f"{variable} is not https; set JMID_LINKER_INSECURE=true only on a network that is safe")
