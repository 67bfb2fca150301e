"""The API of terms over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from services.search.api.terms import TermsDeps, routes
from services.search.terms.completion import Completion
from shared.fhir.systems import ICD_10
from shared.runtime.app import MIDDLEWARES
from shared.terms.catalogue import Catalogue
from shared.terms.term import CodeSystem, Term, Terminology
from tests.servers.web import served


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    catalogue = Catalogue(tmp_path / "terms")
    old = Term(code="A", display="old", retired=True, successors=("B",))
    catalogue.load(Terminology(CodeSystem(system="urn:x", version="1", title="x"), [old]))
    application = web.Application(middlewares=MIDDLEWARES)
    application.add_routes(routes(TermsDeps(catalogue, Completion(catalogue, tmp_path / "index"))))
    async with served(application) as address:
        yield address


async def asked(url: str, path: str) -> tuple[int, dict[str, Any]]:
    async with aiohttp.ClientSession() as session, session.get(url + path) as answer:
        return answer.status, await answer.json(content_type=None)


async def test_terms_are_completed(url: str) -> None:
    status, body = await asked(url, f"/api/terms?q=haigan&system={ICD_10}&limit=1")

    assert status == 200
    (term,) = body["terms"]
    assert (term["code"], term["system"], term["match"]) == ("C34.9", ICD_10, "exact")


async def test_a_lookup_says_that_a_code_is_retired_and_by_what_it_is_replaced(url: str) -> None:
    status, body = await asked(url, "/api/terms/CodeSystem/$lookup?system=urn:x&code=A")

    assert (status, body["resourceType"]) == (200, "Parameters")
    assert "'replacedBy'}, {'name': 'value', 'valueCode': 'B'}" in str(body)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/terms?q=a&limit=0", 400),
        ("/api/terms/CodeSystem/$lookup?system=urn:x", 400),
        ("/api/terms/CodeSystem/$lookup?system=urn:x&code=Z", 404),
        ("/api/terms/CodeSystem/$lookup?system=urn:y&code=A", 404),
    ],
)
async def test_what_is_not_there_is_refused(url: str, path: str, status: int) -> None:
    assert (await asked(url, path))[0] == status
