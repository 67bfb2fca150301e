"""Rules for devices: made from a picture that waits, versioned, undone; applied to what waits and to what comes.

Every process reads the rules with each batch, so that one is in force everywhere as soon as it is written.
"""

from collections.abc import Mapping

from msgspec import structs

from services.anonymizer import device_rules
from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.device_rules import Box, Device, DeviceRule, RuleState, RuleVersion
from services.anonymizer.quarantine.again import events_of
from services.anonymizer.records import DEVICE_RULES, QUARANTINE, Choice, Decision, Kind, Quarantined, State
from shared import clock
from shared.bus import Bus
from shared.documents import Eq, Order
from shared.errors import Conflict, Invalid, NotFound
from shared.logs import decided

_MOST_WHY = 1000  # characters
ACTIONS = ("withdraw", "restore")


async def decide_for_device(
    deps: AnonymizerDeps, bus: Bus, item: Quarantined, decision: Decision, form: Mapping[str, str]
) -> DeviceRule:
    """Make the rule of an item's device, or its next version, and apply it to what waits."""
    if decision.decision is not Choice.MASK:
        raise Invalid("not-for-a-device", "only boxes to mask can hold for a device from now on")
    device = item.device
    if form.get("any_image_type"):
        device = structs.replace(device, image_type="")
    old, version = await deps.documents.get_versioned(DEVICE_RULES, device_rules.rule_id(device)) or (None, 0)
    return await _decide(deps, bus, (old, version), device, RuleState.ACTIVE, decision.boxes, decision.by, _why(form))


async def change_rule(deps: AnonymizerDeps, bus: Bus, form: Mapping[str, str], by: str) -> DeviceRule:
    """Withdraw a rule, or put the boxes of one of its versions in force again; seen: the version that was shown."""
    held = await deps.documents.get_versioned(DEVICE_RULES, form.get("rule", ""))
    if held is None:
        raise NotFound("unknown-rule", "rule: there is no such rule")
    old, version = held
    if form.get("seen") != str(old.current.version):
        raise Conflict("somebody changed the rule meanwhile; read it again")
    if form.get("action") not in ACTIONS:
        raise Invalid("not-an-action", f"action is one of {', '.join(ACTIONS)}")
    is_back = form["action"] == "restore"
    state = RuleState.ACTIVE if is_back else RuleState.WITHDRAWN
    boxes = _boxes_of(old, form.get("version", "")) if is_back else old.current.boxes
    return await _decide(deps, bus, (old, version), old.device, state, boxes, by, _why(form))


async def all_rules(deps: AnonymizerDeps) -> list[DeviceRule]:
    """Return every rule that there ever was."""
    return await deps.documents.find_all(DEVICE_RULES)


async def _decide(
    deps: AnonymizerDeps,
    bus: Bus,
    held: tuple[DeviceRule | None, int],
    device: Device,
    state: RuleState,
    boxes: tuple[Box, ...],
    by: str,
    why: str,
) -> DeviceRule:
    now = clock.utc_now().isoformat(timespec="milliseconds")
    version = RuleVersion(version=0, state=state, boxes=boxes, by=by, at=now, why=why)
    rule = device_rules.with_version(held[0], device, version)
    await deps.documents.put(DEVICE_RULES, rule, if_version=held[1])
    decided("device-rule-decided", service="anonymizer", reason=state.value)
    if state is RuleState.ACTIVE:
        await _apply(deps, bus, rule)
    return rule


async def _apply(deps: AnonymizerDeps, bus: Bus, rule: DeviceRule) -> None:
    """Have handled again what waits and the rule holds for, and what was set aside before devices were noted."""
    where = (Eq("state", State.WAITING.value), Eq("kind", Kind.INSTANCE.value))
    items = [
        item
        async for item in deps.documents.every(QUARANTINE, *where, order=[Order("at")])
        if device_rules.holds_for(rule.device, item.device) or item.device == Device()
    ]
    await bus.publish(*events_of(deps.policy.site, items, cause=f"rule {rule.label}", at=rule.current.at))


def _boxes_of(rule: DeviceRule, number: str) -> tuple[Box, ...]:
    """Return the boxes of the version that is to hold again; without a number those of the last."""
    boxes = {str(each.version): each.boxes for each in rule.versions}
    if number and number not in boxes:
        raise Invalid("unknown-version", "version: the rule has no such version")
    return boxes[number] if number else rule.current.boxes


def _why(form: Mapping[str, str]) -> str:
    return form.get("why", "").strip()[:_MOST_WHY]
