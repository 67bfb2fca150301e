"""Whether the files of an index are those that tantivy wrote: each ends with a checksum of all before. It blocks.

Source: tantivy, src/directory/footer.rs: the file, JSON with its CRC-32, the JSON's length and 1337 as 32-bit numbers.
"""

import struct
import zlib
from pathlib import Path

import msgspec

_END = struct.Struct("<II")
_MAGIC = 1337
_CHUNK = 1 << 20
_KINDS = ("fast", "fieldnorm", "idx", "pos", "store", "term")
"""Of each segment (tantivy, SegmentComponent), without deletions, which not every segment has."""


class _Segment(msgspec.Struct):
    segment_id: str


class _Meta(msgspec.Struct):
    segments: list[_Segment]


class _Footer(msgspec.Struct):
    crc: int


def damaged_file(folder: Path) -> str:
    """Return the name of a file of the index that is damaged or gone; empty if there is none, or no index."""
    meta = folder / "meta.json"
    if not meta.exists():
        return meta.name if any(folder.glob("*.idx")) else ""
    try:
        segments = _segments(meta)
        files = [path for path in sorted(folder.iterdir()) if path.name.partition(".")[0] in segments]
        damaged = next((path.name for path in files if not _is_right(path)), "")
        names = {path.name for path in files}
        gone = [f"{each}.{kind}" for each in segments for kind in _KINDS if f"{each}.{kind}" not in names]
        still = _segments(meta) if gone else set()  # a segment may have been merged away meanwhile
    except msgspec.MsgspecError:
        return meta.name
    return damaged or next((name for name in sorted(gone) if name.partition(".")[0] in still), "")


def _segments(meta: Path) -> set[str]:
    listed = msgspec.json.decode(meta.read_bytes(), type=_Meta).segments
    return {each.segment_id.replace("-", "") for each in listed}


def _is_right(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _END.size))
            length, magic = _END.unpack(file.read())
            content = size - _END.size - length
            if magic != _MAGIC or content < 0:
                return False
            file.seek(content)
            wanted = msgspec.json.decode(file.read(length), type=_Footer).crc
            file.seek(0)
            crc = 0
            while content > 0 and (chunk := file.read(min(_CHUNK, content))):
                crc = zlib.crc32(chunk, crc)
                content -= len(chunk)
    except FileNotFoundError:  # merged away under our eyes
        return True
    except (struct.error, msgspec.MsgspecError):
        return False
    return crc == wanted
