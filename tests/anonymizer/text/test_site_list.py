"""A site's own names are cleaned wherever they stand; a line that cannot be used stops no other."""

import io
from pathlib import Path

import pydicom
import pytest

from services.anonymizer.instances.deidentify import deidentify
from services.anonymizer.policy import Policy
from services.anonymizer.text import site_list
from services.anonymizer.text.cleaner import Identifiers, TextPolicy, clean_text
from services.anonymizer.text.site_list import SiteList
from shared.errors import SettingsError
from tests.anonymizer.pixels.images import image, written
from tests.anonymizer.pixels.test_native_pixel_data import SAMPLES

LIST = """# the hospital
institution: みなとの杜病院, みなと杜, Minato-no-Mori Hospital, MNMH
病棟：南3、5西
staff: 脇坂 哲雄
"""


@pytest.fixture
def names() -> SiteList:
    return site_list.parse(LIST)


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("みなと杜で撮影した前回CTと比較。", "みなと杜"),
        ("Compared with the MNMH study.", "MNMH"),
        ("南3入院中。", "南3"),
        ("5西より依頼。", "5西"),
        ("読影は脇坂哲雄による。", "脇坂"),
    ],
)
def test_a_listed_name_goes_from_a_text(names: SiteList, text: str, gone: str) -> None:
    cleaned = clean_text(text, Identifiers(), TextPolicy(analyse=False, names=names)).text

    assert gone not in cleaned
    assert text[-3:] in cleaned


@pytest.mark.parametrize("text", ["径25西洋梨大の腫瘤。", "XMNMHY陰性。"])
def test_a_part_of_a_longer_word_stays(names: SiteList, text: str) -> None:
    assert clean_text(text, Identifiers(), TextPolicy(analyse=False, names=names)).text == text


@pytest.mark.parametrize("form", ["みなとの杜病院", "MNMH", "Minato-no-Mori Hospital CT"])
def test_a_listed_place_goes_from_kept_texts_of_an_instance(jmid: Policy, names: SiteList, form: str) -> None:
    dataset = image(SAMPLES, SpecificCharacterSet="ISO_IR 192", Manufacturer=form, ManufacturerModelName=f"X {form}")
    policy = jmid._replace(names=names)

    for _ in range(3):  # the third by the template of the Series
        output = pydicom.dcmread(io.BytesIO(deidentify(written(dataset), policy).data))

        assert form not in str(output.Manufacturer) + str(output.ManufacturerModelName)


@pytest.mark.parametrize("name", ["みなとの杜病院", "Minatonomori General Hospital"])
@pytest.mark.parametrize("charset", ["ISO_IR 192", ["", "ISO 2022 IR 87"]])
def test_the_institution_of_the_header_goes_from_kept_texts(jmid: Policy, name: str, charset: str | list[str]) -> None:
    dataset = image(SAMPLES, SpecificCharacterSet=charset, InstitutionName=name)
    dataset.Manufacturer, dataset.ManufacturerModelName = name, "ACME for " + name.split(" ")[0].removesuffix("病院")

    output = pydicom.dcmread(io.BytesIO(deidentify(written(dataset), jmid).data))

    assert "みなとの杜" not in str(output)
    assert "Minatonomori" not in str(output)


def test_a_maker_stays_whose_name_is_of_no_institution(jmid: Policy, names: SiteList) -> None:
    dataset = image(SAMPLES, Manufacturer="ACME MEDICAL", InstitutionName="General Medical Center")

    output = pydicom.dcmread(io.BytesIO(deidentify(written(dataset), jmid._replace(names=names)).data))

    assert output.Manufacturer == "ACME MEDICAL"


def test_lines_that_cannot_be_used_are_told_and_the_others_hold() -> None:
    names = site_list.parse("hospital=X\nward:\nward: 西\nstaff: 腫瘤\n\ninstitution: MNMH\n")

    assert [fault.line for fault in names.faults] == [1, 2, 3, 4]
    assert names.places == ("MNMH",)
    assert not any("腫瘤" in fault.why or "西" in fault.why for fault in names.faults)


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "cp932"])
def test_the_file_is_in_utf_8_or_shift_jis(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "names.txt"
    path.write_bytes(LIST.encode(codec))

    assert site_list.read(path) == site_list.parse(LIST)


@pytest.mark.parametrize("data", [None, b"ward: \x81"])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, data: bytes | None) -> None:
    path = tmp_path / "names.txt"
    if data is not None:
        path.write_bytes(data)

    with pytest.raises(SettingsError, match="JMID_ANONYMIZER_SITE_LIST"):
        site_list.read(path)
