"""The tables of docs/conformance.md, made from the code: python -m services.archive.conformance writes them.

A part stands between ``<!-- archive: NAME -->`` and ``<!-- end archive -->``; a test compares.
"""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
from pydicom.datadict import keyword_for_tag
from pydicom.uid import UID

from services.archive.attributes import search_results
from services.archive.capabilities import resources
from services.archive.pixels import codecs, transfer_syntaxes
from services.archive.query.parameters import Level
from services.archive.query.plan import FIELDS, FUZZY
from services.archive.settings import ArchiveSettings
from services.archive.store.from_metadata import DEFAULTS

DOCUMENT = Path(__file__).parents[2] / "docs" / "conformance.md"
_PART = re.compile(r"(<!-- archive: ([a-z-]+) -->\n).*?(<!-- end archive -->)", re.DOTALL)
_COMPUTED = {
    Level.STUDY: ("00080056", "00080061", "00081190", "00201206", "00201208"),
    Level.SERIES: ("00081190", "00201209"),
    Level.INSTANCE: ("00080056", "00081190", "00083002"),
}


def fresh(text: str) -> str:
    """Return the document with its tables as the code has them."""
    return _PART.sub(lambda match: f"{match[1]}\n{PARTS[match[2]]()}\n\n{match[3]}", text)


def transactions() -> str:
    """Every resource with its method and media types (PS3.18 8.9)."""
    rows = [(f"`{path}`", verb, name, ", ".join(kinds)) for path, verb, name, kinds, _ in resources()]
    return _table(("resource under `/dicom-web`", "method", "transaction", "media types"), rows)


def keys() -> str:
    """The Attributes that an index answers, by level; every other Attribute is compared record by record."""
    rows = [
        (level, _attribute(tag), "fuzzy" if level == Level.STUDY and tag in FUZZY else "")
        for level in Level
        for tag in sorted(FIELDS[level])
    ]
    return _table(("level", "indexed key", ""), rows)


def returned() -> str:
    """What is returned without includefield, as far as the Instances have it (PS3.18 Tables 10.6.3-3 to 10.6.3-5)."""
    own = {
        Level.STUDY: search_results.STUDY_TAGS,
        Level.SERIES: search_results.SERIES_TAGS,
        Level.INSTANCE: search_results.INSTANCE_TAGS,
    }
    rows = [
        (level, _attribute(tag), "computed" if tag in _COMPUTED[level] else "")
        for level in Level
        for tag in sorted({*own[level], *_COMPUTED[level]})
    ]
    return _table(("level", "Attribute", ""), rows)


def bulk() -> str:
    """Transfer Syntaxes of bulk data parts that name none."""
    rows = [(f"`{kind}`", f"{UID(uid).name} ({uid})") for kind, uid in DEFAULTS.items()]
    return _table(("media type of a part", "Transfer Syntax"), rows)


def syntaxes() -> str:
    """The Transfer Syntaxes that frames can be decoded from."""
    known = sorted(
        {value for name, value in vars(transfer_syntaxes).items() if name.isupper() and str(value).startswith("1.2.8")}
    )
    return _table(
        ("Transfer Syntax", "UID", "decoded"),
        [(UID(uid).name, uid, "yes" if codecs.can_decode(uid) else "no") for uid in known],
    )


def limits() -> str:
    """The settings that bound what the archive does."""
    rows = [
        (f"`JMID_ARCHIVE_{field.name.upper()}`", f"`{field.default}`")
        for field in msgspec.structs.fields(ArchiveSettings)
    ]
    return _table(("variable", "default"), rows)


def _attribute(tag: str) -> str:
    return f"{keyword_for_tag(int(tag, 16))} ({tag[:4]},{tag[4:]})"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *map(list, rows)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


PARTS: dict[str, Callable[[], str]] = {
    "transactions": transactions,
    "keys": keys,
    "returned": returned,
    "bulk": bulk,
    "syntaxes": syntaxes,
    "limits": limits,
}

if __name__ == "__main__":
    DOCUMENT.write_text(fresh(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
