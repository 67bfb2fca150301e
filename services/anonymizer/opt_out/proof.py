"""The proof of an opt-out: what was deleted where, what remains and until when; as JSON, signed, and as text. Pure.

Source of the signature: RFC 8032 (Ed25519), over the JSON with sorted names and without blanks.
"""

import base64
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from services.anonymizer.opt_out_records import OptOut, OptOutState
from services.anonymizer.pseudonyms.keys import KeySet
from services.anonymizer.text.cleaner import Identifiers, clean_text

Json = dict[str, Any]
TITLE: Final = "J-MID opt-out"
REMAINS: Final = (
    ("gateway", "the opt-out itself, with pseudonyms of the patient, which only this site can make", "it is removed"),
    ("gateway", "audit rows and receipts: pseudonyms, digests and counts", "the gateway is given up"),
    ("gateway", "digests of contents that were sent and refused", "the gateway is given up"),
    (
        "gateway",
        "an original file with reports of several patients, if the report came in one",
        "its retention is over",
    ),
    (
        "gateway",
        "entries of the vault of UIDs that no record ties to a patient, such as Frame of Reference UIDs",
        "the gateway is given up",
    ),
    (
        "centre",
        "Study Instance UIDs (pseudonyms) of the tombstones, digests of the patient's pseudonyms",
        "it is removed",
    ),
    (
        "centre",
        "keys of change feeds: UIDs and ids (pseudonyms) of what is gone, and no content",
        "the centre is given up",
    ),
    ("gateway, centre", "audit trails: UIDs (pseudonyms) that somebody asked for, and no content", "they expire"),
    ("backups", "copies made before it was done", "each of them expires"),
    ("datasets, research place", "nothing: no dataset has been made, and there is no such place yet", ""),
)


def proof_of(row: OptOut, site: str, made_at: str, backups: Iterable[Mapping[str, str]] = ()) -> Json:
    """Return the proof, not signed. backups: those that still hold the patient, with when each expires."""
    return {
        "title": TITLE,
        "version": 1,
        "made_at": made_at,
        "site": site,
        "opt_out": row.id,
        "state": row.state.value,
        "complete": row.state is OptOutState.DONE,
        "patient_pseudonyms": list(row.patients),
        "key_versions": list(row.key_versions),
        "asked_at": row.asked_at,
        "done_at": row.done_at,
        "took_s": _took_s(row),
        "decisions": [
            {"action": each.action, "by": each.by, "at": each.at, "why": clean_text(each.why, _NOBODY).text}
            for each in row.steps
        ],
        "deleted": dict(sorted(row.counts.items())),
        "studies": [{"study_instance_uid": uid, "sha256": digest} for uid, digest in sorted(row.sha256.items())],
        "recipients": [{"name": name, "acknowledged_at": at} for name, at in sorted(row.recipients.items())],
        "remains": [{"where": where, "what": what, "until": until} for where, what, until in REMAINS],
        "backups": [dict(each) for each in backups],
    }


_NOBODY: Final = Identifiers.of_header({})


def signed(proof: Json, keys: KeySet) -> Json:
    """Return the proof with the site's signature. keys: whose secret the signing key is derived from."""
    signature = {
        "algorithm": "Ed25519",
        "key_version": keys.version,
        "public_key": public_key(keys),
        "value": base64.b64encode(_private(keys).sign(_canonical(proof))).decode(),
    }
    return {**proof, "signature": signature}


def public_key(keys: KeySet) -> str:
    """Return the public key, base64, that proofs of a key version are verified with."""
    return base64.b64encode(_private(keys).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def _private(keys: KeySet) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hmac.digest(keys.vault, b"J-MID opt-out proof", "sha256"))


def is_signed(document: Json) -> bool:
    """Say whether a proof is as the key that it names signed it; whose key that is, the reader has to know."""
    proof = {name: value for name, value in document.items() if name != "signature"}
    try:
        signature = document["signature"]
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(signature["public_key"]))
        public.verify(base64.b64decode(signature["value"]), _canonical(proof))
    except (InvalidSignature, KeyError, TypeError, ValueError):
        return False
    return True


def as_text(proof: Json) -> str:
    """Return the proof for a person to read."""
    lines = [f"{proof['title']} {proof['opt_out']}", ""]
    lines += [f"{name}: {proof[name]}" for name in ("site", "state", "asked_at", "done_at", "took_s", "made_at")]
    for name in ("decisions", "deleted", "studies", "recipients", "remains", "backups"):
        lines += ["", name.upper()]
        rows = proof[name].items() if isinstance(proof[name], dict) else map(dict.values, proof[name])
        lines += ["  " + " | ".join(str(value) for value in row) for row in rows] or ["  none"]
    if "signature" in proof:
        own = proof["signature"]
        lines += ["", f"SIGNATURE {own['algorithm']}, public key {own['public_key']}", f"  {own['value']}"]
    return "\n".join(lines) + "\n"


def _canonical(proof: Json) -> bytes:
    return orjson.dumps(proof, option=orjson.OPT_SORT_KEYS)


def _took_s(row: OptOut) -> float | None:
    if not row.done_at or not row.asked_at:
        return None
    return round((datetime.fromisoformat(row.done_at) - datetime.fromisoformat(row.asked_at)).total_seconds(), 3)
