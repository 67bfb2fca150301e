"""Read the rendering query parameters of a request. Pure.

Source: PS3.18 8.3.5.1.
"""

import re
from collections.abc import Mapping

import msgspec

from services.archive.render.display import Window
from shared.errors import Invalid

FUNCTIONS = {"linear": "LINEAR", "linear-exact": "LINEAR_EXACT", "sigmoid": "SIGMOID"}
PRESETS = {  # center, width in HU, as reading rooms use them
    "brain": (40.0, 80.0),
    "subdural": (75.0, 215.0),
    "bone": (480.0, 2500.0),
    "lung": (-600.0, 1500.0),
    "mediastinum": (40.0, 400.0),
    "abdomen": (60.0, 400.0),
    "liver": (80.0, 150.0),
}
MAX_VIEWPORT = 8192


class Viewport(msgspec.Struct, frozen=True):
    """columns, rows: to fit into; 0 leaves it open.  x, y, width, height: the region of the source; negative flips."""

    columns: int
    rows: int
    x: int = 0
    y: int = 0
    width: int = 0
    height: int = 0


class RenderingParameters(msgspec.Struct, frozen=True):
    """The rendering query parameters of one request. annotation: of {"patient", "technique"}."""

    window: Window | None = None
    viewport: Viewport | None = None
    quality: int | None = None
    annotation: tuple[str, ...] = ()
    icc: bool = False


def parse(query: Mapping[str, str]) -> RenderingParameters:
    """Read the rendering parameters; raise Invalid for values that 8.3.5.1 does not allow. Others are ignored."""
    return RenderingParameters(
        window=_window(query["window"]) if "window" in query else None,
        viewport=_viewport(query["viewport"]) if "viewport" in query else None,
        quality=_quality(query["quality"]) if "quality" in query else None,
        annotation=_annotation(query["annotation"]) if "annotation" in query else (),
        icc=query.get("iccprofile", "no") == "yes",
    )


def _window(text: str) -> Window:
    """PS3.18 8.3.5.1.4: center, width, function. One of our presets may stand instead."""
    if text.lower() in PRESETS:
        return Window(*PRESETS[text.lower()])
    parts = [part.strip() for part in text.split(",")]
    try:
        center, width = float(parts[0]), float(parts[1])
        function = FUNCTIONS[parts[2].lower()] if len(parts) > 2 else "LINEAR"
    except (ValueError, IndexError, KeyError) as error:
        raise Invalid("bad-window", "PS3.18 8.3.5.1.4: center,width,linear|linear-exact|sigmoid") from error
    finite = abs(center) < 1e9 and width < 1e9
    if not finite or width <= 0 or (function == "LINEAR" and width < 1) or len(parts) > 3:
        raise Invalid("bad-window", "PS3.18 8.3.5.1.4: width is positive, and at least 1 for linear")
    return Window(center, width, function)


def _viewport(text: str) -> Viewport:
    """PS3.18 8.3.5.1.3: vw,vh[,sx,sy,sw,sh]; of the region any may be left empty."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) not in (2, 6) or any(not re.fullmatch(r"-?\d*\.?\d*", part) for part in parts):
        raise Invalid("bad-viewport", "PS3.18 8.3.5.1.3: vw,vh or vw,vh,sx,sy,sw,sh")
    try:
        numbers = [int(float(part)) if part else 0 for part in parts]
    except (ValueError, OverflowError) as error:
        raise Invalid("bad-viewport", "PS3.18 8.3.5.1.3: numbers") from error
    if not all(1 <= side <= MAX_VIEWPORT for side in numbers[:2]):
        raise Invalid("bad-viewport", f"PS3.18 8.3.5.1.3: width and height from 1 to {MAX_VIEWPORT}")
    if any(abs(number) > 1 << 20 for number in numbers) or any(number < 0 for number in numbers[2:4]):
        raise Invalid("bad-viewport", "PS3.18 8.3.5.1.3: a region within the image")
    return Viewport(*numbers)


def _quality(text: str) -> int:
    if not text.isdecimal() or not text.isascii() or len(text) > 3 or not 1 <= int(text) <= 100:
        raise Invalid("bad-quality", "PS3.18 8.3.5.1.2: a whole number from 1 to 100")
    return int(text)


def _annotation(text: str) -> tuple[str, ...]:
    """PS3.18 8.3.5.1.1; keywords that we do not know are ignored."""
    return tuple(dict.fromkeys(word for word in text.split(",") if word in ("patient", "technique")))
