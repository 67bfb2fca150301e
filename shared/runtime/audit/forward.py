"""Sends the audit trail to a syslog receiver over TLS, from where it was sent to: nothing is left out, however long the
receiver was away.

Syslog has no answers (RFC 5425): what was handed over counts as received when the connection has lasted SETTLED_S
longer. So after a break a few may come twice; their numbers tell.
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

from shared.audit.record import AuditRecord
from shared.audit.seals import FORWARDED, LOG, Forwarded
from shared.audit.settings import AuditSettings
from shared.audit.syslog import framed
from shared.documents import Documents, Order, Range
from shared.errors import SettingsError
from shared.lease import Lease, Leases
from shared.logs import decided
from shared.supervision import Backoff

BATCH: Final = 500
CONNECT_S: Final = 10.0
SETTLED_S: Final = 1.0
LOOKED_EVERY_S: Final = 2.0
MOST_AWAY_S: Final = 60.0


def context_of(settings: AuditSettings) -> ssl.SSLContext:
    """Return the TLS context: 1.2 or later, the receiver's name checked; raise SettingsError for a wrong file."""
    try:
        context = ssl.create_default_context(cafile=settings.audit_syslog_ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if settings.audit_syslog_certificate is not None:
            context.load_cert_chain(settings.audit_syslog_certificate)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            f"JMID_AUDIT_SYSLOG_CA or JMID_AUDIT_SYSLOG_CERTIFICATE cannot be read ({type(error).__name__})"
        ) from error
    return context


class Forwarder:
    """Sends one place's trail to one receiver. settled_s, looked_every_s: see above."""

    def __init__(
        self,
        documents: Documents,
        leases: Leases,
        settings: AuditSettings,
        settled_s: float = SETTLED_S,
        looked_every_s: float = LOOKED_EVERY_S,
    ) -> None:
        self._documents, self._leases, self._receiver = documents, leases, settings.audit_syslog
        self._context = context_of(settings)
        self._settled_s, self._looked_every_s = settled_s, looked_every_s
        target = urlsplit(settings.audit_syslog)
        self._host, self._port = target.hostname or "", target.port or 0

    async def run(self) -> None:
        """Send until cancelled; of several processes one does."""
        await self._leases.work_under_lease("audit-syslog", self._send_all)

    async def _send_all(self, lease: Lease) -> None:
        backoff, loop = Backoff(1.0, MOST_AWAY_S), asyncio.get_running_loop()
        while True:
            started = loop.time()
            try:
                async with self._connected() as (writer, ended):
                    await self._send(lease, writer, ended)
            except (OSError, TimeoutError) as error:
                decided("audit-syslog-away", level="warning", error=type(error).__name__)
            await asyncio.sleep(backoff.after(loop.time() - started))

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[asyncio.StreamWriter, "asyncio.Task[bytes]"]]:
        """Yield a connection, and what ends when the receiver closes it."""
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection(self._host, self._port, ssl=self._context)
        ended = asyncio.create_task(reader.read(1))
        try:
            yield writer, ended
        finally:
            ended.cancel()
            await asyncio.wait([ended])
            writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(CONNECT_S):
                    await writer.wait_closed()

    async def _send(self, lease: Lease, writer: asyncio.StreamWriter, ended: "asyncio.Task[bytes]") -> None:
        while True:
            records = await self._next()
            if not records:
                await _lasts(ended, self._looked_every_s)
                continue
            writer.write(b"".join(map(framed, records)))
            async with asyncio.timeout(CONNECT_S):
                await writer.drain()
            await _lasts(ended, self._settled_s)
            await lease.check()
            await self._documents.put(FORWARDED, Forwarded(id=self._receiver, number=records[-1].number))

    async def _next(self) -> list[AuditRecord]:
        sent = await self._documents.get(FORWARDED, self._receiver)
        low = f"{sent.number + 1 if sent is not None else 0:015d}"
        page = await self._documents.find(LOG, Range("key", low=low), order=[Order("key")], limit=BATCH)
        return list(page.documents)


async def _lasts(ended: "asyncio.Task[bytes]", wait_s: float) -> None:
    """Wait, and raise ConnectionResetError if the receiver closed the connection meanwhile."""
    await asyncio.wait([ended], timeout=wait_s)
    if ended.done():
        raise ConnectionResetError
