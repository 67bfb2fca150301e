"""What a defacer is given and gives back: the contract of the entry point group ``jmid.defacers``."""

from collections.abc import Callable

import msgspec
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


class Volume(msgspec.Struct, frozen=True):
    """A Series as one block. voxels: (inferior to superior, anterior to posterior, right to left), or nearly so.

    spacing: of these axes, in mm.  modality: CT (voxels in HU) or MR.
    axes: one row per axis of voxels, its direction in the patient's system (left, posterior, superior), PS3.3
    C.7.6.2.1.1; they need not be at right angles (gantry tilt).
    """

    voxels: NDArray[np.float32]
    spacing: tuple[float, float, float]
    modality: str
    axes: NDArray[np.float64] = msgspec.field(default_factory=lambda: np.eye(3)[::-1])


Defacer = Callable[[Volume], Mask]
"""Returns which voxels go, in the volume's shape; raises Refused with a reason for what it cannot deface."""
