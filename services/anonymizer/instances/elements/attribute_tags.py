"""Values of VR AT, which reference Attributes: those that reference a removed Attribute are dropped.

Source: PS3.5 6.2 (AT); PS3.3 C.7.6.6 (Frame Increment Pointer), C.7.6.17 (Multi-frame Dimension).
"""

from collections.abc import Callable
from typing import Final

from shared.dicom.elements import Syntax

DIMENSIONS: Final = frozenset({0x00209165, 0x00209167})
"""Dimension Index and Functional Group Pointer: Type 1, and every frame has a Dimension Index Value for each."""


def retained(tag: int, value: bytes, syntax: Syntax, is_retained: Callable[[int], bool]) -> bytes | None:
    """Return the values that reference retained Attributes; None if all do, b"" if none does.

    is_retained: whether an Attribute can be in the output. Those of a dimension stay: without one of them the frames'
    values could not be told apart.
    """
    if tag in DIMENSIONS or len(value) % 4:
        return None
    pointers = [value[at : at + 4] for at in range(0, len(value), 4)]
    left = [each for each in pointers if is_retained(_tag(each, syntax))]
    return None if len(left) == len(pointers) else b"".join(left)


def _tag(pointer: bytes, syntax: Syntax) -> int:
    group, number = syntax.tag.unpack(pointer)
    return int(group) << 16 | int(number)
