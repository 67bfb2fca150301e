"""Gathers whom and what a message or document names beside the plain fields. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from services.ingest.reports.canonical import Address, Mention, Number, Person, Place

MOST = 400
"""How many mentions, attachments or unread parts of one report are kept count of."""
_SHORTEST_NUMBER = 4  # a staff number such as D2 is also a clinical term


@dataclass
class Mentions:
    """left_behind: media types of attachments.  unmapped: how many segments or sections were not read."""

    names: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    addresses: list[Address] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)
    left_behind: list[str] = field(default_factory=list)
    unmapped: int = 0
    _others: dict[Mention, None] = field(default_factory=dict)

    def of_patient(
        self,
        *,
        names: Iterable[str] = (),
        numbers: Iterable[str] = (),
        addresses: Iterable[Address] = (),
        phones: Iterable[str] = (),
    ) -> None:
        """Add what else is said of the patient; empty values are left out."""
        self.names = [*self.names, *filter(None, names)][:MOST]
        self.numbers = [*self.numbers, *filter(None, numbers)][:MOST]
        self.addresses = [*self.addresses, *filter(None, addresses)][:MOST]
        self.phones = [*self.phones, *filter(None, phones)][:MOST]

    def person(self, names: Sequence[str], number: str = "", *, is_relative: bool = False) -> None:
        """Add somebody. names: family, given, further given.  is_relative: one of the patient's own people."""
        known = number if len(number) >= _SHORTEST_NUMBER else ""
        person = Person(words(" ".join(names)), known, is_relative)
        if person.name or person.number:
            self._add(person)

    def place(self, name: str, addresses: Iterable[Address] = (), phones: Iterable[str] = ()) -> None:
        """Add an institution, department or ward with what reaches it."""
        place = Place(name, tuple(filter(None, addresses)), tuple(filter(None, phones)))
        if place.name or place.addresses or place.phones:
            self._add(place)

    def number(self, value: str) -> None:
        """Add a number of the order, the visit or the document."""
        if len(value) >= _SHORTEST_NUMBER:
            self._add(Number(value))

    @property
    def others(self) -> tuple[Mention, ...]:
        """Return people, places and numbers, each once, in their order."""
        return tuple(self._others)

    def _add(self, mention: Mention) -> None:
        if len(self._others) < MOST:
            self._others[mention] = None


def words(text: str) -> str:
    """Return a name with one space between its parts, as plain text, as HL7 (^) or as DICOM writes it."""
    return " ".join(text.replace("^", " ").split())
