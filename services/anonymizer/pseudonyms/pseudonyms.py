"""Pseudonyms: HMAC-SHA-256 of what they replace, so that only the holder of the key can make or check one.

Reports and Instances take them from here, which is why they still link. A plain hash of an 8-digit patient ID is
reversed in minutes by trying all of them; with a 256-bit key it is not.

The common specification of the three Japanese societies is not public: a site that must follow it replaces
``patient_pseudonym`` and nothing else.
"""

import base64
import hashlib
import hmac
import unicodedata
import uuid
from functools import lru_cache

from services.anonymizer.pseudonyms.keys import KeySet

SCHEME = "1"  # of what is hashed; counts up when the text below changes
SHIFT_WEEKS = (52, 520)  # one to ten years back; whole weeks keep the day of the week, which is part of how care runs
_SH_CHARACTERS = 16  # PS3.5 Table 6.2-1: SH


def patient_pseudonym(keys: KeySet, issuer: str, patient_id: str) -> str:
    """Return the pseudonym of one patient: 32 lower-case hexadecimal digits, 128 bits; empty if there is no ID.

    issuer: whose numbering it is: the site's own name unless the ID is known to be another's (see ``issuer_of``).
    The ID is NFKC-normalised and stripped, so that full-width digits and padding make no second patient.
    """
    text = normalised(patient_id)
    return _digest(keys.patient, f"{SCHEME}|{keys.domain}|{issuer}|{text}")[:32] if text else ""


def accession_pseudonym(keys: KeySet, issuer: str, accession_number: str) -> str:
    """Return the pseudonym of one order: 16 characters of A-Z2-7, 80 bits, all that VR SH can hold; empty for empty.

    issuer: the site's short name, for Instances and reports alike.
    """
    text = normalised(accession_number)
    return _short(keys.accession, f"{SCHEME}|{keys.domain}|{issuer}|{text}") if text else ""


def report_pseudonym(keys: KeySet, site: str, text: str) -> str:
    """Return the pseudonym of a report's own identifier: 32 hexadecimal digits, the same for each of its versions.

    text: what the report is known by, see ``reports.known_by``.  site: the site's short name.
    """
    message = f"{SCHEME}|{keys.domain}|{site}|report|{text}"
    return hmac.digest(keys.accession, message.encode(), "sha256").hex()[:32]


def uid_pseudonym(keys: KeySet, uid: str) -> str:
    """Return the stable replacement of one UID, at most 44 characters; empty for empty.

    Source: PS3.15 Table E.1-1, action U; UUID-derived UIDs, PS3.5 B.2.
    """
    text = uid.strip(" \0")
    return _uid(keys.uid, text) if text else ""


@lru_cache(1 << 14)
def _uid(key: bytes, text: str) -> str:
    digest = hmac.digest(key, text.encode("utf-8", "surrogateescape"), "sha256")
    return f"2.25.{uuid.UUID(bytes=digest[:16], version=4).int}"


def device_pseudonym(keys: KeySet, value: str) -> str:
    """Return the pseudonym of a serial number or station name: 16 characters of A-Z2-7; empty for empty."""
    text = normalised(value)
    return _short(keys.device, f"{SCHEME}|{keys.domain}|{text}") if text else ""


@lru_cache(1 << 12)
def _short(key: bytes, text: str) -> str:
    return base64.b32encode(hmac.digest(key, text.encode(), "sha256")[:10]).decode("ascii")[:_SH_CHARACTERS]


def shift_days(keys: KeySet, issuer: str, patient_id: str) -> int:
    """Return by how many days this patient's dates move, always back, the same in all of the patient's studies.

    Without an ID there is no patient to be consistent for: every such object moves alike.
    """
    low, high = SHIFT_WEEKS
    digest = hmac.digest(keys.date, f"{SCHEME}|{keys.domain}|{issuer}|{normalised(patient_id)}".encode(), "sha256")
    return -7 * (low + int.from_bytes(digest[:8], "big") % (high - low + 1))


def issuer_of(declared: str, site: str, known: tuple[str, ...] = ()) -> str:
    """Return the issuer that is hashed with an ID: the declared one if the site lists it as foreign, else the site's.

    A hospital's own IDs come with many spellings of its name, or none: PACS, RIS and report server disagree.
    """
    text = normalised(declared)
    return text if text in known else site


def normalised(text: str) -> str:
    """Return the form in which an identifier is hashed."""
    return unicodedata.normalize("NFKC", text.replace("\0", " ")).strip()


@lru_cache(1 << 12)
def _digest(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
