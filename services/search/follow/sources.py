"""What search reads from: the archive's QIDO-RS and change feed, and the linker's clinical documents, over HTTP."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol
from urllib.parse import quote

import aiohttp
import msgspec
import orjson

from services.search.acquisition import INSTANCE_FIELDS, SERIES_FIELDS
from services.search.case import SITE_ID, Diagnosis, Json
from services.search.settings import SearchSettings
from shared.dicom.json_values import text
from shared.errors import Unavailable
from shared.fhir.report import PublishedReport, published

_STUDY_FIELDS = f"00101010,00081030,00080056,{SITE_ID}"
_MOST_SERIES = 1000
_MOST_INSTANCES = 20_000
_PAGE = 500


class Documents(msgspec.Struct, frozen=True):
    """The clinical documents of one Study. patient_id: the pseudonym that stays where numbers were merged, or empty."""

    reports: Sequence[PublishedReport] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    annotations: int = 0
    patient_id: str = ""


class CaseChange(msgspec.Struct, frozen=True):
    """One entry of the linker's feed: the cases that it is about now. report_id: empty if it is not a report.

    is_withdrawal: the patient opted out, and no byte of the case may be left.
    """

    case_ids: tuple[str, ...]
    report_id: str = ""
    is_withdrawal: bool = False


class Sources(Protocol):
    """What the follower needs. All raise Unavailable when the other service does not answer as it should."""

    async def study_changes(self, after: int, limit: int) -> tuple[list[str], int]:
        """Return the Study Instance UIDs that changed, and the position after them."""

    async def case_changes(self, after: int, limit: int) -> tuple[list[CaseChange], int]: ...

    async def study(self, study_instance_uid: str) -> tuple[Json | None, Sequence[Json]]:
        """Return the Study's and its Series' QIDO-RS answers; None and nothing if the archive does not know it."""

    async def documents(self, *, study: str = "", report: str = "") -> Documents:
        """Return the documents of a Study, or of a report by its id."""


@asynccontextmanager
async def open_sources(
    settings: SearchSettings, base_url: str, own_headers: Mapping[str, str]
) -> AsyncIterator["HttpSources"]:
    """Open the connections. own_headers: show who asks."""
    timeout = aiohttp.ClientTimeout(total=settings.request_timeout_s)
    archive = (settings.archive_url or f"{base_url}/dicom-web").rstrip("/")
    linker = (settings.linker_url or base_url).rstrip("/")
    async with aiohttp.ClientSession(timeout=timeout, headers=own_headers) as session:
        yield HttpSources(session, archive, linker)


class HttpSources:
    """Reads over HTTP."""

    def __init__(self, session: aiohttp.ClientSession, archive: str, linker: str) -> None:
        self._session = session
        self._archive = archive
        self._linker = linker

    async def study_changes(self, after: int, limit: int) -> tuple[list[str], int]:
        answer = await self._get(f"{self._archive}/changefeed", {"after": str(after), "limit": str(limit)})
        entries = _entries(answer)
        uids = [str(entry["StudyInstanceUID"]) for entry in entries]
        return uids, max((int(entry["Sequence"]) for entry in entries), default=after)

    async def case_changes(self, after: int, limit: int) -> tuple[list[CaseChange], int]:
        answer = await self._get(f"{self._linker}/api/reports/changes", {"after": str(after), "limit": str(limit)})
        entries = _entries(answer)
        return [_case_change(entry) for entry in entries], max((int(e["seq"]) for e in entries), default=after)

    async def study(self, study_instance_uid: str) -> tuple[Json | None, Sequence[Json]]:
        query = {"StudyInstanceUID": study_instance_uid, "includefield": _STUDY_FIELDS}
        studies = _entries(await self._get(f"{self._archive}/studies", query))
        if not studies:
            return None, []
        place = f"{self._archive}/studies/{study_instance_uid}/series"
        series = _entries(await self._get(place, {"includefield": SERIES_FIELDS, "limit": str(_MOST_SERIES)}))
        return studies[0], [await self._with_instance(place, each) for each in series]

    async def _with_instance(self, place: str, series: Json) -> Json:
        """Return a Series with what one of its Instances says of how it was made."""
        of_series = f"{place}/{text(dict(series), '0020000E')}/instances"
        found = _entries(await self._get(of_series, {"includefield": INSTANCE_FIELDS, "limit": "1"}))
        return {**(found[0] if found else {}), **series}

    async def documents(self, *, study: str = "", report: str = "") -> Documents:
        asked = {"study": study} if study else {"report": report}
        one = await self._get(f"{self._linker}/api/reports/{report}", {}) if report else None
        reports = [one] if one else _entries(await self._get(f"{self._linker}/api/reports", asked))
        diagnoses = _entries(await self._get(f"{self._linker}/api/diagnoses", asked))
        annotations = _entries(await self._get(f"{self._linker}/api/annotations", asked))
        patients = [each for each in reports if each.get("resourceType") == "Patient"]
        read = [published(each) for each in reports if each.get("resourceType") != "Patient"]
        patient_id = await self._survivor(read) if report else next((str(each["id"]) for each in patients), "")
        return Documents(read, tuple(_diagnosis(each) for each in diagnoses), len(annotations), patient_id)

    async def _survivor(self, reports: Sequence[PublishedReport]) -> str:
        """Return the pseudonym that stays for the patient of a report that is a case of its own."""
        own = next((each.patient_id for each in reports if each.patient_id), "")
        found = await self._get(f"{self._linker}/api/patients/{quote(own, safe='')}", {}) if own else None
        return str(found["patient_id"]) if isinstance(found, Mapping) else ""

    async def versions(self, report_id: str) -> list[PublishedReport]:
        """Return every version of a report, the newest first and with its link as it is now."""
        now = await self._get(f"{self._linker}/api/reports/{report_id}", {})
        all_of_them = _entries(await self._get(f"{self._linker}/api/reports/{report_id}/history", {}))
        return [published(each) for each in ([now, *all_of_them[1:]] if now and all_of_them else [])]

    async def annotations(self, study_instance_uid: str) -> list[Json]:
        """Return the annotations of a Study as the linker answers them."""
        return _entries(await self._get(f"{self._linker}/api/annotations", {"study": study_instance_uid}))

    async def instances(self, study_instance_uid: str, series_instance_uid: str) -> list[Json]:
        """Return the QIDO-RS answers of all Instances of a Series, page by page."""
        place = f"{self._archive}/studies/{study_instance_uid}/series/{series_instance_uid}/instances"
        found: list[Json] = []
        while len(found) < _MOST_INSTANCES:
            page = {"includefield": "00280008", "limit": str(_PAGE), "offset": str(len(found))}
            entries = _entries(await self._get(place, page))
            found += entries
            if not entries:
                break
        return found

    async def _get(self, url: str, query: Mapping[str, str]) -> Any:
        """Return the JSON answer; None for 204, 404 and 410."""
        headers = {"Accept": "application/dicom+json, application/fhir+json, application/json;q=0.9"}
        try:
            async with self._session.get(url, params=query, headers=headers) as answer:
                if answer.status in (204, 404, 410):
                    return None
                if answer.status != 200:
                    raise Unavailable(f"{answer.url.path} answered {answer.status}")
                return orjson.loads(await answer.read())
        except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError) as error:
            raise Unavailable(f"no good answer ({type(error).__name__})") from error


def _case_change(entry: Json) -> CaseChange:
    """Return the cases that a document belongs to now or ever belonged to; a report may be a case of its own."""
    report_id = str(entry.get("report_id", ""))
    uids = {str(uid) for name in ("study_instance_uids", "touched") for uid in entry.get(name) or []}
    lone = {f"report-{report_id}"} if report_id else set()
    return CaseChange(tuple(sorted(uids | lone)), report_id, entry.get("kind") == "withdrawn")


def _diagnosis(entry: Json) -> Diagnosis:
    known = {name: str(entry.get(name, "")) for name in Diagnosis.__struct_fields__}
    return Diagnosis(**known)


def _entries(answer: Any) -> list[Json]:
    """Return the list an answer is or holds."""
    if isinstance(answer, Mapping):
        if answer.get("resourceType") == "Bundle":
            return [each["resource"] for each in answer.get("entry", [])]
        answer = next((value for value in answer.values() if isinstance(value, list)), [])
    return [each for each in answer or [] if isinstance(each, Mapping)]
