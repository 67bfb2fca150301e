"""A centre that the gateway's linker delivers to."""

from collections.abc import AsyncIterator

import pytest

from tests.linker.system import Archive, served


@pytest.fixture
async def archive() -> AsyncIterator[Archive]:
    """Yield an archive that answers as a test tells it to, served at its url."""
    fake = Archive()
    async with served(fake.application()) as url:
        fake.url = url
        yield fake
