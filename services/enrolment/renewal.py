"""The gateway's loop that renews its certificate when a third of its life is left, and says when it could not."""

import asyncio
from datetime import timedelta

from cryptography import x509

from services.enrolment.client import renew
from services.enrolment.settings import EnrolmentSettings
from shared import clock
from shared.certificates.site_identity import SiteIdentity
from shared.errors import JmidError
from shared.logs import decided

OK = "ok"
DAY = timedelta(days=1)


class Renewal:
    """Keeps the certificate of a gateway new."""

    def __init__(self, identity: SiteIdentity, settings: EnrolmentSettings) -> None:
        self._identity, self._settings = identity, settings

    async def run_forever(self) -> None:
        """Look now and then, until cancelled; a gateway that enrols while it runs is seen the next time."""
        while True:
            await self.look()
            await asyncio.sleep(self._settings.look_s)

    async def look(self) -> bool:
        """Renew if it is time; say whether a new certificate came."""
        enrolment = self._identity.enrolment
        if enrolment is None or not is_due(self._identity.certificate):
            return False
        try:
            await renew(self._identity, enrolment, self._settings.timeout_s)
        except JmidError as error:
            decided("certificate-not-renewed", level="error", error=type(error).__name__)
            return False
        decided("certificate-renewed")
        return True

    async def days_left(self) -> int | None:
        """Return the days until the certificate ends, None where there is none."""
        if self._identity.enrolment is None:
            return None
        return (self._identity.certificate.not_valid_after_utc - clock.utc_now()) // DAY

    async def is_good(self) -> str:
        """Say whether the certificate is good for a while yet."""
        left = await self.days_left()
        return OK if left is None or left >= 0 else "the gateway's certificate has ended: jmid enrol"


def is_due(certificate: x509.Certificate) -> bool:
    """Say whether two thirds of a certificate's life are over. Pure but for the time."""
    lasts = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    return certificate.not_valid_after_utc - clock.utc_now() < lasts / 3
