"""What is left of the identifiers that a writer marked, and what is lost of the clinical terms."""

import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any, Final

from services.anonymizer.text.cleaner import CleanedText, Identifiers, clean_text
from services.anonymizer.text.policy import TextPolicy

KEPT_BY_JMID: Final = frozenset({"exam_date", "other_date", "age_over_89"})
PLACES: Final = frozenset({"hospital", "hospital_short", "address", "ward", "room", "employer", "school"})
"""Of these, up to half of the signs may stay: 病院 or 棟 alone names nothing."""
AROUND: Final = 12


class Score:
    """Counts over many reports. An identifier is left if one of its letters or digits is."""

    def __init__(self, profile: str) -> None:
        self._profile = profile
        self._policy = TextPolicy.of_profile(profile)
        self._all, self._left, self._unflagged = Counter[str](), Counter[str](), Counter[str]()
        self._clinical = self._lost = self._numbers = self._numbers_lost = self._reports = self._flagged = 0
        self._cpu_s = 0.0
        self.examples: dict[str, list[str]] = defaultdict(list)

    def add(self, report: Mapping[str, Any]) -> None:
        """Clean one report, with its header if the writer lets us know it, and count."""
        known = Identifiers.of_header(_header(report["patient"]) if report["header_known"] else {})
        started = time.process_time()
        cleaned = clean_text(report["text"], known, self._policy)
        self._cpu_s += time.process_time() - started
        self._reports += 1
        self._flagged += bool(cleaned.review)
        covered = _covered(report["text"], cleaned)
        for each in report["identifiers"]:
            self._identifier(report["text"], each, covered, is_flagged=bool(cleaned.review))
        for each in report["clinical"]:
            self._clinical += 1
            self._lost += any(covered[each["start"] : each["end"]])
        for each in report["not_dates"]:
            self._numbers += 1
            self._numbers_lost += any(covered[each["start"] : each["end"]])

    def _identifier(self, text: str, each: Mapping[str, Any], covered: bytes, *, is_flagged: bool) -> None:
        kind, start, end = each["kind"], each["start"], each["end"]
        if self._profile == "jmid" and kind in KEPT_BY_JMID:
            return
        self._all[kind] += 1
        signs = [at for at in range(start, end) if text[at].isalnum()]
        rest = sum(not covered[at] for at in signs)
        if rest > (len(signs) / 2 if kind in PLACES else 0):
            self._left[kind] += 1
            self._unflagged[kind] += not is_flagged
            self.examples[kind].append(text[max(0, start - AROUND) : end + AROUND])

    def line(self) -> str:
        """Return recall, what is left in reports that nobody is asked to read, what is kept, and the speed."""
        every, left, unflagged = self._all.total(), self._left.total(), self._unflagged.total()
        return (
            f"recall {1 - left / every:.2%} of {every}, {unflagged / every:.2%} left unflagged, "
            f"clinical kept {1 - self._lost / self._clinical:.2%} of {self._clinical}, "
            f"numbers taken for dates {self._numbers_lost} of {self._numbers}, "
            f"flagged {self._flagged / self._reports:.1%}, {self._reports / self._cpu_s:.0f} reports/s a core"
        )

    def left_by_kind(self) -> list[tuple[str, int, int]]:
        """Return kind, how many are left, how many there were."""
        return [(kind, self._left[kind], count) for kind, count in sorted(self._all.items())]


def _covered(text: str, cleaned: CleanedText) -> bytes:
    covered = bytearray(len(text))
    for start, end, *_ in cleaned.spans:
        covered[start:end] = b"\1" * (end - start)
    return bytes(covered)


def _header(patient: Mapping[str, str]) -> dict[str, str]:
    """Return what the DICOM header of the Study says of the patient (PS3.5 6.2: PN has three groups)."""
    groups = (patient["name_romaji"], patient["name_kanji"], patient["name_kana"])
    return {
        "PatientName": "=".join(name.replace("　", " ").strip().replace(" ", "^", 1) for name in groups),
        "PatientID": patient["id"],
        "PatientBirthDate": patient["birth_date"].replace("-", ""),
        "PatientSex": patient["sex"],
    }
