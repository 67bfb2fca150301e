"""The page of the names that headers told: which are in force, on how many Studies and since when; removing, keeping.

What is removed stays out, whatever headers tell later; what is kept was looked at by a person. Both are audited.
"""

import aiohttp_jinja2
import msgspec
from aiohttp import web
from yarl import URL

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.header_names import learned
from services.anonymizer.name_records import HEADER_NAMES, HeaderName, NameState
from services.anonymizer.quarantine.decisions import form_of
from shared import clock
from shared.documents import Eq, Order, Page
from shared.errors import Invalid
from shared.logs import decided
from shared.web.actor import actor_named

_PATH = "/gateway/quarantine/learned-names"
_PAGE = 100
_ACTIONS = {"remove": NameState.REMOVED, "keep": NameState.KEPT}


def learned_name_routes(deps: AnonymizerDeps) -> list[web.AbstractRouteDef]:
    """GET and POST /gateway/quarantine/learned-names; GET /api/gateway/quarantine/learned-names."""

    async def page(request: web.Request) -> web.Response:
        state, names = await _asked(deps, request)
        following = {"state": state.value, "after": names.next} if names.next else {}
        context = {
            "state": state.value,
            "names": names.documents,
            "counts": {
                each.value: await deps.documents.count(HEADER_NAMES, Eq("state", each.value)) for each in NameState
            },
            "following": URL.build(query=following).raw_query_string,
        }
        return aiohttp_jinja2.render_template("anonymizer/learned_names.html", request, context)

    async def listing(request: web.Request) -> web.Response:
        _, names = await _asked(deps, request)
        body = [{**msgspec.to_builtins(each), "studies": len(each.studies)} for each in names.documents]
        return web.json_response({"names": body, "next": names.next})

    async def decide(request: web.Request) -> web.Response:
        form = await form_of(request)
        state = _ACTIONS.get(form.get("action", ""))
        if state is None:
            raise Invalid("not-an-action", f"action is one of {', '.join(_ACTIONS)}")
        at = clock.utc_now().isoformat(timespec="milliseconds")
        await learned.decide(deps.documents, form.get("name", ""), state, actor_named(form.get("by", "")), at)
        decided("learned-name-decided", service="anonymizer", reason=state.value)
        raise web.HTTPSeeOther(URL(_PATH).with_query(state=_state(form.get("back", "")).value))

    return [web.get(_PATH, page), web.post(_PATH, decide), web.get(f"/api{_PATH}", listing)]


async def _asked(deps: AnonymizerDeps, request: web.Request) -> tuple[NameState, Page[HeaderName]]:
    """Return the state that is asked for, and a page of the names in it, the newest first."""
    state = _state(request.query.get("state", ""))
    order = [Order("at", descending=True)]
    after = request.query.get("after") or None
    return state, await deps.documents.find(
        HEADER_NAMES, Eq("state", state.value), order=order, limit=_PAGE, after=after
    )


def _state(asked: str) -> NameState:
    try:
        return NameState(asked or NameState.IN_FORCE)
    except ValueError as error:
        raise Invalid("wrong-parameter", f"state is one of {', '.join(NameState)}") from error
