"""The administrator's page of users: what it does, to whom it opens, and that the last administrator stays."""

import re
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from services.identity.passwords import Passwords
from services.identity.records import DECLARED, USERS, User
from services.identity.settings import IdentitySettings
from services.identity.users import change_user, disable_user, forget, put_user
from shared.audit.record import AuditRecord
from shared.audit.seals import LOG
from shared.documents import Documents
from shared.documents.sqlite import open_sqlite
from shared.errors import Refused
from shared.web.identity.sessions import SESSIONS, Session
from tests.identity.conftest import issuing
from tests.identity.issuing import CHOSEN, OWN, Issuer

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Page

PAGE = "/identity/users"
LATER = 4e9


@pytest_asyncio.fixture
async def documents(tmp_path: "Path") -> AsyncIterator[Documents]:
    async with open_sqlite(tmp_path / "documents.sqlite") as opened:
        await opened.declare(*DECLARED)
        yield opened


async def made(documents: Documents, name: str, role: str = "administrator") -> User:
    await put_user(documents, Passwords(documents, IdentitySettings()), name, (role,), ())
    user = await documents.get(USERS, name)
    assert user is not None
    return user


async def test_the_last_administrator_who_can_sign_in_stays_one(documents: Documents) -> None:
    first, second = await made(documents, "first"), await made(documents, "second")
    await disable_user(documents, second, is_disabled=True)
    passwords = Passwords(documents, IdentitySettings())

    for taken_away in (
        forget(documents, "first"),
        disable_user(documents, first, is_disabled=True),
        change_user(documents, first, ("operator",), ()),
        put_user(documents, passwords, "first", ("operator",), ()),
    ):
        with pytest.raises(Refused, match="last administrator"):
            await taken_away
    await disable_user(documents, second, is_disabled=False)
    await forget(documents, "first")

    assert [user.name async for user in documents.every(USERS)] == ["second"]


async def test_who_is_disabled_is_let_in_by_nothing(issuer: Issuer) -> None:
    code = await issuer.code("operator")
    user = await issuer.documents.get(USERS, "operator")
    assert user is not None
    await issuer.documents.put(SESSIONS, Session(id="x", subject=user.subject, name="x", began=0.0, seen=LATER))

    await disable_user(issuer.documents, user, is_disabled=True)

    _, asked = await issuer.authorize()
    status, location, _ = await issuer.post("sign-in", request=asked, name="operator", password=CHOSEN)
    assert (status, location) == (403, "")
    assert await issuer.token(code) == (400, {"error": "invalid_grant"})
    assert await issuer.documents.get(SESSIONS, "x") is None


class Administrator:
    """Somebody with a token of a role. headers: that show it."""

    def __init__(self, issuer: Issuer, token: str) -> None:
        self.issuer, self.headers = issuer, {"Authorization": f"Bearer {token}", "Accept": "text/html"}

    async def post(self, path: str, headers: dict[str, str] = OWN, **form: str | list[str]) -> tuple[int, str]:
        fields = [
            (name, each) for name, value in form.items() for each in ([value] if isinstance(value, str) else value)
        ]
        async with self.issuer.session.post(
            f"{self.issuer.url}{path}", data=fields, headers={**self.headers, **headers}
        ) as answer:
            return answer.status, await answer.text()


@pytest_asyncio.fixture
async def administrator(tmp_path: "Path") -> AsyncIterator[Administrator]:
    """Yield the administrator of an issuer whose users need no passkey."""
    async with issuing(tmp_path) as issuer:
        token = (await issuer.token(await issuer.code("administrator")))[1]["access_token"]
        yield Administrator(issuer, token)


def password_of(text: str) -> str:
    found = re.search(r'id="password">([^<]+)<', text)
    return found[1] if found else ""


async def test_the_administrator_makes_changes_disables_and_removes_users_and_each_is_recorded(
    administrator: Administrator,
) -> None:
    issuer = administrator.issuer

    status, text = await administrator.post(PAGE, name="hanako", role=["radiologist", "service"], sites="osaka, kyoto")
    again, known = await administrator.post(PAGE, name="hanako", role=["operator"], sites="")
    wrong = [(await administrator.post(PAGE, name=name, role=["operator"]))[0] for name in ("", "ha nako", "x" * 65)]
    none, _ = await administrator.post(PAGE, name="taro")
    changed, _ = await administrator.post(
        f"{PAGE}/change", name="hanako", action="change", role=["operator"], sites="x"
    )
    reset, anew = await administrator.post(f"{PAGE}/change", name="hanako", action="reset")
    kept = await issuer.documents.get(USERS, "hanako")
    disabled, shown = await administrator.post(f"{PAGE}/change", name="hanako", action="disable")
    removed, _ = await administrator.post(f"{PAGE}/change", name="hanako", action="remove")
    nobody = [(await administrator.post(f"{PAGE}/change", name="hanako", action=each))[0] for each in ("remove", "own")]

    assert (status, again, wrong, none, nobody) == (200, 409, [400] * 3, 400, [404, 404])
    assert (changed, reset, disabled, removed) == (200, 200, 200, 200)
    assert len(password_of(text)) >= 16
    assert len({password_of(each) for each in (text, anew)}) == 2
    assert [password_of(each) for each in (known, shown)] == ["", ""]
    assert kept is not None
    assert (kept.roles, kept.sites, kept.is_one_time) == (("operator",), ("x",), True)
    written = [each for each in await records(issuer) if each.route.startswith("POST /identity/users")]
    done = [(each.route, each.objects) for each in written if each.outcome.value == "success"]
    assert done == [
        ("POST /identity/users", ("user:hanako",)),
        *[("POST /identity/users/change", ("user:hanako",))] * 4,
    ]
    assert {each.name for each in written} == {"administrator"}
    assert not any(password_of(text) in str(each) for each in written)


async def records(issuer: Issuer) -> list[AuditRecord]:
    return sorted([each async for each in issuer.documents.every(LOG)], key=lambda each: each.key)


async def test_another_sites_page_changes_no_user(administrator: Administrator) -> None:
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-site"},
    ):
        assert (await administrator.post(PAGE, headers, name="x", role=["operator"]))[0] == 403
        assert (await administrator.post(f"{PAGE}/change", headers, name="operator", action="remove"))[0] == 403


async def test_the_page_opens_to_nobody_else(issuer: Issuer) -> None:
    token = (await issuer.token(await issuer.code("operator")))[1]["access_token"]

    async with issuer.session.get(f"{issuer.url}{PAGE}", headers={"Authorization": f"Bearer {token}"}) as answer:
        by_operator = answer.status
    assert by_operator == 403
    assert (await Administrator(issuer, token).post(PAGE, name="x", role=["administrator"]))[0] == 403


@pytest.mark.parametrize("width", [1280, 390])
async def test_the_page_is_used_in_a_browser(administrator: Administrator, page: "Page", width: int) -> None:
    issuer = administrator.issuer
    await page.set_viewport_size({"width": width, "height": 900})
    await page.goto(f"{issuer.url}{PAGE}")
    await page.fill("input[name=name]", "administrator")
    await page.fill("input[name=password]", CHOSEN)
    await page.press("input[name=password]", "Enter")
    await page.wait_for_url(f"{issuer.url}{PAGE}")

    await page.get_by_text("Make a user").click()
    await page.fill("input[name=name]", "hanako")
    await page.locator("details[open] input[value=radiologist]").check()
    await page.get_by_role("button", name="Make the user").click()
    password = await page.inner_text("#password")
    is_within = await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    await page.get_by_text("Change administrator").click()
    await page.locator("details[open]").get_by_role("button", name="Remove").click()

    assert len(password) >= 16
    assert is_within
    assert "last administrator" in await page.inner_text("[role=alert]")
    assert await issuer.documents.get(USERS, "administrator") is not None
