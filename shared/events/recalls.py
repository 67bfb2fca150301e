"""The events by which a Study that the centre wants back is asked of the hospital's PACS: looked for, or fetched."""

import enum

import msgspec

from shared.events.base import Event, Zone


class Purpose(enum.StrEnum):
    """What a Study is asked of the PACS for. deliver: it is fetched.  prove: the PACS is asked whether it has it."""

    DELIVER = "deliver"
    PROVE = "prove"


class RecallWanted(Event, frozen=True, kw_only=True):
    """The centre wants a Study back of which no de-identified bytes are kept any more, or asks whether it could.

    patient_ids: the pseudonyms that the Study was delivered with.  by: who asks, as the centre names them.
    """

    topic = "recall.wanted"
    zone = Zone.DEIDENTIFIED
    recall_id: str
    study_instance_uid: str
    purpose: Purpose = Purpose.DELIVER
    patient_ids: tuple[str, ...] = ()
    by: str = ""


class StudyWanted(Event, frozen=True, kw_only=True):
    """A Study is to be asked of a source. blob: which one, as a pull's list in the identified store."""

    topic = "study.wanted"
    zone = Zone.IDENTIFIED
    recall_id: str
    blob: str
    purpose: Purpose = Purpose.DELIVER


class StudyFetched(Event, frozen=True, kw_only=True):
    """How far the asking for a Study is. outcome: a word.  is_end: nothing more is said after it.

    instances: how many came, or how many the source says that it has.  refused: why contents did not get through the
    gateway, and how many.
    """

    topic = "study.fetched"
    zone = Zone.DEIDENTIFIED
    recall_id: str
    outcome: str
    is_end: bool = False
    instances: int = 0
    refused: dict[str, int] = msgspec.field(default_factory=dict)
