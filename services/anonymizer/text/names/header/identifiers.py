"""What identifies the people and places of one report or study, collected from its header."""

import re
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from services.anonymizer.text.folding.fold import fold_name
from services.anonymizer.text.names.header.forms import NameForm, name_forms

PATIENT_NAMES = (
    "PatientName", "OtherPatientNames", "PatientBirthName", "PatientMotherBirthName", "ResponsiblePerson",
    "PatientAlternativeName", "InsuredName", "ContactName",
)  # fmt: skip
PATIENT_IDS = (
    "PatientID", "OtherPatientIDs", "AdmissionID", "MedicalRecordLocator", "InsurancePlanIdentification",
    "ServiceEpisodeID",
)  # fmt: skip
ORDER_IDS = (
    "AccessionNumber", "StudyID", "RequestedProcedureID", "ScheduledProcedureStepID", "PerformedProcedureStepID",
    "PlacerOrderNumberImagingServiceRequest", "FillerOrderNumberImagingServiceRequest", "ReportIdentifier",
)  # fmt: skip
DATES = (
    "StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate", "AcquisitionDateTime", "AdmittingDate",
    "PerformedProcedureStepStartDate", "ScheduledProcedureStepStartDate", "ReportDate",
)  # fmt: skip
INSTITUTIONS = ("InstitutionName", "RequestingInstitution", "PerformingInstitution")
DEPARTMENTS = (
    "InstitutionalDepartmentName",
    "RequestingService",
    "CurrentPatientLocation",
    "PatientInstitutionResidence",
)
ADDRESSES = ("PatientAddress", "InstitutionAddress", "ReferringPhysicianAddress", "PersonAddress")
PHONES = ("PatientTelephoneNumbers", "ReferringPhysicianTelephoneNumbers", "PersonTelephoneNumbers")
UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
_PHYSICIAN = re.compile("Physician|Operator|Referr|Reader|Author|Performer|Observer|Radiologist|Person|Names?$")
_CORPORATION = re.compile(
    "^(?:(?:社会|特定|財団|社団|一般|公益|独立行政|国立大学|公立大学|学校|医療|地方独立行政|社会福祉|宗教)*法人(?:社団|財団)?|株式会社|国立|公立)\\s*"
)


class Identifiers(msgspec.Struct, frozen=True):
    """The dictionary of one header; build it once and use it for every text of the same patient.

    names: people's names, in every way they can be written.  patient_ids, order_ids, phones: bare, folded, without
    leading zeros.  birth_date, study_dates: YYYYMMDD.  institutions, addresses: folded, without spaces.  listed: the
    same, of the site's own list of places, and found however short.
    """

    names: tuple[NameForm, ...] = ()
    patient_ids: tuple[str, ...] = ()
    order_ids: tuple[str, ...] = ()
    birth_date: str = ""
    study_dates: tuple[str, ...] = ()
    institutions: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    uids: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()

    @property
    def exam_days(self) -> frozenset[tuple[int, int]]:
        """Month and day of each date of the header that is not the birth date."""
        return frozenset((int(day[4:6]), int(day[6:8])) for day in self.study_dates)

    @classmethod
    def of_header(cls, header: Mapping[str, object]) -> "Identifiers":
        """Return the identifiers of DICOM keyword → value (text, or a list of texts; anything missing may be).

        Keywords that are not known but end in Name(s) or speak of a physician, operator or reader are names too.
        """
        return cls(
            names=_names(header),
            patient_ids=_bare(_values(header, PATIENT_IDS)),
            order_ids=_bare(_values(header, ORDER_IDS)),
            birth_date=next(_days(_values(header, ("PatientBirthDate",))), ""),
            study_dates=tuple(dict.fromkeys(_days(_values(header, DATES)))),
            institutions=tuple(dict.fromkeys(_institutions(_values(header, INSTITUTIONS)))),
            addresses=tuple(dict.fromkeys(_addresses(_values(header, ADDRESSES)))),
            phones=tuple(
                dict.fromkeys(part for phone in _bare(_values(header, PHONES)) for part in (phone, phone[-8:]))
            ),
            uids=tuple(dict.fromkeys(_values(header, UIDS))),
        )


def _names(header: Mapping[str, object]) -> tuple[NameForm, ...]:
    known = {*PATIENT_NAMES, *INSTITUTIONS, *DEPARTMENTS, *ADDRESSES, *PHONES, *UIDS, *PATIENT_IDS, *ORDER_IDS, *DATES}
    physicians = [key for key in header if key not in known and _PHYSICIAN.search(key) and "ID" not in key]
    physicians = [
        key for key in physicians if not re.search("Station|Device|Model|Manufacturer|Protocol|Code|Trial", key)
    ]
    forms: dict[tuple[str, str], NameForm] = {}
    for keywords, category in ((PATIENT_NAMES, "name"), (physicians, "physician")):
        for value in _values(header, keywords):
            for form in name_forms(value, category):
                forms.setdefault((form.text, form.part), form)
    return tuple(sorted(forms.values(), key=lambda form: -len(form.text)))


def _values(header: Mapping[str, object], keywords: Iterable[str]) -> Iterator[str]:
    for keyword in keywords:
        value = header.get(keyword)
        items: Iterable[object] = value if isinstance(value, list | tuple) else (value,)
        for item in items:
            if item is not None and not isinstance(item, dict | bytes):
                yield from (part.strip() for part in str(item).split("\\") if part.strip())


def _bare(values: Iterable[str]) -> tuple[str, ...]:
    """Return IDs lower-cased, without separators and leading zeros; of MR-0099887 also the number alone."""
    numbers: dict[str, None] = {}
    for value in values:
        bare = re.sub(r"[^0-9a-z぀-鿿]", "", fold_name(value)).lstrip("0")
        number = re.sub("^[a-z]+0*", "", bare)
        numbers |= dict.fromkeys([bare, number] if len(number) > 4 and number.isdecimal() else [bare])
    return tuple(filter(None, numbers))


def _days(values: Iterable[str]) -> Iterator[str]:
    for value in values:
        digits = re.sub(r"\D", "", fold_name(value))[:8]
        if len(digits) == 8 and "18000101" <= digits <= "22000101":
            yield digits


def _institutions(values: Iterable[str]) -> Iterator[str]:
    for value in values:
        yield compact(value)
        yield from (
            compact(piece)
            for piece in re.split(r"[\s\u3000]+", value)
            if not piece.isascii() and not _CORPORATION.fullmatch(piece)
        )
        short = _CORPORATION.sub("", value)
        yield compact(short)
        if match := re.match("(.{2,}?)(?:附属|付属)?(?:病院|医院|クリニック|診療所|医療センター)$", short):
            yield compact(match[1])


def _addresses(values: Iterable[str]) -> Iterator[str]:
    for value in values:
        yield compact(value)
        for piece in re.split(r"[\s,、]+", re.sub("^.{2,3}[都道府県](?=.{3})", " ", value)):
            if len(piece) > 3 and not piece.isdigit():
                yield compact(piece)


def compact(value: str) -> str:
    """Return a name of a place as it is compared: folded, without spaces and separators."""
    return re.sub(r"[\s・.,\-'_/^=]+", "", fold_name(value))
