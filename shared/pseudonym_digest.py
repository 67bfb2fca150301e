"""By what a pseudonym is known where it must not stand: enough to refuse what bears it, nothing to search by. Pure."""

import hashlib


def digest_of(kind: str, pseudonym: str) -> str:
    """Return the SHA-256 of a pseudonym, 64 hexadecimal digits. kind: patient, study or report."""
    return hashlib.sha256(f"{kind}|{pseudonym}".encode()).hexdigest()
