"""What a query means: a tree, a plain reference evaluator, and the words for it. Pure.

The evaluator says of one document whether it satisfies a tree, by reading all of it: the index must find exactly those.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import msgspec

from services.search.language.folding import fold_text, runs

TEXT: Final = "text"
"""The field of everything that a reader may search for."""


class Contains(msgspec.Struct, frozen=True):
    """The folded field holds one of these folded needles. shown: as it was typed."""

    field: str
    needles: tuple[str, ...]
    shown: str


class Word(msgspec.Struct, frozen=True):
    """A word or number of the text has this form. parts: folded; between two of them stand any letters or digits."""

    parts: tuple[str, ...]
    shown: str


class Is(msgspec.Struct, frozen=True):
    """A value of the field is this, folded; ``*`` stands for any characters."""

    field: str
    value: str
    shown: str


class Between(msgspec.Struct, frozen=True):
    """A number of the field lies in these bounds, both taken in; None leaves an end open."""

    field: str
    low: float | None
    high: float | None
    shown: str


class All(msgspec.Struct, frozen=True):
    """All of these hold; with none, everything does."""

    parts: tuple["Node", ...]


class Any(msgspec.Struct, frozen=True):
    """One of these holds at least."""

    parts: tuple["Node", ...]


class Not(msgspec.Struct, frozen=True):
    """This does not hold."""

    part: "Node"


Node: TypeAlias = Contains | Word | Is | Between | All | Any | Not
EVERY: Final = All(())


class Document(msgspec.Struct, frozen=True):
    """What is compared with a tree: by field, texts, values and numbers, as they are before folding."""

    texts: Mapping[str, Sequence[str]] = {}
    values: Mapping[str, Sequence[str]] = {}
    numbers: Mapping[str, Sequence[float]] = {}


def holds(node: Node, document: Document) -> bool:
    """Say whether the document satisfies the tree."""
    match node:
        case All(parts):
            return all(holds(part, document) for part in parts)
        case Any(parts):
            return any(holds(part, document) for part in parts)
        case Not(part):
            return not holds(part, document)
        case Contains(field, needles):
            texts = [fold_text(text) for text in document.texts.get(field, ())]
            return any(needle in text for needle in needles for text in texts)
        case Word(parts):
            form = re.compile(word_form(parts))
            words = {word for text in document.texts.get(TEXT, ()) for word in runs(fold_text(text))}
            return any(form.fullmatch(word) for word in words)
        case Is(field, value):
            form = re.compile(value_form(value), re.DOTALL)
            return any(form.fullmatch(folded_value(own)) for own in document.values.get(field, ()))
        case Between(field, low, high):
            numbers = document.numbers.get(field, ())
            return any((low is None or n >= low) and (high is None or n <= high) for n in numbers)


def folded_value(value: str) -> str:
    """Return a value as it is compared: folded, without blanks at its ends."""
    return fold_text(value).strip()


def word_form(parts: Sequence[str]) -> str:
    """Return the form of a word as a regular expression that Python and tantivy read alike."""
    return "[^ ]*".join(_escaped(part) for part in parts)


def value_form(value: str) -> str:
    """Return the form of a value as a regular expression that Python and tantivy read alike."""
    return ".*".join(_escaped(part) for part in value.split("*"))


def _escaped(text: str) -> str:
    return "".join(f"\\{character}" if character in r"\.+*?()|[]{}^$" else character for character in text)


def terms_of(node: Node) -> tuple[str, ...]:
    """Return the needles that may be marked in a hit: of what must or may be there, in any text."""
    match node:
        case All(parts) | Any(parts):
            return tuple(dict.fromkeys(term for part in parts for term in terms_of(part)))
        case Contains(_, needles):
            return needles
        case Word(parts):
            return tuple(part for part in parts if part)
        case _:
            return ()


def leaves(node: Node) -> tuple[Node, ...]:
    """Return the leaves of a tree, each once, without what is around them."""
    match node:
        case All(parts) | Any(parts):
            return tuple(dict.fromkeys(leaf for part in parts for leaf in leaves(part)))
        case Not(part):
            return leaves(part)
        case _:
            return (node,)


def understood(node: Node) -> str:
    """Write a tree as a query that is read as the same tree."""
    return _written(node, within="")


def _written(node: Node, within: str) -> str:
    match node:
        case Any((Contains(), Is("identifier")) as parts):
            return _written(parts[0], within)
        case All(parts) | Any(parts):
            joint = "AND" if isinstance(node, All) else "OR"
            text = f" {joint} ".join(_written(part, joint) for part in parts)
            return f"({text})" if len(parts) > 1 and within not in ("", joint) else text
        case Not(part):
            return f"NOT {_written(part, 'NOT')}"
        case Contains(field, _, shown) | Is(field, _, shown) | Between(field, _, _, shown):
            return shown if field == TEXT else f"{field}:{shown}"
        case Word(_, shown):
            return shown
