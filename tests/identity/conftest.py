"""Here a page's Content Security Policy holds in the browser, and there is a process with the embedded issuer."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from services.__main__ import SERVICES
from shared.runtime.host import Hosting, hosted
from shared.service import Role
from tests.identity.issuing import NEEDS_PASSKEY, Issuer


@pytest.fixture
def bypasses_csp() -> bool:
    """Let the policies of pages hold."""
    return False


@asynccontextmanager
async def issuing(home: Path, **more: str) -> AsyncIterator[Issuer]:
    environ = {"JMID_ACCESS": "embedded", "JMID_INGEST_DIMSE_PORT": "0", "JMID_IDENTITY_FIRST_DELAY_S": "60", **more}
    hosting = Hosting(services=SERVICES, every=SERVICES, home=home, site="tokyo", environ=environ)
    async with hosted(hosting) as host, aiohttp.ClientSession() as session:
        people = json.loads((home / "credentials.json").read_text())["users"]
        yield Issuer(host.base_url, session, people, host.ports[Role.CENTRE].documents)


@pytest_asyncio.fixture
async def issuer(tmp_path: Path) -> AsyncIterator[Issuer]:
    async with issuing(tmp_path, **NEEDS_PASSKEY) as opened:
        yield opened
