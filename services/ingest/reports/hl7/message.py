"""HL7 v2 messages in ER7 encoding: characters, delimiters and escapes, and no meaning. Pure.

Bytes become characters before anything is split: in ISO-2022-JP and Shift_JIS the second byte of a kanji can be a
delimiter. Source: HL7 v2.5 2.5 (message construction), 2.7 (escapes), 2.15.9.18 (MSH-18, table 0211).
"""

import re
from dataclasses import dataclass

from services.ingest.reports.hl7.escapes import unescaped
from services.ingest.reports.hl7.lines import segment_lines
from shared.errors import Invalid
from shared.text import iso_2022_jp
from shared.text.japanese import may_be_latin_1

MOST_SEGMENTS = 5000
MOST_FIELDS = 1000
"""Of one segment; the longest of HL7 v2.8 has 80."""
_ISO_2022 = re.compile(rb"\x1b[$(]@?[A-Z@]?")
_CODECS = {
    "ASCII": "ascii", "8859/1": "iso8859-1", "UNICODE UTF-8": "utf-8", "UNICODE": "utf-8", "UTF-8": "utf-8",
    "ISO IR6": "ascii", "ISO IR13": "cp932", "ISO IR14": "cp932", "ISO IR87": "iso2022_jp_ext",
    "ISO IR159": "iso2022_jp_ext", "SHIFT_JIS": "cp932", "SJIS": "cp932", "EUC-JP": "euc_jp",
}  # fmt: skip
_UNDECLARED = ("utf-8-sig", "cp932", "euc_jp")


@dataclass(frozen=True)
class Delimiters:
    """MSH-1 and MSH-2."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    sub: str = "&"


@dataclass(frozen=True)
class Segment:
    """fields: as they came; fields[n] is field n, of MSH too.  codec: of hexadecimal escapes."""

    name: str
    fields: tuple[str, ...]
    delimiters: Delimiters
    codec: str

    def repetitions(self, number: int) -> list["Value"]:
        """Return the repetitions of a field that are not empty."""
        raw = self.fields[number] if number < len(self.fields) else ""
        return [Value(each, self) for each in raw.split(self.delimiters.repetition) if each and each != '""']

    def text(self, number: int, component: int = 1, sub: int = 1) -> str:
        """Return a part of a field's first repetition without escapes; empty if it is not there."""
        repetitions = self.repetitions(number)
        return repetitions[0].text(component, sub) if repetitions else ""

    def prose(self, number: int) -> str:
        """Return a field of type TX, FT or ST whole: its repetitions are lines, and stray delimiters are text.

        A repetition mark between two numbers, as in "3~5 mm", is text too.
        """
        return "\n".join(self.plain(line) for line in self._lines(number)).strip()

    def plain(self, text: str) -> str:
        """Return a text without escape sequences (2.7)."""
        at = self.delimiters
        plain = {"F": at.field, "S": at.component, "T": at.sub, "R": at.repetition, "E": at.escape}
        return unescaped(text, at.escape, plain, self.codec)

    def _lines(self, number: int) -> list[str]:
        raw = self.fields[number] if number < len(self.fields) else ""
        mark = re.escape(self.delimiters.repetition)
        lines = re.split(rf"{mark}(?!(?<=\d{mark})\d+(?:\.\d)?(?![\d.．)）、:：]))", raw)
        return [line for line in lines if line and line != '""']


@dataclass(frozen=True)
class Value:
    """One repetition of a field."""

    raw: str
    segment: Segment

    def text(self, component: int = 1, sub: int = 1) -> str:
        """Return a component's subcomponent, both from 1, without escapes; empty if it is not there."""
        at = self.segment.delimiters
        components = self.raw.split(at.component)
        subs = components[component - 1].split(at.sub) if component <= len(components) else []
        component_text = self.segment.plain(subs[sub - 1]).strip() if sub <= len(subs) else ""
        return "" if component_text == '""' else component_text

    def texts(self) -> list[str]:
        """Return every component's first subcomponent."""
        return [self.text(number) for number in range(1, self.raw.count(self.segment.delimiters.component) + 2)]


def segments_of(data: bytes) -> list[Segment]:
    """Return the segments of one message. Raises Invalid: no message, several, or characters that cannot be read."""
    if not data.lstrip(b"\xef\xbb\xbf\r\n").startswith(b"MSH") or len(data) < 9:
        raise Invalid("not-hl7", "the message does not begin with MSH (HL7 v2.5 2.5.1)")
    text, codec = _decoded(data)
    text = text.lstrip("\ufeff\r\n")
    at = _delimiters(re.split(r"[\r\n]", text, maxsplit=1)[0])
    lines = segment_lines(text, at.field)
    if sum(line.startswith(f"MSH{at.field}") for line in lines) != 1:
        raise Invalid("several-messages", "one message is sent at a time (HL7 v2.5 2.10.3 batches are not taken)")
    if len(lines) > MOST_SEGMENTS:
        raise Invalid("too-many-segments", f"a message has at most {MOST_SEGMENTS} segments")
    return [_segment(line, at, codec) for line in lines]


def _segment(line: str, at: Delimiters, codec: str) -> Segment:
    if line.count(at.field) > MOST_FIELDS:
        raise Invalid("too-many-fields", f"a segment has at most {MOST_FIELDS} fields")
    fields = line.split(at.field)
    if fields[0] == "MSH":
        fields.insert(1, at.field)
    return Segment(fields[0].strip(), tuple(fields), at, codec)


def _delimiters(line: str) -> Delimiters:
    field = line[3:4] or "\r"  # MSH alone names nothing
    marks = field + line[4:].split(field, 1)[0][:4]
    if len(marks) < 4 or len(set(marks)) != len(marks) or any(each.isalnum() or each in "\r \x00" for each in marks):
        raise Invalid("bad-delimiters", "MSH-1 and MSH-2 do not name four delimiters (HL7 v2.5 2.5.4)")
    return Delimiters(*marks)


def _decoded(data: bytes) -> tuple[str, str]:
    """Return the text and its codec: what MSH-18 says if it fits, else what the bytes themselves say."""
    if iso_2022_jp.is_used(data) and (text := iso_2022_jp.decode(data)) is not None:
        return text, "iso2022_jp_ext"
    for codec in dict.fromkeys((*_declared(data), *_UNDECLARED)):
        if codec == "iso8859-1" and not may_be_latin_1(data):
            continue
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        if "\x1b" not in text:  # an escape sequence that is cut, or of a set that the codec does not have
            return text, codec
    raise Invalid("bad-characters", "the bytes fit neither MSH-18 nor UTF-8, Shift_JIS or EUC-JP (HL7 table 0211)")


def _declared(data: bytes) -> list[str]:
    """Return the codecs to try first. Escape sequences of ISO 2022 say of themselves that they are there."""
    if _ISO_2022.search(data) and re.search(rb"\x1b\$[@B(]|\x1b\(I", data):
        return ["iso2022_jp_ext"]
    head = re.split(rb"[\r\n]", data.lstrip(b"\xef\xbb\xbf\r\n"), maxsplit=1)[0].decode("latin-1")
    fields = head.split(head[3:4] or "|")
    names = re.split(r"[~\\]", fields[17]) if len(fields) > 17 else []
    codecs = [_CODECS[name.strip().upper()] for name in names if name.strip().upper() in _CODECS]
    return sorted(codecs, key=lambda codec: codec == "ascii")
