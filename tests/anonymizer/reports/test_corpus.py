"""Nothing planted survives and nothing clinical is lost, over many generated reports."""

from collections.abc import Callable

import pytest

from services.anonymizer.text.cleaner import Identifiers, TextPolicy, clean_text
from tests.anonymizer.reports.corpus import Report, dictated, losses, scattered, structured, survivors

FEW, MOST = range(30), range(30, 150)


@pytest.mark.parametrize("seeds", [FEW, pytest.param(MOST, marks=pytest.mark.slow)], ids=["few", "most"])
@pytest.mark.parametrize("write", [structured, dictated, scattered])
@pytest.mark.parametrize("profile", ["jmid", "research"])
def test_no_planted_identifier_survives_and_all_clinical_content_does(
    write: Callable[..., Report], profile: str, seeds: range
) -> None:
    leaked: list[tuple[int, list[str]]] = []
    lost: list[tuple[int, list[str]]] = []
    for seed in seeds:
        report = write(seed, research=profile == "research")

        cleaned = clean_text(report.text, Identifiers.of_header(report.header), TextPolicy.of_profile(profile)).text

        leaked += [(seed, left)] if (left := survivors(report, cleaned)) else []
        lost += [(seed, gone)] if (gone := losses(report, cleaned)) else []
    assert leaked == []
    assert lost == []
