"""The terminologies that are there without being loaded: our own open list, and the ICD-10 codes that stand in it."""

from collections.abc import Iterator
from functools import cache

from shared.fhir.systems import DCM, ICD_10, RADLEX, SNOMED
from shared.terms.open_terms import SYSTEM, VERSION, OpenTerm, open_terms
from shared.terms.term import CodeSystem, Coding, Term

_URIS = {"DCM": DCM, "SCT": SNOMED, "RADLEX": RADLEX[0]}


class Builtin:
    """A terminology in memory, read like a store."""

    def __init__(self, about: CodeSystem, terms: dict[str, Term]) -> None:
        self.about, self._terms = about, terms

    def get(self, code: str) -> Term | None:
        """Return the term of a code."""
        return self._terms.get(code)

    def __iter__(self) -> Iterator[Term]:
        """Yield all terms in the order of their codes."""
        return iter(self._terms.values())


@cache
def builtins() -> tuple[Builtin, ...]:
    """Return them, made once in a process."""
    own = {term.id: _own(term) for term in open_terms()}
    about = CodeSystem(system=SYSTEM, version=VERSION, title="J-MID open list of findings and diseases", terms=len(own))
    icd_10 = _icd_10()
    fragment = CodeSystem(
        system=ICD_10,
        version=f"open-list-{VERSION}",
        title="ICD-10 codes of the J-MID open list",
        fragment=True,
        terms=len(icd_10),
    )
    return Builtin(about, own), Builtin(fragment, icd_10)


def _own(term: OpenTerm) -> Term:
    coded = [Coding(_URIS[term.scheme], term.code, term.meaning)] if term.code else []
    classed = [Coding(ICD_10, term.icd10)] if term.icd10 else []
    return Term(
        code=term.id,
        display=term.ja,
        kana=term.kana,
        english=term.en,
        synonyms=(*term.synonyms_ja, *term.synonyms_en),
        also=(*coded, *classed),
    )


def _icd_10() -> dict[str, Term]:
    """Return each category with the names that the list has for it; the first one is its display."""
    named: dict[str, list[OpenTerm]] = {}
    for term in open_terms():
        if term.icd10:
            named.setdefault(term.icd10, []).append(term)
    return {code: _category(code, terms) for code, terms in sorted(named.items())}


def _category(code: str, terms: list[OpenTerm]) -> Term:
    first, *_ = terms
    names = [name for term in terms for name in (term.ja, *term.synonyms_ja, term.en, *term.synonyms_en)]
    others = tuple(dict.fromkeys(name for name in names if name not in (first.ja, first.en)))
    return Term(code=code, display=first.ja, kana=first.kana, english=first.en, synonyms=others)
