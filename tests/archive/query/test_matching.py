"""What the index answers is what the plain matcher says, for studies and queries that hypothesis makes up."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.archive.attributes import search_results
from services.archive.attributes.person_names import fold
from services.archive.deps import ArchiveDeps
from services.archive.query import search
from services.archive.query.matching import matches
from services.archive.query.parameters import EMPTY, Level, MatchingKey, parse, split_range
from services.archive.records import COLLECTIONS, STUDIES
from services.archive.settings import ArchiveSettings
from shared.documents import Delete, Put
from shared.documents.sqlite import open_sqlite
from shared.errors import Invalid
from tests.examples import examples

NAMES = ["Yamada^Taro", "YAMADA^Hanako", "yamamoto", "O'Neil^A[b]*", "Sato^Ken^^Dr"]
IDEOGRAPHIC = ["", "山田^太郎", "山本^花子"]
PHONETIC = ["", "やまだ^たろう", "ヤマモト^ハナコ", "ﾔﾏﾀﾞ^ﾀﾛｳ"]
DATES = ["", "20231231", "20240101", "20240102", "20240630"]
TIMES = ["", "000000", "0930", "093015.25", "235959"]
IDS = ["P1", "P10", "p1", "P?1", "A*B", ""]

attributes = st.fixed_dictionaries(
    {
        "name": st.tuples(st.sampled_from(["", *NAMES]), st.sampled_from(IDEOGRAPHIC), st.sampled_from(PHONETIC)),
        "id": st.sampled_from(IDS),
        "date": st.sampled_from(DATES),
        "time": st.sampled_from(TIMES),
        "description": st.sampled_from(["", "CHEST", "Chest CT", "頭部CT"]),
    }
)
keys = st.one_of(
    st.tuples(
        st.just("PatientName"),
        st.sampled_from(
            [
                "yamada*",
                "*TARO",
                "山田*",
                "ヤマダ^タロウ",
                "yamada^taro=山田^太郎",
                "=山*",
                "ya?ada^*",
                "O'N*[b]*",
                "sato^ken",
            ]
        ),
    ),
    st.tuples(st.just("PatientID"), st.sampled_from(["P1", "P*", "?1", "A*B", "P10", "*1", EMPTY, ""])),
    st.tuples(
        st.just("StudyDate"), st.sampled_from(["20240101", "20240101-", "-20240101", "20231231-20240102", EMPTY])
    ),
    st.tuples(st.just("StudyTime"), st.sampled_from(["0930", "0900-1000", "-0930", "12-", "2359"])),
    st.tuples(st.just("StudyDescription"), st.sampled_from(["CHEST", "*CT", "頭*", "Chest?CT"])),
    st.tuples(st.just("ModalitiesInStudy"), st.sampled_from(["CT", "MR"])),
)


def data_set(number: int, made: dict[str, Any]) -> dict[str, Any]:
    groups = dict(zip(("Alphabetic", "Ideographic", "Phonetic"), made["name"], strict=True))
    person = {name: group for name, group in groups.items() if group}
    plain = {"00100020": ("LO", "id"), "00080020": ("DA", "date"), "00080030": ("TM", "time")}
    plain["00081030"] = ("LO", "description")
    found = {tag: {"vr": vr, "Value": [made[name]]} for tag, (vr, name) in plain.items() if made[name]}
    found["00100010"] = {"vr": "PN", "Value": [person]} if person else {"vr": "PN"}
    return {**found, "0020000D": {"vr": "UI", "Value": [f"1.2.{number}"]}}


def expected(studies: list[dict[str, Any]], asked: Any) -> set[str]:
    """Filter by the plain matcher; ranges of date and time together are one range of moments."""
    by_tag = {key.tag: key for key in asked.matches}
    date, time = by_tag.get("00080020"), by_tag.get("00080030")
    together = bool(date and time and split_range("DA", date.values[0]) and split_range("TM", time.values[0]))
    found = set()
    for study in studies:
        own = [key for key in asked.matches if not (together and key.tag in ("00080020", "00080030"))]
        good = all(matches(study, key, fuzzy=asked.fuzzy) for key in own)
        if together and date and time:
            good = good and in_moments(study, date, time)
        if good:
            found.add(study["0020000D"]["Value"][0])
    return found


def in_moments(study: dict[str, Any], date: MatchingKey, time: MatchingKey) -> bool:
    day, hour = (study.get(tag, {}).get("Value", [""])[0] for tag in ("00080020", "00080030"))
    (low_day, high_day), (low_hour, high_hour) = (
        split_range("DA", date.values[0]) or ("", ""),
        split_range("TM", time.values[0]) or ("", ""),
    )
    moment, low, high = day + hour, low_day + low_hour, high_day + high_hour
    after = not low_day or moment >= low
    before = not high_day or moment <= high or moment.startswith(high)
    return bool(day) and after and before


@given(
    st.lists(attributes, min_size=1, max_size=12),
    st.lists(st.tuples(st.lists(keys, min_size=1, max_size=3, unique_by=lambda k: k[0]), st.booleans()), max_size=6),
)
@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_index_agrees_with_the_matcher(tmp_path: Path, made: list[Any], queries: list[Any]) -> None:
    async with open_sqlite(tmp_path / "documents.sqlite") as documents:
        await documents.declare(*COLLECTIONS)
        writes: list[Put[Any] | Delete[Any]] = [Delete(STUDIES, uid) for uid in await all_keys(documents)]
        studies = [data_set(number, each) for number, each in enumerate(made)]
        deps = ArchiveDeps(ArchiveSettings(accept="any"), documents, None, None, None)  # type: ignore[arg-type]
        for study in studies:
            modality = "CT" if len(study) % 2 else "MR"
            series = search_results.series(
                None, {**study, "00080060": {"vr": "CS", "Value": [modality]}}, instances=1, at=0.0, only_site=""
            )
            record = search_results.study(None, study, [series], size_bytes=1, evicted=0, at=0.0, only_site="")
            writes.append(Put(STUDIES, record))
            study["00080061"] = {"vr": "CS", "Value": [modality]}
        await documents.write(*writes)
        for pairs, fuzzy in queries:
            asked = parse(Level.STUDY, [*pairs, ("fuzzymatching", str(fuzzy).lower()), ("emptyvaluematching", "true")])

            found = await search.search(asked, deps, "")

            uids = {uid_of(result) for result in found.results}
            assert uids == expected(studies, asked), pairs


async def all_keys(documents: Any) -> list[str]:
    return [study.study_instance_uid for study in (await documents.find(STUDIES, limit=1000)).documents]


def uid_of(answer: bytes) -> str:
    return str(orjson.loads(answer)["0020000D"]["Value"][0])


@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=30)), max_size=4))
@settings(max_examples=examples(300), deadline=None)
def test_any_query_is_parsed_or_invalid(parameters: list[tuple[str, str]]) -> None:
    try:
        parse(Level.STUDY, parameters)
    except Invalid as error:
        assert error.reason


@pytest.mark.parametrize(
    ("one", "other"), [("ﾔﾏﾀﾞ^ﾀﾛｳ", "やまだ^たろう"), ("YAMADA^", "yamada"), ("Ｙａｍａｄａ", "yamada")]
)
def test_names_fold_to_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other)
