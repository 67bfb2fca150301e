"""How one identifier is written: each slot turns a case into a category, a text and what of it must be gone."""

from calendar import month_abbr
from collections.abc import Callable
from dataclasses import dataclass

from tests.adversarial.people import FULL_WIDTH, KANJI_DIGITS, KATAKANA_TO_HIRAGANA, Case, Name, ascii_romaji, half_kana
from tests.adversarial.vocabulary import FOREIGN, PLATES, WARDS


@dataclass(frozen=True)
class Planted:
    """One identifier as written.  parts: none of them may be in the output."""

    category: str
    text: str
    parts: tuple[str, ...]
    profiles: tuple[str, ...] = ("jmid", "research")


def _whole(category: str, text: str, *parts: str) -> Planted:
    return Planted(category, text, tuple(p for p in (parts or (text,)) if len(p) > 1))


def _names(category: str, name: Name, kind: str) -> Planted:
    family, given = name.family, name.given
    roman, given_roman = name.roman, name.given_roman
    written = {
        "kanji": (f"{family}{given}", family, given),
        "spaced": (f"{family} {given}", family, given),
        "wide": (f"{family}　{given}", family, given),
        "old": (f"{name.old_family}{given}", name.old_family, given),
        "kana": (f"{name.kana} {name.given_kana}", name.kana, name.given_kana),
        "half": (
            f"{half_kana(name.kana)} {half_kana(name.given_kana)}",
            half_kana(name.kana),
            half_kana(name.given_kana),
        ),
        "hira": (
            f"{name.kana}{name.given_kana}".translate(KATAKANA_TO_HIRAGANA),
            f"{name.kana}{name.given_kana}".translate(KATAKANA_TO_HIRAGANA),
        ),
        "roman": (f"{roman} {given_roman}", roman, given_roman),
        "swapped": (f"{given_roman} {ascii_romaji(roman)}", ascii_romaji(roman), given_roman),
        "upper": (f"{ascii_romaji(roman).upper()}, {given_roman}", ascii_romaji(roman).upper(), given_roman),
        "widelatin": tuple(x.translate(FULL_WIDTH) for x in (ascii_romaji(roman).upper(),) * 2),
        "split": (f"{family}\n{given}", family, given),
        "inner": (f"{family[0]} {family[1:]} {' '.join(given)}", f"{family[0]} {family[1:]} {' '.join(given)}"),
        "family": (family, family),
        "given": (given, given),
        "initial": (f"{given_roman[0]}.{ascii_romaji(roman)[0]}.", f"{given_roman[0]}.{ascii_romaji(roman)[0]}."),
        "initialed": (f"{given_roman[0]}. {ascii_romaji(roman)}", ascii_romaji(roman)),
        "nick": (f"{given[0] if len(given) > 2 else given}ちゃん", f"{given[0] if len(given) > 2 else given}ちゃん"),
    }[kind]
    return _whole(category, written[0], *(part for part in written[1:] if len(part) > 1))


def _own(kind: str, category: str) -> Callable[[Case], Planted]:
    return _person(category, "patient", kind)


def _person(category: str, who: str, kind: str) -> Callable[[Case], Planted]:
    return lambda c: _names(category, getattr(c, who), kind)


def _date(form: str) -> Callable[[Case], Planted]:
    def write(c: Case) -> Planted:
        y, m, d = c.study
        d = 1 + (d + c.rng.randrange(28)) % 28
        text = {
            "iso": f"{y}-{m:02}-{d:02}",
            "slash": f"{y}/{m}/{d}",
            "kanji": f"{y}年{m}月{d}日",
            "wide": f"{y}年{m}月{d}日".translate(FULL_WIDTH),
            "compact": f"{y}{m:02}{d:02}",
            "wareki": f"令和{y - 2018}年{m}月{d}日",
            "r": f"R{y - 2018}.{m}.{d}",
            "warekikanji": f"令和{y - 2018}年{m}月{d}日".translate(KANJI_DIGITS),
            "h": f"H{c.rng.randrange(20, 31)}.{m}.{d}",
            "short": f"{m}/{d}",
            "md": f"{m}月{d}日",
            "last": f"先月{d}日",
            "us": f"{m:02}/{d:02}/{y}",
            "english": f"{month_abbr[m]} {d}, {y}",
            "yy": f"'{y % 100:02}/{m}/{d}",
            "dotted": f"{y}．{m}．{d}".translate(FULL_WIDTH),
        }[form]
        kind = {"last": "date-relative", "short": "date-short", "md": "date-short"}.get(form)
        kind = kind or ("date-wareki" if form in ("wareki", "r", "warekikanji", "h") else "date-western")
        return Planted(kind, text, (text,), ("research",))

    return write


def _birth(form: str) -> Callable[[Case], Planted]:
    def write(c: Case) -> Planted:
        y, m, d = c.birth
        text = {
            "showa": f"昭和{y - 1925}年{m}月{d}日",
            "s": f"S{y - 1925}.{m}.{d}",
            "iso": f"{y}/{m:02}/{d:02}",
            "compact": f"{y}{m:02}{d:02}",
            "wide": f"昭{y - 1925}.{m}.{d}".translate(FULL_WIDTH),
        }[form]
        return _whole("birth-date", text)

    return write


def _address(form: str) -> Callable[[Case], Planted]:
    def write(c: Case) -> Planted:
        area, town, _ = c.town
        a, b, e = c.rng.randrange(1, 9), c.rng.randrange(10, 40), c.rng.randrange(11, 99)
        tail = {
            "plain": f"{a}-{b}-{e}",
            "chome": f"{a}丁目{b}番{e}号",
            "kanji": f"{a}丁目{b}番地の{e}".translate(KANJI_DIGITS),
            "wide": f"{a}-{b}-{e}".translate(FULL_WIDTH),
            "flat": f"{a}-{b} メゾン{c.nurse.roman}{e}号",
            "half": f"{b}番地",
        }[form]
        head = area + town if c.rng.random() < 0.6 else town
        return _whole("address", head + tail, town, tail)

    return write


def _phone(form: str) -> Callable[[Case], Planted]:
    def write(c: Case) -> Planted:
        a, b, e = c.phone.split("-")
        mobile = f"090-{b}-{e}"
        text = {
            "dash": c.phone,
            "paren": f"{a}({b}){e}",
            "wide": c.phone.translate(FULL_WIDTH),
            "mobile": mobile,
            "bare": mobile.replace("-", ""),
            "spaced": mobile.replace("-", " "),
            "intl": f"+81-{a[1:]}-{b}-{e}",
            "kanji": f"{a}（{b}）{e}".translate(FULL_WIDTH),
            "dots": f"{a}.{b}.{e}",
            "choon": f"{a}ー{b}ー{e}",
        }[form]
        return _whole("phone", text, text, e.translate(FULL_WIDTH) if form in ("wide", "kanji") else e)

    return write


def _number(category: str, make: Callable[[Case], str]) -> Callable[[Case], Planted]:
    return lambda c: _whole(category, make(c))


def _digits(c: Case, n: int) -> str:
    return "".join(str(c.rng.randrange(1, 10)) for _ in range(n))


def _foreign(c: Case) -> Planted:
    family, given = c.rng.choice(FOREIGN)
    return _whole("name-foreign", f"{given} {family}", family, given)


SLOTS: dict[str, Callable[[Case], Planted]] = {
    **{f"own_{k}": _own(k, "name-own") for k in ("kanji", "spaced", "wide", "family", "given")},
    **{f"own_{k}": _own(k, "name-own-script") for k in ("old", "kana", "half", "hira", "widelatin")},
    **{f"own_{k}": _own(k, "name-own-roman") for k in ("roman", "swapped", "upper", "initialed")},
    **{f"own_{k}": _own(k, "name-own-broken") for k in ("split", "inner")},
    **{f"own_{k}": _own(k, "name-nick-initials") for k in ("initial", "nick")},
    **{
        f"other_{k}": _person("name-other", "other", k)
        for k in ("kanji", "spaced", "wide", "family", "kana", "half", "roman", "old", "split")
    },
    **{
        f"doctor_{k}": _person("name-staff", "doctor", k)
        for k in ("kanji", "spaced", "family", "roman", "swapped", "initialed", "kana", "upper", "old")
    },
    **{f"nurse_{k}": _person("name-staff", "nurse", k) for k in ("kanji", "family", "kana")},
    **{
        f"d_{k}": _date(k)
        for k in ("iso slash kanji wide compact wareki r warekikanji h short md last us english yy dotted".split())
    },
    **{f"birth_{k}": _birth(k) for k in ("showa", "s", "iso", "compact", "wide")},
    **{f"addr_{k}": _address(k) for k in ("plain", "chome", "kanji", "wide", "flat", "half")},
    **{f"tel_{k}": _phone(k) for k in "dash paren wide mobile bare spaced intl kanji dots choon".split()},
    "ext": _number("extension", lambda c: _digits(c, 4)),
    "pid": _number("patient-id", lambda c: c.patient_id),
    "pid_bare": _number("patient-id", lambda c: c.patient_id.lstrip("0")),
    "pid_spaced": _number("patient-id", lambda c: f"{c.patient_id[:4]} {c.patient_id[4:]}"),
    "pid_dashed": _number("patient-id", lambda c: f"{c.patient_id[:3]}-{c.patient_id[3:6]}-{c.patient_id[6:]}"),
    "pid_wide": _number("patient-id", lambda c: c.patient_id.translate(FULL_WIDTH)),
    "old_pid": _number("patient-id", lambda c: f"{c.rng.choice('ABK')}{_digits(c, 6)}"),
    "acc": _number("accession", lambda c: c.accession),
    "acc_dashed": _number("accession", lambda c: f"CT-{c.accession[:4]}-{c.accession[4:]}"),
    "acc_other": _number("accession", lambda c: f"MR{_digits(c, 8)}"),
    "postal": _number("postal-code", lambda c: c.town[2]),
    "postal_wide": _number("postal-code", lambda c: c.town[2].translate(FULL_WIDTH)),
    "hosp": _number("hospital", lambda c: c.hospital[0]),
    "hosp2": _number("hospital", lambda c: c.elsewhere[0]),
    "hosp_short": _number("hospital-short", lambda c: c.elsewhere[1]),
    "hosp_own_short": _number("hospital-short", lambda c: c.hospital[1]),
    "hosp_en": _number("hospital", lambda c: c.elsewhere[2]),
    "ward": _number("ward-bed", lambda c: c.rng.choice(WARDS)),
    "room": _number("ward-bed", lambda c: f"{_digits(c, 3)}号室"),
    "mail": _number(
        "email", lambda c: f"{c.doctor.given_roman.lower()}.{ascii_romaji(c.doctor.roman).lower()}@aoba-hp.or.jp"
    ),
    "mail_wide": _number("email", lambda c: f"{c.nurse.given_roman.lower()}＠med-center．jp"),
    "url": _number("url", lambda c: f"https://pacs.aoba-hp.or.jp/viewer?pid={c.patient_id}"),
    "url_bare": _number("url", lambda c: f"www.{ascii_romaji(c.doctor.roman).lower()}-clinic.jp/renkei"),
    "insurer": _number("insurance", lambda c: f"06{_digits(c, 6)}"),
    "insured": _number("insurance", lambda c: f"{_digits(c, 4)}・{_digits(c, 7)}"),
    "mynumber": _number("my-number", lambda c: f"{_digits(c, 4)} {_digits(c, 4)} {_digits(c, 4)}"),
    "mynumber_bare": _number("my-number", lambda c: _digits(c, 12)),
    "plate": _number("vehicle", lambda c: c.rng.choice(PLATES)),
    "serial": _number("device-serial", lambda c: f"SN{_digits(c, 7)}"),
    "pacemaker": _number("device-serial", lambda c: f"PJN{_digits(c, 6)}H"),
    "foreign": _foreign,
    "old_age": lambda c: Planted("age-over-89", (t := f"{c.rng.randrange(91, 103)}歳"), (t,), ("research",)),
}
