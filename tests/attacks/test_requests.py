"""Requests that are not what they seem: line breaks for headers of ours, two requests in one, texts for logs."""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.attacks.target import GATEWAY, Target, filled, routes, target

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
BROKEN = "a%0d%0aX-Injected:%20yes"
CONTROLS = ("\r\n", "\n", "\r", "\0", "\u2028")
FHIR = {"Content-Type": "application/fhir+json", **GATEWAY}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def attacked(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Target]:
    async with target(tmp_path_factory.mktemp("requests")) as opened:
        yield opened


def head(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[0].lower()


async def test_a_line_break_in_a_url_becomes_no_header(attacked: Target) -> None:
    for _, path in routes("GET"):
        asked = f"{filled(path, BROKEN)}?to=/{BROKEN}&q={BROKEN}&lang={BROKEN}&StudyInstanceUID={BROKEN}"
        answer = await attacked.get(asked)

        assert b"\r\nx-injected" not in head(answer), asked
        assert not answer.startswith(b"HTTP/1.1 500"), (asked, answer[:200])


@pytest.mark.parametrize(
    "name", ["Accept", "Accept-Language", "Range", "If-None-Match", "Origin", "X-Receipt", "Cookie"]
)
async def test_no_header_of_a_request_breaks_one_of_the_answer(attacked: Target, name: str) -> None:
    for _, path in routes("GET"):
        answer = await attacked.get(filled(path, "1.2.3"), more=f"{name}: a\rX-Injected: yes\r\n")

        assert b"\r\nx-injected" not in head(answer), path
        assert not answer.startswith(b"HTTP/1.1 500"), (path, answer[:200])


@pytest.mark.parametrize("control", CONTROLS, ids=["CR LF", "LF", "CR", "NUL", "U+2028"])
async def test_an_identifier_with_a_line_break_becomes_no_header(attacked: Target, control: str) -> None:
    broken = f"r1{control}X-Injected: yes"
    report = {
        "resourceType": "DiagnosticReport",
        "id": broken,
        "identifier": [{"system": "urn:x", "value": broken}],
        "status": "final",
        "code": {"text": broken},
        "subject": {"identifier": {"value": broken}},
        "conclusion": "none",
    }
    for path in ("/ingest/reports", "/api/reports"):
        async with attacked.client.post(path, data=json.dumps(report), headers=FHIR) as answer:
            assert answer.status < 500, path
            assert "X-Injected" not in answer.headers
            assert "X-Injected" not in answer.headers.get("Location", "")


async def test_a_request_with_two_lengths_is_not_two_requests(attacked: Target) -> None:
    inner = "GET /api/cases HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for lengths in (
        f"Content-Length: 0\r\nContent-Length: {len(inner)}\r\n",
        f"Content-Length: {len(inner)}\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Content-Length: +0\r\n",
    ):
        answer = await attacked.raw(f"POST /api/links HTTP/1.1\r\nHost: localhost\r\n{lengths}\r\n0\r\n\r\n{inner}")

        assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400")), (lengths, answer[:100])
        assert answer.count(b"HTTP/1.") == 1, lengths


async def test_what_is_logged_stays_one_line_without_what_was_sent(
    attacked: Target, capfd: pytest.CaptureFixture[str]
) -> None:
    capfd.readouterr()
    await attacked.get("/gateway/reports/a%0aforged%20line")
    await attacked.get("/cases/%1b[31m", more="User-Agent: a\x1b[31m\r\n")
    async with attacked.client.post("/api/reports", data=b'{"resourceType": "forged\\nline"}', headers=FHIR) as answer:
        assert answer.status in (400, 422)

    logged = capfd.readouterr()
    assert "forged" not in logged.err + logged.out
    assert "\x1b" not in logged.err + logged.out
