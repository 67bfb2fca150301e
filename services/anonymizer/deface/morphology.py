"""Morphology on a coarse grid, in millimetres: what a defacer needs of it, in numpy alone. Pure.

The grid's rim is no border: what touches it is taken to go on beyond.
"""

import itertools
from typing import Final

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Spacing = tuple[float, float, float]
"""Distance between neighbours along the three axes, in mm."""

GRID_MM: Final = 3.0
_NEIGHBOURS: Final = ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1))


def steps(spacing: Spacing, grid_mm: float = GRID_MM) -> tuple[int, int, int]:
    """Return how many voxels go into one of the coarse grid along each axis; 1 where they are larger than that."""
    along = [max(1, round(grid_mm / each)) for each in spacing]
    return along[0], along[1], along[2]


def coarse(voxels: NDArray[np.float32], by: tuple[int, int, int]) -> NDArray[np.float32]:
    """Return the means of blocks of ``by`` voxels; the last block of an axis may hold fewer."""
    for axis, each in enumerate(by):
        starts = np.arange(0, voxels.shape[axis], each)
        counts = np.diff(np.append(starts, voxels.shape[axis])).astype(np.float32)
        shape = [-1 if at == axis else 1 for at in range(3)]
        sums = np.add.reduceat(voxels, starts, axis=axis, dtype=np.float32)
        voxels = (sums / counts.reshape(shape)).astype(np.float32)
    return voxels


def fine(mask: Mask, by: tuple[int, int, int], shape: tuple[int, ...]) -> Mask:
    """Return the mask of all voxels of which ``mask`` has the blocks."""
    for axis, each in enumerate(by):
        mask = np.repeat(mask, each, axis=axis)
    return mask[: shape[0], : shape[1], : shape[2]]


def box_sums(values: NDArray[np.float32], radius_mm: float, spacing: Spacing) -> NDArray[np.float32]:
    """Return the sum over the box around each place, as far as the grid goes."""
    for axis, mm in enumerate(spacing):
        reach, size = max(1, int(radius_mm / mm)), values.shape[axis]
        sums = np.concatenate([np.zeros_like(values.take([0], axis)), np.cumsum(values, axis)], axis)
        ends = np.minimum(np.arange(size) + reach + 1, size)
        values = sums.take(ends, axis) - sums.take(np.maximum(np.arange(size) - reach, 0), axis)
    return values


def dilated(mask: Mask, radius_mm: float, spacing: Spacing) -> Mask:
    """Return what lies within a ball's radius of the mask."""
    grown = mask.copy()
    reach = [int(radius_mm / each) for each in spacing]
    for offset in itertools.product(*[range(-each, each + 1) for each in reach]):
        if sum((at * mm) ** 2 for at, mm in zip(offset, spacing, strict=True)) <= radius_mm**2:
            _or_shifted(grown, mask, offset)
    return grown


def eroded(mask: Mask, radius_mm: float, spacing: Spacing) -> Mask:
    """Return what lies farther than a ball's radius from what the mask does not have."""
    return ~dilated(~mask, radius_mm, spacing)


def connected(seeds: Mask, within: Mask) -> Mask:
    """Return all of ``within`` that is reached from the seeds by steps over faces."""
    region = seeds & within
    count = -1
    while count != (count := int(region.sum())):
        for _ in range(8):  # several waves per count: counting costs as much as a wave
            wave = region.copy()
            for offset in _NEIGHBOURS:
                _or_shifted(wave, region, offset)
            region = wave & within
    return region


def deepest(mask: Mask, spacing: Spacing) -> Mask:
    """Return the voxels that outlast all others when the mask is eroded again and again; none of an empty one."""
    last = mask
    while mask.any():
        last, mask = mask, eroded(mask, max(spacing), spacing)
        if mask.all():
            break
    return last


def _or_shifted(target: Mask, mask: Mask, offset: tuple[int, ...]) -> None:
    """Put the mask, moved by an offset, into ``target``; what would leave the grid is dropped."""
    to = tuple(slice(max(0, at), size + min(0, at)) for at, size in zip(offset, mask.shape, strict=True))
    of = tuple(slice(max(0, -at), size + min(0, -at)) for at, size in zip(offset, mask.shape, strict=True))
    target[to] |= mask[of]
