"""The policy as it is at this moment: the settings', and what people decided since, in whichever process they did.

It is read with each batch and each report, so that a device rule or a name on the site's list needs no restart.
"""

from functools import lru_cache
from typing import NamedTuple

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.device_rules import RuleState
from services.anonymizer.name_records import SITE_NAMES
from services.anonymizer.opt_out_records import opted_out_now
from services.anonymizer.policy import Policy
from services.anonymizer.records import DEVICE_RULES
from services.anonymizer.text import site_list
from services.anonymizer.text.site_list import SiteList
from shared.documents import Eq


class PolicyNow(NamedTuple):
    """policy: with the rules and names in force.  since: RFC 3339, when the last of them was decided, "" for none."""

    policy: Policy
    since: str


async def policy_now(deps: AnonymizerDeps) -> PolicyNow:
    """Return the policy with the device rules, the names and the opt-outs that are in force."""
    in_force = Eq("state", RuleState.ACTIVE.value)
    rules = await deps.documents.find_all(DEVICE_RULES, in_force)
    names = await deps.documents.find_all(SITE_NAMES, in_force)
    told = await deps.learned.lines(deps.documents)
    listed = _listed(deps.policy.names, (*sorted(f"{each.kind}: {each.name}" for each in names), *told))
    since = max((*(rule.current.at for rule in rules), *(name.current.at for name in names)), default="")
    opted_out = await opted_out_now(deps.documents, deps.key_versions)
    deps.written.follow(opted_out.patients | opted_out.digests)
    return PolicyNow(deps.policy._replace(device_rules=tuple(rules), names=listed, opted_out=opted_out), since)


@lru_cache(8)
def _listed(names: SiteList, lines: tuple[str, ...]) -> SiteList:
    return site_list.with_lines(names, lines)
