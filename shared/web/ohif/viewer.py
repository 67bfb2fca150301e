"""The viewer while it is being prepared: everything else opens without waiting for it."""

import asyncio
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from aiohttp import web

from shared.errors import NotFound, Unavailable
from shared.logs import decided
from shared.web.ohif.fetch import Prepared, prepare
from shared.web.ohif.serve import routes


class Viewer:
    """Prepares the viewer under a folder in a thread. prepared: None while that lasts."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.prepared: Prepared | None = None

    async def prepare(self) -> Prepared:
        """Fetch or check it; whatever goes wrong is a reason not to offer it."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Prepared] = loop.create_future()

        def work() -> None:
            try:
                prepared = prepare(self._home)
            except Exception as error:  # it is disposable: it never keeps anything else from opening
                prepared = Prepared(None, f"{type(error).__name__} while it was prepared")
            with suppress(RuntimeError):  # the loop is closed: the process was stopped meanwhile
                loop.call_soon_threadsafe(_resolve, done, prepared)

        threading.Thread(target=work, name="viewer", daemon=True).start()  # a stop does not wait for npm
        self.prepared = await done
        if self.prepared.folder is None:
            decided("viewer-not-offered", level="warning", reason="viewer")
        return self.prepared

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Return its routes: 503 while it is being prepared, 404 if it is not offered."""
        return routes(self._folder)

    def _folder(self) -> Path:
        if self.prepared is None:
            raise Unavailable("the viewer is being prepared")
        if self.prepared.folder is None:
            raise NotFound("no-viewer", self.prepared.reason)
        return self.prepared.folder


def _resolve(done: "asyncio.Future[Prepared]", prepared: Prepared) -> None:
    if not done.done():
        done.set_result(prepared)
