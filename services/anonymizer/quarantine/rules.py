"""The page of the rules for devices: what each masks, who decided it when, how many Instances it masked, undoing it."""

import aiohttp_jinja2
import msgspec
from aiohttp import web

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.device_rules import DeviceRule
from services.anonymizer.quarantine.decisions import form_of
from services.anonymizer.quarantine.device_decisions import all_rules, change_rule
from services.anonymizer.records import AUDIT
from shared.bus import Bus
from shared.documents import Eq
from shared.web.actor import actor_named

_PATH = "/gateway/quarantine/rules"


def rule_routes(deps: AnonymizerDeps, bus: Bus) -> list[web.AbstractRouteDef]:
    """GET and POST /gateway/quarantine/rules; GET /api/gateway/quarantine/rules."""

    async def page(request: web.Request) -> web.Response:
        rules = sorted(await all_rules(deps), key=lambda rule: rule.current.at, reverse=True)
        masked = {label: count for rule in rules for label, count in (await _masked(deps, rule)).items()}
        return aiohttp_jinja2.render_template("anonymizer/rules.html", request, {"rules": rules, "masked": masked})

    async def listing(_: web.Request) -> web.Response:
        body = [{**msgspec.to_builtins(rule), "masked": await _masked(deps, rule)} for rule in await all_rules(deps)]
        return web.Response(body=msgspec.json.encode({"rules": body}), content_type="application/json")

    async def decide(request: web.Request) -> web.Response:
        form = await form_of(request)
        await change_rule(deps, bus, form, actor_named(form.get("by", "")))
        raise web.HTTPSeeOther(_PATH)

    return [web.get(_PATH, page), web.post(_PATH, decide), web.get(f"/api{_PATH}", listing)]


async def _masked(deps: AnonymizerDeps, rule: DeviceRule) -> dict[str, int]:
    """Return how many Instances each version masked, by rule and version."""
    labels = [f"{rule.id}/{each.version}" for each in rule.versions]
    return {label: await deps.documents.count(AUDIT, Eq("device_rule", label)) for label in labels}
