"""What every event is: typed, versioned, immutable. The events themselves: ``shared.events``.

An event is about a batch and carries references, never bytes (claim check) and never a value that identifies a patient.
Its zone says which exchange carries it:

* ``identified``   inside the hospital, between ingest and anonymizer: references to identified bytes.
* ``deidentified`` inside the hospital, after the anonymizer: pseudonyms and references to de-identified bytes.
* ``centre``       inside the centre.

Ids derive from the cause (uuid5), so that a replayed handler publishes the same events again.

An event outlives a release: it can lie in a queue, or among the dead letters, while the code is replaced. A new field
with a default keeps the version, because both the older and the newer code then read both. Any other change is a new
version, and the type gets the function that makes it of the version before; docs/decisions/0047.
"""

import enum
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar, Self

import msgspec

from shared import clock

NAMESPACE = uuid.UUID("6f1e2a52-5bb5-5c0e-9a35-0b6a6f0d3c11")
Upgrade = Callable[[dict[str, Any]], dict[str, Any]]
"""Returns the JSON object of an event in the next version."""


class Zone(enum.StrEnum):
    """Which exchange carries an event."""

    IDENTIFIED = "identified"
    DEIDENTIFIED = "deidentified"
    CENTRE = "centre"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What every event carries.

    id: unique; derives from the cause.  correlation_id: the receipt's id, the same from receipt to case.
    causation_id: id of the event that caused this one; empty if none did.  occurred_at: RFC 3339, UTC.
    site: the hospital's short name.  upgrades: of each earlier version that is still understood, to the next one.
    """

    topic: ClassVar[str]
    zone: ClassVar[Zone]
    version: ClassVar[int] = 1
    upgrades: ClassVar[Mapping[int, Upgrade]] = {}

    id: str
    correlation_id: str
    causation_id: str = ""
    occurred_at: datetime
    site: str

    @classmethod
    def first(
        cls, key: str, *, correlation_id: str, site: str, occurred_at: datetime | None = None, **fields: Any
    ) -> Self:
        """Return an event that no event caused; ``key`` keeps its id when it is published again."""
        return cls(
            id=str(uuid.uuid5(NAMESPACE, f"{cls.topic}|{key}")),
            correlation_id=correlation_id,
            occurred_at=occurred_at or clock.utc_now(),
            site=site,
            **fields,
        )

    @classmethod
    def caused_by(cls, cause: "Event", key: str = "", **fields: Any) -> Self:
        """Return an event that ``cause`` leads to; ``key`` tells several of one type apart. Time is the cause's."""
        return cls(
            id=str(uuid.uuid5(NAMESPACE, f"{cls.topic}|{cause.id}|{key}")),
            correlation_id=cause.correlation_id,
            causation_id=cause.id,
            occurred_at=cause.occurred_at,
            site=cause.site,
            **fields,
        )


class InstanceRef(msgspec.Struct, frozen=True):
    """One de-identified Instance at rest in the gateway's de-identified store.

    sha256: of its Part 10 file, lower-case hexadecimal; empty in what was written before it was recorded.
    earlier_sha256: of what was made of the same content before, if that was different; the centre may hold it.
    """

    blob: str
    size_bytes: int
    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    modality: str = ""
    sha256: str = ""
    earlier_sha256: str = ""


class LinkKeys(msgspec.Struct, frozen=True):
    """What report and study are matched by; every value is already a pseudonym or kept by the profile.

    study_date: DICOM DA (YYYYMMDD) or empty.  Empty means unknown and matches nothing.
    """

    patient_id: str = ""
    accession_number: str = ""
    study_instance_uid: str = ""
    modality: str = ""
    study_date: str = ""
