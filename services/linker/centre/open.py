"""Open the centre's linker: its handlers, API and publisher."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import aiohttp

from services.linker.centre import feed, handlers, linking, withdrawals
from services.linker.centre.cases import CaseRoutes
from services.linker.centre.completeness import CompletenessRoutes
from services.linker.centre.deps import CentreDeps
from services.linker.centre.diagnosing.routes import DiagnosisRoutes
from services.linker.centre.links.routes import LinkRoutes
from services.linker.centre.merges.routes import MergeRoutes
from services.linker.centre.recalls import OUTCOMES, RecallRoutes
from services.linker.centre.records import RECALLS, REPORTS
from services.linker.centre.reports import ReportRoutes
from services.linker.centre.staying import StayingRoutes
from services.linker.centre.withdrawal_records import OPEN, WITHDRAWALS
from services.linker.centre.withdrawal_routes import WithdrawalRoutes
from services.linker.links.records import LINKS
from services.linker.links.states import LinkState, RecallState
from services.linker.settings import LinkerSettings, complete
from shared import settings
from shared.documents import Eq, In
from shared.events import InstancesStored
from shared.lease import leases_of
from shared.service import Place, Running
from shared.terms.catalogue import Catalogue
from shared.terms.settings import terms_folder
from shared.text.free_text import TextFindings
from shared.web.gateway_token import GatewayTokens, tokens_of
from shared.web.language import translatable

TEMPLATES = Path(__file__).parent.parent / "templates"


@asynccontextmanager
async def open_centre(place: Place) -> AsyncIterator[Running]:
    """Yield the running linker of the centre."""
    chosen = complete(settings.read(LinkerSettings, "LINKER", place.environ), place.base_url)
    gateways = GatewayTokens()
    if chosen.gateway_token or chosen.accept == "deidentified":
        variable, given = "JMID_LINKER_GATEWAY_TOKEN", chosen.gateway_token
        gateways = await tokens_of(place.environ, variable, given, place.home, place.site)
    timeout = aiohttp.ClientTimeout(total=chosen.idle_timeout_s, sock_connect=chosen.connect_timeout_s)

    async def check_text(text: str) -> TextFindings:
        return await place.cpu(place.text_check, text)

    async with aiohttp.ClientSession(timeout=timeout, headers=place.own_headers) as session:
        catalogue = Catalogue(terms_folder(place.environ, place.home))
        deps = CentreDeps(place.documents, place.bus, chosen, session, place.site, check_text, catalogue, gateways)

        watch = feed.Watch(deps)
        leases = leases_of(place.documents, place.environ)

        async def published() -> None:
            await leases.work_under_lease("linker-case-changes", partial(feed.publish_forever, deps))

        async def repaired() -> None:
            await leases.work_under_lease("linker-links", partial(linking.repair_forever, deps))

        async def withdrawn() -> None:
            await leases.work_under_lease("linker-withdrawals", partial(withdrawals.carry_out_forever, deps))

        async def status() -> Mapping[str, int]:
            return {
                "reports": await deps.documents.count(REPORTS),
                "unlinked": await deps.documents.count(LINKS, Eq("state", LinkState.UNLINKED)),
                "recalls_open": await deps.documents.count(RECALLS, Eq("state", RecallState.REQUESTED)),
                **{f"recalls {each}": await deps.documents.count(RECALLS, Eq("state", each)) for each in OUTCOMES},
                "withdrawals_open": await deps.documents.count(WITHDRAWALS, In("state", OPEN)),
                "oldest not published, seconds": await watch.waited_s(),
            }

        yield Running(
            routes=[
                *ReportRoutes(deps).routes(),
                *LinkRoutes(deps).routes(),
                *CaseRoutes(deps).routes(),
                *RecallRoutes(deps).routes(),
                *DiagnosisRoutes(deps).routes(),
                *StayingRoutes(deps).routes(),
                *WithdrawalRoutes(deps).routes(),
                *MergeRoutes(deps).routes(),
                *CompletenessRoutes(deps).routes(),
            ],
            handlers={InstancesStored: partial(handlers.take_stored, deps=deps)},
            tasks=[published, repaired, withdrawn],
            templates=TEMPLATES,
            menu=((translatable("Completeness"), "/completeness"),),
            status=status,
            checks={"feed": watch.is_published_in_time},
            credentials=gateways.credentials,
        )
