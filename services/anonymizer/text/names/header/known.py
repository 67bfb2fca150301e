"""Find what the header says: names in any form, IDs, institution, address, phone. Pure."""

import re
from collections.abc import Iterator

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.spans import Findings, ResidualRisk, Span
from services.anonymizer.text.names.header.adjacent import with_adjacent_names
from services.anonymizer.text.names.header.forms import NameForm
from services.anonymizer.text.names.header.guesses import judge_guess
from services.anonymizer.text.names.header.identifiers import Identifiers
from services.anonymizer.text.names.header.known_values import numbers, places, words
from services.anonymizer.text.names.header.verdicts import Verdict, judge


def find_identifiers(folded: FoldedText, identifiers: Identifiers) -> Findings:
    """Return where the header's values stand in the text."""
    findings = Findings([], [])
    _find_names(folded, identifiers.names, findings)
    findings.spans.extend(_values(folded, identifiers))
    return findings


def _find_names(folded: FoldedText, forms: tuple[NameForm, ...], findings: Findings) -> None:
    guessed = frozenset(form.text for form in forms if form.part == "guessed-given")
    for form in forms:
        for at, start, end in folded.occurrences(form.text) if form.part != "guessed-given" else ():
            if form.part == "guess":
                guess = judge_guess(folded, form, guessed, at, start, end)
                verdict, place = guess.verdict, (guess.start, guess.end)
            else:
                verdict = judge(folded, form, at, start, end)
                place = with_adjacent_names(folded, form, start, end) if verdict is Verdict.MARK else (start, end)
            if verdict is Verdict.MARK:
                findings.spans.append(Span(*place, form.category))
            elif verdict is not Verdict.LEAVE:
                findings.risks.append(ResidualRisk(*place, verdict.value))


def _values(folded: FoldedText, identifiers: Identifiers) -> Iterator[Span]:
    for category, values in (
        ("patient_id", identifiers.patient_ids),
        ("accession", identifiers.order_ids),
        ("phone", identifiers.phones),
    ):
        yield from (Span(*place, category) for value in values for place in numbers(folded, value))
    for category, values in (("institution", identifiers.institutions), ("address", identifiers.addresses)):
        yield from (Span(*place, category) for value in values for place in places(folded, value))
    yield from (Span(*place, "institution") for value in identifiers.listed for place in words(folded, value))
    for uid in identifiers.uids:
        yield from (Span(*match.span(), "uid") for match in re.finditer(re.escape(uid), folded.text))
