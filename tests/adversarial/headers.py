"""Plant identifiers in odd places of real Part 10 files, with the answer key as text."""

import copy
import io
import random
import warnings
from pathlib import Path

import pydicom
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from tests.adversarial.people import a_case
from tests.adversarial.places import PLACES
from tests.adversarial.places_more import MORE
from tests.adversarial.planter import Header, Planter, seed_uid
from tests.adversarial.search import found

BASES = [
    "mr-siemens/axasc36*",
    "ct-philips/I10",
    "dcmqi/sr-example/sr.dcm",
    "dcmqi/segmentations/ct-3slice/01.dcm",
    "dcmqi/segmentations/24x38x3/multiframe/mf.dcm",
    "dcmqi/segmentations/24x38x3/seg/label.seg",
]
JAPANESE = [
    ["", "ISO 2022 IR 87"],
    ["ISO_IR 192"],
    ["ISO 2022 IR 13", "ISO 2022 IR 87"],
    ["", "ISO 2022 IR 87", "ISO 2022 IR 159"],
    ["GB18030"],
]


def make_headers(folder: Path, count: int, seed: int) -> list[Header]:
    """Return count adversarial files made of those under folder; the same seed gives the same ones."""
    rng = random.Random(f"headers-{seed}")
    paths = [sorted(folder.glob(pattern))[0] for pattern in BASES]
    bases = [pydicom.dcmread(path) for path in paths]
    return [_header(number, rng, *_pick(rng, paths, bases)) for number in range(count)]


def _pick(rng: random.Random, paths: list[Path], bases: list[pydicom.FileDataset]) -> tuple[Path, pydicom.FileDataset]:
    chosen = rng.randrange(len(paths))
    return paths[chosen], copy.deepcopy(bases[chosen])


def _header(number: int, rng: random.Random, path: Path, ds: pydicom.FileDataset) -> Header:
    case = a_case(rng)
    charset = rng.choice(JAPANESE)
    ds.decode()
    ds.SpecificCharacterSet = charset
    own = {
        "PatientName": case.patient.pn(ideographic_only=rng.random() < 0.25),
        "PatientID": case.patient_id,
        "AccessionNumber": case.accession,
        "PatientBirthDate": "{:04}{:02}{:02}".format(*case.birth),
        "InstitutionName": case.hospital[0],
        "ReferringPhysicianName": case.doctor.pn(),
        "StudyDate": "{:04}{:02}{:02}".format(*case.study),
    }
    for keyword, value in own.items():
        setattr(ds, keyword, value)
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = UID(f"1.2.392.200036.{seed_uid(rng)}")
    syntax = rng.choice(["same", "same", "implicit", "big", "deflated"])
    header = Header(f"h{number:04}", b"", str(path.name), "\\".join(charset), syntax)
    hide = Planter(ds, case, rng, header)
    for place in rng.sample(PLACES + MORE, 11):
        place(hide)
    hide.basic()
    header.data = _written(ds, hide)
    header.hidden = [planted for planted in header.hidden if found(planted.text, header.data)]
    return header


def _written(ds: pydicom.FileDataset, plan: Planter) -> bytes:
    ds.preamble, syntax = plan.preamble, plan.header.syntax
    if syntax == "big" and "PixelData" not in ds and not any(e.VR in ("OW", "UN") for e in ds):
        uid = ExplicitVRBigEndian
    else:
        uid = {"implicit": ImplicitVRLittleEndian, "deflated": DeflatedExplicitVRLittleEndian}.get(
            syntax, ds.file_meta.TransferSyntaxUID
        )
    ds.file_meta.TransferSyntaxUID = uid
    plan.header.syntax = uid.name
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pydicom.dcmwrite(
            out,
            ds,
            little_endian=uid != ExplicitVRBigEndian,
            implicit_vr=uid == ImplicitVRLittleEndian,
            enforce_file_format=True,
        )
    return out.getvalue()
