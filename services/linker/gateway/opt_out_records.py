"""What the gateway's linker keeps of patients who opted out: whose deliveries stop, and how far the centre is."""

import enum

import msgspec

from shared.documents import Collection


class WithdrawalState(enum.StrEnum):
    """How far a withdrawal is. asked: the centre has taken it, and has not said that it is done."""

    REQUESTED = "requested"
    ASKED = "asked"
    DONE = "done"


OPEN = (WithdrawalState.REQUESTED, WithdrawalState.ASKED)


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True):
    """The withdrawal of one patient, or (lifts) its end. revision: of the decision that it follows.

    counts: what was deleted here, by kind.  at: seconds since 1970, when it was asked for.
    """

    id: str
    revision: int
    state: WithdrawalState
    at: float
    patient_ids: tuple[str, ...]
    study_instance_uids: tuple[str, ...] = ()
    report_ids: tuple[str, ...] = ()
    lifts: bool = False
    counts: dict[str, int] = {}


class OptedOutPatient(msgspec.Struct, frozen=True, kw_only=True):
    """A patient of whom nothing is delivered. patient_id: a pseudonym."""

    patient_id: str
    withdrawal_id: str


WITHDRAWALS = Collection(name="gateway_withdrawals", type=Withdrawal, key="id", fields=("state", "at"))
OPTED_OUT = Collection(name="opted_out_patients", type=OptedOutPatient, key="patient_id")
