"""A site's own copies of lists of diseases, whose words are clinical: MANBYO, a list of ICD-10 names, or any like them.

A list is a CSV or TSV with a heading that names one of the columns below, or a text with one name a line. We pass none
on: each has its own licence. What is somebody's name too, and what is too short, is not taken from a list.
"""

import csv
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from services.anonymizer.text.folding import lexicon
from services.anonymizer.text.folding.fold import fold_name
from shared.errors import SettingsError

_SETTING: Final = "JMID_ANONYMIZER_CLINICAL_LISTS"
_COLUMNS: Final = frozenset(
    "出現形 標準病名 病名 病名表記 傷病名 病名基本名称 名称 name disease disease_name label".split()
)
_SHORTEST: Final = 2


class ClinicalLists(msgspec.Struct, frozen=True):
    """paths: of the files.  digest: SHA-256 of what they hold, in that order.  count: of terms that are used."""

    paths: tuple[Path, ...] = ()
    digest: str = ""
    count: int = 0


NONE: Final = ClinicalLists()


def read(paths: Sequence[Path]) -> ClinicalLists:
    """Return what files hold, and use it in this process. Raises SettingsError: one cannot be read or has no terms."""
    if not paths:
        return NONE
    digest, terms = _load(paths)
    lexicon.use_terms(terms, digest)
    return ClinicalLists(tuple(paths), digest, len(terms))


def use(lists: ClinicalLists) -> None:
    """Use lists in this process, which reads them once. Raises SettingsError: a file has changed since the start."""
    if lists.digest in ("", lexicon.digest_of_terms()):
        return
    digest, terms = _load(lists.paths)
    if digest != lists.digest:
        raise SettingsError(f"{_SETTING}: a file has changed since the start; start again to use it")
    lexicon.use_terms(terms, digest)


def _load(paths: Sequence[Path]) -> tuple[str, frozenset[str]]:
    digest, terms = hashlib.sha256(), set[str]()
    for path in paths:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise SettingsError(f"{_SETTING}: {path} cannot be read ({error.strerror})") from error
        digest.update(hashlib.sha256(data).digest())
        of_file = set(_usable(_cells(_decoded(data, path), path)))
        if not of_file:
            raise SettingsError(f"{_SETTING}: {path} holds no term; it needs a column such as 出現形, or a term a line")
        terms |= of_file
    return digest.hexdigest(), frozenset(terms)


def _decoded(data: bytes, path: Path) -> str:
    for codec in ("utf-8-sig", "cp932"):
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    raise SettingsError(f"{_SETTING}: {path} is neither UTF-8 nor Shift_JIS")


def _cells(text: str, path: Path) -> Iterator[str]:
    """Yield the cells of the columns that hold terms; of a text without commas and tabs, its lines."""
    lines = text.splitlines()
    heading = lines[0] if lines else ""
    delimiter = "\t" if "\t" in heading else ","
    names = [name.strip() for name in next(csv.reader([heading], delimiter=delimiter), [])]
    columns = [at for at, name in enumerate(names) if name.lower() in _COLUMNS]
    if not columns and len(names) > 1:
        raise SettingsError(f"{_SETTING}: {path} has no column {', '.join(sorted(_COLUMNS))}")
    try:
        for row in csv.reader(lines[1:] if columns else lines, delimiter=delimiter, strict=True):
            yield from (row[at] for at in columns or (0,) if at < len(row))
    except csv.Error as error:
        raise SettingsError(f"{_SETTING}: {path} is no CSV ({error})") from error


def _usable(cells: Iterator[str]) -> Iterator[str]:
    """Yield terms in the name view that are nobody's name."""
    known = lexicon.names()
    for cell in cells:
        term = fold_name(cell.strip())
        is_name = term in known.surnames or term in known.given or term in known.by_reading
        if len(term) >= _SHORTEST and not is_name and not term.startswith("#") and not term.isdigit():
            yield term
