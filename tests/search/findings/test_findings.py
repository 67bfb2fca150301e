"""What a text says of findings, and where; the sentences are the smallest that show one rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.search.findings.extract import findings_of
from shared.terms.open_terms import open_terms
from tests.cost import LINEAR, growth


def told(text: str) -> dict[str, str]:
    """Return term → certainty."""
    return {finding.term: finding.certainty for finding in findings_of(text)}


@pytest.mark.parametrize(
    "text",
    [
        "結節を認めない。",
        "結節は認められません。",
        "結節を認めず。",
        "結節なし。",
        "結節無し",
        "明らかな結節は指摘できない。",
        "有意な結節なし。",
        "結節(-)",
        "結節（－）",
        "結節：(ー)",
        "結節：なし",
        "結節 なし",
        "結節は否定的。",
        "結節陰性",
        "結節はみられない。",
        "結節を示唆する所見なし。",
        "結節の所見は認められない。",
        "結節を疑う所見を認めない。",
        "結節の疑いなし。",
        "結節の可能性は否定的である。",
        "結節を伴わない。",
        "結節は伴っていません。",
        "結節は検出されず、経過良好。",
        "結節を\n認めない。",
        "結節は認め\nません。",
        "ｹｯｾﾂではなく結節は無い。",
        "No nodule.",
        "No evidence of nodule.",
        "Nodule is not seen.",
        "without nodule",
        "negative for nodule",
        "no nodules or masses",
        "No suspicious nodule is seen.",
        "Nodule (-)",
        "noduleなし",
        "心拡大や肺うっ血の所見に乏しい。",
        "架空影なし。",
        "架空症は否定的。",
        "No unheard-of thing.",
    ],
)
def test_what_is_denied_is_absent(text: str) -> None:
    certainties = set(told(text).values())

    assert certainties == {"absent"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("胸水や腹水を認めない。", {"胸水": "absent", "腹水": "absent"}),
        ("胸水、腹水なし。", {"胸水": "absent", "腹水": "absent"}),
        ("胸水はあるが腹水はない。", {"胸水": "present", "腹水": "absent"}),
        ("胸水を認め、腹水は認めない。", {"胸水": "present", "腹水": "absent"}),
        ("胸水(+)、腹水(-)", {"胸水": "present", "腹水": "absent"}),
        ("結節は増大、胸水なし。", {"結節": "present", "胸水": "absent"}),
        ("10mm大の結節、胸水なし。", {"結節": "present", "胸水": "absent"}),
        ("結節以外に腫瘤は認めない。", {"結節": "present", "腫瘤": "absent"}),
        ("結節は石灰化を認めない。", {"結節": "present", "石灰化": "absent"}),
        ("石灰化のない結節を認める。", {"石灰化": "absent", "結節": "present"}),
        ("急性期梗塞の所見。出血性変化は認められない。", {"急性期梗塞": "present", "出血性変化": "absent"}),
        ("心陰影の拡大なし。", {"心陰影の拡大": "absent"}),
        ("肝に腫瘤、少量腹水、胸水なし。", {"腫瘤": "present", "腹水": "present", "胸水": "absent"}),
        ("転移を疑う結節を認める。", {"転移": "doubtful", "結節": "present"}),
        ("嚢胞を除き腫瘤なし。", {"嚢胞": "present", "腫瘤": "absent"}),
        ("Nodule suspicious for metastasis.", {"Nodule": "present", "metastasis": "doubtful"}),
        ("No nodule suspicious for metastasis.", {"nodule": "absent", "metastasis": "absent"}),
        ("肺炎ないし無気肺を認める。", {"肺炎": "present", "無気肺": "present"}),
        ("胸水だけでなく腹水も認める。", {"胸水": "present", "腹水": "present"}),
        ("Pleural effusion but no pneumothorax.", {"Pleural effusion": "present", "pneumothorax": "absent"}),
        ("No effusion, pneumothorax, or mass.", {"effusion": "absent", "pneumothorax": "absent", "mass": "absent"}),
        ("Stable nodule. No effusion.", {"nodule": "present", "effusion": "absent"}),
    ],
)
def test_a_denial_reaches_what_it_speaks_of(text: str, expected: dict[str, str]) -> None:
    assert told(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "肺炎の疑い。",
        "肺炎疑い",
        "肺炎を疑う。",
        "肺炎が疑われます。",
        "肺炎は否定できない。",
        "肺炎も否定できず、経過観察。",
        "肺炎を除外できません。",
        "肺炎の可能性があります。",
        "肺炎s/o",
        "肺炎 r/o",
        "肺炎？",
        "肺炎(?)",
        "肺炎(±)",
        "肺炎がないとは言えない。",
        "肺炎かもしれない。",
        "possible pneumonia",
        "suspicious for pneumonia",
        "Pneumonia cannot be excluded.",
        "r/o pneumonia",
        "Pneumonia suspected.",
        "may represent pneumonia",
        "?pneumonia",
        "肺炎を否定するものではない",
        "肺炎でないとは言い切れない",
        "susp. 肺炎",
        "consider pneumonia",
        "Pneumonia should be considered.",
    ],
)
def test_what_is_not_excluded_is_doubtful(text: str) -> None:
    assert set(told(text).values()) == {"doubtful"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("肺癌術後。再発なし。", {"肺癌": "history", "再発": "absent"}),
        ("肺結核の既往あり。", {"肺結核": "history"}),
        ("既往：肺結核", {"肺結核": "history"}),
        ("【既往歴】肺結核\n【所見】胸水を認める。", {"肺結核": "history", "胸水": "present"}),
        ("status post resection of lung cancer", {"lung cancer": "history"}),
        ("母に乳癌の家族歴あり。", {"乳癌": "family"}),
        ("家族歴：父 胃癌", {"胃癌": "family"}),
        ("Family history of breast cancer.", {"breast cancer": "family"}),
        ("肺癌の精査を勧めます。", {"肺癌": "recommended"}),
        ("転移の除外のため、MRIを推奨します。", {"転移": "recommended"}),
        ("CT is recommended to exclude metastasis.", {"metastasis": "recommended"}),
        ("PET/CT suggested for metastasis", {"metastasis": "recommended"}),
    ],
)
def test_history_family_and_advice_are_not_present(text: str, expected: dict[str, str]) -> None:
    assert told(text) == expected


@pytest.mark.parametrize(
    "text",
    ["異常なし。", "著変なし。", "左右差なし。", "臨床情報：肺癌\n所見：異常なし。", "肺炎の精査目的。", "", "。、\n"],
)
def test_an_indication_and_a_normal_statement_are_no_finding(text: str) -> None:
    assert told(text) == {}


@pytest.mark.parametrize(
    ("text", "size_mm"),
    [
        ("12mm大の結節", (12.0,)),
        ("結節 φ8mm", (8.0,)),
        ("結節（3×2cm）", (30.0, 20.0)),
        ("結節を認める 12x10x8 mm", (12.0, 10.0, 8.0)),
        ("１２ｍｍの結節", (12.0,)),
        ("12㎜大の結節", (12.0,)),
        ("結節は1.5cmである", (15.0,)),
        ("5mm厚で撮影。結節あり", ()),
        ("a 5 mm nodule", (5.0,)),
        ("nodule measuring 5 mm", (5.0,)),
        ("結節 52mm、前回50mm", (52.0,)),
    ],
)
def test_a_size_is_in_millimetres(text: str, size_mm: tuple[float, ...]) -> None:
    assert [finding.size_mm for finding in findings_of(text)] == [size_mm]


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("右肺に結節", "right"),
        ("左肺の結節", "left"),
        ("両側胸水", "both"),
        ("結節を左に認める", "left"),
        ("右および左の胸水", "both"),
        ("Rt. pleural effusion", "right"),
        ("Lt.胸水", "left"),
        ("bil. effusion", "both"),
        ("胸水の左右差なし", ""),
        ("肝に結節", ""),
    ],
)
def test_a_side_is_of_its_part_of_the_sentence(text: str, side: str) -> None:
    assert {finding.side for finding in findings_of(text)} == {side}


@pytest.mark.parametrize(
    ("text", "certainty", "comparison"),
    [
        ("結節は増大している。", "present", "larger"),
        ("結節は縮小。", "present", "smaller"),
        ("結節は前回と不変。", "present", "unchanged"),
        ("結節に変化なし。", "present", "unchanged"),
        ("結節の増大は認めない。", "present", "unchanged"),
        ("結節は増大していない。", "present", "unchanged"),
        ("新出の結節", "present", "new"),
        ("結節は消失した。", "absent", "gone"),
        ("The nodule has resolved.", "absent", "gone"),
        ("Stable nodule.", "present", "unchanged"),
    ],
)
def test_a_comparison_is_with_the_examination_before(text: str, certainty: str, comparison: str) -> None:
    assert [(f.certainty, f.comparison) for f in findings_of(text)] == [(certainty, comparison)]


@given(text=st.text("右肺結節影がｶﾞ㎜①１２mm大×、。\n(-)なし認めない疑いno ctCTＣＴ\u3099", max_size=60))
def test_a_place_is_of_the_original_text(text: str) -> None:
    assert all(text[f.start : f.end] == f.term and f.start < f.end for f in findings_of(text))


def test_a_finding_of_the_open_list_has_its_code() -> None:
    codes = {finding.term: finding.code for finding in findings_of("胸水、上葉結節、架空性結節あり。pleural effusion")}

    assert codes["胸水"] == codes["pleural effusion"] == "F034"
    assert codes["上葉結節"] == "F001"
    assert codes["架空性結節"] == ""  # a word that may change the meaning


@pytest.mark.parametrize(
    "unit", ["結節なし、", "切除", "前回", "(", "complete ", "no a", "所見", "\n", "12x", "右", "a"]
)
def test_the_work_grows_as_the_text_does(unit: str) -> None:
    def read(signs: int) -> int:
        return len(findings_of((unit * signs)[:signs]))

    assert growth(read) < LINEAR


SAID = {
    "ja": {
        "absent": ("{}を認めない。", "明らかな{}は指摘できません。", "{}、{}は否定的。", "{}を疑う所見はみられない。"),
        "doubtful": ("{}は否定できない。", "{}が疑われます。"),
    },
    "en": {
        "absent": ("No {}.", "No evidence of {} or {}.", "{} is not seen.", "{}なし"),
        "doubtful": ("possible {}", "{}s/o"),
    },
}


@pytest.mark.parametrize("language", ["ja", "en"])
def test_no_name_of_the_open_list_is_present_where_it_is_denied_or_doubted(language: str) -> None:
    known = [term.ja if language == "ja" else term.en for term in open_terms()]
    sentences = [
        (c, form.replace("{}", name)) for c, forms in SAID[language].items() for form in forms for name in known
    ]

    wrong = {text: found for certainty, text in sentences if (found := set(told(text).values()) - {certainty})}

    assert wrong == {}
    assert len(sentences) > 3_000
