"""Tables with a header: a site's own terminology such as its JJ1017 codes, and the MANBYO dictionary."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from shared.errors import Invalid
from shared.fhir.systems import ICD_10
from shared.terms.term import CodeSystem, Coding, Term, Terminology

MANBYO: Final = "urn:jmid:terms:manbyo"
_COLUMNS: Final = {"code", "display", "kana", "english", "synonyms", "kind", "status", "successors"}
_RETIRED: Final = "retired"
Row = dict[str, str]


def load_table(path: Path, system: str, version: str, title: str = "", modifiers: str = "") -> list[Terminology]:
    """Return a terminology of a UTF-8 CSV file with the columns code and display, and any of: kana, english, synonyms,

    kind (term, prefix, suffix), status (active, retired), successors; several synonyms or successors are divided by a
    semicolon. Raises Invalid, which names the line.
    """
    if not system or not version:
        raise Invalid("no-system", "a table needs the URI and the version of its code system")
    about = CodeSystem(system=system, version=version, title=title or path.stem, modifiers=modifiers)
    return [Terminology(about, [_term(row, line) for line, row in _rows(path, {"code", "display"}, _COLUMNS)])]


def load_manbyo(path: Path, version: str = "") -> list[Terminology]:
    """Return the standard names (標準病名) of a MANBYO file, with the forms (出現形) that stand for each as synonyms.

    The dictionary has no codes: a standard name is its own. Raises Invalid.
    """
    forms: dict[str, list[str]] = {}
    icd_10: dict[str, str] = {}
    for _, row in _rows(path, {"出現形", "標準病名"}, None):
        name = row["標準病名"].strip()
        if name:
            forms.setdefault(name, []).append(row["出現形"].strip())
            icd_10.setdefault(name, next((row[key].strip() for key in row if key.upper().startswith("ICD")), ""))
    terms = [
        Term(
            code=name,
            display=name,
            synonyms=tuple(dict.fromkeys(form for form in each if form and form != name)),
            also=(Coding(ICD_10, icd_10[name]),) if icd_10[name] else (),
        )
        for name, each in forms.items()
    ]
    about = CodeSystem(system=MANBYO, version=version or path.stem, title="MANBYO")
    return [Terminology(about, terms)]


def _term(row: Row, line: int) -> Term:
    retired = row.get("status", "") == _RETIRED
    try:
        return msgspec.convert(
            {
                "code": row["code"].strip(),
                "display": row["display"].strip(),
                "kana": row.get("kana", ""),
                "english": row.get("english", ""),
                "synonyms": _several(row.get("synonyms", "")),
                "kind": row.get("kind", "") or "term",
                "retired": retired,
                "successors": _several(row.get("successors", "")),
            },
            Term,
        )
    except msgspec.ValidationError as error:
        raise Invalid("not-the-form", f"line {line}: kind is term, prefix or suffix") from error


def _several(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (each.strip() for each in text.split(";"))))


def _rows(path: Path, needed: set[str], allowed: set[str] | None) -> Iterator[tuple[int, Row]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        columns = set(reader.fieldnames or ())
        if not needed <= columns or (allowed is not None and not columns <= allowed):
            takes = ", ".join(sorted(allowed or needed))
            raise Invalid("not-the-form", f"{path.name}: its first line names the columns, of: {takes}")
        for row in reader:
            if None in row or None in row.values():
                raise Invalid("not-the-form", f"{path.name}, line {reader.line_num}: not as many columns as the header")
            yield reader.line_num, row
