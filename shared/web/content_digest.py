"""The header Content-Digest with SHA-256, as one hand-over gives it to the next. Pure.

Source: RFC 9530 section 2; RFC 8941 section 3.3.5 (byte sequences).
"""

import base64
import binascii
import re

_SHA_256 = re.compile(r"(?:^|,)\s*sha-256\s*=\s*:([A-Za-z0-9+/=]*):", re.IGNORECASE)


def content_digest(sha256: str) -> str:
    """Return the header's value. sha256: hexadecimal."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode('ascii')}:"


def sha256_of(header: str) -> str:
    """Return the SHA-256 that a header names, in hexadecimal; empty if it names none that can be read."""
    match = _SHA_256.search(header)
    try:
        digest = base64.b64decode(match[1], validate=True) if match else b""
    except binascii.Error:
        return ""
    return digest.hex() if len(digest) == 32 else ""
