"""The ways to write a date, as rows: the rule that finds it, how it is read, how it is written. Pure."""

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from services.anonymizer.text.dates import context, readers, writers
from services.anonymizer.text.dates.calendar import MONTHS, Day
from services.anonymizer.text.rules import Rule

_N = r"(?:\d{1,2}|[〇一二三四五六七八九十]{1,3})"
_YEAR = r"(?:(?:18|19|20|21)\d\d|[一二][〇九八一][〇一二三四五六七八九]{2})"
_ERA = r"(?:明治|大正|昭和|平成|令和|[昭平令大](?=\s?(?:\d|元))|[MTSHRmtshr](?<![A-Za-z][A-Za-z])(?=\.?\s?(?:\d|元)))"
_WEEKDAY = r"(?:\s*\([日月火水木金土]\))?"
_MONTH_NAMES = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|"
    r"Nov(?:ember)?|Dec(?:ember)?|JAN(?:UARY)?|FEB(?:RUARY)?|MAR(?:CH)?|APR(?:IL)?|MAY|JUNE?|JULY?|AUG(?:UST)?|"
    r"SEPT?(?:EMBER)?|OCT(?:OBER)?|NOV(?:EMBER)?|DEC(?:EMBER)?)(?![A-Za-z0-9])\.?"
)
_MONTH_SIGNS = tuple(MONTHS) + tuple(month.upper() for month in MONTHS)


class DateForm(NamedTuple):
    """A way to write a date.

    read: what it may mean, likeliest first.  write: another day in the same form.  may_be_fraction: 5/8 may be one.
    """

    rule: Rule
    read: Callable[[re.Match[str]], Iterator[Day]]
    write: Callable[[re.Match[str], Day], str]
    may_be_fraction: bool = False


# Longest readings first: what an earlier row has found, a later one does not find again.
FORMS: Final = (
    DateForm(
        Rule(
            "date",
            re.compile(
                rf"(?:(?P<y>(?:19|20)\d\d)年?\s?\((?:{_ERA})\s?(?:{_N}|元)年?\)|"
                rf"(?:{_ERA})\s?(?:{_N}|元)年?\s?\((?P<y2>(?:19|20)\d\d)年?\))\s?[年/.-]?"
                rf"(?:\s?(?P<m>{_N})\s?[月/.-](?:\s?(?P<d>{_N})日?)?)?"
            ),
            "⟦2024(令和6)年4月1日⟧施行", "第2(令和)例",
            signs=("(",), around=(12, 26),
        ),
        readers.dual, writers.kanji,
    ),
    DateForm(
        Rule(
            "date",
            re.compile(
                rf"(?:(?P<era>{_ERA})\s*(?P<ey>{_N}|元)|(?P<y>(?<!\d){_YEAR}|(?<!\d)'?\d\d(?=\s*年\s*{_N}\s*月)))\s*年度?"
        rf"(?:\s*(?P<m>{_N})\s*月(?:\s*(?P<d>{_N})\s*日)?)?{_WEEKDAY}"
            ),
            "⟦令和6年4月1日⟧施行", "1年間、年1回",
            signs=("年",), around=(12, 26), veto=context.is_edition,
        ),
        readers.japanese, writers.japanese,
    ),
    DateForm(
        Rule(
            "date",
            re.compile(
                rf"(?<![\d.])(?P<m>{_N})\s*月\s*(?P<d>{_N})\s*日(?!間){_WEEKDAY}"
            ),
            "⟦4月1日⟧施行", "1月1日間",
            signs=("月",), around=(6, 16),
        ),
        readers.plain, writers.kanji,
    ),
    DateForm(
        Rule(
            "date",
            re.compile(
                r"(?P<y>[12](?<![\d.][12])[0189]\d\d)\s?(?P<s>[-/.・])\s?(?P<m>\d{1,2})\s?(?P=s)\s?(?P<d>\d{1,2})(?!\d)"
            ),
            "⟦2024-04-01⟧施行", "3024-04-01、12-04-01 mm",
            signs=("-", "/", ".", "・"),
        ),
        readers.plain, writers.numbers,
    ),
    DateForm(
        Rule(
            "date",
            re.compile(
                rf"(?P<era>{_ERA}|[昭平令大])(?P<dot>\.?)\s?(?P<ey>{_N}|元)\s?(?P<s>[-/.・])\s?(?P<m>{_N})\s?[-/.・]\s?(?P<d>{_N})(?!\d)"
            ),
            "⟦R6.4.1⟧施行", "肝S4/5/8に嚢胞",
            signs=("-", "/", ".", "・"), veto=context.is_stage,
        ),
        readers.japanese, writers.era,
    ),
    DateForm(
        Rule(
            "date",
            re.compile(
                r"(?<![A-Za-z0-9./])(?P<era>[HR])(?P<ey>\d{1,2})(?P<s>[./])(?P<m>\d{1,2})(?![\d./-])"
                r"(?=[ ]?(?:より|から|頃|以降|まで|時点|付|と比|に[一-鿿]|"
                r"の?(?:他院|当院|前医|前回|CT|MR|US|XP|PET|検査|手術|画像)))"
            ),
            "⟦H28.5⟧より経過観察", "右R1.5の結節、H2.3 mm",
            signs=("H", "R"),
        ),
        readers.japanese, writers.era,
    ),
    DateForm(
        Rule(
            "date",
            re.compile(
                r"(?P<y>[12](?<![\d.A-Za-z][12])[09]\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?:(?![\d.]\d|\d)|(?=(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?(?!\d)))"
            ),
            "⟦20240401⟧施行", "20241301例",
            signs=("19", "20"),
        ),
        readers.plain, writers.eight_digits,
    ),
    DateForm(
        Rule(
            "date",
            re.compile(
                r"(?P<a>\d(?<![\dA-Za-z./#-]\d)\d?)(?P<s>[-/.])(?P<b>\d{1,2})(?P=s)(?P<c>(?:19|20)\d\d|\d\d)(?![\d/]|[.-]\d)"
            ),
            "⟦04-01-2024⟧施行", "大きさ12-10-11 mm",
            signs=("-", "/", "."), veto=context.is_measured,
        ),
        readers.in_any_order, writers.month_or_day_first,
    ),
    DateForm(
        Rule(
            "date",
            re.compile(r"(?<=[^A-Za-z0-9]')(?P<y>\d\d)(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})(?![\d/]|[.]\d)"),
            "比較 '⟦17.9.30⟧\n胸水", "比較 17.9.300、5'17.9",
            signs=("'",),
        ),
        readers.short, writers.numbers,
    ),
    DateForm(
        Rule(
            "date",
            re.compile(
                r"(?P<y>\d(?<![\dA-Za-z./#-]\d)\d)(?P<s>[/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})(?![\d/]|[.]\d)"
            ),
            "⟦24/4/1⟧施行", "24/4/1 mm",
            signs=("/", "."), veto=context.is_measured,
        ),
        readers.short, writers.numbers,
    ),
    DateForm(
        Rule(
            "date",
            re.compile(
                rf"(?P<d>\d(?<![\d.]\d)\d?)(?:st|nd|rd|th)?[\s-]?(?:of\s)?(?P<mon>{_MONTH_NAMES})(?:[\s,-]*(?P<y>(?:19|20)\d\d)|[-\s']+(?P<yy>\d\d)(?![\d:/]|\s?(?:mm|cm|%|[A-Z])))?(?!\d)"
            ),
            "on ⟦1 Apr 2024⟧ done", "10 mm May be seen",
            signs=_MONTH_SIGNS, around=(12, 24),
        ),
        readers.english, writers.day_first,
    ),
    DateForm(
        Rule(
            "date",
            re.compile(
                rf"(?<![A-Za-z0-9])(?P<mon>{_MONTH_NAMES})(?:\s?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?![\d/]))?(?:[\s,]+(?:of\s)?(?P<y>(?:19|20)\d\d)(?!\d))?"
            ),
            "on ⟦April 1, 2024⟧ done", "May be seen",
            signs=_MONTH_SIGNS, around=(1, 34), veto=context.is_month_alone,
        ),
        readers.english, writers.month_first,
    ),
    DateForm(
        Rule(
            "date",
            re.compile(
                r"(?:(?P<y>(?:19|20)\d\d)[\s-]?(?P<mon>[A-Z][A-Za-z]{2})[\s.-]?(?P<d>\d{1,2})|(?<!\d)(?P<d2>\d{1,2})(?P<mon2>[A-Z][A-Za-z]{2})(?P<y2>(?:19|20)?\d\d)"
        r"|(?P<mon3>[A-Z][A-Za-z]{2})-(?P<d3>\d{1,2})-(?P<y3>(?:19|20)?\d\d))(?!\d)"
            ),
            "on ⟦2024Apr01⟧ done", "on 2024Abc01 done",
            signs=_MONTH_SIGNS, around=(7, 16),
        ),
        readers.compact_english, writers.compact_english,
    ),
    DateForm(
        Rule(
            "date",
            re.compile(
                r"(?P<y>[12](?<![\d./-][12])[09]\d\d)(?P<s>[/.-])(?P<m>0?[1-9]|1[0-2])(?![\d./-]|\s?(?:mm|cm))"
            ),
            "⟦2024/04⟧施行", "2024/13、2024-04 mm",
            signs=("-", "/", "."), veto=context.is_of_thing,
        ),
        readers.plain, writers.numbers,
    ),
    DateForm(
        Rule(
            "date",
            re.compile(
                r"(?<![\d.])(?P<m>\d{1,2})月(?!間|\d|[〇一二三四五六七八九十]+日)"
            ),
            "⟦4月⟧施行", "4月間",
            signs=("月",), around=(4, 12),
        ),
        readers.plain, writers.kanji,
    ),
    DateForm(
        Rule(
            "date",
            re.compile(
                r"(?<![\dA-Za-z./#-])(?P<m>1[0-2]|0?[1-9])/(?P<d>3[01]|[12]\d|0?[1-9])(?![\d/A-Za-z.%]|\s?(?:mm|cm|倍))"
            ),
            "前回⟦3/15⟧と比較", "1/2に縮小、L4/5",
            signs=("/",), around=(4, 8), veto=context.is_fraction,
        ),
        readers.plain, writers.numbers, may_be_fraction=True,
    ),
    DateForm(
        Rule(
            "date",
            re.compile(
                r"(?P<y>\d(?<![\d./#-]\d)\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?!\d)"
            ),
            "⟦240401⟧撮影", "標本240401個",
            signs=("0", "1"), veto=context.is_out_of_context,
        ),
        readers.short, writers.six_digits,
    ),
    DateForm(
        Rule(
            "date",
            re.compile(
                r"(?P<era>[HRhr](?<![A-Za-z][HRhr]))(?P<ey>\d{1,2})(?P<s>[/.])(?P<m>1[0-2]|0?[1-9])(?![\d/.])"
            ),
            "⟦R5.12⟧撮影", "R5.12倍",
            signs=("/", "."), veto=context.is_out_of_context,
        ),
        readers.japanese, writers.era,
    ),
    DateForm(
        Rule(
            "date",
            re.compile(
                r"(?P<era>[Hh](?<![A-Za-z][Hh]))(?P<ey>[1-3]?\d)(?=頃|手術|施行|発症|受診|入院)"
            ),
            "⟦H30⟧手術", "H30鎖",
            signs=("H", "h"),
        ),
        readers.japanese, writers.era,
    ),
    DateForm(
        Rule(
            "date",
            re.compile(
                r"(?P<y>[12](?<![\d.#/-][12])(?:9[2-9]|0[0-4])\d)(?=\s?(?:with|when|at|for|and|because|;|,|\.|\)|に|より|から|頃))"
            ),
            "in ⟦2003⟧ with CT", "2003 mm、WHO 2004に",
            signs=("19", "20"), veto=context.is_edition,
        ),
        readers.plain, writers.numbers,
    ),
)  # fmt: skip
