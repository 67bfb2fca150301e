"""Carries out an action on the value of one element."""

from collections.abc import Callable

from services.anonymizer import policy as contexts
from services.anonymizer.instances.elements import descriptors, replacement_values
from services.anonymizer.policy import Context
from services.anonymizer.profile import tables
from services.anonymizer.profile.profile import Action
from services.anonymizer.pseudonyms import pseudonyms
from shared.dicom.character_sets import decode
from shared.dicom.vrs import TEXT
from shared.errors import Refused

ICC_PROFILE = 0x00282000
_BINARY = (b"OB", b"UN")
_DATES = (b"DA", b"DT", b"TM")
Act = tuple[Action, bytes | None]
Acting = Callable[[Action, int, bytes, bytes, bytes, Context, bool], Act | None]


def act(
    action: Action, tag: int, vr: bytes, value: bytes, charset: bytes, context: Context, search: bool
) -> Act | None:
    """Return the action that was carried out and the new value (None: without the element); None if it stays as it is.

    search: look at texts that are otherwise kept, because a trace of the patient was found.
    """
    if action is Action.KEEP:
        return _keep(tag, vr, value, charset, context, search)
    if action is Action.UID:
        new = replacement_values.uids(context.keys, value)
        return None if new == value.rstrip(b" \0") else (action, new)
    if action is Action.CLEAN:
        return _clean(vr, value, charset, context)
    if action is Action.DUMMY:
        return action, replacement_values.dummy(vr, value)
    if action is Action.SHIFT:
        return _shift(vr, value, context)
    return action, _replaced(action, value, charset, context)


def _keep(tag: int, vr: bytes, value: bytes, charset: bytes, context: Context, search: bool) -> Act | None:
    """Keep the value if it is what its tag says: a text where the dictionary has none is cleaned as free text."""
    allowed = tables.vrs(tag)
    if vr in _DATES and vr in allowed:
        return None if replacement_values.is_date_or_time(vr, value) else (Action.EMPTY, b"")
    if vr not in allowed and not (vr == b"UN" or (allowed & {b"OB", b"OW"} and vr in (b"OB", b"OW"))):
        return (Action.CLEAN, b"") if vr in TEXT else (Action.EMPTY, b"")
    if tag == ICC_PROFILE and not replacement_values.is_icc_profile(value):
        return Action.REMOVE, None
    if search and vr in _BINARY and context.identity.left_in(value):
        return Action.REMOVE, None
    if vr == b"UI" and vr in allowed:
        is_kept = replacement_values.names_no_instance(value)
        return None if is_kept else (Action.UID, replacement_values.kept_uids(context.keys, value))
    if search and vr in (b"DS", b"IS", b"AS") and context.identity.left_in(value):
        is_number = replacement_values.is_number(value) and not context.identity.is_identifier(value)
        return None if is_number else (Action.EMPTY, b"")
    if search and vr in TEXT and context.identity.left_in(value):
        cleaned = _clean(vr, value, charset, context) if vr != b"CS" else None
        return (Action.EMPTY, b"") if cleaned is None or context.identity.left_in(cleaned[1] or b"") else cleaned
    return None


def _clean(vr: bytes, value: bytes, charset: bytes, context: Context) -> Act | None:
    if vr not in TEXT:
        return Action.REMOVE, None
    if vr == b"PN":
        return Action.EMPTY, b""
    new = descriptors.clean(value, vr, charset, context)
    if new == b"":
        return Action.CUT, b""
    return None if new is None else (Action.CLEAN, new)


def _shift(vr: bytes, value: bytes, context: Context) -> Act:
    new = replacement_values.shifted(vr, value, context.days) if vr in _DATES else None
    return (Action.EMPTY, b"") if new is None else (Action.SHIFT, new)


def _replaced(action: Action, value: bytes, charset: bytes, context: Context) -> bytes:
    text = decode(value, charset)
    if action is Action.PATIENT:  # in Items, where another patient's ID may stand
        return pseudonyms.patient_pseudonym(context.keys, context.issuer, text).encode("ascii")
    if action is Action.ISSUER:
        return contexts.issuer_label(context).encode("ascii")
    if action is Action.ACCESSION:
        return pseudonyms.accession_pseudonym(context.keys, context.policy.site, text).encode("ascii")
    if action is Action.DEVICE:
        return pseudonyms.device_pseudonym(context.keys, text).encode("ascii")
    if action is Action.SITE:
        return context.policy.site.encode("utf-8")
    if action is Action.CAP_AGE:
        return replacement_values.capped_age(value)
    raise Refused("unknown-action", f"the profile asks for {action} where a value stands")
