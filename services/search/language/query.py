"""What a reader may ask: the text of the search box, the filters of a request, and which page in which order. Pure."""

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from services.search.language import grammar
from services.search.language.fields import FACETS, FIELDS, Field, Kind, bounds_of
from services.search.language.folding import fold_text
from services.search.language.notes import Note, Say
from services.search.language.tree import (
    EVERY,
    All,
    Any,
    Between,
    Contains,
    Is,
    Node,
    folded_value,
    terms_of,
    understood,
)
from shared.errors import Invalid
from shared.whole_numbers import whole_number

MAX_LIMIT: Final = 200
MAX_OFFSET: Final = 100_000
ORDERS: Final = {
    "newest": ("date", True),
    "oldest": ("date", False),
    "youngest": ("age", False),
    "eldest": ("age", True),
    "most_images": ("images", True),
    "fewest_images": ("images", False),
}
"""Order → the number that it goes by, and whether the largest is first."""


class Text(msgspec.Struct, frozen=True):
    """A text query as it was read. notes: what there is to say about that."""

    tree: Node = EVERY
    notes: tuple[Note, ...] = ()

    def terms(self) -> tuple[str, ...]:
        """Return all needles that may be marked in a hit."""
        return terms_of(self.tree)

    def understood(self) -> str:
        """Return the query as it was read, with all its brackets."""
        return understood(self.tree)


class CaseQuery(msgspec.Struct, frozen=True):
    """One search. text: of the search box.  where: what the other parameters ask.

    order: of ORDERS.  after: the key of the last case of the page before; None for the first page, or by offset.
    facets: the fields whose values are counted.
    """

    text: Text = Text()
    where: Node = EVERY
    limit: int = 25
    offset: int = 0
    order: str = "newest"
    after: int | None = None
    facets: tuple[str, ...] = ()

    def tree(self) -> Node:
        """Return all that it asks."""
        parts = tuple(node for node in (self.text.tree, self.where) if node != EVERY)
        return parts[0] if len(parts) == 1 else All(parts)


def parse_text(text: str, say: Say = str, *, synonyms: bool = True) -> Text:
    """Read the language of the search box; what was odd is in the notes."""
    tree, notes = grammar.read(text, say, synonyms=synonyms)
    return Text(tree, tuple(notes))


def parse_query(parameters: Mapping[str, str], say: Say = str) -> CaseQuery:
    """Parse request parameters; raise Invalid that names the parameter, or says what of the text cannot be read."""
    unknown = set(parameters) - PARAMETERS
    if unknown:
        raise Invalid("unknown-parameter", f"{', '.join(sorted(unknown))}; known are {', '.join(sorted(PARAMETERS))}")
    synonyms = _flag(parameters, "synonyms")
    text = parse_text(parameters.get("q", ""), say, synonyms=synonyms is not False)
    if wrong := [note.text for note in text.notes if note.is_wrong]:
        raise Invalid("wrong-query", " ".join(wrong))
    order = parameters.get("order", "").strip() or "newest"
    if order not in ORDERS:
        raise Invalid("wrong-parameter", f"order is one of {', '.join(ORDERS)}")
    return CaseQuery(
        text=text,
        where=All(tuple(_filters(parameters))),
        limit=_or(_number(parameters, "limit", 0, MAX_LIMIT), 25),
        offset=_or(_number(parameters, "offset", 0, MAX_OFFSET), 0),
        order=order,
        after=_key(parameters.get("after", "").strip(), order),
        facets=_facets(parameters.get("facets", "")),
    )


def page_token(order: str, key: int) -> str:
    """Return what names the place behind a case in this order."""
    return base64.urlsafe_b64encode(f"{order} {key}".encode()).decode().rstrip("=")


def _key(token: str, order: str) -> int | None:
    if not token:
        return None
    try:
        named, _, key = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("ascii").partition(" ")
    except (binascii.Error, ValueError) as error:
        raise Invalid("wrong-parameter", "after takes the next of an answer") from error
    number = whole_number(key, (1 << 63) - 1)
    if named != order or number is None:
        raise Invalid("wrong-parameter", "after takes the next of an answer in the same order")
    return number


def _filters(parameters: Mapping[str, str]) -> Iterable[Node]:
    """Yield what each parameter asks; those of a name in the table of fields are of the kind that it says."""
    for name in ("date", "age", *(f.name for f in FIELDS.values() if f.kind is Kind.NUMBER and f.name != "age")):
        low, high = _end(parameters, name, "from"), _end(parameters, name, "to")
        if low is not None or high is not None:
            yield Between(name, low, high, "")
    for field in FIELDS.values():
        typed = parameters.get(field.name, "").strip()
        if typed and field.name in _BY_NAME:
            yield _filter(field, typed, parameters)


def _filter(field: Field, typed: str, parameters: Mapping[str, str]) -> Node:
    if field.kind is Kind.FLAG:
        number = float(bool(_flag(parameters, field.name)))
        return Between(field.name, number, number, typed)
    if field.kind is Kind.TEXT:
        return Contains(field.name, (fold_text(typed).strip(),), typed)
    values = {typed: None, **dict.fromkeys(part.strip() for part in typed.split(",") if part.strip())}
    return Any(tuple(Is(field.name, folded_value(value), value) for value in values))


def _end(parameters: Mapping[str, str], name: str, end: str) -> float | None:
    """Return one end of a range; a date is a whole day, an age whole years."""
    parameter = f"{name}_{end}"
    text = parameters.get(parameter, "").strip()
    if not text:
        return None
    if name == "age":
        return _number(parameters, parameter, 0, 150)
    bounds = bounds_of(FIELDS[name], text)
    if bounds is None or None in bounds or (name == "date" and len(text) < 8):
        what = "a date as 2024-05-31" if name == "date" else "a number"
        raise Invalid("wrong-parameter", f"{parameter} takes {what}")
    return bounds[0 if end == "from" else 1]


_BY_NAME: Final = frozenset(f.name for f in FIELDS.values() if f.kind not in (Kind.NUMBER, Kind.DATE))
_RANGES: Final = {
    f"{f.name}_{end}" for f in FIELDS.values() if f.kind in (Kind.NUMBER, Kind.DATE) for end in ("from", "to")
}
PARAMETERS: Final = frozenset(
    {"q", "synonyms", "limit", "offset", "order", "after", "facets", *_BY_NAME, *_RANGES},
)


def _facets(typed: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in typed.split(",") if name.strip()))
    if names == ("all",):
        return FACETS
    if unknown := sorted(set(names) - set(FACETS)):
        raise Invalid("wrong-parameter", f"facets does not know {', '.join(unknown)}; known are {', '.join(FACETS)}")
    return names


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
