"""The route by which the centre's linker has a patient's Studies withdrawn, who opted out at a gateway."""

import msgspec
from aiohttp import web

from services.archive.deps import ArchiveDeps
from services.archive.housekeeping.patient_withdrawals import Withdrawal, lift, withdraw
from shared.errors import Transient
from shared.web import bearer

MOST_BYTES = 4 << 20


def withdrawal_routes(deps: ArchiveDeps) -> list[web.RouteDef]:
    """POST /dicom-web/withdrawals."""

    async def post(request: web.Request) -> web.Response:
        """Withdraw, or lift a withdrawal; the answer says what is gone when it is."""
        of_sites, is_service = deps.gateways.sites(request), deps.gateways.gateway(request) is not None
        if deps.settings.accept == "deidentified" and not is_service:
            raise bearer.unauthorized("only the centre's linker withdraws: its credential is missing")
        body = await request.content.read(MOST_BYTES)
        try:
            asked = msgspec.json.decode(body, type=Withdrawal)
        except msgspec.DecodeError as error:
            raise web.HTTPBadRequest(text="the body is no withdrawal\n") from error
        if of_sites and asked.site not in of_sites:
            raise web.HTTPForbidden(text="the withdrawal is another site's\n")
        try:
            done = await (lift(deps, asked) if asked.lifts else withdraw(deps, asked))
        except Transient as error:
            raise web.HTTPServiceUnavailable(headers={"Retry-After": "5"}) from error
        return web.Response(body=msgspec.json.encode(done), content_type="application/json")

    return [web.post("/dicom-web/withdrawals", post)]
