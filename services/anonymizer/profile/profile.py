"""De-identification profiles: data, compiled once per SOP Class into a table of tag → action.

A profile is PS3.15 Table E.1-1, the options that it takes, and rules of its own (``profiles/<name>.toml``). Rules win
over options, options over the basic action. Options that disagree about an Attribute make the profile invalid.
"""

import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from services.anonymizer.profile import tables
from services.anonymizer.profile.tables import Row
from shared.errors import SettingsError

FOLDER = Path(__file__).parent / "profiles"
_COMMON = "common.toml"


class Action(StrEnum):
    """What is done to an Attribute. The first six are the table's; what a compound one means depends on the IOD."""

    KEEP = "keep"  # K; Sequences are still cleaned inside
    REMOVE = "remove"  # X
    EMPTY = "empty"  # Z
    DUMMY = "dummy"  # D
    UID = "uid"  # U
    CLEAN = "clean"  # C of a text: the text cleaner with the Instance's own identifiers
    CUT = "cut-doubtful"  # what comes of C where the text may still identify: emptied
    SHIFT = "shift"  # C of a date
    CONTENT = "content"  # C of a content tree, Table E.3.4-1
    PATIENT = "patient-pseudonym"
    ISSUER = "pseudonym-issuer"
    ACCESSION = "accession-pseudonym"
    DEVICE = "device-pseudonym"
    SITE = "site"
    CAP_AGE = "cap-age"


PSEUDONYMS = frozenset({Action.UID, Action.DEVICE, Action.PATIENT, Action.ACCESSION})


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule of our own. tag: eight hexadecimal digits, x for any.  why: for the privacy officer."""

    tag: str
    action: Action
    why: str


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A versioned profile. options: names of Table E.1-1's columns.

    character_set: of the output: as it came, or UTF-8 (ISO_IR 192) whatever it was.
    """

    name: str
    version: str
    about: str
    options: tuple[str, ...]
    rules: tuple[Rule, ...]
    character_set: Literal["original", "utf-8"] = "original"

    @property
    def label(self) -> str:
        """Name and version, as every Instance and audit row carries them."""
        return f"{self.name}/{self.version}"


class Decision(msgspec.Struct, frozen=True):
    """What a profile does with an Attribute, and on whose word: ``rule``, an option, ``basic`` or ``unnamed``."""

    action: Action
    source: str
    why: str = ""


@cache
def load(name: str, folder: Path = FOLDER) -> Profile:
    """Return a profile; raise SettingsError if there is none of that name, or it contradicts itself."""
    path = folder / f"{name}.toml"
    if not name.isidentifier() or not path.is_file() or path.name == _COMMON:
        known = ", ".join(sorted(each.stem for each in folder.glob("*.toml") if each.name != _COMMON))
        raise SettingsError(f"there is no profile of that name; there are: {known}")
    try:
        own = msgspec.convert(tomllib.loads(path.read_text("utf-8-sig")), Profile)
        common = msgspec.convert(tomllib.loads((FOLDER / _COMMON).read_text("utf-8"))["rules"], tuple[Rule, ...])
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise SettingsError(f"profile {name}: {error}") from error
    taken = {rule.tag for rule in own.rules}
    profile = msgspec.structs.replace(own, rules=own.rules + tuple(rule for rule in common if rule.tag not in taken))
    check(profile)
    return profile


def check(profile: Profile) -> None:
    """Raise SettingsError for unknown options, two rules for one Attribute, and options that disagree."""
    known = tables.options()
    unknown = [option for option in profile.options if option not in known]
    if unknown:
        raise SettingsError(f"profile {profile.name}: unknown option {unknown[0]}; there are: {', '.join(known)}")
    tags = [rule.tag for rule in profile.rules]
    if len(set(tags)) != len(tags):
        raise SettingsError(f"profile {profile.name}: two rules for ({max(tags, key=tags.count)})")
    for row in tables.rows():
        asked = {row.options[option] for option in profile.options if option in row.options}
        if len(asked) > 1 and row.tag not in tags:
            raise SettingsError(f"profile {profile.name}: its options disagree about ({row.tag}) {row.name}")


def decide(profile: Profile, tag: int, kind: str) -> Decision:
    """Return what the profile does with an Attribute. kind: its type in the IOD (PS3.3): 1, 1C, 2, 2C, 3 or ""."""
    for rule in profile.rules:
        if tables.matches(rule.tag, tag):
            return Decision(rule.action, "rule", rule.why)
    row = tables.row(tag)
    vr = tables.vr(tag)
    if row is None:
        return _unnamed(profile, tag, vr)
    for option in profile.options:
        if option in row.options:
            return Decision(_optional(row, option, vr), option)
    return Decision(_as_required(resolve(row.basic, kind), kind), "basic")


def _as_required(action: Action, kind: str) -> Action:
    """Return the action that leaves the IOD whole: what it requires, if only without a value, is emptied, not removed.

    Source: PS3.5 7.4.3 (Type 2). So Requested Procedure ID, which the table removes, in Referenced Request Sequence.
    """
    return Action.EMPTY if action is Action.REMOVE and kind == "2" else action


def resolve(code: str, kind: str) -> Action:
    """Return the one action that a code of Table E.1-1 means for an Attribute of this type.

    Source: PS3.15 E.1.1: a compound code removes unless that breaks the IOD: Type 2 is emptied, Type 1 gets a dummy.
    Where the IOD does not name the Attribute it is optional; Z/D then empties.
    """
    choices = code.replace("*", "").split("/")
    if len(choices) == 1:
        return _SINGLE[choices[0]]
    wanted = {"1": "D", "2": "Z"}.get(kind[:1], "X")
    if wanted in choices:
        return _SINGLE[wanted]
    stronger = {"X": "Z", "Z": "D", "D": "Z"}[wanted]  # X/Z of a Type 1 can only be Z; Z/D of a Type 3 becomes Z
    return _SINGLE[stronger if stronger in choices else choices[-1]]


_SINGLE = {
    "K": Action.KEEP, "X": Action.REMOVE, "Z": Action.EMPTY, "D": Action.DUMMY, "U": Action.UID, "C": Action.CLEAN,
}  # fmt: skip


def _optional(row: Row, option: str, vr: str) -> Action:
    if row.options[option] == "K":
        return Action.KEEP
    if option == "retain_longitudinal_modified_dates":
        return Action.SHIFT
    if option == "clean_structured_content":
        return Action.CONTENT
    if vr == "SQ":
        return Action.KEEP  # its texts are cleaned one by one
    return Action.CLEAN


def _unnamed(profile: Profile, tag: int, vr: str) -> Decision:
    """Decide about what the table does not name: an allow-list by the standard's dictionary and VR."""
    if tag in _CLASSES:
        return Decision(Action.KEEP, "unnamed", "names a class, a scheme or a context group")
    if tag in _OPAQUE:
        return Decision(Action.REMOVE, "unnamed", _OPAQUE[tag])
    if not vr or tag >> 16 & 1:
        return Decision(Action.REMOVE, "unnamed", "not in the standard's dictionary")
    if vr in ("DA", "DT", "TM"):
        if "retain_longitudinal_full_dates" in profile.options:
            return Decision(Action.KEEP, "unnamed", "a date, which the profile keeps")
        if "retain_longitudinal_modified_dates" in profile.options:
            return Decision(Action.SHIFT, "unnamed", "a date, which the profile shifts")
        return Decision(Action.EMPTY, "unnamed", "a date")
    if tables.is_retired(tag) and vr in _HOLDS_ANYTHING:
        return Decision(Action.REMOVE, "unnamed", "retired, and can hold anything")
    if vr in ("LO", "SH") and _TYPED.search(tables.keyword(tag)):
        return Decision(Action.CLEAN, "unnamed", "typed by a person")
    return Decision(*_BY_VR.get(vr, (Action.KEEP, "unnamed", "in the dictionary, and no free text")))


_HOLDS_ANYTHING = frozenset({"LO", "SH", "CS", "SQ", "OB", "OW", "UN", "ST", "LT", "UT", "UC", "PN"})
_TYPED = re.compile(
    "Comment|Description|Label$|ProtocolName|ProtocolElementName|BeamName|BlockName|RTImageName|SetupName"
)


# UIDs of classes, schemes and context groups, whoever made them; they name no Instance, device or person.
_CLASSES = frozenset(
    {0x00080016, 0x0008001A, 0x0008001B, 0x00080062, 0x0008010C, 0x0008010D, 0x00080117, 0x00080118, 0x00081150}
    | {0x0008115A, 0x00041510, 0x00041512, 0x0040DB0C}
)
_OPAQUE = {
    0x04000500: "Encrypted Attributes Sequence: the original's identity, encrypted (PS3.15 E.1.2)",
    0x04000510: "part of the Encrypted Attributes Sequence",
    0x04000520: "part of the Encrypted Attributes Sequence",
    0x0008041B: "Record Key: a key into the sender's store",
    0x0008041C: "Prior Record Key: a key into the sender's store",
    0x00143080: "Bad Pixel Image: a picture that nothing looks at",
    0x00686300: "HPGL Document: a drawing, whose labels nothing reads",
    0x4FFE0001: "MAC Parameters Sequence: signatures do not outlive a change",
}
_BY_VR: Mapping[str, tuple[Action, str, str]] = {
    "PN": (Action.EMPTY, "unnamed", "a person's name"),
    "AE": (Action.REMOVE, "unnamed", "a node of the hospital's network"),
    "UR": (Action.REMOVE, "unnamed", "an address in the hospital's network"),
    "UN": (Action.REMOVE, "unnamed", "unknown contents"),
    "UI": (Action.UID, "unnamed", "UIDs that the standard registers stay"),
    "LT": (Action.CLEAN, "unnamed", "free text"),
    "ST": (Action.CLEAN, "unnamed", "free text"),
    "UT": (Action.CLEAN, "unnamed", "free text"),
    "UC": (Action.CLEAN, "unnamed", "free text"),
}


class Table(msgspec.Struct, frozen=True):
    """A profile compiled for one SOP Class: what is not in it is removed. nested: for Items of Sequences."""

    top: dict[int, Action]
    nested: dict[int, Action]


@cache
def compiled(name: str, sop_class_uid: str, folder: Path = FOLDER) -> Table:
    """Return the table of tag → action for Instances of one SOP Class."""
    profile = load(name, folder)
    types = tables.types(sop_class_uid)
    top: dict[int, Action] = {}
    nested: dict[int, Action] = {}
    for tag in tables.tags():
        at_top, inside = types.get(tag, ("", ""))
        top[tag] = decide(profile, tag, at_top).action
        nested[tag] = top[tag] if at_top == inside else decide(profile, tag, inside).action
    return Table(top, nested)


def codes(profile: Profile) -> list[tuple[str, str]]:
    """Return the De-identification Method codes (CID 7050) that an Instance of this profile carries."""
    taken = {"113100"} | {tables.options()[option] for option in profile.options}
    return [(value, meaning) for value, meaning in tables.method_codes() if value in taken]


def dates(profile: Profile) -> str:
    """Return the value of Longitudinal Temporal Information Modified (0028,0303), PS3.3 C.12.1."""
    if "retain_longitudinal_full_dates" in profile.options:
        return "UNMODIFIED"
    return "MODIFIED" if "retain_longitudinal_modified_dates" in profile.options else "REMOVED"


def as_plain(profile: Profile) -> dict[str, Any]:
    """Return the profile as plain data, for ``jmid profile show``."""
    plain: dict[str, Any] = msgspec.to_builtins(profile)
    return plain
