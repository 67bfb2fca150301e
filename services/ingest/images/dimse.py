"""The C-STORE and C-ECHO SCP: takes any storage SOP Class in any Transfer Syntax, bytes kept as received.

pynetdicom runs each association in a thread of its own; bytes are made durable on the event loop before Success is
answered. Source: PS3.4 Annex B and C.4; PS3.7 9.1.1, 9.1.5; PS3.8.
"""

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import asynccontextmanager
from typing import Any

from pynetdicom import AE, evt
from pynetdicom import _config as pynetdicom_config
from pynetdicom.association import Association
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from services.ingest.deps import IngestDeps
from services.ingest.images import structured_reports
from services.ingest.images.instance_uids import identify
from services.ingest.receipts.receiving import Content, new_receipt, not_handled, receive, reject
from services.ingest.receipts.records import INSTANCES, Receipt
from shared.errors import Invalid, SettingsError, StorageFull
from shared.logs import decided

SUCCESS = 0x0000
OUT_OF_RESOURCES = 0xA700  # PS3.4 Table B.2-1
DOES_NOT_MATCH = 0xA900
CANNOT_UNDERSTAND = 0xC000
PROCESSING_FAILURE = 0x0110
DURABLE_S = 60.0
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
CALLING_AE_NOT_RECOGNISED = 0x03  # PS3.8 9.3.4, A-ASSOCIATE-RJ by the service user


@asynccontextmanager
async def listening(deps: IngestDeps) -> AsyncIterator["DimseReceiver | None"]:
    """Listen until the context ends; None if the port is -1."""
    if deps.settings.dimse_port < 0:
        yield None
        return
    receiver = DimseReceiver(deps, asyncio.get_running_loop())
    await asyncio.to_thread(receiver.open)
    try:
        yield receiver
    finally:
        await asyncio.to_thread(receiver.close)


class DimseReceiver:
    """The SCP. Methods named handle_* run in association threads."""

    def __init__(self, deps: IngestDeps, loop: asyncio.AbstractEventLoop) -> None:
        self._deps = deps
        self._loop = loop
        self._receipts: dict[Association, Receipt] = {}
        self._lock = threading.Lock()
        self._server: Any = None
        pynetdicom_config.UNRESTRICTED_STORAGE_SERVICE = True  # private and retired storage SOP Classes too

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        return int(self._server.socket.getsockname()[1])

    def open(self) -> None:
        """Begin to listen; raise SettingsError if the port is taken."""
        settings = self._deps.settings
        entity = AE(ae_title=settings.ae_title)
        entity.maximum_associations = settings.max_associations
        entity.network_timeout = settings.dimse_timeout_s
        entity.dimse_timeout = settings.dimse_timeout_s
        entity.maximum_pdu_size = 0  # no limit (PS3.8 D.1)
        entity.add_supported_context(Verification)
        handlers: list[Any] = [
            (evt.EVT_C_ECHO, self.handle_echo),
            (evt.EVT_C_STORE, self.handle_store),
            (evt.EVT_REQUESTED, self.handle_requested),
            (evt.EVT_RELEASED, self.handle_ended),
            (evt.EVT_ABORTED, self.handle_ended),
            (evt.EVT_CONN_CLOSE, self.handle_closed),
        ]
        address = (settings.dimse_bind, settings.dimse_port)
        try:
            self._server = entity.start_server(address, block=False, evt_handlers=handlers)
        except OSError as error:
            raise SettingsError(
                f"cannot listen on {address[0]} port {address[1]} for C-STORE ({error.strerror}); "
                "choose another JMID_INGEST_DIMSE_PORT"
            ) from error

        if not settings.allowed_ae and settings.dimse_bind not in LOOPBACK:
            decided("dimse-open-to-all", level="warning", service="ingest", setting="JMID_INGEST_ALLOWED_AE")

    async def stop(self) -> None:
        """Stop listening, without holding up the event loop."""
        await asyncio.to_thread(self.close)

    def close(self) -> None:
        """Stop listening and abort associations: their senders know what was not confirmed."""
        if self._server is not None:
            self._server.shutdown()
            self._server = None

    def handle_requested(self, event: Any) -> None:
        """Reject a calling AE that is not on the list."""
        allowed = self._deps.settings.allowed_ae
        title = _title(event.assoc.requestor.primitive.calling_ae_title)
        names = {title, f"{title}@{event.assoc.requestor.address}"}
        if allowed and not names & set(allowed):
            decided("association-rejected", level="warning", service="ingest")
            event.assoc.acse.send_reject(0x01, 0x01, CALLING_AE_NOT_RECOGNISED)
            event.assoc.kill()

    def handle_echo(self, _: Any) -> int:
        """Answer C-ECHO."""
        return SUCCESS

    def handle_store(self, event: Any) -> int:
        """Answer C-STORE when the bytes are safe."""
        data = event.encoded_dataset()
        future = asyncio.run_coroutine_threadsafe(self._keep(event, data), self._loop)
        try:
            return future.result(DURABLE_S)
        except StorageFull:
            return OUT_OF_RESOURCES
        except (FutureTimeout, Exception) as error:
            decided("store-failed", level="error", service="ingest", error=type(error).__name__)
            return OUT_OF_RESOURCES

    def handle_ended(self, event: Any) -> None:
        """Forget the association's receipt."""
        with self._lock:
            self._receipts.pop(event.assoc, None)

    def handle_closed(self, event: Any) -> None:
        """Let go of a connection that closes before it asks for an association, as a health check's does.

        pynetdicom would hold its place among the associations until its time to ask is over: 30 seconds.
        """
        if event.assoc.requestor.primitive is None:
            event.assoc.dul.to_user_queue.put(None)
        self.handle_ended(event)

    async def _keep(self, event: Any, data: bytes) -> int:
        receipt = self._receipt(event)
        try:
            uids = await asyncio.to_thread(identify, data)
        except Invalid as error:
            await reject(self._deps, receipt, data, error)
            return CANNOT_UNDERSTAND
        except Exception as error:
            await reject(self._deps, receipt, data, not_handled(error))
            return CANNOT_UNDERSTAND
        if uids.sop_instance_uid != str(event.request.AffectedSOPInstanceUID):
            await reject(
                self._deps, receipt, data, Invalid("uid-mismatch", "Affected SOP Instance UID (PS3.7 9.1.1.1)")
            )
            return DOES_NOT_MATCH
        await receive(self._deps, receipt, [Content(data)])
        await structured_reports.take(self._deps, [(uids, data)], receipt.sender)
        return SUCCESS

    def _receipt(self, event: Any) -> Receipt:
        """Return the receipt of the association: what is sent together has one."""
        with self._lock:
            if event.assoc not in self._receipts:
                sender = _title(event.assoc.requestor.ae_title)
                self._receipts[event.assoc] = new_receipt(self._deps, "dimse", INSTANCES, sender)
            return self._receipts[event.assoc]


def _title(value: Any) -> str:
    return (value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)).strip()
