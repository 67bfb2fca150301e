"""The audit log: what was done, by whom and when, found by time, subject, kind and actor; and nothing of a patient."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from aiohttp import web
from typer.testing import CliRunner, Result

from services.__main__ import app
from services.anonymizer.audit import export, search
from services.anonymizer.audit.entries import Entry, EntryKind
from services.anonymizer.audit.export import Format
from services.anonymizer.audit.routes import audit_routes
from services.anonymizer.audit.search import wanted_of
from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.instances.handler import deidentify_instances
from services.anonymizer.pseudonyms.keys import Keyring
from services.anonymizer.pseudonyms.vault import VAULT_READS, VaultRead, reidentify
from services.anonymizer.quarantine import images
from services.anonymizer.records import COLLECTIONS
from shared.bus import Bus
from shared.errors import Invalid
from shared.events import InstancesReceived
from shared.runtime.ports import open_ports, port_settings
from shared.service import Role
from tests.anonymizer.instances.planted import ct
from tests.anonymizer.instances.test_handler import deps, received
from tests.anonymizer.quarantine.site import Site, open_site
from tests.anonymizer.quarantine.test_images import picture

__all__ = ["deps"]


@pytest.fixture
async def site(deps: AnonymizerDeps, tmp_path: Path) -> AsyncIterator[Site]:
    def pages(bus: Bus) -> list[web.AbstractRouteDef]:
        return [*audit_routes(deps), *images.review_routes(deps, bus)]

    async with open_site(tmp_path, InstancesReceived, pages) as opened:
        yield opened


@pytest.fixture
async def subject(deps: AnonymizerDeps, site: Site) -> str:
    """Let an Instance pass, decide about two others, read the vault; return the patient's pseudonym."""
    plain, waits = await received(deps, ct("utf-8").data), await received(deps, picture(1), picture(2))
    await deidentify_instances(plain, deps)
    await deidentify_instances(waits, deps)
    for blob, form in (
        (waits.blobs[0], {"decision": "reject"}),
        (waits.blobs[1], {"decision": "mask", "scope": "device"}),
    ):
        data = {"by": "Officer", "boxes": "0,0,8,2", **form}
        async with site.session.post(f"{site.url}/{blob}", data=data, allow_redirects=False) as answer:
            assert answer.status == 303
    pseudonym = (await entries(deps, kind="instance"))[0].subject
    read = VaultRead(
        "1", pseudonym, "Officer", "Second", "asked by 佐藤健さん himself", "2026-04-01T09:00:00.000+00:00"
    )
    await reidentify(deps.documents, Keyring((deps.policy.keys,)), read, two_persons=True)
    return pseudonym


async def entries(deps: AnonymizerDeps, **asked: str) -> list[Entry]:
    return [each async for each in search.found(deps.documents, wanted_of(asked))]


async def test_what_was_cleaned_without_the_analyser_says_so(deps: AnonymizerDeps) -> None:
    rules_only = replace(deps, policy=deps.policy._replace(analyse=False))
    event = msgspec.structs.replace(await received(deps, ct("utf-8").data), resent=True)
    await deidentify_instances(event, rules_only)
    before = [each.profile for each in await entries(deps, kind="instance")]

    await deidentify_instances(event, deps)  # sent again to a gateway that has it: made anew

    assert before == ["jmid/3 rules-only"]
    assert [each.profile for each in await entries(deps, kind="instance")] == ["jmid/3"]


async def test_everything_is_found_newest_first_and_by_each_filter(deps: AnonymizerDeps, subject: str) -> None:
    every = await entries(deps)

    assert [each.at for each in every] == sorted((each.at for each in every), reverse=True)
    assert {each.kind for each in every} == {"instance", "decision", "rule", "vault-read"}
    assert {each.kind for each in await entries(deps, actor="Officer")} == {"decision", "rule", "vault-read"}
    assert {each.kind for each in await entries(deps, actor="anonymizer")} == {"instance"}
    assert {each.kind for each in await entries(deps, subject=subject)} >= {"instance", "vault-read"}
    assert {each.subject for each in await entries(deps, subject=subject)} == {subject}
    assert [each.kind for each in await entries(deps, since="2026-04-01", until="2026-04-01")] == ["vault-read"]
    assert await entries(deps, until="2020-01-01") == []


async def test_the_export_holds_no_patients_value(deps: AnonymizerDeps, site: Site, subject: str) -> None:
    address = f"{site.url}".replace("/gateway/quarantine", "")
    texts = []
    for path in ("/api/gateway/audit", "/api/gateway/audit?format=csv", "/gateway/audit"):
        async with site.session.get(address + path) as answer:
            assert answer.status == 200
            texts.append(await answer.text())

    rows = [msgspec.json.decode(line) for line in texts[0].splitlines()]
    table = list(csv.DictReader(io.StringIO(texts[1])))
    assert len(rows) == len(table) == len(await entries(deps))
    assert [row["second"] for row in rows if row["kind"] == "vault-read"] == ["Second"]
    assert not [text for text in texts if "佐藤" in text or "SATO" in text.upper().replace("SATOSHI", "")]


@pytest.mark.parametrize("query", [{"kind": "secret"}, {"since": "yesterday"}])
def test_a_filter_that_is_none_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        wanted_of(query)


def test_a_cell_is_no_formula() -> None:
    entry = Entry(at="2026-04-01", kind=EntryKind.RULE, action="active", actor="=1+1")

    assert "'=1+1" in export.line(entry, Format.CSV)


async def _filled(home: Path) -> None:
    async with open_ports(port_settings(Role.GATEWAY, {}), Role.GATEWAY, home / "gateway", (), {}) as ports:
        await ports.documents.declare(*COLLECTIONS)
        await ports.documents.put(
            VAULT_READS, VaultRead("1", "PSEUDO-A", "Officer", "", "recall", "2026-04-01T09:00:00")
        )


def test_the_command_lists_and_writes_what_is_asked_for(tmp_path: Path) -> None:
    home, target = tmp_path / "home", tmp_path / "audit.csv"
    asyncio.run(_filled(home))

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["deid", "log", *arguments, "--home", str(home)])

    listed, nothing, wrong = run("search"), run("search", "--actor", "Nobody"), run("search", "--kind", "secret")
    exported = run("export", "--format", "csv", "--to", str(target))

    assert [each.exit_code for each in (listed, nothing, wrong, exported)] == [0, 0, 2, 0]
    assert "vault-read  read  Officer  PSEUDO-A  recall" in listed.output
    assert "no such entry" in nothing.output
    assert [row["subject"] for row in csv.DictReader(target.open(encoding="utf-8"))] == ["PSEUDO-A"]
