"""Which place a process is: a site's gateway, the centre, or both; and what a gateway knows of its centre.

A home has one place: de-identified and identified data of two places never lie in one folder by mistake.
"""

import enum
import socket
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from shared.certificates.site_identity import SiteIdentity
from shared.errors import SettingsError
from shared.service import Role, Service
from shared.web.loopback import LOOPBACK

DEFAULT_SITE: Final = "demo"
ISSUER: Final = "identity"


class WhichPlace(enum.StrEnum):
    """What jmid up runs."""

    ALL = "all"
    GATEWAY = "gateway"
    CENTRE = "centre"


def services_of(place: WhichPlace, every: Iterable[Service]) -> tuple[Service, ...]:
    """Return the services of a place. A gateway alone has the issuer too, for its own people. Pure."""
    if place is WhichPlace.ALL:
        return tuple(every)
    role = Role(place.value)
    own = [replace(each, role=role) if each.name == ISSUER else each for each in every]
    return tuple(each for each in own if each.role is role)


def check_home(place: WhichPlace, home: Path) -> None:
    """Raise SettingsError if a home is of another place."""
    others = {WhichPlace.GATEWAY: Role.CENTRE, WhichPlace.CENTRE: Role.GATEWAY}
    other = others.get(place)
    if other is not None and (home / other.value).exists():
        raise SettingsError(f"the home {home} is one of a {other.value}; a {place.value} has its own (--home)")


def issuer_role(home: Path) -> Role:
    """Return in which role a home has its issuer: the centre's, but of a gateway alone its own."""
    is_gateway = (home / Role.GATEWAY.value).is_dir() and not (home / Role.CENTRE.value).is_dir()
    return Role.GATEWAY if is_gateway else Role.CENTRE


def gateway_variables(home: Path, environ: Mapping[str, str], centre: str = "") -> dict[str, str]:
    """Return the variables that say where a gateway delivers, and who it is there, but for those that are set.

    home: of the process.  centre: an address, in place of the one that it enrolled at.
    """
    identity = SiteIdentity(home / Role.GATEWAY.value)
    enrolment = identity.enrolment
    variables = {"JMID_LINKER_CENTRE": centre or (enrolment.centre if enrolment else "")}
    if enrolment is not None:
        own = str(identity.identity)
        variables |= {"JMID_LINKER_CLIENT_CERTIFICATE": own, "JMID_LINKER_CLIENT_KEY": own}
        variables |= {"JMID_LINKER_CENTRE_CA": str(identity.authority)} if enrolment.is_own else {}
    return {name: value for name, value in variables.items() if value and name not in environ}


def check_centre(environ: Mapping[str, str]) -> None:
    """Raise SettingsError if nothing says where a gateway delivers."""
    if not any(environ.get(name) for name in ("JMID_LINKER_CENTRE", "JMID_LINKER_CENTRE_DICOMWEB_URL")):
        raise SettingsError("a gateway needs its centre: jmid enrol, or --centre https://centre.example:8443")


def site_of(home: Path, given: str) -> str:
    """Return the site: the given one, else the one that the gateway enrolled for; SettingsError if they differ."""
    enrolment = SiteIdentity(home / Role.GATEWAY.value).enrolment
    if enrolment is None:
        return given or DEFAULT_SITE
    if given and given != enrolment.site:
        raise SettingsError(f"this gateway is enrolled as the site {enrolment.site}, and --site (JMID_SITE) is {given}")
    return enrolment.site


def public_url(bind: str, port: int, environ: Mapping[str, str]) -> dict[str, str]:
    """Return JMID_ACCESS_PUBLIC_URL of a port that speaks TLS, unless it is set."""
    if "JMID_ACCESS_PUBLIC_URL" in environ:
        return {}
    if not port:
        raise SettingsError("--tls needs a --port, or JMID_ACCESS_PUBLIC_URL: browsers come back to its address")
    is_any = bind in ("0.0.0.0", "::")  # noqa: S104 - told apart, not bound
    host = "localhost" if bind in LOOPBACK else socket.gethostname() if is_any else bind
    return {"JMID_ACCESS_PUBLIC_URL": f"https://{f'[{host}]' if ':' in host else host}:{port}"}
