"""Asks Studies back whose bytes a retrieve did not find here, where the settings let a retrieve do that.

A HEAD asks for nothing: a gateway that compares what the centre holds would else have everything delivered again.
"""

import asyncio
import functools
from collections.abc import Awaitable, Callable

import aiohttp
from aiohttp import web

from services.archive.http.responses import GoneForGood, Handle, query_of
from shared.dicom.uid import is_uid
from shared.errors import Unavailable
from shared.logs import decided

MOST = 1000
"""Studies that wait to be asked for; more are asked for when they are retrieved again."""
AGAIN_S = 30.0
BY = "a retrieve"
Ask = Callable[[str], Awaitable[None]]
"""Asks one Study back; raises Unavailable."""


class Recalls:
    """The Studies that retrieves asked for and that are not asked back yet."""

    def __init__(self) -> None:
        self._wanted: dict[str, None] = {}
        self._woken = asyncio.Event()

    def noticing(self, handle: Handle) -> Handle:
        """Return the handler that notes the Study of a GET which it answers with 410, unless it is gone for good."""

        @functools.wraps(handle)
        async def answer(request: web.Request) -> web.StreamResponse:
            try:
                return await handle(request)
            except GoneForGood:
                raise
            except web.HTTPGone:
                if request.method == "GET":
                    self._want(request.match_info.get("study") or query_of(request).get("studyuid", ""))
                raise

        return answer

    async def ask_forever(self, ask: Ask) -> None:
        """Ask for each Study once; while that is not possible, try again."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            for study in list(self._wanted):
                try:
                    await ask(study)
                except Unavailable as error:
                    decided("recall-not-asked", level="warning", service="archive", error=type(error).__name__)
                    self._woken.set()
                    await asyncio.sleep(AGAIN_S)
                    break
                del self._wanted[study]

    def _want(self, study: str) -> None:
        if is_uid(study) and len(self._wanted) < MOST:
            self._wanted[study] = None
            self._woken.set()


def of_linker(session: aiohttp.ClientSession, linker_url: str) -> Ask:
    """Return what asks the centre's linker, whose recall of a Study stays one while it is open."""

    async def ask(study: str) -> None:
        try:
            body = {"study_instance_uid": study, "by": BY}
            async with session.post(f"{linker_url}/api/recalls", json=body) as answer:
                if answer.status != 201:
                    raise Unavailable(f"the linker answered {answer.status} to a recall")
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable("the linker takes no recall") from error

    return ask
