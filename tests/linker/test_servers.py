"""Both linkers on MongoDB's protocol: the same results as on the embedded documents."""

import asyncio
from pathlib import Path

import orjson
import pytest

from services.linker.gateway.records import DELIVERIES
from services.linker.reports import document as form
from services.linker.service import CENTRE, GATEWAY
from shared.documents import Eq
from shared.documents.mongo import open_mongo
from shared.events import CaseChanged, Event
from tests.linker.samples import document, instances, packed, report, uid
from tests.linker.system import Archive, gateway_environ, keep, opened, until
from tests.servers.mongodb import MongoDB
from tests.servers.web import served

STUDY, OTHER = uid(1), uid(2)

pytestmark = pytest.mark.servers


@pytest.mark.parametrize("driver", ["motor", "pymongo"])
async def test_events_at_once_and_twice_link_and_are_delivered(
    tmp_path: Path, mongodb: MongoDB, mongo_database: str, driver: str
) -> None:
    archive = Archive()
    texts = [document(f"R{n}", text=f"Report {n}.") for n in range(4)]
    events: list[Event] = [instances(STUDY, 2, first=1 + 2 * n) for n in range(4)]
    events += [report(text, receipt=f"r{n}") for n, text in enumerate(texts)]
    store = open_mongo(mongodb.uri, mongo_database, driver=driver)
    async with (
        served(archive.application()) as url,
        opened(GATEWAY, tmp_path, gateway_environ(url), store=store) as gateway,
    ):
        await keep(gateway.blobs["deidentified"], *events, documents=texts)

        await asyncio.gather(*(gateway.take(event) for event in events))
        await gateway.take(*events[:3])

        async def done() -> bool:
            return await gateway.documents.count(DELIVERIES, Eq("state", "done")) == 8

        await until(done, 30)
        assert len(archive.stored) == 8
        last = {each["id"]: form.read(orjson.dumps(each))[1].studies for each in archive.reports}
        assert last == {f"R{n}": (STUDY,) for n in range(4)}
        assert len((await gateway.get("/api/gateway/links?state=linked"))["links"]) == 4


async def test_the_centre_stores_links_and_tells(tmp_path: Path, mongodb: MongoDB, mongo_database: str) -> None:
    store = open_mongo(mongodb.uri, mongo_database)
    async with opened(CENTRE, tmp_path, {}, store=store) as centre:
        for study, link, status in ((OTHER, "accession", 201), (STUDY, "by-hand", 200)):
            data, sha256 = packed(document())
            linked = orjson.loads(form.compose(data, sha256, [study], link))
            await centre.post("/api/reports", linked, status, "application/fhir+json")

        (change,) = (await centre.get("/api/reports/changes"))["changes"]

        assert (change["study_instance_uids"], change["touched"]) == ([STUDY], [STUDY, OTHER])
        await until(lambda: {e.study_instance_uid for e in centre.of(CaseChanged)} == {STUDY, OTHER}, 30)
