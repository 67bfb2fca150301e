"""The settings of the linker, JMID_LINKER_...; an empty address means this machine's own centre."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from services.linker.links import policy
from shared.errors import SettingsError
from shared.fhir.report import MOST_BYTES
from shared.settings import Bytes, Count, Seconds
from shared.text.hours import rate_by_hour
from shared.web import gateway_token
from shared.web.identity.settings import is_safe_url
from shared.web.loopback import LOOPBACK

_ADDRESS = "https unless it is this machine; empty is this process."


class LinkerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How reports are linked, when they may leave, where they are delivered, and what the centre takes."""

    date_tolerance_days: Annotated[
        int, Meta(description="How far the exam date of a report may be from its Study's.", ge=0, le=3650)
    ] = 1
    policy: Annotated[
        str, Meta(description="When a report may leave: at_once, when_linked, or, for example, after 24h.")
    ] = "at_once"
    review: Annotated[
        Literal["hold", "send"],
        Meta(description="Reports that a person should look at: hold keeps them, send sends them with the flag."),
    ] = "send"
    centre: Annotated[
        str,
        Meta(
            description="The centre's address, such as https://centre.example:8443, of which the three below are made "
            "where they are not set; jmid up --role gateway has it of --centre or jmid enrol."
        ),
    ] = ""
    centre_dicomweb_url: Annotated[str, Meta(description=f"Where Instances are delivered by STOW-RS; {_ADDRESS}")] = ""
    centre_reports_url: Annotated[str, Meta(description=f"Where reports are delivered; {_ADDRESS}")] = ""
    centre_recalls_url: Annotated[str, Meta(description=f"Where the recall list is read; {_ADDRESS}")] = ""
    ingest_url: Annotated[
        str,
        Meta(
            description="Where this gateway's ingest answers, whose ledger the centre is told; empty is this process."
        ),
    ] = ""
    centre_token: Annotated[
        str,
        Meta(
            description="The Bearer token that the centre gave this gateway (its gateway.token); empty is that of the "
            "centre of this home, shown on this machine only."
        ),
    ] = ""
    centre_issuer: Annotated[
        str,
        Meta(
            description="The issuer identifier of the OpenID Provider of which this gateway fetches its tokens for the "
            "centre, with the three below."
        ),
    ] = ""
    centre_client_id: Annotated[
        str, Meta(description="What this gateway is to that provider; empty fetches no token.")
    ] = ""
    centre_client_secret: Annotated[str, Meta(description="Its secret there (client_secret_basic).")] = ""
    centre_scopes: Annotated[tuple[str, ...], Meta(description="The scopes that such a token is asked for.")] = ()
    centre_ca: Annotated[
        Path | None, Meta(description="PEM file of the authority that the centre's certificate is checked with.")
    ] = None
    client_certificate: Annotated[
        Path | None, Meta(description="PEM file of the certificate that the gateway presents to the centre.")
    ] = None
    client_key: Annotated[Path | None, Meta(description="PEM file of that certificate's private key.")] = None
    insecure: Annotated[bool, Meta(description="Whether an address of the centre may be http on another machine.")] = (
        False
    )
    batch_instances: Annotated[int, Meta(description="Most Instances of one Store request.", ge=1, le=200)] = 200
    batch_bytes: Annotated[Bytes, Meta(description="Most bytes of one Store request.")] = 256 * 2**20
    streams: Annotated[int, Meta(description="Store requests at a time.", ge=1, le=64)] = 2
    bandwidth: Annotated[
        str,
        Meta(
            description="How fast deliveries may go, those of all replicas together, by the site's time of day, such "
            "as 07:00-19:00: 20 Mbit/s, else 200 Mbit/s; empty is no limit."
        ),
    ] = ""
    connect_timeout_s: Annotated[Seconds, Meta(description="How long connecting to the centre may take.")] = 10.0
    idle_timeout_s: Annotated[Seconds, Meta(description="How long a request may stand still.")] = 120.0
    request_timeout_s: Annotated[Seconds, Meta(description="How long one request may take.")] = 1800.0
    retry_first_s: Annotated[Seconds, Meta(description="The first wait before a failed delivery is tried again.")] = 1.0
    retry_max_s: Annotated[Seconds, Meta(description="The longest wait between two tries.")] = 300.0
    attempts: Annotated[
        Count, Meta(description="How often an Instance is tried that fails without a final Failure Reason.")
    ] = 12
    sweep_s: Annotated[
        Seconds,
        Meta(description="How often due deliveries are looked for that another process has made due."),
    ] = 3.0
    undelivered_late_s: Annotated[
        Seconds, Meta(description="How long a delivery may be due without an answer before the gateway is not ready.")
    ] = 86_400.0
    unpublished_late_s: Annotated[
        Seconds, Meta(description="How long changes of cases may wait to be published before the centre is not ready.")
    ] = 600.0
    recall_proof_days: Annotated[
        float,
        Meta(description="How long a gateway's word that it could deliver a Study again is believed.", gt=0, le=36_500),
    ] = 30.0
    recall_settle_s: Annotated[
        Seconds,
        Meta(description="How long after the last Instance a recall waits for those that the PACS should have sent."),
    ] = 900.0
    recall_poll_s: Annotated[Seconds, Meta(description="How often the centre's recall list is read.")] = 60.0
    completeness_s: Annotated[
        Seconds, Meta(description="How often the centre is told what this site received by day, and where that is.")
    ] = 600.0
    reconcile_at: Annotated[
        str,
        Meta(
            description="When each night the centre is asked what it holds of what it confirmed, by the site's time of "
            "day; empty is never.",
            pattern="^(([01][0-9]|2[0-3]):[0-5][0-9])?$",
        ),
    ] = "02:30"
    reconcile_days: Annotated[
        float, Meta(description="How many days back it is asked for what it confirmed.", gt=0, le=36_500)
    ] = 8.0
    retention_h: Annotated[
        float,
        Meta(
            description="How long confirmed de-identified Instances are kept at the gateway; 0 keeps them for ever.",
            ge=0,
            le=876_000,
        ),
    ] = 168.0
    accept: Annotated[
        Literal["deidentified", "any"],
        Meta(
            description="Whose reports the centre takes: deidentified, what a gateway sends with its credential and "
            "the mark of a known profile; any, everybody's in the right form (implied by jmid run linker --insecure)."
        ),
    ] = "deidentified"
    accept_profiles: Annotated[
        tuple[str, ...], Meta(description="The de-identification profiles of which the centre takes reports.")
    ] = ("jmid", "research")
    gateway_token: Annotated[
        tuple[str, ...],
        Meta(
            description="The Bearer tokens that gateways show at the centre's linker, SITE=TOKEN each, the same as at "
            "its archive; empty is that of <home>/centre/gateway.token."
        ),
    ] = ()
    recipients: Annotated[
        tuple[str, ...],
        Meta(
            description="Who was given copies by the centre and follows its withdrawals (GET /api/withdrawals): named "
            "in each of them, with when they acknowledged it."
        ),
    ] = ()
    report_bytes: Annotated[
        int, Meta(description="The largest report that the centre takes.", ge=MOST_BYTES, le=1 << 50)
    ] = MOST_BYTES
    archive_url: Annotated[
        str, Meta(description="The archive's DICOMweb root at the centre; empty is this process.")
    ] = ""


def complete(settings: LinkerSettings, base_url: str) -> LinkerSettings:
    """Return the settings with this machine's own addresses filled in; SettingsError names what is wrong."""
    _check_policy(settings)
    _check_bandwidth(settings)
    centre = (settings.centre or base_url).rstrip("/")
    settings = msgspec.structs.replace(
        settings,
        centre_dicomweb_url=(settings.centre_dicomweb_url or f"{centre}/dicom-web").rstrip("/"),
        centre_reports_url=(settings.centre_reports_url or f"{centre}/api/reports").rstrip("/"),
        centre_recalls_url=(settings.centre_recalls_url or f"{centre}/api/recalls").rstrip("/"),
        ingest_url=(settings.ingest_url or base_url).rstrip("/"),
        archive_url=(settings.archive_url or f"{base_url}/dicom-web").rstrip("/"),
    )
    for name in ("centre_dicomweb_url", "centre_reports_url", "centre_recalls_url"):
        _check_url(f"JMID_LINKER_{name.upper()}", getattr(settings, name), insecure=settings.insecure)
    if (settings.client_certificate is None) != (settings.client_key is None):
        raise SettingsError("JMID_LINKER_CLIENT_CERTIFICATE and JMID_LINKER_CLIENT_KEY go together; both are PEM files")
    _check_client(settings)
    return settings


def centre_token(settings: LinkerSettings, of_home: Path) -> str:
    """Return the credential to show at the centre. of_home: the file of this home's own centre, if it has one."""
    addresses = (settings.centre_dicomweb_url, settings.centre_reports_url, settings.centre_recalls_url)
    is_here = all(urlsplit(address).hostname in LOOPBACK for address in addresses)
    return settings.centre_token or (gateway_token.known(of_home) if is_here else "")


def _check_client(settings: LinkerSettings) -> None:
    if not settings.centre_client_id:
        return
    if not is_safe_url(settings.centre_issuer) or not settings.centre_client_secret:
        raise SettingsError(
            "JMID_LINKER_CENTRE_CLIENT_ID goes with JMID_LINKER_CENTRE_CLIENT_SECRET and JMID_LINKER_CENTRE_ISSUER, an "
            "https URL such as https://login.example/realms/jmid"
        )


def _check_policy(settings: LinkerSettings) -> None:
    try:
        policy.parse(settings.policy)
    except ValueError as error:
        raise SettingsError(
            "JMID_LINKER_POLICY has a wrong value; it takes at_once, when_linked or, for example, after 24h"
        ) from error


def _check_bandwidth(settings: LinkerSettings) -> None:
    try:
        rate_by_hour(settings.bandwidth)
    except ValueError as error:
        raise SettingsError(f"JMID_LINKER_BANDWIDTH has a wrong value: {error}") from error


def _check_url(variable: str, url: str, *, insecure: bool) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(f"{variable} has a wrong value; it takes an address such as https://centre.example/api")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK and not insecure:
        raise SettingsError(f"{variable} is not https; set JMID_LINKER_INSECURE=true only on a network that is safe")
