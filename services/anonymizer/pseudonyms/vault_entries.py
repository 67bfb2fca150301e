"""The vault's entries of one Instance: the original of every UID, device, order and other patient that was replaced.

They are made where the Instance is rewritten, from the values that were at hand there. What stands in every Instance of
a Series, or of a scanner, is sealed once in a worker process and remembered; ``Written`` keeps the service from writing
it again with each Instance.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from functools import lru_cache

from services.anonymizer.profile.profile import Action
from services.anonymizer.pseudonyms.keys import KeySet
from services.anonymizer.pseudonyms.pseudonyms import normalised
from services.anonymizer.pseudonyms.vault import Sealed, seal
from shared.dicom.character_sets import decode

_REMEMBERED = 1 << 16  # pseudonyms; some 10 MB, and more than the Series of a day have in common
_KINDS = {Action.DEVICE: "device", Action.ACCESSION: "order", Action.PATIENT: "patient"}


def entries(keys: KeySet, issuer: str, replaced: Mapping[tuple[Action, bytes, bytes], bytes]) -> list[Sealed]:
    """Return an entry for each pseudonym that stands in an Instance now.

    issuer: that IDs in it were hashed with.  replaced: action, value and its character set → what stands there now.
    """
    sealed: list[Sealed] = []
    for (action, value, charset), new in replaced.items():
        if action is Action.UID:
            sealed += _uids(keys, value, new)
        elif new:
            sealed.append(_text(keys, _KINDS[action], issuer, value, charset, new))
    return sealed


@lru_cache(1 << 14)
def _uids(keys: KeySet, value: bytes, new: bytes) -> tuple[Sealed, ...]:
    """Return an entry for each UID of a value; what the standard registers stays as it is, and needs none."""
    pairs = zip(
        value.decode("ascii", "replace").rstrip(" \0").split("\\"), new.decode("ascii").split("\\"), strict=True
    )
    originals = ((before.strip(" \0"), after) for before, after in pairs)
    return tuple(seal(keys, "uid", after, before) for before, after in originals if after and before != after)


@lru_cache(1 << 12)
def _text(keys: KeySet, kind: str, issuer: str, value: bytes, charset: bytes, new: bytes) -> Sealed:
    original = normalised(decode(value, charset))
    return seal(keys, kind, new.decode("ascii"), f"{issuer}|{original}" if kind == "patient" else original)


class Written:
    """Which pseudonyms' entries the vault holds for certain, because this process wrote them; the latest, not all."""

    def __init__(self, remembered: int = _REMEMBERED) -> None:
        self._remembered = remembered
        self._known: OrderedDict[str, None] = OrderedDict()
        self._opted_out: frozenset[str] = frozenset()

    def follow(self, opted_out: frozenset[str]) -> None:
        """Forget all when somebody opted out or takes part again: entries were deleted, or have to be written anew."""
        if opted_out != self._opted_out:
            self._opted_out = opted_out
            self._known.clear()

    def missing(self, sealed: Iterable[Sealed]) -> list[Sealed]:
        """Return the entries to be written, each once."""
        return list({each.pseudonym: each for each in sealed if each.pseudonym not in self._known}.values())

    def note(self, sealed: Iterable[Sealed]) -> None:
        """Remember entries after they were written."""
        for each in sealed:
            self._known[each.pseudonym] = None
            self._known.move_to_end(each.pseudonym)
        while len(self._known) > self._remembered:
            self._known.popitem(last=False)
