"""What a person may say of a diagnosis, and what becomes of it. Pure."""

from datetime import date, datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from services.linker.diagnoses.records import Basis, Certainty, Content, Diagnosis, Reading, State
from services.linker.links.bounds import MOST_STUDIES, Note, Word
from shared.dicom.uid import is_uid
from shared.errors import Invalid, Refused

MOST_MODIFIERS = 20
Modifiers = Annotated[tuple[Word, ...], Meta(max_length=MOST_MODIFIERS)]


class DiagnosisRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A confirmed diagnosis of a case: a code with its modifiers in order, a note in free text, or both.

    by: who, where nobody is asked.  display: how the author puts it; the code's own name if empty.
    date: when it was made, YYYY-MM-DD; at: the same as RFC 3339, read if date is empty.

    id: of an earlier entry, to change it, with the version that was seen and the reason; remove: withdraw it.
    """

    by: Word = ""
    study_instance_uids: Annotated[tuple[Word, ...], Meta(max_length=MOST_STUDIES)] = ()
    report_id: Word = ""
    system: Word = ""
    code: Word = ""
    modifiers: Modifiers = ()
    display: Word = ""
    note: Note = ""
    certainty: Certainty = "confirmed"
    basis: Basis = "not-stated"
    date: Word = ""
    at: Word = ""
    reading: Reading = "single"
    id: Word = ""
    version: int = 0
    reason: Note = ""
    remove: bool = False

    @property
    def studies(self) -> tuple[str, ...]:
        """The Studies that it is about, each once, in order."""
        return tuple(sorted(set(self.study_instance_uids)))


def check_request(asked: DiagnosisRequest, today: date) -> None:
    """Raise Invalid that names the field that breaks a rule."""
    if not asked.by.strip():
        raise Invalid("missing-by", "by says who")
    if not asked.study_instance_uids and not asked.report_id:
        raise Invalid("missing-case", "study_instance_uids or report_id says which case it is")
    for number, uid in enumerate(asked.study_instance_uids):
        if not is_uid(uid):
            raise Invalid("not-a-uid", f"study_instance_uids[{number}]: not a UID (PS3.5 9.1)")
    _check_date(diagnosed_on(asked), today)
    if asked.id:
        _check_change(asked)
    elif asked.remove:
        raise Invalid("missing-id", "id says which diagnosis is withdrawn")
    if not asked.remove:
        _check_words(asked)


def diagnosed_on(asked: DiagnosisRequest) -> str:
    """Return when the diagnosis was made, YYYY-MM-DD, or empty. Raises Invalid for a time without a zone."""
    if asked.at:
        try:
            zoned = datetime.fromisoformat(asked.at).tzinfo is not None
        except ValueError:
            zoned = False
        if not zoned:
            raise Invalid("not-a-time", "at takes RFC 3339 with a zone, for example 2026-04-01T09:30:00+09:00")
    return asked.date or asked.at[:10]


def content_of(asked: DiagnosisRequest, *, at: str, author_id: str, checked: tuple[str, str]) -> Content:
    """Return the version that a request makes. checked: version of the code system, and the name there."""
    system_version, name = checked
    return Content(
        by=asked.by.strip(),
        at=at,
        author_id=author_id,
        study_instance_uids=asked.studies,
        report_id=asked.report_id,
        system=asked.system,
        system_version=system_version,
        code=asked.code,
        modifiers=asked.modifiers,
        name=name,
        display=asked.display or name,
        note=asked.note,
        certainty=asked.certainty,
        basis=asked.basis,
        date=diagnosed_on(asked),
        reading=asked.reading,
        reason=asked.reason,
    )


def withdrawn(old: Content, asked: DiagnosisRequest, *, at: str, author_id: str) -> Content:
    """Return the version that withdraws: who, when and why, and of the diagnosis only where it was."""
    return Content(
        by=asked.by.strip(),
        at=at,
        author_id=author_id,
        study_instance_uids=old.study_instance_uids,
        report_id=old.report_id,
        reading=old.reading,
        reason=asked.reason,
        removed=True,
    )


def created(entry_id: str, content: Content) -> Diagnosis:
    """Return a new diagnosis; a reading is hidden until its case says otherwise."""
    return Diagnosis(
        id=entry_id,
        kind="diagnosis",
        studies=content.study_instance_uids,
        touched=content.study_instance_uids,
        report_id=content.report_id,
        versions=(msgspec.to_builtins(content),),
        state=State.STANDS if content.reading == "single" else State.READING,
    )


def changed(old: Diagnosis, content: Content) -> Diagnosis:
    """Return a diagnosis with one version more."""
    return msgspec.structs.replace(
        old,
        studies=content.study_instance_uids,
        touched=tuple(sorted({*old.touched, *content.study_instance_uids})),
        report_id=content.report_id,
        removed="yes" if content.removed else "no",
        versions=(*old.versions, msgspec.to_builtins(content)),
    )


def is_same(old: Content, new: Content) -> bool:
    """Say whether two versions differ in nothing but their time and reason: the same request again."""
    return msgspec.structs.replace(old, at="", reason="") == msgspec.structs.replace(new, at="", reason="")


def check_may_change(old: Diagnosis, asked: DiagnosisRequest, author: str) -> None:
    """Raise Refused or Invalid for a change that the rules of double reading or an earlier withdrawal do not allow."""
    content = old.content
    if old.is_removed:
        raise Refused("withdrawn-diagnosis", "it was withdrawn; record a new one")
    if content.reading != "single" and old.author != author:
        raise Refused("not-the-author", "a reading is changed by its reader alone")
    if content.reading == "independent" and old.state is not State.READING:
        raise Refused("readings-closed", "both readings are in; a third person adjudicates")
    if not asked.remove and asked.reading != content.reading:
        raise Invalid("other-reading", f"reading: it is {content.reading}")
    if content.reading != "single" and not asked.remove and asked.studies != content.study_instance_uids:
        raise Invalid("other-case", "a reading stays with its case")


def _check_change(asked: DiagnosisRequest) -> None:
    if asked.version < 1:
        raise Invalid("missing-version", "version says which version of it was seen")
    if not asked.reason.strip():
        raise Invalid("missing-reason", "reason says why it is changed or withdrawn")


def _check_words(asked: DiagnosisRequest) -> None:
    if not asked.code and not asked.note.strip():
        raise Invalid("missing-diagnosis", "code or note is needed")
    if bool(asked.code.strip()) != bool(asked.system.strip()):
        raise Invalid("not-a-code", "system and code go together")
    if asked.modifiers and not asked.code:
        raise Invalid("not-a-code", "modifiers go with a code")
    if asked.reading != "single":
        if not asked.code:
            raise Invalid("reading-without-code", "a reading has a code, so that readings can be compared")
        if len(asked.studies or (asked.report_id,)) != 1:
            raise Invalid("more-than-one-case", "a reading is of one case")


def _check_date(text: str, today: date) -> None:
    if not text:
        return
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise Invalid("not-a-date", "date takes YYYY-MM-DD, for example 2026-04-01") from error
    if len(text) != len("2026-04-01") or day > today + timedelta(days=1):  # tomorrow is today east of here
        raise Invalid("not-a-date", "date takes YYYY-MM-DD, and no day to come")
