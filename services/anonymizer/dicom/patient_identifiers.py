"""Who an Instance is about: what identifies is read first, so that the rest can be searched for it.

Free text repeats names and IDs, and so do Attributes that the standard holds harmless. ``PatientIdentity`` is the
dictionary with which texts are cleaned, and ``traces`` are the byte strings that must not be left in the output,
however encoded.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from pydicom.datadict import keyword_for_tag

from services.anonymizer.pseudonyms.pseudonyms import normalised
from services.anonymizer.text.folding.lexicon import clinical_words
from services.anonymizer.text.names.header.forms import name_forms
from shared.dicom import character_sets, elements, vrs
from shared.dicom.elements import ITEM_END, UNDEFINED, Element, FileBytes, Syntax

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
_PIXELS = 0x7FE00000
_CHARSET, _PATIENT_ID, _ISSUER, _BIRTH_DATE = 0x00080005, 0x00100020, 0x00100021, 0x00100030
_IDENTIFIERS = frozenset(
    {0x00080050, 0x00100020, 0x00101000, 0x00101050, 0x00101090, 0x00102154, 0x00380010, 0x00400009, 0x00400253}
    | {0x00401001, 0x00401103, 0x00402016, 0x00402017, 0x00080094}
)
_LONG = 5  # bytes; from here on KURUMIZAWATSUBASA holds Kurumizawa
_MIN_ID, _MIN_LATIN, _MIN_WIDE = 4, 3, 2  # shorter ones would be found everywhere; the text cleaner wants a label
_PLACES = frozenset({0x00080080, 0x00081040, 0x00321033})
_MIN_PLACE = 3
_KIND_OF_PLACE = re.compile("(?:附属|付属)?(?:病院|医院|クリニック|診療所|医療センター)$")
_OF_INSTITUTIONS = frozenset(
    """hospital clinic clinical medical medicine center centre centers university college school general city national
    memorial central regional municipal prefectural cross department radiology imaging diagnostic diagnostics institute
    health healthcare foundation research japan tokyo osaka international children women surgery oncology cancer
    cardiology emergency room unknown anonymous anonymized institution""".split()
)
_UNMISTAKABLE = 6  # digits; 512 is a patient's number somewhere, and the rows of an image
_HEADER = 4  # bytes of an element's tag, or of its length
_MIN_SPOKEN = 5  # letters of a reading that nobody wrote: shorter ones stand in many words
_CODECS = ("utf-8", "cp932", "euc_jp", "iso2022_jp", "gb18030", "euc_kr")
_ESCAPE = re.compile(rb"\x1b(?:\$[()]?[@-~]|[()\-][@-~])")  # PS3.5 6.1.2.5.4, ISO/IEC 2022


class IdentifyingValue(NamedTuple):
    """One identifying value as it stands: tag, VR, bytes, and the character set of its Data Set."""

    tag: int
    vr: bytes
    value: bytes
    charset: bytes


# Of the Image Pixel Module: how large the image is (bytes as they stand, for numbers have no padding).
IMAGE_TAGS = frozenset(
    {0x00280002, 0x00280004, 0x00280008, 0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280102, 0x00280103}
    | {0x00280120}
)
TOP_LEVEL_TAGS = IMAGE_TAGS | frozenset(
    {0x00080008, 0x00080016, 0x00080018, 0x00080020, 0x00080050, 0x00080060, 0x00080070, 0x0008103E, 0x00081090}
    | {0x0020000D, 0x0020000E, 0x00280301, 0x00280303}
)


_INTEREST = WANTED | TOP_LEVEL_TAGS | {_CHARSET}
# Words of the standard's own vocabulary: a phantom called HEAD must not cost every image its Body Part Examined.
_VOCABULARY = frozenset(
    {"abdomen", "anonymized", "anonymous", "brain", "breast", "chest", "foot", "hand", "head", "heart", "hip", "knee"}
    | {
        "doctor",
        "dr",
        "enter",
        "first",
        "last",
        "name",
        "none",
        "null",
        "operator",
        "patient",
        "text",
        "unknown",
        "user",
    }
    | {"liver", "lumbar", "lung", "neck", "pelvis", "phantom", "shoulder", "skull", "spine", "test", "thorax", "wrist"}
)


class TopLevelAttributes(NamedTuple):
    """What decides about the Instance and names it, as it stands at the top level. values: tag → bytes, unpadded."""

    values: dict[int, bytes]

    def text(self, tag: int) -> str:
        """Return a value's text; for Attributes in the default character repertoire."""
        return self.values.get(tag, b"").decode("ascii", "replace").strip(" \0")


@dataclass(frozen=True, eq=False)  # one object per patient and header: its identity is the key of caches
class PatientIdentity:
    """Whom an Instance is about. header: DICOM keyword → texts.  traces: bytes to search for, in lower case."""

    charset: bytes
    patient_id: str
    issuer: str
    header: dict[str, list[str]]
    traces: tuple[bytes, ...]

    def left_in(self, data: bytes) -> bool:
        """Return whether a trace stands in the bytes as a word of its own; among binary headers, rather too often."""
        text = data.rstrip(b"\0").lower()
        return any(_stands(trace, text) for trace in self.traces)

    def is_identifier(self, value: bytes) -> bool:
        """Return whether a value is one of the patient's numbers, and too long to be so by chance."""
        text = value.strip(b" \0").lower()
        return len(text) >= _UNMISTAKABLE and text in self.traces


def read(data: FileBytes, start: int, syntax: Syntax) -> tuple[PatientIdentity, TopLevelAttributes]:
    """Return who the Data Set is about, and what it is."""
    reader = _Reader(data)
    reader.walk(start, len(data), syntax, b"", 0)
    return _identity(reader.charset, tuple(reader.identifying)), TopLevelAttributes(reader.attributes)


def read_part(
    data: FileBytes, pos: int, end: int, syntax: Syntax, charset: bytes
) -> tuple[tuple[IdentifyingValue, ...], dict[int, bytes]]:
    """Return what the elements of the top level from pos to end say of the patient, and of the Instance."""
    reader = _Reader(data)
    reader.walk(pos, end, syntax, charset, 0)
    return tuple(reader.identifying), reader.attributes


@lru_cache(4096)
def with_places(identity: PatientIdentity, places: tuple[str, ...], site: str) -> PatientIdentity:
    """Return the identity with traces of the site's own places, but for the short name that stands in every output."""
    own = set(character_sets.encodings(identity.charset))
    named = (place for place in places if place.lower() != site.lower())
    long = tuple(place for place in named if len(place) >= (_MIN_ID if place.isascii() else _MIN_PLACE))
    return replace(identity, traces=(*identity.traces, *_encoded(long, own)))


class _Reader:
    """Walks a Data Set for what identifies; everything else is stepped over."""

    def __init__(self, data: FileBytes) -> None:
        self._data = data
        self.identifying: list[IdentifyingValue] = []
        self.attributes: dict[int, bytes] = {}
        self.charset = b""

    def walk(self, pos: int, end: int, syntax: Syntax, charset: bytes, depth: int) -> None:
        data, short, plain = self._data, vrs.SHORT, syntax.short.unpack_from
        explicit, last = syntax.explicit, end - 8
        while pos <= last:
            if explicit:
                group, number, vr, length = plain(data, pos)
                if vr in short and vr != b"PN" and (group << 16 | number) not in _INTEREST:
                    pos += 8 + length
                    continue
            element = elements.read(data, pos, end, syntax)
            tag = element.tag
            if tag == ITEM_END or (depth == 0 and tag >= _PIXELS):
                break
            if tag == _CHARSET and element.length != UNDEFINED:
                charset = self._value(element)
                self.charset = self.charset or charset
            self._take(element, end, syntax, charset, depth)
            pos = elements.after(data, element, end, syntax, depth)

    def _take(self, element: Element, end: int, syntax: Syntax, charset: bytes, depth: int) -> None:
        tag = element.tag
        if tag in SEARCHED and elements.is_sequence(element):
            inside = elements.inside(element, syntax)
            for item in elements.items(self._data, element, end, inside, depth):
                self.walk(item.value, item.end, inside, charset, depth + 1)
        elif element.length != UNDEFINED and (tag in _INTEREST or element.vr == b"PN"):
            value = self._value(element)
            if tag in TOP_LEVEL_TAGS and depth == 0:
                self.attributes[tag] = self._data[element.value : element.end] if tag in IMAGE_TAGS else value
            if value and (tag in WANTED or element.vr == b"PN" or vrs.vr_of(tag) == b"PN"):
                vr = vrs.vr_of(tag) if element.vr == b"UN" else element.vr
                self.identifying.append(IdentifyingValue(tag, vr, value, charset))

    def _value(self, element: Element) -> bytes:
        return self._data[element.value : element.value + element.length].rstrip(b" \0")


@lru_cache(4096)
def _identity(charset: bytes, identifiers: tuple[IdentifyingValue, ...]) -> PatientIdentity:
    header: dict[str, list[str]] = {}
    traces: dict[str, None] = {}
    patient_id = issuer = ""
    for tag, vr, value, own_charset in identifiers:
        readings = character_sets.readings(value, own_charset, vr)
        text = character_sets.decode(value, own_charset, vr)
        if tag == _PATIENT_ID and not patient_id:
            patient_id = text
        if tag == _ISSUER and not issuer:
            issuer = text
        for each in readings:
            keyword = keyword_for_tag(tag) or "PersonName"
            header.setdefault(keyword, []).extend(part for part in each.split("\\") if part.strip())
            traces |= dict.fromkeys(_strings(tag, vr, each))
            traces |= dict.fromkeys(_spoken(each) if vr == b"PN" else ())
    own = {codec for each in identifiers for codec in character_sets.encodings(each.charset)}
    return PatientIdentity(charset, patient_id, issuer, header, _encoded(tuple(traces), own))


def _strings(tag: int, vr: bytes, text: str) -> list[str]:
    """Return the words of a value that must not be left anywhere."""
    if vr == b"PN":
        words = [text, normalised(text)]
        words = [word for each in words for word in re.split(r"[\^=\\\s]+", each)]
        long = [word for word in words if len(word) >= (_MIN_LATIN if word.isascii() else _MIN_WIDE)]
        return [word for word in long if word.lower() not in _VOCABULARY]
    if tag in _PLACES:
        return _place_words(text)
    if tag in _IDENTIFIERS:
        return [part.strip() for part in text.split("\\") if len(part.strip()) >= _MIN_ID]
    if tag == _BIRTH_DATE and len(text.strip()) == 8:
        return [text.strip()]
    return []


def _place_words(name: str) -> list[str]:
    """Return what tells an institution by its name: all of it, its proper name, and its long Latin words."""
    words = [word for word in re.split(r"[\s\\,.()/-]+", name) if len(word) >= _LONG and word.isascii()]
    proper = [word for word in words if word.lower() not in _OF_INSTITUTIONS and word.lower() not in clinical_words()]
    whole = [part.strip() for part in name.split("\\")]
    short = [_KIND_OF_PLACE.sub("", part) for part in whole]
    wide = [each for each in (*whole, *short) if len(each) >= (_LONG if each.isascii() else _MIN_PLACE)]
    return [each for each in (*wide, *proper) if each.lower() not in _OF_INSTITUTIONS]


def _spoken(name: str) -> Iterator[str]:
    """Yield how a name that is told in kanji alone is read, in long Latin spellings: kernels and labels are Latin."""
    if name and not any(letter.isascii() and letter.isalpha() for letter in name):
        for form in name_forms(name, "name"):
            long = form.text.isascii() and form.part in ("family", "given") and len(form.text) >= _MIN_SPOKEN
            if long and form.text not in _VOCABULARY and form.text not in clinical_words():
                yield form.text


def _encoded(words: tuple[str, ...], own: set[str]) -> tuple[bytes, ...]:
    encoded: dict[bytes, None] = {}
    for word in words:
        if word.isascii():
            encoded[word.lower().encode("ascii")] = None
            continue
        for codec in {*_CODECS, *own}:
            try:
                encoded[_without_escapes(word.encode(codec)).lower()] = None
            except UnicodeEncodeError:
                continue
    return tuple(encoded)


def _without_escapes(text: bytes) -> bytes:
    """Return the longest run of text between escape sequences (ISO 2022), which designate but say nothing."""
    return max(_ESCAPE.split(text), key=len)


def _stands(trace: bytes, text: bytes) -> bool:
    """Return whether the trace stands in the text; a short one not as a part of a longer word or number."""
    at = text.find(trace)
    while at >= 0:
        if not trace.isascii() or (len(trace) >= _LONG and not trace.isdigit()):
            return True
        end = at + len(trace)
        before, after = text[max(0, at - _HEADER) : at], text[end : end + _HEADER]
        if not (_continues(before[-1:], trace[:1], before) or _continues(after[:1], trace[-1:], after)):
            return True
        at = text.find(trace, at + 1)
    return False


def _continues(neighbour: bytes, edge: bytes, around: bytes) -> bool:
    """Return whether two neighbouring bytes are of one word or one number.

    What has a NUL around it may be the next element's tag, or a length, and no text: group 0032 begins with a 2.
    """
    if b"\0" in around:
        return False
    return (neighbour.isdigit() and edge.isdigit()) or (neighbour.isalpha() and edge.isalpha())
