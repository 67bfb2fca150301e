"""What is done with a chain again and again: days are signed, old records go, and all of it is looked at."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec

from shared import clock
from shared.audit.keys import AuditKeys
from shared.audit.log import AuditLog
from shared.audit.record import Happening, Tip, instant
from shared.audit.seals import CHECK_ID, CHECKS, LOG, SEALS, Check, Seal, signed
from shared.audit.verify import UNSEALED_DAYS, Chain, Fault, seal_faults, start_of, unsealed
from shared.audit.words import Action, EventKind
from shared.certificates.private_files import replaced
from shared.documents import Delete, Documents, Order, Range
from shared.errors import Conflict

TIP_FILE: Final = "tip.json"
TRIMMED: Final = 500


async def seals_of(documents: Documents) -> list[Seal]:
    """Return the signatures, the oldest first."""
    return await documents.find_all(SEALS, order=[Order("last")])


async def seal_days(documents: Documents, keys: AuditKeys, log: AuditLog) -> Seal | None:
    """Sign what was written before today, if it is not signed; return the new signature."""
    today, signing = instant(clock.now())[:10], keys.signing
    last = await documents.find(SEALS, order=[Order("last", descending=True)], limit=1)
    before = last.documents[0] if last.documents else None
    tip = await log.read_tip()
    record = await documents.get(LOG, f"{tip.number:015d}")
    if signing is None or record is None or record.at[:10] >= today or (before and before.last >= tip.number):
        return None
    first = before.last + 1 if before else 1
    seal = Seal(
        day=record.at[:10],
        first=first,
        last=tip.number,
        digest=tip.digest,
        sealed_at=instant(clock.now()),
        key_id=signing[0],
    )
    try:
        await documents.put(SEALS, signed(seal, signing[1]), if_version=0)
    except Conflict:  # another process did it
        return None
    return seal


async def trim(documents: Documents, keep_days: int, log: AuditLog) -> int:
    """Delete records of signed days that are older than they are kept; return how many. Signatures stay."""
    until = _day_before(keep_days)
    old = [seal for seal in await seals_of(documents) if seal.day < until]
    if not old:
        return 0
    count, end = 0, f"{old[-1].last:015d}"
    while True:
        page = await documents.find(LOG, Range("key", high=end), order=[Order("key")], limit=TRIMMED)
        if not page.documents:
            break
        await documents.write(*(Delete(LOG, each.key) for each in page.documents))
        count += len(page.documents)
    if count:
        await log.record(Happening(EventKind.AUDIT_TRIMMED, Action.DELETE, reason=f"records-until-{old[-1].day}"))
    return count


async def faults_of(
    documents: Documents, keys: AuditKeys, keep_days: int, tip_file: Path | None
) -> AsyncIterator[Fault | Check]:
    """Yield what is wrong with a chain, in the order of its records, and last what was found of it as a whole."""
    seals, first_fault = await seals_of(documents), ""
    oldest = await documents.find(LOG, order=[Order("key")], limit=1)
    first = oldest.documents[0].number if oldest.documents else (seals[-1].last + 1 if seals else 1)
    begun, fault = start_of(seals, first, _day_before(keep_days + UNSEALED_DAYS))
    faults = [fault] if fault else []
    chain, digests, named = Chain(begun), {}, {seal.last for seal in seals}
    async for record in documents.every(LOG, order=[Order("key")]):
        if broken := chain.follow(record):
            faults.append(broken)
        if record.number in named:
            digests[record.number] = record.digest
    faults += seal_faults(seals, digests, first, keys.public)
    if late := unsealed(chain.at, seals[-1] if seals else None, chain.tip, _day_before(UNSEALED_DAYS)):
        faults.append(late)
    if cut := await _cut_off(documents, chain, tip_file):
        faults.append(cut)
    for each in sorted(faults):
        first_fault = first_fault or each.what
        yield each
    right = chain.right if not faults else min(chain.right, *(each.number - 1 for each in faults))
    at = instant(clock.now())
    yield Check(id=CHECK_ID, at=at, number=max(0, right), whole_until=chain.right_at, fault=first_fault)


async def _cut_off(documents: Documents, chain: Chain, tip_file: Path | None) -> Fault | None:
    """Return that records are missing at the end, by what was noted outside of the documents."""
    noted = read_tip_file(tip_file) if tip_file is not None else None
    if noted is None:
        return None
    if noted.number > chain.tip.number:
        return Fault(chain.tip.number + 1, f"records {chain.tip.number + 1} to {noted.number} are cut off at the end")
    record = await documents.get(LOG, f"{noted.number:015d}")
    if record is not None and record.digest != noted.digest:
        return Fault(noted.number, f"record {noted.number} is not the one that this home noted")
    return None


async def note_check(documents: Documents, check: Check) -> None:
    """Keep what was found."""
    await documents.put(CHECKS, check)


def write_tip_file(path: Path, tip: Tip) -> None:
    """Note where the chain ends, beside the documents. It blocks."""
    replaced(path, msgspec.json.encode(tip))


def read_tip_file(path: Path) -> Tip | None:
    """Return where the chain ended when that was noted last; None if nothing was. It blocks."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Tip)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


def _day_before(days: int) -> str:
    return (clock.utc_now() - timedelta(days=days)).date().isoformat()
