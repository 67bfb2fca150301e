"""How fast reports are cleaned on one core, and what is left of planted corpora: ``python -m bench.reports_deid``."""

import statistics
import time
from collections.abc import Callable

from services.anonymizer.text.cleaner import Identifiers, TextPolicy, clean_text
from tests.anonymizer.reports.corpus import Report, dictated, losses, structured, survivors

COUNT = 400


def main() -> None:
    clean_text("山田太郎様", Identifiers.of_header({"PatientName": "山田^太郎"}))  # loads the dictionary
    for write in (structured, dictated):
        for profile in ("jmid", "research"):
            print(measure(write, profile))


def measure(write: Callable[..., Report], profile: str) -> str:
    """Return one line of the table; CPU time, so that neighbours on the machine do not count."""
    reports = [write(seed, research=profile == "research") for seed in range(COUNT)]
    policy = TextPolicy.of_profile(profile)
    times: list[float] = []
    leaked = lost = flagged = 0
    for report in reports:
        began = time.process_time()
        cleaned = clean_text(report.text, Identifiers.of_header(report.header), policy)
        times.append(time.process_time() - began)
        leaked += len(survivors(report, cleaned.text))
        lost += len(losses(report, cleaned.text))
        flagged += cleaned.review
    signs = statistics.mean(len(report.text) for report in reports)
    planted, kept = (sum(len(getattr(report, name)) for report in reports) for name in ("gone", "kept"))
    return (
        f"{write.__name__:10} {profile:8} {COUNT / sum(times):6.0f} reports/s/core ({signs:.0f} signs each) "
        f"leaked {leaked}/{planted} lost {lost}/{kept} flagged {flagged}/{COUNT}"
    )


if __name__ == "__main__":
    main()
