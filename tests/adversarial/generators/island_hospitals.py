"""Print adversarial Japanese radiology reports, with spans that are correct by construction.

Templates carry three notations, resolved in this order:
  {slot}        a value of the case (names, dates, measures); Case.slot
  <a|b|c>       one alternative, innermost first
  [kind:text]   a marked span; kind c = clinical, n = looks like a date, else an identifier kind
The signs ¦ ‹ › stand for | < > in the printed text.
"""
import argparse
import datetime as dt
import json
import random
import re

SURNAMES = """比嘉ヒガ 金城キンジョウ 島袋シマブクロ 具志堅グシケン 喜屋武キャン 仲村渠ナカンダカリ 東恩納ヒガオンナ 我那覇ガナハ 安慶名アゲナ 與那嶺ヨナミネ
平良タイラ 上江洲ウエズ 外間ホカマ 知念チネン 新垣アラカキ 瑞慶覧ズケラン 勢理客ジッチャク 饒平名ヨヘナ 名嘉真ナカマ 宜保ギボ 照屋テルヤ 大城オオシロ 玉城タマキ 宮里ミヤザト 下地シモジ 砂川スナカワ
池間イケマ 石垣イシガキ 大浜オオハマ 西表イリオモテ 慶田盛ケダモリ 前津マエツ 鉢嶺ハチミネ 屋良ヤラ 翁長オナガ 又吉マタヨシ 伊礼イレイ 普天間フテンマ 許田キョダ 嘉手苅カデカル 牟田ムタ 江藤エトウ 原口ハラグチ
首藤シュトウ 肝付キモツキ 右田ミギタ 鮫島サメシマ 日高ヒダカ 黒木クロキ 甲斐カイ 税所サイショ 肥後ヒゴ 川畑カワバタ 迫田サコダ 有馬アリマ 中園ナカゾノ 上園ウエゾノ 下村シモムラ 前原マエハラ 後藤ゴトウ 左近サコン
影山カゲヤマ 陰山カゲヤマ 白石シライシ 石橋イシバシ 足立アダチ 手島テシマ 頭師カシラシ 目野メノ 口石クチイシ 水頭ミズガシラ 古賀コガ 野中ノナカ 副島ソエジマ 江頭エガシラ 大隈オオクマ 百武ヒャクタケ 納富ノウドミ 松尾マツオ
山口ヤマグチ 森永モリナガ 岩永イワナガ 深堀フカホリ 平戸ヒラド 浦川ウラカワ 田中タナカ 佐藤サトウ 鈴木スズキ 高橋タカハシ 渡邉ワタナベ 渡辺ワタナベ 伊藤イトウ 中村ナカムラ 小林コバヤシ 加藤カトウ 吉田ヨシダ 山田ヤマダ
髙木タカギ 﨑山サキヤマ 山﨑ヤマサキ 齋藤サイトウ 斉藤サイトウ 邊見ヘンミ 廣瀬ヒロセ 濱﨑ハマサキ 德永トクナガ 長谷川ハセガワ 橋本ハシモト 川崎カワサキ 高安タカヤス 菊池キクチ 木村キムラ 平山ヒラヤマ 島津シマヅ 本多ホンダ
五島ゴトウ 壱岐イキ 対馬ツシマ 久保田クボタ 大久保オオクボ 小野オノ 内田ウチダ 上田ウエダ 中野ナカノ 西田ニシダ 東江アガリエ 南風原ハエバル 北島キタジマ 小橋川コバシガワ 十時トトキ 一丸イチマル 八尋ヤヒロ 五十嵐イガラシ 四十坊シジュウボウ 九十九ツクモ
勘解由小路カデノコウジ 樺島カバシマ 鰐淵ワニブチ 蓑毛ミノモ 薬師神ヤクシジン 帖佐チョウサ 伊集院イジュウイン 種子田タネダ 折田オリタ 是枝コレエダ 重信シゲノブ 図師ズシ 園田ソノダ 蔵元クラモト 西郷サイゴウ 米倉ヨネクラ
武富タケトミ 轟木トドロキ 桑鶴クワヅル 福留フクドメ 隈本クマモト 宇都ウト 下川床シモカワトコ 上拂カミハライ 馬渡マワタリ 財津ザイツ 安心院アジム 衛藤エトウ 姫野ヒメノ 穴見アナミ 工藤クドウ 薬丸ヤクマル""".split()
ONE_KANJI = """元ハジメ 栄サカエ 中アタリ 里サト 泉イズミ 盛モリ 祷イノリ 師チカラ 昇ノボリ 幸ユキ 林ハヤシ 森モリ 原ハラ 堤ツツミ 辻ツジ 東ヒガシ 南ミナミ 西ニシ 北キタ 島シマ 関セキ 堀ホリ 岸キシ 迫サコ 前マエ 上カミ 石イシ
向ムカイ 勝カツ 程ホド 禎テイ 基モトイ 政マサ 川カワ 橘タチバナ 谷タニ 畑ハタ 沖オキ 要カナメ 嵐アラシ 柱ハシラ 脇ワキ 滝タキ 仲ナカ 星ホシ 境サカイ 角スミ 壇ダン 満ミツル""".split()
MALE = """健一ケンイチ 浩二コウジ 誠マコト 昭夫アキオ 朝栄チョウエイ 盛光モリミツ 勇人ハヤト 大翔ヒロト 琉翔リュウト 蒼アオイ 碧アオ 湊ミナト 悠真ユウマ 正義マサヨシ 善次郎ゼンジロウ 亀吉カメキチ 朝助チョウスケ 良徳リョウトク 正雄マサオ 清キヨシ
孝太郎コウタロウ 俊介シュンスケ 拓海タクミ 蓮レン 樹イツキ 隼人ハヤト 義人ヨシト 健ケン 武タケシ 信也シンヤ 敬ケイ 純一郎ジュンイチロウ 寛ヒロシ 守マモル 実ミノル 進ススム 明アキラ 博ヒロシ 慶長ケイチョウ 宗春ソウシュン 颯太ソウタ 壮真ソウマ 朔サク
貞夫サダオ 喜八郎キハチロウ 勝利カツトシ 力チカラ 哲テツ 一ハジメ 三千男ミチオ 八十吉ヤソキチ 来夢ライム 慎吾シンゴ 竜也タツヤ 雄大ユウダイ 直人ナオト 圭佑ケイスケ 達郎タツロウ 恒雄ツネオ 晴陽ハルヒ 暖ダン 玄ゲン""".split()
FEMALE = """幸子サチコ 和子カズコ 節子セツコ 陽子ヨウコ 美咲ミサキ 心愛ココア 結愛ユア 凜リン 葵アオイ 芽依メイ さくらサクラ ひなたヒナタ トヨトヨ カメカメ ウシウシ ナベナベ カマドカマド ツルツル マツマツ キクキク ミツミツ ハルハル スミ子スミコ 千代チヨ
真由美マユミ 恵ケイ 恵美子エミコ 由紀ユキ 久美クミ 静シズカ 光ヒカル 薫カオル 桂ケイ 梢コズエ 澪ミオ 莉乃リノ 紬ツムギ 陽葵ヒマリ 杏アン 花音カノン 詩シ 律リツ 美津子ミツコ ヨシ子ヨシコ フミフミ シズシズ 文フミ 操ミサオ 貞サダ 信子ノブコ 智子トモコ 裕子ユウコ
直美ナオミ 香織カオリ 麻衣マイ 愛アイ 沙也加サヤカ 友里恵ユリエ 瑠璃ルリ 美海ミウ 夏希ナツキ 七海ナナミ 琴音コトネ 千尋チヒロ 奈々ナナ 文香フミカ 彩乃アヤノ 早紀サキ""".split()
# romaji, katakana, sex
FOREIGN = [
    ("NGUYEN THI HONG NHUNG", "グエン ティ ホン ニュン", "F"), ("TRAN VAN QUANG", "チャン ヴァン クアン", "M"), ("LE MINH TUAN", "レ ミン トゥアン", "M"),
    ("PHAM THI BICH LOAN", "ファム ティ ビック ロアン", "F"), ("HOANG DUC THINH", "ホアン ドゥック ティン", "M"), ("VO THI KIM ANH", "ヴォー ティ キム アイン", "F"),
    ("SILVA MORAES MARCIO KENJI", "シルバ モラエス マルシオ ケンジ", "M"), ("OLIVEIRA TAKAESU RENATA", "オリベイラ タカエス レナタ", "F"),
    ("SOUZA LIMA FABIANO", "ソウザ リマ ファビアーノ", "M"), ("FERREIRA CLAUDIA YUMI", "フェレイラ クラウジア ユミ", "F"), ("PEREIRA DOS SANTOS EDSON", "ペレイラ ドス サントス エジソン", "M"),
    ("WALKER DEREK J", "ウォーカー デレク", "M"), ("HENDERSON TAMIKA", "ヘンダーソン タミカ", "F"), ("KOWALSKI BRENT", "コワルスキー ブレント", "M"), ("O'DONNELL SHEILA", "オドネル シーラ", "F"),
    ("DELA CRUZ MARICEL", "デラクルス マリセル", "F"), ("MANALO RODEL", "マナロ ロデル", "M"), ("SHRESTHA BIKRAM", "シュレスタ ビクラム", "M"), ("GURUNG SUNITA", "グルン スニタ", "F"),
    ("THAPA RAJENDRA", "タパ ラジェンドラ", "M"), ("KYAW ZIN HTET", "チョー ズィン テッ", "M"), ("WICKRAMASINGHE NIMAL", "ウィクラマシンハ ニマル", "M"), ("AHMED FARHANA", "アハメド ファルハナ", "F"),
    ("GANBOLD OYUNAA", "ガンボルド オユナー", "F"), ("WATI SRI LESTARI", "ワティ スリ レスタリ", "F"), ("HIDAYAT AGUS", "ヒダヤット アグス", "M"), ("QUISPE HIGA MARIA", "キスペ ヒガ マリア", "F")]
CJK_FOREIGN = [("陳美玲", "チェン メイリン", "CHEN MEILING", "F"), ("朴成浩", "パク ソンホ", "PARK SEONGHO", "M"), ("王建軍", "ワン ジエンジュン", "WANG JIANJUN", "M"), ("李秀蘭", "リー シウラン", "LI XIULAN", "F"), ("欧陽文博", "オウヤン ウェンボー", "OUYANG WENBO", "M"), ("金恵淑", "キム ヘスク", "KIM HYESUK", "F")]

PLACES = """潮見原 早瀬浦 天ヶ崎 湯ノ隈 南洲浜 白比川 与久田 玻名島 多良志 久場良 阿嘉根 古志布 鶴見ヶ浦 筑穂野 有明潟 豊姫 米良津 霧生 火之原 高千代 曽於ノ原 出海 獅子津 球磨川原 八重崎 奥浦 姫津 勝連浜 玉水 真栄浜 北添
小値加浜 福重 鹿籠 津屋原 若楠 香月原 志登 水城原 朝霧台 三潴野 宝満口 雲仙野""".split()
PLACE_ROMAJI = "shiomibara hayaseura amagazaki yunokuma nanshuhama shirahigawa yokuda hanajima tarashi kubara akane koshifu tsurumigaura chikuhono kiryu kachiren".split()
HOSP_FORMS = ["{p}赤十字病院", "{p}労災病院", "自衛隊{p}病院", "国立病院機構 {p}医療センター", "県立{p}病院", "県立{p}こども医療センター", "{p}市立病院", "医療法人{b}会 {p}記念病院", "社会医療法人{b}会{p}中央病院", "{p}町立診療所", "{p}島診療所", "{p}大学病院",
              "{p}総合病院", "{p}クリニック", "{p}脳神経外科病院", "公立{p}病院組合{p}病院", "{p}医師会病院", "地域医療機能推進機構{p}病院", "JCHO{p}病院", "済生会{p}病院", "{s}整形外科医院", "{s}内科クリニック", "{p}救命救急センター", "{p}徳心会病院", "離島医療組合{p}病院", "{s}小児科"]
SHORT_FORMS = ["{p}日赤", "{p}赤十字", "{p}労災", "{p}医セ", "{p}医療C", "{p}中央", "自衛隊{p}", "{p}市民", "{p}こども", "{p}大", "{p}診", "{p}記念", "済生会{p}", "JCHO{p}", "{p}医師会HP", "{p}HP", "NHO{p}", "{p}脳外"]
BUDDHA = "仁愛 敬和 友心 光生 翔南 慈啓 琉恵 誠和 聖水 博志".split()
EMPLOYERS = ["{p}造船㈱", "株式会社{p}鉄工", "{p}農業協同組合", "{p}漁協", "(有){s}建設", "{p}タクシー", "{p}製糖 {q}工場", "{p}港運", "㈱{s}組", "{p}運輸倉庫", "{p}市役所", "{p}消防署", "陸上自衛隊{p}駐屯地", "{p}発電所", "{p}炭鉱", "{s}水道工業所", "{p}空港サービス", "キャンプ{p}", "{p}セメント{q}工場", "{p}県警{q}署"]
UNITS = ["陸自{p}駐屯地", "海自{p}基地隊", "空自{p}分屯基地", "{p}駐屯地業務隊", "陸上自衛隊{p}駐屯地", "第{q}警備隊", "Camp {p}", "{p}航空隊"]
SCHOOLS = ["{p}小", "{q}中", "{p}中学校", "{p}第二小学校", "市立{q}小学校", "{p}高等学校", "{p}小学校", "{p}市立{q}中学校", "県立{p}高校", "{p}特別支援学校", "{p}保育園", "{p}こども園", "私立{p}学園高等部", "{p}商業高校", "{p}水産高校", "{q}小", "{p}看護専門学校", "{p}大学"]
PREFS = "沖縄県 鹿児島県 長崎県 熊本県 宮崎県 大分県 佐賀県 福岡県".split()

KANA_ROMAJI = dict(zip("アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲンガギグゲゴザジズゼゾダヂヅデドバビブベボパピプペポ",
    "a i u e o ka ki ku ke ko sa shi su se so ta chi tsu te to na ni nu ne no ha hi fu he ho ma mi mu me mo ya yu yo ra ri ru re ro wa o n ga gi gu ge go za ji zu ze zo da ji zu de do ba bi bu be bo pa pi pu pe po".split()))
SMALL_Y = {"ャ": "a", "ュ": "u", "ョ": "o"}
HALF = dict(zip("アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲンァィゥェォャュョッー・「」。、",
    "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜｦﾝｧｨｩｪｫｬｭｮｯｰ･｢｣｡､"))
HALF |= {k: HALF[b] + "ﾞ" for k, b in zip("ガギグゲゴザジズゼゾダヂヅデドバビブベボ", "カキクケコサシスセソタチツテトハヒフヘホ")}
HALF |= {k: HALF[b] + "ﾟ" for k, b in zip("パピプペポ", "ハヒフヘホ")} | {"ヴ": "ｳﾞ"}
WIDE = {c: chr(ord(c) + 0xFEE0) for c in "0123456789"}
ERAS = [(dt.date(2019, 5, 1), "令和", "R", 2018), (dt.date(1989, 1, 8), "平成", "H", 1988), (dt.date(1926, 12, 25), "昭和", "S", 1925), (dt.date(1912, 7, 30), "大正", "T", 1911)]


OLD_GIVEN = set("昭夫 朝栄 盛光 善次郎 亀吉 朝助 良徳 正雄 清 貞夫 喜八郎 勝利 三千男 八十吉 恒雄 幸子 和子 節子 トヨ カメ ウシ ナベ カマド ツル マツ キク ミツ ハル スミ子 千代 静 ヨシ子 フミ シズ 美津子 操 貞 信子 文 宗春 慶長 恵美子 孝太郎 進 実 守 久美".split())
YOUNG_GIVEN = set("大翔 琉翔 蒼 碧 湊 悠真 蓮 樹 颯太 壮真 朔 来夢 晴陽 暖 玄 心愛 結愛 凜 葵 芽依 さくら ひなた 澪 莉乃 紬 陽葵 杏 花音 詩 律 瑠璃 美海 七海 琴音 拓海 隼人 勇人 健 愛 夏希 奈々 千尋 梢 彩乃 美咲".split())


def given_name(r: random.Random, sex: str, age: int | None) -> tuple[str, str]:
    """Return a given name that fits the age; None is a working adult."""
    while True:
        name = split_entry(r.choice(MALE if sex == "M" else FEMALE))
        if age is None: fits = name[0] not in OLD_GIVEN or r.random() < .05
        elif age < 16: fits = name[0] in YOUNG_GIVEN
        elif age >= 70: fits = name[0] not in YOUNG_GIVEN
        else: fits = name[0] not in OLD_GIVEN or r.random() < .1
        if fits: return name


def romaji(kana: str) -> str:
    """Return the passport-like romaji of katakana, lower case, without long vowels."""
    out, double = "", False
    for c in kana:
        if c in SMALL_Y:
            stem = out[:-1]
            out = stem + (SMALL_Y[c] if stem.endswith(("sh", "ch", "j")) else "y" + SMALL_Y[c])
        elif c == "ッ":
            double = True
        elif c == " ":
            out += " "
        elif c in KANA_ROMAJI:
            r = KANA_ROMAJI[c]
            out += (("t" if r.startswith("ch") else r[0]) if double else "") + r
            double = False
    return out.replace("ou", "o").replace("oo", "o").replace("uu", "u")


def hiragana(kana: str) -> str:
    return "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in kana)


def split_entry(entry: str) -> tuple[str, str]:
    """Split '比嘉ヒガ' into kanji and kana; a kana name is written twice ('トヨトヨ')."""
    half = len(entry) // 2
    if len(entry) % 2 == 0 and entry[:half] == entry[half:]:
        return entry[:half], entry[half:]
    m = re.fullmatch(r"(.*?[^ァ-ヶ])([ァ-ヶー]+)", entry)
    return m[1], m[2]


def half(text: str) -> str:
    return "".join(HALF.get(c, c) for c in text)


def wide(text: str) -> str:
    return "".join(WIDE.get(c, c) for c in text)


class Name:
    """One invented person, Japanese or foreign."""

    def __init__(self, r: random.Random, sex: str | None = None, foreign: float = 0.0, one: float = 0.12, sei: tuple[str, str] | None = None, age: int | None = None):
        self.sex = sex or r.choice("MF")
        self.foreign = r.random() < foreign
        if self.foreign and r.random() < 0.8:
            self.romaji, self.kana, self.sex = r.choice([f for f in FOREIGN if sex in (None, f[2])])
            self.sei, self.mei = self.kana.split(" ", 1)
            self.kanji, self.sei_kana, self.mei_kana = self.kana, self.sei, self.mei
            return
        if self.foreign:
            self.kanji, self.kana, self.romaji, self.sex = r.choice(CJK_FOREIGN)
            cut = 2 if self.kanji.startswith("欧陽") else 1
            self.sei, self.mei = self.kanji[:cut], self.kanji[cut:]
            self.sei_kana, self.mei_kana = self.kana.split()
            self.kanji = self.sei + " " + self.mei
            return
        self.sei, self.sei_kana = sei or split_entry(r.choice(ONE_KANJI if r.random() < one else SURNAMES))
        self.mei, self.mei_kana = given_name(r, self.sex, age)
        self.kanji, self.kana = f"{self.sei} {self.mei}", f"{self.sei_kana} {self.mei_kana}"
        self.romaji = romaji(self.kana).upper()

    def full(self, r: random.Random) -> str:
        if self.foreign and self.kanji == self.kana:
            return r.choice([self.kana, self.kana.replace(" ", "・"), self.romaji, self.romaji.title(), self.kana.replace(" ", "　")])
        return self.sei + r.choice(["", " ", "　", "　"]) + self.mei


def age_on(birth: dt.date, day: dt.date) -> int:
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


class Case:
    """The people, places, dates and numbers of one report; each slot method returns marked text."""

    def __init__(self, r: random.Random, hostile: bool, child: bool = False, foreign: float | None = None, one: float | None = None, old: bool = False, years: tuple[int, int] | None = None, sex: str | None = None):
        self.r, self.child, self.clock = r, child, r.randrange(0, 1380)
        foreign = (0.06 if hostile else 0.02) if foreign is None else foreign
        self.exam = dt.date(2016, 1, 4) + dt.timedelta(days=r.randrange(3700))
        years = r.randrange(*years) if years else r.choice([0, 0, r.randrange(0, 15)]) if child else r.randrange(90, 103) if old else r.choice([r.randrange(18, 60), r.randrange(55, 90), r.randrange(65, 90)])
        self.birth = self.exam - dt.timedelta(days=int(years * 365.25) + r.randrange(2 if not years else 30, 340))
        self.patient = Name(r, sex, age=years, foreign=foreign, one=0.15 if one is None else one)
        self.pid = r.choice([f"{r.randrange(10**7, 10**8)}", f"{r.randrange(10**6, 10**7)}", f"00{r.randrange(10**5, 10**6)}", f"{r.randrange(100, 999)}-{r.randrange(1000, 9999)}-{r.randrange(0, 9)}", f"{r.choice('ABKNS')}{r.randrange(10**6, 10**7)}"])
        self.accession = r.choice([f"{self.exam:%Y%m%d}{r.randrange(1000, 9999)}", f"CT{self.exam:%y%m%d}-{r.randrange(1, 200):03d}", f"{r.choice(['A', 'RD', 'X'])}{r.randrange(10**9, 10**10)}", f"{self.exam:%y}-{r.randrange(10000, 99999)}"])
        self.staff = []
        while len(self.staff) < 8:
            n = Name(r, foreign=0.02, one=one or 0.12)
            if n.sei not in [s.sei for s in self.staff]: self.staff.append(n)
        self.place, self.place2, self.place3 = r.sample(PLACES, 3)
        large = [f for f in HOSP_FORMS if not f.endswith(("クリニック", "医院", "診療所", "小児科"))]
        self.hospital_name, self.hospital2_name = self._form(large, self.place), self._form(HOSP_FORMS, self.place2)
        self.domain = r.choice(PLACE_ROMAJI).replace("-c", "") + r.choice(["-mc.or.jp", "-hp.jp", ".jrc-hosp.jp", "-rosai.jp", ".hosp.pref-med.jp", "-childrens.jp"])
        self.style = r.choice(["iso", "slash", "slash", "kanji", "dot", "era", "short", "slashyy"])

    def _form(self, forms: list[str], place: str) -> str:
        q = self.r.choice([p for p in PLACES if p != place])
        return self.r.choice(forms).format(p=place, q=q, b=self.r.choice(BUDDHA), s=split_entry(self.r.choice(SURNAMES))[0])

    def date(self, day: dt.date, kind: str, style: str | None = None) -> str:
        style = style or (self.style if self.r.random() < 0.75 else self.r.choice(["iso", "slash", "kanji", "dot", "era", "short", "eradot", "slashyy", "packed"]))
        _, era, letter, base = next(e for e in ERAS if day >= e[0])
        y = day.year - base
        text = {"iso": f"{day:%Y-%m-%d}", "slash": f"{day:%Y/%m/%d}", "kanji": f"{day.year}年{day.month}月{day.day}日", "dot": f"{day.year}.{day.month}.{day.day}",
                "era": f"{era}{'元' if y == 1 else y}年{day.month}月{day.day}日", "short": f"{letter}{y}.{day.month}.{day.day}", "eradot": f"{letter}{y}/{day.month}/{day.day}",
                "slashyy": f"{day.year}/{day.month}/{day.day}", "packed": f"{day:%Y%m%d}", "md": f"{day.month}/{day.day}", "mdk": f"{day.month}月{day.day}日",
                "ym": f"{day.year}年{day.month}月", "eray": f"{letter}{y}年{day.month}月", "en": f"{day.day} {day:%b} {day.year}", "enus": f"{day:%b} {day.day}, {day.year}"}[style]
        return f"[{kind}:{text}]"

    # --- dates and ages
    def s_exam(self): return self.date(self.exam, "exam_date")
    def s_exam_md(self): return self.date(self.exam, "exam_date", self.r.choice(["md", "mdk"]))
    def s_dob(self): return self.date(self.birth, "birth_date")
    def s_dob_packed(self): return self.date(self.birth, "birth_date", "packed")
    def s_exam_packed(self): return self.date(self.exam, "exam_date", "packed")
    def s_dob_era(self): return self.date(self.birth, "birth_date", self.r.choice(["era", "short", "eradot"]))
    def s_dob_en(self): return self.date(self.birth, "birth_date", self.r.choice(["en", "enus"]))
    def s_exam_en(self): return self.date(self.exam, "exam_date", self.r.choice(["en", "enus"]))
    def _before(self, most=900): return max(self.birth, self.exam - dt.timedelta(days=self.r.randrange(5, most)))
    def s_prev(self): return self.date(self._before(), "other_date")
    def s_prev_en(self): return self.date(self._before(), "other_date", self.r.choice(["en", "enus"]))
    def s_prev_ym(self): return self.date(self._before(3000 if not self.child else 60), "other_date", self.r.choice(["ym", "eray"]))
    def s_prev_md(self): return self.date(self._before(60), "other_date", self.r.choice(["md", "mdk", "md"]))
    def s_era_dates(self):
        return self.r.choice(["、", "・", "→", " / "]).join(self.date(self._before(3500 if not self.child else 200), "other_date", s) for s in self.r.sample(["era", "short", "eradot", "iso", "dot", "slashyy"], 3))
    def s_next(self): return self.date(self.exam + dt.timedelta(days=self.r.randrange(3, 200)), "other_date", self.r.choice([None, "md", "mdk"]))
    def s_time(self):
        self.clock = (self.clock + self.r.randrange(1, 25)) % 1440
        return f"{self.clock // 60}:{self.clock % 60:02d}"
    def s_age(self):
        a = age_on(self.birth, self.exam)
        if a >= 90: return f"[age_over_89:{self.r.choice([f'{a}歳', f'{a}才', f'{a}y'])}]"
        if a == 0: return f"[c:生後{max(1, (self.exam - self.birth).days // 30)}{self.r.choice(['か月', 'ヶ月'])}]"
        return f"[c:{a}{self.r.choice(['歳', '歳', '才'])}]"
    def s_sexk(self):
        a = age_on(self.birth, self.exam)
        return {"M": "男児" if a < 13 else "男性", "F": "女児" if a < 13 else "女性"}[self.patient.sex]
    def s_mf(self): return self.patient.sex
    def s_kunchan(self): return "くん" if self.patient.sex == "M" else "ちゃん"
    def s_sexj(self): return "男" if self.patient.sex == "M" else "女"
    def s_sexw(self): return "man" if self.patient.sex == "M" else "woman"

    # --- the patient
    def s_pt(self): return f"[patient_name:{self.patient.full(self.r)}]"
    def s_ptsei(self): return f"[patient_name:{self.patient.sei}]"
    def s_ptmei(self): return f"[patient_name:{self.patient.mei}]"
    def s_ptkana(self): return f"[patient_name:{self.patient.kana.replace(' ', self.r.choice([' ', '　', '']))}]"
    def s_ptkana_sei(self): return f"[patient_name:{self.patient.sei_kana}]"
    def s_pthira(self): return f"[patient_name:{hiragana(self.patient.sei_kana)}]"
    def s_pthalf(self): return f"[patient_name:{half(self.patient.kana)}]"
    def s_pthalf_sei(self): return f"[patient_name:{half(self.patient.sei_kana)}]"
    def s_ptrom(self):
        a, _, b = self.patient.romaji.partition(" ")
        return f"[patient_name:{self.r.choice([f'{a} {b}', f'{a}, {b.title()}', f'{b.title()} {a.title()}', f'{a}^{b}'])}]"
    def s_pthl7(self): return f"[patient_name:{self.patient.romaji.replace(' ', '^', 1)}]"
    def s_ptbroken(self):
        n, r = self.patient, self.r
        sp = r.choice(["\n", "　\n", "\n　"])
        options = [f"{n.sei}{sp}{n.mei}"]
        if len(n.sei) > 1: options.append(f"{n.sei[0]}\n{n.sei[1:]} {n.mei}")
        if len(n.mei) > 1: options.append(f"{n.sei} {n.mei[0]}\n{n.mei[1:]}")
        return f"[patient_name:{r.choice(options)}]"
    def s_ptspaced(self):
        j = self.r.choice([" ", "　"])
        return f"[patient_name:{j.join((self.patient.sei + self.patient.mei).replace(' ', ''))}]"
    def s_ptinit(self):
        p = self.patient.romaji.split()
        return f"[patient_name:{self.r.choice([f'{p[-1][0]}.{p[0][0]}.', f'{p[0][0]}.{p[-1][0]}', f'{p[0][0]}・{p[-1][0]}'])}]"
    def s_pid(self): return f"[patient_id:{self.pid}]"
    def s_pidwide(self): return f"[patient_id:{wide(self.pid)}]"
    def s_pidsplit(self):
        d = self.pid
        cuts = sorted(self.r.sample(range(2, len(d) - 1), 2))
        j = self.r.choice([" ", " ", "　", "- "])
        return f"[patient_id:{d[:cuts[0]]}{j}{d[cuts[0]:cuts[1]]}{j}{d[cuts[1]:]}]"
    def s_pidspread(self): return f"[patient_id:{' '.join(self.pid)}]"
    def s_acc(self): return f"[accession:{self.accession}]"
    def s_otherpid(self): return f"[patient_id:{self.r.randrange(10**7, 10**8)}]"
    def s_insurer(self): return f"[insurer_number:{self.r.choice([f'{self.r.randrange(10**7, 10**8)}', f'{self.r.randrange(10**5, 10**6):06d}', f'0{self.r.randrange(10**6, 10**7)}'])}]"
    def s_insured(self): return f"[insurer_number:{self.r.choice([f'{self.r.randrange(100, 9999)}・{self.r.randrange(1, 99999)}', f'{self.r.randrange(1000, 9999)}-{self.r.randrange(10, 9999)}'])}]"

    # --- staff: the requester, the readers, the technologist, the nurse, ...
    def _sei(self, i, kind="staff_name"): return f"[{kind}:{self.staff[i].sei}]"
    def _full(self, i, kind="staff_name"): return f"[{kind}:{self.staff[i].full(self.r)}]"
    def s_ref(self): return self._sei(0)
    def s_ref_full(self): return self._full(0)
    def s_rad(self): return self._sei(1)
    def s_rad_full(self): return self._full(1)
    def s_rad2(self): return self._sei(2)
    def s_rad2_full(self): return self._full(2)
    def s_tech(self): return self._sei(3)
    def s_tech_full(self): return self._full(3)
    def s_nurse(self): return self._sei(4)
    def s_other(self): return self._sei(5)
    def s_other_full(self): return self._full(5)
    def s_stafffirst(self): return f"[staff_name:{self.staff[6].mei}]"
    def s_staffhira(self): return f"[staff_name:{hiragana(self.staff[1].sei_kana)}]"
    def s_refkana(self): return f"[staff_name:{self.staff[0].sei_kana}]"
    def s_radhalf(self): return f"[staff_name:{half(self.staff[1].sei_kana)}]"
    def s_techhalf(self): return f"[staff_name:{half(self.staff[3].sei_kana)}]"
    def s_radrom(self):
        a, _, b = self.staff[1].romaji.partition(" ")
        return f"[staff_name:{self.r.choice([f'{b[:1]}. {a.title()}', f'{b.title()} {a}', a.title(), f'{a.title()} {b[:1]}'])}]"
    def s_refrom(self): return f"[staff_name:{self.staff[0].romaji.split()[0].title()}]"
    def s_techrom(self): return f"[staff_name:{self.staff[3].romaji.split()[0].upper()}]"
    def s_radinit(self):
        p = self.staff[1].romaji.split()
        return f"[staff_name:{self.r.choice([f'{p[0][0]}{p[-1][0]}', f'{p[-1][0]}.{p[0][0]}.'])}]"
    def s_login(self): return self._login(self.staff[1])
    def s_login2(self): return self._login(self.staff[3])
    def _login(self, n):
        p = [re.sub(r"[^a-z]", "", w) for w in n.romaji.lower().split()]
        return f"[login:{self.r.choice([f'{p[-1][0]}.{p[0]}', f'{p[0]}_{p[-1][0]}', f'{p[0]}{self.r.randrange(1, 99):02d}', f'rad{self.r.randrange(100, 999)}', f'dr{self.r.randrange(10000, 99999)}', f'{p[0]}-{p[-1]}', f'T{self.r.randrange(10000, 99999)}'])}]"
    def s_email(self):
        p = [re.sub(r"[^a-z]", "", w) for w in self.staff[self.r.choice([0, 1])].romaji.lower().split()]
        return f"[email:{self.r.choice([f'{p[-1][0]}-{p[0]}', f'{p[0]}.{p[-1]}', 'renkei', 'hosyasen', f'{p[0]}'])}@{self.domain}]"
    def s_url(self): return f"[url:https://{self.r.choice(['pacs', 'rep', 'viewer', 'xfer'])}.{self.domain}/{self.r.choice(['v?sid=', 'study/', 'link/'])}{self.r.randrange(10**6, 10**7)}]"

    # --- other people
    def s_relmei(self): return f"[relative_name:{split_entry(self.r.choice(MALE + FEMALE))[0]}]"
    def s_relmeif(self): return f"[relative_name:{given_name(self.r, 'F', None)[0]}]"
    def s_relmeim(self): return f"[relative_name:{given_name(self.r, 'M', None)[0]}]"
    def _relfull(self, sex): return f"[relative_name:{Name(self.r, sex, foreign=1.0 if self.patient.foreign and self.patient.kanji == self.patient.kana and self.r.random() < .6 else 0, sei=(self.patient.sei, self.patient.sei_kana) if self.r.random() < .6 else None).full(self.r)}]"
    def s_relfullf(self): return self._relfull("F")
    def s_relfullm(self): return self._relfull("M")
    def s_relfull(self): return f"[relative_name:{Name(self.r, sei=(self.patient.sei, self.patient.sei_kana) if self.r.random() < .6 else None).full(self.r)}]"
    def s_relsei(self): return f"[relative_name:{split_entry(self.r.choice(SURNAMES))[0]}]"
    def s_person(self): return f"[other_person:{Name(self.r, foreign=.08).full(self.r)}]"
    def s_personsei(self): return f"[other_person:{split_entry(self.r.choice(SURNAMES + ONE_KANJI[:8]))[0]}]"
    def s_spouse(self): return "妻" + self.s_relmeif() if self.patient.sex == "M" else "夫" + self.s_relmeim()
    def s_relold(self):
        n = split_entry(self.r.choice([f for f in FEMALE if split_entry(f)[0] in OLD_GIVEN]))
        return f"[relative_name:{self.r.choice([half(n[1]), n[0], n[1]])}]"
    def s_personclinic(self): return f"[hospital:{split_entry(self.r.choice(SURNAMES))[0]}" + self.r.choice(["医院", "内科", "胃腸科", "整形外科"]) + "]"
    def s_samename(self): return f"[other_person:{Name(self.r, self.patient.sex, age=age_on(self.birth, self.exam), sei=(self.patient.sei, self.patient.sei_kana)).full(self.r)}]"

    # --- places and numbers
    def s_hosp(self): return f"[hospital:{self.hospital_name}]"
    def s_hosp2(self): return f"[hospital:{self.hospital2_name}]"
    def s_hospen(self):
        p = self.r.choice(PLACE_ROMAJI).replace("-c", "").title()
        return f"[hospital:{self.r.choice([f'{p} Medical Center', f'{p} Red Cross Hospital', f'U.S. Naval Hospital {p}', f'{p} Children’s Hospital', f'{p} Branch Clinic', f'{p} Rosai Hospital'])}]"
    def s_short(self): return f"[hospital_short:{self._form(SHORT_FORMS, self.place2)}]"
    def s_short2(self): return f"[hospital_short:{self._form(SHORT_FORMS, self.place3)}]"
    def s_ward(self):
        r = self.r
        n, d = r.randrange(2, 10), r.choice("東西南北")
        return f"[ward:{r.choice([f'{n}{d}病棟', f'{n}階{d}病棟', f'{n}F{d}', f'{n}{d}', f'{n}-{r.randrange(1, 4)}病棟', r.choice('ABC') + f'棟{n}階', f'{d}{n}', f'本館{n}階', f'{wide(str(n))}{d}病棟', str(n) + r.choice('EWNS') + '病棟', f'第{n}病棟', f'新館{n}F', f'南館{n}階病棟'])}]"
    def s_room(self): return f"[room:{self.r.choice([f'{self.r.randrange(201, 999)}号室', f'{self.r.randrange(201, 999)}号', f'Rm{self.r.randrange(201, 999)}', f'{self.r.randrange(201, 999)}-{self.r.randrange(1, 5)}', str(self.r.randrange(201, 999)) + '号室' + self.r.choice(['窓側', '廊下側'])])}]"
    def s_phone(self):
        r = self.r
        a, b, c = r.choice(["098", "0980", "092", "099", "0997", "095", "0959", "096", "0985", "097", "0952"]), r.randrange(20, 999), r.randrange(0, 9999)
        mobile = f"0{r.choice('789')}0-{r.randrange(1000, 9999)}-{r.randrange(1000, 9999)}"
        return f"[phone:{r.choice([f'{a}-{b}-{c:04d}', f'{a}({b}){c:04d}', mobile, mobile.replace('-', ''), wide(f'{a}-{b}-{c:04d}'), f'{a} {b} {c:04d}'])}]"
    def s_ext(self): return f"[phone:{self.r.choice([self.r.randrange(2000, 9999), self.r.randrange(200, 999), self.r.randrange(70000, 79999)])}]"
    def s_address(self):
        r = self.r
        return f"[address:{r.choice([r.choice(PREFS), ''])}{self.place3}{r.choice(['市', '町', '村'])}{r.choice(['字', '大字', '', ''])}{r.choice(PLACES)}{r.choice([f'{r.randrange(1, 3000)}', f'{r.randrange(1, 9)}-{r.randrange(1, 40)}-{r.randrange(1, 30)}', f'{r.randrange(1, 9)}丁目{r.randrange(1, 40)}番{r.randrange(1, 20)}号', f'{r.randrange(1, 3000)}番地{r.randrange(1, 9)}', f'{r.randrange(1,9)}-{r.randrange(1,30)} 県営団地{r.randrange(1,9)}-{r.randrange(101,505)}'])}]"
    def s_town(self): return f"[address:{self.place3}{self.r.choice(['町', '村', '島', '市'])}]"
    def s_island(self): return f"[address:{self.place3}島]"
    def s_employer(self): return f"[employer:{self._form(EMPLOYERS, self.place3)}]"
    def s_unit(self): return f"[employer:{self._form(UNITS, self.place3)}]"
    def s_schoolk(self):
        a = age_on(self.birth, self.exam)
        return f"[school:{self._form([s for s in SCHOOLS if (chr(39640) in s) == (a >= 15) and (chr(20013) in s) == (12 <= a < 15) and not any(w in s for w in (chr(20445), chr(12371)+chr(12393), chr(30475), chr(22823)))], self.place3)}]"
    def s_school(self): return f"[school:{self._form(SCHOOLS, self.place3)}]"
    def s_dept(self): return self.r.choice("消化器内科 外科 整形外科 呼吸器内科 循環器内科 脳神経外科 泌尿器科 総合診療科 救急科 産婦人科 耳鼻咽喉科 乳腺外科 血液内科 腎臓内科 膠原病内科".split())
    def s_childdept(self): return self.r.choice("小児科 新生児科 小児外科 総合診療科 小児整形外科".split())
    def s_spacer(self): return self.r.choice(["　", " ", "：", ": "])

    # --- measures
    def s_mm(self): return f"{self.r.randrange(3, 48)}{self.r.choice(['mm', 'mm', ' mm', '㎜'])}"
    def s_smm(self): return f"{self.r.randrange(2, 10)}mm"
    def s_cm(self): return f"{self.r.randrange(1, 9)}.{self.r.randrange(0, 10)}{self.r.choice(['cm', 'cm', ' cm'])}"
    def s_mmx(self): return f"{self.r.randrange(8, 60)}{self.r.choice(['x', '×', '✕'])}{self.r.randrange(6, 40)}mm"
    def s_suv(self): return f"SUVmax {self.r.randrange(2, 18)}.{self.r.randrange(0, 10)}"
    def s_hu(self): return f"{self.r.randrange(10, 90)}HU"
    def s_im(self): return f"[n:{self.r.choice(['Se', 'se', 'Series'])}{self.r.choice(['', ' '])}{self.r.randrange(2, 12)}{self.r.choice(['/', '-'])}{self.r.choice(['', 'Im'])}{self.r.randrange(1, 31)}]"
    def s_imno(self): return f"[n:{self.r.randrange(2, 12)}/{self.r.randrange(1, 31)}]"
    def s_lv(self):
        a = self.r.randrange(1, 5)
        return f"[n:L{a}/{a + 1}]"
    def s_th(self):
        a = self.r.randrange(3, 12)
        return f"[n:Th{a}/{a + 1}]"
    def s_rib(self):
        a = self.r.randrange(3, 9)
        return f"[n:第{a}-{a + self.r.randrange(1, 4)}肋骨]"
    def s_bp(self): return f"[n:{self.r.randrange(80, 190)}/{self.r.randrange(40, 110)}]"
    def s_dose(self): return f"[n:{self.r.randrange(4, 40)}.{self.r.randrange(1, 13)}]"
    def s_dlp(self): return f"[n:DLP {self.r.randrange(1900, 2030)}]"
    def s_agat(self): return f"[n:{self.r.choice(['Agatston score ', 'CACS '])}{self.r.randrange(1950, 2026)}]"
    def s_ver(self): return f"[n:Ver.{self.r.randrange(1, 8)}.{self.r.randrange(1, 12)}.{self.r.randrange(1, 28)}]"
    def s_week(self): return f"{self.r.randrange(24, 41)}週{self.r.randrange(0, 7)}日"
    def s_num(self): return str(self.r.randrange(2, 12))
    def s_lab(self): return "[c:" + self._lab() + "]"
    def _lab(self): return self.r.choice([f"CRP {self.r.randrange(1, 28)}.{self.r.randrange(0, 100):02d}", f"CEA {self.r.randrange(3, 90)}.{self.r.randrange(0, 10)}", f"eGFR {self.r.randrange(20, 95)}", f"WBC {self.r.randrange(40, 260) * 100}", f"D-dimer {self.r.randrange(1, 40)}.{self.r.randrange(0, 10)}", f"PSA {self.r.randrange(4, 80)}.{self.r.randrange(10, 99)}", f"Cre {self.r.randrange(0, 4)}.{self.r.randrange(40, 99)}", f"KL-6 {self.r.randrange(200, 2020)}"])

    def fill(self, template: str) -> str:
        """Resolve slots, then alternatives, innermost first; a slot may yield no new slot."""
        def chooses(m): return self.r.choice(m[1].split("|"))
        while re.search(r"<([^<>]*)>", template):
            template = re.sub(r"<([^<>]*)>", chooses, template)
        return re.sub(r"\{([a-z0-9_]+)\}", lambda m: getattr(self, "s_" + m[1])(), template)


# Findings and impressions by examination. [c:] marks what must stay word for word.
EXAMS = {
 "胸部CT": dict(title="<胸部CT|胸部単純CT|胸部CT（単純）|胸部HRCT|胸腹部単純CT>", gear=1, find="""
右<上葉S1|上葉S3|中葉S5|下葉S6>に[c:{mm}大の<充実性結節|部分充実型結節|すりガラス結節>]を認めます。
左<肺尖部|上葉舌区|下葉S8|下葉S10>の[c:<結節|結節影>]は{mm}で<前回と著変ありません|やや増大しています|縮小しています>（{im}）。
両側<下葉背側|肺底部|胸膜直下>に[c:<網状影|すりガラス影|牽引性気管支拡張|蜂巣肺>]を認め、[c:<UIP pattern|probable UIP pattern|NSIP pattern>]に相当します。
<右|左|両側>胸水を<少量|中等量>認め、[c:<受動性無気肺|葉間胸水>]を伴います。
縦隔<#4R|#7|#5>に短径[c:{mm}のリンパ節]を認めます。
[c:<小葉中心性粒状影|tree-in-bud appearance|crazy-paving pattern|モザイクパターン>]が<右中葉|左舌区|両側下葉>にみられます。
<LAD|RCA|LCX>に[c:冠動脈石灰化]を認めます（{agat}）。
{rib}に[c:陳旧性骨折]があります。
[c:粟粒影]は<認めません|両肺にびまん性にみられます>。
[c:Bochdalek孔ヘルニア]を<左|右>に認めます。
[c:胸膜プラーク]が<両側|右優位>に散在し、[c:石綿曝露歴]が示唆されます。
気管・気管支に明らかな<狭窄|異物>は指摘できません。
[c:前縦隔に{mmx}の腫瘤]があり、[c:<胸腺腫|胸腺嚢胞>]を疑います。""", imp="""
[c:<右上葉|左下葉|右中葉>結節]。[c:Fleischner <2017|Society 2017>]に準じ<6か月|12か月|3か月>後の再検を勧めます。
[c:原発性肺癌 cT{n_t}N0M0]（[c:TNM <8版|第8版>]）疑い。
[c:間質性肺炎]、[c:ATS/ERS/JRS/ALAT <2018|2022>]の[c:<UIP|indeterminate for UIP>]。
[c:非結核性抗酸菌症]として矛盾しません。
活動性肺炎は指摘できません。
[c:じん肺 標準写真<1型|2型>]相当。
[c:<うっ血性心不全|誤嚥性肺炎|器質化肺炎>]疑い。"""),
 "腹部CT": dict(title="<腹部造影CT|腹部骨盤CT（造影）|腹部ダイナミックCT|全腹部CT（造影）>", gear=1, find="""
肝<S4|S5|S6|S7|S8>に[c:{mm}大の<早期濃染域|嚢胞|低吸収結節|血管腫>]を認めます。
<動脈|門脈>相で[c:<washout|corona enhancement|辺縁のリング状濃染>]を伴います（{imno}）。
胆嚢<頸部|体部|底部>に[c:<結石|壁肥厚|コメットエコー様石灰化>]、[c:<Mirizzi症候群|胆嚢腺筋腫症>]を否定できません。
膵<頭部|体部|尾部>に[c:{mm}の<分枝型IPMN|多房性嚢胞|乏血性腫瘤>]、主膵管径は{smm}です。
虫垂は[c:{smm}に腫大]し、[c:<糞石|周囲脂肪織濃度上昇>]を伴います。
[c:<S状結腸|上行結腸|下行結腸>に憩室]が多発しています。
<Douglas窩|Morison窩>に[c:<少量の腹水|血性腹水>]を認めます。
腹部大動脈は最大短径[c:{mm}]で、[c:<壁在血栓|ULP>]を伴います。
<右|左>腎に[c:<{mm}の血管筋脂肪腫|結石|Bosniak IIF嚢胞|水腎症>]を認めます。
[c:腸回転異常]はなく、[c:Treitz靭帯]の位置は正常です。
<小腸|回腸末端>に[c:<closed loop|壁肥厚|target sign>]を認めます。
胃は[c:<今永法再建|上川法再建|Billroth I法再建>]後、吻合部に<異常なし|壁肥厚あり>。
[c:Chilaiditi症候群]を認めます。病的意義はありません。
脾、副腎に<特記所見なし|著変なし>。""", imp="""
[c:肝細胞癌]疑い（[c:LI-RADS v2018 LR-<3|4|5>]）。
[c:急性<虫垂炎|胆嚢炎|膵炎>]。[c:<TG18 Grade II|CT Grade 2|膵炎CT Grade 1>]。
[c:分枝型IPMN]、[c:<京都ガイドライン2023|福岡ガイドライン2017>]の[c:<worrisome features|high-risk stigmata>]なし。
[c:絞扼性腸閉塞]を疑います。至急外科コンサルトください。
[c:膵癌取扱い規約第8版]で[c:切除可能境界]。
[c:Stanford <A|B>型大動脈解離]。
[c:Krukenberg腫瘍]の可能性があります。
明らかな転移再発は指摘できません（[c:RECIST 1.1 <SD|PR|CR>]）。"""),
 "頭部MRI": dict(title="<頭部MRI・MRA|頭部MRI|脳MRI（造影）|頭部単純MRI>", gear=2, find="""
<右|左><放線冠|視床|橋|被殻|前頭葉皮質>に[c:<DWI高信号|ADC低下域>]を認めます。
[c:<Fazekas grade {one}|PVH grade 2|DSWMH grade 1>]の[c:白質病変]があります。
MRAで<右|左>[c:<MCA M1|ICA C2|BA|PCA P2>]に[c:<狭窄|閉塞|信号低下>]をみます。
<A-com|IC-PC|左MCA分岐部>に[c:{smm}の<動脈瘤|嚢状動脈瘤>]を認めます。
T2*WIで[c:<微小出血|脳表ヘモジデリン沈着>]を<基底核|皮質下>に{num}個認めます。
[c:島皮質]の不明瞭化を<認めます|認めません>。
[c:松果体嚢胞]（{smm}）を認めます。
<右|左>[c:小脳橋角部]に[c:{mm}の腫瘤]を認めます。
[c:橋]底部に[c:T2高信号]、[c:橋中心髄鞘崩壊症]として矛盾しません。
[c:Sylvius裂]の開大、[c:海馬萎縮]を認め、[c:VSRAD Z-score {zs}]です。
[c:Rathke嚢胞]を疑う{smm}の[c:T1高信号]がトルコ鞍内にあります。
<右|左>上顎洞に[c:<粘膜肥厚|貯留嚢胞>]があります。
[c:くも膜下出血]や占拠性病変は指摘できません。
[c:<前頭葉|側頭葉>に{mmx}の造影腫瘤]があり、周囲浮腫を伴います。""", imp="""
[c:急性期脳梗塞]（[c:DWI-ASPECTS <6|7|8|9>]）。
[c:もやもや病]（[c:鈴木分類 第<2|3|4>期]）。
[c:<膠芽腫|星細胞腫>]疑い（[c:WHO 2021 grade <2|3|4>]）。
[c:McDonald <2017|基準2017>]の[c:空間的多発]を満たします。
[c:Alzheimer型認知症]として矛盾しません。
[c:未破裂脳動脈瘤]。経過観察してください。
[c:橋本脳症]の可能性も残ります。
粗大な異常を指摘できません。"""),
 "脊椎MRI": dict(title="<腰椎MRI|頸椎MRI|全脊椎MRI|胸腰椎単純MRI>", gear=2, find="""
{lv}で[c:<椎間板膨隆|椎間板ヘルニア|黄色靭帯肥厚>]を認め、[c:<硬膜嚢を圧排|右神経根を圧排|左椎間孔狭窄>]しています。
{th}に[c:<Schmorl結節|圧迫骨折|後縦靭帯骨化>]があります。
[n:<C5/6|C4/5|C6/7|C3/4>]で[c:髄内T2高信号]がみられます。
[c:L<4|5>の<すべり症 Meyerding I度|分離症>]を認めます。
[c:竹節状脊柱]を呈し、[c:強直性脊椎炎]の所見です。
[c:Modic type <1|2>]の終板変化を伴います。
傍椎体に[c:<膿瘍|{mm}の嚢胞>]を認めます。
馬尾弛緩を伴う[c:脊柱管狭窄]が{lv}で高度です。""", imp="""
[c:腰部脊柱管狭窄症]（{lv}）。
[c:<新鮮|陳旧性>圧迫骨折]（{th}）。
[c:頸椎症性脊髄症]。
[c:平山病]を示唆する前屈位所見です。
[c:化膿性脊椎炎]を疑います。"""),
 "膝MRI": dict(title="<右膝MRI|左膝MRI|膝関節MRI>", gear=2, find="""
[c:<内側半月板後節|外側半月板中節>に<水平断裂|縦断裂|逸脱>]を認めます。
[c:<前十字靭帯|後十字靭帯>]は<連続性が保たれています|不連続です>。
[c:Baker嚢胞]（{mmx}）があります。
[c:Kellgren-Lawrence grade <2|3|4>]相当の変化です。
[c:Osgood-Schlatter病]を疑う[c:脛骨粗面の骨髄浮腫]があります。""", imp="""
[c:<半月板損傷|前十字靭帯損傷>]。
[c:変形性膝関節症]。
[c:軟骨損傷 ICRS grade {one}]。"""),
 "肩MRI": dict(title="<右肩MRI|左肩MRI>", gear=2, find="""
[c:棘上筋腱]に[c:<全層断裂|関節面断裂>]（{mm}）を認めます。
[c:上腕二頭筋長頭腱]は<保たれています|脱臼しています>。
[c:Bankart病変]を<認めます|認めません>（{im}）。
[c:肩峰下滑液包]に液貯留。""", imp="""
[c:腱板断裂]（[c:Goutallier分類 stage {one}]）。
[c:Hill-Sachs病変]を伴う[c:反復性肩関節脱臼]。
[c:凍結肩]疑い。"""),
 "股MRI": dict(title="<股関節MRI|両股関節MRI>", gear=2, find="""
[c:大腿骨頭に帯状低信号]があり、[c:JIC分類 type C<1|2>]です。
[c:Shenton線]は<連続|不連続>、関節裂隙{smm}。
<右|左>[c:大腿骨頚部に線状低信号]、[c:Garden分類 stage <I|II|III>]。""", imp="""
[c:特発性大腿骨頭壊死症]。
[c:大腿骨頚部不顕性骨折]。
[c:一過性大腿骨頭萎縮症]疑い。"""),
 "腹部US": dict(title="<腹部超音波|腹部エコー|US（腹部）|腹部US>", gear=3, find="""
肝は[c:<bright liver|肝腎コントラスト陽性|辺縁鈍化>]を呈し、S{one}に[c:{mm}の<高エコー結節|無エコー域>]を認める。
GB：[c:<多発結石（最大{mm}）|ポリープ {smm}|debris>]。Murphy徴候<陽性|陰性>。
CBD {smm}、IHBD拡張なし。
膵<尾部はガスで描出不良|頭部に{mm}の嚢胞>。
<右|左>腎：[c:<{mm}の嚢胞|結石エコー|水腎 grade 2>]。
脾：[c:spleen index {num}]。[c:副脾]あり。
[c:門脈血流は求肝性]、Vmax 1{one}cm/s。
[c:FAST <陰性|陽性（Morison窩）>]。""", imp="""
[c:脂肪肝]。
[c:胆石症]、[c:胆嚢ポリープ]。
[c:<慢性肝障害|肝硬変>]、[c:FIB-4 {zs}]。
[c:腎嚢胞]。著変なし。"""),
 "胸部XP": dict(title="<胸部単純写真|胸部X線（正面）|胸部XP 2方向|ポータブル胸写|CR 胸部>", gear=4, find="""
[c:CTR {ctr}%]。肺野に<明らかな異常陰影を認めず|右下肺野浸潤影あり|左CP angle dull>。
[c:<右|左>気胸（<I度|II度|III度>）]を認める。
<CVカテ|PICC>先端は[c:<SVC|右房>]に投影。
<NGチューブ先端は[c:胃内]|気管チューブ先端は[c:気管分岐部上{cm}]>。
[c:<Kerley B line|butterfly shadow|silhouette sign陽性>]を認める。
[c:側弯]（[c:Cobb角 {num}°]）あり。
[c:大動脈弓部石灰化]。""", imp="""
[c:肺うっ血]、前回より<改善|増悪>。
[c:右中葉肺炎]疑い。
活動性病変なし。[c:陳旧性肺結核]疑い。
チューブ位置良好。"""),
 "マンモ": dict(title="<マンモグラフィ|MMG（MLO/CC）|乳房撮影 2方向|検診マンモグラフィ>", gear=5, sex="F", single=True, find="""
乳腺は[c:<散在性|不均一高濃度|極めて高濃度>]（[c:乳房構成 <b|c|d>]）。
<右|左><M|L|U|I>・O領域に[c:<集簇性の微細線状石灰化|spiculated mass|構築の乱れ|FAD>]を認めます。
[c:<腋窩リンパ節腫大|皮膚肥厚>]は認めません。
<右|左>に[c:{mm}の境界明瞭腫瘤]、前回と比べ<不変|増大>。""", imp="""
[c:BI-RADS <2|3|4A|4C|5>]。
[c:カテゴリー<1|2|3|4|5>]。<精査不要|要精密検査>。
[c:乳癌検診ガイドライン第5版]に準じ[c:カテゴリー3]。"""),
 "骨シンチ": dict(title="<骨シンチグラフィ|骨シンチ（全身）>", gear=6, find="""
<胸椎|肋骨|右腸骨|左大腿骨>に[c:<異常集積|多発集積|hot spot>]を認めます。
[c:99mTc-<MDP|HMDP>] {num}40MBq 静注、3時間後に撮像。
両膝、<腰椎|肩関節>に[c:変性による集積]。
骨外集積は<膀胱・腎のみ|認めません>。""", imp="""
[c:多発骨転移]（[c:BSI {zs}%]）。
有意な異常集積を認めません。
[c:Paget病]も鑑別に挙がる。"""),
 "PET": dict(title="<FDG-PET/CT|PET-CT（全身）>", gear=6, find="""
<縦隔リンパ節|右肺門|左腋窩>に[c:FDG集積（{suv}）]を認めます。
<S状結腸|胃体部|左肺上葉>に[c:集積亢進]（{suv}）、遅延相で{suv}。
[c:Deauville score {one}]。
[c:びまん性の甲状腺集積]は[c:橋本病]を疑います。
生理的集積のほか異常集積は指摘できません。""", imp="""
[c:悪性リンパ腫]、[c:Lugano分類2014] [c:stage <II|III|IV>]。
有意なFDG集積なし。再発所見なし。
[c:橋本病]に矛盾しない集積。"""),
 "心筋": dict(title="<負荷心筋血流SPECT|心筋シンチ（安静・負荷）>", gear=6, find="""
[c:<下壁|前壁|心尖部|側壁>に<固定性欠損|再分布>]を認めます。
[c:201Tl] 111MBq、[c:アデノシン負荷]。負荷時BP {bp}。
[c:LVEF {ctr}%]、[c:EDV 1{tens2}mL]。
[c:洗い出し率]の<低下|亢進>あり。""", imp="""
[c:心筋虚血]を示唆（[c:SSS {num}]、[c:SDS {one}]）。
[c:陳旧性心筋梗塞]（<RCA|LAD>領域）。
[c:JCSガイドライン2022]の[c:中等度リスク]。"""),
 "前立腺": dict(title="<前立腺MRI|骨盤MRI（前立腺）>", gear=2, sex="M", find="""
<右|左>辺縁域に[c:{mm}のT2低信号域]、[c:PI-RADS v2.1 <3|4|5>]。
[c:移行域にBPH結節]、体積{ctr}mL。
[c:被膜外浸潤]は<疑われます|明らかでありません>。
[c:精嚢浸潤]なし、骨盤骨に<異常なし|T2低信号の骨島>。""", imp="""
[c:前立腺癌]疑い（[c:cT2<a|b|c>]）。
[c:前立腺肥大症]。有意癌を疑う所見なし（[c:PI-RADS v2.1 2]）。
[c:Gleason score {one}+4]既知の病変に一致。"""),
 "子宮": dict(title="<骨盤MRI|子宮・卵巣MRI>", gear=2, sex="F", find="""
子宮筋層に[c:{mmx}の<筋腫|腺筋症>]を認めます。
<右|左>卵巣に[c:{cm}の<内膜症性嚢胞|成熟嚢胞性奇形腫>]、[c:O-RADS <2|3|4>]。
[c:junctional zone]は<肥厚|不明瞭化>。
[c:Douglas窩]に液体貯留を少量認めます。
[c:shading]を伴います。""", imp="""
[c:子宮筋腫]、[c:FIGO type <2|4|6>]。
[c:子宮体癌 FIGO <2008|2023>] [c:stage I<A|B>]。
[c:内膜症性嚢胞]。悪性化を示唆する壁在結節なし。"""),
 "直腸": dict(title="<直腸MRI|骨盤MRI（直腸）>", gear=2, find="""
直腸<Ra|Rb>に[c:{mm}の壁肥厚]、[c:EMVI<陽性|陰性>]、[c:CRM <1|2|3>mm]。
<右|左>側方リンパ節{smm}。
[c:mesorectum]内に{smm}の結節{num}個。""", imp="""
[c:CRT後 mrTRG {one}]。
[c:直腸癌 cT<2|3>N1a]（[c:大腸癌取扱い規約第9版]）。"""),
 "外傷CT": dict(title="<外傷パンスキャンCT|全身CT（外傷）|頭頸部CT・体幹CT>", gear=1, find="""
<右|左>[c:<急性硬膜下血腫 {smm}|急性硬膜外血腫|外傷性くも膜下出血>]、midline shift {smm}。
{rib}骨折、[c:<血気胸|flail chest|皮下気腫>]を伴う。
[c:<肝|脾|腎>損傷 日本外傷学会分類<Ib|II|IIIa|IIIb>型]、[c:extravasation]<あり|なし>。
骨盤：[c:<Tile B|Tile C|仙骨骨折>]。
{th}[c:<破裂骨折|Chance骨折>]。
[c:FACT]で緊急を要する所見<あり|なし>。""", imp="""
[c:多発外傷]、[c:AAST grade <II|III|IV> 2018]。
[c:骨盤輪骨折]。TAE考慮。
[c:びまん性軸索損傷]疑い、MRI推奨。"""),
}
CHILD_EXAMS = {
 "小児頭部": dict(title="<新生児頭部エコー|頭部MRI（自然睡眠下）>", gear=2, ages=(0, 1), find="""
[c:<上衣下出血 Papile grade {one}|PVL|側脳室拡大>]を認めます。
[c:脳梁<形成不全|は保たれています>]。[c:髄鞘化]は<月齢相当|やや遅延>。
[c:硬膜下血腫]（{smm}）が<右|左|両側>にみられます。新旧混在に注意。
[c:Dandy-Walker奇形]を疑う後頭蓋窩嚢胞。""", imp="""
[c:PVL]。[c:<修正40週|2歳時>]でMRI再検を。
[c:虐待による頭部外傷（AHT）]を否定できず。
[c:Chiari奇形<I|II>型]。"""),
 "小児腹部": dict(title="<小児腹部エコー|腹部US>", gear=3, ages=(0, 4), find="""
[c:<target sign|pseudokidney sign>]を<右上腹部|右側腹部>に認め、径{mm}。
幽門筋厚{smm}、[c:幽門管長1{one}mm]。
[c:<double bubble sign|whirlpool sign>]陽性。
虫垂径{smm}、[c:糞石]<あり|なし>。
[c:水腎症 SFU grade {one}]（<右|左>）。
[c:Meckel憩室]は同定できず。""", imp="""
[c:腸重積症]。高圧浣腸で<整復|整復不能>。
[c:肥厚性幽門狭窄症]。
[c:Hirschsprung病]を疑う[c:caliber change]。
[c:膀胱尿管逆流 国際分類<III|IV|V>度]。"""),
 "小児胸部": dict(title="<胸部XP（新生児ポータブル）|胸腹部XP（NICUポータブル）>", gear=4, ages=(0, 1), find="""
[c:<網状顆粒状影|air bronchogram>]、[c:Bomsel分類<I|II|III>度]。
UVC先端[c:{th}]レベル。UAC先端は[c:{th}]。
胃管先端は<胃内|食道下部>、[c:挿管チューブ]先端は{th}。
[c:CTR {ctr}%]、肺血流<増加|正常>。""", imp="""
[c:RDS]。前回より改善。
[c:<TTN|MAS|PIE>]疑い。
[c:壊死性腸炎]を示唆する[c:門脈ガス]なし。"""),
 "小児心": dict(title="<心臓CT（先天性心疾患）|冠動脈CT（小児）>", gear=1, ages=(1, 15), find="""
[c:<右大動脈弓|PDA|主要体肺側副動脈>]を認めます。
冠動脈<#1|#5|#6>に[c:{smm}の瘤]、[c:川崎病]後として[c:Zスコア {zs}]。
[c:肺静脈還流異常]は認めません。
気管は[c:<血管輪|異常なし>]、内腔{smm}。""", imp="""
[c:Fallot四徴症]術後、[c:Blalock-Taussigシャント]開存。
[c:川崎病冠動脈瘤]（[c:AHA 2017]）。
[c:Kommerell憩室]を伴う[c:血管輪]。"""),
 "小児骨": dict(title="<両手XP（骨年齢）|右肘XP|左膝XP|股関節XP>", gear=4, ages=(4, 15), find="""
骨年齢は[c:TW2法で{num}.{one}歳]相当。
[c:<Salter-Harris II型骨折|若木骨折|torus骨折>]を認める。
[c:骨端線]は<開存|閉鎖傾向>、[c:fat pad sign]<陽性|陰性>。
[c:Perthes病 Catterall {one}群]。""", imp="""
[c:骨端線損傷]疑い。対側と比較を。
[c:上腕骨顆上骨折 Gartland <I|II|III>型]。
[c:くる病]疑い。"""),
 "小児外傷": dict(title="<頭部CT（小児）|頭部単純CT>", gear=1, ages=(1, 15), find="""
<右|左>側頭骨に[c:線状骨折]を認めます（{imno}）。
[c:硬膜下血腫]（{smm}）が<右|左|両側>にみられます。
[c:皮下血腫]のみで頭蓋内出血は認めません。
[c:PECARN]<低|中間>リスク。
<右上顎洞|篩骨洞>に[c:粘膜肥厚]。""", imp="""
[c:頭蓋骨線状骨折]。頭蓋内病変なし。
[c:急性硬膜外血腫]疑い。6時間後再検。
粗大な異常を認めません。
[c:虐待による頭部外傷（AHT）]を否定できず。"""),
 "小児虫垂": dict(title="<腹部エコー（虫垂）|小児腹部エコー>", gear=3, ages=(4, 15), find="""
虫垂径{smm}、[c:糞石]<あり|なし>。
[c:水腎症 SFU grade {one}]（<右|左>）。
回盲部リンパ節[c:短径{smm}]、多発。
[c:回腸末端壁肥厚]{smm}、層構造<保持|不明瞭>。
[c:Meckel憩室]は同定できず。""", imp="""
[c:急性虫垂炎]（[c:小児急性虫垂炎診療ガイドライン2017]）。
[c:腸間膜リンパ節炎]。
[c:IgA血管炎]、[c:Henoch-Schönlein紫斑病]も鑑別。"""),
}
GEAR = {1: "[c:<Aquilion ONE|SOMATOM Force|Revolution CT|日立 SCENARIA View|Aquilion Prime SP>]", 2: "[c:<MAGNETOM Skyra 3T|Ingenia 1.5T|Vantage Galan 3T|SIGNA Architect|日立 ECHELON OVAL>]",
        3: "[c:<Aplio i800|LOGIQ E10|ARIETTA 850|EPIQ 7>]", 4: "[c:<島津製 MobileDaRt Evolution|FDR Go PLUS|島津 RADspeed Pro|CALNEO>]", 5: "[c:<AMULET Innovality|Senographe Pristina|Selenia Dimensions>]", 6: "[c:<Symbia Intevo|Discovery NM/CT 670|Biograph Vision|Cartesion Prime>]"}
ENGLISH = {0: ["[c:A {mm} ground-glass nodule] in the <RUL|LLL|RML>.", "[c:Trace bilateral pleural effusions].", "[c:No PE to the subsegmental level].", "[c:Mild centrilobular emphysema], upper-lobe predominant.", "[c:Fleischner Society 2017]: CT at <6|12> months."],
           1: ["[c:A {mm} hypodense lesion in hepatic segment <5|7|8>].", "[c:No free air].", "[c:Mild <right|left> hydronephrosis], {smm} ureteral stone.", "[c:Appendix measures {smm}], no fat stranding.", "[c:Grade <II|III> splenic laceration (AAST 2018)].", "[c:Cannot exclude Crohn disease].", "[c:Meckel diverticulum] not seen."]}
CONTRAST = ["[c:イオパミロン300 {hundred}mL]", "[c:オムニパーク350] {hundred}mL", "[c:EOB・プリモビスト] {num}mL", "[c:ガドビスト] {num}mL 静注", "造影剤：[c:イオメロン350]"]
HISTORY = ["{short}より紹介。{age}、[c:<肝腫瘤|胸部異常影|CEA高値|血尿>]。{lab}。", "[c:<橋本病|川崎病既往|Crohn病|高安動脈炎|Basedow病|Sjögren症候群|菊池病>]で{dept}通院中、[c:<発熱|倦怠感|体重減少>]。{lab}。", "{deptx} {ref}先生より、[c:<術前精査|原因検索|治療効果判定>]。", "{age}{sexk}。[c:<発熱|腹痛|労作時呼吸困難|頭痛|めまい|腰痛|血尿|体重減少|咳嗽>]にて<受診|救急搬送|来院>。{lab}。", "[c:<肺癌|大腸癌|乳癌|胃癌|前立腺癌|膵癌|悪性リンパ腫>]術後、<再発評価|経過観察|化学療法効果判定>。", "{prev_ym}に[c:<胃癌|乳癌|直腸癌>]手術。{lab}。再発は？", "健診で[c:<胸部異常影|肝機能障害|便潜血陽性|腎腫瘤>]を指摘された。",
           "[c:<糖尿病|慢性腎不全（透析中）|関節リウマチ|気管支喘息|心房細動>]で<当科|当院>通院中。BP {bp}、{lab}。", "<階段|脚立|自転車>から転落し受傷。[c:GCS E{one}V<4|5>M6]、血圧{bp}。", "[c:<肝炎|HCV|HBV>]あり、定期フォロー。{lab}。", "{prev_md}より[c:<右下腹部痛|左側腹部痛|嘔吐|黄疸>]。圧痛（＋）。{lab}。"]
BABY_HISTORY = ["{age}{sexk}。[c:<反復性嘔吐|血便|けいれん重積|哺乳不良|喘鳴>]。{lab}。", "在胎[c:{week}]、[c:出生体重 {hundred}{tens}g]。[c:<呼吸障害|腹部膨満|チアノーゼ>]。", "[c:VLBW]、日齢{num}。[c:<無呼吸発作|徐脈>]<増加|持続>。"]
CHILD_HISTORY = ["{age}{sexk}。[c:<腹痛と嘔吐|血便|けいれん重積|発熱5日目|喘鳴>]。{lab}。", "{age}。[c:<転倒|ベッドから転落|鉄棒から落下|ボールが当たった>]、[c:GCS 15]。", "[c:<川崎病|VSD|水腎症|ネフローゼ症候群>]フォロー中。{prev_ym}に入院歴。"]
COMPARE = ["前回（{prev}）と比較。", "比較：{prev}{ctj}", "{prev}の検査と比較しました。", "前回{prev}、前々回{prev}と比較。", "比較対象なし。", "過去画像なし。", "{short}より持ち込みの{prev}のCTと比較。", "Comparison: {prev}", "前回検査（{prev_md}）より<著変なし|増大|縮小>。", ""]


# Eponyms that look like surnames, anatomy that holds one-kanji surnames, and scores that look like dates.
TRAPS = ["[c:<木村・竹本分類> O-{one}]。", "[c:山田分類]<II|III|IV>型の[c:胃ポリープ]あり。", "[c:工藤分類] <IIIL|Vi>型。", "[c:新犬山分類] [c:F{one}/A2]。", "[c:今永法]再建後。", "[c:観音開き法（上川法）]再建後。", "[c:徳橋スコア] {num}点。", "[c:富田分類] type {one}。", "[c:平林法]で[c:頸椎椎弓形成]後。", "[c:小野寺のPNI] {ctr}。", "[c:Vogt-小柳-原田病]の既往。", "[c:高月病（POEMS症候群）]疑い。", "[c:那須・ハコラ病]は考えにくい。", "[c:太田母斑]あり。", "[c:猪瀬型肝性脳症]。", "[c:佐野分類] CP type II。", "[c:星状神経節ブロック]後。", "[c:橋中心髄鞘崩壊症]の既往。", "[c:三好型ミオパチー]。", "[c:浜松ホトニクス製]検出器搭載機で撮像。", "[c:原発巣]不明。",
         "[n:MMSE {lowscore}/30]、[n:HDS-R {lowscore}/30]。", "[n:NRS {num}/10]の疼痛。", "[n:郭清LN {one}/{lowscore}]陽性。", "[c:FOLFOX] [n:{one}/12コース]終了。", "[n:生検{one}/12本]陽性。", "[c:Child-Pugh <5|6|7|9>点]、[c:ALBI {zs}]。", "[c:HbA1c] [n:7.{one}]。", "[c:mFOLFIRINOX] [n:{one}/8]サイクル。", "[c:6MWT] [n:{num}/20] Borg。"]
CHILD_TRAPS = ["[c:葛西手術]後。", "[c:福山型先天性筋ジストロフィー]。", "[c:大田原症候群]で[c:ACTH療法]後。", "[c:瀬川病]疑い。", "[c:大泉門]膨隆なし。", "[c:木靴心]なし。", "[c:Apgar] [n:{num0}/9]。", "[c:川崎病]の既往なし。", "[c:平坦な小泉門]。", "[c:田中ビネー]IQ 8{one}。", "[c:遠城寺式]で[c:DQ 7{one}]。", "[c:Fontan手術]、[c:Glenn手術]歴なし。"]


class Report(Case):
    """A case with an examination: the clinical sentences around the identifiers."""

    def __init__(self, r, hostile, exams=None, **kw):
        super().__init__(r, hostile, **kw)
        a = age_on(self.birth, self.exam)
        fits = lambda e: e.get("sex", self.patient.sex) == self.patient.sex and e.get("ages", (0, 200))[0] <= a <= e.get("ages", (0, 200))[1]
        pool = CHILD_EXAMS if self.child else {k: v for k, v in EXAMS.items() if not exams or k in exams.split()}
        self.body = r.choice([e for k, e in pool.items() if fits(e) for _ in range(3 if k in ("胸部CT", "腹部CT", "頭部MRI", "胸部XP") else 1)])

    def s_one(self): return str(self.r.randrange(1, 5))
    def s_n_t(self): return self.r.choice(["1a", "1b", "1c", "2a"])
    def s_zs(self): return f"{self.r.randrange(0, 5)}.{self.r.randrange(10, 99)}"
    def s_ctr(self): return f"{self.r.randrange(42, 66)}.{self.r.randrange(0, 10)}"
    def s_hundred(self): return str(self.r.choice([60, 80, 90, 95, 100] if not self.child else [8, 12, 19, 25, 30]))
    def s_tens(self): return f"{self.r.randrange(10, 99)}"
    def s_ctj(self): return self.r.choice(["のCT", " CT", "", " MRI", "の前回検査"])
    def s_title(self): return self.fill(self.body["title"])
    def s_gear(self): return self.fill(GEAR[self.body["gear"]])
    def _inner(self, text):
        """Resolve measures inside [c:...] so that marks never nest: an n mark inside c is dropped."""
        text = self.fill(text)
        while True:
            new = re.sub(r"(\[c:[^\[\]]*)\[n:([^\[\]]*)\]", r"\1\2", text)
            if new == text: return text
            text = new
    def _lines(self, key): return [x for x in self.body[key].strip().split("\n") if x]
    def s_find(self): return self._inner(self.r.choice(self._lines("find")))
    def s_finds(self):
        lines = self._lines("find")
        chosen = self.r.sample(lines, min(len(lines), self.r.randrange(2, 6)))
        return self._inner(self.r.choice(["\n", "", "\n", "\n・"]).join(chosen))
    def s_imp(self): return self._inner(self.r.choice(self._lines("imp")))
    def s_imps(self):
        lines = self._lines("imp")
        chosen = self.r.sample(lines, min(len(lines), self.r.choice([1, 1, 1, 2] if not self.body.get("single") else [1])))
        if len(chosen) == 1: return self._inner(chosen[0])
        mark = self.r.choice(["{}. ", "#{} ", "{}) ", "・", "- "])
        return "\n".join((mark.format(i + 1) if "{}" in mark else mark) + self._inner(x) for i, x in enumerate(chosen))
    def s_hist(self):
        pool = HISTORY if not self.child else BABY_HISTORY if age_on(self.birth, self.exam) == 0 else CHILD_HISTORY
        while True:
            text = self._inner(self.r.choice(pool))
            if self.r.random() < .25: text += self.s_trap()
            if ("前立腺" if self.patient.sex == "F" else "乳癌") not in text: return text
    def s_trap(self): return self._inner(self.r.choice(CHILD_TRAPS if self.child else TRAPS))
    def s_lowscore(self): return str(self.r.randrange(5, 30))
    def s_num0(self): return str(self.r.randrange(3, 9))
    def s_eng(self): return self._inner(self.r.choice(ENGLISH.get(self.body["gear"] if self.body is not EXAMS["胸部CT"] else 0, ENGLISH[1])))
    def s_tens2(self): return f"{self.r.randrange(10, 99)}"
    def s_comp(self): return self._inner(self.r.choice(COMPARE))
    def s_contrast(self): return self.fill(self.r.choice(CONTRAST))


# --- ordinary reports: (weight, template)
HEAD = ["", "", "", "検査：{title}\n", "【検査】{title}\n", "{title}　{exam}\n", "検査日：{exam}\n検査項目：{title}\n", "依頼科：{deptx}　依頼医：{ref}\n", "依頼医：{ref_full}　{deptx}\n{title}\n", "検査日 {exam}　受付No. {acc}\n"]
TAIL = ["", "", "", "\n読影医：{rad_full}", "\n\n読影：{rad}", "\n({rad})", "\n一次読影：{rad}　二次読影：{rad2}", "\n報告者 {rad_full}　{exam} {time}", "\n放射線科　{rad}", "\n{rad}／{rad2}", "\n確定医：{rad_full}", "\n読影医師 {rad_full}（放射線診断専門医）"]
ORDINARY = {
 "ord_findings_impression": "{head}<【所見】|所見：|■所見|[[所見]]>\n{finds}\n{comp}\n\n<【診断】|診断：|■結論|Impression:|【インプレッション】>\n{imps}{tail}",
 "ord_with_history": "{head}<【臨床情報】|依頼目的：|病歴：|【検査目的】>{hist}\n\n<【所見】|Findings:|所見）>\n{finds}\n\n<【結論】|Impression:|診断）>\n{imps}{tail}",
 "ord_terse": "{find}\n{imp}<|{tail}>",
 "ord_compare": "{comp}\n{finds}\n\n→ {imps}{tail}",
 "ord_technique": "{head}<撮像条件|撮影法|Technique>：{gear}、{contrastx}{dosex}\n\n所見\n{finds}\n\n印象\n{imps}{tail}",
 "ord_english": "{title}\nClinical: {age} {sexw}, [c:<abdominal pain|follow-up|fever of unknown origin|trauma|weight loss>].\nFindings: {eng} {find} {eng}\nImpression:\n<[c:Stable disease (RECIST 1.1)].|[c:No significant interval change] since {prev_en}.|No acute findings.> {imp}{tail}",
 "ord_mail_referral": "<{ref}先生|{ref}先生御侍史|{deptx} {ref}先生>\nご依頼ありがとうございます。\n{finds}\n<以上より、|総合すると>{imp}\n<よろしくお願いいたします。|ご検討ください。>{tail}",
 "ord_sections": "{head}<頭頸部|体幹>：{find}\n<既往|付記>：{trap}\n{find}\n<骨・軟部|撮像範囲の骨>：著変なし。\n比較：{comp}\n\n【まとめ】\n{imps}{tail}",
 "ord_negative": "{head}<臨床|既往>：{trap}\n<明らかな|有意な><出血|腫瘤|リンパ節腫大|液体貯留>は<指摘できません|認めません>。\n{find}\n<その他、|>撮像範囲に<特記すべき所見なし|著変を認めない>。\n{imp}{tail}",
 "ord_followup_note": "{hist}\n{comp}\n{find}→<不変|増大|縮小>\n{find}→<不変|新出|消失>\n次回は<3か月後|6か月後|1年後>の{title}を推奨。{tail}",
 "ord_ref_question": "<Q|依頼>：{hist}<再発は？|増悪は？|手術適応は？>\n<A|回答>：{imp}\n<根拠|所見>：{finds}\n<不明点は{rad}（内線{ext}）まで。|ご不明な点は放射線科まで。|>",
 "ord_none": "<所見：|>\n{finds}\n{find}\n<結論：|まとめ：>\n{imps}",
 "ord_addendum": "{finds}\n\n{imps}\n\n<【追記】|（追記）> {exam}　<臨床情報追加により再検討。|カンファレンスでの検討により修正。>{imp}{tail}",
}
R = "{rad}"

# --- hostile reports: layout name, Case options, template
HOSTILE = {
 "glued": ({}, "<{ref}Dr曰く|{ref}先生より|{nurse}Nsより>「{ptsei}さん<まだ痛い|帰りたい|家族待ち>」。{find}{ptsei}さん<希望で|拒否で>造影<なし|せず>。{imp}{rad}拝\n{other}→{ref}→{rad2}の順に<報告|申し送り>済{exam_md}"),
 "page_footer": ({}, "{finds}\n----- {pt} {pid} [n:<1/2|2/3|1/3>頁] 印刷 {exam} {login} -----\n{imps}\n----- {ptkana} {dob} [n:<2/2|3/3>頁] {hosp} -----\n<{rad}|報告医 {rad_full}>"),
 "label_sticker": ({}, "┌──────┐\n│{pid}　{sexj}　{age}\n│{pthalf}\n│{pt}　様\n│{dob_era}　{ward}\n└──────┘\n{title}　<RT|技>{tech}　{gear}\n{find}\n{imp}"),
 "wrong_slot": ({}, "検査目的：{ptsei}さん<ご家族へ連絡|本人拒否あり>　{phone}\n部位：{title}　<コメント：{ref}先生の親戚|コメント：{hosp2}の職員|コメント：VIP（{employer}幹部）|コメント：{nurse}師長の<母|夫>>\n既往：{hist}\n所見：{finds}\n診断：{imps}　依頼元メモ「{other} {ext}」"),
 "english_email": (dict(exams="胸部CT 腹部CT 外傷CT"), "From: {radrom} ‹{email}›\nTo: Dr. {refrom}\nSubj: {ptrom} / {pid}\nHi {refrom}-sensei, reviewed <Mr./Ms.|Pt> {ptrom} from {exam_en}. {eng} {find}\nDiscussed w/ {techrom} and {other} (当直). {imp} Pls call {phone} or PHS {ext}. Link: {url}\nBest,\n{radinit}\n{hospen}"),
 "fixed_form": ({}, "<患者番号|ID|患者ID|カルテNo.>　{pid}\n<氏名|患者氏名|患者名>{spacer}{pt}　<様|殿|>\nフリガナ{spacer}<{ptkana}|{pthalf}>\n生年月日{spacer}{dob}（{age}・{sexj}）\n病棟／病室：{ward}／{room}\n<主治医|依頼医師>：{ref_full}　<PHS|内線>{ext}\n検査日：{exam}　受付番号：{acc}\n担当技師：{tech}\n--------------------\n依頼内容：{hist}\n所見：\n{finds}\n診断：\n{imps}\n<読影医|報告医>：{rad_full}　<承認|確認>：{rad2}"),
 "stamp": ({}, "{finds}\n\n{imps}\n\n<　　　　|\t\t>（印）{rad}\n<読影済|既読|放診>　{exam}　{rad}㊞\n<検像|撮影>：{tech}　<照合|確認>：{nurse}\n〔<放射線科|読影室>　{exam} {rad2}〕"),
 "signature_line": ({}, "{finds}\n{imps}\n\n<――|＝＝|＊＊>\n<Read by|Reported by|読影>: {radrom}　/ <Verified by|Approved|確定>: {rad2_full} {exam} {time}\n<Dictated|入力>：{radinit}　<Typed|代行入力>：{other}（医師事務作業補助者）\n{hosp} 放射線科"),
 "mail_trailer": ({}, "{ref}先生\n<お疲れさまです。|いつもお世話になっております。>{hosp}放射線科の{rad}です。\n<{pt}さん|{ptsei}様|ID {pid}の方>の{title}ですが、{find}\n{imp}\n<画像はこちら|リンク>：{url}\n\n--\n{rad_full}‹{email}›\n{hosp}　<放射線診断科|画像診断センター>\n〒{zip} {address}\nTEL {phone}（内線 {ext}）　FAX {phone}"),
 "dictation_slip": ({}, "<ディクテーション票|口述票|音声入力メモ>　<No.|受付>{acc}\n口述者 {rad}　<起こし|入力者> {other}　{exam_md}\nえー{ptsei}さん、{age}、{title}です。<まる|>{find}<まる|> 改行\n{find}\n<あ、すみません、|訂正、>{ref}先生に<電話|連絡>してください、ピッチ{ext}です\n印象、{imp}\n<次の方|次、>{personsei}さん　<別レポートで|以下別件>"),
 "phone_note": ({}, "<TEL|☎|電話>連絡 {exam_md} {time}　{rad}→{dept} {ref}Dr（<PHS|ピッチ|#>{ext}）\n<{imp}|{find}>\n<復唱確認済|復唱OK>。<Ns|看護師>{nurse}さん<にも伝達|が受>、<主治|担当>{other}Dr<は手術中|不在>。\n<折り返し|Call back> {phone}<（家族携帯）|（当直室）|>\n{finds}"),
 "ocr_spaced": ({}, "患 者 名 ： {ptspaced} 様\nI D ： {pidspread}\n検 査 日 ： {exam}\n依 頼 医 ： {refspaced}\n所 見\n{finds}\n診 断 ： {imp}\n読 影 医 ： {radspaced}"),
 "halfwidth_kana": ({}, "ｶﾝｼﾞｬﾒｲ:{pthalf} ｻﾏ\nID:{pid} ｾｲﾈﾝｶﾞｯﾋﾟ:{dob_era}\nｲﾗｲ:{dept} <ﾋﾞｮｳﾄｳ|ﾋﾞﾖｳﾄｳ>:{ward}\n<ｼｮｹﾝ|ｺﾒﾝﾄ>: {find}\n{imp}\n<ﾄﾞｸｴｲ|ﾎｳｺｸ>:{radhalf} ｷﾞｼ:{techhalf}"),
 "fullwidth": ({}, "ＩＤ：{pidwide}　{pt}　<様|殿>\n<検査日|撮影日>：{examwide}　生：{dobwide}\n連絡先：{phonewide}\n{hist}\n{finds}\n{imps}\n担当　{rad}"),
 "mixed_eras": ({}, "<既往画像|画像歴>：{era_dates}\n{prev_ym} <{short}|{hosp2}>にて[c:<胃癌|子宮筋腫|胆石症|脳梗塞>]<手術|加療>。<{prev}|{prev_md}>〜{ref}先生外来。\n{finds}\n次回{next}<予定|予約>。\n{imps}\n{rad}　{exam}"),
 "broken_name": ({}, "{hist}<患者|依頼票氏名>は{ptbroken}様、<主治医は|担当は>{refbroken}先生。\n{finds}\n{imps}\n読影：{radbroken}"),
 "name_then_clinical": ({}, "{ptsei} {find}\n{ptsei}　<CT再検|MR追加|生検予定|明日ope>\n<{ref} 造影可|{ref} 依頼|{rad} 読影中|{rad2} 所見同意>\n{imp} {rad}\n<{ptsei} 変化なし|{pt} 転院|{ptsei} 痛み強い>"),
 "one_kanji": (dict(one=1.0), "{pt}<さん|様|氏|殿>　{age}　{hist}\n<{ref}先生|{ref} Dr|Dr.{ref}|{ref}（主治）>より依頼。\n{finds}\n{imps}\n<読影 {rad}|{rad}記|{rad}・{rad2}|（{rad}）>"),
 "relatives": ({}, "<{spouse}|長女{relmeif}|KP弟{relmeim}|KP妹{relmeif}|実弟{relmeim}>さんより聴取：{prev_md}から[c:<食欲不振|歩行障害|物忘れ|黒色便>]。<長男{relmeim}（{city}在住）|次女の{relmeif}さん|孫 {relmei}|姉{relmeif}|嫁の{relmeif}さん>が<付き添い|同席>、説明済。\n<キーパーソン：{relfullf}（<姪|長女|妹>）{phone}|同意書署名：{relfullm}（続柄：<子|兄|弟>）>\n<母{relmeif}も[c:乳癌]|兄{relmeim}が[c:大腸癌]で死亡|父 {relmeim} [c:もやもや病]|祖母{relold}（[c:結核]）>。\n{finds}\n{imps}"),
 "unusual_staff": ({}, "<研修医{other}（指導：{ref}）|専攻医 {other}／上級医 {ref}|初期研修医・{other}先生>\n{finds}\n<MSW {nurse}|ソーシャルワーカーの{nurse}さん|退院支援 {nurse}|PT {nurse}|臨床工学技士 {nurse}|NP{nurse}|救命士 {nurse}|薬剤師{nurse}|CLS {nurse}さん>に<転院調整依頼済|情報提供済|確認済>。撮影<{tech}技師|RT {tech}|技）{tech}|放技 {tech_full}|実習生{tech}>、<クラーク|受付|MA>{other}。\n{imps}\n<主治　{ref}|主　{ref}|担）{ref}|当直 {rad}|読）{rad}|副院長 {rad}|{rad}部長|{rad}医長>"),
 "foreign": (dict(foreign=1.0, years=(19, 55)), "<Name|氏名|患者>: {pt}　<{ptrom}|{ptkana}|>\nDOB: <{dob}|{dob_en}>　ID {pid}\n<在留資格：技能実習|通訳同席：{person}|国保 {insurer}|監理団体より付き添い：{personsei}さん>　<勤務先 {employer}|{address}>\n<{pt}さん|Mr./Ms. {ptfirst}|{ptfirst}さん>は{prev_md}から[c:<咳嗽|血痰|腰痛|妊娠{num}週の腹痛>]。\n{finds}\n{imps}\n{rad}"),
 "referral_pasted": ({}, "【<紹介状より|診療情報提供書 転記|前医情報>】\n{hosp2}　{dept}　{other_full}先生<御机下|侍史|御侍史>→ {hosp} {ref}先生\n患者　{pt}　{dob}生　<{address}|TEL {phone}>\n平素より大変お世話になっております。上記患者様、{prev}に当院受診、{hist}<職業：{employer}勤務。|{short2}でも{prev_ym}に加療歴あり。|{spouse}様と二人暮らし。>ご高診のほどお願い申し上げます。\n【以下当院】\n{finds}\n{imps}\n（{rad}）"),
 "wards": ({}, "{ward} {room} {ptsei}様　<ポータブル|ベッド移動|車椅子|担送>\n<{ward}→{ward}へ転棟|ICUより{ward}へ|HCU→{ward}|{ward}満床のため{ward}{room}>　<師長{nurse}|リーダー{nurse}|受持 {nurse}>\n{find}\n{imp}\n<{ward}{ref}|{ward} 主治医 {ref}>　<内|PHS|☏>{ext}"),
 "labour_welfare": (dict(years=(35, 86), exams="胸部CT 胸部XP 脊椎MRI 外傷CT 肩MRI"), "<労災|じん肺健診|アスベスト健診|特殊健診>　<事業所|勤務先|所属>：{employer}\n{pt}　{age}　<社員番号 {empno}|記号番号 {insured}|保険者番号 {insurer}　記号・番号 {insured}>\n職歴：<{prev_ym}まで{employer}で溶接|{employer}に20年|{employer}（粉じん作業）>。<同僚の{personsei}さんも[c:中皮腫]|産業医 {other}先生より|上司{personsei}氏同伴>。\n{finds}\n{imps}\n<判定医|読影>　{rad_full}　{exam}"),
 "school": (dict(child=True, years=(6, 15)), "{schoolk}<{grade}年|の>{ptmei}<{kunchan}|さん>。<体育|部活|登校|運動会>中に受傷、<担任{personsei}先生|養護教諭の{personsei}先生|教頭 {personsei}>付き添い。母{relmeif}さん（{phone}）へ連絡済。\n{hist}\n{finds}\n{imps}\n<{rad}|小児放射線 {rad}>"),
 "childrens": (dict(child=True, years=(0, 1)), "<{ptsei}　{ptmei}{kunchan}|{ptsei}ベビー|{ptmei}{kunchan}|{pt}（<第1子|第2子|双胎1>）>　ID{pid}　{ward}<|（NICU）>\n母：{relfullf}（<初産|G2P1>）、里帰り先 {town}。父 {relmeim}<さん、{employer}|>。\n<児相 {personsei}氏へ通告済|{short}より新生児搬送（{other}Dr同乗）|助産師{nurse}さんより|きょうだい {relmei}も[c:RSウイルス]陽性>\n{hist}\n{finds}\n{imps}\n{rad}/{rad2}"),
 "island_transfer": (dict(exams="外傷CT 腹部CT 頭部MRI 胸部CT"), "<ヘリ搬送|急患空輸|海保ヘリ|巡視船搬送>：{island}（{short}）→当院ER　<フライトDr {other}|添乗 {other}医師|FNs {nurse}>\n{ptsei}さん{age}、{time}発症、<家族 {relfull} {phone}|診療所{other}先生 {phone}|島の保健師{nurse}さん同乗>\n{hist}\n{finds}\n<{imp}|{imps}>\n<{short}にFAX返書済|{other}先生へtel済 {time}|転送先 {short2}（{person}医師受諾）>　{rad}"),
 "soap_paste": ({}, "{exam} {time} {ref_full}\nS）<{spouse}「昨日から変」|「{ptkana_sei}です、胸が痛い」|{relmei}さんより電話あり>\nO）BP {bp}, [c:SpO2 9{one}%], {lab}\nA）{imp}\nP）{next} <CT再検|外来>、<{other}先生に相談|{short}へ紹介|NST {nurse}>\n―――以下読影―――\n{finds}\n{radinit}"),
 "chat_paste": ({}, "{time} {ref}：{ptsei}さんの検査お願いします🙏 {ward}です\n{time} {tech}：<呼出しました|今から撮ります>（{tech}）\n{time} {rad}：見ました。{find}\n{time} {ref}：<{other}先生にも共有します|了解です。@{login} さん対応お願いします>\n{time} {rad}：{imp}"),
 "critical_log": (dict(exams="外傷CT 腹部CT 頭部MRI"), "<【緊急所見通知】|パニック所見報告|重要所見アラート>\n検査ID={acc} 患者ID={pid} 通知者={login} 受領者={ref_full} 受領={exam} {time}\n所見={imp}\n手段=<PHS {ext}|メール {email}|電話 {phone}>　不応時={other}（{dept}）\n{finds}\n{imps}"),
 "audit_trail": ({}, "{finds}\n{imps}\n[[履歴]]\n{exam} {time} 仮保存 {login}\n{exam} {time} 修正 {login2}（{tech_full}）理由：<左右取違え|患者名誤記「{samename}」→「{pt}」|誤字>\n{exam} {time} 確定 user={login} 端末 <RAD-PC12|YOMI03>\n参照 {url}"),
 "split_ids": ({}, "ID <No|番号|> {pidsplit}　<カナ {ptkana}|{ptsei}>\n<旧ID|{short}ID> {otherpid}　A/N {acc}\n保険 {insurer} / {insured}\n{finds}\n{imp}　Rad:{rad}"),
 "english_mix": (dict(exams="胸部CT 腹部CT 外傷CT"), "<Pt|Patient>: {ptrom} (MRN {pid}), <{age} {mf}|{sexw}>, DOB {dob_en}\nReferred by Dr. {refrom}, {hospen}. <Spoke with Dr. {refrom} at {time}.|Sponsor: {person}.|Husband/wife {relmei} at bedside.>\nHx: [c:<blunt abdominal trauma|chronic cough|MVA|LLQ pain>], prior study {prev_en} at {hospen}.\nFindings: {eng} {find} {eng}\nIMPRESSION: {imp} [c:<Hodgkin lymphoma unlikely|c/w Hashimoto thyroiditis|Wegener granulomatosis less likely>].\nDictated by {radrom} MD / T: {techrom} / D: {exam_en}\nTel {phone}"),
 "military": (dict(years=(19, 55), exams="脊椎MRI 膝MRI 肩MRI 外傷CT 胸部XP"), "<所属|部隊>：{unit}　<3曹|2曹|1尉|3佐|士長|海曹長>　{pt}　<認識番号 {mil}|ID {pid}>\n<衛生 {other}曹長|医官 {ref}3佐|医務室{nurse}准尉>より依頼。<訓練|行軍|降下>中の受傷、{prev_md}。\n{finds}\n{imps}\n<{hosp}|{short}> {rad}<1佐|技官|>"),
 "conference": (dict(exams="胸部CT 腹部CT PET 直腸 前立腺 骨シンチ"), "<カンファ|CPC|キャンサーボード>　{exam_md}　出席：{ref}、{rad}、{rad2}、{other}（病理）、{tech}\n症例{one}：{ptinit}　{age}　{hist}\n{ref}：<手術は可能か|組織は？>　{rad}：{find}　{other}：[c:<腺癌|尿路上皮癌|DLBCL>]でよい。\n結論：{imp}　次回<担当 {stafffirst}先生|司会は{rad2}>"),
 "pipe_table": ({}, "患者ID¦氏名¦生年月日¦性別¦依頼医¦病棟¦検査日\n{pid}¦{pt}¦{dob}¦{mf}¦{ref}¦{ward}¦{exam}\n所見¦{find}\n診断¦{imp}\n読影医¦{rad}¦{rad2}¦{login}"),
 "csv_line": ({}, "\"{acc}\",\"{pid}\",\"{pthl7}\",\"{ptkana}\",{dob_packed},{mf},\"{title}\",\"{rad_full}\"\n\"{find}\",\"{imp}\""),
 "hl7_paste": ({}, "PID¦1¦¦{pid}^^^¦¦{pthl7}¦¦{dob_packed}¦{mf}¦¦¦{address}¦¦{phone}\nOBR¦1¦¦{acc}¦¦¦¦{exam_packed}¦¦¦¦¦¦¦¦{ref}\nOBX¦1¦TX¦¦¦{find}\nOBX¦2¦TX¦¦¦{imp}\nNTE¦1¦¦{rad_full} {login}"),
 "wrong_patient": ({}, "<※同姓同名注意|【患者間違い】|ヒヤリハット>：<{samename}様（{otherpid}）の画像が混入|隣ベッド{personsei}さんと取違え|{person}さんの造影同意書がスキャンされています>。本検査は{pt}（{pid}）で<照合済|再確認済：{tech}技師>。\n{finds}\n{imps}\n報告 {rad}　インシデント担当 {nurse}"),
 "nurse_handoff": ({}, "<申し送り|検査前チェック>：{ward}{room} {ptsei}<さん|様> {sexj} {age}　<アレルギー|体内金属>なし　BP {bp}　<受持|担当Ns> {nurse}→<検査室|MR室> {tech}\n<家人（{relmei}）待機|面会 長男{relmeim}のみ|家人 {relfull} 携帯 {phone}>\n造影：{contrast}　<ルート {nurse}|穿刺 {other}>\n{find}\n{imp}"),
 "superaged": (dict(old=True, exams="胸部CT 腹部CT 頭部MRI 股MRI 胸部XP 腹部US 脊椎MRI"), "{pt}{spacer}{age}。<老健{facility}入所中|{town}独居|ホーム「{facility}」より搬送>。<長女{relmeif}（72）|嫁{relmeif}|甥 {relfullm}>同伴。{dob_era}生。\n<[c:長谷川式 <8|12|19>点]、|[c:ADL全介助]、>{hist}\n{finds}\n{imps}\n<{rad}|{rad}／{ref}先生へ>"),
 "stroke_call": (dict(years=(45, 90), exams="頭部MRI"), "<脳卒中コール|Code Stroke|ストロークコール>　最終健常 {time}　来院{exam_md} {time}　D2P <28|41|55>分\n{ptkana}　{age}{sexj}　<救急隊 {personsei}隊長|{personsei}救命士（{city}消防）>　<NIHSS|[c:NIHSS]> {num}\n{find}\n{imp}\n<IVR {other}Dr へ{time}連絡|tPA指示：{ref}|血管内 {other}・{rad2}>　放：{rad}　RT：{tech}"),
 "speech_hiragana": ({}, "<{staffhira}です。|読影は{staffhira}。>{pthira}さんの{title}。{find}{imp}\n<{refkana}先生|{refkana}Dr>に電話済み。\n（音声認識 未校正　{login}）"),
 "autopsy_police": (dict(exams="外傷CT 胸部CT"), "Ai<（死亡時画像診断）|-CT>　依頼：{police} {personsei}<巡査部長|警部補|係長>　検案 {ref}医師\n死者：{pt}（{age}）　<自宅 {address}|発見場所 {town}海岸|身元未確認のため{relmeim}氏が確認>　発見者：{person}<（隣人）|（民生委員）|>\n[c:血液就下]、[c:死後変化]を考慮。{find}\n死因：[c:<心タンポナーデ|大動脈解離|くも膜下出血|溺水|緊張性気胸>]の可能性。\n{rad}　{exam}"),
 "fax_cover": ({}, "FAX送付状　{exam}\n宛先：{hosp2}　{dept}　{other}先生<行|>\n送信元：{hosp}　地域連携室　{nurse}　TEL{phone} FAX{phone}\n件名：{ptsei}様（{dob}）読影結果　<本票含め3枚|計2枚>\n{imps}\n{finds}\n※誤送信の際は{email}まで"),
 "history_chain": ({}, "#1 [c:<直腸癌|肺腺癌|HCC>] {prev_ym} {short}（{other}先生執刀）\n#2 [c:<DM|CKD G4|AF>]　{short2}通院、<かかりつけ {personclinic}|処方 {other}Dr>\n#3 [c:<陳旧性心筋梗塞|橋本病|川崎病既往>]\n{ptsei}さんの希望で<次回{next}|{other}先生外来 {next}>。\n{finds}\n{imps}\n{radinit}"),
 "terse_handover": ({}, "{ptsei} {age} {short}から。{find} {ref}に電話、{time}。{other}も知ってる。{imp} あと{personsei}さん（{room}）の{prev_md}のCT 未読。{rad}"),
 "eponym_trap": ({}, "<橋本先生|{ref}先生>依頼。[c:橋本病]、[c:川崎病]既往。[c:高安動脈炎]<活動期|非活動期>、[c:菊池病]・[c:木村病]を鑑別。{find}\n[c:平山病]の{ptsei}さんとは別。[c:鈴木分類]第{one}期。[c:島津製]装置、[c:日立]ワークステーション {ver}。\n<[c:長谷川式] 20点|[c:田中ビネー]IQ 70>。[c:<TG18|東京ガイドライン2018>]、[c:京都ガイドライン2023]。\n{imp}\n{rad}"),
}
# In eponym_trap the literal doctor is an identifier as well.
HOSTILE["eponym_trap"] = ({}, HOSTILE["eponym_trap"][1].replace("<橋本先生|", "<[staff_name:橋本]先生|[staff_name:川崎]先生|[staff_name:高安]先生|[staff_name:平山]部長|[staff_name:木村]先生|"))


class Hostile(Report):
    """Slots that only the hostile layouts use."""

    def s_head(self): return self.fill(self.r.choice(HEAD))
    def s_tail(self): return self.fill(self.r.choice(TAIL))
    def s_deptx(self): return self.s_childdept() if self.child else self.s_dept()
    def s_contrastx(self): return self.r.choice(["単純", "造影なし", self.s_contrast()]) if self.body["gear"] in (1, 2) else "プロトコール通り"
    def s_dosex(self): return f"\nCTDIvol {self.s_dose()}mGy, {self.s_dlp()}" if self.body["gear"] == 1 else ""
    def s_zip(self): return f"[address:{self.r.randrange(800, 910)}-{self.r.randrange(0, 9999):04d}]"
    def s_city(self): return f"[address:{self.r.choice(PLACES)}{self.r.choice(['市', '町'])}]"
    def s_grade(self): return str(self.r.randrange(1, 7))
    def s_empno(self): return f"[patient_id:{self.r.choice('EK')}{self.r.randrange(10**4, 10**6)}]"
    def s_mil(self): return f"[patient_id:G{self.r.randrange(10**6, 10**7)}]"
    def s_facility(self): return f"[hospital:{self.r.choice(PLACES)}{self.r.choice(['苑', 'の里', '園', 'ケアホーム'])}]"
    def s_police(self): return f"[employer:{self.r.choice(PLACES)}警察署]"
    def s_ptfirst(self): return f"[patient_name:{self.patient.romaji.split()[-1].title() if self.r.random() < .5 else self.patient.mei_kana.split()[-1]}]"
    def _spaced(self, n): return f"[staff_name:{self.r.choice([' ', '　']).join((n.sei + n.mei).replace(' ', ''))}]"
    def s_refspaced(self): return self._spaced(self.staff[0])
    def s_radspaced(self): return self._spaced(self.staff[1])
    def s_refbroken(self):
        n = self.staff[0]
        return f"[staff_name:{n.sei[0]}\n{n.sei[1:]}]" if len(n.sei) > 1 else f"[staff_name:{n.sei}\n{n.mei}]"
    def s_radbroken(self):
        n = self.staff[1]
        return f"[staff_name:{n.sei}\n{n.mei}]"
    def s_examwide(self): return self._wide_inside(self.s_exam())
    def s_dobwide(self): return self._wide_inside(self.s_dob())
    def s_phonewide(self): return self._wide_inside(self.s_phone())
    def _wide_inside(self, mark):
        kind, text = mark[1:-1].split(":", 1)
        return f"[{kind}:{wide(text)}]"


def render(marked: str) -> tuple[str, list[dict], list[dict], list[dict]]:
    """Turn marked text into plain text and its spans: identifiers, clinical, not_dates."""
    marked = marked.replace("[[", "\x01").replace("]]", "\x02")
    text, spans, at = "", {"c": [], "n": [], "i": []}, 0
    def plain(s): return s.translate({0xA6: "|", 0x2039: "<", 0x203A: ">", 1: "[", 2: "]"})
    for m in re.finditer(r"\[([a-z_0-9]+):([^\[\]]*)\]", marked):
        text += plain(marked[at:m.start()])
        value = plain(m[2])
        span = {"start": len(text), "end": len(text) + len(value), "text": value}
        if m[1] not in "cn":
            assert m[1] in KINDS, m[1]
            span |= {"kind": m[1], "must": True}
        spans[m[1] if m[1] in "cn" else "i"].append(span)
        text, at = text + value, m.end()
    text += plain(marked[at:])
    return text, spans["i"], spans["c"], spans["n"]


KINDS = set("patient_name staff_name relative_name other_person patient_id accession phone email login address hospital hospital_short ward room employer school birth_date exam_date other_date age_over_89 insurer_number url".split())


def report(seed: int, number: int, kind: str) -> dict:
    r = random.Random(f"{seed}/{kind}/{number}")
    if kind == "ordinary":
        layout = r.choice(list(ORDINARY))
        case, template = Hostile(r, False, child=r.random() < 0.15 and layout != "ord_english", old=r.random() < 0.04, exams="胸部CT 腹部CT 外傷CT" if layout == "ord_english" else None), ORDINARY[layout]
    else:
        layout = list(HOSTILE)[number % len(HOSTILE)] if r.random() < 0.5 else r.choice(list(HOSTILE))
        options, template = HOSTILE[layout]
        case = Hostile(r, True, **({"child": r.random() < 0.1 and layout not in NO_CHILD} | options) if not options.get("old") else options)
    text, identifiers, clinical, not_dates = render(case.fill(template).strip("\n"))
    for span in identifiers + clinical + not_dates:
        assert text[span["start"]:span["end"]] == span["text"] and span["text"].strip()
    assert not re.search(r"\{[a-z]|\[[a-z_]+:|[<>]{2}", text), text
    p = case.patient
    return {"id": f"gen_e-{kind}-{seed}-{number}", "layout": layout,
            "patient": {"name_kanji": p.kanji, "name_kana": p.kana, "name_romaji": p.romaji, "id": case.pid, "birth_date": case.birth.isoformat(), "sex": p.sex},
            "header_known": r.random() < 0.7, "text": text, "identifiers": identifiers, "clinical": clinical, "not_dates": not_dates}


NO_CHILD = {"english_mix", "english_email", "critical_log", "island_transfer", "wrong_slot", "glued", "labour_welfare", "military", "autopsy_police", "relatives", "stroke_call", "superaged", "foreign", "soap_paste", "eponym_trap", "history_chain", "chat_paste", "mixed_eras", "conference"}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--kind", choices=["ordinary", "hostile"], required=True)
    args = parser.parse_args()
    for number in range(args.count):
        print(json.dumps(report(args.seed, number, args.kind), ensure_ascii=False))


if __name__ == "__main__":
    main()
