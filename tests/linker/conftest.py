"""A centre that the gateway's linker delivers to."""

import os
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.linker.system import Archive
from tests.servers.web import served


@pytest.fixture(scope="session", autouse=True)
def _no_authorities() -> Iterator[None]:
    """Trust no authority of the machine: to read them took more CPU than most tests, at each opening of a gateway."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", os.devnull)
        yield


@pytest.fixture
async def archive() -> AsyncIterator[Archive]:
    """Yield an archive that answers as a test tells it to, served at its url."""
    fake = Archive()
    async with served(fake.application()) as url:
        fake.url = url
        yield fake
