"""Reads a Search Transaction's parameters. Pure.

Source: PS3.18 8.3.4 (query parameters), 10.6.1.2; PS3.4 C.2.2.2 (matching).
"""

import enum
import re
from collections.abc import Iterable

import msgspec
from pydicom._dicom_dict import DicomDictionary

from services.archive.attributes.search_results import SERIES_LEVEL, STUDY_LEVEL
from shared.dicom.uid import has_uid_characters
from shared.dicom.vrs import vr_of
from shared.errors import Invalid
from shared.whole_numbers import whole_number

_KEYWORDS = {entry[4]: f"{tag:08X}" for tag, entry in DicomDictionary.items() if entry[4]}
_TAG = re.compile(r"[0-9A-Fa-f]{8}")
COMBINED = "DA+TM"  # instead of a VR: a key over a date and its time (PS3.4 C.2.2.2.5.4)
EMPTY = '""'  # PS3.4 C.2.2.2: two quotation marks match what has no value
_SINGLE = ("limit", "offset", "fuzzymatching", "emptyvaluematching", "multiplevaluematching")
MAX_OFFSET = 10_000_000
_IGNORED = frozenset({"accept", "charset"})  # PS3.18 8.3.3: they choose the representation


class Level(enum.StrEnum):
    """A level of the information model, from the highest (PS3.18 10.6.1.1)."""

    STUDY = "study"
    SERIES = "series"
    INSTANCE = "instance"


class MatchingKey(msgspec.Struct, frozen=True):
    """One matching key. path: tags from the outermost Sequence to the Attribute.  values: several for a UID list."""

    path: tuple[str, ...]
    vr: str
    values: tuple[str, ...]

    @property
    def tag(self) -> str:
        """Return the Attribute's tag; of a path, the outermost."""
        return self.path[0]

    @property
    def level(self) -> Level:
        """Return the level that the Attribute belongs to."""
        if self.tag in ("00080061", "00201206", "00201208"):
            return Level.STUDY
        if self.tag == "00201209" or (self.tag in SERIES_LEVEL and self.tag not in STUDY_LEVEL):
            return Level.SERIES
        return Level.STUDY if self.tag in STUDY_LEVEL else Level.INSTANCE


class Search(msgspec.Struct, frozen=True):
    """A whole query. include: paths to return besides the default ones; everything if include_all.

    unsupported: parameters that were asked for and are not applied; the answer warns of them.
    """

    level: Level
    matches: tuple[MatchingKey, ...] = ()
    include: tuple[tuple[str, ...], ...] = ()
    include_all: bool = False
    limit: int | None = None
    offset: int = 0
    fuzzy: bool = False
    unsupported: tuple[str, ...] = ()


def parse(level: Level, parameters: Iterable[tuple[str, str]], fixed: Iterable[tuple[str, str]] = ()) -> Search:
    """Parse the parameters; fixed are those of the URL's path. Raise Invalid that names a wrong one: 400."""
    matches: list[MatchingKey] = [MatchingKey((tag,), "UI", (uid,)) for tag, uid in fixed]
    include: list[tuple[str, ...]] = []
    single: dict[str, str] = {}
    parameters = list(parameters)
    empty = any(name.lower() == "emptyvaluematching" and value.lower() == "true" for name, value in parameters)
    for name, value in parameters:
        if name.lower() == "includefield":
            include += [("all",) if part.strip() == "all" else path_of(part.strip()) for part in value.split(",")]
        elif name.lower() in _SINGLE:
            single[name.lower()] = value
        elif name.lower() not in _IGNORED:
            match = _match(name, value)
            if match.values == (EMPTY,) and not empty:
                raise Invalid("empty-value", 'a value of "" takes emptyvaluematching=true (PS3.18 8.3.4.5)')
            include += [match.path]
            matches += [match] if match.values else []
    return Search(
        level=level,
        matches=_no_twice(matches),
        include=tuple(path for path in dict.fromkeys(include) if path != ("all",)),
        include_all=("all",) in include,
        limit=_whole(single, "limit"),
        offset=_whole(single, "offset") or 0,
        fuzzy=_flag(single, "fuzzymatching"),
        unsupported=tuple(name for name in ("multiplevaluematching",) if _flag(single, name)),
    )


def path_of(name: str) -> tuple[str, ...]:
    """Return the tags of a keyword or tag, or of a path of them through Sequences, joined by dots."""
    return tuple(_tag(part) for part in name.split("."))


def _tag(part: str) -> str:
    if _TAG.fullmatch(part):
        return part.upper()
    if part in _KEYWORDS:
        return _KEYWORDS[part]
    raise Invalid("unknown-attribute", "a parameter is neither a keyword nor a tag of PS3.6, nor limit, offset, …")


def _match(name: str, value: str) -> MatchingKey:
    path = path_of(name)
    vr = vr_of(int(path[-1], 16)).decode("ascii")
    if vr == "SQ":
        raise Invalid("sequence-key", "a Sequence is matched by a path to an Attribute in it (PS3.18 8.3.4.1)")
    value = value.strip()
    if vr == "UI" and value != EMPTY:
        values = tuple(part.strip() for part in re.split(r"[,\\]", value) if part.strip())
        if not all(map(has_uid_characters, values)):
            raise Invalid("bad-uid", f"{path[-1]} takes UIDs, separated by commas")
        return MatchingKey(path, vr, values)
    if vr in ("DA", "TM", "DT") and value not in ("", EMPTY):
        _check_range(path[-1], vr, value)
    return MatchingKey(path, vr, (value,) if value.strip("*") else ())  # nothing, or "*", is universal matching


_FORMS = {
    "DA": re.compile(r"\d{8}"),
    "TM": re.compile(r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?"),
    "DT": re.compile(r"\d{4}(\d{2}(\d{2}(\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?)?)?)?([+-]\d{4})?"),
}


def split_range(vr: str, value: str) -> tuple[str, str] | None:
    """Return the ends of a range, empty where open; None if the value is a single one (PS3.4 C.2.2.2.5)."""
    if "-" not in value:
        return None
    if vr == "DT":  # a minus may begin the offset from UTC
        match = re.fullmatch(r"([\d.]*(?:[+-]\d{4})?)-([\d.]*(?:[+-]\d{4})?)", value)
        return (match[1], match[2]) if match and not _FORMS["DT"].fullmatch(value) else None
    low, _, high = value.partition("-")
    return low, high


def _check_range(tag: str, vr: str, value: str) -> None:
    ends = split_range(vr, value) or (value,)
    if not any(ends) or any(end and not _FORMS[vr].fullmatch(end) for end in ends):
        raise Invalid("bad-range", f"{tag} takes a {vr} value or a range of two, such as 20240101-20241231")


def _no_twice(matches: list[MatchingKey]) -> tuple[MatchingKey, ...]:
    """A key of the path and one of the query may both be there: both must hold."""
    return tuple(dict.fromkeys(matches))


def _whole(single: dict[str, str], name: str) -> int | None:
    text = single.get(name)
    if text is None:
        return None
    number = whole_number(text, MAX_OFFSET)
    if number is None:
        raise Invalid("bad-parameter", f"{name} takes a whole number up to {MAX_OFFSET} (PS3.18 8.3.4.4)")
    return number


def _flag(single: dict[str, str], name: str) -> bool:
    text = single.get(name, "false").lower()
    if text not in ("true", "false"):
        raise Invalid("bad-parameter", f"{name} takes true or false (PS3.18 8.3.4.2)")
    return text == "true"
