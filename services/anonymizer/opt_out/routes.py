"""The privacy officer's page of opt-outs: adding, removing, how far each is, and its proof."""

import aiohttp_jinja2
import msgspec
import orjson
from aiohttp import web

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.opt_out import requests
from services.anonymizer.opt_out.proof import as_text, proof_of, signed
from services.anonymizer.opt_out.requests import Asked
from services.anonymizer.opt_out_records import OPT_OUTS, OptOut
from services.anonymizer.pseudonyms.keys import Keyring
from shared import clock
from shared.documents import Order
from shared.errors import NotFound
from shared.web.actor import actor_named

_PATH = "/gateway/opt-outs"
_LIMIT = 200


def opt_out_routes(deps: AnonymizerDeps, ring: Keyring) -> list[web.AbstractRouteDef]:
    """GET and POST /gateway/opt-outs, its proofs, and GET /api/gateway/opt-outs."""

    async def page(request: web.Request) -> web.Response:
        rows = await _newest(deps)
        return aiohttp_jinja2.render_template("anonymizer/opt_outs.html", request, {"opt_outs": rows})

    async def listing(_: web.Request) -> web.Response:
        body = {"opt_outs": [_shown(each) for each in await _newest(deps)]}
        return web.Response(body=orjson.dumps(body), content_type="application/json")

    async def decide(request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        by, why = actor_named(form.get("by", "")), form.get("why", "")
        if form.get("action") == "remove":
            await requests.remove(deps.documents, form.get("opt_out", ""), by, why)
        else:
            asked = Asked(form.get("patient_id", ""), form.get("issuer", "").strip(), by, why)
            await requests.add(deps.documents, ring, deps.policy.site, deps.policy.foreign_issuers, asked)
        raise web.HTTPSeeOther(_PATH)

    async def proof(request: web.Request) -> web.Response:
        row = await deps.documents.get(OPT_OUTS, request.match_info["opt_out"])
        if row is None:
            raise NotFound("unknown-opt-out", "there is no opt-out of this id")
        now = clock.utc_now().isoformat(timespec="milliseconds")
        document = signed(proof_of(row, deps.policy.site, now), ring.current)
        name = f"opt-out-{row.id}"
        if request.query.get("format") == "text":
            return web.Response(text=as_text(document), headers=_saved(f"{name}.txt"))
        body = orjson.dumps(document, option=orjson.OPT_INDENT_2)
        return web.Response(body=body, content_type="application/json", headers=_saved(f"{name}.json"))

    return [
        web.get(_PATH, page),
        web.post(_PATH, decide),
        web.get(f"{_PATH}/{{opt_out}}/proof", proof),
        web.get(f"/api{_PATH}", listing),
    ]


async def _newest(deps: AnonymizerDeps) -> list[OptOut]:
    page = await deps.documents.find(OPT_OUTS, order=(Order("asked_at", descending=True),), limit=_LIMIT)
    return page.documents


def _shown(row: OptOut) -> dict[str, object]:
    shown: dict[str, object] = msgspec.to_builtins(row)
    return shown


def _saved(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
