"""What the anonymizer's handlers need."""

from dataclasses import dataclass

from services.anonymizer.context import Policy
from services.anonymizer.keys import KeySet
from shared.blobs import Blobs
from shared.documents import Documents
from shared.service import Cpu


@dataclass(frozen=True)
class AnonymizerDeps:
    """identified, deidentified: the stores of the two trust zones.  policy: profile, keys and site.
    holds_flagged: whether a report with a residual risk waits for a person."""

    identified: Blobs
    deidentified: Blobs
    documents: Documents
    cpu: Cpu
    policy: Policy
    batch_bytes: int
    holds_flagged: bool = True

    @property
    def keys(self) -> KeySet:
        return self.policy.keys

    @property
    def profile(self) -> str:
        return self.policy.profile

    @property
    def site(self) -> str:
        return self.policy.site
