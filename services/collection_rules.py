"""``jmid rules show`` and ``jmid rules try``: the collection rules in force, and what others would do with a sample.

Nothing is changed. Exit code 2: a file of rules that cannot be used.
"""

import asyncio
import math
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from services.command_line import HomeOption, ports_of, run_work
from services.ingest.images.instance_uids import identify
from services.ingest.receipts.records import ARRIVALS, COLLECTIONS, INSTANCES, RECEIPTS, REPORT, Arrival, Receipt
from services.ingest.reports.bundle import bundle_of
from services.ingest.reports.cda.document import cda_report
from services.ingest.reports.fhir.document import fhir_bundles
from services.ingest.reports.hl7.message import segments_of
from services.ingest.reports.hl7.report import hl7_reports
from services.ingest.rules.decision import Sent
from services.ingest.rules.facts import Facts, report_facts
from services.ingest.rules.rule_file import Rule, RuleSet, read_rules, rules_in_force
from services.ingest.rules.trial import MOST_EXAMPLES, Trial
from services.ingest.settings import IngestSettings
from shared.blobs import Blobs
from shared.console import console
from shared.dicom import file_format
from shared.documents import Range
from shared.errors import JmidError, SettingsError
from shared.service import Role
from shared.settings import read
from shared.site.times import site_time_of

out = console()


def rules_commands() -> typer.Typer:
    """Return the commands."""
    commands = typer.Typer(help="What this site collects.", no_args_is_help=True)

    @commands.command()
    def show() -> None:
        """Show the rules that JMID_INGEST_RULES names."""
        _show(_in_force())

    @commands.command("try")
    def try_rules(
        rules: Annotated[Path, typer.Argument(help="A TOML file of rules.")],
        folder: Annotated[Path | None, typer.Argument(help="A folder of Instances and reports.")] = None,
        receipts: Annotated[str, typer.Option(help="A day, YYYY-MM-DD: what came on it and is still here.")] = "",
        sender: Annotated[str, typer.Option(help="Of a folder: the calling AE title it would come from.")] = "",
        manual: Annotated[bool, typer.Option(help="Of a folder: whether a person chose it.")] = False,
        home: HomeOption = Path("jmid-home"),
    ) -> None:
        """Try rules on a folder of Instances and reports, or on what came on a day; nothing is changed."""
        if (folder is None) == (not receipts):
            raise typer.BadParameter("give a folder, or --receipts DAY", param_hint="FOLDER")
        trial = Trial(read_rules(rules), _in_force())
        if folder is not None:
            unread = _try_folder(trial, folder, Sent(INSTANCES, sender, manual))
        else:
            unread = run_work(_try_day(trial, home, _day(receipts)))
        _report(trial, unread)

    return commands


def _in_force() -> RuleSet:
    return rules_in_force(read(IngestSettings, "INGEST", os.environ))


def _show(rules: RuleSet) -> None:
    if not rules.version:
        out.print("JMID_INGEST_RULES names no file: everything is collected")
        return
    table = Table("rule", "does", "asks for", "why")
    for rule in rules.rules:
        table.add_row(rule.name, rule.action, _asked(rule), rule.reason)
    table.add_row("default", rules.default, "of reports: " + rules.default_reports, "")
    out.print(f"version {rules.version}")
    out.print(table)


def _asked(rule: Rule) -> str:
    fields = [name for name in rule.__struct_fields__ if name not in ("name", "action", "reason")]
    asked = {name: getattr(rule, name) for name in fields if getattr(rule, name) not in (None, ())}
    shown = {name: ", ".join(value) if isinstance(value, tuple) else str(value) for name, value in asked.items()}
    return "; ".join(f"{name} {value}" for name, value in shown.items()) or "everything"


def _day(text: str) -> tuple[float, float]:
    """Return the begin of a day at the site and of the next one, seconds since 1970."""
    site_time = site_time_of(os.environ)
    try:
        return site_time.bounds(text)
    except ValueError as error:
        raise typer.BadParameter("a day is YYYY-MM-DD", param_hint="--receipts") from error


def _try_folder(trial: Trial, folder: Path, sent: Sent) -> dict[str, int]:
    unread = 0
    for path in _files(folder):
        try:
            contents = _contents(path.read_bytes())
        except Exception:  # whatever is wrong with one file is that file's
            unread += 1
            continue
        for kind, facts in contents:
            trial.add(msgspec.structs.replace(sent, kind=kind), facts)
    return {"files are no Instance or report that could be read": unread}


def _contents(data: bytes) -> list[tuple[str, Facts]]:
    """Return kind and facts of what a file holds: an Instance, or reports. Raises Invalid."""
    if file_format.has_preamble(data):
        return [(INSTANCES, identify(data, with_facts=True).facts or Facts())]
    start = data.lstrip()[:4]
    if start == b"MSH|":
        bundles = [bundle_of(report) for report in hl7_reports(segments_of(data))]
    elif start[:1] == b"<":
        bundles = [bundle_of(cda_report(data))]
    else:
        bundles = fhir_bundles(data)
    return [(REPORT, report_facts(each)) for each in bundles]


def _files(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        raise SettingsError(f"{folder} is no folder")
    yield from sorted(path for path in folder.rglob("*") if path.is_file())


async def _try_day(trial: Trial, home: Path, bounds: tuple[float, float]) -> dict[str, int]:
    unread = left = 0
    async with ports_of(Role.GATEWAY, home, ("identified",)) as ports:
        await ports.documents.declare(*COLLECTIONS)
        during = Range("at", bounds[0], math.nextafter(bounds[1], 0.0))  # a Range has both its ends
        receipts: dict[str, Receipt] = {}
        async for receipt in ports.documents.every(RECEIPTS, during):
            left += sum(receipt.not_collected.values())
        async for arrival in ports.documents.every(ARRIVALS, during):
            if arrival.receipt_id not in receipts:
                receipts |= await ports.documents.get_many(RECEIPTS, [arrival.receipt_id])
            facts = await _facts(ports.blobs["identified"], arrival)
            if facts is None:
                unread += 1
                continue
            receipt_of = receipts.get(arrival.receipt_id)
            sent = Sent(arrival.kind, receipt_of.sender, receipt_of.manual) if receipt_of else Sent(arrival.kind)
            trial.add(sent, facts)
    return {
        "contents of the day could not be read, or are no longer here": unread,
        "contents of the day were not collected: no byte of them is here, they were not tried": left,
    }


async def _facts(blobs: Blobs, arrival: Arrival) -> Facts | None:
    try:
        data = await blobs.get(arrival.blob)
        if arrival.kind == INSTANCES:
            return (await asyncio.to_thread(partial(identify, data, with_facts=True))).facts
        return await asyncio.to_thread(report_facts, data)
    except (JmidError, ValueError):
        return None


def _report(trial: Trial, unread: dict[str, int]) -> None:
    table = Table("rule", "collected", "left out", "such as")
    for name, tally in trial.rows():
        examples = ", ".join(f"{what} ({count})" for what, count in tally.examples.most_common(MOST_EXAMPLES))
        table.add_row(name, str(tally.collected), str(tally.left), examples)
    out.print(f"{trial.contents} contents by {trial.tried.version}; in force: {trial.in_force.version or 'no rules'}")
    out.print(table)
    for (old, new), count in sorted(trial.changes.items()):
        out.print(f"{count} now {old} would be {new}", soft_wrap=True)
    if not trial.changes:
        out.print("Nothing of the sample would fare otherwise than by the rules in force", soft_wrap=True)
    for what, count in unread.items():
        if count:
            out.print(f"{count} {what}", soft_wrap=True)
