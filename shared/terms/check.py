"""Checks a code with its modifiers against the version in use; what is retired is said and never replaced silently."""

from collections.abc import Sequence

import msgspec

from shared.errors import Invalid, Refused
from shared.terms.catalogue import Catalogue, Source
from shared.terms.term import Term


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A code that stands. display: the modifiers' and the code's names in order.  version: of the code system."""

    system: str
    version: str
    code: str
    modifiers: tuple[str, ...]
    display: str


def check_code(catalogue: Catalogue, system: str, code: str, modifiers: Sequence[str] = ()) -> Checked:
    """Return the code as the version in use names it. modifiers: codes of the system's modifiers, in order.

    Raises NotFound for a system that is not loaded, Invalid for a code or modifier that is not in it or not in its
    place, Refused for a retired code: its text names the successors, of which a person chooses. Blocks the thread.
    """
    source = catalogue.source(system)
    term = _standing(source, code, "code")
    if term.kind != "term":
        raise Invalid("not-a-diagnosis", f"code: {code} is a modifier, and is no diagnosis alone")
    before, after = _modifiers(catalogue, source, modifiers)
    return Checked(
        system=system,
        version=source.about.version,
        code=code,
        modifiers=tuple(modifiers),
        display="".join([*before, term.display, *after]),
    )


def _modifiers(catalogue: Catalogue, source: Source, codes: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the names that go before and after a term."""
    if not codes:
        return [], []
    if not source.about.modifiers:
        raise Invalid("no-modifiers", "modifiers: this code system has none")
    if len(set(codes)) != len(codes):
        raise Invalid("modifier-twice", "modifiers: one is there twice")
    of = catalogue.source(source.about.modifiers)
    terms = [_standing(of, code, "modifiers") for code in codes]
    if any(term.kind == "term" for term in terms):
        raise Invalid("not-a-modifier", "modifiers: one of them is no modifier")
    before = [term.display for term in terms if term.kind == "prefix"]
    after = [term.display for term in terms if term.kind == "suffix"]
    if [term.display for term in terms] != [*before, *after]:
        raise Invalid("modifier-order", "modifiers: those before the name come first, then those after it")
    return before, after


def _standing(source: Source, code: str, field: str) -> Term:
    where = f"version {source.about.version} of its code system"
    term = source.get(code)
    if term is None:
        part = ", of which only a part is here" if source.about.fragment else ""
        raise Invalid("unknown-code", f"{field}: no such code in {where}{part}")
    if term.retired:
        after = " or ".join(term.successors)
        advice = f"write {after} in its place" if after else "it has no successor"
        raise Refused("retired-code", f"{field}: {code} is retired in {where}; {advice}")
    return term
