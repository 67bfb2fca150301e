"""A plan: which faults happen when, all from one seed. Pure."""

import enum
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.flow.replicas import COPIES
from tests.flow.system import SERVICES


class Kind(enum.StrEnum):
    """What happens. kill: SIGKILL, and a new process after the time.  stop: SIGTERM, which ends it within its grace,
    and a new process after the time.  pause: SIGSTOP, SIGCONT after the time.

    restart, crash: of a server, orderly or by SIGKILL.  cut: connections are closed and refused for the time.
    silence: connections stay open, and no byte passes for the time.  errors: each request is answered 500 or 503.
    clock: the wall clock of a process is hours ahead or behind for the time.  full: the file system of all homes has
    no byte left for the time.  again: the events of that time come once more, in another order, when it is over.
    """

    KILL = "kill"
    STOP = "stop"
    PAUSE = "pause"
    RESTART = "restart"
    CRASH = "crash"
    CUT = "cut"
    SILENCE = "silence"
    ERRORS = "errors"
    CLOCK = "clock"
    FULL = "full"
    AGAIN = "again"


SERVERS = ("rabbitmq", "mongodb", "s3")
CABLE = ("archive", "linker")
"""The centre's services as the gateway reaches them."""
PROCESSES = tuple(f"{name}/{number}" for name in SERVICES for number in range(COPIES))
DISK, EVENTS = "disk", "events"
TARGETS: Mapping[Kind, Sequence[str]] = {
    Kind.KILL: PROCESSES,
    Kind.STOP: PROCESSES,
    Kind.PAUSE: PROCESSES,
    Kind.CLOCK: PROCESSES,
    Kind.RESTART: SERVERS,
    Kind.CRASH: SERVERS,
    Kind.CUT: (*SERVERS, *CABLE),
    Kind.SILENCE: (*SERVERS, *CABLE),
    Kind.ERRORS: ("s3", *CABLE),
    Kind.FULL: (DISK,),
    Kind.AGAIN: (EVENTS,),
}
ENDED = frozenset({Kind.KILL, Kind.STOP})
FAULTS = (2, 5)
FOR_S = {
    Kind.KILL: (0.0, 2.0),
    Kind.STOP: (0.0, 2.0),
    Kind.PAUSE: (0.5, 8.0),  # longer than a lease lives
    Kind.RESTART: (0.0, 2.0),
    Kind.CRASH: (0.0, 2.0),
    Kind.CUT: (0.5, 6.0),
    Kind.SILENCE: (0.5, 12.0),  # longer than an exchange with the broker may take
    Kind.ERRORS: (0.5, 8.0),
    Kind.CLOCK: (0.5, 10.0),
    Kind.FULL: (0.5, 8.0),
    Kind.AGAIN: (2.0, 10.0),
}
WITHIN_S = 10.0


@dataclass(frozen=True)
class Fault:
    """One fault. target: see TARGETS.  at_s: after the plan's begin.  for_s: how long."""

    kind: Kind
    target: str
    at_s: float
    for_s: float

    def __str__(self) -> str:
        return f"{self.at_s:.1f}s {self.kind} {self.target} {self.for_s:.1f}s"


def plan_of(seed: int, number: int) -> tuple[Fault, ...]:
    """Return the faults of one plan, in order; the same for the same seed and number."""
    chance = random.Random(f"{seed}/{number}")
    return tuple(sorted(_faults(chance), key=lambda fault: fault.at_s))


def _faults(chance: random.Random) -> Iterator[Fault]:
    targets = set[str]()
    for _ in range(chance.randint(*FAULTS)):
        kind = chance.choice(list(Kind))
        target = chance.choice(TARGETS[kind])
        if target in targets:
            continue  # one fault a target, so that each ends before the plan does
        targets.add(target)
        yield Fault(kind, target, round(chance.uniform(0, WITHIN_S), 1), round(chance.uniform(*FOR_S[kind]), 1))
