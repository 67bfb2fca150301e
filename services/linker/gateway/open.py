"""Open the gateway's linker: its handlers, routes, couriers and housekeeping."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from services.linker.gateway import handlers, housekeeping, linking, send
from services.linker.gateway.delivery_worker import Courier, Outage
from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.operator_actions import Desk
from services.linker.gateway.routes import GatewayRoutes
from services.linker.gateway.transport import Centre, centre
from services.linker.links import policy
from services.linker.settings import LinkerSettings, complete
from shared import settings
from shared.events import InstancesDeidentified, ReportDeidentified
from shared.service import Place, Running
from shared.web.language import translatable

TEMPLATES = Path(__file__).parent.parent / "templates"
_RELEASE_EVERY_S = 600.0


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
    )
    async with centre(chosen, deps.blobs) as peer:
        couriers = _couriers(deps, peer)
        desk = Desk(deps)
        routes = GatewayRoutes(desk, couriers)

        async def status() -> Mapping[str, int]:
            away = max(courier.outage.tries for courier in couriers)
            return {**await desk.counts(), "centre_away_tries": away}

        yield Running(
            routes=routes.routes(),
            handlers={
                InstancesDeidentified: partial(handlers.take_instances, deps=deps),
                ReportDeidentified: partial(handlers.take_report, deps=deps),
            },
            tasks=[courier.run for courier in couriers],
            status=status,
            templates=TEMPLATES,
            menu=((translatable("Links"), "/gateway/links"),),
        )


def _couriers(deps: GatewayDeps, peer: Centre) -> list[Courier]:
    def sending(name: str, do: Callable[[GatewayDeps, Centre, Outage], Awaitable[int]]) -> Courier:
        async def one_round(outage: Outage) -> int:
            moved = await do(deps, peer, outage)
            return moved + await housekeeping.announce_round(deps)

        return Courier(name, one_round, deps.settings, deps.bell.listen())

    unsettled = linking.Unsettled(deps)

    async def settled(_: Outage) -> int:
        return await unsettled.look()

    async def released(_: Outage) -> int:
        return await housekeeping.release_round(deps)

    async def recalled(outage: Outage) -> int:
        return await housekeeping.recall_round(deps, peer, outage)

    return [
        sending("images", send.instances_round),
        sending("reports", send.reports_round),
        Courier("links", settled, deps.settings, asyncio.Event()),
        Courier("releases", released, deps.settings, asyncio.Event(), rest_s=_RELEASE_EVERY_S),
        Courier("recalls", recalled, deps.settings, asyncio.Event(), rest_s=deps.settings.recall_poll_s),
    ]
