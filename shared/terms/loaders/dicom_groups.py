"""The codes of DICOM's context groups, as pydicom has them: all of DCM, and those of SNOMED CT that PS3.16 prints."""

import importlib.metadata
from typing import Any, Final

from pydicom.sr._concepts_dict import concepts

from shared.fhir.systems import DCM, SNOMED
from shared.terms.term import CodeSystem, Term, Terminology

_SYSTEMS: Final = (("DCM", DCM, False), ("SCT", SNOMED, True))


def load_dicom_groups() -> list[Terminology]:
    """Return DCM and the fragment of SNOMED CT."""
    version = f"pydicom-{importlib.metadata.version('pydicom')}"
    tables: dict[str, Any] = concepts
    return [
        Terminology(
            CodeSystem(system=system, version=version, title=f"{scheme} of PS3.16", fragment=fragment),
            _terms(tables[scheme]),
        )
        for scheme, system, fragment in _SYSTEMS
    ]


def _terms(table: dict[str, dict[str, tuple[str, list[int]]]]) -> list[Term]:
    """Return each code once; further meanings that the standard prints for it are synonyms."""
    meanings: dict[str, list[str]] = {}
    for codes in table.values():
        for code, (meaning, _) in codes.items():
            meanings.setdefault(code, []).append(meaning)
    return [
        Term(code=code, display=first, english=first, synonyms=tuple(dict.fromkeys(others)))
        for code, (first, *others) in sorted(meanings.items())
    ]
