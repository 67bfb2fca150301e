"""A site's own names: of the hospital, its departments, wards and staff, from a file that the site keeps.

Each line names one place or person in all its forms, behind what it is; docs/deidentification.md has the form. A line
that cannot be used is told by its number and stops no other.
"""

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from services.anonymizer.text.folding.fold import fold_name
from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import clinical_words
from services.anonymizer.text.names.header.forms import NameForm, name_forms
from services.anonymizer.text.names.header.identifiers import Identifiers, compact
from shared.errors import SettingsError

_KINDS: Final = {
    "institution": "place", "department": "place", "ward": "place", "staff": "staff",
    "施設": "place", "部署": "place", "病棟": "place", "職員": "staff",
}  # fmt: skip
_FORMS: Final = re.compile("[,、，]")
_SHORTEST: Final = 2


class Fault(NamedTuple):
    """A line that cannot be used. why: without its names."""

    line: int
    why: str


class SiteList(msgspec.Struct, frozen=True, eq=False):
    """places: every form of the names of institutions, departments and wards.  staff: of persons.  digest: of both."""

    places: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    digest: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SiteList) and other.digest == self.digest

    def __hash__(self) -> int:
        return hash(self.digest)


NONE: Final = SiteList()


def read(path: Path | None) -> SiteList:
    """Return the list in a file in UTF-8 or Shift_JIS, empty without one. Raises SettingsError: it cannot be read."""
    if path is None:
        return NONE
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"JMID_ANONYMIZER_SITE_LIST: the file cannot be read ({error.strerror})") from error
    for codec in ("utf-8-sig", "cp932"):
        try:
            return parse(data.decode(codec))
        except UnicodeDecodeError:
            continue
    raise SettingsError("JMID_ANONYMIZER_SITE_LIST: the file is neither UTF-8 nor Shift_JIS")


def parse(text: str) -> SiteList:
    """Return the list that a text holds, with the lines that cannot be used. Pure."""
    names: dict[str, dict[str, None]] = {"place": {}, "staff": {}}
    faults: list[Fault] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        kind, _, rest = line.replace("：", ":", 1).partition(":")
        forms = [form.strip() for form in _FORMS.split(rest) if form.strip()]
        why = _fault(kind.strip().lower(), forms)
        if why:
            faults.append(Fault(number, why))
        else:
            names[_KINDS[kind.strip().lower()]] |= dict.fromkeys(forms)
    return _made(tuple(names["place"]), tuple(names["staff"]), tuple(faults))


def with_lines(names: SiteList, lines: Iterable[str]) -> SiteList:
    """Return the list with more lines, in the form of the file. Pure."""
    more = parse("\n".join(lines))
    if not more.digest:
        return names
    places, staff = dict.fromkeys((*names.places, *more.places)), dict.fromkeys((*names.staff, *more.staff))
    return _made(tuple(places), tuple(staff), names.faults)


def added(identifiers: Identifiers, folded: FoldedText, names: SiteList) -> Identifiers:
    """Return the identifiers with those of the list that can stand in the text."""
    if not names.digest:
        return identifiers
    listed = _listed(names)
    text = folded.compact
    signs = set(text)
    people = [form for sign in signs & listed.people.keys() for form in listed.people[sign] if form.text in text]
    places = [place for sign in signs & listed.places.keys() for place in listed.places[sign] if place in text]
    people.sort(key=lambda form: (-len(form.text), form.text))
    return msgspec.structs.replace(
        identifiers, names=(*identifiers.names, *people), listed=(*identifiers.listed, *sorted(places))
    )


def _made(places: tuple[str, ...], staff: tuple[str, ...], faults: tuple[Fault, ...]) -> SiteList:
    digest = hashlib.sha256("\n".join((*places, "", *staff)).encode("utf-8", "replace")).hexdigest()
    return SiteList(places, staff, faults, digest if places or staff else "")


class _Listed(NamedTuple):
    """The forms of a list by their first sign, as they are compared."""

    people: dict[str, list[NameForm]]
    places: dict[str, list[str]]


@lru_cache(4)
def _listed(names: SiteList) -> _Listed:
    listed = _Listed({}, {})
    forms = {(form.text, form.part): form for name in names.staff for form in name_forms(name, "physician")}
    for form in forms.values():
        if form.text:
            listed.people.setdefault(form.text[0], []).append(form)
    for place in dict.fromkeys(map(compact, names.places)):
        listed.places.setdefault(place[0], []).append(place)
    return listed


def _fault(kind: str, forms: list[str]) -> str:
    if kind not in _KINDS:
        return "it does not begin with institution:, department:, ward: or staff:"
    if not forms:
        return "no name stands behind the colon"
    if any(len(compact(form)) < _SHORTEST for form in forms):
        return "a name of one sign would be found everywhere"
    if any(fold_name(form) in clinical_words() for form in forms):
        return "a name is a clinical word, and would be found everywhere"
    return ""
