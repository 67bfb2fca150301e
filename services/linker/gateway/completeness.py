"""Tell the centre what this site received by day, and where that is: counts of the ledger that ingest keeps."""

import aiohttp

from services.linker.gateway.delivery.transport import Centre, CentreUnavailable
from services.linker.gateway.delivery.worker import Outage
from services.linker.gateway.deps import GatewayDeps
from services.linker.reports.completeness import MOST_DAYS, CompletenessReport, DayCounts, day_counts
from shared.logs import decided


async def completeness_round(deps: GatewayDeps, centre: Centre, session: aiohttp.ClientSession, outage: Outage) -> int:
    """Read the ledger and send its days; return 0. A ledger that cannot be read is no trouble of the centre."""
    if not deps.site:
        return 0
    try:
        days = await _days(session, f"{deps.settings.ingest_url}/ingest/ledger")
    except (aiohttp.ClientError, TimeoutError, OSError, KeyError, TypeError, ValueError) as error:
        decided("ledger-not-read", level="warning", service="linker", error=type(error).__name__)
        return 0
    if days:
        try:
            await centre.tell_completeness(CompletenessReport(site=deps.site, days=days))
        except CentreUnavailable as error:
            outage.seen(error.reason, error.retry_after_s)
    return 0


async def _days(session: aiohttp.ClientSession, url: str) -> tuple[DayCounts, ...]:
    async with session.get(url, raise_for_status=True, allow_redirects=False) as answer:
        shown = (await answer.json())["days"]
    return tuple(day_counts(each) for each in shown[:MOST_DAYS])
