"""What to mask in a page of a document: what rules find in its text layer, and every line that the layer leaves out.

A proposal for a person who reads the page, never a decision: a text layer may say other than what the page shows, and
the detector's recogniser reads no kana.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from services.anonymizer.documents import pdf
from services.anonymizer.documents.pdf import PageText
from services.anonymizer.pixels import text_detector
from services.anonymizer.pixels.text_detector import Box
from services.anonymizer.text.cleaner import Identifiers, TextPolicy, clean_text

_COVERED: Final = 0.5  # of a line's width that signs of the text layer stand in


def proposed(document: bytes, number: int, identifiers: Identifiers, policy: TextPolicy) -> tuple[list[Box], bool]:
    """Return boxes in the picture of one page, from 0, and whether the text detector looked at it.

    Raises as ``pdf.check``, and Refused for a text layer that is too long to be read.
    """
    layers = pdf.texts(document)
    boxes = identified(layers, identifiers, policy)[number] if number < len(layers) else []
    picture = pdf.page(document, number)
    if not text_detector.available():
        return boxes, False
    lines = {line for grey in (picture.max(axis=-1), picture.min(axis=-1)) for line in text_detector.lines(grey)}
    signs = [box for box in layers[number].boxes if box is not None]
    return [*boxes, *sorted(line for line in lines if not _is_covered(line, signs))], True


def identified(layers: Sequence[PageText], identifiers: Identifiers, policy: TextPolicy) -> list[list[Box]]:
    """Return, for each page, where what identifies stands. Pure. The pages are read as one text, as a report is."""
    text = "\n".join(layer.text for layer in layers)
    spans = clean_text(text, identifiers, policy).spans
    begin, boxes = 0, []
    for layer in layers:
        end = begin + len(layer.text)
        within = [
            (max(low, begin) - begin, min(high, end) - begin) for low, high, _ in spans if low < end > begin < high
        ]
        boxes.append([box for low, high in within for box in _of_lines(layer.boxes[low:high])])
        begin = end + 1
    return boxes


def _of_lines(signs: Iterable[Box | None]) -> Iterator[Box]:
    """Yield a box around the signs of each line."""
    for is_there, run in groupby(signs, key=lambda box: box is not None):
        line: Box | None = None
        for box in run if is_there else ():
            assert box is not None
            if line is not None and _shares_line(line, box):
                line = Box(*map(min, line[:2], box[:2]), *map(max, line[2:], box[2:]))
                continue
            if line is not None:
                yield line
            line = box
        if line is not None:
            yield line


def _shares_line(line: Box, box: Box) -> bool:
    return min(line.bottom, box.bottom) - max(line.top, box.top) > (box.bottom - box.top) / 2


def _is_covered(line: Box, signs: Sequence[Box]) -> bool:
    """Say whether the text layer has signs along most of a line that the detector sees."""
    middle = (line.top + line.bottom) / 2
    stretches = sorted(
        (max(line.left, box.left), min(line.right, box.right)) for box in signs if box.top < middle < box.bottom
    )
    width, at = 0, line.left
    for low, high in stretches:
        width += max(0, high - max(low, at))
        at = max(at, high)
    return width >= _COVERED * (line.right - line.left)
