"""De-identifies several Instances in a worker process. Refusals come back as findings, not as errors."""

from pathlib import Path

import msgspec

from services.anonymizer.dicom import file_format, patient_identifiers
from services.anonymizer.instances import sop_classes
from services.anonymizer.instances.deidentify import Cleaned, Review, deidentify
from services.anonymizer.policy import Policy
from shared.errors import Permanent
from shared.supervision import origin


class Refusal(msgspec.Struct, frozen=True):
    """Why one Instance was not let through, without any patient's value."""

    reason: str
    detail: str
    sop_class_uid: str
    size_bytes: int


Finding = Cleaned | Refusal
Source = tuple[Path | bytes, Review | None]
"""The path of a file or its bytes, and what a person decided about it."""


def deidentify_batch(sources: list[Source], policy: Policy) -> list[Finding]:
    """Return a finding for each source."""
    return [
        deidentify_one(source.read_bytes() if isinstance(source, Path) else source, policy, review)
        for source, review in sources
    ]


def deidentify_one(data: bytes, policy: Policy, review: Review | None = None) -> Finding:
    """Return the de-identified Instance or why there is none."""
    try:
        return deidentify(data, policy, review)
    except Permanent as error:
        return Refusal(error.reason, error.detail, _sop_class(data), len(data))
    except Exception as error:  # one Instance that we cannot handle must not hold up the others of its batch
        return Refusal("not-handled", f"{type(error).__name__} at {origin(error)}", _sop_class(data), len(data))


def _sop_class(data: bytes) -> str:
    try:
        file = file_format.split(data)
        uid = patient_identifiers.read(file.data, file.start, file.syntax)[1].text(sop_classes.SOP_CLASS)
    except Exception:  # it was refused for the same reason, or for another one that is just as unforeseen
        return ""
    return uid if uid.replace(".", "").isdigit() else ""
