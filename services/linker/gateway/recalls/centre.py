"""What the gateway asks and tells the centre about recalls. All raise CentreUnavailable."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from services.linker.gateway.delivery.transport import Centre
from services.linker.links.states import RecallState

_OF_BEFORE: Final = (404, 405)
"""Answers of a centre of before to a route that it does not have."""


class RecallResult(NamedTuple):
    """What became of a recall. missing: why Instances did not come back, and how many.

    compared: same, changed, missing and new: how many, by digest.  why: why they changed, and how many.
    source: gateway, or pacs; empty if nothing came back.
    """

    recall_id: str
    outcome: RecallState
    missing: Mapping[str, int] = {}
    compared: Mapping[str, int] = {}
    why: Mapping[str, int] = {}
    source: str = ""


async def recalls_of(centre: Centre, site: str) -> list[dict[str, Any]]:
    """Return what the centre wants back from this site."""
    _, answer = await centre.call("GET", f"recalls?state=requested&site={quote(site)}", (200,))
    rows = answer.get("recalls", []) if isinstance(answer, dict) else []
    return [row for row in rows if isinstance(row, dict)]


async def unproven(centre: Centre) -> list[str]:
    """Return the Studies of which the centre wants to know whether they could be delivered again."""
    status, answer = await centre.call("GET", "recalls/proofs", (200, *_OF_BEFORE))
    return [str(study) for study in answer.get("studies", [])] if status == 200 and isinstance(answer, dict) else []


async def tell_proof(centre: Centre, study: str, site: str, *, possible: bool, reason: str) -> None:
    """Tell the centre whether a Study could be delivered again. reason: a word, of whichever answer."""
    body = {"site": site, "possible": possible, "reason": reason}
    await centre.call("POST", f"recalls/{quote(study)}/proof", (200, 404), body)


async def tell_progress(centre: Centre, study: str, site: str, recall_id: str, step: str) -> None:
    """Tell the centre how far a recall is; one of before does not ask for it."""
    body = {"recall_id": recall_id, "site": site, "step": step}
    await centre.call("POST", f"recalls/{quote(study)}/progress", (200, 409, *_OF_BEFORE), body)


async def tell_answer(centre: Centre, study: str, site: str, answer: RecallResult) -> None:
    """Tell the centre what became of a recall."""
    more = {"missing": answer.missing, "compared": answer.compared, "why": answer.why, "source": answer.source}
    told = {name: value for name, value in more.items() if value}
    body = {"recall_id": answer.recall_id, "outcome": answer.outcome, "site": site, **told}
    await centre.call("POST", f"recalls/{quote(study)}/done", (200, 404, 409), body)
