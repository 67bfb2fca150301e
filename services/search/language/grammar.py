"""Reads a query: tokens to a tree. Nothing is an error but a value that a field cannot have, and too much of a query.

    sequence     one or more of disjunction: all of them
    disjunction  conjunction, OR, conjunction …
    conjunction  negation, AND, negation …
    negation     NOT or - before a negation, or a primary
    primary      ( sequence ), field:value, field:( … ), "phrase", word

So ``a OR b c`` is ``(a OR b) AND c``, and ``a OR b AND c`` is ``a OR (b AND c)``.
"""

from collections.abc import Callable
from typing import Final

from services.search.language import notes as say
from services.search.language.fields import NAMES, Field
from services.search.language.notes import Note, Notes, Say
from services.search.language.terms import joined_units, term, value
from services.search.language.tokens import Kind, Token, field_name, tokens
from services.search.language.tree import EVERY, TEXT, All, Any, Node, Not

MAX_TEXT: Final = 2000
_DEEPEST: Final = 40
_STARTS: Final = (Kind.OPEN, Kind.NOT, Kind.WORD, Kind.PHRASE, Kind.FIELD)


def read(text: str, speak: Say = str, *, synonyms: bool = True) -> tuple[Node, list[Note]]:
    """Return the tree of a query, and what there is to say about how it was read, by position."""
    notes = Notes(speak)
    if len(text) > MAX_TEXT:
        notes.add(say.TOO_LONG, MAX_TEXT + 1, is_wrong=True)
        return EVERY, notes.all
    parser = _Parser(joined_units(list(tokens(text))), notes, synonyms=synonyms)
    node = parser.whole() or EVERY
    return node, sorted(notes.all, key=lambda note: note.position)


class _Parser:
    """A recursive descent over the tokens."""

    def __init__(self, listed: list[Token], notes: Notes, *, synonyms: bool) -> None:
        self._tokens, self._notes, self._synonyms = listed, notes, synonyms
        self._at = self._depth = 0
        self._field: Field | None = None

    def whole(self) -> Node | None:
        """Read everything; a bracket that closes none is left out."""
        parts: list[Node] = []
        while self._at < len(self._tokens):
            parts += _some(self._sequence())
            if stray := self._take(Kind.CLOSE):
                self._notes.add(say.NOT_OPENED, stray.position)
        return _joined(All, parts)

    def _sequence(self) -> Node | None:
        parts: list[Node] = []
        while self._at < len(self._tokens) and self._kind() is not Kind.CLOSE:
            parts += _some(self._disjunction())
        return _joined(All, parts)

    def _disjunction(self) -> Node | None:
        return self._chain(Kind.OR, self._conjunction, Any)

    def _conjunction(self) -> Node | None:
        return self._chain(Kind.AND, self._negation, All)

    def _chain(self, joint: Kind, part: Callable[[], Node | None], kind: type[All] | type[Any]) -> Node | None:
        """Read parts with the operator between them; one that lacks a side is left out and said."""
        parts = _some(part())
        while operator := self._take(joint):
            after = _some(part()) if self._kind() in _STARTS else []
            if not parts or not after:
                self._notes.add(say.NO_OPERAND, operator.position, operator.text)
            parts += after
        return _joined(kind, parts)

    def _negation(self) -> Node | None:
        signs: list[Token] = []
        while sign := self._take(Kind.NOT):
            signs.append(sign)
        node = self._primary()
        if signs and node is None:
            self._notes.add(say.NO_OPERAND, signs[0].position, signs[0].text)
            return None
        return _negated(node) if node is not None and len(signs) % 2 else node

    def _primary(self) -> Node | None:
        if opened := self._take(Kind.OPEN):
            return self._brackets(opened)
        if named := self._take(Kind.FIELD):
            return self._of_field(named)
        if self._kind() not in (Kind.WORD, Kind.PHRASE):
            return None  # an operator that stands where a term should: whoever called says so
        token = self._tokens[self._at]
        self._at += 1
        if token.is_open:
            self._notes.add(say.OPEN_QUOTE, token.position)
        if self._field is not None:
            return value(self._field, token, self._notes, synonyms=self._synonyms)
        return term(TEXT, token, self._notes, synonyms=self._synonyms)

    def _brackets(self, opened: Token) -> Node | None:
        if self._depth == _DEEPEST:
            self._notes.add(say.TOO_DEEP, opened.position, is_wrong=True)
            self._at = len(self._tokens)
            return None
        self._depth += 1
        begun = self._at
        node = self._sequence()
        self._depth -= 1
        is_bare = self._at == begun
        if self._take(Kind.CLOSE) is None:
            self._notes.add(say.NOT_CLOSED, opened.position)
        elif is_bare:
            self._notes.add(say.EMPTY_BRACKETS, opened.position)
        return node

    def _of_field(self, named: Token) -> Node | None:
        """Read the value of a field, or its values in brackets."""
        outer, self._field = self._field, NAMES[field_name(named.text)]
        try:
            has_value = self._kind() in (Kind.OPEN, Kind.WORD, Kind.PHRASE)
            node = self._primary() if has_value else None
        finally:
            self._field = outer
        if not has_value:
            self._notes.add(say.NO_VALUE, named.position, named.text, is_wrong=True)
        return node

    def _kind(self) -> Kind | None:
        return self._tokens[self._at].kind if self._at < len(self._tokens) else None

    def _take(self, kind: Kind) -> Token | None:
        if self._kind() is not kind:
            return None
        self._at += 1
        return self._tokens[self._at - 1]


def _negated(node: Node) -> Node:
    return node.part if isinstance(node, Not) else Not(node)


def _some(node: Node | None) -> list[Node]:
    return [] if node is None else [node]


def _joined(kind: type[All] | type[Any], parts: list[Node]) -> Node | None:
    if len(parts) < 2:
        return parts[0] if parts else None
    return kind(tuple(parts))
