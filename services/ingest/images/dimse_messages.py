"""Takes DIMSE messages apart as their P-DATA comes: Data Sets go to a spool, and messages have a limit in time.

Source: PS3.7 6.3.1; PS3.8 9.3.5.
"""

import time
from pathlib import Path
from typing import Any

import msgspec
from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dimse_messages import DIMSEMessage
from pynetdicom.dsutils import create_file_meta, encode_file_meta

from services.ingest.images.data_set_spool import DataSetSpool
from shared.logs import decided

WAITING = 2
"""More requests than this are not taken before the first is answered: no asynchronous operations are agreed on."""


class MessageLimits(msgspec.Struct, frozen=True):
    """small_bytes: of a Data Set that is held in memory.  most_bytes: of one that is taken.  message_s: for one message
    to come.  scratch: the folder of the others."""

    small_bytes: int
    most_bytes: int
    message_s: float
    scratch: Path


class SpoolingProvider(DIMSEServiceProvider):
    """What an association reads its messages with."""

    def __init__(self, association: Association, limits: MessageLimits) -> None:
        super().__init__(association)
        self._limits = limits
        self._began = 0.0

    def receive_primitive(self, primitive: Any) -> None:
        """Take P-DATA in; abort an association whose message takes too long, or that does not wait for answers."""
        if self.message is None:
            self._began = time.monotonic()
            self.message = DIMSEMessage()
            self.message.data_set = self._spool(self.message)
        if time.monotonic() - self._began > self._limits.message_s:
            self._abort("message-too-slow")
        elif self.msg_queue.qsize() > WAITING:
            self._abort("too-many-requests")
        else:
            super().receive_primitive(primitive)

    def _abort(self, reason: str) -> None:
        decided("association-aborted", level="warning", service="ingest", reason=reason)
        self.message = None
        self.assoc.abort(block=False)

    def _spool(self, message: DIMSEMessage) -> DataSetSpool:
        own = self._limits
        return DataSetSpool(
            lambda: self._head(message), small=own.small_bytes, most=own.most_bytes, scratch=own.scratch
        )

    def _head(self, message: DIMSEMessage) -> bytes:
        """Return preamble and File Meta Information, as pynetdicom makes them for a Data Set in memory."""
        command: Any = message.command_set
        context = self.assoc._accepted_cx[message.context_id or 0]
        meta = create_file_meta(
            sop_class_uid=command.AffectedSOPClassUID,
            sop_instance_uid=command.AffectedSOPInstanceUID,
            transfer_syntax=context.transfer_syntax[0],
        )
        return b"\0" * 128 + b"DICM" + encode_file_meta(meta)
