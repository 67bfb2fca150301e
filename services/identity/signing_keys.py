"""The issuer's signing keys: files for their owner alone, the newest signs, the others are still published. It blocks.

ES256 (RFC 7518 3.4). A start makes a new key when the newest is old, and forgets all but the three newest.
"""

from pathlib import Path
from typing import Any, Final

from joserfc import jwt
from joserfc.jwk import ECKey

from shared import clock
from shared.certificates import private_files

ALGORITHM: Final = "ES256"
KEPT: Final = 3


class SigningKeys:
    """The keys of a folder; one is made if there is none."""

    def __init__(self, folder: Path, most_age_s: float) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        files = sorted(folder.glob("*.pem"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        if not files or clock.now() - files[0].stat().st_mtime >= most_age_s:
            files.insert(0, _make(folder))
        for old in files[KEPT:]:
            old.unlink()
        self._keys = [ECKey.import_key(path.read_bytes(), {"kid": path.stem}) for path in files[:KEPT]]

    def published(self) -> dict[str, Any]:
        """Return the JWK Set (RFC 7517 5)."""
        own = {"use": "sig", "alg": ALGORITHM}
        return {"keys": [{**key.as_dict(private=False), **own} for key in self._keys]}

    def signed(self, claims: dict[str, Any], kind: str) -> str:
        """Return a token. kind: of its header, typ."""
        key = self._keys[0]
        return jwt.encode({"alg": ALGORITHM, "kid": key.kid, "typ": kind}, claims, key, algorithms=[ALGORITHM])


def _make(folder: Path) -> Path:
    key = ECKey.generate_key("P-256")
    key.ensure_kid()
    path = folder / f"{key.kid}.pem"
    private_files.made_once(path, lambda: key.as_pem(private=True))
    return path
