"""Texts in Rich Text Format, as the text fields of report systems give them, read to what a reader would see. Pure.

Everything that a page shows is read: headers, footnotes, remarks, numbers of lists and hidden text too, for all of it
is cleaned. A picture leaves a mark. Tables of fonts, styles and colours and the document's properties, which name
authors, are not read. What cannot be read as it was meant refuses the text: a byte whose code page nobody told, a sign
of a symbol font, deleted text, an equation, braces that do not close.

Source: Rich Text Format Specification 1.9.1: Unicode RTF, Character Set, Font Table, Destinations.
"""

import codecs
import re
from typing import Final, NamedTuple

from services.anonymizer.text import rtf_words as words
from shared.errors import Refused
from shared.text.rtf_source import rtf_source

_BEGINS: Final = re.compile(r"\{\\rtf\d?(?![A-Za-z])")
_TOKEN: Final = re.compile(
    r"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z'])|([{}])|[\r\n\0]+|([^\\{}\r\n\0]+)", re.DOTALL
)
_MOST_DEEP: Final = 500
_SYMBOL_FONT: Final = "symbol"
_BULLETS: Final = {"\xb7": "•", "\uf0b7": "•"}
_NOT_LATIN: Final = re.compile("[\x80-\x84\x86-\x90\x98-\x9f]")
"""Bytes of cp1252 that no Latin text of a Japanese document has: what they begin is Shift_JIS under a wrong font."""


class _Group(NamedTuple):
    """What holds within braces. codec: of its font, empty if nobody told.  skip: of fallbacks behind each \\u."""

    codec: str
    skip: int = 1
    is_seen: bool = True
    is_font_table: bool = False
    is_apart: bool = False


def without_rtf(text: str) -> str:
    """Return the text with each RTF document in it as plain text; raise Refused for one that cannot be read."""
    parts: list[str] = []
    end = 0
    while begin := _BEGINS.search(text, end):
        parts.append(text[end : begin.start()])
        plain, end = _Reader(text).read(begin.start())
        parts.append(plain)
    return "".join((*parts, text[end:]))


def rtf_text(data: bytes) -> str:
    """Return the text of an RTF document. Raises Refused: it is none, or cannot be read."""
    source = rtf_source(data)
    if not _BEGINS.match(source.lstrip("\ufeff")):
        raise _refused("no RTF")
    return without_rtf(source)


class _Reader:
    """Reads one document from its first brace to its last."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._parts: list[str] = []
        self._stack: list[_Group] = []
        self._now = _Group("")
        self._page, self._default, self._font = "", -1, -1
        self._fonts: dict[int, str] = {}
        self._bytes = bytearray()
        self._to_skip = 0
        self._is_starred = False

    def read(self, at: int) -> tuple[str, int]:
        """Return the text, and where the document ends."""
        while token := _TOKEN.match(self._text, at):
            at = token.end()
            word, number, pair, symbol, brace, literal = token.groups()
            if word:
                at = self._word(word, None if number is None else int(number), at)
            elif pair:
                self._byte(int(pair, 16))
            elif symbol:
                self._symbol(symbol)
            elif brace:
                self._brace(brace)
            elif literal:
                self._literal(literal)
            if not self._stack:
                return self._joined(), at
        raise _refused("groups that do not close")

    def _joined(self) -> str:
        try:
            text = "".join(self._parts).encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError as error:
            raise _refused("half a character") from error
        return re.sub(r"\n{3,}", "\n\n", text).strip("\n")

    def _word(self, word: str, number: int | None, at: int) -> int:
        """Take a control word; return where reading goes on."""
        if word == "u" and number is not None:
            self._write(chr(number % 0x10000))
            self._to_skip = self._now.skip
            return at
        self._end_bytes()
        is_starred, self._is_starred = self._is_starred, False
        self._to_skip = 0
        if word == "bin":
            return at + max(0, number or 0)
        if word in words.PICTURES and self._now.is_seen:
            self._parts.append(" 【図】 ")
        if word in words.REFUSED and number != 0 and self._now.is_seen:
            raise _refused(words.REFUSED[word])
        if word in words.SKIPPED or (is_starred and word not in words.SHOWN):
            self._now = self._now._replace(is_seen=False, is_font_table=word == "fonttbl")
        elif word in words.SIGNS:
            self._write(words.SIGNS[word])
            self._now = self._now._replace(is_apart=self._now.is_apart or word in words.APART)
        else:
            self._set(word, number)
        return at

    def _set(self, word: str, number: int | None) -> None:
        """Take what holds from here on: fonts, code pages, fallbacks."""
        value = -1 if number is None else number
        if word == "ansicpg":
            self._page = _known(f"cp{value}")
        elif word == "deff":
            self._default = value
        elif self._now.is_font_table:
            self._font = value if word == "f" else self._font
            if word == "fcharset" and value != 1:
                self._fonts[self._font] = words.CHARACTER_SETS.get(str(value), "")
            elif word == "cpg":
                self._fonts[self._font] = _known(f"cp{value}")
        elif word in ("f", "plain"):
            codec = self._fonts.get(value if word == "f" else self._default, self._page)
            self._now = self._now._replace(codec=codec)
        elif word == "uc":
            self._now = self._now._replace(skip=max(0, value))

    def _byte(self, value: int) -> None:
        if self._to_skip:
            self._to_skip -= 1
        elif self._now.is_seen:
            self._bytes.append(value)

    def _symbol(self, symbol: str) -> None:
        if symbol == "*":
            self._is_starred = True
        elif symbol in "\\{}":
            self._literal(symbol)
        elif symbol in words.SYMBOLS:
            self._write(words.SYMBOLS[symbol])
        else:
            raise _refused("a control symbol that is not known")

    def _brace(self, brace: str) -> None:
        self._end_bytes()
        self._to_skip, self._is_starred = 0, False
        if brace == "}":
            ended, self._now = self._now, self._stack.pop()
            self._write("\n" if ended.is_apart else "")
            return
        self._stack.append(self._now)
        self._now = self._now._replace(is_apart=False)
        if len(self._stack) > _MOST_DEEP:
            raise _refused("groups within groups beyond any report's")

    def _literal(self, text: str) -> None:
        """Take text as it stands. Its first sign may be the second byte of a character that began as a number."""
        skipped = min(self._to_skip, len(text))
        self._to_skip -= skipped
        text = text[skipped:]
        if self._bytes and text and text[0].isascii() and self._is_half():
            self._bytes.append(ord(text[0]))
            text = text[1:]
        self._write(text)

    def _is_half(self) -> bool:
        if self._codec() in ("", _SYMBOL_FONT):
            return False
        decoder = codecs.getincrementaldecoder(self._codec())()
        try:
            decoder.decode(bytes(self._bytes))
        except UnicodeDecodeError:
            return False
        return bool(decoder.getstate()[0])

    def _write(self, text: str) -> None:
        self._end_bytes()
        if not text or not self._now.is_seen:
            return
        if self._codec() == _SYMBOL_FONT or any("\uf000" <= sign <= "\uf0ff" for sign in text):
            text = _of_symbol_font(text)
        self._parts.append(text)

    def _end_bytes(self) -> None:
        """Write the bytes that came as numbers, in the code page of their font."""
        data, self._bytes = bytes(self._bytes), bytearray()
        if not data:
            return
        codec = self._codec()
        try:
            text = data.decode("latin-1" if codec == _SYMBOL_FONT else codec or "ascii")
        except UnicodeDecodeError as error:
            raise _refused("bytes that are not of its code page") from error
        if codec == "cp1252" and self._page not in ("", codec) and _NOT_LATIN.search(data.decode("latin-1")):
            raise _refused("bytes that are not of their font's character set")
        self._parts.append(_of_symbol_font(text) if codec == _SYMBOL_FONT else text)

    def _codec(self) -> str:
        return self._now.codec or self._fonts.get(self._default, "") or self._page


def _of_symbol_font(text: str) -> str:
    if not all(sign in _BULLETS or sign.isspace() for sign in text):
        raise _refused("a sign of a symbol font")
    return "".join(_BULLETS.get(sign, sign) for sign in text)


def _known(codec: str) -> str:
    """Return the name of a codec; empty if there is none of it."""
    try:
        return codecs.lookup(codec).name
    except LookupError:
        return ""


def _refused(what: str) -> Refused:
    return Refused("text-not-readable", f"a text in RTF cannot be read: {what}")
