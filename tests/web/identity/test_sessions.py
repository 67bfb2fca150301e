"""How long a session lasts, and that nothing of it can be guessed, revived or read from what is kept."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from shared.documents import Documents
from shared.documents.sqlite import open_sqlite
from shared.web.access.words import AccessRole
from shared.web.identity.actor import SHOWN_BY_SESSION, Actor
from shared.web.identity.sessions import BELIEVED_S, SESSIONS, Sessions

HANAKO = Actor(
    subject="u1",
    name="hanako",
    roles=frozenset({AccessRole.RADIOLOGIST}),
    sites=frozenset({"tokyo"}),
    shown=SHOWN_BY_SESSION,
)
IDLE_S, MOST_S = 1800.0, 43_200.0


class Time:
    def __init__(self) -> None:
        self.now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest_asyncio.fixture
async def documents(tmp_path: Path) -> AsyncIterator[Documents]:
    async with open_sqlite(tmp_path / "documents.sqlite") as opened:
        await opened.declare(SESSIONS)
        yield opened


def sessions(documents: Documents, time: Time) -> Sessions:
    return Sessions(documents, IDLE_S, MOST_S, time, time)


async def test_a_session_is_its_owners_in_every_process_and_nobody_elses(documents: Documents) -> None:
    time = Time()
    value = await sessions(documents, time).begin(HANAKO)

    other_process = sessions(documents, time)

    assert await other_process.actor(value) == HANAKO
    assert await other_process.actor(value + "x") is None
    assert await other_process.actor("") is None


async def test_what_is_kept_does_not_tell_the_browsers_value(documents: Documents) -> None:
    value = await sessions(documents, Time()).begin(HANAKO)

    (kept,) = (await documents.find(SESSIONS)).documents

    assert value not in str(kept)
    assert await sessions(documents, Time()).actor(kept.id) is None


async def test_a_session_without_requests_ends_and_one_with_requests_lasts_to_its_limit(documents: Documents) -> None:
    time = Time()
    own = sessions(documents, time)
    idle, used = await own.begin(HANAKO), await own.begin(HANAKO)

    lasted = 0.0
    while await own.actor(used) is not None:
        time.now_s += 900
        lasted += 900

    assert await own.actor(idle) is None
    assert lasted == MOST_S


async def test_a_session_that_was_ended_elsewhere_is_over_soon_and_stays_so(documents: Documents) -> None:
    time = Time()
    own, other = sessions(documents, time), sessions(documents, time)
    value = await own.begin(HANAKO)
    await own.actor(value)

    await other.end(value)
    time.now_s += max(BELIEVED_S, 600)

    assert await own.actor(value) is None
    assert (await documents.find(SESSIONS)).documents == []


async def test_ended_sessions_are_swept_when_another_begins(documents: Documents) -> None:
    time = Time()
    own = sessions(documents, time)
    for _ in range(3):
        await own.begin(HANAKO)
    time.now_s += MOST_S

    await own.begin(HANAKO)

    assert len((await documents.find(SESSIONS)).documents) == 1
