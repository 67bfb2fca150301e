"""Whether somebody may: by role, scope and site, refused unless something says otherwise."""

from dataclasses import dataclass

import pytest

from shared.errors import RouteNotDeclared
from shared.web.access.audited_as import AUDITED_AS
from shared.web.access.decision import Decision, decide, reach_of
from shared.web.access.reach import EVERYTHING, NOTHING, Reach
from shared.web.access.rules import NOBODY, AccessTable, Rule
from shared.web.access.words import AccessRole, Permission, Scope

SITE = frozenset({Scope.SITE})
SITE_B = frozenset({"b"})


@dataclass(frozen=True)
class Person:
    roles: frozenset[AccessRole]
    sites: frozenset[str] = frozenset()


def rule(role: AccessRole, scope: Scope, checked: frozenset[Scope]) -> Rule:
    return Rule(Permission.SEARCH, "search", {role: scope}, ("GET /api/cases",), checked)


def person(*roles: AccessRole, site: str = "") -> Person:
    return Person(frozenset(roles), frozenset({site} if site else ()))


def test_what_is_public_is_for_everybody() -> None:
    public = Rule(Permission.PUBLIC, "see", NOBODY, ("GET /-/live",))

    assert decide(public, None, "a") is Decision.ALLOWED


def test_who_showed_nothing_is_not_signed_in() -> None:
    assert decide(rule(AccessRole.OPERATOR, Scope.ALL, frozenset(Scope)), None, "a") is Decision.NOT_SIGNED_IN


@pytest.mark.parametrize(
    ("holder", "decision"),
    [
        (person(AccessRole.OPERATOR), Decision.NO_ROLE),
        (person(), Decision.NO_ROLE),
        (person(AccessRole.SITE_READER), Decision.OTHER_SITE),
        (person(AccessRole.SITE_READER, site="b"), Decision.OTHER_SITE),
        (person(AccessRole.SITE_READER, site="a"), Decision.ALLOWED),
        (person(AccessRole.OPERATOR, AccessRole.SITE_READER, site="b"), Decision.OTHER_SITE),
        (person(AccessRole.OPERATOR, AccessRole.SITE_READER, site="a"), Decision.ALLOWED),
    ],
)
def test_a_grant_by_site_is_for_the_sites_of_the_actor(holder: Person, decision: Decision) -> None:
    assert decide(rule(AccessRole.SITE_READER, Scope.SITE, SITE), holder, "a") is decision


BY_ROW = Rule(
    Permission.SEARCH,
    "search",
    {
        AccessRole.RADIOLOGIST: Scope.ALL,
        AccessRole.SITE_READER: Scope.SITE,
        AccessRole.RESEARCHER: Scope.PROJECT,
    },
    ("GET /api/cases",),
    frozenset({Scope.ALL, Scope.SITE}),
)


@pytest.mark.parametrize(
    ("holder", "decision", "reach"),
    [
        (person(AccessRole.RADIOLOGIST), Decision.ALLOWED, EVERYTHING),
        (person(AccessRole.SITE_READER, site="b"), Decision.ALLOWED, Reach(sites=frozenset({"b"}))),
        (person(AccessRole.SITE_READER), Decision.OTHER_SITE, NOTHING),
        (person(AccessRole.RESEARCHER, site="b"), Decision.SCOPE_NOT_CHECKED, NOTHING),
        (person(AccessRole.RESEARCHER, AccessRole.SITE_READER, site="b"), Decision.ALLOWED, Reach(sites=SITE_B)),
        (person(AccessRole.OPERATOR, site="b"), Decision.NO_ROLE, NOTHING),
        (person(), Decision.NO_ROLE, NOTHING),
    ],
)
def test_by_row_a_grant_by_site_reaches_what_is_of_the_sites_of_the_actor(
    holder: Person, decision: Decision, reach: Reach
) -> None:
    assert decide(BY_ROW, holder, "a") is decision
    assert reach_of(BY_ROW, holder) == reach


def test_who_may_do_something_of_several_roles_reaches_what_any_of_them_does() -> None:
    reach = reach_of(BY_ROW, person(AccessRole.RADIOLOGIST, AccessRole.SITE_READER, site="b"))

    assert reach.is_all


def test_a_reach_holds_what_is_wholly_of_its_sites() -> None:
    reach = Reach(sites=frozenset({"a", "b"}))

    assert reach.holds("a")
    assert reach.holds("a", "b")
    assert not reach.holds("a", "c")
    assert not reach.holds("")
    assert not reach.holds()
    assert not Reach(sites=frozenset({""})).holds("")
    assert EVERYTHING.holds("")


@pytest.mark.parametrize("scope", [Scope.SITE, Scope.PROJECT, Scope.DATASET, Scope.OWN_WORK])
def test_a_grant_whose_scope_nothing_checks_lets_nothing(scope: Scope) -> None:
    holder = person(AccessRole.RESEARCHER, site="a")

    decision = decide(rule(AccessRole.RESEARCHER, scope, frozenset({Scope.ALL})), holder, "a")

    assert decision is Decision.SCOPE_NOT_CHECKED


def test_a_route_is_named_by_one_rule() -> None:
    one = rule(AccessRole.OPERATOR, Scope.ALL, SITE)

    with pytest.raises(RouteNotDeclared, match="GET /api/cases twice"):
        AccessTable([one, one])


def test_head_needs_what_get_needs_and_a_preflight_nothing() -> None:
    table = AccessTable([rule(AccessRole.OPERATOR, Scope.ALL, SITE)])

    head, preflight = table.rule_of("HEAD", "/api/cases"), table.rule_of("OPTIONS", "/api/cases")

    assert head is table.rule_of("GET", "/api/cases") is not None
    assert preflight is not None
    assert preflight.is_public
    assert table.rule_of("OPTIONS", "/other") is table.rule_of("POST", "/api/cases") is None


def test_a_rule_of_which_nothing_says_how_it_is_audited_does_not_load(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(AUDITED_AS, Permission.SEARCH)

    with pytest.raises(RouteNotDeclared, match="audited_as says nothing of the permission search"):
        AccessTable([rule(AccessRole.OPERATOR, Scope.ALL, SITE)])
