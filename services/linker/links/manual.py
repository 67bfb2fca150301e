"""What a person sends to link by hand, and how JSON bodies are taken; the same at both roles."""

import codecs
from typing import TypeVar

import msgspec
from aiohttp import web

from services.linker.links.bounds import MOST_BODY_BYTES, Note, Word
from services.linker.links.matching import ManualDecision, StudyKeys, patients_of
from shared import clock
from shared.errors import Invalid
from shared.events import LinkKeys
from shared.web.actor import actor_named

T = TypeVar("T", bound=msgspec.Struct)
CORRELATION = "X-Correlation-ID"  # carries the receipt's id over the border
ACTIONS = ("link", "unlink", "rules", "undo")


class OtherPatient(Invalid):
    """Report and Study are not surely of one patient: a person has to confirm both pseudonyms. patients: both."""

    def __init__(self, patients: str) -> None:
        super().__init__(
            "other-patient", f"report and Study are of different patients: send confirmed_patients: {patients}"
        )
        self.patients = patients

    def __reduce__(self) -> tuple[type["OtherPatient"], tuple[str]]:  # type: ignore[override]
        return (type(self), (self.patients,))


class ManualLinkRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Link a report to a Study, bar it from one, give it back to the rules, or undo the last of these.

    by: who.  why: in their words.  confirmed_patients: both pseudonyms, as the refusal of the first try showed them.
    """

    report_id: Word
    by: Word = ""
    study_instance_uid: Word = ""
    action: Word = "link"
    why: Note = ""
    confirmed_patients: Word = ""

    def checked(self, decision: ManualDecision, report: LinkKeys | None, study: StudyKeys | None) -> ManualDecision:
        """Return the decision with the patients that it links; raise OtherPatient unless the person confirmed these."""
        patients = patients_of(report, study) if report is not None and self.action == "link" else ""
        if self.confirmed_patients.strip() != patients and patients:
            raise OtherPatient(patients)
        return msgspec.structs.replace(decision, patients=patients)

    def decision(self) -> ManualDecision:
        """Return what to record; Invalid says what is missing."""
        if self.action not in ACTIONS:
            raise Invalid("not-an-action", "action takes link, unlink, rules or undo")
        by = actor_named(self.by)
        if self.action in ("link", "unlink") and not self.study_instance_uid:
            raise Invalid("missing-study", "study_instance_uid is needed to link or unlink")
        at = clock.utc_now().isoformat(timespec="milliseconds")
        return ManualDecision(self.action, self.study_instance_uid, by, at, self.why.strip())


async def decoded(request: web.Request, kind: type[T]) -> T:
    """Return the JSON body; Invalid says which field is wrong. Other content types are refused (cross-site forms)."""
    if request.content_type != "application/json":
        raise Invalid("not-json", "Content-Type must be application/json")
    body = await request.read()
    if len(body) > MOST_BODY_BYTES:
        raise Invalid("too-long", f"the body has at most {MOST_BODY_BYTES} bytes")
    try:
        return msgspec.json.decode(body.removeprefix(codecs.BOM_UTF8), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid("not-the-form", _where(error)) from error


def _where(error: Exception) -> str:
    """Return what msgspec says is wrong: field names and types, and of the body's values none."""
    if isinstance(error, msgspec.ValidationError):
        return str(error).split(", got")[0] if "unknown field" not in str(error) else "an unknown field"
    return "malformed JSON (RFC 8259)"
