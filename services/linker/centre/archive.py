"""Asks the centre's archive about Studies, by QIDO-RS as our own service."""

from collections.abc import Iterable
from typing import Any, Final

import aiohttp

from services.linker.centre.deps import CentreDeps
from shared.dicom.json_values import text
from shared.errors import Unavailable

Json = dict[str, Any]
_AT_ONCE: Final = 50
_STUDY: Final = "0020000D"
_SITE_ID: Final = "00120030"
"""Clinical Trial Site ID: the archive answers the site that all Instances of a Study came from there."""


async def studies(deps: CentreDeps, uids: Iterable[str], fields: Iterable[str]) -> list[Json]:
    """Return the search results of the Studies that the archive has. Raises Unavailable."""
    wanted, found = sorted(set(uids)), list[Json]()
    for begin in range(0, len(wanted), _AT_ONCE):
        some = wanted[begin : begin + _AT_ONCE]
        query = {"StudyInstanceUID": ",".join(some), "includefield": ",".join(fields), "limit": str(len(some))}
        found += await _search(deps, query)
    return found


async def sites(deps: CentreDeps, uids: Iterable[str]) -> dict[str, str]:
    """Return the site of each Study that the archive has; empty if it is not known, or of several. Unavailable."""
    return {text(each, _STUDY): text(each, _SITE_ID) for each in await studies(deps, uids, [_SITE_ID])}


async def _search(deps: CentreDeps, query: dict[str, str]) -> list[Json]:
    url, headers = f"{deps.settings.archive_url}/studies", {"Accept": "application/dicom+json"}
    try:
        async with deps.session.get(url, params=query, headers=headers) as answer:
            if answer.status == 204:
                return []
            if answer.status != 200:
                raise Unavailable(f"the archive answered {answer.status}")
            results: list[Json] = await answer.json(content_type=None)
            return results
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Unavailable("the archive does not answer") from error
