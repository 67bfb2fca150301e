"""Rules for people, numbers and places in fields whose meaning a standard or their key tells.

HL7 v2 segments by their field numbers, and KEY=value of exports. Pure.

Source: HL7 v2.5.1 chapters 2.14 (MSH), 3.4 (PID, PV1, NK1), 4.5 (ORC, OBR), 6.5 (IN1).
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import clinical_words
from services.anonymizer.text.rules import Hit, Place, Rule

_SEGMENT: Final = re.compile(r"(?:^|(?<=[\n\r\\]))[ \t]*(?P<s>MSH|PID|PV1|NK1|ORC|OBR|IN1)\|[^\n]*")
_FIELDS: Final = {
    "physician": {"PV1": (7, 8, 9, 17), "ORC": (10, 11, 12, 19), "OBR": (10, 16, 28, 32, 33, 34, 35)},
    "name": {"PID": (5, 6, 9), "NK1": (2,), "IN1": (16,)},
    "patient_id": {"PID": (2, 3, 4, 18), "PV1": (19,)},
    "accession": {"ORC": (2, 3, 4), "OBR": (2, 3, 18, 19, 20, 21)},
    "institution": {"MSH": (4, 6), "ORC": (21,)},
    "department": {"PV1": (3, 6), "ORC": (13,)},
}  # fmt: skip
_LONGEST_STATE: Final = 2  # signs: F, CM
_END: Final = r"(?=[ \t]*(?:$|[\n;|,]))"


def _fields(category: str) -> Callable[[FoldedText, re.Match[str]], Iterable[Place]]:
    """Return the function that yields the fields of one kind in a segment that hold something."""

    def places(_: FoldedText, segment: re.Match[str]) -> Iterator[Place]:
        wanted = _FIELDS[category].get(segment["s"], ())
        at = segment.start("s")
        for number, value in enumerate(segment[0].lstrip().split("|")):
            position = number + (segment["s"] == "MSH")  # MSH-1 is the separator
            if (
                position in wanted
                and re.search(r"\w", value)
                and (category == "name" or len(value) > _LONGEST_STATE or not value.isascii())
            ):
                yield at, at + len(value)
            at += len(value) + 1

    return places


def _is_nobody(hit: Hit) -> bool:
    words = hit.view.split()
    return all(word in clinical_words() for word in words) or hit.words.strip('" ') in ("none", "NONE", "N/A", "-")


RULES: Final = (
    Rule(
        "physician", _SEGMENT, "PV1|1|I|||||⟦rkado^角⟧\n", "OBR|1|||CT|||",
        signs=("PV1|", "ORC|", "OBR|"), place=_fields("physician"),
    ),
    Rule(
        "name", _SEGMENT, "PID|1||||⟦鎌^純⟧||", "PID|1||||||",
        signs=("PID|", "NK1|", "IN1|"), place=_fields("name"),
    ),
    Rule(
        "patient_id", _SEGMENT, "PID|1||⟦504082⟧||", "PID|1||||||",
        signs=("PID|", "PV1|"), place=_fields("patient_id"),
    ),
    Rule(
        "accession", _SEGMENT, "OBR|1|⟦RD-37483⟧||CT", "OBR|1|||CT|||",
        signs=("ORC|", "OBR|"), place=_fields("accession"),
    ),
    Rule(
        "institution", _SEGMENT, "MSH|^~\\&|RIS|⟦鷺浜⟧|||", "MSH|^~\\&||||",
        signs=("MSH|", "ORC|"), place=_fields("institution"),
    ),
    Rule(
        "department", _SEGMENT, "PV1|1|I|⟦9階南^810⟧|", "PV1|1|I||",
        signs=("PV1|", "ORC|"), place=_fields("department"),
    ),
    Rule(
        "physician",
        re.compile(
            r"(?<![A-Za-z])[A-Z_]{0,8}(?:DOC|PHYS|OPER|TECH|READER|SIGNER|AUTH|NURSE|STAFF|USER|REQBY|"
            r"RADIOL)[A-Z_]{0,6}"
            rf"=[ ]?(?P<v>[^\s;|,=/][^\n;|,=/]{{0,30}}?)(?:/(?P<w>[^\n;|,=/]{{1,30}}?))?{_END}"
        ),
        "REQDOC=⟦佐々木 瑠璃⟧\n", "OPER=none\n",
        signs=("=",), veto=_is_nobody,
    ),
    Rule(
        "name",
        re.compile(
            rf"(?<![A-Za-z])(?:(?:PAT|PT|PATIENT|P)_?(?:NAME|KANA|KANJI)?|NAME|KANJI|KANA)={{1,2}}[ ]?"
            rf"(?P<v>[^\s;|,=\d][^\n;|"
            rf",=]{{0,40}}?)(?:={{1,2}}(?P<w>[^\n;|,=]{{1,20}}))?(?:={{1,2}}(?P<x>[^\n;|,=]{{1,20}}))?{_END}"
        ),
        "PATNAME=⟦JIN MEGUMI⟧\n", "NAME=none\n",
        signs=("=",), veto=_is_nobody,
    ),
    Rule(
        "patient_id",
        re.compile(r"(?<![A-Za-z])(?:PAT|PT|PATIENT|CHART|KARTE)_?(?:ID|NO|"
            r"NUM)?=[ ]?(?P<v>[A-Z]{0,3}\d[\d-]{2,14})(?![\d.])"),
        "PATID=⟦805792⟧", "PAT=12",
        signs=("=",),
    ),
    Rule(
        "accession",
        re.compile(r"(?<![A-Za-z])(?:ACC|ACCESSION|ORDER|ORD|REQ)_?(?:ID|NO|"
            r"NUM)?=[ ]?(?P<v>[A-Z]{0,4}-?\d[\dA-Z-]{3,20})"),
        "ACCNO=⟦A170208⟧", "ACC=",
        signs=("=",),
    ),
)  # fmt: skip
