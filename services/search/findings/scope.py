"""What a sentence says of each finding: which cue reaches it. Pure.

Japanese says it behind: a predicate reaches back to the predicate before it, through や, ・ and 、, but not over a
topic (結節は石灰化を認めない: the nodule is there), a place (結節に石灰化なし) or a part that stands on its own, with a
size, a degree or a comparison.  English says it before: no, possible and history of reach on to the end of their list.
A denial wins where both readings are possible: what is denied is never shown as present.
"""

import re
from collections.abc import Sequence
from typing import Final

from services.search.findings.sentences import Section
from services.search.findings.tokens import Token

_CHANGES: Final = frozenset({"larger", "smaller", "unchanged", "gone"})
_FATES: Final = {
    "negates": "absent", "doubts": "doubtful", "past": "history", "relatives": "family", "aim": "recommended",
    "advises": "recommended", "gone": "absent",
}  # fmt: skip
_BY_SECTION: Final[dict[Section, str]] = {
    "history": "history", "family": "family", "recommended": "recommended", "indication": "", "technique": "",
}  # fmt: skip
_TOPIC: Final = re.compile(
    r"(?:形成|部|像|巣|所見)?(?:の?(?:内部|内|周囲|辺縁|近傍|中心|直下|断端|部分?))?(?:は|には|に(?!も|対|関|つい|加え)|で(?!も)|より|から|に対し|については)"
)
_NOUN: Final = re.compile(r"[一-龯ァ-ヶa-z0-9]|もの|よう")
_BOTH_WAYS: Final = ("doubts", "relatives", "past")  # 乳癌家族歴 and 家族歴 乳癌
_ADNOMINAL: Final = ("う", "る", "た", "い", "の", "せる")
_NEAR: Final = 3  # signs between a doubt and its denial: 疑いは否定的
_CLOSES_DENIAL: Final = ("there", "show", "demonstrat", "reveal", "again", "and ")
_AIMED: Final = re.compile(r"ため|には?$|含め|兼ね|\.$")


class Scope:
    """Walks through the tokens of one sentence.

    certainties: by the place of the term among the tokens.
    """

    def __init__(self, low: str, tokens: Sequence[Token], section: Section) -> None:
        self._low, self._tokens, self._section = low, tokens, section
        self.certainties: dict[int, str] = {}
        self._pending: list[int] = []
        self._tentative: list[int] = []
        self._keeps_tentative = False
        self._next = ""
        self._comma_since_next = False
        self._advised_at = max((at for at, token in enumerate(tokens) if token.kind == "advises"), default=-1)

    def walk(self) -> dict[int, str]:
        """Return the certainty of each term."""
        for at, token in enumerate(self._tokens):
            self._take(at, token)
        default = _BY_SECTION.get(self._section, "present")
        for at, token in enumerate(self._tokens):
            if token.kind == "term":
                known = self.certainties.get(at, "")
                self.certainties[at] = known or default
        return {at: fate for at, fate in self.certainties.items() if fate and fate != "dropped"}

    def _take(self, at: int, token: Token) -> None:
        kind = token.kind
        if kind == "term":
            self._term(at)
        elif kind == "comma":
            self._comma(at)
        elif kind.endswith(("_next", "_one")):
            self._ahead(at, token)
        elif kind in ("breaks", "besides"):
            self._flush()
            self._next, self._tentative = "", []
        elif kind == "affirms":
            self._affirm(token)
        elif kind == "aim":
            self._aim(at, token)
        elif kind in _FATES and kind != "advises":
            self._behind(at, token)
        elif kind == "gone":
            self._reach(at, "gone")

    def _term(self, at: int) -> None:
        if self._next:
            self.certainties[at] = _FATES[self._next.rpartition("_")[0]]
        else:
            self._pending.append(at)
        if not self._keeps_tentative:
            self._tentative = []

    def _comma(self, at: int) -> None:
        self._comma_since_next = True
        self._tentative, self._keeps_tentative = [], False
        goes_on = re.compile(r"\s*(?:and/or|or|and|nor)\b").match(self._low, self._tokens[at].end)
        if self._next.endswith("_one") and not goes_on:
            self._next = ""
        if self._next == "relatives_next" and not self._low[: self._tokens[at].start].isascii():
            self._next = "relatives_next" if self._section == "family" else self._next

    def _ahead(self, at: int, token: Token) -> None:
        kind = token.kind.rpartition("_")[0]
        is_english_past = kind == "past" and self._low[token.start].isascii()
        if kind in _BOTH_WAYS and not is_english_past and self._pending and not self._has_term_ahead(at):
            self._behind(at, token._replace(kind=kind))
            return
        word = self._low[token.start : token.end]
        if word.startswith(("vs", "versus")):
            self._reach(at, "doubtful")
        if token.kind == "affirms_next":
            if not self._next.startswith("negates") or word.startswith(_CLOSES_DENIAL):
                self._flush()
                self._next = ""
            return
        if self._next.startswith("negates") and token.kind.startswith("doubts") and not self._comma_since_next:
            return
        self._flush()
        self._next, self._comma_since_next = token.kind, False

    def _has_term_ahead(self, at: int) -> bool:
        for place in range(at + 1, len(self._tokens)):
            token = self._tokens[place]
            if token.kind in ("term", "comma", "breaks", "closes"):
                return token.kind == "term"
        return False

    def _affirm(self, token: Token) -> None:
        if self._is_adnominal(token):
            return
        self._flush()
        self._tentative, self._keeps_tentative = [], False

    def _aim(self, at: int, token: Token) -> None:
        word = self._low[token.start : token.end]
        if self._advised_at > at or self._section == "recommended":
            reached = self._reach(at, "recommended")
            if not reached and token.start - self._tokens[at - 1].end <= _NEAR:
                self.certainties |= dict.fromkeys(self._tentative, "recommended")
        elif "目的" in word:
            self._reach(at, "dropped")
        elif (_AIMED.search(word) or (word.endswith("を") and at == len(self._tokens) - 1)) and not self._section:
            self._reach(at, "recommended")

    def _behind(self, at: int, token: Token) -> None:
        kind = token.kind
        if kind == "negates" and (self._keeps_tentative or token.start - self._tokens[at - 1].end <= _NEAR):
            for term in self._tentative:
                self.certainties[term] = "absent"
        self._tentative = self._reached(at, "absent") if kind == "doubts" else []
        self._reach(at, _FATES[kind])
        self._keeps_tentative = kind == "doubts" and self._is_adnominal(token)

    def _reach(self, at: int, fate: str) -> list[int]:
        """Give the fate to the pending terms that a cue behind them reaches; the others are as they stand."""
        reached = self._reached(at, fate)
        self.certainties |= dict.fromkeys(reached, _FATES.get(fate, fate))
        self._pending = []
        return reached

    def _reached(self, at: int, fate: str) -> list[int]:
        """Return the pending terms that a cue behind them reaches, the last first."""
        reached: list[int] = []
        for term in reversed(self._pending):
            if reached and not self._goes_on(term, reached[-1], fate):
                break
            if not reached and fate == "doubtful" and self._is_far(term, at):
                break
            reached.append(term)
        return reached

    def _goes_on(self, first: int, second: int, fate: str) -> bool:
        """Say whether what is said of the second term is said of the first one before it too."""
        between = self._low[self._tokens[first].end : self._tokens[second].start]
        kinds = {token.kind for token in self._tokens[first + 1 : second]}
        if _TOPIC.match(between) or kinds & (_CHANGES | {"affirms_next"}):
            return False
        is_listed = fate in ("absent", "history", "family")
        if "comma" not in kinds:
            return is_listed or between.isascii() or not between.isspace()
        if not is_listed:
            return False
        return fate != "absent" or not self._stands_alone(first)

    def _stands_alone(self, term: int) -> bool:
        """Say whether the part between commas says by itself that its finding is there: a size, degree or change."""
        low, high = term, term
        while low > 0 and self._tokens[low - 1].kind not in ("comma", "breaks"):
            low -= 1
        while high + 1 < len(self._tokens) and self._tokens[high + 1].kind not in ("comma", "breaks"):
            high += 1
        return any(self._asserts(token) for token in self._tokens[low : high + 1])

    def _asserts(self, token: Token) -> bool:
        """Say whether a size, a change, or a degree that is no mere attribute (少量の) says that something is there."""
        is_attribute = self._low[token.end : token.end + 1] == "の"
        return token.kind in _CHANGES or token.kind == "size" or (token.kind == "degree" and not is_attribute)

    def _is_far(self, term: int, at: int) -> bool:
        """Say whether a comma or bracket parts a term from a doubt behind it."""
        kinds = {token.kind for token in self._tokens[term + 1 : at]}
        return bool(kinds & {"comma", "closes"}) and "opens" not in kinds

    def _is_adnominal(self, token: Token) -> bool:
        word = self._low[token.start : token.end]
        return word.endswith(_ADNOMINAL) and _NOUN.match(self._low, token.end) is not None

    def _flush(self) -> None:
        self._pending = []
