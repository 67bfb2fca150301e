#!/usr/bin/env python3
"""Generate synthetic Japanese radiology reports with known identifiers.

Usage: generator.py --seed N --count M --kind ordinary|hostile
Each line of output is one JSON object; every span is a character offset into "text".

A report is written as marked text: a span is opened by OPEN, carries its kind up to MID and ends at CLOSE.
Templates use «…» for a clinical term, ‹…› for a number that is not a date, [a|b] for a choice and {slot} for a value;
{slot@key} gives the same value each time in one report.
"""

import argparse
import datetime as dt
import json
import random
import re
import unicodedata

OPEN, MID, CLOSE = "\ue000", "\ue001", "\ue002"
KINDS = ("patient_name staff_name relative_name other_person patient_id accession phone email login address hospital "
         "hospital_short ward room employer school birth_date exam_date other_date age_over_89 insurer_number url").split()

# ----------------------------------------------------------------------------------------------------------------
# Names
# ----------------------------------------------------------------------------------------------------------------

SURNAMES = """
佐藤:サトウ 鈴木:スズキ 高橋:タカハシ 田中:タナカ 伊藤:イトウ 渡辺:ワタナベ 山本:ヤマモト 中村:ナカムラ 小林:コバヤシ 加藤:カトウ
吉田:ヨシダ 山田:ヤマダ 佐々木:ササキ 山口:ヤマグチ 松本:マツモト 井上:イノウエ 木村:キムラ 林:ハヤシ 斎藤:サイトウ 清水:シミズ
山崎:ヤマザキ 森:モリ 阿部:アベ 池田:イケダ 橋本:ハシモト 石川:イシカワ 中島:ナカシマ 前田:マエダ 藤田:フジタ 後藤:ゴトウ
小川:オガワ 岡田:オカダ 村上:ムラカミ 長谷川:ハセガワ 近藤:コンドウ 石井:イシイ 坂本:サカモト 遠藤:エンドウ 青木:アオキ 藤井:フジイ
西村:ニシムラ 福田:フクダ 太田:オオタ 三浦:ミウラ 藤原:フジワラ 松田:マツダ 岡本:オカモト 中川:ナカガワ 中野:ナカノ 原田:ハラダ
小野:オノ 田村:タムラ 竹内:タケウチ 金子:カネコ 和田:ワダ 中山:ナカヤマ 石田:イシダ 上田:ウエダ 森田:モリタ 原:ハラ 柴田:シバタ
酒井:サカイ 工藤:クドウ 横山:ヨコヤマ 宮崎:ミヤザキ 宮本:ミヤモト 内田:ウチダ 高木:タカギ 谷口:タニグチ 安藤:アンドウ 丸山:マルヤマ
今井:イマイ 大野:オオノ 高田:タカダ 菅原:スガワラ 河野:コウノ 武田:タケダ 藤本:フジモト 上野:ウエノ 杉山:スギヤマ 千葉:チバ
村田:ムラタ 増田:マスダ 小島:コジマ 小山:コヤマ 大塚:オオツカ 平野:ヒラノ 久保:クボ 渡部:ワタナベ 松井:マツイ 菊地:キクチ 菊池:キクチ
及川:オイカワ 昆:コン 今:コン 小笠原:オガサワラ 対馬:ツシマ 三上:ミカミ 成田:ナリタ 長内:オサナイ 葛西:カサイ 奈良岡:ナラオカ
照井:テルイ 畠山:ハタケヤマ 高階:タカシナ 二階堂:ニカイドウ 丹野:タンノ 庄子:ショウジ 早坂:ハヤサカ 佐竹:サタケ 芳賀:ハガ
五十嵐:イガラシ 星:ホシ 円谷:ツムラヤ 古賀:コガ 江口:エグチ 副島:ソエジマ 草場:クサバ 松尾:マツオ 上妻:コウヅマ 右田:ミギタ 緒方:オガタ
首藤:シュトウ 姫野:ヒメノ 甲斐:カイ 黒木:クロキ 日高:ヒダカ 長友:ナガトモ 有村:アリムラ 鮫島:サメシマ 肝付:キモツキ 川畑:カワバタ
前薗:マエゾノ 迫:サコ 外薗:ホカゾノ 上園:カミゾノ 東:ヒガシ 中:ナカ 帖佐:チョウサ 税所:サイショ 知識:チシキ 比嘉:ヒガ 金城:キンジョウ
喜屋武:キャン 仲宗根:ナカソネ 島袋:シマブクロ 平良:タイラ 瑞慶覧:ズケラン 尻無浜:シリナシハマ 指宿:イブスキ 乳井:ニュウイ 毛内:モウナイ
腰山:コシヤマ 肘井:ヒジイ 膝附:ヒザツキ 脇:ワキ 影山:カゲヤマ 門脇:カドワキ 左右田:ソウダ 一二三:ヒフミ 四十物:アイモノ 八重樫:ヤエガシ
八月朔日:ホズミ 四月朔日:ワタヌキ 二瓶:ニヘイ 五味:ゴミ 六車:ムグルマ 七海:ナナミ 九鬼:クキ 十河:ソゴウ 百瀬:モモセ 万代:バンダイ
小鳥遊:タカナシ 月見里:ヤマナシ 東海林:ショウジ 勅使河原:テシガワラ 長宗我部:チョウソカベ 御手洗:ミタライ 五百蔵:イオロイ 鵜飼:ウカイ
鵜川:ウカワ 樗木:チシャキ 蛯名:エビナ 米内山:ヨナイヤマ 留目:トドメ 戸来:ヘライ 大小田:オオコダ 上別府:カミベップ 下川床:シモカワトコ
関:セキ 辻:ツジ 堀:ホリ 岸:キシ 谷:タニ 西:ニシ 南:ミナミ 北:キタ 奥:オク 角:スミ 境:サカイ 堤:ツツミ 泉:イズミ 滝:タキ 畑:ハタ 浜:ハマ
岩:イワ 城:ジョウ 秦:ハタ 菅:カン 榊:サカキ 柳:ヤナギ 楠:クスノキ 桂:カツラ 梶:カジ 巽:タツミ 轟:トドロキ 鎌:カマ 檜:ヒノキ 佃:ツクダ
髙橋:タカハシ 山﨑:ヤマザキ 渡邉:ワタナベ 渡邊:ワタナベ 齋藤:サイトウ 齊藤:サイトウ 廣瀬:ヒロセ 澤田:サワダ 濵田:ハマダ 德永:トクナガ
石黒:イシグロ 白石:シライシ 黒田:クロダ 赤坂:アカサカ 結城:ユウキ 上条:カミジョウ 下村:シモムラ 大石:オオイシ 小石:コイシ 水口:ミズグチ
管野:カンノ 菅野:カンノ 関口:セキグチ 腹巻:ハラマキ 背戸:セト 足立:アダチ 目黒:メグロ 首代:クビシロ 井口:イグチ 骨田:コツダ 節田:セツダ
宇都宮:ウツノミヤ 久慈:クジ 久保田:クボタ 安養寺:アンヨウジ 稲葉:イナバ 植木:ウエキ 浦部:ウラベ 榎本:エノモト 大河原:オオカワラ 尾形:オガタ
加賀谷:カガヤ 鎌田:カマタ 川原田:カワハラダ 神成:カンナリ 木皿:キサラ 熊谷:クマガイ 黒沢:クロサワ 小原:オバラ 近野:コンノ 佐久間:サクマ
志賀:シガ 島津:シマヅ 新沼:ニイヌマ 瀬戸口:セトグチ 相馬:ソウマ 高野:タカノ 田口:タグチ 千田:チダ 堤内:ツツミウチ 鶴丸:ツルマル 寺沢:テラサワ
徳重:トクシゲ 内藤:ナイトウ 永田:ナガタ 名古屋:ナゴヤ 二宮:ニノミヤ 沼田:ヌマタ 根反:ネソリ 野中:ノナカ 羽田:ハネダ 東谷:ヒガシタニ 深沢:フカサワ
細川:ホソカワ 馬場:ババ 松岡:マツオカ 三宅:ミヤケ 室井:ムロイ 目時:メトキ 百武:ヒャクタケ 八木橋:ヤギハシ 湯田:ユダ 横手:ヨコテ 鷲見:スミ 蕨:ワラビ 高安:タカヤス 川崎:カワサキ 平山:ヒラヤマ 小柳:コヤナギ 竹本:タケモト 正岡:マサオカ 右近:ウコン 影:カゲ 峡:ハザマ
"""
VARIANTS = {"髙橋": "高橋", "山﨑": "山崎", "渡邉": "渡辺", "渡邊": "渡辺", "齋藤": "斎藤", "齊藤": "斉藤", "廣瀬": "広瀬",
            "澤田": "沢田", "濵田": "浜田", "德永": "徳永"}

GIVEN_M_OLD = """清:キヨシ 茂:シゲル 勇:イサム 実:ミノル 正雄:マサオ 三郎:サブロウ 正一:ショウイチ 武雄:タケオ 義雄:ヨシオ 喜代治:キヨジ 勝利:カツトシ
末吉:スエキチ 与一郎:ヨイチロウ 留蔵:トメゾウ 善右衛門:ゼンエモン 久:ヒサシ 昇:ノボル 進:ススム 弘:ヒロシ 忠:タダシ 金次郎:キンジロウ 辰男:タツオ 巌:イワオ
敏夫:トシオ 昭三:ショウゾウ 八十吉:ヤソキチ 豊:ユタカ 薫:カオル 五郎:ゴロウ 長作:チョウサク 富士夫:フジオ 幸之助:コウノスケ 栄:サカエ"""
GIVEN_F_OLD = """トメ:トメ キヨ:キヨ ハル:ハル ヨシ:ヨシ ミツ:ミツ フミ:フミ サダ:サダ ツル:ツル カネ:カネ シゲ:シゲ イネ:イネ スエ:スエ 千代:チヨ 静江:シズエ 文子:フミコ
和子:カズコ 節子:セツコ 久子:ヒサコ 美代子:ミヨコ テル子:テルコ きぬ:キヌ ふじゑ:フジエ 八重:ヤエ 政:マサ 操:ミサオ 芳江:ヨシエ 初枝:ハツエ 富美:フミ 京:ミヤコ 良:リョウ
光:ミツ 房子:フサコ 貞:テイ 幸:サチ ヒデ:ヒデ モト:モト 昭子:アキコ"""
GIVEN_M_MID = """誠:マコト 浩:ヒロシ 隆:タカシ 修:オサム 健一:ケンイチ 博之:ヒロユキ 浩二:コウジ 達也:タツヤ 直樹:ナオキ 哲也:テツヤ 大輔:ダイスケ 健太郎:ケンタロウ 雅彦:マサヒコ
仁:ジン 剛:ツヨシ 学:マナブ 亮:リョウ 聡:サトシ 徹:トオル 洋:ヨウ 英明:ヒデアキ 秀樹:ヒデキ 幸一:コウイチ 信吾:シンゴ 裕介:ユウスケ 雄一:ユウイチ 一馬:カズマ 恭平:キョウヘイ
公彦:キミヒコ 宗一郎:ソウイチロウ 了:サトル 右京:ウキョウ 左門:サモン 純:ジュン 望:ノゾム 要:カナメ 力:チカラ 圭:ケイ 周:シュウ 匠:タクミ 十三:ジュウゾウ 肇:ハジメ 士郎:シロウ
賢吾:ケンゴ 倫太郎:リンタロウ 泰造:タイゾウ 拓:タク 陽一:ヨウイチ 伸:シン 穣:ミノル 崇:タカシ"""
GIVEN_F_MID = """恵子:ケイコ 真由美:マユミ 由美子:ユミコ 明美:アケミ 智子:トモコ 直美:ナオミ 裕子:ユウコ 香織:カオリ 美穂:ミホ 陽子:ヨウコ 久美子:クミコ 純子:ジュンコ 麻衣:マイ 愛:アイ
恵:メグミ 薫:カオル 望:ノゾミ 泉:イズミ 梢:コズエ 縁:ユカリ 環:タマキ 緑:ミドリ 歩:アユミ 藍:アイ 聖子:セイコ 佳奈:カナ 千尋:チヒロ 律子:リツコ 沙織:サオリ 理恵:リエ さゆり:サユリ
あかね:アカネ まり:マリ ゆかり:ユカリ 早苗:サナエ 寿美礼:スミレ 佐和:サワ 朋子:トモコ 弥生:ヤヨイ 皐月:サツキ 葉月:ハヅキ 志乃:シノ 倫:リン 史:フミ 暁子:アキコ 瑠璃子:ルリコ"""
GIVEN_M_NEW = """蓮:レン 翔太:ショウタ 陽翔:ハルト 大翔:ヒロト 颯:ハヤテ 湊:ミナト 律:リツ 朔:サク 蒼:アオイ 樹:イツキ 悠真:ユウマ 琉斗:リュウト 海:カイ 輝星:キラ 大和:ヤマト 奏:カナデ 新:アラタ 伊織:イオリ 心:シン"""
GIVEN_F_NEW = """葵:アオイ 結愛:ユア 陽菜:ヒナ さくら:サクラ 凛:リン 心結:ミユ 芽依:メイ 紬:ツムギ 莉子:リコ 杏:アン 美羽:ミウ 咲:サキ ひなた:ヒナタ 琴音:コトネ 七海:ナナミ 五月:サツキ 心:ココロ 月:ルナ 花:ハナ"""

FOREIGN = {  # nation: (family names, male given, female given), each "Latin:カタカナ[:漢字]"
    "ベトナム": ("NGUYEN:グエン TRAN:チャン PHAM:ファム LE:レ HOANG:ホアン VU:ヴ BUI:ブイ DANG:ダン",
               "VAN DUC:ヴァン ドゥック MINH TUAN:ミン トゥアン QUOC HUY:クオック フイ DINH LONG:ディン ロン",
               "THI HUONG:ティ フオン THI LAN:ティ ラン NGOC ANH:ゴック アイン THI THU HA:ティ トゥ ハー"),
    "ブラジル": ("SILVA:シルバ SANTOS:サントス OLIVEIRA:オリベイラ NAKASHIMA:ナカシマ SOUZA:ソウザ PEREIRA:ペレイラ FERREIRA:フェレイラ",
               "ROBERTO:ロベルト JOAO CARLOS:ジョアン カルロス MARCIO YUJI:マルシオ ユウジ LUCAS:ルーカス",
               "MARIA APARECIDA:マリア アパレシーダ JULIANA:ジュリアナ FERNANDA SAYURI:フェルナンダ サユリ ROSANGELA:ロザンジェラ"),
    "フィリピン": ("DELA CRUZ:デラ クルス REYES:レイエス BAUTISTA:バウティスタ VILLANUEVA:ビリャヌエバ MENDOZA:メンドーサ",
               "JOSE MARI:ホセ マリ RAMIL:ラミル ARNEL:アーネル", "MARICEL:マリセル JENNALYN:ジェナリン ROWENA:ロウェナ"),
    "中国": ("WANG:ワン:王 LI:リー:李 ZHANG:チャン:張 LIU:リュウ:劉 CHEN:チン:陳 ZHAO:チョウ:趙",
           "JIANGUO:ケンコク:建国 WEI:ウェイ:偉 HAO:ハオ:浩", "LIHUA:レイカ:麗華 XIUYING:シュウエイ:秀英 TING:テイ:婷"),
    "韓国": ("KIM:キム:金 PARK:パク:朴 CHOI:チェ:崔 JUNG:チョン:鄭",
           "YEONGSU:ヨンス:英洙 SEONGHO:ソンホ:成浩", "YEONGHUI:ヨンヒ:英姫 SUNJA:スンジャ:順子 MIGYEONG:ミギョン:美京"),
    "ネパール": ("THAPA:タパ GURUNG:グルン SHRESTHA:シュレスタ TAMANG:タマン", "BISHNU:ビシュヌ KRISHNA:クリシュナ RAM BAHADUR:ラム バハドゥル",
              "SITA:シタ SUNITA:スニタ"),
    "インドネシア": ("SETIAWAN:セティアワン WIBOWO:ウィボウォ HIDAYAT:ヒダヤット", "AGUS:アグス BUDI:ブディ RIZKY:リズキー", "SITI NUR:シティ ヌル DEWI:デウィ"),
    "米国": ("HARRISON:ハリソン MCALLISTER:マカリスター O'BRIEN:オブライエン WHITFIELD:ウィットフィールド", "KEVIN:ケビン DOUGLAS:ダグラス", "HEATHER:ヘザー MEGAN:ミーガン"),
}


def _pairs(block):
    return [tuple(item.split(":")) for item in block.split()]


def _foreign_pairs(block):
    """Split "A B:あ い C:う" into (Latin, kana, kanji) triples: a triple ends where a Latin word follows kana."""
    triples = re.findall(r"([A-Z][A-Z' ]*):([ァ-ヶー ]*[ァ-ヶー])(?::([一-龥]+))?", block)
    return [(latin.strip(), kana.strip(), kanji) for latin, kana, kanji in triples]


SUR = _pairs(SURNAMES)
GIVEN = {("M", "old"): _pairs(GIVEN_M_OLD), ("F", "old"): _pairs(GIVEN_F_OLD), ("M", "mid"): _pairs(GIVEN_M_MID),
         ("F", "mid"): _pairs(GIVEN_F_MID), ("M", "new"): _pairs(GIVEN_M_NEW), ("F", "new"): _pairs(GIVEN_F_NEW)}

_ROMA = dict(zip("アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲンガギグゲゴザジズゼゾダヂヅデドバビブベボパピプペポヴ",
                 "a i u e o ka ki ku ke ko sa shi su se so ta chi tsu te to na ni nu ne no ha hi fu he ho ma mi mu me mo ya yu yo ra ri ru re ro wa o n "
                 "ga gi gu ge go za ji zu ze zo da ji zu de do ba bi bu be bo pa pi pu pe po vu".split()))


def romaji(kana):
    """Return passport-style Hepburn: long o and u shortened."""
    out = ""
    index = 0
    while index < len(kana):
        char = kana[index]
        following = kana[index + 1] if index + 1 < len(kana) else ""
        if char == "ッ":
            out += _ROMA.get(following, "t")[0]
        elif following and following in "ャュョ":
            stem = _ROMA[char][:-1]
            vowel = {"ャ": "a", "ュ": "u", "ョ": "o"}[following]
            out += stem + vowel if stem in ("sh", "ch", "j") else stem + "y" + vowel
            index += 1
        elif char not in "ー":
            out += _ROMA.get(char, char)
        index += 1
    out = re.sub(r"ou|oo", "o", out)
    return re.sub(r"uu", "u", out)


_HALF = {unicodedata.normalize("NFKC", chr(code)): chr(code) for code in range(0xFF66, 0xFF9E)}
_HALF.update({"・": "･", "「": "｢", "」": "｣", "。": "｡", "、": "､", "ー": "ｰ"})


def half_kana(text):
    out = ""
    for char in text:
        if char in _HALF:
            out += _HALF[char]
            continue
        parts = unicodedata.normalize("NFD", char)
        if len(parts) == 2 and parts[0] in _HALF:
            out += _HALF[parts[0]] + {"\u3099": "ﾞ", "\u309a": "ﾟ"}[parts[1]]
        else:
            out += char
    return out


def hiragana(kana):
    return "".join(chr(ord(char) - 0x60) if "ァ" <= char <= "ヶ" else char for char in kana)


def full_digits(text):
    return text.translate(str.maketrans("0123456789", "０１２３４５６７８９"))


def full_ascii(text):
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else ("　" if char == " " else char) for char in text)


# ----------------------------------------------------------------------------------------------------------------
# Places, hospitals, firms
# ----------------------------------------------------------------------------------------------------------------

PLACE_HEAD = ("北:kita 南:minami 白:shira 青:ao 赤:aka 黒:kuro 沖:oki 早:haya 鷹:taka 鶴:tsuru 雪:yuki 稲:ina 栗:kuri 桧:hi 朝:asa 霧:kiri 潮:shio 岩:iwa "
              "楢:nara 笹:sasa 玉:tama 三:mi 八:ya 五:go 神:kami 榎:e 藤:fuji 磯:iso 鮎:ayu 葦:ashi 猪:i 杉:sugi 米:yone 篠:shino 蔵:kura 湯:yu 萩:hagi").split()
PLACE_TAIL = ("嶺:mine 瀬:se 沢:sawa 浜:hama 倉:kura 郷:go 原:hara 根:ne 津:tsu 生:o 戸:do 代:shiro 牧:maki 泊:domari 迫:sako 里:sato 森:mori 岬:misaki "
              "野江:noe 川内:kawauchi 見台:midai ヶ丘:gaoka 越:koshi 丘:oka").split()
REAL_PLACES = set("青森 八戸 朝倉 神戸 米沢 藤沢 岩倉 稲沢 湯沢 朝里 白浜 三沢 米原 三原 三郷 八代 白根 北郷 南郷 三戸 五戸 岩代 白沢 神代 藤原 黒瀬 玉津 八郷 神郷 三里 藤代 岩瀬 岩沢 玉戸 稲毛 南沢 八木 黒沢 赤沢 鶴岡 鶴見台 神津 "
                  "青根 白原 榎戸 篠原 榎原 杉原 栗原 神原 笹沢 北原 南原 藤根 岩根 米里 白倉 南浜 北浜 萩原 藤倉 黒川内 五泊 三根 神里 神倉 北沢 三津 八森 白森 笹原 栗沢 北森 赤倉 八沢 米津 早沢 藤浜".split())


def invented_place(rng):
    """Return (kanji, Latin) of a place that is not a well-known one."""
    while True:
        (head, head_latin), (tail, tail_latin) = rng.choice(PLACE_HEAD).split(":"), rng.choice(PLACE_TAIL).split(":")
        if head + tail not in REAL_PLACES:
            return head + tail, head_latin + tail_latin


PREFS = "青森県 岩手県 宮城県 秋田県 山形県 福島県 福岡県 佐賀県 長崎県 熊本県 大分県 宮崎県 鹿児島県 沖縄県 新潟県 島根県 高知県 北海道 長野県 静岡県 愛知県 埼玉県".split()
CORPS = "仁泉会 恵愛会 白鴎会 健生会 慈光会 青松会 翠明会 聖和会 博陽会 芳樹会 康済会 松籟会 碧水会".split()

# ----------------------------------------------------------------------------------------------------------------
# Clinical vocabulary without marks (used inside marks)
# ----------------------------------------------------------------------------------------------------------------

SYM = {
    "chest": ["咳嗽と血痰", "労作時息切れ", "胸痛", "嗄声", "発熱と悪寒", "体重減少（3か月で{n:3,9}kg）", "湿性咳嗽", "喘鳴", "背部痛", "検診異常陰影", "SpO2低下（{n:84,92}%）"],
    "abd": ["右季肋部痛", "心窩部痛", "左下腹部痛", "血尿", "黄疸", "腹部膨満", "下血", "発熱と悪寒", "嘔吐", "肝機能障害", "食思不振", "背部痛", "体重減少（3か月で{n:3,9}kg）"],
    "brain": ["右片麻痺", "左片麻痺", "構音障害", "歩行障害", "もの忘れ", "頭痛と嘔吐", "めまい", "けいれん", "意識障害", "複視", "転倒後の頭部打撲", "左手のしびれ"],
    "bone": ["腰痛と下肢しびれ", "転倒後の股関節痛", "両手のしびれ", "膝関節痛", "間欠跛行（{n:50,400}m）", "荷重時痛", "背部痛", "巧緻運動障害", "可動域制限"],
    "pelvis": ["排尿困難", "下腹部痛", "血尿", "骨盤痛", "貧血", "下肢浮腫"],
    "breast": ["乳房腫瘤触知", "乳頭分泌", "乳房痛", "検診異常", "腋窩のしこり"],
    "nm": ["病期診断", "腫瘍マーカー上昇", "骨痛", "不明熱", "治療効果判定", "動作緩慢", "もの忘れ", "労作時胸痛"],
}
CORE = {"胸水": "胸水", "リンパ節腫大": "リンパ節", "結節": "結節", "腫瘤": "腫瘤", "骨折線": "骨折", "梗塞": "梗塞", "拡散": "拡散", "血腫": "血腫", "出血": "出血|血腫|高吸収", "水頭症": "脳室|水頭", "異常増強効果": "増強|enhance|造影",
        "石灰化": "石灰化", "構築の乱れ": "構築", "集積": "集積", "血流低下": "血流|低下", "腸管拡張": "拡張|caliber", "水腎症": "水腎", "尿路結石": "結石", "脾腫": "脾", "胆管拡張": "胆|膵", "主膵管拡張": "膵", "気胸": "気胸|虚脱",
        "肺野の活動性病変": "影|結節|腫瘤|空洞", "無気肺": "虚脱|無気肺", "骨髄信号": "信号|浮腫|骨折|STIR", "関節液貯留": "関節液", "硬膜外膿瘍": "膿瘍", "付属器": "付属器|卵巣", "正中偏位": "正中", "腹水": "腹水|液体貯留",
        "遊離ガス": "free air|穿孔", "胸膜肥厚": "胸膜", "微細高エコー": "微細", "骨転移": "骨転移|集積", "直腸浸潤": "直腸", "骨破壊像": "終板|骨破壊", "乳管拡張": "乳管", "副腎腫大": "副腎", "溶骨性変化": "骨", "皮膚肥厚": "皮膚",
        "膀胱壁肥厚": "膀胱", "硬膜下血腫": "血腫|硬膜", "新鮮梗塞巣": "梗塞|拡散|虚血変化", "左心耳血栓": "血栓", "冠動脈起始": "起始", "心嚢水": "心嚢|心拡大", "縦隔腫瘤": "縦隔|腫瘤"}
LAB = {"chest": "CEA CRP D-dimer WBC KL-6 BNP SpO2 Cre sIL-2R", "abd": "CEA CRP AFP WBC Hb eGFR CA19-9 T-Bil AMY PIVKA-II Cre", "brain": "CRP D-dimer WBC Cre eGFR MMSE Hb", "bone": "CRP WBC Hb eGFR Cre",
       "pelvis": "CRP Hb PSA CEA eGFR CA19-9", "breast": "CEA CRP WBC Hb", "nm": "CEA CRP Hb eGFR BNP sIL-2R PSA MMSE"}
GUIDE = {"chest": "guideC", "abd": "guideA", "brain": "guideB", "bone": "guideS", "pelvis": "guideP", "breast": "guideM", "nm": "guideN"}

V = {
    "side": "右 左".split(),
    "lseg": "右S1 右S2 右S3 右S4 右S6 右S8 右S9 右S10 左S1+2 左S3 左S5 左S6 左S8 左S9 左S10 右上葉 右中葉 右下葉 左上葉 左舌区 左下葉 右肺尖部 左肺底部".split(),
    "hseg": "S1 S2 S3 S4 S5 S6 S7 S8".split(),
    "hseg2": "S5/8 S6/7 S2/3 S4/8 S7/8 S3/4 S5/6".split(),
    "disc": "L4/5 L3/4 L2/3 L5/S1 L1/2 C5/6 C4/5 C6/7 C3/4 Th11/12 T12/L1".split(),
    "ldisc": "L4/5 L3/4 L2/3 L5/S1 L1/2".split(), "cdisc": "C5/6 C4/5 C6/7 C3/4".split(),
    "vert": "Th7 Th8 Th11 Th12 L1 L2 L3 L4 第12胸椎 第1腰椎 第3腰椎".split(),
    "ln": "#4R #7 #11i 気管分岐下 右肺門 左肺門 縦隔 傍大動脈 左鎖骨上窩 #16b1 肝門部 腸間膜根部".split(),
    "shape": "境界明瞭な 辺縁不整な 分葉状の 円形の スピキュラを伴う 充実性の 部分充実型の すりガラス状の 内部に空洞を伴う 胸膜陥入像を伴う".split(),
    "brain": "右前頭葉 左前頭葉 右側頭葉 左頭頂葉 右後頭葉 左放線冠 右放線冠 左基底核 右視床 左視床 橋左側 橋右側 延髄外側 右小脳半球 左小脳半球 左島皮質 右内包後脚".split(),
    "artery": "左中大脳動脈M1 右内頸動脈C2 前交通動脈 左内頸動脈-後交通動脈分岐部 脳底動脈先端部 右中大脳動脈分岐部 左椎骨動脈".split(),
    "colon": "上行結腸 横行結腸 下行結腸 S状結腸 直腸Rs 直腸Ra 盲腸".split(),
    "panc": "膵頭部 膵体部 膵尾部 膵鉤部".split(),
    "breast": "右A領域 右C領域 左B領域 左D領域 右C/D領域 左A/C領域 右E領域 左C'領域".split(),
    "bone": "右第4肋骨 左第7肋骨 右腸骨 左恥骨 仙骨左側 右大腿骨転子部 左上腕骨近位 Th9椎体 L3椎体 胸骨柄 右肩甲骨".split(),
    "coro": "#1 #2 #3 #6 #7 #9 #11 #13 4PD".split(),
    "eqCT": ["SOMATOM Force", "Aquilion ONE", "Aquilion Prime SP", "Revolution CT", "SOMATOM go.Top", "Supria Optica 128", "Optima CT660", "Ingenuity Elite 128"],
    "eqMR": ["MAGNETOM Skyra 3.0T", "Ingenia 1.5T", "SIGNA Artist", "Vantage Orian 1.5T", "ECHELON Smart", "MAGNETOM Aera", "Achieva dStream"],
    "eqUS": ["Aplio i800", "LOGIQ E10", "ARIETTA 65", "EPIQ 7", "ACUSON Sequoia"],
    "eqNM": ["Symbia Intevo", "Discovery NM/CT 670", "Biograph mCT", "GCA-9300R", "BrightView X"],
    "eqMG": ["AMULET Innovality", "Selenia Dimensions", "MAMMOMAT Revelation", "Pe-ru-ru LaPlus"],
    "eqCR": ["FCR CALNEO", "AeroDR", "CXDI-710C", "RADspeed Pro"],
    "cm_ct": ["イオパミロン300", "オムニパーク350", "イオメロン350", "オプチレイ320", "プロスコープ370"],
    "cm_mr": ["プリモビスト", "ガドビスト", "マグネスコープ", "プロハンス"],
    "epo": ["橋本病", "川崎病既往", "高安動脈炎", "菊池病", "木村病", "Castleman病", "Crohn病", "Basedow病", "原田病", "平山病", "Sjögren症候群",
            "Behçet病", "もやもや病", "Parkinson病", "von Recklinghausen病", "Paget病", "大動脈炎症候群", "伊藤母斑", "太田母斑", "Buerger病"],
    "pastA": ["高血圧", "2型糖尿病", "脂質異常症", "心房細動", "慢性腎臓病G3b", "関節リウマチ", "COPD", "陳旧性心筋梗塞", "脳梗塞後遺症", "胃癌術後（R0切除）", "大腸癌術後", "痛風", "潰瘍性大腸炎", "尿路結石",
              "C型肝炎SVR後", "アルコール性肝硬変", "甲状腺癌術後", "肺結核後遺症", "閉塞性睡眠時無呼吸", "気管支喘息", "慢性心不全", "胆石症", "胃潰瘍(H2ブロッカー内服)", "透析中", "肺非結核性抗酸菌症", "憩室出血後", "帯状疱疹後神経痛"],
    "pastM": ["前立腺肥大症", "前立腺癌ホルモン療法中", "鼠径ヘルニア術後"],
    "pastF": ["骨粗鬆症", "乳癌術後", "子宮筋腫術後", "原発性胆汁性胆管炎", "橋本病", "Sjögren症候群"],
    "pastY": ["気管支喘息", "虫垂炎術後", "潰瘍性大腸炎", "1型糖尿病", "尿路結石", "アトピー性皮膚炎", "片頭痛", "自然気胸術後", "鉄欠乏性貧血", "花粉症", "Basedow病", "てんかん"],
    "pastC": ["川崎病既往", "気管支喘息", "アトピー性皮膚炎", "熱性けいれん", "低出生体重児", "卵アレルギー", "ファロー四徴症術後", "特記なし"],
    "lab": ["CEA {n:4,60}.{n:0,9} ng/mL", "CRP {n:1,24}.{n:10,99} mg/dL", "D-dimer {n:2,30}.{n:0,9} μg/mL", "AFP {n:12,980} ng/mL", "PSA {n:4,38}.{n:10,99} ng/mL",
            "WBC {n:98,210}00/μL", "Hb {n:6,12}.{n:0,9} g/dL", "eGFR {n:22,58}", "Cre 1.{n:10,89}", "KL-6 {n:520,1900} U/mL", "BNP {n:120,980} pg/mL", "CA19-9 {n:45,900} U/mL",
            "T-Bil {n:2,9}.{n:0,9}", "AMY {n:180,1900} U/L", "PIVKA-II {n:60,2400} mAU/mL", "sIL-2R {n:600,3900} U/mL", "MMSE {n:12,26}/30", "SpO2 {n:86,94}%"],
    "guide": ["Fleischner 2017", "WHO分類2021", "UICC TNM 第8版", "TNM 8版", "LI-RADS v2018", "Bosniak 2019", "PI-RADS v2.1", "BI-RADS 第5版", "Lung-RADS 2022", "RECIST 1.1",
              "Lugano分類2014", "改訂Atlanta分類2012", "McDonald診断基準2017", "IPF診療ガイドライン2022", "乳癌取扱い規約第18版", "胃癌取扱い規約第15版", "IPMN国際診療ガイドライン2024年版",
              "Baveno VII", "骨粗鬆症ガイドライン2015年版", "Tokyo Guidelines 2018", "CHCC2012", "脳卒中治療ガイドライン2021"],
    "guideA": ["LI-RADS v2018", "Bosniak 2019", "改訂Atlanta分類2012", "Tokyo Guidelines 2018", "RECIST 1.1", "UICC TNM 第8版", "大腸癌取扱い規約第9版", "肝癌診療ガイドライン2021年版"],
    "guideB": ["WHO分類2021", "McDonald診断基準2017", "脳卒中治療ガイドライン2021", "RANO 2.0", "認知症疾患診療ガイドライン2017"],
    "guideS": ["骨粗鬆症の予防と治療ガイドライン2015年版", "腰痛診療ガイドライン2019", "ICRS分類", "AO分類2018"],
    "guideP": ["PI-RADS v2.1", "FIGO 2018", "O-RADS 2020", "子宮体がん治療ガイドライン2023年版"],
    "guideM": ["BI-RADS 第5版", "乳癌取扱い規約第18版", "マンモグラフィガイドライン第4版"],
    "guideN": ["PERCIST 1.0", "Lugano分類2014", "RECIST 1.1", "日本核医学会ガイドライン2020"],
    "guideC": ["Fleischner 2017", "Lung-RADS 2022", "TNM 8版", "IPF診療ガイドライン2022"],
}

# ----------------------------------------------------------------------------------------------------------------
# Clinical stories: (findings, impression) per examination. Slots with the same @key agree.
# ----------------------------------------------------------------------------------------------------------------

NEG = {
    "chest": "胸水 心嚢水 有意なリンパ節腫大 肺野の活動性病変 気胸 無気肺 縦隔腫瘤 胸膜肥厚 溶骨性変化 新たな結節".split(),
    "abd": "腹水 腹腔内遊離ガス 水腎症 胆管拡張 主膵管拡張 有意なリンパ節腫大 副腎腫大 腸管拡張 脾腫 尿路結石 骨転移を疑う所見".split(),
    "brain": "新鮮梗塞巣 頭蓋内出血 正中偏位 水頭症 腫瘤性病変 硬膜下血腫 異常増強効果 副鼻腔の液体貯留 下垂体の腫大".split(),
    "bone": "骨折線 骨破壊像 関節液貯留 骨髄信号異常 脱臼 異物 硬膜外膿瘍".split(),
    "pelvis": "骨盤内リンパ節腫大 腹水 骨転移 付属器腫瘤 膀胱壁肥厚 直腸浸潤".split(),
    "breast": "構築の乱れ 悪性を疑う石灰化 腋窩リンパ節腫大 皮膚肥厚 乳管拡張".split(),
    "nm": "異常集積 新たな集積亢進 局所的な血流低下 骨転移を疑う集積".split(),
}

EXAMS = {
    "胸部CT": dict(mod="CT", neg="chest", tech=["胸部単純CT", "胸部単純CT(HRCT)", "胸部造影CT", "胸部～骨盤CT"], age=18, stories=[
        ("{lseg@a}に{shape@a}«結節»（長径{mm@a}）{ari}。{cmp}", "{lseg@a}の«結節»、«{guideC}»に準じ{n:3,12}か月後のCTフォローを推奨。"),
        ("両肺下葉背側優位に«網状影»と«牽引性気管支拡張»{ari}。‹{n:2,4}/{n:5,6}›領域に«蜂巣肺»を伴い、«UIPパターン»として矛盾しない。", "«間質性肺炎»（«UIP»）、前回より[軽度進行|ほぼ不変|緩徐に進行]。"),
        ("{lseg@b}に«気管支透亮像»を伴う«浸潤影»を認め、周囲に«すりガラス影»が広がる。少量の«{side}胸水»を伴う。", "{lseg@b}の«肺炎»。[改善確認|治療後の経過観察]をお願いいたします。"),
        ("両側肺尖に«石灰化»を伴う«瘢痕様索状影»がみられ、«陳旧性肺結核»の所見。«{lseg}»に«気腫性変化»も散見。", "«陳旧性炎症性変化»。活動性を示唆する所見は乏しい。"),
        ("{lseg@c}に{mmxmm@c}の«腫瘤»{ari}。胸膜に広く接し、«{ln@c}リンパ節»が短径{mm}に腫大。«cT{n:1,4}N{n:1,3}M0»（«UICC TNM 第8版»）相当。", "{lseg@c}の«原発性肺癌»疑い、«{ln@c}リンパ節転移»を疑う。"),
        ("«両側胸水»（右優位）と«小葉間隔壁肥厚»{ari}。«心拡大»あり、CTR約{n:54,68}%。", "«うっ血性心不全»に伴う変化を疑う。"),
        ("右中葉・左舌区に«気管支拡張»と«小葉中心性粒状影»、{lseg}には«空洞»（{mm}）もみられる。", "«肺非結核性抗酸菌症»（«NTM症»）として矛盾しない。"),
        ("右肺動脈本幹から下葉枝にかけて«造影欠損»{ari}。右室/左室比は‹1.{n:1,6}/1.0›。下肢静脈では«左ヒラメ静脈»に血栓あり。", "«急性肺血栓塞栓症»。至急の対応をお願いします。"),
        ("上葉優位に«粒状影»と«大陰影»（{mm}）、«肺門リンパ節の卵殻状石灰化»{ari}。«じん肺»PR{n:1,4}相当。", "«珪肺»として矛盾しない。前回と著変なし。"),
        ("«胸部下行大動脈»は最大短径{n:38,59}mmと拡張し、壁在血栓を伴う（‹Se {n:2,6}/Im {n:20,240}›）。", "«胸部大動脈瘤»、最大短径の変化に注意。"),
        ("前縦隔に{mmxmm@d}の{shape}«腫瘤»{ari}。周囲脂肪織との境界は保たれる。", "前縦隔«腫瘤»（{mmxmm@d}）、«胸腺腫»を第一に考える。«正岡分類»I期相当。"),
    ]),
    "腹部CT": dict(mod="CT", neg="abd", tech=["腹部造影CT(ダイナミック)", "腹部～骨盤部単純CT", "腹部骨盤造影CT", "上腹部ダイナミックCT"], age=18, stories=[
        ("肝‹{hseg2@a}›に早期濃染し平衡相で«washout»を示す{mm@a}大の«結節»{ari}。", "肝{n:1,3}個の«肝細胞癌»（«LI-RADS v2018» LR-5）。"),
        ("{panc@b}に{mm@b}大の«多房性嚢胞»を認め、主膵管径は{n:3,9}mm。«壁在結節»は[明らかでない|{n:3,7}mm大]。", "{panc@b}«分枝型IPMN»。«IPMN国際診療ガイドライン[2017|2024]年版»を参考に{n:3,12}か月後の再検を。"),
        ("虫垂は径{n:9,16}mmに腫大し、根部に«糞石»{ari}。周囲«脂肪織濃度上昇»を伴う。", "«急性虫垂炎»。[膿瘍形成なし|限局性腹膜炎を伴う]。"),
        ("{colon@c}に«憩室»が多発し、一部で壁肥厚と«脂肪織混濁»{ari}。«free air»は指摘できない。", "{colon@c}«憩室炎»。"),
        ("小腸は最大径{n:30,48}mmに拡張し、«{side}下腹部»に«caliber change»{ari}。«closed loop»の形成は[明らかでない|否定できない]。", "«癒着性イレウス»を疑う。"),
        ("«{side@d}尿管»下端に{n:3,11}mmの«結石»、上流側に«水腎症»（grade {n:1,3}）{ari}。", "«{side@d}尿管結石»、«水腎症»。"),
        ("腎動脈分岐下に最大短径{n:34,62}mmの«腹部大動脈瘤»を認め、前回比+{n:1,6}mm。", "«腹部大動脈瘤»、増大傾向。血管外科へのご相談を。"),
        ("{colon@e}に全周性«壁肥厚»{ari}。周囲リンパ節の腫大は{n:2,6}個、肝«{hseg}»に{mm}の«低吸収結節»。", "{colon@e}«癌»、«肝転移»疑い。«cStage IV»。"),
        ("胆嚢に«結石»（最大{mm}）、壁は{n:4,9}mmに肥厚し、周囲に液体貯留{ari}。", "«急性胆嚢炎»（«Tokyo Guidelines 2018» Grade {n:1,3}）。"),
        ("膵周囲に«液体貯留»が広がり、膵体尾部に«造影不良域»{ari}。", "«急性膵炎»、«CT Grade {n:2,3}»（«改訂Atlanta分類2012»）。"),
        ("肝縁は鈍で表面不整、«脾腫»（spleen index {n:18,40}）と«食道静脈瘤»{ari}。", "«肝硬変»、«門脈圧亢進症»。«Child-Pugh分類»は臨床と併せてご判断下さい。"),
        ("«{side@f}腎»に{mm}大の«嚢胞»を認め、隔壁に軽度の造影効果。«Bosniak 2019»でIIF。", "«{side@f}腎嚢胞»、Bosniak IIF。6か月後に再検を。"),
    ]),
    "頭部MRI": dict(mod="MR", neg="brain", tech=["頭部MRI(DWI, FLAIR, T2*, MRA)", "頭部MRI+MRA", "頭部造影MRI", "頭部単純MRI"], age=6, stories=[
        ("{brain@a}に«拡散強調像»で高信号域（{mm}）を認め、ADC低下を伴う。«MRA»では{artery}に«狭窄»{ari}。", "{brain@a}の«急性期脳梗塞»。", (40, 110)),
        ("両側大脳白質に«FLAIR高信号»が散在し、«Fazekas分類»grade {n:1,3}。«微小出血»をT2*で{n:2,9}か所{ari}。", "«慢性虚血性変化»、«微小出血»。", (50, 110)),
        ("{artery@b}に{n:2,9}mm大の«嚢状動脈瘤»{ari}。ブレブは[なし|あり]。", "{artery@b}«未破裂脳動脈瘤»。6～12か月後のMRAを。"),
        ("側脳室周囲に«卵円形»のT2高信号が{n:4,14}個、うち{n:1,3}個に造影効果。«Dawson's finger»様。", "«多発性硬化症»として矛盾しない（«McDonald診断基準2017»）。"),
        ("{side@c}円蓋部に{mmxmm@c}の硬膜に接する«腫瘤»、«dural tail sign»を伴う。", "{side@c}円蓋部«髄膜腫»（{mmxmm@c}）。«WHO分類2021» grade 1相当か。"),
        ("両側内頸動脈終末部の«狭窄»と基底核の«もやもや血管»{ari}。«鈴木分類»第{n:2,5}期。", "«もやもや病»。«SPECT»による血流評価を推奨。"),
        ("«海馬»は{side}優位に萎縮。«VSRAD» Zスコア {n:1,3}.{n:10,98}。«HDS-R» ‹{n:9,24}/30›と報告あり。", "«アルツハイマー型認知症»に矛盾しない«海馬萎縮»。", (60, 110)),
        ("«脳室拡大»（Evans index 0.{n:31,42}）、高位円蓋部脳溝の狭小化{ari}。«DESH»の所見。", "«特発性正常圧水頭症»（«iNPH»）疑い。", (60, 110)),
        ("{brain@d}に{mm@d}の«ring enhancement»を示す腫瘤、周囲に広範な«浮腫»{ari}。", "{brain@d}の«転移性脳腫瘍»（{mm@d}）を疑う。鑑別に«膠芽腫»、«脳膿瘍»。"),
        ("海馬・皮質の形態異常は[なし|{side}海馬にわずかな萎縮]。«くも膜嚢胞»（{mmxmm@h}）を{side@h}中頭蓋窩に認める。", "{side@h}中頭蓋窩«くも膜嚢胞»（{mmxmm@h}）。"),
        ("{side}小脳橋角部に{mm@e}の«腫瘤»、内耳道内へ伸展{ari}。", "«聴神経鞘腫»（{mm@e}）、«Koos分類»grade {n:1,4}。"),
    ]),
    "頭部CT": dict(mod="CT", neg="brain", tech=["頭部単純CT", "頭部CT(救急)", "頭部CT 非造影"], age=0, stories=[
        ("頭皮下に{mm@z}の«皮下血腫»、頭蓋内に異常吸収域{nashi}。骨条件で«骨折»線は指摘できない。", "«皮下血腫»（{mm@z}）のみ。«頭蓋内出血»なし。"),
        ("{side@a}前頭頭頂部に«三日月状»の低～等吸収域（最大厚{n:8,28}mm）を認め、«正中偏位»は{n:3,12}mm。", "{side@a}«慢性硬膜下血腫»。", (50, 110)),
        ("«鞍上部くも膜下腔»から左右«シルビウス裂»に高吸収{ari}。", "«くも膜下出血»（«Fisher分類»group {n:2,4}）。CTAをお願いします。", (25, 110)),
        ("{brain@b}に{mmxmm@b}の«高吸収域»、周囲に浮腫を伴う。推定血腫量約{n:4,40}mL。", "{brain@b}«脳出血»（約{mmxmm@b}）。", (35, 110)),
        ("{side@c}側頭骨に«線状骨折»を認め、直下に«急性硬膜外血腫»（厚さ{n:4,15}mm）。", "{side@c}«急性硬膜外血腫»、«側頭骨骨折»。"),
        ("早期虚血変化は{side@d}«島皮質»、«レンズ核»にみられ、«ASPECTS» ‹{n:5,9}/10›。", "{side@d}«中大脳動脈領域»の超急性期梗塞疑い。", (40, 110)),
        ("年齢相応の«脳萎縮»と«側脳室周囲低吸収»{ari}。基底核に«生理的石灰化»。{cmp}", "急性期異常所見なし。«慢性虚血性変化»（[軽度|中等度|高度]）。", (55, 110)),
    ]),
    "腰椎MRI": dict(mod="MR", neg="bone", tech=["腰椎単純MRI", "腰椎MRI(T1, T2, STIR)", "胸腰椎MRI"], age=18, stories=[
        ("‹{ldisc@a}›で«椎間板»が{side}後方へ突出し、{side}«神経根»を圧排する。", "‹{ldisc@a}›«椎間板ヘルニア»。"),
        ("«{vert@b}»椎体は楔状に変形し、«STIR高信号»{ari}。後壁の突出は{n:2,6}mm。", "«{vert@b}新鮮圧迫骨折»。[«骨粗鬆症»の評価を|外傷の有無をご確認ください]。", (50, 110)),
        ("‹{ldisc@c}›を中心に«黄色靱帯肥厚»と«椎間関節症»により«硬膜嚢»が狭小化（前後径{n:5,9}mm）。", "‹{ldisc@c}›の«腰部脊柱管狭窄症»。«Schizas分類»[A|B|C|D]相当。", (45, 110)),
        ("‹{ldisc@d}›の終板不整と椎間板の«T2高信号»、周囲«腸腰筋»に膿瘍（{mm}）{ari}。", "‹{ldisc@d}›«化膿性脊椎炎»、«腸腰筋膿瘍»。"),
        ("‹{ldisc@f}›に«すべり»（«Meyerding分類»grade {n:1,2}）。«Modic type {n:1,3}»の終板変化。", "‹{ldisc@f}›«変性すべり症»。", (40, 110)),
        ("«{vert@e}»椎体に境界明瞭なT1・T2高信号域（{mm}）を認め、脂肪抑制で信号低下する。", "«{vert@e}椎体血管腫»。"),
    ]),
    "頸椎MRI": dict(mod="MR", neg="bone", tech=["頸椎単純MRI", "頸椎MRI(T2*, STIR)"], age=18, stories=[
        ("‹{cdisc@a}›で«椎間板»が正中～{side}に突出し、«頸髄»を圧排する。", "‹{cdisc@a}›«椎間板ヘルニア»。"),
        ("C{n:2,3}～C{n:5,7}に連続する«後縦靱帯骨化»を認め、占拠率約{n:30,60}%。«髄内高信号»を伴う。", "«OPLL»、«圧迫性頸髄症»。", (40, 110)),
        ("‹{cdisc@c}›高位で«脊髄»は扁平化（前後径{n:4,8}mm）、髄内信号変化は[なし|あり]。", "‹{cdisc@c}›«頸椎症性脊髄症»。", (40, 110)),
        ("下位頸髄の前方移動が屈曲位で{ari}。硬膜外腔の拡大{n:3,8}mm。", "«平山病»として矛盾しない。", (15, 40)),
    ]),
    "膝MRI": dict(mod="MR", neg="bone", tech=["{side@k}膝関節MRI", "{side@k}膝MRI(PD-FS)"], age=12, stories=[
        ("«内側半月板»後節に«水平断裂»{ari}（‹Se {n:3,7}/Im {n:8,22}›）。関節液は[少量|中等量]。", "{side@k}«内側半月板損傷»。"),
        ("«前十字靱帯»は連続性を失い走行が水平化、外側大腿骨顆に«骨挫傷»。", "{side@k}«ACL断裂»、«Segond骨折»なし。", (10, 62)),
        ("«内側大腿脛骨関節»の軟骨は‹{n:1,2}/3›以上菲薄化、骨棘形成を伴い«Kellgren-Lawrence分類»grade {n:2,4}。", "{side@k}«変形性膝関節症»。", (45, 110)),
        ("膝窩に{mmxmm@q}の«Baker嚢胞»{ari}。", "{side@k}膝«Baker嚢胞»（{mmxmm@q}）。"),
        ("«脛骨粗面»の骨髄浮腫と«膝蓋腱»付着部の腫大{ari}。厚さ{n:5,9}mm。", "{side@k}«Osgood-Schlatter病»。", (8, 19)),
    ]),
    "前立腺MRI": dict(mod="MR", neg="pelvis", tech=["前立腺multiparametric MRI", "前立腺MRI(bpMRI)"], sex="M", age=50, stories=[
        ("«{side@a}辺縁域»中部に{n:7,22}mmのT2低信号、ADC 0.{n:55,89}×10⁻³mm²/s。«PI-RADS v2.1» カテゴリー{n:4,5@pr}。", "«{side@a}辺縁域»の«前立腺癌»疑い（«PI-RADS» {n:4,5@pr}）。"),
        ("前立腺容積は{n:32,98}mL。«移行域»に«過形成結節»（最大{mm}）[が多発する|{ari}]。", "«前立腺肥大»。[有意癌を疑う病変なし|明らかな有意癌なし|癌を積極的に疑う病変を認めず]（PI-RADS {n:1,2}）。"),
        ("«{side}精嚢»への浸潤{nashi}。«被膜»との接触長は{n:6,18}mm、«Gleason score ‹{n:3,4}+{n:3,5}›»と報告あり。", "«cT{n:2,3}a»相当。"),
    ]),
    "婦人科MRI": dict(mod="MR", neg="pelvis", tech=["骨盤部造影MRI", "骨盤単純MRI"], sex="F", age=20, stories=[
        ("子宮体部[前|後]壁に{mmxmm@a}の«筋腫»、内腔を圧排する（«FIGO分類»type {n:2,5}）。", "«子宮筋腫»（{mmxmm@a}）。", (20, 62)),
        ("{side@b}卵巣にT1高信号・«shading»を伴う{mm}の«嚢胞»{ari}。", "{side@b}«内膜症性嚢胞»。[悪性化を示唆する壁在結節なし|悪性化所見に乏しい]。", (20, 55)),
        ("«子宮内膜»は{n:14,32}mmに肥厚、«筋層浸潤»は‹1/2›未満。", "«子宮体癌» «FIGO 2023» IA期相当。"),
        ("頸部に{mm}のT2高信号腫瘤、«傍組織浸潤»は[{side}で疑う|明らかでない]。", "«子宮頸癌»«IB{n:1,3}期»疑い。"),
        ("{side@c}付属器に{mmxmm@c}の充実部を伴う嚢胞性腫瘤。«O-RADS MRI 2020» score {n:3,5}。", "{side@c}«卵巣腫瘍»、境界悪性以上を疑う。"),
    ]),
    "マンモグラフィ": dict(mod="MG", neg="breast", tech=["両側マンモグラフィ MLO/CC", "検診マンモグラフィ", "マンモグラフィ(トモシンセシス併用)"], sex="F", age=35, stories=[
        ("{breast@a}に«微細分枝状石灰化»{ari}（[区域性|集簇性|線状]分布、範囲{mm}）。", "{breast@a}«カテゴリー{n:4,5}»（«乳癌取扱い規約第18版»）。精査を。"),
        ("乳腺は[不均一高濃度|乳腺散在|脂肪性|極めて高濃度]。{breast@b}に«局所的非対称性陰影»（{mm}）。", "{breast@b}«FAD»、«カテゴリー3»。USをお願いします。"),
        ("{breast@c}に«スピキュラ»を伴う{mm@c}の«高濃度腫瘤»{ari}。", "{breast@c}«乳癌»疑い、«BI-RADS 第5版»«カテゴリー5»。"),
        ("«構築の乱れ»は{breast}の{n:1,2}方向で疑う。", "«カテゴリー4»。"),
    ]),
    "乳腺超音波": dict(mod="US", neg="breast", tech=["乳腺超音波検査", "乳腺エコー"], sex="F", age=18, stories=[
        ("{breast@a}（‹{n:1,12}:30›方向、乳頭から{n:2,6}cm）に{mmxmm@a}の«低エコー腫瘤»、縦横比(D/W) 0.{n:45,98}。«halo»[あり|なし]。", "{breast@a}«腫瘤»、«カテゴリー4»。"),
        ("{breast@b}に«境界明瞭平滑»な{mm@b}の腫瘤。後方エコー増強。", "{breast@b}«線維腺腫»（{mm@b}）疑い、«カテゴリー2»。"),
        ("両側に«嚢胞»が散在、最大{mm@c}。", "«乳腺症»、最大嚢胞{mm@c}。"),
    ]),
    "腹部超音波": dict(mod="US", neg="abd", tech=["腹部超音波検査", "腹部エコー(スクリーニング)"], age=4, stories=[
        ("肝«{hseg@a}»に{mm@a}の«高エコー腫瘤»、«chameleon sign»[陽性|陰性]。", "«肝血管腫»（{hseg@a}、{mm@a}）疑い。"),
        ("肝腎コントラスト陽性、«深部減衰»{ari}。脈管不明瞭化。", "«脂肪肝»（[軽度|中等度|高度]）。"),
        ("胆嚢に«ポリープ»{n:2,5}個、最大{n:3,9}mm。«コメットサイン»を伴う«壁肥厚»（{n:4,9}mm）。", "«胆嚢腺筋腫症»、«胆嚢ポリープ»。"),
        ("脾は{n:95,148}×{n:42,66}mm。«{side}腎»に{mm}の«腎嚢胞»。", "«腎嚢胞»。«脾腫»は[軽度|境界域|血液所見と併せてご判断を]。"),
        ("右下腹部に径{n:7,14}mmの«盲端を有する管腔構造»、«糞石»あり。", "«急性虫垂炎»疑い。"),
    ]),
    "甲状腺超音波": dict(mod="US", neg="breast", negs="頸部リンパ節腫大 微細高エコー 副甲状腺腫大 気管偏位".split(), tech=["甲状腺超音波検査", "頸部エコー"], age=15, stories=[
        ("甲状腺«{side@a}葉»に{mmxmm@a}の«低エコー結節»、«微細高エコー»を伴う。«TI-RADS» {n:4,5}。", "«{side@a}葉»«乳頭癌»疑い。«FNA»を推奨。"),
        ("甲状腺はびまん性に腫大、内部不均質（峡部{n:3,8}mm）。", "«橋本病»として矛盾しない。"),
        ("内部血流は著明に亢進（«thyroid inferno»）、容積{n:24,66}mL。", "«Basedow病»。"),
    ]),
    "胸部X線": dict(mod="CR", neg="chest", tech=["胸部X線 正面", "胸部単純写真 2方向", "胸部ポータブル"], age=1, stories=[
        ("{side@a}[上|中|下]肺野に«浸潤影»{ari}。«シルエットサイン»[陽性|陰性]。", "{side@a}«肺炎»疑い。"),
        ("CTR {n:48,66}%。«肺血管影»は[増強|正常]。両側CPA [sharp|dull]。", "«心拡大»。", (40, 110)),
        ("{side@b}[第{n:5,8}肋骨|鎖骨]に重なり{mm@b}の«結節影»{ari}。", "{side@b}«結節影»（{mm@b}）、CTでの精査を。", (35, 110)),
        ("{side@c}肺の虚脱（虚脱率約{n:15,60}%）{ari}。", "{side@c}«自然気胸»。"),
        ("«横隔膜»は平低化、«滴状心»。{cmp}", "«肺気腫»。", (50, 110)),
    ]),
    "股関節X線": dict(mod="CR", neg="bone", tech=["{side@k}股関節X線 2方向", "骨盤正面"], age=45, stories=[
        ("{side@k}«大腿骨頸部»に«骨折»{ari}。«Garden分類»stage {n:1,4}。", "{side@k}«大腿骨頸部骨折»。"),
        ("{side@k}«転子部»に骨折線、小転子骨片は{n:4,18}mm転位。«AO分類2018» 31A{n:1,3}。", "{side@k}«大腿骨転子部骨折»。"),
        ("{side@k}関節裂隙は‹1/{n:2,3}›以下に狭小化、«骨嚢胞»（{n:4,14}mm）と«骨棘»。", "{side@k}«変形性股関節症»。"),
        ("{side@k}«人工骨頭»のゆるみ{nashi}。周囲に{n:1,3}mmの«透亮線»。", "{side@k}«人工骨頭置換術後»。"),
    ]),
    "骨X線": dict(mod="CR", neg="bone", tech=["{side@k}手関節X線 2方向", "{side@k}前腕～手X線"], age=3, stories=[
        ("{side@k}«橈骨遠位端»に骨折線、背側転位は{n:3,18}度。", "{side@k}«Colles骨折»。"),
        ("{side@k}第{n:2,5}«中手骨»に«骨折»線、転位{n:1,4}mm。", "{side@k}«中手骨骨折»。"),
        ("{side@k}«舟状骨»に線状透亮像、幅{n:1,3}mm。", "{side@k}«舟状骨骨折»疑い。MRIを。"),
        ("{side@k}«橈骨»骨幹部に隆起性変化（約{n:5,15}度屈曲）。", "{side@k}«若木骨折»疑い。", (2, 14)),
    ]),
    "足関節X線": dict(mod="CR", neg="bone", tech=["{side@k}足関節X線 2方向", "{side@k}足部X線"], age=5, stories=[
        ("{side@k}外果に{n:2,6}mm転位した骨折、«Lauge-Hansen分類»SER {n:2,4}。", "{side@k}«足関節外果骨折»。"),
        ("{side@k}第{n:2,5}«中足骨»に«骨折»線、転位{n:1,4}mm。«Lisfranc関節»の適合性は[良好|保たれる]。", "{side@k}«中足骨骨折»。"),
        ("{side@k}«距骨滑車»内側に{n:4,12}mmの透亮像{ari}。", "{side@k}«離断性骨軟骨炎»疑い。"),
        ("{side@k}«踵骨»Böhler角{n:2,19}度と低下。", "{side@k}«踵骨骨折»。"),
    ]),
    "骨シンチ": dict(mod="NM", neg="nm", tech=["骨シンチグラフィ(99mTc-HMDP)", "全身骨シンチ"], age=30, stories=[
        ("{bone@a}、{bone@b}に«集積亢進»{ari}。", "{bone@a}ほか、«骨転移»疑い。«BSI» {n:0,4}.{n:10,98}%。"),
        ("{bone@e}に«線状集積»{ari}。外傷歴と合致する。", "{bone@e}«骨折»に伴う集積。"),
        ("«superscan»様に軸骨格の集積亢進、«腎描出»は不良。前回‹{n:2,9}/{n:10,24}›か所→今回多発。", "びまん性«骨髄転移»疑い。"),
        ("{side}膝・{side}肩に«変性»に伴う集積。L/B比 {n:1,3}.{n:10,98}。", "変性変化。«骨転移»を疑う集積なし。"),
        ("{bone@c}の集積は前回より[減弱|増強]。", "{bone@c}«骨転移»、治療効果[あり|乏しい]。"),
    ]),
    "FDG-PET/CT": dict(mod="NM", neg="nm", tech=["18F-FDG PET/CT", "FDG-PET/CT(全身)"], age=25, stories=[
        ("{lseg@a}の結節に«SUVmax {n:3,16}.{n:0,9}»の集積{ari}。{ln@a}リンパ節にも SUVmax {n:2,8}.{n:0,9}。", "{lseg@a}«肺癌»、{ln@a}«リンパ節転移»。"),
        ("{ln@b}、脾に多発する集積。«Deauville 5-point scale» score {n:2,5}。", "«悪性リンパ腫»（«Lugano分類2014»）、{ln@b}に[CMR|PMD]相当の集積。"),
        ("{colon@c}に限局性集積（SUVmax {n:5,18}.{n:0,9}、遅延相で{n:6,20}.{n:0,9}）。", "{colon@c}の«腺腫»ないし«癌»。内視鏡を。"),
        ("大動脈壁に沿った集積{ari}。", "«高安動脈炎»の活動性病変を疑う。"),
        ("両肺門・縦隔に左右対称性の集積（SUVmax {n:4,12}.{n:0,9}、«lambda sign»）。", "«サルコイドーシス»を疑う。"),
    ]),
    "心筋SPECT": dict(mod="NM", neg="nm", negs="肺野集積亢進 一過性内腔拡大 安静時集積低下 右室集積亢進".split(), tech=["心筋血流SPECT(99mTc-TF)", "負荷心筋SPECT(201TlCl)"], age=40, stories=[
        ("«下壁»から«後側壁»に負荷時«集積低下»、安静時«再分布»{ari}。SSS {n:4,18}、SDS {n:2,9}。EF {n:32,68}%。", "«RCA領域»の«誘発虚血»。"),
        ("«前壁中隔»に固定性«集積低下»、EF {n:24,48}%、EDV {n:110,240}mL。", "«LAD領域»の«心筋梗塞»、虚血の残存は[乏しい|疑う]。"),
        ("負荷時・安静時とも集積は均一。SSS {n:0,2}。EF {n:56,78}%（‹{n:40,60}/{n:100,120}›mL）。", "«誘発虚血»を示す所見なし。"),
    ]),
    "脳血流SPECT": dict(mod="NM", neg="nm", negs="後頭葉血流低下 小脳血流低下 基底核集積低下".split(), tech=["脳血流SPECT(123I-IMP)", "脳血流SPECT(99mTc-ECD)"], age=50, stories=[
        ("両側«後部帯状回»・«楔前部»の«血流低下»{ari}。eZIS severity {n:1,2}.{n:10,95}。", "«アルツハイマー病»パターン。"),
        ("両側«前頭葉»～«側頭葉前方»の血流低下（{side}優位、Zスコア{n:2,5}.{n:0,9}）。", "«前頭側頭型認知症»の可能性。"),
        ("{side@a}«MCA領域»の安静時血流は対側比{n:62,88}%、«血管反応性»も低下。", "{side@a}«血行力学的脳虚血» stage {n:1,2}。"),
    ]),
    "DATスキャン": dict(mod="NM", neg="nm", negs="頭蓋内異常集積 大脳皮質集積亢進".split(), tech=["DATスキャン(123I-イオフルパン)"], age=45, stories=[
        ("線条体集積は{side}優位に低下（SBR {n:1,3}.{n:10,95}/{n:1,3}.{n:10,95}）。", "«Parkinson症候群»を支持する。"),
        ("線条体集積は左右とも保たれる（SBR {n:5,8}.{n:10,95}/{n:5,8}.{n:10,95}）。", "«ドパミン神経»変性を示す所見なし。"),
    ]),
    "心臓CT": dict(mod="CT", neg="chest", negs="胸水 心嚢水 左心耳血栓 冠動脈起始異常".split(), tech=["冠動脈CT(心電図同期)", "心臓CT"], age=35, stories=[
        ("LAD «{coro@a}»に«混合性プラーク»による{n:50,90}%狭窄{ari}。«Agatston score» {n:12,980}。", "«{coro@a}»有意«狭窄»（«CAD-RADS 2.0» {n:3,4}A）。"),
        ("RCA «{coro@b}»に«石灰化プラーク»、狭窄は{n:25,49}%未満。", "有意狭窄なし（«CAD-RADS 2.0» 2）。"),
        ("«ステント»内（«{coro@c}»、径{n:25,35}mm/10）は開存。", "«{coro@c}»ステント内再狭窄なし。"),
    ]),
}

EN = [  # findings, impression, the Japanese of both
    ("There is a {n:4,28@e} mm «[spiculated|part-solid|ground-glass]» «nodule» in the «[right upper|right lower|left upper|left lower] lobe».", "Suspicious «nodule», {n:4,28@e} mm; management per «Fleischner 2017».", "肺に{n:4,28@e}mmの«結節»あり、«Fleischner 2017»に準じて経過観察。"),
    ("A {n:11,60@f} x {n:10,58} mm «enhancing mass» is present in «segment {n:2,8@g}» of the liver with «washout».", "«LR-5» observation, {n:11,60@f} mm (LI-RADS v2018).", "肝«S{n:2,8@g}»に{n:11,60@f}mmの«肝細胞癌»を疑う腫瘤。"),
    ("«Restricted diffusion» in the [left|right] «corona radiata» measuring {n:6,20@h} mm.", "Acute «lacunar infarct» ({n:6,20@h} mm).", "放線冠に{n:6,20@h}mmの«ラクナ梗塞»（急性期）。"),
    ("«Disc protrusion» at ‹L4/5› abuts the traversing «nerve root» ({n:3,8} mm).", "[Mild|Moderate|Severe] «spinal canal stenosis» at ‹L4/5›.", "‹L4/5›«椎間板突出»と«脊柱管狭窄»。"),
    ("The appendix measures {n:8,15@i} mm with «periappendiceal fat stranding».", "«Acute appendicitis» without [perforation|abscess].", "虫垂径{n:8,15@i}mm、«急性虫垂炎»（穿孔なし）。"),
    ("Small «bilateral pleural effusions» with «interlobular septal thickening»; CTR {n:52,66}%.", "Findings [compatible with|suggestive of] «congestive heart failure».", "«両側胸水»、«うっ血性心不全»。"),
    ("The «[right|left] kidney» contains a {n:12,60@j} mm cyst, «Bosniak» class {n:1,2@k}.", "«Renal cyst» (class {n:1,2@k}), no follow-up needed.", "«腎嚢胞»{n:12,60@j}mm、«Bosniak»分類{n:1,2@k}。"),
    ("«Infrarenal abdominal aortic aneurysm», {n:33,57@l} mm in maximal short axis.", "«AAA» ({n:33,57@l} mm), recommend surveillance in {n:6,12} months.", "腎動脈下«腹部大動脈瘤»、短径{n:33,57@l}mm。"),
    ("«Compression fracture» of L{n:1,4@m} with STIR hyperintensity and {n:15,60}% height loss.", "Acute «osteoporotic fracture», L{n:1,4@m}.", "L{n:1,4@m}«新鮮圧迫骨折»。"),
    ("There is a «{n:4,9@o}-mm saccular aneurysm» at the «anterior communicating artery».", "Unruptured «aneurysm», {n:4,9@o} mm.", "«前交通動脈瘤»{n:4,9@o}mm（未破裂）。"),
    ("«Rotator cuff tear» of the supraspinatus, {n:6,24@p} mm in AP dimension.", "Full-thickness «supraspinatus tear» ({n:6,24@p} mm).", "«棘上筋腱断裂»（前後径{n:6,24@p}mm）。"),
    ("«Gallstones» up to {n:5,22@q} mm; wall thickness {n:2,4} mm.", "«Cholelithiasis» without «cholecystitis».", "«胆石»（最大{n:5,22@q}mm）、«胆嚢炎»なし。"),
]
EN_NEG = ["The «[spleen|pancreas]» is normal in size ({n:6,12} cm).", "No «free air» or «ascites».", "«Aorta» measures {n:18,29} mm.", "Degenerative changes at ‹L{n:2,4}/{n:5,5}›.", "«Portal vein» is patent, {n:8,14} mm.", "Image ‹{n:10,90}/{n:100,240}› of series {n:2,6} reviewed.",
          "No «pleural effusion» or «pneumothorax».", "No «lymphadenopathy» by size criteria.", "No acute «intracranial hemorrhage».", "The «gallbladder» is unremarkable.",
          "No evidence of «osseous metastasis».", "The «adrenal glands» are normal.", "Visualized «thyroid» is unremarkable."]


# ----------------------------------------------------------------------------------------------------------------
# One report: values that agree with one another, and the template expander
# ----------------------------------------------------------------------------------------------------------------

def mark(kind, text):
    return f"{OPEN}{kind}{MID}{text}{CLOSE}"


class Person:
    def __init__(self, rng, sex=None, age=50, nation=None):
        self.sex = sex or rng.choice("MF")
        self.nation = nation
        if nation:
            families, men, women = FOREIGN[nation]
            self.family = rng.choice(_foreign_pairs(families))
            self.given = rng.choice(_foreign_pairs(men if self.sex == "M" else women))
            self.kanji = (self.family[2] + self.given[2]) if self.family[2] and self.given[2] else ""
            self.sur, self.giv = (self.family[2], self.given[2]) if self.kanji else (self.family[1], self.given[1])
            self.sur_kana, self.giv_kana = self.family[1], self.given[1]
            self.sur_rom, self.giv_rom = self.family[0].title(), self.given[0].title()
            self.latin_only = not self.kanji and rng.random() < 0.35
            if self.latin_only:
                self.sur, self.giv = self.family[0], self.given[0]
        else:
            band = "old" if age >= 62 else ("mid" if age >= 26 else "new")
            self.sur, self.sur_kana = rng.choice(SUR)
            self.giv, self.giv_kana = rng.choice(GIVEN[self.sex, band])
            self.sur_rom, self.giv_rom = romaji(self.sur_kana).capitalize(), romaji(self.giv_kana).capitalize()
            self.kanji, self.latin_only = self.sur + self.giv, False

    def full(self, sep):
        if self.nation and not self.kanji:
            return f"{self.sur} {self.giv}" if sep in ("", " ") else f"{self.sur}{sep}{self.giv}"
        return self.sur + sep + self.giv

    def kana(self, sep=" "):
        return self.sur_kana + sep + self.giv_kana

    def short(self):
        """Return what colleagues write for the person: the family name."""
        return self.sur


class Hospital:
    def __init__(self, rng):
        self.place, self.roman = invented_place(rng)
        owner = rng.choice([pair[0] for pair in SUR if len(pair[0]) < 4])
        corp, place = rng.choice(CORPS), self.place
        clinic = rng.choice("整形外科 内科医院 胃腸科外科 クリニック 脳神経外科クリニック 産婦人科医院 泌尿器科 医院".split())
        self.full, shorts, self.clinic = rng.choice([
            (f"市立{place}病院", [f"{place}市立", f"{place}市病"], False),
            (f"{place}市民病院", [f"{place}市民", f"{place}市病院"], False),
            (f"{place}町国民健康保険病院", [f"{place}国保", f"{place}町病院"], False),
            (f"{place}町国保診療所", [f"{place}診療所", f"{place}診"], False),
            (f"社会医療法人{corp} {place}記念病院", [f"{place}記念", f"{place}HP"], False),
            (f"医療法人{corp}{owner}{clinic}", [owner + clinic[:2], f"{owner}CL"], True),
            (f"{owner}{clinic}", [f"{owner}{clinic[:2]}", f"{owner}Cl."], True),
            (f"JA{place}厚生連 {place}総合病院", [f"{place}厚生連", f"{place}総合"], False),
            (f"{place}赤十字病院", [f"{place}日赤", f"{place}赤十字"], False),
            (f"独立行政法人国立病院機構{place}医療センター", [f"NHO{place}", f"{place}医療C", f"{place}MC"], False),
            (f"{place}医科大学附属病院", [f"{place}医大", f"{place}医大Hp"], False),
            (f"県立{place}病院", [f"県立{place}", f"{place}県病"], False),
            (f"{place}中央病院", [f"{place}中央", f"{place}中央HP"], False),
            (f"済生会{place}病院", [f"済生会{place}", f"{place}済生会"], False),
            (f"{place}労災病院", [f"{place}労災"], False),
        ])
        self.shorts = shorts
        self.domain = self.roman + rng.choice(["-hp.jp", "-hosp.or.jp", "-med.ac.jp", "-mc.jp", "hp.example.jp"])


class Report:
    def __init__(self, rng, kind):
        self.rng, self.kind = rng, kind
        self.memo, self.people, self.hospitals, self.dates = {}, {}, {}, {}
        self.exam_day = dt.date(2018, 4, 2) + dt.timedelta(days=rng.randrange(2800))
        self.exam_name = rng.choice(list(EXAMS))
        self.choose_patient()
        self.style = rng.choice(["da", "masu", "tai"])
        self.sep = rng.choices(["", " ", "　"], [4, 4, 3])[0]
        self.date_style = rng.choice(["slash", "slash", "dash", "dot", "kanji", "kanji", "reiwa", "R"])
        self.post = []

    def choose_patient(self, nation=None, sex=None, age=None):
        rng, exam = self.rng, EXAMS[self.exam_name]
        if nation is None and rng.random() < (0.10 if self.kind == "hostile" else 0.03):
            nation = rng.choice(list(FOREIGN))
        if age is None:
            low = exam["age"]
            top = exam.get("top") or (86 if exam["mod"] in ("MG", "NM") or self.exam_name in ("前立腺MRI", "婦人科MRI", "心臓CT", "膝MRI") else 101)
            old = top > 90 and rng.random() < (0.26 if self.kind == "hostile" else 0.08)
            age = rng.randint(90, 101) if old else int(rng.triangular(low, min(top, 89), max(low + 1, 72)))
            if nation:
                age = max(low, rng.randint(19, 58))
        sex = sex or exam.get("sex") or rng.choice("MF")
        self.age, self.sex = age, sex
        self.birth_day = self.exam_day - dt.timedelta(days=int(age * 365.25) + rng.randint(10, 340))
        self.age = self.exam_day.year - self.birth_day.year - ((self.exam_day.month, self.exam_day.day) < (self.birth_day.month, self.birth_day.day))
        self.patient = self.people["P"] = Person(rng, sex, age, nation)
        shape = rng.randrange(6)
        self.pid = ["%08d" % rng.randrange(10 ** 5, 10 ** 8), "%07d" % rng.randrange(10 ** 4, 10 ** 7), "%d-%d" % (rng.randrange(10 ** 5, 10 ** 6), rng.randrange(10)),
                    "%010d" % rng.randrange(10 ** 7), rng.choice("KTNHS") + "%06d" % rng.randrange(10 ** 6), "%d" % rng.randrange(10 ** 5, 10 ** 6)][shape]
        stamp = self.exam_day.strftime("%Y%m%d")
        self.acc = [stamp + "%04d" % rng.randrange(1, 400), stamp + "-%03d" % rng.randrange(1, 300), "CT" + stamp[2:] + "%04d" % rng.randrange(999),
                    "A%09d" % rng.randrange(10 ** 8), "%08d" % rng.randrange(10 ** 7, 10 ** 8), "RD-%05d" % rng.randrange(10 ** 5)][rng.randrange(6)]

    # --- people and places -----------------------------------------------------------------------------------

    def person(self, role, age=None, sex=None):
        if role not in self.people:
            self.people[role] = Person(self.rng, sex, age or self.rng.randint(27, 61))
        return self.people[role]

    def hospital(self, role):
        if role not in self.hospitals:
            hospital = Hospital(self.rng)
            if role == "cl":
                while not hospital.clinic and "診療所" not in hospital.full:
                    hospital = Hospital(self.rng)
            if role == "rc":
                hospital.full, hospital.shorts = f"{hospital.place}遠隔読影センター", [f"{hospital.place}読影C", f"{hospital.place}読影"]
            if role == "isl":
                hospital.full, hospital.shorts = self.pick((f"{hospital.place}町国保診療所", [f"{hospital.place}診療所"]), (f"国保{hospital.place}島診療所", [f"{hospital.place}島診"]), (f"{hospital.place}村立診療所", [f"{hospital.place}村診"]))
            if role == "own":
                while hospital.clinic:
                    hospital = Hospital(self.rng)
            self.hospitals[role] = hospital
        return self.hospitals[role]

    def chance(self, share):
        return self.rng.random() < share

    def pick(self, *options):
        return self.rng.choice(options)

    # --- the expander ----------------------------------------------------------------------------------------

    def x(self, template):
        """Return the template with choices, slots and marks filled in."""
        while True:
            match = re.search(r"\[([^\[\]]*\|[^\[\]]*)\]", template)
            if not match:
                break
            template = template[:match.start()] + self.rng.choice(match.group(1).split("|")) + template[match.end():]
        template = re.sub(r"\{([A-Za-z_0-9]+)(?::([^{}@]*))?(?:@(\w+))?\}", self._slot, template)
        template = template.replace("«", OPEN + "clinical" + MID).replace("‹", OPEN + "not_date" + MID)
        return template.replace("»", CLOSE).replace("›", CLOSE)

    def _slot(self, match):
        name, arg, key = match.groups()
        if key is not None and (name, key) in self.memo:
            return self.memo[name, key]
        method = getattr(self, "s_" + name, None)
        value = method(arg) if method else self.x(self.rng.choice(V[name]))
        if key is not None:
            self.memo[name, key] = value
        return value

    # --- clinical slots --------------------------------------------------------------------------------------

    def s_n(self, arg):
        low, high = arg.split(",")
        return str(self.rng.randint(int(low), int(high)))

    def s_mm(self, _):
        size = self.rng.randint(4, 46)
        return self.pick(f"{size}mm", f"{size} mm", f"{size}mm", f"{size}㎜", f"{size}.{self.rng.randint(1, 9)}mm")

    def s_mmxmm(self, _):
        a, b = sorted((self.rng.randint(6, 62), self.rng.randint(5, 55)), reverse=True)
        return self.pick(f"{a}×{b}mm", f"{a} x {b} mm", f"{a}×{b}×{self.rng.randint(4, 50)}mm", f"{a / 10}×{b / 10}cm")

    def s_ari(self, _):
        return self.pick(*{"da": ["を認める", "がみられる", "を指摘できる"], "masu": ["を認めます", "がみられます", "が認められます"], "tai": ["を認む", "あり", "(+)"]}[self.style])

    def s_nashi(self, _):
        return self.pick(*{"da": ["を認めない", "は指摘できない", "はみられない"], "masu": ["は認めません", "は指摘できません", "はみられません"], "tai": ["なし", "認めず", "(-)"]}[self.style])

    def s_cmp(self, _):
        if self.chance(0.45):
            return ""
        return self.x(self.pick("前回（{D:prior}）と比較し[著変なし|軽度増大|わずかに縮小]。", "{D:prior}の前回検査と[著変ありません|ほぼ同様]。", "過去画像（‹Im {n:12,99}/{n:100,280}›）と比較。",
                                "{D:prior}と[比較して不変|対比、明らかな変化なし]。", "比較：{D:prior}、{D:prior2}。"))

    # --- identifier slots ------------------------------------------------------------------------------------

    def s_P(self, _):
        return mark("patient_name", self.patient.full(self.sep))

    def s_Pold(self, _):  # older character of the same name
        person = self.patient
        return mark("patient_name", VARIANTS.get(person.sur, person.sur) + self.sep + person.giv)

    def s_Ps(self, _):
        return mark("patient_name", self.patient.sur)

    def s_Pg(self, _):
        return mark("patient_name", self.patient.giv)

    def s_Pk(self, _):
        return mark("patient_name", self.patient.kana(self.pick(" ", "　")))

    def s_Ph(self, _):
        return mark("patient_name", half_kana(self.patient.kana()))

    def s_Phira(self, _):
        return mark("patient_name", hiragana(self.patient.kana()))

    def s_Pr(self, _):
        p = self.patient
        return mark("patient_name", self.pick(f"{p.sur_rom.upper()} {p.giv_rom.upper()}", f"{p.giv_rom} {p.sur_rom}", f"{p.sur_rom.upper()}, {p.giv_rom}", f"{p.sur_rom.upper()}^{p.giv_rom.upper()}"))

    def s_Pbr(self, _):  # a line break inside the name
        return mark("patient_name", self.patient.sur + self.pick("\n", "\n　", " \n") + self.patient.giv)

    def s_Psp(self, _):  # letters set apart
        return mark("patient_name", " ".join(self.patient.full("").replace(" ", "")))

    def s_Pini(self, _):
        p = self.patient
        return mark("patient_name", f"{p.sur_rom[0]}.{p.giv_rom[0]}.")

    def s_st(self, role):
        p = self.person(role)
        return mark("staff_name", p.sur if self.chance(0.6) else p.full(self.sep))

    def s_sts(self, role):
        return mark("staff_name", self.person(role).sur)

    def s_stf(self, role):
        return mark("staff_name", self.person(role).full(self.sep))

    def s_stsp(self, role):
        return mark("staff_name", " ".join(self.person(role).full("")))

    def s_stk(self, role):
        return mark("staff_name", self.person(role).sur_kana)

    def s_stkf(self, role):
        return mark("staff_name", self.person(role).kana(self.pick(" ", "　", "")))

    def s_stbr(self, role):
        return mark("staff_name", self.person(role).sur + "\n" + self.person(role).giv)

    def s_str(self, role):
        p = self.person(role)
        return mark("staff_name", self.pick(f"{p.giv_rom} {p.sur_rom}", f"{p.giv_rom[0]}. {p.sur_rom}", f"{p.sur_rom}", f"{p.sur_rom} {p.giv_rom[0]}", f"{p.sur_rom.upper()} {p.giv_rom}"))

    def s_stfor(self, role):
        if role not in self.people:
            self.people[role] = Person(self.rng, nation=self.pick("韓国", "米国", "フィリピン", "中国", "ネパール"))
        p = self.people[role]
        return mark("staff_name", self.pick(p.sur_kana, f"{p.giv_rom} {p.sur_rom}", p.sur_rom))

    def _kin(self, word):
        if word not in self.people:
            female = any(part in word for part in "妻女母姉妹嫁姪娘")
            shift = {"母": 26, "父": 28, "祖": 50, "長": -27, "次": -30, "二": -30, "孫": -52, "娘": -27, "息": -27, "嫁": -26, "姪": -25, "甥": -25}
            years = self.age + next((value for part, value in shift.items() if part in word), self.rng.randint(-4, 4))
            person = Person(self.rng, "F" if female else "M", max(2, years), self.patient.nation)
            if self.chance(0.8) or word in ("妻", "夫"):
                for name in ("sur", "sur_kana", "sur_rom", "kanji"):
                    setattr(person, name, getattr(self.patient, name))
                if self.patient.latin_only and not person.latin_only:
                    person.giv = person.given[0]
                if not self.patient.latin_only and person.latin_only:
                    person.giv = person.given[1]
            self.people[word] = person
        return self.people[word]

    def kin_word(self, key):
        if ("kin", key) not in self.memo:
            spouse = "妻" if self.sex == "M" else "夫"
            if key == "spouse":
                word = spouse if self.age > 27 else "母"
            elif key == "child":
                word = self.pick("長男", "長女", "次男", "次女", "二女", "三男", "息子", "娘") if self.age > 48 else (spouse if self.age > 30 else self.pick("父", "母"))
            else:
                word = self.pick("弟", "妹", "兄", "姉", "甥", "姪", "義妹") if self.age > 30 else self.pick("祖母", "祖父", "姉", "弟")
            self.memo["kin", key] = word
        return self.memo["kin", key]

    def s_kw(self, key):
        return self.kin_word(key)

    def s_kn(self, key):
        return self.s_kg(self.kin_word(key))

    def s_kfn(self, key):
        return self.s_kf(self.kin_word(key))

    def s_kwn(self, key):  # word and given name
        return self.kin_word(key) + self.pick("", "の", " ", "・", "　") + self.s_kg(self.kin_word(key))

    def s_kg(self, word):  # given name alone
        return mark("relative_name", self._kin(word).giv)

    def s_kf(self, word):
        return mark("relative_name", self._kin(word).full(self.sep))

    def s_kk(self, word):
        return mark("relative_name", self._kin(word).giv_kana)

    def s_op(self, role):
        p = self.person("op" + role)
        return mark("other_person", p.sur if self.chance(0.5) else p.full(self.sep))

    def s_ops(self, role):
        return mark("other_person", self.person("op" + role).sur)

    def s_opf(self, role):
        return mark("other_person", self.person("op" + role).full(self.sep))

    def s_pid(self, _):
        return mark("patient_id", self.pid)

    def s_pidsp(self, _):
        digits = self.pid.replace("-", "")
        width = self.pick(2, 3, 4)
        return mark("patient_id", self.pick(" ", " ", "-", "　").join(digits[i:i + width] for i in range(0, len(digits), width)))

    def s_pid2(self, _):
        return mark("patient_id", "%08d" % self.rng.randrange(10 ** 5, 10 ** 8))

    def s_acc(self, _):
        return mark("accession", self.acc)

    def s_tel(self, key):
        if ("tel", key) not in self.memo:
            rng = self.rng
            area, rest = rng.choice([("019", 3), ("018", 3), ("022", 3), ("0197", 2), ("0193", 2), ("0178", 2), ("099", 3), ("0985", 2), ("0952", 2), ("0994", 2), ("098", 3), ("096", 3), ("03", 4)])
            mid = "".join(str(rng.randint(2, 9)) for _ in range(rest))
            last = "%04d" % rng.randrange(10000)
            self.memo["tel", key] = rng.choice([f"{area}-{mid}-{last}", f"({area}){mid}-{last}", f"{area}({mid}){last}", f"{area}－{mid}－{last}", f"{area}.{mid}.{last}", f"{area}{mid}{last}"])
        return mark("phone", self.memo["tel", key])

    def s_mob(self, key):
        if ("mob", key) not in self.memo:
            a, b, c = self.pick("090", "080", "070"), self.rng.randint(1000, 9999), self.rng.randint(0, 9999)
            self.memo["mob", key] = self.pick(f"{a}-{b}-{c:04d}", f"{a}{b}{c:04d}", f"{a} {b} {c:04d}", f"+81-{a[1:]}-{b}-{c:04d}")
        return mark("phone", self.memo["mob", key])

    def s_phs(self, _):
        return mark("phone", str(self.rng.randint(2001, 8999)))

    def s_mail(self, role):
        p, host = self.person(role), self.hospital("own")
        domain = host.domain
        return mark("email", re.sub(r"[' ]", "", self.pick(f"{p.giv_rom}.{p.sur_rom}", f"{p.giv_rom[0]}-{p.sur_rom}", f"{p.sur_rom}{self.rng.randint(1, 99)}", f"rad.{p.sur_rom}")).lower() + "@" + domain)

    def s_dept(self, _):
        return mark("email", self.pick("renkei", "houshasen", "rad-info", "chiiki", "gazo") + "@" + self.hospital("own").domain)

    def s_login(self, role):
        p = self.person(role)
        return mark("login", re.sub(r"[' ]", "", self.pick(f"{p.giv_rom[0]}{p.sur_rom}", f"rad_{p.sur_rom}", f"{p.sur_rom}{self.rng.randint(1, 9):02d}", f"{p.giv_rom[0]}-{p.sur_rom}", f"{p.sur_rom[:3]}{p.giv_rom[:2]}{self.rng.randint(1, 9)}",
                                           f"u{self.rng.randint(10000, 99999)}", f"d{self.rng.randint(1000, 9999)}", f"RT{self.rng.randint(100, 999)}")).lower() if not self.chance(0.1) else f"STAFF{self.rng.randint(100, 999)}")

    def s_url(self, _):
        host = self.hospital("own").domain
        return mark("url", self.pick(f"https://pacs.{host}/viewer?pid={self.pid}&acc={self.acc}", f"http://10.{self.rng.randint(1, 60)}.{self.rng.randint(0, 9)}.{self.rng.randint(2, 250)}/ris/report/{self.acc}",
                                     f"https://{host}/renkei/{self.rng.randint(10000, 99999)}", f"\\\\nas-{self.hospital('own').roman}\\cd_import\\{self.pid}"))

    def s_addr(self, role):
        if ("addr", role) not in self.memo:
            rng = self.rng
            town = invented_place(rng)[0]
            village = invented_place(rng)[0]
            number = rng.choice([f"{rng.randint(1, 40)}番地{rng.randint(1, 9)}", f"{rng.randint(1, 8)}-{rng.randint(1, 30)}-{rng.randint(1, 20)}", f"{rng.randint(100, 3900)}",
                                 f"{rng.randint(1, 6)}丁目{rng.randint(1, 20)}番{rng.randint(1, 20)}号"])
            pref = rng.choice(PREFS)
            if pref == "岩手県" and rng.random() < 0.6:
                number = f"第{rng.randint(2, 60)}地割{rng.randint(1, 99)}番地"
            body = pref + rng.choice([f"{town}市", f"{town}町", f"{town}郡{village}村", f"{town}市"]) + rng.choice(["", "大字", "字"]) + village + number
            if rng.random() < 0.25:
                body += rng.choice([" コーポ", " 市営住宅", "　ハイツ"]) + village + f"{rng.randint(101, 405)}"
            if rng.random() < 0.4:
                body = f"〒{rng.randint(10, 999):03d}-{rng.randint(0, 9999):04d} " + body
            self.memo["addr", role] = body
        return mark("address", self.memo["addr", role])

    def s_addrtown(self, _):
        town = invented_place(self.rng)[0]
        return mark("address", town + self.pick("市", "町", "村", "地区", "島"))

    def s_h(self, role):
        return mark("hospital", self.hospital(role).full)

    def s_hs(self, role):
        hospital = self.hospital(role)
        key = ("short", role)
        self.memo.setdefault(key, self.rng.choice(hospital.shorts))
        return mark("hospital_short", self.memo[key])

    def s_ward(self, _):
        f = self.rng.randint(2, 9)
        return mark("ward", self.pick(f"{f}階東病棟", f"{f}西病棟", f"{f}E病棟", f"東{f}病棟", f"{f}南", f"{f}-B病棟", f"第{'一二三四五'[f % 5]}病棟", f"{f}Ｗ", f"{f}F西病棟", f"西{f}", f"{f}病棟", f"南館{f}階", f"新館{f}F", f"{f}東", f"Ｃ{f}病棟", f"緩和ケア{f}階病棟", f"{f}階A病棟"))

    def s_room(self, _):
        f, r = self.rng.randint(2, 8), self.rng.randint(1, 28)
        bed = self.rng.randint(1, 4)
        return self.pick(mark("room", f"{f}{r:02d}号室"), mark("room", f"{f}{r:02d}号"), mark("room", f"{f}{r:02d}-{bed}"), mark("room", f"{f}{r:02d}号室{'ABCD'[bed - 1]}"), mark("room", f"{f}{r:02d}室") + " 窓側", "個室" + mark("room", f"{f}{r:02d}"), mark("room", f"{f}{r:02d}号室") + "ベッド2")

    def s_emp(self, _):
        word = invented_place(self.rng)[0]
        owner = self.rng.choice(SUR)[0]
        return mark("employer", self.pick(f"{word}精機(株)", f"株式会社{word}建設", f"㈱{owner}工務店", f"{word}町役場", f"JA{word}", f"{word}漁業協同組合", f"有限会社{owner}水産", f"{word}鉱業所", f"{word}タクシー", f"{owner}石材店",
                                          f"{word}電子工業株式会社", f"{word}森林組合", f"特別養護老人ホーム{word}荘", f"{word}運輸倉庫", f"{word}造船"))

    def s_sch(self, _):
        word = invented_place(self.rng)[0]
        grade = ["小学校", "小", "第二小学校"] if self.age < 13 else (["中学校", "第一中学校", "中"] if self.age < 16 else ["高校", "工業高等学校", "高等学校"] if self.age < 19 else ["大学", "看護専門学校", "日本語学院"])
        if self.age < 7:
            grade = ["保育園", "幼稚園", "こども園"]
        return mark("school", word + self.rng.choice(grade))

    def s_ins(self, shape):  # payer 8 or 6 digits, care insurance 10, labour insurance 14
        r = self.rng
        return mark("insurer_number", {None: r.choice(["%08d" % r.randrange(1000000, 49999999), "%06d" % r.randrange(10000, 479999)]), "care": "%010d" % r.randrange(10 ** 9),
                                       "labour": "%02d-%d-%02d-%06d-000" % (r.randint(1, 47), r.choice([1, 3]), r.randint(1, 12), r.randrange(10 ** 6))}[shape])

    def s_insn(self, _):
        return mark("insurer_number", self.pick("%d" % self.rng.randrange(10, 99999), "%s%d" % (self.pick("あ", "きの", "岩", "0"), self.rng.randrange(10, 9999))))

    def s_age(self, _):
        if self.age <= 89:
            return self.pick(f"{self.age}歳", f"{self.age}歳", f"{self.age}才", f"{self.age} 歳")
        number = mark("age_over_89", self.pick(str(self.age), str(self.age), full_digits(str(self.age))))
        return self.pick("", "", "", "満") + number + self.pick("歳", "歳", "才", " 歳")

    def s_ageen(self, _):
        number = mark("age_over_89", str(self.age)) if self.age > 89 else str(self.age)
        return number + self.pick("-year-old", " y/o", "yo", " y.o.")

    def s_sexj(self, _):
        return {"M": self.pick("男性", "男"), "F": self.pick("女性", "女")}[self.sex]

    def s_sexm(self, _):
        return {"M": self.pick("M", "男"), "F": self.pick("F", "女")}[self.sex]

    def s_he(self, _):
        return {"M": "He", "F": "She"}[self.sex]

    # --- dates -----------------------------------------------------------------------------------------------

    def day(self, role):
        if role not in self.dates:
            back = {"exam": 0, "birth": None, "report": -self.rng.randint(0, 2), "prior": self.rng.randint(20, 420), "prior2": self.rng.randint(430, 1400), "old": self.rng.randint(2500, 14000),
                    "next": -self.rng.randint(7, 120), "onset": self.rng.randint(2, 40), "recent": self.rng.randint(1, 9)}.get(role, self.rng.randint(3, 900))
            day = self.birth_day if role == "birth" else self.exam_day - dt.timedelta(days=back)
            if role in ("old", "prior2"):
                day = max(day, self.birth_day + dt.timedelta(days=int(365.25 * min(32, self.age * 0.6))))
            self.dates[role] = day if role == "birth" or back <= 0 else min(max(day, self.birth_day + dt.timedelta(days=20)), self.exam_day)
        return self.dates[role]

    def s_D(self, role):
        day = self.day(role)
        kind = {"exam": "exam_date", "birth": "birth_date"}.get(role, "other_date")
        style = self.date_style if self.chance(0.7) else self.pick("slash", "dash", "dot", "kanji", "reiwa", "R", "Rslash", "short", "shortk")
        if role not in ("onset", "recent", "next", "report") and style.startswith("short"):
            style = "slash"
        if role in ("birth", "old") and style == "dot":
            return mark(kind, f"{day.year}.{day.month}.{day.day}")
        return mark(kind, write_date(day, style, self.rng)) + (f"（{'月火水木金土日'[day.weekday()]}）" if style in ("kanji", "slash", "short") and role != "birth" and self.chance(0.12) else "")

    def s_Ds(self, role):  # month and day only
        return mark({"exam": "exam_date"}.get(role, "other_date"), write_date(self.day(role), self.pick("short", "shortk"), self.rng))

    def s_Dera(self, role):
        return mark({"exam": "exam_date", "birth": "birth_date"}.get(role, "other_date"), write_date(self.day(role), self.pick("reiwa", "R", "Rslash", "Rdash"), self.rng))

    def s_Den(self, role):
        return mark({"exam": "exam_date", "birth": "birth_date"}.get(role, "other_date"), write_date(self.day(role), "en", self.rng))

    def s_Dym(self, role):
        day = self.day(role)
        return mark("other_date", self.pick(f"{day.year}年{day.month}月", f"{day.year}/{day.month}", era(day)[0] + f"{era(day)[2]}年{day.month}月"))

    def s_hmn(self, _):  # later than the time before
        minutes = self.memo.get("clock", self.rng.randint(480, 1000)) + self.rng.randint(2, 55)
        self.memo["clock"] = minutes
        return f"{minutes // 60}:{minutes % 60:02d}"

    def s_hm(self, _):
        return f"{self.rng.randint(7, 21)}:{self.rng.randint(0, 59):02d}"

    # --- prose -----------------------------------------------------------------------------------------------

    def stories(self, count):
        """Return stories not yet told in this report and fit for the age."""
        told = self.memo.setdefault("told", [])
        fit = [story for story in EXAMS[self.exam_name]["stories"] if len(story) < 3 or story[2][0] <= self.age <= story[2][1]]
        fresh = [story for story in fit if story not in told] or fit or EXAMS[self.exam_name]["stories"]
        chosen = self.rng.sample(fresh, min(count, len(fresh)))
        told.extend(chosen)
        return [story[:2] for story in chosen]

    def negatives(self):
        exam = EXAMS[self.exam_name]
        told = str(self.memo.get("told", ""))
        used = self.memo.setdefault("negated", [])
        words = [word for word in exam.get("negs") or NEG[exam["neg"]] if word not in used and not (word == "付属器腫瘤" and self.sex == "M")
                 and not any(key in word and re.search(pattern, told) for key, pattern in CORE.items())]
        if not words:
            return self.x(self.pick("その他、撮影範囲に特記すべき所見{nashi}。", "ほかに明らかな異常{nashi}。", "他に有意所見なし。"))
        chosen = self.rng.sample(words, min(len(words), self.rng.randint(1, 4)))
        used.extend(chosen)
        joined = self.pick("、", "・", "，").join(f"«{word}»" for word in chosen)
        return self.x(joined + "{nashi}。")

    def extra(self):
        """Return one aside: an incidental finding, a guideline, a setting or a number that looks like a date."""
        exam = EXAMS[self.exam_name]
        guide = GUIDE[exam["neg"]] if not exam.get("negs") else None
        asides = ["内服に‹H2›ブロッカーあり。", "画像番号‹{n:2,9}-{n:10,31}›を参照。", "検査時血圧‹{n:98,168}/{n:54,98}›mmHg。", "[装置|使用機種]：«{eq}»。", "観察条件は解析ソフト Ver.‹{n:2,9}.{n:1,12}.{n:1,20}›。",
                  "受付時の待ち番号‹{n:1,9}-{n:1,30}›で撮影。"]
        if exam["neg"] == "bone":
            asides += ["疼痛NRS ‹{n:1,9}/10›。", "可動域測定は‹{n:1,3}/{n:4,6}›回目の値。"]
        if guide:
            asides += ["[参考|評価基準]：«{%s}»。" % guide] * 2
        if exam["mod"] in ("CT", "MR"):
            asides += ["撮影範囲の«椎体»に変形性変化（‹{disc}›）。", "‹Se {n:2,7}/Im {n:12,180}›参照。", "MPRは‹{n:1,3}-{n:1,3}-{n:1,3}›の順に参照。", "«造影剤»使用後異常なし。", "ROIは‹R{n:1,3}›、‹R{n:4,7}›に設定。", "再構成条件‹{n:1,9}.{n:1,12}.{n:1,30}›。", "体動により‹{n:1,3}/{n:4,6}›断面で評価困難。"]
        if exam["mod"] == "CT" and exam["neg"] in ("chest", "abd"):
            asides += ["{side}副腎に{mm}の«低吸収結節»、«腺腫»疑い。", "{side}腎に«嚢胞»（{mm}）。", "甲状腺{side}葉に{mm}の«低吸収域»。", "«食道裂孔ヘルニア»あり。", "肝«{hseg}»に«嚢胞»（{mm}）。"]
        if exam["mod"] == "MR":
            asides += ["TR/TE ‹{n:2000,6000}/{n:80,120}›ms、«R2*»マップ併用。", "b値‹0/{n:800,1500}›。"]
        if exam["neg"] == "chest" and self.age > 40:
            asides += ["他院で「«{epo}»」と言われたとのこと。"]
        return self.x(self.rng.choice(asides))

    def body(self, stories=None, flat=False):
        """Return (findings, impression), each one marked string."""
        chosen = self.stories(stories or self.rng.choice([1, 1, 2, 2, 3]))
        joint = "" if flat else self.pick("\n", "", "\n")
        bullet = self.pick("", "・", "- ", "", "") if joint else ""
        parts = [self.x(finding) for finding, _ in chosen] + [self.negatives() for _ in range(self.rng.choice([0, 1, 1, 2]))]
        if self.chance(0.45):
            parts.insert(self.rng.randint(1, len(parts)), self.extra())
        findings = joint.join(bullet + part for part in parts)
        numbers = self.pick(["1. ", "2. ", "3. "], ["#1 ", "#2 ", "#3 "], ["① ", "② ", "③ "], ["", "", ""], ["・", "・", "・"])
        if len(chosen) == 1:
            numbers = self.pick(numbers, [""])
        if flat:
            numbers = ["", "", ""]
        impression = ("" if flat else "\n").join(number + self.x(conclusion) for number, (_, conclusion) in zip(numbers, chosen))
        return findings, impression

    def s_sym(self, _):
        exam = EXAMS[self.exam_name]
        words = SYM["nm" if exam["mod"] == "NM" else exam["neg"]]
        if self.exam_name == "甲状腺超音波":
            words = ["前頸部腫脹", "動悸", "嚥下時違和感", "TSH異常", "嗄声", "検診で指摘"]
        if self.exam_name == "前立腺MRI":
            words = ["PSA高値", "排尿困難", "頻尿", "血尿"]
        if self.exam_name == "婦人科MRI":
            words = ["不正出血", "月経困難", "下腹部痛", "過多月経", "下腹部腫瘤触知"]
        fresh = [word for word in words if word not in self.memo.setdefault("syms", [])] or words
        word = self.rng.choice(fresh)
        self.memo["syms"].append(word)
        return self.x(word)

    def s_past(self, _):
        words = V["pastC"] if self.age < 19 else V["pastY"] if self.age < 40 else V["pastA"] + (V["pastM"] if self.sex == "M" and self.age > 50 else []) + (V["pastF"] if self.sex == "F" and self.age > 35 else [])
        fresh = [word for word in words if word not in self.memo.setdefault("pasts", [])] or words
        word = self.rng.choice(fresh)
        self.memo["pasts"].append(word)
        return word

    def s_lab(self, _):
        words = [word for word in V["lab"] if word.split()[0] not in self.memo.setdefault("labs", []) and word.split()[0] in LAB[EXAMS[self.exam_name]["neg"]].split() and (self.sex == "M" or "PSA" not in word) and (self.age > 60 or "MMSE" not in word)
                 and (self.age > 19 or word.split()[0] in ("CRP", "WBC", "Hb", "AMY"))]
        word = self.rng.choice(words or [word for word in V["lab"] if word[:3] in ("CRP", "WBC", "Hb ")])
        self.memo["labs"].append(word.split()[0])
        return self.x(word)

    def s_eq(self, _):
        return self.rng.choice(V["eq" + EXAMS[self.exam_name]["mod"]])

    def s_tech(self, _):
        if "tech" not in self.memo:
            self.memo["tech"] = self.x(self.rng.choice(EXAMS[self.exam_name]["tech"]))
        return "«" + self.memo["tech"] + "»"

    def s_modality(self, _):
        return {"MG": "MMG", "NM": "核医学", "CR": "X線"}.get(EXAMS[self.exam_name]["mod"], EXAMS[self.exam_name]["mod"])

    def s_technique(self, _):
        mod = EXAMS[self.exam_name]["mod"]
        return self.x({"CT": "«{eqCT}»、スライス厚{n:1,5}mm、«{cm_ct}» {n:60,100}mL[、{n:2,4}mL/s|]", "MR": "«{eqMR}»、[T1WI, T2WI, DWI|T2WI, STIR, DWI]、ADC", "US": "«{eqUS}»、[{n:3,12}MHz|リニア]",
                       "MG": "«{eqMG}» {n:26,32}kV", "NM": "«{eqNM}»、投与量{n:111,740}MBq、投与{n:1,3}時間後撮像", "CR": "«{eqCR}»、‹{n:50,120}/{n:2,200}› (kV/mAs)"}[mod])

    def hist(self):
        """Return one clinical history with dates and, now and then, an identifier of its source."""
        forms = ["{age}{sexj}。«{sym}»にて精査。«{lab}»。既往：«{past}»、«{past}»。",
                 "«{past}»で通院中。[{Dym:onset}頃|{D:onset}]より«{sym}»。«{lab}»、«{lab}»。",
                 "«{sym}»を主訴に{D:recent}受診。«{past}»あり。[«{lab}»。|]",
                 "«{past}»フォロー。前回{D:prior}。«{lab}»。",
                 "«{lab}»と上昇。«{sym}»[なし|あり|は軽度]。",
                 "{age}{sexj}　«{sym}»　«{past}»　«{lab}»　評価お願いします。",
                 "«{sym}»。[内科|外科|当科|救急外来]で«{lab}»を指摘され精査目的。",
                 "[近医|前医|他院]で«{sym}»を指摘。«{past}»の既往、「«{epo}»」疑いと言われたことあり。" if self.age > 20 else "«{sym}»が続く。体温{n:37,39}.{n:0,9}度。"]
        if self.age > 35:
            forms += ["{age}、{sexj}。健診にて異常を指摘。«{past}»。喫煙{n:5,40}本×{n:10,30}年。", "{D:old}に«{past}»。以後年1回のフォロー。今回«{sym}»。"]
        return self.x(self.rng.choice(forms))

    def s_hist(self, _):
        return self.hist()


ERAS = [(dt.date(2019, 5, 1), "令和", "R"), (dt.date(1989, 1, 8), "平成", "H"), (dt.date(1926, 12, 25), "昭和", "S"), (dt.date(1912, 7, 30), "大正", "T")]


def era(day):
    for start, kanji, letter in ERAS:
        if day >= start:
            return kanji, letter, day.year - start.year + 1
    raise ValueError("before Taisho")


def write_date(day, style, rng):
    kanji, letter, year = era(day)
    if style == "slash":
        return rng.choice([f"{day:%Y/%m/%d}", f"{day.year}/{day.month}/{day.day}", f"{day:%Y/%m/%d}"])
    if style == "dash":
        return f"{day:%Y-%m-%d}"
    if style == "dot":
        return rng.choice([f"{day.year}.{day.month}.{day.day}", f"{day:%y.%m.%d}", f"'{day:%y}.{day.month}.{day.day}"])
    if style == "kanji":
        return rng.choice([f"{day.year}年{day.month}月{day.day}日", f"{day.year}年{day.month:02d}月{day.day:02d}日"])
    if style == "reiwa":
        number = "元" if year == 1 else rng.choice([str(year), full_digits(str(year)) if rng.random() < 0.3 else str(year)])
        return f"{kanji}{number}年{day.month}月{day.day}日"
    if style == "R":
        return rng.choice([f"{letter}{year}.{day.month}.{day.day}", f"{letter}{year:02d}.{day.month:02d}.{day.day:02d}", f"{letter}{year}年{day.month}月{day.day}日"])
    if style == "Rslash":
        return f"{letter}{year}/{day.month}/{day.day}"
    if style == "Rdash":
        return rng.choice([f"{letter}{year:02d}-{day.month:02d}-{day.day:02d}", f"{letter} {year}. {day.month}. {day.day}"])
    if style == "compact":
        return f"{day:%Y%m%d}"
    if style == "short":
        return f"{day.month}/{day.day}"
    if style == "shortk":
        return f"{day.month}月{day.day}日"
    if style == "en":
        return rng.choice([f"{day.day} {day:%b} {day.year}", f"{day:%B} {day.day}, {day.year}", f"{day:%d-%b-%Y}", f"{day:%b} {day.day}, {day.year}", f"{day:%m/%d/%Y}"])
    raise ValueError(style)


# ----------------------------------------------------------------------------------------------------------------
# Slots used by layouts: headings, the body, signatures
# ----------------------------------------------------------------------------------------------------------------

HEADS = ["【%s】\n", "■%s\n", "＜%s＞\n", "[%s]\n", "%s:\n", "%s：", "《%s》\n", "◆ %s\n", "〔%s〕\n", "●%s●\n", "%s　", "## %s\n", "―%s―\n"]
ENGLISH_HEADS = {"所見": "Findings", "診断": "Impression", "臨床情報": "Clinical information", "撮像法": "Technique", "比較": "Comparison"}


def s_H(self, word):
    if "head" not in self.memo:
        self.memo["head"] = (self.rng.choice(HEADS), self.chance(0.15), self.pick("診断", "結論", "印象", "読影診断", "まとめ", "Impression"), self.pick("臨床情報", "依頼内容", "現病歴・検査目的", "臨床診断・目的"))
    form, english, conclusion, request = self.memo["head"]
    if english:
        word = ENGLISH_HEADS.get(word, word)
    elif word == "診断":
        word = conclusion
    elif word == "臨床情報":
        word = request
    return form % word


def _body(self, count=None):
    if "body" not in self.memo:
        self.memo["body"] = self.body(count, flat=count == 1)
    return self.memo["body"]


def _story(self):
    if "story" not in self.memo:
        finding, conclusion = self.stories(1)[0]
        self.memo["story"] = self.x(finding), self.x(conclusion)
    return self.memo["story"]


def s_gd(self, _):
    return self.memo["guide"]


def s_neg(self, _):
    return self.negatives()


def s_sign(self, _):
    return self.x(self.pick(
        "読影医：{stf:rd}", "（{sts:rd}）", "放射線科　{stf:rd}", "Reported by {str:rd}", "{sts:rd}／{sts:rd2}", "一次読影：{st:res}　二次読影：{st:rd}", "担当技師 {st:rt}", "読影 {sts:rd}　確定 {D:report} {hm}",
        "診断医 {stf:rd} / 撮影 {sts:rt}", "放射線診断専門医　{stf:rd}", "文責 {sts:rd}", "Dictated: {str:rd}, M.D.", "報告者: {stf:rd}  承認者: {stf:rd2}", "読影担当：{stf:rd}医師", "以上、{sts:rd}", "R.{sts:rd}", "読影日 {D:report}　{sts:rd}"))


Report.s_H, Report.s_neg, Report.s_sign, Report.s_gd = s_H, s_neg, s_sign, s_gd
Report.s_F = lambda self, arg: _body(self, int(arg) if arg else None)[0]
Report.s_I = lambda self, arg: _body(self, int(arg) if arg else None)[1]
Report.s_fact = lambda self, _: _story(self)[0]
Report.s_concl = lambda self, _: _story(self)[1]

LAYOUTS = {"ordinary": [], "hostile": []}


def layout(kind, weight=1):
    def register(function):
        LAYOUTS[kind].append((function.__name__, function, weight))
        return function
    return register


# ----------------------------------------------------------------------------------------------------------------
# Ordinary layouts
# ----------------------------------------------------------------------------------------------------------------

@layout("ordinary", 4)
def plain_findings_impression(r):
    return r.x("[{tech}\n|]{H:所見}{F}\n[\n|]{H:診断}{I}")


@layout("ordinary", 4)
def request_findings_signature(r):
    return r.x("{H:臨床情報}{hist}\n{H:撮像法}{technique}\n{H:所見}{F}\n\n{H:診断}{I}\n\n{sign}")


@layout("ordinary", 3)
def comparison_first(r):
    return r.x("{H:比較}[{D:prior}|{D:prior} {tech}|前回{D:prior}、前々回{D:prior2}|{D:prior}施行の同検査|他院{Dym:prior}のCD|なし]\n{H:所見}{F}\n{H:診断}{I}[\n{sign}|]")


@layout("ordinary", 3)
def ris_header(r):
    return r.x("検査日：{D:exam}　検査：{tech}\n依頼科：[内科|外科|整形外科|脳神経外科|救急科|消化器内科|呼吸器内科|泌尿器科]　依頼医：{st:ref}\n{H:臨床情報}{hist}\n{H:所見}{F}\n{H:診断}{I}\n[{sign}|]")


@layout("ordinary", 3)
def one_paragraph(r):
    return r.x("{tech}。[使用装置«{eq}»。|]{F:1}[ 以上より、| まとめ: | ]{I:1}[（{sts:rd}）| {D:report} {sts:rd}|]").replace("\n", " ")


@layout("ordinary", 2)
def english_report(r):
    picked = r.rng.sample(EN, r.rng.choice([1, 2, 2, 3]))
    findings = "\n".join(r.x(f) for f, _, _ in picked) + "\n" + "\n".join(r.x(s) for s in r.rng.sample(EN_NEG, r.rng.choice([1, 2, 3])))
    impression = "\n".join(f"{number}. " + r.x(i) for number, (_, i, _) in enumerate(picked, 1))
    head = r.x("[EXAM|PROCEDURE|Study]: «[CT chest/abdomen/pelvis with contrast|CT without contrast|MRI without and with contrast]»\n[CLINICAL HISTORY: {ageen} [male|patient], «[staging|follow-up|trauma|fever of unknown origin]».\n|]"
               "[COMPARISON: {Den:prior}.\n|COMPARISON: None.\n|COMPARISON: CT {Den:prior} and {Den:prior2}.\n]")
    tail = r.x("[\nElectronically signed by {str:rd}, MD, {Den:report} {hm}|\nDictated by: {str:rd}|]")
    return head + "FINDINGS:\n" + findings + "\nIMPRESSION:\n" + impression + tail


@layout("ordinary", 2)
def short_note(r):
    return r.x("[{fact}\n→{concl}|{neg}{neg}[{cmp}|]|{concl}  {neg}|# {concl}\n{fact}]\n[{sts:rd}|({sts:rd}/{sts:rt})||]")


@layout("ordinary", 2)
def letter_style_reading(r):
    return r.x("[いつもお世話になっております。|ご依頼ありがとうございます。|ご紹介ありがとうございます。|お世話になります。]\n[{sts:ref}先生ご依頼の|ご依頼の]{tech}につきご報告します。\n{F}\n[以上より、|総合しますと、|まとめますと、]\n{I}\n"
               "[{Ps}様の前回画像が当院にないため比較はできません。|臨床的にもご検討下さい。|臨床的にもご検討下さい。|ご確認のほどお願いいたします。|専門科での精査をお勧めします。|{n:3,6}か月後の再検をご検討ください。|][\n{sign}|]")


@layout("ordinary", 2)
def long_history(r):
    if r.age < 40:
        r.exam_name = r.pick("胸部CT", "腹部CT", "頭部MRI", "腰椎MRI")
        r.choose_patient(age=r.rng.randint(45, 94))
    return r.x("{H:臨床情報}{D:old} «{past}»と診断され当科通院開始。{D:prior2}に«{sym}»があり、その際の検査で«{lab}»。[{sts:ref}先生の外来で|当科外来で|近医で|{hs:x}で|{h:x}にて]経過をみていたが、{Ds:onset}頃から«{sym}»が加わり、{D:recent}の採血で«{lab}»、«{lab}»。"
               "既往に«{epo}»、«{past}»。[ADLは自立。|杖歩行。|車いす。][以前に造影剤で蕁麻疹。|アレルギーなし。|]«[転移検索|原因検索|治療効果判定|術前評価]»目的に依頼します。\n{H:所見}{F}\n{H:診断}{I}[\n{sign}|\n]")


@layout("ordinary", 1)
def addendum(r):
    return r.x("{H:所見}{F}\n{H:診断}{I}\n\n[【追記】|《追加報告》|Addendum:|※追記][ {D:report}|]\n[{st:ref}先生より|主治医より|臨床側より|{sts:ref}Drより|{ward}主治医より]問い合わせあり、再読影。{fact}[上記診断に変更なし。|{concl}と訂正する。|‹Im {n:10,99}/{n:120,300}›を参照ください。]\n{sign}")


@layout("ordinary", 1)
def bullet_protocol(r):
    lines = [r.x(s) for s in r.rng.sample(["・紹介元：{hs:x}", "・装置：«{eq}»", "・方法：{technique}", "・前処置：[絶食|緩下剤|ブスコパンなし]", "・腎機能：eGFR {n:28,96}", "・体重：{n:38,88}kg", "・版：解析ソフト Ver.‹{n:2,8}.{n:0,12}.{n:0,20}›", "・比較：{D:prior}", "・被ばく：CTDIvol {n:4,22}.{n:0,9}mGy、DLP {n:180,1450}mGy·cm",
                                              "・参照：«{guide}»", "・画像：‹1-{n:2,4}/{n:5,12}›シリーズ"], 4)]
    return "\n".join(lines) + r.x("\n{H:所見}{F}\n{H:診断}{I}[\n・報告 {sts:rd}|]")


@layout("ordinary", 1)
def screening_form(r):
    r.exam_name = r.pick("マンモグラフィ", "胸部X線", "腹部超音波", "胸部CT", "乳腺超音波", "頭部MRI")
    r.choose_patient(age=r.rng.randint(35, 82))
    r.memo["guide"] = {"マンモグラフィ": "乳房カテゴリー", "乳腺超音波": "乳房カテゴリー", "腹部超音波": "腹部超音波検診判定マニュアル2021", "胸部CT": "Lung-RADS 2022", "頭部MRI": "脳ドックガイドライン2019"}.get(r.exam_name, "人間ドック学会判定区分2023")
    return r.x("[人間ドック|住民検診|職域健診|二次検診]　{tech}\n受診日 {D:exam}\n判定：[A|B|C|D{n:1,2}|E]　（«{gd}»）\n所見：{F:1}\nコメント：{I:1}\n[一次 {sts:rd} / 二次 {sts:rd2}|判定医 {stf:rd}|読影医2名にて判定]")


@layout("ordinary", 1)
def technologist_us_form(r):
    r.exam_name = r.pick("腹部超音波", "甲状腺超音波", "乳腺超音波")
    r.choose_patient()
    return r.x("検者：{st:rt}　[使用装置 «{eq}»|描出：[良好|やや不良|ガスにて不良]]\n[主訴 «{sym}»|目的 «{past}»経過観察]\n――――――――\n{F}\n――――――――\n[医師コメント|判読]：{I}\n[{sts:rd}|判読医 {stf:rd}|]")


# ----------------------------------------------------------------------------------------------------------------
# Hostile layouts
# ----------------------------------------------------------------------------------------------------------------

GREET = "[平素より大変お世話になっております。|時下ますますご清栄のこととお慶び申し上げます。|いつも大変お世話になり誠にありがとうございます。|日頃より地域医療連携にご高配を賜り感謝申し上げます。|お世話になります。]"


@layout("hostile", 3)
def referral_letter(r):
    return r.x("[診療情報提供書|紹介状（画像診断依頼）|画像検査依頼書]\n[{D:exam}|{Dera:exam}]\n\n{h:own}\n[放射線科|画像診断センター|地域医療連携室 経由 放射線科]　{stf:rd}　[先生 御侍史|先生 御机下|先生|殿]\n\n"
               "{h:cl}\n[{addr:cl}\n|]TEL {tel:cl}　FAX {tel:clfax}\n[院長|担当医|医師]　{stf:ref}　[㊞|印|(印)|]\n\n患者氏名　{P}　[様|殿]（[{Pk}|{Ph}|{Phira}]）　[男・女|{sexj}]\n生年月日　{Dera:birth}（{age}）\n[住所　{addr:p}\n|][電話　{mob:p}\n|][職業　{emp}勤務\n|]\n"
               "傷病名　«{past}»、«{sym}»\n紹介目的　{tech}のお願い\n\n" + GREET + "\n[上記|表題]患者様は{D:old}より«{past}»にて当院[に通院中|で加療中]の方です。{Ds:onset}、[{kw:spouse}の{kn:spouse}さん|{kw:child}の{kn:child}さん|ご家族|ケアマネの{op:cm}さん]から「[最近元気がない|食事がとれない|様子がおかしい|歩けなくなった]」と連絡があり、"
               "往診したところ«{sym}»を認めました。«{lab}»、«{lab}»。{D:prior}に[{hs:x}|{h:x}]で«{modality}»を受けており、[その際は異常なしとのこと|CDを持参いただきます|{sts:xdr}先生の読影では«{past}»に伴う変化とのこと]です。"
               "\n[ご多忙中恐縮ですが|お忙しいところ誠に恐れ入りますが]ご高診のほど[よろしく|何卒宜しく]お願い申し上げます。\n[結果は{tel:clfax}へFAXいただけますと幸いです。|結果説明は{Ds:next}を予定しています。|]")


@layout("hostile", 3)
def reply_letter(r):
    return r.x("[ご報告|返書|診療情報提供書（返信）]　{D:report}\n{hs:cl}　{sts:ref}先生[　御机下|　侍史|]\n" + GREET + "\n[この度は|先日は]{P}[様|さん|殿]（ID {pid}、{D:birth}生）をご紹介いただき[誠に|]ありがとうございました。{D:exam}に当院にて{tech}を施行いたしました。\n\n"
               "{F}\n\n結論：{I}\n\n[ご本人と{kw:child}様（{kn:child}様）に|ご本人と{kw:spouse}の{kn:spouse}様に|{sts:md}より]説明し、[{Ds:next}に再診|{hs:x}へ紹介|貴院で経過観察をお願い]とさせていただきました。[今後ともよろしくお願い申し上げます。|引き続きご加療のほどお願い申し上げます。]\n\n"
               "{h:own}　[放射線科|消化器内科|呼吸器センター|脳神経外科]\n[部長|医長|科長|副院長|専攻医]　{stf:rd}[（代筆：医療秘書 {sts:sec}）|]\n[直通 {tel:own}|PHS {phs}|〔内線{phs}〕]")


@layout("hostile", 3)
def phone_memo(r):
    return r.x("[電話連絡記録|☎メモ|TELメモ|電話受付票|ＴＥＬあり]　{D:report} {hm}\n[発信|相手|from]：{hs:cl} {st:ref}[Dr|先生|医師]（{tel:cl}）\n[受信|受け|to]：放射線科 {st:rt}[（技師）|技師|]\n内容：{Ps}{P_rest}の{modality}、[結果まだか|FAX届いていない|急ぎで読んでほしい]とのこと。→[当番の{sts:rd}先生に伝達|{sts:rd}Dr PHS{phs}に転送|読影医 {sts:rd} に口頭で依頼]。\n"
               "回答：{fact}{concl}\n[折返し {mob:ref} まで|折り返し先　{tel:cl}（{sts:ns}看護師）|折返し不要]。[{hm} 済 {sts:rt}|✓{sts:rt}|対応済]")


def s_P_rest(self, _):
    return self.x("[さん|様|殿|氏]（[{age}{sexm}|{D:birth}生|ID{pid}|{pidsp}]）")


Report.s_P_rest = s_P_rest
Report.s_fac = lambda self, _: mark("hospital", self.pick("特別養護老人ホーム", "介護老人保健施設", "グループホーム", "有料老人ホーム") + invented_place(self.rng)[0] + self.pick("荘", "苑", "の里", "園"))


@layout("hostile", 2)
def critical_finding_call(r):
    r.exam_name = r.pick("頭部CT", "胸部CT", "腹部CT", "頭部MRI", "胸部X線", "腰椎MRI")
    r.choose_patient()
    return r.x("{H:所見}{F}\n{H:診断}{I}\n\n[★パニック所見 連絡済|【緊急連絡】|＜重要所見通知＞|!!至急!!]\n{D:report} {hm}　[読影医|当直医|放射線科] {st:rd} → [主治医|依頼医|病棟|救急外来] {st:ref}[（PHS {phs}）|（内線 {phs}）|]\n[復唱確認あり|つながらず、{ward} {sts:ns}師長に伝言|{sts:res}（‹R{n:1,5}›）が代理で受ける|メール {mail:ref} にも送信]。[記録：{sts:rt}|入力 {login:rd}|]")


@layout("hostile", 2)
def dictation_slip(r):
    return r.x("[口述録音|ディクテーション|音声入力]No.{acc}\n[えー、|]患者さんは{Phira}さん、[漢字は{P}、|]ID[が|、]{pidsp}[です|]。[{age}の{sexj}|{sexj}]、依頼は[{stk:ref}先生|{sts:ref}先生|{hs:cl}の{stk:ref}先生]。{tech}、[まる|]。改行。\n{F:1} 改行。[えっと|]{neg}\nインプレッション、{I:1}\n[以上、{stk:rd}です。|読影{stk:rd}、よろしく。|おわり、{sts:rd}。]\n[（入力：{sts:sec}　{D:report}）|タイピスト {sts:sec}／校正未|（要確認：名前の漢字）]")


@layout("hostile", 2)
def email_trailer(r):
    return r.x("[From: {mail:rd}\nTo: {mail:ref}\n|差出人：{stf:rd} <{mail:rd}>\n宛先：{stf:ref} <{mail:ref}>\n]Date: {D:report} {hm}\n[Subject|件名]: [{Ps}様 読影の件|【{hs:cl}】{modality}読影依頼|Re: Re: {acc}|ID{pid} 再読影のお願い]\n\n[{sts:ref}先生\n\n|]お世話になっております、[{hs:own}の|放射線科]{sts:rd}です。\n[{D:exam}撮影の|標記の]{tech}ですが、{fact}\n{concl}\n[画像は {url} から見られます。|ビューア：{url}|]\n[念のため{sts:rt}さん（技師）にも共有しています。|CC：{mail:rt}|]\n\n"
               "[--|==========|――――――――――|*-*-*-*-*-*]\n{h:own} [放射線科|画像診断部]\n{stf:rd}（[{str:rd}|{stkf:rd}]）\n[〒住所:{addr:own}\n|{addr:own}\n|]TEL:{tel:own}[(内線{phs})|（PHS：{phs}）|]\nE-mail：{mail:rd}\n[--|==========|――――――――――|]")


@layout("hostile", 3)
def box_form(r):
    return r.x("┌──────────────────────┐\n│ 放射線画像診断報告書　　　　　　　　　│\n├──────┬───────────────┤\n│患者番号　│{pid}\n│氏　　名　│{P}　[様|殿|]\n│カ　　ナ　│[{Ph}|{Pk}]\n│生年月日　│{D:birth}　{age}　{sexm}\n│病棟/病室 │{ward}　{room}\n│依頼科/医 │[内科|外科|整形|循内|救急]　{stf:ref}\n│検査日時　│{D:exam} {hm}\n│受付番号　│{acc}\n│撮影技師　│{sts:rt}\n└──────┴───────────────┘\n{H:臨床情報}{hist}\n{H:所見}{F}\n{H:診断}{I}\n　　　　　　　　読影医　{stf:rd}　[印|㊞|]")


@layout("hostile", 2)
def stamps(r):
    box = r.pick("［{sts:rd}］", "（{sts:rd}）", "㊞{sts:rd}", "|{sts:rd}|", "〔{sts:rd}〕", "◎{sts:rd}◎")
    return r.x("{F}\n{I}\n\n[確認印|検印|承認]" + box + "[　受付印 {Dera:exam} {hs:own}|　{hs:own} {Dera:exam} 受領|]\n[技師 {sts:rt}|撮影者 {sts:rt}・{sts:rt2}|放射線技師長 {sts:rt}]　[‹{n:1,3}/{n:3,5}›頁|{n:1,4}枚目]\n[スキャン済 {D:report} {sts:sec}|取込者：{sts:sec}　{hm}|医事課 {sts:sec} 受理]")


@layout("hostile", 2)
def double_reading_signature(r):
    return r.x("{H:所見}{F}\n{H:診断}{I}\n\n[---|====|]\n[1st reader|一次読影|レジデント]: {st:res}[（‹R{n:1,5}›）|(専攻医 卒後{n:3,6}年目)|]  {D:report}\n[2nd reader|二次読影|指導医]: {st:rd}[ (診断専門医)|　准教授|講師|]  {D:report}\n[Verified by|承認|最終確認] {str:rd}[ / {login:rd}|]\n[配布：{sts:ref}Dr、{ward}|cc {sts:md}（主治）、{sts:ref}|]")


@layout("hostile", 2)
def ocr_fax(r):
    r.post.append("ocr")
    return r.x("Ｆ Ａ Ｘ 送 信 票\n送 信 先 : {hs:cl}　{sts:ref} 先 生　(FAX {tel:clfax})\n発 信 元 : {h:own} 放射線科　{sts:rd}\n送 信 日 : {D:report} {n:1,4} 枚\n---\n患 者 名 : {Psp}  [様|殿]\nＩ Ｄ : {pidsp}\n生 年 月 日 : {Dera:birth}\n検 査 : {tech}　{D:exam}\n所 見 :\n{F}\n診 断 :\n{I}\n読 影 医 : {stsp:rd}　[印|]\n"
               "[※誤送信の際は {tel:own} までご連絡下さい|お問合せ {tel:own} 担当 {sts:sec}]")


@layout("hostile", 2)
def half_kana_print(r):
    r.post.append("half")
    return r.x("ｶﾝｼﾞｬID:{pid} ｼﾒｲ:{Pk} ｾｲﾍﾞﾂ:{sexm} ｾｲﾈﾝｶﾞｯﾋﾟ:{Dera:birth}\nｲﾗｲｶ:ﾅｲｶ ｲﾗｲｲ:[{stkf:ref}|{stk:ref}] ﾋﾞｮｳﾄｳ:{ward} ｼﾂ:{room}\nｹﾝｻﾋﾞ:{D:exam} ｹﾝｻ:{tech}\nｺﾒﾝﾄ:{hist}\nｼｮｹﾝ:{F}\nｼﾝﾀﾞﾝ:{I}\nﾄﾞｸｴｲ:{stk:rd} ｷﾞｼ:{stk:rt}")


@layout("hostile", 2)
def full_width_terminal(r):
    r.post.append("full")
    return r.x("＊＊画像診断レポート＊＊\n患者ＩＤ　{pid}　患者名　{P}　{age}　{sexm}\n依頼医　{stf:ref}　依頼科　[外科|内科|小児科|脳外]　[入院|外来]　{ward}\n検査日　{D:exam}　時刻　{hm}　受付　{acc}\n[比較　{D:prior}\n|]所見　{F}\n診断　{I}\n読影　{stf:rd}　連絡先　{phs}")


@layout("hostile", 3)
def teleradiology_thread(r):
    return r.x("【[遠隔読影|読影依頼]】施設：{hs:x}（[契約No.|施設コード]{n:11,89}）　受付 {acc}\n患者：[{P}|{Pini}|{Ph}]　{age}{sexm}　[ID:{pid}|院内ID {pidsp}]\n依頼医：{st:ref}　撮影：{D:exam}　[技師：{sts:rt}|撮影技師 {sts:rt}]\n依頼文：{hist}\n-----\n{F}\n{I}\n[{h:rc}|遠隔読影室|{hs:rc}]　{stf:rd}\n-----\n"
               "Q（{Ds:report} {hm} {hs:x} {sts:ref}）：[{fact}とありますが、前医{hs:cl}では異常なしと言われたそうです。|以前から指摘されている«{past}»との関連は？|至急度は？患者は{addrtown}から船で通院です。]\nA（{sts:rd}）：[{D:prior}の画像が届いていないため比較できません。|{concl}で間違いありません。|‹Se {n:2,6}/Im {n:10,200}›をご覧下さい。][窓口の{sts:sec}まで|事務局（{tel:tele}）へ|{dept}まで]お知らせください。")


def _nation(r, *nations):
    if EXAMS[r.exam_name]["age"] > 34 or r.exam_name in ("前立腺MRI", "マンモグラフィ"):
        r.exam_name = r.pick("胸部X線", "腹部CT", "頭部CT", "腹部超音波", "胸部CT", "骨X線")
    r.choose_patient(nation=r.pick(*nations), age=r.rng.randint(max(19, EXAMS[r.exam_name]["age"]), 58))


@layout("hostile", 3)
def foreign_resident_note(r):
    _nation(r, "ベトナム", "ブラジル", "フィリピン", "ネパール", "インドネシア", "中国")
    words = {"ベトナム": "[Đau bụng|Sốt cao|Khó thở] {n:2,9} ngày.", "ブラジル": "Dor [abdominal|no peito|nas costas] há {n:2,9} dias.", "フィリピン": "Masakit ang [tiyan|likod|dibdib], {n:2,9} araw na.", "ネパール": "Pet dukhyo {n:2,9} din.", "インドネシア": "Sakit [perut|dada] sudah {n:2,9} hari.", "中国": "[肚子痛|胸闷|头痛]{n:2,9}天。"}[r.patient.nation]
    nation = r.patient.nation
    return r.x(f"患者 {{P}}[（通称 {{Pg}}）|（{{Pr}}）|さん|]　国籍{nation}　{{age}}{{sexm}}\n勤務先 [{{emp}}（技能実習）|{{emp}}|{{sch}}（留学生）]　[携帯 {{mob:p}}|住所 {{addr:p}}]\n訴え：{words}\n通訳：{{opf:in}}さん[（{{mob:in}}）|（町の国際交流協会）|（職場の先輩）|電話通訳]\n"
               "[同行：監理団体 {op:boss}氏|付添 社長の{ops:boss}さん|同伴者なし]\n"+ "{tech}　{D:exam}\n{F}\n{I}\n[結果は{Pg}さん本人に英語で説明。|英文サマリ→ “{Pr}, {ageen}: see below. {ens}”|「{Ps}さん、心配ない」と{ops:in}さんから伝えてもらう。|{Pr} was informed through the interpreter.]\n[{stfor:fd}（‹R{n:1,4}›）|読影 {sts:rd}|{stf:rd} / {sts:ns}（Ns）]")


def s_ens(self, _):
    return self.x(self.pick("please see your doctor at {hs:own} on {Den:next}", "a follow-up scan in {n:2,9} months is advised", "no surgery is needed at this time, pain control only", "please bring this note and your residence card", "the result was mailed to {addr:p}"))


Report.s_ens = s_ens


@layout("hostile", 3)
def family_explanation(r):
    kin = r.pick("妻", "長女", "長男", "次男", "二女", "孫", "姪", "嫁", "弟", "妹") if r.sex == "M" else r.pick("夫", "長女", "長男", "三男", "孫", "甥", "嫁", "姉", "弟")
    if r.age < 25:
        kin = r.pick("母", "父", "祖母")
    second = r.pick("長女", "長男", "次女", "孫") if r.age > 45 else r.pick("兄", "妹", "母")
    if second == kin:
        second = "弟"
    return r.x(f"[IC記録|病状説明書|面談メモ|ムンテラ]　{{D:report}} {{hm}}～　[{{ward}}面談室|外来{{n:1,9}}診|病室 {{room}}]\n[出席|同席]：本人、{kin} {{kg:{kin}}}[さん|様|]、{second}{{kg:{second}}}[（{{mob:k}}）|、|（県外）]／[主治医|担当] {{st:md}}、[Ns|看護師] {{sts:ns}}、[MSW|ソーシャルワーカー|退院支援] {{sts:sw}}\n"
               f"説明：{{tech}}の結果、{{fact}}{{concl}}\n{kin}「[急に悪くなるのですか|家で看られるか心配|もう歳だから手術はさせたくない|仕事は続けられますか]」　{{Pg}}さん本人は「[先生に任せる|畑が気になる|早く帰りたい|わかった]」と。\n"
               f"[KPは{kin}（{{kf:{kin}}}、{{mob:k2}}）。|キーパーソン：{kin} {{kg:{kin}}}　TEL {{mob:k2}}|連絡先は{second}の{{kg:{second}}}へ。|同居は{kin}{{kg:{kin}}}のみ。][{{addrtown}}の自宅へ退院予定。|{{h:x}}への転院を希望。|方針は{{sts:md}}が再度説明。|]")


@layout("hostile", 2)
def emergency_transfer(r):
    r.exam_name = r.pick("頭部CT", "胸部CT", "腹部CT", "股関節X線")
    r.choose_patient(age=r.rng.randint(45, 99) if r.chance(0.85) else r.rng.randint(45, 60))
    return r.x("[救急搬送|ドクターヘリ|転院搬送|島内搬送]　{Ds:exam} {hm}覚知　{addrtown}[消防署|分署]の救急隊長 {op:ems}\n{age}{sexj}　[{P}|{Pbr}|氏名：{Pk}]　[免許証より|家族（{kw:child} {kn:child}）の申告|お薬手帳（{hs:cl}）]\n[発見者は隣人の{opf:nb}さん|{emp}の同僚{ops:nb}氏が発見|駐在の{ops:nb}巡査より連絡|{kw:spouse}{kn:spouse}が発見|{kwn:child}が発見]。«{sym}»、GCS‹{n:1,4}-{n:1,5}-{n:1,6}›、BP‹{n:80,210}/{n:40,110}›、SpO2 {n:82,96}%。\n"
               "{tech}（{hm}撮影、{sts:rt}）\n{F}\n→{I}\n[{hs:x} {sts:xdr}先生に受け入れ依頼（{tel:x}）、快諾。|当直 {st:md}、オンコール {sts:rd} に電話。|{h:x}救命へ。搬送同乗：{sts:res}（研修医）、{sts:ns}Ns]")


@layout("hostile", 2)
def school_note(r):
    r.exam_name = r.pick("骨X線", "足関節X線", "胸部X線", "頭部CT", "腹部超音波", "頭部MRI")
    r.choose_patient(age=r.rng.randint(5, 18))
    return r.x("[学校医|養護教諭|スポーツ外来|学校検診]より：{sch} {n:1,3}年{n:1,4}組[ 出席番号{n:1,35}|]　{P}[くん|さん|]（[保護者 {kf:母}|母 {kg:母}|父：{kg:父}]）\n[部活：[野球|バスケ|柔道|サッカー|駅伝]、顧問の{op:tc}[先生|教諭]が付添|担任 {ops:tc}先生、養護 {ops:nu}先生より電話|体育の授業中に受傷]。{D:onset}受傷。\n連絡先 {mob:p}、住所 {addr:p}\n"
               "{tech}\n{F}\n{I}\n[診断書は{sch}提出用。|{Ds:next}再診、{sts:ref}外来。|母に説明、{sts:rd}。|登校可、運動は{n:2,8}週禁止。担当 {sts:ref}]")


@layout("hostile", 2)
def pneumoconiosis_form(r):
    r.exam_name = r.pick("胸部CT", "胸部X線")
    r.choose_patient(nation="", sex="M", age=r.rng.randint(52, 93))
    return r.x("[じん肺健康診断|石綿健診|職域二次検診|労災二次]　労働保険番号　{ins:labour}\n氏名 {P}　{Dera:birth}生　{age}\n粉じん職歴：{emp}（{Dym:old}～）、{emp}[、退職後は{emp}で|、]通算{n:8,41}年[。坑内さく岩|。溶接|。石綿吹付け|]\n喫煙 {n:10,30}本×{n:10,50}年\n{F}\nPR{n:0,4}　F(±)　«著しい肺機能障害»[なし|あり]　«{guideC}»\n{I}\n[産業医 {stf:ref}|会社担当 {op:hr}（{tel:emp}）|審査医 {sts:rd}]　{D:report}")


@layout("hostile", 2)
def care_transfer_summary(r):
    if r.age < 65:
        r.exam_name = r.pick("頭部CT", "胸部CT", "腹部CT", "股関節X線", "胸部X線")
        r.choose_patient(nation="", age=r.rng.randint(78, 103))
    return r.x("[看護サマリー|退院時連携シート|施設間情報提供書|入所時情報]\n{P} 様　{age}　[要介護{n:1,5}|要支援{n:1,2}]　介護保険被保険者番号 {ins:care}\n[居宅|担当ケアマネ]：{opf:cm}（{tel:cm}）　[民生委員 {op:mi}|訪問看護 {op:vn}|後見人：司法書士 {opf:kk}|]\n[キーパーソン|KP] [長男|長男の嫁]＝{kg:長男}　[遠方の長女 {kg:長女}（{mob:k}）|]\n入所先：[{fac}|グループホーム]　[主治：{hs:cl} {sts:ref}|往診医 {st:ref}]\n"
               "経過：{D:onset}«{sym}»で{ward}（{room}）へ入院。{tech}で{fact}{concl}\nMMSE ‹{n:5,28}/30›。[夜間せん妄あり。|食事は全介助。|{addrtown}出身、方言強い。|昔は{emp}に勤めていた。][{Pg}さんと名前で呼ぶと反応良い。|]\n担当 {sts:ns}（[病棟師長|プライマリ|退院支援Ns]）・[MSW {sts:sw}|社会福祉士 {stf:sw}]")


@layout("hostile", 2)
def key_value_export(r):
    p, sep = r.patient, r.pick("|", "|", "^^", ";", "\t", ",")
    row = ["{pid}", "{P}", "{Pk}", "{Dc:birth}", "{sexm}", "{Dc:exam}", "{acc}", "{stf:ref}", "{ward}", "{hs:own}"]
    style = r.rng.randrange(3)
    if style == 0:
        head = sep.join(r.x(cell) for cell in row)
    elif style == 1:
        head = "\n".join(r.x(name + r.memo.setdefault("eqsign", r.pick("=", ": ", "\t")) + cell) for name, cell in zip("PID PNAME PKANA PBIRTH SEX STDDATE ACCNO REQDR WARD INST".split(), row))
    else:
        head = r.x("PID|1||{pid}^^^{hs:own}||{Pk}^^^^^^P~{P}||{Dc:birth}|{sexm}|||{addr:p}||{tel:p}\nPV1|1|I|{ward}^{room}|||||{login:ref}^{stf:ref}\nOBR|1|{acc}|{acc}|{tech}|||{Dc:exam}".replace("[", "［"))
    tail = r.x("\n[READER|SIGN|読影者]={[stf|sts|str]:rd}  [LOGIN|USER|端末ユーザ]={login:rd}  [{D:report} {hm}|]".replace("{[stf|sts|str]:rd}", r.pick("{stf:rd}", "{sts:rd}", "{str:rd}")))
    return head + r.x("\nOBX|1|TX|所見||\n{F}\nOBX|2|TX|診断||\n{I}") + tail


def s_Dc(self, role):
    return mark({"exam": "exam_date", "birth": "birth_date"}.get(role, "other_date"), f"{self.day(role):%Y%m%d}")


Report.s_Dc = s_Dc


@layout("hostile", 1)
def mixed_up_patient(r):
    return r.x("[【訂正】|《患者誤認による差替え》|※本レポートは差替え版です]　{D:report}\n先の報告は[同姓の|同室の|直前に撮影した]{opf:mix}[様|さん|殿]（ID {pid2}）の画像を[{P}|{Pold}]様（ID {pid}）として読影したものでした。[{sts:rt}技師|検像担当 {sts:rt}]が気づき、{sts:rd}が再読影。\n[ヒヤリハット報告：{login:rt}|医療安全管理者 {st:sa} に報告|{sts:ref}医師に電話済（{hm}）]\n{F}\n{I}\n{Ps}様の正しい検査番号は {acc} です。")


@layout("hostile", 2)
def tumor_board(r):
    r.exam_name = r.pick("胸部CT", "腹部CT", "FDG-PET/CT", "前立腺MRI", "婦人科MRI", "乳腺超音波")
    r.choose_patient()
    return r.x("[キャンサーボード|合同カンファ|Tumor board|院内カンファレンス]　{D:report}　[参加|出席者]：{sts:rd}（放）、{sts:md}（外）、{sts:ref}（内）、{sts:pa}（病理）、[CRC {sts:crc}|がん相談 {sts:sw}|薬剤師 {sts:ph}]\n症例{n:1,4}　{Pini} {age}{sexm}[（{pid}）|]　紹介元：{hs:cl}\n{hist}\n放射線：{fact}→{concl}\n議論：{sts:md}「[切除可能では|«R0切除»は困難|先に化学療法を]」、{sts:pa}「«Ki-67» {n:5,60}%、LN ‹{n:0,5}/{n:8,28}›」。«[RECIST 1.1|UICC TNM 第8版|NCCN Guidelines 2023]»に沿い[«化学療法»|«放射線治療 60Gy/30Fr»|経過観察]とする。\n[次回|再検討] {Ds:next}。説明は{sts:md}、[書記 {sts:res}|記録 {sts:res}（専攻医）]。")


@layout("hostile", 2)
def english_passage_mixed(r):
    if r.chance(0.7):
        r.exam_name = r.pick("胸部CT", "腹部CT")
        r.choose_patient(nation=r.pick("米国", "フィリピン", "ネパール", "ブラジル", "韓国", "ベトナム"), age=r.rng.randint(24, 72))
    picked = r.rng.choice(EN)
    return r.x("[米軍基地|国際外来|外国人診療]より。\n") + r.x("Patient: {Pr}  DOB: {Den:birth}  MRN: {pid}\nReferring: {stfor:fd}[, M.D.|]  [Employer: {emp}|Phone: {mob:p}]\n{he} was seen at {hs:own} on {Den:exam}. ") + r.x(picked[0] + " " + picked[1]) + r.x(
        "\n\n（和訳）[{P}|{Ps}]さん、{age}。{D:exam}撮影。" + picked[2] + "\n[訳：{sts:rd}|Translated by {str:sec}|Signed: {str:rd}, {Den:report}]\n[If you have questions, call {tel:own} or e-mail {mail:rd}.|Contact: {mail:rd}|]")


@layout("hostile", 2)
def narrow_column(r):
    r.post.append(f"wrap:{r.rng.randint(11, 24)}")
    return r.x("{P}[様|殿]　{pid}　{D:birth}　{ward}{room}　[主治医|担当医]{stf:md}　依頼{stf:ref}　{D:exam}{tech}　{F:1}{I:1}　読影{stf:rd}　[技師{stf:rt}|電話{tel:own}|{h:own}]").replace("\n", "")


@layout("hostile", 3)
def running_narrative(r):
    return r.x("{Ps} «[肝嚢胞|肺気腫|腎結石|脳萎縮|胆石|骨粗鬆症]»あり、{sts:ref} «{modality}»希望。\n[{Ps}さんは|{P}様、|{Pg}さん（{age}）は][{addrtown}で|{addrtown}の][農業|漁業|林業|理容店|食堂]を営み、[{D:old}|{Dym:old}]に«{past}»で{hs:x}入院歴あり。[{sts:xdr}先生執刀。|{sts:xdr}医師が当時の主治医。|]その後{hs:cl}の{sts:ref}先生にかかり、{D:onset}から«{sym}»。"
               "[{kw:spouse}{kn:spouse} «[胃癌|大腸癌|糖尿病]»で{hs:x}通院中|母{kg:母}（享年{n:60,88}）は«胃癌»|兄 {kg:兄} «{past}»|弟の{kg:弟}は«{epo}»|{kwn:other} «膵癌»]。\n{F}\n{I}\n[{sts:rd} «{modality}»確認|{stf:rd} 拝|{sts:rd}記|放 {sts:rd}]")


@layout("hostile", 2)
def island_clinic(r):
    r.exam_name = r.pick("胸部X線", "胸部CT", "腹部超音波", "頭部CT", "股関節X線", "腹部CT")
    r.choose_patient()
    return r.x("{hs:isl}（{addrtown}）より[週1回|月2回]の[船便|定期便]で届いた«{modality}»。[診療所看護師 {st:ns}|所長 {st:ref}|代診医 {st:ref}]の添書：\n「[{Ps}さん|{P}殿|{Pg}さん]、{age}。{Ds:onset}より«{sym}»。[区長の{ops:ku}さん|{kw:child}の{kn:child}|隣の{ops:ku}さん]が連れて来ました。«{lab}»（簡易）。本土へは{Ds:next}の便。宿は{opf:yd}方（{tel:yd}）。」\n"
               "{F}\n{I}\n[→{sts:ref}先生へ電話（{mob:ref}、衛星携帯）。|→返信FAX {tel:clfax}。|→{h:x}受診を勧める。]　読影 {sts:rd}　{D:report}")


@layout("hostile", 2)
def cd_import(r):
    return r.x("[画像CD取込票|他院画像インポート|PDI取込記録]\n持参元：{h:x}　[CD表記|ディスク]患者名：[{Pr}|{Ph}]　他院ID：{pid2}\n→当院 {P}（{pid}）に紐付け　[作業者 {sts:sec}|取込 {login:rt}|実施：{sts:rt}]　{D:report} {hm}\n[保存先 {url}\n|][内訳 {D:prior} CT、{D:prior2} MR（‹{n:2,9}-{n:10,40}›シリーズ）|{D:prior} 撮影 ‹{n:100,900}/{n:900,1800}›枚]\n{H:所見}{F}\n{H:診断}{I}\n[{sts:rd}|読影：{stf:rd}（{hs:own}）]")


@layout("hostile", 2)
def insurance_form(r):
    r.exam_name = r.pick("頭部CT", "腰椎MRI", "膝MRI", "骨X線", "腹部CT", "胸部CT")
    r.choose_patient()
    return r.x("[自賠責|労災保険|後期高齢者|国保|生活保護|公費] [画像診断書|レセプト症状詳記|診療録添付]\n保険者番号 {ins}　[記号 {insn}　番号 {insn}|公費負担者番号 {ins} 受給者番号 {insn}|被保険者証 {insn}・{insn}]\n被保険者 [{P}|{kfn:spouse}（続柄 {kw:spouse}）]　患者 {P}　{D:birth}\n[事業所 {emp}|勤務先：{emp}（{tel:emp}）]\n[事故日 {D:onset}、相手方 {opf:ac}氏（損保担当 {ops:ad}）|症状詳記：{hist}|受傷 {D:onset} {emp}内]\n{F}\n{I}\n"
               "上記のとおり診断します　{Dera:report}\n{addr:own}\n{h:own}　医師 {stf:rd}　[㊞|印]")


@layout("hostile", 1)
def viewer_audit(r):
    return r.x("{F}\n{I}\n\n[===操作履歴===|-- history --|＜LOG＞]\n{D:exam} {hmn} {login:rt} [撮影終了|STORE OK]\n{D:exam} {hmn} {login:res} [仮登録|DRAFT]（{sts:res}）\n{D:exam} {hmn} {login:rd} [確定|FINAL] {stf:rd}\n[{D:exam} {hmn} {login:ref} 既読 {sts:ref}\n|][端末 CT-WS{n:1,9} / {url}|アプリ Ver ‹{n:1,9}.{n:0,12}.{n:1,30}›|研究用閲覧：{login:crc}]")


@layout("hostile", 2)
def mother_child(r):
    r.exam_name = r.pick("胸部X線", "頭部CT", "腹部超音波", "骨X線")
    r.choose_patient(age=r.rng.randint(3, 9))
    return r.x("[小児科|新生児・乳児外来|夜間急患]　{P}[ちゃん|くん|児|]　{D:birth}生\n母 {kg:母}[（{mob:p}）|さん、父 {kg:父}さん同伴|（里帰り先 {addr:p}）]、[きょうだい {kg:妹}|双子の{kg:弟}も同症状|祖母{kg:祖母}が日中養育]。{sch}通園通学。\n«{sym}»{n:1,5}日目。[かかりつけ {hs:cl} {sts:ref}先生|{hs:cl}より紹介]。予防接種は母子手帳No.{insn}で確認。\n{tech}\n{F}\n{I}\n[{sts:rd}／小児科 {sts:md}|読影 {stf:rd}|当直 {sts:md}→朝 {sts:rd}確認]")


@layout("hostile", 1)
def postmortem_ct(r):
    r.exam_name = r.pick("頭部CT", "胸部CT")
    if r.age < 18:
        r.choose_patient(age=r.rng.randint(35, 95))
    return r.x("[死亡時画像診断（Ai）|Ai-CT 報告書|検案時CT]　依頼：{addrtown}警察署 [{op:pol}巡査部長|刑事課 {op:pol}警部補|{opf:pol}]　[事件番号|受付] {acc}\n{P}（{Dera:birth}生、{age}）　住所 {addr:p}\n{D:recent} {hm}頃、[{kw:child} {kn:child}が自宅で発見|大家の{opf:ow}さんが発見|{kw:spouse}の{kn:spouse}が通報]。[既往 «{past}»（{hs:cl}、{sts:ref}医師）|かかりつけ {h:cl}]\n{F:1}\n«[血液就下|死後変化としての肝内ガス|大動脈高吸収]»{ari}。\n{I:1}\n検案医 {stf:md}　読影 {stf:rd}　{D:report}")


@layout("hostile", 1)
def mr_device_check(r):
    r.exam_name = r.pick("頭部MRI", "腰椎MRI", "前立腺MRI", "婦人科MRI")
    r.choose_patient()
    return r.x("MR検査 [デバイス確認票|条件付きMRI チェックシート|体内金属確認]\n{P}　{pid}　{D:exam}\n機種 «[Azure XT DR|Accolade MRI|Assurity MRI|Edora 8 DR-T]»　リード型番 ‹{n:4000,5900}-{n:45,58}›　植込 {D:old} {hs:x}\n[臨床工学技士|CE] {st:ce}　[MR技師|技師] {st:rt}　[循環器|立会医師] {st:md}　[メーカー立会 {op:mk}氏|]\n«Whole body SAR» 2W/kg以下、«{eqMR}»　モードAOO→終了後DDD {n:50,60}-{n:110,130}\n{F}\n{I}\n{sign}")


@layout("hostile", 1)
def contrast_reaction(r):
    r.exam_name = r.pick("腹部CT", "胸部CT", "心臓CT")
    r.choose_patient()
    return r.x("[造影剤副作用報告|アレルギー発生記録|インシデントレポート]　{D:exam} {hm}　[CT室|CT2番]\n患者 {P}（{pid}、{ward}{room}）　«{cm_ct}» {n:40,100}mL投与{n:1,20}分後、«[蕁麻疹|血圧低下|嘔気|咽頭違和感]»。BP‹{n:60,90}/{n:30,55}›。\n対応：{sts:rd}医師、{st:ns}看護師、[{sts:rt}技師が発見|応援 {sts:res}（研修医）|救急 {sts:md}]。アドレナリン0.3mg筋注。\n家族（{kw:child}）{kn:child}さんへ連絡（{mob:k}）。[次回より前投薬。|報告者 {login:ns}|リスクマネージャ {st:sa}]\nなお読影結果：{F:1}\n{I:1}")


@layout("hostile", 2)
def handover_chat(r):
    return r.x("{sts:res}: [おつです|お疲れさまです]。{ward}{room}の{Ps}さん、{modality}[みました？|出てます？]\n{sts:rd}: [みた。|はい。]{fact}\n{sts:res}: [まじすか|了解です]。{sts:md}先生[に言っときます|のPHS {phs}でいいですか]\n{sts:rd}: {concl}と[書いといた|レポート出しました]。[{url}|acc {acc}|ID{pid}]\n{sts:ns}@{ward}: 家族（{kn:child}さん）{hm}に来ます\n{sts:res}: [«{lab}»でした|{D:prior}のと比べてどうですか|明日{sts:ref}先生に紹介状お願いしました]\n[{sts:rt}(技師): 追加撮影しますか？ 管理番号{acc}|{sts:sw}(SW): 転院先{hs:x}で調整中|]")


@layout("hostile", 1)
def research_registry_note(r):
    return r.x("[治験|レジストリ|学会症例登録]「«[RECIST 1.1|Lugano分類2014|iRECIST]»評価」　[CRC|担当CRC] {stf:crc}（{mail:crc}）　[責任医師|PI] {stf:md}\n被験者 {Pini}／登録前ID {pid}／生年月日 {D:birth}\nbaseline {D:prior}、今回 {D:exam}、次回 {D:next}（±7日）\n標的病変 SLD ‹{n:30,120}/{n:28,110}›mm（{n:1,40}%）\n{F}\n{I}\n判定医 {str:rd} / {str:rd2}\n送付先 {addr:own} {h:own} [治験管理室|臨床研究支援部]　{tel:own}")


@layout("hostile", 2)
def mammo_us_double_form(r):
    r.exam_name = r.pick("マンモグラフィ", "乳腺超音波")
    r.choose_patient()
    return r.x("[{addrtown}住民検診|{emp}健診|巡回検診車]　[整理番号|受診番号] {acc}\n[ﾌﾘｶﾞﾅ|カナ] {Ph}　氏名 {P}　[旧姓 {Psold}　|]{Dera:birth}　TEL {mob:p}\n[住所 {addr:p}\n|]前回受診 {D:prior}　[読影① {sts:rd} ② {sts:rd2}|第一読影医:{stf:rd} 第二読影医:{stf:rd2}]　撮影 {sts:rt}（[認定A|MMG認定技師|女性技師]）\n{F}\n{I}\n[精検機関：{h:x}|要精検→{hs:x}へ紹介 {sts:xdr}先生]　[通知発送 {D:report} 保健師 {sts:hn}|保健師 {stf:hn}]")


def s_Psold(self, _):
    return mark("patient_name", self.rng.choice(SUR)[0])


Report.s_Psold = s_Psold


@layout("hostile", 1)
def label_print(r):
    return r.x("{acc}\n{Ph} {P}\n{Dera:birth} {age} {sexm}\nID:{pid}[ {ward} {room}| 外来]\n{D:exam} {hm} [Dr:{sts:ref}|{sts:ref}Dr|依頼:{sts:ref}] RT:{sts:rt}\n{hs:own}\n----\n{F:1}\n{I:1}\n{sts:rd}")


@layout("hostile", 2)
def page_header_footer(r):
    head = r.x("{h:own} [放射線部|画像診断科] {pid} {P} [様|殿|] ")
    return head + r.x("‹1/2›[頁|ページ|]\n[依頼：{stf:ref}（{ward}）|{ward} {room} {sts:ref}]　{D:exam}　{tech}\n{H:臨床情報}{hist}\n{H:所見}{F}\n") + head + r.x("‹2/2›\n{H:診断}{I}\n{sign}\n[印刷者 {login:sec} {D:report} {hm}|Printed by {login:rt}|出力端末：{sts:rt}　{Dera:report}]")


@layout("hostile", 2)
def long_case_narrative(r):
    if r.age < 45:
        r.exam_name = r.pick("胸部CT", "腹部CT", "頭部MRI", "腰椎MRI", "腹部超音波")
        r.choose_patient(nation="", age=r.rng.randint(58, 99))
    return r.x("[症例経過（長文）|経過要約|総括]\n{P}は{Dera:birth}、{addrtown}の[農家|漁師の家|旅館|炭鉱長屋]に生まれ、[{emp}に{n:15,40}年勤めた|{emp}で働き{n:55,64}歳で退職した|{emp}を手伝いながら暮らしてきた]。{D:old}、{hs:x}で«{past}»の診断を受け、{st:xdr}医師のもと内服を始めた。{D:prior2}には«{sym}»で[{hs:cl}|{h:cl}]の{sts:ref}先生を受診、このとき«{lab}»。"
               "[{kw:spouse}の{kn:spouse}|{kw:child}の{kn:child}|{kw:other} {kn:other}]によれば、{Ds:onset}の[田植え|稲刈り|浜の仕事|町内会|法事]のあと急に元気がなくなったという。{D:recent}、[{opf:nb}さんの車で|{ops:tx}さん（タクシー運転手）に支えられて|{kwn:child}に付き添われ]来院、«{lab}»、«{lab}»。[{ward}に入院、受け持ちは{sts:ns}看護師。|{sts:res}研修医が初療。|]\n"
               "{tech}（{D:exam}、{sts:rt}）では、{F:1}\n[前回{D:prior}と比べ、|]{I:1}\n[{Pg}さんらしい穏やかな経過を望む、と{kn:child}さん。|{Ps}氏本人は「家がいい」と言う。|主治の{sts:md}に託す。]　（{sts:rd}）")


@layout("hostile", 1)
def short_message(r):
    return r.x("[SMS|業務チャット|院内メッセージ|ショートメール] {Ds:report} {hm}\n{sts:rd}→{sts:ref}：{Ps}さん({age})の{modality}、{concl}\n[返：了解、{ward}に連絡します。{sts:ref}|返：ありがとうございます。{kw:child}の{kn:child}さんにも話します|既読 {login:ref}]\n[{sts:ns}（[主任|師長|退院調整]）も確認|〔転送：{mob:ref}〕|添付：{url}]\n{fact}")


@layout("hostile", 1)
def no_cue_mentions(r):
    return r.x("{F}\n{I}\n[本日{hm}、{sts:ns}さん同席で本人に説明。|{sts:md}と相談済。|さきほど{sts:ref}から電話あり。|{Ps}さんのご希望で{hs:x}へ。|{hs:cl}に返却。|{hs:cl}・{hs:x}に同報。][画像は{hs:x}にもあり。|次は{Ds:next}。|{ward}へ帰室、付添 {kn:child}。|続きは{sts:rd2}。|]")


# ----------------------------------------------------------------------------------------------------------------
# From marked text to spans
# ----------------------------------------------------------------------------------------------------------------

def segments(marked):
    """Return [kind or "", text] pairs; the outermost mark wins, an identifier may not lie inside another mark."""
    found, stack, kind = [], [], ""
    for token in re.findall(f"{OPEN}[a-z_0-9]+{MID}|{CLOSE}|[^{OPEN}{CLOSE}]+", marked):
        if token[0] == OPEN:
            inner = token[1:-1]
            assert not (stack and inner in KINDS), (inner, stack)
            stack.append(inner)
            if len(stack) == 1:
                found.append([inner, ""])
        elif token == CLOSE:
            stack.pop()
            if not stack:
                found.append(["", ""])
        else:
            if not found:
                found.append(["", ""])
            found[-1][1] += token
    assert not stack, marked
    return [pair for pair in found if pair[1]]


def transform(parts, post, rng):
    for step in post:
        if step == "full":
            parts = [[kind, full_digits(text) if kind in ("email", "url", "login") else full_ascii(text)] for kind, text in parts]
        elif step == "half":
            parts = [[kind, half_kana(text)] for kind, text in parts]
        elif step == "ocr":
            parts = [[kind, _ocr(kind, text, rng)] for kind, text in parts]
        elif step.startswith("wrap:"):
            parts = _wrap(parts, int(step[5:]))
    return parts


def _ocr(kind, text, rng):
    """Set letters apart as a reader of faxes does: often in labels and names, seldom in prose."""
    rate = {"": 0.03, "clinical": 0.0, "not_date": 0.0, "patient_name": 0.5, "staff_name": 0.5, "exam_date": 0.25, "other_date": 0.15, "birth_date": 0.25, "phone": 0.12, "hospital": 0.2}.get(kind, 0.1)
    out = ""
    for char, following in zip(text, text[1:] + "\n"):
        out += char
        if not char.isspace() and not following.isspace() and rng.random() < rate:
            out += " "
    return out


def _wrap(parts, width):
    column, wrapped = 0, []
    for kind, text in parts:
        out = ""
        for char in text:
            if column == width:
                out, column = out + "\n", 0
            out, column = out + char, (0 if char == "\n" else column + 1)
        wrapped.append([kind, out])
    return wrapped


def spans(parts):
    text, identifiers, clinical, not_dates = "", [], [], []
    for kind, piece in parts:
        lead = len(piece) - len(piece.lstrip()) if kind else 0
        body = piece.strip() if kind else piece
        start = len(text) + lead
        text += piece
        if not kind or not body:
            continue
        entry = {"start": start, "end": start + len(body), "text": body}
        if kind == "clinical":
            clinical.append(entry)
        elif kind == "not_date":
            not_dates.append(entry)
        else:
            assert kind in KINDS, kind
            identifiers.append({**entry, "kind": kind, "must": True})
    for entry in identifiers + clinical + not_dates:
        assert text[entry["start"]:entry["end"]] == entry["text"] and entry["text"], entry
    ordered = sorted(identifiers + clinical + not_dates, key=lambda entry: entry["start"])
    assert all(a["end"] <= b["start"] for a, b in zip(ordered, ordered[1:]))
    assert not re.search("[\ue000-\ue002«»‹›{}]", text), text
    return text, identifiers, clinical, not_dates


def generate(kind, seed, number):
    rng = random.Random(f"{kind}:{seed}:{number}")
    report = Report(rng, kind)
    names, functions, weights = zip(*[(name, function, weight) for name, function, weight in LAYOUTS[kind]])
    index = rng.choices(range(len(names)), weights)[0]
    marked = functions[index](report)
    if kind == "hostile" and not report.post:
        if rng.random() < 0.10:
            report.post.append("full")
        elif rng.random() < 0.05:
            report.post.append("half")
        elif rng.random() < 0.04:
            report.post.append(f"wrap:{rng.randint(26, 44)}")
    text, identifiers, clinical, not_dates = spans(transform(segments(marked), report.post, rng))
    p = report.patient
    return {"id": f"b-{kind}-{seed}-{number:05d}", "layout": names[index],
            "patient": {"name_kanji": p.full(rng.choice([" ", "　", ""])) if p.kanji or p.nation else p.full(" "), "name_kana": p.kana(), "name_romaji": f"{p.sur_rom.upper()} {p.giv_rom.upper()}",
                        "id": report.pid, "birth_date": report.birth_day.isoformat(), "sex": report.sex},
            "header_known": rng.random() < (0.6 if kind == "hostile" else 0.85),
            "text": text, "identifiers": identifiers, "clinical": clinical, "not_dates": not_dates}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--kind", choices=("ordinary", "hostile"), required=True)
    arguments = parser.parse_args()
    for number in range(arguments.count):
        print(json.dumps(generate(arguments.kind, arguments.seed, number), ensure_ascii=False))


if __name__ == "__main__":
    main()
