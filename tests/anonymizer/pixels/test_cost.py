"""An image that would take too much memory is refused before anything of it is decoded."""

import pytest
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless

from services.anonymizer.pixels import image
from shared.errors import Refused
from tests.archive.retrieve.test_bombs import BOMB_2000, SIDE, instance

NATIVE = bytes(SIDE * SIDE)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (instance(ExplicitVRLittleEndian, NATIVE, frames=2_147_483_647), "image-too-large"),
        (instance(ExplicitVRLittleEndian, NATIVE, side=65535), "frame-too-large"),
        (instance(JPEG2000Lossless, BOMB_2000), "codestream-too-large"),
    ],
)
def test_it_is_refused(data: bytes, reason: str) -> None:
    for look in (image.displayed, image.outside_regions, lambda bomb: image.masked(bomb, [])):
        with pytest.raises(Refused, match=reason):
            look(data)


def test_an_image_as_modalities_make_them_is_looked_at() -> None:
    assert image.displayed(instance(ExplicitVRLittleEndian, NATIVE)).shape == (1, SIDE, SIDE)
