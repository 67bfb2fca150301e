"""Finds defacers by name: the built-in ``shear``, or another of the entry point group ``jmid.defacers``.

Source: PS3.15 E.3.2 (Clean Recognizable Visual Features Option).
"""

from importlib.metadata import entry_points
from typing import Final

from services.anonymizer.deface.shear import shear
from services.anonymizer.deface.volume import Defacer
from shared.errors import SettingsError

GROUP: Final = "jmid.defacers"


def load(name: str) -> Defacer:
    """Return a defacer by name; raise SettingsError if there is none."""
    if name == "shear":
        return shear
    for entry_point in entry_points(group=GROUP):
        if entry_point.name == name:
            loaded: Defacer = entry_point.load()
            return loaded
    raise SettingsError(f"there is no defacer of that name; there are: shear, and entry points of group {GROUP}")
