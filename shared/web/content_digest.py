"""The header Content-Digest with SHA-256, as one hand-over gives it to the next. Pure.

Source: RFC 9530 section 2; RFC 8941 section 3.3.5 (byte sequences).
"""

import base64
import binascii
import re

REPLACES = "X-Replaces-Digest"
"""Of a part of a Store request: the digest of what its sender delivered before of the same content, in that form."""
_SHA_256 = re.compile(r"(?:^|,)\s*sha-256\s*=\s*:([A-Za-z0-9+/=]*):", re.IGNORECASE)

_WANTED = re.compile(r"(?:^|,)\s*sha-256\s*=\s*(\d{1,2})\s*(?:,|$)", re.IGNORECASE | re.ASCII)


def content_digest(sha256: str) -> str:
    """Return the header's value. sha256: hexadecimal."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode('ascii')}:"


def wants_sha256(header: str) -> bool:
    """Say whether a Want-Repr-Digest or Want-Content-Digest asks for SHA-256: a preference from 1 to 10 (section 4)."""
    match = _WANTED.search(header)
    return match is not None and int(match[1]) > 0


def sha256_of(header: str) -> str:
    """Return the SHA-256 that a header names, in hexadecimal; empty if it names none that can be read."""
    match = _SHA_256.search(header)
    try:
        digest = base64.b64decode(match[1], validate=True) if match else b""
    except binascii.Error:
        return ""
    return digest.hex() if len(digest) == 32 else ""
