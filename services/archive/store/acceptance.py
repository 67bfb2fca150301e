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

_BASIC_PROFILE: Final = "113100"  # CID 7050
_REMOVED, _METHODS, _CODES, _CODE = "00120062", "00120063", "00120064", "00080100"
_MOST_INSTANCES: Final = 20_000
_HARMLESS: Final = frozenset({"date", "time", "relative_date", "age"})
"""Doubts about a text of which no Instance of a gateway would be emptied, for the profile keeps them."""


class Sender(NamedTuple):
    """Who stores. is_gateway: showed the gateways' credential.  is_own_page: a page of ours, in a browser."""

    is_gateway: bool = False
    is_own_page: bool = False


async def accepted(
    results: Sequence[Prepared | Failure], sender: Sender, deps: ArchiveDeps
) -> list[Prepared | Failure]:
    """Return the results with a Failure for each Instance that the centre does not take."""
    if deps.settings.accept == "any":
        return list(results)
    return [each if isinstance(each, Failure) else await _decided_on(each, sender, deps) for each in results]


async def _decided_on(prepared: Prepared, sender: Sender, deps: ArchiveDeps) -> Prepared | Failure:
    if sender.is_gateway:
        problem = _not_deidentified(prepared.attributes, deps.settings.accept_profiles)
    elif sender.is_own_page:
        problem = await _not_derived(prepared, deps)
    else:
        problem = "only a gateway stores here: its credential is missing"
    if not problem:
        return prepared if sender.is_gateway else _made_here(prepared)
    return Failure(NOT_AUTHORIZED, problem, prepared.record.sop_class_uid, prepared.record.sop_instance_uid)


def _made_here(prepared: Prepared) -> Prepared:
    return msgspec.structs.replace(prepared, record=msgspec.structs.replace(prepared.record, is_made_here=True))


def _not_deidentified(attributes: Json, profiles: Sequence[str]) -> str:
    if text(attributes, _REMOVED) != "YES":
        return "(0012,0062) Patient Identity Removed is not YES"
    labels = [each.removeprefix(METHOD) for each in texts(attributes, _METHODS) if each.startswith(METHOD)]
    if not any(is_of_profile(label, profiles) for label in labels):
        return "(0012,0063) De-identification Method names no known profile"
    if not any(text(each, _CODE) == _BASIC_PROFILE for each in items(attributes, _CODES)):
        return "(0012,0064) does not name the Basic Profile (113100)"
    return ""


async def _not_derived(prepared: Prepared, deps: ArchiveDeps) -> str:
    """Return why an object that a page of ours sends is not taken; empty if it is."""
    named = await asyncio.to_thread(derived.references, prepared.attributes)
    if len(named.instances) > _MOST_INSTANCES:
        return f"it refers to more than {_MOST_INSTANCES} Instances"
    studies = await deps.documents.get_many(STUDIES, sorted(named.studies))
    records = await deps.documents.get_many(INSTANCES, sorted(named.instances))
    source: Json = next((orjson.loads(inflated(each.metadata)) for each in records.values()), {})
    held = derived.Held(studies, {uid: each.study_instance_uid for uid, each in records.items()}, source)
    sop_class_uid = prepared.record.sop_class_uid
    problem = await asyncio.to_thread(derived.problem, sop_class_uid, prepared.attributes, held)
    return problem or await _identifies(derived.free_texts(prepared.attributes, source), deps)


async def _identifies(typed: Sequence[str], deps: ArchiveDeps) -> str:
    """Return why texts are not taken: somebody seems to be named, or nothing can look at them."""
    try:
        seen = await deps.cpu(all_findings, deps.text_check, typed)
    except Permanent as error:
        return f"its texts cannot be looked at: {error.reason}"
    kinds = {*seen.identifying, *seen.doubtful} - _HARMLESS
    return f"its texts may identify somebody: {', '.join(sorted(kinds))}" if kinds else ""
