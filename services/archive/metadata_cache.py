"""Keeps the metadata answers that were asked for last: a viewer asks for a Study's again and again.

An answer is kept under its Study's version, so it holds while nothing in the Study changes, whichever process changed
it; what a change left behind is never found again and makes room in time.
"""

from collections import OrderedDict

import msgspec

from services.archive.deps import ArchiveDeps
from services.archive.records import STUDIES
from shared.web.access import reach

MOST_BYTES = 64 << 20
LARGEST_BYTES = 16 << 20
Key = tuple[str | int | float, ...]


class Answer(msgspec.Struct, frozen=True):
    """chunks: the body, in pieces to write."""

    etag: str
    chunks: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """Return the length of the body in bytes."""
        return sum(map(len, self.chunks))


class Recent:
    """Answers by key, the least recently asked for first; together never over MOST_BYTES."""

    def __init__(self) -> None:
        self._answers: OrderedDict[Key, Answer] = OrderedDict()
        self._bytes = 0

    def get(self, key: Key) -> Answer | None:
        """Return what is kept under this key."""
        answer = self._answers.get(key)
        if answer is not None:
            self._answers.move_to_end(key)
        return answer

    def keep(self, key: Key, answer: Answer) -> None:
        """Keep an answer, unless it is so large that it would drive out many others."""
        if answer.size > LARGEST_BYTES or key in self._answers:
            return
        self._answers[key] = answer
        self._bytes += answer.size
        while self._bytes > MOST_BYTES:
            _, old = self._answers.popitem(last=False)
            self._bytes -= old.size


async def key_of(deps: ArchiveDeps, study: str, *facts: str) -> Key | None:
    """Return the key of an answer about the Study as it is now; None if there is no such Study within reach.

    The version begins anew when a Study is deleted and comes back; the time of its last change does not.
    """
    versioned = await deps.documents.get_versioned(STUDIES, study)
    if versioned is None or not reach.current().holds(versioned[0].only_site):
        return None
    return (study, versioned[1], versioned[0].changed_at, *facts)
