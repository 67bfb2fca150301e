"""``python -m shared.web.locale``: take new texts into the catalogues; ``--check``: fail if a text is not in them."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from shared.web.language import LANGUAGES, LOCALE

ROOT = Path(__file__).resolve().parents[3]
METHODS = [("**/templates/**.html", "jinja2.ext:babel_extract"), ("**.py", "python")]
OPTIONS = {"**/templates/**.html": {"newstyle_gettext": "true", "silent": "false"}}
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "translatable": None}
HEADER = "# What people read in J-MID, in {language}.\n#"


def texts() -> Catalog:
    """Return all texts of templates and code."""
    catalogue = Catalog(project="J-MID", fuzzy=False)
    for folder in ("services", "shared"):
        for _, _, text, _, _ in extract_from_dir(ROOT / folder, METHODS, OPTIONS, KEYWORDS):
            catalogue.add(text)
    return catalogue


def updated(language: str, catalogue: Catalog) -> bytes:
    """Return the catalogue of a language with exactly these texts. English says what its texts are."""
    path = LOCALE / f"{language}.po"
    known = read_po(io.BytesIO(path.read_bytes() if path.exists() else b""), locale=language)
    catalog = Catalog(locale=language, project="J-MID", fuzzy=False, header_comment=HEADER.format(language=language))
    for entry in catalogue:
        if entry.id:
            old = known.get(entry.id if isinstance(entry.id, str) else entry.id[0])
            own = entry.id if language == "en" else None
            catalog.add(entry.id, own or (old and old.string) or None)
    out = io.BytesIO()
    write_po(out, catalog, width=120, no_location=True, sort_output=True)
    return b"".join(line for line in out.getvalue().splitlines(True) if not line.startswith(_DATES))


_DATES = (b'"POT-Creation-Date', b'"PO-Revision-Date', b'"Last-Translator', b'"Generated-By', b'"Report-Msgid-Bugs-To')


def missing(language: str, catalogue: Catalog) -> Iterator[str]:
    """Yield the texts that have no translation."""
    known = read_po(io.BytesIO((LOCALE / f"{language}.po").read_bytes()), locale=language)
    for entry in catalogue:
        old = known.get(entry.id if isinstance(entry.id, str) else entry.id[0]) if entry.id else entry
        strings = old.string if old and not isinstance(old.string, str) else (old and old.string,)
        if not all(strings or [None]):
            yield entry.id if isinstance(entry.id, str) else entry.id[0]


def main(argv: list[str]) -> int:
    """Write the catalogues, or check them."""
    catalogue = texts()
    for language in LANGUAGES:
        path = LOCALE / f"{language}.po"
        if "--check" not in argv:
            path.write_bytes(updated(language, catalogue))
        elif path.read_bytes() != updated(language, catalogue):
            print(f"{path.relative_to(ROOT)} is not in step with the texts: run `make messages`", file=sys.stderr)
            return 1
    without = [f"{language}: {text}" for language in LANGUAGES for text in missing(language, catalogue)]
    print(*without, sep="\n", end="\n" if without else "", file=sys.stderr)
    return 1 if without else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
