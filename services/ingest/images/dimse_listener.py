"""Listens for associations, and hands pynetdicom those connections that ask for one, with our limits around them.

Source: PS3.8 9.1.5, 9.2, D.1.
"""

import socket
import ssl
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]
from pynetdicom.transport import AssociationSocket, RequestHandler

from services.ingest.images.connections import Connection
from services.ingest.images.dimse_messages import MessageLimits, SpoolingProvider
from services.ingest.images.pdu_socket import PduSocket
from services.ingest.images.waiting_connections import WaitingConnections
from services.ingest.settings import IngestSettings

_UNLIMITED = 1_000_000  # associations, for pynetdicom: it would count those that are about to end
_STOP_S = 5.0


class DimseListener:
    """A thread that accepts connections. Raises OSError if the port is taken.

    context: what TLS is made with; None: connections are plain.
    """

    def __init__(
        self,
        settings: IngestSettings,
        port: int,
        scratch: Path,
        handlers: list[Any],
        context: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        self._settings = settings
        limits = MessageLimits(
            settings.small_part_bytes, settings.max_instance_bytes, settings.message_timeout_s, scratch
        )
        self._entity = _entity(settings)
        self._server: Any = self._entity.make_server(
            (settings.dimse_bind, port),
            evt_handlers=handlers,
            request_handler=partial(_Handler, limits=limits),
        )
        self._waiting = WaitingConnections(
            cast("socket.socket", self._server.socket),
            self._associate,
            most=settings.waiting_connections,
            ask_s=settings.associate_timeout_s,
            context=context,
        )
        self._thread = threading.Thread(target=self._waiting.run, name="DIMSE listener", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        return int(self._server.socket.getsockname()[1])

    def close(self) -> None:
        """Stop listening, and abort associations."""
        self._waiting.stop()
        self._thread.join(_STOP_S)
        self._server.server_close()
        for association in self._entity.active_associations:
            association.abort(block=False)

    def _associate(self, connection: Connection) -> None:
        settings = self._settings
        guarded = PduSocket(
            connection.socket,
            most_bytes=settings.max_pdu_bytes,
            pdu_s=settings.pdu_timeout_s,
            start=connection.start,
        )
        self._server.finish_request(guarded, connection.address)


def _entity(settings: IngestSettings) -> AE:
    entity = AE(ae_title=settings.ae_title)
    entity.maximum_associations = _UNLIMITED
    entity.acse_timeout = settings.associate_timeout_s
    entity.network_timeout = settings.dimse_timeout_s
    entity.dimse_timeout = settings.dimse_timeout_s
    entity.maximum_pdu_size = settings.max_pdu_bytes
    entity.add_supported_context(Verification)
    return entity


class _Handler(RequestHandler):
    """Makes an association out of a connection."""

    def __init__(self, request: Any, client_address: Any, server: Any, *, limits: MessageLimits) -> None:
        self._limits = limits
        super().__init__(request, client_address, server)

    def _create_association(self) -> Association:
        association = super()._create_association()
        association.dul.socket = _TransportSocket(association.dul.socket)
        association.dimse = SpoolingProvider(association, self._limits)
        association.dul.daemon = True  # a peer that does not answer a stop does not hold up the end of the process
        return association


class _TransportSocket(AssociationSocket):
    """The socket of an association, which is also ready while bytes are held that its descriptor does not show."""

    def __init__(self, made: AssociationSocket | None) -> None:
        self.__dict__.update(vars(made))  # its own __init__ would announce the connection a second time

    @property
    def ready(self) -> bool:
        """Say whether there are bytes to read."""
        connection: Any = self.socket
        return bool(connection is not None and self._is_connected and connection.holds_bytes) or super().ready
