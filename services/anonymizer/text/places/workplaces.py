"""Rules for where somebody works or learns: employers, schools, nurseries, homes. Pure."""

import re
from collections.abc import Iterator
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.lexicon import is_clinical
from services.anonymizer.text.folding.morphemes import Kind
from services.anonymizer.text.folding.scripts import ANY_KANJI as _K
from services.anonymizer.text.rules import Hit, Place, Rule

_NAME: Final = rf"[{_K}ァ-ヺーぁ-んA-Za-z0-9&・]"
_PROPER_SIGN: Final = rf"[{_K}ァ-ヺーA-Za-z0-9&]"
_FORM: Final = (
    r"(?:株式会社|有限会社|合同会社|合資会社|合名会社|\((?:株|有|合)\)|㈱|㈲|一般社団法人|公益財団法人|協同組合)"
)
_KIND: Final = (
    "製作所|製鉄所?|製薬|製菓|製紙|製造|製鋼|造船|鉄工所?|工業所?|工務店|工場|産業|商事|商店|商会|物産|建設|建築|土木|電機|電器|電気|電力|"
    "電子|鉄道|電鉄|交通|運輸|運送|運輸|通運|物流|倉庫|不動産|銀行|信用金庫|信金|証券|生命|損保|保険|農協|漁協|生協|市役所|区役所|"
    "町役場|村役場|県庁|府庁|警察署|消防署|郵便局|新聞社?|放送|出版|印刷|食品|水産|酒造|醸造|石油|化学|化成|ガス|自動車|重工業?|"
    "機械|精機|精密|紡績|繊維|染工|興業|興産|観光|旅館|ホテル|タクシー|バス|スーパー|百貨店|システムズ?|ソフト|テック|テクノ|"
    "サービス|ホールディングス|グループ|コーポレーション|エンジニアリング|(?<!ス)クリーニング|ファーム|農園|牧場|養鶏場|組|"
    "森林組合|漁業組合|農業組合|組合|鉱業所?|炭鉱|鉱山|石材店|石材|倉庫|食堂|消防署?|分署|警察|役場|堂|屋(?=に)|"
    "自衛隊|駐屯地|基地|刑務所|研究所|事務所|法律事務所|会計事務所|ラボ|フーズ|ストア|マート"
)
_KIND_BEGINS: Final = re.compile(
    "[製造鉄工産商物建土電交運通倉不銀信証生損保農漁市区町村県府警消郵新放出印食水酒醸石油化ガ自重機精紡繊染興観旅ホタバスシソテサグコエクフ牧養"
    "組森漁業鉱炭分役堂屋駐基刑研事法会ラマ百]"
)
_SCHOOL: Final = (
    "小学校|中学校|中等教育学校|高等学校|高等専門学校|高校|高専|女学院|学院|学園|専門学校|支援学校|特別支援学校|養護学校|"
    "幼稚園|保育園|保育所|こども園|学童クラブ?|大学院?|短期大学|短大|女子大|予備校|塾|附小|附中|附高|小(?=[1-6一-六]年)|中(?=[1-3一-三]年)|"
    "高(?=[1-3一-三]年)|第[一二三四五六七八九十\\d]{1,2}(?:小|中|高)(?![一-鿿])"
)
_HOME: Final = (
    "グループホーム|老人ホーム|ケアホーム|デイサービス|デイケア|老健|特養|ケアハウス|サ高住|訪問看護ステーション|介護センター|"
    "ケアセンター|福祉センター|作業所|授産所|薬局|調剤薬局|ケアプランセンター|包括支援センター|居宅介護支援事業所"
)
_WORK_BEFORE: Final = (
    r"(?:勤務先|勤め先|勤務|職場|会社|雇用主|事業所|所属(?:先)?|就業先|派遣先|出向先|職業|employer|Employer|"
    r"works? (?:at|for)|employed (?:at|by))"
)
_LABEL_REST: Final = (
    "(?:事業所名?|業所名?|所名|勤務先|務先|監理団体|理団体|団体名?|受診団体|診団体|職場|会社名?|雇用主|用主|派遣先|遣先|実習先|"
    "習先|就労先|労先|取引先|引先)"
)
"""Labels before a company, and what is left of them from their second sign."""
_WORK_AFTER: Final = (
    r"(?:[ ]?(?:[にで]?勤務|社員|職員|在職|在勤|就職|就労|入社|退職|定年|工場|本社|支社|支店|営業所|事業所|健診|"
    r"健保|産業医|に勤め|で勤務|で働|"
    r"に通勤|を退職|を定年|で就労|[にで]パート|の社員|の従業員|の健診|従業員|パート|アルバイト|役員|社長|経営|(?<![A-Za-z])OB(?![A-Za-z])))"
)
_GENERIC: Final = re.compile(
    "(?:の|は|が|で|に|と|を|も|へ|や|より|から|まで|他|同|当|本|某|各|前|元|現|近く|地元|近隣|同じ|自営|農|漁|林|会社|企業|大手|中小|"
    "個人|公立|私立|市立|県立|府立|国立|都立|区立|町立|村立|入院|外来|通所|訪問|地域|医療|福祉|介護|有料|特別|養護|小規模|多機能|"
    "小|中|大|高|女子|男子|附属|付属|夜間|通信|定時|専門|総合|建設|工事|製造|食品|電気|電子|機械|化学|運送|不動産|生命|損害|健康|国民|"
    "社会|会社|社員|職員|役員|事務|保険|介護|自動車|鉄道|ガス|放送|印刷|事務|研究|警察|消防|郵便|銀行|証券|農業|サービス|システム|グループ|会社員|胸部|腹部|頭部|"
    "石油|観光|タクシー|バス|スーパー|電力|臨床|検査|画像|診断|放射線|看護|助産|歯科|医師|薬学|医学|獣医|ほか|以前|現在|昨年|今年|"
    "小学|中学|[\\d一二三四五六七八九十第 ・、]|在学|在籍|通学|卒業|会計|法律)+"
)
_LEFT_WORDS: Final = re.compile(
    "^.*(?:は|が|で|に|を|も|へ|より|から|まで|して|した|する|として|という|及び|および|又は|または|現在|以前|昨年|先月|今年|"
    "勤務先|勤務|職業|患者|本人|妻|夫|父|母|長男|長女|息子|娘|[歳才]|男性|女性|元|前職|退職後|定年まで|学校|家族)"
)
_LONGEST: Final = 14
_SHORTEST_LATIN: Final = 4
_LONGEST_PROPER: Final = 6  # signs of a name that nothing but its parts makes one
_PROPER: Final = (Kind.PROPER, Kind.PLACE, Kind.FAMILY, Kind.GIVEN, Kind.UNKNOWN)


def _named(folded: FoldedText, match: re.Match[str]) -> Iterator[Place]:
    """Yield the proper name before a word for a kind of workplace, with that word."""
    start, text = match.start(), folded.text
    low = start
    while low > 0 and start - low < _LONGEST and re.match(_NAME, text[low - 1]):
        low -= 1
    words = folded.words.within(low, start)
    for word in reversed(words):
        if word.kind is Kind.OTHER and word.start >= low and not _joins(text[word.start : word.end]):
            low = word.end
            break
    left = _LEFT_WORDS.match(text[low:start])
    low += left.end() if left else 0
    name = text[low:start]
    if name and len(name) > 1 and not _GENERIC.fullmatch(name) and not _is_clinical(folded, low, start):
        yield low, match.end()


def _joins(word: str) -> bool:
    """Say whether a particle may stand inside a name: みどりの里."""
    return word in ("の", "ヶ", "ケ", "と")


def _is_clinical(folded: FoldedText, start: int, end: int) -> bool:
    view = folded.view[start:end]
    return is_clinical(view)


def _is_generic(hit: Hit) -> bool:
    return _GENERIC.fullmatch(hit.words) is not None or _is_clinical(hit.folded, hit.start, hit.end)


def _is_generic_stay(hit: Hit) -> bool:
    return re.fullmatch("入所中?|入居中?|利用中?|待機中?|退所|通所|勤務|職員|宿泊|経営|施設", hit.words) is not None


def _is_common(hit: Hit) -> bool:
    """Say whether no word of it is one that names are made of: 遊離ガス, 食品工場."""
    name = hit.folded.text[hit.start : hit.match.start()]
    if "・" in name or len(name) > _LONGEST_PROPER:
        return True
    words = hit.folded.words.within(hit.start, hit.match.start())
    return not any(word.kind in _PROPER or (word.kind is Kind.NOUN and word.end - word.start == 1) for word in words)


def _is_no_proper_name(hit: Hit) -> bool:
    """Say whether behind a label for the work there is a kind of work and no name: 職業:会社員, 勤務:農業."""
    if _is_generic(hit):
        return True
    words = hit.folded.words.within(hit.start, hit.end)
    return not any(word.kind in _PROPER for word in words)


def _is_unnamed(hit: Hit) -> bool:
    """Say whether behind a label there is no name: 不明, 健診, 内."""
    return (
        _is_generic(hit)
        or re.search("不明|なし|あり|未|同上|健診|検診|連絡|担当|より|から|にて|へ|では", hit.words) is not None
    )


def _is_abbreviation(hit: Hit) -> bool:
    return len(hit.words) < _SHORTEST_LATIN


RULES: Final = (
    Rule(
        "institution",
        re.compile(
            rf"{_FORM}[ ]?(?:[{_K}ァ-ヺーぁ-ん]{{2,10}}?(?:{_KIND})|{_PROPER_SIGN}{{2,14}})|"
                rf"(?!{_LABEL_REST}[ ]?{_FORM}){_PROPER_SIGN}{{2,14}}?[ ]?{_FORM}"
        ),
        "⟦株式会社青波⟧に勤務", "会社員、(株)の略",
        signs=("会社", "(株)", "(有)", "(合)", "㈱", "㈲", "法人", "組合"), veto=_is_generic,
    ),
    Rule(
        "institution", re.compile(rf"(?:{_SCHOOL})(?!生|時代|入学|卒業|以来|病院|医|附|付|[{_K}]{{0,4}}科)"),
        "⟦緑ヶ丘中学校⟧2年", "中学校で、小学校、大学病院",
        signs=("校", "園", "学", "塾", "専", "育", "附", "小", "中", "高"), place=_named,
    ),
    Rule(
        "institution",
        re.compile(
            rf"(?:特別養護老人ホーム|特養|介護老人保健施設|老健|グループホーム|ケアハウス|デイサービス|JA|"
            rf"スーパー|ホテル|旅館|居酒屋|コープ)[ ]?"
            rf"(?P<v>[{_K}ァ-ヺーぁ-ん]{{2,8}}?(?:荘|苑|園|の里|の家|の丘|館|会)|[{_K}]{{2,5}})(?![{_K}])"
        ),
        "特養⟦葵川苑⟧より", "特養入所、グループホームへ",
        signs=("特", "老健", "グループホーム", "ケアハウス", "デイサービス", "JA", "スーパー", "ホテル", "旅館",
               "居酒屋", "コープ"),
        veto=_is_generic_stay,
    ),
    Rule(
        "institution", re.compile(rf"(?:{_HOME})"),
        "⟦ひまわりデイサービス⟧を利用", "デイサービスを利用",
        place=_named,
    ),
    Rule(
        "institution", re.compile(rf"(?:{_KIND})(?={_WORK_AFTER}|の[ ]?(?:健診|社員|職員|同僚|トラック|寮|車))"),
        "⟦青波製作所⟧に勤務", "建設業に勤務、食品工場勤務",
        begins=_KIND_BEGINS,
        place=_named,
    ),
    Rule(
        "institution", re.compile(rf"(?:{_KIND})(?![{_K}ァ-ヺー])"),
        "職歴:⟦霧坂製作所⟧", "遊離ガス、食品工場",
        begins=_KIND_BEGINS,
        place=_named, veto=_is_common,
    ),
    Rule(
        "institution",
        re.compile(rf"{_WORK_BEFORE}(?:[ ]?[:=は][ ]?|(?<=[a-z])[ ])[「『(\[]?(?P<v>{_PROPER_SIGN}{{2,16}})"),
        "勤務先:⟦青波⟧", "職業:会社員、勤務:農業",
        veto=_is_generic,
    ),
    Rule(
        "institution",
        re.compile(rf"(?<![{_K}ァ-ヺーA-Za-z0-9])(?P<v>[{_K}ァ-ヺーA-Za-z0-9&・]{{2,12}}?)(?=(?:の)?(?:{_WORK_AFTER}))"),
        "⟦シンワ⟧社員", "会社社員、事務職員、肝EOB、Cervical OBLI",
        veto=_is_no_proper_name,
    ),
    Rule(
        "institution",
        re.compile(
            rf"(?:事業所名?|勤務先|受診団体|監理団体|団体名?|実習先|就労先|派遣先|会社名|送付先)[ ]?[: ][ ]?"
            rf"(?P<v>{_NAME}{{2,16}}?(?:[ ]?(?:{_KIND}))?)"
            rf"(?=[ ]{{0,3}}(?:$|[\n、。,()|]|[{_K}]{{2,6}}(?:様|さん|氏)|[{_K}]{{2,6}}[:]))",
            re.MULTILINE,
        ),
        "被保険者 本人 事業所 ⟦水上製鋼⟧\n", "事業所 不明\n事業所 健診\n",
        signs=("所", "先", "団体", "会社"), veto=_is_unnamed,
    ),
    Rule(
        "institution",
        re.compile(rf"(?<![{_K}ァ-ヺーぁ-ん])(?P<v>[{_K}ァ-ヺーぁ-ん]{{1,8}}?(?:{_KIND}))(?=(?:の)?(?:定期)?(?:検診|健診|健康診断))"),
        "50歳 ⟦星建設⟧検診", "銀行検診、製造業健診、市役所健診",
        signs=("検診", "健診", "健康診断"), veto=_is_generic,
    ),
    Rule(
        "institution",
        re.compile(
            r"\b(?:(?:[Ww]ork(?:s|ed|ing)?|[Ee]mployed)\s(?:at|for|by|with)|"
            r"[Ee]mployee\sof|[Ee]mployer[ ]?:?)\s(?:the\s)?"
            r"(?P<v>[A-Z][\w&'-]*(?:[ ]?\n?[ ]?(?:[A-Z][\w&'-]*|&|of|and)){0,6}"
            r"(?:\.?,[ ]?(?:Ltd|Inc|LLC|Co|Corp)\.?){0,2})"
        ),
        "He works for ⟦Hokushin Trading Co., Ltd.⟧", "works out daily, employed now",
        signs=("ork", "mploye"), veto=_is_abbreviation,
    ),
)  # fmt: skip
