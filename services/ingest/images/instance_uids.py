"""Identity and integrity of an Instance: all that ingest understands of it."""

import asyncio
from collections.abc import Sequence

import msgspec

from services.ingest.receipts.receiving import Bytes, not_handled
from services.ingest.rules.facts import TAGS, Facts, instance_facts
from shared.dicom import elements, file_format
from shared.dicom.elements import Buffer, Element
from shared.dicom.uid import is_uid
from shared.errors import Invalid, TooCostly
from shared.service import Cpu

_SOP_CLASS, _SOP_INSTANCE, _STUDY, _SERIES = 0x00080016, 0x00080018, 0x0020000D, 0x0020000E
_NAMES = {
    _SOP_CLASS: "SOP Class UID",
    _SOP_INSTANCE: "SOP Instance UID",
    _STUDY: "Study Instance UID",
    _SERIES: "Series Instance UID",
}


class InstanceUids(msgspec.Struct, frozen=True):
    """The UIDs of one Instance, and what the collection rules may ask about it, where it was asked for."""

    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str
    facts: Facts | None = None


Read = InstanceUids | Invalid


async def identify_all(batch: Sequence[Bytes], cpu: Cpu, *, with_facts: bool) -> list[Read]:
    """Return for each Instance its UIDs, or why it cannot be read; a deflated one is read in a worker with limits."""
    deflated = [file_format.is_deflated(data) for data in batch]
    plain = [data for data, is_so in zip(batch, deflated, strict=True) if not is_so]
    results = iter(await asyncio.to_thread(lambda: [_identified(data, with_facts) for data in plain]))
    return [
        await _identified_in_worker(data, cpu, with_facts) if is_so else next(results)
        for data, is_so in zip(batch, deflated, strict=True)
    ]


async def _identified_in_worker(data: Bytes, cpu: Cpu, with_facts: bool) -> Read:
    try:
        return await cpu(_identified, bytes(data), with_facts)
    except TooCostly as error:
        return Invalid(error.reason, error.detail)


def _identified(data: Buffer, with_facts: bool) -> Read:
    try:
        return identify(data, with_facts=with_facts)
    except Invalid as error:
        return error
    except Exception as error:
        return not_handled(error)


def identify(data: Buffer, *, with_facts: bool = False) -> InstanceUids:
    """Walk the whole Data Set, so that a truncated one is noticed; raise Invalid with a reason otherwise."""
    file = file_format.split(data)
    uids: dict[int, str] = {}
    asked: dict[int, Element] = {}
    tags = TAGS if with_facts else frozenset[int]()
    for element, _ in elements.walk(file.data, file.start, len(file.data), file.syntax):
        if element.tag in _NAMES:
            uids[element.tag] = elements.text(file.data[element.value : element.end])
        elif element.tag in tags:
            asked[element.tag] = element
    wrong = [name for tag, name in _NAMES.items() if not is_uid(uids.get(tag, ""))]
    if wrong:
        raise Invalid("bad-uid", f"{', '.join(wrong)}: missing or no valid UID (PS3.5 9.1)")
    facts = instance_facts(file, asked) if with_facts else None
    return InstanceUids(uids[_SOP_CLASS], uids[_SOP_INSTANCE], uids[_STUDY], facts)
