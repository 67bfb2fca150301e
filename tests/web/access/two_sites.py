"""A process that asks everybody, with a Study, a report, a diagnosis and an annotation of each of two sites in it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from services.__main__ import SERVICES
from services.linker.reports import document as form
from shared.fhir.systems import ICD_10
from shared.runtime.host import Hosting, hosted
from tests.archive.store.test_acceptance import deidentified, store
from tests.linker.samples import document, packed
from tests.web.identity.provider import Provider, provider

HERE, THERE = "osaka", "nagoya"
"""Whoever asks in a test is of HERE and asks for what is of THERE."""


NOT_OF_A_SITE = {"GET /-/language/{language}", "GET /-/theme/{theme}", "GET /viewer/{path}"}
NOT_OF_A_SITE |= {"DELETE /api/searches/{search_id}", "GET /api/searches/{search_id}/feed"}
"""Routes whose path names nothing that belongs to a site."""
_DIAGNOSES: dict[str, str] = {}
"""The id that the centre gave the diagnosis of a site."""


@dataclass(frozen=True)
class Data:
    """The ids of what is of one site. mark: a word that stands in all of it, and nowhere else."""

    site: str
    number: int
    mark: str

    @property
    def study(self) -> str:
        return f"2.25.{self.number}"

    @property
    def series(self) -> str:
        return f"2.25.{self.number}1"

    @property
    def instance(self) -> str:
        return f"2.25.{self.number}11"

    @property
    def report(self) -> str:
        return f"report-of-{self.number}"

    @property
    def patient(self) -> str:
        return f"patient-of-{self.number}"

    @property
    def ids(self) -> dict[str, str]:
        """The value of each part of a path, by the name that routes have for it."""
        return {
            "study": self.study,
            "series": self.series,
            "instance": self.instance,
            "frames": "1",
            "path": "7FE00010",
            "case_id": self.study,
            "report_id": self.report,
            "patient_id": self.patient,
            "receipt_id": self.report,
            "pull_id": self.report,
            "blob": self.instance,
            "frame": "1",
            "day": "2026-11-28",
            "opt_out": self.report,
            "withdrawal": self.report,
            "diagnosis": _DIAGNOSES.get(self.site, self.report),
        }

    def told_by(self, body: bytes) -> list[str]:
        """Return what of this data an answer tells."""
        values = (self.study, self.series, self.instance, self.report, self.mark, self.site)
        return [value for value in values if value.encode() in body]


OURS, THEIRS, NOBODYS = Data(HERE, 4711, "Kaede"), Data(THERE, 8822, "Sakura"), Data("", 6633, "")


@dataclass(frozen=True)
class Answer:
    """status, headers and body of an answer."""

    status: int
    headers: dict[str, str]
    body: bytes


class Sites:
    """The running process. session: of nobody, with tokens of the issuer for each request."""

    def __init__(self, issuer: Provider, session: aiohttp.ClientSession) -> None:
        self.issuer, self.session = issuer, session

    def bearer(self, *roles: str, site: str = HERE) -> dict[str, str]:
        return self.issuer.bearer(sub=f"{site} {roles}", roles=list(roles), sites=[site])

    async def ask(self, route: str, headers: dict[str, str], **more: Any) -> Answer:
        method, _, path = route.partition(" ")
        async with self.session.request(method, path, headers=headers, allow_redirects=False, **more) as answer:
            return Answer(answer.status, dict(answer.headers), await answer.read())

    async def deliver(self, data: Data) -> None:
        """Send everything of a site as its gateway, and have a radiologist write about it."""
        gateway, person = self.bearer("service", site=data.site), self.bearer("radiologist")
        instance = deidentified(
            SOPInstanceUID=data.instance,
            SeriesInstanceUID=data.series,
            StudyInstanceUID=data.study,
            StudyDescription=f"CT {data.mark}",
            SeriesDescription=f"axial {data.mark}",
            AccessionNumber=data.mark,
            InstitutionName=data.site,
        )
        assert (await store(self.session, instance, **gateway))[0] == 200
        report = document(data.report, text=f"No finding. {data.mark}")
        report["meta"]["source"] = f"urn:jmid:site:{data.site}"
        report["subject"]["identifier"]["value"] = data.patient
        body, sha256 = packed(report)
        linked = form.compose(body, sha256, (data.study,), "accession")
        kind = {"Content-Type": "application/fhir+json"}
        assert (await self.ask("POST /api/reports", {**gateway, **kind}, data=linked)).status == 201
        diagnosis = {"study_instance_uids": [data.study], "system": ICD_10, "code": "C34.1"}
        geometry = {"shape": "point", "points": [[1.0, 2.0]]}
        annotation = {
            "study_instance_uid": data.study,
            "series_instance_uid": data.series,
            "sop_instance_uid": data.instance,
            "geometry": geometry,
        }
        recorded = await self.ask("POST /api/diagnoses", person, json=diagnosis)
        assert recorded.status == 201
        _DIAGNOSES[data.site] = orjson.loads(recorded.body)["id"]
        assert (await self.ask("POST /api/annotations", person, json=annotation)).status == 201

    async def indexed(self) -> None:
        """Return when search shows both cases whole."""
        async with asyncio.timeout(120):
            while True:
                answer = await self.ask("GET /api/cases", self.bearer("radiologist"))
                cases = orjson.loads(answer.body)["cases"] if answer.status == 200 else []
                if len(cases) == 2 and all(each["report_ids"] and each["diagnoses"] for each in cases):
                    return
                await asyncio.sleep(0.1)


@asynccontextmanager
async def two_sites(home: Path) -> AsyncIterator[Sites]:
    """Yield the process, with everything delivered and found by search."""
    async with provider() as issuer:
        environ = issuer.environ(
            JMID_INGEST_DIMSE_PORT="0", JMID_ACCESS_RATE="10000", JMID_ACCESS_BURST="10000", JMID_SEARCH_POLL_S="0.1"
        )
        hosting = Hosting(services=SERVICES, every=SERVICES, home=home, site="centre", environ=environ)
        async with hosted(hosting) as host, aiohttp.ClientSession(host.base_url) as session:
            sites = Sites(issuer, session)
            for data in (OURS, THEIRS):
                await sites.deliver(data)
            await sites.indexed()
            yield sites
