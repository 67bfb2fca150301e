"""Print invented Japanese radiology reports with the spans of their identifiers.

    python generator.py --seed N --count M --kind ordinary|hostile

One JSON object per line. All people, hospitals, firms and schools are random combinations.

Templates: {slot} or {slot:argument} is filled, {a|b|c} is a choice, ‹…› marks a clinical term that must
stay word for word, «…» marks a number that looks like a date and is not one. Identifiers are marked by the
slots themselves. Marks travel through every transformation of the text (width, wrapping, OCR blanks), so
the offsets are those of the finished text.
"""

import argparse
import json
import random
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

OPEN, SEP, CLOSE = "\ue000", "\ue001", "\ue002"
MARK_HEAD = re.compile(f"{OPEN}[^{SEP}]*{SEP}|{CLOSE}")


# ---------------------------------------------------------------- names

def pairs(text: str) -> list[tuple[str, str]]:
    return [tuple(item.split(":")) for item in text.split()]


SURNAMES_COMMON = pairs("""
佐藤:サトウ 鈴木:スズキ 高橋:タカハシ 田中:タナカ 伊藤:イトウ 渡辺:ワタナベ 山本:ヤマモト 中村:ナカムラ 小林:コバヤシ 加藤:カトウ
吉田:ヨシダ 山田:ヤマダ 佐々木:ササキ 山口:ヤマグチ 松本:マツモト 井上:イノウエ 木村:キムラ 斎藤:サイトウ 齋藤:サイトウ 齊藤:サイトウ
清水:シミズ 山崎:ヤマザキ 阿部:アベ 池田:イケダ 橋本:ハシモト 山下:ヤマシタ 石川:イシカワ 中島:ナカジマ 前田:マエダ 藤田:フジタ
後藤:ゴトウ 小川:オガワ 岡田:オカダ 村上:ムラカミ 長谷川:ハセガワ 近藤:コンドウ 石井:イシイ 坂本:サカモト 遠藤:エンドウ 藤井:フジイ
青木:アオキ 福田:フクダ 三浦:ミウラ 西村:ニシムラ 藤原:フジワラ 太田:オオタ 松田:マツダ 原田:ハラダ 岡本:オカモト 中野:ナカノ
小野:オノ 田村:タムラ 竹内:タケウチ 金子:カネコ 和田:ワダ 中山:ナカヤマ 石田:イシダ 上田:ウエダ 柴田:シバタ 酒井:サカイ
宮崎:ミヤザキ 横山:ヨコヤマ 高木:タカギ 安藤:アンドウ 宮本:ミヤモト 大野:オオノ 小島:コジマ 谷口:タニグチ 今井:イマイ 工藤:クドウ
高田:タカダ 増田:マスダ 丸山:マルヤマ 杉山:スギヤマ 村田:ムラタ 大塚:オオツカ 新井:アライ 小山:コヤマ 平野:ヒラノ 藤本:フジモト
河野:コウノ 上野:ウエノ 野口:ノグチ 武田:タケダ 松井:マツイ 千葉:チバ 岩崎:イワサキ 菅原:スガワラ 木下:キノシタ 久保:クボ
佐野:サノ 川崎:カワサキ 菊池:キクチ 高安:タカヤス 平山:ヒラヤマ 髙橋:タカハシ 渡邉:ワタナベ 渡邊:ワタナベ 﨑山:サキヤマ 内田:ウチダ""")
SURNAMES_RARE = pairs("""
小鳥遊:タカナシ 月見里:ヤマナシ 四月一日:ワタヌキ 一尺八寸:カマツカ 御手洗:ミタライ 勅使河原:テシガワラ 五十嵐:イガラシ 長宗我部:チョウソカベ
鬼頭:キトウ 樽見:タルミ 蛭間:ヒルマ 左右田:ソウダ 一ノ瀬:イチノセ 八ツ橋:ヤツハシ 生田目:ナマタメ 薬袋:ミナイ 鴨志田:カモシダ 毛受:メンジョウ
百目鬼:ドウメキ 小茂田:コモダ 祖父江:ソブエ 首藤:シュトウ 肥田:ヒダ 胡桃沢:クルミザワ 膳所:ゼゼ 喜屋武:キャン 仲村渠:ナカンダカリ
東恩納:ヒガシオンナ 我那覇:ガナハ 比嘉:ヒガ 金城:キンジョウ 知念:チネン 安次嶺:アシミネ 十二所:ジュウニショ 二十軒:ニジッケン 三十尾:ミソオ 五味渕:ゴミブチ
六車:ムグルマ 七五三木:シメギ 九鬼:クキ 万代:バンダイ 春日井:カスガイ 夏目:ナツメ 秋葉:アキバ 冬木:フユキ 右近:ウコン 左近:サコン
上妻:コウヅマ 下平:シモヒラ 中渡瀬:ナカワタセ 大腰:オオゴシ 頭山:トウヤマ 足立:アダチ 手島:テシマ 肝付:キモツキ 瓜生:ウリュウ
白石:シライシ 黒岩:クロイワ 赤池:アカイケ 脇坂:ワキサカ 股野:マタノ
額賀:ヌカガ 耳塚:ミミヅカ 鼻戸:ハナト 舌間:シタマ 歯朶:シダ 眉村:マユムラ 毛利:モウリ 鶏冠井:カイデ 纐纈:コウケツ 轟木:トドロキ
當間:トウマ 嵯峨根:サガネ 釼持:ケンモチ 圷:アクツ 椚田:クヌギダ 榊原:サカキバラ 栁澤:ヤナギサワ 桒原:クワバラ 𠮷岡:ヨシオカ 德永:トクナガ""")
SURNAMES_ONE = pairs("""
林:ハヤシ 森:モリ 原:ハラ 東:アズマ 南:ミナミ 北:キタ 西:ニシ 関:セキ 岸:キシ 堀:ホリ 辻:ツジ 谷:タニ 島:シマ 橋:ハシ 星:ホシ 泉:イズミ
乾:イヌイ 平:タイラ 牧:マキ 轟:トドロキ 畑:ハタ 角:スミ 菅:スガ 柳:ヤナギ 榎:エノキ 桂:カツラ 旭:アサヒ 脇:ワキ
奥:オク 浜:ハマ 滝:タキ 湊:ミナト 胡:エビス 巽:タツミ 城:ジョウ 峰:ミネ""")
GIVEN_MALE = pairs("""
太郎:タロウ 一郎:イチロウ 次郎:ジロウ 健:ケン 誠:マコト 隆:タカシ 茂:シゲル 清:キヨシ 実:ミノル 勝:マサル 正:タダシ 博:ヒロシ 進:ススム 昭:アキラ
和夫:カズオ 正男:マサオ 昭三:ショウゾウ 義雄:ヨシオ 久雄:ヒサオ 忠義:タダヨシ 健一:ケンイチ 浩二:コウジ 達也:タツヤ 直樹:ナオキ 哲也:テツヤ 大輔:ダイスケ
翔太:ショウタ 拓海:タクミ 蓮:レン 悠真:ユウマ 陽翔:ハルト 湊斗:ミナト 颯:ハヤテ 樹:イツキ 大和:ヤマト 朝陽:アサヒ 孝之助:コウノスケ 与志郎:ヨシロウ
喜久治:キクジ 勘太夫:カンダユウ 伊佐男:イサオ 留吉:トメキチ 三千雄:ミチオ 五郎八:ゴロハチ 右京:ウキョウ 左門:サモン 一二三:ヒフミ 十四郎:トシロウ 八十八:ヤソハチ
貫:トオル 肇:ハジメ 巌:イワオ 馨:カオル 穣:ミノル 亘:ワタル 敦史:アツシ 凌雅:リョウガ 琉生:ルイ 武蔵:ムサシ""")
GIVEN_FEMALE = pairs("""
花子:ハナコ 和子:カズコ 幸子:サチコ 恵子:ケイコ 洋子:ヨウコ 節子:セツコ 文子:フミコ 美智子:ミチコ 由美子:ユミコ 久美子:クミコ 裕子:ユウコ 智子:トモコ
真由美:マユミ 明美:アケミ 陽子:ヨウコ 直美:ナオミ 恵:メグミ 愛:アイ 彩香:アヤカ 美咲:ミサキ 陽菜:ヒナ 結衣:ユイ 葵:アオイ 凛:リン 紬:ツムギ 心春:コハル
トメ:トメ キヨ:キヨ ハツ:ハツ ウメ:ウメ よし子:ヨシコ みどり:ミドリ さくら:サクラ ひかり:ヒカリ スミ子:スミコ フサ:フサ イネ:イネ タケ:タケ しのぶ:シノブ まさ江:マサエ
千鶴:チヅル 八重子:ヤエコ 五月:サツキ 弥生:ヤヨイ 七海:ナナミ 万里子:マリコ 百合:ユリ 伊都子:イトコ 糸:イト 泉:イズミ 静:シズカ 操:ミサオ 紅葉:モミジ 光:ヒカル
心愛:ココア 希空:ノア 月渚:ルナ 妃奈乃:ヒナノ 瑠璃佳:ルリカ 澪:ミオ 郁:カオル 祐実:ユミ 芽衣:メイ 寿々:スズ""")

ROMAJI = dict(zip(
    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲンガギグゲゴザジズゼゾダヂヅデドバビブベボパピプペポ",
    "A I U E O KA KI KU KE KO SA SHI SU SE SO TA CHI TSU TE TO NA NI NU NE NO HA HI FU HE HO MA MI MU ME MO YA YU YO RA RI RU RE RO "
    "WA O N GA GI GU GE GO ZA JI ZU ZE ZO DA JI ZU DE DO BA BI BU BE BO PA PI PU PE PO".split(), strict=True))


def romaji(kana: str) -> str:
    """Return passport-style capitals of a katakana name (long vowels dropped)."""
    out = ""
    for ch in kana:
        if ch in "ャュョ":
            vowel = {"ャ": "A", "ュ": "U", "ョ": "O"}[ch]
            out = out[:-1] + ("" if out.endswith(("SHI", "CHI", "JI")) else "Y") + vowel
        elif ch == "ッ":
            out += "*"
        elif ch != "ー":
            out += ROMAJI[ch]
    out = re.sub(r"\*(.)", r"\1\1", out)
    if out == "INOUE":
        return out
    return re.sub(r"OU|OO", "O", out).replace("UU", "U").replace("NB", "MB").replace("NM", "MM").replace("NP", "MP")


def strip_accents(text: str) -> str:
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(ch for ch in plain if not unicodedata.combining(ch))


VIETNAMESE = [("Nguyễn", "グエン"), ("Trần", "チャン"), ("Phạm", "ファム"), ("Lê", "レ"), ("Hoàng", "ホアン"), ("Đặng", "ダン"), ("Võ", "ヴォ")]
VIETNAMESE_MID = [("Thị", "ティ", "F"), ("Ngọc", "ゴック", "F"), ("Văn", "ヴァン", "M"), ("Đức", "ドゥック", "M")]
VIETNAMESE_GIVEN = [("Lan", "ラン", "F"), ("Hương", "フオン", "F"), ("Thảo", "タオ", "F"), ("Trang", "チャン", "F"), ("Dũng", "ズン", "M"), ("Hùng", "フン", "M"), ("Tuấn", "トゥアン", "M"), ("Quân", "クアン", "M")]
BRAZIL_SUR = [("Silva", "シルバ"), ("Souza", "ソウザ"), ("Oliveira", "オリベイラ"), ("Ferreira", "フェレイラ"), ("Nakamura", "ナカムラ"), ("Yamashita", "ヤマシタ"), ("Barbosa", "バルボザ"), ("Kanashiro", "カナシロ")]
BRAZIL_GIVEN = [("Marcia", "マルシア", "F"), ("Juliana", "ジュリアナ", "F"), ("Patricia", "パトリシア", "F"), ("Ricardo", "リカルド", "M"), ("Anderson", "アンデルソン", "M"), ("Fabio", "ファビオ", "M"), ("Luciano", "ルシアノ", "M")]
BRAZIL_MID = [("Yumi", "ユミ"), ("Akemi", "アケミ"), ("Kenji", "ケンジ"), ("Aparecida", "アパレシーダ"), ("Hideki", "ヒデキ")]
OTHER_SUR = [("Shrestha", "シュレスタ"), ("Gurung", "グルン"), ("Santos", "サントス"), ("Dela Cruz", "デラクルス"), ("Rahman", "ラーマン"), ("Kowalski", "コワルスキ"), ("Baker", "ベイカー"), ("Wilson", "ウィルソン"), ("Graves", "グレイブス"), ("Mueller", "ミュラー"), ("Fernando", "フェルナンド"), ("Tamang", "タマン")]
OTHER_GIVEN = [("Binod", "ビノド", "M"), ("Sita", "シタ", "F"), ("Maricel", "マリセル", "F"), ("Rowena", "ロウェナ", "F"), ("Imran", "イムラン", "M"), ("Piotr", "ピョートル", "M"), ("Emily", "エミリー", "F"), ("Douglas", "ダグラス", "M"), ("Nimal", "ニマル", "M"), ("Heinz", "ハインツ", "M")]
CHINESE = [("王", "ワン", "WANG"), ("李", "リー", "LI"), ("張", "チャン", "ZHANG"), ("劉", "リュウ", "LIU"), ("朴", "パク", "PARK"), ("金", "キム", "KIM"), ("崔", "チェ", "CHOI"), ("黄", "コウ", "HUANG"), ("欧陽", "オウヤン", "OUYANG")]
CHINESE_GIVEN = [("麗華", "リーホワ", "LIHUA", "F"), ("秀賢", "スヒョン", "SOOHYUN", "F"), ("志強", "ジーチャン", "ZHIQIANG", "M"), ("暁東", "シャオトン", "XIAODONG", "M"), ("敏", "ミン", "MIN", "F"), ("俊浩", "ジュノ", "JUNHO", "M"), ("梓涵", "ズーハン", "ZIHAN", "F")]


@dataclass(frozen=True)
class Person:
    surname: str
    given: str
    surname_kana: str
    given_kana: str
    surname_romaji: str
    given_romaji: str
    sex: str
    foreign: str = ""
    forms: tuple[str, ...] = ()


YOUNG_NAMES = set("翔太 拓海 蓮 悠真 陽翔 湊斗 颯 樹 大和 朝陽 凌雅 琉生 陽菜 結衣 葵 凛 紬 心春 七海 心愛 希空 月渚 妃奈乃 瑠璃佳 澪 芽衣 美咲 彩香".split())
OLD_NAMES = set("茂 清 勝 正男 昭三 義雄 久雄 忠義 喜久治 勘太夫 伊佐男 留吉 三千雄 五郎八 十四郎 八十八 与志郎 トメ キヨ ハツ ウメ よし子 スミ子 フサ イネ タケ まさ江 八重子 節子 イト 糸 伊都子".split())


def given_name(rng: random.Random, sex: str, age: int) -> tuple[str, str]:
    unlikely = (YOUNG_NAMES if age > 55 else set()) | (OLD_NAMES if age < 55 else set())
    return rng.choice([row for row in (GIVEN_MALE if sex == "M" else GIVEN_FEMALE) if row[0] not in unlikely])


def japanese(rng: random.Random, sex: str | None = None, age: int = 45) -> Person:
    pool = rng.choices([SURNAMES_COMMON, SURNAMES_RARE, SURNAMES_ONE], [60, 24, 16])[0]
    sur, sur_kana = rng.choice(pool)
    sex = sex or rng.choice("MF")
    giv, giv_kana = given_name(rng, sex, age)
    return Person(sur, giv, sur_kana, giv_kana, romaji(sur_kana), romaji(giv_kana), sex)


def foreigner(rng: random.Random, sex: str | None = None) -> Person:
    sex = sex or rng.choice("MF")
    origin = rng.choice(["vn", "br", "other", "zh"])
    of_sex = lambda rows: rng.choice([row for row in rows if row[-1] == sex])
    if origin == "zh":
        sur, giv = rng.choice(CHINESE), of_sex(CHINESE_GIVEN)
        return Person(sur[0], giv[0], sur[1], giv[1], sur[2], giv[2], sex, origin)
    if origin == "vn":
        sur, mid, giv = rng.choice(VIETNAMESE), of_sex(VIETNAMESE_MID), of_sex(VIETNAMESE_GIVEN)
        latin, kana = f"{sur[0]} {mid[0]} {giv[0]}", f"{sur[1]}・{mid[1]}・{giv[1]}"
        rom_sur, rom_giv = strip_accents(sur[0]).upper(), strip_accents(f"{mid[0]} {giv[0]}").upper()
        kana_sur, kana_giv = sur[1], mid[1] + giv[1]
    elif origin == "br":
        sur, sur2, mid, giv = rng.choice(BRAZIL_SUR), rng.choice(BRAZIL_SUR), rng.choice(BRAZIL_MID), of_sex(BRAZIL_GIVEN)
        latin, kana = f"{giv[0]} {mid[0]} {sur2[0]} {sur[0]}", f"{giv[1]}・{mid[1]}・{sur2[1]}・{sur[1]}"
        rom_sur, rom_giv = sur[0].upper(), f"{giv[0]} {mid[0]} {sur2[0]}".upper()
        kana_sur, kana_giv = sur[1], giv[1] + mid[1] + sur2[1]
    else:
        sur, giv = rng.choice(OTHER_SUR), of_sex(OTHER_GIVEN)
        latin, kana = f"{giv[0]} {sur[0]}", f"{giv[1]}・{sur[1]}"
        rom_sur, rom_giv, kana_sur, kana_giv = sur[0].upper(), giv[0].upper(), sur[1], giv[1]
    forms = (latin, kana, kana.replace("・", " "), kana.replace("・", "　"), f"{rom_sur} {rom_giv}", f"{rom_sur}, {rom_giv.title()}")
    return Person(kana_sur, kana_giv, kana_sur, kana_giv, rom_sur, rom_giv, sex, origin, forms)


# ---------------------------------------------------------------- places

PLACES = [tuple(item.split(":")) for item in """
東陵:toryo 湊野:minatono 白鷺台:shirasagidai 美咲野:misakino 翠ヶ丘:midorigaoka 榛ノ木:harunoki 若宮台:wakamiyadai 鳴瀬川:narusegawa 神明台:shinmeidai 高座原:kozahara
武州:bushu 久里原:kurihara 千歳原:chitosehara 常葉:tokiwa 葛野:kadono 相生台:aioidai 桜沢:sakurazawa 青葉野:aobano 北利根:kitatone 南房野:nanbono 奥秩父東:okuchichibu
城東台:jotodai 三条原:sanjohara 一本松:ipponmatsu 六地蔵:rokujizo 海老川:ebigawa 潮見野:shiomino 八重咲:yaezaki 希望ヶ丘南:kibogaoka 筑波嶺:tsukubane 印西野:inzaino
多摩原:tamahara 入間野:irumano 荒川台:arakawadai 利根本町:tonehoncho 房総台:bosodai 鹿嶋原:kashimahara 聖和:seiwa 恵仁:keijin 慈泉:jisen 光風:kofu""".split()]
CORPORATIONS = "桐生会 恵愛会 仁寿会 光陽会 翠生会 博泉会 三樹会 白水会 健誠会 徳寿会 明理会 清流会".split()
CITIES = [tuple(item.split("/")) for item in "千葉県/湊野市 千葉県/船橋市 埼玉県/川口市 東京都/世田谷区 神奈川県/横浜市港北区 埼玉県/さいたま市緑区 神奈川県/高座原市 千葉県/柏市 東京都/八王子市 千葉県/千葉市花見川区 神奈川県/藤沢市 茨城県/つくば市 埼玉県/川越市 東京都/足立区 埼玉県/入間野郡鳩沢町 群馬県/北利根郡川瀬村 神奈川県/小田原市 東京都/杉並区 栃木県/小山市 茨城県/取手市".split()]
TOWNS = "緑町 本町 東台 西ヶ原 若葉 中央 富士見 桜台 大和田 上野原 南沢 弁天 旭町 日の出町 字下原 元宿 稲荷前 三ツ木".split()
DOMAINS = ["{0}-med.ac.jp", "hosp.{0}.ac.jp", "{0}-hosp.or.jp", "{0}-clinic.jp", "rad.{0}.jp", "{0}-cl.com", "mail.{0}.lg.jp", "{0}-telerad.co.jp"]


# ---------------------------------------------------------------- one case

def mark(kind: str, text: str) -> str:
    return f"{OPEN}{kind}{SEP}{text}{CLOSE}"


@dataclass
class Case:
    """One patient, one examination, the people around them, and the random state."""

    rng: random.Random
    sex: str
    age: int
    exam_name: str
    foreign: bool = False
    patient: Person = field(init=False)
    exam: date = field(init=False)
    birth: date = field(init=False)
    patient_id: str = field(init=False)
    accession: str = field(init=False)
    place: tuple[str, str] = field(init=False)
    doctors: list[Person] = field(init=False)
    date_style: int = field(init=False)

    def __post_init__(self) -> None:
        rng = self.rng
        self.patient = foreigner(rng, self.sex) if self.foreign else japanese(rng, self.sex, self.age)
        self.exam = date(rng.randint(2016, 2025), rng.randint(1, 12), rng.randint(1, 28))
        self.birth = date(self.exam.year - self.age - 1, self.exam.month, self.exam.day) + timedelta(days=rng.randint(1, 364))
        self.age = self.exam.year - self.birth.year - ((self.exam.month, self.exam.day) < (self.birth.month, self.birth.day))
        self.patient_id = rng.choice([
            lambda: f"{rng.randint(0, 99999999):08d}", lambda: f"{rng.randint(100000, 9999999)}",
            lambda: f"{rng.randint(0, 9999):04d}-{rng.randint(0, 9999):04d}", lambda: f"{rng.randint(0, 9999999999):010d}",
            lambda: f"{rng.choice('ABKMTX')}{rng.randint(0, 9999999):07d}", lambda: f"{rng.randint(1, 9)}-{rng.randint(100, 999)}-{rng.randint(100, 999)}-{rng.randint(0, 9)}",
            lambda: f"{rng.randint(10, 99)}-{rng.randint(10000, 99999)}-{rng.randint(0, 9)}"])()
        stamp = f"{self.exam:%Y%m%d}"
        self.accession = rng.choice([
            lambda: f"{rng.choice(['CT', 'MR', 'US', 'NM', 'CR', 'PT'])}{stamp}-{rng.randint(1, 399):04d}", lambda: f"{stamp}{rng.randint(1000, 99999):05d}",
            lambda: f"A{stamp[2:4]}-{rng.randint(1, 99999):06d}", lambda: f"R{rng.randint(10**9, 10**10 - 1)}", lambda: f"{rng.randint(10**7, 10**8 - 1)}-{rng.randint(1, 9)}"])()
        self.place = rng.choice(PLACES)
        self.doctors = [japanese(rng) for _ in range(4)]
        self.date_style = rng.randrange(100)

    def expand(self, template: str) -> str:
        """Fill slots and choices, innermost first, and turn ‹› and «» into marks."""
        while (match := re.search(r"\{([^{}]*)\}", template)) is not None:
            body = match.group(1)
            value = self.rng.choice(body.split("|")) if "|" in body else self.slot(body)
            template = template[:match.start()] + value + template[match.end():]
        return (template.replace("‹", f"{OPEN}clinical{SEP}").replace("›", CLOSE)
                .replace("«", f"{OPEN}not_dates{SEP}").replace("»", CLOSE))

    def slot(self, body: str) -> str:
        name, _, argument = body.partition(":")
        function = SLOTS[name]
        return function(self, argument) if argument else function(self)

    def some_in_order(self, pool: list[str], low: int, high: int) -> list[str]:
        kept = sorted(self.rng.sample(range(len(pool)), self.rng.randint(low, high)))
        return [pool[i] for i in kept]

    def some(self, pool: list[str], low: int, high: int) -> list[str]:
        return self.rng.sample(pool, min(len(pool), self.rng.randint(low, high)))


SLOTS: dict[str, Callable[..., str]] = {}


def slot(function: Callable[..., str]) -> Callable[..., str]:
    SLOTS[function.__name__.removesuffix("_")] = function
    return function


def written(case: Case, person: Person) -> str:
    """Return one way to write a full name in a document."""
    if person.forms:
        return case.rng.choice(person.forms)
    return person.surname + case.rng.choice([" ", "　", "", " ", "　"]) + person.given


@slot
def p(case): return mark("patient_name", written(case, case.patient))
@slot
def pb(case): return mark("patient_name", case.patient.forms[1] if case.patient.forms else case.patient.surname + "\n" + case.patient.given)
@slot
def psur(case): return mark("patient_name", case.patient.surname)
@slot
def pgiv(case): return mark("patient_name", case.patient.given)
@slot
def pkana(case): return mark("patient_name", case.patient.surname_kana + case.rng.choice([" ", "　"]) + case.patient.given_kana)
@slot
def phira(case): return mark("patient_name", "".join(chr(ord(c) - 96) if "ァ" <= c <= "ヶ" else c for c in case.patient.surname_kana + " " + case.patient.given_kana))
@slot
def pkhalf(case): return mark("patient_name", half_width_kana(case.patient.surname_kana + " " + case.patient.given_kana))
@slot
def prom(case):
    p_ = case.patient
    return mark("patient_name", case.rng.choice([f"{p_.surname_romaji} {p_.given_romaji}", f"{p_.surname_romaji}, {p_.given_romaji.title()}", f"{p_.given_romaji.title()} {p_.surname_romaji.title()}", f"{p_.surname_romaji}^{p_.given_romaji}"]))
@slot
def ppn(case):
    p_ = case.patient
    return mark("patient_name", f"{p_.surname_romaji}^{p_.given_romaji}") + "=" + mark("patient_name", f"{p_.surname}^{p_.given}") + "=" + mark("patient_name", f"{p_.surname_kana}^{p_.given_kana}")
@slot
def pid(case): return mark("patient_id", case.patient_id)
@slot
def pidsp(case):
    digits = case.patient_id.replace("-", "")
    step = case.rng.choice([2, 3, 4])
    return mark("patient_id", " ".join(digits[i:i + step] for i in range(0, len(digits), step)))
@slot
def acc(case): return mark("accession", case.accession)
@slot
def sexj(case): return {"M": case.rng.choice(["男", "男性", "M", "♂"]), "F": case.rng.choice(["女", "女性", "F", "♀"])}[case.sex]
@slot
def sexw(case): return {"M": "男性", "F": "女性"}[case.sex]
@slot
def sexe(case): return {"M": "male", "F": "female"}[case.sex]
@slot
def agen(case): return mark("age_over_89", str(case.age)) if case.age > 89 else str(case.age)
@slot
def age(case): return agen(case) + case.rng.choice(["歳", "歳", "才", "歳", "y.o."])


def wareki(day: date) -> tuple[str, str, int]:
    for start, kanji, letter in ((date(2019, 5, 1), "令和", "R"), (date(1989, 1, 8), "平成", "H"), (date(1926, 12, 25), "昭和", "S"), (date(1912, 7, 30), "大正", "T")):
        if day >= start:
            return kanji, letter, day.year - start.year + 1
    raise ValueError(day)


def day_text(case: Case, day: date, mixed: bool = False) -> str:
    kanji, letter, year = wareki(day)
    kanji_year = "元" if year == 1 else str(year)
    style = case.rng.randrange(100) if mixed else case.date_style
    forms = [f"{day:%Y/%m/%d}", f"{day:%Y-%m-%d}", f"{day.year}年{day.month}月{day.day}日", f"{day.year}.{day.month}.{day.day}", f"{day:%Y%m%d}",
             f"{kanji}{kanji_year}年{day.month}月{day.day}日", f"{letter}{year}.{day.month}.{day.day}", f"{letter}{year:02d}/{day:%m/%d}", f"{letter}{year}年{day.month}月{day.day}日",
             f"{day.year}/{day.month}/{day.day}", f"{kanji}{kanji_year}年 {day.month}月 {day.day}日", f"{letter}.{year}.{day.month}.{day.day}", f"{letter}{year}-{day.month}-{day.day}", f"'{day:%y}.{day.month}.{day.day}"]
    weights = [22, 8, 18, 5, 4, 10, 9, 4, 4, 8, 3, 2, 2, 1]
    return random.Random(style).choices(forms, weights)[0]


@slot
def exam(case): return mark("exam_date", day_text(case, case.exam))
@slot
def examm(case): return mark("exam_date", day_text(case, case.exam, True))
@slot
def dob(case): return mark("birth_date", day_text(case, case.birth, True))
@slot
def dobw(case):
    kanji, letter, year = wareki(case.birth)
    b = case.birth
    return mark("birth_date", case.rng.choice([f"{letter}{year}.{b.month}.{b.day}", f"{kanji}{year}年{b.month}月{b.day}日", f"{letter}{year:02d}{b:%m%d}", f"{kanji}{year}.{b.month:02d}.{b.day:02d}", f"{letter}{year}/{b.month}/{b.day}"]))
def past(case, low=20, high=1500): return case.exam - timedelta(days=case.rng.randint(low, high))
@slot
def prev(case): return mark("other_date", day_text(case, past(case), case.rng.random() < .25))
@slot
def prevm(case):
    d = past(case, 60, 2500)
    _, letter, year = wareki(d)
    return mark("other_date", case.rng.choice([f"{d.year}年{d.month}月", f"{letter}{year}年{d.month}月", f"{d.year}/{d.month}", f"{letter}{year}.{d.month}"]))
@slot
def md(case):
    d = past(case, 2, 90)
    return mark("other_date", case.rng.choice([f"{d.month}/{d.day}", f"{d.month}月{d.day}日"]))
@slot
def nextd(case): return mark("other_date", day_text(case, case.exam + timedelta(days=case.rng.randint(3, 200)), True))
@slot
def nextmd(case):
    d = case.exam + timedelta(days=case.rng.randint(2, 40))
    return mark("other_date", case.rng.choice([f"{d.month}/{d.day}", f"{d.month}月{d.day}日"]))
@slot
def hm(case): return f"{case.rng.randint(10, 20)}:{case.rng.randint(0, 59):02d}"


@slot
def dr(case, n="x"):
    person = case.doctors[int(n)] if n.isdigit() else japanese(case.rng)
    return mark("staff_name", person.surname)
@slot
def drf(case, n="x"):
    person = case.doctors[int(n)] if n.isdigit() else japanese(case.rng)
    return mark("staff_name", written(case, person))
@slot
def drb(case):
    person = japanese(case.rng)
    return mark("staff_name", person.surname + "\n" + person.given)
@slot
def drg(case): return mark("staff_name", japanese(case.rng).given)
@slot
def drone(case): return mark("staff_name", case.rng.choice(SURNAMES_ONE)[0])
@slot
def drkana(case):
    person = japanese(case.rng)
    return mark("staff_name", case.rng.choice([person.surname_kana, person.surname_kana + " " + person.given_kana]))
@slot
def drrom(case, n="x"):
    q = case.doctors[int(n)] if n.isdigit() else japanese(case.rng)
    return mark("staff_name", case.rng.choice([f"{q.given_romaji.title()} {q.surname_romaji.title()}", f"{q.surname_romaji} {q.given_romaji.title()}", f"{q.given_romaji[0]}. {q.surname_romaji.title()}", f"{q.surname_romaji.title()}, {q.given_romaji.title()}"]))
@slot
def drforeign(case): return mark("staff_name", written(case, foreigner(case.rng)))
@slot
def drt(case):
    return case.expand(case.rng.choice(["{dr}先生", "{dr}Dr", "{dr} Dr.", "Dr.{dr}", "Dr {dr}", "{dr}医師", "{drf}医師", "{dr} 医師", "{dr}部長", "{dr}Dr.", "{drf}先生", "{dr}教授", "{dr}医長"]))
@slot
def spouse(case): return mark("relative_name", given_name(case.rng, "F" if case.sex == "M" else "M", case.age)[0])
@slot
def son(case): return mark("relative_name", given_name(case.rng, "M", case.age - 28 if case.age > 30 else 40)[0])
@slot
def daughter(case): return mark("relative_name", given_name(case.rng, "F", case.age - 28 if case.age > 30 else 40)[0])
@slot
def relf(case): return mark("relative_name", case.patient.surname + case.rng.choice([" ", "　", ""]) + case.rng.choice(GIVEN_FEMALE + GIVEN_MALE)[0])
@slot
def relo(case): return mark("relative_name", written(case, japanese(case.rng)))
@slot
def relation(case): return "妻" if case.sex == "M" else "夫"
@slot
def oth(case): return mark("other_person", written(case, japanese(case.rng)))
@slot
def othsame(case): return mark("other_person", case.patient.surname + case.rng.choice([" ", "　"]) + japanese(case.rng, case.sex, case.age).given)
@slot
def othforeign(case): return mark("other_person", written(case, foreigner(case.rng)))
@slot
def othid(case): return mark("patient_id", f"{case.rng.randint(0, 99999999):08d}")


@slot
def hosp(case, own=""):
    place = case.place[0] if own else case.rng.choice(PLACES)[0]
    city = case.rng.choice(["総合病院", "中央病院", "市民病院", "市立病院", "医療センター", "記念病院", "赤十字病院", "厚生病院", "労災病院", "済生会病院", "こども医療センター", "がんセンター", "第二病院", "脳神経外科病院", "リハビリテーション病院"])
    sur = case.rng.choice(SURNAMES_COMMON + SURNAMES_RARE)[0]
    names = [place + city, place + case.rng.choice(["大学病院", "医科大学附属病院", "大学医学部附属病院", "大学附属医療センター", "歯科大学病院"]),
             place + case.rng.choice(["クリニック", "内科クリニック", "整形外科", "画像診断センター", "健診センター", "ファミリークリニック", "メディカルクリニック", "PETセンター", "駅前クリニック"]),
             sur + case.rng.choice(["医院", "内科", "クリニック", "整形外科", "内科循環器科", "乳腺クリニック", "脳神経外科", "耳鼻咽喉科", "歯科医院", "産婦人科"]),
             case.rng.choice(CORPORATIONS) + case.rng.choice([" ", "", "　"]) + place + "病院"]
    return mark("hospital", case.rng.choices(names, [45, 15, 15, 15, 10])[0])
@slot
def own(case): return mark("hospital", case.place[0] + ["大学病院", "医科大学附属病院", "総合病院", "中央病院", "医療センター"][case.date_style % 5])
@slot
def ownshort(case): return mark("hospital_short", case.place[0] + case.rng.choice(["大", "医大", "HP", "大病院"]))
@slot
def hs(case):
    place = case.rng.choice(PLACES)[0]
    sur = case.rng.choice(SURNAMES_COMMON + SURNAMES_RARE)[0]
    return mark("hospital_short", case.rng.choice([place + s for s in ("医大", "日赤", "HP", "市民", "労災", "CL", "クリ", "厚生", "中央", "がんC", "Hp.", "医療C", "済生会", "脳外", "健診C")] + [sur + "CL", sur + "整形", sur + "Hp"]))
@slot
def telerad(case): return case.rng.choice(["株式会社", ""]) + mark("hospital", case.rng.choice(PLACES)[0] + case.rng.choice(["遠隔読影センター", "テレラジオロジー", "画像診断サービス", "ドクターネットワーク"]))
@slot
def ward(case):
    r = case.rng
    n = r.randint(2, 14)
    return r.choice([
        lambda: mark("ward", f"{n}{r.choice('東西南北')}") + "病棟", lambda: mark("ward", f"{n}{r.choice('ABCD')}") + "病棟", lambda: mark("ward", f"{r.choice('ABCE')}{n}") + "病棟",
        lambda: mark("ward", f"{r.choice(['本館', '新館', '南館', '西棟', '東棟', '中央棟'])}{n}階"), lambda: mark("ward", f"{r.choice('東西')}{n}"), lambda: mark("ward", f"{n}-{r.choice('EWNS')}"),
        lambda: mark("ward", f"{n}階{r.choice('東西')}") + "病棟", lambda: mark("ward", f"第{r.choice('一二三四五')}") + "病棟", lambda: mark("ward", f"{n}F{r.choice('東西南北')}")])()
@slot
def room(case):
    r = case.rng
    number = f"{r.randint(2, 14)}{r.randint(1, 48):02d}"
    return r.choice([lambda: mark("room", number) + "号室", lambda: mark("room", number) + "号", lambda: mark("room", f"{number}-{r.randint(1, 4)}"), lambda: mark("room", number) + "室 " + r.choice(["窓側", "廊下側"])])()
@slot
def tel(case):
    r = case.rng
    return mark("phone", r.choice([f"0{r.choice(['3', '45', '47', '48', '42', '29'])}-{r.randint(200, 999)}-{r.randint(1000, 9999)}", f"090-{r.randint(1000, 9999)}-{r.randint(1000, 9999)}", f"0{r.randint(42, 49)}({r.randint(200, 999)}){r.randint(1000, 9999)}", f"080{r.randint(10**7, 10**8 - 1)}", f"070 {r.randint(1000, 9999)} {r.randint(1000, 9999)}", f"0{r.randint(270, 299)}({r.randint(20, 99)}){r.randint(1000, 9999)}"]))
@slot
def phs(case): return mark("phone", str(case.rng.randint(2000, 9899)))
@slot
def login(case):
    q = japanese(case.rng)
    s, g = q.surname_romaji.lower(), q.given_romaji.lower()
    r = case.rng
    return mark("login", r.choice([f"{g[0]}.{s}", f"{s}{g[0]}", f"{g[0]}{s}{r.randint(1, 99):02d}", f"rad{r.randint(1, 999):04d}", f"dr{r.randint(10000, 99999)}", f"{s}_{g}", f"m{r.randint(100000, 999999)}"]))
@slot
def mail(case, n="x"):
    q = case.doctors[int(n)] if n.isdigit() else case.rng.choice(case.doctors)
    s, g = q.surname_romaji.lower(), q.given_romaji.lower()
    domain = case.rng.choice(DOMAINS).format(case.place[1])
    return mark("email", case.rng.choice([f"{g[0]}.{s}", f"{s}-{g}", s, f"{s}.{g}", f"{s}{case.rng.randint(1, 99)}"]) + "@" + domain)
@slot
def pmail(case): return mark("email", f"{strip_accents(case.patient.given_romaji).lower().replace(' ', '.')}{case.birth.year % 100}@" + case.rng.choice(["docomo.ne.jp", "gmail.com", "ezweb.ne.jp", "icloud.com"]))
@slot
def addr(case):
    r = case.rng
    block = r.choice([f"{r.randint(1, 8)}-{r.randint(1, 30)}-{r.randint(1, 20)}", f"{r.randint(1, 8)}丁目{r.randint(1, 30)}番{r.randint(1, 20)}号", f"{r.randint(100, 3000)}番地{r.randint(1, 9)}", f"{r.randint(1, 8)}-{r.randint(1, 30)}"])
    flat = r.choice(["", "", f" コーポ{r.choice(['若葉', '白樺', '富士'])}{r.randint(101, 405)}", f" 県営住宅{r.randint(1, 12)}-{r.randint(101, 505)}", f" {r.choice(['グリーン', 'サン', 'メゾン'])}{r.choice(['ハイツ', 'コート'])}{r.randint(101, 909)}号"])
    prefecture, city = r.choice(CITIES)
    return (prefecture if r.random() < .75 else "") + mark("address", city + r.choice(TOWNS) + block + flat)
@slot
def zip_(case): return mark("address", f"{case.rng.randint(100, 379)}-{case.rng.randint(0, 9999):04d}")
@slot
def emp(case):
    place, sur = case.rng.choice(PLACES)[0], case.rng.choice(SURNAMES_COMMON)[0]
    trade = case.rng.choice(["精機", "運輸", "電設", "建設", "フーズ", "製作所", "交通", "化学工業", "信用金庫", "ビルサービス", "倉庫", "印刷", "農協"])
    firm = mark("employer", case.rng.choice([place, place, sur]) + trade)
    if trade in ("信用金庫", "農協"):
        return firm
    return case.rng.choice([f"株式会社{firm}", f"{firm}株式会社", f"(株){firm}", firm, f"㈱{firm}", firm, "有限会社" + mark("employer", sur + "工務店"), mark("employer", place + "市役所"), mark("employer", sur + "鉄工所")])
@slot
def sch(case):
    place = case.rng.choice(PLACES)[0]
    level = ("保育園", "こども園", "幼稚園") if case.age < 7 else ("小学校", "小", "第二小学校") if case.age < 13 else ("中学校", "中", "第三中学校") if case.age < 16 else ("高校", "高等学校", "工業高校")
    return mark("school", case.rng.choice([place, place, place + "市立"]) + case.rng.choice(level))
@slot
def insurer(case): return mark("insurer_number", case.rng.choice(["06", "39", "01", "34", "13", ""]) + f"{case.rng.randint(100000, 999999)}")
@slot
def inssym(case):
    r = case.rng
    return r.choice([lambda: "記号" + mark("insurer_number", str(r.randint(10, 9999))) + " 番号" + mark("insurer_number", str(r.randint(1, 99999))), lambda: "記号・番号 " + mark("insurer_number", f"{r.randint(10, 9999)}・{r.randint(1, 99999)}"), lambda: "被保険者番号：" + mark("insurer_number", f"{r.randint(0, 99999999):08d}")])()
@slot
def url(case):
    r = case.rng
    host = r.choice(DOMAINS).format(case.place[1])
    return mark("url", r.choice([f"https://pacs.{host}/viewer?acc={r.randint(10**6, 10**8)}", f"http://10.{r.randint(1, 40)}.{r.randint(1, 9)}.{r.randint(2, 200)}/report/{r.randint(10000, 999999)}", f"https://www.{host}/renkei/", f"http://ris01.{case.place[1]}.local:8080/r/{r.randint(1000, 99999)}"]))


# ---------------------------------------------------------------- clinical slots

@slot
def mm(case, top="40"): return f"{case.rng.randint(3, int(top))}{case.rng.choice([' mm', 'mm', 'mm', '㎜'])}"
@slot
def mm2(case, top="45"):
    a = case.rng.randint(6, int(top))
    return f"{a}{case.rng.choice(['×', 'x', ' x '])}{max(4, a - case.rng.randint(1, 9))}{case.rng.choice([' mm', 'mm'])}"
@slot
def cm(case): return f"{case.rng.randint(2, 14)}.{case.rng.randint(0, 9)}{case.rng.choice([' cm', 'cm'])}"
@slot
def suv(case): return f"SUVmax {case.rng.randint(1, 24)}.{case.rng.randint(0, 99)}"
@slot
def n(case, span="2-9"):
    low, high = span.split("-")
    return str(case.rng.randint(int(low), int(high)))
@slot
def lr(case): return case.rng.choice(["右", "左", "右", "左", "両側"])
@slot
def side(case): return case.rng.choice(["右", "左"])
@slot
def e(case): return case.rng.choice(["を認めます。", "を認める。", "あり。", "が認められます。", "がみられます。", "を認めます．", "を見ます。"])
@slot
def stable(case): return case.rng.choice(["著変ありません。", "著変なし。", "ほぼ同様です。", "不変です。", "変化に乏しい印象です。", "軽度増大しています。", "やや縮小しています。", "n.c.。", "大きさに変化なし。", "ほぼ変わりません。", "1年間で変化なし。"])
@slot
def sus(case): return case.rng.choice(["を疑います。", "疑い。", "が第一に考えられます。", "を考えます。", "の可能性があります。", "s/o。", "として矛盾しません。", "を鑑別に挙げます。", "が否定できません。"])
@slot
def follow(case): return case.rng.choice(["経過観察をお願いします。", "{n:2-6}か月後の経過観察を推奨します。", "造影検査での精査をご検討ください。", "臨床所見と併せてご判断ください。", "必要に応じ MRI での精査を。", "f/u をお願いします。", "細胞診をご考慮ください。", "前医画像との比較が望まれます。"])
@slot
def seim(case):
    total = case.rng.randint(60, 420)
    return case.rng.choice([f"(Se {case.rng.randint(2, 9)} Im {case.rng.randint(3, total)})", f"(«{case.rng.randint(2, 12)}/{case.rng.randint(13, 30)}»スライス)", f"(Se{case.rng.randint(2, 9)}-Im{case.rng.randint(3, total)})", "", "", ""])
@slot
def eponym(case): return "‹" + case.rng.choice(EPONYMS) + "›"
@slot
def classif(case): return "‹" + case.rng.choice(CLASSIFICATIONS[EXAMS[case.exam_name]["field"]]) + "›"
@slot
def machine(case, kind): return "‹" + case.rng.choice(MACHINES[kind]) + "›"
@slot
def fake(case):
    return case.expand(case.rng.choice(FAKES[EXAMS[case.exam_name]["field"]] + FAKES["any"]))


FAKES = {
    "any": ["‹血圧› «{n:98-170}/{n:55-95}»", "‹CRP› «{n:1-12}.{n:10-28}»", "‹HbA1c› «{n:5-12}.{n:1-9}»", "‹BNP› «{n:1960-2024}» pg/mL"],
    "chest": ["‹DLP› «{n:1950-2025}.{n:1-12}» mGy・cm", "‹CEA› «{n:3-12}.{n:1-12}»", "‹Agatston score› «{n:1960-2025}»", "郭清リンパ節 «{n:1-5}/{n:12-28}»", "‹KL-6› «{n:1960-2025}» U/mL", "‹PaO2/FiO2› «{n:7-12}0/0.{n:21-30}»"],
    "abdomen": ["‹CA19-9› «{n:1960-2024}» U/mL", "‹CEA› «{n:3-12}.{n:1-12}»", "‹DLP› «{n:1950-2025}.{n:1-12}» mGy・cm", "郭清リンパ節 «{n:1-5}/{n:12-28}»", "‹AST/ALT› «{n:20-99}/{n:12-99}»", "‹AFP› «{n:1960-2025}» ng/mL"],
    "brain": ["‹MMSE› «{n:12-30}/30»", "‹HDS-R› «{n:10-30}/30»", "‹GCS› «{n:1-4}-{n:1-5}-{n:1-6}»", "‹EDSS› «{n:1-6}.5»", "‹TR/TE› «{2000|2020|2015|4000}/{12|25|30|90}»", "‹MoCA-J› «{n:12-30}/30»"],
    "spine": ["‹JOAスコア› «{n:5-17}/17»", "‹MMT› «{n:2-4}/5»", "‹YAM› {n:48-90}%", "‹TR/TE› «{2000|2020|3000}/{12|25|100}»"],
    "prostate": ["‹PSA› «{n:4-30}.{n:1-28}» ng/mL", "生検 «{n:1-9}/12» core 陽性", "‹b値› «{1000|2000|2015}»"], "gynae": ["‹CA125› «{n:1960-2025}» U/mL", "G«{n:1-4}»P«{n:0-3}»", "‹Hb› «{n:6-12}.{n:1-9}»"],
    "bone": ["‹MMT› «{n:2-4}/5»", "‹DAS28› «{n:2-6}.{n:10-28}»", "‹T-score› «-{n:1-4}.{n:1-9}»"], "us": ["‹AST/ALT› «{n:20-99}/{n:12-99}»", "‹TSH› «{n:1-12}.{n:1-28}»", "‹D-dimer› «{n:1-12}.{n:1-28}»"],
    "breast": ["‹Ki-67› {n:5-60}%", "センチネル «{n:0-2}/{n:3-4}»", "‹CA15-3› «{n:10-31}.{n:1-12}»"], "nuclear": ["‹MMSE› «{n:12-30}/30»", "‹HDS-R› «{n:10-30}/30»", "集積比 «{n:1-3}.{n:10-31}»", "‹BNP› «{n:1960-2024}» pg/mL"],
    "pet": ["‹sIL-2R› «{n:1960-2025}» U/mL", "‹Tg› «{n:1960-2025}» ng/mL", "‹CEA› «{n:3-12}.{n:1-12}»", "‹LDH› «{n:190-2025}»", "集積比 «{n:1-3}.{n:10-31}»"],
    "dental": ["‹BOP› «{n:1-9}/{n:10-28}»", "‹PPD› «{n:3-4}-{n:2-5}-{n:3-9}» mm", "‹PPD› «{n:3-4}/{n:2-5}/{n:3-9}»"]}


EPONYMS = """橋本病 高安動脈炎 川崎病 菊池病 木村病 原田病 平山病 もやもや病 福山型先天性筋ジストロフィー 三好型ミオパチー 瀬川病 太田母斑 伊藤母斑 Vogt-小柳-原田病 長谷川式 小野寺の栄養指数 鈴木分類 山田分類
Crohn病 Paget病 Hodgkinリンパ腫 Castleman病 Wilson病 Graves病 Basedow病 Baker嚢胞 Schmorl結節 Warthin腫瘍 Meckel憩室 Bochdalekヘルニア Morgagniヘルニア Virchow転移 Krukenberg腫瘍 Budd-Chiari症候群 Mirizzi症候群
Lemierre症候群 Sjögren症候群 Osler-Weber-Rendu病 Creutzfeldt-Jakob病 Chilaiditi症候群 Kümmell病 Köhler病 Legg-Calvé-Perthes病 Osgood-Schlatter病 von Recklinghausen病 Tolosa-Hunt症候群 Rathke嚢胞 Kerley B line Kartagener症候群
Swyer-James症候群 Erdheim-Chester病 Rosai-Dorfman病 Takotsubo心筋症 May-Thurner症候群 Nutcracker現象 Gamna-Gandy結節 Hirayama病 Takayasu動脈炎 Kimura病""".replace("\n", " ").replace("Kerley B line", "Kerley_B_line").split()
EPONYMS = [item.replace("_", " ") for item in EPONYMS]
CLASSIFICATIONS = {
    "chest": ["Fleischner 2017", "TNM 8版", "UICC 第8版", "Lung-RADS 2022", "WHO 2021", "肺癌取扱い規約 第8版補訂版", "ATS/ERS 2018", "肺癌診療ガイドライン2023年版", "RECIST 1.1"],
    "abdomen": ["LI-RADS v2018", "Bosniak 2019", "Atlanta分類 2012", "Tokyo Guidelines 2018", "膵癌取扱い規約第7版", "肝癌診療ガイドライン2021年版", "大腸癌治療ガイドライン 2022年版", "Fukuoka 2017", "UICC 第8版", "AJCC 8th", "RECIST 1.1"],
    "brain": ["WHO 2021", "McDonald 2017", "NIA-AA 2018", "WHO分類 2016", "脳卒中治療ガイドライン2021", "RANO 2010", "iNPH診療ガイドライン第3版"],
    "spine": ["Pfirrmann 2001", "腰痛診療ガイドライン2019", "AO分類 2013", "骨粗鬆症ガイドライン2015年版"],
    "prostate": ["PI-RADS v2.1", "PI-RADS 2019", "UICC 第8版", "前立腺癌取扱い規約 第5版", "ISUP 2014"],
    "gynae": ["FIGO 2018", "O-RADS 2020", "子宮頸癌取扱い規約 第4版", "FIGO 2014", "ESUR 2020"],
    "bone": ["AO/OTA 2018", "WHO 2020", "ACR/EULAR 2010", "関節リウマチ診療ガイドライン2020"],
    "us": ["腹部超音波検診判定マニュアル改訂版（2021年）", "ASE 2015", "TI-RADS 2017", "EFSUMB 2020"],
    "breast": ["BI-RADS 第5版", "乳癌取扱い規約第18版", "マンモグラフィガイドライン第4版", "BI-RADS 2013"],
    "nuclear": ["DLB診断基準 2017", "NIA-AA 2018", "MDS 2015"],
    "pet": ["Lugano 2014", "RECIST 1.1", "PERCIST 2009", "Cheson 2007", "UICC 第8版", "FDG-PET/CT診療ガイドライン2020"],
    "dental": ["顎骨壊死ポジションペーパー2016", "WHO 2017", "AAOMS 2014", "口腔癌取扱い規約 第2版"]}
LOCAL_EPONYMS = {
    "chest": "Castleman病 高安動脈炎 Swyer-James症候群 Kartagener症候群 Erdheim-Chester病 Bochdalekヘルニア Morgagniヘルニア Caplan症候群 Pancoast腫瘍".split(),
    "abdomen": "Crohn病 Meckel憩室 Budd-Chiari症候群 Mirizzi症候群 Krukenberg腫瘍 Nutcracker現象 Osler-Weber-Rendu病 Castleman病 Gamna-Gandy結節 Spiegelヘルニア Fitz-Hugh-Curtis症候群".split(),
    "brain": "もやもや病 Rathke嚢胞 Tolosa-Hunt症候群 Creutzfeldt-Jakob病 Wilson病 Vogt-小柳-原田病 Rosai-Dorfman病 福山型先天性筋ジストロフィー Sturge-Weber症候群 Chiari奇形".split(),
    "spine": "平山病 Schmorl結節 Kümmell病 Baastrup病 Scheuermann病 Forestier病".split(), "prostate": ["Paget病"], "gynae": "Krukenberg腫瘍 Meigs症候群 Brenner腫瘍 May-Thurner症候群 Bartholin腺嚢胞".split(),
    "bone": "Köhler病 Osgood-Schlatter病 Paget病 Kienböck病 Legg-Calvé-Perthes病 Freiberg病 Ewing肉腫 Charcot関節".split(), "us": "橋本病 Basedow病 高安動脈炎 川崎病 Baker嚢胞 Warthin腫瘍 Caroli病".split(),
    "breast": "Paget病 Cowden症候群 Mondor病 Poland症候群".split(), "pet": "高安動脈炎 Hodgkinリンパ腫 Castleman病 Erdheim-Chester病 菊池病 橋本病".split(), "nuclear": "高安動脈炎 Takotsubo心筋症 橋本病 Erdheim-Chester病 Hodgkinリンパ腫 菊池病 Paget病 Basedow病".split(), "dental": "Garré骨髄炎 Sjögren症候群 木村病 Warthin腫瘍 Stafne骨空洞".split()}
MACHINES = {
    "CT": ["Aquilion ONE", "Aquilion Precision", "SOMATOM Force", "SOMATOM Definition Edge", "Revolution CT", "Optima CT660", "IQon Spectral CT", "NAEOTOM Alpha", "Supria 16"],
    "MR": ["MAGNETOM Skyra 3T", "MAGNETOM Aera 1.5T", "Ingenia 3.0T", "Signa Pioneer", "Vantage Galan 3T", "ECHELON OVAL", "Achieva 1.5T", "SIGNA HDxt"],
    "US": ["LOGIQ E10", "Aplio i800", "ARIETTA 850", "EPIQ 7", "ACUSON Sequoia", "Xario 200"], "MG": ["AMULET Innovality", "Selenia Dimensions", "Senographe Pristina", "MAMMOMAT Revelation", "Pe・ru・ru"],
    "NM": ["Symbia Intevo", "Discovery NM/CT 670", "Infinia Hawkeye", "BrightView X", "E.CAM", "GCA-9300R"], "PT": ["Discovery MI", "Biograph Vision 600", "Celesteion", "Biograph mCT", "Vereos"], "CR": ["CALNEO", "AeroDR", "FCR", "RADspeed Pro"]}
CONTRAST = {"CT": ["イオパミロン370 {n:60-100}mL", "オムニパーク300 {n:80-120}mL", "イオメロン350 {n:60-100}mL", "オプチレイ320 {n:60-100}mL", "プロスコープ370 {n:60-100}mL", "イオプロミド300 {n:60-100}mL"],
            "MR": ["プリモビスト {n:4-10}mL", "ガドビスト {n:4-9}.{n:1-9}mL", "マグネスコープ {n:8-15}mL", "EOB・プリモビスト注シリンジ 10mL", "プロハンス {n:8-15}mL"]}


@slot
def contrast(case): return "‹" + case.expand(case.rng.choice(CONTRAST.get(EXAMS[case.exam_name]["machine"], CONTRAST["CT"]))) + "›"
@slot
def neg(case, region):
    terms = case.some(NEGATIVES[region], 2, 4)
    sep = case.rng.choice(["、", "、", "，", "や", "・"])
    return sep.join(f"‹{t}›" for t in terms) + case.rng.choice(["は認めません。", "は認めない。", "なし。", "は指摘できません。", "を認めません。", "は明らかではありません。", "は(-)。", "は見られません。"])


NEGATIVES = {
    "chest_cr": "気胸 胸水 心拡大 肺うっ血 浸潤影 肺門陰影の拡大 肋骨骨折 皮下気腫 縦隔気腫".split(),
    "chest": "縦隔リンパ節腫大 肺門リンパ節腫大 胸水 心嚢液貯留 気胸 無気肺 肺野に新出結節 活動性肺炎 胸膜肥厚 腋窩リンパ節腫大 肋骨骨折 気腫性変化 肺動脈内血栓".split(),
    "abdomen": "肝内胆管拡張 総胆管拡張 主膵管拡張 脾腫 水腎症 腹水 腹腔内遊離ガス 傍大動脈リンパ節腫大 副腎腫瘤 胆石 腸管拡張 虫垂腫大 門脈血栓 腹部大動脈瘤 尿管結石".split(),
    "brain": "急性期梗塞 頭蓋内出血 脳動脈瘤 水頭症 正中偏位 異常増強効果 硬膜下血腫 主幹動脈の狭窄 海馬の有意な萎縮 微小出血 副鼻腔炎 乳突蜂巣炎".split(),
    "spine": "圧迫骨折 脊髄内異常信号 すべり症 硬膜外血腫 椎間板炎 馬尾腫瘍 傍脊柱筋内腫瘤 黄色靱帯石灰化 脊柱管狭窄".split(),
    "pelvis_m": "骨盤内リンパ節腫大 腹水 膀胱壁肥厚 精嚢浸潤 被膜外浸潤 骨転移 直腸浸潤 水腎症 鼠径ヘルニア".split(),
    "pelvis_f": "骨盤内リンパ節腫大 腹水 膀胱壁肥厚 付属器腫瘤 直腸浸潤 腹膜播種 水腎症 卵管留水腫 拡散制限 出血成分".split(),
    "us_neck": "頚部リンパ節腫大 副甲状腺腫大 血流亢進 微細石灰化 気管偏位 被膜外浸潤 耳下腺腫瘤".split(),
    "us_vessel": "可動性血栓 有意狭窄 解離腔 潰瘍形成 仮性瘤 動静脈瘻 浮遊血栓 盗血現象".split(),
    "us_heart": "心嚢液 心内血栓 疣腫 シャント血流 弁穿孔 左室肥大 右心負荷所見 冠動脈瘤".split(),
    "mg_us": "腋窩リンパ節腫大 乳管拡張 構築の乱れ 血流亢進 後方エコー減弱 皮膚肥厚 ハロー".split(),
    "dental": "根尖病巣 上顎洞炎 歯根吸収 骨膜反応 骨硬化像 過剰歯 皮質骨菲薄化 顎骨骨折 唾石".split(),
    "nm_brain": "左右差 小脳の血流低下 基底核の集積低下 視床の血流低下 てんかん焦点を示す高集積 中心前回の血流低下".split(),
    "bone": "骨折線 脱臼 骨破壊 関節裂隙の狭小化 関節液貯留 異物 骨膜反応 軟部腫脹 骨端線離開".split(),
    "us": "胆嚢壁肥厚 総胆管拡張 肝内SOL 水腎 腹水 膵管拡張 脾腫 リンパ節腫大 腎結石".split(),
    "mg": "構築の乱れ 悪性を疑う石灰化 腫瘤 局所的非対称性陰影 皮膚肥厚 腋窩リンパ節腫大".split(),
    "nm": "異常集積 骨転移を疑う集積 リンパ節への集積亢進 肝転移 副腎への異常集積 虚血を示唆する再分布".split()}

LOBE = "{side}{肺上葉|肺下葉|肺尖部|S1+2|S3|S4|S6|S8|S10|肺下葉背側|B3末梢}"
EXAMS: dict[str, dict] = {
    "ct_chest": {"field": "chest", "machine": "CT", "neg": "chest", "title": ["胸部CT", "胸部単純CT", "胸部～骨盤 造影CT", "胸部HRCT"], "age": (20, 96),
        "history": ["‹{右|左}肺{上|下}葉肺腺癌›術後{n:1-9}年。", "‹関節リウマチ›にて‹MTX›内服中。", "検診で胸部異常影を指摘。", "‹発熱›、‹咳嗽›。‹CRP› {n:2-22}.{n:0-9}。", "‹間質性肺炎›のフォロー。‹KL-6› «{n:400-2400}»。", "‹{eponymraw}›で経過観察中、呼吸苦あり。", "‹Pembrolizumab›投与中。‹薬剤性肺炎›の評価。", "‹COPD›、喫煙 {n:20-60}本×{n:20-50}年。"],
        "pos": ["‹" + LOBE + "›に{mm:28}の‹{充実性結節|すりガラス結節|部分充実型結節|空洞性結節}›{e}{seim}", "‹両側下葉優位›に‹{網状影|すりガラス影|牽引性気管支拡張|蜂巣肺|小葉間隔壁肥厚}›{e}", "‹" + LOBE + "›の{mm:20}の結節は{prev}と比較し{stable}", "‹" + LOBE + "›に‹{浸潤影|粒状影|tree-in-bud appearance|板状無気肺|陳旧性炎症性変化}›{e}", "‹縦隔条件›では‹#{n:2-11}{R|L} リンパ節›が短径{mm:20}と{軽度腫大|腫大}しています。", "‹冠動脈石灰化›、‹大動脈壁の石灰化›{e}", "‹Kerley B line›、‹両側胸水›があり‹心不全›に矛盾しません。", "‹PAPVR›などの血管走行異常はなく、‹Bochdalek孔›ヘルニアを{左|右}にみます。"],
        "imp": ["‹{肺腺癌|原発性肺癌|肺転移|器質化肺炎|非結核性抗酸菌症|UIP pattern|過敏性肺炎|塵肺}›{sus}{follow}", "‹肺結節›：{classif}に準じて{follow}", "‹再発›を示唆する所見なし。", "‹cT{1a|1b|2a|3}N{0|1|2}M0›、{classif}。", "‹{肺気腫|気管支拡張症|陳旧性肺結核}›。{stable}"]},
    "ct_abdomen": {"field": "abdomen", "machine": "CT", "neg": "abdomen", "title": ["腹部造影CT", "腹部骨盤CT", "上腹部Dynamic CT", "単純腹部CT"], "age": (18, 97),
        "history": ["‹C型肝炎›、‹SVR›後。", "‹S状結腸癌›術後、‹FOLFOX›{n:2-12}コース後の評価。", "‹心窩部痛›。‹Amy› {n:200-1900}。", "‹右下腹部痛›、‹WBC› «{n:9800-21000}»。", "‹膵IPMN›フォロー。", "‹血尿›精査。", "‹胃癌›術前。{fake}。"],
        "pos": ["‹肝S{n:2-8}›に{mm2}の‹{早期濃染|低吸収域|嚢胞|血管腫|リング状増強}›{e}{seim}", "‹膵{頭|体|尾}部›に{mm:35}の‹{嚢胞性病変|乏血性腫瘤|石灰化}›{e}‹主膵管›は{n:2-9}mm。", "‹{side}腎›に{mm:60}の‹{腎嚢胞|AML|腎盂内結石|多血性腫瘤}›があり、‹Bosniak {I|II|IIF|III}›相当。", "‹胆嚢底部›に‹{壁肥厚|RASによる腺筋腫症|結石}›{e}", "‹{上行結腸|横行結腸|S状結腸|直腸Ra|回腸末端}›に‹{壁肥厚|憩室|憩室炎|target sign}›{e}", "‹Winslow孔›、‹Morrison窩›、‹Douglas窩›に{少量の|}‹腹水›{e}", "‹SMA›起始部の‹壁在血栓›は{stable}", "‹Couinaud S{n:4-8}›の‹RFA後瘢痕›に再発なし。"],
        "imp": ["‹{肝細胞癌|膵癌|IPMN 分枝型|急性虫垂炎|急性膵炎|虚血性腸炎|肝血管腫|胆管細胞癌}›{sus}", "{classif}で‹Stage {I|II|IIIA|IVB}›。", "‹{多発肝嚢胞|左腎結石|胆石症|脂肪肝}›。", "‹{eponymraw}›{sus}{follow}", "前回({prev})と比較して{stable}"]},
    "mr_brain": {"field": "brain", "machine": "MR", "neg": "brain", "title": ["頭部MRI・MRA", "脳MRI", "頭部造影MRI", "MR 頭部"], "age": (5, 98),
        "history": ["‹めまい›、‹ふらつき›。", "‹もの忘れ›。{fake}。", "{md}より‹{右|左}片麻痺›。‹NIHSS› {n:1-20}。", "‹多発性硬化症›、{classif}を満たす。", "‹{eponymraw}›の既往。", "‹頭痛›精査。", "‹下垂体腺腫›、‹Hardy手術›後。"],
        "pos": ["‹{side}{放線冠|島回|角回|橋|視床|被殻|後頭葉|海馬|小脳半球}›に‹{DWI高信号|FLAIR高信号|陳旧性ラクナ梗塞|微小出血|血管周囲腔拡大}›{e}", "‹大脳白質›に‹慢性虚血性変化›（‹Fazekas {1|2|3}›）{e}", "‹{side}{MCA M1|ICA C{n:1-5}|A-com|BA top|VA}›に{mm:9}の‹{嚢状動脈瘤|狭窄|紡錘状拡張}›{e}", "‹Meckel腔›、‹Sylvius裂›、‹Monro孔›に異常ありません。", "‹{side}小脳橋角部›に{mm:28}の‹{前庭神経鞘腫|髄膜腫|類表皮嚢胞}›{sus}", "‹VSRAD› Z-score {n:0-4}.{n:10-99}。", "‹側脳室›の拡大、‹Evans index› 0.{n:25-40}。"],
        "imp": ["‹{急性期脳梗塞|慢性虚血性変化|もやもや病 鈴木分類 {II|III|IV}期|未破裂脳動脈瘤|神経膠腫|正常圧水頭症|転移性脳腫瘍|Alzheimer型認知症}›{sus}", "‹{eponymraw}›{sus}", "{classif}の基準では判定保留。{follow}", "‹MRA›：有意狭窄なし。"]},
    "mr_spine": {"field": "spine", "machine": "MR", "neg": "spine", "title": ["腰椎MRI", "頚椎MRI", "胸腰椎 MRI", "全脊椎MRI"], "age": (12, 95),
        "history": ["‹腰痛›、‹{右|左}下肢しびれ›。", "‹間欠性跛行› {n:50-400} m。", "‹転倒›後の腰背部痛。", "‹OPLL›フォロー。", "‹平山病›疑い。"],
        "pos": ["‹L{3/4|4/5|5/S1}›に‹{椎間板ヘルニア|椎間板膨隆|椎間関節症|黄色靱帯肥厚}›{e}", "‹C{3/4|4/5|5/6|6/7}›で‹脊柱管狭窄›、‹脊髄圧排›{e}", "‹{Th11|Th12|L1|L2}›に‹{新鮮圧迫骨折|陳旧性圧迫骨折|血管腫|Schmorl結節}›{e}", "‹Modic type {1|2}›変性を終板に見ます。", "‹S{1|2}›レベルに‹Tarlov嚢胞› {mm:25}。", "‹馬尾›の‹redundant nerve roots›{e}"],
        "imp": ["‹{腰部脊柱管狭窄症|頚椎症性脊髄症|L1新鮮圧迫骨折|腰椎椎間板ヘルニア|化膿性脊椎炎|Kümmell病}›{sus}", "‹Pfirrmann grade {III|IV|V}›。", "手術適応につき{follow}"]},
    "mr_prostate": {"field": "prostate", "machine": "MR", "neg": "pelvis_m", "title": ["前立腺MRI", "骨盤MRI（前立腺）"], "sex": "M", "age": (52, 91),
        "history": ["‹PSA› «{n:4-24}.{n:1-12}»。", "‹前立腺癌›、‹Gleason score› 3+4、生検 «{n:1-6}/12»。", "‹BPH›、‹夜間頻尿›。"],
        "pos": ["‹{side}{PZ|TZ}› {尖部|中部|底部}に{mm:24}の‹ADC低下域›{e}‹PI-RADS {3|4|5}›。", "‹前立腺容積› {n:20-110} mL。", "‹移行域›に‹BPH結節›{e}", "‹{side}NVB›への‹浸潤›は{疑われます。|なし。}"],
        "imp": ["‹前立腺癌›、‹cT{2a|2c|3a|3b}›{sus}", "{classif}：‹category {3|4|5}›。", "‹前立腺肥大症›。"]},
    "mr_pelvis": {"field": "gynae", "machine": "MR", "neg": "pelvis_f", "title": ["骨盤MRI", "骨盤造影MRI"], "sex": "F", "age": (18, 88),
        "history": ["‹過多月経›、‹Hb› {n:6-11}.{n:0-9}。", "‹子宮頸癌›、{classif}。", "‹卵巣腫瘍›を指摘。‹CA125› «{n:35-2020}»。"],
        "pos": ["‹子宮{前壁|後壁|底部}›に{cm}の‹{筋層内筋腫|粘膜下筋腫|腺筋症}›{e}", "‹{side}卵巣›に{cm}の‹{内膜症性嚢胞|成熟嚢胞性奇形腫|充実性腫瘤}›{e}", "‹junctional zone›の‹肥厚›{e}", "‹Naboth嚢胞›{e}"],
        "imp": ["‹{子宮腺筋症|チョコレート嚢胞|子宮体癌|Krukenberg腫瘍|子宮筋腫}›{sus}", "‹FIGO I{A|B}期›{sus}", "‹O-RADS MRI {2|3|4}›。"]},
    "mr_knee": {"field": "bone", "machine": "MR", "neg": "bone", "title": ["膝MRI", "右膝関節MRI", "左膝MRI"], "age": (10, 84),
        "history": ["‹サッカー›中に受傷。", "‹膝内側痛›。", "‹膝くずれ›あり。", "‹変形性膝関節症›。"],
        "pos": ["‹内側半月板後角›に‹{水平断裂|放射状断裂|バケツ柄断裂|変性}›{e}", "‹ACL›の‹{完全断裂|部分損傷|再建術後}›{sus}", "‹Baker嚢胞› {mm:60}。", "‹Hoffa脂肪体›に‹浮腫›{e}", "‹大腿骨内顆›に‹{骨挫傷|骨壊死|OCD}›{e}"],
        "imp": ["‹{ACL損傷|内側半月板断裂|離断性骨軟骨炎|Osgood-Schlatter病|SONK}›{sus}", "‹Kellgren-Lawrence grade {II|III|IV}›。"]},
    "us_abdomen": {"field": "us", "machine": "US", "neg": "us", "title": ["腹部超音波", "腹部エコー", "US 上腹部"], "age": (20, 94),
        "history": ["‹肝機能障害›。", "‹AST/ALT› «{n:40-99}/{n:30-99}»。", "‹腹部膨満›。", "健診にて‹胆嚢ポリープ›。"],
        "pos": ["‹肝›：‹{脂肪肝|bright liver|肝腎コントラスト陽性|辺縁鈍化}›。", "‹胆嚢›に{mm:12}の‹{ポリープ|コメット様エコー|debris|結石}›{e}", "‹肝S{n:2-8}›に{mm2:30}の‹{高エコー結節|嚢胞|低エコー腫瘤}›{e}", "‹膵›は描出不良。", "‹{side}腎›：{mm:40}の‹嚢胞›。"],
        "imp": ["‹{脂肪肝|胆嚢ポリープ|胆石|腎嚢胞|肝血管腫}›{sus}", "カテゴリー{2|3|4}、判定区分{B|C|D2}。"]},
    "us_thyroid": {"field": "us", "machine": "US", "neg": "us_neck", "title": ["甲状腺US", "頚部エコー", "甲状腺超音波"], "age": (20, 85),
        "history": ["‹橋本病›フォロー。‹TSH› {n:1-20}.{n:0-9}。", "‹Basedow病›。", "‹前頚部腫脹›。", "‹Tg› «{n:30-2019}»。"],
        "pos": ["‹{右葉|左葉|峡部}›に{mm2:35}の‹{低エコー結節|嚢胞|spongiform nodule|粗大石灰化}›{e}", "‹内部エコー›は‹{不均質|粗雑}›。", "‹縦横比› 0.{n:50-99}。"],
        "imp": ["‹{腺腫様甲状腺腫|橋本病|乳頭癌|濾胞性腫瘍}›{sus}‹TI-RADS {3|4|5}›。", "‹FNA›を検討ください。"]},
    "mammography": {"field": "breast", "machine": "MG", "neg": "mg", "title": ["マンモグラフィ", "MMG 2方向", "乳房撮影 MLO/CC"], "sex": "F", "age": (38, 82),
        "history": ["検診。", "‹{右|左}乳房痛›。", "‹{右|左}乳癌 Bp›術後{n:1-12}年。", "‹豊胸術›後。"],
        "pos": ["‹{脂肪性|乳腺散在|不均一高濃度|極めて高濃度}›の乳房です。", "‹{右|左} {MLO|CC} {U|M|L|I|O}›に‹{微細円形石灰化|多形性石灰化|淡く不明瞭な石灰化|境界不明瞭な腫瘤|FAD|スピキュラ}›{e}", "‹粗大石灰化›{e}"],
        "imp": ["‹カテゴリー {右|左}{1|2|3|4|5}›。", "‹BI-RADS {0|2|3|4A|5}›。{follow}", "{右|左}‹カテゴリー3›、要精査。"]},
    "cr_chest": {"field": "chest", "machine": "CR", "neg": "chest_cr", "title": ["胸部X線", "胸部単純撮影 PA", "胸部Xp 2方向", "胸部正面"], "age": (5, 97),
        "history": ["術前。", "検診。", "‹咳嗽›が{n:2-8}週間持続。", "‹肺炎›経過。", "‹心雑音›。"],
        "pos": ["‹CTR› {n:42-64}%。", "‹{右|左}{上|中|下}肺野›に‹{浸潤影|結節影|線状影|透過性低下|粒状影|石灰化影}›{e}", "‹{右|左}CP angle›は‹{dull|sharp}›。", "‹{右|左}肺尖部›に‹{胸膜肥厚|apical cap|ブラ}›{e}", "‹大動脈弓›の‹{突出|石灰化|蛇行}›{e}", "‹胸椎›の‹側弯›、‹{右|左}横隔膜挙上›{e}"],
        "imp": ["‹{肺炎|心拡大|陳旧性炎症性変化|肺うっ血|肺気腫}›{sus}", "異常なし。", "‹{右|左}{上|下}肺野結節影›、CT での精査を。", "‹Chilaiditi症候群›{sus}"]},
    "cr_portable": {"field": "chest", "machine": "CR", "neg": "chest_cr", "title": ["胸部Xp ポータブル", "胸部臥位 AP", "ICU胸部ポータブル"], "age": (30, 97),
        "history": ["‹CVC›挿入後。", "挿管後。", "‹開心術›後{n:1-9}日目。", "‹ARDS›。"],
        "pos": ["‹気管内チューブ›先端は‹Carina›上{n:2-6}cm。", "‹Swan-Ganzカテーテル›先端は‹{右|左}肺動脈›。", "‹{右|左}内頚静脈CVC›先端は‹{SVC|右房|無名静脈}›。", "‹{右|左}胸腔ドレーン›留置、‹気胸›は{消失|残存}。", "‹両側{上|中|下}肺野›の‹{浸潤影|うっ血|透過性低下}›は{stable}", "‹胃管›先端は‹{胃内|食道胃接合部}›。"],
        "imp": ["‹{胸水貯留|肺水腫|ARDS|無気肺}›{sus}", "デバイス位置は適切。", "‹バタフライ陰影›、‹Kerley B line›。"]},
    "cr_wrist": {"field": "bone", "machine": "CR", "neg": "bone", "title": ["右手関節X線", "左手関節2R", "手Xp 3方向"], "age": (4, 95),
        "history": ["転倒し手をついた。", "スポーツ外傷。", "‹RA›。", "‹手根管症候群›。"],
        "pos": ["‹{右|左}橈骨遠位端›に‹{骨折線|背側転位|骨硬化}›{e}", "‹尺骨茎状突起›に‹{裂離骨片|骨折線}›{e}", "‹volar tilt› {n:2-20}度、‹ulnar variance› +{n:1-5}mm。", "‹{舟状骨|月状骨|第{n:2-5}中手骨}›に‹{骨折線|骨硬化|骨びらん}›{e}"],
        "imp": ["‹{Colles骨折|Smith骨折|Barton骨折|舟状骨骨折|Kienböck病}›{sus}", "明らかな‹骨折›なし。", "‹Larsen grade {I|II|III}›。"]},
    "cr_hip": {"field": "bone", "machine": "CR", "neg": "bone", "title": ["左股関節2R", "両股関節正面", "骨盤Xp"], "age": (4, 98),
        "history": ["転倒、体動困難。", "‹{右|左}股関節痛›。", "‹THA›術後。"],
        "pos": ["‹{右|左}大腿骨頚部›に‹{骨折線|転位|骨硬化}›{e}", "‹Garden stage {II|III|IV}›。", "‹{右|左}股関節›の‹関節裂隙狭小化›、‹骨棘›{e}", "‹CE角› {n:12-38}度、‹Sharp角› {n:35-50}度。", "‹恥坐骨›に{明らかな|}‹骨折›なし。"],
        "imp": ["‹{大腿骨頚部骨折|変形性股関節症|大腿骨転子部骨折|Legg-Calvé-Perthes病|臼蓋形成不全}›{sus}", "‹人工関節›の‹弛み›なし。"]},
    "nm_bone": {"field": "nuclear", "machine": "NM", "neg": "nm", "title": ["骨シンチ", "骨シンチグラフィ（99mTc-HMDP）"], "age": (30, 92),
        "history": ["‹{cancer}›、‹ALP› {n:90-900}。", "‹{cancer}›術後。", "‹{cancer}›、{fake}。", "‹多発骨転移›、‹デノスマブ›投与中。"],
        "pos": ["‹99mTc-MDP› 740 MBq 静注{n:2-4}時間後に撮像。", "‹{第{n:3-11}肋骨|L{n:1-5}|右腸骨|胸骨|頭蓋骨|仙骨}›に‹{集積亢進|淡い集積|集積欠損}›{e}", "‹BSI› {n:0-8}.{n:0-9}%。", "‹super bone scan›ではありません。"],
        "imp": ["‹骨転移›{sus}", "‹EOD {1|2|3}›。", "‹変性›や‹陳旧性骨折›による集積を考えます。"]},
    "nm_dat": {"field": "nuclear", "machine": "NM", "neg": "nm_brain", "title": ["DaTSCAN", "ドパミントランスポーターSPECT", "123I-FP-CIT SPECT"], "age": (45, 92),
        "history": ["‹振戦›、‹すくみ足›。", "‹DLB›疑い。‹幻視›あり。", "{fake}。", "‹RBD›、‹嗅覚低下›。"],
        "pos": ["‹SBR› 右 {n:1-6}.{n:10-99}、左 {n:1-6}.{n:10-99}。", "‹{右|左}被殻{後部|}›優位の‹集積低下›{e}", "‹線条体›の集積は‹{dot|comma|egg} shape›。", "‹尾状核›の集積は比較的保たれています。"],
        "imp": ["‹{Parkinson病|Parkinson症候群|レビー小体型認知症|MSA|PSP}›{sus}", "正常範囲の集積。", "{classif}の指標的バイオマーカー{陽性|陰性}。"]},
    "nm_brain": {"field": "nuclear", "machine": "NM", "neg": "nm_brain", "title": ["脳血流SPECT", "IMP-SPECT", "ECD脳血流"], "age": (45, 92),
        "history": ["‹もの忘れ›。{fake}。", "‹FTD›疑い。", "‹もやもや病›、‹STA-MCA bypass›術前。"],
        "pos": ["‹{123I-IMP|99mTc-ECD}›：‹{後部帯状回|楔前部|後頭葉|島|前頭葉内側|側頭頭頂葉}›の‹血流低下›{e}", "‹eZIS›、‹Z-score› {n:2-5}.{n:0-9}。", "‹cingulate island sign›は{陽性|陰性|不明瞭}。", "‹CCD›として‹{右|左}小脳›の低下{e}"],
        "imp": ["‹{Alzheimer型認知症|レビー小体型認知症|FTLD|正常圧水頭症}›{sus}", "‹Powers stage {1|2}›。"]},
    "nm_heart": {"field": "nuclear", "machine": "NM", "neg": "nm", "title": ["負荷心筋シンチ", "心筋血流SPECT", "MIBG心筋シンチ"], "age": (40, 92),
        "history": ["‹労作時胸痛›。", "‹#{6|7|13}› ‹PCI›後。", "‹心アミロイドーシス›疑い。", "‹LVEF› {n:20-60}%。"],
        "pos": ["‹{99mTc-テトロホスミン|201Tl}›：‹{前壁|下壁|心尖部|側壁|中隔}›に‹{虚血|固定欠損|逆再分布}›{e}", "‹SSS› {n:0-20}、‹SDS› {n:0-9}。", "‹QGS›：‹EDV› {n:60-180} mL、‹EF› {n:25-75}%。", "‹H/M比› 早期 {n:1-3}.{n:10-99}、後期 {n:1-3}.{n:10-99}。"],
        "imp": ["‹{労作性狭心症|陳旧性心筋梗塞|Takotsubo心筋症|ATTR心アミロイドーシス}›{sus}", "有意な‹虚血›なし。"]},
    "pet": {"field": "pet", "machine": "PT", "neg": "nm", "title": ["FDG-PET/CT", "PET-CT 全身"], "age": (22, 91),
        "history": ["‹DLBCL›、‹R-CHOP› {n:3-8}コース後。{classif}で評価。", "‹原発不明癌›。", "‹肺癌›病期診断。", "‹IgG4関連疾患›疑い。", "‹sIL-2R› «{n:1960-2025}»。"],
        "pos": ["‹18F-FDG› {n:180-290} MBq、‹血糖› {n:80-160} mg/dL。", "‹{右肺門|縦隔|膵頭部|傍大動脈|左鎖骨上窩(Virchow)|S状結腸}›に‹{suv}›の集積{e}", "‹Waldeyer輪›、‹耳下腺›に‹生理的集積›{e}", "‹Deauville score {1|2|3|4|5}›。", "‹早期相›‹{suv}›→‹後期相›‹{suv}›。"],
        "imp": ["‹{CMR|PMR|PMD}›（{classif}）。", "‹{悪性リンパ腫|Warthin腫瘍|多発骨転移|サルコイドーシス|高安動脈炎}›{sus}", "新規病変なし。"]},
    "dental": {"field": "dental", "machine": "CT", "neg": "dental", "title": ["歯科用CBCT", "顎骨CT", "パノラマX線"], "age": (8, 84),
        "history": ["‹{右|左}下顎智歯›抜歯前、‹下顎管›との関係。", "‹インプラント›術前。", "‹ARONJ›疑い。", "‹顎関節症›。"],
        "pos": ["‹#{n:11-18}›、‹#{n:31-38}›に‹{根尖病巣|埋伏|骨吸収|含歯性嚢胞}›{e}", "‹下顎管›との距離 {n:1-6}.{n:0-9}mm。", "‹{side}上顎洞›に‹粘膜肥厚›{e}", "‹Pell-Gregory分類 Class {I|II|III}›。"],
        "imp": ["‹{含歯性嚢胞|エナメル上皮腫|ARONJ Stage 2|根尖性歯周炎|Garré骨髄炎}›{sus}", "‹下顎管›に近接、抜歯時注意。"]},
    "us_carotid": {"field": "us", "machine": "US", "neg": "us_vessel", "title": ["頚動脈エコー", "頸動脈US"], "age": (30, 95),
        "history": ["‹TIA›疑い。", "‹高安動脈炎›。", "‹動脈硬化›評価、{fake}。"],
        "pos": ["‹{右|左}CCA› ‹maxIMT› {n:1-3}.{n:0-9}mm。", "‹{右|左}ICA›に‹{低輝度プラーク|石灰化プラーク|可動性プラーク}›、‹PSV› {n:60-320} cm/s。", "‹{右|左}VA› ‹Vmean› {n:8-40} cm/s。", "‹マカロニサイン›は{なし|あり}。"],
        "imp": ["‹{右|左}ICA狭窄 NASCET {n:50-80}%›{sus}", "有意狭窄なし。", "‹プラークスコア› {n:1-14}.{n:0-9}。"]},
    "us_heart": {"field": "us", "machine": "US", "neg": "us_heart", "title": ["心エコー", "UCG", "経胸壁心エコー"], "age": (10, 97),
        "history": ["‹心雑音›。", "‹AF›、‹CHADS2› {n:1-5}点。", "‹川崎病›既往。", "‹化学療法›前評価。"],
        "pos": ["‹LVEF› {n:28-72}%（‹Simpson法›）。", "‹TRPG› {n:18-60} mmHg、‹E/e'› {n:6-22}。", "‹LAD› {n:28-58}mm、‹IVS› {n:7-15}mm。", "‹AVA› 0.{n:60-95} cm2、‹Vmax› {n:2-5}.{n:0-9} m/s。"],
        "imp": ["‹{大動脈弁狭窄症|Takotsubo心筋症|MR moderate|HCM|肺高血圧}›{sus}", "‹asynergy›なし。"]},
    "us_vein": {"field": "us", "machine": "US", "neg": "us_vessel", "title": ["下肢静脈エコー", "DVT検索エコー"], "age": (20, 97),
        "history": ["‹下腿浮腫›、‹D-dimer› {n:1-20}.{n:0-9}。", "‹TKA›術前スクリーニング。", "‹肺塞栓症›。"],
        "pos": ["‹{右|左}{ヒラメ静脈|膝窩静脈|浅大腿静脈|腓骨静脈}›に‹血栓›{e}", "‹CUS›で‹{右|左}{CFV|PopV}›は圧縮{良好|不良}。", "‹{右|左}GSV›に‹逆流› {n:1-5}.{n:0-9}秒。", "‹Baker嚢胞›を{右|左}に{mm:50}。"],
        "imp": ["‹DVT›{sus}", "‹{器質化血栓|表在静脈血栓}›{sus}", "‹DVT›なし。", "‹May-Thurner症候群›{sus}"]},
    "us_breast": {"field": "breast", "machine": "US", "neg": "mg_us", "title": ["乳腺超音波", "乳房US"], "sex": "F", "age": (22, 82),
        "history": ["‹{右|左}乳房しこり›。", "検診‹MMG› カテゴリー3。", "‹{右|左}乳癌›術後{n:1-9}年。"],
        "pos": ["‹{右|左}{A|B|C|D|CD}領域›に{mm2:30}の‹{低エコー腫瘤|嚢胞|境界不明瞭腫瘤|濃縮嚢胞}›{e}", "‹D/W比› 0.{n:40-95}。", "‹乳頭腫瘍間距離› {n:8-60}mm、‹{n:1-12}時方向›。", "‹エラストスコア› {n:1-5}。"],
        "imp": ["‹{線維腺腫|浸潤性乳管癌|乳腺症|乳管内乳頭腫}›{sus}", "‹カテゴリー {2|3|4|5}›、{follow}"]},
    "mr_shoulder": {"field": "bone", "machine": "MR", "neg": "bone", "title": ["右肩関節MRI", "左肩MRI"], "age": (15, 84),
        "history": ["‹挙上困難›。", "‹反復性脱臼›。", "‹夜間痛›、‹Neer test›陽性。"],
        "pos": ["‹{棘上筋|棘下筋|肩甲下筋}腱›に‹{完全断裂|不全断裂|腱症}›{e}‹断端›は{mm:30}退縮。", "‹Hill-Sachs病変›{e}", "‹前下方関節唇›に‹Bankart病変›{e}", "‹Goutallier stage {1|2|3|4}›。"],
        "imp": ["‹{腱板断裂|Bankart損傷|SLAP病変|凍結肩}›{sus}", "‹Cofield分類 {小|中|大}断裂›。"]},
}
SLOTS["tracer"] = lambda case: case.expand({"nm_bone": "{99mTc-HMDP|99mTc-MDP} {n:555-740}MBq", "nm_dat": "123I-FP-CIT {n:111-185}MBq", "nm_brain": "{123I-IMP {n:111-222}MBq|99mTc-ECD {n:555-740}MBq}", "nm_heart": "{201TlCl {n:74-111}MBq|123I-MIBG 111MBq|99mTc-テトロホスミン {n:296-740}MBq}"}.get(case.exam_name, "18F-FDG {n:180-290}MBq"))
SLOTS["cancer"] = lambda case: case.rng.choice(["前立腺癌", "前立腺癌", "肺癌", "腎癌"] if case.sex == "M" else ["乳癌", "右乳癌", "左乳癌", "肺癌", "甲状腺癌"])
SLOTS["dept"] = lambda case: case.rng.choice(DEPARTMENTS[EXAMS[case.exam_name]["field"]])
DEPARTMENTS = {"chest": ["呼吸器内科", "呼吸器外科", "総合診療科"], "abdomen": ["消化器内科", "外科", "泌尿器科", "救急科"], "brain": ["脳神経外科", "脳神経内科", "神経内科"], "spine": ["整形外科", "ペインクリニック"], "prostate": ["泌尿器科"], "gynae": ["婦人科", "産婦人科"],
               "bone": ["整形外科", "リウマチ科"], "us": ["内科", "循環器内科", "内分泌内科"], "breast": ["乳腺外科", "健診科"], "nuclear": ["循環器内科", "脳神経内科", "精神科", "泌尿器科"], "pet": ["血液内科", "腫瘍内科", "呼吸器外科"], "dental": ["口腔外科", "歯科"]}
SLOTS["term"] = lambda case: "‹" + case.rng.choice(NEGATIVES[EXAMS[case.exam_name]["neg"]]) + "›"
SLOTS["eponymraw"] = lambda case: case.rng.choice(LOCAL_EPONYMS[EXAMS[case.exam_name]["field"]])


def history(case, exam): return case.expand(case.rng.choice(exam["history"]))
def findings(case, exam, low=2, high=5):
    lines = [case.expand(t) for t in case.some(exam["pos"], low, high)]
    if case.rng.random() < .8:
        lines.append(case.expand("{neg:" + exam["neg"] + "}"))
    if case.rng.random() < .15:
        lines.append(case.expand("{fake}。"))
    joiner = case.rng.choice(["\n", "\n", "", "\n・"])
    return ("・" if joiner == "\n・" else "") + joiner.join(lines)
def impression(case, exam):
    lines = [case.expand(t) for t in case.some(exam["imp"], 1, 3)]
    numbered = case.rng.choice(["{0}. {1}", "#{0} {1}", "{1}", "{0}) {1}", "- {1}"])
    return "\n".join(numbered.format(i, line) for i, line in enumerate(lines, 1))


# ---------------------------------------------------------------- ordinary reports

NARRATIVE = ["{prev}と比べ、{term}は{消失|減少|増加|軽減}しています。", "{prev}、{prev}と経時的に{term}が目立ってきています。", "{dr}先生ご指摘の{term}については{follow}", "{hosp}で指摘された{term}は今回はっきりしません。",
             "{prevm}の検査で疑われた{term}は{stable}", "前回読影（{dr}）の{term}は{stable}", "{md}に{hs}で撮影された画像では{term}あり。", "{dr:0}先生と電話で協議し、{term}の有無を再確認しました。", "{prev}には{term}はありませんでした。",
             "参照した{hs}の画像({prev})では{term}を認めていました。", "{agen}歳という年齢を考慮すると{term}は年齢相応です。", "{eponym}に伴う{term}としては非典型的です。", "{prev}の‹手術›後変化と考えます。", "次回{nextd}に再検予定とのこと、{term}に注意。"]


def ordinary(case: Case, name: str) -> str:
    exam, r = EXAMS[name], case.rng
    heads = r.choice([("【所見】\n", "【診断】\n", "【検査目的】\n", "【比較】"), ("所見：\n", "診断：\n", "依頼内容：", "比較："), ("[Findings]\n", "[Impression]\n", "[History]\n", "[Comparison] "),
                      ("＜所見＞\n", "＜印象＞\n", "＜臨床情報＞\n", "＜比較＞"), ("■所見\n", "■結論\n", "■目的\n", "■前回 "), ("", "\nIMP) ", "", ""), ("Findings:\n", "Impression:\n", "Clinical info: ", "Comparison: ")])
    parts = []
    title = r.choice(exam["title"])
    if r.random() < .5:
        parts.append(title + (case.expand("（{machine:" + exam["machine"] + "}）") if r.random() < .35 else "") + (case.expand("　検査日 {exam}") if r.random() < .3 else ""))
    if r.random() < .3:
        parts.append(case.expand(r.choice(["依頼医：{drf:0}", "{drt}より依頼。", "依頼科：{dept}　{dr:0}", "ご紹介元：{hosp} {dr}先生", "依頼医 {dr:0} / 主治医 {dr:1}", "紹介元：{hosp}", "ご依頼：{hs} {dr:0}先生"])))
    if r.random() < .65:
        line = heads[2] + history(case, exam)
        if r.random() < .3:
            line += case.expand(r.choice(["{age}{sexw}。", "{agen}歳。", "{prevm}に{hosp}にて手術。", "{hosp}より紹介。", "{prevm}より経過観察。", "{eponym}の既往あり。", "{hs}で指摘。", "{prev}手術。", "{dr}先生外来フォロー中。"]))
        parts.append(line)
    if name in ("ct_chest", "ct_abdomen", "mr_brain", "mr_prostate", "mr_pelvis"):
        if r.random() < .3:
            parts.append(case.expand(r.choice(["造影剤：{contrast}", "{contrast}を使用。", "造影剤 {contrast}、副作用なし。", "‹造影剤アレルギー›のため単純のみ。"])))
    if r.random() < .5:
        parts.append(heads[3] + case.expand(r.choice(["{prev}", "{prev}のCT", "{prev}、{prev}", "なし", "前回 {prev} と比較しました。", "{hosp} {prev} 検査", "{prevm}の他院MRI", "{md}のCRと対比。", "初回検査のため比較なし。"])))
    text = findings(case, exam)
    if r.random() < .3:
        text += "\n" + case.expand(r.choice(NARRATIVE))
    parts.append(heads[0] + text)
    parts.append(heads[1] + impression(case, exam))
    if r.random() < .45:
        parts.append(case.expand(r.choice(["読影医：{drf:2}", "読影：{dr:2}　確認：{dr:3}", "報告医 {drf:2}", "({dr:2})", "文責：{drf:2}", "一次読影 {dr:2} / 二次読影 {dr:3}", "放射線診断専門医　{drf:2}", "{dr:2}／{dr:3}", "検査者：{dr:2}（技師）", "Read by {drrom:2}"])))
    return r.choice(["\n", "\n", "\n\n"]).join(parts)


# ---------------------------------------------------------------- hostile layouts

@dataclass
class Layout:
    name: str
    build: Callable[[Case, dict], str]
    exams: tuple[str, ...] = ()
    ages: tuple[int, int] | None = None
    foreign: float = .06


LAYOUTS: list[Layout] = []


def layout(exams: str = "", ages: tuple[int, int] | None = None, foreign: float = .06):
    def register(function):
        LAYOUTS.append(Layout(function.__name__, function, tuple(exams.split()), ages, foreign))
        return function
    return register


def pick(case: Case, *options: str) -> str:
    return case.expand(case.rng.choice(options))


def body(case: Case, exam: dict, low: int = 1, high: int = 3) -> str:
    heads = case.rng.choice([("【所見】", "【診断】"), ("所見)", "診断)"), ("<所見>", "<診断>"), ("[F]", "[I]"), ("所見：", "結語：")])
    return f"{heads[0]}\n{findings(case, exam, low, high)}\n{heads[1]}\n{impression(case, exam)}"


@layout()
def fixed_form(case, exam):
    rows = case.some_in_order(["患者ID　　：{pid}", "患者氏名　：{p}{様|殿|}", "カナ氏名　：{pkana}", "生年月日　：{dob}（{age}）", "性別　　　：{sexj}", "依頼医師　：{drf:0}", "病棟　　　：{ward}　{room}", "検査日　　：{exam}", "受付番号　：{acc}", "撮影技師　：{drf}", "主治医　　：{dr:1}", "依頼施設　：{hosp}"], 6, 11)
    return case.expand("{own}　放射線科　画像診断報告書\n" + "─" * 20 + "\n" + "\n".join(rows) + "\n" + "─" * 20 + "\n") + history(case, exam) + "\n" + body(case, exam)


@layout()
def box_form(case, exam):
    line = "＋－－－－－－＋－－－－－－－－－＋"
    rows = ["｜ＩＤ　　　｜{pid}｜", "｜氏　名　　｜{p}　様｜", "｜ﾌﾘｶﾞﾅ　 ｜{pkhalf}｜", "｜生年月日　｜{dobw}生 {age} {sexj}｜", "｜入／外　　｜入院 {ward} {room}｜", "｜主　治　　｜{dr:0}　{呼吸器|消化器|脳外|整形}｜"]
    return line + "\n" + f"\n{line}\n".join(case.expand(row) for row in rows) + f"\n{line}\n" + body(case, exam)


@layout()
def stamp(case, exam):
    stamp_ = pick(case, "《読影済　{examm}　{dr:2}》", "【確 認 済】{dr:2} 印　{examm}", "（印）{dr:2}", "◎{own} 放射線科◎ {examm} ◎{dr:2}◎", "[検印] {dr:2}　[再鑑] {drone}", "―{examm}―\n―{dr:2}―\n―{ownshort}放―", "済 {dr:3}→{dr:2}→{drone}")
    return body(case, exam) + "\n" + stamp_ + ("\n" + pick(case, "ﾌｨﾙﾑ貸出 {nextmd} {dr}", "CD-R作成済 {p}様 {pid}", "スキャン取込 {login} {examm} {hm}") if case.rng.random() < .5 else "")


@layout()
def signature_line(case, exam):
    return body(case, exam, 2, 4) + "\n" + pick(case,
        "一次読影：{dr:2}(研)　二次：{dr:3}　確定：{examm} {hm}", "{drf:2}（放射線診断専門医）", "読影医 {drone}　左上葉は再確認済", "{dr:2}/{dr:3}/{drone}", "記載 研修医{dr:2}、指導 {dr:3}",
        "Dict: {drrom:2}  Trans: {login}  Sign: {drrom:3} {examm}", "最終確認者＝{drf:3}@放射線科", "読影者名 {drb}\n承認者名 {drf:3}", "（文責　{dr:2}、{dr:3}、{drf}）", "代行入力：{drf}（医療クラーク）　承認待ち：{dr:3}", "{dr:2}記　{dr:3}　cosign", "主治{dr:1}殿　御侍史　　放 {dr:2} 拝")


@layout()
def mail_trailer(case, exam):
    greet = pick(case, "{dr:0}先生\n\nいつもお世話になっております。{own}放射線科の{dr:2}です。", "{hosp}\n{drf:0} 先生 御机下\n\nお世話になっております。", "To: {mail}\nCc: {mail}\nSubject: {psur}様のCTの件\n\n{dr:0}先生", "各位（{ward}担当）\n\n放射線部{dr:2}です。")
    talk = pick(case, "{psur}さん（ID {pid}）の件、{md}の画像を再読影しました。", "ご依頼の{p}様、下記の通りです。", "先ほどお電話した{agen}歳{sexw}の方です。", "画像はこちらです。{url}")
    trailer = pick(case, "--\n{drf:2}\n{own} 放射線科 {医員|助教|講師}\n〒{zip} {addr}\nTEL {tel}（内線{phs}）\n{mail:2}", "**********\n{drrom:2}, M.D., Ph.D.\nDept. of Radiology\n{mail:2}\n{url}\n**********", "{dr:2}＠画像診断（PHS {phs}）", "＝＝＝＝＝\n{hosp}\n地域連携室　{drf}\n直通 {tel} / FAX {tel}\n＝＝＝＝＝")
    return f"{greet}\n{talk}\n\n{findings(case, exam, 1, 3)}\n{impression(case, exam)}\n\n{trailer}"


@layout()
def dictation_slip(case, exam):
    start = pick(case, "口述　{dr:2}　まる　患者さんは{p}さん　アイディー{pidsp}　", "えー{psur}、{pgiv}さん、{agen}歳{sexw}、", "[音声入力 {login} {hm}] ", "はい、放射線科{dr:2}です、{examm}、{own}、{psur}さんのCT。", "ディクテーション番号{acc}、")
    prose = findings(case, exam, 2, 4).replace("\n", " 改行 ")
    end = pick(case, "以上、{dr:2}でした。", "入力の{drg}さん、{dr:3}先生に回してください。", "（聞き取り不可 3秒）先生、{drkana}先生に電話。", "タイプ：{drf}／校正：{dr:3}", "署名は研修医の{dr:2}、二次は{dr:3}先生で。")
    return f"{start}\n{prose}\n{impression(case, exam)}\n{end}"


@layout("ct_chest ct_abdomen mr_brain cr_chest cr_portable us_vein us_carotid us_heart", (45, 98))
def telephone_note(case, exam):
    head = pick(case, "《パニック値報告》{examm} {hm}", "電話連絡メモ", "★緊急連絡★", "TEL記録　{hm}", "CVR（critical value report）")
    lines = case.some(["{dr:0}Dr（PHS{phs}）へ{dr:2}より電話、了解得た。", "{dr:0}先生 不在のため{ward} Ns {dr}に伝言。", "主治{dr:1}先生 内線{phs} 応答なし→当直 {dr}先生に報告。", "ご家族（{relation} {spouse}様 {tel}）へ主治医から連絡予定。", "長男 {son}さん携帯 {tel}。", "受：{ward}　クラーク {dr}　発：CT室 {drf}（技師）", "紹介元 {hosp} {dr}医師 {tel} へFAX済。", "つながらず。院内ﾒｰﾙ {mail} 送信。", "{dr:0} 先生 → 折返し {phs} へ。", "夜勤リーダー{dr}、救外 {drone}Drにも共有。"], 2, 4)
    return head + "\n" + pick(case, "対象：{p}様　{pid}", "患者 {psur}様 {ward}-{room}", "{pid} {p} {agen}{sexj}") + "\n内容：" + impression(case, exam) + "\n" + "\n".join(case.expand(line) for line in lines) + "\n" + findings(case, exam, 1, 2)


@layout()
def referral_fax(case, exam):
    head = pick(case, "診療情報提供書\n紹介先医療機関等名　{hosp}\n担当医　{dr:0}　先生　御机下", "画像検査依頼書（ＦＡＸ）\n{hosp} 放射線科 御中", "紹 介 状\n{own}　{dr:0} 先生")
    who = pick(case, "患者氏名　{pb}　　性別 {sexj}\n生年月日　{dobw}（{agen}才）\n患者住所　〒{zip}　{addr}\n電話番号　{tel}\n職業　会社員（{emp}）", "氏名 {p} {sexj} {dobw}生\n住所 {addr}\n電話 {tel}", "ふりがな　{phira}\n氏　　名　{p}\n保険者番号 {insurer}　{inssym}")
    foot = pick(case, "紹介元医療機関　{hosp}\n所在地　{addr}\n電話　{tel}　FAX {tel}\n医師氏名　{drf:1}　印", "{hosp}\n院長　{drb}", "医療法人社団{hosp}\n{addr}\nTEL{tel}\n{dr:1}")
    return ocr(case, head) + "\n" + who + "\n" + pick(case, "傷病名　", "診断名：") + history(case, exam) + "\n" + pick(case, "治療経過　{prevm}頃より症状あり、{prev}当院受診。", "{md}初診。{hs}でCT施行済み。") + "\n" + body(case, exam, 1, 2) + "\n" + foot


@layout("")
def half_kana_terminal(case, exam):
    head = pick(case, "ｶﾝｼﾞｬID {pid} {pkana} {sexj} {dobw}", "ｼﾒｲ:{pkana} ｾｲﾈﾝｶﾞｯﾋﾟ:{dobw} ﾋﾞｮｳﾄｳ:{ward}", "{pkana} ﾅｲｾﾝ{phs} ｲﾗｲｲ {drkana}")
    foot = pick(case, "ﾄﾞｸｴｲ {drkana}", "ｷﾞｼ {drkana} ｸﾗｰｸ {drkana}", "ｲｼ {dr:2}　ﾆｭｳﾘｮｸ {login}")
    return kana_half(head + "\n" + body(case, exam) + "\n" + foot)


@layout()
def full_width(case, exam):
    head = pick(case, "ID {pid}　{p}　{age}　{sexj}　{exam}", "検査日{exam} 受付No.{acc} 患者{p}", "{ward} {room} {p} 生年月日{dob}")
    foot = pick(case, "内線{phs} {drf:2}", "読影医{drf:2} ({examm} {hm})", "問合せ {tel}")
    return wide(head + "\n" + body(case, exam) + "\n" + foot)


@layout()
def teleradiology(case, exam):
    head = pick(case, "遠隔読影依頼票\n依頼施設：{hosp}\n読影会社：{telerad}", "【{telerad}】読影レポート　至急\n施設：{hosp}\n受付：{acc}", "{telerad} → {hosp} 御中")
    who = pick(case, "患者ID：{pid}／氏名：{prom}／{age}{sexj}", "匿名化ID：{acc}　※氏名は{p}と記載あり", "PatientName={ppn}  PatientID={pid}", "{p} ({pkana}) {dob}")
    foot = pick(case, "読影医：{drf:2}（在宅）　チェック：{dr:3}\nお問い合わせ {tel}", "画像送信 {login} {examm} {hm}\n担当オペレータ {dr}", "読影医ID {login}　{drrom:2}", "閲覧URL {url}\n担当：{drf}　{mail}")
    return f"{head}\n{who}\n臨床情報 {history(case, exam)}\n{body(case, exam)}\n{foot}"


@layout("us_abdomen mammography us_breast ct_chest cr_chest mr_brain us_carotid", (35, 69))
def health_check(case, exam):
    head = pick(case, "人間ドック画像判定票\n受診番号 {pid}　{p} 様", "【健診】事業所：{emp}　社員番号{othemp}\n{pkana} {dobw}", "{hosp}　一日ドック　{exam}\n健保：{emp}健康保険組合 {inssym}\n氏名 {p}", "協会けんぽ生活習慣病予防健診　保険者番号{insurer}\n受診者：{p}　{age}")
    foot = pick(case, "判定医 {dr:2}　第二読影 {dr:3}", "面談医：{drf:2}　保健師：{dr}", "精査先希望：{hs}（{dr}先生）", "結果送付先 〒{zip} {addr} {p}様", "昨年度({prev})判定B。健診センター{dr}")
    return f"{head}\n{body(case, exam)}\n{foot}"


SLOTS["othemp"] = lambda case: mark("patient_id", f"{case.rng.randint(10000, 999999)}")


@layout("", (40, 98))
def clerk_order(case, exam):
    lines = case.some(["{ward} {room} {psur}さん車いす{搬送|移送}、O2 {n:1-5}L", "出棟時連絡→{phs}（{dr}Ns）", "主治 {dr:0}、担当 {dr:1}（研修医）", "{psur}さま 同姓{othsame}様あり注意！", "次回{nextd} {dr:0}Dr外来前に", "ｵｰﾀﾞｰ修正 {dr}（ｸﾗｰｸ）{hm}", "MRSA(+)、最後枠で。師長{dr}確認済", "造影同意書 {dr:1}Dr取得、妊娠(-)", "家族 {relation}({spouse})付添", "腎機能 ‹eGFR› {n:20-90}、‹Cr› {n:0-3}.{n:10-99}", "ﾍﾟｰｽﾒｰｶｰ手帳 {p}名義 循内{dr}Drへ確認", "CD取込：{hosp} {prev}分", "ICU {drone}Dr立会い", "{ward}ﾘｰﾀﾞｰ{dr} PHS{phs}"], 4, 7)
    return "\n".join(case.expand(line) for line in lines) + "\n" + history(case, exam) + "\n" + body(case, exam, 1, 2)


@layout("nm_bone nm_dat nm_brain nm_heart pet")
def injection_sheet(case, exam):
    return case.expand("RI検査記録　{exam}\n患者：{p}　ID:{pid}　身長{n:145-185}.{n:0-9} 体重{n:38-98}.{n:0-9}kg\n薬剤：‹{tracer}›　Lot «{n:2001-2912}-{n:1-12}»\n") + pick(case, "投与：{dr:2}医師 {hm}／確認 {dr}（RI技師）", "静注者 {dr:2}　介助Ns {dr}　右前腕", "投与者 {drone}　左肘静脈 {hm}", "調製：{drf}（薬剤師）検定：{drf}") + "\n" + pick(case, "残液 {n:1-9}.{n:0-9}MBq 測定 {login}", "撮像者：{drf}・{dr}", "装置 {machine:NM}　撮像{dr}", "標識業者便 {hm} 着、受領{dr}") + "\n" + body(case, exam)


@layout("pet", (40, 79))
def pet_screening(case, exam):
    return pick(case, "PETがん検診　会員No.{pid}\n{p}様（{prom}）\n紹介：{emp} 総務 {oth}様", "{hosp}\nＰＥＴ／ＣＴ総合がんドック\n受診者 {p}　生年月日 {dob}", "PETドック {pid} {pkana} {age}\n医療コンシェルジュ {drf}") + "\n" + case.expand("装置：{machine:PT}\n") + body(case, exam) + "\n" + pick(case, "結果説明 {nextd} {dr:2}医師", "同伴：{relation}　{spouse} 様も同日受診（No.{othid}）", "結果郵送 {addr}", "総合判定 {drf:3}　連絡先 {tel}")


@layout("dental", (8, 80))
def dental_order(case, exam):
    return pick(case, "歯科放射線科　{own}\n患者 {p}（{age}）カルテ{pid}", "CBCT依頼　{hosp} {dr:0}先生\n{pkana} 様 {dobw}", "{hs} → 口腔外科 {dr:0}　患者：{psur} {pgiv}") + "\n" + history(case, exam) + "\n" + body(case, exam) + "\n" + pick(case, "担当DH {dr}　撮影 {drf}", "口外{dr:1}　補綴{drone}　連名", "歯科医師　{drf:2}", "学生診査 {drf}（第6学年）／ライター {dr}")


@layout(foreign=1.0)
def foreign_resident(case, exam):
    head = pick(case, "氏名：{p}\n通称名：{prom}\n生年月日：{dob}", "Patient: {p} / ID {pid}", "患者 {p} 様（技能実習、{emp}）", "{p}さん　{agen}歳{sexw}　在留カード確認", "Name {prom}  DOB {dob}  Tel {tel}")
    talk = pick(case, "通訳：{othforeign}氏（{tel}）同席。", "勤務先 {emp} の{oth}様が付添。", "日本語不可。友人 {othforeign} が説明を聞いた。", "ポルトガル語通訳 {oth}。{relation}は日本人({relo})。", "The patient's sister, {relforeign}, was informed by phone.")
    return f"{head}\n{history(case, exam)}\n{body(case, exam)}\n{talk}\n" + pick(case, "Reported by {drrom:2}, MD", "読影 {drforeign}（短期留学医）／監督 {dr:3}", "放射線科 {dr:2}")


SLOTS["relforeign"] = lambda case: mark("relative_name", "{} {}".format(*(lambda q: (q.given_romaji.title(), q.surname_romaji.title()))(foreigner(case.rng, "F"))))


@layout()
def edit_history(case, exam):
    rows = case.some_in_order(["v1 {examm} {hm} 仮登録 {login}", "v2 {hm} 修正 {dr:3}：左右誤記訂正（‹右›→‹左›）", "v3 確定 {drf:3}", "既読 {login} {nextmd}", "差戻し {drone}→{dr:2}", "閲覧 {dr:0}({login})", "追記({dr:2} {nextd})：{classif}に準拠。", "印刷 {drf} 端末RAD-{n:1-30}", "削除依頼者：{drf}　承認：{dr}"], 3, 6)
    return body(case, exam, 1, 3) + "\n--- 更新履歴 ---\n" + "\n".join(case.expand(row) for row in rows)


@layout()
def pipe_export(case, exam):
    text = findings(case, exam, 1, 3).replace("\n", "~")
    return case.expand(case.rng.choice(["PID|||{pid}||{ppn}||{dobz}|{sexc}|||{addr}||{tel}\nOBR|1|{acc}||{title}|||{examz}||||||||{login}^{drrom:0}\nOBX|1|TX|FIND||",
        "{pid},{p},{pkana},{dob},{sexj},{examm},{acc},{dr:0},{ward},\"", "{acc}\t{pid}\t{prom}\t{age}\t{dr:0}\t{dr:2}\t", "ID={pid};NAME={prom};DOB={dobz};REF={drrom:0};TXT="])) + text + pick(case, "|||F|||{examz}||{drrom:2}", "\",確定,{dr:2},{login}", "\t済\t{login}", ";SIGN={drrom:2};STAT=F") + "\n" + impression(case, exam)


SLOTS["dobz"] = lambda case: mark("birth_date", f"{case.birth:%Y%m%d}")
SLOTS["examz"] = lambda case: mark("exam_date", f"{case.exam:%Y%m%d}")
SLOTS["sexc"] = lambda case: case.sex
SLOTS["title"] = lambda case: case.rng.choice(["CT CHEST", "MRI BRAIN", "US ABD", "NM BONE"])


@layout()
def tagged_export(case, exam):
    return case.expand("<report><patient id=\"{pid}\"><name>{p}</name><kana>{pkana}</kana><birth>{dob}</birth></patient>\n<order no=\"{acc}\"><doctor>{drf:0}</doctor><ward>{ward}</ward></order>\n<text>") + findings(case, exam, 1, 3) + "\n" + impression(case, exam) + case.expand("</text>\n<sign user=\"{login}\">{drf:2}</sign></report>")


@layout("ct_chest ct_abdomen pet mammography us_breast mr_prostate mr_pelvis", (35, 92))
def cancer_board(case, exam):
    return pick(case, "キャンサーボード {examm}　司会 {dr:3}", "合同カンファ記録（内外放）{examm}", "CPC/画像カンファ　提示：研修医 {dr:2}") + "\n" + pick(case, "症例{n:1-9}：{psur}・{agen}{sexj}（{ward}）", "#{n:1-9} {pid} {p}", "症例 {psur}{pgiv}　主治{dr:0}") + "\n" + history(case, exam) + "\n" + findings(case, exam, 1, 3) + "\n" + "\n".join(case.expand(t) for t in case.some(["{dr:0}：手術可能か。", "放）{dr:2}：{classif}では‹Stage IIIA›。", "外科　{drone}　左葉切除は可能。", "{dr:1}先生より‹化学療法›先行の提案。", "病理{dr}：‹腺癌›、{fake}。", "腫瘍内科 {drf} 次回{nextd}。", "緩和ケア認定Ns {dr}、MSW{dr} 退院支援。", "結論：{hs}で‹定位照射›。紹介状{dr:0}。"], 3, 5))


@layout("cr_wrist cr_hip mr_knee mr_shoulder cr_chest us_heart", (3, 17))
def school_child(case, exam):
    return pick(case, "{pgiv}くん・ちゃん（{p}）{age}", "{p}　{age}　{sch} {n:1-6}年", "{psur}{pgiv} {dob}") + "\n" + pick(case, "{sch}の体育中に転倒。引率 {oth}先生。", "{sch}部活で受傷、顧問の{oth}先生が連れてきた。", "母 {daughter}さん同伴、{sch}通学。", "学校検診（{sch}）で指摘。養護教諭{oth}より連絡。", "兄の{son}くんも同症状。", "保護者：父　{relf}　{tel}") + "\n" + body(case, exam) + "\n" + pick(case, "災害共済給付 {sch}提出", "小児整形 {dr:2}", "説明：母（{daughter}）に{dr:0}医師", "次回 {nextmd} 祖母{daughter}が連れてくる")


@layout("cr_wrist cr_hip mr_spine mr_shoulder ct_chest", (22, 66))
def work_accident(case, exam):
    return pick(case, "労災（{emp}）{examm}受傷", "{emp}勤務。就業中に転落。", "じん肺健診　{emp}　{p}", "産業医 {drf}（{emp}）より紹介") + "\n" + pick(case, "{p} {age} {addr}", "患者 {psur} {pgiv}　労働保険番号 {insurer}", "{pid}　{p}様　連絡先：上司 {oth} {tel}", "{psur}さん、{emp}の同僚{oth}さん付添") + "\n" + history(case, exam) + "\n" + body(case, exam) + "\n" + pick(case, "診断書 {dr:0} 記載", "第三者行為　相手方 {oth}", "会社宛コピー {emp}人事部{oth}様", "整形{drone} 左記確認")


@layout("ct_chest ct_abdomen mr_brain cr_portable", (48, 98))
def emergency(case, exam):
    return pick(case, "救外 {hm} 搬入　身元不明→後に{p}様と判明（{pid}）", "3次救急　仮ID{othid}→本ID{pid}　氏名{pkana}", "ER初療 {dr:0}/{dr:1}　救急隊 {oth}隊長", "ドクヘリ {hosp}より転送 {p}（{agen}）") + "\n" + pick(case, "目撃者：{relation}　{spouse}", "通報者 隣人 {oth}さん {tel}", "‹GCS› «{n:1-4}-{n:1-5}-{n:1-6}»、‹JCS {10|20|100|200|300}›", "{addr}の自宅で倒れているのを長女{daughter}が発見。", "かかりつけ {hs} {dr}Dr") + "\n" + body(case, exam) + "\n" + pick(case, "CT室 {dr} 技師→{dr:0}へ口頭報告", "放科当直{dr:2} {hm}", "入院先 {ward}　受持 {drone}　左片麻痺あり", "警察（{oth}巡査部長）に説明")


@layout("ct_chest ct_abdomen mr_brain us_abdomen pet", (45, 96))
def inline_names(case, exam):
    lines = case.some(["主治{drone} 右肺癌術後の評価依頼。", "{dr:0}Dr依頼。{eponym}疑い。", "担当{drone} 左腎腫瘤の精査。", "{dr:0}{先生|Dr}の{eponym}外来フォロー中。", "{hosp}{dr}先生より{eponym}でご紹介。", "{psur} {pgiv} 肝S8結節。", "{psur}様、‹{右|左}肺結節›の件。", "{dr:1} 橋出血の除外をとのこと。", "前回{dr:2}読影で‹石灰化›とされた病変。", "{relation}{spouse}が‹大腸癌›、本人は‹膵IPMN›。", "長男 {son} 肝生検でドナー検討。", "{dr:0}、{dr:1}両先生と協議。‹TAE›の方針。", "‹木村病›の既往、担当は{dr:0}医師。", "‹橋本病›で{hosp}の{dr}医師に通院。", "{hs}{dr}Drで‹大腸内視鏡›。", "手術は{dr:0}（執刀）、{drone}（前立ち）。", "義姉の{daughter}さんがキーパーソン。", "次女 {daughter} 左記説明に同席。"], 3, 6)
    return "".join(case.expand(line) for line in lines) + "\n" + body(case, exam)


@layout("", (60, 99))
def social_work(case, exam):
    lines = case.some(["ソーシャルワーカー {drf} 面談済。", "MSW {dr} → ケアマネ {oth}（{hosp}居宅）{tel}", "独居。KP：姪 {relo} {tel}", "{relation} {spouse} は施設入所中。", "長女 {daughter}（{addr}）", "後見人：{oth}弁護士", "訪看 {dr}Ns、ヘルパー {oth}さん", "転院先：{hosp}、窓口 {dr}", "介護保険 被保険者番号 {insurer} 要介護{n:1-5}", "長男嫁の{daughter}様に説明 {md}", "自宅 {addr} 固定電話{tel}", "民生委員 {oth}氏より情報提供"], 3, 5)
    return case.expand("退院支援・画像添付　{p} {age}　{ward}\n") + "\n".join(case.expand(line) for line in lines) + "\n" + body(case, exam, 1, 2)


@layout()
def mixed_up_patient(case, exam):
    return pick(case, "※患者誤認注意：{othsame}様（{othid}）と同姓", "本画像は {oth} 様の画像が混入していました。{pid}", "誤登録：{othid} {oth} → 正 {pid} {p}", "インシデント：{psur}様のところ{othsame}様を呼び入れ") + "\n" + body(case, exam) + "\n" + pick(case, "画像修正 {drf} 技師長承認 {dr}", "安全管理室 {dr} 報告者 {drone} 内線{phs}", "対応：PACS管理 {login}、{dr:2}")


@layout("ct_chest ct_abdomen mr_brain mr_pelvis", (45, 96))
def consent_note(case, exam):
    return pick(case, "造影CT説明同意　説明医 {dr:0}　同席Ns {dr}", "検査説明 {examm} {dr:1}医師", "IVR IC記録") + "\n" + pick(case, "本人 {p}、{relation} {spouse} 同席", "代諾者：長男　{relf}（続柄 子）{tel}", "署名　{pb}", "同意者　{relation}　{spouse}", "聴取者：{daughter}（次女）・{son}（婿）") + "\n" + case.expand("使用：{contrast}、‹eGFR› {n:30-90}\n") + body(case, exam) + "\n" + pick(case, "副作用出現時連絡 {tel}", "皮疹あり、{drone}Dr診察。", "問診 {dr}　ルート確保 {drg}Ns　撮影{dr}")


@layout("ct_abdomen ct_chest")
def ivr_record(case, exam):
    return case.expand("IVR記録 {exam}　{p}　{pid}\n") + pick(case, "術者：{dr:0}/{dr:1}/{drone}", "術者　{dr:0}、{dr:1}　指導 {dr:3}\n外回りNs　{dr}　技師　{dr}・{dr}", "Operator {drrom:0}, Assistant {drrom:1}", "術者{dr:0} 助手{dr:1} 清潔 {dr} 麻酔 {drone} 臨床工学 {dr}") + case.expand("\n‹{右|左}大腿動脈›穿刺、‹Seldinger法›。‹{4Fr シェファードフック|Progreat|C2カテーテル|5Fr Rösch hepatic}›。‹{TACE|TAE|PTPE|CTガイド下生検|PTCD|B-RTO}›施行。‹{ゼルパート|リピオドール|Embosphere|NBCA}› {n:1-9}mL。透視 {n:10-60}分。\n") + body(case, exam) + pick(case, "\n病棟申送り：{ward} {dr}Ns {hm}", "\n検体：病理 {dr}先生へ、ラベル{p}", "\n安静解除 {nextmd} {dr:1}指示", "\n業者立会：{emp} {oth}氏")


@layout("ct_chest ct_abdomen mr_brain pet")
def english_report(case, exam):
    lead = pick(case, "EXAM DATE: {examm}\nPATIENT: {prom}\nMRN: {pid}\nREFERRING: Dr. {drrom:0}, {hospe}", "To: Dr. {drrom:0}\nRe: {prom}, {agen}-year-old {sexe}, DOB {dob}", "{prom} ({pid})\nAccession {acc}")
    eng = pick(case, "There is a {mm:30} ‹spiculated nodule› in the ‹right upper lobe›. No ‹pleural effusion›.", "‹Hepatic segment VIII› lesion with ‹arterial hyperenhancement› and ‹washout›, ‹LI-RADS v2018›.", "Compared with the prior study dated {prev}, the ‹lesion› is unchanged.", "‹Baker cyst› and ‹Hoffa fat pad› edema. No ‹Schmorl node›.", "‹Virchow node› is enlarged. ‹Hodgkin lymphoma› cannot be excluded.", "Mr./Ms. {promsur} has a history of ‹Wilson disease› and ‹Graves disease›.", "Findings were discussed with Dr. {drroms} at {hm}.", "‹Fleischner 2017› recommends follow-up in {n:3-12} months.")
    foot = pick(case, "Electronically signed by {drrom:2}, MD on {examm}", "Dictated: {drrom:2} / cosigned: {drrom:3}", "Resident {drroms} / Attending {drroms}", "cc: {mail}")
    return f"{lead}\n{eng}\n{findings(case, exam, 1, 2)}\n{impression(case, exam)}\n{foot}"


SLOTS["promsur"] = lambda case: mark("patient_name", case.patient.surname_romaji.title())
SLOTS["drroms"] = lambda case: mark("staff_name", japanese(case.rng).surname_romaji.title())
SLOTS["hospe"] = lambda case: mark("hospital", case.rng.choice(PLACES)[1].title() + case.rng.choice([" General Hospital", " University Hospital", " Medical Center", " Clinic", " Red Cross Hospital"]))


@layout("", (48, 97))
def hard_wrap(case, exam):
    text = pick(case, "患者{p}（{pid}）、{hosp}{dr}医師紹介。住所{addr}、電話{tel}。", "{own} {ward} {p} 主治医{drf:0} 担当{drf:1} 読影{drf:2}。", "本人{p}、{relation}{spouse}、長男{son}に{dr:0}医師が{examm}説明。", "依頼：{hosp}　{drf:0}先生、CC：{hosp}　{drf}先生。") + history(case, exam) + findings(case, exam, 2, 3).replace("\n", "") + impression(case, exam).replace("\n", "") + pick(case, "読影医{drf:2}、{nextd}確定。", "連絡先{mail}、PHS{phs}。", "入力{login}。")
    return wrap(text, case.rng.choice([16, 20, 24, 32]))


@layout()
def previous_list(case, exam):
    rows = [case.expand(case.rng.choice(["{prev}　CT　{hosp}　{dr}", "{prev} MR {hs} ({dr}読影)", "{prevm}　PET　{hosp}", "{prev}　CR　当院　{dr}／{drone}", "{prev} US {hs} {acc2}"])) for _ in range(case.rng.randint(2, 5))]
    return case.expand("過去検査一覧　{p}({pid})\n") + "\n".join(rows) + "\n" + body(case, exam, 1, 3) + "\n" + pick(case, "CD持参：{hosp}放射線科 {dr}技師 {tel}", "取込 {login}", "比較読影 {dr:2}")


SLOTS["acc2"] = lambda case: mark("accession", f"US{case.rng.randint(10**6, 10**7)}")


@layout()
def label_print(case, exam):
    rows = pick(case, "{pkhalf}\n{p}\n{pid}  {sexj}\n{dobw}\n{ward} {room}", "*{pid}*\n{pkana}　{p}　様\n{exam} {acc}", "{pidsp}\n{prom}\n{dob} {sexc}", "{p} 様 {agen}Y {sexc}\nNo {acc}\n{dr:0}/{dr:1}")
    return rows + "\n- - - - - -\n" + body(case, exam)


@layout()
def ocr_scan(case, exam):
    head = pick(case, "患者氏名：{p}　殿\n病院名：{hosp}\n担当医：{drf:0}\n検査日：{exam}", "氏名 {p} 生年月日 {dobw}\n紹介医 {drf:0} 電話 {tel}", "所見報告書 {own}\nカルテ番号 {pid}\n主治医 {dr:0} 読影医 {dr:2}")
    return ocr(case, head) + "\n" + body(case, exam, 1, 3) + "\n" + ocr(case, pick(case, "以上 {drf:2}", "署名 {drf:3}", "報告日 {nextd} 医師 {dr:2}"))


@layout("", (48, 97))
def handover_chat(case, exam):
    rows = case.some(["[{hm}] {login}: {psur}さんのCT終わりました", "[{hm}] {dr:2}: 了解、{dr:0}先生に電話します（{phs}）", "[{hm}] @{login} {eponym}の人、{room}に移動", "[{hm}] {dr}技師: 装置{machine:CT} 再起動済", "[{hm}] {drg}さん、{pidsp}の画像転送お願いします", "[{hm}] {dr:3}: {classif}でお願い", "[{hm}] {dr}（研修医）：{ward}の{psur}さん、{fake}", "[{hm}] 画像→{url}", "[{hm}] {dr:1}: 長女の{daughter}さん来院、{nextmd} IC予定"], 4, 7)
    lines = sorted((case.expand(row) for row in rows), key=lambda line: line[1:6].rjust(5).replace("]", "").rjust(5, "0"))
    return "\n".join(lines) + "\n" + body(case, exam, 1, 2)


@layout()
def clean_traps(case, exam):
    """Almost no identifier: eponyms like surnames, numbers like dates, places like wards."""
    lines = case.some(["‹橋本病›、‹高安動脈炎›、‹川崎病›の既往。", "{eponym}と{eponym}の鑑別を要する。", "{classif}および{classif}に準拠。", "{fake}、{fake}。", "‹{右|左}島回›、‹橋›、‹角回›に異常なし。", "‹原発巣›は同定困難。", "‹菊池病›、‹木村病›は考えにくい。", "装置は{machine:CT}、再構成は‹AIDR 3D›。", "‹平均›‹ADC› «0.{n:7-9}{n:10-31}»。", "‹小野寺の栄養指数› {n:30-55}。", "第{n:3-5}-{n:6-9}‹肋骨›に‹陳旧性骨折›。", "‹Paget病›、‹原田病›の既往。", "「‹山田分類› {I|II|III}型、‹木村・竹本分類› {C-2|O-1}」。", "‹長谷川式› «{n:10-30}/30»点。", "‹太田母斑›、‹伊藤母斑›なし。", "‹エキノコックス症›は否定的。", "装置 {machine:MR}、‹圧縮センシング›使用。", "Se {n:2-9}、Im «{n:1-12}/{n:13-31}»参照。"], 4, 7)
    tail = pick(case, "", "", "依頼 {dr:0}", "{dr:2}", "({exam})")
    return "\n".join(case.expand(line) for line in lines) + "\n" + body(case, exam, 2, 4) + ("\n" + tail if tail else "")


@layout("us_thyroid ct_chest mr_brain us_heart mr_spine us_abdomen", (30, 95), foreign=0.0)
def disease_namesake(case, exam):
    """The patient, or the doctor, bears the surname of a disease that the report names."""
    surname, kana, disease = case.rng.choice([("橋本", "ハシモト", "橋本病"), ("高安", "タカヤス", "高安動脈炎"), ("川崎", "カワサキ", "川崎病"), ("菊池", "キクチ", "菊池病"), ("木村", "キムラ", "木村病"), ("原田", "ハラダ", "原田病"),
                                                ("平山", "ヒラヤマ", "平山病"), ("太田", "オオタ", "太田母斑"), ("伊藤", "イトウ", "伊藤母斑"), ("長谷川", "ハセガワ", "長谷川式"), ("山田", "ヤマダ", "山田分類"), ("鈴木", "スズキ", "鈴木分類")])
    value = {"長谷川式": " {n:12-30}点", "山田分類": " {I|II|III}型", "鈴木分類": " 第{2|3|4}期"}.get(disease, "{の既往|で通院中|疑い|経過観察中}")
    own = replace(case.patient, surname=surname, surname_kana=kana, surname_romaji=romaji(kana))
    if case.rng.random() < .6:
        case.patient = own
        who = pick(case, "{p}様　{pid}", "{psur}さん、{agen}歳{sexw}。", "患者 {psur}　", "氏名 {p} / {prom}", "{pkana} {dobw}\n{psur}氏、")
    else:
        case.doctors[0] = case.doctors[2] = own
        who = pick(case, "依頼 {dr:0}先生", "主治医：{dr:0}　{p}様", "{hosp} {dr:0}医師より。", "{dr:0}Drより、", "担当{dr:0} ")
    gap = case.rng.choice([" ", "　", "\n", "\n"]) if who[-1] not in "、。 　" else ""
    return f"{who}{gap}‹{disease}›".replace("‹", f"{OPEN}clinical{SEP}").replace("›", CLOSE) + case.expand(value + "。") + "\n" + body(case, exam) + "\n" + pick(case, "読影 {dr:2}", "({dr:2}/{dr:3})", "{psur}様へ{nextd}説明予定　{dr:0}", "")


# ---------------------------------------------------------------- transformations that keep marks

def outside_heads(text: str, function: Callable[[str], str]) -> str:
    out, at = [], 0
    for head in MARK_HEAD.finditer(text):
        out += [function(text[at:head.start()]), head.group()]
        at = head.end()
    return "".join(out + [function(text[at:])])


KANA_HALF = {unicodedata.normalize("NFKC", chr(c)): chr(c) for c in range(0xFF66, 0xFF9E)}
KANA_HALF |= {unicodedata.normalize("NFKC", chr(c) + mark_): chr(c) + mark_ for c in range(0xFF66, 0xFF9E) for mark_ in "ﾞﾟ" if len(unicodedata.normalize("NFKC", chr(c) + mark_)) == 1}
KANA_HALF |= {"ー": "ｰ", "・": "･"}


def half_width_kana(text: str) -> str:
    return "".join(KANA_HALF.get(ch, ch) for ch in text)


def kana_half(text: str) -> str:
    return outside_heads(text, half_width_kana)


def wide(text: str) -> str:
    return outside_heads(text, lambda s: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in s))


def ocr(case: Case, text: str) -> str:
    """Put a blank between characters of a scanned line, as an OCR engine does."""
    rate = case.rng.choice([1.0, .5, .3])
    blank = case.rng.choice([" ", " ", "　"])
    return outside_heads(text, lambda s: re.sub(r"(?<=[^\s!-~])(?=[^\s!-~])", lambda _: blank if case.rng.random() < rate else "", s))


def wrap(text: str, width: int) -> str:
    out, column, at = [], 0, 0
    while at < len(text):
        head = MARK_HEAD.match(text, at)
        if head:
            out.append(head.group())
            at = head.end()
            continue
        if column == width:
            out.append("\n")
            column = 0
        out.append(text[at])
        column = 0 if text[at] == "\n" else column + 1
        at += 1
    return "".join(out)


# ---------------------------------------------------------------- output

def finish(marked: str) -> tuple[str, list[dict], list[dict], list[dict]]:
    """Remove the marks and return the text with its three lists of spans; nested spans of one list collapse."""
    text, spans, stack, at = [], [], [], 0
    length = 0
    while at < len(marked):
        if marked[at] == OPEN:
            end = marked.index(SEP, at)
            stack.append((marked[at + 1:end], length))
            at = end + 1
        elif marked[at] == CLOSE:
            kind, start = stack.pop()
            spans.append((kind, start, length))
            at += 1
        else:
            text.append(marked[at])
            length += 1
            at += 1
    assert not stack
    plain = "".join(text)
    lists: dict[str, list[dict]] = {"identifiers": [], "clinical": [], "not_dates": []}
    for kind, start, end in sorted(spans, key=lambda s: (s[1], -s[2])):
        where = kind if kind in lists else "identifiers"
        if lists[where] and where != "identifiers" and start < lists[where][-1]["end"]:
            continue
        span = {"start": start, "end": end, "text": plain[start:end]}
        if where == "identifiers":
            span |= {"kind": kind, "must": True}
        lists[where].append(span)
    return plain, lists["identifiers"], lists["clinical"], lists["not_dates"]


def check(record: dict) -> None:
    text = record["text"]
    assert not re.search("[‹›«»{}\ue000-\ue002]", text), text
    covered: dict[int, str] = {}
    for span in record["identifiers"]:
        assert span["start"] < span["end"] and text[span["start"]:span["end"]] == span["text"]
        for i in range(span["start"], span["end"]):
            assert i not in covered, (span, covered[i], text)
            covered[i] = span["text"]
    for span in record["clinical"] + record["not_dates"]:
        assert span["start"] < span["end"] and text[span["start"]:span["end"]] == span["text"]
        assert not any(i in covered for i in range(span["start"], span["end"])), (span, text)


def pick_age(rng: random.Random, low: int, high: int) -> int:
    return rng.randint(max(low, 90), high) if high > 90 and rng.random() < .2 else rng.randint(low, min(high, 89))


def report(seed: int, index: int, kind: str) -> dict:
    rng = random.Random(f"{seed}/{kind}/{index}")
    if kind == "ordinary":
        exam_name = rng.choice(list(EXAMS))
        exam = EXAMS[exam_name]
        case = Case(rng, exam.get("sex") or rng.choice("MF"), pick_age(rng, *exam["age"]), exam_name, rng.random() < .03)
        layout_name, marked = f"ordinary_{exam_name}", ordinary(case, exam_name)
    else:
        form = LAYOUTS[index % len(LAYOUTS)]
        exam_name = rng.choice(form.exams or tuple(EXAMS))
        exam = EXAMS[exam_name]
        low, high = form.ages or (25, exam["age"][1])
        low, high = max(low, exam["age"][0]), min(high, exam["age"][1])
        case = Case(rng, exam.get("sex") or rng.choice("MF"), pick_age(rng, low, max(low, high)), exam_name, rng.random() < form.foreign)
        layout_name, marked = form.name, form.build(case, exam)
        if not re.search("@|http|full_width", marked + form.name) and rng.random() < .08:
            marked = outside_heads(marked, lambda s: re.sub("[0-9]", lambda m: chr(ord(m.group()) + 0xFEE0), s))
        elif form.name not in ("half_kana_terminal",) and rng.random() < .04:
            marked = kana_half(marked)
    text, identifiers, clinical, not_dates = finish(marked)
    person = case.patient
    record = {
        "id": f"d-{kind}-{seed}-{index:05d}", "layout": layout_name,
        "patient": {"name_kanji": person.forms[1] if person.forms else f"{person.surname} {person.given}", "name_kana": f"{person.surname_kana} {person.given_kana}",
                    "name_romaji": f"{person.surname_romaji} {person.given_romaji}", "id": case.patient_id, "birth_date": case.birth.isoformat(), "sex": case.sex},
        "header_known": rng.random() < .75, "text": text, "identifiers": identifiers, "clinical": clinical, "not_dates": not_dates}
    check(record)
    return record


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--kind", choices=["ordinary", "hostile"], required=True)
    options = parser.parse_args()
    for index in range(options.count):
        print(json.dumps(report(options.seed, index, options.kind), ensure_ascii=False))


if __name__ == "__main__":
    main()
