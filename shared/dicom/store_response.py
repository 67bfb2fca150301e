"""The Store Instances Response of STOW-RS, and the Failure Reasons of C-STORE and STOW-RS. Pure.

Source: PS3.18 10.5.3, Table I.2-1 and I.2-2; PS3.4 Table B.2-1.
"""

from collections.abc import Sequence
from typing import Final

from shared.dicom.json_values import Json, attribute

PROCESSING_FAILURE: Final = 0x0110
NOT_AUTHORIZED: Final = 0x0124
OUT_OF_RESOURCES: Final = 0xA700
DOES_NOT_MATCH: Final = 0xA900
CANNOT_UNDERSTAND: Final = 0xC000
TOO_LARGE: Final = 0xC001
"""Of the class Cxxx, which is final: A7xx would have the sender try for ever what will never be taken."""


def reference(sop_class_uid: str, sop_instance_uid: str) -> Json:
    """Return an Item that names an Instance; a UID that could not be read is empty."""
    named = {"00081150": sop_class_uid, "00081155": sop_instance_uid}
    return {tag: attribute("UI", *filter(None, [uid])) for tag, uid in named.items()}


def store_response(stored: Sequence[Json], failed: Sequence[Json]) -> Json:
    """Return the Failed and the Referenced SOP Sequence, each if it has an Item."""
    sequences = {"00081198": failed, "00081199": stored}
    return {tag: attribute("SQ", *items) for tag, items in sequences.items() if items}


def status_of(stored: int, failed: int, *, is_partial: bool) -> int:
    """Return the status code (PS3.18 Table 10.5.3-1). is_partial: part of the body was not taken for another reason."""
    if stored and (failed or is_partial):
        return 202
    return 409 if failed else 200
