"""MEDIS ICD10対応標準病名マスター: the site's own files as MEDIS hands them out.

Shift_JIS, comma-separated, no header. The columns that are read:

    nmain*  2 病名管理番号, 3 病名表記, 4 病名表記カナ, 6 病名交換用コード, 7 ICD10,
            16 移行先病名管理番号: with another number than its own the row is retired
    mdfy*   2 修飾語管理番号, 3 修飾語表記, 4 修飾語表記カナ, 5 修飾語コード,
            9 レセ電算修飾語コード: of 8000 and more it is put after the name (接尾語), else before it
    index*  1 索引用語, 2 対応用語コード (an exchange code): synonyms

Source: byomei.org disPACK, tables of the master; code systems 1.2.392.200119.4.101 and .201, URIs as in JP Core.
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from shared.errors import Invalid
from shared.fhir.systems import ICD_10
from shared.terms.term import CodeSystem, Coding, Kind, Term, Terminology

KEY_NUMBER: Final = "http://medis.or.jp/CodeSystem/master-disease-keyNumber"
EXCHANGE: Final = "http://medis.or.jp/CodeSystem/master-disease-exCode"
MODIFIER_KEY_NUMBER: Final = "http://medis.or.jp/CodeSystem/master-disease-modKeyNumber"
MODIFIER_EXCHANGE: Final = "http://medis.or.jp/CodeSystem/master-disease-modExCode"
TITLE: Final = "ICD10対応標準病名マスター"
_SUFFIXES_FROM: Final = 8000
_MOVED_TO: Final = 15
Row = list[str]


def load_medis(folder: Path, version: str = "") -> list[Terminology]:
    """Return the four code systems of a folder that holds nmain*, and mdfy* and index* where the site has them.

    version: of the master; empty takes it from the name of the file, such as nmain517.txt. Raises Invalid.
    """
    main = _file(folder, "nmain")
    if main is None:
        raise Invalid("no-file", "the folder has no file nmain*.txt")
    version = version or re.sub(r"\D", "", main.stem)
    if not version:
        raise Invalid("no-version", "the name of the file has no version; give one")
    synonyms = _synonyms(_rows(_file(folder, "index"), 3))
    diseases = [_disease(row, synonyms) for row in _rows(main, 8)]
    modifiers = [_modifier(row, synonyms) for row in _rows(_file(folder, "mdfy"), 9)]
    return [
        *in_both(diseases, (KEY_NUMBER, EXCHANGE), (MODIFIER_KEY_NUMBER, MODIFIER_EXCHANGE), version, TITLE),
        *in_both(modifiers, (MODIFIER_KEY_NUMBER, MODIFIER_EXCHANGE), ("", ""), version, f"{TITLE} 修飾語"),
    ]


def in_both(
    terms: list[Term], systems: tuple[str, str], modifiers: tuple[str, str], version: str, title: str
) -> list[Terminology]:
    """Return terms by their number, and by the exchange code that each has among its other codes.

    Rows of one exchange code are names of one thing: the first that is not retired gives the display.
    """
    number, exchange = systems
    about = CodeSystem(system=number, version=version, title=f"{title}(管理番号)", modifiers=modifiers[0])
    of_exchange = CodeSystem(system=exchange, version=version, title=f"{title}(交換用コード)", modifiers=modifiers[1])
    return [Terminology(about, terms), Terminology(of_exchange, _by_exchange(terms, number, exchange))]


def _by_exchange(terms: list[Term], number: str, exchange: str) -> list[Term]:
    rows: dict[str, list[Term]] = {}
    for term in terms:
        for coding in term.also:
            if coding.system == exchange:
                rows.setdefault(coding.code, []).append(term)
    of_number = {term.code: code for code, same in rows.items() for term in same}
    return [_one(code, same, of_number, (number, exchange)) for code, same in rows.items()]


def _one(code: str, rows: list[Term], of_number: dict[str, str], systems: tuple[str, str]) -> Term:
    first = min(rows, key=lambda term: term.retired)
    number, exchange = systems
    return Term(
        code=code,
        display=first.display,
        kana=first.kana,
        english=first.english,
        synonyms=tuple(dict.fromkeys(name for row in rows for name in row.names if name != first.display)),
        kind=first.kind,
        retired=first.retired,
        successors=tuple(of_number[each] for each in first.successors if each in of_number),
        also=(Coding(number, first.code), *(coding for coding in first.also if coding.system != exchange)),
    )


def _disease(row: Row, synonyms: dict[str, list[str]]) -> Term:
    number, name, kana, exchange, icd_10 = row[1], row[2], row[3], row[5], row[6]
    moved_to = row[_MOVED_TO] if len(row) > _MOVED_TO and row[_MOVED_TO] != number else ""
    return Term(
        code=number,
        display=name,
        kana=kana,
        synonyms=tuple(other for other in synonyms.get(exchange, ()) if other != name),
        retired=bool(moved_to),
        successors=(moved_to,) if moved_to else (),
        also=(Coding(EXCHANGE, exchange), *([Coding(ICD_10, dotted(icd_10))] if icd_10 else [])),
    )


def _modifier(row: Row, synonyms: dict[str, list[str]]) -> Term:
    number, name, kana, exchange, claim = row[1], row[2], row[3], row[4], row[8]
    is_after = claim.isdecimal() and int(claim) >= _SUFFIXES_FROM
    kind: Kind = "suffix" if is_after else "prefix"
    others = tuple(other for other in synonyms.get(exchange, ()) if other != name)
    return Term(
        code=number, display=name, kana=kana, synonyms=others, kind=kind, also=(Coding(MODIFIER_EXCHANGE, exchange),)
    )


def dotted(code: str) -> str:
    """Return an ICD-10 code of three or more characters with its point, such as C34.1."""
    code = code.replace(".", "")
    return f"{code[:3]}.{code[3:]}" if len(code) > 3 else code


def _synonyms(rows: Iterator[Row]) -> dict[str, list[str]]:
    words: dict[str, list[str]] = {}
    for row in rows:
        words.setdefault(row[1], []).append(row[0])
    return {code: list(dict.fromkeys(each)) for code, each in words.items()}


def _file(folder: Path, name: str) -> Path | None:
    files = sorted(path for path in folder.iterdir() if path.name.lower().startswith(name)) if folder.is_dir() else []
    if len(files) > 1:
        raise Invalid("two-files", f"the folder has more than one file {name}*; keep one version in it")
    return files[0] if files else None


def _rows(path: Path | None, columns: int) -> Iterator[Row]:
    """Yield the rows of a file. Raises Invalid for one that is not of the form, by its number."""
    if path is None:
        return
    numbered = not path.name.lower().startswith("index")
    with path.open(encoding="cp932", newline="") as lines:
        for number, row in enumerate(csv.reader(lines), 1):
            if len(row) < columns or (numbered and not re.fullmatch(r"\d{8}", row[1])):
                raise Invalid("not-the-form", f"{path.name}, line {number}: not a row of this table of the master")
            yield row
