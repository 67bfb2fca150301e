"""The embedded issuer as people, and those who pretend to be some, meet it: over HTTP and in a real browser."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from services.__main__ import SERVICES
from services.archive.service import SERVICES as ARCHIVE
from shared.errors import SettingsError
from shared.runtime.host import Hosting, hosted
from tests.identity.issuing import CHOSEN, Issuer

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = pytest.mark.slow


async def test_a_person_signs_in_for_the_first_time_and_again(issuer: Issuer, page: "Page") -> None:
    await page.goto(f"{issuer.url}/gateway/quarantine")
    await page.fill("input[name=name]", "privacy-officer")
    await page.fill("input[name=password]", issuer.people["privacy-officer"])
    await page.press("input[name=password]", "Enter")
    await page.fill("input[name=password]", CHOSEN)
    await page.fill("input[name=again]", CHOSEN)
    await page.press("input[name=again]", "Enter")
    await page.wait_for_url(f"{issuer.url}/gateway/quarantine")
    first = await page.inner_text("header")
    await page.click("header form button")
    await page.wait_for_url(f"{issuer.url}/-/signed-out")

    await page.goto(f"{issuer.url}/gateway/quarantine")
    await page.fill("input[name=name]", "privacy-officer")
    await page.fill("input[name=password]", CHOSEN)
    await page.press("input[name=password]", "Enter")
    await page.wait_for_url(f"{issuer.url}/gateway/quarantine")

    assert "privacy-officer" in first
    assert "privacy-officer" in await page.inner_text("header")


async def test_pages_work_under_their_policy(issuer: Issuer, page: "Page") -> None:
    broken: list[str] = []
    page.on("console", lambda message: broken.append(message.text) if "Content Security" in message.text else None)
    await page.goto(f"{issuer.url}/gateway/receipts")
    await page.fill("input[name=name]", "privacy-officer")
    await page.fill("input[name=password]", issuer.people["privacy-officer"])
    await page.press("input[name=password]", "Enter")
    await page.fill("input[name=password]", CHOSEN)
    await page.fill("input[name=again]", CHOSEN)
    await page.press("input[name=again]", "Enter")
    await page.wait_for_url(f"{issuer.url}/gateway/receipts")

    await page.locator("select[name=state]").select_option(index=1)
    await page.wait_for_url(f"{issuer.url}/gateway/receipts?*state=*")
    paths = await page.eval_on_selector_all("nav[aria-label=Main] a", "all => all.map(each => each.pathname)")
    for path in paths:
        await page.goto(issuer.url + path)
    await page.goto(f"{issuer.url}/")
    await page.fill("#q", "xyz")
    await page.wait_for_url(f"{issuer.url}/?*q=xyz*")

    assert len(paths) >= 5
    assert broken == []


async def test_a_token_of_the_issuer_is_its_owners_roles(issuer: Issuer) -> None:
    _, tokens = await issuer.token(await issuer.code("operator"))
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}

    statuses = []
    for path in ("/-/status", "/api/recalls", "/gateway/receipts", "/gateway/quarantine", "/api/cases"):
        async with issuer.session.get(issuer.url + path, headers=headers) as answer:
            statuses.append(answer.status)

    assert statuses == [200, 200, 200, 403, 403]


@pytest.mark.parametrize(
    ("other", "status"),
    [
        ({"client_id": "another"}, 403),
        ({"redirect_uri": "https://evil.example/-/sign-in/back"}, 403),
        ({"redirect_uri": ""}, 403),
        ({"response_type": "token"}, 400),
        ({"scope": "profile"}, 400),
        ({"code_challenge": ""}, 400),
        ({"code_challenge_method": "plain"}, 400),
        ({"state": "s" * 3000}, 400),
    ],
)
async def test_a_request_that_is_not_of_our_client_is_refused_on_our_own_page(
    issuer: Issuer, other: dict[str, str], status: int
) -> None:
    assert await issuer.authorize(**other) == (status, "")


async def test_a_code_is_good_once_and_for_who_has_the_verifier(issuer: Issuer) -> None:
    first, second = await issuer.code("operator"), await issuer.code("radiologist")

    assert (await issuer.token(first))[0] == 200
    assert await issuer.token(first) == (400, {"error": "invalid_grant"})
    assert await issuer.token(second, code_verifier="w" * 43) == (400, {"error": "invalid_grant"})
    assert await issuer.token(second) == (400, {"error": "invalid_grant"})
    assert await issuer.token("", grant_type="password") == (400, {"error": "unsupported_grant_type"})


async def test_a_one_time_password_alone_lets_nobody_in(issuer: Issuer) -> None:
    _, asked = await issuer.authorize()
    unasked, _, _ = await issuer.post("new-password", request=asked, password=CHOSEN, again=CHOSEN)

    status, location, text = await issuer.post(
        "sign-in", request=asked, name="operator", password=issuer.people["operator"]
    )
    short, _, _ = await issuer.post("new-password", request=asked, password="short", again="short")

    assert (unasked, status, location, short) == (403, 200, "", 400)
    assert 'action="/identity/new-password"' in text


async def test_who_guesses_waits_and_is_told_nothing_of_the_user(issuer: Issuer) -> None:
    _, asked = await issuer.authorize()

    guesses = [await issuer.post("sign-in", request=asked, name="operator", password=f"guess{n}") for n in range(5)]
    nobody = await issuer.post("sign-in", request=asked, name="nobody", password="guess")

    assert [status for status, _, _ in guesses] == [403, 403, 403, 429, 429]
    first, other = (re.sub('data-options="[^"]*"', "", text) for _, _, text in (guesses[0], nobody))
    assert (guesses[0][0], first) == (nobody[0], other)


async def test_a_process_without_the_issuer_says_what_to_set(tmp_path: Path) -> None:
    environ = {"JMID_ACCESS": "embedded"}
    hosting = Hosting(services=ARCHIVE, every=SERVICES, home=tmp_path, site="tokyo", environ=environ)

    with pytest.raises(SettingsError, match="JMID_ACCESS_ISSUER"):
        async with hosted(hosting):
            pass


async def with_authenticator(page: "Page") -> None:
    """Let the page's browser have a device that keeps passkeys, and whose owner always touches it."""
    devices = await page.context.new_cdp_session(page)
    await devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})


async def test_who_needs_a_passkey_makes_it_at_the_first_sign_in_and_then_needs_no_password(
    issuer: Issuer, page: "Page"
) -> None:
    await with_authenticator(page)
    await page.goto(f"{issuer.url}/-/dead")
    await page.fill("input[name=name]", "administrator")
    await page.fill("input[name=password]", issuer.people["administrator"])
    await page.press("input[name=password]", "Enter")
    await page.fill("input[name=password]", CHOSEN)
    await page.fill("input[name=again]", CHOSEN)
    await page.press("input[name=again]", "Enter")
    await page.fill("input[name=label]", "desk")
    await page.press("input[name=label]", "Enter")
    await page.wait_for_url(f"{issuer.url}/-/dead")

    await page.context.clear_cookies()
    account = f"{issuer.url}/identity/account".replace("127.0.0.1", "localhost")
    await page.goto(account)
    await page.click("form[data-passkey] button")
    await page.wait_for_url(account)

    assert "desk" in await page.inner_text("table")
    assert "administrator" in await page.inner_text("header")


async def test_who_needs_a_passkey_is_not_let_in_by_the_password(issuer: Issuer) -> None:
    _, asked = await issuer.authorize()
    await issuer.post("sign-in", request=asked, name="administrator", password=issuer.people["administrator"])

    status, location, text = await issuer.post("new-password", request=asked, password=CHOSEN, again=CHOSEN)
    none, back, _ = await issuer.post("new-passkey", request=asked, credential="{}", label="x")
    other, elsewhere, _ = await issuer.post("passkey", request=asked, credential="{}")

    assert (status, location, none, back, other, elsewhere) == (200, "", 400, "", 403, "")
    assert 'action="/identity/new-passkey"' in text


async def test_nobody_makes_a_passkey_for_a_sign_in_without_the_password(issuer: Issuer) -> None:
    _, asked = await issuer.authorize()
    await issuer.post("sign-in", request=asked, name="operator", password=issuer.people["operator"])

    ordinary, _, _ = await issuer.post("new-passkey", request=asked, credential="{}", label="x")
    _, unknown = await issuer.authorize()
    unasked, _, _ = await issuer.post("new-passkey", request=unknown, credential="{}", label="x")

    assert (ordinary, unasked) == (403, 403)


async def test_an_account_is_for_who_signed_in_here(issuer: Issuer) -> None:
    headers = {"Authorization": f"Bearer {(await issuer.token(await issuer.code('operator')))[1]['access_token']}"}

    async with issuer.session.get(
        f"{issuer.url}/identity/account".replace("127.0.0.1", "localhost"), headers=headers
    ) as answer:
        by_token = answer.status

    assert by_token == 404
