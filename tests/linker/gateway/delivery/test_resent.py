"""What is sent again is asked for at the centre first, and only what it holds by its digest is not sent."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from services.linker.gateway.delivery.transport import Centre, Holding
from services.linker.gateway.records import DELIVERIES
from services.linker.service import GATEWAY
from shared.events import Delivered, InstanceRef, InstancesDeidentified
from tests.linker.samples import instances, uid
from tests.linker.system import Archive, Opened, gateway_environ, keep, opened, until
from tests.servers.web import served

STUDY, DIGEST, EARLIER = uid(1), "ab" * 32, "cd" * 32


@pytest.fixture
async def archive() -> AsyncIterator[Archive]:
    found = Archive()
    async with served(found.application()) as url:
        found.headers["X-Url"] = url
        yield found


def resent(count: int = 3, *, first: int = 1, study: str = STUDY, earlier: str = "") -> InstancesDeidentified:
    event = instances(study, count, first=first)
    refs = tuple(msgspec.structs.replace(ref, sha256=DIGEST, earlier_sha256=earlier) for ref in event.instances)
    return msgspec.structs.replace(event, instances=refs, resent=True)


def environ(archive: Archive) -> dict[str, str]:
    return gateway_environ(archive.headers["X-Url"])


async def is_done(gateway: Opened) -> bool:
    found = (await gateway.documents.find(DELIVERIES)).documents
    return bool(found) and {each.state for each in found} == {"done"}


@pytest.mark.parametrize(("digest", "earlier"), [(DIGEST, ""), (EARLIER, EARLIER)])
async def test_what_the_centre_holds_is_confirmed_and_the_rest_is_sent(
    tmp_path: Path, archive: Archive, digest: str, earlier: str
) -> None:
    event = resent(earlier=earlier)
    first, second, third = (ref.sop_instance_uid for ref in event.instances)
    archive.held = {first: digest, second: "ef" * 32}
    async with opened(GATEWAY, tmp_path, environ(archive)) as gateway:
        await keep(gateway.blobs["deidentified"], event)

        await gateway.take(event)
        await until(lambda: is_done(gateway))

        assert archive.stored == {second: 1, third: 1}
        await until(
            lambda: {name for each in gateway.of(Delivered) for name in each.confirmed} == {first, second, third}
        )


@pytest.mark.parametrize("answer", [200, 405, 500])
async def test_an_archive_that_gives_no_digest_is_sent_everything(
    tmp_path: Path, archive: Archive, answer: int
) -> None:
    event = resent()
    archive.head_status = answer
    async with opened(GATEWAY, tmp_path, environ(archive)) as gateway:
        await keep(gateway.blobs["deidentified"], event)

        await gateway.take(event)
        await until(lambda: is_done(gateway))

        assert len(archive.stored) == 3


async def test_while_the_centre_is_away_it_is_asked_seldom_and_others_are_not_held_up(
    tmp_path: Path, archive: Archive
) -> None:
    again, new = resent(), instances(STUDY, 2, first=11, receipt="new")
    archive.head_status = 503
    async with opened(GATEWAY, tmp_path, environ(archive)) as gateway:
        await keep(gateway.blobs["deidentified"], again, new)
        await gateway.take(again, new)
        await until(lambda: len(archive.stored) == 2)
        waiting = [each.state for each in (await gateway.documents.find(DELIVERIES)).documents if each.resent]

        archive.head_status = 0
        await until(lambda: is_done(gateway))

        assert waiting == ["pending"]
        assert len(archive.stored) == 5


async def test_an_instance_that_cannot_be_asked_for_stops_no_other(
    tmp_path: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = resent(1), resent(2, first=11, study=uid(2))
    asked = Centre.holding

    async def holding(self: Centre, study: str, ref: InstanceRef) -> Holding:
        if study == STUDY:
            raise ValueError
        return await asked(self, study, ref)

    monkeypatch.setattr(Centre, "holding", holding)
    async with opened(GATEWAY, tmp_path, environ(archive)) as gateway:
        await keep(gateway.blobs["deidentified"], bad, good)

        await gateway.take(bad, good)
        await until(lambda: is_done(gateway))

        assert len(archive.stored) == 3
