"""Clean a free text, Japanese or English, of everything that identifies a person.

Rules and a dictionary made from the linked header decide. What is only suspicious is not cut but flags the text for a
person. Eponyms (橋本病, Hodgkin lymphoma) survive even if the patient has that name, and then flag the text. Pure.

Source: PS3.15 E.3.6 (Clean Descriptors Option).
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import msgspec

from services.anonymizer.text import clinical_lists, site_list, tables
from services.anonymizer.text.dates.find import WrittenDate, find_dates
from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import is_inside_term, is_sites_term
from services.anonymizer.text.folding.rendered import Back
from services.anonymizer.text.folding.scripts import script
from services.anonymizer.text.folding.spans import (
    Findings,
    ResidualRisk,
    Span,
    brief,
    is_japanese,
    merged,
    outside,
    render,
)
from services.anonymizer.text.learned import beside_rules, decide
from services.anonymizer.text.names.eponyms import is_eponym
from services.anonymizer.text.names.frames.nobody import is_nobody
from services.anonymizer.text.names.frames.numbers_beside import numbers_beside
from services.anonymizer.text.names.frames.person import is_work
from services.anonymizer.text.names.given import is_given
from services.anonymizer.text.names.header.forms import NameForm, surnames_of
from services.anonymizer.text.names.header.identifiers import Identifiers
from services.anonymizer.text.names.header.known import find_identifiers
from services.anonymizer.text.names.surnames import is_name
from services.anonymizer.text.names.titles import TITLE_AFTER
from services.anonymizer.text.places import addresses, hospitals
from services.anonymizer.text.policy import TextPolicy
from services.anonymizer.text.residual_risk import found_without_help, risks_in
from services.anonymizer.text.rules import Rule, find
from services.anonymizer.text.shifts import births_beside, time_spans
from shared.errors import Refused
from shared.fhir.report import MOST_TEXT_SIGNS

__all__ = ["CleanedText", "Identifiers", "TextPolicy", "clean_text"]

_MAX_PASSES: Final = 5
MOST_SIGNS: Final = MOST_TEXT_SIGNS
"""Of one text: a hundred pages. What is longer is no report, and is not passed on uncleaned."""
_NUMBERS: Final = frozenset({"other_id", "patient_id", "accession", "phone", "department", "insurance"})
_OF_ONE_LINE: Final = frozenset({"address", "institution", "department", "other_id"})
"""Categories whose rules reach so far to the left that two lines are not joined for them, unless lines were cut."""


class CleanedText(msgspec.Struct, frozen=True):
    """text: what may leave.  removed: category → how many spans.  review: a person should look at it.

    reasons: why, as words without any value.  spans: what was replaced, as (start, end, category) of the original.
    risks: where in the cleaned text each reason stands; at least one place for each.
    brief: the text with a star for each mark, nowhere longer than the original.
    """

    text: str
    removed: dict[str, int]
    review: bool
    reasons: tuple[str, ...] = ()
    spans: tuple[tuple[int, int, str], ...] = ()
    risks: tuple[ResidualRisk, ...] = ()
    brief: str = ""


def clean_text(text: str, identifiers: Identifiers, policy: TextPolicy = TextPolicy()) -> CleanedText:  # noqa: B008 - frozen
    """Return the text without what identifies; every sign outside the replaced spans is as it was.

    A second look at the result finds nothing more: passes go on until one finds nothing, so cleaning is idempotent
    (but shifted dates would be shifted again). Raises Refused for a text of more than MOST_SIGNS.
    """
    if len(text) > MOST_SIGNS:
        raise Refused("text-too-long", f"a text has at most {MOST_SIGNS} characters")
    clinical_lists.use(policy.clinical)
    japanese = is_japanese(text)
    spans: list[Span] = []
    risks: set[ResidualRisk] = set()  # of the original, as the spans are
    current = text
    told: list[Span] = []  # what the header alone finds
    rules: Sequence[Rule] = tables.PEOPLE
    for turn in range(_MAX_PASSES):
        folded = FoldedText(current, analyse=policy.analyse)
        known = find_identifiers(folded, identifiers)
        if turn == 0:
            told = _told(folded, known)
            if (more := site_list.added(identifiers, folded, policy.names)) is not identifiers:
                identifiers, known = more, find_identifiers(folded, more)
        dates = find_dates(folded, identifiers.exam_days)
        own = policy if turn == 0 else _settled(policy)
        likely = beside_rules.likely(folded, policy) if turn == 0 else beside_rules.NOTHING
        findings, people = _pass(folded, dates, identifiers, own, japanese, rules, known, likely=likely)
        if (unbroken := folded.unbroken()) is not None:
            findings, people = _with_broken(findings, people, unbroken, identifiers, own, japanese, rules)
        back = Back(spans, japanese)
        risks |= back.risks(findings.risks)
        if not findings.spans:
            break
        spans = _added(spans, findings.spans, text, japanese)
        current = render(text, spans, japanese)
        rules = tables.PEOPLE_OF_MANY if found_without_help(spans, text, told) else tables.PEOPLE
        identifiers = msgspec.structs.replace(identifiers, names=(*identifiers.names, *people))
    left = [ResidualRisk(*folded.original(start, end), reason) for start, end, reason in risks_in(folded, dates)]
    named = found_without_help(spans, text, told, policy.most_named) if policy.most_named else []
    many = (ResidualRisk(*place, "many-identifiers") for place in named)
    rendered = Back(spans, japanese).rendered(risks.union(back.risks(left), many))
    reasons = {risk.reason for risk in rendered}
    removed = Counter(span.category for span in spans)
    places = tuple((span.start, span.end, span.category) for span in spans)
    return CleanedText(
        current, dict(removed), bool(reasons), tuple(sorted(reasons)), places, rendered, brief(text, spans)
    )


def _told(folded: FoldedText, known: Findings) -> list[Span]:
    return [
        span._replace(start=low, end=high)
        for span in known.spans
        for low, high in [folded.original(span.start, span.end)]
    ]


def _pass(
    folded: FoldedText,
    dates: list[WrittenDate],
    identifiers: Identifiers,
    policy: TextPolicy,
    japanese: bool,
    rules: Sequence[Rule],
    known: Findings,
    only: Callable[[int, int], bool] | None = None,
    likely: Findings = beside_rules.NOTHING,
) -> tuple[Findings, tuple[NameForm, ...]]:
    """Return what one look finds, and people to look for everywhere.

    Spans and risks are of the unfolded text; markers of earlier passes are left alone.  only: which places count.
    known: what the header finds.  likely: what the learned reader sees.
    """
    people = [span for span in find(rules, folded) if not _is_kept(folded, span, dates)]
    people += find(tables.CLOSED_FIELDS, folded)
    spans = [*known.spans, *people, *find(tables.CONTACTS, folded)]
    if policy.institutions == "remove":
        spans += _places(folded, known.spans)
    spans += births_beside(folded, dates, people + known.spans)
    if folded.has_numbers:
        spans += _not_dates(numbers_beside(folded, people + known.spans), dates)
    spans += time_spans(folded, dates, identifiers, policy, japanese)
    if only is not None:
        spans = [span for span in spans if only(span.start, span.end)]
    learned = [
        span for span in beside_rules.beyond(folded, likely.spans, spans, dates) if not _is_kept(folded, span, dates)
    ]
    people += [span for span in learned if span.category in decide.PEOPLE]
    spans += learned
    disjoint = merged(outside(spans, folded.markers), folded.text)
    doubted = [*known.risks, *(ResidualRisk(span.start, span.end, span.reason) for span in people if span.reason)]
    doubted += beside_rules.left(likely.risks, disjoint, dates)
    risks = [ResidualRisk(*folded.original(start, end), reason) for start, end, reason in doubted]
    unfolded = [
        Span(*folded.original(span.start, span.end), span.category, span.replacement)
        for span in disjoint
        if span.start < span.end
    ]
    return Findings(unfolded, risks), surnames_of(folded, people)


def _with_broken(
    findings: Findings,
    people: tuple[NameForm, ...],
    unbroken: FoldedText,
    identifiers: Identifiers,
    policy: TextPolicy,
    japanese: bool,
    rules: Sequence[Rule],
) -> tuple[Findings, tuple[NameForm, ...]]:
    """Return findings and people, with those that a blank or a line's end cuts in two."""
    dates = find_dates(unbroken, identifiers.exam_days)
    known = find_identifiers(unbroken, identifiers)
    more, _ = _pass(unbroken, dates, identifiers, policy, japanese, rules, known, only=unbroken.crosses)
    ends = {span.end for span in findings.spans}
    spans = [
        span
        for span in more.spans
        if not (span.category in _OF_ONE_LINE and unbroken.line_ends_within(span.start, span.end, doubtful=True))
        and not _is_whole_before(unbroken, span, ends)
    ]
    return Findings([*findings.spans, *spans], findings.risks), people


def _is_whole_before(unbroken: FoldedText, span: Span, ends: set[int]) -> bool:
    """Say whether a name or number is whole at a line's end, タナカ⏎ゾウエイ, or what both lines make is no name."""
    is_number = span.category in _NUMBERS
    within = unbroken.line_ends_within(span.start, span.end, doubtful=not is_number)
    if within and not is_number and script(unbroken.part(span.start, span.end)[:1] or " ") == "kanji":
        before = [unbroken.part(span.start, at) for at in within]
        return any(map(is_work, before)) or not is_name(unbroken.part(span.start, span.end), words=True)
    return any(at in ends and (is_number or not is_given(unbroken.part(at, span.end))) for at in within)


def _not_dates(spans: Iterable[Span], dates: list[WrittenDate]) -> Iterator[Span]:
    taken = {at for date in dates for at in (date.start, date.end - 1)}
    yield from (span for span in spans if not taken & set(range(span.start, span.end)))


def _is_kept(folded: FoldedText, span: Span, dates: list[WrittenDate]) -> bool:
    """Say whether what looks like a name is a date in kanji, 三月四日 without a title, or a part of a clinical term."""
    at = bisect_left(dates, span.end, key=lambda date: date.start)
    if at and dates[at - 1].start <= span.start and span.end <= dates[at - 1].end:
        return TITLE_AFTER.match(folded.text, span.end) is None or folded.text[span.start].isdigit()
    if is_nobody(folded, span.start, span.end) or is_sites_term(folded.view[span.start : span.end]):
        return True
    is_product = "ァ" <= folded.text[span.start] <= "ー" and folded.after(span.end).isdigit()  # オプチレイ320
    return is_product or _is_spaced_out(folded, span) or is_inside_term(folded.view, span.start, span.end)


def _is_spaced_out(folded: FoldedText, span: Span) -> bool:
    """Say whether it is one sign, or of a term, in a line that is spaced out: 脂 肪 織, 高安 動 脈 炎."""
    if not any(low <= span.start < high for low, high in folded.spaced_lines):
        return False
    low, high = (bisect_left(folded.index, at) for at in (span.start, span.end))
    single = span.end - span.start == 1
    return (
        single
        or is_inside_term(folded.compact, low, high)
        or is_eponym(folded, folded.compact[low:high], low, span.end)
    )


def _places(folded: FoldedText, known: list[Span]) -> Iterator[Span]:
    """Yield hospitals, departments beside them or beside an institution that is already known, and addresses."""
    institutions = [*find(hospitals.RULES, folded), *(span for span in known if span.category == "institution")]
    yield from institutions
    yield from hospitals.departments_beside(folded, institutions)
    yield from addresses.addresses(folded)
    yield from find(tables.FACILITIES, folded)


def _settled(policy: TextPolicy) -> TextPolicy:
    """Return the policy of later passes: dates that were shifted are not shifted again."""
    return msgspec.structs.replace(policy, dates="keep") if policy.dates == "shift" else policy


def _added(spans: list[Span], later: list[Span], text: str, japanese: bool) -> list[Span]:
    """Return old and new spans together; new ones are positions in the text as the old ones rendered it."""
    back = Back(spans, japanese)
    placed = [Span(back(span.start), back(span.end), span.category, span.replacement) for span in later]
    return merged([*spans, *placed], text)
