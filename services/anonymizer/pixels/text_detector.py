"""Finds text in pixels, offline: the detection model of PP-OCR, as the package ``rapidocr-onnxruntime`` ships it.

Part of a gateway's installation. Where it is missing nothing that it should look at passes: what asks for it does not
start, and an image that needs it is refused. Measured on 115 texts of 9 to 28
pixels height, Latin and Japanese, on noise like CT, ultrasound and CR: 2 missed (both 9 pixels high and faint), no box
on 20 images without text; Tesseract 5.3 missed 16 of 29 and saw text on 15 of 20 clean images.
"""

import importlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np
from PIL import Image

from shared.errors import Refused, SettingsError

MARGIN = 4  # pixels around what was found: strokes are anti-aliased
_SCALES = (1, 2)  # small text is found at twice its size; the detector itself enlarges to _SHORTEST
_SECOND, _MASKED = 3, 0.5  # the size of a second look, and the part of a place from which it is masked
_WHOLE, _ENLARGED, _OVERLAP = 2000, 3000, 160  # pixels: the most of a tile's side, of a picture's that is enlarged
_SHORTEST = 736  # pixels of the shorter side
_PIXEL, _BOX = 0.2, 0.3  # scores from which a pixel, and what is around a group of them, may be text
_READ, _HARDLY = 0.5, 0.1  # scores of the recogniser
_HIGH, _LINE, _SMALL = 60, 40, 20  # pixels: the most that letters have, those of a line, and those of small print
_SHORT = 28  # pixels: the least length of a line of small print
_LEVELS: Final = (np.arange(256) / 127.5 - 1).astype(np.float32)
UNSEEN: Final = "no-text-detector"
FRAMES: Final = 9  # of a multi-frame image, the middle among them; of a cine besides the brightest value over all


class Box(NamedTuple):
    """A rectangle of pixels: left, top inclusive, right, bottom exclusive."""

    left: int
    top: int
    right: int
    bottom: int


def available() -> bool:
    """Return whether the detector is installed and starts."""
    return _engine() is not None


def check(asked_by: str, without: str, *, is_available: bool) -> None:
    """Raise SettingsError if what asks for the detector cannot have it.

    asked_by: the setting or the option.  without: what does without.
    """
    if not is_available:
        raise SettingsError(
            f"{asked_by} needs the text detector, which is not installed or does not start: "
            "pip install -r requirements-gateway.lock, and libgl1 and libglib2.0-0 of the system; "
            f"{without} does without"
        )


def text_boxes(frames: "np.ndarray[Any, Any]") -> list[Box]:
    """Return where text is in any frame. frames: (frame, row, column) of uint8, as displayed.

    Raises Refused if the detector is not installed.
    """
    return sorted({box for picture, scale in _pictures(frames) for box in _boxes(picture, scale)})


def legible_boxes(frames: "np.ndarray[Any, Any]") -> list[Box]:
    """Return where text is that can be read, or has the shape of a line: for slices, whose anatomy looks like text.

    On 66 real CT and MR slices ``text_boxes`` sees something in two of three; this in none. One look at the size that
    the detector chooses finds what two found at three times its cost: 60 of 60 texts of 9 to 24 pixels. A smaller one,
    several pictures in one, or what is left of them without their borders finds less (ADR 0095).
    frames: all that are to be looked at, as there. Raises Refused if the detector is not installed.
    """
    _check_installed()
    return sorted({box for picture in _differing(frames) for box in _legible(picture)})


def left_in(frames: "np.ndarray[Any, Any]", masked: Sequence[Box]) -> list[Box]:
    """Return where text can be read that is not masked, in pictures of _SECOND times their size.

    frames: as of ``text_boxes``, with what is masked; of many, those between the ones that it looks at. A place that is
    mostly masked is none: the edge of a mask looks like a line. Raises Refused if the detector is not installed.
    """
    _check_installed()
    covered = np.zeros(frames.shape[1:], bool)
    for left, top, right, bottom in masked:
        covered[top:bottom, left:right] = True
    step = max(1, len(frames) // FRAMES)
    found = {box for picture in _differing(frames[step // 2 :: step]) for box in _legible(picture, _SECOND)}
    return sorted(box for box in found if covered[box.top : box.bottom, box.left : box.right].mean() < _MASKED)


def lines(picture: "np.ndarray[Any, Any]") -> list[Box]:
    """Return where text is in one picture of a page, at its own size. picture: (row, column) of uint8.

    Raises Refused if the detector is not installed.
    """
    _check_installed()
    return [box for each in _differing([picture]) for box in _boxes(each, 1)]


def _check_installed() -> None:
    if _engine() is None:
        raise Refused(UNSEEN, "the text detector that has to look at it is not installed or does not start")


def _pictures(frames: "np.ndarray[Any, Any]") -> "Iterator[tuple[np.ndarray[Any, Any], int]]":
    _check_installed()
    step = max(1, len(frames) // FRAMES)
    looked_at = [frames.max(axis=0), *frames[::step]] if len(frames) > 1 else frames
    return ((picture, scale) for picture in _differing(looked_at) for scale in _SCALES)


def _differing(pictures: "Iterable[np.ndarray[Any, Any]]") -> "list[np.ndarray[Any, Any]]":
    """Return the pictures without repetitions, and without those of one value: there is nothing in them to see."""
    different = {picture.tobytes(): picture for picture in pictures}
    return [picture for picture in different.values() if picture.min() != picture.max()]


class _Tile(NamedTuple):
    """A part of a picture as the detector gets it: enlarged, in three channels. left, top: where it begins."""

    pixels: "np.ndarray[Any, Any]"
    scale: int
    left: int
    top: int

    def box(self, corners: Any, rows: int, columns: int) -> Box:
        """Return a find in the picture."""
        return _box(np.asarray(corners) / self.scale + (self.left, self.top), rows, columns)


def _tiles(picture: "np.ndarray[Any, Any]", scale: int) -> Iterator[_Tile]:
    """Yield the picture in parts that the detector does not shrink, enlarged up to scale, the larger it is the less.

    Shrunk to _WHOLE, which the package does by itself, small text on a radiograph is lost.
    """
    rows, columns = picture.shape
    scale = max(1, min(scale, _ENLARGED // max(rows, columns)))
    size = _WHOLE // scale
    for top in range(0, max(1, rows - _OVERLAP), size - _OVERLAP):
        for left in range(0, max(1, columns - _OVERLAP), size - _OVERLAP):
            part = picture[top : top + size, left : left + size]
            yield _Tile(_enlarged(_padded(part), scale), scale, left, top)


def _padded(part: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    """Return a strip with black beside it: the detector enlarges the shorter side, of a strip beyond all measure."""
    least = max(part.shape) // 4
    return np.pad(part, [(0, max(0, least - side)) for side in part.shape])


def _boxes(picture: "np.ndarray[Any, Any]", scale: int) -> list[Box]:
    asked = {"use_det": True, "use_cls": False, "use_rec": False, "box_thresh": _BOX}
    finds = ((tile, _engine()(tile.pixels, **asked)[0]) for tile in _tiles(picture, scale))
    return [tile.box(corners, *picture.shape) for tile, detected in finds for corners in detected or []]


def _legible(picture: "np.ndarray[Any, Any]", scale: int = 1) -> list[Box]:
    """Return the finds that are text."""
    return [box for tile in _tiles(picture, scale) for box in _legible_in(tile, *picture.shape)]


def _legible_in(tile: _Tile, rows: int, columns: int) -> list[Box]:
    """Return the finds of a tile that are text. Only those are read whose size does not tell."""
    detected, _ = _engine()(tile.pixels, use_det=True, use_cls=False, use_rec=False, box_thresh=_BOX)
    finds = [(tile.box(corners, rows, columns), corners) for corners in detected or []]
    sized = [(box, legible_by_size(box), corners) for box, corners in finds]
    doubtful = [(box, corners) for box, legible, corners in sized if legible is None]
    texts = _read(tile.pixels, [corners for _, corners in doubtful]) if doubtful else []
    read = [box for (box, _), (text, score) in zip(doubtful, texts, strict=True) if is_legible(box, text, score)]
    return [box for box, legible, _ in sized if legible] + read


def _read(picture: "np.ndarray[Any, Any]", finds: Sequence[Any]) -> list[tuple[str, float]]:
    """Return the text of each find, which is turned upright first, and how sure the recogniser is of it, 0 to 1."""
    engine = _engine()
    upright, _, _ = engine.text_cls(engine.get_crop_img_list(picture, np.array(finds, np.float32)))
    texts, _ = engine.text_rec(upright)
    return [(text, float(score)) for text, score in texts]


def legible_by_size(box: Box) -> bool | None:
    """Say of a find whether it is text where its size tells: small print is, what is higher than letters is not."""
    height, length = _sides(box)
    if height <= _SMALL and length >= max(_SHORT, 2 * height):
        return True
    return False if height > _HIGH else None


def is_legible(box: Box, text: str, score: float) -> bool:
    """Say whether a find is text: read with some certainty, or by its shape a line, upright or not.

    Of 440 pictures made of real slices (turned, in other windows, noisy, enlarged) four have a find that counts;
    anatomy that is found is larger. box: with its margin.  score: the recogniser's, 0 to 1.
    """
    by_size = legible_by_size(box)
    if by_size is not None:
        return by_size
    height, length = _sides(box)
    is_read = score >= _READ and sum(sign.isalnum() for sign in text) > 1
    return is_read or (score >= _HARDLY and height <= _LINE and length >= 3 * height)


def _sides(box: Box) -> list[int]:
    """Return the shorter and the longer side without the margin, in pixels."""
    return sorted((box.right - box.left - 2 * MARGIN, box.bottom - box.top - 2 * MARGIN))


def _enlarged(picture: "np.ndarray[Any, Any]", scale: int) -> "np.ndarray[Any, Any]":
    image = Image.fromarray(picture)
    if scale > 1:
        rows, columns = picture.shape
        image = image.resize((columns * scale, rows * scale), Image.Resampling.BICUBIC)
    return np.stack([np.asarray(image)] * 3, axis=-1)


def _box(corners: Any, rows: int, columns: int) -> Box:
    across, down = [float(x) for x, _ in corners], [float(y) for _, y in corners]
    return Box(
        max(0, int(min(across)) - MARGIN),
        max(0, int(min(down)) - MARGIN),
        min(columns, int(max(across)) + 1 + MARGIN),
        min(rows, int(max(down)) + 1 + MARGIN),
    )


@cache
def _engine() -> Any:
    try:
        module = importlib.import_module("rapidocr_onnxruntime")
        _keep_memory(module.utils.OrtInferSession)
        asked = {"det_limit_side_len": _SHORTEST, "det_thresh": _PIXEL, "det_box_thresh": _BOX}
        engine = module.RapidOCR(**asked, intra_op_num_threads=1)
    except (ImportError, OSError):  # not installed; a library of the system, or its models, are missing
        return None
    resize = engine.text_det.get_preprocess(_SHORTEST).resize
    engine.text_det.get_preprocess = lambda _longest: lambda picture: _normalised(resize(picture))
    return engine


def _keep_memory(session: Any) -> None:
    """Let the runtime keep its memory between looks: to take it from the system anew costs 30 of 110 ms."""
    options = session._init_sess_opts

    def keeping(config: Any) -> Any:
        session_options = options(config)
        session_options.enable_cpu_mem_arena = True
        return session_options

    session._init_sess_opts = staticmethod(keeping)


def _normalised(picture: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    """Return what the model reads: (1, 3, row, column) of float32, -1 to 1. picture: grey, in three channels."""
    levels = _LEVELS[picture[:, :, 0]]
    return np.ascontiguousarray(np.broadcast_to(levels, (1, 3, *levels.shape)))
