"""Why an Instance is gone at the centre: a 410 says it in a header, or a search does."""

from pathlib import Path

import pytest
from aiohttp import web

from services.linker.gateway.delivery.peer import centre
from services.linker.gateway.delivery.transport import Holding
from services.linker.settings import LinkerSettings, complete
from shared.blobs.local import open_local
from shared.web.gone_reason import GONE_REASON
from tests.linker.gateway.test_one_bad_item import delivered
from tests.servers.web import served


@pytest.mark.parametrize(
    ("status", "reason", "availability", "holding"),
    [
        (404, "", "", Holding.ABSENT),
        (410, "deleted", "", Holding.DELETED),
        (410, "withdrawn", "", Holding.WITHDRAWN),
        (410, "evicted", "UNAVAILABLE", Holding.EVICTED),
        (410, "damaged", "", Holding.ABSENT),
        (410, "", "NEARLINE", Holding.EVICTED),
        (410, "", "UNAVAILABLE", Holding.ABSENT),
        (410, "a word of tomorrow", "NEARLINE", Holding.EVICTED),
    ],
)
async def test_the_reason_of_a_410_says_what_the_centre_holds(
    tmp_path: Path, status: int, reason: str, availability: str, holding: Holding
) -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.method == "HEAD":
            return web.Response(status=status, headers={GONE_REASON: reason} if reason else {})
        return web.json_response([{"00080056": {"vr": "CS", "Value": [availability]}}])

    own = web.Application()
    own.router.add_route("*", "/{path:.*}", answer)
    delivery = delivered(1)
    async with served(own) as url, open_local(tmp_path) as blobs:
        settings = complete(LinkerSettings(centre_token="t"), url)
        async with centre(settings, blobs, lambda: "t") as peer:
            assert await peer.holding(delivery.study_instance_uid, delivery.instances[0]) is holding
