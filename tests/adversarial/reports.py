"""Make reports as hospitals dictate them, with the answer key of what must be gone and what must stay."""

import random
import re
from dataclasses import dataclass, field

from tests.adversarial.people import Case, a_case
from tests.adversarial.slots import SLOTS, Planted
from tests.adversarial.templates import ENGLISH, FINDINGS, LETTERS, NOTES, OPENINGS, SIGNATURES
from tests.adversarial.vocabulary import CLINICAL, ENGLISH_CLINICAL, EPONYMS


@dataclass
class Report:
    """One report.  hidden: the identifiers in its text.  kept: (category, words) that must survive."""

    id: str
    header: dict[str, str]
    text: str
    hidden: list[Planted] = field(default_factory=list)
    kept: list[tuple[str, str]] = field(default_factory=list)

    def line(self) -> dict[str, object]:
        """Return the JSON object that `jmid deid reports` reads."""
        return {"id": self.id, "header": self.header, "text": self.text}


def make_reports(count: int, seed: int, *, held_out: bool = False) -> list[Report]:
    """Return count reports; the same seed gives the same ones."""
    rng = random.Random(f"reports-{seed}")
    return [_report(f"r{number:05}", rng, held_out) for number in range(count)]


def _report(report_id: str, rng: random.Random, held_out: bool) -> Report:
    case = a_case(rng, held_out=held_out)
    report = Report(report_id, _header(case, rng), "")
    if rng.random() < 0.22:
        pieces = [*rng.sample(ENGLISH, 4), *_clinical(report, rng, english=True)]
    else:
        pieces = [*rng.sample(FINDINGS, 3), *rng.sample(NOTES, 2), *_clinical(report, rng, english=False)]
    rng.shuffle(pieces)
    if not any("CT CHEST" in p for p in pieces):
        pieces = [rng.choice(OPENINGS), *pieces, rng.choice(LETTERS), rng.choice(SIGNATURES)]
    report.text = rng.choice(["\n", "\r\n", "\n\n"]).join(_fill(p, case, report) for p in pieces if p)
    _be_fair(report)
    return report


def _header(case: Case, rng: random.Random) -> dict[str, str]:
    """Return what the linked DICOM header tells: all, little or nothing."""
    full = {
        "PatientName": case.patient.pn(ideographic_only=rng.random() < 0.2),
        "PatientID": case.patient_id,
        "AccessionNumber": case.accession,
        "PatientBirthDate": "{:04}{:02}{:02}".format(*case.birth),
        "StudyDate": "{:04}{:02}{:02}".format(*case.study),
        "InstitutionName": case.hospital[0],
        "ReferringPhysicianName": case.doctor.pn(),
    }
    known = rng.choice([tuple(full), tuple(full), ("PatientName", "PatientID", "AccessionNumber"), ("PatientID",), ()])
    return {keyword: full[keyword] for keyword in known}


def _clinical(report: Report, rng: random.Random, *, english: bool) -> list[str]:
    if english:
        words = rng.sample(ENGLISH_CLINICAL, 4)
        report.kept += [("clinical-english", word) for word in words]
        return [f"There is {words[0]} without {words[1]}.", f"IMPRESSION: {words[2]}. {words[3]}."]
    eponyms, words = rng.sample(EPONYMS, 2), rng.sample(CLINICAL, 3)
    report.kept += [("eponym", word) for word in eponyms] + [("clinical", word) for word in words]
    return [f"{words[0]}を認めます。{eponyms[0]}の既往。", f"診断：{eponyms[1]}疑い、{words[1]}。{words[2]}。"]


def _fill(template: str, case: Case, report: Report) -> str:
    def write(match: re.Match[str]) -> str:
        planted = SLOTS[match[1]](case)
        report.hidden.append(planted)
        return planted.text

    return re.sub(r"\{(\w+)\}", write, template)


def _be_fair(report: Report) -> None:
    """Drop from the key what cannot be told apart: a part that is also in words that must stay, or told twice."""
    stay = "\n".join(word for _, word in report.kept)
    report.hidden = [p for p in report.hidden if not any(part in stay for part in p.parts)]
