"""Whose deliveries the centre's linker takes: a gateway's, by its credential, and reports with a known profile's mark.

The archive's door asks the same of Instances. That a report holds no name is the gateway's work.
"""

from collections.abc import Set

from aiohttp import web

from services.linker.centre.deps import CentreDeps
from services.linker.reports.document import OutsideSchema
from services.linker.settings import LinkerSettings
from shared.deidentification_mark import is_of_profile
from shared.errors import Refused
from shared.fhir import systems
from shared.web import bearer


def check_gateway(request: web.Request, deps: CentreDeps) -> None:
    """Raise HTTPUnauthorized unless a gateway asks, or everybody may; a token that is not ours is always refused."""
    gateway = deps.gateways.gateway(request)
    if deps.settings.accept == "deidentified" and gateway is None:
        raise bearer.unauthorized("only a gateway delivers here: its credential is missing")


def check_acts_for(request: web.Request, deps: CentreDeps, site: str) -> None:
    """Raise Refused if a gateway that is known to be of certain sites acts for another, or for all."""
    of_sites = delivered_by(request, deps)
    if of_sites and site not in of_sites:
        raise Refused("other-site", "site is none of this gateway")


def delivered_by(request: web.Request, deps: CentreDeps) -> frozenset[str]:
    """Return the sites that a gateway showed it is of; none for a credential that several sites share."""
    return deps.gateways.sites(request)


def check_site(site: str, of_sites: Set[str]) -> None:
    """Raise Refused if a report is of another site than its gateway, which keeps it until that is mended."""
    if of_sites and site not in of_sites:
        raise Refused("other-site", "DiagnosticReport.meta.source is no site of the gateway that sends this report")


def check_profile(label: str, settings: LinkerSettings) -> None:
    """Raise OutsideSchema unless the profile that a report names is one that the centre takes."""
    if settings.accept == "deidentified" and not is_of_profile(label, settings.accept_profiles):
        raise OutsideSchema(f"DiagnosticReport.meta.tag: {systems.PROFILE} names no known profile")
