"""Which Instances the centre takes: de-identified ones of a gateway, and what its own pages make of a Study here.

Who stores is told by a shared credential, since people have no identity here yet; what is stored says of itself how it
was de-identified. Neither proves that no name is left in it: that is the gateway's work.

Source: PS3.15 E.1.1 (what a de-identified Instance says); PS3.7 Annex C (0124, Refused: Not Authorized).
"""

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
import orjson

from services.archive.attributes import sites
from services.archive.attributes.gzip_members import inflated
from services.archive.deps import ArchiveDeps
from services.archive.records import INSTANCES, STUDIES
from services.archive.store import derived
from services.archive.store.prepare import Failure, Prepared
from shared.deidentification_mark import METHOD, is_of_profile
from shared.dicom.json_values import Json, items, text, texts
from shared.dicom.store_response import NOT_AUTHORIZED
from shared.errors import Permanent
from shared.text.free_text import all_findings
from shared.web.access import reach

OF_OTHER_GATEWAY: Final = "(0008,0080) Institution Name is no site of this gateway"
_BASIC_PROFILE: Final = "113100"  # CID 7050
_REMOVED, _METHODS, _CODES, _CODE = "00120062", "00120063", "00120064", "00080100"
_MOST_INSTANCES: Final = 20_000
_HARMLESS: Final = frozenset({"date", "time", "relative_date", "age"})
"""Doubts about a text of which no Instance of a gateway would be emptied, for the profile keeps them."""


class Sender(NamedTuple):
    """Who stores. is_gateway: showed the gateways' credential.  is_own_page: a page of ours, in a browser.

    sites: that a gateway's identity is of; empty if it shows none, as the credential that all gateways share.
    """

    is_gateway: bool = False
    is_own_page: bool = False
    sites: frozenset[str] = frozenset()


async def accepted(
    results: Sequence[Prepared | Failure], sender: Sender, deps: ArchiveDeps
) -> list[Prepared | Failure]:
    """Return the results with a Failure for each Instance that the centre does not take."""
    if deps.settings.accept == "any":
        return list(results)
    return [each if isinstance(each, Failure) else await _decided_on(each, sender, deps) for each in results]


async def _decided_on(prepared: Prepared, sender: Sender, deps: ArchiveDeps) -> Prepared | Failure:
    site: str | None = ""
    if sender.is_gateway:
        problem = _not_deidentified(prepared.attributes, deps.settings.accept_profiles)
        site = sites.delivered_by(sender.sites, prepared.record.site)
    elif sender.is_own_page:
        held = await _held(prepared, deps)
        problem = await _not_derived(prepared, held, deps)
        own = held.studies.get(prepared.record.study_instance_uid)
        site = own.site if own else ""
    else:
        problem = "only a gateway stores here: its credential is missing"
    if problem or site is None:
        detail = problem or OF_OTHER_GATEWAY
        return Failure(NOT_AUTHORIZED, detail, prepared.record.sop_class_uid, prepared.record.sop_instance_uid)
    record = msgspec.structs.replace(prepared.record, is_made_here=not sender.is_gateway, site=site)
    return msgspec.structs.replace(prepared, record=record)


def _not_deidentified(attributes: Json, profiles: Sequence[str]) -> str:
    if text(attributes, _REMOVED) != "YES":
        return "(0012,0062) Patient Identity Removed is not YES"
    labels = [each.removeprefix(METHOD) for each in texts(attributes, _METHODS) if each.startswith(METHOD)]
    if not any(is_of_profile(label, profiles) for label in labels):
        return "(0012,0063) De-identification Method names no known profile"
    if not any(text(each, _CODE) == _BASIC_PROFILE for each in items(attributes, _CODES)):
        return "(0012,0064) does not name the Basic Profile (113100)"
    return ""


async def _held(prepared: Prepared, deps: ArchiveDeps) -> derived.Held:
    """Return what is here, and within the reach of who sends, of what an object refers to."""
    named = await asyncio.to_thread(derived.references, prepared.attributes)
    if len(named.instances) > _MOST_INSTANCES:
        return derived.Held({}, {}, {}, problem=f"it refers to more than {_MOST_INSTANCES} Instances")
    studies = await deps.documents.get_many(STUDIES, sorted(named.studies))
    reached = {uid: each for uid, each in studies.items() if reach.current().holds(each.only_site)}
    known = (await deps.documents.get_many(INSTANCES, sorted(named.instances))).items()
    records = {uid: each for uid, each in known if each.study_instance_uid in reached}
    source: Json = next((orjson.loads(inflated(each.metadata)) for each in records.values()), {})
    return derived.Held(reached, {uid: each.study_instance_uid for uid, each in records.items()}, source)


async def _not_derived(prepared: Prepared, held: derived.Held, deps: ArchiveDeps) -> str:
    """Return why an object that a page of ours sends is not taken; empty if it is."""
    if held.problem:
        return held.problem
    problem = await asyncio.to_thread(derived.problem, prepared.record.sop_class_uid, prepared.attributes, held)
    return problem or await _identifies(derived.free_texts(prepared.attributes, held.source), deps)


async def _identifies(typed: Sequence[str], deps: ArchiveDeps) -> str:
    """Return why texts are not taken: somebody seems to be named, or nothing can look at them."""
    try:
        seen = await deps.cpu(all_findings, deps.text_check, typed)
    except Permanent as error:
        return f"its texts cannot be looked at: {error.reason}"
    kinds = {*seen.identifying, *seen.doubtful} - _HARMLESS
    return f"its texts may identify somebody: {', '.join(sorted(kinds))}" if kinds else ""
