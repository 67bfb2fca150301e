"""A JPEG or JPEG-LS codestream with only what decodes it: no comments, no application data, nothing behind its end.

Of application segments, those from which a decoder takes the colour space stay, rebuilt with nothing else in them:
JFIF (APP0), Adobe (APP14), and the colour transform of JPEG-LS (APP8). Pure.

Source: ITU-T T.81 Annex B; T.871 (JFIF); T.872 6.5.3 (Adobe); T.87 Annex C (JPEG-LS).
"""

import re
from typing import Final

from services.anonymizer.pixels.codestreams import UNREADABLE, Codestream
from services.anonymizer.pixels.runs import Runs
from shared.errors import Refused

_SOI, _EOI, _SOS, _DHT, _DAC, _JPG, _DQT, _DNL, _DRI, _LSE = 0xD8, 0xD9, 0xDA, 0xC4, 0xCC, 0xC8, 0xDB, 0xDC, 0xDD, 0xF8
_STARTS_OF_FRAME: Final = frozenset({*range(0xC0, 0xD0), 0xF7} - {_DHT, _DAC, _JPG})
_LOSSLESS: Final = frozenset({0xC3, 0xC7, 0xCB, 0xCF})
_SOF_JPEG_LS: Final = 0xF7
_APPLICATION: Final = frozenset({*range(0xE0, 0xF0), 0xFE})
_FIXED: Final = {_DNL: 4, _DRI: 4}
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")  # entropy-coded data have 00 or RST behind FF: T.81 B.1.1.5
_MARKER_JPEG_LS = re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]")  # a zero bit behind FF: T.87 A.1
_JFIF: Final = b"\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"
_ADOBE, _COLOUR_TRANSFORM = b"Adobe", b"mrfx"


def cleared(data: memoryview) -> Codestream:
    """Return what decodes the image, its precision and size; raise Refused for what is no such codestream."""
    try:
        return _cleared(data)
    except IndexError as error:
        raise Refused(UNREADABLE, "a JPEG codestream ends before its end marker (T.81 B.1.1.3)") from error


def _cleared(data: memoryview) -> Codestream:
    if data[0] != 0xFF or data[1] != _SOI:
        raise Refused(UNREADABLE, "no JPEG codestream begins where a frame does (T.81 B.2.1)")
    runs = Runs(data)
    runs.keep(0, 2)
    pos, frame = 2, (0, 0, 0, 0)
    is_jpeg_ls = False
    while True:
        pos, marker = _marker(data, pos)
        if marker == _EOI:
            runs.keep(pos, pos + 2)
            return Codestream(runs.parts(), runs.size, *frame)
        end = pos + 2 + (data[pos + 2] << 8 | data[pos + 3])
        if end > len(data):
            raise IndexError
        if marker in _STARTS_OF_FRAME:
            if any(frame):
                raise Refused(UNREADABLE, "a JPEG codestream has two frames (T.81 B.2.1)")
            frame, is_jpeg_ls = _frame(data, pos), marker == _SOF_JPEG_LS
        _segment(runs, data, marker, pos, end)
        pos = end
        if marker == _SOS:
            following = (_MARKER_JPEG_LS if is_jpeg_ls else _MARKER).search(data, pos)
            if following is None:
                raise IndexError
            pos = following.start()
            runs.keep(end, pos)


def _marker(data: memoryview, pos: int) -> tuple[int, int]:
    """Return the marker at pos and where it begins, without the fill bytes before it (T.81 B.1.1.2)."""
    if data[pos] != 0xFF:
        raise Refused(UNREADABLE, "something other than a marker stands between segments (T.81 B.1.1.3)")
    while data[pos + 1] == 0xFF:
        pos += 1
    return pos, data[pos + 1]


def _frame(data: memoryview, pos: int) -> tuple[int, int, int, int]:
    """Return precision, rows, columns and components of a frame header (T.81 B.2.2).

    Lossless samples are sums modulo 2 to the 16th, whatever precision the header names (T.81 H.1.2.1).
    """
    precision = 16 if data[pos + 1] in _LOSSLESS else data[pos + 4]
    return precision, data[pos + 5] << 8 | data[pos + 6], data[pos + 7] << 8 | data[pos + 8], data[pos + 9]


def _segment(runs: Runs, data: memoryview, marker: int, pos: int, end: int) -> None:
    if marker in _APPLICATION:
        _application(runs, data, marker, pos, end)
    elif _length(data, marker, pos, end) == end - pos - 2:
        runs.keep(pos, end)
    else:
        raise Refused(UNREADABLE, "a segment of a JPEG codestream is unknown or of another length than its contents")


def _length(data: memoryview, marker: int, pos: int, end: int) -> int:
    """Return the length of a segment by what stands in it; 0 for one that is not known."""
    if marker in _STARTS_OF_FRAME:
        return 8 + 3 * data[pos + 9]
    if marker == _SOS:
        return 6 + 2 * data[pos + 4]
    if marker in (_DQT, _DHT):
        return _tables_length(data, marker, pos + 4, end) + 2
    if marker == _DAC:
        return 2 + (end - pos - 4) // 2 * 2
    if marker == _LSE:
        return _parameters_length(data, pos, end)
    return _FIXED.get(marker, 0)


def _tables_length(data: memoryview, marker: int, pos: int, end: int) -> int:
    begin = pos
    while pos < end:
        if marker == _DQT:
            pos += 1 + (128 if data[pos] >> 4 else 64)
        else:
            pos += 17 + sum(data[pos + 1 : pos + 17])
    return pos - begin


def _parameters_length(data: memoryview, pos: int, end: int) -> int:
    """Return the length of JPEG-LS parameters: of thresholds, or of a mapping table (T.87 C.2.4.1)."""
    kind = data[pos + 4]
    if kind == 1:
        return 13
    return end - pos - 2 if kind in (2, 3) else 0


def _application(runs: Runs, data: memoryview, marker: int, pos: int, end: int) -> None:
    """Keep of an application segment what a decoder takes the colour space from."""
    value = bytes(data[pos + 4 : end])
    if marker == 0xE0 and value[:5] == b"JFIF\0":
        runs.put(_JFIF, pos, end)
    elif marker == 0xEE and value[:5] == _ADOBE and len(value) >= 12:
        runs.put(b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0" + bytes([min(2, value[11])]), pos, end)
    elif marker == 0xE8 and value[:4] == _COLOUR_TRANSFORM and len(value) == 5 and value[4] <= 3:
        runs.keep(pos, end)
