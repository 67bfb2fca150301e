"""Shows profiles: ``jmid profile show|diff|explain``, and the table in docs/deidentification.md."""

from collections import Counter

from pydicom.datadict import dictionary_description, tag_for_keyword
from rich.console import Console
from rich.table import Table

from services.anonymizer.profile import profile as profiles
from services.anonymizer.profile import tables
from services.anonymizer.profile.profile import Action, Profile

CT = "1.2.840.10008.5.1.4.1.1.2"


def show(profile: Profile, console: Console) -> None:
    """Print options, own rules, and every named Attribute that is not kept."""
    console.print(f"[bold]{profile.label}[/]  {profile.about}\nPS3.15 Table E.1-1, edition {tables.edition()}")
    for value, meaning in profiles.codes(profile):
        console.print(f"  {value} {meaning}")
    table = Table("tag", "attribute", "action", "by", "why")
    table_of = profiles.compiled(profile.name, CT)
    for tag, action in table_of.top.items():
        decision = profiles.decide(profile, tag, _kind(tag, CT))
        if decision.source != "unnamed" and action is not Action.KEEP:
            table.add_row(shown(tag), described(tag), action, decision.source, decision.why)
    console.print(table)
    counts = Counter(table_of.top.values())
    console.print(", ".join(f"{action}: {count}" for action, count in counts.most_common()))


def diff(one: Profile, other: Profile, console: Console) -> None:
    """Print the Attributes that two profiles treat differently in a CT image."""
    table = Table("tag", "attribute", one.label, other.label)
    left, right = profiles.compiled(one.name, CT).top, profiles.compiled(other.name, CT).top
    for tag in left:
        if left[tag] is not right[tag]:
            table.add_row(shown(tag), described(tag), left[tag], right[tag])
    console.print(table)


def explain(profile: Profile, text: str, sop_class_uid: str, console: Console) -> None:
    """Print what is done with one Attribute and on whose word; raise ValueError if the text names none."""
    tag = parsed(text)
    row = tables.row(tag)
    console.print(f"[bold]{shown(tag)} {described(tag)}[/]")
    if row is None:
        console.print("PS3.15 Table E.1-1 does not name it.")
    else:
        options = ", ".join(f"{option}: {action}" for option, action in row.options.items())
        console.print(f"PS3.15 Table E.1-1 ({tables.edition()}): {row.basic}" + (f"; {options}" if options else ""))
    if tag >> 16 & 1:
        console.print("Private: removed, unless creator and element are in Table E.3.10-1 and the value is of that VR.")
        return
    kind = _kind(tag, sop_class_uid)
    decision = profiles.decide(profile, tag, kind)
    console.print(
        f"{profile.label}: [bold]{decision.action}[/], by {decision.source}" + (f" (Type {kind})" if kind else "")
    )
    if decision.why:
        console.print(decision.why)


def parsed(text: str) -> int:
    """Return the tag of a text such as 0010,0020, (0010,0020), 00100020 or PatientID."""
    digits = text.strip("()").replace(",", "")
    tag = tag_for_keyword(text)
    if tag is not None:
        return int(tag)
    try:
        if len(digits) == 8:
            return int(digits, 16)
    except ValueError:
        pass
    raise ValueError(f"{text} is neither a tag such as 0010,0020 nor a keyword such as PatientID")


def shown(tag: int) -> str:
    """Return the tag as the standard writes it."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def described(tag: int) -> str:
    """Return the Attribute's name."""
    row = tables.row(tag)
    if row is not None:
        return row.name
    try:
        return str(dictionary_description(tag))
    except KeyError:
        return "not in the dictionary"


def _kind(tag: int, sop_class_uid: str) -> str:
    return tables.types(sop_class_uid).get(tag, ("", ""))[0]
