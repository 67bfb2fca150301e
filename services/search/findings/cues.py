"""The words that say how certain a finding is, and what they reach. Pure.

Each cue has a kind, which says where the findings are that it speaks of:

* behind its findings (Japanese): ``negates``, ``doubts``, ``affirms``, ``past``, ``relatives``, ``aim``, ``advises``,
  ``besides`` (以外に: what stands before is there), ``aside`` (stands alone and says nothing of a finding);
* before its findings (English, and titles within a line): the same words with ``_next``, which reach to the end of the
  list or, with ``_one``, to the next comma.
"""

import re
from typing import Final

_NOT: Final = r"(?:な(?:い(?!し[はも、]?[^た])|く(?!も膜)|かっ|し|さそう)|ず(?=[、。,.に\s)]|$)|ません|ぬ(?=[、。]))"
_NOT_VERB: Final = rf"(?:て(?:い|は|お(?:り|ら)?)?|は|も|で|る(?:こと|に)(?:は|が|も)?(?:でき|出来|至ら)?)?{_NOT}"
_BE: Final = r"(?:い|お(?:り|ら)?)"
_SEEN: Final = (
    rf"(?:伴(?:わ|って(?:は|{_BE})?)|呈(?:さ|して{_BE}?)|示(?:さ|して{_BE}?)|有(?:さ|して{_BE}?)|含(?:ま|んで{_BE}?)"
    rf"|来(?:さ|たして{_BE}?)|及(?:ば|んで{_BE}?)|(?:形成|出現|進展)し(?:て{_BE}?)?|起こして{_BE}?|なって{_BE}?"
    rf"|目立(?:た|って{_BE}?)|疑われ|疑わ|疑え|考え(?:られ)?|認め|みとめ|認|見|み|見え|みえ|指摘|検出|描出|確認|同定|観察"
    r"|存在|証明)(?:ら|でき|出来|され|し|し得|しえ|られ|られて|れ|さ)?(?:は|も|が)?(?:でき|され|し)?"
)
_CHANGE: Final = (
    r"(?:(?:明らかな|有意な|著明な|大きな|著しい)?(?:(?<![一-龯ァ-ヶ])変化|増大|縮小|増悪|増加|著変|変動|進行|改善|悪化|増減|進展|"
    r"経時的変化|(?<=の)拡大|(?<=の)変形進行)"
    r"(?:傾向|所見)?|(?<![一-龯])変わり|大差|著変)"
)
_PRIOR: Final = r"(?:前回|前医|以前|前検査|既往検査|過去)(?!より|から|と|に比)[^、。,\n]{0,12}?"
_TREATED: Final = (
    r"(?:(?:根治|全摘|切除|摘出|部分|拡大|温存|人工\w{0,4}置換|バイパス|ステント){0,3}(?:術|手術|切除|摘出|全摘|亜全摘|治療|"
    r"照射|療法|塞栓|移植|置換|留置|固定|郭清|"
    r"発症|形成術|破砕|開頭)|tace|rfa|tur(?:-?bt)?|crt|rt|pci|cabg|evar|tevar|esd|emr|tki|tkr|thr|tha|tka|ope?|"
    r"c[rt]x|chemo|clipping|coiling)"
)
_RELATIVE: Final = (
    r"(?:父|母|兄|姉|弟|妹|祖父|祖母|叔父|叔母|伯父|伯母|両親|同胞|兄弟|姉妹|息子|娘|いとこ|従兄弟|血縁者|家族)"
)

POST: Final[tuple[tuple[str, str], ...]] = (
    # what only looks like a denial
    (
        "aside",
        r"(?:だけ|のみ|ばかり)で(?:は|も)?なく|のみならず|必ずしも|少な(?:い|く)|(?:に)?(?:も)?(?:関わ|かかわ|拘わ)らず|を?問わず|左右差|目的外|"
        r"ないし(?:は|、)?(?![た])|間もなく|問題な[いくしさ]|"
        r"(?:前回|以前|前医で)(?:は|に|には|まで)?(?:認め|みとめ|見|み)(?:られ)?(?:て(?:い|おり))?(?:まし)?た(?:が|ものの|けれど)[、,]?",
    ),
    (
        "doubts",
        r"(?:は|も|が|を)?(?:否定|除外)(?!的)[はもがまですることできれさしえ出来切得て]{0,8}?(?:ない|ず|ません|なかった|難し\w{1,2}|困難)|"
        r"否定的(?:で|と)は(?:ない|言え|いえ|あり)\w{0,4}|否定する(?:もの|根拠)(?:で|に)?は(?:ない|ありません|乏しい)|(?:で|が|は|も|を)?(?:認め|見られ|"
        r"みられ)?(?:ない|なし|無い|"
        r"無し)と(?:は|まで)(?:言え|いえ|断定|"
        r"言い切)\w{0,5}?(?:ない|ず|ません)|"
        r"(?:なく|無く)は(?:ない|あり)\w{0,3}|(?:ない|ぬ)(?:わけ|こと)(?:で)?(?:は|も)(?:ない|あり)\w{0,3}",
    ),
    (
        "unchanged",
        rf"{_CHANGE}(?:は|も|を|が)?(?:特に|明らかに(?:は)?|明らかで|有意に)?し?(?:{_SEEN})?(?:{_NOT_VERB}|"
        rf"ありません|乏し\w{{1,2}})|不変|"
        rf"変わらず|相変わらず|著変{_NOT}|同大|同程度|横ばい|(?:と|に)?(?:ほぼ)?同様(?=[、。)\s]|$|で|に|の(?:所見|大きさ|サイズ))|"
        rf"{_PRIOR}(?:同様|同等|同じ)|"
        r"no (?:significant |interval |appreciable |substantial |"
        r"definite ){0,3}(?:interval )?change|unchanged|"
        r"stable|(?:is|are) (?:similar|the same)|not (?:significantly )?changed|"
        r"similar (?:to|in size)|増大傾向なし",
    ),
    (
        "larger",
        r"増大|増悪|増加|増量|(?<![一-龯ァ-ヶ])拡大|大きくな\w{1,3}|広がっ|悪化|(?<![a-z])(?:larger|has enlarged|grown)"
        r"|(?<![a-z])increas(?:ed|ing)(?! (?:uptake|density|attenuation|signal|echo|fdg|"
        r"activity|opacit))|"
        r"(?<![a-z])progress(?:ion|ed|ing)"
        r"|(?<![a-z])worsen(?:ed|ing)|interval (?:growth|increase|enlargement)",
    ),
    (
        "smaller",
        r"縮小|減少|減量|改善|軽減|退縮|目立たなくな\w{1,3}|小さくな\w{1,3}|(?<![a-z])(?:smaller|regress(?:ed|"
        r"ion)|shr[aiu]nk(?:en)?)"
        r"|(?<![a-z])decreas(?:ed|ing)(?! (?:uptake|density|attenuation|signal|echo|fdg|activity))|"
        r"(?<![a-z])improv(?:ed|ement|ing)"
        r"|(?<![a-z])reduc(?:ed|tion) in|interval decrease",
    ),
    (
        "new",
        rf"{_PRIOR}(?:は)?(?:{_SEEN})?(?:なかった|{_NOT})|新出|新規|新たに|新たな|新しく|新しい|新病変|今回(?:初めて|出現)|"
        rf"(?<![a-z])new(?:ly)?(?![a-z])|"
        r"interval development|新鮮|出現",
    ),
    (
        "gone",
        r"消失|消退|消え(?:て|た|ま)|治癒(?!傾向|過程|不全)|(?:は|が|も)?(?:認め|見え|みえ|見ら?れ|みら?れ|認めら?れ)?なくな(?:っ|り|る)\w{0,3}|"
        r"(?:has|have|is|are|was|were)? ?(?:completely |nearly )?resolved|resolution of|"
        r"disappear(?:ed|ance)|"
        r"no longer (?:seen|visible|identified|present|demonstrated|evident|visualized)",
    ),
    (
        "negates",
        rf"(?:疑い|可能性|所見|根拠|徴候|兆候|傾向)?(?:は|も|が|を|に)?(?:明らかに|特に|有意に|積極的に)?(?:{_SEEN})?{_NOT_VERB}|"
        rf"(?:は|も)?(?:明らか|明瞭|著明|有意|顕著|はっきり|明確)(?:で|と)?(?:は)?(?:し)?{_NOT}|(?:所見(?:に|は|が)?(?:は)?|(?<=像)[はが])乏し[いく]|陰性|"
        rf"(?:を含め|など|等)[^、。\n]{{0,6}}異常(?:所見)?(?:は|を|も)?(?:{_SEEN})?{_NOT_VERB}|"
        r"(?:は|も)?(?:考え|認め|疑い)(?:にく|がた|難)[いく]|考えづら[いく]|"
        rf"否定的(?!で(?:は)?な)(?!とは)|"
        r"(?:は)?否定(?:され|でき(?:る|ます|た)|し(?:た|ます|て)|(?=[。、,\s)]|$))|除外(?:され(?:る|た|ます)|でき(?:る|た|ます))|"
        r"[(\[]\s?[-ー一]\s?[)\]]|(?<=[^\s\d\-(])\s?:?\s?-(?=[\s、,。.]|$)|(?:同定|指摘|検出|確認|"
        r"描出)(?:は)?困難|ありません|無|"
        r"(?:can)?not (?:be )?(?:[a-z]{1,16}ly )?(?:seen|identified|visuali[sz]ed|present|detected|"
        r"demonstrated|evident|appreciated|"
        r"observed|noted|found|apparent|suspected|dilated|enlarged|thickened)|"
        r"(?:is|are|was|were|been) (?:absent|negative(?! for)|excluded|ruled out|unlikely)|(?<![a-z])absent(?![a-z])|"
        r"(?<![a-z])unlikely(?![a-z])|(?<=[:\s])none(?![a-z])|"
        r"(?<![a-z])negative(?![a-z])(?! for)|"
        r"ruled out(?<!not ruled out)(?<!be ruled out)|\(neg(?:ative)?\)",
    ),
    ("relatives", r"の?(?:家族歴|家系)|(?<![a-z])in (?:his|her|the) (?:mother|father|brother|sister|family)"),
    (
        "past",
        rf"(?:の|に対する|に対し(?:て)?|による)?(?:{_TREATED}(?:の)?(?:既往|歴|(?:施行)?(?:後|済(?:み)?))(?!方|腹|"
        rf"頭|縦|壁|部|変化|性|瘢痕)|"
        r"(?:の)?既往(?:歴)?(?:が?あ(?:り|る)|あり|が|を|で|の(?:ある|方|患者)|(?=[。、,)\s]|$))|(?:と|を)?(?:診断|"
        r"指摘)され(?:て(?:い|お)|"
        rf"た(?:既往|こと))\w{{0,3}}|(?:にて|で)(?:当院|他院|近医|前医)?(?:にて|で)?(?:通院|加療|治療|フォロー|経過観察|内服|"
        rf"化学療法|透析)(?:中|後|歴)|"
        rf"治療歴|罹患歴|手術歴)|(?<![a-z])after (?:crt|chemo[a-z]*|radi[a-z]*|surgery|"
        rf"(?:[a-z]+ )?resection|(?:[a-z]+ )?treatment|[a-z]+ectomy)|"
        r"(?<=[a-z一-龯])(?<![直背前影食動今老最午])後(?=[。、,\s)の]|$)|"
        r"(?<![a-z])f/u(?![a-z])|(?<![a-z])(?:in the past|previously treated)(?![a-z])",
    ),
    (
        "doubts",
        r"疑(?:い|う|われ(?:る|ます|た|、)?|わせ(?:る|ます)?|わし(?:い|く)|った|って|え(?:る|ます)?|診)(?:ます|ました)?|"
        r"(?<![a-z])susp(?:ected|icion|icious)?(?![a-z])\.?|(?:の)?可能性|懸念|示唆(?:され|し|する)?|"
        r"(?:が|も|を)鑑別|の鑑別(?!の?(?:ため|目的))|"
        r"鑑別(?:に挙|を要|が必要|診断)|(?:が|も|を)(?:最も|まず|第一に|強く)?考え(?:ます|る|られ(?:る|ます)?|たい)|を第一に|考慮|思わせる|思わせ|"
        r"かもしれ(?:ない|ません)|ありうる|あり得る|判然と(?:し)?(?:ない|ず|せず)|(?:ほか|他)に|[?？]|[(\[]\s?(?:±|\+/-|\+-)\s?[)\]]|±|"
        r"[srd]/[od](?![a-z])|"
        r"(?<![a-z])(?:is|are) (?:possible|probable|suspected|questionable|likely|"
        r"favou?red|suggested|considered|"
        r"equivocal)|(?<![a-z])(?:possible|probable|likely)(?=\s*[.,;)]|$)|"
        r"(?:cannot|can not|can't|could not) be (?:\w{1,16}ly )?(?:excluded|ruled out)|"
        r"not (?:be )?(?:excluded|ruled out)|(?<![a-z])in the differential|should be considered|様(?:に見え|の)",
    ),
    ("besides", r"(?:以外|の他|のほか|のほかに|を除(?:き|いて|けば|く)|(?:その)?ほか)(?:に|は|では|で)?"),
    (
        "affirms",
        r"(?:認め|みとめ)(?:る|ます|ました|た|られ(?:る|ます|た|、|て)?|(?=[、,])|て)|(?:を|が)?(?:認め|"
        r"みとめ)(?=[、,])|あり(?:ます|ました)?|有り|"
        r"有(?=[、。,\s]|$)|(?<=[がはも])ある|(?<=[がはも])あっ|(?:見|み)られ(?:る|ます|た|て|、)?|散見され\w{0,2}|"
        r"(?:を)?伴(?:い(?:ます)?|う|って(?:い(?:る|ます(?!ん))|おり))|"
        r"(?:が)?(?:存在|出現|多発|散在|残存|描出|集簇|散見)(?:し(?:て(?:い(?:る|ます)|おり)|、|ます)|する|され(?:る|ます))|"
        r"(?:呈し|示し|有し)(?:て(?:い(?:る|ます)|おり)|、|ます)?|[(\[]\s?\++\s?[)\]]|(?<=[^\s\d+])\+(?=[\s、,。.]|$)|陽性|"
        r"である(?=[。が、]|$)|です|(?:を)?指摘(?:され(?:る|ます)|できる)|考え(?:られ)?(?:る|ます)|思われ(?:る|ます)|"
        r"(?<![a-z])(?:is|are|was|were) (?:\w{1,16}ly )?(?:seen|noted|identified|present|"
        r"demonstrated|observed|"
        r"visuali[sz]ed|found)(?![a-z])|に矛盾し(?:ない|ません|ず)|矛盾し(?:ない|ません|ず)",
    ),
    (
        "aim",
        r"(?:の|を|も|など(?:の)?|に対する|に関して)?(?:(?:存在)?(?:除外(?!でき|出来|は|し|され|困難)|精査|精検|評価|検索|確認|"
        r"検討|鑑別|有無|検診|質的診断|確定診断|"
        r"スクリーニング|フォロー(?:アップ)?|"
        r"経過観察|チェック|確定|術前評価)(?:の(?:確認|評価|検索|精査|検討|除外))?)(?:の)?(?:ため(?:に|の|、)?|目的(?:で|に|の)?|を含め|に(?:は|"
        r"つい\w{1,3})?|のため|を兼ね|(?=(?:を|が|も)?(?:勧|推奨|お願い|希望|お?すすめ|望|ご?検討|考慮|必要|追加))|も|を|が|に)?",
    ),
    (
        "advises",
        r"(?:お|御)?(?:勧め|すすめ|奨め)|推奨|望まし|望まれ|お願い|ください|下さい|(?:ご|御)検討|検討(?=[。、\s]|$)|(?:を|も|の)検討|希望|"
        r"必要(?:で|と|が|。|$|です)|要(?:精査|精検|再検|フォロー|経過観察)|(?:の|を)追加|を考慮|"
        r"(?:ct|mri|pet|us|spect|エコー|検査|内視鏡)を(?=[。、]|$)|(?<![a-z])recommend(?:ed|ation)?(?![a-z])|"
        r"(?<![a-z])advis(?:ed|able)(?![a-z])|"
        r"(?<![a-z])suggested(?![a-z])(?= for)|(?<![a-z])warranted(?![a-z])",
    ),
    (
        "breaks",
        r"[;；]|(?<=[るいたす])(?:が|けれど(?:も)?|ものの)[、,]?(?![あい])|一方|ただし|しかし|"
        r"(?<=せん)が[、,]?|(?<![a-z])(?:but|however|although|whereas|while|except)(?![a-z])|→|⇒|->",
    ),
    (
        "breaks",
        r"(?<=[一-龯ァ-ヶーa-z])(?:し|り|え|い|き|み|め|れ|され|られ|して|しており|であり|で|となり|からなり)[、,]",
    ),
)
PRE: Final[tuple[tuple[str, str], ...]] = (
    (
        "doubts_next",
        r"(?:cannot|can not|can't|could not|not) (?:be )?(?:exclude|rule out)|"
        r"(?<![a-z])differential(?: diagnos[ei]s)?(?: \w{1,20}){0,2}?(?: includes?|"
        r" considerations?| is| are|:)?|"
        r"(?<![a-z])ddx:?|"
        r"鑑別(?:診断)?(?:として(?:は)?|に(?:は)?(?=[^挙要])|:|は)",
    ),
    (
        "advises_next",
        r"(?<![a-z])(?:evaluation|work-?up) (?:for|of)(?![a-z])|"
        r"(?<![a-z])(?:recommended|advised|suggested|warranted) (?:for|to)(?: (?:exclude|"
        r"rule out|evaluate|assess|"
        r"confirm|detect|screen for))?(?![a-z])|"
        r"(?<![a-z])(?:to|for) (?:further )?(?:exclude|rule out|evaluat(?:e|ion (?:of|"
        r"for))|assess(?:ment of)?|"
        r"confirm(?:ation of)?|exclusion of|detect|investigat\w{1,6}|follow[- ]?up of|look for|"
        r"(?:better )?characteri[sz]\w{1,6}(?: of)?)(?![a-z])",
    ),
    (
        "doubts_one",
        r"(?<![a-z])(?:possibility of|consider(?! (?:ct|mr|us|pet|biops|follow)))(?![a-z])|[sr]/o(?![a-z])|"
        r"d/d(?![a-z])|(?<![a-z])(?:possibly|possible|probably|probable|"
        r"likely|maybe|perhaps|question(?:able)?(?: of)?|equivocal|"
        r"suspected|suspect|presumed|rule out|rule-out|susp\.?|"
        r"(?<![a-z])vs\.?|versus|(?:is |are |highly |"
        r"mildly |raising |raises ){0,4}(?:suspicio(?:us|n) (?:for|of)|"
        r"concern(?:ing)? (?:for|of)|worrisome for)|"
        r"suggest(?:ive of|ing|s|ed)?|may (?:represent|reflect|be due to|be|indicate)|"
        r"might (?:represent|be|reflect)|"
        r"could (?:represent|be due to|be|reflect)|favou?r(?:s|ing|ed)?(?: to represent)?)(?![a-z])|"
        r"\?(?=[a-z一-龯])",
    ),
    (
        "relatives_next",
        r"家族歴(?:に(?:は)?|として|は|:)?|"
        r"(?<![a-z])(?:family history|fhx|fh)(?: (?:of|includes|is positive for|"
        r"notable for|significant for))?:?|"
        r"(?<![a-z])(?:father|mother|brother|sister|aunt|uncle|grand(?:father|mother)|sibling|parent|"
        r"cousin)s?(?: (?:had|has|with|died of|diagnosed with))?:?|"
        rf"(?:(?<=[、。,\s:;(】\]])|^){_RELATIVE}(?:方|親)?(?:{_RELATIVE})?(?:の|が|に|は|も|:|\s)?(?=[^指趾斑細])",
    ),
    (
        "past_next",
        r"既往(?:歴)?(?:に(?:は)?|として|は|:)|既往(?:歴)? |"
        r"(?<![a-z])(?:(?:past |known |previous |prior |remote )?(?:medical )?history of|"
        r"past history(?: of)?|h/o|previously treated|"
        r"hx of|s/p|status[- ]post|post[- ](?:op(?:erative)? )?(?=\w)|(?:prior|previous|"
        r"remote) (?:surgery|"
        r"resection|treatment|operation) (?:for|of)|(?:prior|previous|remote)(?! (?:ct|"
        r"mri|us|study|exam|"
        r"studies|examination|imaging|pet|x-?ray|radiograph|report|scan|film|mammogram|comparison|and|"
        r"measure)))(?![a-z])",
    ),
    (
        "negates_next",
        r"(?<![a-z])(?:no(?! longer| (?:(?:significant|interval|appreciable|substantial|"
        r"definite|gross|obvious) ){0,3}changes?(?![a-z]))|without|negative for|"
        r"free of|absence of|lack of|neither|nor|denies|nothing to suggest|"
        r"not (?:seen|identified|detected|visuali[sz]ed)\s?:|"
        r"fails? to (?:show|"
        r"demonstrate)|not (?:show|demonstrate|reveal|have|contain|associated with)|"
        r"rules? out|excludes?|"
        r"exclude[sd]|w/o)(?![a-z])(?: (?:definite |convincing |radiographic |imaging |"
        r"ct |mri? |significant |"
        r"suspicious ){0,4}(?:evidence|signs?|suggestion|indication|finding|"
        r"features?) (?:of|for|to suggest))?",
    ),
    (
        "gone_next",
        r"(?<![a-z])(?:interval |complete |near[- ]complete ){0,3}(?:resolution|"
        r"disappearance|clearing) of(?![a-z])",
    ),
    (
        "affirms_next",
        r"(?<![a-z])(?:there (?:is|are|has)|shows?|showing|demonstrat(?:es|ing|ed)|"
        r"reveals?|again (?:seen|noted)|"
        r"with(?!in|out)|consistent with|compatible with|in keeping with|representing|"
        r"due to|secondary to|"
        r"which|that|measuring|and (?:a|an|multiple|several|small|large|mild|new))(?![a-z])",
    ),
)


def _compiled() -> tuple[re.Pattern[str], tuple[str, ...]]:
    """Return one pattern, which looks at what begins with no sign of a group, and its group, only once."""
    kinds = [*PRE, *POST]
    body = "|".join(f"{_begins(pattern)}(?P<c{number}>{pattern})" for number, (_, pattern) in enumerate(kinds))
    return re.compile(f"{_begins(body)}(?:{body})"), tuple(kind for kind, _ in kinds)


def _begins(pattern: str) -> str:
    """Return a look ahead for any sign that stands in the pattern, which rules most places of a text out at once."""
    signs = re.escape("".join(sorted({sign for sign in pattern if not sign.isascii()})))
    return rf"(?=[{signs} -~])"


CUE, KINDS = _compiled()


def kind_of(match: re.Match[str]) -> str:
    """Return the kind of a cue."""
    return KINDS[int(str(match.lastgroup)[1:])]
