"""The records of a CSV file, each by itself: one that breaks RFC 4180, or holds bytes of no known encoding, is that
record's fault alone. Pure.

Source: RFC 4180 2 (records end with CRLF; a quoted field may hold line breaks).
"""

import csv
from collections.abc import Iterator, Sequence

import msgspec

from shared.errors import Invalid

csv.field_size_limit(1 << 20)
_LINE_BREAK = "\u2028"  # stands for a CR in a cell: for the csv module, one without quotes ends the record


class Record(msgspec.Struct, frozen=True):
    """One record. line: where it begins in the file, from 1.  cells: those of a broken one are its first line.

    is_broken: it breaks RFC 4180; reading goes on behind its first line.
    """

    line: int
    cells: tuple[str, ...]
    is_broken: bool = False

    @property
    def is_readable(self) -> bool:
        """Whether all its bytes are of the file's encoding."""
        return all(map(_is_of_encoding, self.cells))


def records(data: bytes, encodings: Sequence[str], delimiter: str) -> Iterator[Record]:
    """Yield the records of a file, the head line first. Raises Invalid: its first line is of none of the encodings.

    A quote that is never closed is looked for to the end of the file: where that happens too often, all lines that are
    left are broken.
    """
    lines = _lines(_decoded(data, encodings))
    begins, to_read_again = 0, 4 * len(lines) + 10_000
    while begins < len(lines):
        start = begins
        reader = csv.reader((lines[at] for at in range(start, len(lines))), delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                yield Record(begins + 1, tuple(cell.replace(_LINE_BREAK, "\n") for cell in cells))
                begins = start + reader.line_num
        except csv.Error:
            to_read_again -= start + reader.line_num - begins
            behind = begins + 1 if to_read_again > 0 else len(lines)
            yield from (_broken(at + 1, lines[at]) for at in range(begins, behind))
            begins = behind


def _broken(number: int, line: str) -> Record:
    return Record(number, (line.replace(_LINE_BREAK, "\n").rstrip("\n"),), is_broken=True)


def _lines(text: str) -> list[str]:
    """Return the lines with LF at their ends. A CR alone is text of a cell, unless the first line ends with it."""
    text = text.replace("\r\n", "\n")
    ends_with_cr = "\r" in text.partition("\n")[0]
    lines = text.replace("\r", "\n" if ends_with_cr else _LINE_BREAK).split("\n")
    return [f"{line}\n" for line in (lines if lines[-1] else lines[:-1])]


def _decoded(data: bytes, encodings: Sequence[str]) -> str:
    """Return the text in the first encoding that fits, else in the one that the most lines fit.

    In the second case bytes that are not of it become lone surrogates (PEP 383), which no text has.
    """
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    tried = [lines for lines in (_decoded_lines(data, encoding) for encoding in encodings) if lines]
    if not tried:
        raise Invalid("bad-encoding", f"the file is not {' or '.join(encodings)}")
    return "\n".join(max(tried, key=lambda lines: sum(map(_is_of_encoding, lines))))


def _decoded_lines(data: bytes, encoding: str) -> list[str]:
    """Return the lines of a file in an encoding; none if its first line is not of it, or its lines do not end so."""
    first, *rest = data.split(b"\n")
    try:
        if "\n".encode(encoding).removeprefix(b"\xef\xbb\xbf") != b"\n":
            return []
        return [first.decode(encoding), *(line.decode(encoding, "surrogateescape") for line in rest)]
    except (UnicodeDecodeError, LookupError):
        return []


def _is_of_encoding(text: str) -> bool:
    return not any("\udc80" <= sign <= "\udcff" for sign in text)
