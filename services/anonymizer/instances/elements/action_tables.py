"""What the engine does with each element of one kind of place, compiled from a profile.

Source: PS3.15 Table E.1-1; PS3.15 E.1.1 (a Sequence whose action is D is replaced by dummy values throughout).
"""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from services.anonymizer.instances.elements import actions, content_items, padding, surplus
from services.anonymizer.profile import profile, tables
from services.anonymizer.profile.profile import Action
from shared.dicom import character_sets, vrs
from shared.dicom.elements import Syntax
from shared.dicom.vrs import TEXT

PIXELS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
_SEARCHED = TEXT | {b"AS", b"DS", b"IS", b"OB"}
STATED = frozenset({0x00100010, 0x00100020, 0x00100021, 0x00120062, 0x00120063, 0x00120064, 0x00280303})
CHARSET = 0x00080005
_LOOKED_AT = frozenset({b"AT", b"SQ", b"DA", b"DT", b"TM", b"UI"})
_WORDS = frozenset({b"LO", b"SH", b"ST", b"LT", b"UT", b"UC", b"PN", b"AE", b"UR"})


class Scope(NamedTuple):
    """The table for one kind of place. kept: tags copied without a look, with the VR they must have for that.

    most: tags of these → what a value holds at most (``padding.limit``).
    """

    actions: Mapping[int, Action]
    kept: Mapping[int, bytes]
    most: Mapping[int, int]


class State(NamedTuple):
    """Where the walk is. dummy: inside a Sequence whose action is D.  start: of the Data Set or Item."""

    syntax: Syntax
    table: Scope
    charset: bytes
    depth: int
    dummy: bool = False
    start: int = 0


@cache
def scope(name: str, sop_class_uid: str, place: str, search: bool, recodes: bool, explicit: bool) -> Scope:
    """Return the table for ``top``, ``nested`` or ``dummy`` (inside a Sequence whose action is D) places.

    search: look at every text, because a trace of the patient was found where none should be.
    recodes: look at every text, because it goes out in another character set.
    """
    table = profile.compiled(name, sop_class_uid)
    by_tag = dict(table.top if place == "top" else table.nested)
    if place == "dummy":
        words = [tag for tag, action in by_tag.items() if action in (Action.KEEP, Action.CLEAN)]
        by_tag |= {tag: Action.DUMMY for tag in words if tables.vr(tag).encode() in _WORDS}
    if place == "top":
        by_tag |= dict.fromkeys(STATED, Action.REMOVE)
    kept: dict[int, bytes] = {}
    for tag, action in by_tag.items():
        vr = tables.vr(tag).encode()
        if (
            action is Action.KEEP
            and vr not in _LOOKED_AT
            and not (search and vr in _SEARCHED)
            and not (recodes and vr in character_sets.WITH_CHARACTER_SET)
        ):
            kept[tag] = vr
    for tag in (
        CHARSET,
        actions.ICC_PROFILE,
        *PIXELS,
        *content_items.VALUES,
        *surplus.WITH_SURPLUS,
        *(tag for tag, vr in kept.items() if explicit and vr not in vrs.SHORT),
    ):
        kept.pop(tag, None)
    limits = {tag: padding.limit(tag, vr) for tag, vr in kept.items()}
    return Scope(by_tag, kept, {tag: most for tag, most in limits.items() if most is not None})
