"""Asks the centre to withdraw what it has of a patient, what became of that, and which withdrawals it knows."""

from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from services.linker.gateway.delivery.transport import Centre, CentreUnavailable
from services.linker.gateway.opt_out_records import Withdrawal

_NOT_FOR_GATEWAYS = (403, 404, 405)


class AtCentre(msgspec.Struct, frozen=True):
    """A withdrawal as the centre tells its own gateway. patients: digests of the patient's pseudonyms."""

    id: str
    site: str
    state: str
    requested_at: str = ""
    patients: tuple[str, ...] = ()


class _Page(msgspec.Struct, frozen=True):
    withdrawals: list[AtCentre]
    next: str | None = None


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


async def every(centre: Centre, site: str) -> list[AtCentre] | None:
    """Return the withdrawals of a site that the centre knows; None if it tells no gateway. Raises CentreUnavailable."""
    found: list[AtCentre] = []
    after: str | None = ""
    while after is not None:
        query = urlencode({"after": after}) if after else ""
        status, answer = await centre.call("GET", f"withdrawals?{query}", (200, *_NOT_FOR_GATEWAYS))
        if status != 200:
            return None
        try:
            page = msgspec.convert(answer, _Page)
        except msgspec.ValidationError as error:
            raise CentreUnavailable("answer-not-json") from error
        found += [each for each in page.withdrawals if each.site == site]
        after = page.next
    return found
