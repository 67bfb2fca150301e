"""Which names of one header can be on a site's list."""

import pytest

from services.anonymizer.header_names.told import ToldName, names_told


def test_staff_and_places_are_told_and_the_patient_is_not() -> None:
    header = {
        "PatientName": ["YAMADA^HANAKO=山田^花子"],
        "ReferringPhysicianName": ["楡井^守", "YAMADA^HANAKO=山田^花子"],
        "OperatorsName": ["Kusunoki^Rei"],
        "InstitutionName": ["すずらん七病院"],
        "InstitutionalDepartmentName": ["すずらん診断部"],
        "CurrentPatientLocation": ["新館すずらん7"],
    }

    assert set(names_told(header)) == {
        ToldName("staff", "楡井^守"),
        ToldName("staff", "Kusunoki^Rei"),
        ToldName("institution", "すずらん七病院"),
        ToldName("department", "すずらん診断部"),
        ToldName("ward", "新館すずらん7"),
    }


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("OperatorsName", "Operator^1"), ("OperatorsName", "担当技師"), ("OperatorsName", "u123"),
        ("ReferringPhysicianName", "unknown"), ("InstitutionName", "CT"), ("InstitutionName", "放射線科"),
        ("InstitutionalDepartmentName", "Radiology"), ("InstitutionalDepartmentName", "放射線科"),
        ("CurrentPatientLocation", "ICU"), ("CurrentPatientLocation", "外来"), ("InstitutionName", "あ" * 65),
    ],
)  # fmt: skip
def test_what_every_hospital_has_is_not_told(keyword: str, value: str) -> None:
    assert names_told({keyword: [value]}) == ()


@pytest.mark.parametrize("keyword", ["ReferringPhysicianName", "InstitutionalDepartmentName", "CurrentPatientLocation"])
@pytest.mark.parametrize("value", ["前立腺", "リンパ節", "腫瘍", "頭部CT", "異常なし", "正常", "BRAIN", "CHEST"])
def test_a_finding_in_the_field_of_a_name_is_not_told(keyword: str, value: str) -> None:
    assert names_told({keyword: [value]}) == ()


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("ReferringPhysicianName", "森川"), ("ReferringPhysicianName", "東^健"), ("ReferringPhysicianName", "ナカムラ"),
        ("ReferringPhysicianName", "YAMADA"), ("ReferringPhysicianName", "SMITH^JOHN"),
        ("ReferringPhysicianName", "高安^哲"),
        ("InstitutionalDepartmentName", "もの忘れ外来"), ("InstitutionalDepartmentName", "北斗画像センター"),
        ("CurrentPatientLocation", "さくら病棟"), ("CurrentPatientLocation", "ひまわり"),
        ("InstitutionName", "みなとの杜"),
    ],
)  # fmt: skip
def test_a_name_that_is_also_made_of_words_is_told(keyword: str, value: str) -> None:
    assert [each.name for each in names_told({keyword: [value]})] == [value]
