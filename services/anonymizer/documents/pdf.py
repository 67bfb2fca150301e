"""Pages of a PDF as pictures and texts, by PDFium (package ``pypdfium2``, extra ``pixels``; no JavaScript, no network).

A picture holds what a page shows and nothing else: no text layer, metadata, attachment, link or script of the file
is in it. Who calls this is in a worker process, which is ended when a page costs too much time or memory.

Source: ISO 32000-2 (PDF), 8.3.2.3 (user space), 9.10 (text extraction).
"""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np

from services.anonymizer.pixels.text_detector import MARGIN, Box
from shared.errors import Invalid, JmidError, Refused

Array = np.ndarray[Any, Any]
MOST_BYTES: Final = 64 << 20
MOST_PAGES: Final = 100
MOST_PIXELS: Final = 64_000_000
"""Of all pages together: 29 of A4 in the resolution below, more in a lower one."""
_DPI, _LEAST_DPI, _POINTS = 150.0, 75.0, 72.0
_LONGEST: Final = 4000  # pixels of a side: what is larger than A1 is made smaller, or refused below _LEAST_DPI


class PageText(NamedTuple):
    """The text layer of a page. boxes: of each sign, in pixels of its picture; None of one that has no place."""

    text: str
    boxes: list[Box | None]


def available() -> bool:
    """Return whether PDFium is installed and loads."""
    return _pdfium() is not None


def check(document: bytes) -> None:
    """Raise Refused for a document that has no pages, too many, or too large ones; Invalid for what is no PDF.

    One that asks for a password is no PDF either.
    """
    with _opened(document) as opened:
        _sizes(opened)


def pages(document: bytes) -> Array:
    """Return the pages as pictures of one size: (page, row, column, 3) of uint8, RGB, white where a page is smaller.

    Raises as ``check``.
    """
    with _opened(document) as opened:
        sizes, scale = _sizes(opened)
        pictures = np.full((len(sizes), *np.max(sizes, axis=0), 3), 255, np.uint8)
        for number, (height, width) in enumerate(sizes):
            pictures[number, :height, :width] = _drawn(opened, number, scale)[:height, :width]
        return pictures


def page(document: bytes, number: int) -> Array:
    """Return one page, from 0, as it stands in ``pages``; Invalid if there is none of that number."""
    with _opened(document) as opened:
        sizes, scale = _sizes(opened)
        if not 0 <= number < len(sizes):
            raise Invalid("no-such-frame", "the document has fewer pages")
        picture = np.full((*np.max(sizes, axis=0), 3), 255, np.uint8)
        height, width = sizes[number]
        picture[:height, :width] = _drawn(opened, number, scale)[:height, :width]
        return picture


def texts(document: bytes) -> list[PageText]:
    """Return the text layer of each page, with places in the pictures that ``pages`` returns."""
    with _opened(document) as opened:
        _, scale = _sizes(opened)
        return [_text(page, scale) for page in opened]


@contextmanager
def _opened(document: bytes) -> "Iterator[Any]":
    pdfium = _pdfium()
    if pdfium is None:
        raise Refused("encapsulated-document", "what reads a PDF, pypdfium2, is not installed")
    if len(document) > MOST_BYTES:
        raise Refused("document-too-large", f"a PDF that is taken has at most {MOST_BYTES >> 20} MiB")
    try:
        opened = pdfium.PdfDocument(document)
        opened.init_forms()  # or what stands in form fields is not drawn
        yield opened
    except JmidError:
        raise
    except Exception as error:  # of the C library, whatever a broken file makes of it
        raise Invalid("document-not-readable", "the PDF cannot be read, or asks for a password") from error
    # closed with its last reference: PDFium wants pages closed before their document


def _sizes(opened: Any) -> tuple[list[tuple[int, int]], float]:
    """Return (rows, columns) of each page, and pixels for a point."""
    if not 0 < len(opened) <= MOST_PAGES:
        raise Refused("document-too-large", f"a PDF that is taken has 1 to {MOST_PAGES} pages")
    points = [page.get_size() for page in opened]
    widest, highest = max(width for width, _ in points), max(height for _, height in points)
    if widest < 1 or highest < 1:
        raise Refused("document-too-large", "the pages of the PDF have no size")
    fitting = (MOST_PIXELS / (len(points) * widest * highest)) ** 0.5
    scale = min(_DPI / _POINTS, fitting, (_LONGEST - 1) / max(widest, highest))
    if scale < _LEAST_DPI / _POINTS:
        raise Refused("document-too-large", f"the pages of the PDF cannot be shown at {_LEAST_DPI:.0f} dots an inch")
    sizes = [(max(1, int(np.ceil(height * scale))), max(1, int(np.ceil(width * scale)))) for width, height in points]
    return sizes, scale


def _drawn(opened: Any, number: int, scale: float) -> Array:
    bitmap = opened[number].render(scale=scale, rev_byteorder=True, force_bitmap_format=_raw().FPDFBitmap_BGR)
    drawn: Array = bitmap.to_numpy()
    return drawn


def _text(page: Any, scale: float) -> PageText:
    layer, (width, height) = page.get_textpage(), page.get_size()
    signs, boxes = [], []
    for number in range(layer.count_chars()):
        sign = layer.get_text_range(number, 1) or " "
        left, bottom, right, top = layer.get_charbox(number, loose=True)
        corners = [_place(page, x, y, scale) for x, y in ((left, bottom), (right, top))]
        signs.append(sign)
        boxes += [_box(corners, width * scale, height * scale)] * len(sign)
    return PageText("".join(signs), boxes)


def _place(page: Any, x: float, y: float, scale: float) -> tuple[float, float]:
    """Return where a point of user space is in the picture, whatever the page's rotation and crop box."""
    raw = _raw()
    across, down = raw.c_int(), raw.c_int()
    width, height = (round(side * scale * 16) for side in page.get_size())  # whole numbers of sixteenths
    raw.FPDF_PageToDevice(page, 0, 0, width, height, 0, x, y, across, down)
    return across.value / 16, down.value / 16


def _box(corners: list[tuple[float, float]], width: float, height: float) -> Box | None:
    (a, b), (c, d) = corners
    left, top, right, bottom = min(a, c) - MARGIN, min(b, d) - MARGIN, max(a, c) + MARGIN, max(b, d) + MARGIN
    box = Box(max(0, int(left)), max(0, int(top)), int(min(width, right + 1)), int(min(height, bottom + 1)))
    return box if box.left < box.right and box.top < box.bottom and (a, b) != (c, d) else None


@cache
def _pdfium() -> Any:
    try:
        return importlib.import_module("pypdfium2")
    except (ImportError, OSError):
        return None


@cache
def _raw() -> Any:
    return importlib.import_module("pypdfium2.raw")
