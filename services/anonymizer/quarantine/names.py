"""The managed part of the site's list: names of places and staff that a reviewer found, cleaned from now on.

Beside the file that JMID_ANONYMIZER_SITE_LIST names, which stays the site's own. In force everywhere at once; each
change is a version, and can be undone.
"""

import hashlib
from collections.abc import Mapping

import aiohttp_jinja2
import msgspec
from aiohttp import web

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.device_rules import RuleState
from services.anonymizer.name_records import SITE_NAMES, NameVersion, SiteName
from services.anonymizer.quarantine.again import events_of
from services.anonymizer.quarantine.decisions import form_of
from services.anonymizer.records import QUARANTINE, State
from services.anonymizer.reports.review import RESIDUAL_RISK
from services.anonymizer.text import site_list
from services.anonymizer.text.folding.spans import MARKER
from shared import clock
from shared.bus import Bus
from shared.documents import Eq
from shared.errors import Conflict, Invalid
from shared.logs import decided
from shared.web.actor import actor_named

_PATH = "/gateway/quarantine/names"
_MOST = 64  # characters
KINDS = ("staff", "institution", "department", "ward")


def name_routes(deps: AnonymizerDeps, bus: Bus) -> list[web.AbstractRouteDef]:
    """GET and POST /gateway/quarantine/names; GET /api/gateway/quarantine/names."""

    async def page(request: web.Request) -> web.Response:
        names = sorted(await deps.documents.find_all(SITE_NAMES), key=lambda each: each.current.at, reverse=True)
        context = {"names": names, "kinds": KINDS, "in_file": bool(deps.policy.names.digest)}
        return aiohttp_jinja2.render_template("anonymizer/names.html", request, context)

    async def listing(_: web.Request) -> web.Response:
        body = msgspec.json.encode({"names": await deps.documents.find_all(SITE_NAMES)})
        return web.Response(body=body, content_type="application/json")

    async def decide(request: web.Request) -> web.Response:
        form = await form_of(request)
        await decide_name(deps, bus, form, actor_named(form.get("by", "")))
        back = form.get("back", "")
        raise web.HTTPSeeOther(back if back.startswith("/gateway/quarantine") else _PATH)

    return [web.get(_PATH, page), web.post(_PATH, decide), web.get(f"/api{_PATH}", listing)]


async def decide_name(deps: AnonymizerDeps, bus: Bus, form: Mapping[str, str], by: str) -> SiteName:
    """Put a name on the list, or withdraw it; have the reports that wait for a person cleaned again."""
    kind, name = form.get("kind", ""), " ".join(form.get("name", "").split())
    _check(kind, name)
    key = hashlib.sha256(f"{kind}|{name}".encode()).hexdigest()[:16]
    old, version = await deps.documents.get_versioned(SITE_NAMES, key) or (None, 0)
    state = RuleState.WITHDRAWN if form.get("action") == "withdraw" else RuleState.ACTIVE
    if old is not None and old.state is state:
        raise Conflict("that is how it stands already; read the list again")
    now = clock.utc_now().isoformat(timespec="milliseconds")
    versions = (*(old.versions if old else ()), NameVersion(state=state, by=by, at=now))
    listed = SiteName(id=key, kind=kind, name=name, state=state, versions=versions)
    await deps.documents.put(SITE_NAMES, listed, if_version=version)
    decided("site-name-decided", service="anonymizer", reason=state.value)
    waiting = await deps.documents.find_all(QUARANTINE, Eq("state", State.WAITING.value), Eq("reason", RESIDUAL_RISK))
    await bus.publish(*events_of(deps.policy.site, waiting, cause=f"name {key}", at=now))
    return listed


def _check(kind: str, name: str) -> None:
    """Raise Invalid for what the list cannot use."""
    if kind not in KINDS:
        raise Invalid("wrong-kind", f"kind is one of {', '.join(KINDS)}")
    if len(name) > _MOST:
        raise Invalid("wrong-name", f"a name has at most {_MOST} characters")
    if MARKER.search(name):
        raise Invalid("wrong-name", "that is what stands for something that was cleaned, and no name")
    for fault in site_list.parse(f"{kind}: {name}").faults:
        raise Invalid("wrong-name", fault.why)
