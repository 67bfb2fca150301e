"""The generated part of docs/deidentification.md: python -m services.anonymizer.conformance rewrites it in place."""

import sys
from pathlib import Path

from services.anonymizer.pixels.rules import PixelRule, rules
from services.anonymizer.profile import profile as profiles
from services.anonymizer.profile import tables
from services.anonymizer.profile.effective import CT, described, shown
from services.anonymizer.profile.profile import Action, Profile

BEGIN, END = "<!-- generated: begin -->", "<!-- generated: end -->"
NAMES = ("jmid", "research")


def rewritten(text: str) -> str:
    """Return the document with its generated part made anew; raise ValueError if the marks are missing."""
    before, begin, rest = text.partition(BEGIN)
    _, closed, after = rest.partition(END)
    if not begin or not closed:
        raise ValueError("the marks of the generated part are missing")
    return f"{before}{BEGIN}\n\n{generated()}\n{END}{after}"


def generated() -> str:
    """Return the tables of profiles and pixel rules as Markdown."""
    taken = [profiles.load(name) for name in NAMES]
    return "\n".join([*_options(taken), *_rules(taken), *_pixels(), *_attributes(taken)])


def _options(taken: list[Profile]) -> list[str]:
    lines = ["### Options (CID 7050)", "", f"| code | meaning | {' | '.join(p.label for p in taken)} |"]
    lines.append("| --- | --- |" + " --- |" * len(taken))
    codes = [dict(profiles.codes(profile)) for profile in taken]
    for value, meaning in tables.method_codes():
        lines.append(f"| {value} | {meaning} | {' | '.join('yes' if value in each else '' for each in codes)} |")
    sets = {"original": "as it came", "utf-8": "UTF-8 (ISO_IR 192)"}
    lines.append(f"| | character set of the output | {' | '.join(sets[p.character_set] for p in taken)} |")
    return [*lines, ""]


def _rules(taken: list[Profile]) -> list[str]:
    lines = ["### Rules of our own", "", "| profile | Attribute | action | why |", "| --- | --- | --- | --- |"]
    for profile in taken:
        for rule in profile.rules:
            exact = "x" not in rule.tag
            name = f"{shown(int(rule.tag, 16))} {described(int(rule.tag, 16))}" if exact else f"({rule.tag})"
            lines.append(f"| {profile.label} | {name} | {rule.action} | {rule.why} |")
    return [*lines, ""]


def _pixels() -> list[str]:
    lines = [
        "### Burned-in text: rules, first match wins",
        "",
        "| when | then | searched | why |",
        "| --- | --- | --- | --- |",
    ]
    lines += [f"| {_condition(rule)} | {rule.then} | {rule.search} | {rule.why} |" for rule in rules()]
    return [*lines, ""]


def _condition(rule: PixelRule) -> str:
    named = {
        "SOP Class …1.1.": rule.sop_class,
        "Image Type": rule.image_type,
        "Burned In Annotation": rule.burned_in,
        "Photometric Interpretation": rule.photometric,
    }
    conditions = [f"{name} {', '.join(values)}" for name, values in named.items() if values]
    conditions += [
        f"/{form}/".replace("|", "\\|") for form in (rule.manufacturer, rule.model, rule.description) if form
    ]
    return " and ".join(conditions) or "otherwise"


def _attributes(taken: list[Profile]) -> list[str]:
    """Return every Attribute that Table E.1-1 names, with what is done to it in a CT image."""
    lines = [
        f"### Attributes ({tables.edition()}), as in a CT Image",
        "",
        "C: cleaned, K: kept, D: dummy, U: new UID, X: removed, Z: emptied; other words are rules of our own.",
        "",
        f"| tag | Attribute | Table E.1-1 | {' | '.join(profile.label for profile in taken)} |",
        "| --- | --- | --- |" + " --- |" * len(taken),
    ]
    compiled = [profiles.compiled(profile.name, CT).top for profile in taken]
    for row in tables.rows():
        if "x" in row.tag or row.tag == "private":
            continue
        tag = int(row.tag, 16)
        done = [_letter(table.get(tag, Action.REMOVE)) for table in compiled]
        lines.append(f"| {shown(tag)} | {row.name} | {row.basic} | {' | '.join(done)} |")
    return [*lines, ""]


def _letter(action: Action) -> str:
    letters = {
        Action.KEEP: "K", Action.REMOVE: "X", Action.EMPTY: "Z", Action.DUMMY: "D", Action.UID: "U", Action.CLEAN: "C",
        Action.CONTENT: "C",
    }  # fmt: skip
    return letters.get(action, action.value)


if __name__ == "__main__":
    document = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs/deidentification.md")
    document.write_text(rewritten(document.read_text("utf-8")), "utf-8")
