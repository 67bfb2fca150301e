"""Speak to the centre: STOW-RS, POST of reports, and JSON beside them. Outbound HTTPS only.

Whatever is the centre's or the network's trouble is raised as CentreUnavailable with a word that says what. A request
is never held in memory whole.
"""

import enum
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final
from urllib.parse import quote

import aiohttp
import msgspec
import orjson
from dicomweb_client.uri import URI

from services.linker.gateway.delivery import stow_response
from services.linker.gateway.delivery.bandwidth import Allowance
from services.linker.gateway.delivery.connection import CentreTls
from services.linker.gateway.delivery.credentials import Credential, CredentialUnavailable, FixedCredential
from services.linker.links.manual import CORRELATION
from services.linker.reports.completeness import CompletenessReport
from services.linker.settings import LinkerSettings
from shared.blobs import Blobs
from shared.dicom.json_values import text
from shared.errors import Unavailable
from shared.events import InstanceRef
from shared.text.hours import rate_by_hour
from shared.tracing import spans
from shared.web import bearer, gone_reason
from shared.web.content_digest import sha256_of
from shared.web.gone_reason import GONE_REASON

_ANSWERS = (200, 202, 409)  # carry a Store Instances Response Module, PS3.18 Table 10.5.3-1
_WHOLE_REQUEST = (400, 413, 422)  # the request itself was refused: its parts may be good
_NO_SUCH_ROUTE = (404, 405)
_MALFORMED = 400
_NO_ENTRY = (301, 302, 303, 307, 308, 401, 403, 407)  # says nothing about what is asked for
_AVAILABILITY, _UNAVAILABLE = "00080056", "UNAVAILABLE"  # Instance Availability
_OVERLOADED = (429, 503)  # says nothing about the request
_ACCEPT = "application/dicom+json, application/dicom+xml;q=0.5"
_FHIR = "application/fhir+json"
_Body = AsyncIterator[bytes] | bytes | None
_Answer = tuple[int, Mapping[str, str], bytes]
_MAX_ANSWER = 4 * 2**20


class CentreUnavailable(Unavailable):
    """The centre does not take it now. reason: a word; retry_after_s: what the centre asked for, else 0.

    may_be_request: whether what was sent may be the reason; else it is the centre or the network.
    """

    def __init__(self, reason: str, retry_after_s: float = 0.0, *, may_be_request: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_s = retry_after_s
        self.may_be_request = may_be_request


class Holding(enum.StrEnum):
    """Whether the centre holds an Instance.

    held: bytes of this digest.  other: it did not say the digest, or another one.  evicted: it had it, and let it go by
    itself.  deleted: an administrator there deleted it.  withdrawn: its patient opted out.
    absent: there is none, or it is damaged.
    """

    HELD = "held"
    OTHER = "other"
    EVICTED = "evicted"
    DELETED = "deleted"
    WITHDRAWN = "withdrawn"
    ABSENT = "absent"


_BY_REASON: Final[Mapping[str, Holding]] = {
    gone_reason.DELETED: Holding.DELETED,
    gone_reason.WITHDRAWN: Holding.WITHDRAWN,
    gone_reason.EVICTED: Holding.EVICTED,
    gone_reason.DAMAGED: Holding.ABSENT,
}


class StoreAnswer(msgspec.Struct, frozen=True):
    """What came back: fates by SOP Instance UID, or None if the request was refused as a whole."""

    status: int
    fates: dict[str, stow_response.Verdict] | None


class Centre:
    """The centre as the gateway sees it."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        settings: LinkerSettings,
        blobs: Blobs,
        credential: Credential | None = None,
        allowance: Allowance | None = None,
        tls: CentreTls | None = None,
    ) -> None:
        self._session = session
        self._allowance = allowance or Allowance(rate_by_hour(settings.bandwidth))
        self._settings = settings
        self._blobs = blobs
        self._credential = credential or FixedCredential()
        self._tls = tls

    @property
    def rate(self) -> float:
        """The bytes a second that this process may send in this hour; 0 is no limit."""
        return self._allowance.rate

    @property
    def limit(self) -> float:
        """The bytes a second that the gateway may send in this hour; 0 is no limit."""
        return self._allowance.limit

    async def store(
        self, study_instance_uid: str, instances: Sequence[InstanceRef], correlation_id: str = ""
    ) -> StoreAnswer:
        """Send Instances of one Study in one streamed request (PS3.18 10.5)."""
        boundary = secrets.token_hex(16)
        url = str(URI(self._settings.centre_dicomweb_url, study_instance_uid, permissive=True))
        headers = {"Content-Type": stow_response.content_type(boundary), "Accept": _ACCEPT, CORRELATION: correlation_id}
        body = self._multipart(boundary, instances)
        status, fields, data = await self._exchange("POST", url, headers, body)
        if status == 409 and "WWW-Authenticate" in fields:
            await self._check_entry(fields["WWW-Authenticate"])
        answer = stow_response.decoded(data)
        if status in _WHOLE_REQUEST and not stow_response.is_module(answer):
            return StoreAnswer(status, None)
        if status not in (*_ANSWERS, *_WHOLE_REQUEST):
            raise CentreUnavailable(f"http-{status}")
        sent = [ref.sop_instance_uid for ref in instances]
        return StoreAnswer(status, stow_response.verdicts(status, answer, sent))

    async def holding(self, study_instance_uid: str, ref: InstanceRef) -> Holding:
        """Ask whether the centre holds an Instance, by HEAD of it (PS3.18 10.4; Repr-Digest, RFC 9530 section 3)."""
        place = (study_instance_uid, ref.series_instance_uid, ref.sop_instance_uid)
        url = str(URI(self._settings.centre_dicomweb_url, *place, permissive=True))
        headers = {"Accept": "application/dicom; transfer-syntax=*", "Want-Repr-Digest": "sha-256=10"}
        try:
            status, fields, _ = await self._exchange("HEAD", url, headers, None)
        except CentreUnavailable as error:
            if error.may_be_request and error.reason.startswith("http-"):
                return Holding.OTHER  # it cannot say; a Store will tell
            raise
        if status == 200:
            digest = sha256_of(fields.get("Repr-Digest", ""))
            return Holding.HELD if digest and digest in (ref.sha256, ref.earlier_sha256) else Holding.OTHER
        if status in _NO_ENTRY:
            raise CentreUnavailable(f"http-{status}")
        if status == 410:
            return await self._gone(study_instance_uid, ref, fields.get(GONE_REASON, ""))
        return Holding.ABSENT if status == 404 else Holding.OTHER

    async def _gone(self, study_instance_uid: str, ref: InstanceRef, reason: str) -> Holding:
        """Return what a 410 means. reason: that it gives; an archive that gives none is asked by a search."""
        if reason in _BY_REASON:
            return _BY_REASON[reason]
        is_damaged = await self._availability(study_instance_uid, ref) == _UNAVAILABLE
        return Holding.ABSENT if is_damaged else Holding.EVICTED

    async def _availability(self, study_instance_uid: str, ref: InstanceRef) -> str:
        """Return the Instance Availability that a search gives (PS3.3 C.4.23.1.1); empty if it gives none."""
        url = f"{URI(self._settings.centre_dicomweb_url, study_instance_uid, permissive=True)}/instances"
        query = f"?SOPInstanceUID={quote(ref.sop_instance_uid)}&includefield={_AVAILABILITY}"
        status, answer = await self._send("GET", url + query, {"Accept": "application/dicom+json"}, None)
        first = answer[0] if status == 200 and isinstance(answer, list) and answer else {}
        return text(first, _AVAILABILITY) if isinstance(first, dict) else ""

    async def post_report(self, document: bytes, correlation_id: str = "") -> int:
        """Send one report; return 200 or 201, or the status of a final refusal."""
        headers = {
            "Content-Type": "application/fhir+json",
            "Accept": "application/fhir+json",
            CORRELATION: correlation_id,
        }
        await self._allowance.take(len(document))
        status, _ = await self._send("POST", self._settings.centre_reports_url, headers, document)
        if status in (200, 201, 400, 413, 422):
            return status
        raise CentreUnavailable(await self._no_entry(status))

    async def report_version(self, report_id: str) -> str | None:
        """Return the version that the centre holds of a report (its meta.versionId), None if it holds none."""
        url = f"{self._settings.centre_reports_url}/{quote(report_id, safe='')}"
        status, answer = await self._send("GET", url, {"Accept": "application/fhir+json"}, None)
        if status == 404:
            return None
        if status != 200 or not isinstance(answer, dict):
            raise CentreUnavailable(f"http-{status}")
        meta = answer.get("meta")
        return str(meta.get("versionId", "")) if isinstance(meta, dict) else ""

    async def tell_completeness(self, report: CompletenessReport) -> None:
        """Tell the centre what this site received by day; a centre of before does not ask for it."""
        url = f"{self._settings.centre_recalls_url.rpartition('/')[0]}/completeness"
        headers = {"Content-Type": "application/json"}
        status, _ = await self._send("POST", url, headers, msgspec.json.encode(report))
        if status == _MALFORMED and any(day.deleted for day in report.days):
            of_before = msgspec.structs.replace(report, days=tuple(day.of_before for day in report.days))
            status, _ = await self._send("POST", url, headers, msgspec.json.encode(of_before))
        if status != 200 and status not in _NO_SUCH_ROUTE:
            raise CentreUnavailable(await self._no_entry(status))

    async def _check_entry(self, challenge: str) -> None:
        """Raise CentreUnavailable if a Store was refused for who sends it, which is no Instance's fault."""
        if "insufficient_scope" in challenge:
            raise CentreUnavailable("not-of-this-site")
        if not await self._is_known():
            raise CentreUnavailable("credential-missing")  # JMID_LINKER_CENTRE_TOKEN

    async def _no_entry(self, status: int) -> str:
        return "credential-missing" if status == 401 and not await self._is_known() else f"http-{status}"

    async def _is_known(self) -> bool:
        """Say whether this gateway shows who it is."""
        return (self._tls is not None and self._tls.shows_certificate) or bool(await self._shown())

    async def call(self, method: str, path: str, taken: Sequence[int], body: object = None) -> tuple[int, object]:
        """Send JSON to, or ask for, what is beside the recall list. taken: the statuses that are answers."""
        url = f"{self._settings.centre_recalls_url.removesuffix('/recalls')}/{path}"
        headers = {"Accept": "application/json"} | ({"Content-Type": "application/json"} if body is not None else {})
        status, answer = await self._send(method, url, headers, None if body is None else orjson.dumps(body))
        if status not in taken:
            raise CentreUnavailable(await self._no_entry(status))
        return status, answer

    async def _multipart(self, boundary: str, instances: Sequence[InstanceRef]) -> AsyncIterator[bytes]:
        for ref in instances:
            yield stow_response.part_head(boundary, ref.sha256, ref.earlier_sha256)
            async for chunk in self._blobs.stream(ref.blob):
                async for piece in self._allowance.pieces(chunk):
                    yield piece
            yield stow_response.CRLF
        yield stow_response.closing(boundary)

    async def _send(self, method: str, url: str, headers: dict[str, str], body: _Body) -> tuple[int, object]:
        status, _, data = await self._exchange(method, url, headers, body)
        return status, stow_response.decoded(data)

    async def _shown(self) -> str:
        """Return the token to show, and have the certificate to show be the newest."""
        if self._tls is not None:
            self._tls.refresh()
        try:
            return await self._credential.token()
        except CredentialUnavailable as error:
            raise CentreUnavailable(error.reason) from error

    async def _exchange(self, method: str, url: str, headers: dict[str, str], body: _Body) -> _Answer:
        token = await self._shown()
        tls = True if self._tls is None else self._tls.context
        try:
            with spans.delivering(method, headers.get(CORRELATION, "")) as told:
                own = headers | bearer.header(token) | told
                async with self._session.request(
                    method, url, headers=own, data=body, allow_redirects=False, ssl=tls
                ) as answer:
                    if answer.status == 401 and token:
                        self._credential.refused(token)
                    if answer.status == 429 or answer.status >= 500:
                        wait_s = stow_response.seconds(answer.headers.get("Retry-After", ""))
                        may_be_request = answer.status not in _OVERLOADED
                        raise CentreUnavailable(f"http-{answer.status}", wait_s, may_be_request=may_be_request)
                    return answer.status, answer.headers, await _bounded(answer)
        except TimeoutError as error:
            connected = not isinstance(error, aiohttp.ConnectionTimeoutError)
            raise CentreUnavailable("timeout", may_be_request=connected) from error
        except aiohttp.ClientSSLError as error:
            raise CentreUnavailable("tls") from error
        except aiohttp.ClientConnectorError as error:
            raise CentreUnavailable("unreachable") from error
        except (aiohttp.ClientError, OSError) as error:  # the connection broke, as when the centre's process ends
            raise CentreUnavailable("unreachable", may_be_request=True) from error


async def _bounded(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > _MAX_ANSWER:
            raise CentreUnavailable("answer-too-large")
    return bytes(body)
