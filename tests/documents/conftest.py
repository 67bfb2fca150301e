"""Every implementation of the documents port; the contract is the same for all."""

import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import pytest_asyncio

from shared.documents import Documents
from shared.documents.mongo import open_mongo
from shared.documents.sqlite import open_sqlite
from tests.servers.mongodb import MongoDB

Open = Callable[[], AbstractAsyncContextManager[Documents]]
SERVERS = pytest.mark.servers


@pytest.fixture(
    params=["sqlite", pytest.param("mongo-motor", marks=SERVERS), pytest.param("mongo-pymongo", marks=SERVERS)]
)
def opens(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Return what opens the same, at first empty, store; several times at once, as several processes would."""
    kind, _, driver = request.param.partition("-")
    if kind == "sqlite":
        return lambda: open_sqlite(tmp_path / "documents.sqlite")
    server = request.getfixturevalue("mongodb")
    # SecantusDB takes seconds to drop a database, and goes away with all of them in the end
    ours = isinstance(server, MongoDB)
    uri, database = server.uri, f"test_{uuid.uuid4().hex}" if ours else request.getfixturevalue("mongo_database")
    return lambda: open_mongo(uri, database, driver=driver)


@pytest_asyncio.fixture
async def documents(opens: Open) -> AsyncIterator[Documents]:
    """Yield an empty store."""
    async with opens() as opened:
        yield opened
