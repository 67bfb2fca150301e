"""Moves shifted dates from the old keys' shift to the new keys', as if the original had been shifted by the new one."""

import re

from services.anonymizer.instances.elements.replacement_values import shifted

_PARTIAL = re.compile(rb"^(\d{4})(\d{2})?((?:[+-]\d{4})?)$")  # DT of a year or month alone, PS3.5 6.2


def reshifted(vr: bytes, value: bytes, before: int, after: int) -> tuple[bytes, bool]:
    """Return the values, and whether all are certain. before, after: days by which the old and new keys shift.

    A year or month alone was shifted as its first day; now and then two originals give the same, and one is taken.
    """
    parts = [_one(vr, part.strip(b" \0"), before, after) for part in value.split(b"\\")]
    return b"\\".join(part for part, _ in parts), all(certain for _, certain in parts)


def _one(vr: bytes, text: bytes, before: int, after: int) -> tuple[bytes, bool]:
    partial = _PARTIAL.match(text) if vr == b"DT" else None
    if partial is None:
        moved = shifted(vr, text, after - before)
        return (b"", False) if moved is None else (moved, True)
    year, month, zone = int(partial[1]), int(partial[2] or 1), partial[3]
    months = year * 12 + month - 1 - round(before / 30.44)
    near = {months + step for step in (range(-13, 14) if partial[2] is None else range(-2, 3))}
    written = sorted({_written(each, partial[2] is None) + zone for each in near})
    originals = [each for each in written if shifted(vr, each, before) == text]
    moved_to = {shifted(vr, each, after) or b"" for each in originals}
    if not moved_to:
        return shifted(vr, text, after - before) or b"", False
    return min(moved_to), len(moved_to) == 1


def _written(months: int, year_alone: bool) -> bytes:
    year, month = divmod(months, 12)
    return f"{year:04d}".encode() if year_alone else f"{year:04d}{month + 1:02d}".encode()
