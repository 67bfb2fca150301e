"""Generate Japanese radiology reports with known identifiers, for testing a de-identifier.

usage: python screening_and_psychiatry.py --seed N --count M --kind ordinary|hostile   (JSON lines on stdout)

A report is built as one marked string. A private-use character opens and closes each span, so any
later transformation (full width, half-width kana, OCR blanks, wrapping) keeps the spans right; the
marks are taken out last and give the offsets. No name, hospital or company is taken from a real record.
"""
import argparse
import datetime as dt
import json
import random
import re

# ---------------------------------------------------------------- marks
KINDS = ("patient_name staff_name relative_name other_person patient_id accession phone email login address hospital "
         "hospital_short ward room employer school birth_date exam_date other_date age_over_89 insurer_number url").split()
OPEN = {kind: chr(0xE000 + i) for i, kind in enumerate(KINDS)}
KIND_OF = {mark: kind for kind, mark in OPEN.items()}
CLOSE = "\uE0FF"
MARKS = set(OPEN.values()) | {CLOSE} | set("«»‹›")


def I(kind, text):
    """Mark text as an identifier of that kind."""
    lead = text[:len(text) - len(text.lstrip())]
    return lead + OPEN[kind] + text.strip() + CLOSE


def C(text):
    return "«" + text + "»"


def parse(marked):
    """Return the text without marks, and the three lists of spans."""
    out, n, stack = [], 0, []
    spans = {"identifiers": [], "clinical": [], "not_dates": []}
    for ch in marked:
        if ch in KIND_OF or ch in "«‹":
            stack.append((ch, n))
        elif ch == CLOSE or ch in "»›":
            opened, start = stack.pop()
            if opened in KIND_OF:
                assert ch == CLOSE, marked
                spans["identifiers"].append({"start": start, "end": n, "kind": KIND_OF[opened]})
            else:
                assert {"«": "»", "‹": "›"}[opened] == ch, marked
                spans["clinical" if opened == "«" else "not_dates"].append({"start": start, "end": n})
        else:
            out.append(ch)
            n += 1
    assert not stack, marked
    merged = []
    for s in sorted(spans["identifiers"], key=lambda s: s["start"]):     # surname and given name typed without a gap are one name
        if merged and merged[-1]["end"] == s["start"] and merged[-1]["kind"] == s["kind"]:
            merged[-1]["end"] = s["end"]
        else:
            merged.append(s)
    spans["identifiers"] = merged
    return "".join(out), spans


# ---------------------------------------------------------------- names (kanji:kana)
def pairs(text):
    return [tuple(w.split(":")) for w in text.split()]


SEI = pairs("""佐藤:さとう 鈴木:すずき 高橋:たかはし 田中:たなか 伊藤:いとう 渡辺:わたなべ 渡邊:わたなべ 渡邉:わたなべ 山本:やまもと 中村:なかむら 小林:こばやし 加藤:かとう
吉田:よしだ 山田:やまだ 佐々木:ささき 山口:やまぐち 松本:まつもと 井上:いのうえ 木村:きむら 斎藤:さいとう 齋藤:さいとう 齊藤:さいとう 清水:しみず 山崎:やまざき 阿部:あべ 池田:いけだ 橋本:はしもと
石川:いしかわ 前田:まえだ 藤田:ふじた 後藤:ごとう 岡田:おかだ 長谷川:はせがわ 村上:むらかみ 近藤:こんどう 石井:いしい 坂本:さかもと 遠藤:えんどう 青木:あおき 藤井:ふじい 西村:にしむら 福田:ふくだ
太田:おおた 三浦:みうら 岡本:おかもと 松田:まつだ 中川:なかがわ 中野:なかの 原田:はらだ 小野:おの 田村:たむら 竹内:たけうち 金子:かねこ 和田:わだ 中山:なかやま 石田:いしだ 上田:うえだ 森田:もりた 柴田:しばた
酒井:さかい 工藤:くどう 横山:よこやま 宮崎:みやざき 宮本:みやもと 内田:うちだ 高木:たかぎ 谷口:たにぐち 大野:おおの 丸山:まるやま 今井:いまい 高田:たかだ 藤本:ふじもと 武田:たけだ 村田:むらた 上野:うえの
杉山:すぎやま 増田:ますだ 平野:ひらの 大塚:おおつか 千葉:ちば 久保:くぼ 松井:まつい 小島:こじま 岩崎:いわさき 桜井:さくらい 櫻井:さくらい 野口:のぐち 松尾:まつお 木下:きのした 菊池:きくち 野村:のむら 佐野:さの
新井:あらい 渡部:わたべ 杉本:すぎもと 大西:おおにし 古川:ふるかわ 浜田:はまだ 濱田:はまだ 市川:いちかわ 水野:みずの 小川:おがわ 川崎:かわさき 高安:たかやす 広瀬:ひろせ 川口:かわぐち 荒木:あらき 本田:ほんだ
林:はやし 森:もり 原:はら 東:あずま 西:にし 南:みなみ 北:きた 関:せき 堤:つつみ 辻:つじ 岸:きし 谷:たに 岡:おか 星:ほし 桂:かつら 菅:すが 牧:まき 泉:いずみ 畑:はた 脇:わき 角:すみ 窪:くぼ 堀:ほり 榊:さかき 乾:いぬい
所:ところ 巽:たつみ 轟:とどろき 境:さかい 柳:やなぎ 要:かなめ 湊:みなと 島:しま 城:じょう 奥:おく 旭:あさひ 鎌:かま 郷:ごう 浦:うら 管:かん 上:うえ 影:かげ 骨川:ほねかわ
小鳥遊:たかなし 四月一日:わたぬき 八月一日:ほづみ 五十嵐:いがらし 勅使河原:てしがわら 長宗我部:ちょうそかべ 武者小路:むしゃのこうじ 一二三:ひふみ 月見里:やまなし 栗花落:つゆり 東海林:しょうじ 百目鬼:どうめき 
服部:はっとり 日下部:くさかべ 土師:はじ 御手洗:みたらい 鬼頭:きとう 首藤:しゅどう 肥田:ひだ 肥後:ひご 影山:かげやま 陰山:かげやま 増子:ましこ 左近:さこん 右田:みぎた 左右田:そうだ 上下:じょうげ 後閑:ごかん 外間:ほかま
内海:うつみ 浅井:あさい 深谷:ふかや 腰塚:こしづか 足立:あだち 足利:あしかが 手塚:てづか 手島:てしま 目黒:めぐろ 目崎:めざき 毛利:もうり 胆沢:いさわ 脇坂:わきさか 水谷:みずたに 水上:みずかみ 高見:たかみ
明石:あかし 読谷山:よみたんざん 点野:しめの 結城:ゆうき 管野:かんの 節原:ふしはら 骨皮:ほねかわ 一色:いっしき 二階堂:にかいどう 三枝:さえぐさ 四方:よも 五味:ごみ 六車:むぐるま 七尾:ななお 八木:やぎ 九鬼:くき 十河:そごう
百瀬:ももせ 千田:ちだ 万波:まんなみ 春日:かすが 夏目:なつめ 秋元:あきもと 冬木:ふゆき 日比野:ひびの 月岡:つきおか 土井:どい 金城:きんじょう 比嘉:ひが 喜屋武:きゃん 島袋:しまぶくろ 我那覇:がなは 知念:ちねん
鵜飼:うかい 鷲尾:わしお 猪股:いのまた 熊谷:くまがい 狩野:かのう 蛯名:えびな 蝦名:えびな 鮎川:あゆかわ 鯨岡:くじらおか 纐纈:こうけつ 鑓水:やりみず 髙橋:たかはし 髙木:たかぎ 﨑山:さきやま 𠮷田:よしだ 葛󠄀城:かつらぎ 邉見:へんみ
薮田:やぶた 籔内:やぶうち 樋爪:ひづめ 埜口:のぐち 羽生田:はにゅうだ 宇賀神:うがじん 生天目:なばため 及川:おいかわ 小比類巻:こひるいまき 類家:るいけ 留目:とどめ 苫米地:とまべち 盛:もり 太布:たぶ 長内:おさない 対馬:つしま 成田:なりた
物部:もののべ 舘野:たての 塙:はなわ 椎名:しいな 鹿島田:かしまだ 大豆生田:おおまみゅうだ 京極:きょうごく 冷泉:れいぜい 綾小路:あやのこうじ 西大路:にしおおじ 安孫子:あびこ 我孫子:あびこ 神農:かみの 医王:いおう 薬師寺:やくしじ 病院坂:びょういんざか""".replace("葛󠄀城:かつらぎ", "葛城:かつらぎ").replace("病院坂:びょういんざか", ""))
MEI_M = pairs("""誠:まこと 徹:とおる 茂:しげる 清:きよし 進:すすむ 昇:のぼる 正:ただし 実:みのる 勝:まさる 稔:みのる 修:おさむ 豊:ゆたか 隆:たかし 明:あきら 翼:つばさ 蓮:れん 湊:みなと 仁:ひとし 満:みつる 大:だい 新:あらた
健一:けんいち 浩二:こうじ 大輔:だいすけ 翔太:しょうた 拓也:たくや 直樹:なおき 達也:たつや 和彦:かずひこ 正雄:まさお 一郎:いちろう 太郎:たろう 次郎:じろう 三郎:さぶろう 四郎:しろう 五郎:ごろう 六助:ろくすけ 八十吉:やそきち 
義男:よしお 幸雄:ゆきお 昭夫:あきお 昭二:しょうじ 昭三:しょうぞう 和夫:かずお 平八:へいはち 令:りょう 悠真:ゆうま 陽翔:はると 颯太:そうた 朝陽:あさひ 蒼:あおい 樹:いつき 琉生:るい 獅恩:しおん 
孝之:たかゆき 康平:こうへい 裕之:ひろゆき 秀明:ひであき 信吾:しんご 剛志:つよし 慎太郎:しんたろう 宗一郎:そういちろう 龍之介:りゅうのすけ 虎雄:とらお 熊次郎:くまじろう 米蔵:よねぞう 留吉:とめきち 末松:すえまつ 喜代治:きよじ 
博文:ひろふみ 哲郎:てつろう 英樹:ひでき 洋平:ようへい 雅人:まさと 亮:りょう 諒:りょう 圭:けい 圭吾:けいご 匠:たくみ 恭介:きょうすけ 遼太:りょうた 智也:ともや 航:わたる 淳:じゅん 肇:はじめ 一:はじめ 二三男:ふみお 千里:せんり
邦彦:くにひこ 尚武:なおたけ 鉄男:てつお 銀次:ぎんじ 寅之助:とらのすけ 与四郎:よしろう 弥太郎:やたろう 光:ひかる 薫:かおる 真:まこと 要:かなめ 司:つかさ 巌:いわお 毅:たけし 馨:かおる 斉:ひとし 皓太:こうた 耀:よう""")
MEI_F = pairs("""恵:めぐみ 梓:あずさ 遥:はるか 葵:あおい 凛:りん 杏:あん 楓:かえで 薫:かおる 光:ひかり 泉:いずみ 操:みさお 静:しず 緑:みどり 環:たまき 円:まどか 桜:さくら 忍:しのぶ 茜:あかね 華:はな 文:ふみ
花子:はなこ 和子:かずこ 幸子:さちこ 節子:せつこ 洋子:ようこ 久美子:くみこ 由美子:ゆみこ 真由美:まゆみ 裕子:ゆうこ 恵美子:えみこ 千代子:ちよこ 佳代子:かよこ 八重子:やえこ 三千代:みちよ 百合子:ゆりこ 千鶴:ちづる 八千代:やちよ
美咲:みさき 陽菜:ひな 結衣:ゆい 結菜:ゆいな 莉子:りこ 心愛:ここあ 咲良:さくら 彩花:あやか 七海:ななみ 美月:みづき 沙織:さおり 早紀:さき 亜希:あき 智美:ともみ 麻衣:まい 直美:なおみ 明美:あけみ 典子:のりこ 京子:きょうこ 
トメ:とめ キヨ:きよ ハル:はる ミツ:みつ フミ:ふみ タケ:たけ ツル:つる カネ:かね ヨシ:よし スエ:すえ イネ:いね サト:さと チヨ:ちよ マサ:まさ ミサヲ:みさを トシ子:としこ キミ子:きみこ ヤヱ:やゑ シゲ:しげ ウメ:うめ クニ:くに
さくら:さくら ひかり:ひかり あゆみ:あゆみ まどか:まどか のぞみ:のぞみ めぐみ:めぐみ いずみ:いずみ みどり:みどり ゆり:ゆり かおり:かおり つぐみ:つぐみ いちご:いちご しのぶ:しのぶ エリカ:えりか マリ:まり ルミ:るみ 
佐知:さち 志津江:しずえ 寿美:すみ 多恵:たえ 貴子:たかこ 千秋:ちあき 千夏:ちなつ 弥生:やよい 皐月:さつき 睦月:むつき 美智留:みちる 由香里:ゆかり 倫:りん 礼:れい 伶奈:れいな 奏:かなで 詩:うた 月:るな 希:のぞみ 碧:みどり""")
OLD = set("八十吉 熊次郎 米蔵 留吉 末松 喜代治 虎雄 六助 寅之助 与四郎 弥太郎 銀次 平八 昭三 昭二 昭夫 二三男 トメ キヨ ハル ミツ フミ タケ ツル カネ ヨシ スエ イネ サト チヨ マサ ミサヲ トシ子 キミ子 ヤヱ シゲ ウメ クニ 志津江 三千代 八重子 八千代".split())
NEW = set("悠真 陽翔 颯太 朝陽 蒼 樹 琉生 獅恩 蓮 湊 皓太 陽菜 結菜 莉子 心愛 咲良 七海 美月 いちご 月 詩 凛 葵 翔太".split()) - {"葵", "翔太"}
FOREIGN = [  # (kanji or main form, katakana, romaji, sex)
    ("NGUYEN", "グエン", [("THI LAN", "ティ ラン", "F"), ("VAN HUNG", "ヴァン フン", "M"), ("THI BICH NGOC", "ティ ビック ゴック", "F"), ("DUC ANH", "ドゥック アイン", "M")]),
    ("TRAN", "チャン", [("THI HONG NHUNG", "ティ ホン ニュン", "F"), ("MINH TUAN", "ミン トゥアン", "M"), ("QUOC BAO", "クオック バオ", "M")]),
    ("PHAM", "ファム", [("THI MAI", "ティ マイ", "F"), ("VAN LONG", "ヴァン ロン", "M")]),
    ("LE", "レ", [("THI THU HA", "ティ トゥ ハ", "F"), ("HOANG NAM", "ホアン ナム", "M")]),
    ("SILVA", "シルバ", [("PAULO HIDEKI", "パウロ ヒデキ", "M"), ("ANA PAULA", "アナ パウラ", "F"), ("MARCOS YUJI", "マルコス ユウジ", "M")]),
    ("OLIVEIRA NAKAMURA", "オリベイラ ナカムラ", [("BRUNO", "ブルーノ", "M"), ("JULIANA", "ジュリアナ", "F")]),
    ("DOS SANTOS", "ドス サントス", [("FERNANDA AKEMI", "フェルナンダ アケミ", "F"), ("RAFAEL", "ラファエル", "M")]),
    ("GURUNG", "グルン", [("RAMESH", "ラメシュ", "M"), ("SITA KUMARI", "シタ クマリ", "F")]),
    ("DELA CRUZ", "デラ クルス", [("MARIA LUZ", "マリア ルス", "F"), ("JOSE ANTONIO", "ホセ アントニオ", "M")]),
    ("WIJAYA", "ウィジャヤ", [("DEWI", "デウィ", "F"), ("AGUS", "アグス", "M")]),
    ("HARRINGTON", "ハリントン", [("COLIN J.", "コリン", "M"), ("MEGAN", "メーガン", "F")]),
    ("IVANOVA", "イワノワ", [("OLGA", "オリガ", "F")]), ("BAT-ERDENE", "バトエルデネ", [("TUYA", "トゥヤ", "F"), ("GANBOLD", "ガンボルド", "M")]),
    ("王", "ワン", [("麗華", "リーファ", "F"), ("志強", "ジーチアン", "M")]), ("陳", "チェン", [("美玲", "メイリン", "F"), ("建國", "ジエングオ", "M")]),
    ("朴", "パク", [("智勲", "チフン", "M"), ("恩珠", "ウンジュ", "F")]), ("金", "キム", [("順子", "スンジャ", "F"), ("成浩", "ソンホ", "M")]), ("李", "リ", [("雪梅", "セツバイ", "F"), ("哲", "テツ", "M")]),
]
ROOTS = pairs("""白樺台:しらかばだい 石見原:いわみはら 北広野:きたひろの 空見沢:そらみさわ 藤ヶ浜:ふじがはま 若葉丘:わかばおか 霧ヶ原:きりがはら 深水:ふかみず 桂木野:かつらぎの 美沢:みさわ 音羽野:おとわの 鹿ノ子:かのこ 鶴見原:つるみはら 常盤台:ときわだい
東雲:しののめ 南陽台:なんようだい 西ノ京東:にしのきょうひがし 伏水:ふしみず 嵯峨野南:さがのみなみ 桃園:ももぞの 鴨川東:かもがわひがし 紫苑:しおん 朱雀野:すざくの 醍醐原:だいごはら 大江山:おおえやま 丹葉:たんば 樫原:かしはら 湯の里:ゆのさと 波止浜:はしはま
羽幌野:はほろの 士別原:しべつはら 幌美内:ほろみない 新冠台:にいかっぷだい 厚別原:あつべつはら 留辺野:るべの 豊頃台:とよころだい 根室原:ねむろはら 静美:しずみ 清里原:きよさとはら 奥尻野:おくしりの 手稲原:ていねはら 発寒台:はっさむだい
みずなら:みずなら あおぞら:あおぞら ひまわり野:ひまわりの すずかけ:すずかけ けやき通り:けやきどおり さざなみ:さざなみ りんどう:りんどう はまなす台:はまなすだい こもれび:こもれび 光洋:こうよう 緑陽:りょくよう 聖泉:せいせん 愛生:あいせい 仁徳:じんとく 恵心:けいしん 慈光:じこう""")
PREFS = "北海道 京都府 青森県 岩手県 宮城県 埼玉県 千葉県 東京都 神奈川県 新潟県 長野県 静岡県 愛知県 滋賀県 大阪府 兵庫県 広島県 香川県 福岡県 鹿児島県 沖縄県".split()

_ROMA = {}
for row, vals in {"あいうえお": "a i u e o", "かきくけこ": "ka ki ku ke ko", "さしすせそ": "sa shi su se so", "たちつてと": "ta chi tsu te to", "なにぬねの": "na ni nu ne no",
                  "はひふへほ": "ha hi fu he ho", "まみむめも": "ma mi mu me mo", "やゆよ": "ya yu yo", "らりるれろ": "ra ri ru re ro", "わゐゑをん": "wa i e o n", "がぎぐげご": "ga gi gu ge go",
                  "ざじずぜぞ": "za ji zu ze zo", "だぢづでど": "da ji zu de do", "ばびぶべぼ": "ba bi bu be bo", "ぱぴぷぺぽ": "pa pi pu pe po"}.items():
    _ROMA.update(zip(row, vals.split()))


def romaji(kana, long_vowels=False):
    """Return the Hepburn spelling of hiragana."""
    out = ""
    for i, ch in enumerate(kana):
        if ch in "ゃゅょ":
            base, v = out[:-1], {"ゃ": "a", "ゅ": "u", "ょ": "o"}[ch]
            out = base + v if base.endswith(("sh", "ch", "j")) else base + "y" + v
        elif ch == "っ":
            continue
        elif ch in _ROMA:
            syllable = _ROMA[ch]
            if i and kana[i - 1] == "っ":
                syllable = ("t" if syllable.startswith("ch") else syllable[0]) + syllable
            out += syllable
    out = re.sub("n(?=[bmp])", "m", out)
    return out if long_vowels else out.replace("ou", "o").replace("oo", "o").replace("uu", "u")


def kata(hira):
    return "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in hira)


_FULL = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲンァィゥェォャュョッー。、・「」"
_HALF = "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜｦﾝｧｨｩｪｫｬｭｮｯｰ｡､･｢｣"
HALF = dict(zip(_FULL, _HALF)) | dict(zip("ガギグゲゴザジズゼゾダヂヅデドバビブベボヴ", "ｶﾞ ｷﾞ ｸﾞ ｹﾞ ｺﾞ ｻﾞ ｼﾞ ｽﾞ ｾﾞ ｿﾞ ﾀﾞ ﾁﾞ ﾂﾞ ﾃﾞ ﾄﾞ ﾊﾞ ﾋﾞ ﾌﾞ ﾍﾞ ﾎﾞ ｳﾞ".split())) | dict(zip("パピプペポ", "ﾊﾟ ﾋﾟ ﾌﾟ ﾍﾟ ﾎﾟ".split())) | {"ヰ": "ｲ", "ヱ": "ｴ", "　": " "}
ZEN = {ord(c): chr(ord(c) + 0xFEE0) for c in "0123456789"}
ZEN_ALL = {c: chr(c + 0xFEE0) for c in range(0x21, 0x7F)}


def half_kana(text):
    return "".join(HALF.get(c, c) for c in text)


def zen(text):
    return text.translate(ZEN)


class Person:
    """One invented person: surname and given name with kana and Latin forms."""

    def __init__(self, r, sex=None, foreign=0.0, sei=None, age=45):
        self.sex = sex or r.choice("MF")
        self.foreign = r.random() < foreign
        if self.foreign:
            while True:
                family, kana, given = r.choice(FOREIGN)
                fits = [g for g in given if g[2] == self.sex]
                if fits:
                    break
            g = r.choice(fits)
            self.latin = family.isascii()
            self.sei, self.mei, self.sei_k, self.mei_k = family, g[0], kana, g[1]
            if self.latin:
                self.roma_sei, self.roma_mei = family, g[0]
                if r.random() < 0.55:
                    self.sei, self.mei = kana, g[1]
            else:
                self.roma_sei, self.roma_mei = {"王": "WANG", "陳": "CHEN", "朴": "PARK", "金": "KIM", "李": "LI"}[family], {"麗華": "LIHUA", "志強": "ZHIQIANG", "美玲": "MEILING", "建國": "JIANGUO", "智勲": "JIHOON", "恩珠": "EUNJU", "順子": "SUNJA", "成浩": "SEONGHO", "雪梅": "XUEMEI", "哲": "ZHE"}[g[0]]
        else:
            s = sei or r.choice(SEI)
            m = r.choice(MEI_M if self.sex == "M" else MEI_F)
            while (m[0] in OLD and age < 72) or (m[0] in NEW and age > 28):
                m = r.choice(MEI_M if self.sex == "M" else MEI_F)
            self.latin = False
            self.sei, self.mei, self.sei_k, self.mei_k = s[0], m[0], kata(s[1]), kata(m[1])
            self.pair = s
            self.roma_sei, self.roma_mei = romaji(s[1]).upper(), romaji(m[1]).upper()

    def full(self, sep=" "):
        if self.foreign and (self.latin or self.sei.isascii()) and sep == "":
            sep = "・" if not self.sei.isascii() else " "
        return self.sei + sep + self.mei

    def kana(self, sep=" "):
        return self.sei_k + sep + self.mei_k

    def roma(self, sep=" "):
        return self.roma_sei + sep + self.roma_mei


# ---------------------------------------------------------------- clinical vocabulary
# Grammar: [a|b] one of; {slot} a vocabulary entry or a method; «term» must stay; ‹1/2› is no date.
V = {k: [w.strip() for w in v.split(";")] for k, v in {
    "lungloc": "«右上葉S{seg13}»;«左上葉舌区»;«右中葉»;«右下葉S{seg610}»;«左下葉S{seg610}»;«左肺尖部»;«右肺底部»;«右S‹{n:8-9}/10›»;«左S‹1+2›»;«両側下葉背側»;«右上葉背側胸膜直下»;«左上区»",
    "lunglesion": "«[充実性|部分充実型|すりガラス]結節»;«すりガラス影»;«浸潤影»;«[境界不明瞭な|辺縁整な|分葉状の|spiculaを伴う]結節»;«pure GGN»;«part-solid nodule»;«腫瘤»;«空洞性病変»;«線状影»;«索状影»;«粒状影»;«小結節»;«consolidation»;«網状影»",
    "lungneg": "«胸水»;«心嚢水»;«縦隔リンパ節腫大»;«肺門リンパ節腫大»;«気胸»;«腫大リンパ節»;«胸膜肥厚»;«活動性の浸潤影»;«新規病変»;«無気肺»;«胸壁病変»;«骨破壊性変化»",
    "abdneg": "«腹水»;«有意なリンパ節腫大»;«遊離ガス»;«水腎症»;«腸管拡張»;«胆管拡張»;«膵管拡張»;«腹膜播種»;«門脈血栓»;«free air»;«肝内胆管の拡張»;«傍大動脈リンパ節腫大»;«腸管壁肥厚»;«副腎腫瘤»;«尿管結石»",
    "brainneg": "«出血»;«拡散制限»;«占拠性病変»;«midline shift»;«水頭症»;«主幹動脈閉塞»;«動脈瘤»;«硬膜下血腫»;«異常増強効果»;«microbleeds»;«有意狭窄»;«急性期梗塞»",
    "liverseg": "«肝S{n:2-8}»;«S‹{n:5-6}/{n:7-8}›»;«肝右葉後区域»;«外側区»;«尾状葉»;«S4 dome»;«肝門部»;«胆嚢床近傍»",
    "liverlesion": "«嚢胞»;«低吸収域»;«早期濃染結節»;«washoutを伴う結節»;«血管腫»;«低濃度腫瘤»;«石灰化»;«リング状増強を示す腫瘤»;«高エコー腫瘤»;«FNH»;«過形成結節»",
    "brainloc": "«左放線冠»;«右被殻»;«両側大脳白質»;«橋右側»;«左小脳半球»;«右中大脳動脈領域»;«左前頭葉皮質下»;«右視床»;«両側側脳室周囲»;«左後頭葉»;«延髄外側»;«右頭頂葉»;«脳梁膨大部»;«左海馬»",
    "spinelevel": "‹«L4/5»›;‹«L3/4»›;‹«L5/S1»›;‹«C6/7»›;‹«C3/4»›;‹«C5/6»›;‹«C4/5»›;‹«Th11/12»›;‹«Th12/L1»›;‹«L2/3»›",
    "eponym": "«橋本病»;«川崎病後»;«高安動脈炎»;«菊池病»;«木村病»;«Basedow病»;«Crohn病»;«Sjögren症候群»;«サルコイドーシス»;«関節リウマチ»;«Parkinson病疑い»;«Alzheimer型認知症疑い»;«モヤモヤ病»;«Castleman病»;«IgG4関連疾患»;«Paget病»;«石綿肺»;«Cushing症候群»;«強皮症»;«大動脈炎症候群»;«Hunt症候群»;«原田病»;«Wegener肉芽腫症(GPA)»;«太田母斑»;«浜崎・Wesenberg小体»",
    "cancer": "«[右|左]肺[腺癌|扁平上皮癌|小細胞癌]»;«[上行|横行|下行|S状]結腸癌»;«直腸癌»;«胃癌»;«膵[頭部|体部|尾部]癌»;«肝細胞癌»;«[右|左]乳癌»;«前立腺癌»;«子宮体癌»;«子宮頸癌»;«卵巣癌»;«[右|左]腎癌»;«膀胱癌»;«食道癌»;«[びまん性大細胞型B細胞|濾胞性]リンパ腫»;«甲状腺乳頭癌»;«胆嚢癌»;«下咽頭癌»;«悪性胸膜中皮腫»;«GIST»",
    "stage": "«cT{n:1-4}N{n:0-2}M0»;«cT1cN0M0 Stage IA3»;«pT3N1M0»;«Stage III[A|B]»;«ypT2N0»;«TNM {n:7-8}版 cT2aN0M0»;«Stage IV»",
    "tx": "«[FOLFOX|XELOX|FOLFIRI+Bev|nab-PTX+GEM|TS-1|CBDCA+PEM|EC→DTX|R-CHOP|Pembrolizumab|Osimertinib]» {n:2-9}コース[後|終了|施行後|中];«[右上葉|左下葉]切除術後»;«[幽門側胃切除|膵頭十二指腸切除|低位前方切除|部分切除|全摘]術後»;«TACE»後;«RFA»後;«放射線治療»後;«ホルモン療法»中;経過観察中;«BSC»",
    "sx": "«咳嗽»;«血痰»;«呼吸困難»;«発熱»;«右季肋部痛»;«腹痛»;«腰痛»;«左下肢のしびれ»;«めまい»;«頭痛»;«構音障害»;«右片麻痺»;«体重減少»;«食思不振»;«血尿»;«黄疸»;«嗄声»;«物忘れ»;«胸痛»;«動悸»;«下血»;«背部痛»;«意識障害»;«右膝痛»",
    "marker": "«CEA {dec:1-40} ng/mL»;«CA19-9 {n:40-980}»;«PSA {dec:4-60}»;«AFP {n:10-900}»;«CRP {dec:0-25}»;«WBC {n:9000-21000}»;«D-dimer {dec:1-20}»;«BNP {n:100-900}»;«KL-6 {n:480-1900}»;«eGFR {dec:18-88}»;«T-Bil {dec:1-9}»;«Hb {dec:5-9}»;«SCC {dec:2-9}»;«sIL-2R {n:500-4000}»",
    "guideline": "«Fleischner [2017|2013]»;«WHO [2021|2016|2019]»;«TNM [第8版|8版|第9版|UICC 8th]»;«RECIST 1.1»;«LI-RADS v2018»;«PI-RADS v2.1»;«BI-RADS 5th»;«Lugano [2014]»;«ATS/ERS/JRS/ALAT 2018»;«大腸癌取扱い規約 第9版»;«胃癌取扱い規約 第15版»;«Bosniak 2019»;«乳房超音波診断ガイドライン 改訂第4版»;«iRECIST 2017»;«マンモグラフィガイドライン第4版»;«Tokyo Guidelines 2018»;«国際コンセンサスガイドライン2017»;«Revised Atlanta 2012»;«McDonald 2017»",
    "score": "‹«MMSE 2{n:0-9}/30»›;‹«HDS-R 1{n:0-9}/30»›;‹«NRS {n:3-9}/10»›;‹«BP 1{n:10-68}/7{n:0-9}»›;‹«G8 {n:7-14}/17»›;‹«生検 {n:2-9}/12本陽性»›;‹«リンパ節転移 {n:1-4}/{n:12-29}»›;‹«Gleason 3+4=7»›;‹«H-Y 2/5»›;‹«GCS 14/15»›;‹«MMT 4/5»›;‹«FAB 1{n:0-6}/18»›",
    "nd": "‹Se{n:2-6}/Im{n:10-120}›;‹IM {n:5-12}/{n:13-31}›;‹series {n:1-9}, image {n:20-29}›;‹スライス{n:1-12}-{n:13-28}›;‹Im.{n:1-12}-{n:13-30}›;‹Se {n:3-12}-{n:10-30}›;‹IM:{n:1-12}-{n:13-30}›",
    "eq_ct": "«64列MDCT»;«320列CT»;«Aquilion ONE»;«SOMATOM Force»;«Revolution CT»;«dual energy CT»;«80列CT»;«Brilliance iCT»",
    "eq_mr": "«3T MRI»;«1.5T MRI»;«MAGNETOM Skyra»;«SIGNA Architect»;«Ingenia 3.0T»;«Vantage Orian»;«ECHELON Smart»",
    "contrast": "«イオパミドール300 {n:80-100}mL»;«イオヘキソール300 [100|80]mL»;«オムニパーク350 {n:60-100}mL»;«ガドブトロール {dec:4-9}mL»;«EOB・プリモビスト {dec:5-9}mL»;«イオメロン350 {n:75-135}mL»;«プロハンス {n:8-15}mL»",
    "inc": "«胆嚢結石»;«腎嚢胞»;«肝嚢胞»;«子宮筋腫»;«前立腺肥大»;«動脈硬化»;«冠動脈石灰化»;«甲状腺結節»;«食道裂孔ヘルニア»;«憩室»;«陳旧性肋骨骨折»;«変形性脊椎症»;«腰椎圧迫骨折»;«副鼻腔粘膜肥厚»;«脂肪肝»;«副脾»;«鼠径ヘルニア»;«下肢静脈瘤»;«内臓逆位»;«腹部大動脈瘤({size:32-48})»",
    "organs": "«肝»;«胆嚢»;«膵»;«脾»;«両腎»;«副腎»;«膀胱»;«子宮»;«前立腺»",
    "exam_hist": "«高血圧»;«糖尿病»;«脂質異常症»;«心房細動»;«COPD»;«喘息»;«CKD stage 3b»;«C型肝炎SVR後»;«B型肝炎»;«アルコール性肝障害»;«{n:20-60}本×{n:20-45}年の喫煙»;«石綿曝露歴»;«虫垂切除後»;«ペースメーカ留置»;«透析»",
}.items()}

SENT = {  # per modality: find, imp, tech
    "chest": dict(title="[胸部CT|胸部単純CT|CT 胸部|胸部~骨盤部造影CT|Chest CT|CT:胸部(単純)|胸腹部CT|肺癌CT検診(低線量)]", tech=["{eq_ct}で[撮像|撮影]。", "[単純|造影]。«[1|2|5]mm厚»。", "造影剤:{contrast}。", "«CTDIvol {dec:2-14}mGy»、‹DLP {n:180-2040}›。", "肺野条件は«[0.5|1|1.25]mm»再構成。"],
        find=["{lungloc}に{size}の{lunglesion}{pos}", "{lungloc}の{lunglesion}は{size}で、{cmp_clause}{trend}", "{lungloc}、{lungloc}に{lunglesion}{pos}", "[両肺|両側肺野]に«[小葉中心性|胸膜下優位の|上肺野優位の|びまん性の][粒状影|網状影|気腫性変化|すりガラス影]»{pos}",
              "«気管支[壁肥厚|拡張]»が[目立ちます|目立つ|軽度みられる]。", "«{side}胸水»は[減少。|増加。|不変。|わずかに残存。]", "«大動脈[弓部|基部]の石灰化»{pos}", "«縦隔リンパ節#{n:2-11}»は«短径{n:8-19}mm»[と腫大|に増大|で、腫大あり]。", "«[冠動脈|大動脈弁]石灰化»{pos}", "{lungloc}に«[治癒後変化|炎症後変化|陳旧性病変]»と思われる{lunglesion}{pos}({nd})", "«{lr}第{n:2-9}肋骨»に«[硬化像|骨折線|仮骨形成]»{pos}", "«縦隔条件»では{lungneg}{neg}", "«野口分類 Type [A|B|C|D]»相当の«GGN»{pos}", "«Virchow転移»{neg}", "«中心静脈カテーテル»先端は«上大静脈»[内|にあり]。", "«honeycombing»は{clin_none}。"],
        neg="lungneg", imp=["«{lr}[上|下]葉肺癌[疑い|術後]»。{trend}", "{lungloc} {lunglesion}:{trend}", "«[肺気腫|間質性肺炎|NSIP pattern|UIP pattern|器質化肺炎|気管支拡張症|非結核性抗酸菌症|肺炎|肺水腫]»{utagau}", "{guideline}に[準じ|従い]{n:3-12}ヶ月後の«低線量CT»を[お勧めします|推奨|ご検討下さい]。", "«転移»を疑う所見{neg}", "«肺結核»も鑑別に挙がります。", "{inc}。"]),
    "abdomen": dict(title="[腹部造影CT|上腹部CT|CT 腹部骨盤|腹部~骨盤CT(ダイナミック)|Abd CT|腹部単純CT|肝ダイナミックCT|3相CT]", tech=["[動脈相|門脈相|平衡相]を含む多相撮像。", "{contrast}使用。", "{eq_ct}。", "造影剤:{contrast}、副作用なし。"],
        find=["{liverseg}に{size}の{liverlesion}{pos}", "{liverseg}の{liverlesion}は{size}で{cmp_clause}{trend}", "«胆嚢»に«{n:4-18}mmの[結石|ポリープ|壁肥厚]»{pos}", "«総胆管»は«{n:6-15}mm»[と拡張|大]。«[結石|腫瘤]»{neg}", "«主膵管»は«{n:3-9}mm»に拡張し、«膵[頭部|体部]»で[途絶|狭小化]。", "«{lr}腎»に{size}の«[嚢胞|血管筋脂肪腫|腫瘤|結石]»{pos}", "«[上行|下行|S状]結腸»に«[壁肥厚|憩室]»{pos}", "«肝»は«[脂肪肝|肝硬変|辺縁鈍化|左葉腫大]»を呈[します|する]。", "«脾腫»{pos}", "«新犬山分類 F{n:1-4}A{n:0-3}»の背景肝。", "«Krukenberg腫瘍»を疑う所見{neg}", "«虫垂»は«径{n:6-14}mm»、[周囲脂肪織濃度上昇|糞石]{pos}({nd})", "«{lr}副腎»に{size}の«[腺腫|低濃度結節]»{pos}", "«腹部大動脈»は«最大径{n:28-58}mm»。{trend3}", "{organs}、{organs}:[著変なし|n.p.|異常なし|特記所見なし]。", "«膵{n:1-2}cm大嚢胞»、«国際コンセンサスガイドライン2017»では«worrisome features»に[該当しません|該当せず]。"],
        neg="abdneg", imp=["«肝細胞癌»{utagau}«LI-RADS v2018»で«LR-{n:3-5}»。", "{cancer}[術後|治療後]。«再発»を疑う所見{neg}", "«[急性虫垂炎|急性胆嚢炎|憩室炎|イレウス|腎盂腎炎|急性膵炎 CTGI ≦{n:1-3}|総胆管結石]»{utagau}", "«IPMN»、{trend}", "{inc}、{inc}。", "«肝転移»は{trend}", "«[EUS|ERCP|造影MRI|大腸内視鏡]»での精査を[お勧めします|推奨]。"]),
    "brain": dict(title="[頭部MRI・MRA|頭部MRI|脳MRI|Brain MRI|MR 頭部(単純)|脳ドックMRI]", tech=["{eq_mr}。«DWI/T1WI/T2WI/FLAIR/T2*WI»。", "«MRA»追加。", "{eq_mr}にて«VSRAD»解析を施行。", "«FLAIR»、«DWI(b=1000)»、«SWI»。"],
        find=["{brainloc}に«[DWI高信号|FLAIR高信号|T2延長域|低吸収域|陳旧性ラクナ梗塞]»{pos}", "{brainloc}に{size}の«[造影結節|血腫|腫瘤|海綿状血管腫]»{pos}", "«深部白質病変»は«Fazekas grade {n:1-3}»[程度|相当]。", "«MRA»で«{lr}[MCA M1|ICA|椎骨動脈|PCA P2]»に«[狭窄|{n:2-6}mm大の動脈瘤|閉塞]»{pos}", "«VSRAD Zスコア {dec:0-3}»。", "«[副鼻腔|乳突蜂巣]»に«液貯留»{pos}", "«脳溝・脳室»の拡大は[年齢相応|やや目立つ]。", "«下垂体»に{size}の«[嚢胞|非造影域]»{pos}", "{brainloc}の病変は{cmp_clause}{trend}", "«Evans index {dec0}»、«DESH所見»{neg}", "«Willis動脈輪»に«[有意狭窄|壁不整]»{neg}", "«T2*WI»で{brainloc}に«点状低信号»{pos}({nd})"],
        neg="brainneg", imp=["{brainloc}の«[急性期|亜急性期|陳旧性]梗塞»{utagau}", "[«慢性虚血性変化»。|«慢性虚血性変化»、{trend2}]", "«未破裂動脈瘤»{utagau}«CTA»での確認を[お勧めします|推奨]。", "«[Alzheimer型認知症|特発性正常圧水頭症|レビー小体型認知症]»として矛盾し[ません|ない]。", "«髄膜腫»、{trend}", "年齢相応の«萎縮»。", "«膠芽腫»[再発|]も鑑別(«WHO 2021»)。", "«転移性脳腫瘍»を疑う所見{neg}"]),
    "spine": dict(title="[腰椎MRI|頸椎MRI|脊椎MRI|L-spine MRI|MR 胸腰椎|全脊椎MRI]", tech=["{eq_mr}。«T1WI/T2WI/STIR»[矢状断|、T2WI横断]。", "[単純|造影]。"],
        find=["{spinelevel}で«椎間板[膨隆|ヘルニア|変性]»{pos}", "{spinelevel}に«[脊柱管狭窄|椎間孔狭窄]»{pos}", "«L{n:1-5}椎体»に«[圧迫骨折|骨髄浮腫|血管腫|Schmorl結節]»{pos}", "«L4すべり(Meyerding {n:1-2}度)»{pos}", "{spinelevel}レベルの«硬膜嚢圧排»は{cmp_clause}{trend2}", "«黄色靱帯肥厚»により{spinelevel}が[狭小化|軽度狭窄]。", "«Modic type {n:1-3}»変化を{spinelevel}に[伴う|認める]。", "«脊髄円錐»は«L1レベル»。«髄内信号異常»{neg}"],
        neg=None, imp=["{spinelevel}の«[ヘルニア|狭窄症]»{utagau}", "«新鮮圧迫骨折»{utagau}", "«変形性脊椎症»、{trend2}", "«転移性骨腫瘍»は否定的。", "{spinelevel}、{spinelevel}の«脊柱管狭窄症»。"]),
    "joint": dict(title="[右膝MRI|左膝関節MRI|右肩MRI|MR 左手関節|左股関節単純X線|右足関節XP 2R]", tech=["{eq_mr}。", "«PD脂肪抑制»3方向。", "正側2方向。"],
        find=["«[内側|外側]半月板[後節|中節]»に«[水平断裂|変性|放射状断裂]»{pos}", "«[ACL|PCL|MCL]»の[連続性は保たれます|連続性は保たれる]。", "«関節液貯留»{pos}", "«Baker嚢胞»{size}{pos}", "«棘上筋腱»に«[全層断裂|関節面断裂|石灰沈着]»{pos}", "«関節裂隙狭小化»、«骨棘»{pos}«K-L grade {n:1-4}»。", "«大腿骨頭»に«band pattern»{pos}", "«Lisfranc靱帯»の損傷{neg}", "«骨折線»は{trend}", "«TFCC»に«[信号上昇|断裂]»{pos}"],
        neg=None, imp=["«[変形性関節症|半月板損傷|腱板断裂|骨壊死(ARCO stage {n:1-3})|Colles骨折|大腿骨頸部骨折 Garden {n:1-4}]»{utagau}", "«骨挫傷»。", "明らかな«骨折»{neg}"]),
    "us": dict(title="[腹部超音波|腹部エコー|US 腹部|甲状腺エコー|頸動脈エコー|乳腺エコー|下肢静脈エコー]", tech=["«コンベックス 3.5MHz»。", "«リニア 12MHz»。", "腸管ガスにより«膵尾部»は描出不良。"],
        find=["«肝»:«[bright liver|肝腎コントラスト(+)|実質粗造]»。", "«肝S{n:4-8}»に«{n:5-28}mm»の«[嚢胞|高エコー腫瘤|血管腫疑い]»{pos}", "«胆嚢»に«ポリープ {n:3-9}mm»{pos}", "«甲状腺[右葉|左葉|峡部]»に{size}の«[低エコー結節|嚢胞変性結節|コメットサインを伴う嚢胞]»{pos}", "«[右|左]乳房 {n:1-12}時方向»に{size}の«[低エコー腫瘤|嚢胞]»{pos}", "«IMT max {dec:0-2}mm»、«プラーク»{pos}", "«膝窩静脈»に«血栓»{neg}", "«{lr}腎»に«{n:4-12}mmの結石»{pos}«水腎»{neg}", "«膵»:[描出範囲に異常なし|n.p.]。", "«脾» «{n:80-118}×{n:34-48}mm»。"],
        neg="abdneg", imp=["«[脂肪肝|胆嚢ポリープ|肝血管腫|腎嚢胞|腺腫様甲状腺腫|橋本病|慢性甲状腺炎|乳腺線維腺腫]»{utagau}", "«カテゴリー{n:2-4}»。", "{n:6-12}ヶ月後の再検を[お願いします|勧めます]。", "«DVT»{neg}", "判定[:|]«[B|C2|C12|D1]»"]),
    "mmg": dict(title="[マンモグラフィ|MMG 両側|乳房X線 MLO/CC|検診マンモグラフィ(2方向)]", tech=["«両側MLO・CC»。", "乳房構成:«[脂肪性|乳腺散在|不均一高濃度|極めて高濃度]»。", "«トモシンセシス»併用。"],
        find=["«{lr}[U|M|L]・[O|I]領域»に«[微小石灰化 区域性|淡く不明瞭な石灰化 集簇性|境界明瞭平滑な腫瘤|構築の乱れ|FAD(局所的非対称性陰影)]»{pos}«カテゴリー{n:3-4}»。", "«{side}»に«良性石灰化»{pos}", "«腋窩リンパ節腫大»{neg}", "«乳頭陥凹»{neg}", "«腫瘤»は{cmp_clause}{trend}"],
        neg=None, imp=["«右[C1|C2|C3] / 左[C1|C2|C3]»", "«カテゴリー R[1|2|3] L[1|2|4]»。{guideline}。", "«乳腺超音波»の追加を[お勧めします|希望]。"]),
    "cr": dict(title="[胸部単純X線|胸部XP 正面|CR 胸部 P-A|ポータブル胸部|胸部X線 立位2R|KUB]", tech=["[立位|臥位|坐位]正面。", "ポータブル撮影のため評価に限界あり。"],
        find=["«{lr}[上|中|下]肺野»に«[結節影|浸潤影|斑状影|線状影]»{pos}", "«CTR {dec:40-62}%»。", "«{side}CP angle»は[sharp|dull|鈍化]。", "«挿管チューブ»先端は«気管分岐部より{n:2-5}cm»頭側。", "«NGチューブ»先端は«胃内»。", "«{lr}PICC»先端は«SVC»付近。", "«[肺うっ血|無気肺|胸水]»は{cmp_clause}{trend}", "«縦隔影の拡大»{neg}", "«側弯»{pos}", "«第{n:3-8}肋骨»に«陳旧性骨折»{pos}"],
        neg="lungneg", imp=["«心拡大»。", "[活動性病変なし|異常なし|n.p.|要精査]。", "«CT»での確認を[お勧めします|望みます]。", "«[肺炎|心不全|左肺癌|陳旧性結核]»{utagau}"]),
    "nm": dict(title="[骨シンチグラフィ|FDG-PET/CT|心筋血流SPECT|脳血流SPECT|DATスキャン|ガリウムシンチ|甲状腺シンチ]", tech=["«99mTc-[HMDP|MDP] {n:700-780}MBq»静注。", "«18F-FDG {n:180-280}MBq»、血糖«{n:84-148}mg/dL»、静注«60分後»撮像。", "«123I-[IMP|FP-CIT|MIBG] {n:111-167}MBq»。", "«201TlCl {n:74-111}MBq»。"],
        find=["{lungloc}に«SUVmax {dec:2-14}»の集積{pos}", "«{side}[第{n:2-9}肋骨|腸骨|坐骨|肩甲骨]»に«異常集積»{pos}", "«[頸部|縦隔|腹部傍大動脈]リンパ節»に«FDG集積(SUVmax 早期{dec:3-9}→後期{dec:4-12})»{pos}", "«[下壁|前壁中隔|側壁|心尖部]»で«[血流低下|再分布]»{pos}", "«SBR 右{dec:1-6} 左{dec:1-6}»。", "«[後部帯状回|楔前部|頭頂葉]»の«血流低下»{pos}", "«LVEF {n:32-70}%»。", "«BSI {dec:0-4}»、{trend}", "生理的集積[以外に|のほか]«異常集積»{neg}", "«H/M比 早期{dec:1-3} 後期{dec:1-3}»。"],
        neg=None, imp=["«多発骨転移»{utagau}", "«Deauville score {n:1-5}»({guideline})。", "«再発・転移»を示唆する集積{neg}", "«[虚血|梗塞]»{utagau}", "«[DLB|PD|AD]»を支持する所見。", "{cancer}、{stage}相当。"]),
    "pelvis": dict(title="[骨盤MRI|前立腺MRI|女性骨盤MRI|MR 骨盤(造影)|直腸MRI]", tech=["{eq_mr}。", "«DWI b=[1000|1500|2000]»、«dynamic»。", "{contrast}。"],
        find=["«前立腺[辺縁域|移行域][右|左]»に{size}の«[ADC低下域|低信号結節]»{pos}«PI-RADS {n:3-5}»。", "«子宮[体部|頸部]»に{size}の«[筋腫|腫瘤]»{pos}", "«{side}卵巣»に{size}の«[チョコレート嚢胞|成熟奇形腫|単純嚢胞]»{pos}", "«直腸Rb»の«壁肥厚»は«MRF»に[接する|達しない]。", "«閉鎖リンパ節» «短径{n:6-14}mm»、{trend}", "«[膀胱|精嚢]浸潤»{neg}", "«Douglas窩»に«少量の液貯留»{pos}", "«junctional zone»の[肥厚|断裂]{pos}"],
        neg="abdneg", imp=["«[前立腺癌|子宮体癌|子宮腺筋症|内膜症性嚢胞|直腸癌]»{utagau}", "{stage}相当({guideline})。", "«骨盤内リンパ節転移»{neg}"]),
    "cardiac": dict(title="[冠動脈CT|心臓CT|CCTA|大血管CT|肺動脈造影CT|下肢CTA]", tech=["«心拍数 {n:48-74}bpm»、«ニトロ»舌下。", "{contrast}。", "«prospective gating»。"],
        find=["«[LAD #6|LAD #7|LCX #11|LCX #13|RCA #1|RCA #2|LMT #5]»に«[石灰化プラークによる{n:25-90}%狭窄|軽度狭窄|非石灰化プラーク]»{pos}", "«Agatstonスコア {n:0-1400}»。", "«{side}[主肺動脈|下葉枝|上葉枝]»に«造影欠損»{pos}", "«Stanford [A|B]型解離»{pos}«偽腔»は[血栓閉塞|開存]。", "«[上行|下行]大動脈» «{n:36-60}mm»、{trend3}", "«心嚢水»{neg}", "«{side}SFA»に«[閉塞|高度狭窄]»{pos}({nd})", "«ステント内再狭窄»{neg}"],
        neg="lungneg", imp=["«[有意狭窄|肺血栓塞栓症|大動脈解離|大動脈瘤]»{utagau}", "«CAD-RADS {n:0-4}»。", "«高安動脈炎»後の«壁肥厚»、{trend}", "«[IVUS|FFR-CT|CAG]»での評価を[ご検討下さい|考慮]。"]),
    "gi": dict(title="[胃部X線|上部消化管造影(検診)|MRCP|注腸造影|大腸CT(CTC)]", tech=["«バリウム 200W/V% 140mL»、発泡剤«5g»。", "体位変換良好。"],
        find=["«胃[体部|角部|前庭部][前壁|後壁|小弯]»に«[バリウム斑|ひだ集中|隆起性病変]»{pos}", "«十二指腸球部»に«変形»{pos}", "«鳥肌胃炎»{utagau}", "«S状結腸»に«{n:5-14}mm隆起 (Is)»{pos}", "«膵管»は[平滑|分枝拡張あり]。", "«総胆管結石» «{n:3-12}mm×{n:1-4}個»{pos}", "«ピロリ菌»除菌後、«萎縮»は{trend}"],
        neg=None, imp=["«[慢性胃炎|胃底腺ポリープ|胃癌疑い|十二指腸潰瘍瘢痕|IPMN]»{utagau}", "«カテゴリー{n:2-4}»。", "[要内視鏡|異常なし|年1回の検診を]。"]),
}


# Body-part variants: one report never mixes organs that no single examination shows.
for _k in ("us", "joint", "pelvis", "nm", "cardiac", "gi"):
    del SENT[_k]
SENT |= {
    "headct": dict(title="[頭部単純CT|頭部CT|CT Brain|CT:頭部(単純)]", tech=["{eq_ct}。", "«OM line»、«5mm厚»。"], neg="brainneg",
        find=["{brainloc}に«[低吸収域|陳旧性梗塞|高吸収域|石灰化]»{pos}", "{brainloc}に{size}の«血腫»{pos}", "«硬膜下[血腫|水腫]»(«{lr}、厚さ{n:3-18}mm»)は{cmp_clause}{trend}", "«[基底核|淡蒼球|松果体]»に«生理的石灰化»{pos}", "«頭蓋骨»に«骨折線»{neg}", "«early CT sign»{neg}«ASPECTS {n:5-10}点»。", "«脳室拡大»は[年齢相応|軽度]。", "«{lr}[前頭部|側頭部|後頭部]皮下血腫»{pos}({nd})", "«脳溝»の[描出は良好|開大が目立つ]。", "«hyperdense MCA sign»{neg}"],
        imp=["«慢性硬膜下血腫»、{trend}", "«外傷性くも膜下出血»{utagau}", "«[被殻出血|視床出血|陳旧性ラクナ梗塞]»{utagau}", "頭蓋内に«急性期病変»{neg}", "«MRI»での精査を[お勧めします|推奨|ご検討下さい]。"]),
    "us_abd": dict(title="[腹部超音波|腹部エコー|US 腹部|腹部US|AUS]", tech=["«コンベックス 3.5MHz»。", "腸管ガスにより«膵尾部»は描出不良。", "空腹時検査。"], neg="abdneg",
        find=["«肝»:«[bright liver|肝腎コントラスト(+)|実質粗造|深部減衰]»。", "«肝S{n:4-8}»に«{n:5-28}mm»の«[嚢胞|高エコー腫瘤|血管腫疑い|石灰化]»{pos}", "«胆嚢»に«ポリープ {n:3-9}mm»{pos}", "«胆嚢»:«[結石 φ{n:4-18}mm|debris|壁肥厚 {n:4-7}mm|コレステロールポリープ]»{pos}", "«{lr}腎»に«{n:4-12}mmの結石»{pos}«水腎»{neg}", "«{lr}腎»:«{n:9-48}mm[嚢胞|AML疑い]»。", "«膵»:[描出範囲に異常なし|n.p.|頭体部のみ描出]。", "«脾» «{n:80-118}×{n:34-48}mm»。", "«総胆管» «{n:4-9}mm»。", "«腹部大動脈» «{n:14-29}mm»、«壁石灰化»{pos}"],
        imp=["«[脂肪肝|胆嚢ポリープ|肝血管腫|腎嚢胞|胆石|慢性肝障害]»{utagau}", "«カテゴリー{n:2-4}»。", "{n:6-12}ヶ月後の再検を[お願いします|勧めます]。", "判定[:|]«[B|C2|C12|D1]»。"]),
    "us_thy": dict(title="[甲状腺エコー|頸部超音波(甲状腺)|US 甲状腺|甲状腺US]", tech=["«リニア 12MHz»。", "«Bモード»、«カラードプラ»。"], neg=None,
        find=["«甲状腺[右葉|左葉|峡部]»に{size}の«[低エコー結節|嚢胞変性結節|コメットサインを伴う嚢胞|等エコー結節]»{pos}", "«[右葉|左葉]» «{n:38-56}×{n:12-24}×{n:11-22}mm»。", "«実質»は[均一|不均一]、«血流»[亢進|正常]。", "«微細石灰化»{neg}", "«頸部リンパ節腫大»{neg}", "«峡部» «{dec:1-6}mm»。", "«[右葉|左葉]結節»は{cmp_clause}{trend}", "«副甲状腺»の腫大{neg}"],
        imp=["«[腺腫様甲状腺腫|橋本病|慢性甲状腺炎|Basedow病|濾胞性腫瘍|甲状腺乳頭癌]»{utagau}", "«FNA»を[ご検討下さい|考慮]。", "{n:6-12}ヶ月後[再検|経過観察]。", "«TI-RADS {n:2-5}»。"]),
    "us_breast": dict(title="[乳腺エコー|乳腺超音波|US 両側乳腺]", tech=["«リニア 14MHz»。", "«エラストグラフィ»併用。"], neg=None,
        find=["«[右|左]乳房 {n:1-12}時方向»に{size}の«[低エコー腫瘤|嚢胞|等エコー腫瘤|混合性腫瘤]»{pos}", "«[右|左][A|B|C|D|E|CD]領域»に«[低エコー域|乳管拡張|濃縮嚢胞]»{pos}", "«D/W比 {dec:0-1}»、境界[明瞭|不明瞭]。", "«腋窩リンパ節»の腫大{neg}", "«[右|左]腫瘤»は{cmp_clause}{trend}", "«前方境界線の断裂»{neg}", "«多発嚢胞»{pos}"],
        imp=["«カテゴリー{n:2-5}»。", "«[線維腺腫|乳腺症|嚢胞|浸潤性乳管癌|葉状腫瘍]»{utagau}", "«CNB»を[お勧めします|考慮]。", "{n:6-12}ヶ月後[再検|フォロー]。"]),
    "us_vasc": dict(title="[頸動脈エコー|下肢静脈エコー|頸動脈US・下肢静脈US]", tech=["«リニア 7.5MHz»。"], neg=None,
        find=["«{lr}IMT max {dec:0-2}mm»、«プラーク»{pos}", "«{lr}ICA»起始部に«[低輝度|石灰化]プラーク {dec:1-5}mm»{pos}", "«PSV {n:60-240}cm/s»、«NASCET {n:20-75}%»。", "«{lr}[膝窩静脈|ヒラメ静脈|総大腿静脈]»に«血栓»{neg}", "«{lr}椎骨動脈»の血流は[良好|順行性]。", "«大伏在静脈»に«逆流»{pos}", "«{lr}ヒラメ静脈血栓»は{cmp_clause}{trend}"],
        imp=["«DVT»{neg}", "«[頸動脈狭窄|下肢静脈瘤|器質化血栓]»{utagau}", "«動脈硬化»[軽度|中等度]。"]),
    "knee": dict(title="[右膝MRI|左膝関節MRI|MR 右膝|膝関節XP 立位]", tech=["{eq_mr}。", "«PD脂肪抑制»3方向。"], neg=None,
        find=["«[内側|外側]半月板[後節|中節|前節]»に«[水平断裂|変性|放射状断裂]»{pos}", "«[ACL|PCL|MCL|LCL]»の[連続性は保たれます|連続性は保たれる|走行良好]。", "«関節液貯留»{pos}", "«Baker嚢胞»({size}){pos}", "«FT関節裂隙狭小化»、«骨棘»{pos}«K-L grade {n:1-4}»。", "«脛骨高原»に«骨髄浮腫»{pos}", "«膝蓋軟骨»の[菲薄化|信号上昇]{pos}", "«半月板»の逸脱«{n:2-6}mm»。", "«Hoffa脂肪体»に«信号上昇»{pos}"],
        imp=["«[変形性膝関節症|内側半月板損傷|半月板後根断裂|ACL損傷]»{utagau}", "«骨挫傷»。", "明らかな«骨折»{neg}", "«SIFK»{utagau}"]),
    "limb": dict(title="[右肩MRI|左股関節単純X線|MR 左手関節|骨盤XP|右肩関節XP 3R|左足関節XP 2R]", tech=["[正側|2|3]方向。", "{eq_mr}。"], neg=None,
        find=["«棘上筋腱»に«[全層断裂|関節面断裂|石灰沈着]»{pos}", "«大腿骨頭»に«[band pattern|硬化|圧壊]»{pos}", "«骨折線»は[明らかでない|不明瞭化|残存]。", "«TFCC»に«[信号上昇|断裂]»{pos}", "«関節液»の[増加|貯留]{pos}", "«骨頭»の変形[は軽度|が目立つ]。", "«橈骨遠位端»に«骨折»{pos}«volar tilt {n:2-14}度»。", "«髄内釘»固定後、«アライメント»良好。", "«寛骨臼»の被覆«CE角 {n:14-34}度»。", "«人工骨頭»周囲に«透亮像»{neg}"],
        imp=["«[腱板断裂|骨壊死 ARCO stage {n:1-3}|Colles骨折|Smith骨折|大腿骨頸部骨折 Garden {n:1-4}|石灰沈着性腱板炎|Bankart病変]»{utagau}", "明らかな«骨折»{neg}", "«骨癒合»は[良好|遷延]。"]),
    "pros": dict(title="[前立腺MRI|MR 骨盤(前立腺)|bpMRI 前立腺]", tech=["{eq_mr}。", "«DWI b=[1000|1500|2000]»。"], neg=None,
        find=["«前立腺[辺縁域|移行域][右|左]»に{size}の«[ADC低下域|低信号結節]»{pos}«PI-RADS {n:3-5}»。", "«前立腺»は«{n:18-88}mL»[と腫大|。]", "«[精嚢|膀胱頸部]浸潤»{neg}", "«閉鎖リンパ節» «短径{n:4-12}mm»、{trend}", "«被膜外浸潤»{neg}({nd})", "«骨盤骨»に«転移»{neg}", "«移行域»に«BPH nodule»{pos}", "«膀胱壁»の«肉柱形成»{pos}"],
        imp=["«前立腺癌»{utagau}{stage}相当。", "«前立腺肥大症»。", "«骨盤内リンパ節転移»{neg}", "«MRI標的生検»を[ご検討下さい|考慮]。"]),
    "gyn": dict(title="[女性骨盤MRI|骨盤MRI|MR 骨盤(造影)]", tech=["{eq_mr}。", "«DWI b=1000»、«dynamic»。"], neg=None,
        find=["«子宮[体部|頸部]»に{size}の«[筋腫|腫瘤]»{pos}", "«{lr}卵巣»に{size}の«[チョコレート嚢胞|成熟奇形腫|単純嚢胞|充実成分を伴う嚢胞性腫瘤]»{pos}", "«内膜»は«{n:3-22}mm»[に肥厚|。]", "«Douglas窩»に«少量の液貯留»{pos}", "«junctional zone»の[肥厚|断裂]{pos}", "«筋層浸潤»は[1/2未満|1/2以上]。", "«Naboth嚢胞»{pos}", "«{lr}卵巣»:[同定できず|正常大|{size}]。", "«傍組織浸潤»{neg}", "«筋腫»は{cmp_clause}{trend}"],
        imp=["«[子宮体癌|子宮頸癌|子宮腺筋症|内膜症性嚢胞|子宮筋腫|卵巣癌]»{utagau}", "«FIGO 2018 Stage I[A|B]»相当。", "«骨盤内リンパ節転移»{neg}", "«O-RADS {n:2-5}»。"]),
    "bone": dict(title="[骨シンチグラフィ|骨シンチ|Bone scintigraphy]", tech=["«99mTc-[HMDP|MDP] {n:700-780}MBq»静注、{n:3-4}時間後撮像。"], neg=None,
        find=["«{lr}[第{n:2-9}肋骨|腸骨|坐骨|肩甲骨|大腿骨]»に«[異常集積|点状集積|hot spot]»{pos}", "«L{n:1-5}»の集積は[変性|圧迫骨折|転移]として矛盾[しない|せず]。", "«BSI {dec:0-4}»、«aBSI»{trend}", "«両腎»の描出[良好|あり]。", "«{lr}[膝|肩]関節»に«変性性集積»{pos}", "«胸骨»の集積は{cmp_clause}{trend}", "«cold lesion»{neg}"],
        imp=["«多発骨転移»{utagau}", "«骨転移»を示唆する集積{neg}", "«superscan»[様|]{utagau}", "«MRI»での確認を[お勧めします|望む]。"]),
    "pet": dict(title="[FDG-PET/CT|PET-CT(全身)|18F-FDG PET]", tech=["«18F-FDG {n:180-280}MBq»、血糖«{n:84-148}mg/dL»、静注«60分後»撮像。"], neg=None,
        find=["{lungloc}に«SUVmax {dec:2-14}»の集積{pos}", "«[頸部|縦隔|腋窩|腹部傍大動脈|鼠径]リンパ節»に«FDG集積(SUVmax 早期{dec:3-9}→後期{dec:4-12})»{pos}", "«[S状結腸|上行結腸|胃体部]»の集積は«生理的集積»と[考えます|思われる]。", "«甲状腺{lr}葉»に«限局性集積»{pos}", "«骨髄»の«びまん性集積»{pos}", "生理的集積[以外に|のほか]«異常集積»{neg}", "«肝S{n:2-8}» «SUVmax {dec:3-9}»、{trend}", "«褐色脂肪»への集積{pos}", "«{lr}[腸骨|肩甲骨]»の集積は{cmp_clause}{trend}"],
        imp=["«Deauville score {n:1-5}»(«Lugano 2014»)。", "«再発・転移»を示唆する集積{neg}", "{cancer}、{stage}相当。", "«[サルコイドーシス|大型血管炎|反応性腫大]»[も鑑別|の可能性]。"]),
    "mpi": dict(title="[心筋血流SPECT|負荷心筋シンチ|心筋シンチ(Tl)]", tech=["«201TlCl {n:74-111}MBq»、«アデノシン»負荷。", "«99mTc-[MIBI|TF] {n:296-740}MBq»。"], neg=None,
        find=["«[下壁|前壁中隔|側壁|心尖部|後側壁]»で«[血流低下|再分布|固定性欠損]»{pos}", "«LVEF {n:32-70}%»、«EDV {n:60-180}mL»。", "«SSS {n:0-18}、SRS {n:0-9}、SDS {n:0-9}»。", "«TID比 {dec:0-1}»。", "«肺野集積»の亢進{neg}", "«[RCA|LAD|LCX]領域»は{cmp_clause}{trend2}", "«横隔膜減衰»による[下壁の低下|アーチファクト]{pos}"],
        imp=["«[虚血|梗塞|hibernation]»{utagau}", "«有意な虚血»{neg}", "«LVEF»[保持|低下]。"]),
    "brainnm": dict(title="[脳血流SPECT|DATスキャン|MIBG心筋シンチ|IMP-SPECT]", tech=["«123I-[IMP|FP-CIT|MIBG] {n:111-167}MBq»。"], neg=None,
        find=["«SBR 右{dec:1-6} 左{dec:1-6}»。", "«[後部帯状回|楔前部|頭頂葉|側頭葉内側]»の«血流低下»{pos}", "«{lr}線条体»の集積低下{pos}", "«H/M比 早期{dec:1-3} 後期{dec:1-3}»、«washout rate {n:14-48}%»。", "«CIS sign»{neg}", "«crossed cerebellar diaschisis»{neg}", "«eZIS Severity {dec:0-3}»。", "«前頭葉»血流は{cmp_clause}{trend2}"],
        imp=["«[DLB|PD|AD|PSP|FTD]»を支持する所見。", "«[Alzheimer病|Parkinson病|多系統萎縮症]»として矛盾し[ません|ない]。", "正常範囲内。"]),
    "coro": dict(title="[冠動脈CT|心臓CT|CCTA]", tech=["«心拍数 {n:48-74}bpm»、«ニトロ»舌下。", "{contrast}。", "«prospective gating»。"], neg=None,
        find=["«[LAD #6|LAD #7|LCX #11|LCX #13|RCA #1|RCA #2|LMT #5|D1 #9]»に«[石灰化プラークによる{n:25-90}%狭窄|軽度狭窄|非石灰化プラーク|napkin-ring sign]»{pos}", "«Agatstonスコア {n:0-1400}»。", "«ステント内再狭窄»{neg}", "«[LITA-LAD|SVG-RCA]»は[開存|閉塞]。", "«心筋»に«菲薄化»{neg}", "«左心耳血栓»{neg}", "«[LAD|RCA]プラーク»は{cmp_clause}{trend}", "«心嚢水»{neg}"],
        imp=["«有意狭窄»{neg}", "«CAD-RADS {n:0-4}»。", "«[IVUS|FFR-CT|CAG]»での評価を[ご検討下さい|考慮]。", "«川崎病»後«冠動脈瘤»、{trend}"]),
    "aorta": dict(title="[大血管CT|肺動脈造影CT|下肢CTA|大動脈CTA|CT angio 胸腹部]", tech=["{contrast}。", "{eq_ct}、2相。"], neg="lungneg",
        find=["«{lr}[主肺動脈|下葉枝|上葉枝]»に«造影欠損»{pos}", "«Stanford [A|B]型解離»{pos}«偽腔»は[血栓閉塞|開存]。", "«[上行|下行|弓部|腎動脈下]大動脈» «{n:36-60}mm»、{trend3}", "«{lr}SFA»に«[閉塞|高度狭窄]»{pos}({nd})", "«[腹腔動脈|SMA|IMA]»起始部に«[狭窄|石灰化]»{pos}", "«type II endoleak»{neg}", "«ステントグラフト»の«migration»{neg}", "«ULP»{neg}", "«{lr}腎動脈»は«[1|2]本»。"],
        imp=["«[肺血栓塞栓症|大動脈解離|腹部大動脈瘤|下肢ASO]»{utagau}", "«高安動脈炎»[後の|による]«壁肥厚»、{trend}", "«EVAR»術後、«瘤径»{trend3}", "«切迫破裂»を示唆する所見{neg}"]),
    "ugi": dict(title="[胃部X線|上部消化管造影(検診)|胃透視]", tech=["«バリウム 200W/V% 140mL»、発泡剤«5g»。", "体位変換良好。"], neg=None,
        find=["«胃[体部|角部|前庭部|穹窿部][前壁|後壁|小弯|大弯]»に«[バリウム斑|ひだ集中|隆起性病変|透亮像]»{pos}", "«十二指腸球部»に«変形»{pos}", "«鳥肌胃炎»{utagau}", "«木村・竹本分類 [O-{n:1-3}|C-{n:1-3}]»の«萎縮»{pos}", "«山田分類[I|II|III|IV]型»«ポリープ»{pos}", "«食道裂孔ヘルニア»{pos}", "«食道»:[異常なし|蠕動良好|«憩室»あり]。", "«ピロリ菌»除菌後、«萎縮»は[軽度|中等度|高度]。", "«胃底腺ポリープ»[多発|{n:2-8}mm]。", "«ひだ»の[肥大|消失|集中]は{cmp_clause}[不変。|目立たない。]"],
        imp=["«[慢性胃炎|胃底腺ポリープ|胃癌|十二指腸潰瘍瘢痕|胃粘膜下腫瘍]»{utagau}", "«カテゴリー{n:1-4}»。", "[要内視鏡|異常なし|年1回の検診を]。"]),
    "mrcp": dict(title="[MRCP|上腹部MRI・MRCP|EOB-MRI|大腸CT(CTC)]", tech=["{eq_mr}。", "{contrast}。"], neg="abdneg",
        find=["«総胆管結石» «{n:3-12}mm×{n:1-4}個»{pos}", "«主膵管»は[平滑|軽度拡張]、«最大{n:2-8}mm»。", "«膵[頭部|体部|尾部]»に{size}の«[分枝型IPMN|嚢胞性病変]»{pos}", "«胆嚢»に«[結石|腺筋腫症|RAS]»{pos}", "«膵・胆管合流異常»{neg}", "{liverseg}の«[嚢胞|血管腫|肝細胞相低信号結節]»は{cmp_clause}{trend}", "«胆管»の«[狭窄|数珠状変化]»{neg}"],
        imp=["«IPMN»、{trend}", "«[総胆管結石|PSC|胆嚢腺筋腫症|慢性膵炎]»{utagau}", "«[EUS|ERCP]»を[考慮|お勧めします]。", "«国際コンセンサスガイドライン[2017|2023(京都)]»の«[HRS|WF]»[に該当せず|なし]。"]),
}
SENT["crs"] = dict(title="[胸部単純X線(健診)|胸部X線 間接|胸部XP 立位正面|CR 胸部]", tech=["立位正面。"], neg=None,
    find=["«{lr}[上|中|下]肺野»に«[結節影|斑状影|線状影|索状影]»{pos}", "«CTR {dec:38-56}%»。", "«[側弯|胸郭変形|漏斗胸]»{pos}", "«Cobb角 {n:8-34}度»。", "«{lr}CP angle»[鈍化|sharp]。", "«第{n:3-8}肋骨»に«陳旧性骨折»{pos}", "«{lr}肺尖部胸膜肥厚»{pos}", "«[石灰化影|大動脈弓突出|奇静脈葉|右側大動脈弓]»{pos}", "«肺門影の増強»{neg}", "«{lr}[上|下]肺野»の«結節影»は{cmp_clause}{trend2}"],
    imp=["[活動性病変なし|異常なし|n.p.|要精査]。", "«CT»での確認を[お勧めします|望みます]。", "«[側弯症|陳旧性病変|乳頭陰影|肋骨の重なり]»{utagau}", "[経過観察|年1回の受診]を[お願いします|勧めます]。"])
REL = {k: {f: [w.strip() for w in v.split(";")] for f, v in d.items()} for k, d in {
    "chest": dict(cancer="«[右|左]肺[腺癌|扁平上皮癌|小細胞癌]»;«悪性胸膜中皮腫»;«食道癌»;«[右|左]乳癌»;«大腸癌»;«胸腺腫»;«下咽頭癌»", sx="«咳嗽»;«血痰»;«呼吸困難»;«発熱»;«胸痛»;«嗄声»;«体重減少»;«労作時息切れ»;«低酸素血症»", eponym="«サルコイドーシス»;«関節リウマチ»;«強皮症»;«石綿肺»;«Castleman病»;«IgG4関連疾患»;«Sjögren症候群»;«Goodpasture症候群»;«Wegener肉芽腫症(GPA)»", guideline="«Fleischner [2017|2013]»;«TNM [第8版|8版|第9版]»;«WHO 2021»;«RECIST 1.1»;«ATS/ERS/JRS/ALAT 2018»;«iRECIST 2017»;«日本CT検診学会 第6版»", inc="«[右|左]腎嚢胞»;«肝嚢胞»;«動脈硬化»;«冠動脈石灰化»;«甲状腺結節»;«食道裂孔ヘルニア»;«陳旧性肋骨骨折»;«変形性脊椎症»;«脂肪肝»;«副脾»;«胆嚢結石»"),
    "abdomen": dict(cancer="«[上行|横行|下行|S状]結腸癌»;«直腸癌»;«胃癌»;«膵[頭部|体部|尾部]癌»;«肝細胞癌»;«[右|左]腎癌»;«膀胱癌»;«胆嚢癌»;«GIST»;«濾胞性リンパ腫»", sx="«右季肋部痛»;«腹痛»;«体重減少»;«食思不振»;«血尿»;«黄疸»;«下血»;«背部痛»;«発熱»;«嘔吐»;«腹部膨満»", eponym="«Crohn病»;«IgG4関連疾患»;«Budd-Chiari症候群»;«Wilson病»;«Cushing症候群»;«潰瘍性大腸炎»;«Castleman病»;«Fitz-Hugh-Curtis症候群»", guideline="«RECIST 1.1»;«LI-RADS v2018»;«TNM UICC 8th»;«大腸癌取扱い規約 第9版»;«胃癌取扱い規約 第15版»;«Bosniak 2019»;«Tokyo Guidelines 2018»;«国際コンセンサスガイドライン2017»;«Revised Atlanta 2012»;«WHO 2019»", inc="«胆嚢結石»;«[右|左]腎嚢胞»;«肝嚢胞»;«動脈硬化»;«食道裂孔ヘルニア»;«憩室»;«変形性脊椎症»;«L{n:1-5}圧迫骨折»;«脂肪肝»;«副脾»;«鼠径ヘルニア»;«腹部大動脈瘤(最大径{n:32-48}mm)»"),
    "brain": dict(cancer="«膠芽腫»;«髄膜腫»;«[右|左]肺腺癌»;«転移性脳腫瘍»;«[右|左]乳癌»;«中枢神経系悪性リンパ腫»", sx="«めまい»;«頭痛»;«構音障害»;«[右|左]片麻痺»;«物忘れ»;«意識障害»;«歩行障害»;«痙攣»;«複視»;«右手のしびれ»", eponym="«Parkinson病»;«Alzheimer型認知症»;«モヤモヤ病»;«Hunt症候群»;«原田病»;«Wernicke脳症»;«多発性硬化症»;«長谷川式 {n:12-27}点»;«改訂長谷川式 {n:9-22}点»;«田中ビネー IQ {n:48-92}»;«橋本脳症»;«Meniere病»", guideline="«WHO 2021»;«WHO 2016»;«McDonald 2017»;«RANO 2.0»", inc="«副鼻腔粘膜肥厚»;«くも膜嚢胞»;«透明中隔嚢胞»;«empty sella»;«Virchow-Robin腔拡大»;«耳下腺嚢胞»"),
    "bonejoint": dict(cancer="«前立腺癌»;«[右|左]乳癌»;«多発性骨髄腫»", sx="«腰痛»;«[左|右]下肢のしびれ»;«[右|左]膝痛»;«肩痛»;«転倒後の疼痛»;«可動域制限»;«間欠性跛行»;«頸部痛»", eponym="«関節リウマチ»;«Paget病»;«強直性脊椎炎»;«痛風»;«Scheuermann病»;«Charcot関節»;«平山病»;«大島分類 {n:1-9}»;«川崎病既往»;«DISH»", guideline="«RECIST 1.1»", inc="«血管腫»;«Tarlov嚢胞»;«骨島»;«軟部腫瘤»"),
    "breast": dict(cancer="«[右|左]乳癌»", sx="«しこり自覚»;«乳頭分泌»;«乳房痛»;«検診異常»", eponym="«Cowden症候群»;«Mondor病»;«Paget病»", guideline="«BI-RADS 5th»;«乳房超音波診断ガイドライン 改訂第4版»;«マンモグラフィガイドライン第4版»", inc="«副乳»;«異物肉芽腫»"),
    "neck": dict(cancer="«甲状腺乳頭癌»;«甲状腺濾胞癌»;«下咽頭癌»", sx="«頸部腫瘤»;«嗄声»;«動悸»;«体重減少»;«めまい»", eponym="«橋本病»;«Basedow病»;«高安動脈炎»;«菊池病»;«亜急性甲状腺炎»", guideline="«甲状腺癌取扱い規約 第8版»;«ACR TI-RADS 2017»", inc="«リンパ節»;«顎下腺石»;«正中頸嚢胞»"),
    "cv": dict(cancer="«胃癌»;«前立腺癌»", sx="«胸痛»;«動悸»;«呼吸困難»;«背部痛»;«間欠性跛行»;«失神»;«下腿浮腫»", eponym="«川崎病後»;«高安動脈炎»;«Marfan症候群»;«Buerger病»;«Fabry病»;«Brugada症候群»", guideline="«JCS 2020»;«JCS 2022»;«ESC 2019»", inc="«肝嚢胞»;«食道裂孔ヘルニア»;«肺小結節»;«副脾»"),
    "pelv": dict(cancer="«直腸癌»;«膀胱癌»", sx="«血尿»;«頻尿»;«下腹部痛»;«腰痛»;«残尿感»", eponym="«Crohn病»;«Fournier壊疽後»", guideline="«PI-RADS v2.1»;«FIGO 2018»", inc="«鼠径ヘルニア»;«S状結腸憩室»;«仙骨嚢胞»"),
}.items()}
GROUP = {"chest": "chest", "cr": "chest", "crs": "chest", "abdomen": "abdomen", "us_abd": "abdomen", "mrcp": "abdomen", "ugi": "abdomen", "brain": "brain", "headct": "brain", "brainnm": "brain", "spine": "bonejoint", "knee": "bonejoint", "limb": "bonejoint", "bone": "bonejoint", "mmg": "breast", "us_breast": "breast", "us_thy": "neck", "us_vasc": "cv", "coro": "cv", "aorta": "cv", "mpi": "cv", "pros": "pelv", "gyn": "pelv", "pet": "chest"}
FEMALE, MALE, NO_CHANGE_INC = {"mmg", "us_breast", "gyn"}, {"pros"}, {"mmg", "mpi", "bone", "brainnm", "us_vasc", "pet", "crs"}
WEIGHT = {"chest": 6, "abdomen": 6, "brain": 4, "headct": 3, "spine": 2, "cr": 3, "us_abd": 3, "pet": 2}


def modality(r, allowed=None):
    keys = list(allowed or SENT)
    return r.choices(keys, [WEIGHT.get(k, 1) for k in keys])[0]


# ---------------------------------------------------------------- one report's context
class Ctx:
    """The people, dates and habits of one report; expands templates."""

    def __init__(self, r, kind):
        self.r, self.kind = r, kind
        hostile = kind == "hostile"
        self.mod = modality(r)
        sex = "F" if self.mod in FEMALE else "M" if self.mod in MALE else r.choice("MF")
        self.p = Person(r, sex, foreign=0.14 if hostile else 0.03)
        self.exam = dt.date(2015, 1, 5) + dt.timedelta(days=r.randrange(3900))
        self.age = r.choices([r.randint(1, 17), r.randint(18, 49), r.randint(50, 79), r.randint(80, 89), r.randint(90, 103)], [6, 20, 50, 16, 8 if hostile else 4])[0]
        if self.mod in ("mmg", "ugi", "pros", "coro", "brainnm", "mpi", "us_breast"):
            self.age = r.randint(40, 79)
        if self.age < 16 and self.mod not in ("crs", "brain", "headct", "us_abd", "limb", "knee"):
            self.mod = modality(r, ["crs", "brain", "headct", "us_abd", "limb"])
        self.birth = self.exam - dt.timedelta(days=int(self.age * 365.25) + r.randint(3, 355))
        self.age = self.exam.year - self.birth.year - ((self.exam.month, self.exam.day) < (self.birth.month, self.birth.day))
        self.p = Person(r, sex, foreign=0.14 if hostile else 0.03, age=self.age)
        self.datestyle = r.choice(["slash", "slash", "slash0", "dash", "dot", "R", "R", "Rdot", "kanji", "kanjiR", "yy"])
        self.tone = r.choice(["masu", "masu", "dearu", "dearu", "ari", "sign"])
        n = r.choice([7, 7, 8, 8, 9, 10])
        self.idplain = str(r.randrange(10 ** (n - 1) if r.random() < .7 else 10 ** (n - 3), 10 ** n)).zfill(n)
        self.h1, self.h2 = Hospital(r), Hospital(r)
        self.staff = {}
        self.offset = 0
        self.recent = []

    # -- choosing
    def c(self, *xs):
        return self.r.choice(xs)

    def p_(self, p):
        return self.r.random() < p

    def x(self, template):
        """Expand alternatives and slots of a template."""
        out, i = "", 0
        while i < len(template):
            ch = template[i]
            if ch == "[":
                depth, j, parts, last = 1, i + 1, [], i + 1
                while depth:
                    if template[j] == "[":
                        depth += 1
                    elif template[j] == "]":
                        depth -= 1
                    if (template[j] == "|" and depth == 1) or depth == 0:
                        parts.append(template[last:j])
                        last = j + 1
                    j += 1
                out += self.x(self.r.choice(parts))
                i = j
            elif ch == "{":
                j = template.index("}", i)
                out += self.slot(template[i + 1:j])
                i = j + 1
            else:
                out += ch
                i += 1
        return out

    def slot(self, name):
        r = self.r
        pool = REL[GROUP[self.mod]].get(name)
        if name == "exam_hist" and self.age < 16:
            return C(r.choice(["喘息", "川崎病既往", "低出生体重児", "熱性痙攣", "てんかん", "虫垂切除後", "ファロー四徴症術後", "食物アレルギー", "水腎症"]))
        if name == "marker" and self.age < 16:
            return C(r.choice([f"CRP {r.uniform(.1, 18):.1f}", f"WBC {r.randint(9000, 21000)}", f"Hb {r.uniform(8, 13):.1f}", f"体重 {r.randint(8, 45)}kg"]))
        if pool and (r.random() < .93 or name in ("inc", "guideline")):
            return self.x(r.choice(pool))
        if name in ("cancer", "inc"):
            wrong = "前立腺" if self.p.sex == "F" else "子宮|卵巣|乳癌"
            return self.x(r.choice([w for w in V[name] if not re.search(wrong, w)]))
        if name in V:
            return self.x(r.choice(V[name]))
        base, _, arg = name.partition(":")
        if base in ("n", "size", "dec"):
            lo, hi = map(int, (arg or "4-38").split("-"))
            if base == "n":
                return str(r.randint(lo, hi))
            if base == "dec":
                return f"{r.uniform(lo + .1, hi):.1f}"
            a, b = r.randint(lo, hi), r.randint(lo, hi)
            return C(r.choice([f"{a}mm", f"{a} mm", f"径{a}mm", f"{max(a, b)}×{min(a, b)}mm", f"{max(a, b)}x{min(a, b)} mm", f"{a / 10:.1f}cm", f"φ{a}mm", f"{a}mm", f"長径{a}mm"]))
        return getattr(self, "s_" + base)(arg) if arg else getattr(self, "s_" + base)()

    # -- language slots
    def s_pos(self):
        return self.x({"masu": "[を認めます。|がみられます。|が認められます。|を認めます。]", "dearu": "[を認める。|がみられる。|を認める。|あり。]", "ari": "[あり。|あり。|を認む。]", "sign": "[(+)。|あり。|(+)。]"}[self.tone])

    def s_neg(self):
        return self.x({"masu": "[は認めません。|は指摘できません。|はみられません。|を認めません。]", "dearu": "[は認めない。|は指摘できない。|を認めず。|はみられない。]", "ari": "[なし。|なし。|認めず。]", "sign": "[(-)。|なし。|(-)。]"}[self.tone])

    def s_trend(self):
        return self.x({"masu": "[著変ありません。|増大しています。|縮小しています。|ほぼ不変です。|目立たなくなっています。|わずかに増大しています。]", "dearu": "[著変なし。|増大している。|縮小。|ほぼ不変。|軽度増悪。|改善傾向。]", "ari": "[著変なし。|増大。|縮小。|不変。|消失。|n.c.]", "sign": "[不変。|増大↑。|縮小。|著変(-)。|変化なし。]"}[self.tone])

    def s_trend3(self):
        return self.c("不変。", "拡大。", "前回と同径。", "1年で2mm拡大。", "縮小。", "変化なし。")

    def s_trend2(self):
        return self.c("不変。", "軽度進行。", "改善。", "同程度。", "わずかに進行。", "変化なし。" if self.tone != "masu" else "変化ありません。")

    def s_utagau(self):
        return self.x({"masu": "[を疑います。|が疑われます。|の可能性があります。|と考えます。]", "dearu": "[を疑う。|疑い。|と考える。|の可能性。]", "ari": "[疑い。|s/o。|。|の疑い。]", "sign": "[s/o。|susp.|疑。|。]"}[self.tone])

    def s_clin_none(self):
        return self.c("はっきりしません", "明らかでない", "なし", "認めず") if self.tone != "masu" else self.c("はっきりしません", "認めません")

    def s_side(self):
        return self.c("右", "左", "両側", "右", "左")

    def s_lr(self):
        return self.c("右", "左")

    def s_sizeen(self):
        a, b = self.r.randint(3, 38), self.r.randint(3, 38)
        return C(self.c(f"{a} mm", f"{a}-mm", f"{a / 10:.1f} cm", f"{max(a, b)} x {min(a, b)} mm"))

    def s_seg13(self):
        return self.c("1", "2", "3")

    def s_seg610(self):
        return self.c("6", "8", "9", "10")

    def s_dec0(self):
        return f"0.{self.r.randint(24, 38)}"

    def s_cmp_clause(self):
        k = self.r.random()
        if k < .3:
            return self.x("[前回|前回CT|前回検査|既検]([{cmpdate}|{cmpdate}|{cmpdate}])[と比べ|と比較して|より|に比し]、")
        if k < .7:
            return self.x("[前回と比べ、|前回比、|前回より|以前と比較し|]")
        return ""

    def s_cmpdate(self):
        if not self.recent or self.p_(.3):
            self.recent.append(self.exam - dt.timedelta(days=self.c(1, 3, 7, 28, 91, 92, 180, 182, 365, 364, 700) + self.r.randint(0, 9)))
        return self.date(self.r.choice(self.recent), "other_date")

    def s_older(self):
        return self.date(min(self.recent or [self.exam]) - dt.timedelta(days=self.r.randint(60, 900)), "other_date")

    def s_oldmonth(self):
        d = self.exam - dt.timedelta(days=self.r.randint(200, 5000))
        y = era(d)
        return I("other_date", self.c(f"{d.year}年{d.month}月", f"{d.year}/{d.month}", f"{y[0]}{y[1]}年{d.month}月", f"{y[0]}{y[1]}.{d.month}", f"{d.year}.{d.month}"))

    def s_age(self):
        unit = self.c("歳", "歳", "才", "歳代") if self.age < 90 else self.c("歳", "才", "歳")
        if unit == "歳代":
            return f"{self.age // 10 * 10}歳代"
        return I("age_over_89", f"{self.age}{unit}") if self.age > 89 else f"{self.age}{unit}"

    def s_sexj(self):
        return {"M": self.c("男性", "男性", "男", "M"), "F": self.c("女性", "女性", "女", "F")}[self.p.sex] if self.age >= 16 else {"M": "男児", "F": "女児"}[self.p.sex]

    def date(self, d, kind, style=None):
        return I(kind, fmt(d, style or (self.datestyle if self.p_(.8) else self.c("slash", "R", "md", "dash", "kanji", "yy")), self.r))

    def s_exam(self):
        return self.date(self.exam, "exam_date", self.datestyle)

    def s_birth(self):
        return self.date(self.birth, "birth_date", self.c("slash", "slash0", "dash", "dot", "R", "R0", "kanjiR", "Rdot", "compact", "kanji"))

    def s_day(self):
        """A date near the examination."""
        d = self.exam + dt.timedelta(days=self.r.randint(-20, 12))
        return self.date(d, "exam_date" if d == self.exam else "other_date")

    def s_future(self):
        return self.date(self.exam + dt.timedelta(days=self.r.randint(5, 200)), "other_date")

    def s_time(self):
        return f"{self.r.randint(7, 21)}:{self.r.randint(0, 59):02d}"

    # -- people
    def who(self, role):
        if role not in self.staff:
            self.staff[role] = Person(self.r, foreign=.03)
        return self.staff[role]

    def s_dr(self, role="ref"):
        """Surname of a doctor (titles stay outside the span)."""
        return I("staff_name", self.who(role).sei)

    def s_drfull(self, role="ref"):
        return I("staff_name", self.who(role).full(self.c(" ", "　", "", "")))

    def s_sg(self, role="reader"):
        """A signature: surname or full name."""
        return self.x("[{drfull:%s}|{dr:%s}|{drfull:%s}]" % (role, role, role))

    def s_drroma(self, role="reader"):
        w = self.who(role)
        if w.foreign and w.latin:
            return I("staff_name", w.roma())
        a, b = w.roma_sei, w.roma_mei
        return I("staff_name", self.c(f"{b.title()} {a.title()}", f"{a.title()}", f"{b[0]}. {a.title()}", f"{a} {b.title()}", f"{a.title()} {b[0]}."))

    def s_refx(self):
        """A referring doctor as prose names one."""
        return self.x("[{dept} |{dept}|][{dr}|{dr}|{drfull}][先生|先生|医師|Dr|Dr.|DR]")

    def s_dept(self):
        return self.c("呼吸器内科", "消化器内科", "外科", "整形外科", "脳神経外科", "循環器内科", "泌尿器科", "婦人科", "耳鼻咽喉科", "救急科", "総合診療科", "腫瘍内科", "血液内科", "小児科", "精神科", "乳腺外科", "呼外", "消内", "整形", "脳外", "内科")

    def s_pk(self):
        return I("patient_name", self.p.full(self.c(" ", "　", "", "　　", " ")))

    def s_pkana(self):
        k = self.p.kana(self.c(" ", "　", " "))
        return I("patient_name", half_kana(k) if self.p_(.4) else k)

    def s_psei(self):
        return I("patient_name", self.p.sei)

    def s_pmei(self):
        return I("patient_name", self.p.mei)

    def s_proma(self):
        return I("patient_name", self.p.roma(self.c(" ", " ", "^", ", ", "_")))

    def s_pid(self):
        s = self.idplain
        return I("patient_id", self.c(s, s, s, s[:2] + "-" + s[2:], s[:4] + " " + s[4:], s[:-1] + "-" + s[-1]) if self.kind == "hostile" else s)

    def s_acc(self):
        d = self.exam.strftime("%Y%m%d")
        return I("accession", self.c(f"{d}{self.r.randint(1, 9999):04d}", f"{d}-{self.r.randint(1, 999):03d}", f"CT{self.r.randint(10**6, 10**7)}", f"A{self.r.randint(10**7, 10**8)}", f"{self.r.randint(10**8, 10**9)}", f"{d[2:]}CT{self.r.randint(1, 99):03d}", f"R-{self.exam.year}-{self.r.randint(1000, 99999)}"))

    def s_login(self, role=None):
        w = self.who(role or self.c("reader", "typist", "tech"))
        a, b = (w.roma_sei.lower().replace(" ", ""), w.roma_mei.lower().replace(" ", "").replace(".", ""))
        return I("login", self.c(f"{a}{self.r.randint(1, 99)}", f"{b[0]}.{a}", f"{a}-{b[0]}", f"rad_{a}", f"dr{self.r.randint(100, 9999):04d}", f"RT{self.r.randint(1, 400):03d}", f"{b[0]}{a}", f"{a}_{b}", f"u{self.r.randint(10000, 99999)}", f"KYT\\{a}"))

    def s_phone(self):
        n = lambda k: "".join(self.r.choice("0123456789") for _ in range(k))
        a = self.c("011", "075", "0166", "0155", "0138", "0774", "03", "06", "0134", "0773")
        rest = {3: f"{self.r.randint(200, 999)}", 4: f"{self.r.randint(20, 99)}", 2: f"{self.r.randint(3000, 6999)}"}[len(a)]
        t = n(4)
        return I("phone", self.c(f"{a}-{rest}-{t}", f"{a}-{rest}-{t}", f"{a}({rest}){t}", f"({a}) {rest}-{t}", f"{a}{rest}{t}", f"{a}−{rest}−{t}"))

    def s_mobile(self):
        a, b, c_ = self.c("090", "080", "070"), self.r.randint(1000, 9999), self.r.randint(0, 9999)
        return I("phone", self.c(f"{a}-{b}-{c_:04d}", f"{a}{b}{c_:04d}", f"{a} {b} {c_:04d}", f"{a}({b}){c_:04d}"))

    def s_ext(self):
        return I("phone", str(self.r.randint(2000, 8999)))

    def s_phs(self):
        return self.x("[PHS |PHS|PHS:|内線|内線 |(内)|ピッチ|ext. |内線:|院内PHS ]") + self.s_ext()

    def s_email(self, role="reader"):
        w = self.who(role)
        a, b = w.roma_sei.lower().split()[0], w.roma_mei.lower().split()[0].replace(".", "")
        return I("email", f"{self.c(a, f'{b[0]}-{a}', f'{a}.{b}', f'{a}{self.r.randint(1, 99)}')}@{self.h1.domain}")

    def s_url(self):
        h = self.h1.domain
        return I("url", self.c(f"https://pacs.{h}/viewer?study={self.r.randint(10**6, 10**8)}", f"http://ris.{h}/report/{self.r.randint(1000, 999999)}", f"https://www.{h}/radiology/", f"https://share.{h}/d/{self.r.randint(10**5, 10**6)}x", f"www.{h}"))

    def s_addr(self):
        return I("address", address(self.r))

    def s_city(self):
        """A place of residence short of a full address."""
        rt = self.r.choice(ROOTS)[0]
        return I("address", self.c(f"{rt}市", f"{rt}町", f"{self.r.choice(PREFS)}{rt}町", f"{rt}市{self.c('東', '西', '南', '北', '中央')}区"))

    def s_hosp(self):
        return I("hospital", self.h1.full())

    def s_hosp2(self):
        return I("hospital", self.h2.full())

    def s_short(self):
        return I("hospital_short", self.h1.short())

    def s_short2(self):
        return I("hospital_short", self.h2.short())

    def s_anyhosp2(self):
        return self.s_hosp2() if self.p_(.6) else self.s_short2()

    def s_ward(self):
        n, d, l = self.r.randint(2, 11), self.c(*"東西南北"), self.c(*"ABC")
        return I("ward", self.c(f"{n}階{d}病棟", f"{d}{n}病棟", f"{n}{d}", f"{n}{l}病棟", f"{n}F{d}", f"{n}-{l}", f"{d}{n}階", f"第{n}病棟", f"{n}階病棟", f"{n}W".replace("W", self.c("W", "E", "S", "N")), f"{d}病棟{n}階", f"緩和ケア{n}病棟", f"本館{n}階", f"{l}棟{n}階", f"精神科第{n}病棟", f"HCU{n}"))

    def s_room(self):
        n = self.r.randint(2, 11)
        return I("room", self.c(f"{n}{self.r.randint(1, 28):02d}号室", f"{n}{self.r.randint(1, 28):02d}号", f"{n}{self.r.randint(1, 28):02d}-{self.r.randint(1, 4)}", f"{n}{self.r.randint(1, 28):02d}室", f"個室{n}{self.r.randint(1, 20):02d}"))

    def s_employer(self):
        rt, s = self.r.choice(ROOTS)[0], self.r.choice(SEI)[0]
        k = self.c("製鋼", "運輸", "建設", "食品", "精機", "電装", "印刷", "水産", "不動産", "タクシー", "林業", "ソフトウェア", "通信", "ガス", "農機", "染織")
        return I("employer", self.c(f"株式会社{rt}{k}", f"{rt}{k}(株)", f"{s}{k}株式会社", f"(有){s}{k}", f"㈱{rt}{k}", f"{rt}{k}", f"{rt}市役所", f"{rt}農業協同組合", f"{rt}消防署", f"{s}{k}", f"{rt}郵便局"))

    def s_school(self):
        rt = self.r.choice(ROOTS)[0]
        return I("school", self.c(f"{rt}小学校", f"{rt}中学校", f"市立{rt}第{self.c('二', '三', '一')}中学校", f"{rt}高校", f"私立{rt}学園高等学校", f"{rt}幼稚園", f"{rt}保育園", f"{rt}特別支援学校", f"{rt}大学", f"{rt}小") if self.age >= 12 or self.age < 6 else self.c(f"{rt}小学校", f"{rt}小", f"市立{rt}東小学校"))

    def s_insurer(self):
        r = self.r
        return self.x(self.c("保険者番号[:|：| |]", "保険者[No.|番号 ]", "保険者番号　")) + I("insurer_number", f"{r.choice(['01', '26', '06', '39', '31', '63', '13'])}{r.randint(0, 999999):06d}") + (self.x("[　| |、]記号[:| |・番号 ]") + I("insurer_number", self.c(f"{r.randint(1, 99)}-{r.randint(10, 999)}", f"{r.randint(100, 9999)}")) + self.x("[　| |、]番号[:| |]") + I("insurer_number", f"{r.randint(1000, 9999999)}") if self.p_(.5) else "")

    def rel(self):
        """Return (role, Person) of a relative whose sex and family fit."""
        role, sex = self.c(("妻", "F"), ("夫", "M"), ("長男", "M"), ("長女", "F"), ("次男", "M"), ("次女", "F"), ("母", "F"), ("父", "M"), ("姉", "F"), ("弟", "M"), ("孫", "F"), ("長男の嫁", "F"), ("義母", "F"), ("姪", "F"), ("後見人の甥", "M"))
        if role == "妻" and self.p.sex == "F":
            role, sex = "夫", "M"
        elif role == "夫" and self.p.sex == "M":
            role, sex = "妻", "F"
        if self.age < 18:
            role, sex = self.c(("母", "F"), ("父", "M"), ("姉", "F"), ("祖母", "F"), ("兄", "M"))
        if self.age > 75 and role in ("母", "父", "義母"):
            role, sex = "長女", "F"
        p = Person(self.r, sex, age={"妻": self.age, "夫": self.age, "母": self.age + 27, "父": self.age + 27, "祖母": self.age + 60, "姉": self.age + 3, "兄": self.age + 3, "弟": self.age - 3, "義母": self.age + 27}.get(role, self.age - 28 if role != "孫" else self.age - 55))
        if not self.p.foreign and role != "義母":
            p.sei, p.sei_k = self.p.sei, self.p.sei_k
        return role, p

    def s_relx(self):
        role, p = self.rel()
        name = I("relative_name", self.c(p.mei, p.mei, p.mei, p.full(self.c("", " ", "　"))))
        return self._rel(role, name)

    def _rel(self, role, name):
        k = self.r.randint(0, 6)
        return [f"{role}：{name}", f"{role} {name}", f"{role}({name})", f"{role}・{name}", f"{role}の{name}さん", f"{role}　{name}様", f"{role}（{name}氏）"][k]

    def s_other(self):
        p = Person(self.r, foreign=.05)
        return I("other_person", self.c(p.full(self.c("", " ", "　")), p.sei, p.full("")))


def era(d):
    """Return (letter, year in era, era name) of a date."""
    for start, letter, name in ((dt.date(2019, 5, 1), "R", "令和"), (dt.date(1989, 1, 8), "H", "平成"), (dt.date(1926, 12, 25), "S", "昭和"), (dt.date(1912, 7, 30), "T", "大正"), (dt.date(1868, 10, 23), "M", "明治")):
        if d >= start:
            return letter, d.year - start.year + 1, name


KAN = "〇一二三四五六七八九"


def kansuji(n):
    if n < 10:
        return KAN[n]
    t, o = divmod(n, 10)
    return ("" if t == 1 else KAN[t]) + "十" + (KAN[o] if o else "")


def fmt(d, style, r):
    e, y, name = era(d)
    yy = "元" if y == 1 and r.random() < .6 else str(y)
    return {"slash": f"{d.year}/{d.month}/{d.day}", "slash0": d.strftime("%Y/%m/%d"), "dash": d.strftime("%Y-%m-%d"), "dot": f"{d.year}.{d.month}.{d.day}", "R": f"{e}{y}.{d.month}.{d.day}", "R0": f"{e}{y:02d}/{d.month:02d}/{d.day:02d}",
            "Rdot": f"{e}{y}/{d.month}/{d.day}", "kanji": f"{d.year}年{d.month}月{d.day}日", "kanjiR": f"{name}{yy}年{d.month}月{d.day}日", "yy": r.choice([f"'{d:%y}/{d.month}/{d.day}", d.strftime("%y/%m/%d"), f"'{d:%y}.{d.month}.{d.day}"]),
            "compact": d.strftime("%Y%m%d"), "md": r.choice([f"{d.month}/{d.day}", f"{d.month}月{d.day}日"]), "kansuji": f"{name}{'元' if y == 1 else kansuji(y)}年{kansuji(d.month)}月{kansuji(d.day)}日",
            "en": f"{d:%B} {d.day}, {d.year}", "en2": f"{d.day:02d}-{d:%b}-{d.year}", "wide": zen(f"{d.year}／{d.month:02d}／{d.day:02d}"), "Rwide": zen(f"{name}{y:2d}年{d.month:2d}月{d.day:2d}日").replace(" ", "　")}[style]


class Hospital:
    """An invented hospital: full names, short forms, mail domain."""

    TYPES = [("総合病院", "総合", "gh"), ("中央病院", "中央", "chuo"), ("市立病院", "市立", "cityhp"), ("市立総合病院", "市立", "city-hosp"), ("赤十字病院", "日赤", "jrc"), ("厚生病院", "厚生", "kosei"), ("労災病院", "労災", "rosai"), ("協立病院", "協立", "kyoritsu"), ("医療センター", "医セ", "mc"), ("がんセンター", "がんセ", "cc"),
             ("循環器病センター", "循セ", "cvc"), ("大学病院", "大", "u"), ("医科大学附属病院", "医大", "med"), ("記念病院", "記念", "memorial"), ("脳神経外科病院", "脳外", "neuro"), ("整形外科クリニック", "整形", "ortho"), ("内科クリニック", "内科", "cl"), ("クリニック", "CL", "clinic"), ("町国民健康保険病院", "国保", "kokuho"), ("徳洲病院", "徳洲", "th"),
             ("健診センター", "健診", "kenshin"), ("画像診断クリニック", "画診", "img"), ("こころの病院", "こころ", "kokoro"), ("済生会病院", "済生会", "saisei"), ("ファミリークリニック", "FC", "fc")]

    def __init__(self, r):
        self.r = r
        self.t = r.choice(self.TYPES)
        self.bysurname = self.t[0] in ("内科クリニック", "クリニック", "整形外科クリニック", "ファミリークリニック") and r.random() < .6
        self.root = r.choice(SEI) if self.bysurname else r.choice(ROOTS)
        self.prefix = r.choice(["", "", "", "", "医療法人社団翠陽会 ", "独立行政法人国立病院機構 ", "医療法人" + r.choice(["清和会", "仁泉会", "緑樹会", "北斗会", "洛友会"]), "社会医療法人" + r.choice(["恵陽会　", "道央会　"])]) if not self.t[0].startswith(("市立", "赤十字", "町")) else ""
        self.domain = f"{romaji(self.root[1])}-{self.t[2]}.{r.choice(['or.jp', 'jp', 'ac.jp' if '大' in self.t[0] else 'or.jp', 'ne.jp', 'com'])}"

    def full(self):
        if self.bysurname and self.t[0] == "内科クリニック" and self.r.random() < .5:
            return self.prefix + self.root[0] + "内科医院"
        return (self.prefix if self.r.random() < .6 else "") + self.root[0] + self.t[0]

    def short(self):
        a, b = self.root[0], self.t[1]
        return self.r.choice([a + b, a + b, f"{a}{b}HP" if b in ("総合", "中央", "記念", "市立") else a + b, f"{a}Hp", f"{a}病院" if "クリ" not in self.t[0] else f"{a}クリ", f"{a[:2]}{b}" if len(b) > 1 and b not in ("CL", "FC") else a + b])


def address(r):
    rt, s = r.choice(ROOTS)[0], r.choice(ROOTS)[0]
    n = lambda a, b: r.randint(a, b)
    post = r.choice(["", "", f"〒{n(100, 999)}-{n(0, 9999):04d} ", f"{n(100, 999)}-{n(0, 9999):04d}　"])
    flat = r.choice(["", "", "", f" コーポ{s}{n(1, 4)}0{n(1, 8)}", f"-{n(101, 909)}", f"　グランドハイツ{s}{n(201, 1204)}号", f" 市営住宅{n(1, 9)}-{n(101, 405)}"])
    pref = r.choice(PREFS)
    body = r.choice([f"{pref}{rt}市{s}{n(1, 9)}丁目{n(1, 30)}-{n(1, 20)}", f"北海道{rt}市{r.choice('北南')}{n(1, 30)}条{r.choice('東西')}{n(1, 20)}丁目{n(1, 9)}-{n(1, 40)}", f"京都市{r.choice(['中京', '下京', '左京', '右京', '伏見', '山科'])}区{s}町{n(1, 300)}", f"京都市{r.choice(['上京', '中京'])}区{s}通{r.choice(['二条', '三条', '丸太町', '御池'])}{r.choice(['上ル', '下ル', '東入ル'])}{rt}町{n(1, 200)}",
                     f"{rt}町字{s}{n(1, 300)}番地{n(1, 20)}", f"{pref}{rt}郡{s}町{n(1, 2000)}", f"{rt}市{s}町{n(1, 9)}-{n(1, 30)}-{n(1, 20)}", f"札幌市{r.choice(['白石', '豊平', '手稲', '北', '厚別'])}区{s}{n(1, 9)}条{n(1, 9)}丁目{n(1, 9)}番{n(1, 40)}号"])
    return post + body + flat


# ---------------------------------------------------------------- prose blocks
def sentences(c, n):
    """Return n different finding sentences, some a list of negatives."""
    m = SENT[c.mod]
    out, used = [], set()
    n = min(n, len(m["find"]) - 1)
    while len(out) < n:
        if m["neg"] and c.p_(.28) and "NEG" not in used:
            used.add("NEG")
            ws = c.r.sample([w for w in V[m["neg"]]], c.r.randint(2, 4))
            out.append((c.c("", "その他、", "明らかな", "なお、") if out else c.c("", "明らかな", "")) + c.c("、", "、", "や").join(c.x(w) for w in ws) + c.s_neg())
            continue
        t = c.r.choice(m["find"])
        if t in used and len(used) < len(m["find"]):
            continue
        used.add(t)
        out.append(c.x(t))
    if c.p_(.35) and c.mod not in NO_CHANGE_INC:
        out.append(c.x("[{inc}{pos}|[撮像|検査|描出]範囲内に{inc}{pos}|そのほか{inc}{pos}|ほかに{inc}{pos}|{inc}(既知)。|付記:{inc}{pos}|以上{nd}参照。|key image:{nd}]" if c.mod in ("chest", "abdomen", "aorta", "coro", "brain", "headct", "spine") else "[{inc}{pos}|ほかに{inc}{pos}]"))
    return out


def impressions(c, n):
    return [c.x(t) for t in c.r.sample(SENT[c.mod]["imp"], min(n, len(SENT[c.mod]["imp"])))]


def join(c, items, style=None):
    style = style or c.c("line", "line", "para", "bullet", "num", "hyphen", "para", "indent", "two")
    if style == "para":
        return "".join(items)
    if style == "two":
        return "\n".join("".join(items[i:i + 2]) for i in range(0, len(items), 2))
    lead = {"line": [""], "bullet": ["・"], "hyphen": ["- "], "indent": ["　"], "num": []}[style]
    if style == "num":
        f = c.c("{}. ", "#{} ", "{}) ", "({})", "{}.", "＃{}　")
        return "\n".join(f.format(i + 1) + t for i, t in enumerate(items))
    return "\n".join(lead[0] + t for t in items)


def history(c):
    """A clinical history, without identifiers but for months, ages over 89 and perhaps a hospital."""
    if c.age < 16:
        return c.x(c.c("{age}{sexj}。{sx}[で受診|の精査|]。", "{exam_hist}。{sx}。", "{age}、{sx}[が続く|あり]。{marker}。", "{sx}。{exam_hist}で通院中。", "学校検診で異常指摘。", "転倒して受傷。{age}。"))
    h = c.c(
        "{age}{sexj}。{sx}[で受診|にて受診|精査|を主訴に来院]。", "{cancer}[術後|治療中|フォロー]。{tx}。", "{sx}、{sx}。{marker}。", "{cancer} {stage}。{tx}[の効果判定|フォロー|の評価]お願いします。", "{exam_hist}、{exam_hist}[で通院中|あり]。{sx}[精査|の原因検索]。", "{eponym}[で加療中|の経過観察]。{marker}。",
        "#1 {cancer} #2 {exam_hist}。再発チェック[お願いします|]。", "{sx}[あり|が続く]。{score}。{dept}[より|から]依頼。", "健診で異常を指摘。自覚症状なし。", "{oldmonth}に{cancer}で手術。{marker}[と上昇|]。", "{score}、{marker}。{sx}の精査目的です。", "{age}、{exam_hist}。[術前精査|スクリーニング|経過観察]。", "s/o {cancer}、{marker}", "{eponym}、{exam_hist}。", "既往:{exam_hist}、{exam_hist}。主訴:{sx}")
    return c.x(h)


def ref_bits(c):
    """Optional bits that name a hospital or a doctor inside the history."""
    if c.p_(.06):
        return c.s_trap()
    return c.x(c.c("[近医|前医]({anyhosp2})より紹介。", "{hosp2} {refx}からのご紹介。", "{short2}で指摘、当科紹介。", "{refx}より依頼。", "{anyhosp2}で{oldmonth}に手術、以後当院フォロー。", "かかりつけ:{hosp2}", "{cmpdate} {short2}のCT持参。", "{refx}ご高診下さい。", "{anyhosp2}[での|の]CT({cmpdate})で指摘。"))


def findings_block(c, n=None):
    n = n or c.c(2, 3, 3, 4, 4, 5, 5, 6, 7, 8, 10)
    tech = [c.x(t) for t in c.r.sample(SENT[c.mod]["tech"], 1)] if c.p_(.45) else []
    return join(c, tech + sentences(c, n))


def two_parts(c, n=None):
    """Findings and impression under one pair of headings."""
    a, b = c.c(("【所見】", "【診断】"), ("所見:", "診断:"), ("[所見]", "[診断]"), ("＜所見＞", "＜結論＞"), ("■所見", "■印象"), ("Findings:", "Impression:"), ("所見", "診断"), ("《所見》", "《診断》".replace("《", "《")), ("読影所見：", "コメント："), ("◆所見", "◆まとめ"), ("＜レポート＞", "＜imp＞"), ("(所見)", "(診断)"), ("F)", "I)"), ("●画像所見", "●画像診断"), ("所 見", "結 論"))
    gap = c.c("\n", "\n", "\n\n", "")
    nl = c.c("\n", "\n", "") if not gap == "" else "\n"
    f, i = findings_block(c, n), join(c, impressions(c, c.r.randint(1, 3)), c.c("line", "num", "bullet", "para"))
    if c.p_(.12):
        return f"{b}{nl}{i}{gap or chr(10)}{a}{nl}{f}"
    return f"{a}{nl}{f}{gap or chr(10)}{b}{nl}{i}"


def signature(c):
    return c.x(c.c("読影[医|者|][:|：| |　]{sg}", "放射線科 {sg}", "報告医：{sg}", "({sg})", "文責 {sg}", "読影：{sg}／確認：{sg:second}", "放射線診断専門医 {drfull:reader}", "Read by {drroma}", "R: {dr:reader} / C: {dr:second}", "診断医　{drfull:reader}", "一次:{sg} 二次:{sg:second}", "記載者 {sg}", "以上です。{dr:reader}", "報告日 {exam} {sg}", "署名: {drfull:reader} {exam} {time}", "{dr:reader}/{dr:second}", "確定 {sg}({exam})", "検査者:{sg:tech}　判定医:{sg:reader}", "放科 {dr:reader}"))


# ---------------------------------------------------------------- ordinary layouts
def o_plain(c):
    return two_parts(c)


def o_history(c):
    hd = c.c("【臨床情報】", "臨床情報：", "依頼内容:", "目的:", "[検査目的]", "＜依頼情報＞", "History: ", "臨床診断／経過　", "Clinical info: ", "■依頼目的 ")
    return hd + history(c) + (ref_bits(c) if c.p_(.5) else "") + "\n" + two_parts(c)


def o_compare(c):
    cmp_ = c.x(c.c("【比較】{cmpdate}", "比較: {cmpdate} [CT|MRI|]", "比較画像：{cmpdate}、{older}", "対比 {cmpdate}", "前回検査 {cmpdate}と比較しました。", "Comparison: {cmpdate}", "比較:[なし|前回検査なし]", "({cmpdate}のCTと比較)", "過去画像:当院 {cmpdate}", "※比較対象は{cmpdate}の[PET|CT|MR]です。"))
    return cmp_ + "\n" + two_parts(c)


def o_title(c):
    t = c.x(SENT[c.mod]["title"])
    return c.c(t, "検査:" + t, "【検査名】" + t, f"検査種別　{t}", "◇" + t) + (c.x(" [{exam}|検査日:{exam}|撮影日 {exam}]") if c.p_(.35) else "") + "\n" + (history(c) + "\n" if c.p_(.4) else "") + two_parts(c)


def o_signed(c):
    return c.c(o_plain, o_history, o_compare, o_title)(c) + c.c("\n", "\n\n", "\n　　　　　　", "\n") + signature(c)


def o_onepara(c):
    s = sentences(c, c.r.randint(3, 6)) + impressions(c, 1)
    return "".join(s) if c.p_(.6) else " ".join(s)


def o_short(c):
    m = c.x(SENT[c.mod]["title"])
    return c.c(f"{m}\n" + "".join(impressions(c, 2)), "".join(sentences(c, 2)), f"{m}:" + "".join(sentences(c, 1) + impressions(c, 1)), "\n".join(impressions(c, 3)))


ENGLISH = {
    "chest": ("[cough|hemoptysis|follow-up of lung nodule|dyspnea|suspected PE|lung cancer staging]", ["There is a {sizeen} «[solid|part-solid|ground-glass] nodule» in the «[right upper|right middle|right lower|left upper|left lower] lobe».", "No «[pleural effusion|pneumothorax|mediastinal lymphadenopathy|pericardial effusion|filling defect]».", "«[Mild|Moderate|Severe] [centrilobular emphysema|cardiomegaly|bronchial wall thickening|coronary calcification]»[.| is noted.]", "The «[trachea|heart|thoracic aorta]» is unremarkable.", "«[Bibasilar atelectasis|Linear scarring|Honeycombing|Traction bronchiectasis]» is [seen|not seen].", "«[Central line|ETT|NG tube]» tip is in [good|satisfactory] position."], ["«[No acute cardiopulmonary disease|Stable pulmonary nodule|Suspicious for malignancy|Old granulomatous disease|UIP pattern]».", "Follow-up CT in {n:3-12} months per «Fleischner 2017».", "Recommend «[PET/CT|biopsy|contrast CT]».", "«[Hiatal hernia|Takayasu arteritis, stable|Kawasaki disease sequelae]»."]),
    "abdomen": ("[abdominal pain|jaundice|hematuria|HCC surveillance|weight loss|s/p colectomy]", ["A {sizeen} «[cyst|hemangioma|hypervascular lesion|hypodense lesion]» is seen in «segment {n:2-8}».", "The «[liver|spleen|pancreas|gallbladder|left kidney]» is [unremarkable|normal].", "No «[ascites|hydronephrosis|free air|lymphadenopathy|biliary dilatation]».", "«[Cholelithiasis|Colonic diverticula|Fatty liver|Bosniak II cyst]» [noted|is seen].", "The «common bile duct» measures «{n:4-12} mm»."], ["«[Cholelithiasis|Diverticulosis|Simple hepatic cysts|LR-{n:3-5} lesion]».", "No evidence of «[metastasis|recurrence|bowel obstruction]».", "Recommend «[MRCP|EUS|contrast MRI]».", "«[Mirizzi syndrome]» not excluded."]),
    "brain": ("[headache|dizziness|right hemiparesis|memory loss|seizure|follow-up of meningioma]", ["No «[acute infarct|hemorrhage|midline shift|abnormal enhancement|hydrocephalus]».", "«[Mild|Moderate] [white matter disease|cortical atrophy|hippocampal atrophy]», «Fazekas grade {n:1-3}».", "A {sizeen} «[extra-axial mass|cavernous malformation|arachnoid cyst]» in the «[left frontal|right temporal|posterior fossa]» region.", "«MRA»: no «[significant stenosis|aneurysm]».", "«[Paranasal sinuses|Mastoid air cells|Orbits]» are clear."], ["«[No acute intracranial abnormality|Chronic ischemic change|Meningioma, stable]».", "Recommend «[MRA|contrast MRI|DSA]».", "«[Hashimoto encephalopathy less likely|Moyamoya disease, Suzuki stage {n:2-4}]»."]),
    "spine": ("[low back pain|radiculopathy|trauma|gait disturbance]", ["«[Disc bulge|Disc protrusion|Central canal stenosis]» at {spinelevel}.", "«[Grade 1 anterolisthesis|Modic type {n:1-3} change]» at {spinelevel}.", "No «[fracture|cord signal abnormality|conus lesion]».", "«Tarlov cyst», {sizeen}.", "«Vertebral body heights» are preserved."], ["«[Lumbar spondylosis|Hirayama disease not suggested|L{n:1-4} compression fracture]».", "Recommend «[flexion-extension views|STIR imaging]».", "«Degenerative disc disease», [mild|moderate]."]),
}


def o_english(c):
    reason, finds, imps = ENGLISH[c.c("chest", "chest", "abdomen", "brain", "spine")]
    when = I("other_date", fmt(c.exam - dt.timedelta(days=c.r.randint(20, 900)), c.c("en", "en2", "slash", "dash", "slash0"), c.r))
    ind = c.x("[INDICATION: |Indication: |Clinical history: |Hx: ]«" + reason + "»[.|, {age_en}.]")
    f = [c.x(t) for t in c.r.sample(finds, c.r.randint(2, 5))]
    if c.p_(.4):
        f.insert(c.r.randint(0, len(f)), c.c("Compared with the prior study of ", "In comparison with ") + when + c.c(", no interval change.", ", slightly larger.", ", improved."))
    comp = c.c("COMPARISON: " + when + "\n", "COMPARISON: None.\n", "", "", c.x("TECHNIQUE: [Axial|Multiplanar] images, {contrasten}.\n"))
    return ind + "\n" + comp + "FINDINGS:" + c.c(" ", "\n") + c.c(" ", "\n").join(f) + "\nIMPRESSION:" + c.c(" ", "\n") + c.c(" ", "\n").join(c.x(t) for t in c.r.sample(imps, 2)) + (c.x("\n[Electronically signed by |Dictated by: |Reported by ]{drroma}[, MD|]") if c.p_(.4) else "")


def o_multi(c):
    """One report of two body regions, as oncology CT is read."""
    a = c.c("【胸部】", "＜胸部＞", "胸部：", "胸部:", "■胸部", "(胸部)", "Chest: ").replace("\n", "")
    b = a.replace("胸部", c.c("腹部", "腹部骨盤", "上腹部")).replace("Chest", "Abdomen")
    c.mod = "abdomen"
    second = "".join(sentences(c, c.r.randint(2, 4)))
    imp2 = impressions(c, 1)
    c.mod = "chest"
    nl = c.c("\n", "")
    return c.x("[胸腹部CT|胸部~骨盤CT|CT CAP] [{eq_ct}|造影|]").strip() + "\n" + (history(c) + "\n" if c.p_(.5) else "") + (c.x("比較 {cmpdate}\n") if c.p_(.3) else "") + a + nl + "".join(sentences(c, c.r.randint(2, 4))) + "\n" + b + nl + second + "\n" + c.c("診断 ", "まとめ:", "【結論】", "imp: ") + "\n" * c.p_(.5) + join(c, impressions(c, c.r.randint(1, 2)) + imp2, c.c("num", "line", "bullet")) + ("\n" + signature(c) if c.p_(.3) else "")


def o_screen(c):
    c.mod = modality(c.r, ["us_abd", "us_thy", "us_vasc", "crs", "ugi"] + ["mmg", "us_breast"] * (c.p.sex == "F"))
    rows = [c.x(t) for t in c.r.sample(SENT[c.mod]["find"], min(4, len(SENT[c.mod]["find"])))]
    sep = c.c("　", ": ", "\t", " … ")
    return c.x(SENT[c.mod]["title"]) + "\n" + "\n".join(f"{k}{sep}{v}" for k, v in zip(["所見1", "所見2", "所見3", "所見4"], rows)) + c.x("\n総合判定[：| ][A|B|C3|C6|D2|E][ {guideline}|]") + (c.x("\n前回[受診|] {cmpdate} 判定 [B|C]") if c.p_(.4) else "") + ("\n" + c.x("判定医 {sg}") if c.p_(.3) else "")


def o_mixed(c):
    return c.x(c.c("{age}{sexj}、", "{age}{sexj} ", "")) + history(c) + "\n" + join(c, sentences(c, c.r.randint(2, 5))) + "\n" + c.c("imp) ", "→", "以上より、", "A: ", "まとめ ", "結論:") + "".join(impressions(c, 2)) + (c.x("\n{refx}[へ電話連絡済。|に報告済み。|御机下]") if c.p_(.15) else "")


def o_remark(c):
    tail = c.x(c.c("※撮影時体動あり。", "副作用:なし", "【連絡】緊急性の高い所見のため{refx}({phs})に連絡しました。", "追記({day}):上記に変更なし。", "次回予約 {future}", "ご紹介ありがとうございました。", "右左の記載に誤りがあり修正({day})。", "※{short2}の画像は{nd}まで。", "造影剤アレルギー歴なし。{marker}。", "注:{guideline}に基づく。", "本検査は{eq_ct}で行いました。"))
    return two_parts(c) + "\n" + tail


ORDINARY = [(o_plain, 10), (o_history, 20), (o_compare, 14), (o_title, 10), (o_signed, 24), (o_multi, 8), (o_onepara, 6), (o_short, 6), (o_english, 5), (o_screen, 8), (o_mixed, 10), (o_remark, 8)]


# ---------------------------------------------------------------- hostile layouts
def body(c, n=None):
    return c.c(two_parts, lambda c, n: findings_block(c, n) + "\n" + "".join(impressions(c, 2)), two_parts)(c, n or c.r.randint(1, 4))


def spaced(c, text, p=.5, gap=" "):
    """Put OCR blanks between the characters of a marked text, never beside a mark's outer edge."""
    out = ""
    for i, ch in enumerate(text):
        out += ch
        if i + 1 < len(text) and ch not in MARKS and text[i + 1] not in MARKS and ch not in " \n" and text[i + 1] not in " \n" and c.p_(p):
            out += gap
    return out


def wrap(c, text, width):
    """Break lines at a fixed number of characters, also inside names."""
    out, n = "", 0
    for i, ch in enumerate(text):
        if ch == "\n":
            n = 0
        elif ch not in MARKS:
            if n >= width and ch not in "、。，．)） ":
                if out and out[-1] in MARKS and out[-1] not in (CLOSE, "»", "›"):
                    j = len(out)
                    while j and out[j - 1] in MARKS and out[j - 1] not in (CLOSE, "»", "›"):
                        j -= 1
                    out = out[:j] + "\n" + out[j:]
                else:
                    out += "\n"
                n = 0
            n += 1
        out += ch
    return out


def h_box(c):
    rows = [("患者氏名", c.s_pk()), ("フリガナ", c.s_pkana()), ("ＩＤ", c.s_pid()), ("生年月日", c.s_birth() + c.x("({age})")), ("依頼科", c.s_dept() + " " + c.s_dr()), ("病棟", c.s_ward() + c.c("", " " + c.s_room())), ("検査日", c.s_exam()), ("検査番号", c.s_acc()), ("技師", c.s_dr("tech"))]
    rows = [row for row in rows if c.p_(.8)]
    c.r.shuffle(rows)
    v = c.c("│", "|", "┃", "：")
    rule = c.c("─", "-", "=", "━") * c.r.randint(20, 38)
    return f"{rule}\n" + "\n".join(f"{v}{k}{v}{x}{v if v != '：' else ''}" for k, x in rows) + f"\n{rule}\n" + body(c)


def h_banner(c):
    bits = [c.x("ID[:|：|]{pid}"), c.x("{pk}[ 様|様|殿| 殿| 氏|]"), c.x("[({pkana})|{pkana}|]"), c.x("{birth}[生|生まれ| 生|]"), c.x("{age}"), c.x("[{ward}|{ward} {room}|外来]"), c.x("主治医[:|：| ]{dr:att}"), c.x("担当Ns[:| ]{dr:nurse}")]
    keep = [b for b in bits if b and c.p_(.82)]
    return c.c(" ", "　", " / ", "  |  ", "・").join(keep) + "\n" + body(c)


def h_stamp(c):
    st = c.x(c.c("【受付済 {exam} {time} {dr:clerk}】", "〔検像 {dr:tech} 印〕", "(読影済 {exam} {sg}㊞)", "《確認》主治医 {sg:att} 印　師長 {dr:nurse} 印", "受付印　{exam}　放射線部　{dr:clerk}", "技師[長|]{dr:tech}㊞　受付{dr:clerk}㊞", "検像者印[{dr:tech}]".replace("[", "〈").replace("]", "〉"), "照射録記載者：{drfull:tech}　医師印 {dr:ref}", "スキャン取込 {exam} {login:clerk}", "ダブルチェック済({dr:tech}→{dr:nurse})", "FAX受信 {exam} {time} {phone} P.01"))
    st2 = c.x("[|施行技師 {sg:tech}\n|介助看護師 {dr:nurse}、造影剤投与 {dr:resident}(研修医)\n|同意書確認:{dr:nurse}\n]")
    return st + "\n" + (c.x("{pk}　{pid}\n") if c.p_(.6) else "") + st2 + body(c) + ("\n" + st.replace("\n", "") if c.p_(.1) else "")


def h_trailer(c):
    rule = c.c("-- ", "--------------------", "＊＊＊＊＊＊＊＊＊＊", "～～～～～～～～", "____________", "=+=+=+=+=+=+=", "∞∞∞∞∞∞∞")
    lines = [c.s_hosp() + " " + c.c("放射線科", "画像診断センター", "放射線部"), c.x("[医長 |部長 |診療放射線技師 |専攻医 |副院長 |]{drfull:reader}[|({drroma})]"), c.c("", c.s_addr()), c.x("[TEL|Tel:|電話 |☎]{phone}[ (内線{ext})| FAX {phone}|]"), c.x("[E-mail: |Mail:|✉ |]{email}"), c.c("", "", c.s_url())]
    return (c.x("{refx}[御侍史|机下|、お世話になっております。]\n") if c.p_(.5) else "") + body(c) + "\n" + rule + "\n" + "\n".join(x for x in lines if x and c.p_(.85))


def h_dictation(c):
    s = sentences(c, c.r.randint(2, 4)) + impressions(c, 1)
    if c.p_(.6):
        s = [t.replace(" mm", "ミリ").replace("mm", "ミリ").replace("×", "かける") for t in s]
    s = [t.replace("。", c.c("まる", "。", "。改行", " まる 改行 ")) for t in s]
    head = c.x(c.c("口述[票|スリップ] No.{n:1-400} 口述者 {dr:reader} 入力 {dr:typist}({login:typist})\n", "[音声認識・未校正]\n".replace("[", "〔").replace("]", "〕") + "えーと患者さんは{pk}さん、{age}の{sexj}、ID{pid}です。", "録音{n:1-90} {dr:reader}です、{pkana}様、生年月日{birthk}。\n", "はい次、{psei}さんの、えー、{day}の", "じゃあ{psei}{pmei}さん、撮影は{exam}。主治医は{dr:att}先生。", "ディクテーション開始 {dr:reader} {exam} {time}。患者番号{pidk}、"))
    tail = c.x(c.c("以上{dr:reader}でした。", "。以上です。タイプよろしく、{dr:typist}さん", "コピーを{refx}へ。", "ここまで。{hosp}、{dr:reader}。", "おわり。", "訂正、さっきの{dr:att}先生じゃなくて{dr:ref}先生宛てで。"))
    fill = c.c("", "えー", "あのー、", "あと、", "それから")
    return head + fill.join(s) + "\n" + tail


def h_phone(c):
    head = c.x(c.c("【電話連絡】{day} {time} {refx}[PHS|(PHS)|→PHS]{ext}", "緊急所見報告：{dr:reader}→{dr:att}({phs}) {time}", "電話メモ {time} {pk}様のご家族({relx} {mobile})より", "パニック値連絡 {ward}　受：{dr:nurse}Ns 発：{sg:tech}技師", "☎ {anyhosp2}地域連携室 {dr:msw}様 {phone}", "{time} {dr:ref}Dr不在のため{dr:resident}研修医に口頭で報告", "夜間オンコール {dr:reader} {mobile} → 当直{dr:duty}", "家族連絡先 {relx} 携帯{mobile}　自宅{phone}", "{ward}{dr:nurse}看護師より{phs}、{psei}さんの件"))
    return c.c(head + "\n" + body(c), body(c, 2) + "\n" + head, "".join(sentences(c, 2)) + head + "。" + "".join(impressions(c, 1)))


def h_ocr(c):
    t = c.x("診療情報提供書\n患者氏名 {pk} 殿 (男・女)\n生年月日 {birthR} {age}\n住所 {addr}\n紹介元 {hosp2} 医師 {drfull:ref}\n")
    head = "".join(spaced(c, seg, c.c(.2, .45, .8), c.c(" ", " ", "　")) + "\n" for seg in t.strip().split("\n") if c.p_(.85))
    b = "".join(sentences(c, c.r.randint(2, 4)) + impressions(c, 1))
    return head + (spaced(c, b, .08) if c.p_(.5) else b)


def h_referral(c):
    a = c.x("{hosp2}\n{dept}　[{drfull:ref}|{dr:ref}] [先生 御机下|先生 侍史|先生|御中]\n")
    b = c.x(c.c("平素より大変お世話になっております。{pk}様({age}・{sexj})の検査結果をご報告いたします。\n", "ご紹介頂きました{psei}様、{exam}に{title}を施行しました。\n", "患者{pk}[様|殿](ID {pid})につき下記の通りご報告申し上げます。\n", "いつもありがとうございます。{city}在住の{psei}{pmei}様、{sx}精査でご紹介頂きました。\n"))
    e = c.x(c.c("{exam}\n{hosp}　{dept}　{drfull:reader}　拝", "敬具\n{addr}\n{hosp}\n院長 {drfull:head}", "今後とも宜しくお願い申し上げます。{short}　{dr:reader}", "CC: {short2} {dr:att}先生\n文責 {drfull:reader}(非常勤)"))
    return a + b + body(c) + "\n" + e


def h_tele(c):
    head = [c.x("依頼施設[:|：]{anyhosp2}"), c.x("施設コード {n:100-999}"), c.x("検査ID[:|：]{acc}"), c.x("患者[:|ID:]{pid}[ {proma}|]"), c.x("[至急|通常|当日]"), c.x("読影医[:|：]{drfull:reader}({login:reader})"), c.x("受信 {exam} {time}"), c.x("依頼医 {dr:ref}")]
    head = [h for h in head if c.p_(.75)]
    tail = c.x(c.c("※画像不足。{short2} {dr:tech}技師に確認済({phone})", "参照 {url}", "一次読影 {sg}　二次読影 {sg:second}　配信 {login:typist}", "返信先 {email}", "課金区分 2 / {login:reader} {exam} {time}"))
    return c.c("\n", " ", "；", "\n").join(head) + "\n" + body(c) + "\n" + tail


def h_kenshin(c):
    rows = [c.x("受診団体[:|：| ]{employer}[ {n:1-9}組| 総務課|]"), c.x("[受診者|氏名][:|：]{pkana}[ {pk}|]"), c.x("受診番号 {acc}"), c.x("{insurer}"), c.x("社員番号 ") + I("patient_id", str(c.r.randint(1000, 999999))), c.x("[生年月日|生]{birth}"), c.x("受診日 {exam}"), c.x("被扶養者({relx})" if c.p_(.4) else "施設 {hosp}"), c.x("連絡先 {mobile}"), c.x("住所 {addr}")]
    return c.c("\n", "\n", "　").join(x for x in rows if c.p_(.6)) + "\n" + o_screen(c) + c.x(c.c("\n結果送付先:{employer} 健康管理室 {dr:hk}様(保健師)", "\n産業医 {drfull:ref}", "\n判定 {dr:reader} / 面談 {dr:hk}保健師", "\n{employer}[健保|人事]へ写し送付", ""))


def h_hl7(c):
    p = c.p
    pn = I("patient_name", f"{p.roma_sei}^{p.roma_mei}") + "~" + I("patient_name", f"{p.sei}^{p.mei}") + "~" + I("patient_name", f"{p.sei_k}^{p.mei_k}")
    b = I("birth_date", c.birth.strftime("%Y%m%d"))
    ad = I("address", address(c.r).replace("　", " ").strip()) if c.p_(.5) else ""
    lines = [f"PID|1||{I('patient_id', c.idplain)}||{pn}||{b}|{p.sex}|||{ad}||{c.s_phone() if c.p_(.5) else ''}", "PV1|1|I|" + c.s_ward() + "^" + c.s_room() + "||||" + I("login", f"D{c.r.randint(1000, 9999)}") + "^" + c.s_drfull("att"), "OBR|1||" + c.s_acc() + "|" + c.x(SENT[c.mod]["title"]) + "|||" + I("exam_date", c.exam.strftime("%Y%m%d"))]
    obx = [f"OBX|{i + 1}|TX|||{t}" for i, t in enumerate(sentences(c, 3) + impressions(c, 2))]
    return "\n".join([x for x in lines if c.p_(.85)] + obx)


def h_tsv(c):
    cells = [("患者ID", c.s_pid()), ("漢字氏名", c.s_pk()), ("カナ氏名", c.s_pkana()), ("生年月日", c.s_birth()), ("性別", c.p.sex), ("検査日", c.s_exam()), ("依頼医", c.s_drfull()), ("オーダ番号", c.s_acc()), ("病棟", c.s_ward()), ("読影医", c.s_drfull("reader")), ("登録者", c.s_login("typist"))]
    cells = [x for x in cells if c.p_(.7)]
    c.r.shuffle(cells)
    sep = c.c(",", "\t", "|", ";")
    q = c.c("", '"')
    row = lambda xs: sep.join(q + v + q for v in xs)
    rep = " ".join(sentences(c, c.r.randint(2, 4)) + impressions(c, 1)).replace(",", "、")
    with_head = c.p_(.7)
    return (row([k for k, _ in cells] + ["レポート"]) + "\n" if with_head else "") + row([v for _, v in cells] + [rep])


def h_card(c):
    k = half_kana(c.p.kana(c.c(" ", "  ")))
    e, y, _ = era(c.birth)
    return c.x("[診察券|ｼﾝｻﾂｹﾝ|ｶｰﾄﾞ]") + "\n" + I("patient_id", c.idplain) + c.c("", "-" + str(c.r.randint(1, 9))).replace("-", " ") + "\n" + I("patient_name", k) + c.c(" ｻﾏ", "", " 様") + "\n" + I("birth_date", c.c(f"{e}{y:02d}.{c.birth.month:02d}.{c.birth.day:02d}", f"{e}.{y}.{c.birth.month}.{c.birth.day}", f"{e}{y:02d}{c.birth.month:02d}{c.birth.day:02d}", f"{c.birth:%Y%m%d}")) + " " + c.c({"M": "ｵﾄｺ", "F": "ｵﾝﾅ"}[c.p.sex], c.p.sex) + "\n" + half_kana(body(c, 3))


def h_english(c):
    d = lambda k, day: I(k, fmt(day, c.c("en", "en2", "slash", "dash"), c.r))
    p = c.p
    nm = I("patient_name", c.c(p.roma(", "), p.roma_mei.title() + " " + p.roma_sei.title(), p.roma(" "), p.roma_sei.title() + ", " + p.roma_mei.title()))
    last = I("patient_name", p.roma_sei.title())
    t = {"M": ("Mr.", "He", "man"), "F": ("Ms.", "She", "woman")}[p.sex]
    head = c.c(f"PATIENT: {nm}  DOB: {d('birth_date', c.birth)}  MRN: {c.s_pid()}\nDATE OF EXAM: {d('exam_date', c.exam)}\n", f"RE: {nm} ({d('birth_date', c.birth)})\nDear Dr. {I('staff_name', c.who('ref').roma_sei.title())},\n{t[0]} {last} was examined on {d('exam_date', c.exam)}.\n", f"{nm}, {I('age_over_89', str(c.age) + '-year-old') if c.age > 89 else str(c.age) + '-year-old'} {t[2]}. {t[1]} works for {I('employer', c.c('Hokushin Trading Co., Ltd.', 'Rakuto Foods K.K.', 'Sapporo East English Academy', 'Minato Gear Works'))}.\n")
    _, finds, imps = ENGLISH[c.c("chest", "abdomen", "brain", "spine")]
    f = [c.x(x) for x in c.r.sample(finds, c.r.randint(2, 4))]
    if c.p_(.5):
        f.append(c.x("Compared with ") + d("other_date", c.exam - dt.timedelta(days=c.r.randint(20, 800))) + c.c(", no significant change.", ", slightly enlarged."))
    e = c.x(c.c("Dictated by {drroma}, transcribed by {login:typist}", "Signed: {drroma}, M.D., Dept. of Radiology, {hospen}", "{drroma} MD / cc: {drroma:ref}", "Findings were discussed with Dr. {drromasei} by phone ({ext}) at {time}.", "Contact: {email}, +81-{n:11-75}-".replace("+81-{n:11-75}-", "") + "{intl}"))
    return head + "FINDINGS:\n" + " ".join(f) + "\nIMPRESSION: " + " ".join(c.x(x) for x in c.r.sample(imps, 2)) + "\n" + e


def h_psych(c):
    bits = c.r.sample([c.x("同室者の{other}さんと口論し転倒、頭部打撲。"), c.x("医療保護入院(同意者:{relx})。"), c.x("担当PSW {dr:psw}、訪問看護 {dr:vn}Ns。"), c.x("{day} {other}氏に押され受傷と本人談。"), c.x("グループホーム世話人 {other}様同伴。"), c.x("{relx}付き添い。"), c.x("入院 {ward}{room}、隔離なし。"), c.x("以前{employer}勤務、{oldmonth}退職。"), c.x("主治医 {dr:att}、心理 {dr:cp}(公認心理師)。"), c.x("保佐人 {other}(司法書士)"), c.x("本人「{other}に薬を盛られた」と訴える。")], c.r.randint(2, 4))
    c.mod = c.c("brain", "headct")
    return "".join(bits) + c.c("", "\n") + c.x("[撮影中、|検査時|]{psei}[さん|氏]は[落ち着いて|体動多く|鎮静下で]検査。\n") + body(c)


def h_trauma(c):
    c.mod = c.c("chest", "headct", "cr", "spine", "limb", "abdomen")
    t = c.x(c.c("{city}の路上で{other}運転の車と衝突。救急隊{other2}隊長より引継。", "{employer}の作業中に転落、同僚の{other}さん通報。労災扱い。", "{school}の[体育|部活]で受傷。引率 {other}教諭。" if c.age < 19 else "{other}氏宅の屋根から転落。", "自宅({addr})で転倒しているのを{relx}が発見。", "ヘルパー{other}さん訪問時に発見。", "警察官 {other}巡査立会い。身元:{pk}({birth})", "{facility} 職員{other}様付き添い。", "氏名不詳→{pk}と判明({time})。連絡先 {relx} {mobile}"))
    return "【救急】" * c.p_(.4) + t + c.x("[|{score}。|{sx}。]") + "\n" + c.x("[当直 {dr:duty}、|指導医 {dr:att}、研修医 {dr:resident}、|]撮影 {sg:tech}\n") + body(c)


def h_child(c):
    c.mod = c.c("crs", "brain", "us_abd", "limb", "headct")
    if c.age > 17:
        c.age = c.r.randint(3, 15)
        c.birth = c.exam - dt.timedelta(days=int(c.age * 365.25) + 40)
        c.p = Person(c.r, c.p.sex, foreign=.15, age=c.age)
    sfx = "くん" if c.p.sex == "M" else "ちゃん"
    t = c.x(c.c("{pmei}%s、{age}、{school}%s年。" % (sfx, c.r.randint(1, 3)), "{pk}(%s)　{birth}生　保護者 {relx}" % {"M": "男", "F": "女"}[c.p.sex], "{school}の検診で側弯指摘。母子手帳あり。{relx}同伴。", "双子の{sib}%s(ID別)と取り違え注意。本児は{pmei}。" % sfx, "{relx}が抱っこで撮影。{pmei}%s泣いて体動あり。" % sfx, "学校医 {drfull:ref}より紹介、{school}"))
    return t + "\n" + body(c) + c.x("[|\n{relx}に説明、{dr:att}|\n鎮静:{dr:duty}(麻酔科)]")


def h_techmemo(c):
    t = c.x(c.c("技師コメント:{psei}様、息止め不良。{sg:tech}", "撮影:{dr:tech} 補助:{dr:nurse} ルート:{dr:resident}", "RI担当{dr:tech}、調製{dr:ph}(薬剤師)、静注{dr:att}。", "※{pk}様は右上肢シャント。担当{dr:tech}", "移乗全介助 {ward} {dr:nurse}・{dr:pt}(PT)", "MRI問診:{relx}より聴取、{dr:tech}", "再撮1({dr:tech})。検像{dr:second}、{login:tech}", "造影担当 {dr:resident} 先生→漏出なし {time} {dr:nurse}", "ポジショニング {dr:tech}/実習生 {other}({college})"))
    return c.c(t + "\n" + body(c), body(c) + "\n" + t, "＜技師＞" + t + "\n＜医師＞" + body(c))


def h_addendum(c):
    d1, d2 = c.exam, c.exam + dt.timedelta(days=c.r.randint(1, 9))
    f = lambda d: c.date(d, "exam_date" if d == c.exam else "other_date", c.datestyle)
    rows = [f"{f(d1)} {c.s_time()} {c.c('作成', '仮報告', '入力')} {c.s_login('typist')}", f"{f(d1)} {c.s_time()} {c.c('確定', '承認')} {c.x('{sg}')}", f"{f(d2)} {c.s_time()} {c.c('追記', '修正', '改版(第2版)')} {c.x('[{login:reader}|{dr:second}]')}", c.x("改訂理由:[左右誤記|{refx}より照会|誤って{other}様の所見を貼付]")]
    log = "\n".join(rows[:c.r.randint(2, 4)])
    return c.c(body(c) + "\n" + log, log + "\n" + body(c), body(c, 2) + "\n――――\n【追記】" + "".join(sentences(c, 1)) + c.x("({sg} ") + f(d2) + ")\n" + log)


def h_msw(c):
    t = c.x(c.c("退院支援 MSW {dr:msw}({phs})、ケアマネ {other}({facility} {phone})。", "ソーシャルワーカー{dr:msw}より、{relx}({city}在住)へ連絡済。", "転院先 {hosp2} 相談員 {dr:msw2}様。{insurer}", "地域連携 {dr:msw}　紹介元{short2} {dr:ref}先生　逆紹介{future}", "キーパーソン{relx} {mobile}。勤務先{employer}。", "民生委員 {other}様同席。住所 {addr}。生保 {city}福祉課 {other}氏"))
    return c.c(body(c) + "\n", "") + t + "\n" + (body(c, 2) if c.p_(.3) else "".join(impressions(c, 2)))


def h_wrongpatient(c):
    q = Person(c.r, foreign=.05)
    n = I("other_person", q.full(c.c("", " ", "　")))
    oid = I("patient_id", str(c.r.randint(10**6, 10**8)))
    t = c.c(f"※比較画像に{n}様({oid})のものが混入。削除依頼済。", f"前回分は同姓同名の別人。本日は{c.s_pk()}({c.s_pid()})。", f"画像上の氏名表示が{n}となっているが{c.s_pk()}様で間違いなし({c.s_dr('tech')}確認)。", f"{n}さんの次に撮影。ID付け替え {oid}→{c.s_pid()} {c.s_login('tech')}", f"名寄せ:旧姓 {I('patient_name', c.r.choice(SEI)[0] + c.p.mei)}(旧ID {oid})")
    return t + "\n" + body(c) + "\n" + signature(c)


def h_double(c):
    c.mod, c.p = "mmg", Person(c.r, "F", foreign=.1)
    return c.x("{pkana} {age} [{city}|{employer}]検診\n") + c.x("第一読影 [{dr:reader}|{drfull:reader}] {exam}\n") + "".join(sentences(c, 1)) + c.x("\n第二読影 [{dr:second}|{drfull:second}] {later}\n") + "".join(sentences(c, 2)) + c.x("\n総合 «[C-1|C-3|C-4]» 撮影技師 {sg:tech}[(認定{n:1000-9999})|] 施設 {anyhosp2}")


def h_list(c):
    """A ward list or conference list: a name, a blank, a clinical word."""
    rows = []
    ps = [c.p] + [Person(c.r, foreign=.08) for _ in range(c.r.randint(2, 4))]
    form = c.r.randint(0, 4)
    own = c.r.randrange(len(ps))
    ps[0], ps[own] = ps[own], ps[0]
    for i, q in enumerate(ps):
        k = "patient_name" if i == own else "other_person"
        nm = I(k, q.sei if form != 2 else q.full(" "))
        w = c.x(c.c("{cancer}[術後|]", "{lungneg}貯留".replace("{lungneg}", "«胸水»"), "{inc}", "«肺炎»", "«脳梗塞»", "{eponym}", "«腹水»穿刺後", "«転移性肝腫瘍»"))
        rows.append([f"{nm} {w}", f"{nm}　{w} {c.s_dr('d' + str(i))}", f"{c.r.randint(2, 9)}{c.r.randint(1, 30):02d} {nm} {w}".replace(" ", "　", 1), f"{i + 1}. {nm} {w} {c.s_age() if i == own else ''}".rstrip(), f"{c.s_room()} {nm}様 {w}"][form] if form != 2 else f"{c.s_room()}　{nm}　{w}")
    head = c.x(c.c("{ward} ポータブル一覧 {exam}", "キャンサーボード {exam} 司会 {dr:second}", "{dept}カンファ {day}", "回診リスト {ward} {dr:att}T", "本日の読影依頼(担当 {dr:reader})"))
    return head + "\n" + "\n".join(rows) + "\n" + c.x("以下 {psei} 分\n") + body(c, 3)


def h_narrow(c):
    t = c.x("患者名{pk}様、{age}、主治医は{hosp}の{drfull:att}先生、住所は{addr}、電話{phone}、{exam}撮影。") + "".join(sentences(c, 3) + impressions(c, 2)) + c.x("読影{drfull:reader}")
    return wrap(c, t, c.r.randint(9, 26))


def h_formal(c):
    d = lambda k, day: I(k, fmt(day, c.c("kansuji", "Rwide", "kanjiR"), c.r))
    t = "\n".join(x for x in ["　　画 像 診 断 報 告 書", "氏　名　" + I("patient_name", "　".join([c.p.sei, c.p.mei]) if c.p.foreign else spaced(c, c.p.sei + c.p.mei, 1, "　")), "生年月日　" + d("birth_date", c.birth), c.x("住　所　{addr}") if c.p_(.5) else "", "検 査 日　" + d("exam_date", c.exam)] if x)
    return t + "\n" + body(c) + "\n上記の通り" + c.c("報告", "診断", "証明") + "します。\n" + d("other_date", c.exam + dt.timedelta(days=2)) + c.x("\n{addr}\n{hosp}\n医師　{drfull:reader}　[印|㊞|]")


def h_mail(c):
    q = c.c("> ", "＞", ">> ", "| ")
    old = "\n".join(q + x for x in (c.x("{psei}[様|さん](ID:{pid})の件、{cmpdate}の{title}読影お願いします。\n{dr:ref}")).split("\n"))
    hdr = "\n".join(x for x in [c.x("From: {drroma} <{email}>"), c.x("To: {email:ref}"), c.x("Date: {exam} {time}"), c.x("件名: Re: [{psei}様|{pk}|ID {pid}] {title}[について|の件|]")] if c.p_(.85))
    return hdr + "\n\n" + c.x("{dr:ref}[先生|様]、{dr:reader}です。\n") + "".join(sentences(c, 2) + impressions(c, 1)) + "\n" + old + ("\n" + c.x("{short} {phs}") if c.p_(.6) else "")


def h_json(c):
    rows = [("patientName", c.s_pk()), ("kana", c.s_pkana()), ("patientId", c.s_pid()), ("birth", c.s_birth()), ("accession", c.s_acc()), ("requester", c.s_drfull()), ("ward", c.s_ward()), ("user", c.s_login("reader")), ("url", c.s_url()), ("site", c.s_hosp())]
    rows = c.r.sample(rows, c.r.randint(4, 8)) + [("findings", "".join(sentences(c, 2))), ("impression", "".join(impressions(c, 2)))]
    return "{" + c.c(", ", ",\n ").join(f'"{k}": "{v}"' for k, v in rows) + "}" if c.p_(.5) else "<report>" + c.c("", "\n").join(f"<{k}>{v}</{k}>" for k, v in rows) + "</report>"


def h_transplant(c):
    role, q = c.rel()
    n = I("relative_name", q.full(c.c("", " ")))
    c.mod = c.c("abdomen", "us_abd")
    return c.c(f"生体ドナー({role}){n}　レシピエント {c.s_pk()}", f"レシピエント:{n}({role}) ドナー:本人{c.s_psei()}氏", f"{role}の{n}さん(ID {I('patient_id', str(c.r.randint(10**6, 10**8)))})をドナーとする«生体腎移植»後") + c.x("　コーディネーター {dr:co}[ {phs}|]\n") + body(c)


def h_soap(c):
    return c.x("[S)|S：|(S)]{relx}によると{sx}。[{work}|{city}から通院。|]\n") + c.x("[O)|O：|(O)]{score} {marker}\n") + join(c, sentences(c, 2), "line") + c.x("\n[A)|A：|(A)]") + "".join(impressions(c, 2)) + c.x("\n[P)|P：|(P)]{refx}[へコンサルト|に相談]。{future}再診、[{dr:att}|{drfull:att}]。")


def h_media(c):
    return c.x(c.c("他院CD取込 {anyhosp2} {cmpdate} 取込者{login:tech}", "CD-R ラベル「{pk} {birth} {short2}」", "IMPORT: {proma} / {pid} / {hosp2}", "持参フィルム{n:1-12}枚 {short2} {dr:ref}先生 返却済{day} {dr:clerk}", "媒体:{short2}({phone}) 画像日 {cmpdate}", "旧フィルム袋 No.{acc} {pkana}")) + "\n" + c.c(body(c), o_compare(c)) + "\n" + signature(c)


def h_buried(c):
    """Identifiers inside ordinary finding sentences, without any label."""
    s = sentences(c, c.r.randint(3, 5))
    extra = [c.x(t) for t in c.r.sample(["{trap}", "{trap}", "{trap}", "{dr:att}先生ご指摘の{lungloc}は«肋骨の重なり»です。", "{psei}さんは«閉所恐怖症»で途中終了。", "{short2}の{dr:ref}と相談し{n:3-6}ヶ月後再検。", "{dr:resident}が«穿刺»、{dr:att}指導。", "«ドレーン»は{cmpdate}に{short2}で留置。", "{relx}も{cancer}とのこと。", "{cmpdate}{dr:second}読影の所見と同様。", "{ward}から搬送、{room}へ帰室。", "{employer}勤務中の«石綿曝露»あり。", "術者{dr:op}、助手{dr:resident}・{dr:tech}技師で«IVR»予定。", "{dr:att}・{dr:second}・{dr:reader}で合議。", "{psei}、«肝細胞癌»、«TACE»後。", "{pmei}さん 右«乳癌»術後。", "{dr:ref}Drへ。{dr:nurse}NSに伝達", "本人の希望で{relx}のみ説明。", "{psei} «転移»検索", "{dr:att} «気胸»に注意とのこと"], 2)]
    for e in extra:
        s.insert(c.r.randint(0, len(s)), e)
    return join(c, s, c.c("para", "line", "two", "bullet")) + "\n" + "".join(impressions(c, 1))


def h_footer(c):
    return body(c) + "\n" + c.c("Page 1/2　", "1/1頁 ", "(印刷:", "出力 ") + c.x(c.c("{day} {time} {login:clerk} {ward}", "{pid} {pkana} {short}", "{hosp} {url}", "{pk} {birth} {acc}", "端末 RAD-PC{n:1-40} {login:tech} {exam}")) + c.c("", ")", "")


def h_zenform(c):
    rows = [c.x("患者番号　{pid}"), c.x("患者名　{pk}"), c.x("生年月日　{birth}"), c.x("撮影日　{exam}"), c.x("依頼医　{drfull}"), c.x("{ward}　{room}"), c.x("連絡先　{phone}")]
    return zen("\n".join(x for x in rows if c.p_(.75)) + "\n" + body(c))


def h_contact(c):
    """A foreign resident with interpreter and supporter."""
    c.p = Person(c.r, c.p.sex, foreign=1.0)
    t = c.x(c.c("{pk}[様|さん]({proma})、通訳 {other}({phone})同席。", "技能実習生 {proma}、監理団体 {employer} {other}様。", "ベトナム語/英語通訳{other}。{pk}、{birth}", "在留カード名 {proma}、通称 {alias}", "{psei}さん(留学生、{college})、身元保証人 {other} {mobile}", "氏名:{pkana} / {proma}[ / {pk}|]　通訳要"))
    return t + "\n" + body(c) + "\n" + signature(c)


def h_school(c):
    """School chest or scoliosis screening, read in bulk."""
    c.age = c.r.randint(6, 17)
    c.birth = c.exam - dt.timedelta(days=int(c.age * 365.25) + 60)
    c.p = Person(c.r, c.p.sex, foreign=.1, age=c.age)
    c.mod = "crs"
    rows = [c.x("学校名[:|　]{school}"), c.x("学年 %d年%d組 %d番" % (c.r.randint(1, 3), c.r.randint(1, 6), c.r.randint(1, 38))), c.x("[児童|生徒]氏名[:|　]{pk}"), c.x("ふりがな ") + I("patient_name", "".join(chr(ord(k) - 0x60) if "ァ" <= k <= "ヶ" else k for k in c.p.kana())), c.x("[保護者|緊急連絡先] {relx} {mobile}"), c.x("生年月日 {birth}"), c.x("学校医 {drfull:ref}"), c.x("養護教諭 {other}"), c.x("部活顧問 {other}教諭")]
    return c.c("\n", "　", "／").join(x for x in rows if c.p_(.65)) + "\n" + body(c, 2) + c.x("[|\n{school}へ返送({day})|\n精査先:{anyhosp2}]")


def h_claim(c):
    """A claim's explanation for the payer (症状詳記), with insurance numbers."""
    rows = [c.x("{insurer}"), "公費負担者番号 " + I("insurer_number", f"{c.c('54', '21', '12', '51')}{c.r.randint(0, 999999):06d}") + "　受給者番号 " + I("insurer_number", f"{c.r.randint(10**6, 10**7 - 1)}"), c.x("氏名 {pk}　{birth}"), c.x("被保険者 {relx}　事業所 {employer}"), c.x("医療機関 {hosp}"), c.x("診療科 {dept} {dr:att}")]
    return c.c("症状詳記", "【症状詳記】", "レセプト摘要", "再審査請求　理由書") + "\n" + "\n".join(x for x in rows if c.p_(.7)) + "\n" + history(c) + c.c("\n", "　") + c.x("{exam}に{title}を施行。") + "".join(sentences(c, 2) + impressions(c, 1)) + c.x("以上より[必要であった|妥当と考える]。[ {drfull:att}| 担当医 {dr:att}|]")


def h_visit(c):
    """Home or portable examination with the way to the patient."""
    c.mod = c.c("cr", "us_abd")
    return c.x(c.c("往診撮影 {addr} {pk}様方", "ポータブルUS {facility} {room}", "訪問先:{addr}({relx}在宅、{mobile})", "{ward}{room} {psei}氏 ベッドサイド {time}", "離床不可 {ward}-{room} {dr:nurse}Ns介助", "送迎:{other}様 {phone}、到着{time} {city}より", "救外→{ward}へ入室 {pid} {dr:duty}→{dr:att}")) + "\n" + body(c) + c.x("[|\n{sg:tech}|\n{dr:reader}|\n撮影終了 {time} {login:tech}]")


def h_namesound(c):
    """A dictated or telephoned name, spelled out or corrected."""
    return c.x(c.c("お名前は{pk}、カナで{pkana}さん。生まれは{birthk}です。", "患者{psei}さん、下の名前が{pmei}さん。番号{pidk}。", "{pkana}ではなく{pk}。旧字です。ID{pid}。", "ローマ字 {proma}、漢字{pk}。主治医{dr:att}先生。", "えー、{psei}、えー{pmei}さんですね、{age}。{relx}が付き添い。", "同姓{same}さんあり注意。こちらは{pmei}さんの方。", "表記ゆれ:{pk}/{pkana}/{proma}　")) + "".join(sentences(c, 3) + impressions(c, 1)) + c.x("[|以上、{dr:reader}。|（{dr:typist}）|入力{login:typist}]")


def extra_slots(cls):
    def s_birthk(c):
        return I("birth_date", fmt(c.birth, c.c("kanjiR", "kansuji", "kanji"), c.r))

    def s_birthR(c):
        return I("birth_date", fmt(c.birth, c.c("kanjiR", "R", "Rwide"), c.r))

    def s_pidk(c):
        return I("patient_id", c.c(" ".join(c.idplain), "の".join([c.idplain[:3], c.idplain[3:]]), c.idplain))

    def s_title(c):
        return c.x(SENT[c.mod]["title"])

    def s_hospen(c):
        return I("hospital", romaji(c.h1.root[1]).title() + " " + c.c("General Hospital", "Medical Center", "Cancer Center", "Memorial Hospital", "Clinic"))

    def s_intl(c):
        return I("phone", f"+81-{c.c('11', '75', '3')}-{c.r.randint(200, 999)}-{c.r.randint(0, 9999):04d}")

    def s_drromasei(c):
        return I("staff_name", c.who("att").roma_sei.title())

    def s_trap(c):
        """A person whose surname is also an eponym beside it."""
        sei, term = c.c(("橋本", "橋本病"), ("川崎", "川崎病"), ("高安", "高安動脈炎"), ("菊池", "菊池病"), ("木村", "木村病"), ("太田", "太田母斑"), ("野口", "野口分類Type C"), ("原田", "原田病"), ("平山", "平山病"), ("長谷川", "長谷川式 18点"), ("田中", "田中ビネー IQ 70"), ("山田", "山田分類II型"), ("内田", "内田クレペリン検査"), ("橋本", "橋本脳症"), ("鈴木", "鈴木分類 第3期(もやもや病)"), ("木村", "木村・竹本分類 O-1"))
        d = I("staff_name", sei)
        return c.c(f"{d}先生より{C(term)}の精査依頼。", f"{C(term)}で{d}Dr通院中。", f"{C(term)}、{d}医師に紹介済。", f"{C(term)}({d}先生フォロー)。", f"{d}先生外来、{C(term)}。", f"前医{d}医師、{C(term)}と診断。")

    def s_later(c):
        return c.date(c.exam + dt.timedelta(days=c.r.randint(1, 6)), "other_date")

    def s_same(c):
        return I("other_person", c.p.sei + c.c("", " ", "　") + c.r.choice([m for m, _ in (MEI_M + MEI_F) if m != c.p.mei]))

    def s_facility(c):
        return I("hospital", c.r.choice(ROOTS)[0] + c.c("ケアプランセンター", "居宅介護支援事業所", "デイサービス", "特別養護老人ホーム", "訪問介護ステーション")) 

    def s_work(c):
        return c.x("{school}[欠席|2年生]。" if 5 < c.age < 19 else "{employer}[を休職中|勤務|にパート]。")

    def s_college(c):
        return I("school", c.r.choice(ROOTS)[0] + c.c("医療技術専門学校", "保健医療大学", "看護専門学校", "大学"))

    def s_sib(c):
        return I("relative_name", c.r.choice(MEI_M if c.p.sex == "M" else MEI_F)[0])

    def s_alias(c):
        return I("patient_name", Person(c.r, c.p.sex).full(c.c("", " ")))

    def s_contrasten(c):
        return c.c("«iohexol 300 mgI/mL»", "«100 mL of iopamidol 370»", "no intravenous contrast", "«gadobutrol 7.5 mL»")

    def s_age_en(c):
        return I("age_over_89", f"{c.age}-year-old") if c.age > 89 else f"{c.age}-year-old"

    for f in list(locals().values()):
        if callable(f) and f is not cls:
            setattr(cls, f.__name__, f)
    cls.s_other2 = cls.s_other


extra_slots(Ctx)
HOSTILE = [h_box, h_banner, h_stamp, h_trailer, h_dictation, h_phone, h_ocr, h_referral, h_tele, h_kenshin, h_hl7, h_tsv, h_card, h_english, h_psych, h_trauma, h_child, h_techmemo, h_addendum, h_msw, h_wrongpatient, h_double, h_list, h_narrow, h_formal, h_mail, h_json, h_transplant, h_soap, h_media, h_buried, h_footer, h_zenform, h_contact, h_school, h_claim, h_visit, h_namesound]


# ---------------------------------------------------------------- whole reports
def dress(c, t, layout):
    """Apply report-wide typing habits to a marked text (spans follow)."""
    if c.p_(.13):
        t = t.replace("、", "，").replace("。", "．") if c.p_(.6) else t.replace("、", ",").replace("。", ".")
    if layout != "h_card" and c.p_(.05 if c.kind == "ordinary" else .1):
        t = zen(t)
    if c.kind == "hostile" and c.p_(.06):
        t = half_kana(t)
    if c.kind == "hostile" and layout not in ("h_narrow", "h_hl7", "h_tsv", "h_json") and c.p_(.08):
        t = wrap(c, t, c.r.choice([20, 30, 36, 40]))
    if c.p_(.06):
        t = t.replace("\n", "\r\n")
    if c.p_(.05):
        t = "\n".join("　" + x if x else x for x in t.split("\n"))
    return t.rstrip()


def report(seed, index, kind):
    r = random.Random(f"{seed}/{kind}/{index}")
    c = Ctx(r, kind)
    f = r.choices([x for x, _ in ORDINARY], [w for _, w in ORDINARY])[0] if kind == "ordinary" else HOSTILE[index % len(HOSTILE)] if r.random() < .9 else r.choice(HOSTILE)
    marked = f(c)
    if kind == "ordinary":
        if c.p_(.08):
            marked = c.x(c.c("依頼:{dept} {dr}[ / {ward}|]", "オーダNo {acc}", "ID {pid}", "{pk}様 {age}", "[入院|]{ward}　{dept}", "{exam} {dept} {dr}", "患者ID[：|:]{pid}　検査日[：|:]{exam}", "依頼医[：| ]{drfull}", "{short} {exam}撮影", "受付No.{acc} 担当技師 {dr:tech}", "{pkana} {age}{sexj}", "入力:{login:typist}")) + "\n" + marked
        if not any(ch in KIND_OF for ch in marked) and c.p_(.3):
            marked += c.c("\n", "\n", "　") + signature(c)
    text, spans = parse(dress(c, marked, f.__name__))
    for group in spans.values():
        for s in group:
            s["text"] = text[s["start"]:s["end"]]
    for s in spans["identifiers"]:
        s["must"] = True
    p = c.p
    out = {"id": f"f-{kind}-{seed}-{index:05d}", "layout": f.__name__[2:], "patient": {"name_kanji": p.full(" "), "name_kana": p.kana(" "), "name_romaji": p.roma(" "), "id": c.idplain, "birth_date": c.birth.isoformat(), "sex": p.sex},
           "header_known": r.random() < (.85 if kind == "ordinary" else .65), "text": text, **spans}
    check(out)
    return out


def check(out):
    """Assert that spans are right, disjoint, and that no other copy of an identifier is left unmarked."""
    text, ids = out["text"], out["identifiers"]
    assert not any(0xE000 <= ord(ch) <= 0xE0FF or ch in "«»‹›" for ch in text), text
    for group in ("identifiers", "clinical", "not_dates"):
        for s in out[group]:
            assert s["text"] == text[s["start"]:s["end"]] and s["text"].strip() == s["text"] and s["text"], (s, text)
    ids.sort(key=lambda s: s["start"])
    for a, b in zip(ids, ids[1:]):
        assert a["end"] <= b["start"], (a, b)
    for s in ids:
        for k in out["clinical"] + out["not_dates"]:
            assert s["end"] <= k["start"] or k["end"] <= s["start"], (s, k)
        if len(s["text"]) < 4 or s["kind"] in ("ward", "room"):
            continue
        at = text.find(s["text"])
        while at >= 0:
            assert any(t["start"] < at + len(s["text"]) and at < t["end"] for t in ids), (s, at, text)
            at = text.find(s["text"], at + 1)


def main():
    a = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    a.add_argument("--seed", type=int, required=True)
    a.add_argument("--count", type=int, required=True)
    a.add_argument("--kind", choices=["ordinary", "hostile"], required=True)
    a = a.parse_args()
    for i in range(a.count):
        print(json.dumps(report(a.seed, i, a.kind), ensure_ascii=False))


if __name__ == "__main__":
    main()
