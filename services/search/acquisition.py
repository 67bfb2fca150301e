"""How the images of a Series were made, as one of its Instances says. Pure.

The archive's search results of Series hold what all Instances share; the rest is of the Instance that came first, which
stands for its Series: slices of one Series are made alike.
"""

from typing import Any, Final

from shared.dicom.json_values import Json, number, text

SERIES_FIELDS: Final = "00180015,00080070,00081090,00180024"
"""What a search for Series includes: Body Part Examined, Manufacturer, Model Name, Sequence Name."""
INSTANCE_FIELDS: Final = "00180010,00180020,00180050,00180060,00180087,00181040,00181041,00181210,00189005,00189345"
"""What a search for one Instance of a Series includes (PS3.3 C.8.2.1, C.8.3.1, C.7.6.4, C.8.15.3.8)."""
_WITH_CONTRAST: Final = frozenset({"CT", "MR"})
_CONTRAST: Final = ("00180010", "00181040", "00181041")  # agent, route, volume (PS3.3 C.7.6.4)


def acquisition_of(header: Json) -> dict[str, Any]:
    """Return the fields of a Series that say how it was made; thickness in mm, CTDIvol in mGy, field in T."""
    return {
        "manufacturer": text(header, "00080070"),
        "model": text(header, "00081090"),
        "kernel": text(header, "00181210"),
        "sequence": text(header, "00180024") or text(header, "00189005") or text(header, "00180020"),
        "thickness_mm": _positive(header, "00180050"),
        "kvp": _positive(header, "00180060"),
        "field_strength_t": _positive(header, "00180087"),
        "ctdi_vol_mgy": _positive(header, "00189345"),
        "contrast": _contrast(header),
    }


def _positive(header: Json, tag: str) -> float | None:
    """Return a number; 0 and less are what devices write for none."""
    value = number(header, tag, 0.0)
    return value if value > 0 else None


def _contrast(header: Json) -> bool | None:
    """Say whether a contrast agent was used; None if the header leaves it open.

    The module is there if one was used (PS3.3 A.3.3, C); devices and de-identification may leave it empty.
    """
    if any(text(header, tag) for tag in _CONTRAST):
        return True
    is_there = any(tag in header for tag in _CONTRAST)
    return None if is_there or text(header, "00080060") not in _WITH_CONTRAST else False
