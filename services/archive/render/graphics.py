"""Draw the graphic and text objects of a Presentation State. Pure.

Source: PS3.3 C.10.5 (Graphic Annotation Module).
"""

import math
from collections.abc import Sequence

import msgspec
from PIL import Image, ImageDraw, ImageFont

Points = tuple[tuple[float, float], ...]


class Graphic(msgspec.Struct, frozen=True):
    """A graphic object in pixels of the image. kind: POINT, POLYLINE, INTERPOLATED, CIRCLE or ELLIPSE."""

    kind: str
    points: Points
    filled: bool = False


class Note(msgspec.Struct, frozen=True):
    """A text object at a place in pixels of the image."""

    text: str
    x: float
    y: float


def annotated(image: Image.Image, graphics: Sequence[Graphic], notes: Sequence[Note]) -> Image.Image:
    """Return the image with graphic and text objects drawn on it."""
    if not (graphics or notes):
        return image
    image = image.copy()
    draw = ImageDraw.Draw(image)
    ink: int | tuple[int, ...] = 255 if image.mode == "L" else (255, 255, 255)
    edge: int | tuple[int, ...] = 0 if image.mode == "L" else (0, 0, 0)
    for graphic in graphics:
        _draw(draw, graphic, ink)
    font = ImageFont.load_default(max(10, image.height // 36))
    for note in notes:
        draw.multiline_text((note.x, note.y), note.text, font=font, fill=ink, stroke_width=1, stroke_fill=edge)
    return image


def _draw(draw: ImageDraw.ImageDraw, graphic: Graphic, ink: int | tuple[int, ...]) -> None:
    """Draw one object; ELLIPSE gives the ends of the major, then of the minor axis (C.10.5.1.2)."""
    points = graphic.points
    if graphic.kind == "CIRCLE" and len(points) >= 2:
        (x, y), (on_x, on_y) = points[:2]
        radius = ((on_x - x) ** 2 + (on_y - y) ** 2) ** 0.5
        draw.ellipse(
            (x - radius, y - radius, x + radius, y + radius), outline=ink, fill=ink if graphic.filled else None
        )
    elif graphic.kind == "ELLIPSE" and len(points) >= 4:
        draw.line(_ellipse(points), fill=ink)
    elif graphic.kind == "POINT":
        x, y = points[0]
        draw.line([(x - 3, y), (x + 3, y)], fill=ink)
        draw.line([(x, y - 3), (x, y + 3)], fill=ink)
    elif graphic.filled and len(points) >= 3:
        draw.polygon(points, fill=ink)
    elif len(points) >= 2:
        draw.line(points, fill=ink)


def _ellipse(points: Points) -> list[tuple[float, float]]:
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = points[:4]
    x, y = (ax + bx) / 2, (ay + by) / 2
    major, minor = ((bx - ax) / 2, (by - ay) / 2), ((dx - cx) / 2, (dy - cy) / 2)
    angles = [math.tau * step / 72 for step in range(73)]
    return [
        (x + major[0] * math.cos(a) + minor[0] * math.sin(a), y + major[1] * math.cos(a) + minor[1] * math.sin(a))
        for a in angles
    ]
