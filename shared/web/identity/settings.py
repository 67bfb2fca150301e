"""Whether people and programs are asked who they are, and who vouches for them: read as JMID_ACCESS and JMID_ACCESS_….

The variables have no prefix of a service: every process of the system asks the same.
"""

import enum
from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta
from yarl import URL

from shared import settings as settings_reader
from shared.errors import SettingsError
from shared.settings import Count, Seconds
from shared.web.access.words import AccessRole
from shared.web.loopback import LOOPBACK

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"]
LEAST_TOKEN: Final = 32
"""Characters of a token that is set by hand."""


class Mode(enum.StrEnum):
    """Who is asked: open, nobody, on loopback alone; network, nobody, what is in front decides; others, everybody.

    embedded: by the issuer that this process has itself.  oidc: by another.
    """

    OPEN = "open"
    NETWORK = "network"
    EMBEDDED = "embedded"
    OIDC = "oidc"


class AccessSettings(msgspec.Struct, frozen=True):
    """Who is asked, and how the answer is read; each field is JMID_<FIELD>."""

    access: Annotated[
        Mode,
        Meta(
            description="open: nobody is asked who they are, and only a loopback address is served; network: nobody is "
            "asked, and what stands in front has to decide who comes in; embedded: everybody is asked by the issuer of "
            "jmid up itself, which is what jmid up does if this is not set; oidc: everybody is asked by "
            "JMID_ACCESS_ISSUER."
        ),
    ] = Mode.OPEN
    access_issuer: Annotated[
        str, Meta(description="The OpenID Provider's issuer identifier, such as https://login.example/realms/jmid.")
    ] = ""
    access_audience: Annotated[
        tuple[str, ...], Meta(description="Of a token's audiences (aud) one has to be one of these.")
    ] = ()
    access_typed_tokens: Annotated[
        bool,
        Meta(description="Whether a token has to have the type at+jwt (RFC 9068), where the issuer gives it one."),
    ] = False
    access_client_audience: Annotated[
        bool,
        Meta(
            description="Whether JMID_ACCESS_CLIENT_ID may be an audience too, of an issuer that gives access tokens "
            "no other: then an ID Token that nothing tells from an access token is taken for one."
        ),
    ] = False
    access_algorithms: Annotated[
        tuple[Algorithm, ...], Meta(description="The signature algorithms that are taken; none and HMAC never are.")
    ] = ("RS256", "PS256", "ES256", "Ed25519", "EdDSA")
    access_roles_claim: Annotated[
        str, Meta(description="The claim with the roles; dots lead inwards, as in realm_access.roles.")
    ] = "roles"
    access_role_names: Annotated[
        tuple[str, ...],
        Meta(description="The issuer's names of roles, as theirs=ours, where they are not ours: doctor=radiologist."),
    ] = ()
    access_sites_claim: Annotated[str, Meta(description="The claim with the short names of sites.")] = "sites"
    access_projects_claim: Annotated[str, Meta(description="The claim with the names of projects.")] = "projects"
    access_name_claim: Annotated[
        str, Meta(description="The claim with the name to show and to record; sub where it is missing.")
    ] = "preferred_username"
    access_clock_skew_s: Annotated[
        float, Meta(description="By how much the issuer's clock may differ from ours.", ge=0, le=600)
    ] = 60.0
    access_keys_s: Annotated[Seconds, Meta(description="After what time the issuer's keys are read anew.")] = 300.0
    access_timeout_s: Annotated[Seconds, Meta(description="How long the issuer may take to answer.")] = 10.0
    access_rate: Annotated[
        float,
        Meta(
            description="How many requests a second one actor may send, our own services apart; 0 is no limit.",
            ge=0,
            le=1_000_000,
        ),
    ] = 1000.0
    access_burst: Annotated[Count, Meta(description="How many requests an actor may send at once after a pause.")] = (
        10_000
    )
    access_unknown_rate: Annotated[
        float,
        Meta(
            description="How many requests a second one address may send without an identity, probes and what pages "
            "look like apart; 0 is no limit.",
            ge=0,
            le=1_000_000,
        ),
    ] = 50.0
    access_unknown_burst: Annotated[
        Count, Meta(description="How many requests an address may send without an identity after a pause.")
    ] = 1000
    access_client_id: Annotated[
        str, Meta(description="What this system is to the issuer; empty is no sign-in for people, tokens alone.")
    ] = ""
    access_client_secret: Annotated[
        str, Meta(description="Its secret at the issuer; empty is a public client, which PKCE protects.")
    ] = ""
    access_scopes: Annotated[tuple[str, ...], Meta(description="The scopes that a sign-in asks for.")] = (
        "openid",
        "profile",
    )
    access_public_url: Annotated[
        str,
        Meta(
            description="The address that people's browsers use, such as https://jmid.example, to which the issuer "
            "sends them back; empty on loopback alone."
        ),
    ] = ""
    access_session_idle_s: Annotated[
        Seconds, Meta(description="After what time without a request a person signs in anew.")
    ] = 1800.0
    access_session_s: Annotated[Seconds, Meta(description="After what time a person signs in anew in any case.")] = (
        43_200.0
    )
    access_certificate_header: Annotated[
        str,
        Meta(
            description="The header in which a trusted proxy tells the certificate that a client showed it, such as "
            "Client-Cert (RFC 9440) or ssl-client-cert; empty is none."
        ),
    ] = ""
    access_forwarded_header: Annotated[
        Literal["", "Forwarded", "X-Forwarded-For"],
        Meta(
            description="The header in which trusted proxies tell whose address they answer; empty is none: then all "
            "callers behind a proxy have its address."
        ),
    ] = ""
    access_trusted_proxies: Annotated[
        tuple[str, ...], Meta(description="Addresses or networks of the proxies of which those headers are believed.")
    ] = ()
    access_shared_gateway_token: Annotated[
        bool,
        Meta(
            description="Whether JMID_ARCHIVE_GATEWAY_TOKEN and JMID_LINKER_GATEWAY_TOKEN may hold a token of no site, "
            "which several gateways share: whoever has it delivers and acts for any site."
        ),
    ] = False
    access_service_token: Annotated[
        str,
        Meta(
            description="The Bearer token that our own services show each other; empty is that of "
            "<home>/service.token, made on the first start. Processes without a common home need it here."
        ),
    ] = ""

    @property
    def is_asked(self) -> bool:
        """Whether everybody is asked who they are."""
        return self.access in (Mode.EMBEDDED, Mode.OIDC)


def access_settings(environ: Mapping[str, str]) -> AccessSettings:
    """Read the settings; raise SettingsError if what is asked for cannot be checked."""
    settings = AccessSettings(**settings_reader.values(AccessSettings, "JMID", environ))
    role_names(settings)
    if settings.access_service_token and len(settings.access_service_token) < LEAST_TOKEN:
        raise SettingsError(f"JMID_ACCESS_SERVICE_TOKEN is too short; it takes {LEAST_TOKEN} characters or more")
    if settings.access_public_url and not is_safe_url(settings.access_public_url):
        raise SettingsError("JMID_ACCESS_PUBLIC_URL takes an https URL, for example https://jmid.example")
    if bool(settings.access_certificate_header or settings.access_forwarded_header) != bool(
        settings.access_trusted_proxies
    ):
        raise SettingsError(
            "JMID_ACCESS_TRUSTED_PROXIES goes with JMID_ACCESS_CERTIFICATE_HEADER or JMID_ACCESS_FORWARDED_HEADER"
        )
    if settings.access is Mode.OIDC:
        _check_issuer(settings)
    return settings


def role_names(settings: AccessSettings) -> dict[str, AccessRole]:
    """Return the roles by the issuer's names for them: ours and those that the settings name."""
    names = {role.value: role for role in AccessRole}
    for each in settings.access_role_names:
        theirs, _, ours = each.partition("=")
        if not theirs or ours not in set(AccessRole):
            roles = ", ".join(AccessRole)
            raise SettingsError(f"JMID_ACCESS_ROLE_NAMES has a wrong value; it takes theirs=ours, ours of {roles}")
        names[theirs.strip()] = AccessRole(ours)
    return names


def check_address(settings: AccessSettings, bind: str) -> None:
    """Raise SettingsError if an address may not be served in this mode."""
    if settings.access is Mode.OPEN and bind not in LOOPBACK:
        raise SettingsError(
            f"JMID_ACCESS=open serves a loopback address only, not {bind}; set oidc and an issuer, or network where "
            "something in front of this port asks who comes in"
        )
    if settings.access is Mode.EMBEDDED and bind not in LOOPBACK and not settings.access_public_url:
        raise SettingsError("JMID_ACCESS_PUBLIC_URL is not set; it takes the https address that browsers use")


def is_safe_url(url: str) -> bool:
    """Say whether what a URL answers can be trusted to be its host's: https, or this machine."""
    try:
        parsed = URL(url)
    except ValueError:
        return False
    return bool(parsed.host) and (parsed.scheme == "https" or (parsed.scheme == "http" and parsed.host in LOOPBACK))


def _check_issuer(settings: AccessSettings) -> None:
    if not is_safe_url(settings.access_issuer):
        raise SettingsError(
            "JMID_ACCESS_ISSUER is missing or wrong; it takes an https URL, for example "
            "https://login.example/realms/jmid"
        )
    if not settings.access_audience:
        raise SettingsError("JMID_ACCESS_AUDIENCE is not set; it takes what tokens are made for, for example jmid")
    if settings.access_client_id in settings.access_audience and not settings.access_client_audience:
        raise SettingsError(
            "JMID_ACCESS_AUDIENCE holds JMID_ACCESS_CLIENT_ID, which is the audience of ID Tokens; give access tokens "
            "one of their own, or set JMID_ACCESS_CLIENT_AUDIENCE=true"
        )
    if "openid" not in settings.access_scopes:
        raise SettingsError("JMID_ACCESS_SCOPES needs openid, for example openid,profile")
    if not settings.access_algorithms:
        raise SettingsError("JMID_ACCESS_ALGORITHMS is empty; it takes at least one, for example RS256")
