"""A passkey is taken from its owner's device alone, for our own pages, for what was asked, and once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from services.identity.passkeys import Passkeys, RelyingParty, new_challenge
from services.identity.passwords import Passwords
from services.identity.records import DECLARED, USERS, User
from services.identity.settings import IdentitySettings
from services.identity.users import forget, put_user
from shared.documents import Documents
from shared.documents.sqlite import open_sqlite
from shared.errors import Invalid
from tests.identity.authenticator import PRESENT, Authenticator

ORIGIN = "https://jmid.example"
PARTY = RelyingParty("jmid.example", ORIGIN)


@pytest_asyncio.fixture
async def documents(tmp_path: Path) -> AsyncIterator[Documents]:
    async with open_sqlite(tmp_path / "documents.sqlite") as opened:
        await opened.declare(*DECLARED)
        yield opened


async def made_user(documents: Documents, name: str = "hanako") -> User:
    await put_user(documents, Passwords(documents, IdentitySettings()), name, ("radiologist",), ("tokyo",))
    user = await documents.get(USERS, name)
    assert user is not None
    return user


async def registered(passkeys: Passkeys, user: User) -> Authenticator:
    device = Authenticator(ORIGIN)
    await passkeys.finish(user, device.made(await passkeys.begin(user)), "ward PC")
    return device


async def test_who_made_a_passkey_is_known_by_it(documents: Documents) -> None:
    passkeys, user, challenge = Passkeys(documents, PARTY, 600), await made_user(documents), new_challenge()
    device = await registered(passkeys, user)
    device.count = 2

    owner = await passkeys.owner(device.shown(passkeys.asks(challenge)), challenge)

    assert owner == user
    (kept,) = await passkeys.of(user)
    assert (kept.label, kept.sign_count) == ("ward PC", 2)
    assert kept.used > 0


async def test_a_passkey_for_another_page_or_challenge_or_without_a_pin_is_nobodys(documents: Documents) -> None:
    passkeys, user, challenge = Passkeys(documents, PARTY, 600), await made_user(documents), new_challenge()
    device = await registered(passkeys, user)
    device.count = 2
    good, asked = device.shown(passkeys.asks(challenge)), passkeys.asks(challenge)
    stranger = Authenticator(ORIGIN, id=device.id, count=3)
    elsewhere = Authenticator("https://evil.example", key=device.key, id=device.id, count=3)
    untouched = Authenticator(ORIGIN, flags=PRESENT, key=device.key, id=device.id, count=3)

    wrong = [stranger.shown(asked), elsewhere.shown(asked), untouched.shown(asked), "{}", "", "x", '{"id": []}']
    owners = [await passkeys.owner(each, challenge) for each in [*wrong, good[:-2], "x" * 100_000]]

    assert set(owners) == {None}
    assert await passkeys.owner(good, new_challenge()) is None
    assert await passkeys.owner(good, "") is None
    assert await passkeys.owner(good, challenge) == user


async def test_a_copy_of_a_passkey_is_noticed_by_its_count(documents: Documents) -> None:
    passkeys, user, challenge = Passkeys(documents, PARTY, 600), await made_user(documents), new_challenge()
    device = await registered(passkeys, user)
    device.count = 5
    await passkeys.owner(device.shown(passkeys.asks(challenge)), challenge)
    device.count = 4

    assert await passkeys.owner(device.shown(passkeys.asks(challenge)), challenge) is None


async def test_what_was_not_asked_for_is_no_new_passkey(documents: Documents) -> None:
    passkeys, user, other = Passkeys(documents, PARTY, 600), await made_user(documents), await made_user(documents, "o")
    options = await passkeys.begin(user)
    device = Authenticator(ORIGIN)

    for answer in ("", "{}", Authenticator("https://evil.example").made(options)):
        with pytest.raises(Invalid):
            await passkeys.finish(user, answer, "")
    with pytest.raises(Invalid):
        await passkeys.finish(user, device.made(options), "")  # what was asked is good for one answer
    taken = await registered(passkeys, user)
    copy = Authenticator(ORIGIN, id=taken.id)
    with pytest.raises(Invalid):
        await passkeys.finish(other, copy.made(await passkeys.begin(other)), "")
    with pytest.raises(Invalid):
        await Passkeys(documents, PARTY, 0).finish(user, device.made(await passkeys.begin(user)), "")

    assert await passkeys.of(other) == []


async def test_a_passkey_is_removed_by_its_owner_with_the_user_and_with_a_new_password(documents: Documents) -> None:
    passkeys, user, other = Passkeys(documents, PARTY, 600), await made_user(documents), await made_user(documents, "o")
    await registered(passkeys, user)
    (kept,) = await passkeys.of(user)

    await passkeys.remove(other, kept.id)
    after_another = await passkeys.of(user)
    await passkeys.remove(user, kept.id)
    after_owner = await passkeys.of(user)
    await registered(passkeys, user)
    await made_user(documents)
    after_reset = await passkeys.of(user)
    await registered(passkeys, user)
    await forget(documents, user.name)

    assert [len(each) for each in (after_another, after_owner, after_reset, await passkeys.of(user))] == [1, 0, 0, 0]


async def test_under_an_ip_address_none_is_offered(documents: Documents) -> None:
    passkeys, user = Passkeys(documents, None, 600), await made_user(documents)

    assert passkeys.asks(new_challenge()) == ""
    with pytest.raises(Invalid):
        await passkeys.begin(user)
