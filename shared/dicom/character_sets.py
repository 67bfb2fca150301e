"""Text in the Specific Character Set of its Data Set, and sites' errors with it. Pure.

``declared_text``, the rule of the archive, reads what the Data Set declares. ``decode`` and ``readings``, the rule of
de-identification, also find what sites write undeclared. Source: PS3.3 C.12.1.1.2, PS3.5 6.1.
"""

import re
import warnings
from functools import lru_cache

from pydicom.charset import convert_encodings, decode_bytes, encode_string

from shared.text import iso_2022_jp

TEXT_VRS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})  # PS3.5 6.1.2.3
WITH_CHARACTER_SET = frozenset(vr.encode() for vr in TEXT_VRS)
_TEXT_DELIMITERS = {0xD, 0xA, 0x9, 0xC, 0x5C}  # PS3.5 6.1.2.5.3: where ISO 2022 designations end
_NAME_DELIMITERS = _TEXT_DELIMITERS | {0x5E, 0x3D}
_C1 = re.compile(rb"[\x80-\x9f]")
_UNDECLARED = ("utf-8", "cp932", "euc_jp", "gb18030", "latin-1")  # what Japanese sites write without saying so


@lru_cache(256)
def encodings(specific: bytes) -> tuple[str, ...]:
    """Return the Python codecs of a value of (0008,0005); the default repertoire for what is unknown."""
    return _codecs(tuple(term.strip() for term in specific.decode("ascii", "replace").rstrip(" \0").split("\\")))


def declared_text(raw: bytes, vr: str, terms: tuple[str, ...]) -> str:
    """Return the characters of a value as its Data Set declares them, without padding.

    terms: the values of (0008,0005). Bytes that the declared set cannot hold are read as ISO 8859-1.
    """
    raw = raw.rstrip(b"\0 ")
    if vr not in TEXT_VRS or (raw.isascii() and b"\x1b" not in raw and not _swaps_ascii(terms)):
        return raw.decode("latin-1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return decode_bytes(raw, list(_codecs(terms)), _NAME_DELIMITERS if vr == "PN" else _TEXT_DELIMITERS)
        except (LookupError, UnicodeError):
            return raw.decode("latin-1")


def decode(value: bytes, specific: bytes, vr: bytes = b"LO") -> str:
    """Return the text; bytes that the declared set cannot hold are read as what Japanese sites write undeclared."""
    if value.isascii() and b"\x1b" not in value:
        return value.decode("ascii")
    codecs = encodings(specific)
    undeclared = codecs == ("iso8859",) or codecs == ("latin_1",) or _is_seven_bit(codecs)
    if not undeclared or b"\x1b" in value:
        text = _declared(value, codecs, vr)
        if text is not None and "\x1b" not in text:
            return text
        if b"\x1b" in value and (text := iso_2022_jp.decode(value)) is not None:
            return text
    for codec in _UNDECLARED:
        try:
            return value.decode(codec)
        except UnicodeDecodeError:
            continue
    return value.decode("latin-1")


def is_utf8(specific: bytes) -> bool:
    """Say whether a Data Set of this (0008,0005) is in UTF-8 as it is."""
    return specific.strip(b" \0") == b"ISO_IR 192"


def as_utf8(value: bytes, specific: bytes, vr: bytes) -> bytes | None:
    """Return a text in UTF-8, None if its bytes are the same there."""
    if value.isascii() and b"\x1b" not in value:
        return None
    new = _meant(value, specific, vr).encode("utf-8", "replace")
    return None if new == value else new


def _meant(value: bytes, specific: bytes, vr: bytes) -> str:
    """Return the text as its sender meant it: a declared Latin-1 holds where its bytes can be Latin-1.

    Shift_JIS and UTF-8 under that name, which sites write, have bytes from 80 to 9F, where Latin-1 has only controls
    (PS3.5 6.1.3 allows none of these).
    """
    if encodings(specific) == ("latin_1",) and not _C1.search(value):
        return value.decode("latin-1")
    return decode(value, specific, vr)


def readings(value: bytes, specific: bytes, vr: bytes = b"LO") -> set[str]:
    """Return every text the bytes may stand for: what identifies must be found however it was meant."""
    texts = {decode(value, specific, vr)}
    if not value.isascii() and not _is_seven_bit(encodings(specific)):
        declared = _declared(value, encodings(specific), vr)
        if declared is not None:
            texts.add(declared)
    return texts


def encode(text: str, specific: bytes) -> bytes | None:
    """Return the text in the Data Set's own character set, None if that cannot hold it."""
    if text.isascii():
        return text.encode("ascii")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            encoded: bytes = encode_string(text, list(encodings(specific)))
        except (UnicodeError, LookupError, UserWarning):
            return None
        return encoded


@lru_cache(256)
def _codecs(terms: tuple[str, ...]) -> tuple[str, ...]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return tuple(convert_encodings(list(terms) or [""]))
        except (LookupError, ValueError):
            return ("iso8859",)


def _swaps_ascii(terms: tuple[str, ...]) -> bool:
    """ISO IR 13 has a yen sign and an overline where ASCII has a backslash and a tilde (PS3.3 C.12.1.1.2)."""
    return bool(terms) and terms[0] in ("ISO_IR 13", "ISO 2022 IR 13")


def _is_seven_bit(codecs: tuple[str, ...]) -> bool:
    """Say whether no byte above 0x7F is declared without an escape: ISO 2022 IR 6 with 87, 159 (PS3.3 C.12.1.1.2)."""
    return codecs[0] == "iso8859" and all(codec.startswith(("iso8859", "iso2022_jp")) for codec in codecs)


def _declared(value: bytes, codecs: tuple[str, ...], vr: bytes) -> str | None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            text: str = decode_bytes(value, list(codecs), _NAME_DELIMITERS if vr == b"PN" else _TEXT_DELIMITERS)
        except (UnicodeError, LookupError, UserWarning, ValueError):
            return None
    return None if "�" in text else text
