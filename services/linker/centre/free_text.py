"""Looks at what people type at the centre before it is kept: a name in it is refused, and what is doubtful is said.

Who writes (by) is meant to be named; everything else is about a patient.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from shared.errors import Invalid
from shared.text.free_text import TextFindings


async def warnings(check: Callable[[str], Awaitable[TextFindings]], texts: Mapping[str, str]) -> list[str]:
    """Return what a person should look at, by field and without its value. texts: field → what was typed.

    Raises Invalid for a text that identifies somebody, Refused where nothing can look at it.
    """
    doubts: list[str] = []
    for field, text in texts.items():
        if not text.strip():
            continue
        findings = await check(text)
        if findings.identifying:
            kinds = ", ".join(findings.identifying)
            raise Invalid("text-identifies", f"{field}: it seems to name somebody ({kinds}); write it without")
        doubts += [f"{field}: {reason}" for reason in findings.doubtful]
    return doubts


def with_warnings(answer: dict[str, Any], doubts: Sequence[str]) -> dict[str, Any]:
    """Return an answer with what a person should look at, if there is anything."""
    return {**answer, "warnings": list(doubts)} if doubts else answer
