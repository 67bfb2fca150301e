# ruff: noqa: E501 - rows of samples stay readable unbroken
"""Planted reports: invented people, and an answer key of what must go and what must stay.

Three writers with different habits. ``structured`` writes as a report system prints: labels, headings, signatures.
``dictated`` writes as people talk: mid-sentence names, other orders, other titles, odd widths and line breaks. ``scattered`` puts one disturbed identifier between any two signs.
Everything here is invented.
"""

import random
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field

import jaconv

FAMILIES = [
    ("佐藤", "サトウ", "SATO"), ("鈴木", "スズキ", "SUZUKI"), ("髙橋", "タカハシ", "TAKAHASHI"), ("田中", "タナカ", "TANAKA"),
    ("渡邊", "ワタナベ", "WATANABE"), ("伊藤", "イトウ", "ITO"), ("山﨑", "ヤマザキ", "YAMAZAKI"), ("齋藤", "サイトウ", "SAITO"),
    ("長谷川", "ハセガワ", "HASEGAWA"), ("佐々木", "ササキ", "SASAKI"), ("五十嵐", "イガラシ", "IGARASHI"), ("橋本", "ハシモト", "HASHIMOTO"),
    ("川崎", "カワサキ", "KAWASAKI"), ("高安", "タカヤス", "TAKAYASU"), ("菊池", "キクチ", "KIKUCHI"), ("大野", "オオノ", "ONO"),
    ("森", "モリ", "MORI"), ("東", "アズマ", "AZUMA"), ("濱田", "ハマダ", "HAMADA"), ("勅使河原", "テシガワラ", "TESHIGAWARA"),
    ("本間", "ホンマ", "HOMMA"), ("小柳", "コヤナギ", "KOYANAGI"), ("難波", "ナンバ", "NAMBA"), ("堀", "ホリ", "HORI"),
]  # fmt: skip
GIVENS = [
    ("健", "ケン", "KEN"), ("花子", "ハナコ", "HANAKO"), ("一郎", "イチロウ", "ICHIRO"), ("美由紀", "ミユキ", "MIYUKI"),
    ("大輔", "ダイスケ", "DAISUKE"), ("恵", "メグミ", "MEGUMI"), ("さくら", "サクラ", "SAKURA"), ("翔太", "ショウタ", "SHOTA"),
    ("純一郎", "ジュンイチロウ", "JUNICHIRO"), ("和子", "カズコ", "KAZUKO"), ("悠真", "ユウマ", "YUMA"), ("優子", "ユウコ", "YUKO"),
]  # fmt: skip
DOCTORS = [
    "山口 達也",
    "松本 直樹",
    "井上 真理",
    "木村 拓",
    "清水 茂",
    "阿部 智子",
    "岡田 准",
    "村上 春菜",
    "近藤 恭平",
    "石井 裕",
]
HOSPITALS = [
    "みなと総合病院",
    "東都大学医学部附属病院",
    "さくらクリニック",
    "聖マリア記念病院",
    "山手医療センター",
    "みどりヶ丘病院",
    "北浜内科クリニック",
]
ADDRESSES = [
    "東京都港区架空町1-2-3",
    "大阪府大阪市北区仮野1丁目2番3号",
    "北海道札幌市中央区虚構9条西5丁目",
    "横浜市青葉区空想台2-14-5 ハイツ空102号室",
]
CLINICAL_JA = [
    "右肺S6に12×8 mmの充実性結節を認める", "すりガラス様陰影は認めない", "L4/5の椎間板ヘルニア", "Th12圧迫骨折", "#4Rリンパ節は短径11 mm",
    "cT1bN2M0、Stage IIIA", "橋本病の既往", "高安動脈炎として矛盾しない", "川崎病後の冠動脈瘤", "肝S4/8に2.5 cmの嚢胞", "Bosniak IIF",
    "菊池病（組織球性壊死性リンパ節炎）", "フォークト・小柳・原田病", "Swan-Ganzカテーテル先端は右肺動脈", "Hodgkinリンパ腫の治療後", "木村病を疑う",
    "石灰化を伴う", "骨盤内に腹水なし", "門脈本幹は開存", "左室駆出率は58 %", "CT値は35 HU", "DLP 512.3 mGy.cm", "関節裂隙の狭小化",
    "前立腺はPI-RADS 4", "乳頭様の突出", "原発巣は不明", "胆石を認める（5 mm大、3個）", "直腸Raに壁肥厚", "Fazekas grade 2", "太田母斑あり",
    "ADC値は0.78×10-3 mm2/s", "右大腿骨頸部骨折術後", "結節様の多様な形態", "市中肺炎の像", "中心静脈カテーテル", "山田分類III型のポリープ",
]  # fmt: skip
CLINICAL_EN = [
    "3.5 cm mass in segment VI", "Hodgkin lymphoma, in remission", "Swan-Ganz catheter tip in the right pulmonary artery",
    "L4/5 disc herniation", "T1N0M0", "Takayasu arteritis cannot be excluded", "Crohn disease", "Bosniak IIF cyst",
    "white matter hyperintensities", "no acute intracranial hemorrhage", "the long axis measures 12 mm", "Hashimoto thyroiditis",
    "Fleischner criteria apply", "DLP 432 mGy.cm", "node measures 1.2 x 0.8 cm", "BI-RADS 4A", "Gleason 3+4", "grade 3/4",
]  # fmt: skip


@dataclass
class Report:
    """A report with its answer key."""

    header: dict[str, str]
    text: str = ""
    gone: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    def plant(self, text: str) -> "Report":
        self.gone.append(text)
        self.text += text
        return self

    def keep(self, text: str) -> "Report":
        self.kept.append(text)
        self.text += text
        return self

    def say(self, text: str) -> "Report":
        self.text += text
        return self


@dataclass(frozen=True)
class Person:
    """One invented patient."""

    family: tuple[str, str, str]
    given: tuple[str, str, str]
    id: str
    birth: tuple[int, int, int]

    @property
    def pn(self) -> str:
        return f"{self.family[2]}^{self.given[2]}={self.family[0]}^{self.given[0]}={self.family[1]}^{self.given[1]}"

    def header(self, rng: random.Random, day: tuple[int, int, int], accession: str) -> dict[str, str]:
        return {
            "PatientName": self.pn,
            "PatientID": self.id,
            "PatientBirthDate": "{:04d}{:02d}{:02d}".format(*self.birth),
            "StudyDate": "{:04d}{:02d}{:02d}".format(*day),
            "AccessionNumber": accession,
            "ReferringPhysicianName": "=" + rng.choice(DOCTORS).replace(" ", "^"),
            "InstitutionName": rng.choice(HOSPITALS),
            "InstitutionalDepartmentName": "放射線科",
        }


def person(rng: random.Random) -> Person:
    number = "".join(rng.choices("0123456789", k=rng.choice([7, 8, 10])))
    birth = (rng.randint(1930, 2015), rng.randint(1, 12), rng.randint(1, 28))
    return Person(rng.choice(FAMILIES), rng.choice(GIVENS), "1" + number[1:], birth)


def full_width(text: str) -> str:
    return jaconv.h2z(text, kana=True, ascii=True, digit=True)


def half_kana(text: str) -> str:
    return jaconv.z2h(text, kana=True)


def era(year: int) -> tuple[str, str, int]:
    if year >= 2020:
        return "令和", "R", year - 2018
    if year >= 1990:
        return "平成", "H", year - 1988
    return "昭和", "S", year - 1925


def kanji_number(number: int) -> str:
    digits = "〇一二三四五六七八九"
    if number < 10:
        return digits[number]
    tens = "" if number < 20 else digits[number // 10]
    return tens + "十" + (digits[number % 10] if number % 10 else "")


def spelt(rng: random.Random, year: int, month: int, day: int) -> str:
    name, letter, count = era(year)
    forms = [
        f"{year}年{month}月{day}日", f"{year}/{month}/{day}", f"{year}.{month:02d}.{day:02d}", f"{year}-{month:02d}-{day:02d}",
        f"{year}{month:02d}{day:02d}", f"{name}{count}年{month}月{day}日", f"{letter}{count}.{month}.{day}",
        f"{name}{kanji_number(count)}年{kanji_number(month)}月{kanji_number(day)}日", full_width(f"{year}年{month}月{day}日"),
        full_width(f"{year}/{month}/{day}"), f"{name} {count} 年 {month} 月 {day} 日",
    ]  # fmt: skip
    return rng.choice(forms)


def spelt_en(rng: random.Random, year: int, month: int, day: int) -> str:
    names = "January February March April May June July August September October November December".split()
    name = names[month - 1]
    forms = [
        f"{name} {day}, {year}",
        f"{day} {name[:3]} {year}",
        f"{month:02d}/{day:02d}/{year}",
        f"{year}-{month:02d}-{day:02d}",
    ]
    return rng.choice([*forms, f"{name[:3]} {day}, {year}", f"{day}-{name[:3]}-{year}"])


def structured(seed: int, *, research: bool = False) -> Report:
    """Write a Japanese report as a report system prints it. research: exam dates are planted too."""
    rng = random.Random(seed)
    who, day = person(rng), (rng.randint(2018, 2025), rng.randint(1, 12), rng.randint(1, 28))
    accession = rng.choice(["A{}", "{}", "CT-{}"]).format(rng.randint(10**7, 10**8 - 1))
    report = Report(who.header(rng, day, accession))
    (family, kana, romaji), (given, given_kana, given_romaji) = who.family, who.given
    names = [
        f"{family}{given}",
        f"{family} {given}",
        f"{family}　{given}",
        f"{family}\n{given}",
        f"{kana} {given_kana}",
        half_kana(f"{kana} {given_kana}"),
    ]
    names += [
        f"{romaji} {given_romaji}",
        f"{given_romaji.title()} {romaji.title()}",
        f"{romaji.title()}, {given_romaji.title()}",
    ]
    report.say("患者：").plant(rng.choice(names)).say(rng.choice([" 様", "さん", " 殿", ""])).say("  ")
    number = rng.choice([who.id, full_width(who.id), "00" + who.id, f"{who.id[:3]}-{who.id[3:]}"])
    report.say(rng.choice(["ID：", "患者ID ", "カルテ番号 ", "ID "])).plant(number).say("\n")
    report.say(rng.choice(["生年月日：", "生年月日 "])).plant(spelt(rng, *who.birth)).say("\n")
    report.say(rng.choice(["検査番号：", "受付番号 ", "Accession No. "])).plant(accession).say("\n検査日：")
    _exam(report, spelt(rng, *day), research)
    report.say("\n【所見】\n")
    for _ in range(rng.randint(2, 5)):
        report.keep(rng.choice(CLINICAL_JA)).say("。")
        _aside(report, rng, who)
    report.say("\n【診断】\n#1 ").keep(rng.choice(CLINICAL_JA)).say("\n")
    report.say(rng.choice(["読影医：", "報告者：", "読影： ", "文責："])).plant(rng.choice(DOCTORS)).say("\n")
    return report


def _exam(report: Report, text: str, research: bool) -> None:
    if research:
        report.plant(text)
    else:
        report.keep(text)


def _aside(report: Report, rng: random.Random, who: Person) -> None:
    """Say one of the things that find their way into findings."""
    family = who.family[0]
    doctor = rng.choice(DOCTORS).split()[0]
    phone = rng.choice(
        ["03-5555-0123", "(06)5550-1234", "090-0000-1234", "０３－５５５５－０１２３", "+81-3-5555-0199"]
    )
    asides: list[Callable[[], object]] = [
        lambda: None,
        lambda: report.plant(family).say(rng.choice(["様", "さん", "氏"])).say("は").keep("咳嗽が持続").say("。"),
        lambda: report.plant(doctor).say(rng.choice(["医師", "先生", " Dr."])).say("に連絡済み。"),
        lambda: report.say("放射線科の").plant(doctor).say("先生と協議。"),
        lambda: report.plant(rng.choice(HOSPITALS)).say("より紹介。"),
        lambda: report.say("連絡先 ").plant(phone).say("。"),
        lambda: report.say("住所：").plant(rng.choice(ADDRESSES)).say("\n"),
        lambda: report.plant("〒105-0099").say(" ").plant(rng.choice(ADDRESSES)).say("。"),
        lambda: report.say("メール ").plant("taro.kaku@example.co.jp").say("。"),
        lambda: report.say("車両番号 ").plant("品川 300 あ 12-34").say("の事故。"),
        lambda: report.say("被保険者番号 ").plant("12345678").say("。"),
        lambda: report.say("マイナンバー ").plant("1234 5678 9018").say("。"),
    ]
    rng.choice(asides)()


def dictated(seed: int, *, research: bool = False) -> Report:
    """Write a report as it is dictated: no fields, people in mid-sentence. Every third one is English."""
    rng = random.Random(10_000 + seed)
    who, day = person(rng), (rng.randint(2016, 2025), rng.randint(1, 12), rng.randint(1, 28))
    order = f"{rng.randint(10**9, 10**10 - 1)}"
    report = Report(who.header(rng, day, order))
    if seed % 3 == 2:
        return _dictated_english(report, rng, who, day, order, research)
    return _dictated_japanese(report, rng, who, day, order, research)


def _dictated_japanese(
    report: Report, rng: random.Random, who: Person, day: tuple[int, int, int], order: str, research: bool
) -> Report:
    (family, kana, romaji), (given, given_kana, _) = who.family, who.given
    year, month, date = day
    openings: list[Callable[[], object]] = [
        lambda: report.plant(f"{family}{given}").say("（").keep("男性").say("）の件。"),
        lambda: report.say("本日の").plant(f"{family}{given}").say("様、よろしくお願いします。"),
        lambda: report.say("Pt: ").plant(f"{romaji.title()} {who.given[2][0]}.").say(" "),
        lambda: report.plant(jaconv.kata2hira(kana + given_kana)).say("さんのCTです。"),
        lambda: report.plant(half_kana(kana + given_kana)).say(" #").plant(who.id).say("\n"),
        lambda: report.plant(f"{family[0]} {family[1:]}{given}" if len(family) > 1 else f"{family} {given}").say(
            "殿\n"
        ),
        lambda: report.plant(f"{full_width(romaji)}　{full_width(who.given[2])}").say("\n"),
        lambda: report.plant("\u200b".join(f"{family}{given}")).say("様。"),
    ]
    rng.choice(openings)()
    letter, count = era(year)[1:]
    exam = rng.choice(
        [
            f"{letter}{count}/{month}/{date}",
            f"{era(year)[0]}{count}年{month}月",
            f"{year}年{month}月{date}日（月）",
            f"{month}月{date}日",
        ]
    )
    report.say("前回 ")
    _exam(report, exam, research)
    report.say(" と比べ、").keep(rng.choice(CLINICAL_JA)).say("。")
    doctor = rng.choice(DOCTORS)
    last, first = doctor.split()
    middles: list[Callable[[], object]] = [
        lambda: report.say("患者の").plant(family).say("さん曰く、").keep("右季肋部痛あり").say("。"),
        lambda: report.say("Dr.").plant(last).say("と供覧。"),
        lambda: report.plant(f"{last}{first}").say("先生御侍史、").keep("造影剤は使用せず").say("。"),
        lambda: report.say("看護師 ").plant(doctor).say(" 立ち会い。"),
        lambda: (
            report.say("当直の")
            .plant(last)
            .say("先生、外科")
            .plant(rng.choice(DOCTORS).split()[0])
            .say("先生に口頭で報告。")
        ),
        lambda: report.say("内線").plant(str(rng.randint(2000, 8999))).say("へ連絡。"),
        lambda: report.plant(
            rng.choice(["東都大学病院", "仮町市民病院", "みどり野クリニック", "国立架空病院機構西部医療センター"])
        ).say("での前医CTあり。"),
        lambda: report.say("オーダ番号").plant(order).say("。"),
        lambda: report.say("携帯").plant("08000001234").say("、自宅").plant("0455551234").say("。"),
        lambda: report.plant(spelt(rng, *who.birth)).say("生まれ、").keep("喫煙歴40本×30年").say("。"),
        lambda: report.plant(f"{era(who.birth[0])[1]}{era(who.birth[0])[2]}年{who.birth[1]}月{who.birth[2]}日生").say(
            "。"
        ),
        lambda: report.say("ご本人（").plant(jaconv.kata2hira(kana)).say("様）に説明。"),
        lambda: report.say("http://").plant("ris.karimachi-hp.jp").say("/v?id=").plant(who.id).say(" 参照。"),
        lambda: report.plant("仮町市空野3丁目4-5").say("在住。"),
    ]
    for middle in rng.sample(middles, 4):
        middle()
        report.keep(rng.choice(CLINICAL_JA)).say("。\n")
    report.say("以上 ").plant(rng.choice(DOCTORS)).say("\n")
    return report


def _dictated_english(
    report: Report, rng: random.Random, who: Person, day: tuple[int, int, int], order: str, research: bool
) -> Report:
    family, given = who.family[2].title(), who.given[2].title()
    birth = spelt_en(rng, *who.birth)
    openings: list[Callable[[], object]] = [
        lambda: report.say("This is a CT of Mr. ").plant(family).say(", "),
        lambda: report.plant(f"{given} {family}").say(" (MRN ").plant(who.id).say(") was scanned. "),
        lambda: report.say("RE: ").plant(f"{family.upper()}, {given.upper()}").say(" / DOB ").plant(birth).say(" / "),
        lambda: report.say("Patient ").plant(f"{given[0]}. {family}").say(", born ").plant(birth).say(", "),
    ]
    rng.choice(openings)()
    report.keep("referred for weight loss").say(". Prior study of ")
    _exam(report, spelt_en(rng, *day), research)
    report.say(" is available. ").keep(rng.choice(CLINICAL_EN)).say(".\n")
    doctor = rng.choice(["Emily Carver", "Robert J. Oduya", "Yuki Nakagawa", "Priya Raman"])
    middles: list[Callable[[], object]] = [
        lambda: report.say("Findings were discussed with Dr. ").plant(doctor.split()[-1]).say(" by phone. "),
        lambda: report.say("Please call ").plant("(555) 010-7788").say(" with questions. "),
        lambda: report.say("Transferred from ").plant("Lakeview General Hospital").say(". "),
        lambda: report.plant(family).say(" tolerated the procedure well. "),
        lambda: report.say("The patient lives at ").plant("42 Fictional Avenue, Springfield, IL 62704").say(". "),
        lambda: report.say("Accession: ").plant(order).say(". "),
        lambda: report.say("Contact ").plant("records@lakeview.example.com").say(". "),
        lambda: report.say("Images reviewed with ").plant(doctor).say(", MD. "),
    ]
    for middle in rng.sample(middles, 3):
        middle()
        report.keep(rng.choice(CLINICAL_EN)).say(". ")
    report.say("\nElectronically signed by ").plant(doctor).say("\n")
    return report


_BEFORE = [
    "",
    "本日の",
    "。",
    "、",
    "\n",
    "（",
    "：",
    " ",
    "　",
    "症例は",
    "患者",
    "この度",
    "ID",
    "*",
    "・",
    "CT ",
    "=>",
    "は",
    "の",
    "に",
    "①",
    "【",
]
_AFTER = [
    "",
    "。",
    "、",
    "\n",
    "）",
    "は咳嗽あり",
    "さん",
    "様",
    "の件",
    "を撮影",
    " ",
    "　",
    "殿",
    "(男)",
    "氏",
    "先生",
    "」",
    "のCT",
    ":",
    "/",
    "】",
    "です",
]


def scattered(seed: int, *, research: bool = False) -> Report:
    """Write one of the header's identifiers, disturbed in some way, between any two signs."""
    rng = random.Random(20_000 + seed)
    who, day = person(rng), (2024, 4, 1)
    report = Report(who.header(rng, day, f"A{rng.randint(10**7, 10**8)}"))
    (family, kana, romaji), (given, given_kana, given_romaji) = who.family, who.given
    hiragana = jaconv.kata2hira(f"{kana} {given_kana}")
    plain = [
        family + given, f"{family} {given}", kana + given_kana, f"{kana} {given_kana}", hiragana, hiragana.replace(" ", ""),
        f"{romaji} {given_romaji}", f"{given_romaji.title()} {romaji.title()}", f"{romaji.title()},{given_romaji.title()}",
        who.id, f"000{who.id}", f"{who.id[:2]}-{who.id[2:5]}-{who.id[5:]}", report.header["AccessionNumber"],
    ]  # fmt: skip
    text = _disturbed(rng, rng.choice(plain))
    before, after = rng.choice(_BEFORE), rng.choice(_AFTER)
    return (
        report.keep(rng.choice(CLINICAL_JA))
        .say(f"。{before}")
        .plant(text)
        .say(f"{after}。")
        .keep(rng.choice(CLINICAL_JA))
    )


def _disturbed(rng: random.Random, text: str) -> str:
    at = rng.randrange(1, len(text))
    forms: list[Callable[[], str]] = [
        lambda: full_width(text),
        lambda: " ".join(text),
        lambda: half_kana(text),
        lambda: "\u200b".join(text),
        lambda: text[:at] + rng.choice(" 　\n") + text[at:],
        lambda: text.lower(),
        lambda: text,
    ]
    return rng.choice(forms)()


def survivors(report: Report, cleaned: str) -> list[str]:
    """Return the planted strings that are still there, in whatever width or spacing."""
    for text in sorted(report.kept, key=len, reverse=True):
        cleaned = cleaned.replace(text, "|")  # 木村 may stand in 木村病
    flat = _flat(cleaned)
    return [text for text in report.gone if text in cleaned or (len(_flat(text)) > 2 and _flat(text) in flat)]


def losses(report: Report, cleaned: str) -> list[str]:
    """Return what should have stayed and did not."""
    return [text for text in report.kept if cleaned.count(text) < min(report.text.count(text), report.kept.count(text))]


def _flat(text: str) -> str:
    return re.sub(r"[\s　・\u200b]", "", unicodedata.normalize("NFKC", text)).lower()
