"""The real DICOM files that the retrieve tests read: pydicom's own and the shared data."""

import os
from pathlib import Path

import pydicom
from pydicom.data import get_testdata_files

SHARED = Path(os.environ.get("JMID_SHARED_DATA") or Path(__file__).parents[2] / ".." / "shared" / "data").resolve()
BROKEN = {  # pixels that pydicom itself cannot decode whole, or that are no image
    "badVR.dcm",
    "bad_sequence.dcm",
    "emri_small_jpeg_2k_lossless_too_short.dcm",
    "JPEG-lossy.dcm",
    "JPGLosslessP14SV1_1s_1f_8b.dcm",
}


def pydicom_files() -> list[Path]:
    """Return pydicom's image files that are installed with it."""
    paths = sorted(Path(name) for name in get_testdata_files("*.dcm"))
    return [path for path in paths if path.name not in BROKEN and _is_image(path)]


def shared_files() -> list[Path]:
    """Return the image files of the shared data, every fifth of a long series; none where it is not at hand."""
    paths = sorted(path for path in (SHARED / "dicom").rglob("*") if path.is_file() and _is_part10(path))
    return [path for place, path in enumerate(paths) if place % 5 == 0 and _is_image(path)]


def images() -> list[Path]:
    """Return all of them."""
    return pydicom_files() + shared_files()


def _is_part10(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def _is_image(path: Path) -> bool:
    if not _is_part10(path):
        return False
    try:
        data = pydicom.dcmread(path, specific_tags=["Rows", "TransferSyntaxUID"])
    except Exception:  # files that are broken on purpose
        return False
    return "Rows" in data and bool(data.file_meta.get("TransferSyntaxUID"))
