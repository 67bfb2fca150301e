"""The escape sequences of HL7 v2 texts. Pure.

Source: HL7 v2.5 2.7 (escapes), 2.7.2 to 2.7.7 (character sets, highlighting, special characters, hexadecimal, formatted
text, local).
"""

import re
from collections.abc import Mapping

from shared.errors import Invalid

_SEQUENCE = r"(?:[FSTREHN]|X[^{mark}]*|[CM][0-9A-Fa-f]{{4,6}}|\.[a-z]{{2}}[^{mark}]{{0,8}})"
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_LINES = re.compile(r"\.(?:br|ce|fi|nf)|\.sp\+?(\d{0,2})")
_LAYOUT = re.compile(r"\.(?:in|ti)[+-]?\d*")
_SKIP = re.compile(r"\.sk(\d{1,2})")


def unescaped(text: str, mark: str, delimiters: Mapping[str, str], codec: str) -> str:
    """Return a text without escape sequences. What is no sequence of 2.7, or one that a site defines, stays as it is.

    mark: the escape character.  delimiters: letter → the delimiter that it stands for.  codec: of hexadecimal data.
    Raises Invalid: characters that cannot be read.
    """
    if mark not in text:
        return text
    sign = re.escape(mark)
    pattern = f"{sign}({_SEQUENCE.format(mark=sign)}){sign}"
    return re.sub(pattern, lambda match: _meaning(match[1], match[0], delimiters, codec), text)


def _meaning(code: str, whole: str, delimiters: Mapping[str, str], codec: str) -> str:
    if code in delimiters:
        return delimiters[code]
    if code in ("H", "N") or _LAYOUT.fullmatch(code):
        return ""
    if lines := _LINES.fullmatch(code):
        return "\n" * max(1, int(lines[1] or 1))
    if skip := _SKIP.fullmatch(code):
        return " " * int(skip[1])
    if code[0] in "CM":
        raise Invalid("bad-characters", "an escape sequence changes the character set inside a text (2.7.2)")
    return _characters(code[1:], codec) if code[0] == "X" and _HEX.fullmatch(code[1:]) else whole


def _characters(digits: str, codec: str) -> str:
    try:
        text = bytes.fromhex(digits).decode(codec)
    except UnicodeDecodeError as error:
        raise Invalid(
            "bad-characters", "hexadecimal data is not in the character set of the message (2.7.5)"
        ) from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(r"[\x00-\x08\x0b-\x1f]", "", text)
