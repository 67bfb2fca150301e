"""Who a token says that somebody is: by the issuer's own names for it, and nothing that is not understood."""

from typing import Any

import pytest

from shared.errors import SettingsError
from shared.web.access.words import AccessRole
from shared.web.identity.claims import ClaimReader
from shared.web.identity.settings import AccessSettings, access_settings

OIDC = {
    "JMID_ACCESS": "oidc",
    "JMID_ACCESS_ISSUER": "https://login.example/realms/jmid",
    "JMID_ACCESS_AUDIENCE": "jmid",
}


def test_roles_sites_and_projects_are_read() -> None:
    claims = {
        "sub": "7f3c",
        "preferred_username": " hanako ",
        "roles": ["radiologist", "owner", 7],
        "sites": ["tokyo"],
        "projects": "lung",
    }

    actor = ClaimReader(AccessSettings()).actor(claims)

    assert (actor.subject, actor.name) == ("7f3c", "hanako")
    assert actor.roles == {AccessRole.RADIOLOGIST}
    assert actor.sites == {"tokyo"}
    assert actor.projects == {"lung"}


def test_roles_stand_where_keycloak_has_them_and_under_its_names() -> None:
    settings = AccessSettings(access_roles_claim="realm_access.roles", access_role_names=("yomi=radiologist",))

    actor = ClaimReader(settings).actor({"sub": "u", "realm_access": {"roles": ["yomi", "operator"]}})

    assert actor.roles == {AccessRole.RADIOLOGIST, AccessRole.OPERATOR}
    assert actor.name == "u"


def test_a_claim_whose_name_has_dots_is_read_by_its_name() -> None:
    settings = AccessSettings(access_roles_claim="https://jmid.example/roles")

    actor = ClaimReader(settings).actor({"sub": "u", "https://jmid.example/roles": "operator site-reader"})

    assert actor.roles == {AccessRole.OPERATOR, AccessRole.SITE_READER}


@pytest.mark.parametrize("roles", [None, 7, {"operator": True}, [["operator"]], "Operator", ["operator"] * 1001])
def test_what_is_not_a_role_gives_none(roles: Any) -> None:
    assert ClaimReader(AccessSettings()).actor({"sub": "u", "roles": roles}).roles == frozenset()


def test_one_text_is_one_site_whatever_is_in_it() -> None:
    actor = ClaimReader(AccessSettings()).actor({"sub": "u", "sites": "tokyo osaka"})

    assert actor.sites == {"tokyo osaka"}


def test_the_audience_of_id_tokens_is_one_of_access_tokens_only_if_a_setting_says_so() -> None:
    same = {**OIDC, "JMID_ACCESS_CLIENT_ID": "jmid"}

    with pytest.raises(SettingsError, match="JMID_ACCESS_CLIENT_AUDIENCE"):
        access_settings(same)

    assert access_settings({**same, "JMID_ACCESS_CLIENT_AUDIENCE": "true"}).access_audience == ("jmid",)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("JMID_ACCESS_ISSUER", ""),
        ("JMID_ACCESS_ISSUER", "http://login.example"),
        ("JMID_ACCESS_ISSUER", "login"),
        ("JMID_ACCESS_AUDIENCE", ""),
        ("JMID_ACCESS_ALGORITHMS", "HS256"),
        ("JMID_ACCESS_ALGORITHMS", "none"),
        ("JMID_ACCESS_ALGORITHMS", ""),
        ("JMID_ACCESS_ROLE_NAMES", "yomi=owner"),
        ("JMID_ACCESS_SERVICE_TOKEN", "short"),
        ("JMID_ACCESS", "closed"),
    ],
)
def test_what_could_not_be_checked_does_not_start(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        access_settings({**OIDC, variable: value})
