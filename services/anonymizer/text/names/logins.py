"""Rules for names of accounts, which are made from people's names: y.kudo, abe_t, USER=skudo. Pure."""

import re
from typing import Final

from services.anonymizer.text.folding.lexicon import clinical_words
from services.anonymizer.text.names.latin import is_romaji_family
from services.anonymizer.text.rules import Hit, Rule

_LABEL: Final = (
    r"(?:[Uu]ser(?:\s?(?:ID|[Nn]ame))?|USER(?:\s?(?:ID|NAME))?|UID|[Ll]og[io]n|LOG[IO]N|[Aa]ccount|ACCOUNT|"
    r"ユーザー?(?:名|"
    r"ID)?|"
    r"ログイン(?:名|ID|者)?|利用者(?:ID|名)?|職員(?:ID|番号|コード)|操作者|端末(?:ID|名)?|入力者?(?:ID)?|"
    r"更新者?(?:ID)?|登録者?(?:ID)?|"
    r"発行者|作成者?(?:ID)?|承認者?(?:ID)?|確認者?(?:ID)?|読影医?(?:ID)?|Op(?:erator)?|OPR?|by|BY|担当(?:者)?(?:ID)?|"
    r"技師(?:ID)?|医師(?:ID|コード)?|Dr(?:ID|コード))"
)
_WORDS: Final = frozenset("final draft prelim admin system auto null none test user guest root".split())
_PART: Final = re.compile("[a-z]{3,}")


def _is_no_login(hit: Hit) -> bool:
    """Say whether no part of it is the romaji of a surname, with an initial or without."""
    parts = _PART.findall(hit.words)
    return not any(is_romaji_family(part) and part not in clinical_words() for part in parts)


def _is_word(hit: Hit) -> bool:
    word = hit.words.lower()
    return word in _WORDS or word in clinical_words() or not any(sign.isalpha() for sign in word)


def _is_word_or_no_name(hit: Hit) -> bool:
    """Say whether it has no digits and is no surname with an initial."""
    bare = hit.words.rstrip("0123456789")
    return bare in _WORDS or bare in clinical_words() or (bare == hit.words and not is_romaji_family(bare))


def _is_escape(hit: Hit) -> bool:
    """Say whether it is an escaped line's end or tab before a word that is no surname: CT\\nno mass."""
    user = hit.match["u"]
    part = _PART.match(user)
    return user[0] in "nrt" and not (part and is_romaji_family(part[0]))


RULES: Final = (
    Rule(
        "login",
        re.compile(
            r"(?:取込|スキャン|端末|撮影(?:開始|終了)|検像)[^\n。]{0,14}\d日?[ ]{1,2}(?P<v>[a-z]{4,14})(?=[ \n)]|$)|"
            r"(?:医|者|師|士)[ ]?[: ][ ]?[^\s(:]{1,5}(?:[ ][^\s(:]{1,3})?[(](?P<w>[a-z]{4,14}\d{0,3})[)]"
        ),
        "撮影終了 9:34 ⟦oivanova⟧", "撮影終了 9:34 delay、読影医:榊(mild)",
        signs=("取込", "スキャン", "端末", "撮影", "検像", "("), veto=_is_word,
    ),
    Rule(
        "login",
        re.compile(
            r"(?:入力|ニュウリョク|ID|仮登録|登録|[A-Z][A-Za-z]+[ ]/|(?:[Pp]rinted|[Ee]ntered|"
            r"[Tt]yped)[ ]by)[ :]{0,2}(?P<v>[a-z][a-z.]{2,15}\d{0,3})"
            r"(?=[\s。、,)\]]|$)"
        ),
        "読影医ID ⟦ykunugida⟧ 済", "入力 mild 、ID less",
        signs=("入力", "ニュウリョク", "ID", "登録", " /", "by"), veto=_is_no_login,
    ),
    Rule(
        "login",
        re.compile(
            r"(?:端末は|ID[はで:]|\|(?:OPEN|SIGN|EDIT|TEMP|VIEW|READ|SAVE|PRINT|LOGIN|LOGON|LOGOUT|CONF|FINAL)\||"
            r"(?:読影|確定|"
            r"承認|記載|入力|作成|更新|印刷|操作)(?:者|医)?[ :=]{1,2})"
            r"[ ]?(?P<v>[a-z][a-z0-9._-]{1,19})(?=[\s|/)\]、。,でがへに]|$)"
            r"|(?<![A-Za-z0-9@./_-])(?P<w>[a-z]{3,15}\d{0,3})(?=で(?:確定|入|入力|承認|ログ)|が(?:入力|確定|承認|差替))"
        ),
        "|OPEN|⟦oa⟧|", "確定 mild、mass で",
        signs=("端末は", "ID", "|", "者", "医", "確定", "承認", "記載", "入力", "作成", "更新", "印刷", "操作"),
        veto=_is_word,
    ),
    Rule(
        "login",
        re.compile(
            r"(?<![A-Za-z0-9])(?:(?:u|d|dr|rt|ns|md|me|op|rad|adm|tech|staff|user|DR|RT|NS|STAFF|USER|OP|U)\d{3,6}|"
            r"[A-Z]\d{3}[A-Z]{2}|"
            r"(?:HIS|RIS|PACS|AD|DOM)\\[A-Za-z0-9._-]+)(?![A-Za-z0-9])"
        ),
        "[15:23 ⟦dr8219⟧]", "L858R、u12",
    ),
    Rule(
        "login",
        re.compile(r"(?<![A-Za-z0-9\\])[A-Z][A-Z0-9-]{1,14}\\(?P<u>[a-z][a-z0-9._-]{1,19})(?![A-Za-z0-9\\@])"),
        "確定 ⟦KYT\\soda⟧", "胸部CT\\nno mass、MRI\\tT1",
        signs=("\\",), veto=_is_escape,
    ),
    Rule(
        "login",
        re.compile(
            r"(?<![A-Za-z0-9@./_-])[a-z]\d{5,7}(?![A-Za-z0-9@.])|(?<=@)[a-z][a-z0-9_-]{2,19}(?![A-Za-z0-9@.-])|"
            r"^[ \t]*[\[(]?\d{1,2}:\d{2}(?::\d{2})?[\])]?[ ]+(?P<v>[a-z][a-z0-9._-]{2,19})(?=:)", re.MULTILINE
        ),
        "[10:26] ⟦watanabet⟧: 了解", "10:26 final: 済、L4",
        veto=_is_word,
    ),
    Rule(
        "login", re.compile(r"(?<![A-Za-z0-9@./_-])[a-z]{4,14}\d{1,4}(?![A-Za-z0-9@.])"),
        "入力⟦hkaneko51⟧。", "腫瘤 mass51、lesion3",
        veto=_is_no_login,
    ),
    Rule(
        "login",
        re.compile(
            r"(?:\d{1,2}:\d{2}(?::\d{2})?[ ]+|\"|(?:印刷者?|更新者?|コード|取込|既読|入力|確定|承認|閲覧|報告|U|"
            r"[Bb]y)[ :=]{1,2})"
            r"(?P<v>[a-z]{3,14}\d{0,4})(?=[\s\])\"|,]|$)"
        ),
        "印刷者 ⟦satai1⟧ 3/8", "10:26 final、by mass",
        veto=_is_word_or_no_name,
    ),
    Rule(
        "login",
        re.compile(
            r"(?<![A-Za-z0-9@./_-])(?:[a-z]{1,2}[._-][a-z]{3,14}\d{0,3}|"
            r"[a-z]{3,14}[._-][a-z]{1,12}\d{0,3})(?![A-Za-z0-9@._-])"
        ),
        "230045|F|⟦y.kudo⟧|FINAL", "e.g. t-test、y.mass",
        signs=(".", "_", "-"), veto=_is_no_login,
    ),
    Rule(
        "login",
        re.compile(
            rf"{_LABEL}[ ]?[:=\]】>][ ]?(?P<v>[a-z][a-z0-9._-]{{2,19}}|[A-Za-z]{{1,6}}\d{{2,8}}|"
            rf"\d{{4,8}})(?![A-Za-z0-9@])"
        ),
        "入力者:⟦skudo2⟧", "by:CT、User: none",
        signs=(":", "=", "]", "】", ">"), veto=_is_word,
    ),
    Rule(
        "login", re.compile(
            r"[(\[<](?P<v>[a-z]{3,14}\d{0,3})[)\]>](?=[ ]?(?:\d|承認|確認|入力|更新|印|$))", re.MULTILINE),
        "承認 (⟦skudo⟧) 承認", "所見 (mass) 3",
        veto=_is_no_login,
    ),
    Rule(
        "login",
        re.compile(
            r"(?:(?<!未)修正|仮?保存|未校正|校正|通知者|受領者|入力|確定|承認)[ ]?[=:]?[ ]?"
            r"(?P<v>[A-Z]\d{4,6}|[a-z]{2,8}\d{1,4})(?=[ ]?(?:[()\n、。,]|$|[^\s=]{1,4}=))"
        ),
        "21:34 修正 ⟦T37154⟧(", "修正 T1(、確定 cT2(",
        signs=("修正", "保存", "校正", "通知者", "受領者", "入力", "確定", "承認"),
    ),
)  # fmt: skip
