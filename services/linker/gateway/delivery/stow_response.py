"""The user agent's half of the Store Transaction, without I/O: shipments, multipart framing, answers. Pure.

Source: PS3.18 10.5 (Store Transaction), 8.6.1.2 (multipart/related), Annex I (Store Instances Response Module).
"""

import enum
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import orjson

from shared.dicom.json_values import integer, items, text
from shared.dicom.native_xml_reader import data_set
from shared.errors import Invalid
from shared.events import MAX_BATCH, InstanceRef
from shared.web.content_digest import REPLACES, content_digest

CRLF = b"\r\n"

# DICOM JSON keys of the attributes that the response is made of (PS3.18 Table I.1-1).
_FAILED_SOP_SEQUENCE = "00081198"
_REFERENCED_SOP_SEQUENCE = "00081199"
_OTHER_FAILURES_SEQUENCE = "0008119A"
_REFERENCED_SOP_INSTANCE_UID = "00081155"
_FAILURE_REASON = "00081197"
_WARNING_REASON = "00081196"


class Fate(enum.StrEnum):
    """What becomes of one Instance after an answer."""

    STORED = "stored"
    WAIT = "wait"  # the centre cannot now; try for as long as it takes
    RETRY = "retry"  # may succeed; a bounded number of attempts
    FAILED = "failed"  # will never succeed


class Verdict(msgspec.Struct, frozen=True):
    """The fate of one Instance. reason: Failure or Warning Reason in hexadecimal, or a word of ours; may be empty."""

    fate: Fate
    reason: str = ""


class Shipment(msgspec.Struct, frozen=True):
    """Instances of one Study that go in one request; each with the id of the delivery it belongs to."""

    study_instance_uid: str
    items: tuple[tuple[str, InstanceRef], ...]


def fate_of(failure_reason: int) -> Fate:
    """Classify a Failure Reason (0008,1197).

    A7xx out of resources waits. 0110 processing failure, 0124 not authorised, 0213 resource limitation and codes that
    the standard does not define are tried again, not for ever. A9xx, Cxxx, 0122 and duplicates (0111) are final.
    Source: PS3.18 Table I.2-2; PS3.7 Annex C for the codes it takes from DIMSE.
    """
    if 0xA700 <= failure_reason <= 0xA7FF:
        return Fate.WAIT
    if 0xA900 <= failure_reason <= 0xA9FF or 0xC000 <= failure_reason <= 0xCFFF:
        return Fate.FAILED
    if failure_reason in (0x0111, 0x0115, 0x0117, 0x0119, 0x0122):
        return Fate.FAILED
    return Fate.RETRY


def decoded(body: bytes) -> object:
    """Return an answer's Store Instances Response Module, of JSON or of XML; None if it is neither."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        return data_set(body, strict=False)
    except Invalid:
        return None


def verdicts(status: int, module: object, sent: Sequence[str]) -> dict[str, Verdict]:
    """Return the fate of every SOP Instance UID sent.

    module: the decoded Store Instances Response Module, or None if the answer had none that can be read.
    What the answer does not mention is stored if the status is 200 (all were stored) and otherwise tried again.
    Source: PS3.18 Table 10.5.3-1.
    """
    answer: Mapping[str, Any] = _single(module)
    unmentioned = Verdict(Fate.STORED) if status == 200 else Verdict(Fate.RETRY, "not-confirmed")
    if status != 200 and len(sent) == 1 and items(answer, _OTHER_FAILURES_SEQUENCE):
        code = integer(items(answer, _OTHER_FAILURES_SEQUENCE)[0], _FAILURE_REASON)
        unmentioned = Verdict(fate_of(code or 0), _hexadecimal(code))
    result = dict.fromkeys(sent, unmentioned)
    for item in items(answer, _REFERENCED_SOP_SEQUENCE):
        uid = text(item, _REFERENCED_SOP_INSTANCE_UID)
        if uid in result:
            warning = integer(item, _WARNING_REASON)
            result[uid] = Verdict(Fate.STORED, "" if warning is None else _hexadecimal(warning))
    for item in items(answer, _FAILED_SOP_SEQUENCE):
        uid = text(item, _REFERENCED_SOP_INSTANCE_UID)
        if uid in result:
            code = integer(item, _FAILURE_REASON)
            result[uid] = Verdict(fate_of(code or 0), _hexadecimal(code))
    return result


def shipments(
    waiting: Iterable[tuple[str, str, InstanceRef]], *, max_instances: int = MAX_BATCH, max_bytes: int = 1 << 28
) -> list[Shipment]:
    """Pack (delivery id, Study Instance UID, Instance) into requests of one Study each, bounded in number and bytes.

    The order of Studies is that of their first Instance. An Instance over max_bytes goes alone. The same SOP Instance
    of two deliveries goes in two requests, so that every answer is about one.
    """
    open_: dict[str, list[tuple[str, InstanceRef]]] = {}
    done: list[Shipment] = []
    for delivery_id, study, instance in waiting:
        items = open_.setdefault(study, [])
        size = sum(ref.size_bytes for _, ref in items)
        twice = any(ref.sop_instance_uid == instance.sop_instance_uid for _, ref in items)
        if items and (len(items) >= max_instances or size + instance.size_bytes > max_bytes or twice):
            done.append(Shipment(study, tuple(items)))
            items.clear()
        items.append((delivery_id, instance))
    done.extend(Shipment(study, tuple(items)) for study, items in open_.items() if items)
    return done


def halves(shipment: Shipment) -> tuple[Shipment, Shipment]:
    """Split a shipment of at least two, to find the Instance that makes a server refuse the whole request."""
    middle = len(shipment.items) // 2
    first, second = shipment.items[:middle], shipment.items[middle:]
    return Shipment(shipment.study_instance_uid, first), Shipment(shipment.study_instance_uid, second)


def content_type(boundary: str) -> str:
    """Return the Content-Type of a Store request of Part 10 files (PS3.18 8.7.3.2)."""
    return f'multipart/related; type="application/dicom"; boundary={boundary}'


def part_head(boundary: str, sha256: str, replaces: str = "") -> bytes:
    """Return what goes before the bytes of one Instance; the CRLF that ends it is ``CRLF``.

    sha256: of these bytes, hexadecimal, so that the other end can compare (RFC 9530); empty leaves it out.
    replaces: of what was made of the same content before, if that was different.
    """
    digest = f"Content-Digest: {content_digest(sha256)}\r\n" if sha256 else ""
    digest += f"{REPLACES}: {content_digest(replaces)}\r\n" if replaces else ""
    return f"--{boundary}\r\nContent-Type: application/dicom\r\n{digest}\r\n".encode("ascii")


def closing(boundary: str) -> bytes:
    """Return the closing delimiter (RFC 2046 5.1.1)."""
    return f"--{boundary}--\r\n".encode("ascii")


def is_module(answer: object) -> bool:
    """Say whether an answer is a Store Instances Response Module."""
    data_set = answer[0] if isinstance(answer, list) and answer else answer
    return isinstance(data_set, dict) and any(tag in data_set for tag in ("00081198", "00081199"))


def seconds(retry_after: str) -> float:
    """Return the seconds of a Retry-After field (RFC 9110 10.2.3), an hour at most; 0 for a date."""
    return min(float(retry_after), 3600.0) if retry_after.isdigit() else 0.0


def _single(module: object) -> Mapping[str, Any]:
    if isinstance(module, list) and module:  # some servers wrap the data set in an array, as for QIDO-RS
        module = module[0]
    return module if isinstance(module, dict) else {}


def _hexadecimal(code: int | None) -> str:
    return "no-reason" if code is None else f"{code:04X}"
