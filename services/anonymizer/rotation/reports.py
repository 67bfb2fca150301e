"""Gives de-identified DiagnosticReports the pseudonyms of the current keys, after a rotation.

Every structured field is what de-identifying the original report with the new keys gives. Dates in the free text, where
the profile shifts them, are found anew in what the cleaner wrote; what cannot be found there is not renewed, and what
does not come back when it is shifted back is told as unsure.

Source: docs/architecture.md, "The de-identified DiagnosticReport"; FHIR R4 DiagnosticReport.
"""

import codecs
import copy
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import orjson

from services.anonymizer.profile import profile
from services.anonymizer.pseudonyms import pseudonyms
from services.anonymizer.pseudonyms.keys import KeySet
from services.anonymizer.pseudonyms.vault import Original, Sealed
from services.anonymizer.reports.deidentify import moved
from services.anonymizer.reports.review import places
from services.anonymizer.rotation.new_pseudonyms import NewPseudonyms
from services.anonymizer.text.cleaner import Identifiers, TextPolicy, clean_text
from shared.errors import Invalid, Refused, SettingsError
from shared.fhir import systems
from shared.fhir.report import tag_of
from shared.fhir.values import is_accession, listed, object_of

_DATES: Final = ("effectiveDateTime", "issued", "started")
Json = dict[str, Any]


class SentReport(NamedTuple):
    """A de-identified report. version: of the keys; empty if it has no patient and so does not say.  profile: its name.

    patient: the pseudonym, or empty.
    """

    document: Json
    profile: str
    version: str
    patient: str

    @property
    def names(self) -> tuple[str, ...]:
        """Return the pseudonyms of the report and its Studies: the vault's entries of them tell the key version too."""
        return tuple(value for kind, value, _ in _pseudonyms(self.document) if kind in ("report", "uid"))


class RenewedReport(NamedTuple):
    """data: the document.  guessed: kind → how many pseudonyms were made from old ones, how many texts are unsure.

    sealed: the way back from the new pseudonyms, for the vault.
    """

    data: bytes
    report_id: str
    guessed: dict[str, int]
    sealed: tuple[Sealed, ...]


def documents_in(data: bytes) -> list[Json]:
    """Return the documents of a file: one, a Bundle's, a page's of the centre's change feed, or one a line (NDJSON).

    Raises Invalid: not JSON.
    """
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        try:
            documents = [orjson.loads(data)]
        except orjson.JSONDecodeError:
            documents = [orjson.loads(line) for line in data.splitlines() if line.strip()]
    except orjson.JSONDecodeError as error:
        raise Invalid("not-json", "neither a JSON document nor one a line (RFC 8259)") from error
    if not all(isinstance(each, dict) for each in documents):
        raise Invalid("not-a-report", "the JSON is no object")
    return [resource for each in documents for resource in _resources(each)]


def read(document: Json) -> SentReport:
    """Return what a document says. Raises Refused: it is no report that was de-identified by J-MID."""
    if "text" in document and "removed" in document and "resourceType" not in document:
        raise Refused("no-pseudonyms", "a line of jmid deid reports has the caller's own id and no pseudonym")
    label = tag_of(document, systems.PROFILE)
    if document.get("resourceType") != "DiagnosticReport" or not label or not isinstance(document.get("id"), str):
        raise Refused("not-ours", "the document does not say that it was de-identified by J-MID")
    try:
        name = profile.load(label.partition("/")[0]).name
    except SettingsError as error:
        raise Refused("unknown-profile", "the report was de-identified by a profile that is not here") from error
    patient = object_of(object_of(document, "subject"), "identifier")
    system, value = str(patient.get("system", "")), str(patient.get("value", ""))
    if value and not system.startswith(systems.PATIENT):
        raise Refused("not-ours", "the report does not say by which keys it was de-identified")
    return SentReport(document, name, system.removeprefix(systems.PATIENT) if value else "", value)


def pseudonyms_in(sent: SentReport) -> list[str]:
    """Return the pseudonyms that a report carries, each once."""
    return list(dict.fromkeys(value for _, value, _ in _pseudonyms(sent.document)))


def renewed(sent: SentReport, known: Mapping[str, Original], old: KeySet, new: KeySet, site: str) -> RenewedReport:
    """Return the report with the pseudonyms of ``new``. known: pseudonym → what the vault holds.

    site: the short name that orders are hashed with.  Raises Refused: the patient is not in the vault, or the vault's
    entries are of another site or other keys.
    """
    if sent.patient and sent.patient not in known:
        raise Refused("patient-not-in-vault", "the vault holds no entry of this patient")
    document = copy.deepcopy(sent.document)
    new_pseudonyms = NewPseudonyms(known, old, new, site)
    for kind, value, place in list(_pseudonyms(document)):
        place.write(new_pseudonyms.of(kind, value), systems.patient_system(new.version))
    unsure = 0
    if profile.dates(profile.load(sent.profile)) == "MODIFIED":
        issuer, _, patient_id = known[sent.patient].text.partition("|") if sent.patient else (site, "", "")
        before, after = (pseudonyms.shift_days(each, issuer, patient_id) for each in (old, new))
        unsure = _redated(document, after - before)
    if "versionId" in object_of(document, "meta"):  # the SHA-256 of the document without it, as the linker gives it
        del document["meta"]["versionId"]
        digest = hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest()
        document["meta"]["versionId"] = digest
    guessed = new_pseudonyms.guessed | ({"text": unsure} if unsure else {})
    return RenewedReport(orjson.dumps(document), str(document["id"]), guessed, new_pseudonyms.sealed)


def _redated(document: Json, days: int) -> int:
    """Move all dates; return how many texts are unsure."""
    near = [str(document[name])[:10].replace("-", "") for name in _DATES if document.get(name)]
    unsure = 0
    for _, text, write in list(places(document)):
        new = retimed(text, near, days)
        back = [moved(f"{each[:4]}-{each[4:6]}-{each[6:]}", days).replace("-", "") for each in near]
        unsure += retimed(new, back, -days) != text
        write(new)
    for holder in (document, *listed(document.get("contained"))):
        for name in _DATES:
            if holder.get(name):
                holder[name] = moved(str(holder[name]), days)
    return unsure


def retimed(text: str, near: list[str], days: int) -> str:
    """Return a cleaned text with its dates moved. near: days of the exam as YYYYMMDD, which give others their year."""
    cleaned = clean_text(text, Identifiers.of_header({"StudyDate": near}), TextPolicy.moving(days))
    return cleaned.text


class _Place(NamedTuple):
    """Where a pseudonym stands. prefix: what stands before it."""

    holder: Json
    name: str
    prefix: str = ""

    def write(self, pseudonym: str, label: str) -> None:
        """Put the new pseudonym there. label: the system that goes with a patient's."""
        self.holder[self.name] = self.prefix + pseudonym
        if str(self.holder.get("system", "")).startswith(systems.PATIENT):
            self.holder["system"] = label


def _pseudonyms(document: Json) -> Iterator[tuple[str, str, _Place]]:
    """Yield kind, pseudonym and place of each one in a report."""
    yield "report", str(document["id"]), _Place(document, "id")
    for holder in (document, *listed(document.get("contained"))):
        subject = object_of(object_of(holder, "subject"), "identifier")
        for identifier in (subject, *listed(holder.get("identifier"))):
            system, value = str(identifier.get("system", "")), str(identifier.get("value", ""))
            if value and system.startswith(systems.PATIENT):
                yield "patient", value, _Place(identifier, "value")
            elif value and system == systems.REPORT:
                yield "report", value, _Place(identifier, "value")
            elif system == systems.DICOM_UID and value.removeprefix(systems.OID):
                yield "uid", value.removeprefix(systems.OID), _Place(identifier, "value", systems.OID)
            elif value and is_accession(identifier):
                yield "order", value, _Place(identifier, "value")
        for series in listed(holder.get("series")):
            if series.get("uid"):
                yield "uid", str(series["uid"]), _Place(series, "uid")


def _resources(document: Json) -> Iterator[Json]:
    if document.get("resourceType") == "Bundle":
        yield from (object_of(entry, "resource") for entry in listed(document.get("entry")))
    elif "changes" in document:
        yield from (object_of(each, "document") for each in listed(document["changes"]) if each.get("kind") == "report")
    else:
        yield document
