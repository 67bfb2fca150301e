"""Enrolment in both roles: the centre's routes, and the gateway's loop of renewing.

Owns enrolment_invites and site_certificates.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from services.enrolment.invites import INVITES
from services.enrolment.issue import Issuer
from services.enrolment.renewal import Renewal
from services.enrolment.routes import EnrolmentRoutes
from services.enrolment.settings import EnrolmentSettings
from shared.certificates.authority import FOLDER, authority_of
from shared.certificates.settings import tls_settings
from shared.certificates.site_identity import SiteIdentity
from shared.service import Place, Role, Running, Service
from shared.settings import read
from shared.web.identity.certificates import SITES


@asynccontextmanager
async def opens_centre(place: Place) -> AsyncIterator[Running]:
    """Open the centre's side."""
    settings = read(EnrolmentSettings, "ENROLMENT", place.environ)
    authority = await asyncio.to_thread(authority_of, tls_settings(place.environ), place.home / FOLDER)
    issuer = Issuer(place.documents, authority, settings.certificate_days)
    yield Running(routes=EnrolmentRoutes(issuer, settings).routes())


@asynccontextmanager
async def opens_gateway(place: Place) -> AsyncIterator[Running]:
    """Open the gateway's side, which waits where the gateway is not enrolled."""
    renewal = Renewal(SiteIdentity(place.home), read(EnrolmentSettings, "ENROLMENT", place.environ))

    async def status() -> Mapping[str, int]:
        left = await renewal.days_left()
        return {} if left is None else {"certificate ends in, days": left}

    yield Running(tasks=[renewal.run_forever], checks={"certificate": renewal.is_good}, status=status)


SERVICES = (
    Service(name="enrolment", role=Role.GATEWAY, opens=opens_gateway, settings=EnrolmentSettings),
    Service(
        name="enrolment",
        role=Role.CENTRE,
        opens=opens_centre,
        settings=EnrolmentSettings,
        collections=(INVITES, SITES),
    ),
)
