"""Every implementation of the documents port; the contract is the same for all."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import pytest_asyncio

from shared.documents import Documents
from shared.documents.mongo import open_mongo
from shared.documents.sqlite import open_sqlite

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
    uri, database = request.getfixturevalue("mongodb").uri, request.getfixturevalue("mongo_database")
    return lambda: open_mongo(uri, database, driver=driver)


@pytest_asyncio.fixture
async def documents(opens: Open) -> AsyncIterator[Documents]:
    """Yield an empty store."""
    async with opens() as opened:
        yield opened
