"""Open the gateway's linker: its handlers, routes, delivery workers and housekeeping."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import aiohttp

from services.linker.gateway import announce, completeness, custody, handlers, housekeeping, linking
from services.linker.gateway.backlog import Backlog
from services.linker.gateway.backlog_routes import BacklogRoutes
from services.linker.gateway.delivery import send, send_reports
from services.linker.gateway.delivery.bandwidth import Allowance
from services.linker.gateway.delivery.peer import centre
from services.linker.gateway.delivery.share import Share
from services.linker.gateway.delivery.transport import Centre
from services.linker.gateway.delivery.worker import DeliveryWorker, Outage
from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.merges.routes import MergeRoutes
from services.linker.gateway.merges.take import take_merge
from services.linker.gateway.merges.tell import merges_round
from services.linker.gateway.operator_actions import OperatorActions
from services.linker.gateway.opt_out.agreement import agreement_round
from services.linker.gateway.opt_out.carry_out import take_opt_out, withdrawals_round
from services.linker.gateway.opt_out_records import OPEN, WITHDRAWALS
from services.linker.gateway.pace import Pace
from services.linker.gateway.recalls.answering import recall_round
from services.linker.gateway.recalls.fetching import take_fetched
from services.linker.gateway.recalls.records import FETCHES, FetchState
from services.linker.gateway.routes import GatewayRoutes
from services.linker.links import policy
from services.linker.links.unsettled import Unsettled
from services.linker.settings import LinkerSettings, centre_token, complete
from shared import settings
from shared.documents import Eq, In
from shared.events import InstancesDeidentified, PatientOptedOut, PatientsMerged, ReportDeidentified, StudyFetched
from shared.lease import Leases, leases_of
from shared.service import Place, Role, Running
from shared.site.times import site_time_of
from shared.text.hours import rate_by_hour
from shared.web import gateway_token
from shared.web.language import translatable

TEMPLATES = Path(__file__).parent.parent / "templates"
_RELEASE_EVERY_S = 600.0
_LOOK_AT_CLOCK_S = 60.0
_AGREE_EVERY_S = 60.0
_ANNOUNCING, _LONGEST_PAUSE_S = 0.05, 2.0
"""Share of the time that announcing may take: what a receipt counts is counted over all of its deliveries."""


@asynccontextmanager
async def open_gateway(place: Place) -> AsyncIterator[Running]:
    """Yield the running linker of a hospital."""
    chosen = complete(settings.read(LinkerSettings, "LINKER", place.environ), place.base_url)
    deps = GatewayDeps(
        documents=place.documents,
        blobs=place.blobs["deidentified"],
        bus=place.bus,
        settings=chosen,
        policy=policy.parse(chosen.policy),
        site=place.site,
        site_time=site_time_of(place.environ),
    )
    leases = leases_of(place.documents, place.environ)
    allowance = Allowance(rate_by_hour(chosen.bandwidth), Share(leases), now=deps.site_time.time_of_day)
    token = partial(centre_token, chosen, place.home.parent / Role.CENTRE.value / gateway_token.FILE)
    timeout = aiohttp.ClientTimeout(total=chosen.idle_timeout_s, sock_connect=chosen.connect_timeout_s)
    async with (
        centre(chosen, deps.blobs, token, allowance) as peer,
        aiohttp.ClientSession(timeout=timeout, headers=place.own_headers) as session,
    ):
        workers = _workers(deps, peer, leases, session)
        actions = OperatorActions(deps)
        routes = GatewayRoutes(actions)
        backlog = Backlog(deps, lambda: peer.limit)

        async def status() -> Mapping[str, int]:
            away = [each.tries for each in await actions.workers()]
            tries = {"centre_away_tries": max(away, default=0)}
            withdrawals = await deps.documents.count(WITHDRAWALS, In("state", OPEN))
            fetches = await deps.documents.count(FETCHES, Eq("state", FetchState.OPEN))
            own = {
                "withdrawals_open": withdrawals,
                "studies asked of the PACS": fetches,
                **await backlog.figures(),
                **await custody.figures(deps),
            }
            return {**await actions.counts(), **tries, **own}

        yield Running(
            routes=[*routes.routes(), *BacklogRoutes(backlog).routes(), *MergeRoutes(deps).routes()],
            handlers={
                InstancesDeidentified: partial(handlers.take_instances, deps=deps),
                ReportDeidentified: partial(handlers.take_report, deps=deps),
                PatientOptedOut: partial(take_opt_out, deps=deps),
                StudyFetched: partial(take_fetched, deps=deps),
                PatientsMerged: partial(take_merge, deps=deps),
            },
            tasks=[worker.run for worker in workers],
            status=status,
            checks={"deliveries": backlog.is_delivered_in_time},
            templates=TEMPLATES,
            menu=((translatable("Links"), "/gateway/links"), (translatable("Backlog"), "/gateway/backlog")),
        )


def _workers(deps: GatewayDeps, peer: Centre, leases: Leases, session: aiohttp.ClientSession) -> list[DeliveryWorker]:
    worker = partial(DeliveryWorker, settings=deps.settings, documents=deps.documents, leases=leases)
    alone = partial(worker, wake_up=asyncio.Event())
    unsettled = Unsettled(deps.documents, deps.set_asides.of("settle"), partial(linking.settle, deps))

    pace = Pace(_ANNOUNCING, _LONGEST_PAUSE_S, deps.wake_up.set)

    def sending(name: str, do: Callable[[GatewayDeps, Centre, Outage], Awaitable[int]]) -> DeliveryWorker:
        async def one_round(outage: Outage) -> int:
            moved = await do(deps, peer, outage)
            return moved + await pace.round(partial(announce.announce_round, deps))

        return worker(name, one_round, wake_up=deps.wake_up.listen())

    async def settled(_: Outage) -> int:
        return await unsettled.look() + await linking.relink_again(deps)

    async def released(_: Outage) -> int:
        return await housekeeping.release_round(deps)

    async def recalled(outage: Outage) -> int:
        return await recall_round(deps, peer, outage)

    async def compared(outage: Outage) -> int:
        return await custody.custody_round(deps, peer, outage)

    async def withdrawn(outage: Outage) -> int:
        return await withdrawals_round(deps, peer, outage)

    async def merged(outage: Outage) -> int:
        return await merges_round(deps, peer, outage)

    async def agreed(outage: Outage) -> int:
        return await agreement_round(deps, peer, outage)

    async def told(outage: Outage) -> int:
        return await completeness.completeness_round(deps, peer, session, outage)

    return [
        sending("images", send.instances_round),
        sending("reports", send_reports.reports_round),
        alone("links", settled),
        alone("releases", released, rest_s=_RELEASE_EVERY_S),
        worker("withdrawals", withdrawn, wake_up=deps.wake_up.listen()),
        worker("merges", merged, wake_up=deps.wake_up.listen()),
        alone("opt-outs", agreed, rest_s=_AGREE_EVERY_S),
        alone("recalls", recalled, rest_s=deps.settings.recall_poll_s),
        alone("custody", compared, rest_s=_LOOK_AT_CLOCK_S),
        alone("completeness", told, rest_s=deps.settings.completeness_s),
    ]
