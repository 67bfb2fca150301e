"""An archive that serves all its routes."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.archive.conftest import Archive
from tests.archive.retrieve.fixtures import Serving, serving_all


@pytest_asyncio.fixture
async def serving(archive: Archive) -> AsyncIterator[Serving]:
    """Yield an empty archive behind its DICOMweb root."""
    async with serving_all(archive.deps, archive.store) as served:
        yield served
