"""Records as syslog messages over TLS. Pure.

Source: RFC 5424 (messages), RFC 5425 4.3 (framing), IHE ITI TF-2 3.20 (MSGID IHE+RFC-3881 and DICOM+RFC3881).
"""

from typing import Final

from shared.audit.dicom_message import message
from shared.audit.record import AuditRecord
from shared.audit.words import Outcome

SECURITY: Final = 10
"""The facility: security/authorization messages."""
NOTICE, WARNING = 5, 4
MSGID: Final = "DICOM+RFC3881"
_BOM: Final = b"\xef\xbb\xbf"
_MOST_HOST: Final = 255


def framed(record: AuditRecord) -> bytes:
    """Return one frame: the length of the message in bytes, a blank, the message."""
    text = syslog_message(record)
    return b"%d %s" % (len(text), text)


def syslog_message(record: AuditRecord) -> bytes:
    """Return the message; its time is the record's, its host and process those that wrote it."""
    severity = NOTICE if record.outcome is Outcome.SUCCESS else WARNING
    _, _, process = record.source.rpartition("/")
    host, _, pid = process.partition(":")
    head = f"<{SECURITY * 8 + severity}>1 {record.at} {_printable(host)} jmid {_printable(pid)} {MSGID} - "
    return head.encode("ascii") + _BOM + message(record)


def _printable(text: str) -> str:
    """Return a header's value: printable US-ASCII without blanks; the nil value if nothing is left (RFC 5424 6)."""
    return "".join(each for each in text[:_MOST_HOST] if "!" <= each <= "~") or "-"
