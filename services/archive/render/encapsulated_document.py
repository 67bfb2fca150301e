"""Render an Encapsulated Document: its rendered form is the document itself.

Source: PS3.18 8.7.4 (Rendered Media Types of documents); PS3.3 C.24.2 (Encapsulated Document Module).
"""

import base64

from aiohttp import web

from services.archive.attributes.stored import data_set_of
from services.archive.deps import ArchiveDeps
from services.archive.http import conditional
from services.archive.http.multipart import Part, once, send_single
from services.archive.http.negotiate import Offer
from services.archive.http.responses import negotiated
from services.archive.pixels import frames
from services.archive.records import InstanceRecord
from shared.dicom.json_values import Json, integer, text
from shared.errors import NotFound

SOP_CLASSES = "1.2.840.10008.5.1.4.1.1.104."
DOCUMENT, LENGTH, MEDIA_TYPE = "00420011", "00420015", "00420012"
KINDS = frozenset({"application/pdf", "text/xml", "model/stl", "model/obj", "model/mtl"})
"""What such an Instance may say it is; anything else, such as text/html, would run at our origin."""

_AS_IT_IS = {"X-Content-Type-Options": "nosniff"}
_INERT = {"text/xml": {**_AS_IT_IS, "Content-Security-Policy": "sandbox; default-src 'none'"}}
"""A browser that opens an XML document runs the scripts and style sheets in it; with this it does not. A PDF needs its
viewer, which a sandbox would forbid, and runs nothing at our origin."""


def is_document(record: InstanceRecord) -> bool:
    """Say whether the Instance encapsulates a document."""
    return record.sop_class_uid.startswith(SOP_CLASSES)


async def send(deps: ArchiveDeps, request: web.Request, record: InstanceRecord) -> web.StreamResponse:
    """Answer with the document."""
    attributes = data_set_of(record.metadata)
    media_type = text(attributes, MEDIA_TYPE).lower()
    kind = media_type if media_type in KINDS else "application/octet-stream"
    negotiated(request, [Offer(kind)])
    data = await _document(deps, record, attributes)
    etag = conditional.etag_of(record.sha256, "document")
    return await send_single(request, Part(kind, lambda: once(data), len(data)), etag, more=_INERT.get(kind, _AS_IT_IS))


async def _document(deps: ArchiveDeps, record: InstanceRecord, attributes: Json) -> bytes:
    if DOCUMENT in record.bulk:
        (data,) = await frames.ranges(deps, record, [record.bulk[DOCUMENT]])
    else:
        data = base64.b64decode(attributes.get(DOCUMENT, {}).get("InlineBinary", ""))
    if not data:
        raise NotFound("no-document", "Encapsulated Document (0042,0011) is empty")
    size = integer(attributes, LENGTH, len(data))  # without the padding to an even length
    return data[:size] if len(data) - 1 <= size <= len(data) else data
