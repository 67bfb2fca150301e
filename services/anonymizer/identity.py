"""Who an Instance is about: what identifies is read first, so that the rest can be searched for it.

Free text repeats names and IDs, and so do Attributes that the standard holds harmless. ``Identity`` is the dictionary
with which texts are cleaned, and ``traces`` are the byte strings that must not be left in the output, however encoded.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from pydicom.datadict import keyword_for_tag

from services.anonymizer import charsets, stream
from services.anonymizer.pseudonyms import normalised
from services.anonymizer.stream import ITEM_END, UNDEFINED, Syntax

_NAMED = (
    0x00080020, 0x00080021, 0x00080022, 0x00080023, 0x0008002A, 0x00080050, 0x00080080, 0x00080081, 0x00080092,
    0x00080094, 0x00081040, 0x00100020, 0x00100021, 0x00100030, 0x00101000, 0x00101040, 0x00101050, 0x00101090,
    0x00102154, 0x00200010, 0x00321033, 0x00380010, 0x00380060, 0x00380300, 0x00380400, 0x00400009, 0x00400253,
    0x00401001, 0x00401102, 0x00401103, 0x00402016, 0x00402017,
)  # fmt: skip
WANTED = frozenset(_NAMED)
# Sequences whose Items repeat or add what identifies: other IDs, requests, persons, earlier values, content trees.
SEARCHED = frozenset(
    {0x00081049, 0x00081062, 0x00081110, 0x00100011, 0x00101002, 0x00400275, 0x00404034, 0x00404035, 0x0040A073}
    | {0x0040A078, 0x0040A07A, 0x0040A370, 0x0040A730, 0x04000550, 0x04000561}
)
_CHARSET, _PATIENT_ID, _ISSUER, _BIRTH_DATE = 0x00080005, 0x00100020, 0x00100021, 0x00100030
_IDENTIFIERS = frozenset(
    {0x00080050, 0x00100020, 0x00101000, 0x00101050, 0x00101090, 0x00102154, 0x00380010, 0x00400009, 0x00400253}
    | {0x00401001, 0x00401103, 0x00402016, 0x00402017, 0x00080094}
)
_MIN_ID, _MIN_LATIN, _MIN_WIDE = 4, 3, 2  # shorter ones would be found everywhere; the text cleaner wants a label
_CODECS = ("utf-8", "cp932", "euc_jp", "gb18030", "euc_kr")


class Found(NamedTuple):
    """One identifying value as it stands: tag, VR, bytes, and the character set of its Data Set."""

    tag: int
    vr: bytes
    value: bytes
    charset: bytes


FACTS = frozenset(
    {0x00080008, 0x00080016, 0x00080018, 0x00080020, 0x00080050, 0x00080060, 0x00080070, 0x0008103E, 0x00081090}
    | {0x0020000D, 0x0020000E, 0x00280004, 0x00280008, 0x00280010, 0x00280011, 0x00280301}
)


class Facts(NamedTuple):
    """What decides about the Instance and names it, as it stands at the top level. values: tag → bytes, unpadded."""

    values: dict[int, bytes]

    def text(self, tag: int) -> str:
        """Return a value's text; for Attributes in the default character repertoire."""
        return self.values.get(tag, b"").decode("ascii", "replace").strip(" \0")


class Identity(NamedTuple):
    """Whom an Instance is about. header: DICOM keyword → texts.  traces: bytes to search for, in lower case."""

    charset: bytes
    patient_id: str
    issuer: str
    header: dict[str, list[str]]
    traces: tuple[bytes, ...]

    def left_in(self, data: bytes) -> bool:
        """Return whether a trace stands in the bytes as a word of its own."""
        text = data.lower()
        return any(_stands(trace, text) for trace in self.traces)


def read(data: bytes, start: int, syntax: Syntax) -> tuple[Identity, Facts]:
    """Return who the Data Set is about, and what it is."""
    found: list[Found] = []
    facts: dict[int, bytes] = {}
    charset = _collect(data, start, len(data), syntax, b"", found, facts, 0)
    return _identity(charset, tuple(found)), Facts(facts)


def _collect(
    data: bytes,
    pos: int,
    end: int,
    syntax: Syntax,
    charset: bytes,
    found: list[Found],
    facts: dict[int, bytes],
    depth: int,
) -> bytes:
    while pos + 8 <= end:
        element = stream.read(data, pos, end, syntax)
        tag = element.tag
        if tag == ITEM_END or (depth == 0 and tag >= 0x7FE00000):
            break
        if tag in SEARCHED and stream.is_sequence(element):
            inside = stream.inner(element, syntax)
            for item, finish, _ in stream.items(data, element, end, inside, depth):
                _collect(data, item.value, finish, inside, charset, found, facts, depth + 1)
        elif element.length != UNDEFINED and (tag in WANTED or element.vr == b"PN" or tag == _CHARSET):
            value = data[element.value : element.value + element.length].rstrip(b" \0")
            if tag == _CHARSET:
                charset = value
            elif value:
                found.append(Found(tag, stream.vr_of(tag) if element.vr == b"UN" else element.vr, value, charset))
        if tag in FACTS and depth == 0 and element.length != UNDEFINED:
            facts[tag] = data[element.value : element.value + element.length].rstrip(b" \0")
        pos = stream.after(data, element, end, syntax, depth)
    return charset


@lru_cache(4096)
def _identity(charset: bytes, found: tuple[Found, ...]) -> Identity:
    header: dict[str, list[str]] = {}
    traces: dict[str, None] = {}
    patient_id = issuer = ""
    for tag, vr, value, own_charset in found:
        readings = charsets.readings(value, own_charset, vr)
        text = charsets.decode(value, own_charset, vr)
        if tag == _PATIENT_ID and not patient_id:
            patient_id = text
        if tag == _ISSUER and not issuer:
            issuer = text
        for each in readings:
            keyword = keyword_for_tag(tag) or "PersonName"
            header.setdefault(keyword, []).extend(part for part in each.split("\\") if part.strip())
            traces |= dict.fromkeys(_strings(tag, vr, each))
    return Identity(charset, patient_id, issuer, header, _encoded(tuple(traces)))


def _strings(tag: int, vr: bytes, text: str) -> list[str]:
    """Return the words of a value that must not be left anywhere."""
    if vr == b"PN":
        words = [text, normalised(text)]
        words = [word for each in words for word in re.split(r"[\^=\\\s]+", each)]
        return [word for word in words if len(word) >= (_MIN_LATIN if word.isascii() else _MIN_WIDE)]
    if tag in _IDENTIFIERS:
        return [part.strip() for part in text.split("\\") if len(part.strip()) >= _MIN_ID]
    if tag == _BIRTH_DATE and len(text.strip()) == 8:
        return [text.strip()]
    return []


def _encoded(words: tuple[str, ...]) -> tuple[bytes, ...]:
    found: dict[bytes, None] = {}
    for word in words:
        if word.isascii():
            found[word.lower().encode("ascii")] = None
            continue
        for codec in _CODECS:
            try:
                found[word.encode(codec).lower()] = None
            except UnicodeEncodeError:
                continue
        found |= dict.fromkeys(_jis(word))
    return tuple(found)


def _jis(word: str) -> list[bytes]:
    """Return the word as ISO 2022 IR 87 writes it between its escape sequences."""
    try:
        text = word.encode("iso2022_jp")
    except UnicodeEncodeError:
        return []
    return [part[2:].lower() for part in text.split(b"\x1b$") if len(part) > 6 and part[:1] in b"B@"]


def _stands(trace: bytes, text: bytes) -> bool:
    at = text.find(trace)
    while at >= 0:
        before, after = text[at - 1 : at] if at else b"", text[at + len(trace) : at + len(trace) + 1]
        if not trace.isascii() or not (_in_word(before) or _in_word(after)):
            return True
        at = text.find(trace, at + 1)
    return False


def _in_word(neighbour: bytes) -> bool:
    return neighbour.isascii() and neighbour.isalnum()
