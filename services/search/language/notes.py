"""What is said about a query that was not written as the language has it. Pure."""

from collections.abc import Callable
from typing import Final, TypeAlias

import msgspec

from shared.web.language import translatable

Say: TypeAlias = Callable[[str], str]
"""Gives a text in the language of the reader."""

NOT_CLOSED: Final = translatable("The bracket at position {position} is not closed; it was read as closed at the end.")
NOT_OPENED: Final = translatable("The bracket at position {position} closes none; it was left out.")
EMPTY_BRACKETS: Final = translatable("There is nothing in the brackets at position {position}; they were left out.")
OPEN_QUOTE: Final = translatable("The quote at position {position} does not end; it was read up to the end.")
NO_OPERAND: Final = translatable(
    "{word} at position {position} has nothing on one side; it was left out. Write it in quotes to search for it."
)
NOTHING: Final = translatable("{word} at position {position} has nothing to search for; it was left out.")
NO_FIELD: Final = translatable("There is no field {word} (position {position}); it was searched for as text.")
NO_VALUE: Final = translatable("The field {word} at position {position} has no value.")
NO_NUMBER: Final = translatable(
    "The field {word} at position {position} takes a number or a range, as 5, >=5 or 5..10; its unit may follow."
)
NO_DATE: Final = translatable(
    "The field {word} at position {position} takes a date or a range, as 2024, 2024-05-31 or 2024-01..2024-03."
)
NO_FLAG: Final = translatable("The field {word} at position {position} takes yes or no.")
TOO_DEEP: Final = translatable("There are more brackets in each other than are read (position {position}).")
TOO_LONG: Final = translatable("The query is longer than is read; what stands from position {position} on is too much.")


class Note(msgspec.Struct, frozen=True):
    """position: of the character that it is about, from 1.  text: in the reader's language.

    is_wrong: the query cannot be answered; otherwise the text says how it was read.
    """

    position: int
    text: str
    is_wrong: bool = False


class Notes:
    """Collects notes while a query is read."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self.all: list[Note] = []

    def add(self, text: str, position: int, word: str = "", *, is_wrong: bool = False) -> None:
        """Say it, unless it was said of this place."""
        note = Note(position, self._say(text).format(position=position, word=word), is_wrong)
        if note not in self.all:
            self.all.append(note)
