"""The acknowledgement of an HL7 v2 message, in its own form. Pure.

Source: HL7 v2.5 2.9.2 (original mode), 2.15.1 (ACK), 2.15.5 (ERR), 2.15.8 (MSA), tables 0008, 0357, 0516.
"""

import time
import uuid
from collections.abc import Sequence

from services.ingest.reports.hl7.merges import MERGES
from services.ingest.reports.hl7.message import Segment
from services.ingest.reports.hl7.messages import REPORTS, check_kind
from shared.errors import Invalid

ACCEPTED, ERROR, REJECTED = "AA", "AE", "AR"
_VERSION = "2.5"
_CODES = {  # table 0357
    "unsupported-message": "200", "unsupported-event": "201", "unsupported-processing": "202",
    "missing-field": "101", "no-subject": "100", "no-report": "100", "no-text": "101", "bad-uid": "102",
    "bad-date": "102", "bad-characters": "102", "stray-delimiter": "102", "bad-value-type": "103", "bad-segment": "100",
    "text-too-long": "102", "merge-of-one": "102",
    "unsupported-continuation": "200",
}  # fmt: skip
_TRANSIENT = "207"


def check(segments: Sequence[Segment]) -> None:
    """Raise Invalid if the message is of a kind that is not taken."""
    head = segments[0]
    check_kind(head, {**REPORTS, **MERGES})
    if not head.text(10):
        raise Invalid("missing-field", "MSH-10, the message control ID, is empty (HL7 v2.5 2.15.9.10)")


def answer(head: Segment | None, error: Invalid | None = None, *, is_transient: bool = False) -> bytes:
    """Return the ACK of a message. head: its MSH, None if it could not be read.

    An error that comes from the content is AE; a kind that is not taken, or what may be sent again later, is AR.
    """
    code = code_of(error, is_transient=is_transient)
    echoed = [_safe(head.text(number)) if head else "" for number in (5, 6, 3, 4)]
    version, control, event = (_safe(head.text(n)) if head else "" for n in (12, 10, 9))
    trigger = _safe(head.text(9, 2)) if head and event else ""
    at = time.strftime("%Y%m%d%H%M%S%z")
    kind = f"ACK^{trigger}^ACK" if trigger else "ACK"
    mode = _safe(head.text(11)) if head else ""
    lines = [
        "|".join(["MSH", "^~\\&", *echoed, at, "", kind, uuid.uuid4().hex[:20], mode or "P", version or _VERSION]),
        f"MSA|{code}|{control}",
    ]
    lines[0] += "||||||UNICODE UTF-8"
    if error is not None or is_transient:
        number = _TRANSIENT if error is None else _CODES.get(error.reason, _TRANSIENT)
        text = "it could not be kept now; send it again" if error is None else _safe(str(error))
        lines.append(f"ERR|||{number}^^HL70357|E||||{text}")
    return "".join(f"{line}\r" for line in lines).encode()


def code_of(error: Invalid | None, *, is_transient: bool = False) -> str:
    """Return the acknowledgement code of table 0008."""
    if is_transient or (error is not None and error.reason.startswith("unsupported-")):
        return REJECTED
    return ACCEPTED if error is None else ERROR


def _safe(text: str) -> str:
    """Return a text with the delimiters of our answer escaped (2.7)."""
    for mark, escape in (("\\", "\\E\\"), ("|", "\\F\\"), ("^", "\\S\\"), ("&", "\\T\\"), ("~", "\\R\\")):
        text = text.replace(mark, escape)
    return text.replace("\r", " ").replace("\n", " ")
