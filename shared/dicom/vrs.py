"""Value Representations: which have long headers, which hold words, and what the dictionary says of a tag. Pure.

Source: PS3.5 6.2 and 7.1.2; PS3.6 section 6; repeating groups, PS3.5 7.6.
"""

from typing import Final

from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary

LONG: Final = frozenset(
    {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
)  # PS3.5 7.1.2
SHORT: Final = frozenset(
    {b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL", b"SS"}
    | {b"ST", b"TM", b"UI", b"UL", b"US"}
)
TEXT: Final = frozenset({b"AE", b"CS", b"LO", b"LT", b"PN", b"SH", b"ST", b"UC", b"UR", b"UT"})
"""They can hold words."""

_PRIVATE_CREATORS = range(0x10, 0x100)  # element numbers, PS3.5 7.8.1
_REPEATING_GROUPS = range(0, 0x20, 2)  # of curves (50xx) and overlays (60xx)


def vr_of(tag: int) -> bytes:
    """Return the VR by the dictionary, the first where it gives several; UN where it does not know."""
    vr = _DICTIONARY.get(tag)
    if vr is not None:
        return vr
    if tag >> 16 & 1:
        return b"LO" if tag & 0xFFFF in _PRIVATE_CREATORS else b"UN"
    return b"UN" if tag & 0xFFFF else b"UL"  # group length, PS3.5 7.2


def _dictionary() -> dict[int, bytes]:
    known = {tag: entry[0][:2].encode("ascii") for tag, entry in DicomDictionary.items()}
    for pattern, entry in RepeatersDictionary.items():
        if pattern[2:4].lower() == "xx" and "x" not in pattern[4:].lower():  # other repeats are retired
            for group in _REPEATING_GROUPS:
                known.setdefault(int(f"{pattern[:2]}{group:02x}{pattern[4:]}", 16), entry[0][:2].encode("ascii"))
    return known


_DICTIONARY: Final = _dictionary()
