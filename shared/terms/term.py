"""A code of a terminology with its names, and what it belongs to. Pure.

Words as in FHIR R4 CodeSystem and PS3.16: code system (URI), version, display, designation.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import msgspec

Kind = Literal["term", "prefix", "suffix"]
"""A term stands by itself; a prefix or suffix is a modifier (修飾語) that is put before or after one."""


class Coding(msgspec.Struct, frozen=True):
    """A code of another system that means the same, or the class that it falls under. system: a URI."""

    system: str
    code: str
    display: str = ""


class Term(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One code. display: its name in this version.  kana: its reading in katakana.

    retired: it is not to be used any more; successors: the codes that came in its place, of the same system.
    also: codes of other systems.
    """

    code: str
    display: str
    kana: str = ""
    english: str = ""
    synonyms: tuple[str, ...] = ()
    kind: Kind = "term"
    retired: bool = False
    successors: tuple[str, ...] = ()
    also: tuple[Coding, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All its names, the display first."""
        return tuple(dict.fromkeys(name for name in (self.display, self.english, *self.synonyms) if name))


class CodeSystem(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a code system. system: URI.  modifiers: URI of the system that its modifiers are of; empty: none.

    fragment: it holds only some of the codes (FHIR R4 CodeSystem.content).  terms: how many it holds.
    """

    system: str
    version: str
    title: str
    modifiers: str = ""
    fragment: bool = False
    terms: int = 0


@dataclass(frozen=True)
class Terminology:
    """What a loader read: a code system and its terms."""

    about: CodeSystem
    terms: Iterable[Term]
