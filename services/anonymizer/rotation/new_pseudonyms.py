"""What each pseudonym becomes after a rotation: made anew from the vault's original, or else from the old pseudonym.

Pure. An entry is believed only if the old keys make its pseudonym of it again: a wrong site name, or an entry of
another key folder, would otherwise give orders and reports that match nothing.
"""

from collections import Counter
from collections.abc import Mapping

from services.anonymizer.pseudonyms import pseudonyms
from services.anonymizer.pseudonyms.keys import KeySet
from services.anonymizer.pseudonyms.vault import Original, Sealed, seal
from shared.errors import Refused


def made(keys: KeySet, site: str, original: Original) -> str:
    """Return the pseudonym of an original under these keys. site: the short name that orders are hashed with."""
    if original.kind == "patient":
        issuer, _, patient_id = original.text.partition("|")
        return pseudonyms.patient_pseudonym(keys, issuer, patient_id)
    if original.kind == "order":
        return pseudonyms.accession_pseudonym(keys, site, original.text)
    if original.kind == "device":
        return pseudonyms.device_pseudonym(keys, original.text)
    if original.kind == "report":
        return pseudonyms.report_pseudonym(keys, site, original.text)
    return pseudonyms.uid_pseudonym(keys, original.text)


class NewPseudonyms:
    """The new pseudonyms of one Instance or report. guessed: kind → how many the vault holds no original of."""

    def __init__(self, known: Mapping[str, Original], old: KeySet, new: KeySet, site: str) -> None:
        self._new, self._site = new, site
        for pseudonym, original in known.items():
            if made(old, site, original) != pseudonym:
                raise Refused("site-or-keys-differ", "an entry of the vault does not give its pseudonym again")
        self._originals = known
        self._known = {pseudonym: made(new, site, original) for pseudonym, original in known.items()}
        self._guessed: dict[str, tuple[str, str]] = {}

    @property
    def guessed(self) -> dict[str, int]:
        """Return, by kind, how many new pseudonyms were made from old ones."""
        return dict(sorted(Counter(kind for kind, _ in self._guessed.values()).items()))

    @property
    def sealed(self) -> tuple[Sealed, ...]:
        """Return the way back from the new pseudonyms: without it the next rotation would find nothing."""
        return tuple(seal(self._new, each.kind, self._known[old], each.text) for old, each in self._originals.items())

    def knows(self, pseudonym: str) -> bool:
        """Return whether the vault holds the original."""
        return pseudonym in self._known

    def of(self, kind: str, pseudonym: str) -> str:
        """Return the new pseudonym; without an original it is made from the old one, so that references hold."""
        if pseudonym in self._known:
            return self._known[pseudonym]
        if pseudonym not in self._guessed:
            text = f"{self._site}|{pseudonym}" if kind == "patient" else pseudonym
            self._guessed[pseudonym] = kind, made(self._new, self._site, Original(kind, text, ""))
        return self._guessed[pseudonym][1]
