"""De-identifies several Instances in a worker process. Refusals come back as findings, not as errors."""

import mmap
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec

from services.anonymizer import policy as contexts
from services.anonymizer.device_rules import Device, device_of
from services.anonymizer.dicom import file_format, patient_identifiers
from services.anonymizer.instances import sop_classes
from services.anonymizer.instances.deidentify import Cleaned, Review, deidentify
from services.anonymizer.instances.large_file import deidentify_file
from services.anonymizer.pixels.series_slices import mapped
from services.anonymizer.policy import Policy
from services.anonymizer.pseudonyms.pseudonyms import uid_pseudonym
from services.anonymizer.records import DAMAGED, SEND_AGAIN, is_damaged
from shared.dicom.elements import FileBytes
from shared.errors import Permanent, Transient
from shared.supervision import origin


class Refusal(msgspec.Struct, frozen=True):
    """Why one Instance was not let through, without any patient's value."""

    reason: str
    detail: str
    size_bytes: int
    about: "About"


class About(msgspec.Struct, frozen=True):
    """What is known of an Instance that was refused. series_instance_uid, patient_id: pseudonyms."""

    sop_class_uid: str = ""
    series_instance_uid: str = ""
    patient_id: str = ""
    device: Device = Device()


Finding = Cleaned | Refusal


class Source(NamedTuple):
    """One Instance to de-identify. file: its path or its bytes.  key: of the blob, which is its SHA-256.

    review: what a person decided about it.  target: of one that is too large for memory, where the new one is written.
    is_suspect: the text detector has to look at it, whatever the rules say of its kind.
    """

    file: Path | bytes
    key: str
    review: Review | None = None
    target: Path | None = None
    is_suspect: bool = False


def deidentify_batch(sources: Sequence[Source], policy: Policy) -> list[Finding]:
    """Return a finding for each source."""
    return [_deidentify_source(source, policy) for source in sources]


def _deidentify_source(source: Source, policy: Policy) -> Finding:
    policy = policy._replace(search_slices=source.is_suspect)
    if isinstance(source.file, Path):
        data = source.file.read_bytes() if source.target is None else mapped(source.file)
    else:
        data = source.file
    if is_damaged(source.key, data):
        return Refusal(DAMAGED, SEND_AGAIN, len(data), About())
    if isinstance(data, mmap.mmap) and source.target is not None:
        write = partial(deidentify_file, data, source.target, policy, source.review)
        return _or_refusal(data, write, policy)
    return deidentify_one(bytes(data), policy, source.review)


def deidentify_one(data: bytes, policy: Policy, review: Review | None = None) -> Finding:
    """Return the de-identified Instance or why there is none."""
    return _or_refusal(data, lambda: deidentify(data, policy, review), policy)


def _or_refusal(data: FileBytes, work: Callable[[], Cleaned], policy: Policy) -> Finding:
    try:
        return work()
    except Transient:  # no room for a large one: that is not its fault
        raise
    except Permanent as error:
        return Refusal(error.reason, error.detail, len(data), _about(data, policy))
    except Exception as error:  # one Instance that we cannot handle must not hold up the others of its batch
        return Refusal("not-handled", f"{type(error).__name__} at {origin(error)}", len(data), _about(data, policy))


def _about(data: FileBytes, policy: Policy) -> About:
    try:
        file = file_format.split(data)
        who, attributes = patient_identifiers.read(file.data, file.start, file.syntax)
        uid, series = attributes.text(sop_classes.SOP_CLASS), attributes.text(sop_classes.SERIES)
        patient = contexts.patient(contexts.of(policy, uid, who))
        pseudonym = uid_pseudonym(policy.keys, series) if series else ""
        device = device_of(attributes)
        if who.left_in(f"{device.manufacturer}\\{device.model}\\{device.image_type}".encode()):
            device = Device()  # no record holds a patient's value, wherever it was written
        return About(uid if uid.replace(".", "").isdigit() else "", pseudonym, patient, device)
    except Exception:  # it was refused for the same reason, or for another one that is just as unforeseen
        return About()
