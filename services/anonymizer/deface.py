"""Takes the face off a head CT or MR Series: the skin all around, and below the brow all before a plane.

A defacer is any function from a Volume to a mask of the voxels that go; others are found by the entry point group
``jmid.defacers``. The built-in one, ``shell``, needs no model and no atlas: it goes by the head's surface and by where
the top of the head is, so it is only as good as its constants. Pure.

Source: PS3.15 E.3.2 (Clean Recognizable Visual Features Option).
"""

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from shared.errors import Refused, SettingsError

BROW_MM: Final = 105.0
"""From the top of the head down to the brow, rather too far: above it only the skin goes, for there is brain."""
FACE_MM: Final = 35.0
"""From the brow back to the plane: eyes and nose lie before it, the temporal lobes behind. A plane keeps no profile."""
SKIN_MM: Final = 7.0  # scalp; ears stand out of it
LEAST_HEAD_MM, MOST_HEAD_MM = 110.0, 260.0
CT_SKIN_HU: Final = -300.0
LEAST_SLICES: Final = 10
RUN: Final = 3  # voxels in a row that make a surface, and not a hair or noise

Mask = NDArray[np.bool_]
GROUP = "jmid.defacers"


class Volume(msgspec.Struct, frozen=True):
    """A Series as one block. voxels: (inferior to superior, anterior to posterior, left or right first).

    spacing: of these axes, in mm.  modality: CT (voxels in HU) or MR.
    """

    voxels: NDArray[np.float32]
    spacing: tuple[float, float, float]
    modality: str


Defacer = Callable[[Volume], Mask]


def load(name: str) -> Defacer:
    """Return a defacer by name; raise SettingsError if there is none."""
    if name == "shell":
        return shell
    for found in entry_points(group=GROUP):
        if found.name == name:
            loaded: Defacer = found.load()
            return loaded
    raise SettingsError(f"there is no defacer of that name; there are: shell, and entry points of group {GROUP}")


def shell(volume: Volume) -> Mask:
    """Return the skin from four sides, and below the brow what lies before a plane.

    Raises Refused for what is no head with its top in the field of view.
    """
    head = _head(volume)
    top = _top(head, volume)
    mask = np.zeros(head.shape, bool)
    for axis, reverse in ((1, False), (1, True), (2, False), (2, True)):  # front, back, and both sides
        mask |= _layer(head, axis, SKIN_MM / volume.spacing[axis], reverse=reverse)
    brow = max(0, int(top - BROW_MM / volume.spacing[0]))
    mask[:brow, : _plane(head, brow, volume)] = True
    return mask | _outside(head)  # what is too thin for a surface: hair, tips of ears, a mask's frame


def _head(volume: Volume) -> Mask:
    """Return what is not air."""
    if volume.voxels.shape[0] < LEAST_SLICES:
        raise Refused("too-few-slices", f"a head needs at least {LEAST_SLICES} slices")
    if volume.modality == "CT":
        return volume.voxels > CT_SKIN_HU
    return volume.voxels > _otsu(volume.voxels)


def _otsu(voxels: NDArray[np.float32]) -> float:
    """Return the value that divides air from tissue best (Otsu 1979); half of it, for tissue that is dark."""
    counts, edges = np.histogram(voxels, 256)
    middles = (edges[:-1] + edges[1:]) / 2
    below, total = np.cumsum(counts), counts.sum()
    sums = np.cumsum(counts * middles)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (sums[-1] * below / total - sums) ** 2 / (below * (total - below))
    return float(middles[int(np.nanargmax(between))]) / 2


def _top(head: Mask, volume: Volume) -> int:
    """Return the highest slice that shows a head; raise Refused if it is none, or is cut off at the top."""
    row_mm, column_mm = volume.spacing[1:]
    widths = (head.sum(axis=2).max(axis=1)) * column_mm
    lengths = (head.sum(axis=1).max(axis=1)) * row_mm
    if not LEAST_HEAD_MM <= max(widths) <= MOST_HEAD_MM or not LEAST_HEAD_MM <= max(lengths) <= MOST_HEAD_MM:
        raise Refused("no-head", "what the Series shows has not the size of a head")
    shown = np.flatnonzero(widths > 30.0)
    if shown[-1] == len(widths) - 1 and widths[-1] > 100.0:
        raise Refused("no-top-of-head", "the top of the head is outside the field of view: the brow cannot be placed")
    return int(shown[-1])


def _plane(head: Mask, brow: int, volume: Volume) -> int:
    """Return the row up to which everything below the brow goes: so far behind the surface at the brow."""
    band = head[brow : brow + max(1, int(10.0 / volume.spacing[0]))]
    fronts = [int(np.flatnonzero(each.any(axis=1))[0]) for each in band if each.any()]
    return int(np.median(fronts) + FACE_MM / volume.spacing[1]) if fronts else 0


def _layer(head: Mask, axis: int, depth: float, *, reverse: bool) -> Mask:
    """Return everything up to ``depth`` voxels behind the first surface that is met along an axis."""
    seen = np.flip(head, axis) if reverse else head
    length = seen.shape[axis]
    solid = _solid(seen, axis)
    first = np.where(solid.any(axis=axis), solid.argmax(axis=axis), length)
    places = np.arange(length).reshape([-1 if each == axis else 1 for each in range(3)])
    layer = places < np.expand_dims(first + depth, axis)
    layer &= np.expand_dims(first < length, axis)
    return np.flip(layer, axis) if reverse else layer


def _outside(head: Mask) -> Mask:
    """Return the columns in which no surface is met from the front: air, and what is thinner than a surface."""
    return np.broadcast_to(~_solid(head, 1).any(axis=1, keepdims=True), head.shape)


def _solid(head: Mask, axis: int) -> Mask:
    """Return the voxels from which a surface goes on along an axis."""
    solid = head.copy()
    for step in range(1, RUN):
        solid &= np.roll(head, -step, axis)
    return solid
