"""What de-identified objects say of the profile that made them: its label, ``name/version``. Pure.

Instances have it in De-identification Method (0012,0063) as ``J-MID name/version``, reports in meta.tag.
"""

import re
from collections.abc import Container
from typing import Final

METHOD: Final = "J-MID "
"""Begins the value of De-identification Method that holds a label."""
_LABEL = re.compile(r"([a-z][a-z0-9_-]*)/[0-9]+")


def is_of_profile(label: str, profiles: Container[str]) -> bool:
    """Say whether a label is that of one of these profiles, in any version."""
    parts = _LABEL.fullmatch(label)
    return parts is not None and parts[1] in profiles
