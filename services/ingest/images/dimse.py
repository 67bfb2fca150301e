"""The C-STORE and C-ECHO SCP: takes any storage SOP Class in any Transfer Syntax, bytes kept as received.

pynetdicom runs each association in a thread of its own; bytes are made durable on the event loop before Success is
answered. Source: PS3.4 Annex B and C.4; PS3.7 9.1.1, 9.1.5; PS3.8.
"""

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import _config as pynetdicom_config
from pynetdicom import evt
from pynetdicom.association import Association

from services.ingest.deps import IngestDeps
from services.ingest.images.data_set_spool import DataSetSpool
from services.ingest.images.dimse_listener import DimseListener
from services.ingest.images.keeping import SUCCESS, keep_instance
from services.ingest.peers import listed
from services.ingest.peers.admission import note_refused
from services.ingest.peers.associations import Rejection, Requestor, exceeds_limits, rejection_of
from services.ingest.peers.recognition import Caller, NotRecognised, recognised
from services.ingest.receipts.receiving import new_receipt, reject_unkept
from services.ingest.receipts.records import INSTANCES, Receipt
from shared.dicom.spool import TooLarge
from shared.dicom.store_response import (
    CANNOT_UNDERSTAND,
    DOES_NOT_MATCH,
    OUT_OF_RESOURCES,
    PROCESSING_FAILURE,
    TOO_LARGE,
)
from shared.errors import Permanent, SettingsError, StorageFull
from shared.logs import decided
from shared.web.loopback import LOOPBACK

_PLAIN, _TLS = "JMID_INGEST_DIMSE_PORT", "JMID_INGEST_DIMSE_TLS_PORT"
DURABLE_S = 60.0
SLOWEST_BYTES_S = 4e6  # of a store: a large Instance has longer to become durable
COMMENTS = {
    OUT_OF_RESOURCES: "not kept for now; send it again later",
    TOO_LARGE: "larger than JMID_INGEST_MAX_INSTANCE_BYTES; not taken",
    DOES_NOT_MATCH: "Affected SOP Instance UID is not that of the Data Set",
    CANNOT_UNDERSTAND: "the Data Set cannot be read; kept as rejected",
    PROCESSING_FAILURE: "it cannot be handled; not taken",
}


@asynccontextmanager
async def listening(deps: IngestDeps) -> AsyncIterator["DimseReceiver | None"]:
    """Listen until the context ends; None if both ports are -1."""
    if deps.settings.dimse_port < 0 and deps.settings.dimse_tls_port < 0:
        yield None
        return
    receiver = DimseReceiver(deps, asyncio.get_running_loop())
    await asyncio.to_thread(receiver.open)
    try:
        yield receiver
    finally:
        await asyncio.to_thread(receiver.close)


@dataclass
class OpenReceipt:
    """The receipt that an association is writing on. instances: how many it has sent for it."""

    receipt: Receipt
    instances: int = 0


class DimseReceiver:
    """The SCP. Methods named handle_* run in association threads."""

    def __init__(self, deps: IngestDeps, loop: asyncio.AbstractEventLoop) -> None:
        self._deps = deps
        self._loop = loop
        self._receipts: dict[Association, OpenReceipt] = {}
        self._requestors: dict[Association, Requestor] = {}
        self._manual: set[Association] = set()  # what they send was chosen by a person
        self._lock = threading.Lock()
        self._listeners: dict[str, DimseListener] = {}
        pynetdicom_config.UNRESTRICTED_STORAGE_SERVICE = True  # private and retired storage SOP Classes too
        pynetdicom_config.LOG_HANDLER_LEVEL = "none"  # it describes every PDU, for a level that is never logged

    @property
    def port(self) -> int:
        """Return the plain port it listens on."""
        return self._listeners[_PLAIN].port if _PLAIN in self._listeners else 0

    def open(self) -> None:
        """Begin to listen; raise SettingsError if a port is taken, or a file of peers or TLS cannot be used."""
        settings, admission = self._deps.settings, self._deps.admission
        handlers: list[Any] = [
            (evt.EVT_C_ECHO, self.handle_echo),
            (evt.EVT_C_STORE, self.handle_store),
            (evt.EVT_REQUESTED, self.handle_requested),
            (evt.EVT_RELEASED, self.handle_ended),
            (evt.EVT_ABORTED, self.handle_ended),
            (evt.EVT_CONN_CLOSE, self.handle_closed),
        ]
        for variable, port in ((_PLAIN, settings.dimse_port), (_TLS, settings.dimse_tls_port)):
            if port < 0:
                continue
            context = (lambda: admission.context) if variable == _TLS else None
            try:
                self._listeners[variable] = DimseListener(settings, port, self._deps.scratch, handlers, context)
            except OSError as error:
                self.close()
                raise SettingsError(
                    f"cannot listen on {settings.dimse_bind} port {port} for C-STORE ({error.strerror}); "
                    f"choose another {variable}"
                ) from error
        if admission.peers is listed.THIS_MACHINE and settings.dimse_bind not in LOOPBACK:
            decided("dimse-closed-to-others", level="warning", service="ingest", setting=listed.SETTING)

    async def stop(self) -> None:
        """Stop listening, without holding up the event loop."""
        await asyncio.to_thread(self.close)

    def close(self) -> None:
        """Stop listening and abort associations: their senders know what was not confirmed."""
        while self._listeners:
            self._listeners.popitem()[1].close()

    def handle_requested(self, event: Any) -> None:
        """Reject a caller that is no listed peer, or that has, or leaves others, too few associations."""
        association = event.assoc
        caller = _caller(association)
        peer = recognised(caller, self._deps.admission.peers.ae)
        if isinstance(peer, NotRecognised):
            self._reject(association, rejection_of(peer.reason), peer.reason.value, peer.peer)
            return
        requestor = Requestor(caller.address, caller.title)
        with self._lock:
            is_full = exceeds_limits(requestor, self._requestors.values(), self._deps.settings)
            if not is_full:
                self._requestors[association] = requestor
                self._manual |= {association} if peer.manual else set()
        if is_full:
            self._reject(association, Rejection.LIMIT_EXCEEDED, "limit-exceeded", peer.name)

    def _reject(self, association: Association, rejection: Rejection, reason: str, peer: str) -> None:
        note_refused("dimse", reason, peer, audit=self._deps.audit, address=association.requestor.address or "")
        association.acse.send_reject(*rejection.value)
        association.kill()

    def handle_echo(self, _: Any) -> int:
        """Answer C-ECHO."""
        return SUCCESS

    def handle_store(self, event: Any) -> Dataset:
        """Answer C-STORE when the bytes are safe. A7xx may be tried again; other failures are final (PS3.4 B.2.3)."""
        spool: DataSetSpool = event.request.DataSet
        try:
            return _answer(self._stored(event, spool))
        finally:
            spool.release()
            event.assoc.dul._idle_timer.restart()  # the peer was not idle: it waited

    def handle_ended(self, event: Any) -> None:
        """Forget the association."""
        with self._lock:
            self._receipts.pop(event.assoc, None)
            self._requestors.pop(event.assoc, None)
            self._manual.discard(event.assoc)

    def handle_closed(self, event: Any) -> None:
        """Let go of a connection that closes before its request was understood.

        pynetdicom would wait until its time to ask is over.
        """
        if event.assoc.requestor.primitive is None:
            event.assoc.dul.to_user_queue.put(None)
        self.handle_ended(event)

    def _stored(self, event: Any, spool: DataSetSpool) -> int:
        if spool.no_room:
            decided("store-failed", level="warning", service="ingest", reason="no-room")
            return OUT_OF_RESOURCES
        try:
            if spool.too_large:
                taking = self._leave_out(event, spool.size)
            else:
                data = spool.mapped() or event.encoded_dataset()
                uid = str(event.request.AffectedSOPInstanceUID)
                taking = keep_instance(self._deps, self._receipt(event), data, uid)
            future = asyncio.run_coroutine_threadsafe(taking, self._loop)
            return future.result(DURABLE_S + spool.size / SLOWEST_BYTES_S)
        except StorageFull:
            return OUT_OF_RESOURCES
        except (FutureTimeout, Exception) as error:
            decided("store-failed", level="error", service="ingest", error=type(error).__name__)
            return PROCESSING_FAILURE if isinstance(error, Permanent) else OUT_OF_RESOURCES

    async def _leave_out(self, event: Any, size_bytes: int) -> int:
        decided("store-failed", level="warning", service="ingest", reason="too-large")
        name = str(event.request.AffectedSOPInstanceUID)
        await reject_unkept(self._deps, self._receipt(event), TooLarge(), name=name, size_bytes=size_bytes)
        return TOO_LARGE

    def _receipt(self, event: Any) -> Receipt:
        """Return the receipt of the association: what is sent together has one, or as many as it fills."""
        with self._lock:
            held = self._receipts.get(event.assoc)
            if held is None or held.instances >= self._deps.settings.receipt_instances:
                sender = _title(event.assoc.requestor.ae_title)
                manual = event.assoc in self._manual
                new = new_receipt(self._deps, "dimse", INSTANCES, sender, manual=manual)
                held = self._receipts[event.assoc] = OpenReceipt(new)
            held.instances += 1
            return held.receipt


def _caller(association: Association) -> Caller:
    requestor, transport = association.requestor, association.dul.socket
    primitive: Any = requestor.primitive
    connection: Any = transport and transport.socket
    return Caller(
        requestor.address or "",
        _title(primitive.calling_ae_title),
        _title(primitive.called_ae_title),
        connection.peer_certificate if connection is not None else b"",
    )


def _answer(status: int) -> Dataset:
    """Return the Status with an Error Comment, which an operator of the sender reads (PS3.7 C.1)."""
    answer = Dataset()
    answer.Status = status
    if comment := COMMENTS.get(status):
        answer.ErrorComment = comment
    return answer


def _title(value: Any) -> str:
    return (value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)).strip()
