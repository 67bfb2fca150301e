"""ISO 2022 with the sets of Japan, and with what Windows adds to JIS X 0208: NEC's row 13 and IBM's extensions. Pure.

Source: ISO/IEC 2022; RFC 1468; JIS X 0208, JIS X 0201, as code page 932 has them.
"""

import re
from typing import Final

_ESCAPE: Final = re.compile(rb"\x1b(\$[@B]|\([BJI])")
_TWO_BYTES: Final = frozenset({b"$@", b"$B"})
_KANA: Final = b"(I"
_LINES: Final = re.compile(rb"([\r\n]+)")


def is_used(data: bytes) -> bool:
    """Say whether an escape sequence of ISO 2022 stands in the bytes."""
    return b"\x1b$" in data or b"\x1b(" in data


def decode(data: bytes) -> str | None:
    """Return the text; None if an escape sequence is cut, of another set, or followed by bytes of no character.

    A line begins in ASCII whatever ended the one before. What is outside of escape sequences is ASCII.
    """
    return _joined([_line(line) for line in _LINES.split(data)])


def _line(line: bytes) -> str | None:
    first, *rest = _ESCAPE.split(line)
    parts = [_decoded(b"(B", first)]
    parts += [_decoded(rest[at], rest[at + 1]) for at in range(0, len(rest), 2)]
    return _joined(parts)


def _joined(parts: list[str | None]) -> str | None:
    whole = [part for part in parts if part is not None]
    return "".join(whole) if len(whole) == len(parts) else None


def _decoded(designated: bytes, data: bytes) -> str | None:
    if b"\x1b" in data or not data.isascii():
        return None
    if designated == _KANA:
        return bytes(byte | 0x80 if byte > 0x20 else byte for byte in data).decode("cp932", "replace")
    if designated not in _TWO_BYTES:
        return data.decode("ascii")
    shifted = _shifted(data)
    try:
        return None if shifted is None else shifted.decode("cp932")
    except UnicodeDecodeError:
        return None


def _shifted(data: bytes) -> bytes | None:
    """Return pairs of JIS X 0208 in Shift_JIS; None for half a pair. Spaces and controls stand for themselves."""
    shifted, at = bytearray(), 0
    while at < len(data):
        high = data[at]
        if high <= 0x20:
            shifted.append(high)
            at += 1
            continue
        if at + 1 == len(data) or not 0x21 <= data[at + 1] <= 0x7E:
            return None
        low = data[at + 1]
        shifted.append((high - 0x21 >> 1) + (0x81 if high < 0x5F else 0xC1))
        shifted.append(low + (0x1F if low < 0x60 else 0x20) if high & 1 else low + 0x7E)
        at += 2
    return bytes(shifted)
