"""One finding that a text states, as a suggestion with its place. Pure."""

from typing import Final, Literal

import msgspec

Certainty = Literal["present", "absent", "doubtful", "history", "family", "recommended"]
Side = Literal["right", "left", "both", ""]
Comparison = Literal["new", "larger", "smaller", "unchanged", "gone", ""]

MAKER: Final = 2
"""Version of the rules and words; a case that another version made is made anew."""


class Finding(msgspec.Struct, frozen=True):
    """What a text says of one finding. A suggestion of a program: nobody has confirmed it.

    term: as it stands in the text, from start to end (code points of the original text).
    certainty: present; absent (denied, or gone); doubtful; history (of the patient); family; recommended (what an
    examination that is advised looks for).
    size_mm: up to three diameters in the order of the text, in mm.  code: of the terms that the program knows, or "".
    """

    term: str
    start: int
    end: int
    certainty: Certainty
    side: Side = ""
    size_mm: tuple[float, ...] = ()
    comparison: Comparison = ""
    code: str = ""
