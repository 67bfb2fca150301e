"""The DICOM JSON made at store time against pydicom's, element by element, on every real file there is."""

import io
import json
import warnings
import zlib
from pathlib import Path
from typing import Any

import orjson
import pydicom
import pydicom.data
import pydicom.uid
import pytest

from services.archive.attributes.dicom_json import BULK, read_header
from services.archive.store.prepare import Prepared, prepare
from shared.dicom import file_format
from shared.errors import Invalid

PYDICOM_FILES = Path(pydicom.__file__).parent / "data"
PIXELS = ("7FE00008", "7FE00009", "7FE00010")
ODD = {"badVR.dcm", "SC_rgb_jpeg.dcm"}
"""Values or VRs that break the standard: pydicom guesses or leaves out; see docs/conformance.md."""


def listed(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in ("LICENSE", "DIRFILE"))


def reference(data: bytes) -> Any | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            data_set = pydicom.dcmread(io.BytesIO(data))
            found = data_set.to_json_dict(bulk_data_threshold=BULK, bulk_data_element_handler=lambda _: "bulk")
            return json.loads(json.dumps(found))
        except Exception:
            return None


def differences(ours: dict[str, Any], theirs: dict[str, Any], path: str = "") -> list[str]:
    """List where they differ, but for the deliberate differences of docs/conformance.md."""
    found = []
    for tag in sorted(ours.keys() | theirs.keys()):
        if tag.endswith("0000") and tag not in ours:
            continue  # group lengths
        mine, its = ours.get(tag), theirs.get(tag)
        if mine is None or its is None:
            found.append(f"{path}{tag} only {'theirs' if mine is None else 'ours'}")
        elif mine["vr"] == "UN" and int(tag[3], 16) & 1:
            continue  # Implicit VR says nothing of private Attributes; pydicom looks them up in a dictionary of its own
        elif mine["vr"] != its["vr"]:
            found.append(f"{path}{tag} {mine['vr']} {its['vr']}")
        elif mine["vr"] == "SQ":
            pairs = zip(mine.get("Value", []), its.get("Value", []), strict=True)
            found += [line for n, (a, b) in enumerate(pairs) for line in differences(a, b, f"{path}{tag}/{n}/")]
        elif "BulkDataURI" in mine:
            if tag not in PIXELS and "BulkDataURI" not in its:
                found.append(f"{path}{tag} is bulk only in ours")
        elif "BulkDataURI" in its:
            if len(mine.get("InlineBinary", "")) <= BULK:  # pydicom's threshold is one of base64 characters
                found.append(f"{path}{tag} is bulk only in theirs")
        elif normal(mine) != normal(its):
            found.append(f"{path}{tag} {mine['vr']} value")
    return found


def normal(value: dict[str, Any]) -> Any:
    """Padding and empty components mean nothing (PS3.5 6.2); an empty one of several is null (PS3.18 F.2.5)."""
    if "Value" not in value:
        return value.get("InlineBinary")
    trimmed = [v.strip(" ") or None if isinstance(v, str) else v for v in value["Value"]]
    kept = [
        None if isinstance(v, dict) and not any(g.strip("^ ") for g in v.values() if isinstance(g, str)) else v
        for v in trimmed
    ]
    return kept if any(v is not None for v in kept) else None


def compare(paths: list[Path]) -> tuple[int, dict[str, list[str]]]:
    compared, different = 0, {}
    for path in paths:
        data = path.read_bytes()
        theirs = reference(data)
        if theirs is None or path.name in ODD:
            continue
        try:
            ours = read_header(file_format.split(data), "").attributes
        except Invalid:
            continue
        compared += 1
        lines = differences(orjson.loads(orjson.dumps(ours)), theirs)
        if lines:
            different[path.name] = lines
    return compared, different


def test_every_shared_file_has_pydicoms_metadata(shared_data: Path) -> None:
    compared, different = compare(listed(shared_data / "dicom"))

    assert different == {}
    assert compared > 50


@pytest.mark.parametrize("group", ["charset_files", "test_files"])
def test_pydicoms_own_files_have_its_metadata(group: str) -> None:
    compared, different = compare(listed(PYDICOM_FILES / group))

    assert different == {}
    assert compared > 10


def test_what_rests_is_the_metadata_with_places(shared_data: Path) -> None:
    data = (shared_data / "dicom/ct-philips/I10").read_bytes()

    found = prepare(data, root="/dicom-web", at=0.0)

    assert isinstance(found, Prepared)
    record = found.record
    metadata = orjson.loads(zlib.decompress(record.metadata, 31))
    place = f"/dicom-web/studies/{record.study_instance_uid}/series/{record.series_instance_uid}"
    assert metadata["7FE00010"]["BulkDataURI"] == f"{place}/instances/{record.sop_instance_uid}/bulkdata/7FE00010"
    start, end = record.bulk["7FE00010"]
    assert data[start:end] == pydicom.dcmread(io.BytesIO(data)).PixelData


def test_an_overlay_in_implicit_vr_has_its_vrs_by_the_dictionary() -> None:
    data_set = pydicom.dcmread(str(pydicom.data.get_testdata_file("CT_small.dcm")), stop_before_pixels=True)
    data_set.add_new(0x60020010, "US", 4)
    data_set.add_new(0x60023000, "OW", b"\1\2")
    data_set.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
    buffer = io.BytesIO()
    data_set.save_as(buffer)

    attributes = read_header(file_format.split(buffer.getvalue()), "").attributes

    assert attributes["60020010"] == {"vr": "US", "Value": [4]}
    assert attributes["60023000"] == {"vr": "OW", "InlineBinary": "AQI="}
