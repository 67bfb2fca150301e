"""Open the connections to the centre, as the settings say: with whose certificates, and by which credential."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp

from services.linker.gateway.delivery.bandwidth import Allowance
from services.linker.gateway.delivery.connection import CentreTls, provider_context
from services.linker.gateway.delivery.credentials import ClientCredentials, Credential, FixedCredential
from services.linker.gateway.delivery.transport import Centre
from services.linker.settings import LinkerSettings
from shared.blobs import Blobs


@asynccontextmanager
async def centre(
    settings: LinkerSettings,
    blobs: Blobs,
    read: Callable[[], str] = lambda: "",
    allowance: Allowance | None = None,
) -> AsyncIterator[Centre]:
    """Open the connections to the centre. read: returns the token that it gave, empty for none.

    allowance: of the bytes that may go; None is the limit of the settings for these connections alone.
    """
    timeout = aiohttp.ClientTimeout(
        total=settings.request_timeout_s,
        sock_connect=settings.connect_timeout_s,
        sock_read=settings.idle_timeout_s,
    )
    tls = CentreTls(settings)
    async with AsyncExitStack() as stack:
        connector = aiohttp.TCPConnector(limit=settings.streams + 4)
        session = aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=True)
        credential = await _credential(stack, settings, read)
        yield Centre(await stack.enter_async_context(session), settings, blobs, credential, allowance, tls)


async def _credential(stack: AsyncExitStack, settings: LinkerSettings, read: Callable[[], str]) -> Credential:
    if not settings.centre_client_id:
        return FixedCredential(read)
    connector = aiohttp.TCPConnector(ssl=provider_context(settings))
    timeout = aiohttp.ClientTimeout(total=settings.connect_timeout_s)
    session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector, timeout=timeout))
    return ClientCredentials(session, settings)
