"""The tables of docs/access.md: what each permission is and who has it, and what is decided of each route."""

from shared.web.access.rules import Rule
from shared.web.access.table import TABLE
from shared.web.access.words import AccessRole, Scope

ROUTES = ("route", "permission", "audited as", *AccessRole)


def permissions() -> list[tuple[str, str, str]]:
    """Return each permission, what it lets do, and its roles with their scopes."""
    return [(f"`{rule.permission}`", rule.means, _grants(rule)) for rule in TABLE.rules]


def routes() -> list[tuple[str, ...]]:
    """Return each route with its permission and, role by role, the scope in which it may be used."""
    return [
        (f"`{route}`", rule.permission.value, rule.audit.value, *(_cell(rule, role) for role in AccessRole))
        for rule in TABLE.rules
        for route in rule.routes
    ]


def _grants(rule: Rule) -> str:
    if rule.is_public:
        return "everybody"
    return ", ".join(f"{role} ({_cell(rule, role).strip('()')})" for role in AccessRole if role in rule.grants)


def _cell(rule: Rule, role: AccessRole) -> str:
    if rule.is_public:
        return "everybody"
    scope = rule.grants.get(role)
    if scope is None:
        return "–"
    if scope not in rule.checked:
        return f"({scope.value})"
    return "own site" if rule.by_row and scope is Scope.SITE else scope.value
