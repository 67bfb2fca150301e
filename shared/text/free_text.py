"""What is said of a free text that a person types: whether it identifies somebody. Pure.

Who looks is told by the composition root: the service that knows names is not the one that takes the text.
"""

from collections.abc import Callable, Sequence

import msgspec

from shared.errors import Refused


class TextFindings(msgspec.Struct, frozen=True):
    """What a look at a text found, as words without any of its value.

    identifying: what names a person, such as name or phone.  doubtful: what a person should look at.
    """

    identifying: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()


TextCheck = Callable[[str], TextFindings]
"""Picklable, for a worker process. Raises Refused for a text that it cannot look at."""


def all_findings(check: TextCheck, texts: Sequence[str]) -> TextFindings:
    """Return what a look at several texts found together; for a worker process."""
    found = [check(text) for text in texts]
    identifying = {kind for each in found for kind in each.identifying}
    doubtful = {kind for each in found for kind in each.doubtful}
    return TextFindings(tuple(sorted(identifying)), tuple(sorted(doubtful)))


def unchecked(text: str) -> TextFindings:
    """Refuse every text: nobody is there to look at it."""
    raise Refused("text-not-checked", "free text is not taken where nothing can look for names in it")
