"""Clean a free text, Japanese or English, of everything that identifies a person.

Rules and a dictionary made from the linked header decide. What is only suspicious is not cut but flags the text for a
person. Eponyms (橋本病, Hodgkin lymphoma) survive even if the patient has that name, and then flag the text.

Source: PS3.15 E.3.6 (Clean Descriptors Option).
"""

import msgspec

from services.anonymizer.text.doubts import doubts
from services.anonymizer.text.folding.folded_text import Reading
from services.anonymizer.text.folding.spans import Span, is_japanese, merged, outside, render
from services.anonymizer.text.names.forms import NameForm
from services.anonymizer.text.names.identifiers import Identifiers
from services.anonymizer.text.names.known import find_identifiers
from services.anonymizer.text.names.mentions import mentioned
from services.anonymizer.text.names.titled import LEFT, find_people, forms_of
from services.anonymizer.text.names.unlabelled import full_names
from services.anonymizer.text.places.addresses import place_spans
from services.anonymizer.text.places.contacts import contact_spans
from services.anonymizer.text.places.facilities import facility_spans
from services.anonymizer.text.policy import TextPolicy
from services.anonymizer.text.shifts import births_beside, time_spans

__all__ = ["CleanedText", "Identifiers", "TextPolicy", "clean_text"]

_MAX_PASSES = 5


class CleanedText(msgspec.Struct, frozen=True):
    """text: what may leave.  removed: category → how many spans.  review: a person should look at it.

    reasons: why, as words without any value.  spans: what was replaced, as (start, end, category) of the original.
    """

    text: str
    removed: dict[str, int]
    review: bool
    reasons: tuple[str, ...] = ()
    spans: tuple[tuple[int, int, str], ...] = ()


def clean_text(text: str, identifiers: Identifiers, policy: TextPolicy = TextPolicy()) -> CleanedText:  # noqa: B008 - frozen
    """Return the text without what identifies; every sign outside the replaced spans is as it was.

    A second look at the result finds nothing more: passes go on until one finds nothing, so cleaning is idempotent
    (but shifted dates would be shifted again).
    """
    japanese = is_japanese(text)
    spans: list[Span] = []
    reasons: set[str] = set()
    current = text
    for turn in range(_MAX_PASSES):
        reading = Reading(current)
        reasons.discard(LEFT)
        found, people = _pass(reading, identifiers, policy if turn == 0 else _settled(policy), japanese, reasons)
        if not found:
            break
        spans = _added(spans, found, text, japanese)
        current = render(text, spans, japanese)
        identifiers = msgspec.structs.replace(identifiers, names=(*identifiers.names, *people))
    reasons |= doubts(reading, reading.markers)
    removed: dict[str, int] = {}
    for span in spans:
        removed[span.category] = removed.get(span.category, 0) + 1
    where = tuple((span.start, span.end, span.category) for span in spans)
    return CleanedText(current, removed, bool(reasons), tuple(sorted(reasons)), where)


def _pass(
    reading: Reading, identifiers: Identifiers, policy: TextPolicy, japanese: bool, reasons: set[str]
) -> tuple[list[Span], tuple[NameForm, ...]]:
    """Return what one look finds, and people to look for everywhere.

    Spans are of the unfolded text; markers of earlier passes are left alone.
    """
    known = find_identifiers(reading, identifiers)
    people = find_people(reading)
    reasons |= known.doubts | people.doubts
    people.spans.extend((*full_names(reading), *mentioned(reading)))
    found = [*known.spans, *people.spans, *contact_spans(reading.text)]
    if policy.institutions == "remove":
        found += (*place_spans(reading, known.spans), *facility_spans(reading.text))
    found += births_beside(reading, people.spans + known.spans)
    found += time_spans(reading, identifiers, policy, japanese)
    spans = merged(outside(found, reading.markers), reading.text)
    unfolded = [
        Span(*reading.folded.original(span.start, span.end), *span[2:]) for span in spans if span.start < span.end
    ]
    return unfolded, forms_of(reading, people.spans)


def _settled(policy: TextPolicy) -> TextPolicy:
    """Return the policy of later passes: dates that were shifted are not shifted again."""
    return msgspec.structs.replace(policy, dates="keep") if policy.dates == "shift" else policy


def _added(spans: list[Span], found: list[Span], text: str, japanese: bool) -> list[Span]:
    """Return old and new spans together; new ones are positions in the text as the old ones rendered it."""
    placed: list[Span] = []
    for span in found:
        start, end = (_back(position, spans, japanese) for position in (span.start, span.end))
        placed.append(Span(start, end, span.category, span.replacement))
    return merged([*spans, *placed], text)


def _back(position: int, spans: list[Span], japanese: bool) -> int:
    """Return the original position of one in the rendered text."""
    shift = 0
    for start, end, category, replacement in spans:
        shown = len(render("", [Span(0, 0, category, replacement)], japanese))
        if position <= start + shift:
            break
        if position < start + shift + shown:
            return start
        shift += shown - (end - start)
    return position - shift
