"""The table as it is: every route of every service stands in it, and its document says what is decided."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from services.__main__ import SERVICES
from shared.errors import RouteNotDeclared
from shared.runtime import app as apps
from shared.runtime.host import Hosting, hosted
from shared.runtime.state import Host
from shared.service import Place, Role, Running, Service
from shared.web import ohif
from shared.web.access.decision import Decision, decide
from shared.web.access.rules import Rule
from shared.web.access.table import TABLE
from shared.web.access.words import AccessRole, Permission, Scope
from tests.web.access.two_sites import NOT_OF_A_SITE, THEIRS

DOCUMENT = Path(__file__).parents[3] / "docs" / "access.md"
ROW = re.compile(r"^\| `((?:GET|POST|DELETE|OPTIONS) /[^`]*)` \| ([a-z-]+) \| [a-z-]+ \| (.*) \|$", re.MULTILINE)
ROUTES_OF_THE_DOCUMENT = {
    route: cells.split(" | ") for route, _, cells in ROW.findall(DOCUMENT.read_text(encoding="utf-8"))
}
IDENTIFIED = re.compile(r" (/ingest/|/gateway/quarantine|/api/gateway/quarantine)")
CORS = {"JMID_ARCHIVE_CORS_ORIGINS": "https://viewer.example"}


@dataclass(frozen=True)
class Person:
    roles: frozenset[AccessRole]
    sites: frozenset[str]


def decided_for(route: str, role: AccessRole, site: str = "own") -> Decision:
    rule = TABLE.rule_of(*route.split(" ", 1))
    assert rule is not None
    return decide(rule, Person(frozenset({role}), frozenset({site})), "own")


def rules_of(routes: re.Pattern[str]) -> list[Rule]:
    return [rule for rule in TABLE.rules if any(routes.search(route) for route in rule.routes)]


@pytest.mark.slow
async def test_every_route_that_a_process_serves_stands_in_the_table_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[web.Application] = []
    build = apps.build

    def building(*given: Any) -> web.Application:
        served.append(build(*given))
        return served[0]

    monkeypatch.setattr(apps, "build", building)
    environ = {"JMID_INGEST_DIMSE_PORT": "0", "JMID_ACCESS": "embedded", **CORS}
    hosting = Hosting(services=SERVICES, every=SERVICES, home=tmp_path, site="a", environ=environ)

    async with hosted(hosting, extra_routes=ohif.Viewer(tmp_path / "viewer").routes()):
        routes = {f"{r.method} {r.resource.canonical}" for r in served[0].router.routes() if r.resource is not None}

    named = {route for rule in TABLE.rules for route in rule.routes}
    assert {route for route in routes - named if not route.startswith(("HEAD ", "OPTIONS "))} == set()
    assert named - routes == set()


async def test_a_process_with_a_route_that_is_not_in_the_table_does_not_start(tmp_path: Path) -> None:
    async def hello(_: web.Request) -> web.Response:
        return web.Response(text="hello")

    @asynccontextmanager
    async def opens(_: Place) -> AsyncIterator[Running]:
        yield Running(routes=[web.get("/api/cases", hello), web.get("/hello", hello)])

    service = Service(name="hello", role=Role.CENTRE, opens=opens)

    with pytest.raises(RouteNotDeclared, match=r": GET /hello, HEAD /hello$"):
        async with hosted(Hosting(services=[service], every=[service], home=tmp_path, site="a", environ={})):
            pass


def test_a_wildcard_route_is_no_way_round_the_table() -> None:
    async def anything(_: web.Request) -> web.Response:
        return web.Response()

    service = Service(name="any", role=Role.CENTRE, opens=lambda _: None)  # type: ignore[arg-type,return-value]
    running = Running(routes=[web.route("*", "/api/cases", anything)])

    with pytest.raises(RouteNotDeclared, match=r"\* /api/cases"):
        apps.build(Host("", open=[(service, running)]), [])


def test_the_document_says_of_every_route_what_is_decided() -> None:
    rows = ROUTES_OF_THE_DOCUMENT

    assert rows.keys() == {route for rule in TABLE.rules for route in rule.routes}
    for route, cells in rows.items():
        for role, cell in zip(AccessRole, cells, strict=True):
            own, other = decided_for(route, role), decided_for(route, role, site="other")
            assert (own is Decision.ALLOWED) == (cell in ("all", "site", "own site", "everybody")), (route, role)
            assert (other is Decision.ALLOWED) == (cell in ("all", "own site", "everybody")), (route, role)


def test_only_senders_and_the_privacy_officer_of_the_site_reach_what_identifies() -> None:
    reached = {role for rule in rules_of(IDENTIFIED) for role in rule.grants}
    seen = {role for rule in rules_of(re.compile(r" (/api)?/gateway/quarantine")) for role in rule.grants}

    assert seen == {AccessRole.PRIVACY_OFFICER}
    assert not reached & {AccessRole.RADIOLOGIST, AccessRole.RESEARCHER, AccessRole.ADMINISTRATOR}
    assert all(rule.checked == {Scope.SITE} for rule in rules_of(IDENTIFIED))


def test_nothing_that_holds_a_case_an_instance_or_a_report_is_public() -> None:
    public = {route for rule in TABLE.rules if rule.is_public for route in rule.routes}

    assert public == {
        "GET /-/live",
        "GET /-/ready",
        "GET /-/language/{language}",
        "GET /-/theme/{theme}",
        "GET /-/sign-in",
        "GET /-/sign-in/back",
        "POST /-/sign-out",
        "POST /-/back-channel-logout",
        "GET /-/signed-out",
        "GET /static",
        "GET /identity/.well-known/openid-configuration",
        "GET /identity/jwks",
        "GET /enrolment/authority",
        "POST /enrolment/certificates",
        "GET /identity/authorize",
        "POST /identity/sign-in",
        "POST /identity/new-password",
        "POST /identity/passkey",
        "POST /identity/new-passkey",
        "POST /identity/token",
        "OPTIONS /dicom-web",
        "OPTIONS /dicom-web/",
    }


def test_every_part_of_a_path_has_a_value_that_is_asked_for_from_another_site() -> None:
    """Else ``test_across_sites`` cannot ask for it: give a new part a value in ``two_sites.Data.ids``."""
    routes = {route for rule in TABLE.rules for route in rule.routes} - NOT_OF_A_SITE
    parts = {part for route in routes for part in re.findall(r"{(\w+)}", route)}

    assert parts <= THEIRS.ids.keys()


def test_each_permission_is_one_rule_and_each_role_has_something() -> None:
    assert [rule.permission for rule in TABLE.rules] == list(dict.fromkeys(rule.permission for rule in TABLE.rules))
    assert {rule.permission for rule in TABLE.rules} == set(Permission)
    assert {role for rule in TABLE.rules for role in rule.grants} == set(AccessRole)


@pytest.mark.parametrize(
    ("route", "roles"),
    [
        ("DELETE /dicom-web/studies/{study}", {AccessRole.ADMINISTRATOR}),
        ("POST /api/reports", {AccessRole.SERVICE}),
        ("GET /dicom-web/changefeed", {AccessRole.SERVICE}),
        ("POST /-/dead", {AccessRole.OPERATOR, AccessRole.ADMINISTRATOR}),
        ("POST /api/diagnoses", {AccessRole.RADIOLOGIST}),
        ("GET /", {AccessRole.SITE_READER, AccessRole.RADIOLOGIST, AccessRole.PRIVACY_OFFICER, AccessRole.SERVICE}),
    ],
)
def test_who_may_use_a_route_whatever_the_site(route: str, roles: set[AccessRole]) -> None:
    allowed = {role for role in AccessRole if decided_for(route, role, site="other") is Decision.ALLOWED}

    assert allowed == roles
