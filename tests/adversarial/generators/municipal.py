"""Print adversarial Japanese radiology reports with their answer key, one JSON object a line.

Every report is a template of one layout; slots expand by a grammar. Marks in the expanded
text (identifier, clinical, not a date) become character spans, so that spans are exact.
Names, hospitals, numbers and addresses are invented.
"""
import argparse
import json
import random
import re
import unicodedata
from datetime import date, timedelta

SURNAMES = """佐々木:ササキ 高橋:タカハシ 千葉:チバ 工藤:クドウ 三浦:ミウラ 本間:ホンマ 成田:ナリタ 奥山:オクヤマ 加賀谷:カガヤ 小笠原:オガサワラ
長内:オサナイ 蛯名:エビナ 對馬:ツシマ 鎌田:カマタ 鳴海:ナルミ 神:ジン 今:コン 一戸:イチノヘ 八木橋:ヤギハシ 葛西:カサイ 木戸:キド 棟方:ムナカタ 中野渡:ナカノワタリ
鈴木:スズキ 加藤:カトウ 伊藤:イトウ 水野:ミズノ 杉浦:スギウラ 神谷:カミヤ 都築:ツヅキ 鬼頭:キトウ 犬飼:イヌカイ 纐纈:コウケツ 各務:カガミ 可児:カニ 安江:ヤスエ 小栗:オグリ
牧野:マキノ 百瀬:モモセ 丸山:マルヤマ 小穴:オアナ 降旗:フリハタ 赤羽:アカハネ 宮下:ミヤシタ 望月:モチヅキ 勝又:カツマタ 熊切:クマキリ 山梨:ヤマナシ 雨宮:アメミヤ 深沢:フカザワ
山本:ヤマモト 藤井:フジイ 岡崎:オカザキ 三宅:ミヤケ 妹尾:セノオ 難波:ナンバ 小野田:オノダ 原田:ハラダ 橋本:ハシモト 高安:タカヤス 川崎:カワサキ 菊池:キクチ 木村:キムラ 太田:オオタ
平山:ヒラヤマ 長谷川:ハセガワ 荒木:アラキ 大島:オオシマ 門脇:カドワキ 景山:カゲヤマ 錦織:ニシコオリ 石飛:イシトビ 福間:フクマ 来海:キマチ 勝部:カツベ 沖田:オキタ 宍戸:シシド 有田:アリタ
国重:クニシゲ 縄田:ナワタ 御手洗:ミタライ 十河:ソゴウ 真鍋:マナベ 越智:オチ 四月一日:ワタヌキ 小鳥遊:タカナシ 勘解由小路:カデノコウジ 東海林:ショウジ 五十嵐:イガラシ 服部:ハットリ 日下部:クサカベ
長谷部:ハセベ 渡邉:ワタナベ 渡邊:ワタナベ 斎藤:サイトウ 齋藤:サイトウ 髙田:タカダ 﨑山:サキヤマ 濱口:ハマグチ 廣瀬:ヒロセ 澤井:サワイ 櫻井:サクライ 國分:コクブ 眞野:マノ 冨樫:トガシ
森:モリ 林:ハヤシ 原:ハラ 関:セキ 東:アズマ 橋:ハシ 谷:タニ 堤:ツツミ 泉:イズミ 星:ホシ 岡:オカ 辻:ツジ 島:シマ 南:ミナミ 西:ニシ 乾:イヌイ 角:スミ 脇:ワキ 柳:ヤナギ 桂:カツラ 滝:タキ 沖:オキ
榊:サカキ 芝:シバ 畑:ハタ 菅:スガ 窪:クボ 畔:クロ 梶:カジ 槙:マキ 楠:クスノキ 境:サカイ 肥田:ヒダ 肝付:キモツキ 骨川:コツカワ 左近:サコン 右田:ミギタ 上野:ウエノ 中葉:ナカバ 下地:シモジ
内海:ウツミ 前胸:マエムネ 金城:キンジョウ 比嘉:ヒガ 仲村渠:ナカンダカリ 名嘉真:ナカマ 李:リ 朴:パク 金:キム 陳:チン 王:オウ 張:チョウ 月岡:ツキオカ 八月一日:ホズミ 七五三掛:シメカケ 九鬼:クキ
二階堂:ニカイドウ 一色:イッシキ 十文字:ジュウモンジ 百武:ヒャクタケ 千田:チダ 万波:マンナミ 村上:ムラカミ 竹内:タケウチ 小林:コバヤシ 田中:タナカ 中村:ナカムラ 吉田:ヨシダ 山田:ヤマダ 後藤:ゴトウ
遠藤:エンドウ 青木:アオキ 坂本:サカモト 福田:フクダ 西村:ニシムラ 松田:マツダ 石川:イシカワ 小川:オガワ 前田:マエダ 藤田:フジタ 岡田:オカダ 近藤:コンドウ 池田:イケダ 和田:ワダ 中川:ナカガワ""".replace("前胸:マエムネ ", "").replace("骨川:コツカワ ", "").split()
GIVEN_M = """健一:ケンイチ 大輔:ダイスケ 隆:タカシ 誠:マコト 司:ツカサ 翼:ツバサ 肇:ハジメ 稔:ミノル 幹:ミキ 光:ヒカル 学:マナブ 勉:ツトム 進:ススム 茂:シゲル 清:キヨシ 実:ミノル 勇:イサム 正:タダシ 昇:ノボル
勝:マサル 三郎:サブロウ 義男:ヨシオ 和夫:カズオ 昭二:ショウジ 喜一郎:キイチロウ 与志雄:ヨシオ 惣一:ソウイチ 倫太郎:リンタロウ 悠真:ユウマ 蓮:レン 陽翔:ハルト 颯太:ソウタ 樹:イツキ 碧:アオイ 湊:ミナト
宗佑:ソウスケ 篤史:アツシ 康平:コウヘイ 直哉:ナオヤ 亮:リョウ 智之:トモユキ 俊彦:トシヒコ 秀樹:ヒデキ 千代治:チヨジ 留吉:トメキチ 嘉右衛門:カエモン 龍之介:リュウノスケ 周:アマネ 要:カナメ 環:タマキ""".split()
GIVEN_F = """花子:ハナコ 恵:メグミ 薫:カオル 望:ノゾミ 茜:アカネ 梢:コズエ 馨:カオル 操:ミサオ 静:シズカ 幸:サチ 節:セツ 睦:ムツミ 和子:カズコ 幸子:サチコ 美智子:ミチコ 久美:クミ 由美子:ユミコ 真由美:マユミ
キヨ:キヨ トメ:トメ ハツエ:ハツエ ミツ:ミツ サダ:サダ フミ:フミ さくら:サクラ ひなた:ヒナタ すみれ:スミレ みどり:ミドリ ゆかり:ユカリ 美咲:ミサキ 結衣:ユイ 陽菜:ヒナ 凛:リン 心春:コハル 彩乃:アヤノ
千尋:チヒロ 沙織:サオリ 智恵:チエ 佐和子:サワコ 八重:ヤエ 三千代:ミチヨ 五月:サツキ 弥生:ヤヨイ 小百合:サユリ 多恵子:タエコ 百合香:ユリカ 麻衣:マイ 祐子:ユウコ 文乃:アヤノ 瑠璃:ルリ 一二三:ヒフミ""".split()
FOREIGN_M = ["グエン ヴァン ドゥック|NGUYEN VAN DUC", "チャン ミン クアン|TRAN MINH QUANG", "レ ホアン ナム|LE HOANG NAM", "シルバ ホドリゴ タカシ|SILVA RODRIGO TAKASHI", "ペレイラ ドス サントス マルコス|PEREIRA DOS SANTOS MARCOS",
    "オリヴェイラ カイオ|OLIVEIRA CAIO", "ラマ ビシュヌ|LAMA BISHNU", "ドミンゴ ジェリック|DOMINGO JERICK", "ハリス コナー|HARRIS CONNOR", "アウン ミョー トゥ|AUNG MYO THU", "シン ハルプリート|SINGH HARPREET", "ウィジャヤ アグス|WIJAYA AGUS"]
FOREIGN_F = ["グエン ティ トゥ ハー|NGUYEN THI THU HA", "ファム ティ ゴック ラン|PHAM THI NGOC LAN", "スズキ ソウザ ジュリアナ|SUZUKI SOUZA JULIANA", "フェレイラ ナカムラ パウラ|FERREIRA NAKAMURA PAULA", "ダ コスタ アマンダ ユミ|DA COSTA AMANDA YUMI",
    "ヴィラヌエバ マリセル|VILLANUEVA MARICEL", "タパ スニタ|THAPA SUNITA", "キャンベル フィオナ|CAMPBELL FIONA", "ペトロワ オリガ|PETROVA OLGA", "ドアン ティ ビック|DOAN THI BICH", "スリヤニ デウィ|SURYANI DEWI", "エヴァンス グウェン|EVANS GWEN"]

# Clinical grammar: ⟦…⟧ must survive, ⟪…⟫ looks like a date and is none, {slot} expands.
LISTS = {
"side": ["右", "左", "両側", "右側", "左側"], "lr": ["右", "左"], "lobe": ["{lr}上葉", "{lr}下葉", "{lr}上葉 S{n3}", "右中葉", "左舌区", "{lr}下葉 S{n610}", "{lr}肺尖部"],
"n3": ["1", "2", "3"], "n610": ["6", "8", "9", "10"], "edge": ["境界明瞭", "辺縁不整", "分葉状", "spiculaを伴う", "辺縁平滑", "境界不明瞭"],
"chg": ["著変なし", "増大している", "縮小している", "軽度増大", "不変", "わずかに縮小", "消失している", "新たに出現している"], "neg": ["認めない", "認めません", "指摘できません", "(-)", "なし", "明らかでない", "はっきりしません"],
"pos": ["を認めます", "を認める", "あり", "がみられる", "が疑われます", "を疑う", "(+)"], "hint": ["", "", "", "ごく軽度の", "わずかに", "従来からの", "淡い", "小さな"],
"img": ["⟪SE{d1}/IM{d3}⟫", "⟪Se {d1} Im {d3}⟫", "(⟪{d1}-{d2}⟫)", "⟪{d1}/{d2}⟫枚目", "⟪S{d1}/{d2}⟫", "series {d1}, image {d3}", "", "", "", ""],
"liv": ["肝S{d18}", "肝S5/6", "肝S8/7", "肝S2/3", "肝外側区", "肝S4/8", "肝S{d18}辺縁"], "lev": ["L4/5", "L5/S1", "C5/6", "C6/7", "Th11/12", "L3/4", "T12/L1", "C4/5", "L2/3"],
"size": ["{d2}mm", "{d2}×{d1}mm", "径{d2} mm", "{c1}cm大", "長径{d2}mm", "{c1}×{c1}cm", "{d2}x{d1}x{d1} mm", "短径{d1} mm"],
"lungs": ["{lobe}に⟦{size}⟧の{hint}⟦{edge}結節⟧{pos}{img}。", "{lobe}の⟦すりガラス影⟧は⟦{size}⟧で{chg}。", "{side}肺に⟦気腫性変化⟧{pos}。", "⟦小葉中心性粒状影⟧が{lobe}に散見されます。", "{side}⟦胸水貯留⟧は{chg}。",
  "{lobe}の⟦consolidation⟧は{chg}、⟦air bronchogram⟧を伴う。", "⟦牽引性気管支拡張⟧、⟦蜂巣肺⟧{pos}。", "縦隔・肺門に有意な⟦リンパ節腫大⟧は{neg}。", "⟦#{lnn}⟧リンパ節 ⟦{size}⟧、{chg}。", "⟦冠動脈石灰化⟧{pos}。", "⟦上行大動脈 {d4}mm⟧、{sta}。", "{lobe}の⟦part-solid nodule⟧、充実部 ⟦{size}⟧。",
  "⟦Fleischner 20{y17}⟧では{mo}か月後のCT。", "⟦Kerley B line⟧{pos}。", "⟦Bochdalek孔ヘルニア⟧を{side}に認めます。", "⟦Swyer-James症候群⟧の可能性。", "⟦IPMN⟧の経過観察で偶発的に{lobe}⟦陳旧性炎症性変化⟧{pos}。", "{lobe}に⟦無気肺⟧{pos}、内部に⟦金属クリップ⟧。"],
"y17": ["17"], "lnn": ["4R", "7", "11L", "10R", "2L", "8a", "16b1", "12b"], "mo": ["3", "6", "12", "18", "24"],
"abd": ["{liv}に⟦{size}⟧の⟦早期濃染⟧と⟦washout⟧{pos}{img}。", "⟦{liv}の嚢胞⟧は{chg}。", "⟦胆石⟧{size}、⟦胆嚢壁肥厚⟧{neg}。", "⟦膵体部嚢胞⟧ ⟦{size}⟧、主膵管⟦{d1}mm⟧、{sta}。", "⟦{side}水腎症⟧{pos}。", "⟦{side}副腎腺腫⟧ {size}、{d2} HU。", "⟦Bosniak {bos}⟧相当の⟦腎嚢胞⟧ {size}。",
  "⟦傍大動脈リンパ節⟧{size}、{chg}。", "⟦腹水⟧は{neg}。", "⟦Mirizzi症候群⟧は否定的。", "⟦Lemmel症候群⟧{pos}、⟦傍乳頭憩室⟧ {size}。", "⟦Winslow孔ヘルニア⟧は{neg}。", "⟦虫垂⟧は径⟦{d1} mm⟧、⟦糞石⟧{pos}。", "⟦S状結腸憩室⟧{pos}、⟦脂肪織濃度上昇⟧{neg}。", "⟦Borrmann 3型⟧胃癌、⟦木村・竹本分類 O-{d13}⟧(内視鏡)。", "リンパ節転移 ⟪{d1}/{d2}⟫ (病理)。",
  "⟦LI-RADS v2018⟧ ⟦LR-{d35}⟧。", "⟦Child-Pugh A⟧、⟦脾腫⟧{pos}。", "⟦前立腺癌 Gleason 4+3⟧、⟦PI-RADS v2.1⟧ {d35}。", "生検 ⟪{d1}/12⟫本陽性。", "⟦伊東細胞⟧由来の脂肪腫は{neg}、⟦{liv}⟧の病変は{chg}。", "⟦馬蹄腎⟧{pos}。", "⟦腹部大動脈瘤⟧ {size}、{sta}。"],
"bos": ["I", "II", "IIF", "III"], "brain": ["⟦橋⟧に⟦{size}⟧の⟦T2WI高信号⟧{pos}{img}。", "⟦島皮質⟧の不明瞭化{pos}。", "⟦松果体嚢胞⟧ {size}、{sta}。", "⟦DWI高信号⟧を{side}⟦放線冠⟧に認め、⟦ADC低下⟧を伴う。", "⟦Fazekas grade {d13}⟧の⟦白質病変⟧。", "{side}⟦M1/M2⟧に⟦狭窄⟧{pos}。", "⟦荒木分類 II型⟧相当。",
  "⟦Chiari I型奇形⟧、扁桃下垂 ⟦{d1}mm⟧。", "⟦Rathke嚢胞⟧{pos}。", "⟦VSRAD⟧ Z-score ⟪2.{d13}⟫、⟦長谷川式 {d2}点⟧。", "⟦WHO 2021⟧ ⟦星細胞腫⟧ grade {d24}の術後。", "{side}⟦角回⟧の⟦陳旧性梗塞⟧{pos}。", "⟦硬膜下血腫⟧ 厚さ⟦{d1}mm⟧、⟦midline shift⟧ {d1}mm。", "⟦もやもや病 鈴木分類 stage {d24}⟧。", "⟦水頭症⟧{neg}、⟦Evans index⟧ 0.3{d1}。", "⟦T2*⟧で⟦微小出血⟧{pos}。"],
"spine": ["⟦{lev}⟧ ⟦椎間板膨隆⟧{pos}、⟦黄色靱帯肥厚⟧{pos}。", "⟦{lev}⟧ ⟦脊柱管狭窄⟧は{sta}。", "⟦Schmorl結節⟧{pos}。", "⟦平山病⟧に一致する所見は{neg}。", "⟦Modic type {d13}⟧変化を⟪{lev}⟫に認めます。", "⟦舟状骨骨折⟧{pos}。", "⟦月状骨⟧は⟦Kienböck病 stage {bos}⟧。", "⟦Baker嚢胞⟧ {size}。", "⟦内側半月板後節⟧に⟦水平断裂⟧{pos}。", "⟦竹節状脊柱⟧{pos}、⟦仙腸関節⟧強直。", "⟦棘上筋腱⟧ {size}の⟦全層断裂⟧。", "⟦L{d15}圧迫骨折⟧、⟦楔状変形⟧は{sta}。"],
"breast": ["⟦BI-RADS {d15}⟧{asgrade}。", "{lr} ⟦カテゴリー{d15}⟧{asgrade}。", "{lr}乳房{quad}に⟦{size}⟧の⟦{edge}腫瘤⟧{pos}。", "⟦微細円形石灰化⟧、⟦集簇性⟧、{lr}{quad}。", "⟦構築の乱れ⟧{pos} ({lr}MLO)。", "⟦Cooper靱帯⟧の断裂は{neg}。", "{lr}⟦腋窩リンパ節⟧ {size}、⟦皮質肥厚⟧{neg}。", "⟦乳腺散在⟧、⟦乳房構成 C⟧。", "D/W比 ⟪0.{d4}⟫、⟦後方エコー⟧減弱。"],
"quad": ["A領域", "C領域", "CD境界", "11時方向", "B領域", "外上部", "E領域"],
"nuc": ["{liv}に⟦FDG集積⟧、⟦SUVmax {f1}⟧{pos}。", "⟦Deauville score⟧ ⟪{d15}/5⟫。", "⟦骨シンチ⟧で⟦{lev}⟧に⟦hot spot⟧、{chg}。", "⟦BSI⟧ ⟪1.{d2}⟫%、{chg}。", "⟦DAT SPECT⟧ ⟦SBR⟧ 右{f1} 左{f1}。", "⟦MIBG⟧ H/M比 早期 ⟪2.{d2}⟫ 後期 ⟪1.{d2}⟫。", "⟦橋本病⟧によるびまん性⟦甲状腺集積⟧{pos}。", "⟦高安動脈炎⟧として活動性{pos}。", "⟦心筋SPECT⟧ 下壁に⟦再分布⟧{pos}、⟦SSS {d2}⟧。", "⟦菊池病⟧に矛盾しない⟦頸部リンパ節⟧集積。", "⟦99mTc-MAA⟧ {d3} MBq静注。"],
"neck": ["⟦甲状腺右葉⟧に⟦{size}⟧の⟦低エコー腫瘤⟧{pos}。", "⟦橋本病⟧を背景とした⟦甲状腺腫大⟧は{chg}。", "⟦木村病⟧を鑑別に挙げます。", "⟦Warthin腫瘍⟧を{lr}耳下腺に疑う。", "⟦川崎病⟧後の⟦冠動脈瘤⟧ {size}、{sta}。", "⟦頸動脈plaque⟧ ⟦{c1} mm⟧、⟦PSV {d3} cm/s⟧。", "⟦Killian-Jamieson憩室⟧{pos}。", "⟦原田病⟧で加療中、眼窩に異常{neg}。", "⟦太田母斑⟧の既往。", "⟦Level IIA⟧リンパ節 {size}、{chg}。", "⟦EF {d4}%⟧、⟦LVDd/Ds {d4}/{d2}mm⟧。", "血圧 ⟪{sbp}/{dbp}⟫、⟦IVC {d1}/{d1} mm⟧。"],
"imp_lungs": ["⟦肺癌術後⟧、明らかな⟦再発⟧は{neg}", "⟦原発性肺癌⟧疑い、⟦cT1bN0M0⟧ (⟦TNM 8版⟧)", "⟦間質性肺炎⟧、{chg}", "⟦細菌性肺炎⟧", "⟦活動性結核⟧は否定的", "{lobe}⟦結節⟧、{mo}か月後再検", "⟦NSIP pattern⟧ (⟦ATS/ERS/JRS/ALAT 2018⟧)"],
"imp_abd": ["⟦HCC⟧、⟦TACE⟧後 viable lesion {pos}", "⟦急性虫垂炎⟧", "⟦分枝型IPMN⟧、⟦国際診療ガイドライン 2017⟧ worrisome feature なし", "⟦大腸癌⟧術後再発{neg}", "⟦胆石症⟧", "⟦腎癌⟧疑い、⟦取扱い規約 第5版⟧でT1a", "⟦肝硬変⟧、⟦側副血行路⟧"],
"imp_brain": ["⟦橋梗塞⟧、急性期", "⟦慢性硬膜下血腫⟧", "⟦Alzheimer型認知症⟧に矛盾しない⟦海馬萎縮⟧", "⟦低悪性度神経膠腫⟧再発{neg}", "頭蓋内に⟦急性期病変⟧{neg}", "⟦ラクナ梗塞⟧"], "imp_spine": ["⟦{lev}椎間板ヘルニア⟧", "⟦腰部脊柱管狭窄症⟧", "⟦新鮮圧迫骨折⟧", "⟦腱板断裂⟧", "⟦化膿性脊椎炎⟧は否定的"],
"imp_breast": ["⟦乳癌⟧疑い、要生検", "⟦線維腺腫⟧", "⟦カテゴリー2⟧、経過観察", "⟦乳腺症⟧"], "imp_nuc": ["⟦悪性リンパ腫⟧ ⟦CMR⟧ (⟦Lugano 2014⟧)", "⟦多発骨転移⟧、{chg}", "⟦DLB⟧を支持", "⟦虚血⟧{neg}"], "imp_neck": ["⟦甲状腺乳頭癌⟧疑い", "⟦橋本病⟧", "⟦リンパ節炎⟧、⟦菊池病⟧など", "⟦頸動脈狭窄⟧ ⟦NASCET {d2}%⟧"],
"why": ["⟦{dx}⟧の経過観察", "⟦{dx}⟧疑い", "{cc}、⟦{dx}⟧否定", "⟦{cancer}⟧術後フォロー", "{cc}精査お願いします", "⟦{cancer}⟧にて化学療法中、効果判定", "⟦{cancer}⟧ 術前", "{cc}、⟦{lab}⟧。⟦{dx}⟧は？", "⟦{dx}⟧で当科通院中、{cc}あり", "⟦{dx}⟧と⟦{dx}⟧の鑑別"],
"lab": ["CRP {f1}", "WBC 1{d1}{d3}", "D-dimer {d2}.{d1}", "HbA1c 6.{d1}%", "eGFR {d4}.{d1}", "CEA {d2}.{d1}", "Hb 1{d13}.{d1}", "KL-6 {d3}{d1}"],
"dx": ["肺腺癌", "胃癌", "S状結腸癌", "橋本病", "川崎病", "関節リウマチ", "COPD", "Crohn病", "肝細胞癌", "乳癌", "悪性リンパ腫", "腎盂腎炎", "Basedow病", "前立腺癌", "子宮筋腫", "膵癌", "高安動脈炎", "脳梗塞", "サルコイドーシス", "Sjögren症候群"],
"cc": ["発熱", "咳嗽", "腰痛", "頭痛", "CEA高値", "体重減少", "転倒後の疼痛", "ふらつき", "血尿", "腹痛", "労作時息切れ", "検診異常"],
"equip_lungs": ["⟦Aquilion ONE⟧", "⟦SOMATOM Force⟧", "⟦Revolution CT⟧"], "equip_abd": ["⟦Aquilion Precision⟧", "⟦Optima CT660⟧", "⟦SCENARIA View⟧"], "equip_brain": ["⟦MAGNETOM Skyra⟧ 3T", "⟦Ingenia 3.0T⟧", "⟦Vantage Centurian⟧"], "equip_spine": ["⟦SIGNA Explorer⟧ 1.5T", "⟦ECHELON OVAL⟧"], "equip_breast": ["⟦AMULET Innovality⟧", "⟦Pe・ru・ru⟧"], "equip_nuc": ["⟦Discovery MI⟧", "⟦Symbia Intevo⟧", "⟦Cartesion Prime⟧"], "equip_neck": ["⟦Aplio i800⟧", "⟦LOGIQ E10⟧", "⟦ARIETTA 850⟧"],
"cm": ["⟦オムニパーク300⟧ 100mL", "⟦イオパミロン370⟧ 80 mL", "⟦プロハンス⟧ 13mL", "⟦EOB・プリモビスト⟧ 7mL", "造影なし", "単純のみ", "⟦ガドビスト⟧ 6.{d1}mL"],
"dept": ["呼吸器内科", "消化器外科", "脳外", "整形", "乳腺外科", "血液内科", "総診", "泌尿器科", "循内", "小児科", "婦人科", "耳鼻科", "救急部"],
"eng": ["No definite evidence of ⟦recurrence⟧.", "A ⟦{d2} mm nodule⟧ is stable compared with the prior study.", "⟦Pleural effusion⟧ has resolved.", "Recommend follow-up per ⟦Fleischner 2017⟧.", "⟦Lung-RADS 3⟧.", "⟦Hodgkin lymphoma⟧ in remission, ⟦Deauville 2⟧.", "⟦Baker cyst⟧ is noted.", "Findings favor ⟦Wilson disease⟧.", "No ⟦lymphadenopathy⟧ in the neck."],
}
REGIONS = {"lungs": ["胸部CT", "胸部～骨盤CT", "胸部単純X線(CR)", "肺HRCT"], "abd": ["腹部造影CT", "上腹部MRI", "腹部US", "腹部骨盤CT", "前立腺MRI"], "brain": ["頭部MRI/MRA", "頭部CT", "脳MRI"], "spine": ["腰椎MRI", "頸椎MRI", "膝MRI", "肩MRI", "腰椎CR"], "breast": ["MMG", "マンモグラフィ", "乳腺US"], "nuc": ["FDG-PET/CT", "骨シンチ", "心筋シンチ", "核医学検査"], "neck": ["甲状腺US", "頸部造影CT", "心エコー", "頸動脈エコー"]}
JOINT, HAND = "Baker|半月板|棘上筋|ACL|関節液|骨髄浮腫|骨棘", "舟状骨|月状骨|⟦骨髄浮腫⟧は|骨棘"
LISTS["spine"] += ["⟦ACL⟧は連続性{acl}。", "⟦膝蓋上嚢⟧に⟦関節液貯留⟧{pos}。", "⟦大腿骨内顆⟧に⟦骨髄浮腫⟧{pos}{img}。", "⟦骨棘形成⟧と⟦関節裂隙狭小化⟧{pos}。", "⟦骨髄浮腫⟧は{neg}。"]
LISTS["acl"] = ["保たれる", "不明瞭", "良好"]
LISTS["sta"] = ["不変", "著変なし", "軽度拡大", "やや増大", "前回同様"]
LISTS["neck"] += ["⟦僧帽弁逆流⟧ mild、⟦E/e'⟧ {d2}。", "⟦壁運動異常⟧は{neg}。", "⟦心嚢水⟧{pos}、⟦TR-PG {d2} mmHg⟧。", "⟦IMT {c1} mm⟧、⟦低輝度プラーク⟧{pos}。", "{lr}⟦椎骨動脈⟧の血流は保たれる、⟦EDV {d2} cm/s⟧。", "{lr}⟦ICA起始部⟧に⟦潰瘍形成⟧は{neg}。"]
LISTS["abd"] += ["⟦移行域⟧に⟦T2低信号結節⟧ {size}、⟦ADC低値⟧。", "⟦辺縁域⟧ {lr}尖部に⟦{size}⟧の⟦拡散制限⟧{pos}{img}。", "⟦精嚢浸潤⟧は{neg}。", "⟦被膜外進展⟧{pos}。"]
PROSTATE, HEART, CAROTID = "前立腺|移行域|辺縁域|精嚢|被膜外|/12⟫", "EF|IVC|川崎|僧帽弁|壁運動|心嚢", "plaque|PSV|IMT|椎骨動脈|ICA"
BONE, CARDIAC, THYROID = "骨シンチ|BSI", "心筋SPECT", "甲状腺|MAA"
LISTS["nuc"] += ["⟦骨シンチ⟧上、{lr}⟦第{d1}肋骨⟧に⟦集積亢進⟧{pos}。", "⟦骨シンチ⟧で⟦恥骨⟧の集積は{chg}。", "⟦骨シンチ⟧、⟦superbone scan⟧の所見は{neg}。", "⟦心筋SPECT⟧ 前壁の⟦集積低下⟧は{neg}。", "⟦心筋SPECT⟧ ⟦QGS EF {d4}%⟧、⟦TID⟧{neg}。", "{lobe}の⟦結節⟧ {size}に⟦FDG集積⟧{pos}、⟦SUVmax {f1}⟧。"]
LISTS["sbp"], LISTS["dbp"] = [str(n) for n in range(98, 168, 2)], [str(n) for n in range(52, 96, 2)]
LISTS["allcancer"] = ["肺腺癌", "胃癌", "S状結腸癌", "肝細胞癌", "膵癌", "腎細胞癌", "膀胱癌", "食道癌", "直腸癌"]
LISTS["op"] = LISTS["allcancer"] + ["胆石症", "鼠径ヘルニア", "大腸ポリープ", "腹部大動脈瘤", "甲状腺腫瘍"]
DISEASES = {"lungs": ["肺腺癌", "COPD", "サルコイドーシス", "間質性肺炎", "関節リウマチ", "Sjögren症候群", "誤嚥性肺炎", "高安動脈炎", "過敏性肺炎"], "abd": ["肝細胞癌", "Crohn病", "膵癌", "腎盂腎炎", "急性膵炎", "胆嚢炎", "卵巣嚢腫", "Budd-Chiari症候群", "原発性アルドステロン症"], "brain": ["脳梗塞", "Alzheimer病", "もやもや病", "多発性硬化症", "Parkinson病", "三叉神経痛", "原田病", "くも膜下出血", "Wilson病"],
    "spine": ["腰部脊柱管狭窄症", "関節リウマチ", "平山病", "腱板損傷", "圧迫骨折", "痛風", "骨粗鬆症", "特発性骨壊死"], "breast": ["乳癌", "乳腺症", "線維腺腫", "葉状腫瘍"], "nuc": ["悪性リンパ腫", "高安動脈炎", "狭心症", "Parkinson病", "サルコイドーシス", "不明熱", "橋本病"], "neck": ["橋本病", "Basedow病", "川崎病", "木村病", "菊池病", "弁膜症", "頸動脈狭窄", "Warthin腫瘍"]}
CANCERS = {"lungs": ["肺腺癌", "肺扁平上皮癌", "小細胞肺癌", "食道癌", "直腸癌"], "abd": ["胃癌", "S状結腸癌", "肝細胞癌", "膵癌", "腎細胞癌", "膀胱癌"], "brain": ["髄膜腫", "神経膠腫", "下垂体腺腫"], "spine": ["脊髄腫瘍", "多発性骨髄腫"], "breast": ["乳癌"], "nuc": ["肺腺癌", "乳癌", "悪性リンパ腫", "食道癌"], "neck": ["甲状腺乳頭癌", "下咽頭癌", "舌癌"]}
LISTS |= {"asgrade": ["とします", "相当", "と判定", "を付けます", ""], "judge": ["臨床所見", "血液検査", "身体所見", "経過", "{cc}の推移", "他検査", "病理"], "judged": ["と併せてご判断ください", "とあわせてご検討下さい", "との対比をお願いします", "も参考にしてください", "次第では再検を"],
    "artifact": ["体動", "呼吸性移動", "金属", "部分容積効果", "腸管ガス", "線量不足", "位置ずれ"], "limited": ["評価はやや不十分", "評価困難", "詳細不明", "過小評価の可能性", "確信度は低め"], "fake": ["偽像かもしれません", "アーチファクトの可能性あり", "見かけ上の変化と思われます", "影響を考慮"], "source": ["前医画像", "術前画像", "{mo}か月前の画像", "造影検査", "薄層データ"], "redo": ["再検討します", "追記します", "比較可能です", "ご連絡ください"]}
PREFIXES = ["また、", "なお、", "その他、", "今回、", "撮像範囲内で、", "既知の所見ですが、", "依頼とは別に、", "追加で、", "参考所見：", "まず、"]
SUFFIXES = ["{judge}{judged}。", "経過観察で可と考えます。", "{mo}か月後の再検を勧めます。", "必要に応じ造影を。", "{cc}の原因としては弱い。", "⟦{dx}⟧も鑑別に残ります。", "{artifact}のため{limited}。", "{artifact}による{fake}。", "{cc}との関連は不明。", "{source}があれば{redo}。"]
NOISE = ["{maiden_note}に旧ID {pid2}あり。", "{stsur}Drに{hm}連絡済。", "{hshort}の{stsur}先生へ返書お願いします。", "{rel}より病歴聴取。", "{stsur}技師より体動ありと申し送り。", "{psur}さんご本人に説明済み({stsur})。", "{od}の{hshort}フィルムは{stbreak}先生が保管。", "{ward}の{stsur}師長へ。", "研修医{stsur}と読影。", "{stsur}部長の指示で{xd2}再撮。", "{emp}に勤務、粉塵曝露歴。",
    "SW{stsur}が{facility}と調整中。", "照会先 {stsur} {phs}。", "主治{stsur}、不在時{stsur}。", "放射線科{stlatin}に確認。", "{stsur}先生（{hshort}）の指摘部位。", "連絡先は{rel} {mobile}。", "{room}の{oth_sur}さんと同姓注意。", "薬剤師{stsur}がアレルギー歴確認、⟦ヨード⟧可。", "{login}で仮保存。", "{addrtown}在住、{rel}と二人暮らし。", "{sthira}先生と相談の上。", "前回{od}、{stsur}読影。", "PT{stsur}、OT{stsur}よりリハ中の{cc}。", "通訳の{oth_full}さん同席。", "{stsur}/{stsur}ダブルチェック。", "カンファ({od})で{stsur}が提示。"]
LISTS["lungs"] += ["⟦Lung-RADS 2022⟧ ⟦category {d24}⟧。", "⟦第{d1}肋骨⟧の⟦陳旧性骨折⟧{pos}。", "{lobe}⟦胸膜下⟧に⟦網状影⟧{pos}{img}。", "⟦CTR {d4}%⟧、⟦肺うっ血⟧{neg}。", "⟦奇静脈葉⟧{pos}。", "⟦気管支動脈⟧の拡張は{neg}。"]
LISTS["abd"] += ["⟦新犬山分類 F3/A2⟧の⟦慢性肝炎⟧として矛盾しない。", "⟦Spiegelヘルニア⟧は{neg}。", "⟦Meckel憩室⟧{pos}。", "⟦右腎{d1}mm結石⟧{pos}{img}。", "⟦肝血管腫⟧{size}、{chg}。", "{liv}に⟦脂肪沈着⟧の不均一{pos}。"]
LISTS["brain"] += ["{lr}⟦中大脳動脈⟧に⟦{d1}mm動脈瘤⟧{pos}{img}。", "⟦鳥距溝⟧周囲に⟦FLAIR高信号⟧{pos}。", "⟦Virchow-Robin腔⟧の拡大{pos}。", "{lr}⟦上顎洞⟧に⟦粘膜肥厚⟧{pos}。", "⟦脳室⟧拡大は{neg}。"]
LISTS["breast"] += ["{lr}⟦乳管拡張⟧{pos}、{quad}。", "{lr}乳房{quad}の⟦FAD⟧は{chg}。", "⟦石灰化⟧は{lr}{quad}に{chg}。", "⟦皮膚肥厚⟧は{neg}。", "{lr}{quad}に⟦粗大石灰化⟧{pos}。"]
METRICS = {"CT": ["（DLP ⟪{dlp}.{d1}⟫ mGy·cm）", "（WW/WL ⟪1500/-600⟫）", "（⟪{d1}/{d2}⟫スライス目）", "（kV/mA ⟪120/{d3}⟫）", "（CTDIvol ⟪{d2}.{d1}⟫ mGy）"], "MRI": ["（TR/TE ⟪4{d3}/{d4}⟫）", "（b=0/⟪1000⟫）", "（NRS ⟪{d1}/10⟫）", "（MMT ⟪4/5⟫）"], "US|エコー": ["（画像⟪{d1}-{d2}⟫）", "（⟪{d1}/{d2}⟫枚目）"], ".": ["（⟪{d1}-{d1}⟫）", "（画像番号 ⟪20{d2}⟫）"]}
LISTS["dlp"] = ["1987", "2019", "1203", "998", "2023", "1954", "612"]
CONTRAST = {"MRI": ["⟦プロハンス⟧ 13mL", "⟦ガドビスト⟧ 6.{d1}mL", "造影なし", "単純のみ", "⟦マグネスコープ⟧ 0.2mL/kg"], "CT": ["⟦オムニパーク300⟧ 100mL", "⟦イオパミロン370⟧ 80 mL", "⟦イオメロン350⟧ {d4}mL", "単純のみ", "造影なし"], ".": ["造影なし"]}
# exam, pool, findings kept, findings dropped
EXAMS = [("胸部CT", "lungs", None, "CTR"), ("胸部～骨盤CT", "lungs", None, "CTR"), ("肺HRCT", "lungs", None, "CTR"), ("胸部単純X線(CR)", "lungs", "胸水|consolidation|無気肺|気腫|Kerley|Bochdalek|CTR|肋骨|奇静脈", None),
    ("腹部造影CT", "abd", None, PROSTATE), ("腹部骨盤CT", "abd", None, PROSTATE), ("上腹部MRI", "abd", None, PROSTATE + "|HU|虫垂|憩室"), ("腹部US", "abd", None, PROSTATE + "|HU|washout|LI-RADS|Gleason|Bosniak"), ("前立腺MRI", "abd", PROSTATE, "HCC|虫垂|胆石|IPMN|肝硬変|大腸|腎癌"),
    ("頭部MRI/MRA", "brain", None, "荒木"), ("脳MRI", "brain", None, "荒木"), ("頭部CT", "brain", "島皮質|松果体|荒木|硬膜下|水頭|陳旧性|長谷川|上顎|脳室⟧", "微小出血"), ("腰椎MRI", "spine", None, JOINT + "|平山|月状|舟状|腱板|半月|関節症|骨挫傷"), ("頸椎MRI", "spine", "{lev}|平山|圧迫", "腱板|腰部|半月|関節症|骨挫傷"),
    ("膝MRI", "spine", "Baker|半月板|ACL|関節液|骨髄浮腫|骨棘", "椎|脊|腱板|圧迫"), ("手関節MRI", "spine", HAND, "椎|脊|腱板|圧迫|内側半月板損傷"), ("MMG", "breast", None, "D/W|後方|腋窩|乳管"), ("マンモグラフィ", "breast", None, "D/W|後方|皮質|乳管"), ("乳腺US", "breast", "腫瘤|腋窩|D/W|カテゴリー|Cooper|乳管|皮膚", "石灰化|MLO"),
    ("FDG-PET/CT", "nuc", "FDG|Deauville|橋本|高安|菊池", "DLB|虚血|梗塞"), ("骨シンチ", "nuc", BONE, "リンパ腫|DLB|虚血|FDG|下壁"), ("心筋シンチ", "nuc", "心筋|SSS|MIBG", "リンパ腫|転移|DLB"), ("甲状腺US", "neck", "甲状腺|橋本|Level|Killian", "頸動脈|左室|大動脈弁|弁膜|リンパ節炎"), ("頸部造影CT", "neck", "木村|Warthin|甲状腺腫大|Level|Killian|原田|太田", "頸動脈|左室|大動脈弁|弁膜"),
    ("心エコー", "neck", HEART, "甲状腺|橋本|リンパ|頸動脈"), ("頸動脈エコー", "neck", CAROTID, "甲状腺|橋本|リンパ|左室|大動脈弁|弁膜")]
LISTS["imp_spine"] += ["⟦内側半月板損傷⟧", "⟦変形性関節症⟧", "⟦骨挫傷⟧"]
LISTS["imp_abd"] += ["⟦前立腺癌⟧疑い、⟦cT2a⟧"]
LISTS["imp_neck"] += ["⟦左室収縮能⟧は保たれる", "⟦大動脈弁狭窄⟧ mild", "⟦弁膜症⟧は{neg}"]
LISTS["imp_nuc"] += ["⟦下壁梗塞⟧疑い"]
MODALITY_EQUIP = {"MRI": LISTS["equip_brain"] + LISTS["equip_spine"], "US|エコー": LISTS["equip_neck"], "CT": LISTS["equip_lungs"] + LISTS["equip_abd"], "CR": ["⟦CALNEO Smart⟧", "⟦AeroDR⟧"]}

# [[a||b]] picks one; a line starting with "?" appears in three of five reports; ¦ splits layout variants from the options before it.
ORDINARY = {
"plain": "【所見】\n{F}\n\n【診断】\n{I}\n?{sign}",
"with_history": "[[検査目的||依頼内容||臨床情報]]：{why}\n?依頼科 {dept}[[|| {stsur}先生]]\n[[比較||前回]]：[[{od}||なし||{od} {exam}]]\n[[所見||Findings]]:\n{F}\n[[Impression||結論]]:\n{I}\n?{sign}",
"one_block": "{F1}{cmp}{F1}{I1}",
"technique": "{exam} {equip}、{cm}\n?プロトコル⟪{d1}-{d2}⟫、⟦スライス厚 {d1}/{d1} mm⟧\n\n{F}\n\n⇒ {I1}\n?{cmp}",
"request_reply": "{dept} {stsur}先生 [[御侍史||御机下||]]\n?{why}\n{cmp}\n{F}\n\n#{I1}\n?[[読影医||報告者]] {stfull}",
"english_heads": "CLINICAL HISTORY: {why}\nCOMPARISON: [[{od}||none||{od}, {hshort}]]\nFINDINGS:\n{F}\nIMPRESSION:\n{I}\n?Reported by {stlatin}, MD",
"short_ris": "[ {exam} ]\n{F1}\n\n{I1}\n?一次読影:{stsur} [[二次読影:{stsur}||]]",
"ordinary_words": "{why}です。{cmp}\n{F1}\n{F1}\n以上、[[ご参照ください。||ご検討ください。||宜しくお願いします。]]\n?{sign}",
"ms_age": "[[{age}{sexw}||{age} {sexw}]]。{why}。\n{F}\n{I}\n?{od}に[[当院||{hshort}||他院]]で⟦{op}⟧[[手術||術後]]。",
"grades": "所見\n 1) {f}\n 2) {f}\n 3) {f}\n診断\n {I1}\n?確定 {xd} {stfull}",
}
HOSTILE = {
"char_table": "┌────┬──────────────┐\n│氏名│{p}　[[殿||様||]]│\n│ﾌﾘｶﾞﾅ│{pkana}│\n│ID　│{pid}│\n│生年│{bd}（{age}）{sexw}│\n│病棟│{ward} {room}│\n├────┴──────────────┤\n│{exam}　{xd}\n│{f}\n│{f}\n│診断 {i}\n└──読影 {stfull}　検印 {stsur}──┘",
"plus_table": "+--------+--------------------+\n| 患者   | {pid} {p} ({sexl})\n| DOB    | {bd}\n| 依頼   | {dept}／{stsur} {phs}\n| Acc#   | {acc}\n+--------+--------------------+\n| 所見   | {f}\n|        | {f}\n| まとめ | {i}\n+--------+--------------------+\n| 技師 {stsur} / NS {stsur} / 確定 {stfull} {xd} |",
"ward_round": "■ {xd} [[教授||部長||NST||ICT]]回診　{ward}\n{room} {psur}[[さん||氏]] {age}{sexw}　{why}。{exam}: {f}\n　→{stsur}「{i}では？」 {stsur}先生にコンサルト、IC済（{rel}）\n{room2} {oth_sur}[[さん||様]]　{f} 明日転棟→{ward2}\n書記：[[研修医||専攻医||⟪R2⟫]] {stsur}",
"conference": "#ONC#{hosp} キャンサーボード議事録（{xd}）\n出席：{stsur}、{stsur}、{stsur}（以上放）、{stfull}（病理）、MSW {stsur}\n症例{d1}　{p} {pid} {why}\n放・{stsur}）{f}{f}\n外・{stsur}）前医は{hshort}の{stsur}先生。{od}の画像と比べどうか。\n放・{stsur}）{i}。⟦RECIST 1.1⟧で⟦SD⟧。⟪{d1}/{d2}⟫の方針で一致。\n【決定】{i}。家族説明は{rel}へ、担当{stsur}。",
"registry": "#ONC#院内がん登録票　施設[{hosp}]\n01 登録番号：{acc}\n02 カルテ番号：{pid}\n03 姓名：{p}  カナ：{phalf}\n04 性別：[[{sexw}||1.男 2.女→{sexn}]]  05 生年月日：{bd}\n06 住所：{addr}\n07 診断日：{od}  08 診断名：⟦{cancer}⟧ ⟦TNM 8版⟧ ⟦cT{d24}N0M0⟧ ⟦ICD-O-3 C{d2}.{d13}⟧\n09 来院経路：{hshort}\n10 画像所見：{f}{f}\n11 最終生存確認：{later} 記入者{stfull}（[[がん登録士||診療情報管理士]]）",
"stamp": "　　　[[受付印||至急||済]]\n　（{hshort} 放射線科）\n　（{xd}）\n　（　{stsur}　）\n{p}　様　{exam}\n{F}\n[[照合印 {stsur} 確認印 {stsur}||㊞{stsur}　㊞{stsur}||検収：{stsur} / 医事：{stsur}]]\n{I1}",
"signature_lines": "{F}\n{I}\n--\n{hosp} 放射線診断科\n[[医長||副部長||非常勤||嘱託]]　{stfull}（{stlatin}）\n{addr}\nTEL {tel}（内線{ext}）FAX {tel}",
"mail_trailer": "{stsur}先生\n\nお疲れ様です。放射線の{stsur}です。{psur}さん（{pid}）の{exam}ですが、{f}\n{i}と思います。{od}の{hshort}の画像、CDで借りられますか？\n\n{stsur}\n━━━━━━━━━━━━\n{hosp} {stfull}\nE-mail: {email}\nPHS: {ext} / 直通 {tel}\n{url}\n━━━━━━━━━━━━\n> On {xd}, {stlatin} <{email}> wrote:\n> {why}、宜しくお願いします。",
"dictation": "（口述）えー、患者さんは{psur}、{pgiven}さん、[[ID||アイディー]]は{pidsp}、[[改行||まる]]、{exam}、{xd}撮影。えー{f}次、{f}訂正、{f}インプレッション、{i}。以上、[[{stsur}でした||{stfull}、入力{stsur}||タイピスト{stsur}]]。",
"phone_note": "☎ 電話連絡記録　{xd} {hm}\n発信：放射線科 {stsur} → 受信：{dept}{stsur}医師（{phs}）\n内容：{p}様 {f} ⟦パニック値⟧相当として報告。\n復唱確認：[[看護師 {stsur}||病棟クラーク {stsur}||{ward}リーダー{stsur}Ns]]\nご家族（{rel}、{mobile}）へ{hm}連絡済。",
"fax_referral": "{hosp}\n診 療 情 報 提 供 書 (FAX {tel})\n{hshort} {dept} {stfull} 先生 侍史\n患 者 氏 名 {p_ocr}　 {sexw}　生 年 月 日 {bd}\n住 所 {addr}\n電 話 {mobile}　職 業 {emp}\n保 険 者 番 号 {ins}\n傷 病 名 ⟦{dx}⟧\n経 過 {od} よ り {cc}。 {f}\n{i}\n医 師 {st_ocr} 印",
"halfkana": "ﾃﾞﾝﾋﾟｮｳ NO.{acc}\n{pid} {phalf} [[ｻﾏ||ﾄﾉ]] {sexl} {bd}\nｲﾗｲｲ:{sthalf} ｶ:{dept} ﾋﾞｮｳﾄｳ:{ward}\nｷﾞｼ:{sthalf}\n[[⟦ｿﾞｳｴｲ⟧||⟦ﾀﾝｼﾞｭﾝ⟧||⟦ｾｲｻ ｹﾝｻ⟧]] {xd} {hm}\n{f}\n{f}\n⟦ﾘﾝﾊﾟｾﾂ ｼｭﾀﾞｲ⟧ ﾅｼ\n{i}",
"fullwidth": "#FW#患者番号：{pid}　氏名：{pwide}　生年月日：{bd}（{age}）\n受付番号：{acc}　電話：{mobile}\n検査日：{xd}　検査：{exam}\n{f}{f}\n⟦{lev}⟧⟪{d1}／{d2}⟫\n結果：{i}\n担当：{stfull}　病室：{room}",
"mixed_era": "#ONC#【病歴】{od}（[[昭和の頃||当時]]{emp}勤務）検診にて異常。{od2} {hshort}で⟦{cancer}⟧手術、{od}再発、{od2}より{hshort2}で[[化療||RT 60Gy/30fr]]。{xd} 当院{exam}。\n{f}⟪{d1}/{d2}⟫、{od}と比べ{f}\n{i}\n{bd}生　{age}",
"broken_name": "氏　名：{pbreak}　様\nＩＤ：{pidsp}\n主 治：{stbreak}\n{exam}\n{F}\n{I1}\n読 影 者：{stbreak}",
"whiteboard": "本日の読影残（{xd}）\n{psur} {f}\n{oth_sur} {f}\n{oth_sur} {f}\n{oth_sur} [[⟦PE⟧疑い||⟦骨meta⟧?||⟦イレウス⟧]] {ward}\n{stsur} [[⟦肝⟧分お願い||⟦頭部⟧3件||⟦MMG⟧ {d2}件]]、{stsur} ⟦CR⟧、{stsur} [[午後休||当直明け]]\n{i}",
"ic_note": "IC同席者：{rel}、{rel2}、{stsur}（[[担当看護師||ソーシャルワーカー||臨床心理士||ケアマネ]]）\n本人 {p}（{age}）へ画像提示。{f}\n{rel}「本人は[[いつから悪かったのか||また歩けますか]]」\n{rel2}は{addrtown}在住、{mobile}。キーパーソン：{rel}。\n説明：{i}。{stfull} {xd}",
"foreign": "#FOREIGN#Nome/Name: {platin}　（{p}）\n国籍 {nation}　在留カード上 {platinu}　DOB {bd}\n勤務先 {emp}　通訳：{oth_full}さん（{mobile}）\n{psur}さん {why}。\n{F}\n{I}\n{stsur} / {stlatin}",
"english": "#EN#Dear Dr. {stlatsur},\n\nThank you for referring {title} {platin} (MRN {pid}, DOB {bde}), seen at {hosp} on {xde}.\n{engs}\n日本語要約：{f}{i}\nSincerely,\n{stlatin}, M.D., Ph.D.\nTel {tel}  {email}",
"teleradiology": "<<遠隔読影依頼票>>\n依頼施設={hosp};施設ID=⟪{d3}-{d2}⟫;依頼医={stfull}\nログイン:{login} URL:{url}\n患者={pid}^{promaji}^{sexl}^{bdn}\nオーダ={acc}\n緊急連絡先 {tel} ({stsur}技師)\n所見>\n{F}\n診断>\n{I1}\n読影者 {login} [[承認 {login}||]] {xd} {hm}",
"nuclear_sheet": "#NUC#核医学ワークシート {xd}\n投与者 {stsur}　測定 {stsur}(RI技師)　立会 {stfull}Ns\nPt {psur} {pgiven}  BW ⟦{d4}.{d1} kg⟧  ⟦BS {d3} mg/dL⟧\n投与量 ⟦{d3} MBq⟧  ⟪{hm}⟫投与 撮像開始60分後\nロット ⟪{d3}-{d2}-{d1}⟫  {equip}\n{f}\n{f}\n{i}　{room}へ帰室",
"checkup": "#WORK#{hosp}健診センター　受診番号 {pid}\n事業所：{emp}　記号番号 {ins}\n氏名 {p}（{pkana}）{bd}\n判定[[D2||C||E]]　{exam}\n{f}\n昨年（{od}）{f}\n産業医 {stfull}　保健師 {stsur}\n要精査 紹介先：{hshort}",
"school": "#CHILD#{school} {grade}年 {psur}{pgiven}{child}（{age}）\n学校健診（{od}）で指摘。{rel}付添。[[担任||養護教諭]]の{oth_sur}先生より{tel}\n{F}\n{I}\n小児科 {stsur}",
"audit": "{xd} {hm}|OPEN|{login}|{pid}|{acc}\n{xd} {hm}|TEMP|{login}|{stfull}|{f}\n{xd} {hm}|EDIT|{login}|{stsur}→{stsur}|{f}\n{xd} {hm}|SIGN|{login}|OK|{i}\nVER 3.{d1}.{d2} ⟪{d2}.{d1}.{d15}⟫",
"keyvalue": "PATNAME={promaji}=={p}=={pkana}\nPATID={pid}\nBIRTH={bdn}\nSEX={sexl}\nLOC={ward}-{room}\nREQDOC={stfull}\nACCNO={acc}\nSTUDYDATE={xdn}\nTEL={tel}\nFIND={f}{f}\nIMP={i}\nOPER={login}/{stlatin}",
"tech_comment": "[[技師コメント||検査メモ||撮影室より]]：{psur}様、[[息止め不良||体動あり||右手ルート確保困難]]。[[{stsur}技師と2名介助||{stsur}・{stsur}で移乗||Ns{stsur}付添]]。{cm}。[[前室の{oth_sur}様と取り違えないよう||{rel}が待合で待機]]。{xd} {hm} {equip}\n{F}\n{I1}\n（{stsur}）",
"locum_handover": "[[引継ぎ||申し送り||代診メモ]]（{stsur}→{stsur}先生）\n・{psur}さん（{ward}、{age}）：{f} 主治{stsur}、話通じてます。\n・{oth_sur}さん：{f} {hshort}の{stsur}部長に電話（{tel}）\n・端末は{login}で入ってください。困ったら{stsur}さん（[[RIS担当||SE||受付]]）{phs}\n・{i}",
"ambulance": "#ER##WORK#救急搬送 {xd} {hm}　{addr}路上にて受傷\n{p} {bd} {age}{sexw}　勤務先{emp}\n通報者：[[友人||隣人||上司||同僚]]の{oth_full}（{mobile}）\n搬送：[[救急隊 {oth_sur}隊長||{addrtown}消防 {oth_sur}]]\n⟦GCS 15⟧、⟦FAST陰性⟧、BP ⟪{sbp}/{dbp}⟫\n{F}\n{I1}　ER {stsur}/{stsur}（[[初期研修医||後期研修医]]）",
"addendum": "{F}\n{I1}\n【追記1】{xd} {hm} {stsur}：{f}\n【追記2】{xd2} {stfull}先生指摘により訂正。{f}\n【追記3】{stsur}（{login}）患者ID誤り {pidsp}→修正。以前の{hshort}ID：{pid2}",
"ai_autopsy": "#ER#死亡時画像（Ai）報告\n嘱託元：{addrtown}警察署 [[刑事課||生活安全課]] {oth_full}[[警部補||巡査部長]]\n死者：{p}（{age}）{bd}生\n発見者 {rel}、[[民生委員||大家]] {oth_sur}\n{f}{f}⟦血液就下⟧(+)、⟦死後変化⟧。\n{i}\n鑑定補助 {stfull}",
"tsv_list": "No\tID\t氏名\t年\t検査日\t科\t主治医\t所見\n1\t{pid}\t{p}\t{age}\t{xd}\t{dept}\t{stsur}\t{f}\n2\t{othid}\t{oth_full}\t[[61||74||48]]\t{xd}\t{dept}\t{stsur}\t{f}\n3\t{othid}\t{oth_full}\t[[55||82||39]]\t{xd2}\t{dept}\t{stfull}\t{f}\n備考\t{i}",
"homecare": "#OLD#訪問診療・施設入所者　{facility}入所中 {age}\n{psur} {pgiven}様 介護保険 {ins}\n[[施設長||相談員||ケアマネジャー]] {oth_full}　TEL {tel}\n後見人：{rel}\n{F}\n{I1}\n往診医 {stsur}",
"chat": "放射線科チャット {xd}\n{hm} {stsur}: {sthira}先生、{psur}さんの{exam}見ました？\n{hm} {sthira}: 「{f}」ですよね\n{hm} {stsur}: {i}かと。{oth_sur}さん（{room}）と{ward}で間違えないで\n{hm} {stsur}: [[了解です||ありがとうございます]] {login}で確定しときます {url}",
"cd_label": "[[CD-R貸出票||フィルム貸出||画像取込依頼]]\n{p}/{promaji}/{pid}/{bdn}\n貸出先：{hosp} {dept} {stsur}先生\n返却予定 {later}　受取（続柄）{rel}\n枚数 ⟪{d1}/{d2}⟫　受付 {stsur}（[[地域連携室||医事課||放射線受付]]）{phs}\n添付レポート写：{f}{f}{i}",
"ocr_columns": "患 者 ID {pidsp}　　　　診 療 科 {dept}\n氏　 名 {p_ocr}　　　　依 頼 医 {st_ocr}\n病　 棟 {ward}　　　　検 査 日 {xd}\n年　 齢 {age}　　　　技　 師 {st_ocr}\n\n{F}\n{I}\n- ⟪1/2⟫ -　{hosp}",
"names_then_findings": "{psur} {pgiven} {f}\n{stsur} {exam} {f}\n{oth_full} ⟦肝⟧ ⟦S{d18}⟧ {size}\n{i} {stfull} {xd}\n[[主治||上級医||当直]] {stsur} [[研修医||専攻医||学生]] {stsur}",
"slashes": "{p}/{sexl}/{age}/{bd}/{pid}/{ward}/{dept}/{stsur}\n{exam}/{xd}/{equip}\n{f}/{f}\n{i}/⟪{d1}/{d2}⟫/{stsur}",
}

PLACES = """北見沢:kitamizawa:北海道 石狩野:ishikarino:北海道 渡島台:oshimadai:北海道 美唄川:bibaigawa:北海道 十勝原:tokachihara:北海道 東尾張:higashiowari:愛知県 恵那川:enagawa:岐阜県 信濃平:shinanodaira:長野県 美濃山:minoyama:岐阜県 遠州浜:enshuhama:静岡県
備後野:bingono:広島県 安芸津原:akitsuhara:広島県 出雲里:izumosato:島根県 周防台:suodai:山口県 伯耆川:hokigawa:鳥取県 美作台:mimasakadai:岡山県 甲斐野:kaino:山梨県 越中沢:etchuzawa:富山県""".split()
HOSPITAL_FORMS = [("市立{}総合病院", "市立{}"), ("{}市民病院", "{}市民"), ("{}赤十字病院", "{}日赤"), ("{}厚生病院", "{}厚生"), ("国立病院機構{}医療センター", "{}医療C"), ("{}中央病院", "{}中央"), ("医療法人社団{}会{}記念病院", "{}記念"), ("{}がんセンター", "{}がんC"), ("{}協会病院", "{}協会"), ("{}労災病院", "{}労災"), ("JA{}病院", "JA{}"), ("{}脳神経外科クリニック", "{}脳外"), ("{}済生会病院", "{}済生会")]
EMPLOYER_FORMS = ["(株){}水産", "{}造船", "{}自動車部品工業㈱", "{}運輸株式会社", "JA{}", "{}市役所", "{}製紙{}工場", "有限会社{}建設", "{}バス", "{}食品工業"]
SCHOOL_FORMS = ["{}市立第二小学校", "{}小学校", "{}中", "{}市立東中学校", "県立{}高校", "{}南高等学校", "{}保育園", "{}大学附属小学校"]
WARDS = ["{n}東病棟", "東{n}病棟", "{n}E", "{n}階西", "西館{n}F", "B棟{n}階", "{n}南", "第{n}病棟", "新館{n}階北病棟", "{n}-A病棟", "本館{n}東", "{n}W病棟"]
MARK_OPEN, MARK_CLOSE = "⦃", "⦄"
KINDS = "patient_name staff_name relative_name other_person patient_id accession phone email login address hospital hospital_short ward room employer school birth_date exam_date other_date age_over_89 insurer_number url".split()
KIND_BASE = 0xE100
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


def tag(kind: str, text: str) -> str:
    """Mark text as an identifier of one kind."""
    return MARK_OPEN + chr(KIND_BASE + KINDS.index(kind)) + text + MARK_CLOSE


def parse(marked: str) -> tuple[str, list[tuple[str, int, int]]]:
    """Return the plain text and its spans (label, start, end) in characters."""
    out: list[str] = []
    open_spans: list[tuple[str, int]] = []
    spans = []
    chars = iter(marked)
    for char in chars:
        if char == MARK_OPEN:
            open_spans.append((KINDS[ord(next(chars)) - KIND_BASE], len(out)))
        elif char in "⟦⟪":
            open_spans.append(("clinical" if char == "⟦" else "not_dates", len(out)))
        elif char in "⦄⟧⟫":
            label, start = open_spans.pop()
            spans.append((label, start, len(out)))
        else:
            out.append(char)
    assert not open_spans
    return "".join(out), sorted(spans, key=lambda span: (span[1], span[2]))


ROMAJI = dict(zip("アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲンガギグゲゴザジズゼゾダヂヅデドバビブベボパピプペポ",
    "A I U E O KA KI KU KE KO SA SHI SU SE SO TA CHI TSU TE TO NA NI NU NE NO HA HI FU HE HO MA MI MU ME MO YA YU YO RA RI RU RE RO WA O N GA GI GU GE GO ZA JI ZU ZE ZO DA JI ZU DE DO BA BI BU BE BO PA PI PU PE PO".split()))
SMALL_Y = {"ャ": "A", "ュ": "U", "ョ": "O"}


def romaji(kana: str) -> str:
    """Return Hepburn capitals of katakana, long O and U shortened."""
    out = ""
    for index, char in enumerate(kana):
        if char in SMALL_Y:
            stem = out[:-1]
            out = stem + ("" if stem.endswith(("SH", "CH", "J")) else "Y") + SMALL_Y[char]
        elif char == "ッ":
            out += ROMAJI[kana[index + 1]][0]
        else:
            out += ROMAJI[char]
    return out.replace("OU", "O").replace("UU", "U").replace("OO", "O")


HALF = {unicodedata.normalize("NFKC", chr(code)): chr(code) for code in range(0xFF66, 0xFF9E)} | {"\u3099": "ﾞ", "\u309a": "ﾟ", "ー": "ｰ", "・": "･"}


def half_width(kana: str) -> str:
    """Return katakana in half-width forms, voicing marks apart."""
    return "".join(HALF.get(char, char) for char in unicodedata.normalize("NFD", kana))


NATIONS = [("NGUYEN|TRAN|LE |PHAM|DOAN", "ベトナム"), ("SILVA|PEREIRA|OLIV|SUZUKI|FERR|DA ", "ブラジル"), ("LAMA|THAPA", "ネパール"), ("DOMINGO|VILLA", "フィリピン"), ("AUNG", "ミャンマー"), ("SINGH", "インド"), ("WIJA|SURY", "インドネシア"), ("PETRO", "ロシア"), ("HARRIS", "英国"), ("CAMP", "豪州"), ("EVANS", "米国")]
ERAS = [(date(2019, 5, 1), "令和", "R", 2018), (date(1989, 1, 8), "平成", "H", 1988), (date(1926, 12, 25), "昭和", "S", 1925), (date(1912, 7, 30), "大正", "T", 1911)]


def date_text(day: date, style: int) -> str:
    """Return one date in one of the written styles of Japanese hospitals."""
    _, name, letter, base = next(era for era in ERAS if day >= era[0])
    year, month, dom = day.year - base, day.month, day.day
    styles = [f"{day:%Y/%m/%d}", f"{day.year}年{month}月{dom}日", f"{letter}{year}.{month}.{dom}", f"{name}{'元' if year == 1 else year}年{month}月{dom}日", f"{day:%Y-%m-%d}", f"{letter}{year:02d}/{month:02d}/{dom:02d}", f"{day:%Y.%m.%d}", f"{day.year}/{month}/{dom}",
              f"{name}{'元' if year == 1 else year}.{month}.{dom}", f"{letter}.{year}-{month}-{dom}", f"'{day:%y}.{month}.{dom}", f"{day:%Y%m%d}", f"{name[0]}{year}年{month}月{dom}日", f"{day.year}.{month}.{dom}", f"{letter} {year} . {month} . {dom}", f"{name} {year} 年 {month} 月 {dom} 日"]
    return styles[style]


CLINICAL_SURNAMES = "橋本 高安 川崎 菊池 木村 太田 平山 長谷川 荒木 原田 鈴木 大島 橋 島 角 関 原 脇 肝付 肥田 左近 右田 中葉 門脇 月岡 竹内 上野 下地".split()
OLD_NAMES = "千代治:チヨジ 留吉:トメキチ 嘉右衛門:カエモン 与志雄:ヨシオ 喜一郎:キイチロウ キヨ:キヨ トメ:トメ ハツエ:ハツエ ミツ:ミツ サダ:サダ フミ:フミ 八重:ヤエ 三千代:ミチヨ 節:セツ 操:ミサオ".split()


class Person:
    """One invented person in all scripts."""

    def __init__(self, rng: random.Random, sex: str, surname: str | None = None, foreign: bool = False, old: bool = False) -> None:
        if foreign:
            self.kana, self.romaji = rng.choice(FOREIGN_M if sex == "M" else FOREIGN_F).split("|")
            if rng.random() < 0.3:
                self.kana = self.kana.replace(" ", "・")
            self.kanji = self.kana
            self.sur = max(re.split("[ ・]", self.kana), key=len)
            self.given = re.split("[ ・]", self.kana)[-1]
            self.foreign = True
            return
        self.foreign = False
        self.sur, sur_kana = (surname or rng.choice(SURNAMES)).split(":")
        self.surname = f"{self.sur}:{sur_kana}"
        self.given, given_kana = rng.choice([given for given in (GIVEN_M if sex == "M" else GIVEN_F) if old or given not in OLD_NAMES]).split(":")
        self.kanji, self.kana = f"{self.sur} {self.given}", f"{sur_kana} {given_kana}"
        self.romaji = f"{romaji(sur_kana)} {romaji(given_kana)}"


class Case:
    """One report: its people, its dates and its slots."""

    def __init__(self, rng: random.Random, kind: str, layout: str) -> None:
        self.rng, self.kind, self.layout = rng, kind, layout
        self.template = (HOSTILE if kind == "hostile" else ORDINARY)[layout]
        self.exam, pool, keep, drop = rng.choice([exam for exam in EXAMS if self.suits(exam)])
        self.pool = pool
        self.findings = [s for s in LISTS[pool] if (not keep or re.search(keep, s)) and (not drop or not re.search(drop, s))]
        self.impressions = [s for s in LISTS["imp_" + pool] if not (drop and re.search(drop, s))]
        if self.exam == "前立腺MRI":
            self.impressions += ["⟦PI-RADS 2⟧、経過観察", "⟦前立腺肥大⟧", "⟦精嚢浸潤⟧{neg}"]
        self.equipment = LISTS["equip_" + pool] if not re.search("US|エコー|CR|MRI|CT|MMG", self.exam) or pool in ("nuc", "breast") else MODALITY_EQUIP[next(m for m in MODALITY_EQUIP if re.search(m, self.exam))]
        self.used: list[str] = []
        self.sex = "F" if pool == "breast" else "M" if "前立腺" in self.exam else rng.choice("MF")
        self.exam_day = date(2015, 1, 5) + timedelta(rng.randrange(3990))
        child = "#CHILD#" in self.template
        years = rng.choice(range(7, 17)) if child else rng.randrange(20, 68) if re.search("#WORK#|#FOREIGN#", self.template) else rng.randrange(72, 103) if "#OLD#" in self.template else rng.choices([rng.randrange(18, 50), rng.randrange(50, 90), rng.randrange(90, 103)], [2, 6, 2])[0]
        self.birth = self.exam_day - timedelta(int(years * 365.25) + rng.randrange(20, 340))
        birthday_passed = (self.exam_day.month, self.exam_day.day) >= (self.birth.month, self.birth.day)
        self.years = self.exam_day.year - self.birth.year - (not birthday_passed)
        foreign = "#FOREIGN#" in self.template or (rng.random() < 0.06 and self.years < 70)
        self.patient = Person(rng, self.sex, foreign=foreign, old=years > 55, surname=self.hard_surname())
        self.staff = [Person(rng, rng.choice("MMF"), foreign=rng.random() < 0.02, surname=self.hard_surname()) for _ in range(8)]
        self.turn, self.minute = 0, rng.randrange(420, 1300)
        self.last_day = self.exam_day - timedelta(3000)
        digits = rng.choice([6, 7, 8, 8, 10])
        self.id = rng.choice(["", "", "", "00", "0"]) + str(rng.randrange(10 ** (digits - 1), 10 ** digits))
        if rng.random() < 0.15:
            self.id = self.id[:3] + "-" + self.id[3:7] + "-" + (self.id[7:] or "1")
        self.places = rng.sample(PLACES, 3)
        self.forms = [rng.choice(HOSPITAL_FORMS) for _ in range(3)]
        self.styles = [rng.choice([0, 0, 1, 2, 3, 4, 7])] if kind == "ordinary" else rng.sample(range(14), 3)
        self.accession = rng.choice(["", "A", "CT", "RX-"]) + self.exam_day.strftime(rng.choice(["%y%m%d", "%Y%m%d", "%y"])) + f"{rng.randrange(10**4):04d}" + rng.choice(["", f"-{rng.randrange(1, 9)}"])

    def hard_surname(self) -> str | None:
        """Return, one time in ten of the hostile ones, a surname that is also a clinical word."""
        if self.kind == "ordinary" or self.rng.random() > 0.1:
            return None
        return self.rng.choice([name for name in SURNAMES if name.split(":")[0] in CLINICAL_SURNAMES])

    # --- people -----------------------------------------------------------
    def names(self, person: Person) -> str:
        """Return a full name as colleagues write it."""
        return person.kanji if person.foreign else self.rng.choice([person.kanji, person.kanji.replace(" ", ""), person.kanji.replace(" ", "　")])

    def s_p(self): return tag("patient_name", self.names(self.patient))
    def s_psur(self): return tag("patient_name", self.patient.sur)
    def s_pgiven(self): return "" if self.patient.foreign else tag("patient_name", self.patient.given)
    def s_pkana(self): return tag("patient_name", self.patient.kana)
    def s_phalf(self): return tag("patient_name", half_width(self.patient.kana))
    def s_promaji(self): return tag("patient_name", self.patient.romaji.replace(" ", self.rng.choice([" ", "^"]), 1))
    def s_platin(self): return tag("patient_name", self.latin(self.patient))
    def s_platinu(self): return tag("patient_name", self.patient.romaji)
    def s_pwide(self): return tag("patient_name", self.patient.kanji.replace(" ", "　"))
    def s_p_ocr(self): return tag("patient_name", " ".join(self.patient.kanji.replace(" ", "")) if not self.patient.foreign else self.patient.kanji)
    def s_st_ocr(self): return tag("staff_name", " ".join(self.one_staff().kanji.replace(" ", "")))
    def s_pbreak(self): return tag("patient_name", self.broken(self.patient))
    def s_stbreak(self): return tag("staff_name", self.broken(self.one_staff()))
    def s_stsur(self): return tag("staff_name", self.one_staff().sur)
    def s_stfull(self): return tag("staff_name", self.names(self.one_staff()))
    def s_sthalf(self): return tag("staff_name", half_width(self.one_staff().kana.split(" ")[0]))
    def s_stlatin(self): return tag("staff_name", self.latin(self.one_staff()))
    def s_stlatsur(self): return tag("staff_name", self.one_staff().romaji.split()[0].capitalize())
    def s_oth_sur(self): return tag("other_person", self.stranger().sur)
    def s_oth_full(self): return tag("other_person", self.names(self.stranger()))

    def one_staff(self) -> Person:
        self.turn = (self.turn + self.rng.choice([1, 1, 1, 2, 3])) % len(self.staff)
        return self.staff[self.turn]

    def suits(self, exam: tuple) -> bool:
        """Say whether a layout can carry an examination."""
        if "#CHILD#" in self.template:
            return exam[0] in ("膝MRI", "手関節MRI", "心エコー", "甲状腺US", "頸部造影CT")
        if "#NUC#" in self.template:
            return exam[1] == "nuc"
        if "#ER#" in self.template:
            return exam[0] in ("頭部CT", "胸部CT", "胸部～骨盤CT", "腹部造影CT", "腹部骨盤CT")
        return "#ONC#" not in self.template or (exam[1] in ("lungs", "abd", "breast", "nuc") and exam[0] != "心筋シンチ")

    def stranger(self) -> Person:
        return Person(self.rng, self.rng.choice("MF"), foreign=self.patient.foreign and self.rng.random() < 0.5, old=self.rng.random() < 0.4)

    def latin(self, person: Person) -> str:
        words = person.romaji.title().split()
        if person.foreign:
            return " ".join(words)
        return self.rng.choice([f"{words[1]} {words[0]}", f"{words[0]} {words[1]}", f"{words[1]} {words[0].upper()}", f"{words[1][0]}. {words[0]}"])

    def broken(self, person: Person) -> str:
        gap = self.rng.choice(["\n", "\n　", " \n", "\n        "])
        if person.foreign:
            return re.sub("[ ・]", gap, person.kanji, count=1)
        return person.kanji.replace(" ", gap) if self.rng.random() < 0.7 or len(person.sur) < 2 else person.sur[0] + "\n" + person.sur[1:] + person.given

    def s_relg(self): return tag("relative_name", self.relative("MF"))

    def relative(self, sexes: str) -> str:
        person = Person(self.rng, self.rng.choice(sexes), foreign=self.patient.foreign, old=self.years > 60)
        return person.given if self.patient.foreign or person.given != self.patient.given else self.relative(sexes)

    def s_rel(self) -> str:
        if self.years < 18:
            role, sexes = self.rng.choice([("母", "F"), ("父", "M"), ("祖母", "F")])
        else:
            role, sexes = self.rng.choice([("妻" if self.sex == "M" else "夫", "F" if self.sex == "M" else "M"), ("長男", "M"), ("次女", "F"), ("長女", "F"), ("弟", "M"), ("姪", "F"), ("長男の嫁", "F"), ("二男", "M"), ("妹", "F")])
        full = "" if self.patient.foreign or self.rng.random() < 0.7 else self.patient.sur
        name = tag("relative_name", full + self.relative(sexes))
        return self.rng.choice([f"{role} {name}", f"{role}の{name}さん", f"{role}({name})", f"{role}：{name}", f"{role}{name}", f"{role}　{name}様"])

    s_rel2 = s_rel

    # --- numbers and places -------------------------------------------------
    def s_pid(self): return tag("patient_id", self.id)
    def s_pid2(self): return tag("patient_id", str(self.rng.randrange(10**5, 10**7)))

    def s_pidsp(self):
        raw, cut = self.id.replace("-", ""), self.rng.choice([2, 3, 4])
        return tag("patient_id", " ".join(raw[i:i + cut] for i in range(0, len(raw), cut)))

    def s_maiden_note(self): return self.rng.choice(["旧姓{}", "旧姓：{}", "改姓前（{}）"] if self.sex == "F" else ["養子縁組前の{}姓", "改姓前（{}）"]).format(tag("patient_name", Person(self.rng, self.sex).sur))
    def s_othid(self): return tag("patient_id", f"{self.rng.randrange(10**7):08d}")
    def s_acc(self): return tag("accession", self.accession)

    def place(self, index: int = 0) -> list[str]: return self.places[index].split(":")

    def s_hosp(self): return tag("hospital", self.forms[0][0].replace("{}", self.place()[0], 1).replace("{}", self.rng.choice(["北", "東", ""])))
    def s_hshort(self): return tag("hospital_short", self.forms[1][1].format(self.place(1)[0]))
    def s_hshort2(self): return tag("hospital_short", self.forms[2][1].format(self.place(2)[0]))
    def s_facility(self): return tag("hospital", self.rng.choice(["特養", "老健", "グループホーム", "サ高住"]) + self.rng.choice(["やすらぎ", "ひまわり", "あかしや", "こもれび"]) + self.place()[0])
    def s_ward(self): return tag("ward", self.rng.choice(WARDS).format(n=self.rng.randrange(2, 10)))
    s_ward2 = s_ward

    def s_room(self):
        number = self.rng.randrange(2, 10) * 100 + self.rng.randrange(1, 40)
        return tag("room", self.rng.choice([f"{number}号室", f"{number}号", f"{number}-{self.rng.randrange(1, 5)}", f"{number}号室窓側", f"Rm.{number}"]))

    s_room2 = s_room

    def s_tel(self):
        area = self.rng.choice(["0123", "0155", "0562", "0573", "0848", "0853", "011", "082", "052"])
        number = f"{area}-{self.rng.randrange(200, 999) if len(area) == 3 else self.rng.randrange(20, 99)}-{self.rng.randrange(10**4):04d}"
        return tag("phone", number if self.rng.random() < 0.7 else number.replace("-", "(", 1).replace("-", ")", 1))

    def s_mobile(self): return tag("phone", self.rng.choice(["090{s}{a}{s}{b}", "080{s}{a}{s}{b}", "070{s}{a}{s}{b}"]).format(s=self.rng.choice(["-", "-", " ", ""]), a=self.rng.randrange(1000, 9999), b=f"{self.rng.randrange(10**4):04d}"))
    def s_ext(self): return tag("phone", str(self.rng.randrange(2000, 8999)))
    def s_phs(self): return self.rng.choice(["PHS", "PHS ", "内線", "ピッチ", "内）"]) + self.s_ext()

    def account(self) -> str:
        words = self.one_staff().romaji.lower().split()
        return self.rng.choice([f"{words[1][0]}-{words[0]}{self.rng.randrange(1, 90):02d}", f"{words[0]}.{words[1][0]}", f"rad_{words[0]}", f"dr{self.rng.randrange(1000, 9999)}", f"{words[0]}{words[1][0]}"])

    def s_login(self): return tag("login", self.account())
    def domain(self) -> str: return self.place()[1] + self.rng.choice(["-hp.or.jp", "-hosp.jp", "-med.or.jp"])
    def s_email(self): return tag("email", f"{self.account()}@{self.domain()}")
    def s_url(self): return tag("url", self.rng.choice(["https://www.{}/radiology/", "https://pacs.{}/viewer?study=" + str(self.rng.randrange(10**6)), "http://ris.{}:8080/login", "https://{}/~houshasen"]).format(self.domain()))

    def s_addr(self):
        name, _, prefecture = self.place(self.rng.randrange(3))
        town = self.rng.choice(["栄町", "本通", "北3条西", "南郷", "字浜中", "大手町", "緑ヶ丘", "駅前通", "東雲町"])
        number = self.rng.choice(["{}丁目{}-{}", "{}-{}-{}", "{}丁目{}番{}号", "{}-{}-{}-20{}"]).format(*(self.rng.randrange(1, 20) for _ in range(4)))
        postal = self.rng.choice(["", "", f"〒{self.rng.randrange(100, 999)}-{self.rng.randrange(10**4):04d} "])
        return tag("address", f"{postal}{self.rng.choice([prefecture, ''])}{name}市{town}{number}")

    def s_addrtown(self): return tag("address", self.place()[0] + self.rng.choice(["市", "町"]))
    def s_emp(self): return tag("employer", self.rng.choice(EMPLOYER_FORMS).format(self.place()[0], self.rng.choice(["第二", "東"])))
    def s_school(self): return tag("school", self.rng.choice([form for form in SCHOOL_FORMS if ("小学校" if self.years < 13 else "中" if self.years < 16 else "高") in form]).format(self.place()[0]))
    def s_ins(self): return tag("insurer_number", self.rng.choice([f"{self.rng.randrange(10**8):08d}", f"{self.rng.randrange(10, 99)}-{self.rng.randrange(1000, 99999)}", f"{self.rng.randrange(10**10):010d}"]))

    # --- dates and ages -------------------------------------------------------
    def written(self, day: date) -> str: return date_text(day, 14 + self.rng.randrange(2) if self.layout == "fax_referral" and self.rng.random() < 0.5 else self.rng.choice(self.styles))
    def s_bd(self): return tag("birth_date", self.written(self.birth))
    def s_bdn(self): return tag("birth_date", f"{self.birth:%Y%m%d}")
    def s_bde(self): return tag("birth_date", f"{self.birth:%d %b %Y}")
    def s_xd(self): return tag("exam_date", self.written(self.exam_day))
    def s_xdn(self): return tag("exam_date", f"{self.exam_day:%Y%m%d}")
    def s_xde(self): return tag("exam_date", self.rng.choice([f"{self.exam_day:%B} {self.exam_day.day}, {self.exam_day.year}", f"{self.exam_day:%d-%b-%Y}"]))
    def s_xd2(self): return tag("exam_date", self.written(self.exam_day + timedelta(self.rng.randrange(1, 9))))

    def s_od(self):
        if self.layout == "mixed_era":
            self.last_day += timedelta(self.rng.randrange(60, 560))
            return tag("other_date", self.written(self.last_day))
        span = min(3600, max(200, self.years * 300))
        day = self.exam_day - timedelta(self.rng.randrange(20, span))
        short = self.rng.random()
        recent = self.exam_day - timedelta(self.rng.randrange(3, 90))
        if short < 0.12:
            return tag("other_date", f"{day.year}年{day.month}月")
        if short < 0.2:
            return tag("other_date", f"{recent.month}月{recent.day}日")
        if short < 0.26 and self.kind == "hostile":
            return tag("other_date", f"{recent.month}/{recent.day}")
        return tag("other_date", self.written(day))

    s_od2 = s_od

    def s_hm(self):
        self.minute += self.rng.randrange(1, 25)
        return f"{self.minute // 60 % 24}:{self.minute % 60:02d}"

    def s_later(self): return tag("other_date", self.written(self.exam_day + timedelta(self.rng.randrange(7, 60))))

    def s_age(self):
        unit = self.rng.choice(["歳", "歳", "才", " 歳"] + ["y/o", "y.o."] * (self.kind == "hostile"))
        return tag("age_over_89", f"{self.years}{unit}") if self.years >= 90 else f"{self.years}{unit}"

    def s_sexw(self): return self.rng.choice(["男", "男性"] if self.sex == "M" else ["女", "女性"])
    def s_child(self): return self.rng.choice(["さん", "くん" if self.sex == "M" else "ちゃん"])
    def s_title(self): return "Mr." if self.sex == "M" else "Ms."
    def s_grade(self): return str(min(6, max(1, self.years - 6)) if self.years < 13 else min(3, self.years - 12) if self.years < 16 else min(3, self.years - 15))
    def s_nation(self): return next((nation for pattern, nation in NATIONS if re.match(pattern, self.patient.romaji)), "その他")
    def s_sthira(self): return tag("staff_name", "".join(chr(ord(c) - 96) if "ァ" <= c <= "ヶ" else c for c in re.split("[ ・]", self.one_staff().kana)[0]))
    def s_sexl(self): return self.sex
    def s_sexn(self): return "1" if self.sex == "M" else "2"

    # --- clinical text ----------------------------------------------------------
    def s_exam(self): return f"⟦{self.exam}⟧" if self.rng.random() < 0.8 else self.exam
    def s_equip(self): return self.rng.choice([e for e in self.equipment if self.pool != "nuc" or ("Symbia" in e) != ("PET" in self.exam)])

    def s_f(self):
        fresh = [s for s in self.findings if s not in self.used] or self.findings
        choice = self.rng.choice(fresh)
        self.used.append(choice)
        before = self.rng.choice(PREFIXES) if self.rng.random() < 0.18 else ""
        after = self.rng.choice(SUFFIXES) if self.rng.random() < 0.16 else ""
        noise = self.rng.choice(NOISE if self.kind == "hostile" else NOISE[1:6]) if self.rng.random() < (0.12 if self.kind == "hostile" else 0.015) else ""
        if self.rng.random() < 0.1 and choice.endswith("。"):
            choice = choice[:-1] + self.rng.choice(self.by_modality(METRICS)) + "。"
        return before + choice + after + noise

    def by_modality(self, table: dict[str, list[str]]) -> list[str]: return table[next(pattern for pattern in table if re.search(pattern, self.exam))]
    def s_engs(self): return " ".join(self.rng.sample(LISTS["eng"], 3))

    def s_f_many(self, low: int, high: int, joints: list[str]) -> str: return self.rng.choice(joints).join(self.s_f() for _ in range(min(self.rng.randint(low, high), max(low, len(self.findings) - len(self.used)))))
    def s_F(self): return self.s_f_many(2, 5, ["\n", "\n", "", "\n・"])
    def s_F1(self): return self.s_f_many(1, 3, [""])
    def s_i(self): return self.rng.choice(self.impressions)
    def s_I1(self): return self.s_i() + self.rng.choice(["。", "", "．"])
    def s_I(self): return "\n".join(f"{n}. {s}" for n, s in enumerate(self.rng.sample(self.impressions, min(len(self.impressions), self.rng.randint(1, 2))), 1))
    def s_sign(self): return self.rng.choice(["読影医：{stfull}", "{stsur}", "（{stsur}／{stsur}）", "報告医 {stfull}　{xd}", "放射線科 {stsur}", "Signed: {stlatin}"])
    def s_cmp(self): return self.rng.choice(["前回（{od}）と比較しました。", "{od}の{exam}と比較。", "比較画像なし。", "{od} {hshort}の画像を参照。", "前回と比較しました。", "{od}撮影分と対比し著変ありません。"])
    def s_d1(self): return str(self.rng.randrange(2, 10))
    def s_c1(self): return f"{self.rng.choice([0.6, 0.8, 1.1, 1.2, 1.4, 1.5, 1.8, 2.1, 2.3, 2.6, 3.2]):.1f}"
    def s_d2(self): return str(self.rng.randrange(10, 30))
    def s_d3(self): return str(self.rng.randrange(90, 300))
    def s_d4(self): return str(self.rng.randrange(36, 64))
    def s_d13(self): return str(self.rng.randint(1, 3))
    def s_d15(self): return str(self.rng.randint(1, 5))
    def s_d18(self): return str(self.rng.randint(1, 8))
    def s_d24(self): return str(self.rng.randint(2, 4))
    def s_d35(self): return str(self.rng.randint(3, 5))
    def s_f1(self): return f"{self.rng.randrange(1, 9)}.{self.rng.randrange(10)}"

    def slot(self, name: str) -> str:
        if name == "dx":
            return self.rng.choice([dx for dx in DISEASES[self.pool] if self.sex == "F" or "卵巣" not in dx])
        if name == "cm":
            return self.rng.choice(CONTRAST["."] if "PET" in self.exam else self.by_modality(CONTRAST))
        if name == "dept":
            return self.rng.choice([dept for dept in LISTS["dept"] if not (dept == "婦人科" and self.sex == "M") and not (dept == "小児科" and self.years > 15)])
        if name == "cancer":
            return self.rng.choice(["前立腺癌"] if self.exam == "前立腺MRI" else CANCERS[self.pool])
        method = getattr(self, "s_" + name, None)
        return method() if method else self.rng.choice(LISTS[name])

    def marked(self) -> str:
        """Return the report with its marks."""
        template = re.sub("#[A-Z]+#", "", self.template)
        lines = [line.removeprefix("?") for line in template.split("\n") if not line.startswith("?") or self.rng.random() < 0.6]
        text = re.sub(r"\[\[(.*?)\]\]", lambda m: self.rng.choice(m[1].split("||")), "\n".join(lines))
        while re.search(r"\{\w+\}", text):
            text = re.sub(r"\{(\w+)\}", lambda m: self.slot(m[1]), text)
        text = re.sub("⟦⟦(.*?)⟧⟧", r"⟦\1⟧", text).replace("？。", "？")
        return text.translate(WIDE) if "#FW#" in self.template else text


def record(rng: random.Random, seed: int, index: int, kind: str) -> dict:
    """Return one report with its answer key."""
    layouts = list(HOSTILE if kind == "hostile" else ORDINARY)
    case = Case(rng, kind, rng.choice(layouts))
    text, spans = parse(case.marked())
    patient = case.patient
    out = {"id": f"c-{kind}-{seed}-{index:05d}", "layout": case.layout,
           "patient": {"name_kanji": patient.kanji, "name_kana": patient.kana, "name_romaji": patient.romaji, "id": case.id, "birth_date": case.birth.isoformat(), "sex": case.sex},
           "header_known": rng.random() < (0.7 if kind == "hostile" else 0.85), "text": text, "identifiers": [], "clinical": [], "not_dates": []}
    for label, start, end in spans:
        span = {"start": start, "end": end, "text": text[start:end]}
        assert span["text"].strip(), (case.layout, label)
        if label in ("clinical", "not_dates"):
            out[label].append(span)
        else:
            out["identifiers"].append(span | {"kind": label, "must": True})
    identifiers = out["identifiers"]
    assert all(a["end"] <= b["start"] for a, b in zip(identifiers, identifiers[1:]))
    kept = out["clinical"] + out["not_dates"]
    assert all(k["end"] <= i["start"] or i["end"] <= k["start"] for k in kept for i in identifiers)
    assert not re.search("[⟦⟧⟪⟫⦃⦄{}#]?[⟦⟧⟪⟫⦃⦄]|\\{\\w+\\}|\\|\\||\\[\\[", text), text
    return out


def main() -> None:
    """Print the asked reports as JSON lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--kind", choices=("ordinary", "hostile"), required=True)
    args = parser.parse_args()
    rng = random.Random(f"{args.kind}:{args.seed}")
    for index in range(args.count):
        print(json.dumps(record(rng, args.seed, index, args.kind), ensure_ascii=False))


if __name__ == "__main__":
    main()
