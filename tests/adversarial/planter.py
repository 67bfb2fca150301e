"""What one adversarial file is, and the hand that writes identifiers into it and into the key."""

import random
from dataclasses import dataclass, field

from pydicom.dataset import Dataset

from tests.adversarial.people import Case, ascii_romaji
from tests.adversarial.slots import SLOTS, Planted

_SHORTEST = 5  # digits; four stand in some new UID by chance, and ONO in MONOCHROME


@dataclass
class Header:
    """One file.  hidden: the identifiers in it.  kept: words of descriptors that must survive."""

    name: str
    data: bytes
    base: str
    encoding: str
    syntax: str
    hidden: list[Planted] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def seed_uid(rng: random.Random) -> str:
    """Return the tail of a new UID."""
    return f"{rng.randrange(10**9, 10**10)}.{rng.randrange(1, 10**6)}"


class Planter:
    """Puts identifiers of one case into one Data Set and writes them down."""

    def __init__(self, ds: Dataset, case: Case, rng: random.Random, header: Header) -> None:
        self.ds, self.case, self.rng, self.header = ds, case, rng, header
        self.preamble = b"\0" * 128

    def basic(self) -> None:
        """Write down the identifiers every file has in their own Attributes."""
        own = self.case.patient
        for text in (
            own.family + own.given,
            f"{ascii_romaji(own.roman).upper()}^{own.given_roman.upper()}",
            own.given_kana,
        ):
            self.mark("own-attribute", text)
        for text in (self.case.patient_id, self.case.accession, self.case.hospital[0], self.case.doctor.given):
            self.mark("own-attribute", text)
        self.mark("own-attribute", self.ds.PatientBirthDate)
        self.mark("uid", self.ds.SOPInstanceUID)
        self.mark("uid", self.ds.StudyInstanceUID)
        self.header.hidden.append(Planted("study-date", self.ds.StudyDate, (self.ds.StudyDate,), ("research",)))

    def mark(self, category: str, text: str) -> str:
        """Write down one identifier and return it."""
        planted = Planted(category, text, (text,))
        if len(text) > 1 and planted not in self.header.hidden:
            self.header.hidden.append(planted)
        return text

    def own(self, category: str) -> str:
        """Return the patient's name in some form."""
        slot = self.rng.choice(
            ["own_kanji", "own_spaced", "own_swapped", "own_upper", "own_kana", "own_family", "own_old"]
        )
        return self.slot(category, slot)

    def slot(self, category: str, slot: str) -> str:
        """Return an identifier of a report's slot."""
        planted = SLOTS[slot](self.case)
        for part in planted.parts:
            if part.isascii() and len(part) < (_SHORTEST if part.isdecimal() else _SHORTEST - 1):
                continue
            if part.isascii() or _encodable(part, self.header.encoding):
                self.mark(category, part)
        return (
            planted.text
            if _encodable(planted.text, self.header.encoding)
            else self.mark(category, self.case.patient_id)
        )

    def anything(self, category: str) -> str:
        """Return any strong identifier."""
        return self.slot(
            category,
            self.rng.choice(["own_kanji", "own_swapped", "pid", "acc", "tel_mobile", "mail", "hosp", "birth_showa"]),
        )


def _encodable(text: str, charset: str) -> bool:
    try:
        text.encode("gb18030" if "GB" in charset else "utf-8" if "192" in charset else "iso2022_jp")
    except UnicodeEncodeError:
        return False
    return True
