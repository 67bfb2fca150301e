"""The segments of an HL7 v2 message: which line ends end one, which are text inside one, what continues one. Pure.

Source: HL7 v2.5 2.5.2 (a segment ends with CR), 2.10.2 (continuation: ADD, DSC), 2.15.9.14 (MSH-14).
"""

import re

from shared.errors import Invalid

_END = re.compile(r"\r\n?|\n")
_NAME = r"[A-Z][A-Z0-9]{2}"


def segment_lines(text: str, field: str) -> list[str]:
    """Return the text of each segment. A line that begins none is text of the one before it, after a line feed.

    text: begins with MSH.  field: the field separator. Raises Invalid: where a message that ends segments with CR has
    a bare LF before what looks like a segment, and where the rest of the message is in another one.
    """
    begins = f"(?={_NAME}{re.escape(field)})"
    first = _END.search(text)
    if first and first[0] == "\r" and re.search(f"(?<!\r)\n{begins}", text):
        raise Invalid("bad-segment", "a line feed before a segment, in a message that ends segments with CR (2.5.2)")
    segments = re.split(f"(?:\r\n?|\n){begins}", text)
    return _continued([_END.sub("\n", segment).rstrip("\n") for segment in segments], field)


def _continued(segments: list[str], field: str) -> list[str]:
    """Return the segments with what ADD adds to the last field before it (2.10.2.1)."""
    whole: list[list[str]] = []
    for segment in segments:
        if segment.startswith(f"DSC{field}"):
            raise Invalid("unsupported-continuation", "the rest of the message is in another one (DSC, 2.10.2.2)")
        if segment.startswith(f"ADD{field}") and whole:
            whole[-1].append(segment[4:])
        else:
            whole.append([segment])
    return ["".join(parts) for parts in whole]
