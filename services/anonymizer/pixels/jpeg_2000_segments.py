"""A JPEG 2000 or HTJ2K codestream with only what decodes it: no comments, no boxes, nothing behind its end. Pure.

Source: ITU-T T.800 Annex A (codestream), Annex I (JP2, of which only the codestream stays: PS3.5 A.4.4); T.814 (HTJ2K).
"""

import re
import struct
from typing import Final, NamedTuple

from services.anonymizer.pixels.codestreams import UNREADABLE, Codestream
from services.anonymizer.pixels.runs import Runs
from shared.errors import Refused

_SOC, _SIZ, _TLM, _CRG, _COM, _SOT, _SOD, _EOC = 0xFF4F, 0xFF51, 0xFF55, 0xFF63, 0xFF64, 0xFF90, 0xFF93, 0xFFD9
# CAP, COD, COC, PRF, PLM, PLT, CPF, QCD, QCC, RGN, POC, PPM, PPT: T.800 Table A.2, T.814 A.3, A.6
_KEPT: Final = frozenset(
    {0xFF50, _SIZ, 0xFF52, 0xFF53, 0xFF56, 0xFF57, 0xFF58, 0xFF59, 0xFF5C, 0xFF5D, 0xFF5E, 0xFF5F, 0xFF60, 0xFF61}
)
_DROPPED: Final = frozenset({_COM, _CRG})
_SOT_BYTES: Final = 12
_JP2: Final = b"\0\0\0\x0cjP  "
_END = re.compile(rb"\xff[\x90-\xff]")  # no packet has a byte above 8F behind FF: T.800 B.10.1, C.2.1


def cleared(data: memoryview) -> Codestream:
    """Return what decodes the image, its precision and size; raise Refused for what is no such codestream."""
    try:
        return _cleared(_codestream_of_jp2(data) if bytes(data[:8]) == _JP2 else data)
    except (IndexError, struct.error) as error:
        raise Refused(UNREADABLE, "a JPEG 2000 codestream ends within a marker segment (T.800 A.1)") from error


def _codestream_of_jp2(data: memoryview) -> memoryview:
    pos = 0
    while pos + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, pos)
        head = 16 if length == 1 else 8
        length = struct.unpack_from(">Q", data, pos + 8)[0] if length == 1 else length or len(data) - pos
        if kind == b"jp2c":
            return data[pos + head : pos + length]
        pos += max(head, length)
    raise Refused(UNREADABLE, "a JP2 file has no codestream (T.800 I.5.4)")


def _cleared(data: memoryview) -> Codestream:
    if _u16(data, 0) != _SOC or _u16(data, 2) != _SIZ:
        raise Refused(UNREADABLE, "no JPEG 2000 codestream begins where a frame does (T.800 A.4.1)")
    tiles = _tile_parts(data, _first_tile(data))
    keeps_lengths = all(part.is_whole for part in tiles)
    runs = Runs(data)
    runs.keep(0, 2)
    pos = 2
    while _u16(data, pos) != _SOT:
        end = _segment_end(data, pos)
        if _is_kept(_u16(data, pos)) or (_u16(data, pos) == _TLM and keeps_lengths):
            runs.keep(pos, end)
        pos = end
    for part in tiles:
        _keep(runs, data, part)
    end = tiles[-1].end
    runs.put(b"\xff\xd9", end, min(len(data), end + 2))
    return Codestream(runs.parts(), runs.size, *_size(data))


def _u16(data: memoryview, pos: int) -> int:
    return data[pos] << 8 | data[pos + 1]


def _segment_end(data: memoryview, pos: int) -> int:
    end = pos + 2 + _u16(data, pos + 2)
    if end > len(data) or end < pos + 4:
        raise IndexError
    return end


def _is_kept(marker: int) -> bool:
    if marker not in _KEPT and marker not in _DROPPED and marker != _TLM:
        raise Refused(UNREADABLE, "a JPEG 2000 codestream has a marker segment that is not known (T.800 Table A.2)")
    return marker in _KEPT


def _first_tile(data: memoryview) -> int:
    pos = 2
    while _u16(data, pos) != _SOT:
        pos = _segment_end(data, pos)
    return pos


class _TilePart(NamedTuple):
    """begin, end: of a tile-part.  kept: stretches behind its SOT.  is_whole: whether these are all of it."""

    begin: int
    end: int
    kept: list[tuple[int, int]]
    is_whole: bool


def _tile_parts(data: memoryview, pos: int) -> list[_TilePart]:
    parts: list[_TilePart] = []
    while pos + 1 < len(data) and _u16(data, pos) == _SOT:
        parts.append(_tile_part(data, pos))
        pos = parts[-1].end
    if pos + 1 < len(data) and _u16(data, pos) != _EOC:
        raise Refused(UNREADABLE, "something other than a tile-part follows a tile-part (T.800 A.4.2)")
    return parts


def _tile_part(data: memoryview, begin: int) -> _TilePart:
    kept, pos, is_whole = [], begin + _SOT_BYTES, True
    while _u16(data, pos) != _SOD:
        end = _segment_end(data, pos)
        if _is_kept(_u16(data, pos)):
            kept.append((pos, end))
        else:
            is_whole = False
        pos = end
    (stated,) = struct.unpack_from(">I", data, begin + 6)
    end = begin + stated
    if not stated:  # the last one, which goes on to the end
        following = _END.search(data, pos + 2)
        end = following.start() if following else len(data)
    if _u16(data, begin + 2) != _SOT_BYTES - 2 or not pos + 2 <= end <= len(data):
        raise IndexError
    return _TilePart(begin, end, [*kept, (pos, end)], is_whole)


def _keep(runs: Runs, data: memoryview, part: _TilePart) -> None:
    """Keep a tile-part; without its comments it is shorter (Psot, T.800 A.4.2)."""
    if part.is_whole:
        runs.keep(part.begin, part.end)
        return
    size = _SOT_BYTES + sum(end - begin for begin, end in part.kept)
    runs.keep(part.begin, part.begin + 6)
    runs.put(struct.pack(">I", size), part.begin + 6, part.begin + 10)
    runs.keep(part.begin + 10, part.begin + _SOT_BYTES)
    for begin, end in part.kept:
        runs.keep(begin, end)


def _size(data: memoryview) -> tuple[int, int, int, int]:
    """Return precision, rows, columns and components as SIZ gives them (T.800 A.5.1)."""
    right, bottom, left, top = struct.unpack_from(">IIII", data, 8)
    components = _u16(data, 40)
    if _u16(data, 4) != 38 + 3 * components or not components:
        raise Refused(UNREADABLE, "SIZ has another length than its components need (T.800 A.5.1)")
    precision = max((data[42 + 3 * number] & 0x7F) + 1 for number in range(components))
    return precision, bottom - top, right - left, components
