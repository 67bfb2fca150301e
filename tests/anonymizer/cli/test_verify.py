"""The verifier, which shares no code with the engine, agrees with it and finds what is wrong."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import ImplicitVRLittleEndian, JPEGLSLossless

from services.anonymizer.cli.verify import verify
from services.anonymizer.cli.verify_pseudonyms import Originals
from services.anonymizer.instances.deidentify import deidentify
from services.anonymizer.policy import Policy
from services.anonymizer.pseudonyms import keys
from services.anonymizer.pseudonyms.keys import Keyring
from tests.anonymizer.instances.planted import SCRIPTS, ct
from tests.anonymizer.pixels import images


@pytest.mark.parametrize("script", SCRIPTS)
def test_outputs_have_no_flaws(script: str, policy: Policy) -> None:
    planted = ct(script)

    output = deidentify(planted.data, policy).data

    assert verify(output, planted.gone) == []


def test_an_original_has_many_flaws() -> None:
    planted = ct("utf-8", ImplicitVRLittleEndian)

    assert len(verify(planted.data, planted.gone)) > 300


@pytest.mark.parametrize(
    ("spoil", "where"),
    [
        (lambda d: setattr(d, "PatientName", "Saionji"), "(0010,0010)"),
        (lambda d: setattr(d, "PatientBirthDate", "19530417"), "(0010,0030)"),
        (lambda d: setattr(d, "StudyInstanceUID", "1.2.3"), "(0020,000D)"),
        (lambda d: setattr(d, "PatientIdentityRemoved", "NO"), "(0012,0062)"),
        (lambda d: d.add_new(0x00291010, "OB", b"CSA "), "(0029,1010)"),
        (lambda d: d.add_new(0x60003000, "OW", b"\0\0"), "(6000,3000)"),
        (lambda d: d.add_new(0x7F000010, "OW", b"\0\0"), "(7F00,0010)"),
        (lambda d: setattr(d, "Modality", "CT\0Wakizaka"), "(0008,0060)"),
        (lambda d: setattr(d, "preamble", b"x" * 128), "preamble"),
        (lambda d: d.add_new(0xFFFCFFFC, "OB", b"SAIONJI "), "(FFFC,FFFC)"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_one_flaw_is_found(spoil: Callable[[pydicom.FileDataset], None], where: str, jmid: Policy) -> None:
    dataset = pydicom.dcmread(io.BytesIO(deidentify(ct("utf-8").data, jmid).data))
    spoil(dataset)
    buffer = io.BytesIO()
    dataset.save_as(buffer)

    assert where in [flaw.where for flaw in verify(buffer.getvalue())]


def test_bytes_behind_the_last_element_are_found(jmid: Policy) -> None:
    output = deidentify(ct("utf-8").data, jmid).data

    assert "file" in [flaw.where for flaw in verify(output + b"SAIONJI")]


@pytest.mark.parametrize("digest", [hashlib.md5, hashlib.sha1, hashlib.sha256])
def test_a_plain_hash_of_a_number_is_found(digest: Callable[[bytes], Any], jmid: Policy) -> None:
    dataset = pydicom.dcmread(io.BytesIO(deidentify(ct("utf-8").data, jmid).data))
    dataset.PatientID = digest(b"00123456").hexdigest()[:32]

    assert "PatientID" in [flaw.where for flaw in verify(written(dataset), ["00123456"])]


def written(dataset: pydicom.Dataset) -> bytes:
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


@pytest.fixture
def originals(tmp_path: Path, jmid: Policy) -> Originals:
    path = tmp_path / "original"
    path.write_bytes(ct("utf-8").data)
    return Originals([path], Keyring((jmid.keys,)), jmid.site)


def test_pseudonyms_are_those_that_the_keys_make(originals: Originals, jmid: Policy) -> None:
    assert verify(deidentify(ct("utf-8").data, jmid).data, (), originals) == []


def test_pseudonyms_by_another_key_are_found(originals: Originals, jmid: Policy, tmp_path: Path) -> None:
    other = jmid._replace(keys=keys.create(tmp_path / "other", "jmid"))

    assert "(0008,0018)" in [flaw.where for flaw in verify(deidentify(ct("utf-8").data, other).data, (), originals)]


@pytest.mark.parametrize(
    ("keyword", "value", "where"),
    [
        ("PatientID", hashlib.sha256(b"00123456").hexdigest()[:32], "(0010,0020)"),
        ("AccessionNumber", "ABCDEFGHIJKLMNOP", "(0008,0050)"),
        ("FrameOfReferenceUID", "2.25.123456789", "(0020,0052)"),
        ("SeriesInstanceUID", "2.25.123456789", "(0020,000E)"),
        ("IssuerOfPatientID", "urn:jmid:patient:k9", "(0010,0021)"),
    ],
)
def test_what_looks_like_a_pseudonym_and_is_none_is_found(
    keyword: str, value: str, where: str, originals: Originals, jmid: Policy
) -> None:
    dataset = pydicom.dcmread(io.BytesIO(deidentify(ct("utf-8").data, jmid).data))
    setattr(dataset, keyword, value)

    assert where in [flaw.where for flaw in verify(written(dataset), (), originals)]


def test_what_is_hidden_in_pixel_data_is_found(jmid: Policy) -> None:
    samples = np.arange(1024, dtype="<u2").reshape(32, 32)
    source = images.image(samples, 12, RescaleIntercept="0", RescaleSlope="1")
    clean = pydicom.dcmread(io.BytesIO(deidentify(images.written(source), jmid).data))
    hidden = {
        "bits": (samples | 0x8000).tobytes(),
        "tail": samples.tobytes() + b"SAIONJI CHIHIRO ",
    }

    assert verify(written(clean)) == []
    for value in hidden.values():
        clean.PixelData = value
        assert [flaw.where for flaw in verify(written(clean))] == ["(7FE0,0010)"]


def test_a_comment_in_a_codestream_and_a_surplus_fragment_are_found(jmid: Policy) -> None:
    source = images.image(np.arange(1024, dtype="u1").reshape(32, 32), RescaleIntercept="0", RescaleSlope="1")
    source = pydicom.dcmread(io.BytesIO(images.written(source)))
    source.compress(JPEGLSLossless)
    clean = pydicom.dcmread(io.BytesIO(deidentify(written(source), jmid).data))
    [frame] = generate_frames(clean.PixelData, number_of_frames=1)
    comment = b"\xff\xfe\x00\x12SAIONJI CHIHIRO "

    assert verify(written(clean)) == []
    for frames in ([frame[:2] + comment + frame[2:]], [frame, b"SAIONJI CHIHIRO "]):
        clean.PixelData = encapsulate(frames)
        assert "(7FE0,0010)" in [flaw.where for flaw in verify(written(clean))]
