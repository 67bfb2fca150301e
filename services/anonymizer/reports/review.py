"""What a person decides about a report that may still identify somebody: it leaves as it is, with cuts, or not at all.

A cut is a place in the cleaned report, never its words, so a decision holds nothing of the patient's. It is bound to
the digest of what the person read: rules that clean otherwise tomorrow bring the report back to a person.
"""

import base64
import copy
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import orjson

from services.anonymizer.records import Choice, Decision
from services.anonymizer.reports.deidentify import DeidentifiedReport
from services.anonymizer.text.folding.spans import ResidualRisk
from shared.fhir import systems

RESIDUAL_RISK = "residual-risk"
_PLACE = re.compile(r"(\d{1,3}),(\d{1,7}),(\d{1,7})")
_JAPANESE = re.compile("[぀-ヿ一-鿿]")
Cut = tuple[int, int, int]


class Text(msgspec.Struct, frozen=True):
    """One text of a de-identified report. name: where it stands, for a person."""

    name: str
    text: str


def texts(resource: dict[str, Any]) -> list[Text]:
    """Return every free text of a de-identified DiagnosticReport, in the order in which cuts number them."""
    return [Text(name, text) for name, text, _ in places(resource)]


class Finding(msgspec.Struct, frozen=True):
    """A place that may identify somebody: in which text, from where to where in characters, its words, and why."""

    number: int
    start: int
    end: int
    words: str
    reason: str


def residual_risk_findings(shown: Sequence[Text], risks: Mapping[str, Sequence[ResidualRisk]]) -> list[Finding]:
    """Return what to read, in order: one finding a place, with all reasons for it.

    risks: by cleaned text, which is one of the shown ones or stands in one.
    """
    reasons: dict[tuple[int, int, int, str], set[str]] = defaultdict(set)
    for text, places in risks.items():
        for number, begin in _where(text, shown):
            for low, high, reason in places:
                reasons[number, begin + low, begin + high, text[low:high]].add(reason)
    return [Finding(*place, ", ".join(sorted(reasons[place]))) for place in sorted(reasons)]


def _where(text: str, shown: Sequence[Text]) -> list[tuple[int, int]]:
    """Return the first place where a cleaned text is shown: its number, and where it begins."""
    places = ((number, each.text.find(text)) for number, each in enumerate(shown))
    return [place for place in places if place[1] >= 0][:1]


def cuts_of(field: str, shown: Sequence[Text]) -> tuple[Cut, ...] | None:
    """Read ``text,start,end;…`` in characters; None if one of them is not a place in these texts."""
    matches = [match for part in field.split(";") if part.strip() for match in [_PLACE.fullmatch(part.strip())]]
    cuts = [tuple(map(int, match.groups())) for match in matches if match]
    good = [(n, a, b) for n, a, b in cuts if n < len(shown) and a < b <= len(shown[n].text)]
    return tuple(good) if len(good) == len(matches) else None


def is_decided(report: DeidentifiedReport, decision: Decision) -> bool:
    """Say whether a person let exactly this report leave."""
    return decision.decision in (Choice.ACCEPT, Choice.CUT) and decision.digest == report.sha256


def released(report: DeidentifiedReport, decision: Decision) -> DeidentifiedReport:
    """Return the report as the person let it leave. What is cut goes wherever it stands in the report."""
    resource = copy.deepcopy(report.resource)
    numbered = list(places(resource))
    words = {numbered[number][1][start:end] for number, start, end in decision.cuts}
    for _, text, write in numbered:
        write(_without(text, words))
    for tag in resource.get("meta", {}).get("tag", []):
        if tag.get("system") == systems.REVIEW:
            tag["code"] = "reviewed"
    encoded = orjson.dumps(resource)
    removed = {**report.removed, "by-person": len(decision.cuts)} if decision.cuts else report.removed
    digest = hashlib.sha256(encoded).hexdigest()
    return msgspec.structs.replace(report, resource=resource, document=encoded, sha256=digest, removed=removed)


def _without(text: str, words: set[str]) -> str:
    marker = "【削除】" if _JAPANESE.search(text) else "[REMOVED]"
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, marker)
    return text


def places(document: dict[str, Any]) -> Iterator[tuple[str, str, "_Write"]]:
    """Yield name, text and what writes it anew."""
    if "conclusion" in document:
        yield "conclusion", document["conclusion"], _Write(document, "conclusion")
    for each in document.get("contained", []):
        if "valueString" in each:
            yield str(each.get("id", "")), each["valueString"], _Write(each, "valueString")
    for form in document.get("presentedForm", []):
        if "data" in form:
            yield "whole report", base64.b64decode(form["data"]).decode(), _Write(form, "data")
    if "text" in document.get("code", {}):
        yield "title", document["code"]["text"], _Write(document["code"], "text")


class _Write:
    def __init__(self, holder: dict[str, Any], name: str) -> None:
        self._holder, self._name = holder, name

    def __call__(self, text: str) -> None:
        is_encoded = self._name == "data"
        self._holder[self._name] = base64.b64encode(text.encode()).decode("ascii") if is_encoded else text
