"""Names, places and numbers that only two kinds of evidence together tell, and the clinical words beside them."""

import importlib
import re

import pytest

from services.anonymizer.text.cleaner import Identifiers, TextPolicy, clean_text
from services.anonymizer.text.folding import morphemes, scripts
from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.morphemes import Kind
from shared.errors import SettingsError

KUROSAKI = Identifiers.of_header({"PatientName": "Kurosaki^Mitsuki=黒崎^光希=くろさき^みつき", "PatientID": "00734512"})
EXAM = Identifiers.of_header({"PatientID": "00734512", "StudyDate": "20240507"})
SHIFTED = TextPolicy(dates="shift", shift_days=35)


def cleaned(text: str, who: Identifiers = KUROSAKI, policy: TextPolicy | None = None) -> str:
    return clean_text(text, who, policy or TextPolicy()).text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("黒崎 左乳房", "【医師名】 左乳房"),
        ("佐藤 肺癌", "【医師名】 肺癌"),
        ("田中　術前", "【医師名】　術前"),
        ("報告者 田中　承認者 鈴木", "報告者 【医師名】　承認者 【医師名】"),
        ("読影：森／林田　承認：関", "読影：【医師名】／【医師名】　承認：【医師名】"),
        ("黒崎 結節一", "【医師名】 結節一"),
        ("黒崎 光希 右肺", "【氏名】 右肺"),
    ],
)
def test_a_name_before_a_blank_goes_and_the_word_behind_it_stays(text: str, expected: str) -> None:
    assert cleaned(text).replace("氏名", "医師名") == expected.replace("氏名", "医師名")


@pytest.mark.parametrize(
    "text", ["依頼医：林", "読影医：森", "主治医：安", "[読影者] 椋", "検診医 石・角", "読影：森　主治医：林"]
)
def test_one_kanji_behind_a_label_is_a_name(text: str) -> None:
    assert not {"林", "森", "安", "椋", "石", "角"} & set(cleaned(text, Identifiers()))


@pytest.mark.parametrize(
    "text",
    ["連絡先 ０９０ー００００ー０１９８", "〇九〇ー〇〇〇〇ー〇一九八", "090・0000・0198", "[PHS] 6021", "内線(371)",
     "Called at 10:20 (x7312)", "PHS⑦312", "夜間は#8812"],
)  # fmt: skip
def test_phones_go_in_every_writing(text: str) -> None:
    assert "【電話】" in (out := cleaned(text, Identifiers())) or "[PHONE]" in out
    assert not any(number in out for number in ("198", "一九八", "6021", "371", "312", "8812"))


@pytest.mark.parametrize(
    ("text", "left"),
    [("病棟：東6", "東6"), ("WARD=5N;", "5N"), ("ﾋﾞｮｳﾄｳ:3F", "3F"), ("様（３０７－②）", "３０７"), ("11A入院中", "11A"),
     ("連絡先：7西", "7西")],
)  # fmt: skip
def test_wards_and_rooms_go_without_their_word(text: str, left: str) -> None:
    assert left not in cleaned(text, Identifiers())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5/7にカテ予約", "6/11にカテ予約"),
        ("初回報告：7/3", "初回報告：8/7"),
        ("次回 6/6", "次回 7/11"),
        ("令三・十二・一", "令4・1・5"),
        ("24.3.15", "24.4.19"),
        ("三月四日", "4月8日"),
        ("5/7に腫瘍", "6/11に腫瘍"),
        ("5/8に腫瘍", "5/8に腫瘍"),
        ("Fleischner 2017に従う", "Fleischner 2017に従う"),
        ("WHO 2021に基づく", "WHO 2021に基づく"),
        ("診断基準 2015年改訂による", "診断基準 2015年改訂による"),
        ("ver 24.3.15", "ver 24.3.15"),
    ],
)
def test_dates_move_and_editions_stay(text: str, expected: str) -> None:
    assert cleaned(text, EXAM, SHIFTED).replace("2024.4.19", "24.4.19") == expected


@pytest.mark.parametrize(
    ("text", "born"),
    [
        ("NAME=HIRAI MASATO;BIRTH=19580214;WARD=5N", "19580214"),
        ("230045|赤嶺結衣|F|20000229|CT", "20000229"),
        ("ｼﾒｲ:ﾔﾏｼﾀ ｶｽﾞﾋｺ ｾｲﾈﾝｶﾞｯﾋﾟ:S20.08.15", "S20"),
        ("受診者 ササキ コウイチ　男　1970年(昭和45年)11月3日", "1970"),
    ],
)
def test_birth_dates_go_from_exports_without_a_header(text: str, born: str) -> None:
    assert born not in cleaned(text, Identifiers())


@pytest.mark.parametrize(
    ("text", "name"),
    [("妻莉子さん 来院", "莉子"), ("旧姓宮前", "宮前"), ("長男：佑磨", "佑磨"), ("230045|F|y.kudo|t.abe|FINAL", "kudo"),
     ("勤務先：青波", "青波"), ("緑ヶ丘中学校2年", "緑ヶ丘")],
)  # fmt: skip
def test_relatives_logins_employers_and_schools_go(text: str, name: str) -> None:
    assert name not in cleaned(text, Identifiers())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("氏 名 ： 小 鳥 遊 健", "鳥"),
        ("術者 小鳥⏎遊先生", "遊"),
        ("出席：原、梁", "梁"),
        ("一次 菅／二次 久保", "菅"),
        ("リハ 齋藤OT同伴", "齋藤"),
        ("|YAMADA^HANAKO|", "YAMADA"),
        ("添付 TANAKA1.zip", "TANAKA"),
        ("患者：K.K.　53歳", "K.K."),
        ("カナ：ﾃﾞｭﾎﾞﾜ ｴﾐﾘｰ", "ﾃﾞｭﾎﾞﾜ"),
        ("THAPA SITA様", "THAPA"),
        ("Dictated R. Gupta", "Gupta"),
        ("his wife Hanako was informed", "Hanako"),
        ("過去CTは済生会榎川(2020.12.19)", "榎川"),
        ("迎え 新館3階", "新館"),
        ("検体 S22-60482", "60482"),
        ("[15:23 dr8219] 修正", "dr8219"),
        ("鷺坂市住民検診", "鷺坂"),
        ("記号 60235　番号 あ6739", "6739"),
        ("生年月日 3-350728", "350728"),
    ],
)
def test_what_hospitals_write_without_a_label_goes(text: str, name: str) -> None:
    assert name not in cleaned(text.replace("⏎", "\n"), Identifiers())


def test_a_part_of_a_given_name_of_the_header_goes_in_katakana() -> None:
    who = Identifiers.of_header({"PatientName": "Nguyen^Thi Lan=グエン^ティ・ラン="})

    assert cleaned("ランさん、ラン様", who) == "【氏名】さん、【氏名】様"


@pytest.mark.parametrize(
    "text",
    ["フォークト・小柳・原田病", "左神経根を圧排", "島回の萎縮なし", "主膵管拡張・腹腔内遊離ガスなし",
     "画像番号8-21を参照", "LOGIQ E10", "乳癌取扱い規約第18版", "もやもや病 鈴木分類 第2期", "T2, N1, M0",
     "ポリープ様病変", "左第2中足骨に骨折線", "川崎先生　川崎病疑い"],
)  # fmt: skip
def test_clinical_words_beside_the_same_forms_stay(text: str) -> None:
    kept = text.removeprefix("川崎先生")

    assert cleaned(text, Identifiers()).endswith(kept)


def test_the_analyser_tells_names_from_words() -> None:
    words = FoldedText("小鳥遊が左乳房を撮影").words

    assert words.are(0, 3, Kind.FAMILY)
    assert words.are_common(4, 7)


def test_without_the_analyser_no_text_is_taken_for_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    morphemes._tokenizer.cache_clear()
    monkeypatch.setattr(importlib, "import_module", _nothing)

    assert not morphemes.available()
    with pytest.raises(SettingsError, match="not installed"):
        clean_text("結節なし", Identifiers())
    assert clean_text("結節なし", Identifiers(), TextPolicy(analyse=False)).text == "結節なし"
    morphemes._tokenizer.cache_clear()


def _nothing(name: str) -> None:
    raise ImportError(name)


MANY = "読影医:佐藤 一郎\n依頼医:鈴木 花子\n技師:高橋 二郎\n主治医:田中 三郎\n"


@pytest.mark.parametrize(
    ("most", "header", "flagged"),
    [
        (3, {}, True),
        (4, {}, False),
        (0, {}, False),
        (3, {"ReferringPhysicianName": "鈴木^花子"}, False),
    ],
)
def test_a_text_that_names_more_than_so_many_is_flagged_and_who_the_header_tells_does_not_count(
    most: int, header: dict[str, str], flagged: bool
) -> None:
    cleaned = clean_text(MANY, Identifiers.of_header(header), TextPolicy(most_named=most))

    assert ("many-identifiers" in cleaned.reasons) is flagged
    assert "鈴木" not in cleaned.text


@pytest.mark.parametrize(
    ("text", "left"),
    [("S.46-3-20生", ""), ("生年月日:S03/10/06", "生年月日"), ("画像番号 2015", "2015"), ("施設ID=116-16", "116-16")],
)
def test_eras_with_a_point_are_dates_and_numbers_of_things_stay(text: str, left: str) -> None:
    cleaned = clean_text(text, Identifiers(), TextPolicy(learned=False))

    assert left in cleaned.text
    assert bool(cleaned.removed) is ("生" in text)


@pytest.mark.parametrize(
    "text",
    [
        "画像番号 2017に結節",
        "DLP 1987.8 mGy",
        "生検 3/12本陽性",
        "CT 2/18スライス目",
        "右C領域10:30方向に腫瘤",
        "Gleason score 3+4、生検 4/12。",
        "・BOP 8/21。",
        "Lot 2070-5を投与",
        "TR/TE 2015/12。",
        "NRS 10/10の疼痛。",
        "VER 3.7.26 24.6.3",
    ],
)
def test_numbers_of_images_doses_and_parts_are_no_dates(text: str) -> None:
    assert cleaned(text, Identifiers(), TextPolicy.of_profile("research")) == text


@pytest.mark.parametrize(
    "text",
    [
        "一次読影 橋 / 二次読影 森",
        "一次 辻 / 二次 石川",
        "一次読影：要　二次読影：目野",
        "診断医 鵜川泉 / 撮影 北",
    ],
)
def test_two_who_read_are_named_in_one_line_that_is_not_spaced_out(text: str) -> None:
    left = clean_text(f"異常なし。\n{text}", Identifiers(), TextPolicy(learned=False)).text

    assert left.count("【医師名】") == 2


@pytest.mark.parametrize("text", ["主治医へ連絡→背戸 3599", "主治医へ連絡済\n背戸 3599\n"])
def test_a_word_alone_with_a_short_number_beside_staff_flags(text: str) -> None:
    result = clean_text(text, Identifiers(), TextPolicy(learned=False))

    assert ("背戸" in {result.text[risk.start : risk.end] for risk in result.risks}) or "背戸" not in result.text


@pytest.mark.parametrize("text", ["尿量 3599\n主治医へ報告", "福岡ガイドライン2017", "徳橋スコア 2点。"])
def test_measures_and_eponyms_beside_numbers_stay_and_do_not_flag(text: str) -> None:
    result = clean_text(text, Identifiers(), TextPolicy(learned=False))

    assert (result.text, result.reasons) == (text, ())


@pytest.mark.parametrize("text", ["依頼医：背戸\n所見", "背戸先生ご依頼の検査"])
def test_a_name_that_goes_as_a_whole_is_no_reason_for_a_look(text: str) -> None:
    result = clean_text(text, Identifiers(), TextPolicy(learned=False))

    assert "背戸" not in result.text
    assert not result.review


@pytest.mark.parametrize(
    ("sign", "expected"),
    [
        ("\uf9d1", "kanji"),
        ("\ufa11", "kanji"),
        ("가", "hangul"),
        ("힣", "hangul"),
        ("\ue000", "other"),
        ("豈", "kanji"),
    ],
)
def test_hangul_and_private_signs_are_no_kanji(sign: str, expected: str) -> None:
    assert scripts.script(sign) == expected
    assert bool(re.fullmatch(f"[{scripts.ANY_KANJI}]", sign)) == (expected == "kanji")
