"""Whether somebody may use a route: decided by the rule of the route alone, without I/O. Pure.

What no grant lets do is refused, and so is a grant whose scope nothing checks.
"""

import enum
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from shared.web.access.reach import EVERYTHING, NOTHING, Reach
from shared.web.access.rules import Rule
from shared.web.access.words import AccessRole, Scope


class Holder(Protocol):
    """Whose roles count. sites: short names of hospitals."""

    @property
    def roles(self) -> frozenset[AccessRole]: ...

    @property
    def sites(self) -> frozenset[str]: ...


class Decision(enum.StrEnum):
    """allowed, or the reason why not; of several reasons the last of these holds."""

    ALLOWED = "allowed"
    NOT_SIGNED_IN = "not-signed-in"
    NO_ROLE = "no-role"
    SCOPE_NOT_CHECKED = "scope-not-checked"
    OTHER_SITE = "other-site"


_ORDER = list(Decision)


def decide(rule: Rule, holder: Holder | None, site: str) -> Decision:
    """Return whether the holder may use a route of the rule. holder: None if nobody showed who they are.

    site: the hospital whose gateway this is; a grant by site is for that one. Where the rule is by row, it is for the
    holder's own sites, and ``reach_of`` says which rows those are.
    """
    if rule.is_public:
        return Decision.ALLOWED
    if holder is None:
        return Decision.NOT_SIGNED_IN
    decisions = [_by_grant(rule, rule.grants.get(role), holder, site) for role in holder.roles]
    if Decision.ALLOWED in decisions:
        return Decision.ALLOWED
    return max(decisions, key=_ORDER.index, default=Decision.NO_ROLE)


def reach_of(rule: Rule, holder: Holder) -> Reach:
    """Return which rows a holder, who may use a route of the rule, may know of: what any of their grants gives."""
    if not rule.by_row:
        return EVERYTHING
    reach = NOTHING
    for role in holder.roles:
        source = _SOURCES.get(rule.grants[role]) if role in rule.grants and rule.grants[role] in rule.checked else None
        reach |= source(holder) if source else NOTHING
    return reach


_SOURCES: Final[Mapping[Scope, Callable[[Holder], Reach]]] = {
    Scope.ALL: lambda _: EVERYTHING,
    Scope.SITE: lambda holder: Reach(sites=holder.sites),
}
"""What a scope lets its holder know of; a scope that is not here lets nothing."""


def _by_grant(rule: Rule, granted: Scope | None, holder: Holder, site: str) -> Decision:
    if granted is None:
        return Decision.NO_ROLE
    if granted not in rule.checked:
        return Decision.SCOPE_NOT_CHECKED
    if granted is Scope.SITE and not (holder.sites if rule.by_row else site in holder.sites):
        return Decision.OTHER_SITE
    return Decision.ALLOWED
