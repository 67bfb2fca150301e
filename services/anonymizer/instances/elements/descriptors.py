"""Free text kept under the Clean Descriptors Option: cleaned with the Instance's own identifiers as dictionary.

Source: PS3.15 E.3.6.
"""

from functools import lru_cache

import msgspec

from services.anonymizer.dicom.patient_identifiers import PatientIdentity
from services.anonymizer.instances.elements import replacement_values
from services.anonymizer.policy import Context, Policy
from services.anonymizer.text.cleaner import CleanedText, Identifiers, TextPolicy, clean_text
from services.anonymizer.text.clinical_lists import ClinicalLists
from services.anonymizer.text.prose import is_prose
from services.anonymizer.text.rtf import without_rtf
from services.anonymizer.text.site_list import SiteList
from shared.dicom import character_sets
from shared.errors import Refused

_LIMITS = {b"LO": 64, b"SH": 16, b"CS": 16, b"AE": 16, b"ST": 1024, b"LT": 10240, b"PN": 64}  # PS3.5 6.2


def clean(value: bytes, vr: bytes, charset: bytes, context: Context) -> bytes | None:
    """Return the value without what identifies, in the Data Set's character set; None if it may stay as it is.

    Empty where a report would be held for a person: no descriptor is worth a name.
    """
    raw = value.rstrip(b" \0")
    if not raw:
        return None
    written = character_sets.decode(raw, charset, vr)
    text = _prose(written)
    if text is None:
        return b""
    cleaned = _cleaned(text, context.profile, context.days, context.identity, context.policy)
    if cleaned.reasons:
        return b""
    if cleaned.text == written:
        return None
    encoded = character_sets.encode(cleaned.text, charset)
    if encoded is not None and not _fits(encoded, vr):
        encoded = character_sets.encode(cleaned.brief, charset)
    return replacement_values.DUMMY_TEXT if encoded is None else encoded


def _prose(text: str) -> str | None:
    """Return the text, without RTF; None if it is no prose."""
    try:
        plain = without_rtf(text)
    except Refused:
        return None
    return plain if is_prose(plain) else None


def _fits(encoded: bytes, vr: bytes) -> bool:
    """Say whether each value is within the limit of its VR in bytes: who counts characters agrees then as well."""
    return all(len(part) <= _LIMITS.get(vr, len(part)) for part in encoded.split(b"\\"))


@lru_cache(256)
def _identifiers(identity: PatientIdentity) -> Identifiers:
    identifiers = Identifiers.of_header(identity.header)
    return msgspec.structs.replace(identifiers, names=tuple(name for name in identifiers.names if name.text))


def _cleaned(text: str, name: str, days: int, identity: PatientIdentity, policy: Policy) -> CleanedText:
    return _cleaned_by(text, name, days, identity, policy.analyse, policy.names, policy.clinical)


@lru_cache(8192)
def _cleaned_by(
    text: str, name: str, days: int, identity: PatientIdentity, analyse: bool, names: SiteList, clinical: ClinicalLists
) -> CleanedText:
    policy = TextPolicy.of_profile(name, days or None, analyse=analyse, names=names, clinical=clinical)
    return clean_text(text, _identifiers(identity), msgspec.structs.replace(policy, learned=False))
