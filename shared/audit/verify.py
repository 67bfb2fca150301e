"""Whether a chain is whole: each record follows from the one before, no number is missing, each day is signed. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from shared.audit.record import AuditRecord, Tip, digest_of
from shared.audit.seals import Seal, is_signed, tip_of

UNSEALED_DAYS: Final = 2
"""A record of a day that lies so far back has to be under a signature."""


class Fault(NamedTuple):
    """What is wrong. number: of the first record that it is about."""

    number: int
    what: str


class Chain:
    """Follows the records of a chain in their order. begun: where it starts; None takes the first record's place.

    A record that is broken is named once: what follows it is compared with what it says of itself.
    """

    def __init__(self, begun: Tip) -> None:
        self.tip, self.at = begun, ""
        self.right = begun.number
        self.right_at = ""
        self._is_right = True

    def follow(self, record: AuditRecord) -> Fault | None:
        """Take the next record; return what is wrong with it."""
        expected, fault = self.tip.number + 1, None
        if record.number != expected:
            fault = Fault(expected, f"records {expected} to {record.number - 1} are missing")
        elif digest_of(self.tip.digest, record) != record.digest:
            fault = Fault(record.number, f"record {record.number} is not what was written, or not where")
        self._is_right = self._is_right and fault is None
        if self._is_right:
            self.right, self.right_at = record.number, record.at
        self.tip, self.at = Tip(record.number, record.digest), record.at
        return fault


def seal_faults(
    seals: Sequence[Seal], digests: Mapping[int, str], first: int, keys: Mapping[str, Ed25519PublicKey]
) -> Iterator[Fault]:
    """Yield what is wrong with the signatures. digests: of the records that seals name.  first: number of the oldest.

    keys: public ones of this place, by id.
    """
    end = 0
    for seal in seals:
        if seal.first != end + 1:
            yield Fault(end + 1, f"the signature of records {end + 1} to {seal.first - 1} is missing")
        key = keys.get(seal.key_id)
        if key is None:
            yield Fault(seal.first, f"{seal.day} is signed by {seal.key_id}, which is no key of this place")
        elif not is_signed(seal, key):
            yield Fault(seal.first, f"the signature of {seal.day} is wrong")
        if seal.last >= first and digests.get(seal.last) != seal.digest:
            yield Fault(seal.last, f"record {seal.last} is not the one that was signed at the end of {seal.day}")
        end = seal.last


def start_of(seals: Sequence[Seal], first: int, kept_from: str) -> tuple[Tip, Fault | None]:
    """Return where a chain starts whose oldest record is ``first``, and what is wrong with that.

    kept_from: the day from which on records have to be there.
    """
    if first == 1:
        return Tip(), None
    before = next((seal for seal in seals if seal.last == first - 1), None)
    if before is None:
        return Tip(), Fault(1, f"records 1 to {first - 1} are missing")
    if before.day >= kept_from:
        return tip_of(before), Fault(1, f"records 1 to {first - 1} are missing and were to be kept")
    return tip_of(before), None


def unsealed(chain_at: str, last_seal: Seal | None, tip: Tip, day: str) -> Fault | None:
    """Return that no signature covers the end of a chain though it is old. chain_at: time of its last record.

    day: the last day whose records have to be signed by now.
    """
    end = last_seal.last if last_seal is not None else 0
    if tip.number > end and chain_at[:10] and chain_at[:10] <= day:
        return Fault(
            end + 1, f"records {end + 1} to {tip.number} have no signature, though they are of {day} or before"
        )
    return None
