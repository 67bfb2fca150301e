"""Gives de-identified Instances the pseudonyms of the current keys, after a rotation.

The engine that de-identified an Instance walks its output once more, with the same profile; only what the old keys
made is made anew: pseudonyms from the originals in the vault, shifted dates by the difference of both shifts. Where the
vault holds all originals the result is, byte for byte, what de-identifying the original with the new keys gives.

Source: PS3.15 Table E.1-1 (actions U, Z and C); PS3.5 B.2.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from pydicom._uid_dict import UID_dictionary

from services.anonymizer.dicom import file_format
from services.anonymizer.dicom.patient_identifiers import IMAGE_TAGS, PatientIdentity
from services.anonymizer.instances.elements.action_tables import STATED
from services.anonymizer.instances.elements.actions import Act
from services.anonymizer.instances.elements.data_set import Rewriter
from services.anonymizer.pixels.pixel_data import PixelData
from services.anonymizer.policy import Context, Policy
from services.anonymizer.profile import profile
from services.anonymizer.profile.profile import Action
from services.anonymizer.pseudonyms import pseudonyms
from services.anonymizer.pseudonyms.keys import KeySet
from services.anonymizer.pseudonyms.vault import Original, Sealed
from services.anonymizer.rotation.dates import reshifted
from services.anonymizer.rotation.new_pseudonyms import NewPseudonyms
from shared.dicom import elements
from shared.dicom.file_format import Part10
from shared.errors import Refused, SettingsError
from shared.fhir import systems

_UIDS_OF_OURS: Final = "2.25."
_CHARSET, _SOP_CLASS, _SOP_INSTANCE, _STUDY = 0x00080005, 0x00080016, 0x00080018, 0x0020000D
_PATIENT, _ISSUER, _REMOVED, _METHOD = 0x00100020, 0x00100021, 0x00120062, 0x00120063
_WANTED = STATED | IMAGE_TAGS | {_CHARSET, _SOP_CLASS, _SOP_INSTANCE, _STUDY}
_LABEL = re.compile(r"J-MID ([a-z_]+)/([^\s\\]+)")
_KINDS = {Action.DEVICE: "device", Action.ACCESSION: "order", Action.PATIENT: "patient"}


class Sent(NamedTuple):
    """A de-identified Instance, taken apart. top: tag → the whole element and its value.

    version: of the keys; empty if it has no patient ID and so does not say.  profile: its name; is_of_old: it was
    another version of that profile than the one that is here.
    """

    file: Part10[bytes]
    top: Mapping[int, tuple[bytes, bytes]]
    profile: str
    version: str
    is_of_old: bool = False

    def text(self, tag: int) -> str:
        """Return a value in the default character repertoire; empty if it is not there."""
        return self.top.get(tag, (b"", b""))[1].decode("ascii", "replace").strip(" \0")

    @property
    def patient(self) -> str:
        """Return the patient's pseudonym, or nothing."""
        return self.text(_PATIENT)

    @property
    def names(self) -> tuple[str, str]:
        """Return the pseudonyms of the Instance and its Study: the vault's entries of them tell the key version too."""
        return self.text(_SOP_INSTANCE), self.text(_STUDY)


class Renewed(NamedTuple):
    """data: the file.  guessed: kind → how many pseudonyms were made from the old ones, or how many dates are unsure.

    ``profile``: the Instance was made by another version of its profile; what this one removes is gone.
    sealed: the way back from the new pseudonyms, for the vault.
    """

    data: bytes
    sop_instance_uid: str
    guessed: dict[str, int]
    sealed: tuple[Sealed, ...]


def read(data: bytes) -> Sent:
    """Take a file apart. Raises Invalid: not DICOM.  Raises Refused: not de-identified by J-MID."""
    file = file_format.split(data)
    sent = Sent(file, _top(file), "", "")
    label = _LABEL.search(sent.text(_METHOD))
    version = sent.text(_ISSUER)
    if sent.text(_REMOVED) != "YES" or label is None or (version and not version.startswith(systems.PATIENT)):
        raise Refused("not-ours", "the Instance does not say that it was de-identified by J-MID, and by which keys")
    try:
        taken = profile.load(label[1])
    except SettingsError as error:
        raise Refused("unknown-profile", "the Instance was de-identified by a profile that is not here") from error
    is_of_old = f"{label[1]}/{label[2]}" != taken.label
    return sent._replace(profile=taken.name, version=version.removeprefix(systems.PATIENT), is_of_old=is_of_old)


def pseudonyms_in(sent: Sent, keys: KeySet) -> list[str]:
    """Return what may be pseudonyms in an Instance, each once, for the vault to be asked. keys: any; none is used."""
    texts: dict[str, None] = dict.fromkeys(filter(None, (sent.patient, *sent.names)))

    def collect(action: Action, _tag: int, vr: bytes, value: bytes, _set: bytes, _context: Context, _s: bool) -> None:
        if _holds_uids(action, vr):
            texts.update(dict.fromkeys(each for each in _texts(value) if _is_ours(each)))
        elif action in _KINDS:
            texts.update(dict.fromkeys(each for each in [_texts(value)[0]] if each))

    Rewriter(sent.file.data, _context(sent, keys), act=collect).rewrite(sent.file.start, sent.file.syntax, {})
    return list(texts)


def renewed(sent: Sent, known: Mapping[str, Original], old: KeySet, new: KeySet, site: str) -> Renewed:
    """Return the Instance with the pseudonyms of ``new``. known: pseudonym → what the vault holds.

    site: the short name that orders are hashed with.  Raises Refused: the patient is not in the vault, or the vault's
    entries are of another site or other keys.
    """
    if sent.patient and sent.patient not in known:
        raise Refused("patient-not-in-vault", "the vault holds no entry of this patient")
    new_pseudonyms = NewPseudonyms(known, old, new, site)
    issuer, _, patient_id = known[sent.patient].text.partition("|") if sent.patient else (site, "", "")
    before, after = (pseudonyms.shift_days(each, issuer, patient_id) for each in (old, new))
    new_actions = _NewPseudonymActions(new_pseudonyms, (before, after), systems.patient_system(new.version))
    rewriter = Rewriter(sent.file.data, _context(sent, new), act=new_actions)
    values = {tag: value for tag, (_, value) in sent.top.items()}
    rewriter.pixels = PixelData(sent.file.transfer_syntax_uid, values, decoded=True)
    parts = rewriter.rewrite(sent.file.start, sent.file.syntax, _statements(sent, new_pseudonyms, new_actions.label))
    uid = new_pseudonyms.of("uid", sent.text(_SOP_INSTANCE))
    head = file_format.head(sent.text(_SOP_CLASS), uid, sent.file.transfer_syntax_uid)
    output = b"".join([head, file_format.deflate(parts)] if sent.file.deflated else [head, *parts])
    unsure = {"date": new_actions.unsure_dates, "profile": int(sent.is_of_old)}
    guessed = new_pseudonyms.guessed | {kind: count for kind, count in unsure.items() if count}
    return Renewed(output, uid, guessed, new_pseudonyms.sealed)


class _NewPseudonymActions:
    """What becomes of each value that the engine walks over: an ``actions.Acting``."""

    def __init__(self, new_pseudonyms: NewPseudonyms, days: tuple[int, int], label: str) -> None:
        self._new_pseudonyms, self._days, self.label = new_pseudonyms, days, label
        self.unsure_dates = 0

    def __call__(
        self, action: Action, _tag: int, vr: bytes, value: bytes, _set: bytes, _context: Context, _search: bool
    ) -> Act | None:
        text = _texts(value)[0]
        if _holds_uids(action, vr):
            new = "\\".join(self._uid(each, action) for each in _texts(value)).encode("ascii")
            return None if new == value.rstrip(b" \0") else (Action.UID, new)
        if action in _KINDS and text:
            return action, self._new_pseudonyms.of(_KINDS[action], text).encode("ascii")
        if action is Action.ISSUER and text.startswith(systems.PATIENT):
            return action, self.label.encode("ascii")
        if action is Action.SHIFT and text:
            new, is_sure = reshifted(vr, value, *self._days)
            self.unsure_dates += not is_sure
            return action, new
        return None

    def _uid(self, uid: str, action: Action) -> str:
        is_kept = not _is_ours(uid) or (action is Action.KEEP and not self._new_pseudonyms.knows(uid))
        return uid if is_kept else self._new_pseudonyms.of("uid", uid)


def _top(file: Part10[bytes]) -> dict[int, tuple[bytes, bytes]]:
    elements_by_tag: dict[int, tuple[bytes, bytes]] = {}
    data, pos, last = file.data, file.start, max(_WANTED)
    while pos + 8 <= len(data):
        element = elements.read(data, pos, len(data), file.syntax)
        if element.tag > last:
            break
        following = elements.after(data, element, len(data), file.syntax)
        if element.tag in _WANTED:
            elements_by_tag[element.tag] = data[pos:following], data[element.value : following]
        pos = following
    return elements_by_tag


def _context(sent: Sent, keys: KeySet) -> Context:
    """Return the context of a walk in which nobody is looked for: that was done when the Instance was de-identified."""
    nobody = PatientIdentity(sent.top.get(_CHARSET, (b"", b""))[1].rstrip(b" \0"), "", "", {}, ())
    return Context(Policy(sent.profile, keys, ""), sent.text(_SOP_CLASS), nobody, "", 0)


def _statements(sent: Sent, new_pseudonyms: NewPseudonyms, label: str) -> dict[int, bytes]:
    """Return what the Instance says of its de-identification: as it stands, but for the patient and the keys."""
    statements = {tag: element for tag, (element, _) in sent.top.items() if tag in STATED}
    if sent.patient:
        patient = new_pseudonyms.of("patient", sent.patient).encode("ascii")
        statements[_PATIENT] = elements.encode(_PATIENT, b"LO", patient, sent.file.syntax)
        statements[_ISSUER] = elements.encode(_ISSUER, b"LO", label.encode("ascii"), sent.file.syntax)
    return statements


def _holds_uids(action: Action, vr: bytes) -> bool:
    """Say whether pseudonymous UIDs may stand here: also in place of what was no UID, where one is kept."""
    return action is Action.UID or (action is Action.KEEP and vr == b"UI")


def _is_ours(uid: str) -> bool:
    return uid.startswith(_UIDS_OF_OURS) and uid not in UID_dictionary


def _texts(value: bytes) -> list[str]:
    return [each.strip(" \0") for each in value.decode("ascii", "replace").split("\\")]
