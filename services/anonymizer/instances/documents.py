"""Lets an encapsulated PDF out as pictures of its pages, after a person saw each; never by itself.

Which text is in a picture nothing here can read with certainty (decision 0096), so no setting masks and releases alone.
"""

from typing import TYPE_CHECKING, Final

from services.anonymizer import policy as contexts
from services.anonymizer.dicom import file_format, patient_identifiers
from services.anonymizer.documents import pdf, secondary_capture
from services.anonymizer.documents.proposal import proposed
from services.anonymizer.instances import sop_classes
from services.anonymizer.pixels.text_detector import Box
from services.anonymizer.policy import Policy
from services.anonymizer.text.cleaner import Identifiers
from shared.dicom.elements import FileBytes
from shared.errors import Refused

if TYPE_CHECKING:
    from services.anonymizer.instances.deidentify import Review

PAGES: Final = "document-pages"


def pages_of(data: FileBytes, review: "Review | None") -> bytes:
    """Return the Instance of the document's pages, in which boxes can be masked.

    Raises Refused if no person has looked at it, or nothing can show it to one; Invalid for what is no PDF.
    """
    if review is not None:
        return secondary_capture.of_pages(data)
    pdf.check(secondary_capture.document_of(data))
    raise Refused(PAGES, "a document: a person looks at each page, and what leaves is pictures of them")


def proposed_boxes(data: bytes, number: int, policy: Policy) -> tuple[list[Box], bool]:
    """Return what a person should mask in one page, from 0, and whether the text detector looked at it."""
    file = file_format.split(data)
    who, attributes = patient_identifiers.read(file.data, file.start, file.syntax)
    context = contexts.of(policy, attributes.text(sop_classes.SOP_CLASS), who)
    text_policy = contexts.text_policy_of(policy, context.days or None)
    identifiers = Identifiers.of_header(context.identity.header)
    return proposed(secondary_capture.document_of(data), number, identifiers, text_policy)
