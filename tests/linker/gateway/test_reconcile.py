"""Comparing with the centre: a Study that it errors on is named and stops no other."""

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import msgspec
import pytest

from services.linker.gateway.delivery.transport import Centre, CentreUnavailable, Holding
from services.linker.gateway.reconcile import AWAY_IN_ROW, Compared, reconcile
from services.linker.gateway.records import DELIVERIES
from services.linker.links.states import DeliveryKind
from shared.errors import Unavailable
from shared.events import InstanceRef
from tests.breaking import breaking
from tests.linker.gateway.test_one_bad_item import delivered, deps_of, gateway_of
from tests.linker.samples import uid


class FakeCentre:
    """Holds everything but what it errors on. errors: Study or report id → what asking for it raises."""

    def __init__(self, errors: Mapping[str, Exception]) -> None:
        self._errors = errors
        self.asked: list[str] = []

    async def holding(self, study: str, _: InstanceRef) -> Holding:
        self.asked.append(study)
        if study in self._errors:
            raise self._errors[study]
        return Holding.HELD

    async def report_version(self, report_id: str) -> str:
        if report_id in self._errors:
            raise self._errors[report_id]
        return "1"


async def compared_with(tmp_path: Path, errors: Mapping[str, Exception], studies: int = 3) -> Compared:
    async with gateway_of(tmp_path) as gateway:
        for number in range(1, studies + 1):
            delivery = delivered(number)
            await gateway.documents.put(DELIVERIES, delivery)
            kind, own_id = DeliveryKind.REPORT, f"report/{number}"
            report = msgspec.structs.replace(delivery, id=own_id, kind=kind, report_id=f"report-{number}", sent="1|x")
            await gateway.documents.put(DELIVERIES, msgspec.structs.replace(report, instances=(), confirmed={}))
        centre = cast("Centre", FakeCentre(errors))
        *_, compared = [each async for each in reconcile(deps_of(gateway), centre, dry_run=False)]
        return compared


@pytest.mark.parametrize(
    ("error", "reason"), [(CentreUnavailable("http-503"), "http-503"), (ValueError("unforeseen"), "ValueError")]
)
async def test_a_study_that_the_centre_errors_on_is_named_and_the_others_are_compared(
    tmp_path: Path, error: Exception, reason: str
) -> None:
    compared = await compared_with(tmp_path, {uid(1): error, "report-3": error})

    assert (compared.held, compared.reports_held) == (2, 2)
    assert compared.failed == {uid(1): reason, uid(3): reason}
    assert not compared.ended


async def test_an_error_of_our_own_store_on_one_study_stops_no_other(tmp_path: Path) -> None:
    async with gateway_of(tmp_path) as gateway:
        for number in (1, 2):
            await gateway.documents.put(DELIVERIES, delivered(number))
        bad = delivered(1).instances[0].blob
        blobs = breaking(gateway.blobs["deidentified"], "size", lambda key: key == bad, Unavailable("away"))

        centre = cast("Centre", FakeCentre({}))
        *_, compared = [each async for each in reconcile(deps_of(gateway, blobs=blobs), centre, dry_run=True)]

    assert compared.failed == {uid(1): "Unavailable"}
    assert compared.held == 1


async def test_a_centre_that_tells_nothing_is_no_result(tmp_path: Path) -> None:
    away = CentreUnavailable("unreachable")
    errors = {uid(1): away, uid(2): away, uid(3): away, "report-1": away, "report-2": away, "report-3": away}

    with pytest.raises(CentreUnavailable):
        await compared_with(tmp_path, errors)


async def test_a_centre_that_goes_away_ends_it_and_what_was_found_is_kept(tmp_path: Path) -> None:
    last = sorted(uid(number) for number in range(1, AWAY_IN_ROW + 4))
    errors: dict[str, Exception] = {study: CentreUnavailable("unreachable") for study in last[2:]}

    compared = await compared_with(tmp_path, errors, studies=AWAY_IN_ROW + 3)

    assert compared.held == 2
    assert compared.ended
    assert set(compared.failed) == set(last[2 : 2 + AWAY_IN_ROW])
