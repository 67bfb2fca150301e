"""A profile may ask for UTF-8: every text of the output is then in it, at any depth, and means what it meant."""

import io

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

from services.anonymizer.cli.verify import verify
from services.anonymizer.instances.deidentify import deidentify
from services.anonymizer.policy import Policy
from tests.anonymizer.instances.planted import SCRIPTS, SYNTAXES, ct, written

TEXTS: dict[str, tuple[str | list[str], str, str]] = {  # charset, a description, the meaning of a code
    "latin-1": ("ISO_IR 100", "Schädel nativ", "Schädel"),
    "greek": ("ISO_IR 126", "εγκέφαλος", "κεφαλή"),
    "utf-8": ("ISO_IR 192", "胸部単純", "胸部"),
    "iso2022-87": (["", "ISO 2022 IR 87"], "胸部単純", "胸部"),
    "ir13-87": (["ISO 2022 IR 13", "ISO 2022 IR 87"], "ｷｮｳﾌﾞ 単純", "胸部"),
    "korean": (["", "ISO 2022 IR 149"], "흉부", "가슴"),
    "chinese": ("GB18030", "胸部平扫", "胸部"),
}


def image(charset: str | list[str], description: str, meaning: str, syntax: pydicom.uid.UID) -> bytes:
    """Return a CT image with a description, a coded region, and an Item that has a character set of its own."""
    found = pydicom.dcmread(io.BytesIO(ct("default").data))
    found.SpecificCharacterSet = charset
    found.StudyDescription = description
    region, own = Dataset(), Dataset()
    region.CodeValue, region.CodingSchemeDesignator, region.CodeMeaning = "51185008", "SCT", meaning
    own.SpecificCharacterSet = "ISO_IR 100"
    own.CodeValue, own.CodingSchemeDesignator, own.CodeMeaning = "69536005", "SCT", "Schädel"
    found.AnatomicRegionSequence = Sequence([region, own])
    return written(found, syntax)


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("name", TEXTS)
def test_research_gets_utf8_at_every_depth(name: str, syntax: pydicom.uid.UID, research: Policy) -> None:
    charset, description, meaning = TEXTS[name]
    data = image(charset, description, meaning, syntax)

    output = deidentify(data, research).data

    found = pydicom.dcmread(io.BytesIO(output))
    assert found.SpecificCharacterSet == "ISO_IR 192"
    assert found.StudyDescription == description
    region, own = found.AnatomicRegionSequence
    assert (region.CodeMeaning, own.CodeMeaning) == (meaning, "Schädel")
    assert "SpecificCharacterSet" not in own or own.SpecificCharacterSet == "ISO_IR 192"
    assert description.encode("utf-8") in output
    assert not verify(output)


@pytest.mark.parametrize("name", TEXTS)
def test_jmid_keeps_the_character_set(name: str, jmid: Policy) -> None:
    charset, description, meaning = TEXTS[name]
    data = image(charset, description, meaning, ExplicitVRLittleEndian)

    output = deidentify(data, jmid).data

    before, after = pydicom.dcmread(io.BytesIO(data)), pydicom.dcmread(io.BytesIO(output))
    assert after.SpecificCharacterSet == before.SpecificCharacterSet
    assert after.StudyDescription == description


@pytest.mark.parametrize("script", SCRIPTS)
def test_no_byte_of_another_character_set_is_left(script: str, research: Policy) -> None:
    output = deidentify(ct(script).data, research).data

    found = pydicom.dcmread(io.BytesIO(output))
    texts = [e.value for e in found.iterall() if e.VR in ("LO", "LT", "PN", "SH", "ST", "UC", "UT")]
    assert found.SpecificCharacterSet == "ISO_IR 192"
    assert not [text for text in texts if "�" in str(text) or "\x1b" in str(text)]


def test_undeclared_japanese_is_declared(research: Policy) -> None:
    data = image("", "XXXXXXXXXX", "chest", ExplicitVRLittleEndian)
    data = data.replace(b"XXXXXXXXXX", "胸部単純CT".encode("cp932"))

    found = pydicom.dcmread(io.BytesIO(deidentify(data, research).data))

    assert found.StudyDescription == "胸部単純CT"
