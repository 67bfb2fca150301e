# ruff: noqa: E501 - rows of samples stay readable unbroken
"""What the text cleaner cuts and what it leaves, case by case."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.anonymizer.text.cleaner import CleanedText, Identifiers, TextPolicy, clean_text
from services.anonymizer.text.folding.spans import MARKERS
from tests.cost import LINEAR, growth
from tests.examples import examples

HEADER = {
    "PatientName": "SATO^KEN=佐藤^健=サトウ^ケン",
    "PatientID": "00123456",
    "PatientBirthDate": "19700503",
    "StudyDate": "20240401",
    "AccessionNumber": "A2024040155",
    "ReferringPhysicianName": "=髙橋^一郎=",
    "InstitutionName": "みなと総合病院",
    "InstitutionalDepartmentName": "呼吸器内科",
}
WHO = Identifiers.of_header(HEADER)
JMID, RESEARCH = TextPolicy.of_profile("jmid"), TextPolicy.of_profile("research")


def clean(text: str, policy: TextPolicy = JMID, who: Identifiers = WHO) -> CleanedText:
    return clean_text(text, who, policy)


@pytest.mark.parametrize(
    "name",
    ["佐藤健", "佐藤 健", "佐藤　健", "佐\n藤 健", "サトウケン", "ｻﾄｳ ｹﾝ", "さとう けん", "Sato Ken", "SATO, KEN", "Ken Satoh", "Ｓａｔｏ　Ｋｅｎ", "Satō Ken", "K. Sato"],
)  # fmt: skip
def test_the_patients_name_goes_in_whatever_script_width_or_order(name: str) -> None:
    cleaned = clean(f"本日{name}の胸部CTを施行。")

    assert cleaned.text == "本日【氏名】の胸部CTを施行。"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("右肺に佐藤さんの結節", "右肺に【氏名】さんの結節"),
        ("患者の佐藤は咳嗽あり", "患者の【氏名】は咳嗽あり"),
        ("高橋先生に報告", "【医師名】先生に報告"),
        ("髙橋医師", "【医師名】医師"),
        ("放射線科の田中先生より", "放射線科の【医師名】先生より"),
        ("看護師 山口 智子 同席", "看護師 【医師名】 同席"),
        ("読影医：鈴木一郎", "読影医：【医師名】"),
        ("近くのさくらクリニックより紹介", "近くの【施設】より紹介"),
        ("近くの総合病院より紹介", "近くの総合病院より紹介"),
        ("みなと総合病院 呼吸器内科", "【施設】 【診療科】"),
        ("かかりつけ病院あり、当院初診", "かかりつけ病院あり、当院初診"),
        ("TEL 03-5555-0123", "TEL 【電話】"),
        ("〒105-0099 東京都港区架空町1-2-3", "【郵便番号】 【住所】"),
        ("品川 300 あ 12-34", "【車両番号】"),
        ("マイナンバー 1234 5678 9018", "マイナンバー 【個人番号】"),
        ("被保険者番号 12345678", "被保険者番号 【保険番号】"),
        ("taro@example.co.jp", "【メール】"),
        ("ID：１２３-４５６", "ID：【患者ID】"),
        ("検査番号 A2024040155", "検査番号 【検査番号】"),
    ],
)
def test_other_people_places_and_numbers_go(text: str, expected: str) -> None:
    assert clean(f"{text}。").text == f"{expected}。"


@pytest.mark.parametrize(
    "born",
    ["1970年5月3日", "1970/5/3", "1970.05.03", "19700503", "昭和45年5月3日", "S45.5.3", "昭和四十五年五月三日", "１９７０年５月３日", "一九七〇年五月三日", "1970-05-03", "70/5/3"],
)  # fmt: skip
def test_the_birth_date_goes_in_every_calendar_and_exam_dates_stay(born: str) -> None:
    cleaned = clean(f"{born}の方。令和6年4月1日のCT、R6.4.1、2024/4/1。")

    assert cleaned.text == "【生年月日】の方。令和6年4月1日のCT、R6.4.1、2024/4/1。"


@pytest.mark.parametrize(
    "text",
    [
        "右肺S6に3.5 cm、12×8 mmの結節。L4/5、Th12、#4R、T1N0M0、Bosniak IIF。",
        "橋本病、川崎病、高安動脈炎、Hodgkinリンパ腫、Swan-Ganzカテーテル、山田分類III型。",
        "すりガラス様陰影、結節様、乳頭様。多様な像。模様。氏名の記載なし。",
        "肝S4/8に嚢胞、ADC 0.78×10-3 mm2/s、DLP 512.3 mGy.cm、No.7リンパ節、CT値 35 HU。",
        "担当医師と放射線技師が相談。専門医師へ。患者様は同意。奥様同席。",
    ],
)
def test_clinical_content_stays_as_it_was_under_both_profiles(text: str) -> None:
    assert clean(text).text == text
    assert clean(text, RESEARCH).text == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("HASHIMOTO^MIKI=橋本^美樹=ハシモト^ミキ", "橋本病の既往"),
        ("KAWASAKI^KEN=川崎^健=", "川崎病後の冠動脈瘤"),
        ("TAKAYASU^KEN=高安^健=", "高安動脈炎"),
        ("HODGKIN^MARY", "Known Hodgkin lymphoma."),
        ("YAMADA^KEN=山田^健=", "山田分類III型"),
    ],
)
def test_an_eponym_that_is_also_the_patients_name_stays_and_flags_the_text(name: str, text: str) -> None:
    cleaned = clean(text, who=Identifiers.of_header({"PatientName": name}))

    assert cleaned.text == text
    assert cleaned.review
    assert cleaned.reasons == ("eponym",)


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("佐藤病の疑い。", {("佐藤", "eponym")}),
        (
            "TEL 03-5555-0123。報告は鴫鱛医師へ、佐藤病。",
            {("【医師名】", "unknown-name-before-title"), ("佐藤", "eponym")},
        ),
        ("ＴＥＬ ０３−５５５５−０１２３、本件は滝口だ。", {("滝口", "surname-in-text")}),
        ("佐藤健さん、参照 ５１２３４５６", {("５１２３４５６", "long-number")}),
    ],
)
def test_every_reason_for_a_look_has_a_place_in_the_cleaned_text(text: str, marked: set[tuple[str, str]]) -> None:
    cleaned = clean(text, policy=TextPolicy(learned=False))

    assert {(cleaned.text[start:end], reason) for start, end, reason in cleaned.risks} == marked
    assert set(cleaned.reasons) == {reason for _, reason in marked}


def test_the_same_name_with_a_title_goes_although_an_eponym_stands_beside_it() -> None:
    who = Identifiers.of_header({"PatientName": "HASHIMOTO^MIKI=橋本^美樹=ハシモト^ミキ"})

    cleaned = clean("橋本さんは橋本病です。Ms. Hashimoto has Hashimoto thyroiditis.", who=who)

    assert cleaned.text == "【氏名】さんは橋本病です。Ms. 【氏名】 has Hashimoto thyroiditis."


def test_a_header_in_romaji_alone_finds_the_name_in_kanji() -> None:
    who = Identifiers.of_header({"PatientName": "SUZUKI^HANAKO"})

    cleaned = clean("鈴木は咳嗽あり。鈴木花子様。すずきさん。", who=who)

    assert cleaned.text == "【氏名】は咳嗽あり。【氏名】様。【氏名】さん。"


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("佐藤^健", "さとう けんさん、Sato Ken"),
        ("佐藤健", "佐藤さん、サトウケン様"),
        ("ｻﾄｳ^ｹﾝ", "佐藤 健様、この度佐藤健の、Ken Satoh"),
        ("ONO^SHOTA", "大野翔太様、おおのしょうたさん、ｵｵﾉｼｮｳﾀ様"),
        ("MORI^JUNICHIRO", "森純一郎の、もりじゅんいちろう様"),
        ("=堀^悠真=", "堀 悠真、堀様、堀さん"),
    ],
)
def test_scripts_that_the_header_lacks_are_supplied_by_reading(header: str, text: str) -> None:
    cleaned = clean(text, who=Identifiers.of_header({"PatientName": header}))

    for part in (
        "佐藤",
        "健",
        "Sato",
        "Ken",
        "さとう",
        "サトウ",
        "大野",
        "翔太",
        "おおの",
        "ｵｵﾉ",
        "森",
        "純",
        "もり",
        "堀",
        "悠",
    ):
        assert part not in cleaned.text


def test_a_person_found_once_by_title_is_found_everywhere() -> None:
    assert clean("中村先生より依頼。中村の所見では結節。").text == "【医師名】先生より依頼。【医師名】の所見では結節。"


def test_what_is_only_suspicious_flags_the_text_and_is_not_cut() -> None:
    cleaned = clean("本件は滝口だ。", TextPolicy(learned=False))

    assert cleaned.text == "本件は滝口だ。"
    assert cleaned.review


def test_research_removes_dates_and_times_when_it_cannot_shift_them() -> None:
    cleaned = clean("2024年4月1日 10:23撮影。前回(3/15)と比較。L4/5。92歳。", RESEARCH)

    assert cleaned.text == "【日付】 【時刻】撮影。前回(【日付】)と比較。L4/5。89歳超。"


@pytest.mark.parametrize(
    ("written", "moved"),
    [
        ("2024年4月1日", "2024年3月18日"),
        ("2024/04/01", "2024/03/18"),
        ("令和6年4月1日", "令和6年3月18日"),
        ("R6.4.1", "R6.3.18"),
        ("4月1日", "3月18日"),
        ("20240401", "20240318"),
        ("2024-04-01", "2024-03-18"),
        ("April 1, 2024", "March 18, 2024"),
        ("1 Apr 2024", "18 Mar 2024"),
        ("令和元年5月2日", "平成31年4月18日"),
    ],
)
def test_shifted_dates_keep_their_form(written: str, moved: str) -> None:
    cleaned = clean(f"{written}と比較。", TextPolicy.of_profile("research", -14))

    assert cleaned.text == f"{moved}と比較。"


def test_english_texts_get_english_markers() -> None:
    cleaned = clean("Mr. Sato (MRN 123456), DOB May 3, 1970, seen by Dr. Emily Carver at Lakeview General Hospital.")

    assert cleaned.text == "Mr. [NAME] (MRN [PATIENT ID]), DOB [BIRTH DATE], seen by Dr. [PHYSICIAN] at [INSTITUTION]."


@pytest.mark.parametrize(
    ("header", "text", "expected"),
    [
        ("O'BRIEN^MARY-ANN", "Mary-Ann O’Brien; OBRIEN, MARY ANN; M. O'Brien", "[NAME]; [NAME]; [NAME]"),
        ("SMITH^JOHN^QUINCY", "John Q. Smith has a Smith fracture", "[NAME] has a Smith fracture"),
        ("YOUNG^LONG", "Mr. Young. Long segment of a young adult", "Mr. [NAME]. Long segment of a young adult"),
        ("WHITE^ALICE", "Alice White: white matter disease", "[NAME]: white matter disease"),
        ("MÜLLER^HANS", "Hans Mueller and H. Müller", "[NAME] and [NAME]"),
        ("CROHN^ADAM", "Mr. Crohn has Crohn's disease", "Mr. [NAME] has Crohn's disease"),
        ("DOE^JANE", "Electronically signed by Peter Q. Parker, MD", "Electronically signed by [PHYSICIAN], MD"),
        ("DOE^JANE", "told nurse Betty Ross at x4432", "told nurse [PHYSICIAN] at [PHONE]"),
        ("DOE^JANE", "at 12 Elm Street, Springfield, IL 62704", "at [ADDRESS]"),
    ],
)
def test_english_names_of_every_shape_go_and_clinical_words_stay(header: str, text: str, expected: str) -> None:
    assert clean(f"{text}.", who=Identifiers.of_header({"PatientName": header})).text == f"{expected}."


@pytest.mark.slow
@pytest.mark.parametrize("sign", ["あ", "ア", "山", "1", "A", "a ", "1-", "1 ", "佐藤 ", "年", "の病院", "市", "(0", "Dr. A", "5/", "、", "\n", "〇一", "A-", "氏名:"])  # fmt: skip
def test_no_text_takes_long_however_odd(sign: str) -> None:
    assert growth(lambda signs: clean(sign * (signs // len(sign)))) < LINEAR


def test_removed_counts_the_spans_of_each_category() -> None:
    cleaned = clean("佐藤さん、佐藤健様。TEL 03-5555-0123。")

    assert cleaned.removed == {"name": 2, "phone": 1}
    assert not cleaned.review


pieces = st.lists(
    st.one_of(
        st.sampled_from(["佐藤", "健", "さとうけん", "ｻﾄｳ", "SATO", "Ken", "00123456", "様", "先生", "1970/5/3", "2024年4月1日", "橋本病", "病院", "\n", " ", "：", "ID", "Dr. ", "【氏名】", "[NAME]", "髙", "が", "ﾞ", "\u3099", "\u200b", "㍻", "〒105-0099", "東京都港区", "氏名：", "読影医："]),
        st.text(max_size=6),
    ),
    max_size=14,
)  # fmt: skip


@given(pieces)
@settings(max_examples=examples(150), deadline=None)
def test_any_text_is_cleaned_without_an_error_and_a_second_time_changes_nothing(parts: list[str]) -> None:
    once = clean("".join(parts))

    assert clean(once.text).text == once.text


@given(pieces)
@settings(max_examples=examples(150), deadline=None)
def test_everything_outside_the_spans_is_as_it_was(parts: list[str]) -> None:
    text = "".join(parts)

    cleaned = clean(text)

    japanese = any(marker[0] in cleaned.text for marker in MARKERS.values())
    rebuilt, at = "", 0
    for start, end, category in cleaned.spans:
        rebuilt += text[at:start] + MARKERS[category][0 if japanese else 1]
        at = end
    assert rebuilt + text[at:] == cleaned.text


@given(st.text(max_size=40), st.text(max_size=20), st.text(max_size=20))
@settings(max_examples=examples(100), deadline=None)
def test_any_header_makes_a_dictionary(name: str, number: str, text: str) -> None:
    who = Identifiers.of_header(
        {"PatientName": name, "PatientID": number, "PatientBirthDate": number, "InstitutionName": text}
    )

    clean(text + name, who=who)


@pytest.mark.parametrize(
    "written",
    ["昭63.12.25", "'24/4/1", "2024・4・1", "12/5のCT", "4/1(月)撮影", "240401撮影", "2024Apr01", "01APR2024", "H30手術", "2018年", "令和6年四月", "R5.12/31", "04-01-2024", "2024(令和6)年4月1日", "April 2024", "5 Jan 24"],
)  # fmt: skip
def test_every_way_to_write_an_exam_date_is_removed_where_the_profile_says_so(written: str) -> None:
    assert "【日付】" in clean(f"前は{written}。", RESEARCH).text
    assert clean(f"前は{written}。").text == f"前は{written}。"


@pytest.mark.parametrize(
    "born", ["昭45.5.3", "45.5.3生", "70.5.3", "700503", "1970(昭和45)年5月3日", "誕生日5/3", "03MAY1970", "5月3日"]
)
def test_every_way_to_write_the_birth_date_is_found(born: str) -> None:
    assert "【生年月日】" in clean(f"患者、{born}、女性").text


@pytest.mark.parametrize("text", ["1/2に縮小", "5/8に腫瘍", "1/3程度", "S4/5/8", "L4/5", "C3/4/5/6", "3/7本", "100/60", "T2/FLAIR", "H2ブロッカー", "比1:2"])  # fmt: skip
def test_fractions_levels_and_ratios_are_no_dates(text: str) -> None:
    assert clean(f"所見は{text}。", RESEARCH).text == f"所見は{text}。"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("【読影医】佐藤　【確認医】伊藤", "【読影医】【医師名】　【確認医】【医師名】"),
        ("作成：放射線科 渡辺真理子", "作成：放射線科 【医師名】"),
        ("読影医：阿部 智子", "読影医：【医師名】"),
        ("読影医 高橋・鈴木", "読影医 【医師名】"),
        ("RAD: Suzuki / CHK: Yamada 診断", "RAD: 【医師名】 / CHK: 【医師名】 診断"),
        ("担当技師 Tanabe K.", "担当技師 【医師名】"),
        ("鈴木記", "【医師名】記"),
        ("確認：造影早期相", "確認：造影早期相"),
        ("読影：上部消化管に異常なし", "読影：上部消化管に異常なし"),
        ("担当：外科、撮影：単純", "担当：外科、撮影：単純"),
        ("国立がん研究センター中央病院より", "【施設】より"),
        ("松本耳鼻咽喉科、総合内科、心臓血管外科", "【施設】、総合内科、心臓血管外科"),
        ("かわさき整形外科へ", "【施設】へ"),
        ("さいたま市浦和区常盤6-4-4に", "【住所】に"),
        ("港区在住、市中肺炎、S6区域", "【住所】在住、市中肺炎、S6区域"),
    ],
)
def test_roles_practices_and_places_in_many_forms(text: str, expected: str) -> None:
    assert clean(text, who=Identifiers()).text == expected


@pytest.mark.parametrize(
    "text",
    ["所 見\n左椎骨動脈の血流は良好。", "読影 榊。\n左葉 44×23×15mm。", "国際コンセンサスガイドライン2023(京都)のWFなし。", "内田クレペリン検査を施行。"],
)  # fmt: skip
def test_a_heading_a_side_of_the_body_and_a_guidelines_town_are_nobody(text: str) -> None:
    cleaned = clean(text, who=Identifiers())

    assert cleaned.text.endswith(text.split("。\n")[-1])
    assert "surname-in-text" not in cleaned.reasons


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("総合判定:C3\n判定医 八月一日\n", "総合判定:C3\n判定医 【医師名】\n"),
        ("検査は八月一日です。所見なし", "検査は八月一日です。所見なし"),
        ("検査日:2024.4.1\n報告日は4月1日です。", "検査日:2024.4.1\n報告日は4月1日です。"),
        ("画像はIM:12-17。\n右腎嚢胞。", "画像はIM:12-17。\n右腎嚢胞。"),
    ],
)
def test_a_date_in_the_field_of_a_reader_is_a_name_and_elsewhere_a_date(text: str, expected: str) -> None:
    assert clean(text, who=Identifiers()).text == expected
