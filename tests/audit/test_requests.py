"""What requests of a running system leave in the trail: who, what, how it ended, and no value of a patient."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from services.__main__ import SERVICES
from shared.audit.log import AuditLog
from shared.audit.names import keyed
from shared.audit.record import AuditRecord
from shared.audit.seals import LOG
from shared.audit.words import AuditClass
from shared.documents import Documents, Order
from shared.errors import Unavailable
from shared.runtime.host import Hosting, hosted
from shared.service import Role
from shared.web.access.table import TABLE
from tests.audit.chains import read_of
from tests.web.identity.provider import Provider, provider

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
PATHS = (
    "/dicom-web/studies/{}",
    "/dicom-web/studies/{}/series",
    "/dicom-web/studies/{}/instances",
    "/dicom-web/wado?requestType=WADO&studyUID={0}&seriesUID={0}&objectUID={0}",
    "/cases/{}",
    "/api/cases/{}",
    "/api/reports/{}",
    "/api/reports/{}/history",
    "/api/links?study={}",
    "/gateway/quarantine/{}",
    "/gateway/reports/{}",
    "/ingest/receipts/{}",
    "/ingest/pulls/{}",
)
ROUTES = ("recalls", "withdrawals")
PLANTED = ("YAMADA^TARO", "19500102", "0012345678", "1.2.392.200036.9116.2.6.1.48")


class System:
    """A process of all services that asks everybody, and its trails."""

    def __init__(self, own: Provider, session: aiohttp.ClientSession, logs: dict[Role, AuditLog], home: Path) -> None:
        self.provider, self.session, self.logs, self.home = own, session, logs, home
        self.documents: dict[Role, Documents] = {}

    async def asked(self, method: str, path: str, role: str = "", site: str = "tokyo", **more: object) -> int:
        headers = self.provider.bearer(roles=[role], sites=[site]) if role else {}
        given = {"headers": headers | dict(more.pop("headers", {})), **more}  # type: ignore[call-overload]
        async with self.session.request(method, path, allow_redirects=False, **given) as answer:
            await answer.read()
            return answer.status

    async def newest(self, role: Role = Role.CENTRE) -> AuditRecord:
        assert await self.logs[role].flush()
        page = await self.documents[role].find(LOG, order=[Order("key", descending=True)], limit=1)
        return page.documents[0]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    home = tmp_path_factory.mktemp("audited")
    async with provider() as own:
        environ = own.environ(JMID_INGEST_DIMSE_PORT="0")
        hosting = Hosting(services=SERVICES, every=SERVICES, home=home, site="tokyo", environ=environ)
        async with hosted(hosting) as host, aiohttp.ClientSession(host.base_url) as session:
            running = System(own, session, host.audit, home)
            running.documents = {role: ports.documents for role, ports in host.ports.items()}
            yield running


async def test_a_search_is_recorded_without_what_was_searched_for(system: System) -> None:
    status = await system.asked("GET", f"/dicom-web/studies?PatientName={PLANTED[0]}", "radiologist")

    record = await system.newest()
    assert status == 200
    assert (record.kind, record.action, record.outcome) == ("query", "E", "success")
    assert (record.permission, record.route) == ("search", "GET /dicom-web/studies")
    assert record.subject
    assert (record.roles, record.address) == (("radiologist",), "127.0.0.1")
    assert record.objects == ()


async def test_what_was_not_found_is_named_by_a_keyed_hash_that_whoever_knows_it_can_make(system: System) -> None:
    status = await system.asked("GET", f"/dicom-web/studies/{PLANTED[3]}/metadata", "radiologist")

    record = await system.newest()
    key = (system.home / "centre" / "audit" / "names.key").read_bytes()
    assert status == 404
    assert (record.kind, record.outcome, record.reason) == ("retrieve", "failed", "http-404")
    assert record.objects == (keyed("study", PLANTED[3], key),)


@pytest.mark.parametrize(
    ("role", "site", "path", "place", "reason"),
    [
        ("operator", "tokyo", "/dicom-web/studies", Role.CENTRE, "no-role"),
        ("privacy-officer", "osaka", "/gateway/quarantine", Role.GATEWAY, "other-site"),
        ("", "", "/api/cases", Role.CENTRE, "not-signed-in"),
    ],
)
async def test_a_refusal_is_recorded_at_the_place_that_refused(
    system: System, role: str, site: str, path: str, place: Role, reason: str
) -> None:
    status = await system.asked("GET", path, role, site)

    record = await system.newest(place)
    assert status in (401, 403)
    assert (record.outcome, record.reason, record.route) == ("refused", reason, f"GET {path}")
    assert bool(record.subject) is bool(role)


async def test_a_token_that_is_not_good_is_a_refusal_with_the_reason(system: System) -> None:
    status = await system.asked("GET", "/api/cases", headers={"Authorization": "Bearer no-token"})

    record = await system.newest()
    assert status == 401
    assert (record.outcome, record.reason, record.subject) == ("refused", "not-a-signed-token", "")


async def test_a_change_is_in_the_trail_before_its_answer_and_one_that_failed_soon_after(system: System) -> None:
    status = await system.asked("POST", "/api/pins", "radiologist", json={"study": "2.25.7", "reason": "teaching"})

    page = await system.documents[Role.CENTRE].find(LOG, order=[Order("key", descending=True)], limit=1)
    if status < 400:
        assert (page.documents[0].kind, page.documents[0].outcome) == ("change", "success")
    await system.asked("POST", "/api/pins", "radiologist", data=b"{")
    record = await system.newest()
    assert (record.kind, record.outcome) == ("change", "failed")


async def test_what_a_body_names_is_named_and_of_many_how_many_more(system: System) -> None:
    made = [f"2.25.{10**34 + number}" for number in range(20)]
    key = (system.home / "centre" / "audit" / "names.key").read_bytes()

    recalled = await system.asked("POST", "/api/recalls", "radiologist", json={"study_instance_uid": made[0]})
    foreign = await system.asked("POST", "/api/recalls", "radiologist", json={"study_instance_uid": "1.2.840.7"})
    many = {"withdrawal_id": "w-1", "site": "tokyo", "patient_ids": ["0" * 32], "study_instance_uids": made}
    withdrawn = await system.asked("POST", "/api/withdrawals", "service", json=many)

    records = [each async for each in system.documents[Role.CENTRE].every(LOG)]
    objects = {route: [each.objects for each in records if each.route == f"POST /api/{route}"] for route in ROUTES}
    assert (recalled, foreign, withdrawn) == (201, 201, 202)
    assert objects["recalls"] == [(f"study:{made[0]}",), (keyed("study", "1.2.840.7", key),)]
    assert objects["withdrawals"] == [("withdrawal:w-1", *(f"study:{uid}" for uid in made[:6]), "more:14")]


async def test_while_nothing_can_be_recorded_data_is_refused_and_the_process_is_not_ready(system: System) -> None:
    log, documents = system.logs[Role.CENTRE], system.documents[Role.CENTRE]
    write = documents.write

    async def full(*operations: Any) -> None:
        if operations[0].collection is LOG:
            raise OSError
        await write(*operations)

    documents.write = full  # type: ignore[method-assign]
    try:
        log.note(read_of("study:2.25.4711"))
        assert not await log.flush()
        refused = await system.asked("GET", "/dicom-web/studies", "radiologist")
        alive = await system.asked("GET", "/-/live")
        ready = await system.asked("GET", "/-/ready")
        with pytest.raises(Unavailable):
            log.check()
    finally:
        documents.write = write  # type: ignore[method-assign]
    assert await log.flush()

    assert (refused, alive, ready) == (503, 200, 503)


async def test_no_planted_value_is_in_any_byte_of_the_store(system: System) -> None:
    for value in PLANTED:
        for path in (pattern.format(value) for pattern in PATHS):
            await system.asked("GET", path, "radiologist")
            await system.asked("GET", path, "privacy-officer")
        await system.asked("POST", "/api/recalls", "radiologist", json={"study_instance_uid": value, "site": value})
        await system.asked("POST", "/api/diagnoses", "radiologist", json={"report_id": value, "note": value})
        await system.asked("GET", f"/api/cases?q={value}", "radiologist", headers={"traceparent": value})
        await system.asked("GET", f"/dicom-web/studies?StudyInstanceUID={value}", "radiologist")
        await system.asked("POST", f"/ingest/dicom-web/studies/{value}", "site-sender", data=value.encode())
        await system.asked("POST", "/ingest/reports", "site-sender", data=value.encode())
        await system.asked("GET", "/api/cases", headers={"Authorization": f"Bearer {value}", "X-Forwarded-For": value})
    await asyncio.gather(*(log.flush(every=True) for log in system.logs.values()))

    every = [each for store in system.documents.values() for each in await store.find_all(LOG)]

    assert len(every) > 20
    for record in every:
        held = b"".join(str(getattr(record, field)).encode() for field in record.__struct_fields__)
        assert not [value for value in PLANTED if value.encode() in held], record


async def test_each_rule_says_what_it_is_audited_as_and_only_what_shows_no_patient_as_nothing() -> None:
    unaudited = {rule.permission.value for rule in TABLE.rules if rule.audit is AuditClass.NONE}

    assert unaudited == {"public", "view", "read-metrics"}
