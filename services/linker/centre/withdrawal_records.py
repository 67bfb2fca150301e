"""What the centre's linker keeps of withdrawals: each with what became of it, and whose documents it takes no more."""

import enum

import msgspec

from services.linker.centre.deps import CentreDeps
from shared.documents import Collection
from shared.errors import Refused
from shared.pseudonym_digest import digest_of


class WithdrawalState(enum.StrEnum):
    """How far a withdrawal is. lifting, lifted: the patient takes part again."""

    REQUESTED = "requested"
    DONE = "done"
    LIFTING = "lifting"
    LIFTED = "lifted"


OPEN = (WithdrawalState.REQUESTED, WithdrawalState.LIFTING)


class GoneStudy(msgspec.Struct, frozen=True):
    """A Study that the archive has deleted. sha256: of its Instances' digests."""

    study_instance_uid: str
    instances: int = 0
    size_bytes: int = 0
    sha256: str = ""


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True):
    """One patient's withdrawal by one site. requested_at, done_at: RFC 3339.

    patient_ids, report_ids: pseudonyms, until it is done.  patients: digests of the former, which stay.
    study_instance_uids: as the site named them.
    studies: what the archive deleted.  counts: documents deleted, by kind.  others: Studies of another site, kept.
    recipients: who follows this feed → when they said that they had withdrawn too, RFC 3339 or empty.
    """

    id: str
    site: str
    state: WithdrawalState
    requested_at: str
    patient_ids: tuple[str, ...] = ()
    patients: tuple[str, ...] = ()
    study_instance_uids: tuple[str, ...] = ()
    report_ids: tuple[str, ...] = ()
    done_at: str = ""
    studies: tuple[GoneStudy, ...] = ()
    counts: dict[str, int] = {}
    others: int = 0
    recipients: dict[str, str] = {}


class WithdrawnName(msgspec.Struct, frozen=True, kw_only=True):
    """A patient, Study or report of which nothing is taken. name: the digest of its pseudonym.

    sites: site → id of its withdrawal.
    """

    name: str
    sites: dict[str, str]


WITHDRAWALS = Collection(
    name="withdrawals", type=Withdrawal, key="id", fields=("state", "requested_at", "done_at", "site"), feed=True
)
WITHDRAWN_NAMES = Collection(name="withdrawn_names", type=WithdrawnName, key="name")


async def is_withdrawn(deps: CentreDeps, kind: str, *pseudonyms: str, site: str = "") -> bool:
    """Say whether any of these was withdrawn. site: where it comes from; empty: of any."""
    names = [digest_of(kind, each) for each in pseudonyms if each]
    known = await deps.documents.get_many(WITHDRAWN_NAMES, names) if names else {}
    return any(each.sites and (not site or site in each.sites) for each in known.values())


async def check_studies(deps: CentreDeps, *studies: str) -> None:
    """Raise Refused if any of the Studies was withdrawn."""
    if await is_withdrawn(deps, "study", *studies):
        raise Refused("withdrawn", "the patient of this Study opted out: nothing is kept of it")
