"""Our own open list of radiological findings and diseases, which is there without any terminology being loaded.

Japanese name, reading in katakana, English name, synonyms of both; the code of DICOM (DCM) or SNOMED CT (SCT) where
PS3.16 prints one with that meaning, and ICD-10 where the name is that of one category. A row without a code has none.
An id is never given to another term: new rows are added at the end of their kind.
"""

import csv
from functools import cache
from importlib import resources
from typing import Final, Literal

import msgspec

SYSTEM: Final = "urn:jmid:terms"
VERSION: Final = "1"
Kind = Literal["finding", "disease"]


class OpenTerm(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the list. scheme, code, meaning: Coding Scheme Designator, Code Value, Code Meaning; empty is none."""

    id: str
    kind: Kind
    ja: str
    kana: str
    en: str
    synonyms_ja: tuple[str, ...] = ()
    synonyms_en: tuple[str, ...] = ()
    scheme: str = ""
    code: str = ""
    meaning: str = ""
    icd10: str = ""


@cache
def open_terms() -> tuple[OpenTerm, ...]:
    """Return the list in its order, findings first; read once in a process."""
    source = resources.files(__package__).joinpath("data", "open_terms.tsv")
    lines = source.read_text(encoding="utf-8").splitlines()
    return tuple(_term(row) for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def _term(row: dict[str, str]) -> OpenTerm:
    several = {name: tuple(filter(None, row[name].split(";"))) for name in ("synonyms_ja", "synonyms_en")}
    return msgspec.convert({**row, **several}, OpenTerm)
