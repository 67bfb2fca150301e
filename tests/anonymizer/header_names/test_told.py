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
