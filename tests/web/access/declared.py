"""Tables for routes that only a test has."""

from collections.abc import Iterable

from aiohttp import web

from shared.web.access.rules import NOBODY, AccessTable, Rule
from shared.web.access.table import TABLE
from shared.web.access.words import Permission


def with_public(*routes: str) -> AccessTable:
    """Return the table with routes, such as "GET /hello", that everybody may use."""
    return AccessTable([*TABLE.rules, Rule(Permission.PUBLIC, "be tested", NOBODY, routes)])


def with_public_routes(routes: Iterable[web.AbstractRouteDef]) -> AccessTable:
    """Return the table with those of these routes that it does not have."""
    named = [f"{each.method} {each.path}" for each in routes if isinstance(each, web.RouteDef)]
    return with_public(*(each for each in named if TABLE.rule_of(*each.split(" ", 1)) is None))
