"""The form of annotations. Pure.

An annotation is one of ours (geometry as JSON) or a reference to a DICOM object (SR or SEG Instance in the archive).
Source of the geometry: PS3.3 C.10.5 and C.18.6 (graphic types and number of points), C.18.9 (patient space).
"""

import uuid
from datetime import datetime
from typing import Literal

import msgspec

from services.linker.diagnoses.records import Entry
from services.linker.links.bounds import Note, Word
from shared import clock
from shared.dicom.uid import is_uid
from shared.errors import Invalid

Space = Literal["image-pixel", "patient-mm"]
Shape = Literal["point", "polyline", "polygon", "circle", "ellipse", "rectangle"]

# How many points a shape has: SCOORD graphic types of PS3.3 C.18.6.1.2; a rectangle is two opposite corners.
_POINTS: dict[str, tuple[int, int]] = {
    "point": (1, 1),
    "polyline": (2, 100_000),
    "polygon": (3, 100_000),
    "circle": (2, 2),
    "ellipse": (4, 4),
    "rectangle": (2, 2),
}


class Code(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A code of a terminology: system (URI or OID), code, display."""

    system: Word
    code: Word
    display: Word = ""


class DicomReference(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The SR or SEG Instance that holds the annotation."""

    sop_class_uid: Word
    series_instance_uid: Word
    sop_instance_uid: Word


class Geometry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A shape. points: (x, y) in pixels from the top left corner of the frame, or (x, y, z) in mm of the patient."""

    shape: Shape
    points: tuple[tuple[float, ...], ...]
    space: Space = "image-pixel"
    frame: int = 1


class AnnotationRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What somebody marked on an Instance or Series. label: what it is.

    by: who.  at: when it was made, RFC 3339.  id: of an earlier one, to write a new version; remove: take it back.
    """

    by: Word = ""
    study_instance_uid: Word
    series_instance_uid: Word
    sop_instance_uid: Word = ""
    geometry: Geometry | None = None
    reference: DicomReference | None = None
    label: Code | None = None
    note: Note = ""
    at: Word = ""
    id: Word = ""
    remove: bool = False


def check_annotation(asked: AnnotationRequest) -> None:
    """Raise Invalid that names the field that breaks a rule."""
    _check_by(asked.by, asked.at)
    _check_uids(study_instance_uid=asked.study_instance_uid, series_instance_uid=asked.series_instance_uid)
    if asked.sop_instance_uid:
        _check_uids(sop_instance_uid=asked.sop_instance_uid)
    _check_code("label", asked.label)
    if asked.reference:
        _check_uids(**{f"reference.{k}": v for k, v in msgspec.structs.asdict(asked.reference).items()})
    if asked.geometry:
        _check_geometry(asked.geometry, asked.sop_instance_uid)
    if not asked.remove and (asked.geometry is None) == (asked.reference is None):
        raise Invalid("geometry-or-reference", "exactly one of geometry and reference is needed")


def versioned(old: Entry | None, entry_id: str, asked: AnnotationRequest) -> Entry:
    """Return the entry with one version more; the same content, person and time again is no new version."""
    content = msgspec.to_builtins(asked)
    for name in ("id", "remove"):
        content.pop(name)
    content["removed"] = asked.remove
    known = old.versions if old else ()
    same = bool(known) and known[-1] == content
    studies = (asked.study_instance_uid,)
    return Entry(
        id=entry_id,
        kind="annotation",
        studies=studies,
        touched=tuple(sorted({*(old.touched if old else ()), *studies})),
        removed="yes" if asked.remove else "no",
        versions=known if same else (*known, content),
    )


def stamped(asked: AnnotationRequest) -> tuple[str, AnnotationRequest]:
    """Return the entry's id, new if the request has none, and the request with its time."""
    at = asked.at or clock.utc_now().isoformat(timespec="milliseconds")
    return asked.id or str(uuid.uuid4()), msgspec.structs.replace(asked, at=at)


def _check_by(by: str, at: str) -> None:
    if not by.strip():
        raise Invalid("missing-by", "by says who")
    try:
        zoned = not at or datetime.fromisoformat(at).tzinfo is not None
    except ValueError:
        zoned = False
    if not zoned:
        raise Invalid("not-a-time", "at takes RFC 3339 with a zone, for example 2026-04-01T09:30:00+09:00")


def _check_uids(**uids: str) -> None:
    for name, uid in uids.items():
        if not is_uid(uid):
            raise Invalid("not-a-uid", f"{name}: not a UID (PS3.5 9.1)")


def _check_code(name: str, code: Code | None) -> None:
    if code is not None and not (code.system.strip() and code.code.strip()):
        raise Invalid("not-a-code", f"{name} needs system and code")


def _check_geometry(geometry: Geometry, sop_instance_uid: str) -> None:
    low, high = _POINTS[geometry.shape]
    size = 2 if geometry.space == "image-pixel" else 3
    if not low <= len(geometry.points) <= high or any(len(point) != size for point in geometry.points):
        raise Invalid(
            "not-a-shape", f"geometry.points: {geometry.shape} takes {low} to {high} points of {size} numbers"
        )
    if geometry.space == "image-pixel" and not sop_instance_uid:
        raise Invalid("missing-instance", "sop_instance_uid is needed for points in pixels")
    if geometry.frame < 1:
        raise Invalid("not-a-frame", "geometry.frame counts from 1")
