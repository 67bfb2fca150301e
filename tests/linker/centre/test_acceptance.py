"""The centre's linker takes reports, and answers to recalls, of a gateway; and reports with a known profile's mark."""

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from services.linker.centre.records import REPORTS
from services.linker.gateway.delivery.peer import centre as connected
from services.linker.gateway.delivery.transport import CentreUnavailable
from services.linker.service import CENTRE
from services.linker.settings import LinkerSettings, centre_token, complete
from shared.errors import SettingsError
from shared.web import bearer, gateway_token
from tests.linker.samples import document
from tests.linker.system import Opened, opened

FHIR = {"Content-Type": "application/fhir+json"}
OURS = "a-token-of-the-centre"


@pytest.fixture
async def centre(tmp_path: Path) -> AsyncIterator[Opened]:
    environ = {"JMID_LINKER_GATEWAY_TOKEN": f"hospital={OURS},osaka=a-token-of-osaka"}
    async with opened(CENTRE, tmp_path, environ, tasks=False) as found, aiohttp.ClientSession() as session:
        yield dataclasses.replace(found, session=session)


async def posted(centre: Opened, body: dict[str, Any], **headers: str) -> tuple[int, str, Any]:
    data = orjson.dumps(body)
    async with centre.session.post(f"{centre.url}/api/reports", data=data, headers={**FHIR, **headers}) as answer:
        return answer.status, answer.headers.get("WWW-Authenticate", ""), await answer.json(content_type=None)


def of_profile(label: str) -> dict[str, Any]:
    return document(meta={"source": "urn:jmid:site:hospital", "tag": [{"system": "urn:jmid:profile", "code": label}]})


@pytest.mark.parametrize("shown", ["", "Bearer another", OURS, f"Basic {OURS}", "Bearer \udcff"])
async def test_without_the_credential_of_a_gateway_no_report_is_taken(centre: Opened, shown: str) -> None:
    headers = {"Authorization": shown} if shown else {}

    status, asked, outcome = await posted(centre, document(), **headers)

    assert (status, asked, outcome["issue"][0]["code"]) == (401, "Bearer", "login")
    assert await centre.documents.count(REPORTS) == 0


@pytest.mark.parametrize(
    ("label", "status"), [("jmid/1", 201), ("research/12", 201), ("mine/1", 422), ("jmid", 422), ("jmid/1/SATO", 422)]
)
async def test_a_report_names_the_profile_that_made_it(centre: Opened, label: str, status: int) -> None:
    answered, _, outcome = await posted(centre, of_profile(label), **bearer.header(OURS))

    assert answered == status
    assert "SATO" not in str(outcome)
    assert await centre.documents.count(REPORTS) == (status == 201)


async def test_only_a_gateway_answers_a_recall(centre: Opened) -> None:
    url, asked = f"{centre.url}/api/recalls", {"study_instance_uid": "1.2.3", "by": "A person"}
    async with centre.session.post(url, json=asked) as answer:
        recall = await answer.json()
    done = {"recall_id": recall["recall_id"], "outcome": "redelivered", "site": "hospital"}

    statuses = []
    for headers in ({}, bearer.header(OURS)):
        async with centre.session.post(f"{url}/1.2.3/done", json=done, headers=headers) as answer:
            statuses.append(answer.status)

    assert statuses == [401, 200]


async def test_the_token_of_a_site_delivers_and_acts_for_no_other(centre: Opened) -> None:
    osaka = bearer.header("a-token-of-osaka")
    answer = {"recall_id": "r", "outcome": "redelivered", "site": "hospital"}
    withdrawal = {"withdrawal_id": "w-1", "site": "hospital", "patient_ids": ["0" * 32]}

    delivered = [(await posted(centre, document(), **shown))[0] for shown in (osaka, bearer.header(OURS))]
    acted = []
    for path, asked in (("recalls/1.2.3/done", answer), ("withdrawals", withdrawal)):
        async with centre.session.post(f"{centre.url}/api/{path}", json=asked, headers=osaka) as response:
            acted.append((response.status, (await response.json(content_type=None))["reason"]))
    async with centre.session.get(f"{centre.url}/api/recalls?site=hospital", headers=osaka) as response:
        acted.append((response.status, (await response.json(content_type=None))["reason"]))

    assert delivered == [403, 201]
    assert acted == [(403, "other-site")] * 3


async def test_a_token_of_no_site_is_taken_only_if_a_setting_says_so(tmp_path: Path) -> None:
    environ = {"JMID_LINKER_GATEWAY_TOKEN": OURS}
    with pytest.raises(SettingsError, match="JMID_ACCESS_SHARED_GATEWAY_TOKEN"):
        async with opened(CENTRE, tmp_path, environ, tasks=False):
            pass

    shared = {**environ, "JMID_ACCESS_SHARED_GATEWAY_TOKEN": "true"}
    async with opened(CENTRE, tmp_path, shared, tasks=False) as centre, aiohttp.ClientSession() as session:
        plain = dataclasses.replace(centre, session=session)

        assert (await posted(plain, document(), **bearer.header(OURS)))[0] == 201


async def test_any_takes_reports_of_everybody_but_no_wrong_token(tmp_path: Path) -> None:
    environ = {"JMID_LINKER_ACCEPT": "any", "JMID_LINKER_GATEWAY_TOKEN": f"hospital={OURS}"}
    async with opened(CENTRE, tmp_path, environ, tasks=False) as centre, aiohttp.ClientSession() as session:
        plain = dataclasses.replace(centre, session=session)

        assert (await posted(plain, of_profile("mine/1")))[0] == 201
        assert (await posted(plain, document(), Authorization="Bearer another"))[0] == 401


@pytest.mark.parametrize(("token", "word"), [("", "credential-missing"), ("another", "http-401")])
async def test_a_gateway_without_the_right_credential_waits(centre: Opened, token: str, word: str) -> None:
    settings = complete(LinkerSettings(), centre.url)
    async with connected(settings, None, lambda: token) as peer:  # type: ignore[arg-type]
        with pytest.raises(CentreUnavailable) as refused:
            await peer.post_report(orjson.dumps(document()))

    assert (refused.value.reason, refused.value.may_be_request) == (word, False)


async def test_gateway_and_centre_of_one_home_need_no_setting(tmp_path: Path) -> None:
    async with opened(CENTRE, tmp_path, {}, tasks=False) as centre:
        token = centre_token(complete(LinkerSettings(), centre.url), tmp_path / gateway_token.FILE)
        async with connected(complete(LinkerSettings(), centre.url), None, lambda: token) as peer:  # type: ignore[arg-type]
            assert await peer.post_report(orjson.dumps(document())) == 201


def test_the_homes_credential_is_shown_on_this_machine_only(tmp_path: Path) -> None:
    gateway_token.made(tmp_path / "token")
    elsewhere = LinkerSettings(centre_reports_url="https://centre.example/api/reports")

    assert centre_token(complete(LinkerSettings(), "http://127.0.0.1:9"), tmp_path / "token")
    assert not centre_token(complete(elsewhere, "http://127.0.0.1:9"), tmp_path / "token")
