"""Diagnoses for the tests of their rules."""

from typing import Any

from services.linker.diagnoses.records import Content, Diagnosis
from services.linker.diagnoses.request import created
from shared.fhir.systems import ICD_10

STUDY = "2.25.7"


def content(by: str = "a", code: str = "C34.1", **more: Any) -> Content:
    said: dict[str, Any] = {
        "by": by,
        "author_id": f"id-of-{by}",
        "at": "2026-11-28T09:00:00.000+00:00",
        "study_instance_uids": (STUDY,),
        "system": ICD_10,
        "system_version": "v1",
        "code": code,
        "name": "上葉肺癌",
        "display": "右上葉肺腺癌",
        "certainty": "confirmed",
        "basis": "pathology",
        "date": "2026-11-01",
    }
    return Content(**{**said, **more})


def diagnosis(by: str = "a", code: str = "C34.1", **more: Any) -> Diagnosis:
    return created(f"{by}/{code}", content(by, code, **more))


def reading(by: str, code: str = "C34.1") -> Diagnosis:
    return diagnosis(by, code, reading="independent")
