"""JPEG as we decode it against DCMTK, which shares no code with it."""

import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import JPEGTransferSyntaxes

from shared.dicom import jpeg_decoder
from tests.servers.dcmtk import tool

OURS = Path(__file__).parents[1] / "data" / "dicom"
PYDICOM = Path(pydicom.__file__).parent / "data" / "test_files"
FILES = [
    OURS / "jpeg-extended-se-0.dcm",
    OURS / "jpeg-lossless-modulo.dcm",
    PYDICOM / "JPEG-lossy.dcm",
    PYDICOM / "SC_rgb_dcmtk_+eb+cr.dcm",
    PYDICOM / "SC_rgb_jpeg_dcmtk.dcm",
    PYDICOM / "SC_rgb_jpeg_gdcm.dcm",
]
ROUNDING = 1
"""Two inverse cosine transforms may round differently (ITU-T T.83); lossless files must be equal."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_frame_has_the_samples_that_dcmtk_decodes(path: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain.dcm"
    subprocess.run([tool("dcmdjpeg"), "+cn", path, plain], check=True, capture_output=True)
    expected = _samples(plain)

    decoded = _samples(path)

    allowed = 0 if "lossless" in path.name or "gdcm" in path.name else ROUNDING
    assert np.abs(decoded.astype(int) - expected.astype(int)).max() <= allowed


def test_no_other_decoder_of_jpeg_is_left_to_chance() -> None:
    jpeg_decoder.register()

    assert {get_decoder(uid).available_plugins for uid in JPEGTransferSyntaxes} == {(jpeg_decoder.LABEL,)}


def _samples(path: Path) -> NDArray[np.generic]:
    jpeg_decoder.register()
    dataset = pydicom.dcmread(path)
    dataset.pixel_array_options(raw=True)
    return dataset.pixel_array
