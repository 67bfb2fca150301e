"""What a reader may ask: the fields of a case query, and the small language of its text.

Text: words are all required; "a phrase" keeps its blanks; OR between two words takes either; -word excludes.
"""

import re
from collections.abc import Mapping

import msgspec

from services.search.language.folding import fold_text
from shared.errors import Invalid
from shared.whole_numbers import whole_number

MAX_LIMIT = 200
MAX_OFFSET = 100_000
MAX_TEXT = 500
_DATE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")
_TOKEN = re.compile(r'(-?)(?:"([^"]*)"|“([^”]*)”|「([^」]*)」|(\S+))')


class Text(msgspec.Struct, frozen=True):
    """A text query, folded. required: groups of which at least one term each must occur.  excluded: none may occur."""

    required: tuple[tuple[str, ...], ...] = ()
    excluded: tuple[str, ...] = ()

    def terms(self) -> tuple[str, ...]:
        """Return all terms that may be marked in a hit."""
        return tuple(term for group in self.required for term in group)


class CaseQuery(msgspec.Struct, frozen=True):
    """One search. Dates are YYYYMMDD as numbers, ages whole years; None leaves an end open; empty takes all."""

    text: Text = Text()
    modality: tuple[str, ...] = ()
    site: tuple[str, ...] = ()
    sex: tuple[str, ...] = ()
    body_part: tuple[str, ...] = ()
    date_from: int | None = None
    date_to: int | None = None
    age_from: int | None = None
    age_to: int | None = None
    has_images: bool | None = None
    has_report: bool | None = None
    diagnosis: str = ""
    limit: int = 25
    offset: int = 0
    newest_first: bool = True


def parse_text(text: str) -> Text:
    """Parse the language of the search box. Nothing in it is an error: what is odd is searched for as it stands."""
    required: list[tuple[str, ...]] = []
    excluded: list[str] = []
    joining = False
    for minus, *quoted, word in _TOKEN.findall(text[:MAX_TEXT].replace("　", " ")):
        if word == "OR" and not minus:
            joining = bool(required)
            continue
        term = fold_text(word or next((q for q in quoted if q), ""))
        if not term:
            continue
        if minus:
            excluded.append(term)
        elif joining:
            required[-1] = (*required[-1], term)
        else:
            required.append((term,))
        joining = False
    return Text(tuple(required), tuple(excluded))


def parse_query(parameters: Mapping[str, str]) -> CaseQuery:
    """Parse request parameters; raise Invalid that names the parameter."""
    unknown = set(parameters) - _PARAMETERS
    if unknown:
        raise Invalid("unknown-parameter", f"{', '.join(sorted(unknown))}; known are {', '.join(sorted(_PARAMETERS))}")
    return CaseQuery(
        text=parse_text(parameters.get("q", "")),
        modality=_several(parameters, "modality"),
        site=_several(parameters, "site"),
        sex=_several(parameters, "sex"),
        body_part=_several(parameters, "body_part"),
        date_from=_date(parameters, "date_from"),
        date_to=_date(parameters, "date_to"),
        age_from=_number(parameters, "age_from", 0, 150),
        age_to=_number(parameters, "age_to", 0, 150),
        has_images=_flag(parameters, "has_images"),
        has_report=_flag(parameters, "has_report"),
        diagnosis=fold_text(parameters.get("diagnosis", "")),
        limit=_or(_number(parameters, "limit", 0, MAX_LIMIT), 25),
        offset=_or(_number(parameters, "offset", 0, MAX_OFFSET), 0),
        newest_first=parameters.get("order", "newest") != "oldest",
    )


_FILTERS = {"modality", "site", "sex", "body_part", "date_from", "date_to", "age_from", "age_to"}
_PARAMETERS = frozenset(_FILTERS | {"q", "has_images", "has_report", "diagnosis", "limit", "offset", "order"})


def _several(parameters: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in parameters.get(name, "").split(",") if part.strip())


def _date(parameters: Mapping[str, str], name: str) -> int | None:
    text = parameters.get(name, "").strip()
    if not text:
        return None
    match = _DATE.fullmatch(text)
    if match is None:
        raise Invalid("wrong-parameter", f"{name} takes a date as 2024-05-31")
    return int("".join(match.groups()))


def _number(parameters: Mapping[str, str], name: str, low: int, high: int) -> int | None:
    text = parameters.get(name, "").strip()
    if not text:
        return None
    number = whole_number(text, high)
    if number is None or number < low:
        raise Invalid("wrong-parameter", f"{name} takes a whole number from {low} to {high}")
    return number


def _flag(parameters: Mapping[str, str], name: str) -> bool | None:
    text = parameters.get(name, "").strip().lower()
    if text not in ("", "true", "false"):
        raise Invalid("wrong-parameter", f"{name} takes true or false")
    return None if not text else text == "true"


def _or(value: int | None, default: int) -> int:
    return default if value is None else value
