"""What the anonymizer's handlers need."""

from dataclasses import dataclass, field
from pathlib import Path

from services.anonymizer.header_names.learned import LearnedNames
from services.anonymizer.pixels.waiting_slices import WaitingSlices
from services.anonymizer.policy import Policy
from services.anonymizer.pseudonyms.keys import KeySet
from services.anonymizer.pseudonyms.vault_entries import Written
from shared.blobs import Blobs
from shared.documents import Documents
from shared.service import Cpu


@dataclass(frozen=True)
class AnonymizerDeps:
    """identified, deidentified: the stores of the two trust zones.  policy: profile, keys and site.
    batch_bytes: what one worker takes at once; an Instance that is larger goes by way of files in scratch.
    holds_flagged: whether a report with a residual risk waits for a person.  written: what the vault holds.
    versions: all of the site's keys; without them the current ones.
    learned: names that headers told.  waiting_slices: what is to be looked at together."""

    identified: Blobs
    deidentified: Blobs
    documents: Documents
    cpu: Cpu
    policy: Policy
    batch_bytes: int
    scratch: Path
    holds_flagged: bool = True
    written: Written = field(default_factory=Written)
    learned: LearnedNames = field(default_factory=LearnedNames)
    waiting_slices: WaitingSlices = field(default_factory=WaitingSlices)
    versions: tuple[KeySet, ...] = ()

    @property
    def key_versions(self) -> tuple[KeySet, ...]:
        """The versions of the keys by which a patient may be known."""
        return self.versions or (self.policy.keys,)
