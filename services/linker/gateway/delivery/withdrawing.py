"""Asks the centre to withdraw what it has of a patient, and what became of that."""

from typing import Any
from urllib.parse import quote

from services.linker.gateway.delivery.transport import Centre, CentreUnavailable
from services.linker.gateway.opt_out_records import Withdrawal


async def ask(centre: Centre, site: str, row: Withdrawal) -> None:
    """Ask the centre to withdraw what it has of a patient, or to take it again. Raises CentreUnavailable."""
    body = {
        "withdrawal_id": row.id,
        "site": site,
        "patient_ids": row.patient_ids,
        "study_instance_uids": row.study_instance_uids,
        "report_ids": row.report_ids,
        "lifts": row.lifts,
    }
    await centre.call("POST", "withdrawals", (202,), body)


async def outcome(centre: Centre, withdrawal_id: str) -> dict[str, Any] | None:
    """Return what became of a withdrawal; None if the centre does not know it. Raises CentreUnavailable."""
    status, answer = await centre.call("GET", f"withdrawals/{quote(withdrawal_id)}", (200, 404))
    if status == 404:
        return None
    if not isinstance(answer, dict):
        raise CentreUnavailable("answer-not-json")
    return answer
