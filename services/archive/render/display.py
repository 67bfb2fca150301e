"""How an image is displayed: windows, lookup tables and annotation as small values. Pure.

Source: PS3.3 C.11 (look up tables and presentation states), C.7.6.3.1.5 (Palette Color).
"""

import msgspec


class Window(msgspec.Struct, frozen=True):
    """A VOI window. function: LINEAR, LINEAR_EXACT or SIGMOID."""

    center: float
    width: float
    function: str = "LINEAR"


class Lut(msgspec.Struct, frozen=True):
    """A LUT. first: the stored value that its first entry is for.  bits: of an entry.  data: uint16, native order."""

    first: int
    bits: int
    data: bytes


class Palette(msgspec.Struct, frozen=True):
    """The three Palette Color LUTs, of equal length. bits: 8 or 16, of an entry (PS3.3 C.7.6.3.1.5)."""

    red: Lut
    green: Lut
    blue: Lut


class DisplayState(msgspec.Struct, frozen=True):
    """How stored samples are to be displayed.

    inverse: low values are bright.  padding: first and last stored value that mean nothing.  asked: the window comes
    from the request.  extremes: of what is shown, after the Modality LUT, where there is no VOI.
    """

    slope: float = 1.0
    intercept: float = 0.0
    modality_lut: Lut | None = None
    window: Window | None = None
    voi_lut: Lut | None = None
    inverse: bool = False
    palette: Palette | None = None
    bits_stored: int = 8
    padding: tuple[int, int] | None = None
    asked: bool = False
    extremes: tuple[float, float] | None = None

    @property
    def windowed(self) -> bool:
        """Say whether a VOI is given."""
        return self.window is not None or self.voi_lut is not None

    def with_window(self, window: Window | None) -> "DisplayState":
        """Return the state with the window of a request, which overrules every other VOI."""
        if window is None:
            return self
        return msgspec.structs.replace(self, window=window, voi_lut=None, asked=True)


class Annotation(msgspec.Struct, frozen=True):
    """Lines of text for the upper left and right."""

    left: tuple[str, ...] = ()
    right: tuple[str, ...] = ()
