"""The lines of the access table: a permission, who has it, how far, and the routes that need it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from shared.audit.words import AuditClass
from shared.errors import RouteNotDeclared
from shared.web.access.audited_as import AUDITED_AS
from shared.web.access.words import AccessRole, Permission, Scope

NOBODY: Mapping[AccessRole, Scope] = MappingProxyType({})


@dataclass(frozen=True)
class Rule:
    """One permission.

    means: what it lets do, for a person.  grants: who has it, and how far.  routes: such as "GET /api/cases", with the
    path as the router has it.  checked: the scopes that something compares with what is asked for; a grant of another
    scope is worth nothing here until something does.
    """

    permission: Permission
    means: str
    grants: Mapping[AccessRole, Scope]
    routes: tuple[str, ...]
    checked: frozenset[Scope] = frozenset({Scope.ALL})

    @property
    def by_row(self) -> bool:
        """Whether a grant by site is compared with each Study and report, by who answers.

        So it is where others reach all of them; else it is compared with the site that the process is of.
        """
        return {Scope.ALL, Scope.SITE} <= self.checked

    @property
    def audit(self) -> AuditClass:
        """What its requests are recorded as."""
        return AUDITED_AS[self.permission]

    @property
    def is_public(self) -> bool:
        """Whether it is for everybody, known or not."""
        return self.permission in (Permission.PUBLIC, Permission.SIGN_IN)


class AccessTable:
    """The rules by route.

    Raises RouteNotDeclared for a route that two of them name, and for a rule of which nothing says how it is audited.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._by_route: dict[str, Rule] = {}
        for rule in self.rules:
            if rule.permission not in AUDITED_AS:
                raise RouteNotDeclared(f"audited_as says nothing of the permission {rule.permission}")
            for route in rule.routes:
                if route in self._by_route:
                    raise RouteNotDeclared(f"the access table names {route} twice")
                self._by_route[route] = rule
        self._paths = {route.partition(" ")[2] for route in self._by_route}

    def rule_of(self, method: str, path: str) -> Rule | None:
        """Return the rule of a route, None if there is none.

        HEAD needs what GET needs (RFC 9110 9.3.2). OPTIONS, of which a preflight shows no credential (WHATWG Fetch,
        CORS protocol), tells of a path only which methods it takes.
        """
        rule = self._by_route.get(f"{'GET' if method == 'HEAD' else method} {path}")
        return _PREFLIGHT if rule is None and method == "OPTIONS" and path in self._paths else rule

    def check(self, routes: Iterable[tuple[str, str]]) -> None:
        """Raise RouteNotDeclared if one of these routes, each a method and a path, has no rule."""
        missing = sorted({f"{method} {path}" for method, path in routes if self.rule_of(method, path) is None})
        if missing:
            raise RouteNotDeclared(f"without a line in the access table (shared/web/access): {', '.join(missing)}")


_PREFLIGHT = Rule(Permission.PUBLIC, "ask which methods a path takes", NOBODY, ())
