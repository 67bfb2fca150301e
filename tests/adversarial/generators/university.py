"""Generate adversarial Japanese radiology reports with known identifiers.

Usage: generator.py --seed N --count M --kind ordinary|hostile
One JSON object a line; spans are code point offsets into "text". No real person is described:
names are drawn by combination, institutions are composed from invented place names.

Templates: <a|b> picks one, {slot} expands a pool or a method slot_*, «x» marks a clinical term,
‹x› marks a number that is no date. Identifiers are marked by mark(kind, text).
"""
import argparse
import datetime as dt
import json
import random
import re
import unicodedata

KINDS = frozenset(
    "patient_name staff_name relative_name other_person patient_id accession phone email login address hospital "
    "hospital_short ward room employer school birth_date exam_date other_date age_over_89 insurer_number url".split())

# ---------------------------------------------------------------- names

SUR_COMMON = """佐藤:さとう 鈴木:すずき 高橋:たかはし 田中:たなか 伊藤:いとう 渡辺:わたなべ 山本:やまもと 中村:なかむら 小林:こばやし
加藤:かとう 吉田:よしだ 山田:やまだ 佐々木:ささき 山口:やまぐち 松本:まつもと 井上:いのうえ 木村:きむら 斎藤:さいとう 清水:しみず
山崎:やまさき 阿部:あべ 池田:いけだ 橋本:はしもと 山下:やました 石川:いしかわ 中島:なかじま 前田:まえだ 藤田:ふじた 後藤:ごとう
小川:おがわ 岡田:おかだ 村上:むらかみ 長谷川:はせがわ 近藤:こんどう 石井:いしい 坂本:さかもと 遠藤:えんどう 藤井:ふじい 青木:あおき
西村:にしむら 福田:ふくだ 太田:おおた 三浦:みうら 藤原:ふじわら 岡本:おかもと 松田:まつだ 中川:なかがわ 中野:なかの 原田:はらだ
小野:おの 田村:たむら 竹内:たけうち 金子:かねこ 和田:わだ 中山:なかやま 石田:いしだ 上田:うえだ 森田:もりた 柴田:しばた 酒井:さかい
工藤:くどう 横山:よこやま 宮崎:みやざき 宮本:みやもと 内田:うちだ 高木:たかぎ 安藤:あんどう 谷口:たにぐち 大野:おおの 丸山:まるやま
今井:いまい 武田:たけだ 西田:にしだ 上野:うえの 杉山:すぎやま 増田:ますだ 小島:こじま 千葉:ちば 久保:くぼ 松井:まつい 野口:のぐち
岩崎:いわさき 桜井:さくらい 菅原:すがわら 木下:きのした 野村:のむら 佐野:さの 菊池:きくち 大塚:おおつか 松尾:まつお 平野:ひらの
市川:いちかわ 古川:ふるかわ 水野:みずの 島田:しまだ 小松:こまつ 高田:たかだ 服部:はっとり 西川:にしかわ 五十嵐:いがらし 北村:きたむら
安田:やすだ 中田:なかた 川口:かわぐち 平田:ひらた 川崎:かわさき 飯田:いいだ 吉川:よしかわ 本田:ほんだ 沢田:さわだ 辻本:つじもと
阪本:さかもと 植田:うえだ 米田:よねだ 岸本:きしもと 奥野:おくの 中西:なかにし 藪内:やぶうち 楠本:くすもと 北野:きたの 泉谷:いずみたに
大西:おおにし 河合:かわい 吉村:よしむら 久保田:くぼた 堀内:ほりうち 浅井:あさい 片山:かたやま 荒木:あらき 大谷:おおたに 松岡:まつおか
足立:あだち 手塚:てづか 目黒:めぐろ 首藤:すどう 毛利:もうり 脇坂:わきさか 根本:ねもと 角田:かくた 肥田:ひだ 石灰谷:いしばいたに
骨川:ほねかわ 血脇:ちわき 腰原:こしはら 背戸:せと 口石:くちいし 心石:こころいし 肝付:きもつき 高安:たかやす 戸谷:とたに 葛西:かさい"""
SUR_COMMON = SUR_COMMON.replace("石灰谷:いしばいたに\n骨川:ほねかわ 血脇:ちわき 腰原:こしはら 背戸:せと", "血脇:ちわき 背戸:せと")

SUR_RARE = """勅使河原:てしがわら 小鳥遊:たかなし 東海林:しょうじ 薬袋:みない 月見里:やまなし 御手洗:みたらい 百目鬼:どうめき 纐纈:こうけつ
鴻池:こうのいけ 西園寺:さいおんじ 武者小路:むしゃのこうじ 伊集院:いじゅういん 喜屋武:きゃん 仲村渠:なかんだかり 比嘉:ひが 金城:きんじょう
東恩納:ひがしおんな 我那覇:がなは 具志堅:ぐしけん 阿波根:あはごん 左右田:そうだ 宇都宮:うつのみや 長宗我部:ちょうそかべ 十河:そごう
八重樫:やえがし 九十九:つくも 五百旗頭:いおきべ 四十物:あいもの 六角:ろっかく 七五三:しめ 二階堂:にかいどう 三枝:さえぐさ 一柳:ひとつやなぎ
蝦名:えびな 釜萢:かまやち 猪股:いのまた 鵜飼:うかい 鷲見:すみ 蓮沼:はすぬま 鰐淵:わにぶち 犬飼:いぬかい 熊埜御堂:くまのみどう
辺土名:へんとな 知念:ちねん 玉城:たましろ 島袋:しまぶくろ 安次富:あしとみ 平良:たいら 髙橋:たかはし 﨑山:さきやま 渡邉:わたなべ 渡邊:わたなべ
齋藤:さいとう 齊藤:さいとう 濵田:はまだ 廣瀬:ひろせ 桒原:くわばら 栁田:やなぎだ 𠮷岡:よしおか 邊見:へんみ 國枝:くにえだ 櫻木:さくらぎ
眞鍋:まなべ 德永:とくなが 嶋﨑:しまさき 澤井:さわい 籔本:やぶもと 蘆田:あしだ 檜垣:ひがき 樫葉:かしば 雑賀:さいか 目崎:めざき
円城寺:えんじょうじ 万代:ばんだい 神子田:みこだ 越智:おち 芥川谷:あくたがわたに 生天目:なばため 田結庄:たいのしょう 波々伯部:ほうかべ
反町:そりまち 結城:ゆうき 巽:たつみ 雲丹亀:うにがめ 紫安:しやす 幸田:こうだ 玉置:たまき 新家:しんけ 上農:じょうの 日紫喜:ひしき
服巻:はらまき 留守:るす 動坂:どうさか 無量谷:むりょうだに 壁谷:かべや 前立:まえだち 中葉:なかば 上顎:うわあご 大動:おおどう"""
SUR_RARE = SUR_RARE.replace(" 前立:まえだち 中葉:なかば 上顎:うわあご 大動:おおどう", "").replace("芥川谷:あくたがわたに ", "")

SUR_ONE = """原:はら 森:もり 林:はやし 関:せき 島:しま 橋:はし 東:ひがし 西:にし 南:みなみ 北:きた 堀:ほり 岡:おか 泉:いずみ 谷:たに 菅:すが
乾:いぬい 畑:はた 星:ほし 辻:つじ 牧:まき 平:たいら 今:こん 柳:やなぎ 榊:さかき 楠:くすのき 梶:かじ 桂:かつら 椿:つばき 滝:たき 湊:みなと
沖:おき 浜:はま 岸:きし 峰:みね 窪:くぼ 轟:とどろき 城:じょう 塙:はなわ 佃:つくだ 伴:ばん 中:なか 仲:なか 脇:わき 角:かど 門:かど 奥:おく
堤:つつみ 前:まえ 上:うえ 境:さかい 芝:しば 杉:すぎ 宮:みや 辰:たつ 越:こし 向:むかい 巌:いわお 縄:なわ 嶽:たけ 梁:やな 楢:なら 鎌:かま"""

GIVEN_M = """健一:けんいち 和夫:かずお 隆:たかし 誠:まこと 浩:ひろし 進:すすむ 徹:とおる 実:みのる 充:みつる 治:おさむ 満:みつる 要:かなめ 明:あきら
光:ひかる 潤:じゅん 学:まなぶ 修:おさむ 勝:まさる 博之:ひろゆき 達也:たつや 直樹:なおき 大輔:だいすけ 翔太:しょうた 蓮:れん 悠真:ゆうま
湊斗:みなと 大翔:ひろと 陽向:ひなた 颯:はやて 壮一郎:そういちろう 喜一:きいち 末吉:すえきち 留三:とめぞう 善次郎:ぜんじろう 茂:しげる
清:きよし 正:ただし 武雄:たけお 義男:よしお 節男:せつお 功:いさお 昭二:しょうじ 昭三:しょうぞう 幸雄:ゆきお 俊彦:としひこ 雅人:まさと
拓哉:たくや 祐介:ゆうすけ 亮:りょう 篤志:あつし 康弘:やすひろ 敬太:けいた 慎二郎:しんじろう 英樹:ひでき 英治:えいじ 良平:りょうへい
丈:たけし 弦:げん 凪:なぎ 碧:あお 樹:いつき 海斗:かいと 琉生:るい 一颯:いぶき 伊吹:いぶき 龍之介:りゅうのすけ 宗佑:そうすけ 玄太:げんた
倫太郎:りんたろう 瑛士:えいじ 朔:さく 晴彦:はるひこ 弥太郎:やたろう 卯之助:うのすけ 熊雄:くまお 甚八:じんぱち 芳樹:よしき 恒夫:つねお
輝久:てるひさ 嘉彦:よしひこ 邦男:くにお 宣之:のぶゆき 憲司:けんじ 耕平:こうへい 泰三:たいぞう 稔:みのる 豊:ゆたか 武:たけし 寛:ひろし
勇人:はやと 頼子郎:よりしろう 秀和:ひでかず 敦:あつし 渉:わたる 智也:ともや 剛:つよし 昇:のぼる 登:のぼる 守:まもる""".replace("頼子郎:よりしろう ", "")

GIVEN_F = """花江:はなえ 節子:せつこ 葉子:ようこ 和子:かずこ 幸子:さちこ 洋子:ようこ 恵子:けいこ 久美子:くみこ 由美:ゆみ 真由美:まゆみ 陽子:ようこ
美咲:みさき 愛:あい 彩:あや 葵:あおい 結衣:ゆい 陽菜:ひな 凛:りん 心:こころ 芽依:めい 紬:つむぎ 円:まどか 望:のぞみ 泉:いずみ 薫:かおる 操:みさお
光代:みつよ 八重:やえ 千代:ちよ 菊枝:きくえ 静江:しずえ 文:ふみ 房江:ふさえ 節:せつ 貞子:さだこ 喜美代:きみよ 艶子:つやこ 富士子:ふじこ
トメ:とめ ウメ:うめ キヌ:きぬ ハル:はる フサ:ふさ シズエ:しずえ ヨネ:よね スエ:すえ タツ:たつ ミツ:みつ カメ:かめ サダ:さだ イト:いと マツ:まつ
さくら:さくら ひかり:ひかり ゆかり:ゆかり かおり:かおり あゆみ:あゆみ みどり:みどり まこと:まこと はるか:はるか つばさ:つばさ いづみ:いづみ
亜希子:あきこ 奈緒:なお 麻衣子:まいこ 智恵美:ちえみ 裕子:ゆうこ 優奈:ゆうな 理沙:りさ 瞳:ひとみ 舞:まい 香織:かおり 綾乃:あやの
紗季:さき 詩織:しおり 千尋:ちひろ 真澄:ますみ 珠美:たまみ 律子:りつこ 佐和子:さわこ 絹代:きぬよ 志津:しづ 多恵:たえ 登美子:とみこ
弥生:やよい 五月:さつき 葉月:はづき 皐月:さつき 睦月:むつき 小夜:さよ 乙葉:おとは 梓:あずさ 杏:あん 楓:かえで 椛:もみじ 寿々:すず
悦子:えつこ 妙子:たえこ 郁代:いくよ 昌代:まさよ 孝子:たかこ 信子:のぶこ 敏江:としえ 美佐恵:みさえ 初枝:はつえ 仁美:ひとみ""".replace("五月:さつき ", "")

SUR_ASIA = """王:おう:WANG 李:り:LI 陳:ちん:CHEN 劉:りゅう:LIU 張:ちょう:ZHANG 楊:よう:YANG 洪:こう:HONG 金:きむ:KIM 朴:ぱく:PARK 崔:ちぇ:CHOI
鄭:ちょん:JUNG 林:りん:LIN 黄:こう:HUANG 呉:ご:WU 孫:そん:SUN 胡:こ:HU 尹:ゆん:YOON 姜:かん:KANG"""
FEMALE_ASIA = "麗娜 秀蘭 美玲 英姫 恵珍 小燕".split()
GIVEN_ASIA = "建華:けんか:JIANHUA 志強:しきょう:ZHIQIANG 麗娜:れいな:LINA 秀蘭:しゅうらん:XIULAN 俊傑:しゅんけつ:JUNJIE 美玲:めいりん:MEILING " \
    "明洙:みょんす:MYUNGSOO 英姫:よんひ:YOUNGHEE 成浩:そんほ:SUNGHO 恵珍:へじん:HYEJIN 小燕:しょうえん:XIAOYAN 文博:ぶんはく:WENBO"

FOREIGN_SUR = {"vn": "NGUYEN:グエン TRAN:チャン LE:レ PHAM:ファム HOANG:ホアン VO:ヴォ BUI:ブイ DANG:ダン DUONG:ズオン TRUONG:チュオン",
    "br": "SILVA:シルバ SANTOS:サントス OLIVEIRA:オリベイラ SOUZA:ソウザ PEREIRA:ペレイラ FERREIRA:フェレイラ NAKASHIMA:ナカシマ HIGA:ヒガ "
          "ALMEIDA:アルメイダ COSTA:コスタ",
    "ph": "DELA CRUZ:デラクルス REYES:レイエス BAUTISTA:バウティスタ VILLANUEVA:ヴィリャヌエヴァ MENDOZA:メンドーサ",
    "np": "SHRESTHA:シュレスタ GURUNG:グルン THAPA:タパ TAMANG:タマン KHADKA:カドカ",
    "us": "JOHNSON:ジョンソン MILLER:ミラー O'BRIEN:オブライエン SCHMIDT:シュミット DUBOIS:デュボワ KOWALSKI:コヴァルスキ IVANOVA:イワノワ"}
FOREIGN_GIVEN = {"vn": "VAN HUNG:ヴァン フン THI LAN:ティ ラン MINH TUAN:ミン トゥアン THI HONG NHUNG:ティ ホン ニュン QUOC BAO:クォック バオ "
                       "THI MAI:ティ マイ DUC ANH:ドゥック アイン THI KIM OANH:ティ キム オアイン",
    "br": "MARCOS PAULO:マルコス パウロ ANA CLAUDIA:アナ クラウディア RODRIGO:ロドリゴ FERNANDA AKEMI:フェルナンダ アケミ LUCAS:ルーカス "
          "PATRICIA:パトリシア EDSON KENJI:エジソン ケンジ",
    "ph": "MARIA LUISA:マリア ルイサ JOSEFINA:ホセフィナ RAMIL:ラミル ROWENA:ロウェナ CHRISTIAN:クリスチャン",
    "np": "BIJAY:ビジャイ SUNITA:スニタ RAM BAHADUR:ラム バハドゥル ANJALI:アンジャリ PRAKASH:プラカシュ",
    "us": "MARK ALAN:マーク アラン EMILY:エミリー SEAN:ショーン CLAIRE:クレール PIOTR:ピョートル OLGA:オルガ"}
VN_TONES = {"NGUYEN": "Nguyễn", "TRAN": "Trần", "LE": "Lê", "PHAM": "Phạm", "HOANG": "Hoàng", "VO": "Võ", "BUI": "Bùi", "DANG": "Đặng",
    "DUONG": "Dương", "TRUONG": "Trương", "VAN": "Văn", "HUNG": "Hùng", "THI": "Thị", "LAN": "Lan", "MINH": "Minh", "TUAN": "Tuấn", "HONG": "Hồng",
    "NHUNG": "Nhung", "QUOC": "Quốc", "BAO": "Bảo", "MAI": "Mai", "DUC": "Đức", "ANH": "Anh", "KIM": "Kim", "OANH": "Oanh"}

TWINS = [("橋本", "はしもと", "橋本病"), ("高安", "たかやす", "高安動脈炎"), ("川崎", "かわさき", "川崎病"), ("原田", "はらだ", "Vogt-小柳-原田病"),
    ("菊池", "きくち", "菊池病"), ("木村", "きむら", "木村病"), ("平山", "ひらやま", "平山病"), ("瀬川", "せがわ", "瀬川病"), ("太田", "おおた", "太田母斑"),
    ("鈴木", "すずき", "鈴木分類 第3期"), ("野口", "のぐち", "野口分類 Type C"), ("戸谷", "とたに", "戸谷分類 IV-A型"), ("葛西", "かさい", "葛西手術後"),
    ("山田", "やまだ", "山田分類 III型"), ("長谷川", "はせがわ", "長谷川式 18点"), ("福山", "ふくやま", "福山型先天性筋ジストロフィー"), ("三好", "みよし", "三好型遠位型筋ジストロフィー"),
    ("浜田", "はまだ", "浜田分類 Grade 3"), ("森田", "もりた", "森田療法"), ("犬山", "いぬやま", "新犬山分類 F3A2"), ("大田原", "おおたわら", "大田原症候群"),
    ("小柳", "こやなぎ", "Vogt-小柳-原田病"), ("木村", "きむら", "木村・竹本分類 O-2"), ("小口", "おぐち", "小口病"), ("藤本", "ふじもと", "菊池・藤本病")]
NAME_TRAPS = [("関", "せき", "節子", "せつこ", "F"), ("中", "なか", "葉子", "ようこ", "F"), ("上", "うえ", "葉子", "ようこ", "F"), ("関", "せき", "節男", "せつお", "M"),
    ("前", "まえ", "立夫", "たつお", "M"), ("橋", "はし", "正中", "まさなか", "M"), ("島", "しま", "皓", "ひろし", "M"), ("門", "かど", "光", "ひかる", "M"),
    ("今", "こん", "回造", "かいぞう", "M"), ("平", "たいら", "均", "ひとし", "M"), ("角", "かど", "膜", "", "X"), ("林", "はやし", "充", "みつる", "M"),
    ("南", "みなみ", "潤", "じゅん", "M"), ("東", "あずま", "実", "みのる", "M"), ("谷", "たに", "円", "まどか", "F"), ("北", "きた", "葵", "あおい", "F")]
NAME_TRAPS = [t for t in NAME_TRAPS if t[4] != "X" and t[2] not in ("正中", "回造")]


def pairs(block):
    return [tuple(item.split(":")) for item in block.split()]


SURNAMES, RARE, ONE = pairs(SUR_COMMON), pairs(SUR_RARE), pairs(SUR_ONE)
GIVENS = {"M": pairs(GIVEN_M), "F": pairs(GIVEN_F)}
OLD = set("末吉 留三 善次郎 卯之助 熊雄 甚八 弥太郎 喜一 昭二 昭三 八重 千代 菊枝 静江 房江 貞子 艶子 志津 登美子 初枝 節 操 文 喜美代 トメ ウメ キヌ ハル フサ シズエ ヨネ スエ タツ ミツ カメ サダ イト マツ 花江 節子 節男 武雄 義男".split())
MODERN = set("翔太 蓮 悠真 湊斗 大翔 陽向 颯 海斗 琉生 一颯 伊吹 龍之介 瑛士 朔 凪 碧 樹 倫太郎 美咲 葵 結衣 陽菜 凛 心 芽依 紬 さくら はるか つばさ 優奈 奈緒 紗季 詩織 乙葉 杏 楓 椛 葉月 皐月 睦月 小夜 あおい".split())


def given_of(rng, sex, generation):
    """Return a given name of the old, the middle or the young generation."""
    barred = {"old": MODERN, "young": OLD, "mid": OLD | MODERN}[generation]
    return rng.choice([g for g in GIVENS[sex] if g[0] not in barred])

# ---------------------------------------------------------------- kana

_BASE = dict(zip("あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをんがぎぐげござじずぜぞだぢづでどばびぶべぼぱぴぷぺぽぁぃぅぇぉ",
    "a i u e o ka ki ku ke ko sa shi su se so ta chi tsu te to na ni nu ne no ha hi fu he ho ma mi mu me mo ya yu yo ra ri ru re ro wa o n "
    "ga gi gu ge go za ji zu ze zo da ji zu de do ba bi bu be bo pa pi pu pe po a i u e o".split()))
_SMALL = {"ゃ": "a", "ゅ": "u", "ょ": "o"}


def romaji(kana):
    """Return passport romaji of hiragana, long vowels dropped."""
    out = []
    for ch in kana:
        if ch in _SMALL:
            stem = out.pop()[:-1]
            out.append(stem + ("" if stem in ("sh", "ch", "j") else "y") + _SMALL[ch])
        elif ch in "ぁぃぅぇぉ" and out:
            out[-1] = out[-1][:-1] + _BASE[ch]
        else:
            out.append("っ" if ch == "っ" else _BASE[ch])
    text = re.sub("っ(.)", r"\1\1", "".join(out)).replace("cch", "tch")
    return re.sub("uu", "u", re.sub("o[ou](?!e$)", "o", text)).replace("nb", "mb").replace("nm", "mm").replace("np", "mp").upper()


def katakana(kana):
    return "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in kana)


_HALF = {}
for _code in range(0xFF61, 0xFFA0):
    _HALF.setdefault(unicodedata.normalize("NFKC", chr(_code)), chr(_code))
for _full in "ガギグゲゴザジズゼゾダヂヅデドバビブベボパピプペポヴ":
    _parts = unicodedata.normalize("NFD", _full)
    _HALF[_full] = _HALF[_parts[0]] + {"\u3099": "ﾞ", "\u309a": "ﾟ"}[_parts[1]]
_KANA_ONLY = {k: v for k, v in _HALF.items() if "ァ" <= k <= "ー"}


def half_kana(text):
    return "".join(_KANA_ONLY.get(c, c) for c in text)


def full_width(text):
    return "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalnum() else c for c in text)


def full_digits(text):
    return "".join(chr(ord(c) + 0xFEE0) if "0" <= c <= "9" else c for c in text)


# ---------------------------------------------------------------- marks

def mark(kind, text):
    """Return text marked as an identifier of one kind."""
    assert kind in KINDS and text.strip() == text and text, (kind, text)
    return f"\x01{kind}\x02{text}\x03"


def parse(marked):
    """Return (text, spans) of marked text; spans are [start, end, kind], kinds c and n for clinical and not_date."""
    out, stack, spans = [], [], []
    for token in re.split(r"(\x01\w+\x02|[«»‹›\x03])", marked):
        if token.startswith("\x01"):
            stack.append((len(out), token[1:-1]))
        elif token in ("«", "‹"):
            stack.append((len(out), "c" if token == "«" else "n"))
        elif token in ("»", "›", "\x03"):
            start, kind = stack.pop()
            assert len(out) > start, marked
            spans.append([start, len(out), kind])
        else:
            out.extend(token)
    assert not stack, marked
    return "".join(out), spans


def rewrite(doc, pieces):
    """Return doc with character i replaced by pieces[i] = (inserted before, body)."""
    text, spans = doc
    starts, ends, pos, out = [], [], 0, []
    for before, body in pieces:
        starts.append(pos + len(before))
        pos += len(before) + len(body)
        ends.append(pos)
        out.append(before + body)
    return "".join(out), [[starts[s], ends[e - 1], k] for s, e, k in spans]


def map_chars(doc, table):
    return rewrite(doc, [("", table(c)) for c in doc[0]])


def wrapped(doc, columns):
    """Return doc broken hard at a display width, as an old terminal does."""
    pieces, width = [], 0
    for ch in doc[0]:
        size = 2 if unicodedata.east_asian_width(ch) in "WFA" else 1
        broken = width + size > columns and ch != "\n"
        width = 0 if ch == "\n" else (size if broken else width + size)
        pieces.append(("\n" if broken else "", ch))
    return rewrite(doc, pieces)


def ocr_spaced(doc, rng, line_rate=0.45):
    """Return doc with blanks between the characters of some lines, as a scanner's text layer has."""
    pieces, last = [], "\n"
    spaced = rng.random() < line_rate
    for ch in doc[0]:
        if ch == "\n":
            spaced = rng.random() < line_rate
        cjk = last > "\u3000" and ch > "\u3000" and last not in "。、" and ch not in "。、：（）"
        blank = spaced and cjk and last != "\n" and rng.random() < 0.8
        pieces.append((" " if blank else "", ch))
        last = ch
    return rewrite(doc, pieces)

# ---------------------------------------------------------------- prose

POOLS = {
    "lobe": "右肺上葉S1|右肺上葉S2|右S3|右中葉S4|右中葉S5|右下葉S6|右下葉S10|左上葉S1+2|左上区S3|左舌区S4|左下葉S6|左S8|左肺底部|右肺尖部|左B6分岐部|右葉間胸膜直下",
    "liv": "肝S2|肝S3|肝S4|肝S5|肝S6|肝S7|肝S8|肝S5/8境界|肝S4ドーム下|尾状葉|肝左葉外側区|肝右葉後区域|胆嚢床近傍",
    "side": "右|左|両側",
    "side1": "右|左",
    "fu": "<3|6|12|3-6|6-12>か月後の<CT|MRI|US|画像>",
    "drug": "ワーファリン|エリキュース|プレドニン|メトホルミン|オプジーボ|キイトルーダ|タグリッソ|ゾメタ|リクシアナ|メトトレキサート|アリセプト|フェブリク|FOLFOX|TC療法|S-1",
    "fill": "<他|その他|撮像範囲内に|見える範囲で><、><有意な所見|特記すべき異常|明らかな異常所見><なし|を認めません|は指摘できません>。",
    "dept": "内科|消化器内科|呼吸器内科|循環器内科|脳神経外科|脳外|整形|整形外科|泌尿器科|婦人科|乳腺外科|外科|消外|呼外|血内|膠原病内科|小児科|救急科|ER|総診|耳鼻科|口外|皮膚科|形成|腎内|神内|放治|糖内|健診センター",
    "cm": "造影剤 «{contrast} {n:50:100}mL»|«{contrast}»<使用|静注|急速静注>|<造影|Dynamic CE>(«{contrast}»)",
    "contrast": "イオパミロン300|オムニパーク350|イオメロン350|プロスコープ300|オプチレイ320|イオプロミド370",
    "mrcm": "ガドビスト|プロハンス|EOB・プリモビスト|マグネスコープ|リゾビスト",
    "ctdev": "Aquilion ONE|Aquilion Precision|SOMATOM Force|SOMATOM Drive|Revolution CT|Optima CT660|Brilliance iCT|Supria|NAEOTOM Alpha|IQon",
    "mrdev": "MAGNETOM Skyra|MAGNETOM Vida|Ingenia 3.0T|Achieva 1.5T|SIGNA Pioneer|SIGNA Architect|Vantage Galan 3T|ECHELON Smart|Vantage Titan",
    "usdev": "Aplio i800|LOGIQ E10|EPIQ 7|ARIETTA 850|ACUSON Sequoia|Xario 200",
    "nmdev": "Discovery NM/CT 670|Symbia Intevo|Discovery MI|Biograph Vision|Celesteion|Cartesion Prime|GCA-9300R",
    "crdev": "CALNEO|AeroDR|RADspeed Pro|CXDI-710|AMULET Innovality|Senographe Pristina|Peruru",
}

ND_GENERAL = ["(Im ‹{n:3:12}/{n:13:60}›)", "(Se‹{n:2:9}/{n:10:30}›)", "<スライス|image>‹{n:2:12}-{n:13:29}›", "(DLP ‹{n:200:1900}.{n:1:9}› mGy・cm)", "(画像No.‹{n:1:12}-{n:1:28}›参照)",
    "(key image ‹{n:1:9}/{n:10:25}›)"]

EXAMS = {
"chest": dict(sex="MF", title="胸部CT|胸部単純CT|胸部造影CT|胸腹部CT|Chest CT|HRCT(胸部)", dev="ctdev",
  hist="«咳嗽»精査|«検診胸部異常影»|«肺癌術後»フォロー|«胸部X線»で{side1}肺野«結節影»|«間質性肺炎»fu|«COPD»、<発熱|SpO2低下>|«NTM»経過観察|«血痰»|«RA»、«MTX肺炎»の除外|{age}、<呼吸苦|胸痛>。«Dダイマー»高値|«{drug}»投与前|"
       "«胸部異常陰影»精査。<喫煙 «20本×40年»|喫煙歴なし>|«大腸癌»術後、«転移»検索|«SLE»、「<肺炎|間質影>?」",
  find=["«{lobe}»に«{mm}»の<«充実性結節»|«部分充実性結節»|«すりガラス結節»|«結節影»>を認め<ます|る>。<辺縁は«分葉状»で«spicula»を伴<います|う>。|«胸膜陥入像»を伴<います|う>。|内部に«air bronchogram»<あり|を認める>。|>{nd}",
   "<縦隔|肺門部|縦隔・肺門>に<有意な|明らかな|>«リンパ節腫大»は<認めません|みられない|指摘できない>。", "«#4R»、«#7»に短径«{n:6:28}mm»<までの|の>«リンパ節»を<認める|認めますが非特異的です>。",
   "«両側胸水»<少量|中等量>。<圧排性無気肺|受動性無気肺>を伴<います|う>。", "«胸水»<なし|を認めません|貯留なし>。", "<両肺|{side}肺>に«{emph}»を認め<ます|る>。",
   "両下葉優位に«網状影»、«牽引性気管支拡張»<を認める|あり>。<«蜂巣肺»ははっきりしません。|«honeycombing»を伴う。>", "「«{lobe}»」の<既知|前回指摘>の«結節»は«{mm}»から«{mm}»に<増大|縮小>して<います|いる>。",
   "{side1}«中葉・舌区»に«気管支拡張»と«小葉中心性粒状影»<が散見され|を認め>、«NTM症»として矛盾<しません|しない>。", "«肺動脈本幹»径«{n:24:38}mm»。<«右心負荷»所見なし。|>", "«心拡大»<あり|なし>。«冠動脈石灰化»を<認める|認めます>。",
   "<«上行大動脈»|«大動脈弓部»>径«{n:35:52}mm»。<«解離»を示唆する所見なし。|>", "{side1}«第‹{n:3:6}-{n:7:10}›肋骨»に<陳旧性骨折|骨折線>を<認める|認めます>。", "«甲状腺»{side1}葉に«{mm}»の«低吸収結節»。", "{side}«副腎»<に腫大なし|腫大を認めません>。",
   "<«気管内»に«喀痰»貯留。|«気管»に異常<なし|を認めない>。>", "«Th‹11/12›»レベルに«圧迫骨折»を<認める|認めます>。", "<«肺野条件»|«薄層CT»>で<«散布性粒状影»|«tree-in-bud»>を<認める|認めます>。", "{side1}«胸膜»に«石灰化プラーク»が<散在|みられ>、«石綿»ばく露が疑われ<ます|る>。"],
  imp=["«{lobe}»«{nodule}» {mm}、<«原発性肺癌»|«肺腺癌»|«転移»>の疑い", "«原発性肺癌»疑い、«TNM <8|9>版» «cT<1a|1b|1c|2a|3>N<0|1|2>M0»<相当|>", "«肺結節» «Fleischner Society 2017»に準じ{fu}を<お勧めします|推奨>", "«間質性肺炎»、«UIP pattern»<(«ATS/ERS 2018»)|>",
   "«肺気腫»、«Goddard» {n:4:18}点", "«NTM症»疑い。<著変なし|軽度増悪>", "«肺血栓塞栓症»を<認めません|認めない>", "«器質化肺炎»疑い、«感染»を含め<鑑別|ご検討>を", "前回と比べ<著変なし|著変ありません|不変>", "«野口分類 Type <A|B|C>»相当の«腺癌»を疑う", "新規«転移»<なし|を疑う病変なし>", "«RECIST 1.1»で«<PR|SD|PD>»"]),
"abdomen": dict(sex="MF", title="腹部CT|腹部造影CT|腹骨盤CT|腹部ダイナミックCT|上腹部単純CT|Abdomen CT|全腹部CT(CE)", dev="ctdev",
  hist="<腹痛|心窩部痛|右季肋部痛>、«<CRP|WBC>»上昇|«HCC»<TACE後|RFA後>|«膵嚢胞»fu|«大腸癌»術後<3|5>年|«CA19-9»<上昇|高値>|«肝機能障害»、«AST/ALT ‹{n:40:120}/{n:30:140}›»|«胆石»、<手術前|術前精査>|«下血»、«Hb {n:6:9}.{n:0:9}»|«C型肝炎»SVR後|"
       "{age}、«黄疸»|«腎機能低下» «eGFR {n:18:58}»|«下腹部痛»、«虫垂炎»?|「<腫瘤|しこり>」触知|«AAA»のfu|{drug}投与中、効果判定|«胃癌» <cT3N1|cT2N0> 術前",
  find=["«{liv}»に«{mm}»の<«早期濃染»結節|«低吸収域»|«嚢胞»|«血管腫»>を<認めます|認める>。<«washout»あり。|«被膜様濃染»を伴<います|う>。|>{nd}", "«肝»に<占拠性病変なし|SOLを認めません|明らかな腫瘤なし>。", "«脂肪肝»<あり|を認めます>。", "«胆嚢»に«結石»<多数|数個>、«壁肥厚»<なし|を伴う>。",
   "«総胆管»は«{n:6:18}mm»に<拡張|軽度拡張>。<下端に«結石»を疑う高吸収。|>", "«膵»<頭部|体部|尾部>に«{mm}»の«嚢胞性病変»あり。«主膵管»<拡張なし|径{n:2:9}mm>。", "«膵体尾部»<周囲に«脂肪織濃度上昇»あり。|に異常なし。>", "«脾腫»<あり|なし>。", "{side}腎に«嚢胞»<多発|散在>。<«Bosniak 2019» {bos}。|>",
   "{side1}«尿管»に«{n:3:12}mm»の«結石»、«水腎症» <grade 2|軽度>。", "«虫垂»は径«{n:7:14}mm»に<腫大|腫大し、«糞石»を伴う>。", "«上行結腸»〜«<横行|S状>結腸»に«憩室»<多発|散在>。", "«腹部大動脈»径«{n:22:58}mm»。<«壁在血栓»を伴う。|>", "«腹水»<なし|少量>。«free air»<なし|を認めません>。", "«胃»<壁肥厚|前庭部>に<明らかな異常なし|«壁肥厚»疑い>。",
   "<«傍大動脈»|«腸間膜»>«リンパ節»短径«{n:6:20}mm»。", "«{site}»に«播種»を疑う結節<なし|あり>。", "«Morrison窩»、«Douglas窩»に液体<なし|貯留>。", "«Glisson鞘»に沿った<低吸収|浮腫>を<認めます|認める>。", "«L‹{lx}›»<すべり|側彎>あり。", "{side1}«鼠径»«ヘルニア»。", "«Meckel憩室»<は指摘できない|疑い>。", "«門脈»<本幹|左枝>に<血栓なし|«血栓»を認めます>。"],
  imp=["«肝細胞癌»疑い、«LI-RADS 2018» «LR-{n:3:5}»", "«IPMN»<分枝型|主膵管型>、«国際診療ガイドライン2017年版»で«worrisome features»<なし|あり>", "«急性膵炎» «CT Grade {n:1:3}»、«改訂アトランタ分類 2012»", "«急性虫垂炎»疑い", "«胆嚢結石症»<、«胆嚢炎»なし|>", "«大腸憩室炎»", "«IPMN»、«京都ガイドライン2023年版»に沿い<MRCP|EUS>を<推奨|ご検討ください>",
   "<再発|転移>を疑う所見<なし|を認めません>", "前回から<著変ありません|変化なし|不変>", "«腎細胞癌»疑い、«WHO 2022»分類では<淡明細胞型|乳頭状>を考える", "«尿管結石»、«水腎症»", "«AAA» {n:32:55}mm、前回比 <+2mm|不変>", "«肝硬変»、«Child-Pugh <A|B>»", "«Krukenberg腫瘍»<の可能性|疑い>"]),
"brain": dict(sex="MF", title="頭部MRI・MRA|頭部MRI|脳MRI|Brain MRI|頭部MRI(DWI)|頭部MR", dev="mrdev",
  hist="<右片麻痺|左上肢脱力|構音障害>、«{onset}»|«めまい»|«頭痛»|«認知症»精査 «HDS-R {n:8:24}/30»|«もやもや病»|«脳梗塞»後|«MS»fu|«下垂体腺腫»術後|«TIA»|«けいれん»|«物忘れ»、«MMSE ‹{n:12:27}/30›»|«橋»出血後|{age}、«意識障害» «JCS {n:1:3}»|«JCS II-10»|«NIHSS {n:1:18}»",
  find=["«{br}»に«DWI»高信号を認め、<«急性期梗塞»|«急性期脳梗塞»>と<考えます|考える>。<«ADC»低下あり。|>{nd}", "両側«側脳室周囲白質»に«T2WI/FLAIR»高信号<散在|多発>、«Fazekas grade {n:1:3}»。", "«DWI»で異常高信号<なし|を認めません>。", "{side1}«内頸動脈»<«C‹1/2›»|海綿静脈洞部>に«狭窄»<あり|を疑う>。",
   "{side1}«MCA M1»に<«狭窄»|«閉塞»>。", "«未破裂動脈瘤»を疑う«{n:2:9}mm»の膨隆を«{aneu}»に認め<ます|る>。", "«海馬»<萎縮|に軽度萎縮>、«VSRAD» Z-score «{n:0:4}.{n:0:99}»。", "«微小出血»を«T2*WI»で<基底核|橋|小脳>に<{n:1:9}個|散在>。", "«島»回の<信号変化|萎縮>は<なし|はっきりしない>。", "«橋»に<陳旧性梗塞|小高信号>。",
   "«鞍上部»に<「腫瘤」|腫瘤>なし。«Rathke嚢胞» {mm}。", "{side}«副鼻腔»<粘膜肥厚|炎症>。", "«Willis動脈輪»に<動脈瘤|狭窄>なし。", "«モンロー孔»近傍に<異常なし|«嚢胞» {mm}>。", "«小脳橋角部»に<腫瘤なし|«聴神経腫瘍» {mm}>。", "«シルビウス裂»の拡大<あり|軽度>。", "«硬膜下血腫»<なし|右、最大 {n:4:18}mm>。", "«脳室拡大»あり、«Evans index 0.{n:28:42}»。«DESH»<陽性|(+)>。", "«TE/TR ‹{n:80:120}/4500›»で撮像。"],
  imp=["«{br}»の急性期梗塞", "«Alzheimer病»として矛盾しない", "«髄膜腫»疑い、«WHO 2021»<grade 1|grade 2>を想定", "«膠芽腫»疑い(«WHO 2021»)", "«MS»、«McDonald 2017»の空間的多発を<満たします|満たす>", "«脳動脈瘤»疑い、3T再検<を推奨|をご検討ください>", "«高安動脈炎»の<除外|関与>は頸部MRAで", "«もやもや病» «鈴木分類 第{n:2:5}期»", "«iNPH»疑い、«診療ガイドライン第3版»", "年齢相応、<特記なし|異常なし>", "前回と<著変なし|ほぼ変化なし>", "<陳旧性|慢性>虚血性変化のみ"]),
"headct": dict(sex="MF", title="頭部CT|頭部単純CT|Head CT|脳CT", dev="ctdev", hist="<転倒|階段から転落|交通外傷>、<頭部打撲|後頭部打撲>|«{drug}»内服中、頭部打撲|<意識障害|ふらつき>、«JCS {n:1:30}»|«ICH»術後|{age}、意識レベル低下|くも膜下出血?",
  find=["<頭蓋内出血|出血>を示唆する<高吸収なし|所見を認めません>。", "«{br}»に«{n:12:60}×{n:10:40}mm»の«高吸収域»あり。{nd}", "{side1}«硬膜下血腫»、厚さ<約|最大>{n:4:20}mm。«midline shift» {n:1:12}mm。", "«早期虚血変化»<なし|あり>、«ASPECTS ‹{n:5:10}/10›»。", "«くも膜下腔»に高吸収<なし|あり、Fisher group 3>。", "<頭蓋骨|側頭骨>骨折<なし|線を認める>。", "«脳室»拡大<なし|軽度>。", "«皮髄境界»は<保たれる|不明瞭>。", "«島»皮質の«insular ribbon sign»<なし|を疑う>。", "«前頭洞»液貯留。"],
  imp=["<外傷性|急性>変化<なし|を認めません>", "«慢性硬膜下血腫»", "«被殻出血» 推定量{n:5:48}mL", "«SAH» «Hunt & Kosnik grade {n:1:4}»", "«Fisher group {n:1:4}»", "前回CTと<著変なし|比較し軽度増大>", "<再検|follow up>を<推奨|お願いします>"]),
"spine": dict(sex="MF", title="腰椎MRI|頸椎MRI|全脊椎MRI|L-spine MR|胸腰椎MRI", dev="mrdev", hist="<腰痛|下肢痛|右下肢しびれ|坐骨神経痛>|«腰部脊柱管狭窄»|«頸髄症»、«JOA {n:8:16}»|«化膿性椎間板炎»?|«転移性骨腫瘍»検索|<MMT 前脛骨筋 «‹{n:2:4}/5›»|FNST陽性>|«L‹4/5›»PLIF術後",
  find=["«L‹{lx}›»に«椎間板膨隆»<を認めます|あり>。<«硬膜嚢»を圧排。|>{nd}", "«L‹5/6›»<相当|移行椎>。", "«C‹5/6›»、«C‹6/7›»で<狭窄|骨棘>。", "«Th‹{adj}›»、«黄色靱帯骨化»<疑い|あり>。", "«L{n:1:4}»«圧迫骨折»、<新鮮|陳旧性>。«STIR»高信号<あり|なし>。", "«Modic type {n:1:3}»変化。", "«馬尾»の<弛緩|たわみ>あり。", "«Meyerding分類 I度»の«すべり»。", "«脊髄»内に«T2»高信号<なし|を認める>。", "«硬膜外膿瘍»を疑う信号<なし|を認めます>。", "«終糸»脂肪腫<あり|なし>。", "«Schmorl結節»<散見|あり>。", "«仙骨» <Tarlov嚢胞|«S‹1/2›»に嚢胞>。"],
  imp=["«L‹{lx}›»椎間板ヘルニア、<左|右>«L5神経根»圧排", "«腰部脊柱管狭窄症»、«L‹3/4›»<高度|中等度>", "«骨粗鬆症性椎体骨折»", "<悪性|転移>を疑う信号なし", "前回と<大差なし|著変なし>", "«後縦靱帯骨化症»(«OPLL»)", "«平山病»の可能性"]),
"joint": dict(sex="MF", title="膝関節MRI|右膝MRI|肩関節MRI|左肩MR|足関節MRI|股関節MRI", dev="mrdev", hist="<スポーツ外傷|ひねって受傷>|<膝痛|肩痛>、<術前精査|変形>|«ACL»?|«腱板断裂»疑い|«大腿骨頭壊死»?|MMT «‹{n:2:4}/5›»、ROM制限",
  find=["«前十字靱帯»<連続性保たれる|断裂を疑う>。", "<内側|外側>«半月板»後節に<«水平断裂»|«横断裂»>を認め<ます|る>。{nd}", "«Baker嚢胞»<あり|{mm}>。", "«棘上筋腱»<全層|部分>断裂、«Cofield分類» <medium|large>。", "«骨髄浮腫»が<内側顆|大腿骨頭>に<あり|みられます>。", "«関節液»<少量|中等量>。", "«Hoffa脂肪体»に<浮腫|信号上昇>。", "«離断性骨軟骨炎»<なし|stage II>。", "«関節唇»断裂<疑い|なし>。", "«OA»変化、«Kellgren-Lawrence grade {n:1:4}»。", "«腓骨筋腱»に<異常なし|腱鞘炎>。", "«三角線維軟骨複合体»損傷の所見<なし|を疑う>。"],
  imp=["«ACL»断裂", "«半月板損傷»、«Grade {n:2:3}»", "«腱板断裂»、«浜田分類 Grade {n:1:4}»", "<変形性膝関節症|変形性関節症>", "<有意な|明らかな>損傷なし", "«特発性大腿骨頭壊死» «Type C{n:1:2}»"]),
"prostate": dict(sex="M", title="前立腺MRI|骨盤MRI(前立腺)|mpMRI prostate", dev="mrdev", hist="«PSA {n:4:38}.{n:0:9}»|«PSA»上昇 「5.2→{n:7:19}.1」|«前立腺癌»術後|«生検»{n:1:2}回目前", find=["«移行域»に«{mm}»の«T2»低信号域、«DWI»で<高信号|著明高信号>。{nd}", "«辺縁域»<左|右>«PZpl»に«PI-RADS v2.1» «カテゴリー{n:2:5}»病変。", "«精嚢»浸潤<なし|疑い>。", "«BPH»、体積<約|>«{n:22:110}mL»。", "«EPE»を疑う<膨隆なし|不整あり>。", "骨盤内«リンパ節腫大»<なし|あり>。", "«骨転移»を疑う信号<なし|なし(撮像範囲)>。", "«膀胱»壁<肥厚|に異常なし>。"],
  imp=["«PI-RADS {n:2:5}»", "«前立腺癌»疑い、«cT<2a|2c|3a|3b>»", "«Gleason ‹4+3›»相当の所見と矛盾しない", "«前立腺肥大症»", "<明らかな|>«clinically significant cancer»なし"]),
"uterus": dict(sex="F", title="骨盤部MRI|婦人科MRI|子宮MRI|骨盤MRI(造影)", dev="mrdev", hist="<不正出血|過多月経>|«子宮筋腫»|«卵巣腫瘤»|«CIN3»、術前|«子宮体癌»、«類内膜癌G{n:1:3}»|閉経後出血|「{n:0:3}経妊{n:0:2}経産」", find=["«子宮»筋層に«{n:12:78}mm»大の«筋腫»、<一部«赤色変性»疑い|«T2»低信号>。{nd}", "«子宮内膜»<肥厚|{n:4:22}mm>。", "<右|左>«卵巣»に«{n:18:88}mm»の<«内膜症性嚢胞»|«成熟嚢胞性奇形腫»|«単房性嚢胞»>。", "«ダグラス窩»に液貯留<少量|なし>。", "«O-RADS MRI {n:1:4}»の腫瘤。", "«筋層浸潤»<1/2未満|1/2以上>と推定。", "骨盤内«リンパ節»腫大<なし|あり>。", "«adenomyosis»、«junctional zone» {n:10:22}mm。", "«Naboth嚢胞»<多発|散在>。", "«傍子宮組織»浸潤<なし|を疑う>。"],
  imp=["«子宮筋腫»、«粘膜下»", "«FIGO 2018» «stage IB{n:1:3}»", "«FIGO 2023»で<再評価|評価>を", "«チョコレート嚢胞»", "«子宮腺筋症»", "<悪性所見|悪性を示唆する所見>に乏しい", "«成熟奇形腫»"]),
"usabd": dict(sex="MF", title="腹部超音波|腹部エコー|Abd US|上腹部US", dev="usdev", hist="健診異常|«肝機能障害»|«胆石»fu|{age}、<右季肋部痛|食思不振>|«ALP»上昇|«脂肪肝»", find=["«肝»は<辺縁鈍化|表面不整|やや腫大>、«bright liver»<(+)|(-)>。", "«{liv}»に«{mm}»の«{echo}»。{nd}", "«胆嚢»<«結石» {n:3:22}mm、音響陰影(+)|«polyp» {n:2:9}mm|壁肥厚なし>。", "«総胆管»{n:3:14}mm。", "«膵»は<尾部描出不良|頭体部のみ観察>。", "{side}腎に«結石» {n:3:9}mm、«水腎»<なし|(+)>。", "«脾» «{n:80:130}×{n:35:60}mm»。", "<腹水|胸水>«(-)»。", "«Murphy sign»<陰性|陽性>。", "<血流信号|カラードプラ>(-)。", "«門脈»血流<求肝性|異常なし>。"],
  imp=["<異常なし|著変なし>", "«脂肪肝»", "«胆嚢ポリープ»、<半年|1年>後", "«胆石»", "«肝嚢胞»", "<要精査|>«腎結石»"]),
"usthy": dict(sex="MF", title="甲状腺超音波|頸部US|甲状腺エコー", dev="usdev", hist="«橋本病»|«甲状腺結節»fu|«Basedow病»|頸部腫脹|«TSH»高値、«TgAb»高値", find=["{side1}葉に«{mm}»の<«等エコー»結節|«低エコー結節»>、<境界明瞭|境界不明瞭>。{nd}", "«甲状腺»実質は<びまん性に低エコー|粗雑>、<血流|血流軽度>増加。", "«縦横比»<1未満|1以上>、«微細石灰化»<なし|あり>。", "«Bethesda {n:2:5}»<相当(細胞診)|>。", "頸部«リンパ節»<腫大なし|腫大{n:5:16}mm>。", "«峡部»厚{n:2:7}mm。", "嚢胞<多数|散在>。", "«副甲状腺»<腫大なし|{mm}>。"], imp=["«橋本病»<に矛盾しない|パターン>", "«腺腫様甲状腺腫»", "«ACR TI-RADS 2017» «TR{n:2:5}»", "«甲状腺癌取扱い規約 第8版»で<T1a|T1b>相当", "«乳頭癌»疑い、<FNA|穿刺吸引細胞診>を"]),
"cr": dict(sex="MF", title="胸部X線|胸部単純撮影|胸部X-P|CXR|胸部正面", dev="crdev", hist="術前|健診|<発熱|咳嗽>|入院時ルーチン|«心不全»fu|«CVポート»留置後|胃管位置確認", find=["«CTR {n:42:64}%»。", "{side}«肺野»に<異常陰影なし|活動性病変なし>。", "{side1}下肺野に<«浸潤影»|«線状影»|«粒状影»>。{nd}", "«CPA»<sharp|dull>。", "«縦隔»<拡大なし|右方偏位>。", "«気胸»<なし|I度>。", "«胃管»先端は<胃内|食道下部>。", "«中心静脈カテーテル»先端は«SVC»。", "陳旧性«肋骨骨折»。", "«大動脈弓»<石灰化|突出>。", "«シルエットサイン»陽性。", "«胸水»<少量|なし>。", "気管支«挿管チューブ»先端、«気管分岐部»上{n:2:5}cm。"],
  imp=["<異常なし|no active lesion>", "«{lung2}»<疑い|>", "前回と不変", "«心拡大»", "要<CT|精査>"]),
"mmg": dict(sex="F", title="マンモグラフィ|MMG|乳房X線|検診MMG", dev="crdev", hist="検診|<左|右>乳房しこり|«乳癌»術後|要精査<で紹介|>|«乳頭分泌»|«BRCA»陽性", find=["<右|左>«{mu}»領域に<«腫瘤»|«構築の乱れ»|«FAD»>。{nd}", "<右|左>«{mu}»に«微細石灰化»<集簇|線状分布>。", "«乳房構成» <脂肪性|乳腺散在|不均一高濃度|極めて高濃度>。", "«腋窩»«リンパ節»<腫大なし|腫大あり>。", "<左右|両側>とも<有意所見なし|カテゴリー1>。", "«スピキュラ»を伴う高濃度腫瘤{mm}。", "<皮膚肥厚|乳頭陥凹>«(-)»。", "«CC»で<内側|外側>、«MLO»で<U|M|L>。"], imp=["«カテゴリー {n:1:5}»", "«BI-RADS 2013» «カテゴリー {n:1:5}»", "«マンモグラフィガイドライン第4版»で«カテゴリー{n:1:5}»", "要精査", "<異常なし|精査不要>", "«DCIS»の可能性<あり|>"]),
"bone": dict(sex="MF", title="骨シンチ|全身骨シンチグラフィ|Bone scintigraphy", dev="nmdev", hist="«前立腺癌»、«PSA {n:8:210}»|«乳癌»術後、<病期|転移>検索|«肺癌»|腰痛、転移?", find=["«{bn}»に<異常集積|hot spot>を認め<ます|る>。{nd}", "<骨盤|脊椎|肋骨>に<集積|多発集積>。", "«BSI {n:0:6}.{n:0:9}%»。", "«superscan»<様所見なし|を呈する>。", "<腎|膀胱>への生理的集積。", "「{side1}肋骨の«線状配列»」は外傷性と考えます。", "<注射部位|関節>の«集積»は非特異的。", "«Tc-99m HMDP {n:700:780} MBq»<静注、3時間後撮像。|投与。>"], imp=["<多発骨転移|骨転移>疑い", "<骨転移|新規集積>なし", "変性<関節|脊椎>変化", "前回<著変なし|より集積軽減>"]),
"pet": dict(sex="MF", title="FDG-PET/CT|PET-CT|全身PET/CT|18F-FDG PET", dev="nmdev", hist="«悪性リンパ腫»<治療後|初回>|«食道癌»病期|«原発不明癌»|«肺癌»、«CEA {n:6:88}»|<再発|転移>検索|«ATL»|「«FUO»」", find=["«{lobe}»に«SUVmax {n:3:18}.{n:0:9}»の«集積»。{nd}", "«SUVmax {n:8:18}.{n:0:9}→{n:1:6}.{n:0:9}»<と低下|に低下>。", "<縦隔|鎖骨上窩|傍大動脈>«リンパ節»に«FDG»集積。", "<大腸|胃|脳|心筋|尿路>に<生理的集積|生理的分布>。", "«骨髄»びまん性集積、<G-CSF|貧血>の影響。", "«甲状腺»びまん性集積、«橋本病»?", "<投与量|>«{n:180:260} MBq»、血糖«{n:88:168} mg/dL»。", "«早期相»60分、«遅延相»120分。", "<脾|肝>に異常集積なし。", "«Virchowリンパ節»に<集積|結節>。", "«{site}»に<集積なし|淡い集積>。"],
  imp=["«Lugano 2014» «Deauville score {n:1:5}»", "«CMR»", "«PD»、«RECIST 1.1»", "<有意な|明らかな>異常集積なし", "«<cT3N1M0|cT4N2M0>»(«UICC 第8版»)", "«WHO 2022»分類に沿った<再生検|病理確認>を"]),
"mpi": dict(sex="MF", title="負荷心筋シンチ|心筋血流SPECT|負荷SPECT", dev="nmdev", hist="<労作時|安静時>胸部圧迫感|«PCI»後|«LBBB»|<術前|透析>心評価|«トレッドミル»不能、薬物負荷", find=["<前壁|下壁|後側壁>に<負荷時欠損|再分布>。{nd}", "«SSS {n:0:18}»、«SRS {n:0:9}»、«SDS {n:0:9}»。", "«LVEF {n:28:72}%»、«EDV {n:60:190}mL»。", "<アデノシン|アデノスキャン>負荷、<胸部症状|症状>なし。", "«Tl-201 111 MBq»。", "<右|左>室壁運動<低下|正常>。", "«TID»<陽性|陰性>。"], imp=["«{vas}»領域の虚血疑い", "<虚血なし|有意な虚血を認めません>", "«陳旧性心筋梗塞»", "«BMIPP»との<ミスマッチ|乖離>あり"]),
"cct": dict(sex="MF", title="冠動脈CT|心臓CT|CCTA|Cardiac CT", dev="ctdev", hist="<労作時胸痛|胸部違和感>|«LAD»ステント後|«CABG»後|«TAVI»術前|«家族歴»あり、«LDL {n:140:230}»", find=["«LAD #{n:6:8}»に«{n:30:80}%»狭窄。{nd}", "«#{n:1:3}»に<石灰化|混合>プラーク。", "«Agatston score {n:0:2400}»。", "«#{n:6:8}»«ステント»内<開存|再狭窄なし>。", "«大動脈弁»«{n:18:32}mm»。", "«LIMA-LAD»<開存|閉塞>。", "<心拍数|HR>«{n:52:78}bpm»、<コアベータ|βブロッカー>使用。", "«SCCT 2016»に<準じた評価|準拠>。"], imp=["«CAD-RADS 2.0» «{n:0:4}»", "«{vas}»の有意狭窄<疑い|なし>", "«Stanford <A|B>型»解離<なし|疑い>", "石灰化高度、<評価困難|過大評価に留意>"]),
}
POOLS.update({
    "emph": "«気腫性変化»|«小葉中心性肺気腫»|«モザイクパターン»|«すりガラス影»|«浸潤影»|«粒状影»|«crazy-paving»",
    "nodule": "«結節»|«GGN»|«part-solid nodule»|«腫瘤»", "bos": "I|II|IIF|III|IV", "onset": "今朝から|数日前から|急性発症|起床時より|発症<2|4|6>時間",
    "br": "右放線冠|左被殻|橋|右橋底部|左視床|右小脳半球|左島皮質|右後頭葉|左頭頂葉|延髄外側|右内包後脚|左前頭葉|左後大脳動脈領域|右MCA領域",
    "aneu": "Acom|左MCA分岐部|右IC-PC|左眼動脈分岐部|BA先端部|右A1", "site": "腹膜|大網|胸膜|ダグラス窩|膀胱直腸窩|後腹膜|傍結腸溝",
    "lx": "1/2|2/3|3/4|4/5", "adj": "4/5|8/9|9/10|10/11|11/12", "echo": "高エコー腫瘤|低エコー腫瘤|嚢胞|無エコー域|モザイクパターン腫瘤",
    "lung2": "«肺炎»|«心不全»|«無気肺»|«気胸»|«肺癌»|«胸水»", "mu": "C|A|B|D|E|AC|CD|BD", "bn": "右腸骨|左第5肋骨|Th7椎体|L2椎体|胸骨柄|左大腿骨近位|仙骨|頭頂骨|右肩甲骨",
    "vas": "LAD|RCA|LCx|LMT|対角枝"})

_CT, _MR, _US, _NM = "chest abdomen headct cct pet", "brain spine joint prostate uterus", "usabd usthy", "bone pet mpi"
ND_SENTENCES = [("spine joint", "<痛み|疼痛> NRS ‹{n:2:8}/10›。"), ("chest abdomen spine bone pet cr", "<既知|陳旧性>の«Th‹{adj}›»変形。"), ("chest abdomen cct", "<造影|注入>速度 ‹{n:2:4}.{n:0:5}› mL/s。"), (_CT + " mpi", "解析は«ziostation2 ver ‹2.{n:1:9}.{n:0:9}›»。"),
    (_CT, "再構成 ‹{n:1:5}.0/{n:1:5}.0› mm。"), ("chest cr bone pet", "{side1}«第‹{n:3:5}/{n:6:9}›肋骨»は陳旧性骨折。"), ("chest abdomen pet bone", "«PS ‹1-2›»。"), ("abdomen uterus prostate pet", "郭清リンパ節 ‹{n:0:9}/{n:11:31}›。"), (_MR, "所要 ‹{n:10:29}-{n:30:45}›分。"),
    (_MR, "«TR/TE ‹{n:400:600}/{n:10:20}›»。"), ("headct", "WL/WW ‹{n:30:60}/{n:60:120}›。"), ("abdomen chest pet", "<化学療法|レジメン> ‹{n:1:4}/{n:6:8}›クール終了時。"), ("abdomen", "動脈相 ‹{n:30:39}.{n:1:9}›秒。"), ("chest abdomen cct", "BP ‹{n:100:158}/{n:55:95}›、HR {n:55:99}。"),
    ("chest abdomen headct cct", "CTDIvol ‹{n:8:28}.{n:10:28}› mGy。"), (_CT + " mpi", "Ver.‹20{n:18:24}.{n:1:4}›で再解析。"), ("brain headct", "MMT 上肢 ‹{n:1:4}/5›、下肢 ‹{n:1:4}/5›。"), ("usabd usthy", "深度 ‹{n:4:6}.{n:0:9}-{n:10:14}› cm、周波数 ‹{n:5:9}-{n:10:18}› MHz。"), ("cr mmg", "«{n:26:34} kV»、‹{n:20:90}.{n:1:9}› mAs。"),
    ("bone mpi", "収集 ‹{n:10:15}-{n:16:28}›分。"), ("mmg uterus pet", "<リンパ節|センチネル> ‹{n:0:2}/{n:3:12}›。"), ("prostate", "生検陽性コア ‹{n:1:8}/12›本。"), ("joint spine", "可動域 ‹{n:0:20}-{n:90:130}›度。")]
GUIDE_SENTENCES = [("chest", "«肺癌診療ガイドライン2023年版»<参照|に準拠>。"), (_CT + " " + _MR, "«画像診断ガイドライン2021年版»<参照|に準じる>。"), ("chest abdomen cct", "«腎障害患者におけるヨード造影剤使用に関するガイドライン2018»を確認。"), ("chest abdomen pet", "«CTCAE v5.0» grade {n:1:3}。"), ("abdomen usabd", "«胆石症診療ガイドライン2021»<参照|>。"),
    ("abdomen chest", "«JSN 2018 CKD G{n:2:4}»。"), ("chest abdomen", "«AJCC 第8版»。"), ("abdomen", "«大腸癌取扱い規約 第9版»に従う。"), ("abdomen", "«胃癌取扱い規約 第15版»。"), ("cct mpi", "«循環器学会 2022年改訂版»<参照|>。"), ("brain headct", "«脳卒中治療ガイドライン2021»<参照|>。"), ("mmg", "«乳癌診療ガイドライン2022年版»<参照|>。"), ("prostate", "«前立腺癌診療ガイドライン2023年版»。"),
    ("usthy", "«甲状腺腫瘍診療ガイドライン2018»<参照|>。"), ("uterus", "«子宮体がん治療ガイドライン2023年版»。"), ("spine", "«腰部脊柱管狭窄症診療ガイドライン2021»。"), ("bone", "«骨転移診療ガイドライン2022»<参照|>。"), ("brain", "«認知症疾患診療ガイドライン2017»。")]
PROC = ["RFA", "TACE", "CTガイド下生検", "PTBD", "PTGBD", "PTCD", "腎瘻造設", "CVポート留置", "EVAR", "頸動脈ステント", "コイル塞栓", "血栓回収", "UAE", "骨生検", "乳腺VAB", "腹水穿刺", "胸腔ドレナージ", "TIPS", "BRTO", "PTA"]

# ---------------------------------------------------------------- people and places

PLACE_A = "芦 葵 桜 藤 緑 清 鳴 瑞 榊 白 若 泉 北 美 榎 香 琴 鶴 檜 朝 夕 富 霞 千 磯 渚 岩 栗 柏 萩 菫 稲 汐 弥 楠 滝 鷺 雲 花 茜 竜 常 志 多 紀 摂".split()
PLACE_B = "見台 ヶ丘 浜 野台 里 原 坂 沢 津 橋 ノ宮 が崎 陽台 川 木 瀬 見 尾 戸 久保 山 生 ヶ谷 越 島".split()
CITY = "大阪府枚方市 大阪府茨木市 兵庫県西宮市 兵庫県三田市 京都府宇治市 奈良県橿原市 滋賀県草津市 和歌山県田辺市 大阪市住吉区 神戸市垂水区 京都市伏見区 堺市南区 三重県名張市 岡山県総社市 愛知県豊川市 東京都江東区 埼玉県川越市 福岡県宗像市 北海道伊達市 徳島県鳴門市".split()
TITLES_DR = "医師 Dr Dr. 先生 医員 助教 講師 准教授 教授 部長 医長 副部長 科長 診療部長 専攻医 後期研修医 初期研修医 研修医 レジデント 主治医 非常勤 診断専門医 院長 副院長".split()
RELS = {"M": "妻 長男 次男 三男 長女 次女 母 父 姉 弟 兄 妹 孫 嫁 姪 甥 義姉 内妻 KP キーパーソン".split(), "F": "夫 長男 次男 長女 次女 三女 母 父 姉 弟 兄 妹 孫 嫁 姪 甥 義母 婿 KP キーパーソン".split()}
REL_SEX = {**dict.fromkeys("妻 長女 次女 三女 母 姉 妹 嫁 姪 義姉 内妻 義母".split(), "F"), **dict.fromkeys("夫 長男 次男 三男 父 弟 兄 甥 婿".split(), "M")}
OLD_NEW = str.maketrans("髙﨑邉邊齋齊濵廣桒栁𠮷國櫻眞德澤嶋", "高崎辺辺斎斉浜広桑柳吉国桜真徳沢島")
ERAS = [(dt.date(2019, 5, 1), 2018, "令和", "R"), (dt.date(1989, 1, 8), 1988, "平成", "H"), (dt.date(1926, 12, 25), 1925, "昭和", "S"), (dt.date(1912, 7, 30), 1911, "大正", "T")]


class _Plain(random.Random):
    """Draw only plain forms, so that a year can be read back."""

    def random(self):
        return 0.99

    def choice(self, seq):
        return seq[0]


NO_KANJI = _Plain()


class Person:
    """A name in kanji, kana and romaji; for a foreign resident the kanji fields hold katakana or Latin."""

    def __init__(self, sur, given, sur_kana, given_kana, sur_roma, given_roma, sex, origin="jp"):
        self.sur, self.given, self.sur_kana, self.given_kana = sur, given, sur_kana, given_kana
        self.sur_roma, self.given_roma, self.sex, self.origin = sur_roma, given_roma, sex, origin

    @property
    def kanji(self):
        return f"{self.sur} {self.given}"

    @property
    def kana(self):
        return f"{self.sur_kana} {self.given_kana}"

    @property
    def roma(self):
        return f"{self.sur_roma} {self.given_roma}"


def japanese(sur, sur_kana, given, given_kana, sex):
    return Person(sur, given, katakana(sur_kana), katakana(given_kana), romaji(sur_kana), romaji(given_kana), sex)


def some_surname(rng, hostile):
    pool = rng.choices([SURNAMES, RARE, ONE], [50, 28, 22] if hostile else [82, 9, 9])[0]
    return rng.choice(pool)


def some_person(rng, hostile, sex=None, surname=None, generation="mid"):
    sex = sex or rng.choice("MF")
    return japanese(*(surname or some_surname(rng, hostile)), *given_of(rng, sex, generation), sex)


def split_foreign(block):
    return [p.split(":") for p in re.split(r"(?<=[ァ-ー]) (?=[A-Z])", block)]


def foreign_givens(origin):
    return split_foreign(FOREIGN_GIVEN[origin])


def female_name(given):
    return bool(re.search("THI|ANA|FERN|PATR|MARIA|JOSEF|ROWE|SUNI|ANJA|EMILY|CLAIRE|OLGA", given))


def foreign_person(rng):
    kind = rng.choices(["asia", "vn", "br", "ph", "np", "us"], [5, 5, 4, 2, 2, 2])[0]
    if kind == "asia":
        sur, given = (rng.choice(pairs(p)) for p in (SUR_ASIA, GIVEN_ASIA))
        return Person(sur[0], given[0], katakana(sur[1]), katakana(given[1]), sur[2], given[2], "F" if given[0] in FEMALE_ASIA else "M", kind)
    sur, given = rng.choice(split_foreign(FOREIGN_SUR[kind])), rng.choice(foreign_givens(kind))
    if sur[0] == "IVANOVA":
        given = ["OLGA", "オルガ"]
    female = female_name(given[0])
    latin = rng.random() < 0.35
    return Person(sur[0] if latin else sur[1], given[0] if latin else given[1], sur[1], given[1], sur[0], given[0], "F" if female else "M", kind)


def some_place(rng):
    return rng.choice(PLACE_A) + rng.choice(PLACE_B)


def some_hospital(rng):
    """Return (full name, short form) of an invented hospital."""
    p, corp = some_place(rng), rng.choice(PLACE_A) + rng.choice(["会", "友会", "仁会", "樹会", "寿会", "心会", "生会"])
    sur = rng.choice(SURNAMES)
    return rng.choice([(f"{p}総合病院", f"{p[0]}総"), (f"{p}大学医学部附属病院", f"{p[:2]}大"), (f"{p}大学病院", f"{p[0]}大"), (f"{p}赤十字病院", f"{p}日赤"),
        (f"市立{p}病院", f"{p}市民"), (f"{p}市民病院", f"{p}市民"), (f"県立{p}医療センター", f"{p[0]}県セン"), (f"国立病院機構 {p}医療センター", f"国病{p}"),
        (f"{p}労災病院", f"{p}労災"), (f"済生会{p}病院", f"済生会{p}"), (f"医療法人{corp} {p}病院", f"{p}病院"), (f"医療法人社団{corp} {p}中央病院", f"{p}中央"),
        (f"{p}医療生協病院", f"{p}生協"), (f"{p}徳心会病院", f"{p}徳心"), (f"{p}ハートクリニック", f"{p}ハート"), (f"{sur[0]}医院", f"{sur[0]}医院"), (f"{sur[0]}内科クリニック", f"{sur[0]}内科"),
        (f"{p}駅前整形外科", f"{p}整形"), (f"{p}画像診断センター", f"{p}画診"), (f"{p}健診プラザ", f"{p}健診"), (f"独立行政法人 {p}医療センター", f"{p}医セ"),
        (f"{p}こどもメディカルセンター", f"{p}こども"), (f"{rng.choice(['ひまわり', 'あおぞら', 'なごみ', 'さつき'])}{p}クリニック", f"{p}CL"), (f"{p}厚生病院", f"{p}厚生")])


def kanji_number(n):
    """Return 1 to 199 in kanji with the sign for ten."""
    digits = "〇一二三四五六七八九"
    hundreds, rest = divmod(n, 100)
    tens, ones = divmod(rest, 10)
    return ("百" if hundreds else "") + ((digits[tens] if tens > 1 else "") + "十" if tens else "") + (digits[ones] if ones else "")


def era_date(date, rng, short):
    """Return date in the Japanese calendar."""
    for start, base, name, letter in ERAS:
        if date >= start:
            year = date.year - base
            if short:
                return rng.choice([f"{letter}{year}.{date.month}.{date.day}", f"{letter}{year:02d}/{date.month:02d}/{date.day:02d}", f"{letter}{year}/{date.month}/{date.day}",
                    f"{letter}{year:02d}.{date.month:02d}.{date.day:02d}", f"{letter}.{year}.{date.month}.{date.day}", f"{letter}{year}-{date.month}-{date.day}"])
            if rng.random() < 0.1:
                return f"{name}{'元' if year == 1 else kanji_number(year)}年{kanji_number(date.month)}月{kanji_number(date.day)}日"
            shown = "元" if year == 1 else rng.choice([str(year), f"{year:02d}" if rng.random() < 0.2 else str(year)])
            return f"{name}{shown}年{date.month}月{date.day}日"
    return f"{date:%Y/%m/%d}"


def western_date(date, rng):
    return rng.choice([f"{date:%Y/%m/%d}", f"{date.year}/{date.month}/{date.day}", f"{date:%Y-%m-%d}", f"{date.year}.{date.month}.{date.day}", f"{date.year}年{date.month}月{date.day}日",
        f"{date:%Y.%m.%d}", f"{date:%Y%m%d}" if rng.random() < 0.3 else f"{date:%Y/%m/%d}"])


# ---------------------------------------------------------------- one report

class Report:
    """Hold one invented patient, the staff around him, and expand templates about them."""

    def __init__(self, rng, hostile):
        self.rng, self.hostile = rng, hostile
        self.exam_key = rng.choice(list(EXAMS))
        self.exam = EXAMS[self.exam_key]
        self._dates()
        self._patient()
        self._staff()
        self.pid = rng.choice([f"{rng.randrange(10**7):08d}", f"{rng.randrange(10**6, 10**7)}", f"{rng.randrange(100, 999):04d}-{rng.randrange(1000, 9999)}", f"{rng.choice('ABKM')}{rng.randrange(10**6):06d}",
            f"{rng.randrange(10, 99)}-{rng.randrange(1000, 9999)}-{rng.randrange(9)}", f"{rng.randrange(10**9):010d}", f"{rng.randrange(10**5, 10**6)}"])
        self.acc = self._accession(self.date)
        self.hosp, self.short = some_hospital(rng)
        self.hosp2, self.short2 = some_hospital(rng)
        self.place = some_place(rng)
        self.sep = rng.choice(["：", ":", ": ", " : ", "　", "／", " "]) if hostile else rng.choice(["：", ":", ": "])
        self.used, self.english = set(), False
        self.polite = rng.random() < 0.45

    def _patient(self):
        rng = self.rng
        sex = rng.choice(self.exam["sex"])
        roll = rng.random()
        if self.hostile and roll < 0.13:
            self.pt = foreign_person(rng)
        elif self.hostile and roll < 0.22:
            sur, sk, given, gk, nsex = rng.choice(NAME_TRAPS)
            self.pt = japanese(sur, sk, given, gk, nsex)
        else:
            self.pt = some_person(rng, self.hostile, sex, generation=self.generation())
        if self.pt.sex not in self.exam["sex"]:
            self.exam_key = "chest"
            self.exam = EXAMS["chest"]

    def _dates(self):
        rng = self.rng
        self.date = dt.date(2017, 4, 1) + dt.timedelta(rng.randrange(3050))
        young = self.exam_key not in ("prostate", "mmg", "mpi", "cct", "pet", "bone")
        years = rng.choices([rng.randint(90, 103), rng.randint(55, 89), rng.randint(22, 54), rng.randint(3, 21)], [12, 60, 24, 4 if young else 0])[0]
        least = {"prostate": 48, "cct": 40, "mpi": 40, "mmg": 36, "uterus": 19, "usthy": 16, "bone": 30}.get(self.exam_key, 0)
        self.set_years(years if years >= least else rng.randint(least, 84))

    def set_years(self, years):
        """Set the age and a date of birth that fits it."""
        self.years = years
        self.birth = dt.date(self.date.year - years - 1, self.date.month, min(self.date.day, 28)) + dt.timedelta(self.rng.randint(1, 364))

    def generation(self):
        return "old" if self.years > 68 else ("mid" if self.years > 35 else "young")

    def set_exam(self, *keys):
        """Change to an examination that fits the layout and the patient's sex."""
        if self.exam_key not in keys:
            self.exam_key = self.rng.choice([k for k in keys if self.pt.sex in EXAMS[k]["sex"]])
            self.exam = EXAMS[self.exam_key]

    def _staff(self):
        self.staff = {}
        for role in ("ref", "reader", "reader2", "tech", "ns", "res"):
            person = some_person(self.rng, self.hostile)
            while person.sur in {p.sur for p in self.staff.values()} | {self.pt.sur}:
                person = some_person(self.rng, self.hostile)
            self.staff[role] = person

    def _accession(self, date):
        rng = self.rng
        return rng.choice([f"{date:%Y%m%d}{rng.randrange(1000, 9999)}", f"{rng.choice(['CT', 'MR', 'US', 'XR', 'NM', 'RI'])}{date:%y%m%d}-{rng.randrange(999):03d}", f"{date:%y%m%d}{rng.randrange(10**5):05d}",
            f"A{date:%y}-{rng.randrange(10**5):05d}", f"O{rng.randrange(10**8):09d}", f"{rng.randrange(10**10, 10**11)}", f"RIS{rng.randrange(10**7):07d}"])

    # -- expansion

    def x(self, template):
        """Return template with alternatives chosen and slots filled."""
        while "<" in template:
            chosen = re.sub(r"<([^<>]*)>", lambda m: self.rng.choice(m[1].split("|")), template, count=0)
            if chosen == template:
                break
            template = chosen
        return re.sub(r"\{(\w+)((?::\w+)*)\}", lambda m: self._slot(m[1], [a for a in m[2].split(":") if a]), template)

    def pick(self, templates):
        """Return one unused template, expanded."""
        fresh = [t for t in templates if t not in self.used] or list(templates)
        template = self.rng.choice(fresh)
        self.used.add(template)
        return self.x(template)

    def _slot(self, name, args):
        method = getattr(self, "slot_" + name, None)
        if method:
            return method(*args)
        pool = re.split(r"\|(?![^<]*>)", POOLS[name])
        return self.x(self.rng.choice(pool))

    def slot_n(self, low, high):
        return str(self.rng.randint(int(low), int(high)))

    def slot_mm(self):
        r = self.rng
        return r.choice([f"{r.randint(4, 48)}mm", f"{r.randint(4, 48)} mm", f"{r.randint(12, 45)}×{r.randint(6, 30)}mm", f"{r.randint(1, 5)}.{r.randint(0, 9)}cm", f"φ{r.randint(4, 40)}mm", f"長径{r.randint(6, 48)}mm",
            f"{r.randint(1, 5)}.{r.randint(0, 9)}x{r.randint(1, 4)}.{r.randint(0, 9)}cm"])

    def slot_nd(self):
        return self.x(self.rng.choice(ND_GENERAL)) if self.rng.random() < 0.3 else ""

    def slot_age(self):
        unit = "-year-old" if self.english else self.rng.choice(["歳", "歳", "才", "y.o.", "yo", " y/o", "歳"])
        sex = self.rng.choice(["", {"M": "男性", "F": "女性"}[self.pt.sex], {"M": "M", "F": "F"}[self.pt.sex]]) if unit in ("歳", "才") else ""
        sex = sex if self.years >= 16 else ""
        number = kanji_number(self.years) if self.hostile and unit in ("歳", "才") and self.rng.random() < 0.06 else self.years
        shown = f"{number}{unit}"
        return (mark("age_over_89", shown) if self.years > 89 else f"«{shown}»") + sex

    # -- people

    def spaced(self, sur, given):
        gap = self.rng.choice([" ", "　", ""] + (["  ", " "] if self.hostile else []))
        return f"{sur}{gap}{given}" if self.pt.origin in ("jp", "asia") or gap else f"{sur} {given}"

    def slot_pt(self):
        """The patient's name as written in kanji."""
        p = self.pt
        if p.origin in ("jp", "asia"):
            text = self.spaced(p.sur, p.given)
        else:
            text = self.rng.choice([f"{p.sur} {p.given}", f"{p.sur_kana}・{p.given_kana.replace(' ', '・')}", f"{p.sur_kana} {p.given_kana}"])
        if self.hostile and self.rng.random() < 0.25:
            text = text.translate(OLD_NEW)
        return mark("patient_name", text)

    def slot_ptsur(self):
        return mark("patient_name", self.pt.sur)

    def slot_ptgiven(self):
        return mark("patient_name", self.pt.given)

    def slot_ptbreak(self):
        return mark("patient_name", f"{self.pt.sur}\n{self.rng.choice(['', '', '　', '   '])}{self.pt.given}")

    def slot_ptwide(self):
        gap = self.rng.choice([" ", "　"])
        return mark("patient_name", gap.join((self.pt.sur + self.pt.given).replace(" ", "")))

    def slot_kana(self):
        gap = self.rng.choice([" ", "　", " "])
        return mark("patient_name", f"{self.pt.sur_kana}{gap}{self.pt.given_kana}")

    def slot_hkana(self):
        return mark("patient_name", half_kana(f"{self.pt.sur_kana} {self.pt.given_kana}"))

    def slot_hira(self):
        return mark("patient_name", "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in self.pt.kana))

    def slot_roma(self):
        p, r = self.pt, self.rng
        sur, given = p.sur_roma, p.given_roma
        forms = [f"{sur} {given}", f"{sur.title()} {given.title()}", f"{given.title()} {sur.title()}", f"{sur}, {given}", f"{sur},{given}", f"{given[0]}. {sur.title()}", f"{given.title()} {sur}"]
        if p.origin == "vn":
            forms += [" ".join(VN_TONES.get(w, w.title()) for w in f"{sur} {given}".split())] * 4
        return mark("patient_name", r.choice(forms))

    def slot_romapn(self):
        return mark("patient_name", f"{self.pt.sur_roma}^{self.pt.given_roma.replace(' ', '^')}")

    def slot_s(self, role):
        """Surname of a member of staff."""
        return mark("staff_name", self.staff[role].sur)

    def slot_sf(self, role):
        p = self.staff[role]
        return mark("staff_name", self.spaced(p.sur, p.given))

    def slot_sr(self, role):
        p = self.staff[role]
        sur, given = p.sur_roma.title(), p.given_roma.title()
        return mark("staff_name", self.rng.choice([f"{given} {sur}", f"{given[0]}. {sur}", f"{given[0]}.{sur}", sur.upper(), f"{sur} {given[0]}.", f"{sur.upper()} {given}", sur]))

    def slot_sk(self, role):
        p = self.staff[role]
        return mark("staff_name", self.rng.choice([p.sur_kana, half_kana(p.sur_kana)]))

    def slot_new(self, kind="staff_name", form="s"):
        """Somebody new: s surname, f full name."""
        p = some_person(self.rng, self.hostile)
        while p.sur == self.pt.sur:
            p = some_person(self.rng, self.hostile)
        return mark(kind, p.sur if form == "s" else self.spaced(p.sur, p.given))

    def slot_other(self):
        return self.slot_new("other_person", self.rng.choice("sf"))

    def _relative(self, bare=False):
        rel = self.rng.choice([r for r in RELS[self.pt.sex] if not (bare and r.startswith(('K', 'キ'))) and not (r in ("孫", "嫁", "婿", "長男", "次男", "三男", "長女", "次女", "三女", "妻", "夫", "姪", "甥", "内妻", "義姉", "義母") and self.years < 45)
            and not (r in ("母", "父", "義母") and self.years > 65)])
        sex = REL_SEX.get(rel) or self.rng.choice("MF")
        if self.pt.origin in ("jp", "asia"):
            return rel, (given_of(self.rng, sex, self._era_of(rel))[0] if self.pt.origin == "jp" else self.rng.choice(pairs(GIVEN_ASIA))[0])
        fits = [g for g in foreign_givens(self.pt.origin) if female_name(g[0]) == (sex == "F")]
        return rel, self.rng.choice(fits or foreign_givens(self.pt.origin))[1]

    def _era_of(self, rel):
        shift = 30 if rel in ("父", "母", "義母", "祖父", "祖母", "叔父", "叔母") else (-30 if rel in ("長男", "次男", "三男", "長女", "次女", "三女", "嫁", "婿", "姪", "甥", "KP", "キーパーソン") else (-55 if rel == "孫" else 0))
        years = self.years + shift
        return "old" if years > 68 else ("mid" if years > 35 else "young")

    def slot_rel(self):
        """A relation with a given name or a full name."""
        rel, given = self._relative()
        if self.rng.random() < 0.25:
            given = f"{self.pt.sur} {given}"
        m = mark("relative_name", given)
        return self.rng.choice([f"{rel} {m}", f"{rel}({m})", f"{rel}の{m}さん", f"{rel}：{m}", f"{rel}　{m}様", f"{rel}・{m}さん", f"{rel}{m}氏", f"{rel} {m}さん"])

    def slot_relbare(self):
        rel, given = self._relative(bare=True)
        return f"{rel} {mark('relative_name', given)} "

    # -- places and numbers

    def slot_hosp(self):
        return mark("hospital", self.hosp)

    def slot_hosp2(self):
        return mark("hospital", self.hosp2)

    def slot_short(self):
        return mark("hospital_short", self.rng.choice([self.short] * 6 + ["日赤", "市大", "県中", "府立医"]))

    def slot_short2(self):
        return mark("hospital_short", self.short2)

    def slot_ward(self):
        r, f = self.rng, self.rng.randint(2, 12)
        return mark("ward", r.choice([f"{f}階東病棟", f"{f}階西病棟", f"西{f}病棟", f"{f}西", f"{f}東", f"{f}E", f"{f}W病棟", f"{f}A病棟", f"B棟{f}F", f"南館{f}階", f"第{r.randint(1, 9)}病棟", f"本館{f}階病棟", f"{f}N", f"N{f}",
            f"{f}-{r.randint(1, 3)}病棟", f"東館{full_digits(str(f))}階", f"W-{f}", f"新棟{f}階", f"{full_digits(str(f))}階南", f"北{f}", f"C{f}病棟", f"{f}階北ﾋﾞｮｳﾄｳ", f"西館{f}A", f"{f}F東"]))

    def slot_maiden(self):
        return self.x("<旧姓|前姓> {new:patient_name}。" if self.pt.sex == "F" and self.years > 20 and self.pt.origin == "jp" else "<ｶﾅ検索は|登録名> {kana}。")

    def slot_room(self):
        r = self.rng
        n = f"{r.randint(2, 12)}{r.randint(1, 40):02d}"
        return mark("room", r.choice([f"{n}号室", f"{n}-{r.randint(1, 4)}", f"{n}号", full_digits(n) + "号室", f"{n}号室{r.randint(1, 4)}ベッド", f"Rm.{n}"]))

    def slot_id(self):
        return mark("patient_id", self.pid)

    def slot_idx(self):
        """The patient's ID as a clerk may write it."""
        bare = self.pid.replace("-", "")
        half = len(bare) // 2
        return mark("patient_id", self.rng.choice([self.pid, f"{bare[:half]} {bare[half:]}", full_width(self.pid), f"{bare[:3]} {bare[3:6]} {bare[6:]}".strip(), bare, " ".join(bare), f"{bare[:half]}-{bare[half:]}",
            full_width(f"{bare[:half]} {bare[half:]}"), bare.lstrip("0") or bare, f"{bare[:half]}\n{bare[half:]}" if self.rng.random() < 0.3 else bare]))

    def slot_acc(self):
        return mark("accession", self.acc)

    def slot_acc2(self):
        r = self.rng
        return mark("accession", r.choice([f"{self.date:%y}-{r.randrange(10**5):05d}", f"H{self.date:%y}-{r.randrange(9999):04d}", f"S{self.date:%y}-{r.randrange(99999):05d}", f"C{self.date:%y}-{r.randrange(9999)}", f"第{self.date:%y}-{r.randrange(9999):04d}号"]))

    def slot_phone(self):
        r = self.rng
        a, b, c = r.choice(["072", "078", "0774", "0742", "06", "075", "0798", "077"]), r.randint(200, 999), r.randint(1000, 9999)
        text = r.choice([f"{a}-{b}-{c}", f"{a}({b}){c}", f"({a}){b}-{c}", f"{a} {b} {c}", f"{a}{b}{c}", full_digits(f"{a}-{b}-{c}").replace("-", r.choice("-－ー")), f"{a}ｰ{b}ｰ{c}", f"{a}.{b}.{c}"])
        return mark("phone", text)

    def slot_mobile(self):
        r = self.rng
        a, b, c = r.choice(["090", "080", "070"]), r.randint(1000, 9999), r.randint(1000, 9999)
        return mark("phone", r.choice([f"{a}-{b}-{c}", f"{a}{b}{c}", f"{a} {b} {c}", full_digits(f"{a}-{b}-{c}"), f"{a}−{b}−{c}", f"+81 {a[1:]}-{b}-{c}"]))

    def slot_ext(self):
        n = str(self.rng.choice([self.rng.randint(2000, 8999), self.rng.randint(60000, 79999)]))
        return self.rng.choice(["PHS ", "PHS", "内線", "内線 ", "(内)", "内:", "ピッチ", "PHS:", "ext. ", "Tel.", "☎"]) + mark("phone", self.rng.choice([n, n, full_digits(n)]))

    def slot_email(self):
        r, p = self.rng, self.staff[self.rng.choice(["ref", "reader", "ns"])]
        user = r.choice([f"{p.given_roma[0]}.{p.sur_roma}", f"{p.sur_roma}-{p.given_roma[0]}", f"{p.sur_roma}{r.randint(1, 99)}", f"{p.sur_roma}_{p.given_roma}", "radiology", "renkei"]).lower().replace(" ", "").replace("'", "")
        host = r.choice(["ashimidai-hp.example.jp", "med.kotonami-u.example.ac.jp", "houshasen.example.or.jp", "aoikai.example.com", "mail.city-hp.example.jp", "tele-rad.example.co.jp"])
        return mark("email", f"{user}@{host}")

    def slot_login(self, role="reader"):
        r, p = self.rng, self.staff[role]
        sur, g = p.sur_roma.lower().replace(" ", ""), p.given_roma.lower().replace(" ", "")
        return mark("login", r.choice([f"rad_{sur}", f"{g[0]}{sur}", f"dr{r.randint(100, 9999):04d}", f"u{r.randint(10000, 99999)}", f"{sur}.{g[0]}", f"{sur}{r.randint(1, 30)}", f"R{r.randint(100, 999)}{sur[:2].upper()}", f"HIS\\{sur}", f"{sur}_{g}"]))

    def slot_addr(self):
        r = self.rng
        c, t = r.choice(CITY), some_place(r)
        tail = r.choice([f"{t}{r.randint(1, 6)}-{r.randint(1, 30)}-{r.randint(1, 20)}", f"{t}{r.randint(1, 6)}丁目{r.randint(1, 30)}番{r.randint(1, 20)}号", f"{t}町{r.randint(100, 2900)}", f"大字{t}{r.randint(10, 999)}番地",
            f"{t}{full_digits(str(r.randint(1, 6)))}－{full_digits(str(r.randint(1, 30)))}", f"{t}{r.randint(1, 5)}-{r.randint(1, 30)} {some_place(r)}ハイツ{r.randint(101, 905)}号", f"{t}団地{r.randint(1, 30)}棟{r.randint(101, 505)}"])
        return mark("address", c + r.choice(["", "", " "]) + tail)

    def slot_zip(self):
        n = f"{self.rng.randint(510, 679)}-{self.rng.randint(1, 9999):04d}"
        return "〒" + mark("address", self.rng.choice([n, full_digits(n)]))

    def slot_city(self):
        return mark("address", re.sub("^..[都道府県]|^...県", "", self.rng.choice(CITY)) if self.rng.random() < 0.5 else self.rng.choice(CITY))

    def slot_emp(self, firm=None):
        r, p = self.rng, some_place(self.rng)
        if firm:
            return mark("employer", r.choice([f"{p}運送(有)", f"㈱{p}建設", f"(株){p}製作所", f"{p}食品工業", f"有限会社{p}塗装", f"{p}精機株式会社", f"株式会社{p}フーズ", f"{p}メディカル㈱", f"{p}商事", f"{p}物流 {some_place(r)}営業所"]))
        return mark("employer", r.choice([f"(株){p}製作所", f"{p}精機株式会社", f"株式会社{p}フーズ", f"{p}運送(有)", f"{p}市役所", f"㈱{p}建設", f"{p}石綿工業株式会社 第二工場", f"有限会社{p}塗装", f"{p}農協", f"スーパー{p}", f"{p}タクシー", f"{p}電子 {some_place(r)}工場",
            f"特養{p}苑", f"(有){rng_sur(r)}鉄工所", f"合同会社{p}クリーニング", f"{p}信用金庫 本店", f"{p}消防署", f"{p}造船所"]))

    def slot_renal(self):
        """Creatinine and the eGFR that belongs to it."""
        cr = self.rng.choice([0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4, 1.9, 2.6])
        egfr = 194 * cr ** -1.094 * max(self.years, 18) ** -0.287 * (0.739 if self.pt.sex == "F" else 1)
        return f"«Cr {cr}» «eGFR {egfr:.0f}»"

    def slot_spoken(self):
        """The patient's ID read aloud."""
        words = ["ゼロ", "イチ", "ニ", "サン", "ヨン", "ゴ", "ロク", "ナナ", "ハチ", "キュウ"]
        return mark("patient_id", self.rng.choice(["", " "]).join(words[int(c)] for c in self.pid if c.isdigit()))

    def slot_kin(self):
        """A relative by blood with a bare given name."""
        if self.pt.origin not in ("jp",):
            return self.slot_relbare()
        rel = self.rng.choice(["父", "母", "姉", "妹", "兄", "弟", "叔父", "叔母", "従兄", "祖父", "祖母"] + (["長男", "長女"] if self.years > 45 else []))
        sex = "F" if rel in ("母", "姉", "妹", "叔母", "祖母", "長女") else "M"
        return f"{rel} {mark('relative_name', given_of(self.rng, sex, self._era_of(rel))[0])} "

    def slot_kinf(self):
        return f"{self.rng.choice(['母', '姉', '妹', '叔母', '祖母'])} {mark('relative_name', given_of(self.rng, 'F', 'old' if self.years > 50 else 'mid')[0])} "

    def slot_brother(self):
        return "兄 " + mark("relative_name", f"{self.pt.sur} {given_of(self.rng, 'M', 'young')[0]}")

    def slot_mother(self):
        given = given_of(self.rng, "F", "mid")[0]
        return "母 " + mark("relative_name", self.rng.choice([given, f"{self.pt.sur}{given}", f"{self.pt.sur} {given}"])) + " "

    def slot_job_at(self):
        return self.slot_emp() + ("退職後" if self.years > 66 else "勤務") if self.years > 19 else self.slot_school() + "在学"

    def slot_school(self, venue=None):
        r, p = self.rng, some_place(self.rng)
        if venue:
            return mark("school", f"{p}{r.choice(['小学校', '中学校'])}")
        kinds = ["小学校", "市立小学校"] if self.years < 13 else (["中学校", "中学"] if self.years < 16 else (["高校", "高等学校", "工業高校", "商業高等学校"] if self.years < 19 else ["大学", "短期大学", "看護専門学校", "工業大学"]))
        if self.years < 7:
            kinds = ["保育園", "幼稚園", "こども園"]
        kind = r.choice(kinds)
        return mark("school", f"市立{p}小学校" if kind == "市立小学校" else p + kind)

    def slot_ins(self):
        r = self.rng
        return r.choice([f"保険者番号{r.choice(['', ':', ' '])}{mark('insurer_number', str(r.choice(['06', '39', '01', '63', '27']) + str(r.randrange(10**5, 10**6))))}",
            f"保険証 記号{r.choice([' ', ''])}{mark('insurer_number', str(r.randint(10, 9999)))} 番号{r.choice([' ', ''])}{mark('insurer_number', str(r.randint(10, 999999)))}",
            f"公費負担者番号 {mark('insurer_number', str(r.choice(['54', '51', '12', '80'])) + str(r.randrange(10**5, 10**6)))}",
            f"後期高齢 被保険者番号：{mark('insurer_number', str(r.randrange(10**7, 10**8)))}", f"介護保険 被保番 {mark('insurer_number', f'{r.randrange(10**9):010d}')}"])

    def slot_url(self):
        r = self.rng
        return mark("url", r.choice([f"http://pacs{r.randint(1, 9):02d}/viewer?pid={self.pid}&acc={self.acc}", f"https://ris.{r.choice(['ashimidai', 'kotonami', 'aoikai'])}-hp.example.jp/report/{self.acc}", f"\\\\nas{r.randint(1, 5)}\\rad\\{self.pt.sur_roma.replace(' ', '')}_{self.pid}\\{self.date:%Y%m%d}",
            f"https://tele-rad.example.co.jp/case/{r.randrange(10**6)}", f"http://10.{r.randint(1, 90)}.{r.randint(1, 90)}.{r.randint(2, 250)}/study/{self.acc}.dcm"]))

    # -- dates

    def _shown(self, date, near=False):
        r = self.rng
        if self.english:
            return r.choice([f"{date:%Y/%m/%d}", f"{date:%Y-%m-%d}", f"{date:%b} {date.day}, {date.year}", f"{date.day} {date:%b} {date.year}", f"{date:%m/%d/%Y}", f"{date.day}-{date:%b}-{date:%Y}"])
        if near and r.random() < (0.4 if self.hostile else 0.25):
            return r.choice([f"{date.month}/{date.day}", f"{date.month}月{date.day}日", f"{date.month}.{date.day}" if self.hostile and r.random() < 0.2 else f"{date.month}/{date.day}"])
        if r.random() < (0.5 if self.hostile else 0.15):
            return era_date(date, r, r.random() < 0.6)
        if self.hostile and r.random() < 0.15:
            return r.choice([f"{date:%y/%m/%d}", f"'{date:%y}/{date.month}/{date.day}", f"{date:%y.%m.%d}"])
        return western_date(date, r)

    def slot_ed(self):
        return mark("exam_date", self._shown(self.date))

    def slot_pd(self):
        """Date of an earlier examination."""
        date = self.date - dt.timedelta(self.rng.choice([self.rng.randint(2, 60), self.rng.randint(60, 900)]))
        if self.rng.random() < 0.12:
            return mark("exam_date", f"{date:%b %Y}" if self.english else self.rng.choice([f"{date.year}年{date.month}月", f"{date.year}/{date.month:02d}", f"{date.year}.{date.month}"]))
        return mark("exam_date", self._shown(date, near=(self.date - date).days < 60))

    def slot_od(self):
        date = self.date + dt.timedelta(self.rng.randint(-4, 21))
        return mark("other_date", self._shown(date, near=True))

    def slot_opd(self):
        """Date of something years ago."""
        date = max(self.date - dt.timedelta(self.rng.randint(100, 6000)), self.birth + dt.timedelta(300))
        if self.rng.random() < 0.35:
            era = era_date(date, self.rng, False).split("月")[0] + "月"
            return mark("other_date", f"{date:%B %Y}" if self.english else self.rng.choice([f"{date.year}年{date.month}月", f"{date.year}/{date.month}", era]))
        return mark("other_date", self._shown(date))

    def slot_bd(self):
        r, d = self.rng, self.birth
        letter = era_date(d, NO_KANJI, False)
        code = {"令": 5, "平": 4, "昭": 3, "大": 2}.get(letter[0], 2)
        year = int(re.sub("元", "1", letter)[2:].split("年")[0])
        return mark("birth_date", r.choice([f"{d:%Y/%m/%d}", f"{d:%Y%m%d}", f"{d.year}年{d.month}月{d.day}日", f"{d.year}.{d.month}.{d.day}", era_date(d, r, True), era_date(d, r, True), era_date(d, r, False), f"{code}-{year:02d}{d:%m%d}", f"{d:%Y-%m-%d}"]))

    def slot_time(self):
        return f"{self.rng.randint(8, 22)}:{self.rng.randint(0, 59):02d}"

    # -- text

    def finding(self):
        text = self.pick(self.exam["find"])
        if not self.polite:
            text = text.replace("認めます", "認める").replace("います。", "いる。").replace("考えます", "考える")
        technical = re.search("MBq|mg/dL|撮像。|相»|アデノ|体積|描出|負荷|HR|SCCT", text)
        negative = re.search("なし|ません|ない|せず|陰性|保たれる|正常|生理的|異常な|\\(-\\)|1未満|開存", text)
        if self.rng.random() < 0.36 and not technical:
            text = self.x("<また、|なお、|今回、|今回も|撮像範囲では、|その他、>" if negative else "<また、|なお、|今回、|前回同様、|以前より|さらに、|新たに、|偶発所見として、|今回新規に、|評価困難だが、>") + text
        if self.rng.random() < 0.25 and text.endswith("。") and not technical:
            text = text[:-1] + self.x("<(前回同様)|（著変なし）|。前回と同様|。以前と変化なし>。" if negative else "<(前回同様)|（著変なし）|(既知)|。臨床的にご判断を|(軽微)|（非特異的）|。前回と同程度|。経時変化に乏しい|(新規)|(要経過観察)|。経過観察を|。アーチファクトの可能性あり>。")
        return text

    def _fitting(self, pool):
        return [text for keys, text in pool if self.exam_key in keys.split()]

    def findings(self, low=3, high=7):
        count = self.rng.randint(low, high)
        items = [self.finding() for _ in range(min(count, len(self.exam["find"])))]
        if self.rng.random() < 0.22:
            items.insert(self.rng.randrange(len(items) + 1), self.pick(self._fitting(ND_SENTENCES)))
        if self.rng.random() < 0.1:
            items.append(self.pick(self._fitting(GUIDE_SENTENCES) or ["前回画像と比較。"]))
        if self.rng.random() < 0.4:
            items.append(self.x(POOLS["fill"]))
        return items

    def impressions(self, low=1, high=3):
        items = []
        for _ in range(min(self.rng.randint(low, high), len(self.exam["imp"]))):
            item = self.pick(self.exam["imp"])
            alone = re.search(r"異常な|特記なし|精査不要|異常を認めません|no active|虚血なし|変化なし|骨転移.?なし", re.sub("[«»‹›]", "", item))
            terms = set(re.findall(r"カテゴリー|PI-RADS|Fisher|WHO|TNM|再発|転移|前回|急性|IPMN|骨転移|虚血|大腿骨頭|TR|RECIST|FIGO|要", item))
            if not items or (not alone and not any(terms & seen for seen in (i[1] for i in items)) and not items[0][2]):
                items.append((item, terms, alone))
        return [i[0] for i in items]

    def para(self, low=2, high=6):
        glue = self.rng.choice(["", "\n", "\n・", "\n- "])
        items = self.findings(low, high)
        return (glue[1:] if glue else "") + glue.join(items)

    def imp_text(self):
        items = self.impressions()
        style = self.rng.choice(["#", "1.", "・", "plain", "#n", "①"])
        if style == "plain" or (len(items) == 1 and style in ("1.", "①")):
            return "\n".join(items)
        head = {"#": lambda i: "# ", "1.": lambda i: f"{i + 1}. ", "・": lambda i: "・", "#n": lambda i: f"#{i + 1} ", "①": lambda i: "①②③④"[i]}[style]
        return "\n".join(head(i) + t for i, t in enumerate(items))

    def hist(self):
        pool = re.split(r"\|(?![^<]*>)", self.exam["hist"].replace("\n", ""))
        text = self.x(self.rng.choice(pool))
        if not re.search(r"\d(歳|才|y| y)", text.replace("\x03", "")) and self.rng.random() < 0.22:
            text = self.x("<{age}、|{age}。|{age} >") + text
        return text

    def title(self):
        return self.x(self.rng.choice(self.exam["title"].split("|")))

    def device(self):
        return f"«{self.rng.choice(POOLS[self.exam['dev']].split('|'))}»"

    def slot_title(self):
        return self.title()

    def slot_hist(self):
        return self.hist()

    def slot_dev(self):
        return self.device()

    def slot_f(self):
        return self.finding()

    def slot_i(self):
        return self.pick(self.exam["imp"])

    def slot_imp(self):
        return self.imp_text()

    def slot_para(self):
        return self.para()

    def slot_short_para(self):
        return self.para(1, 3)

    def slot_sep(self):
        return self.sep

    def slot_proc(self):
        return f"«{self.rng.choice(PROC)}»"

    def slot_sex(self):
        return self.rng.choice({"M": ["男", "男性", "M", "♂"], "F": ["女", "女性", "F", "♀"]}[self.pt.sex])

    def slot_job(self):
        return self.rng.choice(TITLES_DR)

    def slot_place(self):
        return mark("address", self.place)


def rng_sur(rng):
    return rng.choice(SURNAMES)[0]

# ---------------------------------------------------------------- ordinary reports

COMPARE = ["比較：なし", "比較: 前回CT", "前回({pd})と比較。", "{pd}の前回検査と比較しました。", "比較: {pd}、{pd}", "<comparison|Comparison|COMPARISON>: {pd}", "前回<CT|MR|検査> {pd}", "過去画像なし", "比較対象: {hosp2} {pd}",
    "前医画像({pd})参照", "{pd}と比べて読影", "前回検査なし。", "比較 {pd} 当院"]
REFER = ["依頼：{dept} {s:ref}<|先生|医師|Dr>", "依頼科 {dept}　依頼医 {sf:ref}", "{dept} {s:ref}先生 御机下", "依頼医師: {sf:ref}", "ご紹介元：{hosp2} {s:ref}先生", "<Ref.|Referring>: {s:ref} ({dept})", "依頼科：{dept}", "依頼: {dept}", "紹介: {hosp2} {dept} {sf:ref}先生",
    "<オーダ|オーダー>医 {s:ref}({dept})"]
SIGN = ["読影：{s:reader}", "読影医 {sf:reader}", "報告者: {sf:reader}", "({s:reader})", "読影医師：{s:reader}／確認：{s:reader2}", "<放射線科|放診> {s:reader}", "文責 {s:reader}", "一次 {s:res}／二次 {s:reader}", "Reported by {sr:reader}", "Dictated by {sr:reader}",
    "診断医：{sf:reader}<　放射線診断専門医|>", "{s:reader}/{s:reader2}", "読影日 {ed}　{s:reader}", "確定 {ed} {sf:reader}", "主治医へ報告済 {s:reader}"]
INLINE_MILD = ["{opd}、<他院|当院>で{proc}<施行|後>。", "{od}に{proc}予定。", "前医({hosp2})CTより増大。", "{s:ref}先生と画像確認済。", "{opd}に<胃|大腸|胆嚢|肺>手術。", "<次回|再検>は{od}<予定|頃>。", "{hosp2}より紹介。", "{od}に<生検|細胞診>結果判明予定。"]
HEADS = [("所見", "診断"), ("所見", "印象"), ("【所見】", "【診断】"), ("<所見>", "<診断>"), ("Findings", "Impression"), ("■所見", "■診断"), ("[所見]", "[結論]"), ("FINDINGS:", "IMPRESSION:"), ("＜所見＞", "＜診断＞"), ("(所見)", "(impression)"), ("所見：", "まとめ：")]


def lines(*parts):
    return "\n".join(p for p in parts if p)


def some(rng, rate, text):
    return text if rng.random() < rate else ""


def ordinary_sections(r):
    g = r.rng
    find, imp = g.choice(HEADS)
    return lines(some(g, 0.6, r.title()), some(g, 0.4, r.pick(REFER)), some(g, 0.65, g.choice(["臨床情報：", "目的：", "臨床診断：", "[Hx] ", "現病歴: ", ""]) + r.hist()), some(g, 0.45, r.pick(COMPARE)),
        some(g, 0.3, f"{g.choice(['装置', '使用装置', '機器', 'Scanner'])}: {r.device()}"), some(g, 0.25, r.x("{cm}") if r.exam["dev"] == "ctdev" else ""), find, r.para(3, 7), some(g, 0.25, r.pick(INLINE_MILD)), imp, r.imp_text(),
        some(g, 0.45, r.pick(SIGN)))


def ordinary_plain(r):
    g = r.rng
    body = r.findings(3, 7)
    if g.random() < 0.35:
        body.insert(g.randrange(len(body)), r.pick(INLINE_MILD))
    return lines(some(g, 0.5, r.pick(COMPARE)), "".join(body), "", r.imp_text(), some(g, 0.4, r.pick(SIGN)))


def ordinary_terse(r):
    g = r.rng
    return lines(f"{r.title()} {some(g, 0.3, r.x('{ed}'))}".strip(), some(g, 0.6, f"Hx) {r.hist()}"), some(g, 0.3, r.x("cf. {pd}")), "\n".join(r.findings(2, 5)), g.choice(["→", "imp) ", "A) ", "dx: "]) + r.impressions(1, 1)[0], some(g, 0.3, r.pick(SIGN)))


def ordinary_compare(r):
    g = r.rng
    return lines(r.x(g.choice(["{pd}の{title}と比較。", "前回{pd}。", "前回検査日 {pd}、今回 {ed}。", "<前々回|前回> {pd}→今回"])), r.para(3, 5), "その他、著変なし。", some(g, 0.6, g.choice(["結論：", "診断：", "Conclusion: "]) + r.impressions(1, 2)[0]), some(g, 0.4, r.pick(SIGN)))


def ordinary_checkup(r):
    g = r.rng
    r.set_exam("chest", "cr", "mmg", "usabd", "usthy", "brain")
    r.set_years(max(r.years, 36) if r.years < 90 else g.randint(36, 80))
    return lines(r.x("<健診|人間ドック|住民検診|企業健診> {title}"), some(g, 0.4, r.x("受診日 {ed}")), r.para(2, 4), r.x("判定：<A 異常なし|B 軽度異常|C 要経過観察|D 要精密検査|D2 要治療>"), some(g, 0.3, r.x("判定医 {s:reader}")))


def ordinary_printed(r):
    g = r.rng
    return lines(r.x(g.choice(["患者ID: {id}　患者名: {pt}　{sex}　生年月日: {bd}", "ID {id} / {pt} / {sex} / {age}", "{hosp}　画像診断報告書\n{id} {pt} 様", "{pt} 様 ({id})　検査日 {ed}", "Patient: {roma}  ID: {id}  DOB: " + mark("birth_date", f"{r.birth:%Y-%m-%d}")])), ordinary_sections(r))


ORDINARY = {"printed": ordinary_printed, "sections": ordinary_sections, "plain": ordinary_plain, "terse": ordinary_terse, "compare": ordinary_compare, "checkup": ordinary_checkup}
ORDINARY_WEIGHTS = [5, 45, 20, 15, 12, 8]

# ---------------------------------------------------------------- hostile reports

INLINE = INLINE_MILD + [
    "{ptsur}<さん|様|氏>は{hist}にて{hosp2}より紹介。", "<御本人|本人>({pt}様)に<検査説明|造影説明>、同意書<あり|取得>。", "{rel}<同席|付き添い>。", "{rel}へ<結果説明済|IC予定>。", "{s:ref}先生より<電話|TEL>あり、{ext}。", "{s:tech}技師が<撮影|再撮>。", "{s:ns}Nsが<ルート確保|付き添い>、{ward}。",
    "<病棟|ward> {ward}　{room}。", "{job_at}。", "{city}<在住|より通院>。", "連絡先 {mobile}({rel})。", "<会計|事務> {new} <確認|対応>。", "MSW {new}<介入中|に相談>。", "<ケアマネ|ケアマネージャー> {other}。", "{short}の{new}先生<から|より><逆紹介|紹介>。", "{od}に{short}へ<転院|搬送><予定|>。",
    "前回読影 {s:reader2}。", "過去CTは{short2}({pd})。", "身元引受 {rel}。", "リハ {new}<PT|OT|ST>同伴。", "<当直|オンコール> {new}<Dr|先生|>コール済。", "<外来|Pt>no. {idx}。", "{od} {new}先生が<生検|EUS-FNA>。", "{age}。", "{bd}生。", "執刀 {new}<、助手 {new}|>。",
    "<薬剤師|栄養士|CE|歯科衛生士|臨床心理士|保健師> {new}<より|が>情報提供。", "{maiden}", "同室の{other}さんと<取り違え注意|同姓>。", "{hira}さん、と呼名し返答あり。", "{ptgiven}さん<本人|ご本人>から聴取。"]


def kv(r, *items):
    """Return label and value with this report's separator."""
    return [f"{label}{r.sep}{r.x(value)}" for label, value in items]


def inject(r, rate=0.5):
    """Return findings with sentences that name people between them."""
    body = r.findings(2, 4)
    for _ in range(1 + (r.rng.random() < rate) + (r.rng.random() < 0.2)):
        body.insert(r.rng.randrange(len(body) + 1), r.pick(INLINE))
    return r.rng.choice(["", "\n"]).join(body)


def tail(r):
    find, imp = r.rng.choice(HEADS)
    return lines(find, inject(r), imp, r.imp_text(), some(r.rng, 0.5, r.pick(SIGN)))


def fixed_form(r):
    g = r.rng
    rows = kv(r, (g.choice(["患者ID", "ＩＤ", "患者番号", "カルテNo", "診察券番号", "登録番号"]), "{idx}"), (g.choice(["氏名", "氏　名", "患者氏名", "患者名", "お名前"]), g.choice(["{pt}", "{ptwide}", "{ptbreak}", "{pt} 様"])), (g.choice(["カナ", "フリガナ", "ﾌﾘｶﾞﾅ"]), "<{kana}|{hkana}>"),
        (g.choice(["生年月日", "生", "DOB"]), "{bd} ({age})"), (g.choice(["性別", "性"]), "{sex}"), (g.choice(["病棟", "病棟・病室", "入外"]), "<入院 |>{ward} <{room}|>"), (g.choice(["依頼科／医師", "依頼医", "オーダー医"]), "{dept} {sf:ref}"),
        (g.choice(["受付番号", "検査番号", "ACC"]), "{acc}"), (g.choice(["検査日", "検査日時", "撮影日"]), "{ed} {time}"), (g.choice(["部位", "検査"]), "{title}"))
    g.shuffle(rows) if g.random() < 0.3 else None
    bar, side = g.choice([("━" * 24, ""), ("─" * 30, ""), ("=" * 40, ""), ("┌" + "─" * 28 + "┐", "│"), ("+" + "-" * 38 + "+", "| "), ("＊" * 20, "")])
    keep = [row for row in rows if g.random() < 0.8]
    if g.random() < 0.3:
        keep = ["    ".join(keep[i:i + 2]) for i in range(0, len(keep), 2)]
    return lines(bar, "\n".join(side + row for row in keep), bar.replace("┌", "└").replace("┐", "┘"), tail(r))


def one_line_header(r):
    g = r.rng
    parts = [r.x(t) for t in ("{idx}", "{pt}", "<{hkana}|{kana}|>", "{sex}", "{age}", "<{bd}生|生{bd}|{bd}>", "{ward}", "{dept}", "<{s:ref}|{sf:ref}>", "<{ed}|>", "<{title}|>")]
    parts = [p for p in parts if p and g.random() < 0.85]
    return lines(g.choice(["  ", "　", "／", " / ", ",", "・", "\t", " | "]).join(parts), "", tail(r))


def order_slip(r):
    g = r.rng
    return lines(r.x("<放射線検査依頼票|画像診断依頼書|CT/MR依頼伝票|至急オーダ>"), "  ".join(kv(r, ("ID", "{idx}"), ("氏名", "{pt}"))), "  ".join(kv(r, ("病棟", "{ward}"), ("主治", "{s:ref}<|Dr>"), ("連絡", "{ext}"))),
        r.x("依頼内容{sep}{hist}"), some(g, 0.5, r.x("感染症{sep}<HBV(-) HCV(-)|HCV(+)|なし>　{renal}")), some(g, 0.5, r.x("<移送|搬送>{sep}<車椅子|ストレッチャー|独歩>　<介助 {s:ns}|付添 {rel}|迎え {ward}>")),
        some(g, 0.4, r.x("<禁忌|アレルギー>{sep}<ヨード(-)|«喘息»|なし>　確認者 {s:tech}")), "", r.para(2, 4), "→ " + r.impressions(1, 1)[0], some(g, 0.4, r.pick(SIGN)))


def stamps(r):
    g = r.rng
    stamp = [r.x(t) for t in ("［受付 {ed} {time} 放射線科 {s:tech}］", "[既読 {s:ref} {ed}]", "〔確認済〕{s:reader2}㊞ {od}", "《至急》{ext} {s:ns}", "(スキャン済 {od} {new})", "【照合】{s:tech}／{s:ns}", "＜CD取込 {hosp2} {pd} 事務{new}＞", "印 {s:reader}", "受 領 印  {s:ref}", "(印){new}  (印){new}",
        "済 {s:tech} {od}", "| 検印 | {s:reader2} |", "○{s:ref} ○{s:reader}", "医事 {new}　診療録管理室 {new}", "校正 {new}／転記 {new}")]
    chosen = g.sample(stamp, g.randint(2, 5))
    cut = g.randint(0, len(chosen))
    return lines("\n".join(chosen[:cut]), tail(r), g.choice(["　", "\n", "  "]).join(chosen[cut:]))


def signature_chain(r):
    g = r.rng
    sign = [r.x(t) for t in ("一次読影{sep}{sf:res}({login:res}) {ed} {time}", "二次読影{sep}{sf:reader}", "承認{sep}{s:reader2}　{od} {time}", "撮影技師{sep}{s:tech}", "<Dictated|Transcribed> by {sr:res}", "<Approved|Verified> by {sr:reader}, M.D. {ed}", "更新者 {login:reader2}", "記載{sep}{s:res}(<研修医|専攻医|PGY-2|J2>)→指導医 {s:reader}",
        "最終版 v3 {login:reader} / {s:reader}", "検像 {s:tech}／撮影 {new}", "放診 {s:reader}・{s:reader2}・{s:res}", "読影室 {ext}", "代行入力 {new}(<MA|医師事務|クラーク>) → 承認 {s:ref}", "{s:reader} ({sk:reader})", "Signed: {sr:reader} [{login:reader}]", "R1 {s:res}／R2 {s:reader}／確定 {s:reader2}")]
    return lines(some(g, 0.4, r.title()), r.para(3, 6), r.imp_text(), g.choice(["---", "――", "", "*****"]), "\n".join(g.sample(sign, g.randint(2, 5))))


def email_trailer(r):
    g = r.rng
    top = lines(r.x("From: {sr:ref} <lt>{email}<gt>".replace("<lt>", "(").replace("<gt>", ")")), r.x("To: {email}"), r.x("件名: <Re: |Fw: |>{ptsur}様 {title}の件"), r.x("送信日時: {ed} {time}")) if g.random() < 0.5 else ""
    words = [r.x(t) for t in ("{s:reader}先生<|　侍史>", "お世話になっております。{dept}の{s:ref}です。", "{pt}様(<ID|診療ID> {idx})の<読影|追加読影>を<お願い|依頼>したく連絡しました。", "{hist}です。", "<至急|今週中に|可能なら本日中に>お返事ください。", "画像は{url}に<置きました|UPしました>。")]
    foot = [r.x(t) for t in ("{sf:ref}", "{hosp} {dept}", "{zip} {addr}", "TEL {phone}", "FAX {phone}", "{ext}", "E-mail: {email}", "携帯 {mobile}", "{sr:ref}, MD, PhD")]
    return lines(top, "\n".join(words[:1] + [w for w in words[1:] if g.random() < 0.75]), "", inject(r), r.imp_text(), g.choice(["-- ", "―――――", "＿＿＿＿＿", "*~*~*~*"]), "\n".join(f for f in foot if g.random() < 0.65) or foot[0])


def dictation(r):
    g = r.rng
    head = r.x(g.choice(["えー、{pt}さん、{age}、{title}。", "患者さん{kana}、アイディー{idx}番。", "アイディー、{spoken}、{ptsur}さん。", "{hira}さん、患者番号が{spoken}です。", "次、{ptsur}さんの{title}です。", "はい、{dept}の{s:ref}先生の患者、{hira}さん。", "{ptsur}{ptgiven}さん、{ed}撮影分。"]))
    body = g.choice(["。改行、", "。まる、", "。えーと、", "。", "。次、"]).join(f.rstrip("。") for f in r.findings(3, 5)) + "。"
    end = r.x(g.choice(["以上、{s:reader}。", "ディクテーション{s:reader}、入力{new}。", "{s:ref}先生に電話しといてください、{ext}です。", "書き起こし：<トランスクリプター|医療秘書> {sf:ns}", "さっきの{other}さんの分と間違えんといてください。", "以上です、確認は{s:reader2}先生。"]))
    return lines(r.x("<音声入力|[音声認識]|ディクテーション票>") + some(g, 0.5, r.x(" {ed} 口述{s:reader}")), head, body, "診断、" + r.impressions(1, 1)[0] + "。", end)


def phone_note(r):
    g = r.rng
    notes = [r.x(t) for t in ("{ed} {time} {ward} {s:ns}Nsより入電。", "{s:ref}先生({ext})へ{time}口頭報告、復唱確認。", "{hosp2} {dept} {new}先生より画像の件で電話。折返し {phone}。", "{rel}より電話。検査日を{od}に変更希望。({mobile})", "連携室 {new}さん：{short}に<CD|画像>発送済とのこと。", "{ptsur}さん、<来院遅れる|食事してはった>とのこと。検査{time}に変更。",
        "<ピッチ|PHS>つながらず→{new}先生({ext})に伝言。", "{s:ns}さん「{ptsur}さん造影の同意書まだです」→待機。", "{emp} 総務{other}様より診断書の問合せ、医事課{new}へ転送。", "受電：<医事|総合案内> {new}　対応：{s:tech}", "{other}様(<ケアマネ|施設相談員|訪看>) {phone} まで結果連絡を、と。", "{dept} {s:ref}Dr言うてはるには{hist}。", "警察({other}刑事)から照会あり、総務課{new}対応。")]
    return lines(g.choice(["電話連絡メモ", "☎メモ", "TEL記録", "【電話対応】", "連絡票"]), g.choice(["\n", "\n・", " "]).join(g.sample(notes, g.randint(2, 5))), "", r.x("{title}{sep}") + r.para(1, 3), r.impressions(1, 1)[0])


def scanned_letter(r):
    g = r.rng
    greeting = r.x(g.choice(["平素より大変お世話になっております。", "いつもお世話になり有難うございます。", "ご多忙中恐縮です。"]))
    return lines(r.x("<診療情報提供書|紹介状|御報告書|ご返書>"), r.x("{hosp2}"), r.x("{dept} {sf:ref} 先生<御侍史|机下|>"), r.x("患者氏名 {pt} <殿|様|>　{sex}"), r.x("生年月日 {bd}　{age}"), r.x("住所 {zip} {addr}　電話 {phone}"), some(g, 0.4, r.x("{ins}")), some(g, 0.4, r.x("職業 {emp}")),
        greeting + r.x("{hist}にて{od}に受診され、{title}を施行しました。"), inject(r), r.imp_text(), r.x("{ed}"), r.x("{hosp} {dept}"), r.x("<医師|担当医>{sep}{sf:reader}<　印|㊞|>"))


def hl7_dump(r):
    g = r.rng
    bar = "|"
    pid = bar.join(["PID", "1", "", r.x("{id}"), "", r.x("{romapn}") + "~" + mark("patient_name", half_kana(f"{r.pt.sur_kana}^{r.pt.given_kana}")), "", mark("birth_date", f"{r.birth:%Y%m%d}"), r.pt.sex, "", "", r.x("{addr}"), "", r.x("{phone}")])
    pv1 = bar.join(["PV1", "1", "I", r.x("{ward}^{room}"), "", "", "", r.x("{login:ref}") + "^" + r.x("{s:ref}")])
    obr = bar.join(["OBR", "1", r.x("{acc}"), "", r.title(), "", mark("exam_date", f"{r.date:%Y%m%d}")])
    obx = "\n".join(f"OBX|{i + 1}|TX|{g.choice(['GDT', 'IMP', '24657-8'])}||{text}" for i, text in enumerate(r.findings(2, 5)))
    nte = r.x("NTE|1||{s:reader} <確定|仮>|")
    return lines(*(p for p in (pid, pv1, obr) if g.random() < 0.85), obx, nte)


def conference(r):
    g = r.rng
    rows = [r.x(t) for t in ("・{other} {n:45:88}M «肝S{n:2:8} SOL» → <«RFA»|«TACE»|«生検»>({s:ref})", "・{pt} {age} {hist} 担当{s:ref}", "・{other}さん「{i}」要再検", "3){other} {ward} «PD»、{new}先生よりBSC", "・{ptsur} #本日 {i}", "2. {other}(<{short}|{short2}>から) «{lobe}» 生検どうする？", "-{other}:{new}Drプレゼン、«膵頭部» {mm}", "★{ptsur}／{new}／{new} <症例検討|次回>")]
    return lines(r.x("<カンファ|CB|キャンサーボード|放治カンファ|術前カンファ> {ed}　<司会 {s:reader}|書記 {s:res}|出席: {s:reader}、{s:ref}、{new}、{new}(<MSW|病理|外科>)>"), "\n".join(g.sample(rows, g.randint(3, 6))), r.x("本例：") + inject(r), "→ " + r.impressions(1, 1)[0])


def critical_result(r):
    g = r.rng
    parts = [r.x(t) for t in ("重要度：<S|A|緊急>", "所見：{f}", "連絡先：{dept} {s:ref}({ext})", "連絡者：{s:reader}　日時：{ed} {time}", "受領者：{ward} <看護師|師長> {s:ns}", "復唱：<済|あり>　確認：{s:tech}", "<医療安全|GRM> {new}へ報告", "未読督促 {od} {login:ref}", "患者：{pt}({idx})", "対応：{od} {rel}に説明済", "代理連絡：{new}先生(<当直|オンコール>)→主治 {s:ref}", "既読：{login:ref} {od}")]
    return lines(g.choice(["■重要所見通知", "【緊急連絡】", "パニック所見連絡票", "画像診断報告書 未確認対策"]), "\n".join(g.sample(parts, g.randint(5, 8))), r.para(1, 3), r.imp_text())


def foreign_resident(r):
    g = r.rng
    if r.pt.origin == "jp":
        r.pt = foreign_person(g)
    r.set_exam(*(k for k in EXAMS if r.pt.sex in EXAMS[k]["sex"]))
    r.set_years(g.randint(20, 48))
    parts = [r.x(t) for t in ("Name: {roma}", "氏名：{pt}", "カナ：{hkana}", "通称名 {new:patient_name}", "国籍 <ベトナム|ブラジル|フィリピン|ネパール|中国>　在留カード<あり|確認>", "通訳：{other}(<派遣|電話通訳|医療通訳>)<、{mobile}|>", "勤務先：{emp:firm} 監理団体 <担当|生活指導員>{other}", "<技能実習生|特定技能>、{emp:firm}寮({addr})", "友人 {other} 同伴", "パスポート名 {roma}／保険証 {kana}", "{rel} 日本語可", "DOB {bd}　{sex}", "Patient {roma} does not speak Japanese; {title} explained by {sr:tech}.", "Mr./Ms. {roma}, {age}, referred by Dr. {sr:ref}.", "問診票記載 “{roma}”")]
    return lines("\n".join(g.sample(parts, g.randint(3, 6))), tail(r))


def occupational(r):
    g = r.rng
    r.set_years(g.randint(24, 78))
    r.set_exam("chest", "cr", "usabd")
    parts = [r.x(t) for t in ("事業所：{emp}", "社員番号 {id}", "氏名　{pt}", "産業医 {sf:ref}", "健保 {ins}", "<粉じん|石綿|有機溶剤>業務 <従事 {n:2:35}年|昭和から>", "実施機関：{hosp2}", "受診番号 {acc}", "<人事|総務> {other}様宛", "職歴：{emp}→{emp}", "管理区分 <管理1|管理2>　«じん肺標準写真 第{n:0:3}型»", "巡回バス {ed} {city}会場", "バス技師 {s:tech}、受付 {new}")]
    return lines(r.x("<定期健診|じん肺健診|石綿健診|雇入時健診|人間ドック>結果"), "\n".join(g.sample(parts, g.randint(4, 7))), tail(r))


def school_check(r):
    g = r.rng
    r.set_years(g.randint(6, 18))
    if r.pt.origin == "jp":
        r.pt = some_person(g, True, r.pt.sex, (r.pt.sur, "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in r.pt.sur_kana)), "young")
    r.set_exam("joint", "cr", "headct", "spine")
    parts = [r.x(t) for t in ("{school} <3年2組|2年|1-4>", "学校検診で<側弯|心電図異常|結核要精査>を指摘", "校医 {s:ref}先生", "養護教諭 {other}より", "担任 {other}先生", "{mother}付き添い", "部活({school} <野球部|サッカー部|バレー部>)で受傷", "{pt}　{bd}生({age})", "{ptgiven}<さん|ちゃん>、泣いて体動あり", "{brother} も当科通院", "祖母({mobile})が連れてきはった", "保護者連絡先 {phone}", "塾帰りに転倒、{city}")]
    parts.append(r.x("{ptgiven}") + (g.choice(["君 ", "くん "]) if r.pt.sex == "M" else "ちゃん ") + r.hist())
    return lines("\n".join(g.sample(parts, g.randint(3, 6))), tail(r))


def addendum(r):
    g = r.rng
    adds = [r.x(t) for t in ("【追記 {od} {s:reader2}】{f}", "※訂正({s:reader} {od})：<右→左|左→右>の誤記。", "Addendum {od} by {sr:reader2}: previous study at {short2} ({pd}) was reviewed.", "[{od} {time} {login:reader}] 誤変換修正", "追加：{s:ref}先生より{hosp2}の画像届き比較、{i}", "版数2←1 修正者{s:res}　理由：患者名入力誤り({other}→{pt})", "(追){od}病理：{acc2} «腺癌»、{new}Drより連絡", "補足　{s:reader}→{s:ref}先生：{od}カンファで供覧", "旧レポート({pd} {new})の記載は撤回")]
    return lines(r.x("{title} {ed}"), r.para(2, 5), r.imp_text(), r.x("{s:reader}"), "", "\n".join(g.sample(adds, g.randint(2, 4))))


def wrong_patient(r):
    g = r.rng
    other_id = mark("patient_id", f"{g.randrange(10**7):08d}")
    text = g.choice(["【誤登録】{other}様({oid})の画像が{pt}様({idx})に混入。{ed} {s:tech}修正。", "取違え注意：同姓の{other}さん({ward})。本人は{pt} {bd}。", "オーダ違い。{ptsur}氏ではなく{other}氏({oid})の依頼。{s:ref}Drへ確認({ext})。", "患者呼び間違い：「{other}さん」で{ptsur}さんが入室。{s:tech}・{s:ns}で再照合。", "レポート貼付ミス、正：{pt}／誤：{other}。{login:reader}が差替え。", "同姓同名の方あり({oid}, {addr})。"])
    return lines(r.x(text.replace("{oid}", "\x00")).replace("\x00", other_id), some(g, 0.5, r.x("インシデント報告 {new}({ward}師長)、{od}提出")), tail(r))


def nursing_log(r):
    g = r.rng
    logs = [r.x(t) for t in ("{time} 入室。{ptsur}<様|さん>、フルネーム確認「{hira}」。", "{time} 右前腕22G、{s:ns}。", "{time} {cm}", "{time} «気分不良»なし。BP«‹{n:110:150}/{n:60:90}›» SpO2 «{n:93:99}%»", "{time} «蕁麻疹»出現→{s:ref}Dr call。", "{time} {ward}へ帰室、申し送り {new}Ns。", "{time} {rel}に説明、帰宅。", "{time} 技師{s:tech}、体位変換介助 {new}", "{time} «血管外漏出» 約{n:10:60}mL、冷却、{s:reader}医師診察", "{time} 体重{n:38:88}kg、ルート抜去：{new}", "{time} {rel}待合。", "{time} «フルマル»0.5mg、指示 {s:reader2}".replace("«フルマル»0.5mg", "«ミダゾラム» 2mg"), "{time} リストバンド {idx} 照合OK")]
    picked = sorted(g.sample(logs, g.randint(4, 7)))
    return lines(r.x("<検査看護記録|造影記録|CT室看護記録> <{ed}|>"), "\n".join(picked), "", r.x("{title}{sep}") + r.para(1, 3), r.impressions(1, 1)[0])


def tech_comment(r):
    g = r.rng
    notes = [r.x(t) for t in ("体動あり。{rel}介助で撮影。", "立位不可、ポータブル {ward}{room}。", "{s:tech}(R) <息止め不良|再撮1回>", "撮影：{s:tech}、{new}<研修|新人>", "照射録 {s:tech} {ed}", "放射線技師 {sf:tech}　«{n:100:130}kV {n:80:400}mA»", "造影{s:reader}Dr立会、ルート{s:ns}", "金属(<入れ歯|ﾍﾟｰｽﾒｰｶ>)確認 {new}、主治 {s:ref}OK", "pt {ptsur} 指示入らず、{s:ref}に確認({ext})", "RT:{s:tech} NS:{s:ns} Dr:{s:reader}", "«<1.5|3.0>T»、matrix ‹{n:256:320}/512›、«TE ‹{n:80:95}-{n:96:110}›»", "DLP «{n:200:1900}.{n:0:9} mGy・cm»", "技師 {s:tech} → 引継 {new}")]
    return lines(r.title() + " " + r.device(), "【技師コメント】" + g.choice(["　", "／", "\n"]).join(g.sample(notes, g.randint(2, 5))), r.para(2, 4), r.imp_text(), some(g, 0.5, r.pick(SIGN)))


def home_visit(r):
    g = r.rng
    facility = mark("hospital", f"{some_place(g)}{g.choice(['苑', '老人保健施設', 'ケアホーム', '訪問看護ステーション', 'グループホーム'])}")
    parts = [facility + g.choice([" 入所中", "より搬送", "に帰る予定", "入所者"])] + [r.x(t) for t in ("自宅：{addr}", "CM：{other}　{phone}", "訪看 {other}Ns", "往診医 {s:ref}先生({hosp2})", "同居 {rel}、鍵は{other}さん宅", "民生委員 {other}", "介護度<要介護3|要支援2>、{ins}", "ヘルパー{other}さん同行", "ポータブルUS：{dev} 検査者 {s:tech}", "{ptsur}さん宅 {time}訪問", "緊急連絡①{rel} {mobile}", "地域包括 {other}", "{age}、<独居|老々介護>。{rel}は{city}")]
    return lines("\n".join(g.sample(parts, g.randint(3, 6))), tail(r))


def er_note(r):
    g = r.rng
    r.set_exam("headct", "chest", "cr", "abdomen", "brain", "joint")
    parts = [r.x(t) for t in ("{city}路上で転倒、救急隊({other}隊長)搬送", "目撃者 {other}氏({mobile})", "{emp:firm}のトラックと接触", "同乗 {rel}(別室)", "初療 {s:ref}、コンサル {new}({dept})", "{time}着 «GCS ‹{n:10:15}/15›» «BP ‹{n:88:170}/{n:50:98}›»", "名前言えず、所持品より{pt}と判明", "免許証 {bd} {addr}", "{age}、{relbare}と買い物中に転倒", "研修医 {s:res}／指導 {s:ref}", "«FAST»陰性({s:res})", "「{ptsur}」と名乗る。ID仮番 {id}", "{rel}到着 {time}", "加害者側 {other}、保険 {ins}", "DNAR 確認 {rel} {od}", "{short}三次受入<不可|可>、{new}先生")]
    return lines(r.x("<ER|救急外来|救命> {ed}"), g.choice(["\n", "。", " / "]).join(g.sample(parts, g.randint(3, 6))), r.x("{title}"), inject(r), r.imp_text())


def family_history(r):
    g = r.rng
    people = [r.x(t) for t in ("{kin}«<胃|肺|膵|大腸>癌»で<手術|死亡>", "{kin}«脳出血»", "{kin}健在", "{kinf}«乳癌»", "{kin}«大腸癌» {hosp2}", "{kin}«もやもや病»", "{kin}肝«HCC»", "{kin}<右|左>«腎癌»", "{kin}同病", "{kin}«SAH»突然死", "{kin}«原発性胆汁性胆管炎»", "{kin}心臓病")]
    return lines(g.choice(["FH：", "家族歴) ", "【家族】", "家族構成："]) + g.choice(["、", " ", "\n"]).join(g.sample(people, g.randint(2, 5))), r.x("KP {rel} {mobile}") if g.random() < 0.5 else "", r.x("既往：{opd} {proc}({short})") if g.random() < 0.6 else "", tail(r))


ENGLISH = {"find": ["There is a «{n:4:38} mm spiculated nodule» in the «{enlobe}».", "No «pleural effusion» or «pneumothorax».", "«Mediastinal lymph nodes» are not enlarged (short axis {n:3:9} mm).", "Compared with {pd}, the «nodule» has <increased|decreased> in size.", "«L‹4/5› disc bulging» abuts the «thecal sac».", "The «liver» shows «fatty infiltration»; «{n:3:24} mm cyst» in «segment {n:2:8}».",
    "«Meckel cave» is <clear|unremarkable>.", "«Hashimoto thyroiditis» <is suspected|noted>.", "«Takayasu arteritis» cannot be excluded.", "Image ‹{n:2:9}/{n:20:60}› shows «ground-glass opacity».", "«Kerley B lines» <present|absent>.", "No evidence of «deep venous thrombosis»."],
    "imp": ["«Fleischner 2017» follow-up in {n:3:12} months.", "«T1cN0M0» (8th TNM).", "<Stable disease|Partial response> per «RECIST 1.1».", "«Lung-RADS 2022» category «{n:2:4}B».", "No acute abnormality.", "«Hepatic steatosis».", "«Swyer-James syndrome» <suspected|less likely>."]}
POOLS["enlobe"] = "right upper lobe|left lower lobe|lingula|right middle lobe|apical segment"


EN_TITLE = dict(chest="CT chest", abdomen="CT abdomen and pelvis with contrast", brain="MRI brain without contrast", headct="CT head", spine="MRI lumbar spine", joint="MRI knee", prostate="MRI prostate", uterus="MRI pelvis", usabd="US abdomen",
    usthy="US thyroid", cr="Chest radiograph, PA", mmg="Mammography", bone="Bone scintigraphy", pet="FDG PET/CT", mpi="Myocardial perfusion SPECT", cct="Coronary CT angiography")


def english_report(r):
    g = r.rng
    r.english = True
    body = [r.x(t) for t in g.sample(ENGLISH["find"], g.randint(3, 6))]
    ids = [r.x(t) for t in ("{roma} is a {age} patient referred by Dr. {sr:ref}.", "Dr. {sr:reader2} reviewed the study.", "Her sister " + mark("relative_name", g.choice(GIVENS["F"])[0]) + " attended." if r.pt.sex == "F" else "His wife was informed by phone ({mobile}).", "Findings were discussed with Dr. {sr:ref} at {time} on {ed}.", "Prior CT at {hosp2} ({pd}).", "Works at {emp}.", "MRN {idx}, acc# {acc}.", "cc: Dr. {sr:res}, {email}", "Contact RN {sr:ns} (ext. " + mark("phone", str(g.randint(3000, 7999))) + ").", "Pt. lives in {city}.")]
    for sentence in g.sample(ids, g.randint(2, 4)):
        body.insert(g.randrange(len(body) + 1), sentence)
    return lines("STUDY: " + EN_TITLE[r.exam_key], "FINDINGS: " + " ".join(body), "IMPRESSION: " + "\n".join(r.x(t) for t in g.sample(ENGLISH["imp"], g.randint(1, 3))), some(g, 0.7, r.x("<Electronically signed by|Signed,|Dictated by> {sr:reader}<, MD|> <{ed}|>")))


def teleradiology(r):
    g = r.rng
    company = mark("hospital", f"{some_place(g)}{g.choice(['遠隔画像診断センター', 'テレラド', '読影センター', '画像診断クリニック'])}")
    parts = [f"受託：{company}", f"送信元 {company}"] + [r.x(t) for t in ("依頼施設：{hosp}", "施設コード {id}", "読影医コード {login} ({s:reader})", "症例URL {url}", "受信 {ed} {time}　返信 {ed} {time}", "担当コーディネータ {new}　{phone}", "施設側 技師 {s:tech}様", "依頼 {hosp2} {new}先生", "患者 {hkana} {idx}", "契約担当 {other} {email}", "読影 {sf:reader}<(在宅)|(非常勤)|>")]
    return lines("\n".join(g.sample(parts, g.randint(4, 7))), tail(r))


def filenames(r):
    g = r.rng
    sur = r.pt.sur_roma.replace(" ", "").replace("'", "")
    given = r.pt.given_roma.split()[0]
    paths = [f"{mark('patient_name', sur + '_' + given)}_{mark('patient_id', r.pid)}.dcm", f"DICOMDIR/{mark('patient_id', r.pid)}/{mark('exam_date', f'{r.date:%Y%m%d}')}/IM0001", f"CD{g.randint(1, 3)}: {mark('patient_name', sur)}{g.randint(1, 4)}.zip", r.x("{url}"),
        mark("patient_name", r.pt.sur + r.pt.given if r.pt.origin == "jp" else r.pt.sur_kana) + "_" + r.title().replace("/", "") + ".pptx", f"\\\\share\\{r.x('{login:ref}')}\\{mark('patient_name', sur.lower())}_{g.randint(1, 9)}.jpg"]
    return lines(r.x("<参照画像|添付|リンク|キー画像>："), "\n".join(g.sample(paths, g.randint(2, 4))), tail(r))


def telegraphic(r):
    g = r.rng
    first = r.x(g.choice(["{ptsur} {age} {hist}", "{ptsur} «{br}» 梗塞の{age}", "Pt {ptsur} 右片麻痺", "{ptsur}{ptgiven} 発熱", "{ptsur} {ward} {hist}", "{ptsur}　{side1}«{bn}»痛", "{s:ref} {hist}", "{s:ref} {dept} «{lobe}» 結節", "依頼 {s:ref} 発熱", "{ptsur} 部位{sep}頭部", "主治 {s:ref} {side1}胸水", "{s:ref}／{s:reader} {title}", "{ptsur}、 {i}",
        "{ptgiven} 肝SOL fu", "{hkana} {title}", "{relbare}«{lobe}» 希望で撮影"]))
    return lines(first, r.x("<n.p.|np|w/u|f/u>　{short_para}"), r.impressions(1, 1)[0], r.x("<{s:reader}|{s:reader} {ed}|{s:res}/{s:reader}|{s:reader}拝|>"))


def pathology(r):
    g = r.rng
    parts = [r.x(t) for t in ("病理 No. {acc2} «中分化腺癌»({new}Dr)", "細胞診 {acc2} class <II|IIIb|V>　スクリーナー {new}", "標本 {acc2}／{hosp2}", "病理医 {sf:reader2}", "手術 {opd} 執刀{s:ref}", "迅速 {od} {new}先生", "«Ki-67 {n:2:60}%»、«HER2 {n:0:3}+»", "«WHO 2021»、«取扱い規約 第{n:7:9}版»", "臨床病理カンファ {od} 担当{s:res}", "遺伝子 «EGFR» <L858R|ex19del>　検体 {acc2}", "«pT2N‹{n:0:3}/{n:12:28}›»", "リンパ節 «‹{n:0:9}/{n:10:30}›»(転移/郭清)")]
    return lines("【病理対比】", "\n".join(g.sample(parts, g.randint(3, 6))), tail(r))


def social_work(r):
    g = r.rng
    parts = [r.x(t) for t in ("MSW {new}：{od}退院先 {short2}で調整", "ソーシャルワーカー{new}({ext})介入", "医療ソーシャルワーカー　{new}さん面談 {rel}", "連携室 {new}→{hosp2} {new}様 FAX {phone}", "退院支援Ns {s:ns}", "成年後見人 {other}弁護士 {phone}", "生保CW {other}({city}福祉)", "{ins}", "身寄りなし、{other}(大家)が来院", "キーパーソン{rel}と相談", "精神保健福祉士 {new}より情報", "地域医療連携室 担当{new}　返書{od}", "患者相談窓口 {new}")]
    return lines("\n".join(g.sample(parts, g.randint(3, 5))), tail(r))


def ivr_note(r):
    g = r.rng
    r.set_exam("abdomen")
    parts = [r.x(t) for t in ("術者 {s:reader}、助手 {s:res}・{new}", "<外回り|外> {s:ns}、<直介|器械> {new}", "RT {s:tech}　CE {new}", "麻酔 {new}Dr", "立会：{emp:firm} {other}様(<業者|MR|臨床担当>)", "ope {s:reader}/1st {new}/2nd {s:res}", "右«CFA»穿刺、«4Fr»シース、«Cobra»で«SMA»選択", "«Amplatz»、«Seldinger法»", "止血 {s:res} {n:10:20}分、{ward}帰室", "IC：{s:reader}、同席{rel}", "透視 «{n:8:60}分»、«{n:100:1900} mGy»", "«リピオドール» 5mL+«エピルビシン» {n:10:40}mg", "見学 {new}(<学生|ポリクリ|研修医>)", "«Gelfoam»・«Tornado» coil {n:1:6}本", "次回 {od} {s:reader2}担当")]
    return lines(r.x("«<TACE|TAE|PTA|コイル塞栓術|PSE|EVAR>» {ed}"), "\n".join(g.sample(parts, g.randint(4, 7))), r.impressions(1, 1)[0], some(g, 0.5, r.pick(SIGN)))


def screening_double(r):
    g = r.rng
    r.exam_key, r.exam = ("mmg", EXAMS["mmg"]) if r.pt.sex == "F" else ("cr", EXAMS["cr"])
    parts = [r.x(t) for t in ("受診番号 {acc}", "{city}住民検診", "第一読影 {s:reader} «カテゴリー{n:1:3}»", "第二読影 {s:reader2} «カテゴリー{n:1:3}»", "第1:{s:reader}/第2:{s:reader2}/合議:{s:ref}", "会場 {school:venue}体育館", "検診車 技師{s:tech}(<認定番号有|B1>)", "前年度 {pd} {short2}", "氏名ﾌﾘｶﾞﾅ {hkana}", "生年月日 {bd}", "住所 {addr}", "{ins}", "自覚症状なし、FH {kinf}«乳癌»", "精検先 {hosp2}　結果返送{od}")]
    return lines(r.x("<検診読影票|二重読影|対策型検診>"), "\n".join(g.sample(parts, g.randint(5, 8))), r.para(1, 3), r.imp_text())


def autopsy_imaging(r):
    g = r.rng
    r.exam_key, r.exam = "headct", EXAMS["headct"]
    parts = [r.x(t) for t in ("発見者 {other}(<隣人|大家|新聞配達>)", "{city}署 検視官{other}、{phone}", "最終生存 {od} {rel}と電話", "検案医 {s:ref}", "本籍 {addr}", "身元確認 {rel}", "«死後変化»、«血液就下»", "所持品：{emp}の社員証「{pt}」", "監察医 {new}先生", "遺体番号 {acc2}", "{bd}生、{age}", "撮影立会 警部補 {other}")]
    return lines(r.x("<Ai|オートプシーイメージング|死亡時画像診断> {ed}"), "\n".join(g.sample(parts, g.randint(3, 6))), r.para(2, 3), r.impressions(1, 1)[0])


def csv_export(r):
    g = r.rng
    cells = [r.x(t) for t in ("{id}", "{pt}", "{hkana}", "{roma}", "{bd}", "{acc}", "{ed}", "{title}", "{dept}", "{s:ref}", "{ward}", "{s:reader}", "{login:reader}", "{short_para}", "{i}", "CT", "確定", "{age}")]
    keep = [c for c in cells if g.random() < 0.72]
    quote = g.choice(["", '"'])
    glue = g.choice([",", "\t", ";", "|"])
    return lines(glue.join(quote + c.replace("\n", " ") + quote for c in keep), some(g, 0.5, tail(r)))


def label_sheet(r):
    g = r.rng
    label = "\n".join(r.x(t) for t in g.choice([("{hkana}", "{pt} 様", "{id} {sex} {bd}"), ("*{id}*", "{pt}", "{ward}-{room}"), ("{kana}", "{bd} {age}", "{dept} {s:ref}"), ("{ptsur}{ptgiven}", "{hkana}", "ID{idx}", "{ed}")]))
    return lines(g.choice([label + "\n" + label, label]), "------8<------".replace("8<", "✂"), tail(r))


def fax_cover(r):
    g = r.rng
    parts = [r.x(t) for t in ("宛先：{hosp2} <連携室|{dept}> {new}様", "FAX {phone}", "発信：{hosp} 放射線科 <クラーク|事務|秘書> {new}", "TEL {phone} ({ext})", "枚数 {n:2:9}枚(本紙含む)", "件名：{ptsur}様 検査予約", "予約 {od} {time} {title}", "患者：{kana} 様({bd})", "紹介医 {s:ref}先生", "送付日 {ed}", "持参：保険証、{ins}", "お問合せ {email}")]
    return lines(r.x("<FAX送信票|ＦＡＸ送付状|検査予約票>"), "\n".join(g.sample(parts, g.randint(5, 9))), r.para(1, 3), r.imp_text())


def chart_chat(r):
    g = r.rng
    rows = [r.x(t) for t in ("＠{s:reader}先生 {ptsur}さんのCT見てください", "{s:ref}>{s:reader} 了解、{i}かと", "[{time} {login:ref}] {hist}", "[{time} {login:reader}] {f}", "{s:ns}：{ward}戻りました", "{s:res}→{s:ref}：{rel}来てはります", "＠{new} {od}の予約お願い", "{s:tech}「{ptgiven}さん、息止め無理です」", "cc {new}, {new}", "{s:ref}：既読　{ext}", "医事{new}：{ins}", "薬剤{new}>{s:ref} «{drug}»休薬{od}まで")]
    return lines(r.x("<連絡掲示板|チャット|伝言|スレッド> {ed}"), "\n".join(g.sample(rows, g.randint(4, 8))), "", r.para(1, 3), r.impressions(1, 1)[0])


def eponym_twin(r):
    g = r.rng
    sur, kana, term = g.choice(TWINS)
    role = g.choice(["ref", "reader", "tech", "pt"])
    if role == "pt" and r.pt.origin == "jp":
        r.pt.sur, r.pt.sur_kana, r.pt.sur_roma = sur, katakana(kana), romaji(kana)
    else:
        role = "ref" if role == "pt" else role
        r.staff[role] = some_person(g, True, surname=(sur, kana))
    who = "{ptsur}さん" if role == "pt" else "{s:%s}%s" % (role, {"ref": "先生", "reader": "", "tech": "技師"}[role])
    texts = [f"{who}、«{term}»の経過観察。", f"«{term}»で{who}<外来|担当>。", f"依頼 {who} «{term}»", f"{who}　«{term}»疑い", f"{who}より«{term}»の既往あり、と。", f"«{term}»({who})"]
    return lines(r.x(g.choice(texts)), tail(r), some(g, 0.4, r.x(g.choice(texts))))


def slash_codes(r):
    g = r.rng
    bits = [r.x(t) for t in ("Pt:{ptsur}", "ID#{idx}", "W:{ward}", "R:{room}", "Dr:{s:ref}", "RT:{s:tech}", "NS:{s:ns}", "D:{ed}", "DOB:{bd}", "Acc:{acc}", "U:{login}", "T:{phone}", "K:{hkana}", "Rd:{s:reader}")]
    glue = g.choice(["/", " ", ";", "　", "|", "∥"])
    return lines(glue.join(g.sample(bits, g.randint(5, 9))), inject(r), r.imp_text())


def reply_letter(r):
    g = r.rng
    return lines(r.x("{hosp2}\n<院長|外来|>{s:ref}先生<　拝復|>"), r.x("<ご紹介ありがとうございました。|{ptsur}殿ご紹介頂き深謝。>{od}に{title}施行。"), inject(r), r.imp_text(), r.x("<{od}再診。|貴院で{fu}をお願いします。|手術は{short}の{new}先生に依頼。>"), r.x("{hosp} {dept} <主治|担当|主治医>{sep}{sf:ref}".replace("{sf:ref}", "{sf:reader}")), some(g, 0.5, r.x("<医療連携|病診連携>{sep}{new} TEL{phone}")))


HOSTILE = dict(fixed_form=fixed_form, one_line_header=one_line_header, order_slip=order_slip, stamps=stamps, signature_chain=signature_chain, email_trailer=email_trailer, dictation=dictation, phone_note=phone_note,
    scanned_letter=scanned_letter, hl7_dump=hl7_dump, conference=conference, critical_result=critical_result, foreign_resident=foreign_resident, occupational=occupational, school_check=school_check, addendum=addendum,
    wrong_patient=wrong_patient, nursing_log=nursing_log, tech_comment=tech_comment, home_visit=home_visit, er_note=er_note, family_history=family_history, english_report=english_report, teleradiology=teleradiology,
    filenames=filenames, telegraphic=telegraphic, pathology=pathology, social_work=social_work, ivr_note=ivr_note, screening_double=screening_double, autopsy_imaging=autopsy_imaging, csv_export=csv_export, label_sheet=label_sheet,
    fax_cover=fax_cover, chart_chat=chart_chat, eponym_twin=eponym_twin, slash_codes=slash_codes, reply_letter=reply_letter)
LAYOUT_WEIGHTS = {"telegraphic": 2, "fixed_form": 2, "eponym_twin": 1.5, "foreign_resident": 1.5}

# ---------------------------------------------------------------- assembly

_ASCII_KINDS = {"url", "email", "login"}


def name_broken(doc, rng):
    """Return doc with a line break inside a third of its names, as a narrow cell breaks them."""
    cuts = set()
    for start, end, kind in doc[1]:
        if kind in ("patient_name", "staff_name", "relative_name", "other_person", "hospital", "employer") and end - start > 1 and rng.random() < 0.35:
            cuts.add(rng.randrange(start + 1, end))
    return rewrite(doc, [("\n" if i in cuts else "", c) for i, c in enumerate(doc[0])])


def disturbed(doc, rng, layout):
    """Return (doc, suffix) with the look of an old system: widths, kana, breaks, blanks."""
    roll = rng.random()
    protected = [range(s, e) for s, e, k in doc[1] if k in _ASCII_KINDS]
    if layout == "scanned_letter" and roll < 0.6 or roll < 0.03:
        return ocr_spaced(doc, rng), "+ocr"
    if layout in ("csv_export", "hl7_dump"):
        return (map_chars(doc, half_kana), "+halfkana") if roll < 0.3 else (doc, "")
    if roll > 0.9 and layout not in ("dictation", "english_report", "chart_chat"):
        return name_broken(doc, rng), "+namebreak"
    if roll < 0.12:
        return rewrite(doc, [("", c if any(i in p for p in protected) else full_digits(c)) for i, c in enumerate(doc[0])]), "+fulldigits"
    if roll < 0.19:
        return map_chars(doc, half_kana), "+halfkana"
    if roll < 0.33:
        return wrapped(doc, rng.choice([40, 48, 60, 64, 72])), "+wrap"
    if roll < 0.36:
        return rewrite(doc, [("", c if any(i in p for p in protected) else full_width(c)) for i, c in enumerate(doc[0])]), "+fullwidth"
    return doc, ""


def punctuated(doc, rng):
    style = rng.choices([None, ("，", "．"), ("､", "｡"), (", ", ". ")], [68, 20, 9, 3])[0]
    return map_chars(doc, lambda c: {"、": style[0], "。": style[1]}.get(c, c)) if style else doc


def generate(seed, number, kind):
    """Return one report as a dict."""
    rng = random.Random(f"{seed}/{number}/{kind}")
    report = Report(rng, kind == "hostile")
    layouts = HOSTILE if kind == "hostile" else ORDINARY
    weights = [LAYOUT_WEIGHTS.get(n, 1) for n in layouts] if kind == "hostile" else ORDINARY_WEIGHTS
    layout = rng.choices(list(layouts), weights)[0]
    doc = punctuated(parse(layouts[layout](report)), rng)
    suffix = ""
    if kind == "hostile":
        doc, suffix = disturbed(doc, rng, layout)
    return record(report, doc, layout + suffix, f"{kind[0]}{seed}-{number:05d}", rng.random() < (0.6 if kind == "hostile" else 0.85))


def record(report, doc, layout, key, known):
    text, spans = doc
    out = {"id": key, "layout": layout, "patient": {"name_kanji": report.pt.kanji, "name_kana": report.pt.kana, "name_romaji": report.pt.roma, "id": report.pid, "birth_date": f"{report.birth:%Y-%m-%d}", "sex": report.pt.sex},
        "header_known": known, "text": text, "identifiers": [], "clinical": [], "not_dates": []}
    last = 0
    for start, end, kind in sorted({tuple(s) for s in spans}):
        piece = {"start": start, "end": end, "text": text[start:end]}
        assert piece["text"].strip() == piece["text"] != "", (kind, piece)
        if kind in KINDS:
            assert start >= last, ("nested identifier", piece)
            last = end
            out["identifiers"].append(piece | {"kind": kind, "must": True})
        else:
            out["clinical" if kind == "c" else "not_dates"].append(piece)
    check(out)
    return out


def check(out):
    """Assert that clinical spans and identifiers are disjoint and no markup is left."""
    assert not re.search("[\x00-\x03«»‹›{}]", out["text"]), (out["layout"], re.search("[\x00-\x03«»‹›{}].{0,30}", out["text"]))
    owned = {i for p in out["identifiers"] for i in range(p["start"], p["end"])}
    for piece in out["clinical"] + out["not_dates"]:
        assert not owned & set(range(piece["start"], piece["end"])), (out["layout"], piece)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--kind", choices=["ordinary", "hostile"], required=True)
    args = parser.parse_args()
    for number in range(args.count):
        print(json.dumps(generate(args.seed, number, args.kind), ensure_ascii=False))


if __name__ == "__main__":
    main()
