"""A DICOMweb server as a source: Search for Studies, then Retrieve Study. Bytes are kept as they come, part by part.

Source: PS3.18 10.4 (Retrieve), 10.6 (Search), 8.3.4 (paging).
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
import orjson

from services.ingest.deps import IngestDeps
from services.ingest.images.keeping import SUCCESS
from services.ingest.pull.source_peer import Found, Keep, Retrieved
from services.ingest.pull.sources import Source
from services.ingest.pull.wanted import MOST_STUDIES, Keys, tag_of
from shared.dicom.multipart import MultipartReader, boundary_of
from shared.dicom.spool import TooLarge, take_in
from shared.dicom.uid import is_uid
from shared.errors import Invalid, Refused, Unavailable

_PAGE: Final = 500
_ACCEPT: Final = 'multipart/related; type="application/dicom"; transfer-syntax=*'
_UID, _INSTANCES = tag_of("StudyInstanceUID"), tag_of("NumberOfStudyRelatedInstances")
_AWAY: Final = frozenset({401, 403, 408, 429, 500, 502, 503, 504})


class WebPeer:
    """A source by DICOMweb."""

    def __init__(self, source: Source, deps: IngestDeps) -> None:
        self._source, self._deps = source, deps

    async def find(self, keys: Keys) -> list[Found]:
        """Return the Studies that match, page by page."""
        studies: dict[str, Found] = {}
        async with self._session() as session:
            while True:
                page = await self._page(session, keys, len(studies))
                fresh = {each.uid: each for each in map(_found, page) if each is not None and each.uid not in studies}
                studies |= fresh
                if len(studies) > MOST_STUDIES:
                    raise Refused("too-many", f"more than {MOST_STUDIES} Studies match; ask for fewer")
                if len(page) < _PAGE or not fresh:
                    return list(studies.values())

    async def _page(self, session: aiohttp.ClientSession, keys: Keys, offset: int) -> list[Any]:
        query = {**keys, "includefield": _INSTANCES, "limit": str(_PAGE), "offset": str(offset)}
        async with self._get(session, "/studies", query, "application/dicom+json") as answer:
            if answer.status == 204:
                return []
            if answer.status != 200:
                raise Refused(f"http-{answer.status}", "the source did not carry the query out")
            rows = orjson.loads(await answer.read())
        return rows if isinstance(rows, list) else []

    async def retrieve(self, study_instance_uid: str, keep: Keep) -> Retrieved:
        """Have a Study sent; parts that came before the connection broke are kept."""
        own, arrived, failed = self._deps.settings, 0, 0
        async with (
            self._session() as session,
            self._get(session, f"/studies/{study_instance_uid}", {}, _ACCEPT) as answer,
        ):
            if answer.status not in (200, 206):
                return Retrieved(0, 0, f"http-{answer.status}")
            try:
                boundary = boundary_of(answer.headers.get("Content-Type", ""))
                async for part in MultipartReader(answer.content, boundary):
                    try:
                        data = await take_in(
                            part,
                            small=own.small_part_bytes,
                            most=own.max_instance_bytes,
                            scratch=self._deps.scratch,
                        )
                    except TooLarge:
                        failed += 1
                        continue
                    is_kept = await keep(data, "") == SUCCESS
                    arrived, failed = arrived + is_kept, failed + (not is_kept)
            except Invalid:
                return Retrieved(arrived, failed, "body-not-whole")
        return Retrieved(arrived, failed)

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[aiohttp.ClientSession]:
        headers = await asyncio.to_thread(_credentials, self._source)
        limits = aiohttp.ClientTimeout(
            total=None,
            sock_connect=self._deps.settings.associate_timeout_s,
            sock_read=self._deps.settings.pull_timeout_s,
        )
        context = await asyncio.to_thread(_context, self._source)
        connector = aiohttp.TCPConnector(ssl=context)
        async with aiohttp.ClientSession(headers=headers, timeout=limits, connector=connector) as session:
            yield session

    @asynccontextmanager
    async def _get(
        self, session: aiohttp.ClientSession, path: str, query: Keys, accept: str
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Yield the answer. Raises Unavailable while the source does not answer, or does not know us."""
        url = self._source.url.rstrip("/") + path
        try:
            async with session.get(url, params=query, headers={"Accept": accept}, allow_redirects=False) as answer:
                if answer.status in _AWAY:
                    raise Unavailable(f"http-{answer.status}")
                yield answer
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable("no-connection") from error


def _credentials(source: Source) -> dict[str, str]:
    if not source.token_file:
        return {}
    try:
        return {"Authorization": f"Bearer {Path(source.token_file).read_text('ascii').strip()}"}
    except (OSError, ValueError) as error:
        raise Unavailable("token-not-read") from error


def _context(source: Source) -> ssl.SSLContext | bool:
    try:
        return ssl.create_default_context(cafile=source.ca) if source.ca else True
    except (OSError, ValueError) as error:
        raise Unavailable("authority-not-read") from error


def _found(row: Any) -> Found | None:
    uid, count = _value(row, _UID), _value(row, _INSTANCES)
    if not isinstance(uid, str) or not is_uid(uid):
        return None
    return Found(uid, int(count) if str(count).isdigit() else 0)


def _value(row: Any, tag: str) -> Any:
    values = row.get(tag, {}).get("Value", []) if isinstance(row, dict) and isinstance(row.get(tag, {}), dict) else []
    return values[0] if isinstance(values, list) and values else None
