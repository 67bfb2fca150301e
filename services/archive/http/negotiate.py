"""Choose the representation of a response from what the user agent accepts.

An Offer is one representation that a resource has; ``choose`` picks one offer and its Transfer Syntax, or None, which
means 406. The accept query parameter goes before the Accept header field.

Source: PS3.18 8.3.3.1 (accept parameter), 8.7.3 (DICOM Media Types), 8.7.5-8.7.8 (negotiation); RFC 9110 12.5.1.
"""

import functools
import re
from collections.abc import Iterable, Sequence

import msgspec

ANY = "*"
"""The Transfer Syntax parameter that takes whatever is stored (PS3.18 8.7.3.5.2)."""
_PIECE = re.compile(r'((?:[^",;\\]|"(?:\\.|[^"\\])*"|\\.)*)([,;]|$)')
_WEIGHT = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\Z")
MAX_ACCEPT = 8192


class MediaRange(msgspec.Struct, frozen=True):
    """One member of an Accept list. name: lower-case, may hold "*".  type: of multipart/related.  weight: 0 to 1."""

    name: str
    type: str = ""
    transfer_syntax: str = ""
    charset: str = ""
    weight: float = 1.0

    @property
    def multipart(self) -> bool:
        """Say whether it asks for a multipart message."""
        return self.name == "multipart/related"

    @property
    def specificity(self) -> int:
        """Count how much it says; a more specific range overrules a more general one (RFC 9110 12.5.1)."""
        main = self.type or (ANY if self.multipart else self.name)
        return (2 - main.count(ANY)) * 2 + bool(self.transfer_syntax and self.transfer_syntax != ANY)


class Offer(msgspec.Struct, frozen=True):
    """One representation of a resource.

    name: of the media type, of the parts if multipart.  default: its Transfer Syntax when none is asked for; "" means
    that Transfer Syntax does not matter to it.  syntaxes: what may be asked for.  as_stored: it may be asked for "*".
    """

    name: str
    multipart: bool = False
    default: str = ""
    syntaxes: frozenset[str] = frozenset()
    as_stored: bool = False


class Chosen(msgspec.Struct, frozen=True):
    """What to answer with.

    transfer_syntax: a UID, "*" for as stored, or "" where it does not matter.  named: the user agent named that UID;
    otherwise it is the default, which need not be kept for what is only there lossily compressed (PS3.18 8.7.3).
    """

    offer: Offer
    transfer_syntax: str
    named: bool = False
    charset: str = ""


def choose(
    offers: Sequence[Offer], *, header: str | None, query: str | None = None, stored: Iterable[str] = ()
) -> Chosen | None:
    """Return the best offer that is acceptable; None when there is none.

    offers: the default first.  header: the Accept field, None if absent.  query: the accept parameter, decoded.
    stored: Transfer Syntaxes at rest; among equals, the one that needs no transcoding is preferred.
    """
    at_rest = frozenset(stored)
    for text in (query, header if header and header.strip() else "*/*"):
        if text is None:
            continue
        chosen = _best(offers, parse_accept(text), at_rest)
        if chosen is not None:
            return chosen
        if text is query and query is not None and query.strip():
            continue  # PS3.18 8.7.8: none of the parameter's types is supported, so the header field decides
    return None


@functools.lru_cache(maxsize=512)
def parse_accept(text: str) -> tuple[MediaRange, ...]:
    """Return the members in the order given; what is not a media range is left out."""
    members: list[list[str]] = [[]]
    for piece, mark in _PIECE.findall(text[:MAX_ACCEPT]):
        members[-1].append(piece.strip())
        if mark == ",":
            members.append([])
    return tuple(media_range for member in members if (media_range := _media_range(member)) is not None)


def _media_range(pieces: Sequence[str]) -> MediaRange | None:
    name = pieces[0].lower().replace(" ", "+") if pieces else ""  # a "+" in a query parameter arrives as a space
    if name == ANY:
        name = "*/*"
    if name.count("/") != 1 or name.startswith("/") or name.endswith("/"):
        return None
    values = dict(_parameter(piece) for piece in pieces[1:] if "=" in piece)
    weight = values.get("q", "1")
    return MediaRange(
        name=name,
        type=values.get("type", "").lower().replace(" ", "+"),
        transfer_syntax=values.get("transfer-syntax", ""),
        charset=values.get("charset", "").lower(),
        weight=float(weight) if _WEIGHT.match(weight) else 1.0,
    )


def _parameter(piece: str) -> tuple[str, str]:
    name, _, value = piece.partition("=")
    value = value.strip()
    if len(value) >= 2 and value[0] == value[-1] == '"':
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    return name.strip().lower(), value.strip()


def _best(offers: Sequence[Offer], ranges: Sequence[MediaRange], stored: frozenset[str]) -> Chosen | None:
    candidates = []
    for place, wanted in enumerate(ranges):
        if wanted.weight <= 0:
            continue
        for offer in offers:
            syntax = _syntax(offer, wanted)
            if syntax is None or _ruled_out(offer, wanted, ranges):
                continue
            transcodes = bool(syntax) and syntax != ANY and bool(stored) and syntax not in stored
            rank = (-wanted.weight, transcodes, -wanted.specificity, place)
            named = bool(syntax) and syntax == wanted.transfer_syntax != ANY
            candidates.append((rank, Chosen(offer, syntax, named, wanted.charset)))
            break  # the offers are in the server's order
    return min(candidates, key=lambda found: found[0])[1] if candidates else None


def _syntax(offer: Offer, wanted: MediaRange) -> str | None:
    """Return the Transfer Syntax to answer with; None if the range does not take this offer."""
    if not _matches(offer, wanted):
        return None
    asked = wanted.transfer_syntax
    if not asked or not offer.default:
        return offer.default
    if asked == ANY:
        return ANY if offer.as_stored else offer.default
    return asked if asked in offer.syntaxes else None


def _matches(offer: Offer, wanted: MediaRange) -> bool:
    if wanted.name == "*/*":
        return True
    if offer.multipart:
        return wanted.name in ("multipart/related", "multipart/*") and _covers(wanted.type or "*/*", offer.name)
    return _covers(wanted.name, offer.name)


def _covers(pattern: str, name: str) -> bool:
    if pattern in ("*/*", name):
        return True
    return pattern.endswith("/*") and name.startswith(pattern[:-1])


def _ruled_out(offer: Offer, wanted: MediaRange, ranges: Sequence[MediaRange]) -> bool:
    """Say whether a more specific range of weight 0 forbids this offer."""
    return any(
        other.weight <= 0 and other.specificity > wanted.specificity and _matches(offer, other) for other in ranges
    )
