"""The built-in defacer: finds the brain, then takes away what lies before and below it, the ears and the skin.

No model and no atlas. Where the inside of the skull cannot be told from the rest, the Series is refused.
Shearing along the brain's hull is the idea of Schimke and Hale, Quickshear defacing for neuroimages (2011); unlike
theirs this needs no brain mask made by another tool, uses many planes, and takes the ears and the skin too. Pure.

Source: PS3.15 E.3.2 (Clean Recognizable Visual Features Option).
"""

import itertools
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.anonymizer.deface import morphology as grid
from services.anonymizer.deface.volume import Mask, Volume
from shared.errors import Refused

BUFFER_MM: Final = 5.0
"""From the brain's hull to the planes."""
ARC_DEGREES: Final = tuple(range(0, 50, 5))
"""Where the planes look: 0 is straight to the front, 90 would be straight down."""
SKIN_MM: Final = 7.0
GUARD_MM: Final = 6.0
"""So far around the brain no voxel changes."""
CT_SKIN_HU, CT_BRAIN_HU, CT_BONE_HU = -300.0, -20.0, 140.0
MR_BRAIN: Final = (0.6, 1.5)
"""Of the value deep in the head: darker are skull and fluid, brighter is fat."""
MR_HEIGHTS_MM: Final = (140.0, 130.0)
"""From the top of what is soft down to where a brain may end and the neck begins."""
EVEN_MM: Final = 60.0
SEALS_MM: Final = (4.0, 6.0, 8.0, 10.0, 12.0)
"""How far what is soft is worn off to part brain from eyes and neck; the most compact outcome is taken."""
LEAST_SLICES: Final = 10
LEAST_BRAIN_ML, MOST_BRAIN_ML, MOST_BRAIN_MM, LEAST_SOLIDITY = 500.0, 2300.0, 205.0, 0.7
MOST_SCALP_MM: Final = 45.0
"""From the brain's side, back, or top to the head's."""
THICK_MM: Final = 20.0
"""What lies farther from the brain than this is neither skull nor scalp."""
MOST_NECK: Final = 2.0
"""Times the face: of true heads at most 1.2, of heads stated back to front 3 and more."""
LEAST_TAKEN_ML: Final = 20.0

_FACETS: Final = np.array([each for each in itertools.product((-1, 0, 1), repeat=3) if each > (0, 0, 0)])


def shear(volume: Volume) -> Mask:
    """Return what of the volume shows a face: see the module.

    Raises Refused for what shows no head with its brain, or has no face any more.
    """
    by = grid.steps(volume.spacing)
    spacing = (volume.spacing[0] * by[0], volume.spacing[1] * by[1], volume.spacing[2] * by[2])
    voxels = grid.coarse(volume.voxels, by)
    if min(voxels.shape) < LEAST_SLICES:
        raise Refused("too-few-slices", f"a head needs at least {LEAST_SLICES} slices")
    head = _head(voxels > (CT_SKIN_HU if volume.modality == "CT" else _otsu(voxels) / 2), spacing)
    brain = brain_of(voxels, spacing, volume.modality)
    _demand_head(head, brain, spacing)
    outside = _outside(head)
    face = _before(brain, spacing, volume.axes)
    _demand_upright(head, brain, spacing, volume.axes)
    if _ml(face & head, spacing) < LEAST_TAKEN_ML:
        raise Refused("no-face", "nothing lies before and below what was taken for the brain")
    gone = face | outside | grid.dilated(outside, SKIN_MM, spacing)
    return grid.fine(gone & ~grid.dilated(brain, GUARD_MM, spacing), by, volume.voxels.shape)


def brain_of(voxels: NDArray[np.float32], spacing: grid.Spacing, modality: str) -> Mask:
    """Return the brain with what is inside it, on the coarse grid; raise Refused if nothing is like one."""
    candidates = (_brain(soft, seal, spacing) for soft in _softs(voxels, spacing, modality) for seal in SEALS_MM)
    fitting = [each for each in candidates if _fits(each, spacing)]
    solid = [_solidity(each, spacing) for each in fitting]
    if not solid or max(solid) < LEAST_SOLIDITY:
        raise Refused("no-brain", "no brain can be told from what lies around it")
    return fitting[int(np.argmax(solid))]


def _fits(brain: Mask, spacing: grid.Spacing) -> bool:
    """Return whether it has the size of a brain."""
    longest = max((np.ptp(at) * mm for at, mm in zip(np.nonzero(brain), spacing, strict=True) if len(at)), default=0.0)
    return LEAST_BRAIN_ML <= _ml(brain, spacing) <= MOST_BRAIN_ML and longest <= MOST_BRAIN_MM


def _softs(voxels: NDArray[np.float32], spacing: grid.Spacing, modality: str) -> list[Mask]:
    """Return what can be brain by its value: in MR as it is and with its brightness evened, whole and without neck."""
    if modality == "CT":
        return [(voxels > CT_BRAIN_HU) & (voxels < CT_BONE_HU)]
    tissues = []
    for each in (voxels, _evened(voxels, voxels > _otsu(voxels) / 2, spacing)):
        soft = _soft_in_mr(each, spacing)
        top = int(np.flatnonzero(grid.eroded(soft, SEALS_MM[0], spacing).any(axis=(1, 2))).max(initial=0))
        tissues.append(soft)
        for height in MR_HEIGHTS_MM:
            upper = soft.copy()
            upper[: max(0, top - round(height / spacing[0]))] = False
            tissues.append(upper)
    return tissues


def _soft_in_mr(voxels: NDArray[np.float32], spacing: grid.Spacing) -> Mask:
    tissue = voxels > _otsu(voxels)
    deep = grid.dilated(grid.deepest(tissue, spacing), 20.0, spacing) & tissue
    middle = float(np.median(voxels[deep])) if deep.any() else 0.0
    return tissue & (voxels > middle * MR_BRAIN[0]) & (voxels < middle * MR_BRAIN[1])


def _evened(voxels: NDArray[np.float32], tissue: Mask, spacing: grid.Spacing) -> NDArray[np.float32]:
    """Return the voxels without the slow change of brightness that coils make: each over the mean of its wide box."""
    ones = tissue.astype(np.float32)
    sums, counts = (grid.box_sums(each, EVEN_MM, spacing) for each in (voxels * ones, ones))
    return np.where(counts > 0, voxels * float(voxels[tissue].mean()) * counts / np.maximum(sums, 1e-6), voxels)


def _brain(soft: Mask, seal_mm: float, spacing: grid.Spacing) -> Mask:
    """Return the thickest piece of what is soft, parted from the rest where it is thinner than twice the seal."""
    core = grid.eroded(soft, seal_mm, spacing)
    core = grid.connected(grid.deepest(core, spacing), core)
    for _ in range(round(seal_mm / min(spacing)) + 1):
        core = grid.dilated(core, max(spacing), spacing) & soft
    return grid.eroded(grid.dilated(core, 9.0, spacing), 9.0, spacing)  # with its ventricles and sulci


def _solidity(mask: Mask, spacing: grid.Spacing) -> float:
    """Return the share of the mask in the polytope of 26 facets around it: a brain with a leak is less solid."""
    if not mask.any():
        return 0.0
    polytope = np.ones(mask.shape, bool)
    for facet in _FACETS:
        height = _heights(mask.shape, spacing, facet)
        polytope &= (height >= height[mask].min()) & (height <= height[mask].max())
    return float(mask.sum() / polytope.sum())


def _head(tissue: Mask, spacing: grid.Spacing) -> Mask:
    """Return the largest piece of tissue without what is thin and apart: a head rest, cushions, noise."""
    core = grid.eroded(tissue, 6.0, spacing)
    core = grid.connected(grid.deepest(core, spacing), core)
    return grid.dilated(core, 9.0, spacing) & tissue


def _demand_head(head: Mask, brain: Mask, spacing: grid.Spacing) -> None:
    """Raise Refused unless head and brain end near each other at the top, the sides and the back."""
    middle = int(np.flatnonzero(brain.any(axis=(1, 2))).mean())
    for axis, ends in ((0, (1,)), (1, (1,)), (2, (0, 1))):
        others = (*range(axis), *range(axis + 1, 3))
        outer, inner = (np.flatnonzero(each[middle:].any(axis=others)) for each in (head, brain))
        apart = (inner[0] - outer[0], outer[-1] - inner[-1])
        if any(apart[end] * spacing[axis] > MOST_SCALP_MM for end in ends):
            raise Refused("no-head", "what could be a brain lies too deep: the Series shows no head, or more than one")


def _demand_upright(head: Mask, brain: Mask, spacing: grid.Spacing, axes: NDArray[np.float64]) -> None:
    """Raise Refused unless the most of the head outside the skull lies where the face should be: before and below."""
    toward = {
        (back, up): _ml(
            head & _beyond(brain, spacing, axes @ np.array([0.0, back, up]) / np.sqrt(2), THICK_MM), spacing
        )
        for back in (-1.0, 1.0)
        for up in (-1.0, 1.0)
    }
    face, neck = toward[-1.0, -1.0], toward[1.0, -1.0]
    if max(toward[-1.0, 1.0], toward[1.0, 1.0]) > face or neck > MOST_NECK * face:
        raise Refused("not-upright", "no face lies before and below the brain: is the orientation stated truly?")


def _outside(head: Mask) -> Mask:
    """Return what is seen before the head from the front, the back, both sides and above; not its cavities."""
    outside = ~np.logical_or.accumulate(head[::-1])[::-1]
    for axis in (1, 2):
        outside |= ~np.logical_or.accumulate(head, axis=axis)
        outside |= ~np.flip(np.logical_or.accumulate(np.flip(head, axis), axis=axis), axis)
    return outside


def _before(brain: Mask, spacing: grid.Spacing, axes: NDArray[np.float64]) -> Mask:
    """Return what lies beyond one of the planes that touch the brain from the front and from below."""
    gone = np.zeros(brain.shape, bool)
    for degrees in ARC_DEGREES:
        angle = np.radians(degrees)
        normal = axes @ np.array([0.0, -np.cos(angle), -np.sin(angle)])  # patient's: left, posterior, superior
        gone |= _beyond(brain, spacing, normal, BUFFER_MM)
    return gone


def _beyond(brain: Mask, spacing: grid.Spacing, normal: NDArray[np.float64], buffer_mm: float) -> Mask:
    """Return what lies farther along a normal than all of the brain, by more than the buffer."""
    height = _heights(brain.shape, spacing, normal)
    beyond: Mask = height > height[brain].max() + buffer_mm
    return beyond


def _heights(shape: tuple[int, ...], spacing: grid.Spacing, normal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far along the normal each place of the grid lies, in mm if it has the length 1."""
    z, y, x = (np.arange(size) * mm * each for size, mm, each in zip(shape, spacing, normal, strict=True))
    heights: NDArray[np.float64] = z[:, None, None] + y[None, :, None] + x[None, None, :]
    return heights


def _ml(mask: Mask, spacing: grid.Spacing) -> float:
    return float(mask.sum() * np.prod(spacing) / 1000)


def _otsu(voxels: NDArray[np.float32]) -> float:
    """Return the value that divides air from tissue best (Otsu 1979)."""
    counts, edges = np.histogram(voxels, 256)
    middles = (edges[:-1] + edges[1:]) / 2
    below, total = np.cumsum(counts), counts.sum()
    sums = np.cumsum(counts * middles)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (sums[-1] * below / total - sums) ** 2 / (below * (total - below))
    return float(middles[int(np.nanargmax(between))]) if np.isfinite(between).any() else float(middles[-1])
